package web

import (
	"slices"
	"strings"
)

// minds says whether what stands at a path shows, and acts, within the scope of who asks. All else concerns everything, and is refused to
// whoever has a scope: a page that is new is, until its first part stands here.
func minds(path string) bool {
	if within(path, "/policies/decisions") { // beside the rules, which are for all entities
		return true
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return slices.Contains([]string{
		"", "account", "logout", "sessions", "tokens", "live", "problems", "plans", "incidents", "signals", "monitors", "changes", "topology", "entities",
		"approvals", "notifications", "sites", "orders", "stops", "emergencies",
		"knowledge", "settings",
	}, first)
}
