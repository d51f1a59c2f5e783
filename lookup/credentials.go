package lookup

import (
	"slices"
	"strings"

	"corax"
	"corax/config"
	"corax/vault"
)

// Reference is what is known of a credential beside its value, by the reference that stands for it.
type Reference struct {
	Ref   string            `json:"ref"`             // vault:agent/token, env:TOKEN, file:/run/token
	Entry *vault.Entry      `json:"entry,omitempty"` // missing where it isn't in the vault
	Where []config.Setting  `json:"where"`           // that name it
	Used  *corax.AuditEntry `json:"used,omitempty"`  // the last use on record
}

// Credentials are those of the vault and those that the configuration names, by reference. used gives the last use of one; nil where none
// is on record.
func Credentials(entries []vault.Entry, all []config.Setting, used func(ref string) (*corax.AuditEntry, error)) ([]Reference, error) {
	known := map[string]*Reference{}
	of := func(ref string) *Reference {
		if known[ref] == nil {
			known[ref] = &Reference{Ref: ref, Where: []config.Setting{}}
		}
		return known[ref]
	}
	for i := range entries {
		of("vault:" + entries[i].Name).Entry = &entries[i]
	}
	for _, s := range all {
		if isReference(s.Text) {
			c := of(s.Text)
			c.Where = append(c.Where, s)
		}
	}
	out := make([]Reference, 0, len(known))
	for ref, c := range known {
		var err error
		if c.Used, err = used(ref); err != nil {
			return nil, err
		}
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b Reference) int { return strings.Compare(a.Ref, b.Ref) })
	return out, nil
}

// isReference says that a value names a credential.
func isReference(s string) bool {
	scheme, name, ok := strings.Cut(s, ":")
	return ok && name != "" && slices.Contains([]string{"vault", "env", "file"}, scheme) && !strings.ContainsAny(s, " \t") && vault.Check(s) == nil
}
