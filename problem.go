package corax

import "time"

// Unknown is the pattern of a problem that no family claims. An answer, not a failure.
const Unknown = "UNKNOWN"

// ProblemState is where a problem stands.
type ProblemState string

// The states of a problem.
const (
	ProblemOpen      ProblemState = "open"             // diagnosed, nothing is being done
	ProblemWaiting   ProblemState = "waiting_approval" // a person must say yes
	ProblemHealing   ProblemState = "healing"          // a plan is running
	ProblemContained ProblemState = "contained"        // the harm has stopped (or all that can be stopped has), the cause remains
	ProblemHealed    ProblemState = "healed"           // verified for a set time; tidying up may go on
	ProblemClosed    ProblemState = "closed"           // nothing is left to do
	ProblemResolved  ProblemState = "resolved"         // its incidents ended without a plan of ours
)

// Ended says that nothing more will happen to a problem in this state.
func (s ProblemState) Ended() bool { return s == ProblemClosed || s == ProblemResolved }

// Problem is the cause of one or more incidents, and those incidents. One outage is one problem.
type Problem struct {
	ID        string       `json:"id"` // HashID("prb", first incident's id, its earlier problem if any)
	State     ProblemState `json:"state"`
	Incidents []string     `json:"incidents"` // ids, oldest first
	Diagnosis Diagnosis    `json:"diagnosis"`
	// Case is what the diagnosis was made from; Diagnosis counts signals by their place in it.
	Case  *Case  `json:"case,omitempty"`
	Plan  string `json:"plan,omitempty"`  // id of the latest plan that was made for it
	Plans int    `json:"plans,omitempty"` // how many were made
	// PlannedFor is the cause that the latest plan is for. The diagnosis may have changed since.
	PlannedFor *Cause `json:"planned_for,omitempty"`
	Escalated  bool   `json:"escalated,omitempty"`
	// Escalation says why people were told, and what state the system is in.
	Escalation string `json:"escalation,omitempty"`

	OpenedAt  time.Time  `json:"opened_at"` // first symptom
	UpdatedAt time.Time  `json:"updated_at"`
	HealedAt  *time.Time `json:"healed_at,omitempty"`
	ClosedAt  *time.Time `json:"closed_at,omitempty"`
}

// Cause is who failed and how.
type Cause struct {
	Entity    string `json:"entity,omitempty"`
	Mechanism string `json:"mechanism,omitempty"`
}

// Case is what a diagnosis is made from: a pure value. The same case gives the same Report, byte for byte.
type Case struct {
	ID       string   `json:"id"`
	Signals  []Signal `json:"signals"` // in the order given; signals with one non-empty Fingerprint are one incident
	Topology Topology `json:"topology"`
}

// Report is what the engine makes of a case. The field names are a contract (docs/diagnose.md).
type Report struct {
	ID        string         `json:"id"`
	Incidents []CaseIncident `json:"incidents"`
	Problems  []Diagnosis    `json:"problems"`        // ordered by severity, then by size
	Quiet     []int          `json:"quiet,omitempty"` // signals that are healthy, informational or noise
}

// CaseIncident is an incident within a case.
type CaseIncident struct {
	ID       string   `json:"id"` // i1, i2 ... within the report
	Entity   *string  `json:"entity"`
	Signals  []int    `json:"signals"` // indices into the case's signals
	Severity Severity `json:"severity"`
}

// Diagnosis is what is held to be true of one problem, and why.
type Diagnosis struct {
	Incidents         []string      `json:"incidents"` // ids within the report
	Signals           []int         `json:"signals"`
	Pattern           string        `json:"pattern"`
	PatternConfidence float64       `json:"pattern_confidence"` // probability that Pattern is right
	Alternatives      []Alternative `json:"alternatives,omitempty"`
	Severity          Severity      `json:"severity"`
	SeverityReasons   []string      `json:"severity_reasons,omitempty"`
	Confidence        float64       `json:"confidence"` // probability that root entity and mechanism are right
	Cascade           Cascade       `json:"cascade"`
	Links             []Link        `json:"links"`
	RootCause         RootCause     `json:"root_cause"`
	Plan              Plan          `json:"plan"`
	Explanations      []Explanation `json:"explanations,omitempty"`
}

// Explanation says how one decision of a diagnosis came about.
type Explanation struct {
	Decision    string   `json:"decision"` // pattern, root_cause, severity, grouping, cascade or mode
	Answer      string   `json:"answer"`
	For         []string `json:"for"`
	Against     []string `json:"against,omitempty"`
	RunnerUp    string   `json:"runner_up,omitempty"`
	WouldChange []string `json:"would_change,omitempty"` // evidence that would change the answer
}

// WhyNot says of each problem of a case why it is not of a pattern, or by a mechanism.
type WhyNot struct {
	Problem int      `json:"problem"` // its place in the report
	Pattern string   `json:"pattern"` // what it is held to be
	Chosen  string   `json:"chosen"`  // by which mechanism
	Asked   string   `json:"asked"`   // the mechanism in question, the best one where a pattern was asked for
	Is      bool     `json:"is"`      // it is what was asked for
	For     []string `json:"for"`
	Lacks   []string `json:"lacks"` // what a signal would have to say
	Tells   []string `json:"tells,omitempty"`
}

// Alternative is a pattern that was considered and not chosen.
type Alternative struct {
	Pattern    string  `json:"pattern"`
	Confidence float64 `json:"confidence"`
}

// Cascade is one entity's fault felt by others along the topology.
type Cascade struct {
	Cascading bool     `json:"cascading"`
	Root      string   `json:"root,omitempty"`
	Affected  []string `json:"affected,omitempty"` // without the root, nearest first
	Depth     int      `json:"depth"`              // edges from the root to the farthest affected entity
}

// LinkKind says why two incidents belong together.
type LinkKind string

// The kinds of links.
const (
	LinkSameEntity     LinkKind = "same_entity"
	LinkDependsOn      LinkKind = "depends_on"
	LinkSharedChange   LinkKind = "shared_change"
	LinkSameIdentifier LinkKind = "same_identifier"
	LinkCausal         LinkKind = "causal"
)

// Link is a typed, explained edge between two incidents.
type Link struct {
	From  string   `json:"from"`
	To    string   `json:"to"`
	Kind  LinkKind `json:"kind"`
	Score float64  `json:"score"` // 0 to 1
	Why   string   `json:"why"`
}

// RootCause is the best hypothesis: who failed and how, with what speaks for it, against it, and what is not known.
type RootCause struct {
	Entity    string `json:"entity"`
	Mechanism string `json:"mechanism"` // id in the knowledge, e.g. key_used_before_distributed; never empty
	Summary   string `json:"summary"`
	// Sentences tell what happened, why, how it spread, who is affected and what is unclear; each rests on signals.
	Sentences []Sentence `json:"sentences,omitempty"`
	Chain     []string   `json:"chain,omitempty"` // the same sentences as texts, with the numbers of their signals: "... [0, 2]"
	Evidence  []Evidence `json:"evidence"`
	Against   []Evidence `json:"against"`
	Missing   []string   `json:"missing"`
	// Facts are the identifiers that the plan is bound with: kid, previous_kid, reason, host ...
	Facts map[string]string `json:"facts,omitempty"`
}

// SentenceKind says what a sentence of a root cause tells.
type SentenceKind string

// The kinds of sentences, in the order in which they are told.
const (
	TellsWhat     SentenceKind = "what"     // what happened
	TellsWhy      SentenceKind = "why"      // how it fails, and what was changed before
	TellsSpread   SentenceKind = "spread"   // who else shows it
	TellsAffected SentenceKind = "affected" // who and how much is hit
	TellsUnclear  SentenceKind = "unclear"  // what is not known or speaks against it; the only kind that may rest on no signal
)

// Sentence is one statement about a problem, with the signals that it rests on.
type Sentence struct {
	Text    string       `json:"text"`
	Signals []int        `json:"signals"` // indices into the case's signals
	Kind    SentenceKind `json:"kind"`
}

// Evidence ties a statement to the signal it rests on.
type Evidence struct {
	Signal   int    `json:"signal"` // index into the case's signals
	Quote    string `json:"quote"`  // the words of the signal
	Supports string `json:"supports"`
}
