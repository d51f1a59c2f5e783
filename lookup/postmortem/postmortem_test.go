package postmortem_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"corax"
	"corax/lookup/postmortem"
)

var began = time.Date(2026, 3, 30, 2, 0, 0, 0, time.UTC)

func after(d time.Duration) *time.Time { t := began.Add(d); return &t }

// outage is one that was healed, with a step that keeps it from coming back and one that was refused.
func outage() postmortem.Outage {
	steps := []corax.Step{
		{ID: "1.1", Action: "key.reactivate", Target: "auth", Do: "Let k1 sign again", Purpose: corax.Restore},
		{ID: "2.1", Action: "issuer.configure", Target: "auth", Do: "Make auth look at the receipts", Purpose: corax.Prevent},
		{ID: "3.1", Action: "key.destroy", Target: "auth", Purpose: corax.Tidy},
	}
	return postmortem.Outage{
		Problem: corax.Problem{
			ID: "prb-1", State: corax.ProblemClosed, Incidents: []string{"inc-1", "inc-2"}, OpenedAt: began, HealedAt: after(9 * time.Second),
			ClosedAt: after(time.Minute),
			Diagnosis: corax.Diagnosis{
				Pattern: corax.Unknown, PatternConfidence: 0.99, Severity: corax.Critical, Confidence: 0.96,
				Cascade: corax.Cascade{Cascading: true, Root: "auth", Affected: []string{"order", "user"}, Depth: 1},
				RootCause: corax.RootCause{
					Entity: "auth", Mechanism: "key_used_before_distributed", Summary: "auth: a key was used too early",
					Sentences: []corax.Sentence{{Text: "auth began to sign with k2.", Kind: corax.TellsWhat}, {Text: "It might be mail.", Kind: corax.TellsUnclear}},
					Evidence:  []corax.Evidence{{Signal: 3, Quote: "no key for kid", Supports: "what those see who rely on auth"}},
					Missing:   []string{"which keys each verifier has"},
				},
			},
		},
		Run: &corax.PlanRun{
			Plan: corax.Plan{ID: "pln-1", Mode: corax.AutoHeal, Steps: steps}, State: corax.PlanDone,
			Steps: []corax.StepRun{
				{Step: "1.1", State: corax.StepDone, StartedAt: after(3 * time.Second), EndedAt: after(4 * time.Second), Verified: "7 monitors up"},
				{Step: "2.1", State: corax.StepDone, StartedAt: after(10 * time.Second), EndedAt: after(11 * time.Second)},
				{Step: "3.1", State: corax.StepRefused, Result: "not approved"},
			},
		},
		Decisions: []corax.Decision{{Step: "1.1", Verdict: corax.Allow, Rule: "reversible"}},
		Events: []corax.Event{
			{At: began.Add(2 * time.Second), Kind: corax.EventDiagnosed, Text: "auth: a key was used too early"},
			{At: began, Kind: corax.EventIncidentOpened, Text: "not a turn"},
			{At: began.Add(5 * time.Second), Kind: corax.EventComment, Text: "I see it", Data: map[string]string{"by": "jane"}},
			{At: began.Add(9 * time.Second), Kind: corax.EventHealed, Text: "Healed: 22 monitors green"},
		},
	}
}

func TestMarkdown(t *testing.T) {
	text := postmortem.Markdown(outage())
	for _, want := range []string{
		"# auth: a key was used too early\n", "Healed and verified after 9s; nothing is left to do.", "| Affected | order, user |",
		"| diagnosed | 2026-03-30 02:00:02 | +2s |", "| first step of the plan | 2026-03-30 02:00:03 | +3s |", "- auth began to sign with k2.",
		"- signal 3, “no key for kid”: what those see who rely on auth", "| 1.1 | Let k1 sign again | done | 1s | 7 monitors up | allow by reversible |",
		"- Make auth look at the receipts (done)", "- Not known: which keys each verifier has", "- It might be mail.",
		"- Step 3.1 is refused: key.destroy on auth (not approved)", "| 2026-03-30 02:00:05 | jane: I see it |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if strings.Contains(text, "not a turn") {
		t.Error("each incident is told")
	}
}

func TestOutcomes(t *testing.T) {
	for want, p := range map[string]corax.Problem{
		"It is not over: waiting approval.":                    {State: corax.ProblemWaiting},
		"Healed and verified after 5s; tidying up goes on.":    {State: corax.ProblemHealed, HealedAt: after(5 * time.Second)},
		"It went away without a plan of ours, after 1m0s.":     {State: corax.ProblemResolved, ClosedAt: after(time.Minute)},
		"Closed after 1m0s.":                                   {State: corax.ProblemClosed, ClosedAt: after(time.Minute)},
		"Healed and verified after 5s; nothing is left to do.": {State: corax.ProblemClosed, HealedAt: after(5 * time.Second), ClosedAt: after(time.Minute)},
	} {
		p.OpenedAt = began
		if got := (postmortem.Outage{Problem: p}).Outcome(); got != want {
			t.Errorf("%s: got %q, want %q", p.State, got, want)
		}
	}
}

// An outage of which hardly anything is known is told too.
func TestNothingIsKnown(t *testing.T) {
	text := postmortem.Markdown(postmortem.Outage{Problem: corax.Problem{ID: "prb-1", State: corax.ProblemOpen, OpenedAt: began}})
	if !strings.HasPrefix(text, "# Problem prb-1\n") || !strings.Contains(text, "It is not over: open.") {
		t.Error(text)
	}
}

// Whatever texts from outside hold, none of it is markup: the lines are those of the report, no tag, link, heading or cell is theirs.
func TestTextStaysText(t *testing.T) {
	markup := regexp.MustCompile(`(^|[^\\])[<>\[\]` + "`" + `*_~]`)
	bare := regexp.MustCompile(`(^|[^\\])://|www\.`)
	plain := strings.Count(postmortem.Markdown(outage()), "\n")
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.RuneFrom([]rune("<>[]()`*_~#|!&\\-\n\r\t/:ab \u2028")), 1, 40, -1)).Draw(t, "text")
		o := outage()
		d := &o.Problem.Diagnosis
		d.RootCause.Summary, d.RootCause.Entity = "s"+text, text
		d.RootCause.Sentences[0].Text, d.RootCause.Missing[0], d.RootCause.Evidence[0].Quote = text, text, text
		d.Cascade.Affected[0] = text
		o.Run.Plan.Steps[0].Do, o.Run.Steps[2].Result, o.Run.Steps[0].Verified = "d"+text, "r"+text, text
		o.Events[2].Text, o.Events[2].Data["by"] = text, text
		out := postmortem.Markdown(o)
		if n := strings.Count(out, "\n"); n != plain {
			t.Fatalf("%d lines, want %d:\n%s", n, plain, out)
		}
		for _, line := range strings.Split(out, "\n") {
			unescaped := strings.ReplaceAll(line, `\\`, "")
			if markup.MatchString(unescaped) {
				t.Fatalf("markup in %q", line)
			}
			if bare.MatchString(line) {
				t.Fatalf("an address that becomes a link in %q", line)
			}
			if strings.HasPrefix(line, "|") && !strings.HasPrefix(line, "| ---") {
				if cells := strings.Count(strings.ReplaceAll(unescaped, `\|`, ""), "|"); cells != 3 && cells != 4 && cells != 7 {
					t.Fatalf("a cell of its own in %q", line)
				}
			}
		}
	})
}
