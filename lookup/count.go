package lookup

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"corax/store"
)

// This file counts signals. All of them are counted as they come in, by the day and the hour; but not for every filter and for every scope.
// With a filter, the newest of those that it finds are counted one by one, so that the answer stays quick with millions of them.

// mostCounted is how many signals are counted one by one.
const mostCounted = 500

// newest are the newest signals that a filter finds among those that may be seen, and how many these are where there are more; else 0.
func (l *Lookup) newest(ctx context.Context, f store.SignalSearch) (found []store.FoundSignal, of int64, err error) {
	f.Limit, f.Before, f.After = mostCounted, "", ""
	page, err := l.Signals(ctx, f)
	if page.Older != "" || page.Unsearched > 0 {
		of = int64(len(page.Signals))
	}
	return page.Signals, of, err
}

// Facets counts signals by what one filters by: those of the last days (counted in UTC, today included), or of the time that the filter asks
// for. See store.SignalFacets for how many are counted.
func (l *Lookup) Facets(ctx context.Context, f store.SignalSearch, days int) (store.SignalFacets, error) {
	if f.Among = l.narrow(ctx, f.Among); !f.Narrows() {
		return l.Records.SignalFacets(ctx, days, l.Clock.Now())
	}
	if f.Since.IsZero() && f.Until.IsZero() {
		f.Since = l.Clock.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 1-max(days, 1))
	}
	found, of, err := l.newest(ctx, f)
	entities, kinds, severities, sources := map[string]int64{}, map[string]int64{}, map[string]int64{}, map[string]int64{}
	for _, g := range found {
		entities[g.Entity]++
		kinds[string(g.KindOr())]++
		sources[g.Source]++
		severities[g.Severity.String()]++
	}
	delete(entities, "")
	delete(sources, "")
	return store.SignalFacets{Entities: facets(entities), Kinds: facets(kinds), Severities: facets(severities), Sources: facets(sources), Newest: of}, err
}

// facets are the values that most have, the largest count first.
func facets(counts map[string]int64) []store.Facet {
	const most = 50
	out := make([]store.Facet, 0, len(counts))
	for v, n := range counts {
		out = append(out, store.Facet{Value: v, Count: n})
	}
	slices.SortFunc(out, func(a, b store.Facet) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
	})
	return out[:min(len(out), most)]
}

// Templates lists the families of messages, the most frequent first: of all signals, or of those that a filter finds among those that may be
// seen. newest is how many of these were counted, where that is not all of them; else 0. Of the filter, text and time are those of f.
func (l *Lookup) Templates(ctx context.Context, f store.TemplateFilter, of store.SignalSearch) (all []store.Template, newest int64, err error) {
	of.Text, of.Since, of.Until = "", time.Time{}, time.Time{}
	if of.Among = l.narrow(ctx, of.Among); !of.Narrows() {
		all, err = l.Records.Templates(ctx, f)
		return all, 0, err
	}
	of.Since, of.Until = f.Since, f.Until
	found, newest, err := l.newest(ctx, of)
	if err != nil {
		return nil, 0, err
	}
	const every = 1 << 20
	known, err := l.Records.Templates(ctx, store.TemplateFilter{Text: f.Text, Since: f.Since, Until: f.Until, Limit: every})
	if err != nil {
		return nil, 0, err
	}
	counted := map[int64]*store.Template{}
	for _, t := range known {
		counted[t.ID] = &store.Template{ID: t.ID, Text: t.Text, Counts: make([]int64, len(t.Counts))}
	}
	unit := 24 * time.Hour
	if f.Until.Sub(f.Since) <= store.Finely {
		unit = time.Hour
	}
	for _, g := range found {
		t := counted[g.Template]
		if t == nil {
			continue
		}
		t.Count++
		if t.LastAt = later(t.LastAt, g.At); t.FirstAt.IsZero() || g.At.Before(t.FirstAt) {
			t.FirstAt = g.At
		}
		if i := int(g.At.Truncate(unit).Sub(f.Since.Truncate(unit)) / unit); i >= 0 && i < len(t.Counts) {
			t.Counts[i]++
		}
	}
	all = []store.Template{}
	for _, t := range counted {
		if t.Count > 0 {
			all = append(all, *t)
		}
	}
	slices.SortFunc(all, func(a, b store.Template) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.ID, b.ID)) })
	return all[:min(len(all), cmp.Or(f.Limit, 100))], newest, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Template is one family of messages: as it is in all signals, or in those that may be seen. It is NotFound where none of these is of it.
func (l *Lookup) Template(ctx context.Context, id int64) (store.Template, error) {
	if l.among(ctx) == nil {
		return l.Records.Template(ctx, id)
	}
	all, _, err := l.Templates(ctx, store.TemplateFilter{}, store.SignalSearch{Template: id})
	if err == nil && len(all) == 0 {
		err = missing("read template " + strconv.FormatInt(id, 10))
	}
	if err != nil {
		return store.Template{}, err
	}
	return all[0], nil
}
