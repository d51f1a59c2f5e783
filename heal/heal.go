package heal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"corax"
	"corax/heal/execute"
	"corax/store"
	"corax/vault"
)

// Defaults of Options.
const (
	defaultStableFor     = 5 * time.Second
	defaultEscalateAfter = 30 * time.Second
	defaultFallBackAfter = 5 * time.Minute
	defaultRetryEvery    = time.Second
)

// Options say what a Healer works with.
type Options struct {
	// Database is the workflow engine's: the path of an SQLite file, whose directory must exist, or the postgres:// address
	// of a PostgreSQL database.
	Database string
	Store    Store

	// Probe runs one of our monitors now.
	Probe func(ctx context.Context, monitor string) (corax.ProbeResult, error)
	// Monitors names our own monitors of these entities.
	Monitors func(entities []string) []string
	// Topology, Actions and Policy give what is configured at the moment of the call.
	Topology func() corax.Topology
	Actions  func() []corax.Action
	Policy   func() corax.Policy
	// Limits hold whatever the policy allows; none where nil.
	Limits func() Limits
	// Ground is where outcomes are seen; production where empty.
	Ground corax.Ground
	// Executors are what calls may reach, beside HTTP; nothing where nil.
	Executors func() corax.Executors
	// Escalate tells people. It may be called twice for one text. Nil tells nobody: the problem's state says it all the
	// same.
	Escalate func(ctx context.Context, p corax.Problem, text string) error

	// Hands carries out plans of mode remote_hands. Nil leaves them to people.
	Hands Hands

	Redactor *vault.Redactor // knows the secrets that actions use; its own where nil
	// Resolve gives a credential at the moment of its use, which the context says (vault.WithUse); vault.Resolve's where nil.
	Resolve func(ctx context.Context, ref string) (vault.Secret, error)
	Clock   corax.Clock
	Log     *slog.Logger

	StableFor     time.Duration // how long monitors must stay green for "healed"; 5 s where zero
	EscalateAfter time.Duration // how long a step may wait for its target before people are told; 30 s where zero
	FallBackAfter time.Duration // how long monitors may stay red after the repair, once people are told, before it is taken back; 5 min where zero
	RetryEvery    time.Duration // how often a waiting step looks for its target; 1 s where zero

	// point, in tests, is called at each boundary where a crash may come.
	point func(name string)
}

// Store keeps plans, problems, decisions and approvals. Each call is one transaction with its events, and durable
// when it returns.
type Store interface {
	// Problem, PlanRun and Approval are NotFound where there is none.
	Problem(ctx context.Context, id string) (corax.Problem, error)
	PlanRun(ctx context.Context, id string) (corax.PlanRun, error)
	Approval(ctx context.Context, id string) (corax.ApprovalRequest, error)
	// UpdateProblem and UpdatePlanRun store what change made of the record; where change fails, nothing is stored, and
	// its error returned.
	UpdateProblem(ctx context.Context, id string, change func(*corax.Problem) error,
		events ...corax.Event) (corax.Problem, error)
	UpdatePlanRun(ctx context.Context, id string, change func(*corax.PlanRun) error,
		events ...corax.Event) (corax.PlanRun, error)
	SaveDecision(ctx context.Context, d corax.Decision, events ...corax.Event) error
	SaveApproval(ctx context.Context, a corax.ApprovalRequest, events ...corax.Event) error
	// AnswerApproval enters an answer; its error is that of ApprovalRequest.Take.
	AnswerApproval(ctx context.Context, id string, a corax.Answer, events ...corax.Event) (corax.ApprovalRequest, error)
	// PlanRunsSince are the plans that began at a time or later, and those that have not ended.
	PlanRunsSince(ctx context.Context, since time.Time) ([]corax.PlanRun, error)
	// OpenProblems is how many problems have not ended.
	OpenProblems(ctx context.Context) (int, error)
	// Outcomes are how an action ended on a class of entities; SaveOutcome keeps one, once.
	Outcomes(ctx context.Context, action, class string) ([]corax.Outcome, error)
	SaveOutcome(ctx context.Context, o corax.Outcome) error
	Caps(ctx context.Context) ([]corax.Cap, error)
	// BreakGlasses are the emergencies that end after a time.
	BreakGlasses(ctx context.Context, after time.Time) ([]corax.BreakGlass, error)
	AppendEvents(ctx context.Context, events ...corax.Event) error
	// Stops are the kill switches that are thrown.
	Stops(ctx context.Context) ([]store.Stop, error)
}

// Healer carries out plans.
type Healer struct {
	o     Options
	exprs *compiler
	calls *execute.Set
	stops *switchboard
	bell  *bell // rings when something that a wait may be about has changed

	intents sync.Mutex // held from the look at who is at work on a target to the record of one's own intent
	undos   undos

	mu     sync.Mutex
	engine *engine // nil before Start and after Stop
	cancel context.CancelFunc
	tasks  sync.WaitGroup
}

// New makes a Healer; Start starts it.
func New(o Options) (*Healer, error) {
	switch {
	case o.Database == "":
		return nil, corax.Errorf(corax.Invalid, "make healer", "no database for the workflow engine")
	case o.Store == nil || o.Probe == nil || o.Monitors == nil || o.Topology == nil || o.Actions == nil ||
		o.Policy == nil:
		return nil, corax.Errorf(corax.Internal, "make healer",
			"store, probe, monitors, topology, actions and policy must be given")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Redactor == nil {
		o.Redactor = &vault.Redactor{}
	}
	if o.Resolve == nil {
		o.Resolve = (&vault.Keeper{Redactor: o.Redactor}).Resolve
	}
	if o.Escalate == nil {
		o.Escalate = func(context.Context, corax.Problem, string) error { return nil }
	}
	if o.Limits == nil {
		o.Limits = func() Limits { return Limits{} }
	}
	if o.Ground == "" {
		o.Ground = corax.InProduction
	}
	if o.point == nil {
		o.point = func(string) {}
	}
	for d, def := range map[*time.Duration]time.Duration{
		&o.StableFor: defaultStableFor, &o.EscalateAfter: defaultEscalateAfter, &o.FallBackAfter: defaultFallBackAfter, &o.RetryEvery: defaultRetryEvery,
	} {
		if *d <= 0 {
			*d = def
		}
	}
	exprs, err := newCompiler()
	if err != nil {
		return nil, err
	}
	calls := execute.New(execute.Options{Executors: o.Executors, Redactor: o.Redactor, Resolve: o.Resolve})
	return &Healer{o: o, calls: calls, exprs: exprs, stops: newSwitchboard(), bell: newBell()}, nil
}

// Start starts the workflow engine and goes on with every plan that a crash or a stop interrupted. Its context bounds
// the start alone.
func (h *Healer) Start(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.engine != nil {
		return nil
	}
	// No plan may move before the stops are known.
	if err := h.refreshStops(ctx); err != nil {
		return fmt.Errorf("start healer: %w", err)
	}
	// The engine takes an end of its parent's context for a durable cancel of every plan; only its own stop leaves them
	// to be resumed.
	engine, err := startEngine(context.WithoutCancel(ctx), h.o.Database, h.o.Log, h.o.point,
		map[string]func(*flow, string) error{planWorkflow: h.carryOut, undoWorkflow: h.takeBack})
	if err != nil {
		return err
	}
	h.engine = engine
	var life context.Context
	life, h.cancel = context.WithCancel(context.WithoutCancel(ctx))
	h.tasks.Go(func() { h.watchStops(life) })
	return nil
}

// Stop ends all work where it stands, to be resumed by the next Start, and returns when it has ended. Twice is fine.
func (h *Healer) Stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.engine == nil {
		return
	}
	h.cancel()
	h.tasks.Wait()
	if err := h.engine.stop(); err != nil {
		h.o.Log.Error("the workflow engine did not stop in time", "error", err)
	}
	h.engine = nil
	h.calls.Close()
}

// Run starts the plan with this id, or does nothing where it was started before.
func (h *Healer) Run(ctx context.Context, planID string) error {
	if _, err := h.o.Store.PlanRun(ctx, planID); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.engine == nil {
		return &corax.Error{Code: corax.Unavailable, Op: "run plan " + planID,
			Err: errors.New("the healer is not running")}
	}
	return h.engine.run(planWorkflow, planID, planID)
}

// Answer enters a person's answer to a request and wakes the plan that waits for it. Its error is that of
// corax.ApprovalRequest.Take; the request is given as it stands then.
func (h *Healer) Answer(ctx context.Context, approvalID string, v corax.Verdict, by corax.Actor) (corax.ApprovalRequest, error) {
	return h.Take(ctx, approvalID, corax.Answer{Actor: by, Verdict: v})
}

// Take is Answer where the answer may have come by a link. Its time is now.
func (h *Healer) Take(ctx context.Context, approvalID string, a corax.Answer) (corax.ApprovalRequest, error) {
	req, err := h.o.Store.Approval(ctx, approvalID)
	if err != nil {
		return req, err
	}
	a.At = h.o.Clock.Now()
	if a.Verdict == corax.Allow && req.Answer == "" && req.BreakGlass != "" {
		if err := h.stillDeclared(ctx, req, a.At); err != nil {
			return req, err
		}
	}
	if a.Verdict == corax.Allow && req.Answer == "" {
		proposer, err := h.proposer(ctx, req) // it may have been paused and resumed since it was asked
		if err != nil {
			return req, err
		}
		if proposer != "" && corax.SamePerson(proposer, a.Name) {
			return req, &corax.Error{Code: corax.Forbidden, Op: "answer approval " + approvalID,
				Err: fmt.Errorf("%s has let its plan go on", proposer), Hint: "somebody else has to approve it"}
		}
	}
	req, err = h.answer(ctx, req, a)
	if err == nil {
		h.bell.ring()
	}
	return req, err
}

// SetStop tells the healer that the stops in the store have changed, so that it obeys at once; it looks by itself
// several times a second.
func (h *Healer) SetStop(ctx context.Context) error { return h.refreshStops(ctx) }

// Withdraw ends a plan that is no longer needed. It is a Conflict where the plan has acted already: what was begun is
// finished, or undone. Withdrawing a plan that has ended does nothing.
func (h *Healer) Withdraw(ctx context.Context, planID, why string) error {
	run, err := h.o.Store.PlanRun(ctx, planID)
	if err != nil || run.State.Ended() {
		return err
	}
	taken, err := h.taken(ctx, run.Plan)
	if err != nil {
		return err
	}
	if taken {
		return &corax.Error{Code: corax.Conflict, Op: "withdraw plan " + planID, Err: errors.New("people on site are at it"),
			Hint: "let them finish, or cancel their work order"}
	}
	err = h.endPlan(ctx, run.Plan, corax.PlanWithdrawn, why, func(r *corax.PlanRun) error {
		for _, s := range r.Steps {
			if s.Attempts > 0 {
				return &corax.Error{Code: corax.Conflict, Op: "withdraw plan " + planID,
					Err: fmt.Errorf("step %s (%s on %s) has begun", s.Step, s.Action,
						s.Target), Hint: "let it finish, or throw the stop switch"}
			}
		}
		return nil
	})
	switch {
	case errors.Is(err, errUnchanged):
		return nil
	case err != nil:
		return err
	}
	if err := h.setProblem(ctx, run.Plan, corax.ProblemOpen); err != nil {
		return err
	}
	h.bell.ring()
	return nil
}
