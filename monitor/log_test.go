package monitor

import (
	"context"
	"fmt"
	"io"
	stdlog "log"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"corax"
	"corax/config"
)

func quietLog() *stdlog.Logger { return stdlog.New(io.Discard, "", 0) }

// logRig is a log monitor that looks when it is told to, under a clock that the test sets.
type logRig struct {
	t       *testing.T
	dir     string
	now     time.Time
	saved   map[string][]byte
	probe   *logProbe
	spec    config.Log
	signals []corax.Signal
	full    bool
	lose    bool // saves are held back, as when nothing could be published
}

func (r *logRig) Load(_ context.Context, name string) ([]byte, error) { return r.saved[name], nil }
func (r *logRig) Save(_ context.Context, name string, data []byte) error {
	r.saved[name] = data
	return nil
}

func newLogRig(t *testing.T, spec config.Log) *logRig {
	r := &logRig{t: t, dir: t.TempDir(), now: time.Date(2026, 3, 30, 2, 0, 0, 0, time.UTC), saved: map[string][]byte{},
		spec: spec}
	r.spec.Path = filepath.Join(r.dir, spec.Path)
	r.restart()
	t.Cleanup(func() { closeProbe(r.probe) })
	return r
}

func (r *logRig) restart() {
	if r.probe != nil {
		closeProbe(r.probe)
	}
	m := config.Monitor{Name: "log", Entity: "auth", Labels: map[string]string{"lab": "x"}, Log: &r.spec}.WithDefaults()
	p, err := newLog(m, environment{
		clock: func() time.Time { return r.now }, checkpoint: r, log: discard(), full: func() bool { return r.full },
		emit: func(signals []corax.Signal, done func()) {
			r.signals = append(r.signals, signals...)
			if done != nil && !r.lose {
				done()
			}
		},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.probe = p.(*logProbe)
}

func (r *logRig) path(name string) string { return filepath.Join(r.dir, name) }

func (r *logRig) write(name, text string) {
	r.t.Helper()
	f, err := os.OpenFile(r.path(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		r.t.Fatal(err)
	}
}

// look polls once and gives the messages of the signals that came of it.
func (r *logRig) look() []string {
	r.t.Helper()
	r.signals = nil
	if res := r.probe.Probe(r.t.Context()); res.State != corax.MonitorUp {
		r.t.Fatalf("%+v", res)
	}
	var all []string
	for _, s := range r.signals {
		all = append(all, s.Message)
	}
	return all
}

func (r *logRig) expect(want ...string) {
	r.t.Helper()
	if d := cmp.Diff(want, r.look()); d != "" {
		r.t.Error(d)
	}
}

var everyLine = []config.LogRule{{Name: "all", Match: ".", Kind: corax.ChangeOf}}

func TestLogFollowsThroughRotation(t *testing.T) {
	r := newLogRig(t, config.Log{Path: "a.log", Rules: everyLine})
	r.write("a.log", "old\n")
	r.expect() // what is there already is not news
	r.write("a.log", "one\ntwo\nhal")
	r.expect("one", "two")
	r.write("a.log", "f\r\n\n")
	r.expect("half")

	// Renamed: what its writer still adds counts, and so does the file that takes its name.
	if err := os.Rename(r.path("a.log"), r.path("a.log.1")); err != nil {
		t.Fatal(err)
	}
	r.write("a.log.1", "late\nunended")
	r.write("a.log", "new\n")
	r.expect("late", "new")
	r.expect("unended") // nobody will end it any more
	r.write("a.log", "after\n")
	r.expect("after")

	// Cut off in place.
	if err := os.Truncate(r.path("a.log"), 0); err != nil {
		t.Fatal(err)
	}
	r.write("a.log", "x\n")
	r.expect("x")
	// Cut off and written anew to more than before, between two looks.
	if err := os.WriteFile(r.path("a.log"), []byte("quite another beginning\nthan before\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.expect("quite another beginning", "than before")

	// Gone, and back.
	if err := os.Remove(r.path("a.log")); err != nil {
		t.Fatal(err)
	}
	r.expect()
	r.expect()
	r.expect()
	r.write("a.log", "back\n")
	r.expect("back")
	if n := len(r.probe.follow.tails); n != 1 {
		t.Errorf("%d files are held open", n)
	}
}

func TestLogFollowsAPattern(t *testing.T) {
	r := newLogRig(t, config.Log{Path: "*.log", Rules: everyLine})
	r.expect()
	r.write("b.log", "b1\n")
	r.write("a.log", "a1\n")
	r.write("c.txt", "never\n")
	r.expect("a1", "b1")
	// A rename to a name that matches too is the same file.
	if err := os.Rename(r.path("a.log"), r.path("z.log")); err != nil {
		t.Fatal(err)
	}
	r.write("z.log", "z1\n")
	r.write("a.log", "a2\n")
	r.expect("z1", "a2")
}

func TestLogLosesNothingOverARestart(t *testing.T) {
	r := newLogRig(t, config.Log{Path: "a.log", Rules: everyLine})
	r.write("a.log", "first line of the old file\nread\nhal")
	r.expect()
	r.restart()
	r.write("a.log", "f\nwhile away\n")
	r.expect("half", "while away")

	r.restart()
	r.write("a.log", "left behind\n")
	if err := os.Rename(r.path("a.log"), r.path("a.log.1")); err != nil {
		t.Fatal(err)
	}
	r.write("a.log", "new file\n")
	got := r.look()
	if d := cmp.Diff([]string{"new file", "left behind"}, got); d != "" {
		t.Error(d)
	}

	// What could not be published is read again, and is the same signal.
	r.lose = true
	r.write("a.log", `{"time":"2026-03-30T01:59:00Z","msg":"not stored"}`+"\n")
	r.expect("not stored")
	before := r.signals[0].ID
	r.lose = false
	r.restart()
	r.expect("not stored")
	if r.signals[0].ID != before {
		t.Error("the same line became another signal")
	}
}

func TestFileCheckpoint(t *testing.T) {
	c := FileCheckpoint{Dir: filepath.Join(t.TempDir(), "made")}
	if data, err := c.Load(t.Context(), "a/../b"); data != nil || err != nil {
		t.Errorf("%q %v", data, err)
	}
	for _, want := range []string{"one", "two"} {
		if err := c.Save(t.Context(), "a/../b", []byte(want)); err != nil {
			t.Fatal(err)
		}
		if data, err := c.Load(t.Context(), "a/../b"); string(data) != want || err != nil {
			t.Errorf("%q %v", data, err)
		}
	}
	if files, err := os.ReadDir(c.Dir); len(files) != 1 || err != nil {
		t.Errorf("%v %v", files, err)
	}
}

func TestLogHoldsBackUnderPressure(t *testing.T) {
	r := newLogRig(t, config.Log{Path: "a.log", FromStart: true, Rules: everyLine})
	r.write("a.log", "one\n")
	r.full = true
	r.expect()
	r.full = false
	r.expect("one")
}

func TestLogSurvivesBadLines(t *testing.T) {
	r := newLogRig(t, config.Log{Path: "a.log", Format: config.LogJSON, FromStart: true, Rules: everyLine})
	r.write("a.log", "\xff\xfe\x00bad\n"+strings.Repeat("y",
		10<<20)+"\n{\"msg\":\"cut of\n{\"msg\":\"fine\",\"password\":\"p\",\"kid\":\"k-2\"}\n")
	got := r.look()
	if len(got) != 4 || got[0] != "\uFFFD bad" || len(got[1]) > maxMessage+3 || got[2] != `{"msg":"cut of` ||
		got[3] != "fine" {
		t.Fatalf("%.200q", got)
	}
	if r.signals[1].Attributes["cut"] != "true" || r.signals[2].Attributes["malformed"] != "true" {
		t.Errorf("%v %v", r.signals[1].Attributes, r.signals[2].Attributes)
	}
	if a := r.signals[3].Attributes; a["kid"] != "k-2" || a["password"] != "" {
		t.Errorf("%v", a)
	}
}

func TestLogRulesMakeSignals(t *testing.T) {
	r := newLogRig(t, config.Log{Path: "a.log", FromStart: true, EntityField: "service", Rules: []config.LogRule{
		{Name: "rotated", Match: "(?i)rotated", Kind: corax.ChangeOf},
		{Name: "well", Fields: map[string]string{"event": "recovered"}, Kind: corax.Recovery},
		{Name: "bad", Fields: map[string]string{"level": "error"}, Kind: corax.Symptom},
		{Name: "hint", Match: "slow", Kind: corax.Note},
	}})
	r.write("a.log", `
{"time":"2026-03-30T01:59:58Z","level":"info","msg":"Signing key rotated","kid":"k-2"}
{"time":"2026-03-30T01:59:59Z","level":"error","service":"order","msg":"verification failed","error":"unknown key k-2"}
{"time":"2027-01-01T00:00:00Z","level":"info","service":"order","msg":"slow answer"}
{"level":"info","msg":"nothing"}
{"service":"order","event":"recovered","msg":"verifies again"}
`)
	r.look()
	var got []string
	for _, s := range r.signals {
		got = append(got, fmt.Sprint(s.Kind, " ", s.Entity, " ", s.Message, " ", s.At.Format(time.TimeOnly), " ", s.Severity))
	}
	if d := cmp.Diff([]string{
		"change auth Signing key rotated 01:59:58 ",
		"symptom order verification failed: unknown key k-2 01:59:59 high",
		"note order slow answer 02:00:00 ",
		"recovery order verifies again 02:00:00 ",
	}, got); d != "" {
		t.Fatal(d)
	}
	symptom, recovery := r.signals[1], r.signals[3]
	if symptom.Fingerprint != recovery.Fingerprint {
		t.Error("the recovery does not end the symptom")
	}
	if symptom.EndsAt == nil || !symptom.EndsAt.Equal(r.now.Add(5*time.Minute)) || symptom.Labels["lab"] != "x" ||
		symptom.Source != "monitor/log" {
		t.Errorf("%+v", symptom)
	}
	r.write("a.log", `{"level":"error","service":"order","msg":"verification failed","error":"unknown key k-2"}`+"\n")
	r.expect("verification failed: unknown key k-2") // news again after the recovery
	r.write("a.log", `{"service":"order","event":"recovered","msg":"verifies again"}`+"\n")
	r.expect("verifies again")
}

func TestLogFoldsAStorm(t *testing.T) {
	r := newLogRig(t, config.Log{Path: "a.log", FromStart: true}) // no rules: errors are symptoms
	line := func(n int) string { return fmt.Sprintf("2026-03-30 01:59:59 ERROR request %d failed\n", n) }
	total := 0
	var counts []string
	for range 200 {
		for range 5 {
			total++
			r.write("a.log", line(total))
		}
		r.write("a.log", "INFO fine\n")
		r.look()
		for _, s := range r.signals {
			counts = append(counts, s.Attributes["count"])
		}
	}
	if d := cmp.Diff([]string{"5", "10", "20", "40", "80", "160", "320", "640"}, counts); d != "" {
		t.Error(d)
	}
	r.now = r.now.Add(3 * time.Minute) // what was told would soon expire
	r.write("a.log", line(0))
	r.expect("ERROR request 0 failed")
	if r.signals[0].Attributes["count"] != "1001" {
		t.Errorf("%v", r.signals[0].Attributes)
	}
	r.now = r.now.Add(6 * time.Minute) // quiet for long
	r.write("a.log", line(1))
	r.expect("ERROR request 1 failed")
	if r.signals[0].Attributes["count"] != "1" {
		t.Errorf("%v", r.signals[0].Attributes)
	}
}

func TestFoldsAreBounded(t *testing.T) {
	s := newFolds(time.Minute)
	now := time.Now()
	for i := range 3 * maxFolds {
		s.add(scope{"r", "e"}, fmt.Sprint(i), now)
	}
	if n := len(s.all[scope{"r", "e"}]); n > maxFolds+1 || s.size != n {
		t.Errorf("%d folds, counted %d", n, s.size)
	}
	s.add(scope{"r", "e"}, "much later", now.Add(time.Hour))
	if s.size != 1 {
		t.Errorf("%d folds after a sweep", s.size)
	}
}

func TestUnreadableLogIsDown(t *testing.T) {
	m := config.Monitor{Name: "x", Log: &config.Log{Path: filepath.Join(t.TempDir(), "[")}}
	if r := probeOnce(t, m); r.State != corax.MonitorDown || r.Attributes["class"] != "file" {
		t.Errorf("%+v", r)
	}
}

func TestParseTime(t *testing.T) {
	want := time.Date(2026, 3, 30, 2, 0, 0, 500_000_000, time.UTC)
	for _, text := range []string{
		"2026-03-30T02:00:00.5Z", "2026-03-30T04:00:00.5+02:00", "2026-03-30T02:00:00.5", "1774836000.5", "1774836000500",
		"1774836000500000",
	} {
		if got := parseTime(text); got.Sub(want).Abs() > time.Millisecond {
			t.Errorf("%s: %s", text, got)
		}
	}
	for _, text := range []string{"", "noon", "12", "NaN", "Inf", "-5", "1e300"} {
		if got := parseTime(text); !got.IsZero() {
			t.Errorf("%s: %s", text, got)
		}
	}
}

// FuzzLines: however a text is cut into pieces, the same lines come out.
func FuzzLines(f *testing.F) {
	f.Add([]byte("a\r\nb\n\nc"), uint8(1))
	f.Add([]byte(strings.Repeat("x", maxLine+5)+"\ny\n"), uint8(7))
	f.Fuzz(func(t *testing.T, data []byte, step uint8) {
		var want []string
		for _, part := range strings.Split(string(data), "\n") {
			if part = strings.TrimSuffix(part[:min(len(part), maxLine)], "\r"); part != "" {
				want = append(want, part)
			}
		}
		var l lines
		var got []string
		use := func(line []byte, _ bool) { got = append(got, string(line)) }
		for rest := data; len(rest) > 0; {
			n := min(int(step)+1, len(rest))
			l.feed(rest[:n], use)
			rest = rest[n:]
		}
		l.flush(use)
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
		reader := newReader(config.Log{})
		for _, line := range got {
			reader.read([]byte(line), false)
		}
	})
}
