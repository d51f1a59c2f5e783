package server

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"corax"
	"corax/access"
)

// roles is the role that each operation needs. An operation that is not here fails the test: who adds one says here who may.
var roles = map[string][]string{
	"viewer": {
		"compare-scenario-runs", "get-scenario-run", "list-scenario-jobs", "list-scenario-runs", "list-scenarios",
		"audit-key", "export-problem", "get-approval", "get-incident", "get-plan", "get-problem", "get-work-order", "list-approvals", "list-autonomy",
		"list-break-glass", "list-decisions", "list-events", "list-incidents", "list-monitors", "list-pages", "list-plans", "list-problems",
		"list-silences", "list-stops", "list-work-orders", "reach", "list-error-kinds", "get-error-kind", "get-topology", "list-sites",
		"get-policy", "list-actions", "list-patterns", "list-mechanisms", "get-mechanism", "get-health", "watch",
		"list-sessions", "list-tokens", "make-token", "revoke-session", "revoke-token", "whoami", "get-template", "learned-topology", "list-changes",
		"list-templates", "monitor-changes", "monitor-histories", "monitor-history", "search-incidents", "search-problems", "search-signals",
		"signal-facets", "similar-problems",
		"get-action", "get-decision", "get-entity", "get-monitor", "get-page", "list-contacts", "list-entities", "list-operators", "list-outcomes", "report-problem", "why-not",
		"list-routes",
	},
	"responder": {
		"accept-work-order", "acknowledge-incident", "acknowledge-page", "cannot-work-order", "comment-problem", "create-silence", "done-work-order",
		"end-silence", "escalate-problem", "replay-plan", "resolve-incident", "run-monitor", "start-work-order",
	},
	"operator": {
		"cancel-scenario", "run-scenario",
		"answer-approval", "break-glass", "cancel-plan", "cancel-work-order", "clear-stop", "end-break-glass", "learn-outcomes", "list-audit", "pause-plan", "rehearse-plan",
		"resume-plan", "stop", "take-over-problem", "test-pages", "undo-plan", "verify-audit", "audit-anchor", "export-audit", "list-credentials", "list-settings", "try-policy",
	},
	"admin": {"alter-user", "backup", "cap-autonomy", "create-monitor", "get-monitor-config", "invite-user", "list-invites", "list-users", "reload",
		"remove-monitor", "replace-monitor", "reset-user", "withdraw-invite"},
}

// own are the operations by which everybody sees to their own sessions and tokens. They are for people: no token may call them.
var own = []string{"make-token", "revoke-session", "revoke-token"}

// described is an API with everything that it can have, for its description alone.
func described() *huma.OpenAPI {
	doc, _ := describe("1")
	return doc
}

func operationsOf(doc *huma.OpenAPI) map[string]*huma.Operation {
	all := map[string]*huma.Operation{}
	for path, item := range doc.Paths {
		for method, op := range map[string]*huma.Operation{
			http.MethodGet: item.Get, http.MethodPut: item.Put, http.MethodPost: item.Post, http.MethodDelete: item.Delete, http.MethodPatch: item.Patch,
			http.MethodHead: item.Head, http.MethodOptions: item.Options, http.MethodTrace: item.Trace,
		} {
			if op != nil {
				all[method+" "+path] = op
			}
		}
	}
	return all
}

func TestEveryOperationHasTheRoleOfTheTable(t *testing.T) {
	got := map[string][]string{}
	for _, op := range operationsOf(described()) {
		role, _ := op.Extensions["x-role"].(string)
		got[role] = append(got[role], op.OperationID)
	}
	for _, role := range slices.Sorted(maps.Keys(got)) {
		slices.Sort(got[role])
		want := slices.Clone(roles[role])
		slices.Sort(want)
		if !slices.Equal(got[role], want) {
			t.Errorf("the role %q is needed by\n%q, the table says\n%q", role, got[role], want)
		}
	}
}

// Each operation refuses whoever has the role below the one that it needs, and lets in who has it; before anything else is looked at.
func TestRolesAreEnforced(t *testing.T) {
	api := newRouter()
	newAPI(everything(), api)
	for call, op := range operationsOf(described()) {
		role, err := access.ParseRole(op.Extensions["x-role"].(string))
		if err != nil {
			t.Fatal(err)
		}
		method, path, _ := strings.Cut(call, " ")
		call = method + " " + strings.NewReplacer("{id}", "x", "{code}", "x").Replace(path)
		if mine := slices.Contains(own, op.OperationID); method != http.MethodGet && role < access.RoleResponder && !mine {
			t.Errorf("%s changes something, and a viewer may call it", call)
		} else if mine {
			body := `{"name":"x","role":"viewer"}`
			if w := ask(t, asWho(api, access.Principal{Name: "ann", Role: access.RoleAdmin, Via: corax.ViaToken, Token: "tok"}), call, body, ""); w.Code != http.StatusForbidden {
				t.Errorf("%s with a token: %d", call, w.Code)
			}
		}
		for _, has := range append(access.Roles(), access.RoleNone) {
			status := ask(t, as(api, has), call, "{", "").Code
			if has < role && status != http.StatusForbidden || has >= role && status == http.StatusForbidden {
				t.Errorf("%s needs %s: a caller with the role %s gets %d", call, role, has, status)
			}
		}
	}
}

// as is the API for somebody of a role.
func as(api http.Handler, role access.Role) http.Handler {
	return asWho(api, access.Principal{Name: "ann", Role: role, Via: corax.ViaSession, User: "u", Session: "s"})
}

// asWho is the API for somebody. Its rooms are missing: a call that gets as far as to one panics, which counts as let in.
func asWho(api http.Handler, p access.Principal) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		defer func() {
			if recover() != nil {
				w.WriteHeader(http.StatusTeapot)
			}
		}()
		api.ServeHTTP(w, req.WithContext(access.With(req.Context(), p)))
	})
}

// Whoever has a scope is let through to what answers within it, and to nothing else.
func TestScopesAreMinded(t *testing.T) {
	p := access.Principal{Name: "ann", Role: access.RoleOperator, Via: corax.ViaSession, User: "u", Session: "s",
		Scopes: []access.Scope{{{Labels: map[string]string{"team": "shop"}}}}}
	refused := []string{}
	api := newRouter()
	newAPI(everything(), api)
	for call, op := range operationsOf(described()) {
		method, path, _ := strings.Cut(call, " ")
		if ask(t, asWho(api, p), method+" "+strings.ReplaceAll(path, "{id}", "x"), "{", "").Code == http.StatusForbidden {
			refused = append(refused, op.OperationID)
		}
	}
	for _, id := range []string{"list-audit", "verify-audit", "test-pages", "reach", "list-settings", "backup", "list-users", "learn-outcomes", "list-autonomy", "export-problem"} {
		if !slices.Contains(refused, id) {
			t.Errorf("%s concerns everything, and is open to who has a scope", id)
		}
	}
	for _, id := range []string{"list-incidents", "get-problem", "answer-approval", "pause-plan", "list-pages", "list-sites", "whoami"} {
		if slices.Contains(refused, id) {
			t.Errorf("%s answers within a scope, and is refused", id)
		}
	}
}
