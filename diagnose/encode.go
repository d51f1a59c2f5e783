package diagnose

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"corax"
)

// AppendJSON appends a report as JSON, byte for byte what encoding/json makes of it without HTML escapes. A report is several kilobytes, and
// reflection took a tenth of the time of a diagnosis. The error is that of encoding/json for numbers that JSON doesn't have.
func AppendJSON(b []byte, r corax.Report) ([]byte, error) {
	e := encoder{b: b}
	e.report(&r)
	if e.odd {
		_, err := json.Marshal(r)
		return b, err
	}
	return e.b, nil
}

// encoder appends values. A method for a struct opens it, names its fields in their order, and closes it.
type encoder struct {
	b   []byte
	odd bool // met a number that JSON doesn't have
}

func (e *encoder) report(r *corax.Report) {
	e.raw(`{"id":`)
	e.string(r.ID)
	e.raw(`,"incidents":`)
	each(e, r.Incidents, e.incident)
	e.raw(`,"problems":`)
	each(e, r.Problems, e.diagnosis)
	if len(r.Quiet) > 0 {
		e.raw(`,"quiet":`)
		e.ints(r.Quiet)
	}
	e.raw(`}`)
}

func (e *encoder) incident(c *corax.CaseIncident) {
	e.raw(`{"id":`)
	e.string(c.ID)
	e.raw(`,"entity":`)
	if c.Entity == nil {
		e.raw(`null`)
	} else {
		e.string(*c.Entity)
	}
	e.raw(`,"signals":`)
	e.ints(c.Signals)
	e.raw(`,"severity":`)
	e.string(c.Severity.String())
	e.raw(`}`)
}

func (e *encoder) diagnosis(d *corax.Diagnosis) {
	e.raw(`{"incidents":`)
	each(e, d.Incidents, e.text)
	e.raw(`,"signals":`)
	e.ints(d.Signals)
	e.raw(`,"pattern":`)
	e.string(d.Pattern)
	e.raw(`,"pattern_confidence":`)
	e.float(d.PatternConfidence)
	some(e, `,"alternatives":`, d.Alternatives, e.alternative)
	e.raw(`,"severity":`)
	e.string(d.Severity.String())
	some(e, `,"severity_reasons":`, d.SeverityReasons, e.text)
	e.raw(`,"confidence":`)
	e.float(d.Confidence)
	e.raw(`,"cascade":{"cascading":`)
	e.bool(d.Cascade.Cascading)
	e.filled(`,"root":`, d.Cascade.Root)
	some(e, `,"affected":`, d.Cascade.Affected, e.text)
	e.raw(`,"depth":`)
	e.int(d.Cascade.Depth)
	e.raw(`},"links":`)
	each(e, d.Links, e.link)
	e.raw(`,"root_cause":`)
	e.rootCause(&d.RootCause)
	e.raw(`,"plan":`)
	e.plan(&d.Plan)
	some(e, `,"explanations":`, d.Explanations, e.explanation)
	e.raw(`}`)
}

func (e *encoder) alternative(a *corax.Alternative) {
	e.raw(`{"pattern":`)
	e.string(a.Pattern)
	e.raw(`,"confidence":`)
	e.float(a.Confidence)
	e.raw(`}`)
}

func (e *encoder) link(l *corax.Link) {
	e.raw(`{"from":`)
	e.string(l.From)
	e.raw(`,"to":`)
	e.string(l.To)
	e.raw(`,"kind":`)
	e.string(string(l.Kind))
	e.raw(`,"score":`)
	e.float(l.Score)
	e.raw(`,"why":`)
	e.string(l.Why)
	e.raw(`}`)
}

func (e *encoder) rootCause(c *corax.RootCause) {
	e.raw(`{"entity":`)
	e.string(c.Entity)
	e.raw(`,"mechanism":`)
	e.string(c.Mechanism)
	e.raw(`,"summary":`)
	e.string(c.Summary)
	some(e, `,"sentences":`, c.Sentences, e.sentence)
	some(e, `,"chain":`, c.Chain, e.text)
	e.raw(`,"evidence":`)
	each(e, c.Evidence, e.evidence)
	e.raw(`,"against":`)
	each(e, c.Against, e.evidence)
	e.raw(`,"missing":`)
	each(e, c.Missing, e.text)
	if len(c.Facts) > 0 {
		e.raw(`,"facts":`)
		e.texts(c.Facts)
	}
	e.raw(`}`)
}

func (e *encoder) sentence(s *corax.Sentence) {
	e.raw(`{"text":`)
	e.string(s.Text)
	e.raw(`,"signals":`)
	e.ints(s.Signals)
	e.raw(`,"kind":`)
	e.string(string(s.Kind))
	e.raw(`}`)
}

func (e *encoder) evidence(v *corax.Evidence) {
	e.raw(`{"signal":`)
	e.int(v.Signal)
	e.raw(`,"quote":`)
	e.string(v.Quote)
	e.raw(`,"supports":`)
	e.string(v.Supports)
	e.raw(`}`)
}

func (e *encoder) plan(p *corax.Plan) {
	e.raw(`{`)
	if p.ID != "" {
		e.raw(`"id":`)
		e.string(p.ID)
		e.raw(`,`)
	}
	if p.Problem != "" {
		e.raw(`"problem":`)
		e.string(p.Problem)
		e.raw(`,`)
	}
	e.raw(`"mode":`)
	e.string(string(p.Mode))
	e.raw(`,"why":`)
	e.string(p.Why)
	e.raw(`,"steps":`)
	each(e, p.Steps, e.step)
	e.raw(`}`)
}

func (e *encoder) step(s *corax.Step) {
	e.raw(`{`)
	if s.ID != "" {
		e.raw(`"id":`)
		e.string(s.ID)
		e.raw(`,`)
	}
	if s.Phase != "" {
		e.raw(`"phase":`)
		e.string(s.Phase)
		e.raw(`,`)
	}
	e.raw(`"action":`)
	e.string(s.Action)
	e.raw(`,"target":`)
	e.string(s.Target)
	e.raw(`,"params":`)
	e.texts(s.Params)
	e.raw(`,"risk":`)
	e.string(string(s.Risk))
	e.filled(`,"do":`, s.Do)
	e.filled(`,"run":`, s.Run)
	some(e, `,"fill":`, s.Fill, e.text)
	e.filled(`,"check":`, s.Check)
	e.raw(`,"verify":`)
	e.string(s.Verify)
	e.raw(`,"undo":`)
	e.string(s.Undo)
	e.raw(`,"purpose":`)
	e.string(string(s.Purpose))
	if s.Waits {
		e.raw(`,"waits":true`)
	}
	if s.Ask {
		e.raw(`,"ask":true`)
	}
	e.raw(`}`)
}

func (e *encoder) explanation(x *corax.Explanation) {
	e.raw(`{"decision":`)
	e.string(x.Decision)
	e.raw(`,"answer":`)
	e.string(x.Answer)
	e.raw(`,"for":`)
	each(e, x.For, e.text)
	some(e, `,"against":`, x.Against, e.text)
	e.filled(`,"runner_up":`, x.RunnerUp)
	some(e, `,"would_change":`, x.WouldChange, e.text)
	e.raw(`}`)
}

// each appends a list; nil is null.
func each[T any](e *encoder, list []T, one func(*T)) {
	if list == nil {
		e.raw(`null`)
		return
	}
	e.raw(`[`)
	for i := range list {
		if i > 0 {
			e.raw(`,`)
		}
		one(&list[i])
	}
	e.raw(`]`)
}

// some appends a field that is left out where its list is empty.
func some[T any](e *encoder, name string, list []T, one func(*T)) {
	if len(list) > 0 {
		e.raw(name)
		each(e, list, one)
	}
}

// filled appends a field that is left out where it is empty.
func (e *encoder) filled(name, value string) {
	if value != "" {
		e.raw(name)
		e.string(value)
	}
}

func (e *encoder) raw(s string) { e.b = append(e.b, s...) }

func (e *encoder) text(s *string) { e.string(*s) }

func (e *encoder) bool(v bool) { e.b = strconv.AppendBool(e.b, v) }

func (e *encoder) int(v int) { e.b = strconv.AppendInt(e.b, int64(v), 10) }

func (e *encoder) ints(list []int) {
	if list == nil {
		e.raw(`null`)
		return
	}
	e.raw(`[`)
	for i, v := range list {
		if i > 0 {
			e.raw(`,`)
		}
		e.int(v)
	}
	e.raw(`]`)
}

// texts appends a map in the order of its keys.
func (e *encoder) texts(m map[string]string) {
	if m == nil {
		e.raw(`null`)
		return
	}
	e.raw(`{`)
	if len(m) > 0 {
		for i, k := range slices.Sorted(maps.Keys(m)) {
			if i > 0 {
				e.raw(`,`)
			}
			e.string(k)
			e.raw(`:`)
			e.string(m[k])
		}
	}
	e.raw(`}`)
}

// float writes as ECMAScript does, which is what encoding/json follows.
func (e *encoder) float(v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		e.odd = true
		return
	}
	if size := math.Abs(v); size == 0 || size >= 1e-6 && size < 1e21 {
		e.b = strconv.AppendFloat(e.b, v, 'f', -1, 64)
		return
	}
	e.b = strconv.AppendFloat(e.b, v, 'e', -1, 64)
	if n := len(e.b); e.b[n-4] == 'e' && e.b[n-3] == '-' && e.b[n-2] == '0' {
		e.b[n-2] = e.b[n-1] // e-09 is written e-9
		e.b = e.b[:n-1]
	}
}

// plainByte says that an ASCII byte stands in a string as it is.
var plainByte = func() (plain [256]bool) {
	for c := byte(' '); c < utf8.RuneSelf; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()

// plainPrefix is how many bytes of a text stand as they are, up to the first that may not. It looks at eight bytes as one number: a byte that
// is less than a space, or that is zero after the sign in question was taken out by exclusive or, borrows into its highest bit, which a
// byte beyond ASCII has anyway ("Hacker's Delight", 6-1).
func plainPrefix(s string) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; len(s)-n >= 8; n += 8 {
		p := s[n : n+8]
		_ = p[7]
		v := uint64(p[0]) | uint64(p[1])<<8 | uint64(p[2])<<16 | uint64(p[3])<<24 |
			uint64(p[4])<<32 | uint64(p[5])<<40 | uint64(p[6])<<48 | uint64(p[7])<<56
		if (v|(v-ones*' ')|(v^ones*'"'-ones)|(v^ones*'\\'-ones))&highs != 0 {
			break
		}
	}
	for n < len(s) && plainByte[s[n]] {
		n++
	}
	return n
}

func (e *encoder) string(s string) {
	b := e.b // in a local, which the compiler keeps in registers
	b = append(b, '"')
	for {
		n := plainPrefix(s)
		b = append(b, s[:n]...)
		if n == len(s) {
			break
		}
		size, escape := escaped(s[n:])
		if escape == "" {
			escape = s[n : n+size]
		}
		b, s = append(b, escape...), s[n+size:]
	}
	b = append(b, '"')
	e.b = b
}

// escaped is how what a text begins with is written, empty where it stands as it is, and how many bytes it takes.
func escaped(s string) (size int, escape string) {
	switch c := s[0]; {
	case c == '"':
		return 1, `\"`
	case c == '\\':
		return 1, `\\`
	case c < ' ':
		return 1, controls[c]
	}
	switch r, size := utf8.DecodeRuneInString(s); {
	case r == utf8.RuneError && size == 1:
		return 1, `\ufffd`
	case r == '\u2028':
		return size, `\u2028`
	case r == '\u2029':
		return size, `\u2029`
	default:
		return size, ""
	}
}

// controls are the control characters, as encoding/json writes them.
var controls = func() (all [' ']string) {
	for c := range all {
		b, _ := json.Marshal(string(rune(c)))
		all[c] = string(b[1 : len(b)-1])
	}
	return all
}()
