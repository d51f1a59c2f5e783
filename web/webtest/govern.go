package webtest

import (
	"context"
	"database/sql"
	_ "embed" // the configuration
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"

	"corax"
	"corax/audit"
	"corax/config"
	"corax/config/decode"
	"corax/heal/autonomy"
	"corax/health"
	"corax/knowledge"
	"corax/lookup"
	"corax/store"
	"corax/store/sqlite"
	"corax/vault"
)

//go:embed testdata/govern.yaml
var governed []byte

// catalogue is the built-in one, which never changes.
var catalogue = sync.OnceValues(func() (*knowledge.Catalogue, error) { return knowledge.Load() })

// Governor is what the pages of governing read and set: the store's own records, and what a configuration and the catalogue say.
type Governor struct {
	*Controls
	*sqlite.Store
	cfg   config.Config
	cat   *knowledge.Catalogue
	key   *audit.Key
	file  string // of the store
	empty bool
}

func newGovernor(s *Site, o Options, key *audit.Key) (*Governor, error) {
	g := &Governor{Controls: s.Controls, Store: s.Store, cfg: config.Default(), cat: &knowledge.Catalogue{}, key: key,
		file: filepath.Join(o.Dir, storeFile), empty: o.Empty}
	if o.Empty {
		return g, nil
	}
	var err error
	if g.cfg, err = config.Parse("/etc/corax/corax.yaml", governed); err != nil {
		return nil, err
	}
	last := len(g.cfg.Policy.Rules) - 1
	g.cfg.Notify.Contacts[1].Title, g.cfg.Policy.Rules[last].Because, g.cfg.Actions[1].Title = Hostile, Hostile, Hostile
	g.cfg.Warnings = []decode.Problem{{File: "/etc/corax/corax.yaml", Line: 41, Column: 5, Field: "actions[3].applies_to", Message: "picks nothing " + Hostile}}
	g.cat, err = catalogue()
	return g, err
}

// govern records what governing leaves: outcomes, a cap, silences, a stop, an emergency, uses of credentials.
func (s *Site) govern(ctx context.Context, now time.Time) error {
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for i := range 14 {
		o := corax.Outcome{ID: fmt.Sprintf("out-%d", i), At: ago(time.Duration(20-i) * time.Hour), Action: "signing_key.reactivate", Class: "service", Entity: "auth",
			Ground: corax.InScenario, Verified: i != 3, Plan: s.Closed.Run.Plan.ID, Step: "1.1"}
		if i >= 8 {
			o.Ground = corax.InProduction
		}
		if i == 3 {
			o.Why = "the verification did not hold " + Hostile
		}
		if err := s.Store.SaveOutcome(ctx, o); err != nil {
			return err
		}
	}
	outcome, odd := hostile[corax.Outcome](), hostile[corax.Cap]()
	outcome.ID, outcome.At, outcome.Ground, outcome.Plan, outcome.Step = "out-hostile", ago(30*time.Minute), corax.InProduction, s.Hostile.Run.Plan.ID, "1.1"
	odd.At, odd.Level = ago(time.Hour), corax.Observe
	if err := errors.Join(s.Store.SaveOutcome(ctx, outcome), s.Store.SaveCap(ctx, odd)); err != nil {
		return err
	}
	limit := corax.Cap{Action: "signing_key.switch", Class: "service", Level: corax.Observe, By: "omar", Reason: "until the audit is over", At: ago(time.Hour)}
	if err := s.Store.SaveCap(ctx, limit); err != nil {
		return err
	}
	for i, q := range []corax.Silence{
		{ID: "sil-now", Match: map[string]string{"entity": "db-1", Hostile: Hostile}, Owner: Hostile, Reason: Hostile, StartsAt: ago(time.Hour), EndsAt: now.Add(time.Hour)},
		{ID: "sil-later", Match: map[string]string{"team": "shop"}, Owner: "omar", Reason: "move to the new rack", StartsAt: now.Add(22 * time.Hour), EndsAt: now.Add(26 * time.Hour)},
		{ID: "sil-over", Match: map[string]string{"entity": "order"}, Owner: "jane", Reason: "load test", StartsAt: ago(30 * time.Hour), EndsAt: ago(28 * time.Hour)},
	} {
		if err := s.Store.SaveSilence(ctx, q); err != nil {
			return fmt.Errorf("silence %d: %w", i, err)
		}
	}
	if err := errors.Join(s.Store.SetStop(ctx, "db-1", "the disk is being exchanged", "omar", ago(25*time.Minute)),
		s.Store.SetStop(ctx, Hostile, Hostile, Hostile, ago(20*time.Minute))); err != nil {
		return err
	}
	declared := hostile[corax.BreakGlass]()
	declared.ID, declared.At, declared.ExpiresAt = "brk-hostile", ago(5*time.Minute), now.Add(25*time.Minute)
	if err := s.Store.SaveBreakGlass(ctx, declared); err != nil {
		return err
	}
	if err := s.Store.SaveBreakGlass(ctx, corax.BreakGlass{ID: "brk-1", Scope: "db-1", By: "jane", Reason: "nobody can write " + Hostile, At: ago(5 * time.Minute),
		ExpiresAt: now.Add(25 * time.Minute)}); err != nil {
		return err
	}
	return s.Store.AppendAudit(ctx, corax.AuditEntry{At: ago(2 * time.Minute), Who: "corax", What: corax.AuditSecret, On: "vault:agent",
		Detail: map[string]string{"for": "action signing_key.reactivate", "on": Hostile}})
}

// Actions are those of the configuration.
func (g *Governor) Actions() []corax.Action { return g.cfg.Actions }

// ActionSource is how an action is written.
func (g *Governor) ActionSource(name string) config.Source {
	for i, a := range g.cfg.Actions {
		if a.Name == name {
			s, _ := g.cfg.Source("actions", i)
			return s
		}
	}
	return config.Source{}
}

// Standings are what the recorded outcomes have earned.
func (g *Governor) Standings(ctx context.Context) ([]corax.Standing, error) {
	if g.empty {
		return nil, nil
	}
	outcomes, err := g.Outcomes(ctx, "", "")
	if err != nil {
		return nil, err
	}
	caps, err := g.Caps(ctx)
	if err != nil {
		return nil, err
	}
	all := []corax.Standing{autonomy.Of("signing_key.destroy", "service", outcomes, nil), autonomy.Of("signing_key.reactivate", "service", outcomes, nil),
		autonomy.Of("signing_key.forgotten", "service", outcomes, nil)}
	for _, c := range caps {
		all = append(all, autonomy.Of(c.Action, c.Class, outcomes, &c))
	}
	return all, nil
}

// Cap notes the call, and does it.
func (g *Governor) Cap(ctx context.Context, c corax.Cap) error {
	_ = g.note(fmt.Sprintf("cap %s on %s at %q by %s: %s", c.Action, c.Class, c.Level, c.By, c.Reason))
	return g.SaveCap(ctx, c)
}

// Policy is that of the configuration.
func (g *Governor) Policy() corax.Policy { return g.cfg.Policy }

// RuleSource is how a rule is written.
func (g *Governor) RuleSource(rule int) config.Source {
	s, _ := g.cfg.Source("policy.rules", rule)
	return s
}

// TryPolicy finds a text that says "fault" at fault, and else answers every other decision otherwise.
func (g *Governor) TryPolicy(_ context.Context, text string, trials []corax.Trial) ([]corax.Tried, error) {
	if text == "fault" {
		return nil, decode.Errors{{File: "policy", Line: 3, Column: 7, Field: "rules[0].when", Message: "undeclared reference " + Hostile, Hint: "name it"}}
	}
	var out []corax.Tried
	for i, t := range trials {
		r := corax.Tried{Name: t.Name, Verdict: corax.Allow, Rule: "reads", OK: true, Other: corax.Allow, OtherRule: "reads"}
		if i%2 == 0 {
			r.Verdict, r.Rule, r.Differs, r.Why = corax.Ask, "nothing-at-night", true, "people should see it "+Hostile
		}
		out = append(out, r)
	}
	return out, nil
}

// Key is that of the store's audit.
func (g *Governor) Key() audit.Public { return g.key.Public() }

// Anchored says that it was a few minutes ago.
func (g *Governor) Anchored() (at time.Time, seq int64, file string) {
	if g.empty {
		return time.Time{}, 0, ""
	}
	return Now.Add(-4 * time.Minute), max(0, g.AuditHead().Seq-3), "/var/lib/corax/anchors/" + audit.AnchorFile
}

func (g *Governor) claim(ctx context.Context) (audit.Claim, error) {
	c, err := sqlite.ReadAudit(ctx, g.file)
	c.Key = g.Key()
	return c, err
}

// Verify verifies the store's audit, which has no anchors.
func (g *Governor) Verify(ctx context.Context) (audit.Report, error) {
	c, err := g.claim(ctx)
	if err != nil {
		return audit.Report{}, err
	}
	return audit.Verify(c), nil
}

// Export writes the store's audit.
func (g *Governor) Export(ctx context.Context, w io.Writer) error {
	c, err := g.claim(ctx)
	if err != nil {
		return err
	}
	return audit.Export(w, c)
}

// Catalogue is the built-in one.
func (g *Governor) Catalogue() *knowledge.Catalogue { return g.cat }

// Health is that of a Corax to which much happens.
func (g *Governor) Health(context.Context) health.Report {
	v := health.Vitals{Now: Now, Started: Now.Add(-49 * time.Hour), Ready: true, Version: "test", Go: "go1.26", Goroutines: 212, Memory: 143 << 20, Listeners: 3,
		AnchorEvery: 10 * time.Minute, Anchored: Now.Add(-4 * time.Minute), Unanchored: 3, Stops: 1, LastTest: Now.Add(-20 * time.Hour), Reachable: 2,
		Unreachable: []string{"noc by mail " + Hostile}, TestEvery: 24 * time.Hour, Backup: Now.Add(-9 * 24 * time.Hour),
		Monitors: health.Monitors{Total: 17, Down: 2, Late: []string{"orders " + Hostile}},
		Stream:   health.Stream{Messages: 18_204, Bytes: 44 << 20, Limit: 4 << 30, Lag: map[string]int64{"triage": 12}},
		Store:    health.Store{Bytes: 910 << 20, Log: 3 << 20, Limit: 8 << 30, Free: 61 << 30, Signals: 1_204_331, Growth: 30 << 20, Over: 12 * time.Hour}}
	if g.empty {
		v = health.Vitals{Now: Now, Started: Now.Add(-time.Minute), Ready: true, Version: "test", Go: "go1.26", Goroutines: 80, Memory: 60 << 20,
			Store: health.Store{Free: -1}, Stream: health.Stream{Messages: -1}}
	}
	return health.Judge(v)
}

// Configuration is what the file says.
func (g *Governor) Configuration() (file string, all []config.Setting, warnings []decode.Problem) {
	if g.empty {
		return "", g.cfg.Settings(), nil
	}
	return "/etc/corax/corax.yaml", g.cfg.Settings(), g.cfg.Warnings
}

// Reload finds two faults.
func (g *Governor) Reload(context.Context) error {
	_ = g.note("reload")
	return decode.Errors{{File: "/etc/corax/corax.yaml", Line: 12, Column: 3, Field: "monitors[0].http.url", Message: "not a URL " + Hostile, Hint: "write it as https://host/path"},
		{File: "/etc/corax/conf.d/shop.yaml", Line: 4, Column: 1, Message: "unknown field \"moniters\"", Hint: "did you mean \"monitors\"?"}}
}

// Credentials are two of a vault, and those that the configuration names.
func (g *Governor) Credentials(ctx context.Context) (all []lookup.Reference, there bool, err error) {
	if g.empty {
		return nil, false, nil
	}
	all, err = lookup.Credentials([]vault.Entry{{Name: "agent", Note: "the agents' own " + Hostile, Version: 3, UpdatedAt: Now.Add(-40 * 24 * time.Hour)},
		{Name: "spare", Version: 1, UpdatedAt: Now.Add(-time.Hour)}}, g.cfg.Settings(), func(ref string) (*corax.AuditEntry, error) {
		rows, err := g.Audit(ctx, store.AuditFilter{What: corax.AuditSecret, On: ref, Newest: true, Limit: 1})
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		e, err := rows[0].Entry()
		return &e, err
	})
	return all, true, err
}

// Operators are those of the configuration.
func (g *Governor) Operators() []corax.Operator { return g.cfg.Operators }

// Contacts are those of the configuration.
func (g *Governor) Contacts() []config.Contact { return g.cfg.Notify.Contacts }

// Reach is one way that serves, one that failed, and one that was never used.
func (g *Governor) Reach(context.Context) ([]corax.Reach, error) {
	if g.empty {
		return nil, nil
	}
	before, after := Now.Add(-3*time.Hour), Now.Add(-time.Hour)
	return []corax.Reach{{Contact: "jane", Channel: "mail", To: "jane@example.com", SentAt: &after}, {Contact: "jane", Channel: "phone", To: "+49301"},
		{Contact: "noc", Channel: "mail", To: Hostile, SentAt: &before, FailedAt: &after, Error: "550 no such mailbox " + Hostile}}, nil
}

// Entities are those of the configuration.
func (g *Governor) Entities() []string {
	var ids []string
	for _, e := range g.cfg.Topology.Entities {
		ids = append(ids, e.ID)
	}
	return ids
}

// Rows are the store's own.
func (g *Governor) Rows(ctx context.Context, f store.AuditFilter) ([]audit.Row, error) {
	return g.Audit(ctx, f)
}

// Tamper alters an entry of the audit behind the store's back.
func (g *Governor) Tamper(ctx context.Context) error {
	db, err := sql.Open("sqlite", "file:"+g.file)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, `UPDATE audit SET doc = replace(doc, 'omar', 'eve') WHERE doc LIKE '%omar%'`)
	return err
}
