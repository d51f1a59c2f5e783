package web

import (
	"net/http"
	"net/url"
	"strings"

	"corax"
	"corax/store"
	"corax/web/ui"
)

// listed is how many problems a page of the list shows.
const listed = 50

type problemsData struct {
	store.ProblemList
	Heads       []headline
	Tabs        []tab
	Q           string // what is searched for
	Severity    string
	Options     []option
	Pattern     string // where set: only of this
	Entity      string
	First, Next string // URLs
	Filtered    bool
	Show        string
}

// tab is one way to look at a list.
type tab struct {
	Text, URL string
	Current   bool
	Count     int
}

func (p *pages) loadProblems(r *http.Request) (*ui.View, error) {
	q := r.URL.Query()
	d := problemsData{Q: q.Get("q"), Severity: q.Get("severity"), Pattern: q.Get("pattern"), Entity: q.Get("entity"), Show: q.Get("show")}
	search := store.ProblemSearch{Text: d.Q, Pattern: d.Pattern, Entity: d.Entity, Limit: listed, Before: q.Get("before"), After: q.Get("after")}
	d.Options = []option{{"", "any"}}
	for _, s := range severities[:4] {
		d.Options = append(d.Options, option{s.String(), s.String()})
	}
	if d.Severity != "" {
		s, err := corax.ParseSeverity(d.Severity)
		if err != nil {
			return nil, corax.Errorf(corax.Invalid, "list problems", "%w", err)
		}
		search.Severities = []corax.Severity{s}
	}
	switch d.Show {
	case "all":
	case "ended":
		search.States = []corax.ProblemState{corax.ProblemClosed, corax.ProblemResolved}
	default:
		d.Show, search.Open = "", true
	}
	d.Filtered = d.Q != "" || d.Severity != "" || d.Pattern != "" || d.Entity != ""
	var err error
	if d.ProblemList, err = p.o.Records.SearchProblems(r.Context(), search); err != nil {
		return nil, err
	}
	for _, b := range d.Problems {
		d.Heads = append(d.Heads, headOf(b.Summary, b.Root))
	}
	for _, t := range []struct{ show, text string }{{"", "Open"}, {"ended", "Ended"}, {"all", "All"}} {
		d.Tabs = append(d.Tabs, tab{Text: t.text, URL: with(r.URL, "show", t.show, "before", "", "after", ""), Current: t.show == d.Show})
	}
	if d.Older != "" {
		d.Next = with(r.URL, "before", d.Older, "after", "")
	}
	if search.Before != "" || search.After != "" {
		d.First = with(r.URL, "before", "", "after", "")
	}
	return &ui.View{Title: "Problems", Data: d}, nil
}

// with gives the address of the same page with some values of its query set; an empty value takes one out.
func with(u *url.URL, pairs ...string) string {
	q := u.Query()
	q.Del("region")
	for i := 0; i+1 < len(pairs); i += 2 {
		if q.Del(pairs[i]); pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return strings.TrimSuffix(u.Path+"?"+q.Encode(), "?")
}
