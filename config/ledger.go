package config

import (
	"strings"
	"time"

	"corax/vault"
)

// Vault says where credentials are kept encrypted.
type Vault struct {
	File string `yaml:"file"` // vault.json in the data directory where empty
	// Key says where its key is: file:PATH, env:NAME or command:PROGRAM ARGUMENTS. Empty: there is no vault.
	Key string `yaml:"key"`
}

// Audit says how the audit is anchored, and how long it is kept.
type Audit struct {
	Anchors   string        `yaml:"anchors"`   // a directory, best on another disk; anchors in the data directory where empty
	Webhook   Webhook       `yaml:"webhook"`   // gets each anchor too
	Every     time.Duration `yaml:"every"`     // at the latest so long after a new entry it is anchored
	After     int           `yaml:"after"`     // or after so many entries
	Retention time.Duration `yaml:"retention"` // older entries are forgotten as far as an anchor; 0 keeps them
}

// checkLedger checks the vault and the audit.
func (l *loader) checkLedger() {
	c, it := l.cfg, item{l, place{doc: l.main}}
	if c.Vault.Key != "" && vault.KeySource(c.Vault.Key).CheckKey() != nil {
		it.fail("vault.key", "write file:PATH, env:NAME or command:PROGRAM ARGUMENTS", "the key is given as a reference, never as itself")
	}
	if c.Vault.Key == "" {
		if c.Vault.File != "" {
			it.fail("vault.key", "make one with `corax vault key FILE`", "is missing: without it the vault can't be opened")
		}
		for _, ref := range vault.References(*c) {
			if strings.HasPrefix(ref, "vault:") {
				it.fail("vault", "set vault.key", "%s is used, and no vault is configured", ref)
			}
		}
	}
	it.positive("audit.every", int64(c.Audit.Every))
	it.positive("audit.after", int64(c.Audit.After))
	it.positive("audit.retention", int64(c.Audit.Retention))
	if c.Audit.Webhook.URL != "" {
		it.link("audit.webhook.url", c.Audit.Webhook.URL)
	}
	it.reference("audit.webhook.token", c.Audit.Webhook.Token)
}
