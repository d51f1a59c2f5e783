package web

import (
	"context"
	"time"

	"corax"
	"corax/store"
)

// Records is what most pages read, as far as who asks may see it, and the silences that they set.
type Records interface {
	SearchProblems(ctx context.Context, f store.ProblemSearch) (store.ProblemList, error)
	// OpenCounts counts the problems that have not ended; where among is not nil, those about one of these entities.
	OpenCounts(ctx context.Context, among []string) ([]store.ProblemCount, error)
	ProblemsLike(ctx context.Context, b store.ProblemBrief, most int) ([]store.ProblemBrief, error)
	Problem(ctx context.Context, id string) (corax.Problem, error)
	PlanRun(ctx context.Context, id string) (corax.PlanRun, error)
	Decisions(ctx context.Context, plan string) ([]corax.Decision, error)
	FindDecisions(ctx context.Context, f store.DecisionFilter) ([]corax.Decision, error)
	Decision(ctx context.Context, id string) (corax.Decision, error)
	FindOutcomes(ctx context.Context, f store.OutcomeFilter) ([]corax.Outcome, error)
	Approvals(ctx context.Context, openOnly bool) ([]corax.ApprovalRequest, error)
	Incident(ctx context.Context, id string) (corax.Incident, error)
	Incidents(ctx context.Context, f store.IncidentFilter) ([]corax.Incident, error)
	Events(ctx context.Context, f store.EventFilter) ([]corax.Event, error)
	Signals(ctx context.Context, f store.SignalFilter) ([]corax.Signal, error)
	Stops(ctx context.Context) ([]store.Stop, error)
	BreakGlasses(ctx context.Context, after time.Time) ([]corax.BreakGlass, error)
	Silences(ctx context.Context, at time.Time) ([]corax.Silence, error)
	// SaveSilence is Forbidden for what reaches beyond what is seen, as EndSilence is, which is NotFound for what is not seen at all.
	SaveSilence(ctx context.Context, s corax.Silence) error
	EndSilence(ctx context.Context, id, by string) error
	// Seen says which entities who asks may see.
	Seen(ctx context.Context) func(entity string) bool
}

// Controls is what the pages of problems set in motion: the same methods that the API calls.
type Controls interface {
	Answer(ctx context.Context, approval string, v corax.Verdict, by corax.Actor) (corax.ApprovalRequest, error)
	Pause(ctx context.Context, plan, by, reason string) error
	Resume(ctx context.Context, plan, by, reason string) error
	Cancel(ctx context.Context, plan, by, reason string) error
	Undo(ctx context.Context, plan, by, reason string) error
	Comment(ctx context.Context, problem, by, text string) (corax.Event, error)
	TakeOver(ctx context.Context, problem, by, reason string) error
	// WhyNot is NotFound where the catalogue has no such pattern or mechanism.
	WhyNot(ctx context.Context, problem, name string) ([]corax.WhyNot, error)
	Escalate(ctx context.Context, problem, by, reason string) error
	AckPage(ctx context.Context, page, by string) (corax.Page, error)
	WorkOrders(ctx context.Context, f store.WorkOrderFilter) ([]corax.WorkOrder, error)
	Monitors(ctx context.Context) []corax.ProbeResult
}
