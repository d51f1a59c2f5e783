package diagnose

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"corax"
	read "corax/diagnose/reading"
	"corax/knowledge"
)

// storyCases are cases to tell: the vectors of the catalogue, each by itself, those of testdata, the examples, and the half of the measuring
// data that is for tuning.
func storyCases(t *testing.T) []corax.Case {
	t.Helper()
	var all []corax.Case
	cat, err := knowledge.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range cat.Mechanisms {
		for i, text := range m.Vectors.Recognise {
			all = append(all, corax.Case{ID: fmt.Sprintf("%s %d", m.ID, i), Signals: []corax.Signal{{Message: text}}})
		}
		for i, miss := range m.Vectors.Refuse {
			all = append(all, corax.Case{ID: fmt.Sprintf("not %s %d", m.ID, i), Signals: []corax.Signal{{Message: miss.Say}}})
		}
	}
	add := func(line []byte) {
		c, err := ReadCase(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, c)
	}
	for _, v := range vectors(t) {
		add(v.Case)
	}
	for _, file := range []string{"../examples/cases.jsonl", "../bench/scenarios/cases.jsonl"} {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var half struct {
				Split string `json:"split"`
			}
			if line := lines.Bytes(); json.Unmarshal(line, &half) == nil && half.Split != "test" {
				add(line)
			}
		}
	}
	slices.SortFunc(all, func(a, b corax.Case) int { return strings.Compare(a.ID, b.ID) })
	return all
}

var (
	quotation = regexp.MustCompile(`"([^"]*)"`)
	aNumber   = regexp.MustCompile(`\d+`)
	aLater    = regexp.MustCompile(`\d+ (second|minute|hour|day)s? later`)
	aHole     = regexp.MustCompile(`\{[a-z_]+(\|[^{}]*)?\}`)
)

// Whatever the case, a root cause tells nothing that no signal says: sentences rest on signals of their problem, quote them word for word,
// leave no hole, and are told once. Two problems never have one summary.
func TestStoryHolds(t *testing.T) {
	e := engine(t)
	summaries := map[string]string{}
	kinds := map[corax.SentenceKind]int{}
	total := 0
	cases := storyCases(t)
	for _, c := range append(cases, mixed(cases)...) {
		letters := lettersOf(c)
		r := e.Diagnose(c)
		for n, p := range r.Problems {
			where := fmt.Sprintf("%s, problem %d", c.ID, n+1)
			rc := p.RootCause
			key := rc.Entity + "|" + rc.Mechanism + "|" + c.Signals[rc.Evidence[0].Signal].Message
			if was, ok := summaries[rc.Summary]; ok && was != key && !strings.HasPrefix(c.ID, "mixed") {
				t.Errorf("%s: another problem has this summary too: %s", where, rc.Summary)
			}
			summaries[rc.Summary] = key
			if len(rc.Sentences) == 0 || len(rc.Chain) != len(rc.Sentences) || rc.Sentences[0].Kind != corax.TellsWhat {
				t.Errorf("%s: does not begin with what happened: %+v", where, rc.Sentences)
			}
			for i, s := range rc.Sentences {
				total++
				kinds[s.Kind]++
				storySentence(t, e, where, c, p, s, letters)
				if slices.ContainsFunc(rc.Sentences[:i], func(o corax.Sentence) bool { return o.Text == s.Text }) {
					t.Errorf("%s: told twice: %s", where, s.Text)
				}
			}
			planHolds(t, where, p, letters)
			stepsAreOfTheCase(t, e, where, p, letters)
			explained(t, e, where, p)
		}
	}
	t.Logf("%d sentences, %v", total, kinds)
}

// lettersOf is what a case holds, squeezed.
func lettersOf(c corax.Case) string {
	said := strings.Builder{}
	for _, s := range c.Signals {
		fmt.Fprintln(&said, s.Message, s.Entity, s.Source, s.Labels, s.Attributes)
	}
	for _, n := range c.Topology.Entities {
		fmt.Fprintln(&said, n.ID, n.Name, n.Aliases)
	}
	for _, n := range c.Topology.Edges {
		fmt.Fprintln(&said, n.From, n.To)
	}
	return squeeze(said.String())
}

// mixed are cases that were put together from the signals of others, at random: with and without times, kinds and a topology.
func mixed(from []corax.Case) (cases []corax.Case) {
	random := rand.New(rand.NewPCG(7, 11))
	for n := range 400 {
		c := corax.Case{ID: fmt.Sprintf("mixed %d", n)}
		at := moment("02:13:05")
		for range 2 + random.IntN(7) {
			signals := from[random.IntN(len(from))].Signals
			s := signals[random.IntN(len(signals))]
			s.ID, s.At = "", time.Time{}
			if n%2 == 0 {
				at = at.Add(time.Duration(random.IntN(900)) * time.Second)
				s.At = at
			}
			if n%3 == 0 {
				s.Entity = fmt.Sprintf("node-%d", random.IntN(4))
			}
			if random.IntN(5) == 0 {
				s.Kind = corax.ChangeOf
			}
			c.Signals = append(c.Signals, s)
		}
		if n%6 == 0 {
			c.Topology.Edges = []corax.Edge{{From: "node-1", To: "node-0"}, {From: "node-2", To: "node-1"}, {From: "node-9", To: "node-0"}}
		}
		cases = append(cases, c)
	}
	return cases
}

func storySentence(t *testing.T, e *Engine, where string, c corax.Case, p corax.Diagnosis, s corax.Sentence, letters string) {
	t.Helper()
	if len(s.Signals) > 0 && !slices.ContainsFunc(s.Signals, func(n int) bool { return slices.Contains(p.Signals, n) }) {
		t.Errorf("%s: rests on no signal of the problem: %s", where, s.Text)
	}
	if len(s.Signals) == 0 && s.Kind != corax.TellsUnclear {
		t.Errorf("%s: rests on no signal: %s", where, s.Text)
	}
	if aHole.MatchString(s.Text) && !strings.Contains(letters, squeeze(aHole.FindString(s.Text))) {
		t.Errorf("%s: unfilled: %s", where, s.Text)
	}
	var cited strings.Builder
	for _, n := range s.Signals {
		if !slices.Contains(p.Signals, n) && c.Signals[n].Kind != corax.ChangeOf {
			t.Errorf("%s: signal %d is not of the problem: %s", where, n, s.Text)
			continue
		}
		cited.WriteString(c.Signals[n].Message + "\n")
	}
	for _, q := range quotation.FindAllStringSubmatch(s.Text, -1) {
		if len(s.Signals) > 0 && !strings.Contains(read.Lower(cited.String()), read.Lower(q[1])) {
			t.Errorf("%s: no cited signal says %q: %s", where, q[1], s.Text)
		}
	}
	// Numbers come from the signals, their times, the catalogue, or count signals.
	rest := aLater.ReplaceAllString(quotation.ReplaceAllString(s.Text, ""), "")
	if s.Kind == corax.TellsUnclear || strings.Contains(rest, "more") || strings.Contains(rest, "symptom") || strings.Contains(rest, "after the first") ||
		strings.Contains(rest, "steps") {
		return
	}
	source := cited.String() + said(e, p.RootCause) + letters
	for _, n := range s.Signals {
		at := c.Signals[n].At.UTC()
		source += at.Format(time.DateTime)
	}
	for _, number := range aNumber.FindAllString(rest, -1) {
		if !strings.Contains(source, number) {
			t.Errorf("%s: %s comes from no cited signal: %s", where, number, s.Text)
		}
	}
}

// said is what the catalogue says of the mechanism.
func said(e *Engine, rc corax.RootCause) string {
	m, _ := e.cat.Mechanism(rc.Mechanism)
	var b strings.Builder
	b.WriteString(m.Title + " " + m.What)
	for _, s := range m.Story {
		b.WriteString(" " + s.Text)
	}
	return b.String()
}

// planHolds checks that a plan is one that a person could follow at night.
func planHolds(t *testing.T, where string, p corax.Diagnosis, letters string) {
	t.Helper()
	if p.Plan.Why == "" || p.Plan.Mode == "" || len(p.Plan.Steps) == 0 {
		t.Errorf("%s: no plan, or no reason for its mode: %+v", where, p.Plan)
	}
	last := 0
	for i, s := range p.Plan.Steps {
		if s.Do == "" || s.Check == "" || s.Verify == "" || s.Undo == "" || s.ID == "" {
			t.Errorf("%s: step %s lacks something: %+v", where, s.ID, s)
		}
		for _, text := range []string{s.Do, s.Run, s.Check, s.Verify, s.Undo} {
			if aHole.MatchString(text) && !strings.Contains(letters, squeeze(aHole.FindString(text))) {
				t.Errorf("%s: step %s has a hole: %s", where, s.ID, text)
			}
		}
		if at := purposeOrder[s.Purpose]; p.RootCause.Mechanism != unexplained && at < last {
			t.Errorf("%s: step %s comes too late: %s", where, s.ID, s.Purpose)
		} else {
			last = at
		}
		if slices.ContainsFunc(p.Plan.Steps[:i], func(o corax.Step) bool { return o.ID == s.ID }) {
			t.Errorf("%s: two steps are %s", where, s.ID)
		}
		if p.RootCause.Mechanism == unexplained && s.Risk != corax.Read && !s.Ask {
			t.Errorf("%s: step %s acts without an explanation: %+v", where, s.ID, s)
		}
	}
	if e := p.RootCause.Entity; e != "" && !strings.Contains(letters, squeeze(strings.TrimSuffix(e, "-svc"))) {
		t.Errorf("%s: nobody named %s", where, e)
	}
}

// squeeze leaves letters and digits, in lower case.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 0x80 {
			return r
		}
		return -1
	}, read.Lower(s))
}

func told(p corax.Diagnosis, kind corax.SentenceKind) (texts []string) {
	for _, s := range p.RootCause.Sentences {
		if s.Kind == kind {
			texts = append(texts, s.Text)
		}
	}
	return texts
}

func moment(clock string) time.Time {
	t, err := time.Parse(time.DateTime, "2026-03-30 "+clock)
	if err != nil {
		panic(err)
	}
	return t
}

// Where signals carry times, the story is one in time: the change before it, the first symptom, who followed, how long.
func TestStoryInTime(t *testing.T) {
	c := corax.Case{Signals: []corax.Signal{
		{At: moment("02:09:05"), Entity: "db-main", Kind: corax.ChangeOf, Message: "max_connections changed from 500 to 100"},
		{At: moment("02:13:05"), Entity: "db-main", Message: "FATAL: sorry, too many clients already (pid 4001)"},
		{At: moment("02:13:12"), Entity: "db-main", Message: "FATAL: sorry, too many clients already (pid 4002)"},
		{At: moment("02:13:35"), Entity: "shop", Message: "GET /cart answered 500: could not obtain connection from pool of db-main, 64 % of customers fail"},
		{At: moment("02:13:36"), Entity: "till", Message: "GET /cart answered 500: could not obtain connection from pool of db-main, 12 % of customers fail"},
	}, Topology: corax.Topology{Edges: []corax.Edge{{From: "shop", To: "db-main"}, {From: "till", To: "db-main"}, {From: "mail", To: "db-main"}}}}
	r := engine(t).Diagnose(c)
	if len(r.Problems) != 1 {
		t.Fatalf("%d problems", len(r.Problems))
	}
	p := r.Problems[0]
	for kind, want := range map[corax.SentenceKind][]string{
		corax.TellsWhat: {`At 02:13:05 UTC on 2026-03-30 db-main reported "FATAL: sorry, too many clients already (pid 4001)"; 1 signal more like it.`},
		corax.TellsWhy:  {`A change came 4 minutes before the first symptom, at 02:09:05: db-main reported "max_connections changed from 500 to 100".`},
		corax.TellsSpread: {`30 seconds after the first symptom shop, which needs db-main, reported "GET /cart answered 500: could not obtain connection from pool of db-main, 64 % of customers fail".`,
			"till reports the same."},
		corax.TellsAffected: {"mail needs db-main too, and has not reported anything."},
	} {
		for _, w := range want {
			if got := told(p, kind); !slices.Contains(got, w) {
				t.Errorf("%s: not told: %s\ngot %q", kind, w, got)
			}
		}
	}
}

// What nothing explains is told by what its signals hold and share, and its plan looks at what they name.
func TestStoryOfTheUnknown(t *testing.T) {
	c := corax.Case{Signals: []corax.Signal{
		{At: moment("02:00:00"), Entity: "cell-4", Kind: corax.ChangeOf, Message: "recipe R-118 replaced, version 4.2"},
		{At: moment("02:05:00"), Entity: "cell-4", Kind: corax.Symptom, Message: "fault F-207: gantry outside of envelope, axis stopped"},
		{At: moment("02:05:30"), Entity: "cell-5", Kind: corax.Symptom, Message: "waits for cell-4, gantry parked since F-207"},
	}, Topology: corax.Topology{Edges: []corax.Edge{{From: "cell-5", To: "cell-4"}}}}
	p := engine(t).Diagnose(c).Problems[0]
	if p.RootCause.Mechanism != unexplained {
		t.Skipf("the catalogue now explains it by %s", p.RootCause.Mechanism)
	}
	all := strings.Join(p.RootCause.Chain, "\n")
	for _, want := range []string{"F-207", "cell-5", "gantry"} {
		if !strings.Contains(all, want) {
			t.Errorf("not told: %s\n%s", want, all)
		}
	}
	var plan strings.Builder
	for _, s := range p.Plan.Steps {
		fmt.Fprintln(&plan, s.ID, s.Target, s.Do, s.Run, s.Ask, s.Risk)
	}
	for _, want := range []string{`Read the log of cell-4 from 01:55:00 UTC on for "F-207"`, "Look up what F-207 means", "between 22:05 and 02:05 UTC on 2026-03-30"} {
		if !strings.Contains(plan.String(), want) {
			t.Errorf("not planned: %s\n%s", want, &plan)
		}
	}
	if s := p.Plan.Steps[0]; s.Action != "config.revert" || !s.Ask || s.Target != "cell-4" || p.Plan.Mode != corax.Manual ||
		!strings.Contains(s.Do, "5 minutes before the first symptom") {
		t.Errorf("the change is not taken back by a yes: %+v, %s", s, p.Plan.Mode)
	}
}

// A storm is told in a few sentences, whatever its size.
func TestStoryOfAStorm(t *testing.T) {
	c := corax.Case{}
	for i := range 20_000 {
		c.Signals = append(c.Signals, corax.Signal{Entity: fmt.Sprintf("web-%d", i%2000), At: moment("02:13:05").Add(time.Duration(i) * time.Millisecond),
			Message: fmt.Sprintf("upstream db-main: connection refused, request %d", i)})
		if i < 2000 {
			c.Topology.Edges = append(c.Topology.Edges, corax.Edge{From: fmt.Sprintf("web-%d", i), To: "db-main"})
		}
	}
	c.Signals = append(c.Signals, corax.Signal{Entity: "db-main", At: moment("02:13:04"), Message: "connection refused, nothing listens on port 5432"})
	for _, p := range engine(t).Diagnose(c).Problems {
		if n := len(p.RootCause.Sentences); n > 30 {
			t.Errorf("%d sentences", n)
		}
		for _, s := range p.RootCause.Sentences {
			if len(s.Text) > 1200 || len(s.Signals) > mostNames {
				t.Errorf("too long: %d signals, %s", len(s.Signals), s.Text)
			}
		}
	}
}

func TestExcerpt(t *testing.T) {
	for text, want := range map[string]string{
		`140 callers cannot sign in to Windows, "the trust relationship failed"`: "140 callers cannot sign in to Windows",
		`{"level":"error","msg":"disk full on sda"}`:                             "disk full on sda",
		"short": "short",
		"explicit deny in a resource-based policy that is longer than it may be": "explicit deny in a resource-based policy",
		"": "",
	} {
		if got := excerpt(text, 50); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// A command is typed by a person at night: no name from outside may bring a second one.
func TestCommandsAreSafe(t *testing.T) {
	e := engine(t)
	for _, name := range []string{"db-1; rm -rf /", "$(reboot)", "`id`", "-rf", "a|b", "x\ny"} {
		for _, text := range []string{"No space left on device: /var/lib/files is at 100 %", "OOM killed process java", "flux fault Q-77 since 10.0.0.7:99",
			"FATAL: sorry, too many clients already"} {
			r := e.Diagnose(corax.Case{Signals: []corax.Signal{{Entity: name, Kind: corax.Symptom, Message: text, Labels: map[string]string{"unit": name, "pod": name}}}})
			for _, p := range r.Problems {
				for _, s := range p.Plan.Steps {
					if strings.Contains(s.Run, name) {
						t.Errorf("%q: %s", name, s.Run)
					}
				}
			}
		}
	}
}
