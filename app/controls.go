package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"corax"
	"corax/config"
	"corax/config/decode"
	"corax/heal"
)

// controls are what the API may set in motion.
type controls struct{ a *App }

func (c controls) Acknowledge(ctx context.Context, incident, by string) error {
	return c.a.triage.Acknowledge(ctx, incident, by)
}

func (c controls) Resolve(ctx context.Context, incident, by string) error {
	return c.a.triage.Resolve(ctx, incident, by)
}

func (c controls) Answer(ctx context.Context, approval string, v corax.Verdict, by corax.Actor) (corax.ApprovalRequest, error) {
	return c.a.healer.Answer(ctx, approval, v, by)
}

func (c controls) Monitors(context.Context) []corax.ProbeResult { return c.a.monitors.States() }

func (c controls) RunMonitor(ctx context.Context, name string) (corax.ProbeResult, error) {
	return c.a.RunMonitor(ctx, name)
}

func (c controls) Reload(ctx context.Context) error { return c.a.Reload(ctx) }

// Ready says why Corax can't take signals, or nil.
func (c controls) Ready() error {
	if !c.a.ready.Load() {
		return corax.Errorf(corax.Unavailable, "", "starting or stopping")
	}
	return nil
}

func (c controls) Escalate(ctx context.Context, problem, by, reason string) error {
	text := fmt.Sprintf("%s: %s", by, reason)
	p, err := c.a.store.UpdateProblem(ctx, problem, func(p *corax.Problem) error {
		p.Escalated, p.Escalation = true, text
		return nil
	}, corax.Event{At: c.a.o.Clock.Now(), Kind: corax.EventEscalated, Problem: problem, Text: text})
	if err != nil {
		return err
	}
	return c.a.tellPeople(ctx, p, text)
}

func (c controls) SetStop(ctx context.Context, scope, reason, by string) error {
	if err := c.a.store.SetStop(ctx, scope, reason, by, c.a.o.Clock.Now()); err != nil {
		return err
	}
	if err := c.a.healer.SetStop(ctx); err != nil {
		return err
	}
	return c.a.store.AppendEvents(ctx, corax.Event{
		At: c.a.o.Clock.Now(), Kind: corax.EventStopSwitch, Entity: scope, State: "on", Text: by + " stopped all actions: " + reason,
	})
}

func (c controls) ClearStop(ctx context.Context, scope, by string) error {
	if err := c.a.store.ClearStop(ctx, scope, by); err != nil {
		return err
	}
	if err := c.a.healer.SetStop(ctx); err != nil {
		return err
	}
	return c.a.store.AppendEvents(ctx, corax.Event{
		At: c.a.o.Clock.Now(), Kind: corax.EventStopSwitch, Entity: scope, State: "off", Text: by + " let actions run again",
	})
}

// Answer answers an approval request.
func (a *App) Answer(ctx context.Context, approval string, v corax.Verdict, by corax.Actor) error {
	_, err := a.healer.Answer(ctx, approval, v, by)
	return err
}

// RunMonitor runs one of our own monitors now.
func (a *App) RunMonitor(ctx context.Context, name string) (corax.ProbeResult, error) {
	return a.monitors.RunNow(ctx, name)
}

// Monitors is what the monitors last saw.
func (a *App) Monitors() []corax.ProbeResult { return a.monitors.States() }

// Reload reads the configuration again and puts in force what can change while running: monitors, topology, actions, policy, and whom to tell.
// What can't (addresses, directories, the stream) stays as it is until the next start. A broken file changes nothing.
func (a *App) Reload(ctx context.Context) error {
	if a.o.File == "" {
		return corax.Errorf(corax.Invalid, "read the configuration again", "it was not given as a file")
	}
	next, err := config.Load(a.o.File)
	if err != nil {
		return err
	}
	if err := CheckExpressions(next); err != nil {
		return err
	}
	known, err := newOperators(&next, a.secret("operators"))
	if err != nil {
		return err
	}
	was := a.config()
	next.DataDir, next.Listen, next.Bus, next.Vault, next.Audit = was.DataDir, was.Listen, was.Bus, was.Vault, was.Audit
	next.Access = was.Access
	if err := a.rereadCertificate(was); err != nil {
		return err
	}
	if err := a.learn(next); err != nil {
		return err
	}
	if err := a.monitors.Reload(next.Monitors); err != nil {
		return err
	}
	if err := a.recordReload(ctx, next); err != nil {
		return err
	}
	a.cfg.Store(&next)
	a.operators.Store(&known)
	a.log.Info("the configuration was read again", "monitors", len(next.Monitors))
	return nil
}

// AwaitMonitors returns when every monitor that can be is up; at the end of ctx, with an error that names those that are not.
func (a *App) AwaitMonitors(ctx context.Context) error {
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		var wait []string
		for _, m := range a.monitors.States() {
			if m.State != corax.MonitorUp {
				wait = append(wait, fmt.Sprintf("%s is %s (%s)", m.Monitor, m.State, m.Message))
			}
		}
		if len(wait) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return corax.Errorf(corax.Unavailable, "wait for the monitors", "%s", strings.Join(wait, "; "))
		case <-tick.C:
		}
	}
}

// CheckExpressions says which expressions and templates of a configuration can't be used, and where they stand.
func CheckExpressions(cfg config.Config) error {
	var found decode.Errors
	for _, err := range append(heal.CheckActions(cfg.Actions, cfg.Executors), heal.CheckPolicy(cfg.Policy)...) {
		var f *heal.Fault
		if !errors.As(err, &f) {
			return err
		}
		found = append(found, cfg.Problem(f.Field, f.Err.Hint, "%v", f.Err.Err))
	}
	found = append(found, checkPeople(cfg)...)
	found.Sort()
	return found.OrNil()
}
