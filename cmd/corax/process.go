package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"corax"
	"corax/app"
	"corax/config"
	"corax/scenario"
	"corax/store"
	"corax/store/sqlite"
)

// pollEvery is how often another process's records and state are looked at.
const pollEvery = 20 * time.Millisecond

// process is a Corax in a process of its own, so that it can be killed. Its records are read from its store.
type process struct {
	records
	people
	setup  scenario.SystemSetup
	binary string // that it is; this program where empty

	cmd    *exec.Cmd
	output *strings.Builder // of the latest process; read once it has ended
	ended  chan struct{}
}

// startProcess starts one, and returns when it answers.
func startProcess(ctx context.Context, binary string, setup scenario.SystemSetup, cfg config.Config) (scenario.System, error) {
	p := &process{people: people{cfg}, setup: setup, binary: binary}
	if err := p.start(ctx); err != nil {
		return nil, err
	}
	s, err := sqlite.Open(ctx, sqlite.Options{Path: app.StoreFile(setup.Dir)})
	if err != nil {
		return nil, errors.Join(err, p.Stop(ctx))
	}
	p.records = records{s}
	return p, nil
}

func (p *process) start(ctx context.Context) error {
	const op = "start Corax in a process of its own"
	exe := p.binary
	if exe == "" {
		var err error
		if exe, err = os.Executable(); err != nil {
			return corax.Errorf(corax.Internal, op, "%w", err)
		}
	}
	// A file that is left of one that was killed would lead to an address where nobody listens.
	if err := os.Remove(filepath.Join(p.setup.Dir, app.AddressFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	p.output, p.ended = &strings.Builder{}, make(chan struct{})
	p.cmd = exec.CommandContext(context.WithoutCancel(ctx), exe, "serve", "--config", p.setup.ConfigPath, "--data-dir", p.setup.Dir,
		"--listen", "127.0.0.1:0", "--tied")
	tie, err := p.cmd.StdinPipe() // closed when the process ends, or when this one does, however that happens
	if err != nil {
		return corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	p.cmd.Stdout, p.cmd.Stderr = io.Discard, p.output
	if err := p.cmd.Start(); err != nil {
		return corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	go func(cmd *exec.Cmd, ended chan struct{}) { // ends with the process
		defer close(ended)
		_ = cmd.Wait()
		_ = tie.Close()
	}(p.cmd, p.ended)
	return p.await(ctx, op, func() bool {
		_, err := p.states(ctx)
		return err == nil
	})
}

// await returns when the condition holds; at the end of the process or of ctx, with an error.
func (p *process) await(ctx context.Context, op string, cond func() bool) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-p.ended:
			return corax.Errorf(corax.Unavailable, op, "it ended: %s", p.output)
		case <-ctx.Done():
			return corax.Errorf(corax.Unavailable, op, "%w", ctx.Err())
		}
	}
	return nil
}

// states is what the monitors last saw.
func (p *process) states(ctx context.Context) ([]corax.ProbeResult, error) {
	c, err := p.as("")
	if err != nil {
		return nil, err
	}
	return c.ListMonitors(ctx)
}

func (p *process) AwaitUp(ctx context.Context) error {
	var down []string
	err := p.await(ctx, "wait for the monitors", func() bool {
		all, err := p.states(ctx)
		down = down[:0]
		for _, m := range all {
			if m.State != corax.MonitorUp {
				down = append(down, fmt.Sprintf("%s is %s (%s)", m.Monitor, m.State, m.Message))
			}
		}
		return err == nil && len(down) == 0
	})
	if err != nil {
		return fmt.Errorf("%w: %s", err, strings.Join(down, "; "))
	}
	return nil
}

// Outcomes are those of a scenario, whatever the process believes that it is in.
func (p *process) Outcomes(ctx context.Context) ([]corax.Outcome, error) {
	all, err := p.records.Outcomes(ctx)
	for n := range all {
		all[n].Ground = corax.InScenario
	}
	return all, err
}

func (p *process) Monitors(context.Context) (int, error) { return len(p.cfg.Monitors), nil }

// Subscribe looks for new events in the store, whichever process has put them there.
func (p *process) Subscribe(ctx context.Context) (<-chan corax.Event, error) {
	events := make(chan corax.Event)
	go func() { // ends with ctx
		defer close(events)
		tick := time.NewTicker(pollEvery)
		defer tick.Stop()
		after := ""
		for {
			fresh, err := p.store.Events(ctx, store.EventFilter{After: after})
			if err != nil {
				fresh = nil // what was missed comes with the next look
			}
			for _, e := range fresh {
				select {
				case events <- e:
					after = e.ID
				case <-ctx.Done():
					return
				}
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return events, nil
}

// Kill ends the process like kill -9, and starts another on the same data.
func (p *process) Kill(ctx context.Context) error {
	_ = p.cmd.Process.Kill()
	<-p.ended
	return p.start(ctx)
}

// Stop asks the process to end, and kills it where it doesn't.
func (p *process) Stop(ctx context.Context) error {
	_ = p.cmd.Process.Signal(os.Interrupt)
	select {
	case <-p.ended:
	case <-ctx.Done():
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
	if p.store == nil {
		return nil
	}
	return p.store.Close()
}
