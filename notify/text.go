package notify

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"

	"corax"
)

// Lengths of texts, in runes.
const (
	maxTitle  = 120
	maxText   = 4000
	maxShort  = 300
	maxSpeech = 900
)

// payload is what a webhook receives, and a body without a template.
type payload struct {
	ID      string    `json:"id"` // the same for the same text about the same problem, however often it is sent
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"` // opened, worse, escalated, healed, closed, test, work, approval, break_glass
	Text    string    `json:"text"`
	Problem *summary  `json:"problem,omitempty"`
	// Approval and BreakGlass are what notices of these kinds are about.
	Approval   *corax.ApprovalRequest `json:"approval,omitempty"`
	BreakGlass *corax.BreakGlass      `json:"break_glass,omitempty"`

	Detail *corax.Problem `json:"detail,omitempty"` // left out where it is too large
}

// summary is a problem in short.
type summary struct {
	ID        string             `json:"id"`
	State     corax.ProblemState `json:"state"`
	Severity  corax.Severity     `json:"severity"`
	Pattern   string             `json:"pattern"`
	Root      string             `json:"root"`
	Mechanism string             `json:"mechanism"`
	Summary   string             `json:"summary"`
	Affected  []string           `json:"affected,omitempty"`
	OpenedAt  time.Time          `json:"opened_at"`
}

// title names a problem's page; its thread keeps it.
func title(p corax.Problem) string {
	d := p.Diagnosis
	return Clip(Line(fmt.Sprintf("[%s] %s: %s", strings.ToUpper(d.Severity.String()), d.RootCause.Entity, d.RootCause.Mechanism)), maxTitle)
}

var headings = map[corax.NoticeKind]string{
	corax.NoticeOpened: "New problem", corax.NoticeWorse: "Worse", corax.NoticeEscalated: "People are needed",
	corax.NoticeHealed: "Healed", corax.NoticeClosed: "Closed",
}

// compose writes a notice about a problem. Its id follows from problem, kind and text.
func (n *Notifier) compose(p corax.Problem, kind corax.NoticeKind, text string, now time.Time) corax.Notice {
	d, clean := p.Diagnosis, n.o.Redactor.Redact
	text = clean(text)
	id := corax.HashID("ntc", p.ID, string(kind), text)
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s: %s", headings[kind], title(p))
	if text != "" {
		line("\n%s", Clip(text, maxText/2))
	}
	if sum := d.RootCause.Summary; sum != "" && !strings.HasPrefix(text, sum) {
		line("\n%s", Clip(sum, maxText/4))
	}
	line("\nRoot cause: %s at %s (%.0f %%)", d.RootCause.Mechanism, d.RootCause.Entity, 100*d.Confidence)
	line("Severity: %s", d.Severity)
	if len(d.Cascade.Affected) > 0 {
		line("Affected: %s", Clip(strings.Join(d.Cascade.Affected, ", "), 300))
	}
	line("Problem: %s, %s since %s", p.ID, p.State, p.OpenedAt.UTC().Format(time.RFC3339))
	said := text
	if said == "" {
		said = d.RootCause.Summary
	}
	until := now.Add(linkFor)
	notice := corax.Notice{
		ID: id, At: now, Kind: kind, Lang: "en", Text: clean(b.String()),
		Short: Clip(Line(clean(headings[kind]+": "+title(p)+". "+said)), maxShort),
		Speech: Clip(Line(clean(fmt.Sprintf("This is Corax. %s, severity %s, at %s. %s", headings[kind], d.Severity, d.RootCause.Entity, said))),
			maxSpeech),
	}
	if wakes(kind) {
		notice.Offers, notice.Until, notice.Keys = PurposeAck, &until, "Press 1 to say that you are on it."
	}
	data, err := json.Marshal(payload{ID: id, At: now, Kind: string(kind), Text: Clip(text, maxText), Problem: &summary{
		ID: p.ID, State: p.State, Severity: d.Severity, Pattern: d.Pattern, Root: d.RootCause.Entity, Mechanism: d.RootCause.Mechanism,
		Summary: Clip(d.RootCause.Summary, maxText), Affected: d.Cascade.Affected[:min(len(d.Cascade.Affected), 50)], OpenedAt: p.OpenedAt,
	}})
	if err == nil {
		notice.Data = json.RawMessage(clean(string(data)))
	}
	return notice
}

// Line makes one line of a text from outside: whatever could end a header, or steer a terminal, is a space.
func Line(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, ""), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
	}), " ")
}

// Clip shortens a text to n runes.
func Clip(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return strings.TrimRight(string(r[:n-1]), " ") + "…"
}
