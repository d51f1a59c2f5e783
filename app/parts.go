package app

import (
	"context"
	"crypto/rand"
	"net"
	"path/filepath"
	"slices"

	"github.com/go-chi/chi/v5"

	"corax"
	"corax/access"
	"corax/config"
	"corax/heal"
	"corax/investigate"
	"corax/monitor"
	"corax/receive"
	"corax/server"
	"corax/triage"
)

func (a *App) startHealer(ctx context.Context, cfg *config.Config) error {
	database := filepath.Join(cfg.DataDir, workflowsFile)
	if ref := cfg.Heal.Database; ref != "" {
		var err error
		if database, err = a.secret("workflow engine")(ref); err != nil {
			return err
		}
	}
	h, err := heal.New(heal.Options{
		Database: database, Store: a.store, Probe: a.RunMonitor, Monitors: a.monitorsOf,
		Topology: a.topology, Actions: a.actions, Policy: func() corax.Policy { return a.config().Policy },
		Limits: func() heal.Limits { return heal.Limits(a.config().Heal.Limits) }, Ground: a.o.Ground,
		Executors: func() corax.Executors { return a.config().Executors }, Escalate: a.tellPeople, Hands: a.desk,
		Redactor: &a.redactor, Resolve: a.secrets.Resolve, Clock: a.o.Clock,
		StableFor: cfg.Heal.StableFor, EscalateAfter: cfg.Heal.EscalateAfter, FallBackAfter: cfg.Heal.FallBackAfter, RetryEvery: cfg.Heal.RetryEvery, Log: a.log,
	})
	if err != nil {
		return err
	}
	a.healer = h
	if err := h.Start(ctx); err != nil {
		return err
	}
	a.onStop(h.Stop)
	return nil
}

func (a *App) startInvestigator(ctx context.Context, cfg *config.Config) error {
	o := investigate.Options{
		Store: a.store, Engine: a.o.Engine, Topology: a.topology, Actions: a.actions, Escalate: a.tellPeople, OnSite: a.desk.Can, Clock: a.o.Clock,
		Settle: cfg.Investigate.Settle, Most: cfg.Investigate.Most, Log: a.log,
	}
	if cfg.Heal.Enabled {
		o.Healer = a.healer
	}
	a.investigator = investigate.New(o)
	if err := a.investigator.Start(ctx); err != nil {
		return err
	}
	a.onStop(a.investigator.Stop)
	return nil
}

func (a *App) startTriage(ctx context.Context, cfg *config.Config) error {
	a.triage = triage.New(triage.Options{
		Store: a.store, Clock: a.o.Clock, FlapWindow: cfg.Triage.FlapWindow, FlapCount: cfg.Triage.FlapCount,
		ReopenWithin: cfg.Triage.ReopenWithin, Log: a.log,
	})
	a.triage.OnChange(func(changed []corax.Incident) {
		a.investigator.Notify()
		topics := []string{"incidents", "signals"}
		for _, i := range changed {
			topics = append(topics, "incident:"+i.ID)
		}
		a.live.Publish(topics...)
	})
	if err := a.triage.Start(ctx); err != nil {
		return err
	}
	a.onStop(a.triage.Stop)
	stop, err := a.bus.Subscribe(context.WithoutCancel(ctx), triageName, a.triage.Handle)
	if err != nil {
		return err
	}
	a.onStop(stop)
	return nil
}

// makeMonitors makes them before the healer starts, since a plan that it resumes runs them at once; and it ends them after the healer, so that
// no plan takes their end for an answer.
func (a *App) makeMonitors(_ context.Context, cfg *config.Config) (err error) {
	a.monitors, err = monitor.New(monitor.Options{
		Monitors: cfg.Monitors, Publish: a.publishSeen, Clock: a.o.Clock, Secrets: a.secret("monitors"), Log: a.log, History: a.history.Record,
		Checkpoint: monitor.FileCheckpoint{Dir: filepath.Join(cfg.DataDir, "monitors")},
	})
	if err == nil {
		a.onStop(a.monitors.Stop)
	}
	return err
}

// startMonitors begins to run them by their schedule, once there is somebody to hear of it.
func (a *App) startMonitors(ctx context.Context, _ *config.Config) error {
	return a.monitors.Start(context.WithoutCancel(ctx))
}

func (a *App) startServer(ctx context.Context, cfg *config.Config) error {
	known, err := newOperators(cfg, a.secret("operators"))
	if err != nil {
		return err
	}
	a.operators.Store(&known)
	for _, w := range cfg.Warnings {
		a.log.Warn("the configuration has what looks like a mistake", "where", w.Error())
	}
	l, err := a.listen(ctx, cfg)
	if err != nil {
		return err
	}
	in, err := receive.New(receive.Options{
		Publish: a.publish, Clock: a.o.Clock, Tokens: cfg.Tokens, RequireToken: !loopback(l.Addr()) || cfg.Reachable(), Secrets: a.secret("receivers"),
		ResolveTimeout: cfg.Receivers.Alertmanager.ResolveTimeout, EntityLabels: cfg.Receivers.Alertmanager.EntityLabels,
		Mappings: cfg.Receivers.Generic, Log: a.log,
	})
	if err != nil {
		_ = l.Close()
		return err
	}
	limits := cfg.Access.Limits
	a.limiter = access.NewLimiter(a.o.Clock, access.Limits{People: access.Rate(limits.People), Anonymous: access.Rate(limits.Anonymous)})
	a.front, err = a.pages()
	if err != nil {
		_ = l.Close()
		return err
	}
	a.serve(l, server.New(server.Options{
		Version: a.o.Version, Token: a.address.Token, Operator: a.operator, Access: a.access, Limit: a.limiter, Front: front(cfg),
		PublicURL: cfg.Notify.PublicURL, Backups: filepath.Join(cfg.DataDir, "backups"), Records: a.records(), Find: a.lookup, Controls: a.limited(), People: a.limited(),
		Scenarios: a.scenarios,
		Clock:     a.o.Clock, Log: a.log, Metrics: a.metrics(), Redact: a.redactor.JSON, Audit: limitedLedger{ledger{a}, a.records()},
		System: system{controls{a}}, Policies: controls{a}, MonitorFiles: controls{a}, Replies: a.store, Run: rand.Text(),
		Pages: a.front, Live: a.live,
		Receive: func(r chi.Router) {
			in.Routes(r)
			a.answers(r)
			r.Handle("/heartbeat/{name}", a.monitors.HeartbeatHandler())
		},
	}))
	return nil
}

func loopback(addr net.Addr) bool {
	host, _, err := net.SplitHostPort(addr.String())
	return err == nil && net.ParseIP(host).IsLoopback()
}

func (a *App) topology() corax.Topology { return a.config().Topology }

func (a *App) actions() []corax.Action { return a.config().Actions }

// monitorsOf names our own monitors about these entities.
func (a *App) monitorsOf(entities []string) []string {
	var names []string
	for _, m := range a.config().Monitors {
		if slices.Contains(entities, m.Entity) && m.Log == nil && m.Heartbeat == nil {
			names = append(names, m.Name)
		}
	}
	return names
}
