// Package sqlite keeps Corax's records in one SQLite file: signals, incidents, problems, the runs of plans with their decisions and
// approvals, the timeline, silences, kill switches, and the audit of all of it.
//
// In: what triage, the investigator, the healer and people decided, each as one transaction. Out: the same records by id or by filter,
// and the events of each transaction, after it was committed, to listeners in this process.
//
// One connection writes, a few read, and none waits for the other (write-ahead log). What a method has stored survives the death of the
// process; with SyncAlways also the loss of power. It holds no rule of the domain: it does not decide what an incident is, and it never
// alters a signal, an event or a decision once it is stored. A full disk refuses new records and keeps those that are there.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"corax"
	"corax/audit"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// readers is how many queries run at once.
const readers = 4

// Options say where the records are.
type Options struct {
	Path       string       // the file; made where it is missing, with its directory
	SyncAlways bool         // every transaction survives the loss of power, at a price
	Clock      corax.Clock  // for what ends "now"
	Log        *slog.Logger // nothing is logged where nil

	Redact   func(doc []byte) []byte // takes secrets out of a JSON document before it is stored; may be nil
	SignHead func(audit.Head) string // signs the end of the audit with every entry; may be nil
}

// Store is an open file. Its methods may be called from any goroutine.
type Store struct {
	opts   Options
	write  *writer
	read   *sql.DB
	events listeners
	fresh  chan struct{} // signals were stored

	mu      sync.Mutex
	stmts   map[string]*sql.Stmt // of the readers, by their SQL; nil once closed
	head    audit.Head           // of the audit, committed
	signals int64                // that are stored, committed; known once counted
	counted bool
	closing sync.Once
}

// Open opens the file, and brings its schema up to date. A file that a newer Corax has written is Invalid.
func Open(ctx context.Context, opts Options) (*Store, error) {
	op := "open store " + opts.Path
	if opts.Path == "" {
		return nil, corax.Errorf(corax.Invalid, "open store", "no file is named")
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if err := makeFile(opts.Path); err != nil {
		return nil, &corax.Error{Code: corax.Unavailable, Op: op, Err: err, Hint: "choose a data directory that can be written"}
	}
	synchronous := "synchronous(normal)"
	if opts.SyncAlways {
		synchronous = "synchronous(full)"
	}
	db, err := openFile(opts.Path, 1, "busy_timeout(10000)", "auto_vacuum(incremental)", "journal_mode(wal)", synchronous,
		"cache_size(-65536)", "temp_store(memory)", "wal_autocheckpoint(16000)", "journal_size_limit(134217728)")
	if err != nil {
		return nil, fail(op, err)
	}
	s := &Store{opts: opts, stmts: map[string]*sql.Stmt{}, fresh: make(chan struct{}, 1)}
	if err := s.open(ctx, db); err != nil {
		_ = s.Close()
		_ = db.Close()
		return nil, fail(op, err)
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, db *sql.DB) (err error) {
	if err := migrate(ctx, db); err != nil {
		return err
	}
	if s.read, err = openFile(s.opts.Path, readers, "busy_timeout(10000)", "query_only(1)", "cache_size(-8192)"); err != nil {
		return err
	}
	if s.write, err = newWriter(ctx, db, s.opts); err != nil {
		return err
	}
	s.head = s.write.head
	return s.fillBriefs(ctx)
}

// Close waits for the transaction under way, ends the listeners and closes the file. Closing twice is fine.
func (s *Store) Close() (err error) {
	s.closing.Do(func() {
		if s.write != nil {
			err = s.write.close()
		}
		s.events.closeAll()
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, stmt := range s.stmts {
			err = errors.Join(err, stmt.Close())
		}
		s.stmts = nil
		if s.read != nil {
			err = errors.Join(err, s.read.Close())
		}
	})
	return err
}

// makeFile makes the file and its directory, readable by its owner only: it holds what others wrote about our systems.
func makeFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// openFile opens at most conns connections to an existing file, each with the given pragmas.
func openFile(path string, conns int, pragmas ...string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: url.Values{"_pragma": pragmas, "mode": {"rw"}}.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

func migrate(ctx context.Context, db *sql.DB) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir, goose.WithDisableGlobalRegistry(true),
		goose.WithAllowOutofOrder(true))
	if err != nil {
		return err
	}
	has, wants, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if has > wants {
		return &corax.Error{Code: corax.Invalid, Op: "read the store's schema",
			Err:  errors.New("version " + strconv.FormatInt(has, 10) + ", this program knows up to " + strconv.FormatInt(wants, 10)),
			Hint: "a newer corax has written this file; run that one, or restore an older backup"}
	}
	_, err = p.Up(ctx)
	return err
}
