package server

import "slices"

// minds says whether an operation answers within the scope of who calls it. All others concern everything, and are refused to whoever
// has a scope: an operation that is new is, until it stands here.
func minds(operation string) bool {
	return slices.Contains([]string{
		"whoami", "audit-key", "list-sessions", "revoke-session", "list-tokens", "revoke-token", "make-token",
		// The records (access/scoped) and what acts on them (app) see to these.
		"list-incidents", "get-incident", "acknowledge-incident", "resolve-incident",
		"list-problems", "get-problem", "escalate-problem", "comment-problem", "take-over-problem",
		"list-plans", "get-plan", "pause-plan", "resume-plan", "cancel-plan", "undo-plan", "rehearse-plan", "replay-plan",
		"list-approvals", "get-approval", "answer-approval", "list-decisions", "get-decision", "list-outcomes", "list-events", "report-problem", "why-not",
		"list-monitors", "run-monitor", "list-silences", "create-silence", "end-silence", "list-stops", "stop", "clear-stop",
		"list-break-glass", "break-glass", "end-break-glass", "list-pages", "get-page", "acknowledge-page", "list-sites",
		"list-work-orders", "get-work-order", "accept-work-order", "start-work-order", "done-work-order", "cannot-work-order", "cancel-work-order",
		"watch",        // see narrowed
		"get-topology", // see seen
		// What is the same for everybody.
		"list-patterns", "list-mechanisms", "get-mechanism",
		// Package lookup sees to these.
		"list-changes", "learned-topology", "search-signals", "signal-facets", "list-templates", "get-template", "search-problems", "similar-problems",
		"search-incidents", "monitor-histories", "monitor-history", "monitor-changes", "get-monitor", "list-entities", "get-entity",
	}, operation)
}
