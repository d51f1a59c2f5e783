package ui

import (
	"bytes"
	"fmt"
	"html/template"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"corax"
)

// funcs are what all templates may use. Those that give HTML execute a template of parts, which escapes what it is given.
func (u *UI) funcs(clock corax.Clock, p *partsOf) template.FuncMap {
	return template.FuncMap{
		"asset":    u.URL,
		"icon":     func(name string) (template.HTML, error) { return p.render("icon", name) },
		"severity": func(s corax.Severity) (template.HTML, error) { return p.render("severity", severityOf(s)) },
		"state":    func(s any) (template.HTML, error) { return p.render("state", stateOf(fmt.Sprint(s))) },
		"badge": func(tone, text string) (template.HTML, error) {
			return p.render("badge", Badge{Tone: tone, Text: text})
		},
		"when":     func(t any) (template.HTML, error) { return p.when(t, clock.Now()) },
		"clock":    func(t any) (template.HTML, error) { return p.clock(t) },
		"bar":      func(share float64, label string) (template.HTML, error) { return p.bar(share, label) },
		"took":     Took,
		"since":    func(t time.Time) string { return Took(clock.Now().Sub(t)) },
		"between":  func(a, b time.Time) string { return Took(b.Sub(a)) },
		"percent":  func(share float64) string { return strconv.Itoa(int(math.Round(share*100))) + "%" },
		"words":    Words,
		"plural":   Plural,
		"list":     List,
		"join":     strings.Join,
		"upper":    Upper,
		"cut":      Cut,
		"dict":     dict,
		"slice":    func(items ...any) []any { return items },
		"add":      func(a, b int) int { return a + b },
		"share":    func(n, of int) float64 { return float64(n) / float64(max(of, 1)) },
		"deref":    func(t *time.Time) time.Time { return *t },
		"query":    query,
		"sorted":   sortedKeys,
		"contains": slices.Contains[[]string, string],
	}
}

// partsOf executes parts, from a set of its own: templates that were executed can't be copied any more.
type partsOf struct{ t *template.Template }

func (p *partsOf) render(name string, data any) (template.HTML, error) {
	var b bytes.Buffer
	if err := p.t.ExecuteTemplate(&b, name, data); err != nil {
		return "", err
	}
	return template.HTML(bytes.TrimSpace(b.Bytes())), nil //nolint:gosec // it is what html/template wrote
}

// Badge is a short word in a tone.
type Badge struct{ Tone, Text string }

func severityOf(s corax.Severity) Badge {
	if s == corax.SeverityNone {
		return Badge{"unknown", "not rated"}
	}
	return Badge{s.String(), s.String()}
}

// tones says how the states of problems, incidents, plans, steps, work orders, monitors and pages look.
var tones = map[string]string{
	"open": "high", "waiting_approval": "waiting", "healing": "busy", "contained": "medium", "healed": "ok", "closed": "ok", "resolved": "ok",
	"acknowledged": "busy", "running": "busy", "asking": "waiting", "blocked": "medium", "watching": "busy", "done": "ok", "stopped": "bad",
	"withdrawn": "idle", "paused": "waiting", "cancelled": "idle", "pending": "idle", "waiting": "medium", "not_needed": "ok", "refused": "bad",
	"failed": "bad", "undone": "idle", "unknown": "unknown", "up": "ok", "down": "bad", "drafted": "idle", "contacting": "waiting",
	"accepted": "busy", "in_progress": "busy", "done_claimed": "waiting", "verified": "ok", "declined": "bad", "expired": "bad", "ended": "idle",
	"allow": "ok", "ask": "waiting", "deny": "bad", "sent": "ok", "superseded": "idle", "passed": "ok", "error": "medium",
}

// ToneOf is the tone of a state; idle for those that have none.
func ToneOf(state string) string {
	if t := tones[state]; t != "" {
		return t
	}
	return "idle"
}

func stateOf(state string) Badge { return Badge{ToneOf(state), Words(state)} }

// moment is a time as the part "when" shows it.
type moment struct {
	Machine, Text, Title string
	Ago                  bool // it goes on while the page is open
}

func (p *partsOf) when(t any, now time.Time) (template.HTML, error) {
	at, ok := timeOf(t)
	if !ok {
		return "", nil
	}
	return p.render("when", moment{at.UTC().Format(time.RFC3339Nano), Ago(at, now), at.UTC().Format("2006-01-02 15:04:05 MST"), true})
}

func (p *partsOf) clock(t any) (template.HTML, error) {
	at, ok := timeOf(t)
	if !ok {
		return "", nil
	}
	return p.render("when", moment{at.UTC().Format(time.RFC3339Nano), at.UTC().Format("15:04:05"), at.UTC().Format("2006-01-02 15:04:05.000 MST"), false})
}

func timeOf(t any) (time.Time, bool) {
	switch t := t.(type) {
	case time.Time:
		return t, !t.IsZero()
	case *time.Time:
		if t != nil {
			return *t, true
		}
	}
	return time.Time{}, false
}

// meter is a share as the part "bar" draws it.
type meter struct {
	Label   string
	Percent int
}

func (p *partsOf) bar(share float64, label string) (template.HTML, error) {
	return p.render("bar", meter{label, int(math.Round(min(max(share, 0), 1) * 100))})
}

// Ago says how long ago something was, or how soon it will be.
func Ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case d < -time.Second:
		return "in " + Took(-d)
	case d < 2*time.Second:
		return "just now"
	}
	return Took(d) + " ago"
}

// Took says a length of time with as much detail as it deserves: "820 ms", "4.2 s", "3 min 20 s", "2 h 5 min", "6 d 3 h".
func Took(d time.Duration) string {
	two := func(a int, ua string, b int, ub string) string {
		if b == 0 {
			return fmt.Sprintf("%d %s", a, ua)
		}
		return fmt.Sprintf("%d %s %d %s", a, ua, b, ub)
	}
	switch s := int(d / time.Second); {
	case d < 0:
		return "0 s"
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d/time.Microsecond)
	case d < time.Second:
		return fmt.Sprintf("%d ms", d/time.Millisecond)
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 600:
		return two(s/60, "min", s%60, "s")
	case s < 3600:
		return fmt.Sprintf("%d min", s/60)
	case s < 86400:
		return two(s/3600, "h", s%3600/60, "min")
	default:
		return two(s/86400, "d", s%86400/3600, "h")
	}
}

// Share says a share in percent, with as many digits as it takes not to round what is missing away: 99.98%.
func Share(share float64) string {
	for digits := range 4 {
		if text := strconv.FormatFloat(100*share, 'f', digits, 64); share == 1 || !strings.HasPrefix(text, "100") {
			return text + "%"
		}
	}
	return "just below 100%"
}

// Words makes a name of ours readable: "waiting_approval" is "waiting approval".
func Words(s any) string { return strings.ReplaceAll(fmt.Sprint(s), "_", " ") }

// Plural counts: "1 monitor", "3 monitors".
func Plural(n int, one string, more ...string) string {
	word := one
	if n != 1 {
		word = one + "s"
		if len(more) > 0 {
			word = more[0]
		}
	}
	return strconv.Itoa(n) + " " + word
}

// List names the first few of many: "a, b and 3 more".
func List(names []string, most int) string {
	if len(names) <= most+1 {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
}

// Upper begins a sentence.
func Upper(s string) string {
	r := []rune(s)
	if len(r) == 0 {
		return s
	}
	return strings.ToUpper(string(r[:1])) + string(r[1:])
}

// Cut shortens a text to so many characters.
func Cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// dict is the argument of a part that wants several: {{template "x" (dict "Name" .A "Value" .B)}}.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict wants pairs of a name and a value, not %d items", len(pairs))
	}
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is not a name", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

// query gives a URL with some values of its query set; an empty value takes one out.
func query(address string, pairs ...string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	q := u.Query()
	for i := 0; i+1 < len(pairs); i += 2 {
		if q.Del(pairs[i]); pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
