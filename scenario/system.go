package scenario

import (
	"context"
	"time"

	"corax"
)

// LabDriver brings up one kind of lab.
type LabDriver interface {
	// Up returns when the lab serves its users. What it started is ended by Lab.Down, or by Up itself where it
	// fails or ctx ends.
	Up(ctx context.Context, setup LabSetup) (Lab, error)
}

// LabSetup says which lab to bring up.
type LabSetup struct {
	Seed int64
	With map[string]any // the lab's own parameters; an unknown one is an error
	Dir  string         // an empty directory for the lab's files
}

// Lab is a running lab.
type Lab interface {
	// ConfigPath is the configuration with which Corax watches and heals this lab.
	ConfigPath() string
	// EntityOf is the entity's id of a role (auth, user ...); false where the lab has no such role.
	EntityOf(role string) (string, bool)
	// RoleOf is the role of an entity; false where it has none.
	RoleOf(entity string) (string, bool)
	// Break injects a fault and returns once it has taken effect, with the proof. An error means that it did not
	// take effect.
	Break(ctx context.Context, fault string, with map[string]any) (Injected, error)
	// Truth is what the lab's users get, from their own records and not from any monitor.
	Truth(ctx context.Context) (Truth, error)
	// Records are those of the lab's own parts, in the order of time.
	Records(ctx context.Context) ([]LabRecord, error)
	// Judge holds the records of the lab's parts against its invariants, since it is up.
	Judge(ctx context.Context, deeds Deeds) (Judgement, error)
	// Secrets are the credentials of the lab, by name; nothing that Corax keeps or tells may hold one.
	Secrets() (map[string]string, error)
	// Down ends every part of the lab. Twice is fine.
	Down(ctx context.Context) error
}

// LabRecord is one line of a part's own record: who did what, when. Corax sees none of it.
type LabRecord struct {
	At     time.Time
	Part   string // an entity
	By     string // whose credential, or which job
	Event  string
	Detail map[string]string
}

// Deeds are what a lab's parts can't know of and are judged by all the same.
type Deeds struct {
	Stops  []Span // the kill switch was thrown
	Undone []Span // Corax says that it has taken back what it did
}

// Span is a time in which something was so, for an entity, or for everything where it is empty. To is zero where it has no end.
type Span struct {
	Entity   string
	From, To time.Time
}

// Judgement is what became of a lab's invariants.
type Judgement struct {
	Invariants int      // how many there are
	Violations []string // which broke, when, by which record
}

// Injected is a fault that took effect, or a signal that was sent.
type Injected struct {
	At      time.Time      `json:"at"`
	Fault   string         `json:"fault,omitempty"`
	With    map[string]any `json:"with,omitempty"`
	Targets []string       `json:"targets,omitempty"` // entities
	Proof   string         `json:"proof,omitempty"`   // what was seen to be broken, and where
	Source  string         `json:"source,omitempty"`  // of a signal
	Message string         `json:"message,omitempty"` // of a signal
}

// Truth is what a lab's users get.
type Truth struct {
	Served bool   // the users' latest requests were all answered as they should be
	Text   string // for people: how many of how many, at which services
}

// SystemStarter starts the system under test.
type SystemStarter interface {
	// Start returns when Corax runs. ctx bounds the start only; System.Stop ends what was started.
	Start(ctx context.Context, setup SystemSetup) (System, error)
}

// SystemSetup says which Corax to start.
type SystemSetup struct {
	ConfigPath string
	Dir        string // an empty directory for its data
	Killable   bool   // System.Kill will be called
}

// System is a running Corax. Its lists are in order of time.
type System interface {
	// AwaitUp returns when every monitor is up; at the end of ctx, with an error that names those which are not.
	AwaitUp(ctx context.Context) error
	// Monitors is how many monitors are configured.
	Monitors(ctx context.Context) (int, error)
	// Signals is how many signals were stored.
	Signals(ctx context.Context) (int, error)
	Problems(ctx context.Context) ([]corax.Problem, error)
	Incidents(ctx context.Context) ([]corax.Incident, error)
	Events(ctx context.Context) ([]corax.Event, error)
	PlanRuns(ctx context.Context) ([]corax.PlanRun, error)
	Decisions(ctx context.Context) ([]corax.Decision, error)
	Approvals(ctx context.Context) ([]corax.ApprovalRequest, error)
	// Outcomes are how the actions ended, which autonomy is earned by.
	Outcomes(ctx context.Context) ([]corax.Outcome, error)
	WorkOrders(ctx context.Context) ([]corax.WorkOrder, error)
	Pages(ctx context.Context) ([]corax.Page, error)
	// Answer answers a request to approve in the name of by; an operator of the configuration is proven to be one.
	Answer(ctx context.Context, id string, verdict corax.Verdict, by string) error
	// AnswerWork answers a work order in the name of by: accept, start, done, cannot.
	AnswerWork(ctx context.Context, id, answer, by string) error
	// SetStop throws or clears the kill switch of an entity, of everything where it is empty.
	SetStop(ctx context.Context, entity string, on bool) error
	// Kill ends it like kill -9, starts it again, and returns when it runs.
	Kill(ctx context.Context) error
	// Subscribe delivers each event from now on, until ctx ends; then the channel is closed. A slow reader may miss
	// events.
	Subscribe(ctx context.Context) (<-chan corax.Event, error)
	// Stop returns when nothing of it runs any more. Twice is fine.
	Stop(ctx context.Context) error
}

// Engine diagnoses a case; text scenarios ask it directly.
type Engine interface {
	Diagnose(c corax.Case) corax.Report
}
