package scenario

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"corax"
)

// How long the parts of a run may take that no expectation bounds.
const (
	labUpWithin     = 60 * time.Second
	systemUpWithin  = 2 * time.Minute
	monitorsWithin  = 60 * time.Second
	teardownWithin  = 30 * time.Second
	endWithin       = 90 * time.Second // the expected end, where no limit is expected
	observeFor      = 15 * time.Second // a control, where it doesn't say
	graceAfterLimit = 10 * time.Second // so that a late end is reported with its time
)

// live breaks a lab that Corax watches, and waits for what is expected. A returned error means that the scenario
// could not be carried out.
func (r *run) live(ctx context.Context) (err error) {
	driver, err := r.driver()
	if err != nil {
		return err
	}
	dir, err := r.makeDirs()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	lab, err := r.upLab(ctx, driver, filepath.Join(dir, "lab"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, teardown(ctx, "take the lab down", lab.Down)) }()

	mail := &mailbox{}
	if len(r.sc.Expect.Told) > 0 && r.Listen != nil {
		if err := mail.open(r.Listen); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, teardown(ctx, "close the mailbox", mail.close)) }()
	}

	file, err := r.configure(lab, dir, mail.url)
	if err != nil {
		return err
	}
	data := filepath.Join(dir, "corax")
	system, err := r.startSystem(ctx, SystemSetup{ConfigPath: file, Dir: data, Killable: r.kills()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, teardown(ctx, "stop Corax", system.Stop)) }()

	if err := r.breakAndWatch(ctx, lab, system); err != nil {
		return err
	}
	if err := teardown(ctx, "stop Corax", system.Stop); err != nil {
		return err
	}
	return r.searchSecrets(lab, data, mail)
}

// kills says that Corax will be killed on the way.
func (r *run) kills() bool {
	return slices.ContainsFunc(r.sc.Operate, func(o Operation) bool { return o.Kill != nil })
}

// configure writes the configuration of this run: the lab's, with escalations to the mailbox where there is one, and with
// what the scenario has of its own.
func (r *run) configure(lab Lab, dir, notices string) (string, error) {
	base, err := os.ReadFile(lab.ConfigPath())
	if err != nil {
		return "", corax.Errorf(corax.Unavailable, "read the lab's configuration", "%w", err)
	}
	names := func(word string) (string, bool) {
		if word == "notices" {
			return notices, true
		}
		return lab.EntityOf(word)
	}
	overlays := []map[string]any{r.sc.Config}
	if notices != "" {
		overlays = append(overlays, map[string]any{"escalation": map[string]any{"webhook": map[string]any{"url": "@notices"}}})
	}
	for _, over := range overlays {
		if base, err = overlay(base, over, names); err != nil {
			return "", err
		}
	}
	file := filepath.Join(dir, "corax.yaml")
	if err := os.WriteFile(file, base, 0o600); err != nil {
		return "", corax.Errorf(corax.Unavailable, "write the run's configuration", "%w", err)
	}
	return file, nil
}

// searchSecrets looks for the lab's credentials in all that Corax has kept and told. It is stopped by then.
func (r *run) searchSecrets(lab Lab, dir string, mail *mailbox) error {
	secrets, err := lab.Secrets()
	if err != nil {
		return corax.Errorf(corax.Unavailable, "read the lab's secrets", "%w", err)
	}
	r.seen.letters, r.seen.searched = mail.letters(), len(secrets)
	r.seen.leaks, err = leaks(dir, secrets, r.seen.letters)
	return err
}

// breakAndWatch injects the faults and waits for the end, while the event stream runs.
func (r *run) breakAndWatch(ctx context.Context, lab Lab, system System) error {
	watching, stopWatching := context.WithCancel(ctx)
	defer stopWatching()
	events, err := system.Subscribe(watching)
	if err != nil {
		return corax.Errorf(corax.Unavailable, "subscribe to events", "%w", err)
	}
	if err := r.inject(ctx, lab); err != nil {
		return err
	}
	w := &watch{run: r, lab: lab, system: system, events: events}
	if r.sc.Control {
		err = w.observe(ctx, cmp.Or(r.sc.Observe, observeFor))
	} else {
		err = w.awaitEnd(ctx, deadline(r.sc.Expect.outcomes()))
	}
	if err != nil {
		return err
	}
	return r.lookBack(ctx, lab)
}

func (r *run) makeDirs() (string, error) {
	dir, err := os.MkdirTemp(r.Dir, "corax-"+r.sc.Name+"-")
	if err != nil {
		return "", corax.Errorf(corax.Unavailable, "make a directory for the run", "%w", err)
	}
	for _, sub := range []string{"lab", "corax"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			return "", errors.Join(corax.Errorf(corax.Unavailable, "make a directory for the run", "%w", err), os.RemoveAll(dir))
		}
	}
	return dir, nil
}

func (r *run) upLab(ctx context.Context, driver LabDriver, dir string) (Lab, error) {
	ctx, cancel := context.WithTimeout(ctx, labUpWithin)
	defer cancel()
	spec := r.sc.Lab
	lab, err := driver.Up(ctx, LabSetup{Seed: spec.Seed, With: spec.With, Dir: dir})
	if err != nil {
		return nil, corax.Errorf(corax.Unavailable, "bring up the lab "+spec.Name, "%w", err)
	}
	r.seen.entityOf = func(role string) string {
		if id, ok := lab.EntityOf(role); ok {
			return id
		}
		return role
	}
	r.note(MomentLabUp, "", "lab %s is up, seed %d", spec.Name, spec.Seed)
	return lab, nil
}

// startSystem returns once every monitor is up; where that fails nothing runs.
func (r *run) startSystem(ctx context.Context, setup SystemSetup) (System, error) {
	starting, cancel := context.WithTimeout(ctx, systemUpWithin)
	defer cancel()
	system, err := r.Systems.Start(starting, setup)
	if err != nil {
		return nil, corax.Errorf(corax.Unavailable, "start Corax", "%w", err)
	}
	r.note(MomentSystemUp, "", "Corax runs and watches the lab")
	waiting, cancel := context.WithTimeout(ctx, monitorsWithin)
	defer cancel()
	if err := system.AwaitUp(waiting); err != nil {
		err = corax.Errorf(corax.Unavailable, "wait until every monitor is up", "%w", err)
		return nil, errors.Join(err, teardown(ctx, "stop Corax", system.Stop))
	}
	r.note(MomentHealthy, "", "every monitor is up")
	return system, nil
}

// inject breaks the lab. A fault that takes no effect proves nothing, so it ends the run.
func (r *run) inject(ctx context.Context, lab Lab) error {
	for _, in := range r.sc.Inject {
		if err := pause(ctx, in.After); err != nil {
			return err
		}
		if err := r.breakLab(ctx, lab, in.Fault, in.With); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) breakLab(ctx context.Context, lab Lab, fault string, with map[string]any) error {
	done, err := lab.Break(ctx, fault, with)
	if err != nil {
		return corax.Errorf(corax.Unavailable, "inject "+fault, "%w", err)
	}
	if done.At.IsZero() {
		done.At = r.Clock.Now()
	}
	done.Fault, done.With = fault, with
	r.seen.injected = append(r.seen.injected, done)
	m := Moment{At: done.At, Kind: corax.EventInjected, Text: fault + ": " + orNone(done.Proof)}
	r.moments = append(r.moments, m)
	r.tell(m)
	return nil
}

// lookBack asks the lab what really happened.
func (r *run) lookBack(ctx context.Context, lab Lab) error {
	ctx, cancel := context.WithTimeout(ctx, teardownWithin)
	defer cancel()
	var err error
	if r.seen.truth, err = lab.Truth(ctx); err != nil {
		return corax.Errorf(corax.Unavailable, "ask the lab what its users got", "%w", err)
	}
	if r.seen.judgement, err = lab.Judge(ctx, r.seen.deeds()); err != nil {
		return corax.Errorf(corax.Unavailable, "check the lab's invariants", "%w", err)
	}
	if r.seen.records, err = lab.Records(ctx); err != nil {
		return corax.Errorf(corax.Unavailable, "read the records of the lab's parts", "%w", err)
	}
	r.note(MomentChecked, "", "users: %s", orNone(r.seen.truth.Text))
	return nil
}

// deadline is how long to wait for the end: well beyond the limits, so that what comes late is seen, and no longer.
func deadline(wants []Outcome) time.Duration {
	var most time.Duration
	for _, o := range wants {
		limit := max(o.HealedWithin, o.ClosedWithin)
		if limit == 0 {
			limit = max(endWithin, o.DetectedWithin)
		}
		most = max(most, limit+limit/2)
	}
	return most + graceAfterLimit
}

// teardown ends something even after ctx ended.
func teardown(ctx context.Context, what string, end func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), teardownWithin)
	defer cancel()
	if err := end(ctx); err != nil {
		return corax.Errorf(corax.Internal, what, "%w", err)
	}
	return nil
}

// pause lets the time between two injections pass.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("while faults were injected: %w", ctx.Err())
	}
}
