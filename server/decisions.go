package server

import (
	"context"
	"net/http"

	"corax"
	"corax/access"
	"corax/config"
	"corax/store"
)

// Policies is what the API knows of the policy.
type Policies interface {
	Policy() corax.Policy
	RuleSource(rule int) config.Source // zero where it isn't known how the rule is written
	// RuleCounts is how often each rule gave each verdict lately; what no rule decided is "default".
	RuleCounts(ctx context.Context) (map[string]map[corax.Verdict]int, error)
	// TryPolicy asks a policy that is written as YAML about trials, and for comparison the one in force. It is Invalid where the text
	// can't be used.
	TryPolicy(ctx context.Context, text string, trials []corax.Trial) ([]corax.Tried, error)
}

// PolicyPage is the policy in force.
type PolicyPage struct {
	Rules   []RuleLine            `json:"rules"`
	Default map[corax.Verdict]int `json:"default,omitempty" doc:"how often no rule decided lately"`
}

// RuleLine is a rule, how it is written, and what it decided lately.
type RuleLine struct {
	corax.Rule
	Source  *config.Source        `json:"source,omitempty"`
	Decided map[corax.Verdict]int `json:"decided,omitempty"`
}

func (a api) policies() {
	p := a.o.Policies
	if p == nil {
		return
	}
	type none struct{}
	operation(a, access.RoleViewer, "get-policy", http.MethodGet, "/policy", "The rules; the first that matches decides, and where none does the answer is deny",
		func(ctx context.Context, _ *none) (PolicyPage, error) {
			counts, err := p.RuleCounts(ctx)
			page := PolicyPage{Rules: []RuleLine{}, Default: counts["default"]}
			for n, rule := range p.Policy().Rules {
				line := RuleLine{Rule: rule, Decided: counts[rule.Name]}
				if s := p.RuleSource(n); s != (config.Source{}) {
					line.Source = &s
				}
				page.Rules = append(page.Rules, line)
			}
			return page, err
		})
	type trial struct {
		Body struct {
			Policy string        `json:"policy" minLength:"1" maxLength:"262144" doc:"rules as they stand under policy: in a configuration, in YAML"`
			Past   int           `json:"past,omitempty" minimum:"0" maximum:"1000" doc:"try it on so many of the latest decisions"`
			Cases  []corax.Trial `json:"cases,omitempty" maxItems:"1000" doc:"try it on made-up inputs"`
		}
	}
	whole(a, access.RoleOperator, "try-policy", http.MethodPost, "/policy/trial", "What a policy would say, beside what the one in force says; changes nothing",
		func(ctx context.Context, in *trial) ([]corax.Tried, error) {
			trials := in.Body.Cases
			for n := range trials {
				if trials[n].At.IsZero() {
					trials[n].At = a.o.Clock.Now()
				}
			}
			if in.Body.Past > 0 {
				past, err := a.o.Records.FindDecisions(ctx, store.DecisionFilter{Limit: in.Body.Past})
				if err != nil {
					return nil, err
				}
				for _, d := range past {
					trials = append(trials, d.Trial())
				}
			}
			return p.TryPolicy(ctx, in.Body.Policy, trials)
		})
}

func (a api) decisions() {
	type list struct {
		Paging
		Spanning
		Plan    string        `query:"plan" maxLength:"200"`
		Problem string        `query:"problem" maxLength:"200"`
		Verdict corax.Verdict `query:"verdict" enum:"allow,ask,deny"`
		Rule    string        `query:"rule" maxLength:"200"`
		Action  string        `query:"action" maxLength:"200"`
		Entity  string        `query:"entity" maxLength:"500" doc:"the target, or another that the action may change"`
	}
	listing(a, access.RoleViewer, "list-decisions", "/decisions", "Decisions of the policy with all that they were made from, latest first",
		byTime(func(d corax.Decision) store.Cursor { return store.CursorOf(d.At, d.ID) }),
		func(ctx context.Context, in *list, p part[store.Cursor]) ([]corax.Decision, error) {
			return a.o.Records.FindDecisions(ctx, store.DecisionFilter{Plan: in.Plan, Problem: in.Problem, Verdict: in.Verdict, Rule: in.Rule, Action: in.Action,
				Entity: in.Entity, Since: in.Since, Until: in.Until, Limit: p.limit, After: p.after})
		})
	operation(a, access.RoleViewer, "get-decision", http.MethodGet, "/decisions/{id}", "A decision of the policy with all that it was made from",
		func(ctx context.Context, in *ByID) (corax.Decision, error) { return a.o.Records.Decision(ctx, in.ID) })
	type outcomes struct {
		Paging
		Action string       `query:"action" maxLength:"200"`
		Class  string       `query:"class" maxLength:"200" doc:"the kind of the entities"`
		Entity string       `query:"entity" maxLength:"500"`
		Ground corax.Ground `query:"ground" enum:"production,scenario"`
		Failed bool         `query:"failed" doc:"only those that did not succeed"`
	}
	listing(a, access.RoleViewer, "list-outcomes", "/autonomy/outcomes", "How each carrying out of an action ended, latest first; list-autonomy counts them",
		byTime(func(o corax.Outcome) store.Cursor { return store.CursorOf(o.At, o.ID) }),
		func(ctx context.Context, in *outcomes, p part[store.Cursor]) ([]corax.Outcome, error) {
			return a.o.Records.FindOutcomes(ctx, store.OutcomeFilter{Action: in.Action, Class: in.Class, Entity: in.Entity, Ground: in.Ground, Failed: in.Failed,
				Limit: p.limit, After: p.after})
		})
}
