package investigate_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corax"
	"corax/investigate"
	"corax/store"
)

// memory is a store of maps, enough for the investigator.
type memory struct {
	mu        sync.Mutex
	incidents map[string]corax.Incident
	signals   map[string][]corax.Signal
	changes   []corax.Signal
	problems  []corax.Problem
	runs      map[string]corax.PlanRun
	events    []corax.Event
	fail      error
}

func newMemory() *memory {
	return &memory{incidents: map[string]corax.Incident{}, signals: map[string][]corax.Signal{}, runs: map[string]corax.PlanRun{}}
}

func (m *memory) symptom(id, entity string, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.incidents[id] = corax.Incident{ID: id, Fingerprint: "fp-" + id, Entity: entity, State: corax.IncidentOpen, OpenedAt: at, UpdatedAt: at}
	m.signals[id] = append(m.signals[id], corax.Signal{ID: "s-" + id, At: at, Entity: entity, Message: entity + " fails"})
}

// again opens an incident once more.
func (m *memory) again(id string, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.incidents[id]
	i.State, i.UpdatedAt, i.Failing, i.Changes = corax.IncidentOpen, at, true, append(i.Changes, at)
	i.Reopened++
	m.incidents[id] = i
	m.signals[id] = append(m.signals[id], corax.Signal{ID: "s-" + id + "-again", At: at, Entity: i.Entity, Message: i.Entity + " fails again"})
}

func (m *memory) end(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.incidents[id]
	i.State = corax.IncidentResolved
	m.incidents[id] = i
}

func (m *memory) LiveIncidents(context.Context) (out []corax.Incident, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, i := range m.incidents {
		if i.Live() {
			out = append(out, i)
		}
	}
	return out, m.fail
}

func (m *memory) Problem(_ context.Context, id string) (corax.Problem, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := slices.IndexFunc(m.problems, func(p corax.Problem) bool { return p.ID == id })
	return m.problems[n], nil
}

func (m *memory) SignalsOf(_ context.Context, id string, _ int) ([]corax.Signal, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.signals[id]), nil
}

func (m *memory) RecentSignals(context.Context, []corax.SignalKind, time.Time, int) ([]corax.Signal, error) {
	return m.changes, nil
}

func (m *memory) Problems(_ context.Context, f store.ProblemFilter) (out []corax.Problem, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.problems {
		if !f.Open || !p.State.Ended() {
			out = append(out, p)
		}
	}
	return out, nil
}

func (m *memory) SaveProblem(_ context.Context, p corax.Problem, run *corax.PlanRun, events []corax.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := slices.IndexFunc(m.problems, func(o corax.Problem) bool { return o.ID == p.ID }); n >= 0 {
		m.problems[n] = p
	} else {
		m.problems = append(m.problems, p)
	}
	m.claim(p)
	if run != nil {
		m.runs[run.Plan.ID] = *run
	}
	m.events = append(m.events, events...)
	return nil
}

func (m *memory) claim(p corax.Problem) {
	for _, id := range p.Incidents {
		i := m.incidents[id]
		i.Problem = p.ID
		m.incidents[id] = i
	}
}

func (m *memory) UpdateProblem(
	_ context.Context, id string, change func(*corax.Problem) error, events ...corax.Event,
) (corax.Problem, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := slices.IndexFunc(m.problems, func(o corax.Problem) bool { return o.ID == id })
	if n < 0 {
		return corax.Problem{}, corax.Errorf(corax.NotFound, "update "+id, "there is none")
	}
	err := change(&m.problems[n])
	m.claim(m.problems[n])
	m.events = append(m.events, events...)
	return m.problems[n], err
}

func (m *memory) PlanRun(_ context.Context, id string) (corax.PlanRun, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.runs[id], nil
}

func (m *memory) PlanRuns(_ context.Context, states ...corax.PlanState) (out []corax.PlanRun, err error) {
	for _, r := range m.runs {
		if slices.Contains(states, r.State) {
			out = append(out, r)
		}
	}
	return out, nil
}

// engine makes one problem of all incidents, rooted at root; with two, one for each entity.
type engine struct {
	root       string
	confidence float64
	mode       corax.Mode
	apart      bool
	severity   corax.Severity // high where none
	affected   []string
	looked     chan struct{}
}

func (e *engine) Diagnose(c corax.Case) corax.Report {
	if e.looked != nil {
		e.looked <- struct{}{}
	}
	r := corax.Report{ID: c.ID}
	byFP := map[string]int{}
	for n, s := range c.Signals {
		if s.Fingerprint == "" {
			continue
		}
		if _, ok := byFP[s.Fingerprint]; !ok {
			byFP[s.Fingerprint] = len(r.Incidents)
			r.Incidents = append(r.Incidents, corax.CaseIncident{ID: fmt.Sprintf("i%d", len(r.Incidents)+1), Entity: &s.Entity})
		}
		i := &r.Incidents[byFP[s.Fingerprint]]
		i.Signals = append(i.Signals, n)
	}
	groups := [][]corax.CaseIncident{r.Incidents}
	if e.apart {
		groups = nil
		for _, i := range r.Incidents {
			groups = append(groups, []corax.CaseIncident{i})
		}
	}
	for _, g := range groups {
		root := e.root
		if e.apart {
			root = *g[0].Entity
		}
		d := corax.Diagnosis{
			Pattern: corax.Unknown, Severity: cmp.Or(e.severity, corax.High), Confidence: e.confidence,
			RootCause: corax.RootCause{Entity: root, Mechanism: "m", Summary: root + " failed"},
			Cascade:   corax.Cascade{Affected: e.affected},
			Plan: corax.Plan{Mode: e.mode, Why: "reversible", Steps: []corax.Step{
				{ID: "1", Action: "process.restart", Target: root, Purpose: corax.Fix, Risk: corax.Reversible},
				{ID: "2", Action: "nobody.declared", Target: root, Purpose: corax.Prevent},
			}},
		}
		for _, i := range g {
			d.Incidents = append(d.Incidents, i.ID)
			d.Signals = append(d.Signals, i.Signals...)
		}
		r.Problems = append(r.Problems, d)
	}
	return r
}

type healer struct {
	mu        sync.Mutex
	ran       []string
	withdrawn []string
	told      []string // problems that people were told of
}

func (h *healer) Run(_ context.Context, plan string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ran = append(h.ran, plan)
	return nil
}

func (h *healer) Withdraw(_ context.Context, plan, _ string) error {
	h.withdrawn = append(h.withdrawn, plan)
	return nil
}

var noon = time.Date(2026, 3, 30, 12, 0, 0, 0, time.UTC)

func fixture(e *engine) (*investigate.Investigator, *memory, *healer, *[]string) {
	v, m, h, _ := fixtureAt(e, noon.Add(time.Second)) // what began at noon has settled
	return v, m, h, &h.told
}

// fixtureAt has a clock that the test moves.
func fixtureAt(e *engine, at time.Time) (*investigate.Investigator, *memory, *healer, *time.Time) {
	m, h, now := newMemory(), &healer{}, &at
	topology := corax.Topology{Entities: []corax.Entity{{ID: "db", Kind: "database"}, {ID: "web", Kind: "service"}}}
	v := investigate.New(investigate.Options{
		Store: m, Engine: e, Healer: h, Topology: func() corax.Topology { return topology },
		Actions: func() []corax.Action {
			return []corax.Action{{Name: "process.restart", AppliesTo: corax.Selector{Kinds: []string{"database", "service"}}}}
		},
		Escalate: func(_ context.Context, p corax.Problem, _ string) error { h.told = append(h.told, p.ID); return nil },
		Clock:    func() time.Time { return *now },
	})
	return v, m, h, now
}

func look(t *testing.T, v *investigate.Investigator) {
	t.Helper()
	if err := v.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestOneOutageIsOneProblemWithOnePlan(t *testing.T) {
	v, m, h, _ := fixture(&engine{root: "db", confidence: 0.9, mode: corax.AutoHeal})
	m.symptom("i-db", "db", noon)
	look(t, v)
	m.symptom("i-web", "web", noon.Add(time.Second))
	look(t, v)
	look(t, v)
	if len(m.problems) != 1 || !slices.Equal(m.problems[0].Incidents, []string{"i-db", "i-web"}) {
		t.Fatalf("problems: %+v", m.problems)
	}
	if len(h.ran) != 1 || len(m.runs) != 1 {
		t.Errorf("plans run %v, made %d; want one", h.ran, len(m.runs))
	}
	run := m.runs[h.ran[0]]
	if len(run.Plan.Steps) != 1 || run.Plan.Steps[0].Action != "process.restart" {
		t.Errorf("a prevention that nobody declared must be left out: %+v", run.Plan.Steps)
	}
	if m.problems[0].Case == nil || len(m.problems[0].Case.Signals) == 0 {
		t.Error("the case that the diagnosis was made from is not kept")
	}
}

func TestTheSameInputMakesTheSameIDs(t *testing.T) {
	var first string
	for range 3 {
		v, m, h, _ := fixture(&engine{root: "db", confidence: 0.9, mode: corax.AutoHeal})
		m.symptom("i-web", "web", noon.Add(time.Second))
		m.symptom("i-db", "db", noon)
		look(t, v)
		got := m.problems[0].ID + h.ran[0]
		if first == "" {
			first = got
		}
		if got != first {
			t.Fatalf("ids differ between runs: %s, %s", first, got)
		}
	}
}

func TestTwoOutagesAreTwoProblems(t *testing.T) {
	v, m, h, _ := fixture(&engine{confidence: 0.9, mode: corax.AutoHeal, apart: true})
	m.symptom("i-db", "db", noon)
	m.symptom("i-web", "web", noon)
	look(t, v)
	if len(m.problems) != 2 || len(h.ran) != 2 {
		t.Fatalf("problems %d, plans %d; want 2 and 2", len(m.problems), len(h.ran))
	}
}

func TestPlansThatAreNotOursGoToPeople(t *testing.T) {
	for name, tt := range map[string]struct {
		engine engine
		want   corax.Mode
	}{
		"manual":         {engine{root: "db", confidence: 0.9, mode: corax.Manual}, corax.Manual},
		"hands on site":  {engine{root: "db", confidence: 0.9, mode: corax.RemoteHands}, corax.RemoteHands},
		"not declared":   {engine{root: "router", confidence: 0.9, mode: corax.AutoHeal}, corax.Manual},
		"no such entity": {engine{root: "", confidence: 0.9, mode: corax.AutoHeal}, corax.Manual},
	} {
		t.Run(name, func(t *testing.T) {
			v, m, h, told := fixture(&tt.engine)
			m.symptom("i-db", "db", noon)
			look(t, v)
			look(t, v)
			if len(h.ran) != 0 || len(*told) != 1 || !m.problems[0].Escalated {
				t.Errorf("ran %v, told %v, escalated %v; want nothing run and people told once", h.ran, *told, m.problems[0].Escalated)
			}
			if got := m.problems[0].Diagnosis.Plan.Mode; got != tt.want {
				t.Errorf("mode %s, want %s", got, tt.want)
			}
		})
	}
}

func TestAGuessIsNotActedOn(t *testing.T) {
	e := &engine{root: "db", confidence: 0.3, mode: corax.AutoHeal}
	v, m, h, _ := fixture(e)
	m.symptom("i-db", "db", noon)
	look(t, v)
	if len(h.ran) != 0 || len(m.problems) != 1 {
		t.Fatalf("ran %v with %d problems; want no plan yet", h.ran, len(m.problems))
	}
	e.confidence = 0.8
	look(t, v)
	if len(h.ran) != 1 {
		t.Errorf("ran %v after the evidence came; want one plan", h.ran)
	}
}

func TestADiagnosisStandsWhileItsPlanIsAtWork(t *testing.T) {
	e := &engine{root: "db", confidence: 0.9, mode: corax.AutoHeal}
	v, m, h, _ := fixture(e)
	m.symptom("i-db", "db", noon)
	look(t, v)
	e.root = "web"
	m.symptom("i-web", "web", noon)
	look(t, v)
	if p := m.problems[0]; p.Diagnosis.RootCause.Entity != "db" || len(p.Incidents) != 2 {
		t.Errorf("root %s, incidents %v; want db and both", p.Diagnosis.RootCause.Entity, p.Incidents)
	}
	if len(h.ran) != 1 {
		t.Errorf("ran %v; want one plan", h.ran)
	}
}

// A look that was for something else, and comes right after the first symptom of an outage, waits for what belongs to it.
func TestAnOutageIsGivenTimeToShow(t *testing.T) {
	e := &engine{root: "web", confidence: 0.9, mode: corax.Manual}
	v, m, h, now := fixtureAt(e, noon.Add(80*time.Millisecond))
	m.symptom("i-web", "web", noon)
	look(t, v)
	if len(m.problems) != 0 {
		t.Fatalf("%d problems, 80 ms after the first symptom", len(m.problems))
	}
	e.root, e.mode = "db", corax.AutoHeal
	m.symptom("i-db", "db", noon.Add(200*time.Millisecond))
	*now = noon.Add(time.Second)
	look(t, v)
	if len(m.problems) != 1 || len(m.problems[0].Incidents) != 2 || len(h.ran) != 1 || len(h.told) != 0 {
		t.Errorf("%d problems, ran %v, told of %v; want one of both, with one plan", len(m.problems), h.ran, h.told)
	}
}

// While a plan is at work the outage may spread: people see it, and the plan goes on as it was made.
func TestOutageGrowsWhileItsPlanIsAtWork(t *testing.T) {
	e := &engine{root: "db", confidence: 0.9, mode: corax.AutoHeal, severity: corax.High}
	v, m, h, _ := fixture(e)
	m.symptom("i-db", "db", noon)
	look(t, v)
	plan := m.runs[m.problems[0].Plan].Plan
	e.severity, e.confidence, e.affected = corax.Critical, 0.95, []string{"web"}
	m.symptom("i-web", "web", noon)
	look(t, v)
	grown := m.problems[0].Diagnosis
	if grown.Severity != corax.Critical || !slices.Equal(grown.Cascade.Affected, []string{"web"}) {
		t.Errorf("severity %s, affected %v; want critical and web", grown.Severity, grown.Cascade.Affected)
	}
	if now := m.runs[m.problems[0].Plan].Plan; !slices.Equal(h.ran, []string{plan.ID}) || !reflect.DeepEqual(now, plan) {
		t.Errorf("ran %v, plan %+v; want %+v alone, as it was made", h.ran, now, plan)
	}
	for name, less := range map[string]func(){
		"less severe":      func() { e.severity = corax.High },
		"with less harm":   func() { e.affected = nil },
		"of another cause": func() { e.root = "web" },
	} {
		was := *e
		less()
		m.symptom("i-more-"+name, "web", noon)
		look(t, v)
		if now := m.problems[0].Diagnosis; now.Severity != corax.Critical || len(now.Cascade.Affected) != 1 || now.RootCause.Entity != "db" {
			t.Errorf("%s: %s, %v, root %s", name, now.Severity, now.Cascade.Affected, now.RootCause.Entity)
		}
		*e = was
	}
}

func TestWhatEndsByItselfIsResolvedAndItsWaitingPlanWithdrawn(t *testing.T) {
	v, m, h, _ := fixture(&engine{root: "db", confidence: 0.9, mode: corax.Approval})
	m.symptom("i-db", "db", noon)
	look(t, v)
	id := h.ran[0]
	run := m.runs[id]
	run.State = corax.PlanAsking
	m.runs[id] = run
	m.end("i-db")
	look(t, v)
	if !slices.Equal(h.withdrawn, []string{id}) {
		t.Fatalf("withdrawn %v, want %s", h.withdrawn, id)
	}
	run.State, run.EndedAt = corax.PlanWithdrawn, &noon
	m.runs[id] = run
	look(t, v)
	if m.problems[0].State != corax.ProblemResolved {
		t.Errorf("state %s, want resolved", m.problems[0].State)
	}
}

func TestWhatOurActionBringsAboutBelongsToItsProblem(t *testing.T) {
	e := &engine{root: "db", confidence: 0.9, mode: corax.AutoHeal}
	v, m, h, _ := fixture(e)
	m.symptom("i-db", "db", noon)
	look(t, v)
	run := m.runs[h.ran[0]]
	from, to := noon.Add(time.Second), noon.Add(2*time.Second)
	run.Steps[0].StartedAt, run.Steps[0].EndedAt, run.Steps[0].Attempts = &from, &to, 1
	m.runs[h.ran[0]] = run
	e.apart = true
	m.symptom("i-db-2", "db", noon.Add(1500*time.Millisecond))
	m.symptom("i-web", "web", noon.Add(1500*time.Millisecond)) // not an entity of the problem
	m.symptom("i-db-3", "db", noon.Add(time.Minute))           // long after
	look(t, v)
	if got := m.problems[0].Incidents; !slices.Contains(got, "i-db-2") {
		t.Errorf("incidents %v; want the one that the restart brought about", got)
	}
	if got := m.problems[0].Incidents; slices.Contains(got, "i-web") {
		t.Errorf("incidents %v; web has nothing to do with it", got)
	}
	if len(m.problems) != 2 {
		t.Errorf("%d problems, want one more, for web", len(m.problems))
	}
}

// What lasts longer than an action and its afterglow was not brought about by it, and a step that only waits brings nothing about.
func TestWhatOutlastsOurActionIsAnotherOutage(t *testing.T) {
	for name, tt := range map[string]struct {
		attempts int
		later    time.Duration // than the incident is the look
		problems int
	}{
		"in the afterglow": {1, time.Second, 1},
		"after it":         {1, 10 * time.Second, 2},
		"a wait":           {0, time.Second, 2},
	} {
		t.Run(name, func(t *testing.T) {
			v, m, h, now := healedFixture(t)
			run := m.runs[h.ran[0]]
			from := noon.Add(time.Minute)
			run.Steps[0].StartedAt, run.Steps[0].EndedAt, run.Steps[0].Attempts = &from, &from, tt.attempts
			m.runs[h.ran[0]] = run
			m.again("i-db", from.Add(time.Second))
			*now = from.Add(time.Second + tt.later)
			look(t, v)
			if len(m.problems) != tt.problems {
				t.Errorf("%d problems, want %d", len(m.problems), tt.problems)
			}
		})
	}
}

// What fails while a plan tidies up is not put down to that where trouble had begun before: it belongs to the other outage, from the first look
// at it to the last.
func TestWhatBeganBeforeOurActionTakesTheRestAlong(t *testing.T) {
	v, m, h, now := healedFixture(t)
	m.symptom("i-db-log", "db", noon) // a line, which time alone ends
	expires := noon.Add(time.Hour)
	i := m.incidents["i-db-log"]
	i.Problem, i.ExpiresAt = m.problems[0].ID, &expires
	m.incidents["i-db-log"] = i
	m.problems[0].Incidents = append(m.problems[0].Incidents, "i-db-log")
	run := m.runs[h.ran[0]]
	from := noon.Add(time.Minute)
	run.Steps[0].StartedAt, run.Steps[0].EndedAt, run.Steps[0].Attempts = &from, &from, 1
	m.runs[h.ran[0]] = run
	m.again("i-db", from.Add(-10*time.Millisecond))
	m.again("i-db-log", from.Add(time.Second))
	for after := range 3 {
		m.symptom(fmt.Sprintf("i-db-%d", after), "db", from.Add(time.Duration(1+after)*time.Second))
		*now = from.Add(time.Duration(2+after) * time.Second)
		look(t, v)
	}
	m.end("i-db")
	closed := from.Add(5 * time.Second)
	m.problems[1].State, m.problems[1].HealedAt, m.problems[1].ClosedAt = corax.ProblemClosed, &closed, &closed
	for after := range 3 {
		m.end(fmt.Sprintf("i-db-%d", after))
	}
	*now = from.Add(10 * time.Second) // the afterglow is over, and the line is still there
	look(t, v)
	if len(m.problems) != 2 || !slices.Equal(m.problems[1].Incidents, []string{"i-db", "i-db-0", "i-db-log", "i-db-1", "i-db-2"}) {
		t.Errorf("%d problems, the last with %v", len(m.problems), m.problems[len(m.problems)-1].Incidents)
	}
}

// A problem that was healed may have a plan at work for long, which tidies up. What fails meanwhile is another outage, with a problem and a
// plan of its own, also where it is the same monitor that fails again.
func TestWhatFailsAfterHealingIsAnotherOutage(t *testing.T) {
	v, m, h, now := healedFixture(t)
	look(t, v)
	if len(m.problems) != 1 {
		t.Fatalf("%d problems before anything failed again", len(m.problems))
	}
	failed := noon.Add(time.Hour)
	m.again("i-db", failed)
	*now = failed.Add(time.Second)
	look(t, v)
	look(t, v)
	if len(m.problems) != 2 || m.problems[1].ID == m.problems[0].ID {
		t.Fatalf("problems %+v", m.problems)
	}
	if c := m.problems[1].Case; len(c.Signals) != 1 || !m.problems[1].OpenedAt.Equal(failed) || c.Signals[0].ID != "s-i-db-again" {
		t.Errorf("opened at %s, with the signals %+v; want those of this outage alone", m.problems[1].OpenedAt, c.Signals)
	}
	if p := m.problems[1]; !slices.Equal(p.Incidents, []string{"i-db"}) || m.incidents["i-db"].Problem != p.ID || len(h.ran) != 2 || h.ran[1] != p.Plan {
		t.Errorf("the second: incidents %v, plan %s; plans run %v", p.Incidents, p.Plan, h.ran)
	}
	m.end("i-db")
	run := m.runs[h.ran[1]]
	run.State, run.EndedAt = corax.PlanStopped, now
	m.runs[h.ran[1]] = run
	look(t, v)
	if m.problems[1].State != corax.ProblemResolved || m.problems[0].State != corax.ProblemHealed {
		t.Errorf("the first is %s, the second %s", m.problems[0].State, m.problems[1].State)
	}
}

// healedFixture has a problem that was healed half a minute after noon, and whose plan is still at work. Its clock is the last result.
func healedFixture(t *testing.T) (*investigate.Investigator, *memory, *healer, *time.Time) {
	t.Helper()
	v, m, h, now := fixtureAt(&engine{root: "db", confidence: 0.9, mode: corax.AutoHeal}, noon.Add(time.Second))
	m.symptom("i-db", "db", noon)
	look(t, v)
	if len(m.problems) != 1 || len(h.ran) != 1 {
		t.Fatalf("%d problems, plans %v", len(m.problems), h.ran)
	}
	healed := noon.Add(30 * time.Second)
	m.problems[0].State, m.problems[0].HealedAt = corax.ProblemHealed, &healed
	m.end("i-db")
	*now = healed
	return v, m, h, now
}

func TestWhatOutlastsItsProblemOpensNone(t *testing.T) {
	v, m, _, _ := fixture(&engine{root: "db", confidence: 0.9, mode: corax.AutoHeal})
	m.symptom("i-db", "db", noon)
	look(t, v)
	closed, expires := noon.Add(time.Minute), noon.Add(time.Hour)
	m.problems[0].State, m.problems[0].ClosedAt = corax.ProblemClosed, &closed
	i := m.incidents["i-db"]
	i.ExpiresAt = &expires
	m.incidents["i-db"] = i
	look(t, v)
	if len(m.problems) != 1 {
		t.Fatalf("%d problems; a line in a log is not a new outage", len(m.problems))
	}
	i.UpdatedAt = closed.Add(time.Second)
	m.incidents["i-db"] = i
	look(t, v)
	if len(m.problems) != 2 {
		t.Errorf("%d problems; a new line is a new outage", len(m.problems))
	}
}

func TestAChangeThatWasDealtWithExplainsNothingLater(t *testing.T) {
	v, m, _, _ := fixture(&engine{root: "db", confidence: 0.9, mode: corax.Manual})
	m.changes = []corax.Signal{{ID: "s-change", At: noon.Add(-time.Second), Kind: corax.ChangeOf, Entity: "db", Message: "rotated"}}
	m.symptom("i-db", "db", noon)
	look(t, v)
	p := &m.problems[0]
	at := slices.IndexFunc(p.Case.Signals, func(s corax.Signal) bool { return s.ID == "s-change" })
	if at < 0 {
		t.Fatal("the change is not in the case")
	}
	healed := noon.Add(time.Minute)
	p.Diagnosis.RootCause.Evidence = []corax.Evidence{{Signal: at}}
	p.State, p.HealedAt, p.ClosedAt = corax.ProblemClosed, &healed, &healed
	m.end("i-db")
	m.symptom("i-web", "web", noon.Add(2*time.Minute))
	look(t, v)
	if len(m.problems) != 2 {
		t.Fatalf("%d problems", len(m.problems))
	}
	if slices.ContainsFunc(m.problems[1].Case.Signals, func(s corax.Signal) bool { return s.ID == "s-change" }) {
		t.Error("the old change is offered as a cause again")
	}
}

func TestAStoppedPlanIsNotMadeAgainForTheSameCause(t *testing.T) {
	e := &engine{root: "db", confidence: 0.9, mode: corax.AutoHeal}
	v, m, h, _ := fixture(e)
	m.symptom("i-db", "db", noon)
	look(t, v)
	run := m.runs[h.ran[0]]
	run.State, run.EndedAt = corax.PlanStopped, &noon
	m.runs[h.ran[0]] = run
	e.confidence = 0.4
	look(t, v)
	e.confidence = 0.9
	look(t, v)
	if len(h.ran) != 1 {
		t.Errorf("ran %v; the plan was stopped, so it is people's", h.ran)
	}
	e.root = "web"
	look(t, v)
	if len(h.ran) != 2 {
		t.Errorf("ran %v; another cause is another plan", h.ran)
	}
}

// A plan that was withdrawn is made again where something has failed since, and not because the same trouble is rated otherwise: it would be
// withdrawn again.
func TestAWithdrawnPlanIsMadeAgainOnlyForNewTrouble(t *testing.T) {
	e := &engine{root: "db", confidence: 0.9, mode: corax.AutoHeal}
	v, m, h, now := fixtureAt(e, noon.Add(time.Second))
	m.symptom("i-db", "db", noon)
	look(t, v)
	run := m.runs[h.ran[0]]
	*now = noon.Add(time.Minute)
	ended := *now
	run.State, run.EndedAt = corax.PlanWithdrawn, &ended
	m.runs[h.ran[0]] = run
	for _, s := range []corax.Severity{corax.Critical, corax.High, corax.Critical} {
		e.severity = s
		look(t, v)
	}
	e.root, e.confidence = "web", 0.3 // a guess in between, for which there is no plan
	look(t, v)
	e.root, e.confidence = "db", 0.9
	look(t, v)
	if len(h.ran) != 1 || m.problems[0].Diagnosis.Severity != corax.Critical {
		t.Fatalf("plans %v, severity %s; want one plan, and the latest rating", h.ran, m.problems[0].Diagnosis.Severity)
	}
	*now = noon.Add(2 * time.Minute)
	m.symptom("i-db-2", "db", *now)
	e.severity = corax.High
	look(t, v)
	if len(h.ran) != 2 || len(m.problems) != 1 {
		t.Errorf("plans %v, %d problems; something failed since the plan was withdrawn", h.ran, len(m.problems))
	}
}

func TestACrashBetweenRecordAndStartRunsThePlan(t *testing.T) {
	v, m, h, _ := fixture(&engine{root: "db", confidence: 0.9, mode: corax.AutoHeal})
	m.runs["pln-1"] = corax.PlanRun{Plan: corax.Plan{ID: "pln-1", Mode: corax.AutoHeal}, State: corax.PlanRunning}
	m.runs["pln-2"] = corax.PlanRun{Plan: corax.Plan{ID: "pln-2", Mode: corax.AutoHeal}, State: corax.PlanDone, EndedAt: &noon}
	if err := v.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	v.Stop()
	v.Stop()
	if !slices.Equal(h.ran, []string{"pln-1"}) {
		t.Errorf("ran %v, want pln-1", h.ran)
	}
}

func TestItLooksWhenChangesHaveSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &engine{root: "db", confidence: 0.9, mode: corax.AutoHeal, looked: make(chan struct{}, 10)}
		v, m, _, _ := fixture(e)
		m.symptom("i-db", "db", noon)
		began := time.Now()
		if err := v.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer v.Stop()
		for range 20 { // a change each 500 ms: never a quiet second
			time.Sleep(500 * time.Millisecond)
			v.Notify()
		}
		<-e.looked
		if took := time.Since(began); took > 11*time.Second {
			t.Errorf("first look after %s", took)
		}
		if len(e.looked) < 2 {
			t.Errorf("%d more looks in 10 s of changes; want one at least each 3 s", len(e.looked))
		}
	})
}

func TestAFailedLookIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &engine{root: "db", confidence: 0.9, mode: corax.AutoHeal, looked: make(chan struct{}, 1)}
		v, m, _, _ := fixture(e)
		m.symptom("i-db", "db", noon)
		m.fail = errors.New("the disk is full")
		if err := v.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer v.Stop()
		time.Sleep(5 * time.Second)
		m.mu.Lock()
		m.fail = nil
		m.mu.Unlock()
		<-e.looked
	})
}
