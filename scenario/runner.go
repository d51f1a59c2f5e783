package scenario

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"corax"
	"corax/config/decode"
)

// Runner carries scenarios out. Fill it, then call RunAll or Run.
type Runner struct {
	AtOnce   int                  // so many live ones side by side, which mostly wait; 1 where less
	Labs     map[string]LabDriver // by name
	Systems  SystemStarter
	Engine   Engine // for text scenarios
	Dir      string // for the runs' files, which don't outlive them; the system's temporary directory where empty
	Versions map[string]string
	Machine  *Machine // what it runs on; may be nil
	Clock    corax.Clock
	Listen   func() (net.Listener, error) // for what Corax tells people; nil: nobody listens
	Progress func(text string)            // may be nil; one line for each moment, as it happens, one at a time

	telling sync.Mutex
}

// RunAll carries the scenarios out, and gives their results in the same order. Once ctx ends it begins no further one, and those that it
// interrupts have the verdict error.
func (r *Runner) RunAll(ctx context.Context, scenarios []Scenario) []Result {
	results, begun := make([]Result, len(scenarios)), make([]bool, len(scenarios))
	var group errgroup.Group
	group.SetLimit(max(r.AtOnce, 1))
	for n, sc := range scenarios {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error {
			if begun[n] = ctx.Err() == nil; begun[n] {
				results[n] = r.Run(ctx, sc)
			}
			return nil
		})
	}
	_ = group.Wait() // what went wrong is in the results
	out := results[:0]
	for n, res := range results {
		if begun[n] {
			out = append(out, res)
		}
	}
	return out
}

// Run carries one scenario out. When it returns, whatever it started has ended.
func (r *Runner) Run(ctx context.Context, sc Scenario) Result {
	started := r.Clock.Now()
	one := &run{Runner: r, sc: sc}
	one.seen.entityOf = func(role string) string { return role }
	var err error
	if sc.Live() {
		err = one.live(ctx)
	} else {
		err = one.text(started)
	}
	return one.result(started, err)
}

// run is one scenario on its way.
type run struct {
	*Runner
	sc      Scenario
	seen    seen
	moments []Moment // of the run itself
}

// note records what the run did.
func (r *run) note(kind corax.EventKind, entity, format string, args ...any) {
	m := Moment{At: r.Clock.Now(), Kind: kind, Entity: entity, Text: fmt.Sprintf(format, args...)}
	r.moments = append(r.moments, m)
	r.tell(m)
}

func (r *run) tell(m Moment) {
	if r.Progress == nil {
		return
	}
	since := ""
	if len(r.seen.injected) > 0 {
		since = fmt.Sprintf("%+.1f s", m.At.Sub(r.seen.injected[0].At).Seconds())
	}
	r.telling.Lock()
	defer r.telling.Unlock()
	r.Progress(fmt.Sprintf("%s  %8s  %s", r.sc.ID(), since, m.Text))
}

// text asks the engine what it makes of the signals.
func (r *run) text(started time.Time) error {
	if r.Engine == nil {
		return corax.Errorf(corax.Internal, "run "+r.sc.ID(), "no engine to ask")
	}
	c := corax.Case{ID: r.sc.Name}
	if r.sc.Topology != nil {
		c.Topology = *r.sc.Topology
	}
	at := started
	sources := map[string]bool{}
	for i, in := range r.sc.Inject {
		at = at.Add(in.After)
		s := in.Signal.signal(at)
		s.ID = corax.HashID("sig", r.sc.ID(), fmt.Sprint(i))
		c.Signals = append(c.Signals, s)
		sources[s.Source] = true
		r.seen.injected = append(r.seen.injected, Injected{At: s.At, Source: s.Source, Message: s.Message})
		r.moments = append(r.moments, Moment{
			At: s.At, Kind: corax.EventInjected, Entity: s.Entity, Text: s.Source + ": " + s.Message,
		})
	}
	report := r.Engine.Diagnose(c)
	r.seen.monitors, r.seen.signals, r.seen.incidents = len(sources), len(c.Signals), len(report.Incidents)
	for _, d := range report.Problems {
		r.seen.problems = append(r.seen.problems, problemSeen{diagnosis: d, openedAt: started, detectedAt: &at})
		r.moments = append(r.moments, Moment{
			At: at, Kind: corax.EventDiagnosed, Entity: d.RootCause.Entity, Text: d.RootCause.Summary,
		})
	}
	return nil
}

func (s Signal) signal(at time.Time) corax.Signal {
	if !s.At.IsZero() {
		at = s.At.UTC()
	}
	return corax.Signal{At: at, Source: s.Source, Kind: s.Kind, Entity: s.Entity, Severity: s.Severity, Message: s.Message,
		Fingerprint: s.Fingerprint, Labels: s.Labels, Attributes: s.Attributes}
}

// result turns what was seen into a Result.
func (r *run) result(started time.Time, err error) Result {
	s := &r.seen
	res := Result{
		Name: r.sc.Name, Category: r.sc.Category, About: r.sc.about(),
		Run: Run{
			ID:       corax.HashID("run", r.sc.ID(), started.Format(time.RFC3339Nano)),
			Started:  started,
			Seconds:  seconds(r.Clock.Now().Sub(started)),
			Versions: r.Versions,
			Machine:  r.Machine,
		},
		Checks:   []Check{},
		Injected: append([]Injected{}, s.injected...),
		Problems: []corax.Diagnosis{},
		Steps:    steps(s.problems),
		Outcomes: s.outcomes,
		Timeline: timeline(r.moments, s),
		Counts: Counts{
			Monitors: s.monitors, Signals: s.signals, Incidents: s.incidents, Linked: s.linked(), Pages: s.calls(),
		},
	}
	for _, p := range s.problems {
		res.Problems = append(res.Problems, p.diagnosis)
	}
	if err != nil {
		res.Verdict, res.Error = Broken, explain(err)
		return res
	}
	res.Checks = judge(r.sc, s)
	res.Verdict = Passed
	if passing(res.Checks) < len(res.Checks) {
		res.Verdict = Failed
	}
	return res
}

// explain is an error with its hint.
func explain(err error) string {
	if errors.Is(err, context.Canceled) {
		return "interrupted"
	}
	if hint := corax.HintOf(err); hint != "" {
		return err.Error() + " (" + hint + ")"
	}
	return err.Error()
}

// steps lists what became of every step, in the order of the plans.
func steps(problems []problemSeen) []Step {
	all := []Step{}
	for i, p := range problems {
		for _, run := range p.runs {
			phase := map[string]string{}
			for _, step := range run.Plan.Steps {
				phase[step.ID] = step.Phase
			}
			for _, sr := range run.Steps {
				s := Step{Problem: i, Phase: phase[sr.Step], Action: sr.Action, Target: sr.Target, Started: sr.StartedAt,
					State: sr.State, Result: sr.Result, Verification: sr.Verified}
				if sr.StartedAt != nil && sr.EndedAt != nil {
					s.Seconds = seconds(sr.EndedAt.Sub(*sr.StartedAt))
				}
				if s.Result == "" {
					s.Result = sr.Precheck
				}
				all = append(all, s)
			}
		}
	}
	return all
}

// timeline merges what the run did with what Corax did.
func timeline(own []Moment, s *seen) []Moment {
	all := append([]Moment{}, own...)
	for _, e := range s.events {
		all = append(all, moment(e))
	}
	slices.SortStableFunc(all, func(a, b Moment) int { return a.At.Compare(b.At) })
	for i := range all {
		if len(s.injected) > 0 {
			all[i].Seconds = seconds(all[i].At.Sub(s.injected[0].At))
		}
	}
	return all
}

func moment(e corax.Event) Moment {
	text := e.Text
	if text == "" {
		text = strings.TrimSpace(string(e.Kind) + " " + e.State)
	}
	return Moment{At: e.At, Kind: e.Kind, Entity: e.Entity, Text: text}
}

// seconds rounds to the millisecond, finer than anything here is measured.
func seconds(d time.Duration) float64 {
	return float64(d.Round(time.Millisecond)/time.Millisecond) / 1000
}

// driver finds the lab's driver by the name that the scenario gives.
func (r *run) driver() (LabDriver, error) {
	if d := r.Labs[r.sc.Lab.Name]; d != nil {
		return d, nil
	}
	names := make([]string, 0, len(r.Labs))
	for name := range r.Labs {
		names = append(names, name)
	}
	slices.Sort(names)
	return nil, &corax.Error{Code: corax.NotFound, Op: "bring up the lab",
		Err: fmt.Errorf("there is no lab %q", r.sc.Lab.Name), Hint: decode.DidYouMean(r.sc.Lab.Name, names)}
}
