package server

import (
	"context"
	"net/http"
	"slices"

	"corax"
	"corax/access"
	"corax/store"
)

// Plans is what the API does with the runs of plans.
type Plans interface {
	// Pause, Resume, Cancel and Undo are a Conflict where the plan's state doesn't allow them.
	Pause(ctx context.Context, plan, by, reason string) error
	Resume(ctx context.Context, plan, by, reason string) error
	Cancel(ctx context.Context, plan, by, reason string) error
	Undo(ctx context.Context, plan, by, reason string) error
	// Rehearse and Replay change nothing.
	Rehearse(ctx context.Context, plan string) ([]corax.Rehearsal, error)
	Replay(ctx context.Context, plan string) ([]corax.Replayed, error)
}

func (a api) plans() {
	type list struct {
		Paging
		State []string `query:"state" doc:"only those in one of these states"`
		Live  bool     `query:"live" doc:"only those that have not ended"`
	}
	listing(a, access.RoleViewer, "list-plans", "/plans", "Plans and how far they have come, those that were started last first",
		byTime(func(r corax.PlanRun) store.Cursor { return store.CursorOf(r.StartedAt, r.Plan.ID) }),
		func(ctx context.Context, in *list, p part[store.Cursor]) ([]corax.PlanRun, error) {
			f := store.PlanFilter{Limit: p.limit, After: p.after}
			for _, s := range in.State {
				f.States = append(f.States, corax.PlanState(s))
			}
			if in.Live && len(f.States) == 0 {
				f.States = slices.DeleteFunc(corax.PlanStates(), corax.PlanState.Ended)
			}
			return a.o.Records.FindPlanRuns(ctx, f)
		})
	operation(a, access.RoleViewer, "get-plan", http.MethodGet, "/plans/{id}", "A plan and what became of each step",
		func(ctx context.Context, in *ByID) (corax.PlanRun, error) { return a.o.Records.PlanRun(ctx, in.ID) })
	type intervene struct {
		ByID
		Body struct {
			By     string `json:"by" minLength:"1" maxLength:"100"`
			Reason string `json:"reason,omitempty" maxLength:"1000"`
		}
	}
	for _, verb := range []struct {
		name, about string
		do          func(c Controls, ctx context.Context, plan, by, reason string) error
	}{
		{"pause", "Begin no further effect until the plan is resumed", Controls.Pause},
		{"resume", "Let a paused plan go on", Controls.Resume},
		{"cancel", "End a plan; what it has done stays", Controls.Cancel},
		{"undo", "End a plan and take back what it has done, newest first", Controls.Undo},
	} {
		operation(a, access.RoleOperator, verb.name+"-plan", http.MethodPost, "/plans/{id}/"+verb.name, verb.about,
			func(ctx context.Context, in *intervene) (done, error) {
				return done{true}, verb.do(a.o.Controls, ctx, in.ID, actor(ctx, in.Body.By).Name, in.Body.Reason)
			})
	}
	whole(a, access.RoleOperator, "rehearse-plan", http.MethodPost, "/plans/{id}/dry-run", "What each step would come to now; changes nothing",
		func(ctx context.Context, in *ByID) ([]corax.Rehearsal, error) {
			return a.o.Controls.Rehearse(ctx, in.ID)
		})
	whole(a, access.RoleResponder, "replay-plan", http.MethodPost, "/plans/{id}/replay", "What today's policy says to the decisions on record",
		func(ctx context.Context, in *ByID) ([]corax.Replayed, error) { return a.o.Controls.Replay(ctx, in.ID) })
}
