package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"corax"
	"corax/access"
	"corax/config"
	"corax/config/decode"
	"corax/store"
	"corax/web/ui"
)

// Policies is what the pages of the policy read.
type Policies interface {
	Policy() corax.Policy
	RuleSource(rule int) config.Source // zero where it isn't known how the rule is written
	RuleCounts(ctx context.Context) (map[string]map[corax.Verdict]int, error)
	// TryPolicy asks a policy that is written as YAML about trials, and for comparison the one in force. decode.Errors where the text
	// can't be used.
	TryPolicy(ctx context.Context, text string, trials []corax.Trial) ([]corax.Tried, error)
}

const (
	decisionsPage = 50
	mostTried     = 1000
)

// policies are the pages of the rules, of what they decided, and of trying others.
func (p *pages) policies() []area {
	if p.o.Policies == nil {
		return nil
	}
	return []area{{
		Nav: []entry{{Group: "Heal", NavItem: ui.NavItem{Text: "Policies", URL: "/policies", Icon: "policy"}}},
		Pages: []page{
			{Path: "/policies", File: "policies.html", Role: access.RoleViewer, Load: p.loadPolicies},
			{Path: "/policies/decisions", File: "decisions.html", Role: access.RoleViewer, Load: p.loadDecisions},
			{Path: "/policies/decisions/{id}", File: "decision.html", Role: access.RoleViewer, Load: p.loadDecision},
			{Path: "/policies/trial", File: "trial.html", Role: access.RoleOperator, Load: p.loadTrial},
		},
		Actions: []action{{Path: "/policies/trial", File: "trial.html", Role: access.RoleOperator, Do: p.tryPolicy}},
		Files:   []string{"_verdict.html"},
	}}
}

func policyTabs(who access.Principal, current string) []tab {
	if who.Limited() { // the rules are for all entities
		return nil
	}
	tabs := []tab{{Text: "Rules", URL: "/policies"}, {Text: "Decisions", URL: "/policies/decisions"}}
	if who.May(access.RoleOperator) {
		tabs = append(tabs, tab{Text: "Try a policy", URL: "/policies/trial"})
	}
	for i := range tabs {
		tabs[i].Current = tabs[i].URL == current
	}
	return tabs
}

type policiesData struct {
	Tabs    []tab
	Rules   []listedRule
	Default map[corax.Verdict]int // decisions that no rule made
	Counted bool
}

type listedRule struct {
	corax.Rule
	Number int
	Source config.Source
	Counts map[corax.Verdict]int
	Total  int
}

func (p *pages) loadPolicies(r *http.Request) (*ui.View, error) {
	counts, err := p.o.Policies.RuleCounts(r.Context())
	if err != nil {
		return nil, err
	}
	d := policiesData{Tabs: policyTabs(access.From(r.Context()), "/policies"), Default: counts["default"], Counted: len(counts) > 0}
	for i, rule := range p.o.Policies.Policy().Rules {
		l := listedRule{Rule: rule, Number: i + 1, Source: p.o.Policies.RuleSource(i), Counts: counts[rule.Name]}
		for _, n := range l.Counts {
			l.Total += n
		}
		d.Rules = append(d.Rules, l)
	}
	return &ui.View{Title: "Policies", Data: d}, nil
}

type decisionsData struct {
	Tabs      []tab
	Filter    store.DecisionFilter
	Decisions []listedDecision
	Filtered  bool
	First     string
	Next      string
}

// listedDecision is a decision with what it was about.
type listedDecision struct {
	corax.Decision
	Action, Risk, Entity, Problem string
	Undo                          bool
}

// decisionOf is a decision with what it was about, by what the rule saw.
func decisionOf(d corax.Decision) listedDecision {
	l := listedDecision{Decision: d}
	l.Action, l.Entity, l.Problem = d.About()
	action := part(d.Input, "action")
	l.Risk, _ = action["risk"].(string)
	l.Undo, _ = action["undo"].(bool)
	return l
}

func part(input map[string]any, name string) map[string]any {
	m, _ := input[name].(map[string]any)
	return m
}

func (p *pages) loadDecisions(r *http.Request) (*ui.View, error) {
	q := r.URL.Query()
	after, err := store.ParseCursor(q.Get("before"))
	if err != nil {
		return nil, err
	}
	f := store.DecisionFilter{Verdict: corax.Verdict(q.Get("verdict")), Rule: q.Get("rule"), Action: q.Get("action"), Entity: q.Get("entity"),
		Problem: q.Get("problem"), After: after, Limit: decisionsPage + 1}
	found, err := p.o.Records.FindDecisions(r.Context(), f)
	if err != nil {
		return nil, err
	}
	d := decisionsData{Tabs: policyTabs(access.From(r.Context()), "/policies/decisions"), Filter: f}
	d.Filtered = cmp.Or(string(f.Verdict), f.Rule, f.Action, f.Entity, f.Problem) != ""
	for _, x := range found[:min(len(found), decisionsPage)] {
		d.Decisions = append(d.Decisions, decisionOf(x))
	}
	d.First, d.Next = around(r, "before", len(found) > decisionsPage, func() string {
		return store.CursorOf(found[decisionsPage-1].At, found[decisionsPage-1].ID).String()
	})
	return &ui.View{Title: "Decisions", Trail: []ui.Crumb{{Text: "Policies", URL: "/policies"}, {Text: "Decisions"}}, Data: d}, nil
}

// around are the addresses of the first and the next part of a list whose cursor is the query's value name.
func around(r *http.Request, name string, more bool, last func() string) (first, next string) {
	u := *r.URL
	q := u.Query()
	q.Del("region")
	had := q.Get(name) != ""
	q.Del(name)
	if had {
		u.RawQuery = q.Encode()
		first = u.RequestURI()
	}
	if more {
		q.Set(name, last())
		u.RawQuery = q.Encode()
		next = u.RequestURI()
	}
	return first, next
}

type decisionData struct {
	listedDecision
	RuleNow *corax.Rule // the rule of this name as it is in force; nil where there is none any more
	Inputs  []inputGroup
	Plan    *corax.PlanRun
	StepRun *corax.StepRun
}

// inputGroup is a part of what a rule saw.
type inputGroup struct {
	Name  string
	About string
	Facts []fact
}

type fact struct{ Name, Value string }

// inputsAre what the parts of a rule's input are, in the order in which they are shown.
var inputsAre = []fact{
	{"action", "what is to be done"}, {"entity", "on what"}, {"problem", "against which problem"}, {"plan", "within which plan"},
	{"blast", "how much else it may touch"}, {"rate", "how much was done lately"}, {"concurrency", "what is under way besides"}, {"history", "how it went before"}, {"storm", "whether much is wrong at once"},
}

func inputGroups(input map[string]any) []inputGroup {
	var groups []inputGroup
	add := func(name, about string) {
		m := part(input, name)
		g := inputGroup{Name: name, About: about}
		for _, k := range slices.Sorted(maps.Keys(m)) {
			g.Facts = append(g.Facts, fact{k, shown(m[k])})
		}
		if len(g.Facts) > 0 {
			groups = append(groups, g)
		}
	}
	for _, i := range inputsAre {
		add(i.Name, i.Value)
	}
	for _, name := range slices.Sorted(maps.Keys(input)) {
		if !slices.ContainsFunc(inputsAre, func(f fact) bool { return f.Name == name }) {
			add(name, "")
		}
	}
	return groups
}

// shown is a value as people read it.
func shown(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		items := make([]string, len(v))
		for i, e := range v {
			items[i] = shown(e)
		}
		return cmp.Or(strings.Join(items, ", "), "none")
	case map[string]any:
		items := make([]string, 0, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			items = append(items, k+" = "+shown(v[k]))
		}
		return cmp.Or(strings.Join(items, ", "), "none")
	case bool:
		if v {
			return "yes"
		}
		return "no"
	}
	out, _ := json.Marshal(v) // it came from JSON
	return string(out)
}

func (p *pages) loadDecision(r *http.Request) (*ui.View, error) {
	found, err := p.o.Records.Decision(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		return nil, err
	}
	d := decisionData{listedDecision: decisionOf(found), Inputs: inputGroups(found.Input)}
	rules := p.o.Policies.Policy().Rules
	if i := slices.IndexFunc(rules, func(x corax.Rule) bool { return x.Name == found.Rule }); i >= 0 {
		d.RuleNow = &rules[i]
	}
	if run, err := p.o.Records.PlanRun(r.Context(), found.Plan); err == nil {
		d.Plan = &run
		if i := slices.IndexFunc(run.Steps, func(s corax.StepRun) bool { return s.Step == found.Step }); i >= 0 {
			d.StepRun = &run.Steps[i]
		}
	} else if corax.CodeOf(err) != corax.NotFound {
		return nil, err
	}
	title := fmt.Sprintf("%s on %s", d.Action, d.Entity)
	return &ui.View{Title: title, Trail: []ui.Crumb{{Text: "Policies", URL: "/policies"}, {Text: "Decisions", URL: "/policies/decisions"}, {Text: found.ID}},
		Data: d}, nil
}

type trialData struct {
	Tabs    []tab
	Text    string
	Past    int
	Faults  []decode.Problem
	Done    bool
	Tried   int
	Same    int
	Differs []triedDecision
}

type triedDecision struct {
	listedDecision
	Tried corax.Tried
}

// exampleTrial is what the form begins with.
const exampleTrial = `rules:
  - name: nothing-at-night
    when: now.getHours("Europe/Berlin") < 6 && action.risk != "read"
    then: ask
    because: people should see it
`

func (p *pages) loadTrial(r *http.Request) (*ui.View, error) {
	return trialView(r, trialData{Text: exampleTrial, Past: 200}), nil
}

func trialView(r *http.Request, d trialData) *ui.View {
	d.Tabs = policyTabs(access.From(r.Context()), "/policies/trial")
	return &ui.View{Title: "Try a policy", Trail: []ui.Crumb{{Text: "Policies", URL: "/policies"}, {Text: "Try a policy"}}, Data: d}
}

// tryPolicy shows what a policy would have decided otherwise. It changes nothing.
func (p *pages) tryPolicy(r *http.Request) (done, error) {
	d := trialData{Text: r.PostFormValue("policy"), Past: 200, Done: true}
	if n, err := strconv.Atoi(r.PostFormValue("past")); err == nil {
		d.Past = min(max(n, 1), mostTried)
	}
	past, err := p.o.Records.FindDecisions(r.Context(), store.DecisionFilter{Limit: d.Past})
	if err != nil {
		return done{}, err
	}
	trials := make([]corax.Trial, len(past))
	for i, x := range past {
		trials[i] = x.Trial()
	}
	tried, err := p.o.Policies.TryPolicy(r.Context(), d.Text, trials)
	var faults decode.Errors
	switch {
	case errors.As(err, &faults):
		d.Faults = faults
		return done{View: trialView(r, d), Status: http.StatusUnprocessableEntity}, nil
	case err != nil:
		return done{}, err
	}
	d.Tried = len(tried)
	for i, t := range tried {
		if !t.Differs {
			d.Same++
			continue
		}
		d.Differs = append(d.Differs, triedDecision{decisionOf(past[i]), t})
	}
	return done{View: trialView(r, d)}, nil
}
