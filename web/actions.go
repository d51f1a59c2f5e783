package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"corax"
	"corax/access"
	"corax/config"
	"corax/store"
	"corax/web/ui"
)

// Actions is what the pages of actions read, and the cap that is set there.
type Actions interface {
	Actions() []corax.Action
	ActionSource(name string) config.Source // zero where it isn't known how the action is written
	Standings(ctx context.Context) ([]corax.Standing, error)
	Cap(ctx context.Context, c corax.Cap) error
}

// mostOutcomes are shown of each class.
const mostOutcomes = 20

// actions are the pages of what Corax can do, and how much of it by itself.
func (p *pages) actions() []area {
	if p.o.Actions == nil {
		return nil
	}
	return []area{{
		Nav: []entry{{Group: "Heal", NavItem: ui.NavItem{Text: "Actions", URL: "/actions", Icon: "action"}}},
		Pages: []page{
			{Path: "/actions", File: "actions.html", Role: access.RoleViewer, Load: p.loadActions},
			{Path: "/actions/{name}", File: "action.html", Role: access.RoleViewer, Load: p.loadAction},
		},
		Actions: []action{{Path: "/actions/{name}/cap", Role: access.RoleAdmin, Do: p.capAction}},
		Funcs:   map[string]any{"levels": levels},
		Files:   []string{"_levels.html"},
	}}
}

type actionsData struct {
	Actions  []listedAction
	Gone     []corax.Standing // of actions that are not declared any more
	Query    string
	Declared int // how many there are at all
}

type listedAction struct {
	corax.Action
	For       string // what it applies to, in words
	Standings []corax.Standing
}

func (p *pages) loadActions(r *http.Request) (*ui.View, error) {
	standings, err := p.o.Actions.Standings(r.Context())
	if err != nil {
		return nil, err
	}
	declared := p.o.Actions.Actions()
	d := actionsData{Query: strings.TrimSpace(r.URL.Query().Get("q")), Declared: len(declared)}
	known := map[string]bool{}
	for _, a := range declared {
		known[a.Name] = true
		if !finds(d.Query, a.Name, a.Title) {
			continue
		}
		l := listedAction{Action: a, For: appliesTo(a.AppliesTo)}
		for _, s := range standings {
			if s.Action == a.Name {
				l.Standings = append(l.Standings, s)
			}
		}
		d.Actions = append(d.Actions, l)
	}
	slices.SortStableFunc(d.Actions, func(a, b listedAction) int { return strings.Compare(a.Name, b.Name) })
	for _, s := range standings {
		if !known[s.Action] && finds(d.Query, s.Action) {
			d.Gone = append(d.Gone, s)
		}
	}
	return &ui.View{Title: "Actions", Data: d}, nil
}

// finds says that each word of a query is within one of the texts; an empty query finds all.
func finds(query string, texts ...string) bool {
	all := strings.ToLower(strings.Join(texts, " "))
	return !slices.ContainsFunc(strings.Fields(strings.ToLower(query)), func(w string) bool { return !strings.Contains(all, w) })
}

type actionData struct {
	corax.Action
	For      string
	Declared bool
	Words    actionWords
	Source   config.Source
	Classes  []actionClass
	Levels   []option
}

// actionClass is how an action stands on one class of entities, and how it ended there.
type actionClass struct {
	corax.Standing
	Outcomes []ranOutcome
	More     bool // there are older ones
}

type ranOutcome struct {
	corax.Outcome
	Problem string // of its plan; empty where that is forgotten
}

func (p *pages) loadAction(r *http.Request) (*ui.View, error) {
	ctx, name := r.Context(), chi.URLParam(r, "name")
	d := actionData{Action: corax.Action{Name: name}, Levels: levels()}
	declared := p.o.Actions.Actions()
	if i := slices.IndexFunc(declared, func(a corax.Action) bool { return a.Name == name }); i >= 0 {
		d.Action, d.Declared = declared[i], true
		d.For, d.Words, d.Source = appliesTo(d.AppliesTo), wordsOf(d.Action), p.o.Actions.ActionSource(name)
	}
	standings, err := p.o.Actions.Standings(ctx)
	if err != nil {
		return nil, err
	}
	problems := map[string]string{} // of plans
	for _, s := range standings {
		if s.Action != name {
			continue
		}
		c := actionClass{Standing: s}
		outcomes, err := p.o.Records.FindOutcomes(ctx, store.OutcomeFilter{Action: name, Class: s.Class, Limit: mostOutcomes + 1})
		if err != nil {
			return nil, err
		}
		c.More = len(outcomes) > mostOutcomes
		for _, o := range outcomes[:min(len(outcomes), mostOutcomes)] {
			problem, asked := problems[o.Plan]
			if !asked && o.Plan != "" {
				if run, err := p.o.Records.PlanRun(ctx, o.Plan); err == nil {
					problem = run.Plan.Problem
				}
				problems[o.Plan] = problem
			}
			c.Outcomes = append(c.Outcomes, ranOutcome{o, problem})
		}
		d.Classes = append(d.Classes, c)
	}
	if !d.Declared && len(d.Classes) == 0 {
		return nil, corax.Errorf(corax.NotFound, "show action "+name, "no such action is declared, and none ever ran")
	}
	title := d.Title
	if title == "" {
		title = name
	}
	return &ui.View{Title: title, Trail: []ui.Crumb{{Text: "Actions", URL: "/actions"}, {Text: name}}, Data: d}, nil
}

// levels are what a cap can hold an action at.
func levels() []option {
	return []option{
		{"", "no cap: what it has earned"},
		{string(corax.Observe), "observe: it is not done"},
		{string(corax.Suggest), "suggest: it waits until somebody takes it up"},
		{string(corax.Approve), "approve: somebody is asked each time"},
		{string(corax.AutoMode), "auto: the policy alone decides, once that is earned"},
	}
}

func (p *pages) capAction(r *http.Request) (done, error) {
	name := chi.URLParam(r, "name")
	c := corax.Cap{Action: name, Class: r.PostFormValue("class"), Level: corax.Autonomy(r.PostFormValue("level")), By: by(r),
		Reason: reason(r), At: p.o.Clock.Now()}
	const op = "cap an action"
	switch {
	case !slices.ContainsFunc(levels(), func(l option) bool { return l.Value == string(c.Level) }):
		return done{}, corax.Errorf(corax.Invalid, op, "%q is no level", c.Level)
	case c.Class == "":
		return done{}, corax.Errorf(corax.Invalid, op, "no class of entities is named")
	case c.Level != "" && c.Reason == "":
		return done{}, &corax.Error{Code: corax.Invalid, Op: op, Err: corax.Errorf(corax.Invalid, "", "there is no reason"), Hint: "say why: others will ask"}
	}
	if err := p.o.Actions.Cap(r.Context(), c); err != nil {
		return done{}, err
	}
	said := "On a " + c.Class + " it is held at " + string(c.Level) + "."
	if c.Level == "" {
		said = "On a " + c.Class + " it has no cap any more."
	}
	return done{To: "/actions/" + name, Said: said}, nil
}
