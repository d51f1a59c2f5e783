// Package bus is the spine between what observes and what understands: signals go in from receivers and monitors, are stored on a
// NATS JetStream stream, and come out to durable subscribers such as triage.
//
// In: Publish, which returns nil only when every signal given is on the stream. Out: Subscribe, which hands signals on at least once,
// an entity's in the order in which they were published, and forgets them only after the subscriber said that it has them.
//
// The stream lives in this process and opens no port, unless Options.URL names a cluster. By default an acknowledged signal survives
// the death of the process; with SyncAlways also the loss of power. What no subscriber has handled is never dropped to make room: a
// full stream or disk refuses new signals instead. The bus never reads what a message says, and never alters it.
package bus

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"corax"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Options say where the stream lives and how much it holds.
type Options struct {
	Dir        string        // where the stream's files are kept; unused with URL
	URL        string        // an external NATS server or cluster; empty runs one in this process
	Prefix     string        // of the stream's name and subjects, for several Corax on one external server
	SyncAlways bool          // every acknowledged signal survives the loss of power, at a price
	MaxBytes   int64         // how much the stream may hold; 0 is no limit
	MaxAge     time.Duration // how long signals stay after all subscribers have handled them; 0 is no limit
	Partitions int           // how many ordered lanes there are; 4 where 0, 1 where each write is synced in this process
	Log        *slog.Logger  // nothing is logged where nil
}

const (
	defaultPartitions = 4
	maxPartitions     = 1024
	startTimeout      = 10 * time.Second
	ackTimeout        = 15 * time.Second // for the stream to say that it has stored an envelope
	maxInFlight       = 8192             // envelopes sent and not yet stored, over all publishers
	// A retry within this window is dropped by the stream; a later one reaches the subscribers, which know a signal by its id.
	duplicateWindow = 30 * time.Second
)

// Bus is an open stream. Its methods may be called from any goroutine.
type Bus struct {
	opts     Options
	log      *slog.Logger
	stream   jetstream.Stream
	js       jetstream.JetStream
	conn     *nats.Conn
	server   *server.Server // nil with an external one
	lock     *os.File       // keeps a second process out of Dir; nil with an external server
	subjects []string       // by partition
	maxData  int            // the largest envelope that the server takes
	freeDisk func() (free uint64, known bool)

	published atomic.Uint64 // calls of Publish

	trimming sync.Mutex // one maker of room at a time
	life     context.Context
	end      context.CancelFunc
	work     sync.WaitGroup // the goroutines that end with life
	serving  sync.WaitGroup // the embedded server
	closing  sync.Once

	mu     sync.Mutex
	closed bool
	subs   map[string]struct{} // names in use
}

// Open starts the stream, or connects to it. A directory that another process holds is a Conflict.
func Open(ctx context.Context, opts Options) (*Bus, error) {
	if opts.Partitions == 0 {
		opts.Partitions = defaultPartitions
	}
	if opts.Partitions < 1 || opts.Partitions > maxPartitions {
		return nil, corax.Errorf(corax.Invalid, "open bus", "%d partitions, expected 1 to %d", opts.Partitions, maxPartitions)
	}
	if opts.SyncAlways && opts.URL == "" {
		// Every envelope then costs a wait for the disk, and in one process all lanes lead to the same subscribers.
		opts.Partitions = 1
	}
	log := opts.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	b := &Bus{opts: opts, log: log, subs: map[string]struct{}{}}
	b.life, b.end = context.WithCancel(context.Background())
	for p := range opts.Partitions {
		b.subjects = append(b.subjects, fmt.Sprintf("%ssignals.%d", opts.Prefix, p))
	}
	if err := b.start(ctx); err != nil {
		_ = b.Close() // what went wrong before is what is told
		return nil, err
	}
	if opts.MaxAge > 0 {
		b.work.Go(b.age)
	}
	return b, nil
}

func (b *Bus) start(ctx context.Context) error {
	if b.opts.URL == "" {
		if err := b.embed(); err != nil {
			return err
		}
	}
	if err := b.connect(); err != nil {
		return err
	}
	maxBytes := b.opts.MaxBytes
	if maxBytes <= 0 {
		maxBytes = -1
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	stream, err := b.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name:        b.opts.Prefix + "CORAX",
		Description: "signals on their way to triage",
		Subjects:    []string{b.opts.Prefix + "signals.*"},
		Retention:   jetstream.LimitsPolicy,
		Discard:     jetstream.DiscardNew, // full refuses, it never forgets
		MaxBytes:    maxBytes,
		Storage:     jetstream.FileStorage,
		Duplicates:  duplicateWindow,
		AllowDirect: true,
	})
	if err != nil {
		return &corax.Error{Code: corax.Unavailable, Op: "open bus: create stream", Err: err,
			Hint: "check the free disk space, and that JetStream is enabled where an external server is used"}
	}
	b.stream = stream
	b.maxData = int(min(b.conn.MaxPayload(), 1<<30)) - 1024 // headers and subject need some
	return nil
}

// embed starts a server in this process that listens nowhere.
func (b *Bus) embed() error {
	if b.opts.Dir == "" {
		return corax.Errorf(corax.Invalid, "open bus", "neither a directory nor the URL of a server is given")
	}
	dir, err := filepath.Abs(b.opts.Dir)
	if err != nil {
		return corax.Errorf(corax.Invalid, "open bus "+b.opts.Dir, "%w", err)
	}
	op := "open bus " + dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return &corax.Error{Code: corax.Unavailable, Op: op, Err: err, Hint: "choose a data directory that can be written"}
	}
	if b.lock, err = lockDir(dir); err != nil {
		return &corax.Error{Code: corax.Conflict, Op: op, Err: err,
			Hint: "another corax uses this data directory; stop it or choose another directory"}
	}
	b.freeDisk = func() (uint64, bool) { return freeBytes(dir) }
	srv, err := newServer(dir, b.opts.SyncAlways, b.log)
	if err != nil {
		return corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	b.server = srv
	b.serving.Go(srv.Start)
	if !srv.ReadyForConnections(startTimeout) {
		return corax.Errorf(corax.Unavailable, op, "the embedded server was not ready within %s", startTimeout)
	}
	return nil
}

func (b *Bus) connect() error {
	opts := []nats.Option{nats.Name("corax"), nats.MaxReconnects(-1), nats.Timeout(startTimeout),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			b.log.Warn("bus connection", "error", err.Error())
		})}
	if b.server != nil {
		opts = append(opts, nats.InProcessServer(b.server))
	}
	conn, err := nats.Connect(b.opts.URL, opts...)
	if err != nil {
		// The URL may hold a password: it is not repeated.
		return &corax.Error{Code: corax.Unavailable, Op: "open bus: connect", Err: err,
			Hint: "check that the NATS server of the configuration is up, or leave its URL out to run one in process"}
	}
	b.conn = conn
	b.js, err = jetstream.New(conn, jetstream.WithPublishAsyncMaxPending(maxInFlight),
		jetstream.WithPublishAsyncTimeout(ackTimeout), jetstream.WithDefaultTimeout(startTimeout))
	if err != nil {
		return corax.Errorf(corax.Internal, "open bus", "%w", err)
	}
	return nil
}

// Close stops the subscribers, then the stream, and returns when nothing of the bus runs any more. Closing twice is fine.
func (b *Bus) Close() error {
	var err error
	b.closing.Do(func() {
		b.mu.Lock()
		b.closed = true
		b.mu.Unlock()
		b.end()
		b.work.Wait() // the subscribers end first: they still acknowledge what they have handled
		if b.conn != nil {
			b.conn.Close()
		}
		if b.server != nil {
			b.server.Shutdown()
			b.server.WaitForShutdown()
			b.serving.Wait()
		}
		if b.lock != nil {
			err = b.lock.Close()
		}
	})
	return err
}
