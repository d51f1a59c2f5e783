// Package storetest says how a store of Corax behaves, as tests that every store runs.
package storetest

import (
	"context"
	"testing"
	"time"

	"corax"
	"corax/access"
	"corax/audit"
	"corax/store"
)

// Store is what the other rooms call.
type Store interface {
	CommitTriage(ctx context.Context, b store.TriageBatch) error
	KnownSignals(ctx context.Context, ids []string) (map[string]bool, error)
	Signals(ctx context.Context, f store.SignalFilter) ([]corax.Signal, error)
	SignalsOf(ctx context.Context, incident string, limit int) ([]corax.Signal, error)
	RecentSignals(ctx context.Context, kinds []corax.SignalKind, since time.Time, limit int) ([]corax.Signal, error)
	CountSignals(ctx context.Context) (int64, error)
	SignalIDs(ctx context.Context, fn func(id string) error) error

	SearchSignals(ctx context.Context, f store.SignalSearch) (store.SignalPage, error)
	SignalFacets(ctx context.Context, days int, now time.Time) (store.SignalFacets, error)
	Templates(ctx context.Context, f store.TemplateFilter) ([]store.Template, error)
	Template(ctx context.Context, id int64) (store.Template, error)
	StoredTemplates(ctx context.Context, fn func(id int64, text string)) error
	IndexSignals(ctx context.Context, most int, learner store.Learner) (int, error)
	IndexLag(ctx context.Context) (int64, error)

	SearchProblems(ctx context.Context, f store.ProblemSearch) (store.ProblemList, error)
	OpenCounts(ctx context.Context, among []string) ([]store.ProblemCount, error)
	ProblemsLike(ctx context.Context, b store.ProblemBrief, most int) ([]store.ProblemBrief, error)
	ProblemBriefs(ctx context.Context, since time.Time, most int) ([]store.ProblemBrief, error)
	SearchIncidents(ctx context.Context, f store.IncidentSearch) (store.IncidentList, error)
	IncidentsOpened(ctx context.Context, from, to time.Time, most int) ([]corax.Incident, error)

	RecordHistory(ctx context.Context, r store.MonitorRecord) error
	MonitorHistory(ctx context.Context, monitor string, from, to time.Time, step time.Duration) (store.MonitorHistory, error)
	MonitorHistories(ctx context.Context, from, to time.Time, step time.Duration) (map[string]store.MonitorHistory, error)
	MonitorChanges(ctx context.Context, monitor string, most int) ([]store.MonitorChange, error)
	PruneHistory(ctx context.Context, now time.Time) error

	LiveIncidents(ctx context.Context) ([]corax.Incident, error)
	Incidents(ctx context.Context, f store.IncidentFilter) ([]corax.Incident, error)
	Incident(ctx context.Context, id string) (corax.Incident, error)

	SaveProblem(ctx context.Context, p corax.Problem, plan *corax.PlanRun, events []corax.Event) error
	Problem(ctx context.Context, id string) (corax.Problem, error)
	Problems(ctx context.Context, f store.ProblemFilter) ([]corax.Problem, error)
	OpenProblems(ctx context.Context) (int, error)
	UpdateProblem(ctx context.Context, id string, fn func(*corax.Problem) error, events ...corax.Event) (corax.Problem, error)

	PlanRun(ctx context.Context, plan string) (corax.PlanRun, error)
	PlanRuns(ctx context.Context, states ...corax.PlanState) ([]corax.PlanRun, error)
	UpdatePlanRun(ctx context.Context, plan string, fn func(*corax.PlanRun) error, events ...corax.Event) (corax.PlanRun, error)
	SaveDecision(ctx context.Context, d corax.Decision, events ...corax.Event) error
	Decisions(ctx context.Context, plan string) ([]corax.Decision, error)
	FindPlanRuns(ctx context.Context, f store.PlanFilter) ([]corax.PlanRun, error)
	FindDecisions(ctx context.Context, f store.DecisionFilter) ([]corax.Decision, error)
	FindApprovals(ctx context.Context, f store.ApprovalFilter) ([]corax.ApprovalRequest, error)
	SaveApproval(ctx context.Context, a corax.ApprovalRequest, events ...corax.Event) error
	Approval(ctx context.Context, id string) (corax.ApprovalRequest, error)
	Approvals(ctx context.Context, openOnly bool) ([]corax.ApprovalRequest, error)
	AnswerApproval(ctx context.Context, id string, a corax.Answer, events ...corax.Event) (corax.ApprovalRequest, error)
	SaveBreakGlass(ctx context.Context, b corax.BreakGlass, events ...corax.Event) error
	BreakGlass(ctx context.Context, id string) (corax.BreakGlass, error)
	BreakGlasses(ctx context.Context, after time.Time) ([]corax.BreakGlass, error)

	SaveOutcome(ctx context.Context, o corax.Outcome) error
	Outcomes(ctx context.Context, action, class string) ([]corax.Outcome, error)
	FindOutcomes(ctx context.Context, f store.OutcomeFilter) ([]corax.Outcome, error)
	SaveCap(ctx context.Context, c corax.Cap, events ...corax.Event) error
	Caps(ctx context.Context) ([]corax.Cap, error)
	PlanRunsSince(ctx context.Context, since time.Time) ([]corax.PlanRun, error)

	AppendEvents(ctx context.Context, events ...corax.Event) error
	Events(ctx context.Context, f store.EventFilter) ([]corax.Event, error)
	Subscribe() (events <-chan corax.Event, cancel func())

	SaveSilence(ctx context.Context, q corax.Silence) error
	Silences(ctx context.Context, at time.Time) ([]corax.Silence, error)
	SetStop(ctx context.Context, scope, reason, by string, at time.Time) error
	ClearStop(ctx context.Context, scope, by string) error
	Stops(ctx context.Context) ([]store.Stop, error)

	BeginCall(ctx context.Context, c store.KeyedCall) (*store.Reply, error)
	FinishCall(ctx context.Context, id string, r store.Reply) error
	ForgetCall(ctx context.Context, id string) error

	AppendAudit(ctx context.Context, entries ...corax.AuditEntry) error
	Audit(ctx context.Context, f store.AuditFilter) ([]audit.Row, error)
	AuditHead() audit.Head
	PruneAudit(ctx context.Context, to audit.Head, at time.Time) error
	ChangePage(ctx context.Context, id string, fn func(*corax.Page) error, events ...corax.Event) (corax.Page, error)
	Page(ctx context.Context, id string) (corax.Page, error)
	Pages(ctx context.Context, f store.PageFilter) ([]corax.Page, error)
	DuePages(ctx context.Context, most int) ([]corax.Page, error)
	ChangeWorkOrder(ctx context.Context, id string, fn func(*corax.WorkOrder) error, events ...corax.Event) (corax.WorkOrder, error)
	WorkOrder(ctx context.Context, id string) (corax.WorkOrder, error)
	WorkOrders(ctx context.Context, f store.WorkOrderFilter) ([]corax.WorkOrder, error)

	EndSilence(ctx context.Context, id, by string) error
	Decision(ctx context.Context, id string) (corax.Decision, error)
	RuleCounts(ctx context.Context) (map[string]map[corax.Verdict]int, error)

	access.Store

	Prune(ctx context.Context, r store.Retention, now time.Time) error
	Close() error
}

// Now is the time of the clock that the stores under test are opened with.
func Now() time.Time { return time.Date(2026, 3, 30, 12, 0, 0, 123456789, time.UTC) }

// Run runs the suite; open gives an empty store whose clock is Now, which it closes when t ends.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Store)
	}{
		{"triage commits whole batches once", testTriage},
		{"signals keep every field", testSignalFields},
		{"signals are found", testSignals},
		{"signals are searched", testSearch},
		{"a search finds what a scan finds", testSearchLikeScan},
		{"facets and templates", testFacetsAndTemplates},
		{"the index forgets", testIndexForgets},
		{"problems are searched", testProblemSearch},
		{"incidents are searched", testIncidentSearch},
		{"the history of monitors", testHistory},
		{"changes of monitors", testMonitorChanges},
		{"a large batch", testLargeBatch},
		{"incidents page by page", testIncidentPages},
		{"lists page by page", testLists},
		{"incidents and their problem", testIncidentsOfProblem},
		{"problems", testProblems},
		{"what a change refuses is not stored", testUpdates},
		{"plans and decisions", testPlans},
		{"approvals are answered once", testApprovals},
		{"emergencies", testEmergencies},
		{"outcomes and caps", testAutonomy},
		{"events are in order", testEvents},
		{"events of one thing", testEventFilters},
		{"the newest events", testNewestEvents},
		{"listeners hear what was committed", testListeners},
		{"a listener that falls behind is let go", testSlowListener},
		{"silences", testSilences},
		{"stops", testStops},
		{"the audit follows what is recorded", testAudit},
		{"the audit is pruned from its beginning", testPruneAudit},
		{"decisions and the audit are searched", testGoverned},
		{"calls that are made once", testCalls},
		{"pages", testPages},
		{"work orders", testWorkOrders},
		{"users and credentials", testAccess},
		{"a change of access is whole", testAccessWhole},
		{"what is missing", testMissing},
		{"what has no id", testNoID},
		{"pruning by age", testPruneAge},
		{"concurrent writers", testConcurrent},
		{"a context that has ended", testEndedContext},
		{"a closed store", testClosed},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		ok(t, err)
		return v
	}
}

func hasCode(t *testing.T, what string, err error, code corax.Code) {
	t.Helper()
	if err == nil || corax.CodeOf(err) != code {
		t.Errorf("%s: %v (code %q), expected the code %q", what, err, corax.CodeOf(err), code)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, expected %v", what, got, want)
	}
}
