package config_test

import (
	"strings"
	"testing"

	"corax/config"
)

func TestVaultAndAudit(t *testing.T) {
	for text, want := range map[string]string{
		"vault: {key: c2VjcmV0LWtleQ==}":                       "vault.key",
		"vault: {file: v.json}":                                "vault.key",
		"tokens: [vault:door]":                                 "no vault is configured",
		"vault: {key: env:K}\ntokens: ['vault:a b']":           "tokens[0]",
		"audit: {every: -1s}":                                  "audit.every",
		"audit: {webhook: {url: ftp://x}}":                     "audit.webhook.url",
		"audit: {webhook: {url: http://x, token: s3cr3t-abc}}": "audit.webhook.token",
		"vault: {key: env:K}\ntokens: [vault:door]\naudit: {anchors: /mnt/x, after: 5, retention: 0s}": "",
	} {
		_, err := config.Parse("corax.yaml", []byte(text))
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "corax.yaml:")):
			t.Errorf("%s: %v, expected it to name %s", text, err, want)
		case err != nil && (strings.Contains(err.Error(), "s3cr3t") || strings.Contains(err.Error(), "c2VjcmV0")):
			t.Errorf("%s: the error repeats the secret: %v", text, err)
		}
	}
}
