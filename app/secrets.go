package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"corax"
	"corax/config"
	"corax/vault"
)

// VaultFile is where the vault of a configuration is.
func VaultFile(cfg config.Config) string {
	if cfg.Vault.File != "" {
		return cfg.Vault.File
	}
	return filepath.Join(cfg.DataDir, "vault.json")
}

// startSecrets makes what resolves references, and has the redactor know every secret before anything else runs.
func (a *App) startSecrets(_ context.Context, cfg *config.Config) error {
	a.secrets = &vault.Keeper{Redactor: &a.redactor, Audit: a.recordUse, Changed: a.recordVault}
	if cfg.Vault.Key != "" {
		a.secrets.File = &vault.File{Path: VaultFile(*cfg), Key: vault.KeySource(cfg.Vault.Key).Key, Clock: a.o.Clock}
	}
	return a.learn(*cfg)
}

// learn makes the redactor know the vault's secrets, and those that a configuration names. A vault that can't be read is
// an error; a reference to what isn't there (yet) is the business of whoever uses it.
func (a *App) learn(cfg config.Config) error {
	if err := a.secrets.Learn(); err != nil {
		return err
	}
	for _, ref := range vault.References(cfg) {
		if err := a.secrets.Learn(ref); err != nil {
			a.log.Warn("a credential can't be read", "reference", ref, "error", err)
		}
	}
	return nil
}

// secret resolves references for a room at the moment of use.
func (a *App) secret(room string) func(ref string) (string, error) {
	return func(ref string) (string, error) {
		ctx := vault.WithUse(context.Background(), vault.Use{Who: "corax", For: room, Routine: true})
		s, err := a.secrets.Resolve(ctx, ref)
		if err != nil {
			return "", err
		}
		defer s.Wipe()
		var value string
		err = s.Use(func(v string) error { value = v; return nil })
		return value, err
	}
}

// publish puts signals on the stream without secrets: what a monitored system says of itself may hold some.
func (a *App) publish(ctx context.Context, signals []corax.Signal) error {
	return a.bus.Publish(ctx, redactSignals(&a.redactor, signals))
}

// redactSignals gives signals without secrets: the same slice where there are none. The same signal becomes the same,
// however often it comes.
func redactSignals(r *vault.Redactor, signals []corax.Signal) []corax.Signal {
	out := signals
	for i, s := range signals {
		changed := false
		for _, text := range []*string{&s.Message, &s.Entity, &s.Source, &s.Fingerprint, &s.ID} {
			if shown := r.Redact(*text); shown != *text {
				*text, changed = shown, true
			}
		}
		for _, m := range []*map[string]string{&s.Labels, &s.Attributes} {
			if shown, differs := redactMap(r, *m); differs {
				*m, changed = shown, true
			}
		}
		if !changed {
			continue
		}
		if &out[0] == &signals[0] { // whoever sent them may send them again
			out = slices.Clone(signals)
		}
		out[i] = s
	}
	return out
}

func redactMap(r *vault.Redactor, m map[string]string) (map[string]string, bool) {
	changed := false
	out := m
	for _, k := range slices.Sorted(maps.Keys(m)) {
		key, value := r.Redact(k), r.Field(k, m[k])
		if key == k && value == m[k] {
			continue
		}
		if !changed {
			out, changed = maps.Clone(m), true
		}
		delete(out, k)
		out[key] = value
	}
	return out, changed
}

// foldFor is how long routine uses of a credential are counted before they are recorded together.
const foldFor = 10 * time.Minute

// uses are routine uses of credentials that are recorded together.
type uses struct {
	mu    sync.Mutex
	count map[usage]*usageCount
}

type usage struct {
	ref string
	use vault.Use
}

type usageCount struct {
	n    int
	from time.Time
	to   time.Time
}

// recordUse records the use of a credential, or counts it where the same was recorded a while ago.
func (a *App) recordUse(ctx context.Context, ref string, u vault.Use) error {
	if a.store == nil {
		return corax.Errorf(corax.Unavailable, "", "the audit is not open yet")
	}
	now := a.o.Clock.Now()
	if u.Routine && a.uses.fold(usage{ref, u}, now) {
		return nil
	}
	return a.store.AppendAudit(ctx, useEntry(usage{ref, u}, now, nil))
}

func useEntry(u usage, at time.Time, more map[string]string) corax.AuditEntry {
	detail := map[string]string{"for": u.use.For}
	if u.use.On != "" {
		detail["on"] = u.use.On
	}
	maps.Copy(detail, more)
	return corax.AuditEntry{At: at, Who: u.use.Who, What: corax.AuditSecret, On: u.ref, Detail: detail}
}

// fold counts a use; false for the first, which is recorded by itself.
func (s *uses) fold(u usage, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.count == nil {
		s.count = map[usage]*usageCount{}
	}
	c := s.count[u]
	if c == nil {
		s.count[u] = &usageCount{}
		return false
	}
	if c.n == 0 {
		c.from = now
	}
	c.n, c.to = c.n+1, now
	return true
}

// flush records what was counted, and forgets what was not used since the last time.
func (s *uses) flush(ctx context.Context, to interface {
	AppendAudit(ctx context.Context, entries ...corax.AuditEntry) error
}, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var entries []corax.AuditEntry
	for u, c := range s.count {
		if c.n == 0 {
			delete(s.count, u)
			continue
		}
		entries = append(entries, useEntry(u, now, map[string]string{
			"times": strconv.Itoa(c.n), "from": c.from.Format(time.RFC3339), "to": c.to.Format(time.RFC3339),
		}))
	}
	slices.SortFunc(entries, func(a, b corax.AuditEntry) int {
		return slices.Compare([]string{a.On, fmt.Sprint(a.Detail)}, []string{b.On, fmt.Sprint(b.Detail)})
	})
	if err := to.AppendAudit(ctx, entries...); err != nil {
		return err
	}
	for _, c := range s.count {
		c.n = 0
	}
	return nil
}

// recordVault records that somebody changed the vault.
func (a *App) recordVault(entries []vault.Entry) {
	detail := map[string]string{}
	for _, e := range entries {
		detail[e.Name] = "version " + strconv.Itoa(e.Version) + " of " + e.UpdatedAt.Format(time.RFC3339)
	}
	err := a.store.AppendAudit(context.Background(), corax.AuditEntry{
		At: a.o.Clock.Now(), Who: "the vault's file", What: corax.AuditVault, On: "vault", Detail: detail,
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		a.log.Error("a change of the vault could not be recorded", "error", err)
	}
}
