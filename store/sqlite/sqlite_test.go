package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"corax"
	"corax/store"
	"corax/store/storetest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Path: path, Clock: storetest.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Store { return open(t, filepath.Join(t.TempDir(), "corax.db")) })
}

func TestEveryStatementFitsTheSchema(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "corax.db"))
	for _, query := range statements() {
		stmt, err := s.write.conn.PrepareContext(t.Context(), query)
		if err != nil {
			t.Errorf("%s\n%v", query, err)
			continue
		}
		_ = stmt.Close()
	}
}

func batch(from, n int) store.TriageBatch {
	b := store.TriageBatch{IncidentOf: map[string]string{}}
	for i := from; i < from+n; i++ {
		g := corax.Signal{
			ID: fmt.Sprintf("sig-%016x", uint64(i)*0x9e3779b97f4a7c15), At: storetest.Now().Add(time.Duration(i) * time.Millisecond),
			Source: "alertmanager", Entity: fmt.Sprintf("svc-%d", i%7), Severity: corax.High, Fingerprint: fmt.Sprintf("fp-%d", i%1000),
			Message:    "HTTP 401 from /api/orders: token signed with an unknown key",
			Labels:     map[string]string{"alertname": "LoginFails", "instance": fmt.Sprintf("10.0.0.%d:8080", i%256), "job": "user"},
			Attributes: map[string]string{"status": "401", "kid": "2026-03-a"},
		}
		b.Signals = append(b.Signals, g)
		b.IncidentOf[g.ID] = fmt.Sprintf("inc-%d", i%100)
	}
	return b
}

func commit(t testing.TB, s *Store, b store.TriageBatch) {
	t.Helper()
	if err := s.CommitTriage(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

func count(t testing.TB, s *Store) int64 {
	t.Helper()
	n, err := s.CountSignals(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOpenAgainFindsEverything(t *testing.T) {
	path := filepath.Join(t.TempDir(), "some where", "corax #1?.db")
	first := open(t, path)
	commit(t, first, batch(0, 10))
	if err := first.AppendEvents(t.Context(), corax.Event{Text: "1"}); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := open(t, path)
	if err := second.AppendEvents(t.Context(), corax.Event{Text: "2"}); err != nil {
		t.Fatal(err)
	}
	events, err := second.Events(t.Context(), store.EventFilter{})
	if err != nil || len(events) != 2 || events[0].ID >= events[1].ID {
		t.Errorf("events after opening again: %v, %v", events, err)
	}
	if n := count(t, second); n != 10 {
		t.Errorf("%d signals after opening again, expected 10", n)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode: %v, %v", info.Mode(), err)
	}
}

func TestNewerFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "corax.db")
	s := open(t, path)
	exec(t, s, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Path: path}); corax.CodeOf(err) != corax.Invalid || corax.HintOf(err) == "" {
		t.Errorf("a file of a newer version: %v", err)
	}
}

func TestUnusableFiles(t *testing.T) {
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage.db")
	if err := os.WriteFile(garbage, []byte("this is not a database, whatever its name says"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", dir, garbage, filepath.Join(garbage, "below.db")} {
		if s, err := Open(t.Context(), Options{Path: path}); err == nil {
			t.Errorf("%q was opened", path)
			_ = s.Close()
		} else if !errors.As(err, new(*corax.Error)) {
			t.Errorf("%q: %v is not in our words", path, err)
		}
	}
}

func exec(t testing.TB, s *Store, query string, args ...any) {
	t.Helper()
	if _, err := s.write.conn.ExecContext(context.Background(), query, args...); err != nil {
		t.Fatal(err)
	}
}

func pragma(t testing.TB, s *Store, query string) (v int64) {
	t.Helper()
	if err := s.write.conn.QueryRowContext(context.Background(), query).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestFullDiskRefusesAndKeeps(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "corax.db"))
	commit(t, s, batch(0, 100))
	pages := pragma(t, s, `PRAGMA page_count`)
	pragma(t, s, fmt.Sprintf(`PRAGMA max_page_count = %d`, pages+4))
	err := s.CommitTriage(t.Context(), batch(100, 5000))
	if corax.CodeOf(err) != corax.Unavailable || corax.HintOf(err) == "" {
		t.Fatalf("a full disk: %v (hint %q)", err, corax.HintOf(err))
	}
	if n := count(t, s); n != 100 {
		t.Errorf("%d signals, expected the 100 from before", n)
	}
	pragma(t, s, `PRAGMA max_page_count = 1000000`)
	commit(t, s, batch(100, 5000))
	if n := count(t, s); n != 5100 {
		t.Errorf("%d signals once there is room, expected 5100", n)
	}
}

func TestPruneBySize(t *testing.T) {
	path := filepath.Join(t.TempDir(), "corax.db")
	s := open(t, path)
	live := store.TriageBatch{Incidents: []corax.Incident{{ID: "inc-7", State: corax.IncidentOpen}}}
	commit(t, s, live)
	for i := range 20 {
		commit(t, s, batch(i*1000, 1000))
	}
	before, err := s.Size(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Prune(t.Context(), store.Retention{Bytes: before / 2}, storetest.Now()); err != nil {
		t.Fatal(err)
	}
	after, err := s.Size(t.Context())
	if err != nil || after > before/2 || after < before/4 {
		t.Errorf("%d bytes before, %d after, asked for %d; %v", before, after, before/2, err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() > before*6/10 {
		t.Errorf("the file still has %d bytes, %v", info.Size(), err)
	}
	newest := batch(19_999, 1).Signals[0].ID
	oldOfLive := batch(7, 1).Signals[0].ID
	known, err := s.KnownSignals(t.Context(), []string{newest, oldOfLive, batch(8, 1).Signals[0].ID})
	if err != nil || len(known) != 2 || !known[newest] || !known[oldOfLive] {
		t.Errorf("kept %v, expected the newest and the live incident's; %v", known, err)
	}
}

func TestBackupAndRestore(t *testing.T) {
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "corax.db"), filepath.Join(dir, "backup.db")
	ctx := t.Context()
	s := open(t, path)
	commit(t, s, batch(0, 100))
	if err := s.Backup(ctx, backup); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(ctx, backup); corax.CodeOf(err) != corax.Conflict {
		t.Errorf("a backup over a backup: %v", err)
	}
	if err := s.Backup(ctx, filepath.Join(dir, "no", "such", "directory")); corax.CodeOf(err) != corax.Unavailable {
		t.Errorf("a backup to nowhere: %v", err)
	}
	commit(t, s, batch(100, 100))

	if err := Restore(ctx, backup, path, false); corax.CodeOf(err) != corax.Conflict {
		t.Errorf("restore over a store: %v", err)
	}
	if err := Restore(ctx, backup, path, true); corax.CodeOf(err) != corax.Conflict {
		t.Errorf("restore over an open store: %v", err)
	}
	if n := count(t, s); n != 200 {
		t.Errorf("%d signals after refused restores, expected 200", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Restore(ctx, backup, path, true); err != nil {
		t.Fatal(err)
	}
	if n := count(t, open(t, path)); n != 100 {
		t.Errorf("%d signals after the restore, expected 100", n)
	}
	elsewhere := filepath.Join(dir, "new", "corax.db")
	if err := Restore(ctx, backup, elsewhere, false); err != nil {
		t.Fatal(err)
	}
	if n := count(t, open(t, elsewhere)); n != 100 {
		t.Errorf("%d signals in the new place, expected 100", n)
	}
}

func TestBadBackups(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good.db")
	s := open(t, filepath.Join(dir, "corax.db"))
	commit(t, s, batch(0, 2000))
	if err := s.Backup(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(dir, "cut.db")
	holed := filepath.Join(dir, "holed.db")
	text := filepath.Join(dir, "text.db")
	other := filepath.Join(dir, "other.db")
	copy(data[len(data)/2:], make([]byte, 64<<10))
	for path, content := range map[string][]byte{cut: data[:len(data)/3], holed: data, text: []byte("not a database at all, sorry")} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db, err := sql.Open("sqlite", other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`CREATE TABLE cats (name)`); err != nil {
		t.Fatal(err)
	}
	_ = db.Close()
	target := filepath.Join(dir, "target.db")
	for _, path := range []string{cut, holed, text, other, filepath.Join(dir, "missing.db")} {
		if err := Restore(t.Context(), path, target, true); corax.CodeOf(err) != corax.Invalid {
			t.Errorf("%s: %v", filepath.Base(path), err)
		}
	}
	if _, err := os.Lstat(target); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a bad backup left something behind: %v", err)
	}
}

func TestPanicInAChangeLeavesTheStoreUsable(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "corax.db"))
	if err := s.SaveProblem(t.Context(), corax.Problem{ID: "p1"}, nil, nil); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = s.UpdateProblem(t.Context(), "p1", func(*corax.Problem) error { panic("a defect elsewhere") })
	}()
	commit(t, s, batch(0, 1))
}

// What is counted on by transactions, and what decisions are found by, stays true of the tables that it is about.
func TestWhatIsKeptBesideFollows(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "corax.db"))
	ctx := t.Context()
	number := func(query string) (n int64) {
		t.Helper()
		if err := s.read.QueryRowContext(ctx, query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	counted := func(when string) {
		t.Helper()
		n, err := s.CountSignals(ctx)
		if want := number(`SELECT count(*) FROM signals`); err != nil || n != want {
			t.Errorf("%s: %d signals are counted, %d are there, %v", when, n, want, err)
		}
	}
	counted("empty")
	commit(t, s, batch(0, 150))
	counted("stored")
	commit(t, s, batch(100, 100)) // half of them are known
	counted("stored again")
	if err := s.CommitTriage(ctx, store.TriageBatch{Signals: append(batch(500, 5).Signals, corax.Signal{})}); err == nil {
		t.Error("a signal without an id was stored")
	}
	counted("refused")

	for i := range 3 {
		d := corax.Decision{ID: fmt.Sprint("dec-", i), At: storetest.Now(), Plan: "pln-gone", Rule: "r", Verdict: corax.Allow, Input: map[string]any{
			"action": map[string]any{"name": "restart", "touches": []string{"db", "db", "web"}}, "entity": map[string]any{"id": "db"}}}
		if err := s.SaveDecision(ctx, d); err != nil {
			t.Fatal(err)
		}
	}
	if n := number(`SELECT count(*) FROM decision_finds`); n != 3*6 { // all, verdict, rule, action, db, web
		t.Errorf("3 decisions stand in %d places", n)
	}
	if err := s.Prune(ctx, store.Retention{Age: time.Hour}, storetest.Now().Add(100*time.Hour)); err != nil {
		t.Fatal(err)
	}
	counted("forgotten")
	if a, b := number(`SELECT count(*) FROM decisions`), number(`SELECT count(*) FROM decision_finds`); a != 0 || b != 0 {
		t.Errorf("%d decisions are left, in %d places", a, b)
	}
}
