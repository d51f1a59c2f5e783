package diagnose

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"corax"
	"corax/knowledge"
	read "corax/reading"
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
	aHole     = regexp.MustCompile(`\{[a-z_]+(\|[^{}]*)?\}`)
)

// Whatever the case, a root cause tells nothing that no signal says: sentences rest on signals of their problem, quote them word for word,
// leave no hole, and are told once. Two problems never have one summary.
func TestStoryHolds(t *testing.T) {
	e := engine(t)
	summaries := map[string]string{}
	kinds := map[corax.SentenceKind]int{}
	total := 0
	for _, c := range storyCases(t) {
		said := strings.Builder{}
		for _, s := range c.Signals {
			fmt.Fprintln(&said, s.Message, s.Entity, s.Source, s.Labels, s.Attributes)
		}
		for _, n := range c.Topology.Entities {
			fmt.Fprintln(&said, n.ID, n.Name, n.Aliases)
		}
		letters := squeeze(said.String())
		r := e.Diagnose(c)
		for n, p := range r.Problems {
			where := fmt.Sprintf("%s, problem %d", c.ID, n+1)
			rc := p.RootCause
			key := rc.Entity + "|" + rc.Mechanism + "|" + c.Signals[rc.Evidence[0].Signal].Message
			if was, ok := summaries[rc.Summary]; ok && was != key {
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
		}
	}
	t.Logf("%d sentences, %v", total, kinds)
}

func storySentence(t *testing.T, e *Engine, where string, c corax.Case, p corax.Diagnosis, s corax.Sentence, letters string) {
	t.Helper()
	if len(s.Signals) == 0 && s.Kind != corax.TellsUnclear {
		t.Errorf("%s: rests on no signal: %s", where, s.Text)
	}
	if aHole.MatchString(s.Text) && !strings.Contains(letters, squeeze(aHole.FindString(s.Text))) {
		t.Errorf("%s: unfilled: %s", where, s.Text)
	}
	var cited strings.Builder
	for _, n := range s.Signals {
		if !slices.Contains(p.Signals, n) {
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
	rest := quotation.ReplaceAllString(s.Text, "")
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
