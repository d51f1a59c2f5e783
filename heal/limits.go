package heal

import (
	"context"
	"fmt"
	"slices"
	"time"

	"corax"
	"corax/topology"
)

// Limits hold for every plan, whatever the policy allows.
type Limits struct {
	// LoopTimes is how often a remedy is tried on one entity against one mechanism within LoopWithin. One that was verified
	// as often and did not last isn't tried again; 0 is no limit.
	LoopTimes  int
	LoopWithin time.Duration
	// StormProblems is from how many open problems on nothing that changes something happens without a person's yes; 0
	// is never.
	StormProblems int
}

// around is what is known of a step's surroundings when it is decided on.
type around struct {
	blast, rate, concurrency, history, storm map[string]any

	done     int  // times that the remedy was verified within the loop guard's time
	stormy   bool // many problems are open
	problems int
}

// surroundings counts what is going on besides a job, from the records of plans and the topology.
func (h *Healer) surroundings(ctx context.Context, j job, now time.Time) (around, error) {
	limits := h.o.Limits()
	reach := max(24*time.Hour, limits.LoopWithin)
	runs, err := h.o.Store.PlanRunsSince(ctx, now.Add(-reach))
	if err != nil {
		return around{}, err
	}
	open, err := h.o.Store.OpenProblems(ctx)
	if err != nil {
		return around{}, err
	}
	mechanisms, err := h.mechanisms(ctx, j, runs)
	if err != nil {
		return around{}, err
	}
	graph := topology.New(h.o.Topology())
	group := groupOf(j.target, j.all)
	acted := map[string]bool{}
	for _, id := range j.touches {
		if slices.Contains(group, id) {
			acted[id] = true
		}
	}
	var hour, day, entity, done, failed int
	var busy atOnce
	for _, r := range runs {
		busy.plan(r, j)
		for _, s := range r.Steps {
			if s.Attempts == 0 || s.StartedAt == nil || r.Plan.ID == j.plan.ID && s.Step == j.step.ID {
				continue
			}
			busy.step(r, s, j, group)
			ago := now.Sub(*s.StartedAt)
			if ago < time.Hour {
				if slices.Contains(group, s.Target) {
					acted[s.Target] = true
				}
				if s.Target == j.target.ID {
					entity++
				}
			}
			if s.Action != j.action.Name {
				continue
			}
			if ago < time.Hour {
				hour++
			}
			if ago < 24*time.Hour {
				day++
			}
			same := r.Plan.ID != j.plan.ID && s.Target == j.target.ID && mechanisms[r.Plan.Problem] == j.problem.Diagnosis.RootCause.Mechanism
			switch {
			case !same || ago >= limits.LoopWithin:
			case s.State == corax.StepDone:
				done++
			case s.State == corax.StepFailed || s.State == corax.StepUndone || s.State == corax.StepUnknown:
				failed++
			}
		}
	}
	stormy := limits.StormProblems > 0 && open >= limits.StormProblems
	return around{
		blast: map[string]any{"entities": int64(reached(graph, j.touches)), "group": int64(len(group)), "acted": int64(len(acted)),
			"share": float64(len(acted)) / float64(len(group))},
		rate:        map[string]any{"action_hour": int64(hour), "action_day": int64(day), "entity_hour": int64(entity)},
		concurrency: map[string]any{"plans": busy.plans, "effects": busy.effects, "action": busy.same, "group": busy.near},
		history:     map[string]any{"done": int64(done), "failed": int64(failed)},
		storm:       map[string]any{"problems": int64(open), "on": stormy},
		done:        done, stormy: stormy, problems: open,
	}, nil
}

// atOnce counts what is under way besides a job at the moment of its decision.
type atOnce struct {
	plans   int64 // other plans that have acted, and have not ended
	effects int64 // effects that were begun and are not verified yet
	same    int64 // of these, those of the same action
	near    int64 // of these, those on the target's group
}

func (c *atOnce) plan(r corax.PlanRun, j job) {
	if r.Plan.ID != j.plan.ID && !r.State.Ended() && slices.ContainsFunc(r.Steps, func(s corax.StepRun) bool { return s.Attempts > 0 }) {
		c.plans++
	}
}

func (c *atOnce) step(r corax.PlanRun, s corax.StepRun, j job, group []string) {
	if !beingDone(r, s) {
		return
	}
	c.effects++
	if s.Action == j.action.Name {
		c.same++
	}
	if slices.Contains(group, s.Target) {
		c.near++
	}
}

// reached counts those who may notice what an action does: whatever it touches, and all that need any of it.
func reached(graph *topology.Graph, touches []string) int {
	felt := map[string]bool{}
	for _, id := range touches {
		felt[id] = true
		for _, d := range graph.Dependents(id) {
			felt[d.ID] = true
		}
	}
	return len(felt)
}

// mechanisms are those of the problems whose plans carried out the job's action on its target.
func (h *Healer) mechanisms(ctx context.Context, j job, runs []corax.PlanRun) (map[string]string, error) {
	found := map[string]string{}
	for _, r := range runs {
		used := slices.ContainsFunc(r.Steps, func(s corax.StepRun) bool {
			return s.Action == j.action.Name && s.Target == j.target.ID && s.Attempts > 0
		})
		if _, known := found[r.Plan.Problem]; !used || known {
			continue
		}
		p, err := h.o.Store.Problem(ctx, r.Plan.Problem)
		if err != nil && corax.CodeOf(err) != corax.NotFound {
			return nil, err
		}
		found[r.Plan.Problem] = p.Diagnosis.RootCause.Mechanism
	}
	return found, nil
}

// groupOf lists those that stand in for each other: the same kind, and the same label "group" where the target has one.
func groupOf(target corax.Entity, all []corax.Entity) []string {
	group := []string{}
	for _, e := range all {
		if e.Kind == target.Kind && e.Labels["group"] == target.Labels["group"] {
			group = append(group, e.ID)
		}
	}
	return group
}

// restrain is what the limits say to a verdict of the policy: it is never made milder.
func (a around) restrain(out ruling, rule corax.Rule, limits Limits, name string) ruling {
	switch {
	case out.Risk == corax.Read:
	case limits.LoopTimes > 0 && a.done >= limits.LoopTimes && out.Verdict != corax.Deny:
		out.Verdict = corax.Deny
		out.Why = fmt.Sprintf("loop guard: %s was verified %d times within %s, and the fault came back each time", name, a.done, limits.LoopWithin)
	case a.stormy && out.Verdict == corax.Allow && !rule.EvenInStorm:
		out.Verdict, out.Why = corax.Ask, fmt.Sprintf("%d problems are open at once, and nothing is done by itself in a storm", a.problems)
	}
	return out
}
