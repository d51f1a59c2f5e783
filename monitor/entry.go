package monitor

import (
	"context"
	"maps"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"corax"
	"corax/config"
)

const maxEvidence = 32 // different ways to fail that are told within one outage

// entry is one monitor with what it knows of its target.
type entry struct {
	m     *Monitors
	spec  config.Monitor
	probe Probe
	turn  chan struct{} // holds one token while a run is under way

	// Of the schedule, under Monitors.mu.
	at    time.Time
	every time.Duration
	rand  *rand.Rand

	mu       sync.Mutex
	gone     bool // no longer in force: what a run still finds counts for nothing
	closed   bool
	state    corax.ProbeResult
	failures int             // in a row
	evidence map[string]bool // what was told since it went down
}

// run probes once and tells what changed. Runs of one monitor never overlap. The error is about the run, not about
// the target.
func (e *entry) run(ctx context.Context) (corax.ProbeResult, error) {
	select {
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	case <-ctx.Done():
		return corax.ProbeResult{}, e.interrupted(ctx)
	}
	e.mu.Lock()
	closed := e.closed
	e.mu.Unlock()
	if closed || ctx.Err() != nil {
		return corax.ProbeResult{}, e.interrupted(ctx)
	}
	began := time.Now()
	bounded, cancel := context.WithTimeout(ctx, e.spec.Timeout)
	r := e.probe.Probe(bounded)
	cancel()
	if ctx.Err() != nil { // told to stop: what was seen may be the stopping itself
		return corax.ProbeResult{}, e.interrupted(ctx)
	}
	r.Monitor, r.Entity, r.At = e.spec.Name, e.spec.Entity, e.m.o.Clock.Now()
	if r.Latency == 0 {
		r.Latency = time.Since(began)
	}
	if r.Attributes == nil {
		r.Attributes = map[string]string{}
	}
	r.Attributes["latency_ms"] = strconv.FormatInt(r.Latency.Milliseconds(), 10)
	e.observe(r)
	if e.m.o.History != nil {
		e.m.o.History(r, e.last().State)
	}
	return r, nil
}

func (e *entry) interrupted(ctx context.Context) error {
	cause := context.Cause(ctx)
	if cause == nil {
		cause = context.Canceled
	}
	return corax.Errorf(corax.Unavailable, "run monitor "+e.spec.Name, "%w", cause)
}

// observe holds a result against what was known, and tells what is new.
func (e *entry) observe(r corax.ProbeResult) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.gone {
		return
	}
	if e.m.outbox.full() {
		// Nothing more can be kept for later, so nothing is learnt: the next run finds the same difference again.
		return
	}
	was := e.state.State
	switch r.State {
	case corax.MonitorUp:
		e.failures = 0
		e.evidence = nil
		e.state = r
		if was != corax.MonitorUp {
			// The first run after a start says so too: what was down before Corax stopped must not stay down for ever.
			e.tell(corax.Recovery, r)
		}
	case corax.MonitorDown:
		if e.failures++; e.failures < e.spec.After && was != corax.MonitorDown {
			r.State = was
			e.state = r
			return
		}
		e.state = r
		if key := evidenceOf(r); !e.evidence[key] && len(e.evidence) < maxEvidence {
			if e.evidence == nil {
				e.evidence = map[string]bool{}
			}
			e.evidence[key] = true
			e.tell(corax.Symptom, r)
		}
	case corax.MonitorUnknown:
		r.State = was
		e.state = r
	}
}

// evidenceOf is the same for results that say the same: where, which class, which words, whatever the numbers.
func evidenceOf(r corax.ProbeResult) string {
	a := r.Attributes
	return strings.Join([]string{a["step"], a["class"], a["status"], mask(r.Message)}, "\x00")
}

// tell makes a signal of a result. The caller holds e.mu, so that signals leave in the order of the results.
func (e *entry) tell(kind corax.SignalKind, r corax.ProbeResult) {
	source := "monitor/" + e.spec.Name
	fingerprint := fingerprintOf(e.spec.Name)
	severity := e.spec.Severity
	if kind != corax.Symptom {
		severity = corax.SeverityNone
	}
	e.m.outbox.add([]corax.Signal{{
		ID: corax.HashID("sig", source, fingerprint, stamp(r.At), string(kind), evidenceOf(r)),
		At: r.At, Source: source, Kind: kind, Entity: e.spec.Entity, Severity: severity, Message: r.Message,
		Fingerprint: fingerprint, Labels: maps.Clone(e.spec.Labels), Attributes: maps.Clone(r.Attributes),
	}}, nil)
}

func fingerprintOf(name string) string { return corax.HashID("fp", "monitor", name) }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func (e *entry) last() corax.ProbeResult {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.state
	s.Attributes = maps.Clone(s.Attributes)
	return s
}

// inherit takes over what an altered monitor knew under its old specification.
func (e *entry) inherit(old *entry) {
	old.mu.Lock()
	defer old.mu.Unlock()
	e.state.State, e.state.Message, e.state.At = old.state.State, old.state.Message, old.state.At
	e.failures, e.evidence = old.failures, maps.Clone(old.evidence)
}

// retire says that a monitor is no longer in force. What it held to be down will be seen by nobody: that is an end,
// and no recovery.
func (e *entry) retire() {
	e.mu.Lock()
	if e.state.State == corax.MonitorDown {
		r := e.state
		r.At, r.Message = e.m.o.Clock.Now(), "monitor "+e.spec.Name+" was removed from the configuration"
		e.tell(corax.Expiry, r)
	}
	e.mu.Unlock()
	e.replace()
}

// replace takes the entry out of force and closes its probe once a run that is under way is over.
func (e *entry) replace() {
	e.mu.Lock()
	e.gone = true
	e.mu.Unlock()
	e.m.jobs.Go(e.close)
}

// close releases what the probe holds, after a run that is under way.
func (e *entry) close() {
	e.turn <- struct{}{}
	defer func() { <-e.turn }()
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		e.closed = true
		closeProbe(e.probe)
	}
}
