package health

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var now = time.Date(2026, 3, 30, 2, 0, 0, 0, time.UTC)

// well are the vitals of a Corax that nothing is wrong with.
func well() Vitals {
	return Vitals{
		Now: now, Started: now.Add(-50 * time.Hour), Ready: true, Version: "1", Go: "go1", Goroutines: 90, Memory: 100 << 20,
		Monitors: Monitors{Total: 4}, Stream: Stream{Messages: 10, Bytes: 10, Limit: 1 << 30},
		Store: Store{Bytes: 1 << 20, Limit: 1 << 30, Free: 100 << 30, Growth: 1, Over: time.Hour}, Reachable: 1, LastTest: now.Add(-time.Hour), TestEvery: 24 * time.Hour,
		Anchored: now.Add(-time.Minute), AnchorEvery: 10 * time.Minute, Backup: now.Add(-20 * time.Hour),
	}
}

func TestJudge(t *testing.T) {
	if r := Judge(well()); r.State != Well || !strings.Contains(r.Text, "keeps up") {
		t.Fatalf("nothing is wrong: %s %s %+v", r.State, r.Text, r.Checks)
	}
	for name, c := range map[string]struct {
		wrong func(*Vitals)
		check string
		state State
		says  string // in the check's text, value or advice
	}{
		"stopping":                 {func(v *Vitals) { v.Ready = false }, "Running", Ill, "takes no signals"},
		"no monitor":               {func(v *Vitals) { v.Monitors = Monitors{} }, "Monitors", Watch, "Add monitors"},
		"a late monitor":           {func(v *Vitals) { v.Monitors.Late = []string{"shop"} }, "Monitors", Ill, "One is late: shop"},
		"a monitor without result": {func(v *Vitals) { v.Monitors.Unknown = []string{"a", "b"} }, "Monitors", Watch, "2 have no result"},
		"monitors that begin": {func(v *Vitals) { v.Monitors.Unknown, v.Started = []string{"a"}, now.Add(-time.Second) }, "Monitors", Well,
			"first time"},
		"a full stream nobody reads":  {func(v *Vitals) { v.Stream.Bytes, v.Stream.Lag = 1<<30, map[string]int64{"t": 5} }, "Stream", Ill, "refused"},
		"a full stream that was read": {func(v *Vitals) { v.Stream.Bytes = 1 << 30 }, "Stream", Well, "1.0 GiB"},
		"a silent stream":             {func(v *Vitals) { v.Stream = Stream{Messages: -1} }, "Backlog", Unknown, "did not say"},
		"some backlog":                {func(v *Vitals) { v.Stream.Lag = map[string]int64{"a": 3, "t": lagWatch} }, "Backlog", Watch, "1,000"},
		"much backlog":                {func(v *Vitals) { v.Stream.Lag = map[string]int64{"t": lagIll} }, "Backlog", Ill, "faster than"},
		"a store near its limit":      {func(v *Vitals) { v.Store.Bytes = 900 << 20 }, "Store", Watch, "retention.size"},
		"a log that grows":            {func(v *Vitals) { v.Store.Log = walWatch }, "Store", Watch, "log 512 MiB"},
		"a store without answer":      {func(v *Vitals) { v.Store.Bytes = -1 }, "Store", Unknown, "could not be read"},
		"a full disk":                 {func(v *Vitals) { v.Store.Free = 1 << 20 }, "Disk", Ill, "Make room now"},
		"a disk that fills":           {func(v *Vitals) { v.Store.Growth = 1 << 30 }, "Disk", Watch, "full in 4 days"},
		"a disk nobody measures":      {func(v *Vitals) { v.Store.Free = -1 }, "Disk", Unknown, "doesn't say"},
		"a way that failed":           {func(v *Vitals) { v.Unreachable = []string{"jane by mail"} }, "People", Ill, "1 way failed"},
		"nobody":                      {func(v *Vitals) { v.Reachable = 0 }, "People", Watch, "nobody"},
		"no test":                     {func(v *Vitals) { v.LastTest, v.TestEvery = time.Time{}, 0 }, "Test page", Watch, "never"},
		"a test that is due":          {func(v *Vitals) { v.LastTest = now.Add(-49 * time.Hour) }, "Test page", Ill, "none was sent"},
		"a kill switch":               {func(v *Vitals) { v.Stops = 1 }, "Kill switch", Watch, "1 thrown"},
		"never anchored":              {func(v *Vitals) { v.Anchored = time.Time{} }, "Audit", Watch, "never anchored"},
		"not anchored any more":       {func(v *Vitals) { v.Anchored, v.Unanchored = now.Add(-time.Hour), 7 }, "Audit", Ill, "7 entries since"},
		"nothing new to anchor":       {func(v *Vitals) { v.Anchored = now.Add(-time.Hour) }, "Audit", Well, "60 min ago"},
		"no backup":                   {func(v *Vitals) { v.Backup = time.Time{} }, "Backup", Watch, "corax backup"},
		"an old backup":               {func(v *Vitals) { v.Backup = now.Add(-8 * 24 * time.Hour) }, "Backup", Watch, "8 days ago"},
		"a page that broke":           {func(v *Vitals) { v.Reports, v.Unlogged = 3, 1 }, "Pages", Watch, "3 refusals (1 of them not logged)"},
		"far too much at once":        {func(v *Vitals) { v.Goroutines = goroutinesWatch }, "Process", Watch, "restart"},
	} {
		v := well()
		c.wrong(&v)
		r := Judge(v)
		for _, k := range r.Checks {
			all := k.Value + " " + k.Text + " " + k.Do
			switch {
			case k.Name == c.check && (k.State != c.state || !strings.Contains(all, c.says)):
				t.Errorf("%s: %s, %q; expected %s, %q", name, k.State, all, c.state, c.says)
			case k.Name == c.check && (c.state == Ill || c.state == Watch) && (r.State != c.state || !strings.Contains(r.Text, strings.ToLower(c.check))):
				t.Errorf("%s: in all %s, %q", name, r.State, r.Text)
			}
		}
	}
}

// Whatever was measured, each check has a judgement in words, and what is not well says what to do or that it isn't known.
func TestEveryCheckSpeaks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := func(name string) int64 { return rapid.Int64Range(-1, 1<<40).Draw(t, name) }
		at := func(name string) time.Time {
			if rapid.Bool().Draw(t, name+" never") {
				return time.Time{}
			}
			return now.Add(-time.Duration(rapid.Int64Range(0, int64(1000*time.Hour)).Draw(t, name)))
		}
		v := Vitals{Now: now, Started: at("started"), Ready: rapid.Bool().Draw(t, "ready"), Stops: int(n("stops") % 3), Goroutines: int(n("goroutines") % 1e6), Memory: n("memory"),
			Stream:   Stream{Messages: n("messages"), Bytes: n("bytes"), Limit: n("limit"), Lag: map[string]int64{"t": n("lag")}},
			Store:    Store{Bytes: n("store"), Log: n("log"), Limit: n("most"), Free: n("free"), Growth: n("growth"), Over: time.Duration(n("over"))},
			Anchored: at("anchored"), Unanchored: n("unanchored"), AnchorEvery: time.Duration(n("every")), Backup: at("backup"), LastTest: at("test"),
			TestEvery: time.Duration(n("test every")), Reports: int(n("reports") % 100), Reachable: int(n("reachable") % 10)}
		for _, c := range Judge(v).Checks {
			if c.Name == "" || c.Value == "" || !strings.HasSuffix(c.Text, ".") || (c.State == Watch || c.State == Ill) && c.Do == "" {
				t.Fatalf("%+v", c)
			}
		}
	})
}
