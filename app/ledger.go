package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"corax"
	"corax/audit"
	"corax/config"
	"corax/store"
	"corax/store/sqlite"
	"corax/vault"
)

// AuditKeyFile is where the key of a data directory's audit is.
func AuditKeyFile(dataDir string) string { return filepath.Join(dataDir, "audit.key") }

// AnchorDir is where the anchors of a configuration are.
func AnchorDir(cfg config.Config) string {
	if cfg.Audit.Anchors != "" {
		return cfg.Audit.Anchors
	}
	return filepath.Join(cfg.DataDir, "anchors")
}

// startAudit records the start, and begins to anchor.
func (a *App) startAudit(ctx context.Context, cfg *config.Config) error {
	if err := a.recordConfig(ctx, corax.AuditStarted, *cfg); err != nil {
		return err
	}
	a.anchorer = &audit.Anchorer{
		Key: a.auditKey, Head: a.store.AuditHead, Dir: AnchorDir(*cfg), Every: cfg.Audit.Every, After: int64(cfg.Audit.After),
		Clock: a.o.Clock, Log: a.log,
	}
	if cfg.Audit.Webhook.URL != "" {
		a.anchorer.Post = a.postAnchor
	}
	if err := a.anchorer.Start(ctx); err != nil {
		return err
	}
	a.onStop(func() {
		a.report("record the uses of credentials", a.uses.flush(context.Background(), a.store, a.o.Clock.Now()))
		a.anchorer.Stop()
	})
	return nil
}

// recordConfig records which configuration is in force.
func (a *App) recordConfig(ctx context.Context, what corax.AuditKind, cfg config.Config) error {
	detail := map[string]string{
		"version": a.o.Version, "file": a.o.File, "monitors": strconv.Itoa(len(cfg.Monitors)),
		"actions": strconv.Itoa(len(cfg.Actions)), "rules": strconv.Itoa(len(cfg.Policy.Rules)),
	}
	inputs := ""
	if a.o.File != "" {
		text, err := os.ReadFile(a.o.File)
		if err == nil {
			inputs = audit.Digest(text)
		}
	}
	return a.store.AppendAudit(ctx, corax.AuditEntry{
		At: a.o.Clock.Now(), Who: "corax", What: what, On: "config", Inputs: inputs, Detail: detail,
	})
}

func (a *App) recordReload(ctx context.Context, cfg config.Config) error {
	return a.recordConfig(ctx, corax.AuditReloaded, cfg)
}

// pruneAudit forgets entries that are older than the configuration keeps them, as far as an anchor.
func (a *App) pruneAudit(ctx context.Context) error {
	keep := a.config().Audit.Retention
	if keep <= 0 {
		return nil
	}
	now := a.o.Clock.Now()
	head, ok, err := a.anchorer.Before(now.Add(-keep))
	if err != nil || !ok {
		return err
	}
	return a.store.PruneAudit(ctx, head, now)
}

// postAnchor sends an anchor to the configured address.
func (a *App) postAnchor(ctx context.Context, s audit.Signed) error {
	hook := a.config().Audit.Webhook
	body, err := json.Marshal(s)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, hook.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if hook.Token != "" {
		use := vault.Use{Who: "corax", For: "anchors", On: req.URL.Host, Routine: true}
		token, err := a.secrets.Resolve(vault.WithUse(ctx, use), hook.Token)
		if err != nil {
			return err
		}
		defer token.Wipe()
		_ = token.Use(func(v string) error { req.Header.Set("Authorization", "Bearer "+v); return nil })
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s answered %s", req.URL.Host, resp.Status)
	}
	return nil
}

// AuditClaim reads all that a data directory says of its audit, whether a Corax runs there or not. anchors is a file or a
// directory of them; that of the configuration where empty. The key, where none is given, is that of the directory.
func AuditClaim(ctx context.Context, cfg config.Config, anchors string, key audit.Public) (audit.Claim, error) {
	if key == "" {
		own, err := audit.ReadKey(AuditKeyFile(cfg.DataDir))
		if err != nil {
			return audit.Claim{}, err
		}
		key = own.Public()
	}
	if err := key.Check(); err != nil {
		return audit.Claim{}, err
	}
	if anchors == "" {
		anchors = AnchorDir(cfg)
	}
	if info, err := os.Stat(anchors); err == nil && info.IsDir() {
		anchors = filepath.Join(anchors, audit.AnchorFile)
	}
	// The anchors first: one that is made meanwhile would name an entry that was not read.
	signed, err := audit.ReadAnchors(anchors)
	if err != nil {
		return audit.Claim{}, err
	}
	c, err := sqlite.ReadAudit(ctx, StoreFile(cfg.DataDir))
	c.Key, c.Anchors = key, signed
	return c, err
}

// ledger is what the API shows of the audit.
type ledger struct{ a *App }

func (l ledger) Key() audit.Public { return l.a.auditKey.Public() }

func (l ledger) Rows(ctx context.Context, f store.AuditFilter) ([]audit.Row, error) {
	return l.a.store.Audit(ctx, f)
}

func (l ledger) Verify(ctx context.Context) (audit.Report, error) {
	c, err := AuditClaim(ctx, *l.a.config(), "", l.Key())
	if err != nil {
		return audit.Report{}, err
	}
	return audit.Verify(c), nil
}
