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
	"corax/lookup"
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

func (c controls) RuleCounts(ctx context.Context) (map[string]map[corax.Verdict]int, error) {
	return c.a.store.RuleCounts(ctx)
}

// trialFile is what faults of a policy that was sent call its file.
const trialFile = "policy"

// TryPolicy asks a policy that is written as YAML about trials, and for comparison the one in force.
func (c controls) TryPolicy(ctx context.Context, text string, trials []corax.Trial) ([]corax.Tried, error) {
	policy, err := readPolicy(text)
	if err != nil {
		return nil, err
	}
	inForce := c.a.config().Policy
	return heal.Try(ctx, policy, &inForce, trials)
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

// Credentials lists what is known of each credential beside its value; vault is false where there is none.
func (c controls) Credentials(ctx context.Context) (all []lookup.Reference, vault bool, err error) {
	_, settings, _ := c.Configuration()
	f := c.a.secrets.File
	if f == nil {
		all, err = lookup.Credentials(nil, settings, c.used(ctx))
		return all, false, err
	}
	entries, err := f.List()
	if err == nil {
		all, err = lookup.Credentials(entries, settings, c.used(ctx))
	}
	return all, true, err
}

// used gives the last use of a credential that is on record.
func (c controls) used(ctx context.Context) func(ref string) (*corax.AuditEntry, error) {
	return func(ref string) (*corax.AuditEntry, error) {
		rows, err := c.a.store.Audit(ctx, store.AuditFilter{What: corax.AuditSecret, On: ref, Newest: true, Limit: 1})
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		e, err := rows[0].Entry()
		return &e, err
	}
}

func (c controls) Operators() []corax.Operator { return c.a.config().Operators }

func (c controls) Contacts() []config.Contact { return c.a.config().Notify.Contacts }

func (c controls) Routes() []config.Route { return c.a.config().Notify.Routes }

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
