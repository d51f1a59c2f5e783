package audit_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corax"
	"corax/audit"
)

// chain is a chain in memory that grows.
type chain struct {
	t    *testing.T
	mu   sync.Mutex // the anchorer looks while the test lets it grow
	rows []audit.Row
}

func (c *chain) grow(n int) {
	for range n {
		row, err := audit.Seal(c.head(), corax.AuditEntry{
			At: time.Now(), Who: "corax", What: corax.AuditReloaded, On: "config", Detail: map[string]string{"<&>": "ä\u2028"},
		})
		if err != nil {
			c.t.Fatal(err)
		}
		c.mu.Lock()
		c.rows = append(c.rows, row)
		c.mu.Unlock()
	}
}

func (c *chain) head() audit.Head {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.rows) == 0 {
		return audit.Head{}
	}
	return c.rows[len(c.rows)-1].Head()
}

func newAnchorer(t *testing.T, c *chain, log *bytes.Buffer) *audit.Anchorer {
	t.Helper()
	dir := t.TempDir()
	key, err := audit.OpenKey(filepath.Join(dir, "audit.key"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &audit.Anchorer{Key: key, Head: c.head, Dir: dir, Every: time.Minute, After: 10, Log: slog.New(slog.NewTextHandler(log, nil))}
}

func anchors(t *testing.T, a *audit.Anchorer) []audit.Signed {
	t.Helper()
	list, err := audit.ReadAnchors(a.File())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAnchorsByTimeAndByCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, log := &chain{t: t}, &bytes.Buffer{}
		a := newAnchorer(t, c, log)
		a.Every = time.Hour
		posted := 0
		a.Post = func(context.Context, audit.Signed) error {
			if posted++; posted == 2 {
				return errors.New("nobody is there")
			}
			return nil
		}
		c.grow(1)
		step := func(what string, wait time.Duration, want int) {
			t.Helper()
			time.Sleep(wait)
			synctest.Wait()
			if got := len(anchors(t, a)); got != want {
				t.Errorf("%s: %d anchors, expected %d", what, got, want)
			}
		}
		if err := a.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		step("at the start", 0, 1)
		step("nothing new", 10*time.Minute, 1)
		c.grow(9)
		step("fewer than after", 2*time.Second, 1)
		c.grow(1)
		step("as many as after", 2*time.Second, 2)
		c.grow(1)
		step("before every", 59*time.Minute, 2)
		step("after every", 2*time.Minute, 3)
		c.grow(1)
		a.Stop()
		a.Stop()
		step("at the end", 0, 4)
		if posted != 4 || !strings.Contains(log.String(), "nobody is there") {
			t.Errorf("posted %d times, log %s", posted, log)
		}
		report := audit.Verify(audit.Claim{Key: a.Key.Public(), Rows: c.rows, Anchors: anchors(t, a)})
		if !report.OK || report.Vouched[0].Anchored != 13 {
			t.Errorf("%+v", report)
		}
	})
}

func TestAnchorsAfterACrash(t *testing.T) {
	c, log := &chain{t: t}, &bytes.Buffer{}
	a := newAnchorer(t, c, log)
	c.grow(3)
	if err := a.Anchor(t.Context()); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(a.File())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(a.File(), append(whole, whole[:40]...), 0o600); err != nil { // a line that was not finished
		t.Fatal(err)
	}
	c.grow(1)
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.Stop()
	if list := anchors(t, a); len(list) != 2 || !audit.Verify(audit.Claim{Key: a.Key.Public(), Rows: c.rows, Anchors: list}).OK {
		t.Errorf("anchors %v", list)
	}
	c.rows = c.rows[:2] // an older database
	b := &audit.Anchorer{Key: a.Key, Head: c.head, Dir: a.Dir, Every: time.Hour, Log: a.Log}
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.Stop()
	if !strings.Contains(log.String(), "does not go on from its last anchor") {
		t.Errorf("nothing was said of the older database: %s", log)
	}
	if audit.Verify(audit.Claim{Key: a.Key.Public(), Rows: c.rows, Anchors: anchors(t, a)}).OK {
		t.Error("the older database was taken")
	}
}

func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dir", "audit.key")
	if _, err := audit.ReadKey(path); corax.CodeOf(err) != corax.NotFound {
		t.Errorf("%v", err)
	}
	made, err := audit.OpenKey(path, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	again, err := audit.OpenKey(path, rand.Reader)
	if err != nil || again.Public() != made.Public() || again.Public().Check() != nil {
		t.Errorf("read again: %v %v", again, err)
	}
	signature := made.Sign(audit.ForProblem, "text")
	if !made.Public().Verify(audit.ForProblem, "text", signature) || made.Public().Verify("another purpose", "text", signature) ||
		made.Public().Verify(audit.ForProblem, "other", signature) {
		t.Error("signatures")
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := audit.OpenKey(path, rand.Reader); corax.CodeOf(err) != corax.Forbidden {
		t.Errorf("a key that others may read: %v", err)
	}
	if err := errors.Join(os.Remove(path), os.WriteFile(path, []byte("hello"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := audit.OpenKey(path, rand.Reader); corax.CodeOf(err) != corax.Invalid {
		t.Errorf("no key: %v", err)
	}
	if err := audit.Public("ed25519:x").Check(); err == nil {
		t.Error("a bad public key")
	}
}
