// Package app wires the rooms into one running Corax. serve, demo, scenario tests and the end-to-end tests start and stop the same App;
// nothing is decided here, and every goroutine belongs to a part that App.Stop stops, in the reverse of the order of the flow:
//
//	monitor, receive -> bus -> triage -> investigate -> heal -> hands, notify
package app

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"corax"
	"corax/access"
	"corax/audit"
	"corax/bus"
	"corax/config"
	"corax/hands"
	"corax/heal"
	"corax/investigate"
	"corax/knowledge"
	"corax/live"
	"corax/lookup"
	"corax/monitor"
	"corax/monitor/history"
	"corax/notify"
	"corax/notify/link"
	"corax/scenario"
	"corax/store/sqlite"
	"corax/triage"
	"corax/vault"
	"corax/web"
)

// AddressFile is the name of the file in the data directory by which the CLI finds the running Corax. It holds an Address.
const AddressFile = "api.json"

// Address is where a running Corax listens, and the token of its API.
type Address struct {
	URL   string `json:"url"`
	Token string `json:"token"`
	PID   int    `json:"pid"`
	// Pin is the SHA-256 of its TLS certificate, in hex; empty where it has none.
	Pin string `json:"pin,omitempty"`
}

// Options say how to run.
type Options struct {
	Config  config.Config
	File    string // the configuration's file, read again at a reload; may be empty
	Engine  investigate.Engine
	Version string
	Ground  corax.Ground // where outcomes of actions are seen; production where empty
	// Catalogue is the digest of the knowledge that Engine works with.
	Catalogue string
	Knowledge *knowledge.Catalogue // that knowledge, to be looked at; may be nil
	// RunScenario carries out a scenario that somebody asked for; progress takes a line for each moment. Nil: none can be run.
	RunScenario func(ctx context.Context, s scenario.Scenario, progress func(line string)) (scenario.Result, error)
	Clock       corax.Clock
	Log         *slog.Logger
}

// App is a running Corax.
type App struct {
	o     Options
	cfg   atomic.Pointer[config.Config]
	log   *slog.Logger
	stops []func() // in the order of starting
	ready atomic.Bool

	store        *sqlite.Store
	bus          *bus.Bus
	triage       *triage.Triage
	investigator *investigate.Investigator
	healer       *heal.Healer
	monitors     *monitor.Monitors
	history      *history.Recorder
	lookup       *lookup.Lookup
	redactor     vault.Redactor // knows every secret of the vault and of the configuration
	secrets      *vault.Keeper
	uses         uses // of secrets, that are recorded together
	auditKey     *audit.Key
	anchorer     *audit.Anchorer
	links        *link.Signer
	notifier     *notify.Notifier
	desk         *hands.Desk
	scenarios    scenarioDesk
	live         *live.Hub
	front        *web.Handler
	growth       growth // of the store
	started      time.Time
	operators    atomic.Pointer[operators]
	address      Address
	access       *access.Book
	limiter      *access.Limiter
	firstAdmin   string // path of the link that makes the first admin; empty where there is a user
	certificate  certificate

	editing sync.Mutex // of the configuration's files

	mu      sync.Mutex
	stopped bool
}

// Start brings everything up and returns when it serves. What had been started is stopped again where something fails.
func Start(ctx context.Context, o Options) (*App, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	a := &App{o: o, started: o.Clock.Now()}
	a.log = slog.New(a.redactor.LogHandler(o.Log.Handler()))
	a.cfg.Store(&o.Config)
	if err := a.start(ctx); err != nil {
		a.Stop()
		return nil, err
	}
	a.ready.Store(true)
	return a, nil
}

func (a *App) start(ctx context.Context) error {
	cfg := a.config()
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return &corax.Error{Code: corax.Unavailable, Op: "make the data directory " + cfg.DataDir, Err: err, Hint: "name another with --data-dir"}
	}
	for _, part := range []func(context.Context, *config.Config) error{
		a.startSecrets, a.startStore, a.startLive, a.startRecords, a.startAudit, a.startAccess, a.startBus, a.startPeople, a.makeMonitors, a.startHealer,
		a.startInvestigator, a.startTriage,
		a.startMonitors, a.startDesk, a.startScenarios, a.startServer, a.startUpkeep,
	} {
		if err := part(ctx, cfg); err != nil {
			return err
		}
	}
	return nil
}

// Stop ends everything and returns when it has. Twice is fine.
func (a *App) Stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stopped {
		return
	}
	a.stopped = true
	a.ready.Store(false)
	for n := len(a.stops) - 1; n >= 0; n-- {
		a.stops[n]()
	}
}

func (a *App) onStop(f func()) { a.stops = append(a.stops, f) }

func (a *App) config() *config.Config { return a.cfg.Load() }

// URL is where it listens.
func (a *App) URL() string { return a.address.URL }

// Store is the record of everything; for reading.
func (a *App) Store() *sqlite.Store { return a.store }

// Log writes to the log that it was started with, without secrets.
func (a *App) Log() *slog.Logger { return a.log }

// Bus is the stream; for reading.
func (a *App) Bus() *bus.Bus { return a.bus }

func (a *App) startStore(ctx context.Context, cfg *config.Config) (err error) {
	if a.auditKey, err = audit.OpenKey(AuditKeyFile(cfg.DataDir), rand.Reader); err != nil {
		return err
	}
	a.store, err = sqlite.Open(ctx, sqlite.Options{
		Path: StoreFile(cfg.DataDir), SyncAlways: cfg.SyncAlways(), Clock: a.o.Clock, Log: a.log,
		Redact: a.redactor.JSON, SignHead: a.auditKey.SignHead,
	})
	if err == nil {
		a.onStop(func() { a.report("close the store", a.store.Close()) })
	}
	return err
}

func (a *App) startBus(ctx context.Context, cfg *config.Config) (err error) {
	a.bus, err = bus.Open(ctx, bus.Options{
		Dir: filepath.Join(cfg.DataDir, streamDir), URL: cfg.Bus.URL, SyncAlways: cfg.SyncAlways(), MaxBytes: cfg.Bus.MaxBytes,
		MaxAge: cfg.Retention.Age, Partitions: cfg.Bus.Partitions, Log: a.log,
	})
	if err == nil {
		a.onStop(func() { a.report("close the stream", a.bus.Close()) })
	}
	return err
}

func (a *App) report(op string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		a.log.Error(op, "error", err)
	}
}

// listen binds the address and writes down where it is, so that the CLI finds it. The token is made anew at every start.
func (a *App) listen(ctx context.Context, cfg *config.Config) (net.Listener, error) {
	if err := cfg.Access.CheckListen(cfg.Listen); err != nil {
		return nil, err // --listen may differ from what was checked with the configuration
	}
	scheme, wrap := "http://", func(l net.Listener) net.Listener { return l }
	if files := cfg.Access.TLS; files.Cert != "" {
		if err := a.certificate.read(files); err != nil {
			return nil, err
		}
		scheme, wrap = "https://", a.certificate.wrap
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return nil, &corax.Error{Code: corax.Unavailable, Op: "listen on " + cfg.Listen, Err: err, Hint: "set listen to a free address"}
	}
	a.address = Address{URL: scheme + l.Addr().String(), Token: rand.Text(), PID: os.Getpid(), Pin: a.certificate.pin()}
	if err := a.tellAddress(cfg); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	a.onStop(func() { _ = os.Remove(filepath.Join(cfg.DataDir, AddressFile)) })
	return wrap(l), nil
}

// tellAddress writes down where the CLI finds this Corax.
func (a *App) tellAddress(cfg *config.Config) error {
	file := filepath.Join(cfg.DataDir, AddressFile)
	data, err := json.Marshal(a.address)
	if err == nil {
		err = writeFile(file, data)
	}
	if err != nil {
		return corax.Errorf(corax.Unavailable, "write "+file, "%w", err)
	}
	return nil
}

// writeFile replaces a file at once, readable by its owner only.
func writeFile(file string, data []byte) error {
	tmp := fmt.Sprintf("%s.%d", file, os.Getpid())
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, file)
}

// serve runs an HTTP server until the App stops.
func (a *App) serve(l net.Listener, h http.Handler) {
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelWarn),
	}
	s.RegisterOnShutdown(a.live.Stop) // else those who listen would hold the server up
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			a.report("serve HTTP", err)
		}
	}()
	a.onStop(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer cancel()
		if s.Shutdown(ctx) != nil {
			_ = s.Close()
		}
		<-done
	})
}
