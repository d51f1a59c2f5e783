package app

import (
	"context"
	"io"
	"slices"
	"time"

	"corax"
	"corax/audit"
	"corax/config"
	"corax/config/decode"
	"corax/heal"
	"corax/knowledge"
	"corax/store"
	"corax/vault"
)

// This file gives the pages and calls of governing what they read: what is declared, decided, recorded, known and set.

func (c controls) Actions() []corax.Action { return c.a.actions() }

// ActionSource is how an action is written; zero where that isn't known.
func (c controls) ActionSource(name string) config.Source {
	cfg := c.a.config()
	s, _ := cfg.Source("actions", slices.IndexFunc(cfg.Actions, func(a corax.Action) bool { return a.Name == name }))
	return c.a.shownSource(s)
}

func (c controls) Policy() corax.Policy { return c.a.config().Policy }

// RuleSource is how a rule is written; zero where that isn't known.
func (c controls) RuleSource(rule int) config.Source {
	s, _ := c.a.config().Source("policy.rules", rule)
	return c.a.shownSource(s)
}

// shownSource is a text as it may be shown. A configuration holds references only; this is for what a person wrote all the same.
func (a *App) shownSource(s config.Source) config.Source {
	s.YAML = a.redactor.Redact(s.YAML)
	return s
}

func (c controls) Outcomes(ctx context.Context, action, class string) ([]corax.Outcome, error) {
	return c.a.store.Outcomes(ctx, action, class)
}

func (c controls) PlanRun(ctx context.Context, id string) (corax.PlanRun, error) {
	return c.a.store.PlanRun(ctx, id)
}

func (c controls) RuleCounts(ctx context.Context) (map[string]map[corax.Verdict]int, error) {
	return c.a.store.RuleCounts(ctx)
}

func (c controls) RecentDecisions(ctx context.Context, limit int) ([]corax.Decision, error) {
	return c.a.store.RecentDecisions(ctx, limit)
}

func (c controls) SearchDecisions(ctx context.Context, f store.DecisionSearch) ([]corax.Decision, error) {
	return c.a.store.SearchDecisions(ctx, f)
}

func (c controls) Decision(ctx context.Context, id string) (corax.Decision, error) {
	return c.a.store.Decision(ctx, id)
}

// trialFile is what faults of a policy that was sent call its file.
const trialFile = "policy"

// TryPolicy asks a policy that is written as YAML, and the one in force, about decisions on record.
func (c controls) TryPolicy(ctx context.Context, text string, on []corax.Decision) ([]corax.Replayed, error) {
	policy, err := readPolicy(text)
	if err != nil {
		return nil, err
	}
	trials := make([]heal.Trial, len(on))
	for i, d := range on {
		trials[i] = heal.TrialOf(d)
	}
	inForce := c.a.config().Policy
	tried, err := heal.Try(ctx, policy, &inForce, trials)
	if err != nil {
		return nil, err
	}
	out := make([]corax.Replayed, len(tried))
	for i, t := range tried {
		out[i] = corax.Replayed{Decision: on[i].ID, Step: on[i].Step, Was: t.Other, WasRule: t.OtherRule, Now: t.Verdict, NowRule: t.Rule, Why: t.Why,
			Same: !t.Differs}
	}
	return out, nil
}

// readPolicy reads rules as they stand under policy: in a configuration, with that word or without it. Its error is decode.Errors.
func readPolicy(text string) (corax.Policy, error) {
	doc, err := decode.Parse(trialFile, []byte(text))
	if err != nil {
		return corax.Policy{}, err
	}
	var p corax.Policy
	prefix := ""
	if _, _, nested := doc.Find("policy"); nested {
		var whole struct {
			Policy corax.Policy `yaml:"policy"`
		}
		err = doc.Decode(&whole)
		p, prefix = whole.Policy, "policy."
	} else {
		err = doc.Decode(&p)
	}
	if err != nil {
		return p, err
	}
	var found decode.Errors
	for _, err := range heal.CheckPolicy(p) {
		f, ok := err.(*heal.Fault) //nolint:errorlint // they are what it promises
		if !ok {
			return p, err
		}
		field := prefix + f.Field[len("policy."):]
		found = append(found, doc.Problem(field, f.Err.Hint, "%v", f.Err.Err))
	}
	found.Sort()
	return p, found.OrNil()
}

// Catalogue is what the engine knows; nil where it doesn't say.
func (c controls) Catalogue() *knowledge.Catalogue {
	if e, ok := c.a.o.Engine.(interface{ Catalogue() *knowledge.Catalogue }); ok {
		return e.Catalogue()
	}
	return nil
}

func (c controls) ProblemsOf(ctx context.Context, mechanism string, most int) ([]corax.Problem, error) {
	return c.a.store.ProblemsOf(ctx, mechanism, most)
}

// Configuration is what is in force, without secrets.
func (c controls) Configuration() (file string, all []config.Setting, warnings []decode.Problem) {
	cfg := c.a.config()
	all = cfg.Settings()
	for i := range all {
		if len(vault.References(all[i].Text)) == 0 {
			all[i].Text = c.a.redactor.Field(all[i].Key, all[i].Text)
		}
	}
	return c.a.o.File, all, cfg.Warnings
}

// Vault lists what is in the vault, without values; there is false where there is none.
func (c controls) Vault() (entries []vault.Entry, there bool, err error) {
	if c.a.secrets.File == nil {
		return nil, false, nil
	}
	entries, err = c.a.secrets.File.List()
	return entries, true, err
}

func (c controls) SearchAudit(ctx context.Context, f store.AuditSearch) ([]audit.Row, error) {
	return c.a.store.SearchAudit(ctx, f)
}

func (c controls) Operators() []corax.Operator { return c.a.config().Operators }

func (c controls) Contacts() []config.Contact { return c.a.config().Notify.Contacts }

// Entities are the ids of the topology, in order.
func (c controls) Entities() []string {
	all := c.a.topology().Entities
	ids := make([]string, len(all))
	for i, e := range all {
		ids[i] = e.ID
	}
	slices.Sort(ids)
	return ids
}

// SearchAudit lists entries, the latest first.
func (l ledger) SearchAudit(ctx context.Context, f store.AuditSearch) ([]audit.Row, error) {
	return l.a.store.SearchAudit(ctx, f)
}

// Anchored is when the audit was anchored last, up to which entry, and in which file.
func (l ledger) Anchored() (at time.Time, seq int64, file string) {
	at, seq = l.a.anchorer.Last()
	return at, seq, l.a.anchorer.File()
}

// Export writes all of the audit for anyone to verify.
func (l ledger) Export(ctx context.Context, w io.Writer) error {
	c, err := AuditClaim(ctx, *l.a.config(), "", l.Key())
	if err != nil {
		return err
	}
	return audit.Export(w, c)
}
