package web_test

import (
	"net/http"
	"strings"
	"testing"

	"corax/server"
	"corax/web/webtest"
)

// operations are, for everything that the pages show and do, the calls of the API that show and do the same. What is for people with a
// browser alone begins with a dash, and says why.
var operations = map[string]string{
	"POST /theme": "- a cookie of this browser",
	"GET /":       "search-problems get-plan list-approvals list-work-orders list-stops list-break-glass list-changes list-monitors",

	"GET /problems":                   "search-problems",
	"GET /problems/{id}":              "get-problem get-plan list-events similar-problems list-decisions get-topology list-incidents",
	"GET /problems/{id}/why":          "get-problem why-not",
	"GET /problems/{id}/report":       "report-problem",
	"GET /problems/{id}.md":           "report-problem",
	"GET /problems/{id}/export":       "export-problem",
	"POST /problems/{id}/comments":    "comment-problem",
	"POST /problems/{id}/acknowledge": "acknowledge-page",
	"POST /problems/{id}/escalate":    "escalate-problem",
	"POST /problems/{id}/take-over":   "take-over-problem",
	"POST /problems/{id}/answer":      "answer-approval",
	"POST /problems/{id}/pause":       "pause-plan",
	"POST /problems/{id}/resume":      "resume-plan",
	"POST /problems/{id}/cancel":      "cancel-plan",
	"POST /problems/{id}/undo":        "undo-plan",

	"GET /incidents":                   "search-incidents",
	"GET /incidents/{id}":              "get-incident",
	"POST /incidents/{id}/acknowledge": "acknowledge-incident",
	"POST /incidents/{id}/resolve":     "resolve-incident",
	"GET /signals":                     "search-signals signal-facets",
	"GET /signals/templates":           "list-templates get-template",
	"GET /changes":                     "list-changes",

	"GET /monitors":                "list-monitors monitor-histories",
	"GET /monitors/{name}":         "get-monitor monitor-history monitor-changes",
	"POST /monitors/{name}/run":    "run-monitor",
	"GET /monitors/{name}/edit":    "get-monitor-config",
	"POST /monitors/{name}/edit":   "replace-monitor",
	"POST /monitors/{name}/remove": "remove-monitor",
	"GET /monitors/new":            "- an empty form",
	"POST /monitors/new":           "create-monitor",
	"GET /topology":                "get-topology learned-topology list-entities",
	"GET /entities/{id}":           "get-entity",

	"GET /approvals":                       "list-approvals",
	"GET /approvals/{id}":                  "get-approval",
	"POST /approvals/{id}/answer":          "answer-approval",
	"POST /stops":                          "stop",
	"POST /stops/clear":                    "clear-stop",
	"POST /emergencies":                    "break-glass",
	"POST /emergencies/end":                "end-break-glass",
	"GET /sites":                           "list-sites list-work-orders",
	"GET /orders/{id}":                     "get-work-order",
	"POST /orders/{id}/answer":             "accept-work-order start-work-order done-work-order cannot-work-order",
	"POST /orders/{id}/cancel":             "cancel-work-order",
	"GET /notifications":                   "list-pages list-routes list-contacts reach",
	"GET /notifications/{id}":              "get-page",
	"POST /notifications/{id}/acknowledge": "acknowledge-page",
	"POST /notifications/test":             "test-pages",

	"GET /actions":                 "list-actions list-autonomy",
	"GET /actions/{name}":          "get-action list-outcomes",
	"POST /actions/{name}/cap":     "cap-autonomy",
	"GET /policies":                "get-policy list-decisions",
	"GET /policies/decisions":      "list-decisions",
	"GET /policies/decisions/{id}": "get-decision",
	"GET /policies/trial":          "- an empty form",
	"POST /policies/trial":         "try-policy",
	"GET /audit":                   "list-audit audit-anchor audit-key",
	"GET /audit/verify":            "verify-audit",
	"POST /audit/verify":           "verify-audit",
	"GET /audit/export.jsonl":      "export-audit",
	"GET /knowledge":               "list-mechanisms",
	"GET /knowledge/patterns":      "list-patterns",
	"GET /knowledge/{id}":          "get-mechanism search-problems",

	"GET /scenarios":                                          "list-scenarios list-scenario-jobs",
	"GET /scenarios/compare":                                  "compare-scenario-runs",
	"GET /scenarios/{category}/{name}":                        "list-scenario-runs",
	"GET /scenarios/{category}/{name}/runs/{run}":             "get-scenario-run",
	"GET /scenarios/{category}/{name}/runs/{run}/result.json": "get-scenario-run",
	"POST /scenarios/run":                                     "run-scenario",
	"POST /scenarios/jobs/{job}/cancel":                       "cancel-scenario",
	"GET /welcome":                                            "- what to do first, for who sees Corax for the first time",
	"POST /welcome/try":                                       "create-monitor",
	"POST /welcome/add":                                       "create-monitor",
	"POST /welcome/sample":                                    "- made-up records to look around in",

	"GET /health":                      "get-health",
	"GET /settings":                    "list-stops list-break-glass list-silences",
	"GET /settings/configuration":      "list-settings",
	"GET /settings/credentials":        "list-credentials",
	"GET /settings/people":             "list-contacts list-operators",
	"POST /settings/reload":            "reload",
	"POST /settings/silences":          "create-silence",
	"POST /settings/silences/{id}/end": "end-silence",

	"GET /login":                           "- a person with a browser",
	"POST /login":                          "- a person with a browser",
	"POST /logout":                         "revoke-session",
	"GET /setup/{link}":                    "- sets a password, once",
	"POST /setup/{link}":                   "- sets a password, once",
	"POST /account/password":               "- takes the old password of a person",
	"GET /account":                         "whoami list-sessions list-tokens",
	"POST /account/tokens":                 "make-token",
	"POST /sessions/{id}/end":              "revoke-session",
	"POST /tokens/{id}/revoke":             "revoke-token",
	"GET /settings/users":                  "list-users list-invites",
	"POST /settings/users":                 "invite-user",
	"POST /settings/invites/{id}/withdraw": "withdraw-invite",
	"GET /settings/users/{id}":             "list-users list-sessions list-tokens",
	"POST /settings/users/{id}":            "alter-user",
	"POST /settings/users/{id}/reset":      "reset-user",
	"POST /settings/users/{id}/disable":    "alter-user",
	"POST /settings/users/{id}/enable":     "alter-user",
}

// Whatever a page shows or does, the API shows and does too.
func TestPagesHaveOperations(t *testing.T) {
	known := map[string]server.Call{}
	for _, c := range server.Calls() {
		known[c.ID] = c
	}
	routes := map[string]bool{}
	for _, r := range site(t, webtest.Options{}).Routes {
		name := r.Method + " " + r.Path
		if strings.HasPrefix(r.Path, "/monitors/new/") { // a form for each kind
			name = r.Method + " /monitors/new"
		}
		routes[name] = true
		calls, ok := operations[name]
		if !ok {
			t.Errorf("%s: say by which operations of the API the same is seen or done", name)
		}
		if why, alone := strings.CutPrefix(calls, "- "); alone && why != "" {
			continue
		}
		for id := range strings.FieldsSeq(calls) {
			if c, ok := known[id]; !ok {
				t.Errorf("%s: the API has no operation %s", name, id)
			} else if changes := c.Method != http.MethodGet; changes && r.Method == http.MethodGet && id != "verify-audit" {
				t.Errorf("%s only shows, and %s changes something", name, id)
			}
		}
	}
	for name := range operations {
		if !routes[name] {
			t.Errorf("%s: the pages have no such address", name)
		}
	}
}
