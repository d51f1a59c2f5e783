package webtest

import (
	"net/url"
	"strings"

	"corax/access"
)

// Examples are the paths by which a route is visited: the pattern itself where it has no parameter, else with the ids of the fixture.
// It is empty where nobody has said what to put in: the test of all pages fails then.
func (s *Site) Examples(pattern string) []string {
	var all []string
	switch {
	case pattern == "/scenarios":
		return []string{pattern, pattern + "?verdict=failed", pattern + "?category=security&verdict=error", pattern + "?category=nosuch"}
	case pattern == "/scenarios/compare" && len(s.Scenarios.Memory) > 0:
		return []string{pattern + "?before=run-earlier&after=run-later", pattern + "?before=run-later&after=run-hostile"}
	case pattern == "/scenarios/compare":
		return []string{"/scenarios"} // there is nothing to compare
	case !strings.Contains(pattern, "{"):
		return append(all, pattern)
	}
	with := func(name string, values ...string) []string {
		for _, v := range values {
			if path := strings.ReplaceAll(pattern, "{"+name+"}", url.PathEscape(v)); !strings.Contains(path, "{") {
				all = append(all, path)
			}
		}
		return all
	}
	switch {
	case strings.HasPrefix(pattern, "/problems/"):
		return with("id", s.Healing.Problem.ID, s.Waiting.Problem.ID, s.Closed.Problem.ID, s.Hostile.Problem.ID)
	case strings.HasPrefix(pattern, "/plans/"):
		return with("id", s.Healing.Run.Plan.ID, s.Waiting.Run.Plan.ID)
	case strings.HasPrefix(pattern, "/approvals/"):
		return with("id", s.Waiting.Approvals[0].ID, s.Hostile.Approvals[0].ID, s.Closed.Approvals[0].ID)

		// records: /incidents/{id}, /monitors/{name} ...
	case strings.HasPrefix(pattern, "/incidents/"):
		return with("id", s.Healing.Incidents[0].ID, s.Closed.Incidents[0].ID, s.Hostile.Incidents[0].ID)
	case strings.HasPrefix(pattern, "/monitors/"):
		return with("name", "login", "orders", "never run")

		// draw: /entities/{id}, /orders/{id} ...
	case strings.HasPrefix(pattern, "/entities/"):
		return with("id", "auth", "order", "traffic", Hostile)
	case strings.HasPrefix(pattern, "/orders/"):
		return with("id", "wo-open", "wo-accepted", "wo-over")
	case strings.HasPrefix(pattern, "/notifications/"):
		return with("id", "pag-open", "pag-over")

		// gallery: /scenarios/...
	case strings.HasPrefix(pattern, "/scenarios/jobs/"):
		return with("job", s.Scenarios.Jobs()[0].ID)
	case strings.Contains(pattern, "/runs/{run}"):
		tail := strings.TrimPrefix(pattern, "/scenarios/{category}/{name}")
		for _, run := range []string{"run-earlier", "run-later"} {
			all = append(all, "/scenarios/security/rotation"+strings.ReplaceAll(tail, "{run}", run))
		}
		return append(all, "/scenarios/security/hostile"+strings.ReplaceAll(tail, "{run}", "run-hostile"))
	case strings.HasPrefix(pattern, "/scenarios/{category}/{name}"):
		return []string{"/scenarios/security/rotation", "/scenarios/security/hostile", "/scenarios/availability/service_crash"}

		// api: /actions/{name}, /knowledge/{id} ...
	case strings.HasPrefix(pattern, "/actions/"):
		return with("name", "signing_key.reactivate", "signing_key.switch", "signing_key.destroy", "process.check", "signing_key.forgotten")
	case strings.HasPrefix(pattern, "/policies/decisions/"):
		return with("id", s.Closed.Decisions[0].ID, s.Hostile.Decisions[0].ID, s.Waiting.Decisions[len(s.Waiting.Decisions)-1].ID)
	case strings.HasPrefix(pattern, "/knowledge/"):
		return with("id", "key_used_before_distributed", "clock_skew", "disk_full")
	case strings.HasPrefix(pattern, "/settings/silences/"):
		return with("id", "sil-now", "sil-later")

	case strings.HasPrefix(pattern, "/setup/"):
		return with("link", s.Link, "nothing-like-it")
	case strings.HasPrefix(pattern, "/settings/users/"):
		return with("id", access.UserID("ada"), access.UserID("sam"))
	case strings.HasPrefix(pattern, "/settings/invites/"), strings.HasPrefix(pattern, "/sessions/"), strings.HasPrefix(pattern, "/tokens/"):
		return with("id", "nothing-like-it")

	}
	return nil
}
