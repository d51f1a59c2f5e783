// Package launch runs scenarios when somebody asks for it, one at a time in the order of asking, and tells how far each is. One goroutine
// does all of it, and ends at Stop. How a scenario is run, and where its result is kept, is for who makes the Launcher to say.
package launch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"corax"
	"corax/config/decode"
	"corax/scenario"
)

// How much is remembered.
const (
	mostWaiting = 100 // jobs
	mostEnded   = 50  // jobs
	mostLines   = 400 // of a job's progress, the latest
	mostLine    = 500 // characters
)

// State is how far a job is.
type State string

// The states of a job.
const (
	Waiting   State = "waiting"
	Running   State = "running"
	Done      State = "done" // its verdict says how it came out
	Cancelled State = "cancelled"
)

// Job is a scenario that somebody wants to be run.
type Job struct {
	ID        string           `json:"id"`
	Scenario  string           `json:"scenario"` // category and name
	Title     string           `json:"title"`
	State     State            `json:"state"`
	By        string           `json:"by"`
	AskedAt   time.Time        `json:"asked_at"`
	StartedAt *time.Time       `json:"started_at,omitempty"`
	EndedAt   *time.Time       `json:"ended_at,omitempty"`
	Lines     []string         `json:"lines"`             // what happened so far, the latest last
	Run       string           `json:"run,omitempty"`     // of its result
	Verdict   scenario.Verdict `json:"verdict,omitempty"` // of its result
	Error     string           `json:"error,omitempty"`   // why there is no verdict, or why it is "error"
}

// Ended says that nothing more will happen to the job.
func (j Job) Ended() bool { return j.State == Done || j.State == Cancelled }

// Options are a Launcher's surroundings.
type Options struct {
	Scenarios []scenario.Scenario
	// Run carries one out; progress takes a line for each moment. It returns soon after ctx ends.
	Run     func(ctx context.Context, s scenario.Scenario, progress func(line string)) (scenario.Result, error)
	Keep    func(scenario.Result) error
	Changed func(scenario string) // a job of this scenario has changed; may be nil
	Clock   corax.Clock
	Log     *slog.Logger
}

// Launcher runs scenarios one at a time.
type Launcher struct {
	o Options

	mu     sync.Mutex
	jobs   []*Job // oldest first
	count  int
	cancel context.CancelFunc // of the job that runs
	wake   chan struct{}

	stop context.CancelFunc
	done chan struct{}
}

// New makes a launcher. It runs nothing before Start.
func New(o Options) *Launcher {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Changed == nil {
		o.Changed = func(string) {}
	}
	return &Launcher{o: o, wake: make(chan struct{}, 1)}
}

// Start begins to run what is asked for.
func (l *Launcher) Start() {
	ctx, stop := context.WithCancel(context.Background())
	l.stop, l.done = stop, make(chan struct{})
	go func() {
		defer close(l.done)
		for {
			select {
			case <-ctx.Done():
				return
			case <-l.wake:
			}
			for l.next(ctx) {
			}
		}
	}()
}

// Stop cancels what runs and returns when it has ended. What waits is forgotten. Twice is fine.
func (l *Launcher) Stop() {
	if l.stop != nil {
		l.stop()
		<-l.done
	}
}

// Scenarios are those that can be run.
func (l *Launcher) Scenarios() []scenario.Scenario { return l.o.Scenarios }

// Jobs are those that wait, run, and have ended lately; oldest first.
func (l *Launcher) Jobs() []Job {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]Job, len(l.jobs))
	for i, j := range l.jobs {
		all[i] = j.copy()
	}
	return all
}

func (j *Job) copy() Job {
	c := *j
	c.Lines = slices.Clone(j.Lines)
	return c
}

// Launch asks for scenarios: all of a category, or one, by name or by category and name; "all" is all of them. One that waits already is not
// asked for twice. Errors: NotFound, Conflict where too many wait.
func (l *Launcher) Launch(word, by string) ([]Job, error) {
	op := "run scenario " + word
	var wanted []scenario.Scenario
	names := []string{"all"}
	for _, s := range l.o.Scenarios {
		names = append(names, s.ID(), s.Name)
		if word == "all" || word == s.Category || word == s.Name || word == s.ID() {
			wanted = append(wanted, s)
		}
	}
	if len(wanted) == 0 {
		return nil, &corax.Error{Code: corax.NotFound, Op: op, Err: errors.New("there is no such scenario"), Hint: decode.DidYouMean(word, names)}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	waiting := 0
	for _, j := range l.jobs {
		if j.State == Waiting {
			waiting++
			wanted = slices.DeleteFunc(wanted, func(s scenario.Scenario) bool { return s.ID() == j.Scenario })
		}
	}
	if waiting+len(wanted) > mostWaiting {
		return nil, &corax.Error{Code: corax.Conflict, Op: op, Err: fmt.Errorf("%d scenarios wait already", waiting), Hint: "wait, or cancel some"}
	}
	jobs := []Job{}
	for _, s := range wanted {
		l.count++
		now := l.o.Clock.Now()
		j := &Job{ID: corax.HashID("job", s.ID(), now.Format(time.RFC3339Nano), fmt.Sprint(l.count)), Scenario: s.ID(), Title: s.Title, State: Waiting, By: by,
			AskedAt: now, Lines: []string{}}
		l.jobs = append(l.jobs, j)
		jobs = append(jobs, j.copy())
		l.o.Changed(j.Scenario)
	}
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return jobs, nil
}

// Cancel ends a job: one that waits at once, one that runs as soon as it has cleaned up. Errors: NotFound, Conflict for one that has ended.
func (l *Launcher) Cancel(id string) (Job, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.jobs, func(j *Job) bool { return j.ID == id })
	if i < 0 {
		return Job{}, corax.Errorf(corax.NotFound, "cancel a run", "there is no job %s", id)
	}
	j := l.jobs[i]
	switch j.State {
	case Waiting:
		now := l.o.Clock.Now()
		j.State, j.EndedAt = Cancelled, &now
	case Running:
		l.cancel()
	default:
		return j.copy(), corax.Errorf(corax.Conflict, "cancel a run", "%s has ended", j.Scenario)
	}
	l.o.Changed(j.Scenario)
	return j.copy(), nil
}

// next runs the job that waits longest; false where none does.
func (l *Launcher) next(stop context.Context) bool {
	l.mu.Lock()
	i := slices.IndexFunc(l.jobs, func(j *Job) bool { return j.State == Waiting })
	if i < 0 || stop.Err() != nil {
		l.mu.Unlock()
		return false
	}
	j := l.jobs[i]
	s := l.o.Scenarios[slices.IndexFunc(l.o.Scenarios, func(s scenario.Scenario) bool { return s.ID() == j.Scenario })]
	ctx, cancel := context.WithCancel(stop)
	defer cancel()
	now := l.o.Clock.Now()
	j.State, j.StartedAt, l.cancel = Running, &now, cancel
	l.mu.Unlock()
	l.o.Changed(j.Scenario)

	result, err := l.o.Run(ctx, s, func(line string) { l.say(j, line) })
	cancelled := ctx.Err() != nil
	if err == nil && !cancelled {
		err = l.o.Keep(result)
	}

	l.mu.Lock()
	now = l.o.Clock.Now()
	j.State, j.EndedAt = Done, &now
	switch {
	case cancelled:
		j.State = Cancelled // a result of half a run says nothing
	case err != nil:
		j.Verdict, j.Error = scenario.Broken, err.Error()
		l.o.Log.Error("a scenario could not be run", "scenario", j.Scenario, "error", err)
	default:
		j.Run, j.Verdict, j.Error = result.Run.ID, result.Verdict, result.Error
	}
	l.forget()
	l.mu.Unlock()
	l.o.Changed(j.Scenario)
	return true
}

// say adds a line to a job's progress.
func (l *Launcher) say(j *Job, line string) {
	line = scenario.Brief(line, scenario.Caps{Text: mostLine})
	l.mu.Lock()
	j.Lines = append(j.Lines, line)
	if n := len(j.Lines) - mostLines; n > 0 {
		j.Lines = slices.Delete(j.Lines, 0, n)
	}
	l.mu.Unlock()
	l.o.Changed(j.Scenario)
}

// forget drops the oldest jobs that have ended, beyond those that are remembered.
func (l *Launcher) forget() {
	ended := 0
	for _, j := range l.jobs {
		if j.Ended() {
			ended++
		}
	}
	l.jobs = slices.DeleteFunc(l.jobs, func(j *Job) bool {
		if ended <= mostEnded || !j.Ended() {
			return false
		}
		ended--
		return true
	})
}
