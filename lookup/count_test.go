package lookup_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"corax"
	"corax/access"
	"corax/lookup"
	"corax/store"
)

// signalsOf are all that a filter finds.
func signalsOf(ctx context.Context, t *testing.T, l *lookup.Lookup, f store.SignalSearch) (all []store.FoundSignal) {
	t.Helper()
	f.Limit = 200
	for {
		page, err := l.Signals(ctx, f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Signals...)
		if f.Before = page.Older; f.Before == "" {
			return all
		}
	}
}

func count(all []store.Facet) (n int64) {
	for _, f := range all {
		n += f.Count
	}
	return n
}

// What is counted is what the filter finds, for each who asks; with more than are counted, the newest, and it is said.
func TestCountsAreOfWhatIsFound(t *testing.T) {
	l := newLookup(t)
	everybody := access.With(t.Context(), access.Principal{Name: "bob", Role: access.RoleViewer})
	const days = 400
	all := signalsOf(everybody, t, l, store.SignalSearch{})
	for name, c := range map[string]struct {
		ctx context.Context
		f   store.SignalSearch
	}{
		"an entity":      {everybody, store.SignalSearch{Entity: "web-shop"}},
		"of a team":      {as(t, "front"), store.SignalSearch{}},
		"some of a team": {as(t, "front"), store.SignalSearch{Kinds: []corax.SignalKind{corax.Symptom}}},
		"another team's": {as(t, "front"), store.SignalSearch{Entity: "north-switch"}},
		"words":          {everybody, store.SignalSearch{Text: "refused"}},
		"of a time":      {everybody, store.SignalSearch{Since: now.Add(-24 * time.Hour), Until: now.Add(-12 * time.Hour)}},
		"of a template":  {everybody, store.SignalSearch{Template: all[0].Template}},
		"all of a year":  {everybody, store.SignalSearch{Since: now.AddDate(-1, 0, 0)}},
	} {
		found := signalsOf(c.ctx, t, l, c.f)
		kinds, templates := map[string]int64{}, map[int64]int64{}
		for _, g := range found[:min(len(found), 500)] {
			kinds[string(g.KindOr())]++
			templates[g.Template]++
		}
		newest := int64(0)
		if len(found) > 500 {
			newest = 500
		}
		got, err := l.Facets(c.ctx, c.f, days)
		if err != nil || got.Newest != newest || count(got.Kinds) != int64(min(len(found), 500)) || count(got.Severities) != count(got.Kinds) {
			t.Errorf("%s: %d are found, counted are %+v (%v)", name, len(found), got, err)
		}
		for _, k := range got.Kinds {
			if kinds[k.Value] != k.Count {
				t.Errorf("%s: %d of kind %s, found are %d", name, k.Count, k.Value, kinds[k.Value])
			}
		}
		if c.f.Text != "" || c.f.Template != 0 { // the words of templates are others
			continue
		}
		list, of, err := l.Templates(c.ctx, store.TemplateFilter{Since: c.f.Since, Until: c.f.Until, Limit: 1000}, c.f)
		if err != nil || c.f.Since.IsZero() && (of != newest || len(list) != len(templates)) {
			t.Errorf("%s: %d templates of %d signals, found are %d of %d (%v)", name, len(list), of, len(templates), newest, err)
		}
		for _, k := range list {
			if c.f.Since.IsZero() && k.Count != templates[k.ID] || k.Text == "" {
				t.Errorf("%s: %d of template %d %q, found are %d", name, k.Count, k.ID, k.Text, templates[k.ID])
			}
		}
	}
	// Without a filter all are counted, however many.
	if got, err := l.Facets(everybody, store.SignalSearch{}, days); err != nil || got.Newest != 0 || count(got.Kinds) != int64(len(all)) {
		t.Errorf("all: %+v (%v), there are %d", got, err, len(all))
	}
}

// The counts over time of some signals' templates are those of these signals.
func TestTemplatesOverTime(t *testing.T) {
	l := newLookup(t)
	ctx := as(t, "front")
	for _, length := range []time.Duration{24 * time.Hour, 30 * 24 * time.Hour} {
		list, _, err := l.Templates(ctx, store.TemplateFilter{Since: now.Add(-length), Until: now}, store.SignalSearch{})
		if err != nil || len(list) == 0 {
			t.Fatalf("%d templates, %v", len(list), err)
		}
		for _, k := range list {
			var n int64
			for _, c := range k.Counts {
				n += c
			}
			if n != k.Count || k.FirstAt.Before(now.Add(-length)) || k.LastAt.Before(k.FirstAt) {
				t.Errorf("%s: %+v", length, k)
			}
		}
	}
}

// A template is shown to who sees a signal of it, as it is in these.
func TestTemplateWithinAScope(t *testing.T) {
	l := newLookup(t)
	everybody := access.With(t.Context(), access.Principal{Name: "bob", Role: access.RoleViewer})
	mine := map[int64]int64{}
	for _, g := range signalsOf(as(t, "front"), t, l, store.SignalSearch{}) {
		mine[g.Template]++
	}
	var other int64
	for _, g := range signalsOf(everybody, t, l, store.SignalSearch{}) {
		if mine[g.Template] == 0 {
			other = g.Template
		}
	}
	if other == 0 || len(mine) == 0 {
		t.Fatal("the sample has no template of others alone")
	}
	if _, err := l.Template(as(t, "front"), other); corax.CodeOf(err) != corax.NotFound {
		t.Errorf("a template of others: %v", err)
	}
	ids := []int64{}
	for id := range mine {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	if got, err := l.Template(as(t, "front"), ids[0]); err != nil || got.Text == "" || got.Count != min(mine[ids[0]], 500) {
		t.Errorf("%+v (%v), seen are %d", got, err, mine[ids[0]])
	}
}
