package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"corax"
	"corax/store"
	"corax/store/search"
	miner "corax/triage/drain"

	"pgregory.net/rapid"
)

// learner is what gives the signals of these tests their templates.
type learner struct{ *miner.Miner }

func (l learner) Text(id int64) string { t, _ := l.Template(id); return t.Text }

func newLearner() store.Learner { return learner{miner.New(miner.Options{}, nil)} }

// talk stores n signals of a few kinds, a minute apart, and gives them back.
func talk(t *testing.T, s Store, first, n int) []corax.Signal {
	t.Helper()
	var b store.TriageBatch
	b.IncidentOf = map[string]string{}
	for i := first; i < first+n; i++ {
		g := signal(fmt.Sprintf("g%04d", i), time.Duration(i)*time.Minute)
		g.Entity = []string{"auth", "user", "orders-db"}[i%3]
		g.Kind = []corax.SignalKind{corax.Symptom, corax.Note, corax.ChangeOf, corax.Recovery}[i%4]
		g.Severity = corax.Severity(i % 5)
		g.Source = []string{"log/auth", "monitor/login"}[i%2]
		g.Labels = map[string]string{"zone": []string{"north", "south"}[i%2]}
		g.Message = []string{"Login of user %d failed", "connection %d refused", "Connected to peer %d", "consumed %d messages", "<b>bold</b> %d"}[i%5]
		g.Message = fmt.Sprintf(g.Message, i)
		if i%7 == 0 {
			b.IncidentOf[g.ID] = "i1"
		}
		b.Signals = append(b.Signals, g)
	}
	ok(t, s.CommitTriage(t.Context(), b))
	return b.Signals
}

func indexAll(t *testing.T, s Store, l store.Learner) {
	t.Helper()
	for must(s.IndexSignals(t.Context(), 100, l))(t) == 100 {
	}
}

// searchAll reads page after page.
func searchAll(t *testing.T, s Store, f store.SignalSearch) (all []string) {
	t.Helper()
	for f.Before = ""; ; {
		page := must(s.SearchSignals(t.Context(), f))(t)
		for _, g := range page.Signals {
			all = append(all, g.ID)
		}
		if f.Before = page.Older; f.Before == "" {
			return all
		}
	}
}

func testSearch(t *testing.T, s Store) {
	ctx := t.Context()
	l := newLearner()
	talk(t, s, 0, 100)
	indexAll(t, s, l)
	equal(t, "lag", must(s.IndexLag(ctx))(t), 0)
	talk(t, s, 100, 20) // and these are not indexed
	equal(t, "lag", must(s.IndexLag(ctx))(t), 20)
	for _, c := range []struct {
		name string
		f    store.SignalSearch
		want int // of 120
	}{
		{"all", store.SignalSearch{}, 120},
		{"a word", store.SignalSearch{Text: "failed "}, 24},
		{"in any case", store.SignalSearch{Text: "LOGIN "}, 24 + 48}, // source monitor/login
		{"a beginning", store.SignalSearch{Text: "conn"}, 48},
		{"a longer beginning", store.SignalSearch{Text: "connec"}, 48},
		{"a letter finds all", store.SignalSearch{Text: "c"}, 120},
		{"two words", store.SignalSearch{Text: "connection 6"}, 24},
		{"no such word", store.SignalSearch{Text: "nonesuch"}, 0},
		{"no query language", store.SignalSearch{Text: `failed" OR "refused`}, 0},
		{"nor columns", store.SignalSearch{Text: `words : NEAR(failed*) ^`}, 0},
		{"nor marks", store.SignalSearch{Text: `k=symptom`}, 0},
		{"markup is text", store.SignalSearch{Text: "<b>bold"}, 24},
		{"entity", store.SignalSearch{Entity: "orders-db"}, 40},
		{"entity by text", store.SignalSearch{Text: "orders-db "}, 40},
		{"kinds", store.SignalSearch{Kinds: []corax.SignalKind{corax.Symptom, corax.ChangeOf}}, 60},
		{"severities", store.SignalSearch{Severities: []corax.Severity{corax.SeverityNone, corax.Critical}}, 48},
		{"source", store.SignalSearch{Source: "log/auth"}, 60},
		{"label", store.SignalSearch{Labels: map[string]string{"zone": "south"}}, 60},
		{"another value", store.SignalSearch{Labels: map[string]string{"zone": "sout"}}, 0},
		{"since", store.SignalSearch{Since: Now().Add(90 * time.Minute)}, 30},
		{"until", store.SignalSearch{Until: Now().Add(90 * time.Minute)}, 90},
		{"a word within a time", store.SignalSearch{Text: "failed ", Since: Now().Add(50 * time.Minute), Until: Now().Add(110 * time.Minute)}, 12},
		{"of those one may see", store.SignalSearch{Among: []string{"auth", "user"}}, 80},
		{"of none", store.SignalSearch{Among: []string{}}, 0},
		{"all together", store.SignalSearch{Text: "login fail", Entity: "auth", Kinds: []corax.SignalKind{corax.Symptom},
			Severities: []corax.Severity{corax.SeverityNone}, Source: "log/auth", Labels: map[string]string{"zone": "north"}}, 2},
	} {
		for _, limit := range []int{0, 17} {
			c.f.Limit = limit
			all := searchAll(t, s, c.f)
			if len(all) != c.want || !slices.IsSortedFunc(all, func(a, b string) int { return strings.Compare(b, a) }) {
				t.Errorf("%s, %d a page: %d signals, expected %d, the latest first: %v", c.name, limit, len(all), c.want, all)
			}
		}
	}
	page := must(s.SearchSignals(ctx, store.SignalSearch{Text: "log", Limit: 1, Until: Now().Add(time.Minute)}))(t)
	equal(t, "incident", page.Signals[0].Incident, "i1")
	equal(t, "template", page.Signals[0].Template, 1)
	m := page.Signals[0].Marks[0]
	equal(t, "marked", page.Signals[0].Message[m.Start:m.End], "Log")
	hasCode(t, "a cursor of nobody", must2(s.SearchSignals(ctx, store.SignalSearch{Before: "'--"})), corax.Invalid)

	// There and back again.
	f := store.SignalSearch{Text: "conn", Limit: 10}
	first := must(s.SearchSignals(ctx, f))(t)
	equal(t, "nothing is newer", first.Newer, "")
	f.Before = first.Older
	second := must(s.SearchSignals(ctx, f))(t)
	f.Before, f.After = "", second.Newer
	back := must(s.SearchSignals(ctx, f))(t)
	same(t, "back", back.Signals, first.Signals)
	equal(t, "nothing is newer", back.Newer, "")
	equal(t, "what is older", back.Older, first.Older)
}

func must2[T any](_ T, err error) error { return err }

// What an index finds is what a look at each signal finds.
func testSearchLikeScan(t *testing.T, s Store) {
	all := talk(t, s, 0, 300)
	l := newLearner()
	must(s.IndexSignals(t.Context(), 250, l))(t)
	rapid.Check(t, func(r *rapid.T) {
		f := store.SignalSearch{
			Text:   rapid.SampledFrom([]string{"", "co", "conn", "connection 1", "login of user ", "\"", "2", "28", "messages "}).Draw(r, "text"),
			Entity: rapid.SampledFrom([]string{"", "auth", "nobody"}).Draw(r, "entity"),
			Kinds:  rapid.SliceOfN(rapid.SampledFrom([]corax.SignalKind{corax.Symptom, corax.Note}), 0, 2).Draw(r, "kinds"),
			Limit:  rapid.IntRange(25, 120).Draw(r, "limit"),
		}
		if rapid.Bool().Draw(r, "bounded") {
			f.Since = Now().Add(time.Duration(rapid.IntRange(-10, 310).Draw(r, "since")) * time.Minute)
			f.Until = f.Since.Add(time.Duration(rapid.IntRange(0, 200).Draw(r, "minutes")) * time.Minute)
		}
		var want []string
		q := search.Parse(f.Text)
		for i := len(all) - 1; i >= 0; i-- {
			if f.Matches(q, &all[i], 0) {
				want = append(want, all[i].ID)
			}
		}
		if got := searchAll(t, s, f); !slices.Equal(got, want) {
			r.Fatalf("found %v, expected %v", got, want)
		}
	})
}

func testFacetsAndTemplates(t *testing.T, s Store) {
	ctx := t.Context()
	l := newLearner()
	talk(t, s, 0, 120)
	indexAll(t, s, l)
	facets := must(s.SignalFacets(ctx, 1, Now().Add(time.Hour)))(t)
	same(t, "kinds", facets.Kinds, []store.Facet{{Value: "change", Count: 30}, {Value: "note", Count: 30}, {Value: "recovery", Count: 30}, {Value: "symptom", Count: 30}})
	equal(t, "entities", len(facets.Entities), 3)
	same(t, "of yesterday", must(s.SignalFacets(ctx, 1, Now().Add(48*time.Hour)))(t).Kinds, []store.Facet{})

	all := must(s.Templates(ctx, store.TemplateFilter{}))(t)
	equal(t, "templates", len(all), 5)
	for _, k := range all {
		equal(t, "count of "+k.Text, k.Count, 24)
		found := searchAll(t, s, store.SignalSearch{Template: k.ID})
		equal(t, "signals of "+k.Text, len(found), 24)
		same(t, "by its number", must(s.Template(ctx, k.ID))(t), k)
	}
	equal(t, "the first", all[0].Text, "Login of user <*> failed")
	hour := must(s.Templates(ctx, store.TemplateFilter{Text: "refu", Since: Now().Truncate(time.Hour), Until: Now().Add(119 * time.Minute)}))(t)
	equal(t, "by text", len(hour), 1)
	same(t, "by the hour", hour[0].Counts, []int64{12, 12})
	hasCode(t, "no template", must2(s.Template(ctx, 99)), corax.NotFound)

	// What is learnt is durable.
	var texts []string
	ok(t, s.StoredTemplates(ctx, func(id int64, text string) { texts = append(texts, fmt.Sprint(id, " ", text)) }))
	equal(t, "stored", len(texts), 5)
	equal(t, "stored", texts[4], "5 <b>bold</b> <*>")
}

// What is forgotten is not found any more, and rows whose number is given again are indexed like others.
func testIndexForgets(t *testing.T, s Store) {
	ctx := t.Context()
	l := newLearner()
	talk(t, s, 0, 100)
	indexAll(t, s, l)
	ok(t, s.Prune(ctx, store.Retention{Age: time.Hour}, Now().Add(110*time.Minute)))
	equal(t, "since", len(searchAll(t, s, store.SignalSearch{Text: "failed "})), 10)
	ok(t, s.Prune(ctx, store.Retention{Age: time.Minute}, Now().Add(48*time.Hour)))
	equal(t, "of none", len(searchAll(t, s, store.SignalSearch{Text: "failed "})), 0)
	equal(t, "templates", len(must(s.Templates(ctx, store.TemplateFilter{}))(t)), 0)
	talk(t, s, 200, 10)
	equal(t, "again", len(searchAll(t, s, store.SignalSearch{Text: "failed "})), 2)
	indexAll(t, s, l)
	equal(t, "lag", must(s.IndexLag(ctx))(t), 0)
	equal(t, "again, indexed", len(searchAll(t, s, store.SignalSearch{Text: "failed "})), 2)
	equal(t, "no others", len(searchAll(t, s, store.SignalSearch{Text: "login "})), 6)
}
