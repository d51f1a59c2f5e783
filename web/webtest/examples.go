package webtest

import (
	"net/url"
	"strings"
)

// Examples are the paths by which a route is visited: the pattern itself where it has no parameter, else with the ids of the fixture.
// It is empty where nobody has said what to put in: the test of all pages fails then.
func (s *Site) Examples(pattern string) []string {
	var all []string
	if !strings.Contains(pattern, "{") {
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
		return with("id", s.Waiting.Approvals[0].ID, s.Hostile.Approvals[0].ID)

		// records: /incidents/{id}, /monitors/{name} ...

		// draw: /entities/{id}, /orders/{id} ...

		// gallery: /scenarios/...

		// api: /actions/{name}, /knowledge/{id} ...

		// access: /setup/{link} ...

	}
	return nil
}
