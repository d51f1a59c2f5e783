package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"corax"
	"corax/access"
	"corax/knowledge"
	"corax/store"
	"corax/web/ui"
)

// Knowledge is what the browser of the knowledge reads.
type Knowledge interface {
	Catalogue() *knowledge.Catalogue
}

const (
	knowledgePage = 60
	mostProblems  = 20
)

// knowledge is the browser of what Corax knows about failing.
func (p *pages) knowledge() []area {
	if p.o.Knowledge == nil || p.o.Knowledge.Catalogue() == nil {
		return nil
	}
	b := &bookshelf{cat: p.o.Knowledge.Catalogue(), past: p.o.Records}
	b.index()
	return []area{{
		Nav: []entry{{Group: "Heal", NavItem: ui.NavItem{Text: "Knowledge", URL: "/knowledge", Icon: "knowledge"}}},
		Pages: []page{
			{Path: "/knowledge", File: "knowledge.html", Role: access.RoleViewer, Load: b.loadAll},
			{Path: "/knowledge/patterns", File: "patterns.html", Role: access.RoleViewer, Load: b.loadPatterns},
			{Path: "/knowledge/{id}", File: "mechanism.html", Role: access.RoleViewer, Load: b.loadOne},
		},
		Files: []string{"_levels.html"},
	}}
}

// bookshelf is the catalogue, made ready to be searched. It doesn't change afterwards.
type bookshelf struct {
	cat     *knowledge.Catalogue
	past    Records
	said    []string // of each mechanism, what is searched, in lower case
	domains []shelfCount
}

// shelfCount is how much there is under a name.
type shelfCount struct {
	Name  string
	Count int
}

func (b *bookshelf) index() {
	count := map[string]int{}
	for _, m := range b.cat.Mechanisms {
		parts := []string{m.ID, strings.ReplaceAll(m.ID, "_", " "), m.Title, m.Pattern, m.Domain}
		for _, s := range m.Signatures {
			parts = append(parts, s.Say...)
		}
		b.said = append(b.said, strings.ToLower(strings.Join(parts, " ")))
		count[m.Domain]++
	}
	for name, n := range count {
		b.domains = append(b.domains, shelfCount{name, n})
	}
	slices.SortFunc(b.domains, func(x, y shelfCount) int { return strings.Compare(x.Name, y.Name) })
}

type shelfData struct {
	Query, Domain, Pattern string
	Domains                []shelfCount
	Patterns               []string
	Groups                 []shelfGroup
	Found, All             int
	First, Next            string
	Tabs                   []tab
}

// shelfGroup is the mechanisms of one domain.
type shelfGroup struct {
	Domain     string
	Mechanisms []knowledge.Mechanism
}

func shelfTabs(current string) []tab {
	return []tab{{Text: "Mechanisms", URL: "/knowledge", Current: current == "/knowledge"},
		{Text: "Patterns", URL: "/knowledge/patterns", Current: current == "/knowledge/patterns"}}
}

func (b *bookshelf) loadAll(r *http.Request) (*ui.View, error) {
	q := r.URL.Query()
	d := shelfData{Query: strings.TrimSpace(q.Get("q")), Domain: q.Get("domain"), Pattern: q.Get("pattern"), Domains: b.domains,
		All: len(b.cat.Mechanisms), Tabs: shelfTabs("/knowledge")}
	for _, p := range b.cat.Patterns {
		d.Patterns = append(d.Patterns, p.Name)
	}
	var found []knowledge.Mechanism
	words := strings.Fields(strings.ToLower(d.Query))
	for i, m := range b.cat.Mechanisms {
		if d.Domain != "" && m.Domain != d.Domain || d.Pattern != "" && m.Pattern != d.Pattern ||
			slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(b.said[i], w) }) {
			continue
		}
		found = append(found, m)
	}
	// What is called so stands before what only shows such words; else the domains go by their names.
	called := func(m knowledge.Mechanism) bool {
		return finds(d.Query, m.ID, strings.ReplaceAll(m.ID, "_", " "), m.Title)
	}
	slices.SortStableFunc(found, func(x, y knowledge.Mechanism) int {
		if len(words) > 0 && called(x) != called(y) {
			if called(x) {
				return -1
			}
			return 1
		}
		return cmp.Or(strings.Compare(x.Domain, y.Domain), strings.Compare(x.ID, y.ID))
	})
	d.Found = len(found)
	from, _ := strconv.Atoi(q.Get("from")) // anything else is the first page
	from = min(max(from, 0), len(found))
	to := min(from+knowledgePage, len(found))
	for _, m := range found[from:to] {
		if n := len(d.Groups); n == 0 || d.Groups[n-1].Domain != m.Domain {
			d.Groups = append(d.Groups, shelfGroup{Domain: m.Domain})
		}
		g := &d.Groups[len(d.Groups)-1]
		g.Mechanisms = append(g.Mechanisms, m)
	}
	d.First, d.Next = around(r, "from", to < len(found), func() string { return strconv.Itoa(to) })
	return &ui.View{Title: "Knowledge", Data: d}, nil
}

type patternsData struct {
	Tabs     []tab
	Patterns []countedPattern
}

type countedPattern struct {
	knowledge.Pattern
	Count int
}

func (b *bookshelf) loadPatterns(*http.Request) (*ui.View, error) {
	d := patternsData{Tabs: shelfTabs("/knowledge/patterns")}
	for _, p := range b.cat.Patterns {
		c := countedPattern{Pattern: p}
		for _, m := range b.cat.Mechanisms {
			if m.Pattern == p.Name {
				c.Count++
			}
		}
		d.Patterns = append(d.Patterns, c)
	}
	return &ui.View{Title: "Patterns", Trail: []ui.Crumb{{Text: "Knowledge", URL: "/knowledge"}, {Text: "Patterns"}}, Data: d}, nil
}

type mechanismData struct {
	knowledge.Mechanism
	Of       knowledge.Pattern
	Signs    []signGroup
	Causes   []sign
	Confused []confusion
	Raise    []moves
	Lower    []moves
	Remedies []remedy
	Problems []store.ProblemBrief
}

// sign is a signature in words.
type sign struct {
	All    [][]string // of each, one must be said
	Not    []string
	Class  string
	Change bool
	Strong bool
}

type signGroup struct {
	Title string
	Signs []sign
}

type confusion struct {
	ID, Title, Tell string
}

type moves struct{ When, Why string }

type remedy struct {
	knowledge.Remedy
	Title string
	Risk  corax.Risk
}

func (b *bookshelf) loadOne(r *http.Request) (*ui.View, error) {
	id := chi.URLParam(r, "id")
	m, ok := b.cat.Mechanism(id)
	if !ok {
		return nil, &corax.Error{Code: corax.NotFound, Op: "look up " + id, Err: corax.Errorf(corax.NotFound, "", "there is no such mechanism"),
			Hint: "look for its words under Knowledge"}
	}
	d := mechanismData{Mechanism: m}
	d.Of, _ = b.cat.Pattern(m.Pattern)
	for _, g := range []struct {
		role  knowledge.Role
		title string
	}{{knowledge.CauseRole, "Said by the one that is at fault"}, {knowledge.FeltRole, "Said by those who trust it"}, {knowledge.SymptomRole, "Fits, and fits others too"}} {
		group := signGroup{Title: g.title}
		for _, s := range m.Signatures {
			if cmp.Or(s.Role, knowledge.CauseRole) == g.role {
				group.Signs = append(group.Signs, signOf(s))
			}
		}
		if len(group.Signs) > 0 {
			d.Signs = append(d.Signs, group)
		}
	}
	for _, s := range m.Causes {
		d.Causes = append(d.Causes, signOf(s))
	}
	for _, c := range m.Confused {
		other, _ := b.cat.Mechanism(c.Mechanism)
		d.Confused = append(d.Confused, confusion{c.Mechanism, cmp.Or(other.Title, c.Mechanism), c.Tell})
	}
	d.Raise, d.Lower = movesOf(m.Severity.Raise), movesOf(m.Severity.Lower)
	for _, x := range m.Remedies {
		a, _ := b.cat.Action(x.Action)
		x.Check, x.Verify, x.Undo = cmp.Or(x.Check, a.Check), cmp.Or(x.Verify, a.Verify), cmp.Or(x.Undo, a.Undo)
		d.Remedies = append(d.Remedies, remedy{x, a.Title, a.Risk})
	}
	past, err := b.past.SearchProblems(r.Context(), store.ProblemSearch{Mechanism: id, Limit: mostProblems})
	d.Problems = past.Problems
	return &ui.View{Title: ui.Upper(m.Title), Trail: []ui.Crumb{{Text: "Knowledge", URL: "/knowledge"}, {Text: m.Domain, URL: "/knowledge?domain=" + url.QueryEscape(m.Domain)},
		{Text: m.ID}}, Data: d}, err
}

func signOf(s knowledge.Signature) sign {
	x := sign{Class: s.Class, Change: s.Kind == string(corax.ChangeOf), Strong: s.Weight >= 4}
	x.All, x.Not = s.Words()
	return x
}

func movesOf(list []knowledge.Modifier) (out []moves) {
	for _, m := range list {
		var when []string
		for _, s := range m.When.Say {
			when = append(when, "somebody says "+strings.ReplaceAll(s, "|", " or "))
		}
		if m.When.Affected > 0 {
			when = append(when, "at least "+ui.Plural(m.When.Affected, "entity", "entities")+" feel it")
		}
		if m.When.Needed > 0 {
			when = append(when, "at least "+ui.Plural(m.When.Needed, "entity needs", "entities need")+" it")
		}
		out = append(out, moves{strings.Join(when, ", and "), m.Why})
	}
	return out
}
