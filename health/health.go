// Package health says how Corax itself is: is it watching, does it keep up, is there room, can its records be relied on.
//
// In come Vitals, which somebody has measured; out comes a Report with a judgement in words for each, and what to do. It is a pure function of
// its input: it measures nothing and reads no clock. What was not measured is unknown, never well.
package health

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// State is how something is.
type State string

// The states, best first.
const (
	Well    State = "well"
	Watch   State = "watch" // works, and will not for ever
	Ill     State = "ill"   // doesn't do what it is there for
	Unknown State = "unknown"
)

// Vitals are what was measured. Times that never were are zero; numbers that could not be measured are below zero.
type Vitals struct {
	Now     time.Time
	Started time.Time
	Ready   bool
	Version string
	Go      string // version that it was built with
	Digest  string // of the knowledge that it works with

	Monitors Monitors
	Stream   Stream
	Store    Store

	Listeners   int           // who follow live events
	Reports     int           // that browsers sent because a page broke its policy
	Unlogged    int           // of those, not logged
	LastTest    time.Time     // synthetic page
	TestEvery   time.Duration // 0: none are sent
	Reachable   int           // ways to people that served last
	Unreachable []string      // ways to people that failed last
	Anchored    time.Time     // last anchor of the audit
	Unanchored  int64         // entries since
	AnchorEvery time.Duration
	Backup      time.Time // last backup
	Stops       int       // kill switches that are thrown
	Goroutines  int
	Memory      int64 // bytes that the process holds
}

// Monitors is how the watching goes.
type Monitors struct {
	Total, Down int
	Unknown     []string // have no result yet, or could not tell
	Late        []string // have not run when they should have
}

// Stream is what was acknowledged to senders, and who has still to read it.
type Stream struct {
	Messages, Bytes, Limit int64
	Lag                    map[string]int64 // messages that a subscriber has not handled
}

// Store is where records are kept.
type Store struct {
	Bytes, Log, Limit int64         // in use, in the log of what was written last, and above which the oldest are forgotten; no limit where 0
	Free              int64         // on its disk
	Signals           int64         // that are stored
	Growth            int64         // bytes within Over
	Over              time.Duration // 0: not measured for long enough
}

// Check is one judgement.
type Check struct {
	Name  string `json:"name"` // short: "Monitors"
	State State  `json:"state"`
	Value string `json:"value"`          // what was measured: "17, 2 of them down"
	Text  string `json:"text"`           // what it means, a sentence
	Do    string `json:"do,omitempty"`   // what to do about it; empty where nothing has to be done
	Link  string `json:"link,omitempty"` // page that tells more
}

// Report is how Corax is.
type Report struct {
	State   State     `json:"state"` // the worst of its checks
	Text    string    `json:"text"`  // in one sentence
	At      time.Time `json:"at"`
	Version string    `json:"version"`
	Checks  []Check   `json:"checks"`
}

// Bounds between well and not well.
const (
	lagWatch, lagIll       = 1_000, 20_000 // messages
	fullWatch, fullIll     = 0.8, 0.95     // of a limit
	freeWatch, freeIll     = 2 << 30, 256 << 20
	walWatch               = 512 << 20
	goroutinesWatch        = 20_000
	backupWatch            = 7 * 24 * time.Hour
	fullWithin             = 14 * 24 * time.Hour
	settling               = time.Minute // after a start monitors may still have to run
	reportsWatch           = 1
	testsLate, anchorsLate = 2, 3 // intervals
	day                    = 24 * time.Hour
	mib                    = 1 << 20
)

// Judge says how Corax is.
func Judge(v Vitals) Report {
	r := Report{At: v.Now, Version: v.Version, Checks: []Check{
		running(v), monitors(v), stream(v), lag(v), store(v), disk(v), people(v), tests(v), switches(v), audit(v), backup(v), pages(v), process(v),
	}}
	r.State = Well
	worst := []string{}
	for _, c := range r.Checks {
		switch {
		case c.State == Ill && r.State != Ill:
			r.State, worst = Ill, []string{c.Name}
		case c.State == Ill || c.State == Watch && r.State == Watch:
			worst = append(worst, c.Name)
		case c.State == Watch && r.State == Well:
			r.State, worst = Watch, []string{c.Name}
		}
	}
	switch r.State {
	case Ill:
		r.Text = "Corax needs help: " + strings.ToLower(strings.Join(worst, ", ")) + "."
	case Watch:
		r.Text = "Corax is watching. Have a look at: " + strings.ToLower(strings.Join(worst, ", ")) + "."
	default:
		r.Text = "Corax is watching, and keeps up."
	}
	return r
}

func running(v Vitals) Check {
	c := Check{Name: "Running", State: Well, Value: "for " + length(v.Now.Sub(v.Started)), Text: "It takes signals."}
	if !v.Ready {
		c.State, c.Text, c.Do = Ill, "It is starting or stopping, and takes no signals.", "Wait a moment; where it lasts, the log of the server says why."
	}
	return c
}

func monitors(v Vitals) Check {
	m := v.Monitors
	c := Check{Name: "Monitors", State: Well, Link: "/monitors", Value: fmt.Sprintf("%d, %d of them down", m.Total, m.Down),
		Text: "Each has run when it should have."}
	switch {
	case m.Total == 0:
		c.State, c.Value, c.Text = Watch, "none", "Nothing is watched by Corax itself; it only hears what others send."
		c.Do = "Add monitors to the configuration."
	case len(m.Late) > 0:
		c.State, c.Text = Ill, fmt.Sprintf("%s late: %s. What they watch may be down unseen.", areOrIs(len(m.Late)), some(m.Late))
		c.Do = "Look at their last results; where all are late, the machine has too little to give: raise their intervals."
		c.Value += fmt.Sprintf(", %d late", len(m.Late))
	case len(m.Unknown) > 0 && v.Now.Sub(v.Started) > settling:
		c.State, c.Text = Watch, fmt.Sprintf("%s no result: %s.", haveOrHas(len(m.Unknown)), some(m.Unknown))
		c.Do = "See what they say; a credential or a name may be missing."
		c.Value += fmt.Sprintf(", %d unknown", len(m.Unknown))
	case len(m.Unknown) > 0:
		c.Text = "Some have still to run for the first time."
	}
	return c
}

func stream(v Vitals) Check {
	s := v.Stream
	c := Check{Name: "Stream", State: Well, Value: fmt.Sprintf("%s messages, %s", number(s.Messages), Bytes(s.Bytes)),
		Text: "What was acknowledged to senders is on the disk."}
	if s.Messages < 0 {
		c.State, c.Value, c.Text, c.Do = Unknown, "no answer", "The stream did not say how full it is.", "Look into the log of the server."
		return c
	}
	if s.Limit > 0 {
		share := float64(s.Bytes) / float64(s.Limit)
		c.Value += fmt.Sprintf(" of %s", Bytes(s.Limit))
		// What every subscriber has handled makes room by itself, so that a full stream alone is no harm.
		if share >= fullIll && behind(s) > 0 {
			c.State, c.Text = Ill, "It is full of what nobody has handled; new signals are refused."
			c.Do = "Find out why they aren't handled (backlog, disk), or raise bus.max_bytes."
		}
	}
	return c
}

func behind(s Stream) (most int64) {
	for _, n := range s.Lag {
		most = max(most, n)
	}
	return most
}

func lag(v Vitals) Check {
	n := behind(v.Stream)
	c := Check{Name: "Backlog", State: Well, Value: number(n) + " messages", Text: "Signals are handled as they come."}
	switch {
	case v.Stream.Messages < 0:
		c.State, c.Value, c.Text = Unknown, "no answer", "The stream did not say how far its readers have come."
	case n >= lagIll:
		c.State, c.Text = Ill, "Signals come in faster than they are handled: what the pages show is old."
		c.Do = "Silence or group what sends so much; see which source that is under Signals."
		c.Link = "/signals"
	case n >= lagWatch:
		c.State, c.Text, c.Do, c.Link = Watch, "Signals wait to be handled.", "Wait whether it falls; see what sends so much under Signals.", "/signals"
	}
	return c
}

func store(v Vitals) Check {
	s := v.Store
	if s.Bytes < 0 {
		return Check{Name: "Store", State: Unknown, Value: "no answer", Text: "Its size could not be read.", Do: "Look into the log of the server."}
	}
	c := Check{Name: "Store", State: Well, Value: fmt.Sprintf("%s, %s signals", Bytes(s.Bytes), number(s.Signals)), Text: "There is room for what comes."}
	if s.Limit > 0 {
		c.Value = fmt.Sprintf("%s of %s, %s signals", Bytes(s.Bytes), Bytes(s.Limit), number(s.Signals))
		if float64(s.Bytes) >= fullWatch*float64(s.Limit) {
			c.State, c.Text = Watch, "It comes near its limit; from there on the oldest signals are forgotten, whatever their age."
			c.Do = "Raise retention.size, or lower retention.age."
		}
	}
	if s.Over > 0 {
		c.Value += fmt.Sprintf(", %s a day", signed(int64(float64(s.Growth)*float64(day)/float64(s.Over))))
	}
	if s.Log >= walWatch {
		c.State, c.Value = Watch, c.Value+", log "+Bytes(s.Log)
		c.Text, c.Do = "The log of what was written last doesn't shrink: something reads for very long.", "Look for a long backup or export; else restart Corax."
	}
	return c
}

func disk(v Vitals) Check {
	s := v.Store
	c := Check{Name: "Disk", State: Well, Value: Bytes(s.Free) + " free", Text: "There is room on the disk of the data directory."}
	switch {
	case s.Free < 0:
		return Check{Name: "Disk", State: Unknown, Value: "not measured", Text: "This system doesn't say how much room there is."}
	case s.Free < freeIll:
		c.State, c.Text, c.Do = Ill, "It is almost full. Corax then refuses signals rather than lose them.", "Make room now."
	case s.Free < freeWatch:
		c.State, c.Text, c.Do = Watch, "There is little room left.", "Make room, or lower retention.size."
	case s.Over > 0 && s.Growth > 0:
		if left := time.Duration(float64(s.Free) / float64(s.Growth) * float64(s.Over)); left > 0 && left < fullWithin {
			c.State, c.Text = Watch, "At the pace of the last "+length(s.Over)+" it is full in "+length(left)+"."
			c.Do = "Make room, or lower retention.size."
		}
	}
	return c
}

func people(v Vitals) Check {
	c := Check{Name: "People", State: Well, Link: "/notifications", Value: plural(v.Reachable, "way") + " that served last", Text: "Nothing that was sent has failed last."}
	switch {
	case len(v.Unreachable) > 0:
		c.State, c.Value = Ill, plural(len(v.Unreachable), "way")+" failed"
		c.Text, c.Do = "People may not hear of what needs them: "+some(v.Unreachable)+".", "See what the other side answered, and send a test page."
	case v.Reachable == 0:
		c.State, c.Value = Watch, "nobody"
		c.Text, c.Do = "Nobody is known to be reachable: nothing was ever sent.", "Add contacts and routes to the configuration, and send a test page."
	}
	return c
}

func tests(v Vitals) Check {
	c := Check{Name: "Test page", State: Well, Link: "/notifications", Value: ago(v.Now, v.LastTest), Text: "The way to people was proven by a page about nothing."}
	switch {
	case v.TestEvery == 0 && v.LastTest.IsZero():
		c.State, c.Text, c.Do = Watch, "Nobody knows whether the way to people works before it is needed.", "Set notify.test, or send a test page now and then."
	case v.TestEvery > 0 && v.Now.Sub(v.LastTest) > testsLate*v.TestEvery && v.Now.Sub(v.Started) > testsLate*v.TestEvery:
		c.State, c.Text, c.Do = Ill, "One was due every "+length(v.TestEvery)+", and none was sent.", "Look into the log of the server."
	}
	return c
}

func switches(v Vitals) Check {
	c := Check{Name: "Kill switch", State: Well, Link: "/settings", Value: "not thrown", Text: "Actions run as the policy has it."}
	if v.Stops > 0 {
		c.State, c.Value, c.Text = Watch, fmt.Sprintf("%d thrown", v.Stops), "Corax doesn't act where it is stopped."
		c.Do = "Release it once the reason is gone."
	}
	return c
}

func audit(v Vitals) Check {
	c := Check{Name: "Audit", State: Well, Link: "/audit", Value: "anchored " + ago(v.Now, v.Anchored), Text: "What is recorded can't be altered unseen."}
	switch {
	case v.Unanchored < 0:
		c.State, c.Text = Unknown, "When it was anchored could not be read."
	case v.Anchored.IsZero():
		c.State, c.Value, c.Text, c.Do = Watch, "never anchored", "Nothing outside the store stands behind it yet.", "See audit.anchors in the configuration."
	case v.AnchorEvery > 0 && v.Unanchored > 0 && v.Now.Sub(v.Anchored) > anchorsLate*v.AnchorEvery+settling:
		c.State, c.Value = Ill, c.Value+fmt.Sprintf(", %d entries since", v.Unanchored)
		c.Text, c.Do = "Entries are not anchored any more.", "Check that audit.anchors can be written; the log of the server says more."
	}
	return c
}

func backup(v Vitals) Check {
	c := Check{Name: "Backup", State: Well, Value: ago(v.Now, v.Backup), Text: "A copy of the store is there to go back to."}
	switch {
	case v.Backup.IsZero():
		c.State, c.Text, c.Do = Watch, "None is on record.", "Run corax backup FILE each night, and keep the file on another machine."
	case v.Now.Sub(v.Backup) > backupWatch:
		c.State, c.Text, c.Do = Watch, "The last is more than a week old.", "Run corax backup FILE each night."
	}
	return c
}

func pages(v Vitals) Check {
	c := Check{Name: "Pages", State: Well, Value: plural(v.Listeners, "follower") + " of live events", Text: "Browsers have refused nothing."}
	if v.Reports >= reportsWatch {
		c.State, c.Value = Watch, c.Value+fmt.Sprintf(", %d refusals (%d of them not logged)", v.Reports, v.Unlogged)
		c.Text = "A browser refused something on a page: text from outside got further than it may, or a page is wrong."
		c.Do = "Look for \"a browser refused\" in the log of the server, and report it."
	}
	return c
}

func process(v Vitals) Check {
	c := Check{Name: "Process", State: Well, Value: fmt.Sprintf("%s memory, %d goroutines", Bytes(v.Memory), v.Goroutines),
		Text: fmt.Sprintf("Corax %s, built with %s.", v.Version, v.Go)}
	if v.Goroutines >= goroutinesWatch {
		c.State, c.Text, c.Do = Watch, "Far more is under way than usual.", "Keep a profile for a report, and restart Corax."
	}
	return c
}

// Bytes is a size as people say it: "1.2 GiB".
func Bytes(n int64) string {
	switch f := float64(n); {
	case n < 0:
		return "unknown"
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < mib:
		return fmt.Sprintf("%.0f KiB", f/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.0f MiB", f/mib)
	default:
		return fmt.Sprintf("%.1f GiB", f/(1<<30))
	}
}

// number is a count with its thousands apart: 1,204,331.
func number(n int64) string {
	if n < 0 {
		return "-" + number(-n)
	}
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + one + "s"
}

func signed(n int64) string {
	if n < 0 {
		return "-" + Bytes(-n)
	}
	return "+" + Bytes(n)
}

// length is a time span as people say it.
func length(d time.Duration) string {
	switch {
	case d < 0:
		return "0 s"
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 2*day:
		return fmt.Sprintf("%d h", d/time.Hour)
	default:
		return fmt.Sprintf("%d days", d/day)
	}
}

func ago(now, t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return length(now.Sub(t)) + " ago"
}

// some names the first few of many.
func some(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
}

func areOrIs(n int) string {
	if n == 1 {
		return "One is"
	}
	return fmt.Sprintf("%d are", n)
}

func haveOrHas(n int) string {
	if n == 1 {
		return "One has"
	}
	return fmt.Sprintf("%d have", n)
}
