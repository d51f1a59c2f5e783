package sqlite

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"corax"
	"corax/audit"
	"corax/store/storetest"
)

// recorded is a store's file with an audit, its anchors and its key.
type recorded struct {
	dir     string
	key     *audit.Key
	old     string // a copy of the file, from before the last anchors
	oldRows int
	rows    int
}

func (r recorded) path() string { return filepath.Join(r.dir, "corax.db") }

func (r recorded) claim(t interface{ Fatal(...any) }, key audit.Public) audit.Claim {
	c, err := ReadAudit(context.Background(), r.path())
	if err != nil {
		t.Fatal(err)
	}
	c.Key = key
	if c.Anchors, err = audit.ReadAnchors(filepath.Join(r.dir, audit.AnchorFile)); err != nil {
		t.Fatal(err)
	}
	return c
}

// record fills a store with n decisions, anchoring after every five entries, and not the last three.
func record(t *testing.T, n int) recorded {
	t.Helper()
	r := recorded{dir: t.TempDir()}
	var err error
	if r.key, err = audit.OpenKey(filepath.Join(r.dir, "audit.key"), rand.Reader); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Options{Path: r.path(), Clock: storetest.Now, SignHead: r.key.SignHead})
	if err != nil {
		t.Fatal(err)
	}
	now := storetest.Now()
	a := &audit.Anchorer{Key: r.key, Head: s.AuditHead, Dir: r.dir, Clock: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}
	for i := range n {
		now = now.Add(time.Minute)
		if r.old != "" && i == r.oldRows {
			continue // the backup has left this entry
		}
		err := s.SaveDecision(t.Context(), corax.Decision{ID: fmt.Sprintf("dec-%d", i), At: now, Plan: "pln-1", Step: "1", Verdict: corax.Allow, Rule: "r"})
		if err == nil && i%5 == 4 && i < n-3 {
			err = a.Anchor(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		if i == n/2 {
			r.old, r.oldRows = filepath.Join(r.dir, "old.db"), i+1
			if err := s.Backup(t.Context(), r.old); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.rows = n
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r recorded) sql(t interface{ Fatal(...any) }, query string, args ...any) {
	db, err := openFile(r.path(), 1, "busy_timeout(1000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatal(query, err)
	}
}

func TestAuditVouches(t *testing.T) {
	r := record(t, 23)
	report := audit.Verify(r.claim(t, r.key.Public()))
	if !report.OK || len(report.Vouched) != 1 || report.Vouched[0].From != 1 || report.Vouched[0].To != 23 || report.Vouched[0].Anchored != 20 {
		t.Errorf("%+v", report)
	}
	var export bytes.Buffer
	claim := r.claim(t, r.key.Public())
	if err := audit.Export(&export, claim); err != nil {
		t.Fatal(err)
	}
	back, err := audit.Import(bytes.NewReader(export.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if report := audit.Verify(back); !report.OK || report.Entries != 23 || report.Anchors != 4 {
		t.Errorf("the export: %+v", report)
	}
	// Whatever line is missing is noticed, but for the last anchor: nothing names it yet, and the head stands for its entries.
	lastAnchor := strings.LastIndex(export.String(), `{"signed"`)
	lines := strings.SplitAfter(export.String(), "\n")
	for i := 1; i < len(lines)-1; i++ {
		if strings.HasPrefix(export.String()[lastAnchor:], lines[i]) {
			continue
		}
		changed := strings.Join(slices.Delete(slices.Clone(lines), i, i+1), "")
		c, err := audit.Import(strings.NewReader(changed))
		if err == nil && audit.Verify(c).OK {
			t.Errorf("line %d was taken out, and nothing noticed it: %s", i+1, lines[i])
		}
	}
}

// Whatever is done to the database, the anchors or the key, verification notices it.
func TestAuditNoticesEveryChange(t *testing.T) {
	r := record(t, 23)
	whole, err := os.ReadFile(r.path())
	if err != nil {
		t.Fatal(err)
	}
	old, err := os.ReadFile(r.old)
	if err != nil {
		t.Fatal(err)
	}
	anchorFile := filepath.Join(r.dir, audit.AnchorFile)
	anchors, err := os.ReadFile(anchorFile)
	if err != nil {
		t.Fatal(err)
	}
	other, err := audit.OpenKey(filepath.Join(t.TempDir(), "other.key"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	write := func(rt *rapid.T, path string, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			rt.Fatal(err)
		}
	}
	// forge makes the chain anew from an entry on, as somebody with the database, and a key of his own, would.
	forge := func(rt *rapid.T, from int64) {
		c := r.claim(rt, "")
		head := audit.Head{}
		for _, row := range c.Rows {
			if row.Seq >= from {
				e, err := row.Entry()
				if err != nil {
					rt.Fatal(err)
				}
				if row.Seq == from {
					e.Who = "somebody else"
				}
				if row, err = audit.Seal(head, e); err != nil {
					rt.Fatal(err)
				}
				r.sql(rt, `UPDATE audit SET doc = ?, hash = ? WHERE seq = ?`, row.Doc, row.Hash, row.Seq)
			}
			head = row.Head()
		}
		r.sql(rt, `UPDATE audit_head SET seq = ?, hash = ?, signature = ?`, head.Seq, head.Hash, other.SignHead(head))
	}
	rapid.Check(t, func(rt *rapid.T) {
		write(rt, r.path(), whole)
		write(rt, anchorFile, anchors)
		key := r.key.Public()
		seq := int64(rapid.IntRange(1, r.rows).Draw(rt, "seq"))
		what := rapid.SampledFrom([]string{"flip", "hash", "column", "delete", "swap", "cut", "cut with head", "forge", "old copy", "key", "anchor flipped",
			"anchors cut in the middle", "first anchors cut", "record", "empty", "prefix"}).Draw(rt, "what")
		switch what {
		case "flip":
			var doc []byte
			for _, row := range r.claim(rt, key).Rows {
				if row.Seq == seq {
					doc = []byte(row.Doc)
				}
			}
			doc[rapid.IntRange(0, len(doc)-1).Draw(rt, "at")] ^= byte(rapid.IntRange(1, 127).Draw(rt, "bits"))
			r.sql(rt, `UPDATE audit SET doc = ? WHERE seq = ?`, string(doc), seq)
		case "hash":
			r.sql(rt, `UPDATE audit SET hash = ? WHERE seq = ?`, audit.Digest([]byte("x")), seq)
		case "column":
			r.sql(rt, `UPDATE audit SET subject = 'decision/other' WHERE seq = ?`, seq)
		case "delete":
			r.sql(rt, `DELETE FROM audit WHERE seq = ?`, seq)
		case "swap":
			to := seq%int64(r.rows) + 1
			r.sql(rt, `UPDATE audit SET seq = -1 WHERE seq = ?`, seq)
			r.sql(rt, `UPDATE audit SET seq = ? WHERE seq = ?`, seq, to)
			r.sql(rt, `UPDATE audit SET seq = ? WHERE seq = -1`, to)
		case "cut":
			r.sql(rt, `DELETE FROM audit WHERE seq >= ?`, seq)
		case "cut with head":
			r.sql(rt, `DELETE FROM audit WHERE seq >= ?`, seq)
			r.sql(rt, `UPDATE audit_head SET seq = (SELECT max(seq) FROM audit), hash = (SELECT hash FROM audit ORDER BY seq DESC LIMIT 1) WHERE ? > 1`, seq)
		case "forge":
			forge(rt, seq)
		case "old copy":
			write(rt, r.path(), old)
		case "key":
			key = other.Public()
		case "anchor flipped":
			text := bytes.Clone(anchors)
			text[rapid.IntRange(0, len(text)-2).Draw(rt, "at")] ^= byte(rapid.IntRange(1, 127).Draw(rt, "bits"))
			write(rt, anchorFile, text)
			c, err := ReadAudit(context.Background(), r.path())
			if err != nil {
				rt.Fatal(err)
			}
			c.Key = key
			if c.Anchors, err = audit.ReadAnchors(anchorFile); err != nil {
				return // noticed already
			}
			if sameAnchors(rt, c.Anchors, anchors, anchorFile) {
				return // white space, or stray bits of base64
			}
			if audit.Verify(c).OK {
				rt.Fatalf("an altered anchor was taken:\n%s", text)
			}
			return
		case "anchors cut in the middle":
			lines := bytes.SplitAfter(anchors, []byte("\n"))
			at := rapid.IntRange(1, len(lines)-3).Draw(rt, "line")
			write(rt, anchorFile, bytes.Join(slices.Delete(lines, at, at+1), nil))
		case "first anchors cut":
			lines := bytes.SplitAfter(anchors, []byte("\n"))
			write(rt, anchorFile, bytes.Join(lines[rapid.IntRange(1, len(lines)-2).Draw(rt, "lines"):], nil))
		case "record":
			if seq-1 == int64(r.oldRows) {
				return // the backup's entry, which has no record beside it
			}
			r.sql(rt, `UPDATE decisions SET doc = replace(doc, '"allow"', '"deny"') WHERE id = ?`, fmt.Sprintf("dec-%d", seq-1))
		case "empty":
			r.sql(rt, `DELETE FROM audit`)
			r.sql(rt, `DELETE FROM audit_head`)
		case "prefix": // as far as an anchor, which is what pruning does, but without a word of it
			r.sql(rt, `DELETE FROM audit WHERE seq <= 10`)
		}
		report := audit.Verify(r.claim(rt, key))
		if report.OK || len(report.Problems) == 0 {
			rt.Fatalf("%s at %d: nothing was noticed: %+v", what, seq, report)
		}
		for _, v := range report.Vouched {
			if v.From <= seq && seq <= v.To && (what == "flip" || what == "hash" || what == "delete" || what == "forge") {
				rt.Fatalf("%s at %d, and it vouches for entries %d to %d", what, seq, v.From, v.To)
			}
		}
	})
}

// sameAnchors says that a changed file still says the same, byte for byte where it is signed.
func sameAnchors(rt *rapid.T, got []audit.Signed, was []byte, file string) bool {
	if err := os.WriteFile(file, was, 0o600); err != nil {
		rt.Fatal(err)
	}
	want, err := audit.ReadAnchors(file)
	if err != nil {
		rt.Fatal(err)
	}
	return slices.EqualFunc(got, want, func(a, b audit.Signed) bool { return string(a.Anchor) == string(b.Anchor) })
}

func TestAuditIsPrunedBehindAnAnchor(t *testing.T) {
	r := record(t, 23)
	s, err := Open(t.Context(), Options{Path: r.path(), Clock: storetest.Now, SignHead: r.key.SignHead})
	if err != nil {
		t.Fatal(err)
	}
	a := &audit.Anchorer{Key: r.key, Head: s.AuditHead, Dir: r.dir, Every: time.Hour, Clock: storetest.Now, Log: slog.New(slog.DiscardHandler)}
	head, found, err := a.Before(storetest.Now().Add(12 * time.Minute))
	if err != nil || !found || head.Seq != 10 {
		t.Fatalf("the last anchor before: %+v %v %v", head, found, err)
	}
	if err := s.PruneAudit(t.Context(), head, storetest.Now()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	report := audit.Verify(r.claim(t, r.key.Public()))
	if !report.OK || len(report.Vouched) != 1 || report.Vouched[0].From != 11 || report.Vouched[0].To != 24 {
		t.Errorf("%+v", report)
	}
	r.sql(t, `DELETE FROM audit WHERE seq <= 15`) // another anchor, but nothing says that it was pruned so far
	if report := audit.Verify(r.claim(t, r.key.Public())); report.OK {
		t.Errorf("a cut beginning: %+v", report)
	}
}

// What is hashed holds no secrets, and what is hashed is what is stored.
func TestAuditOfWhatIsRedacted(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "corax.db")
	hide := func(doc []byte) []byte { return bytes.ReplaceAll(doc, []byte("geheim"), []byte("[redacted]")) }
	s, err := Open(t.Context(), Options{Path: path, Clock: storetest.Now, Redact: hide})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SaveDecision(t.Context(), corax.Decision{ID: "dec-1", Plan: "p", Why: "geheim", Rule: "geheim"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := ReadAudit(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	c.Head = nil // nothing signs here
	if report := audit.Verify(c); !report.OK || strings.Contains(c.Rows[0].Doc, "geheim") || !strings.Contains(c.Rows[0].Doc, "rule [redacted]") {
		t.Errorf("%+v %s", report, c.Rows[0].Doc)
	}
}
