package monitor

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"corax"
	"corax/config"
)

const (
	maxMessage    = 2 << 10 // bytes of a line's message
	maxAttributes = 16      // of a line's other fields
	maxAttribute  = 200     // bytes of each
)

// record is one line, understood.
type record struct {
	at       time.Time // zero where the line doesn't say
	entity   string
	level    string // lower case
	message  string
	fields   map[string]string // all scalar fields of a JSON line
	describe map[string]string // those that go along with a signal
}

// reader understands lines.
type reader struct {
	spec     config.Log
	messages []string
	levels   []string
	times    []string
}

func newReader(spec config.Log) reader {
	names := func(own string, usual ...string) []string {
		if own != "" {
			return []string{own}
		}
		return usual
	}
	return reader{
		spec:     spec,
		messages: names(spec.MessageField, "message", "msg", "text", "event", "error"),
		levels:   names(spec.LevelField, "level", "severity", "lvl", "log.level"),
		times:    names(spec.TimeField, "time", "timestamp", "ts", "@timestamp", "at"),
	}
}

// read understands a line, whatever it holds: what is no JSON is text.
func (r reader) read(line []byte, cut bool) record {
	text := strings.TrimSpace(strings.ToValidUTF8(string(line), "\uFFFD"))
	var rec record
	if doc, ok := r.object(text); ok {
		rec = r.json(doc)
	} else {
		rec = r.text(text)
		if r.spec.Format == config.LogJSON {
			rec.describe["malformed"] = "true"
		}
	}
	if cut {
		rec.describe["cut"] = "true"
	}
	return rec
}

func (r reader) object(text string) (map[string]any, bool) {
	if r.spec.Format == config.LogText || !strings.HasPrefix(text, "{") {
		return nil, false
	}
	var doc map[string]any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return doc, d.Decode(&doc) == nil
}

func (r reader) json(doc map[string]any) record {
	rec := record{fields: map[string]string{}, describe: map[string]string{}}
	flatten(doc, "", rec.fields, 3)
	take := func(names []string) (name, value string) {
		for _, n := range names {
			if v := rec.fields[n]; v != "" {
				return n, v
			}
		}
		return "", ""
	}
	messageField, message := take(r.messages)
	levelField, level := take(r.levels)
	timeField, at := take(r.times)
	rec.level, rec.at = strings.ToLower(level), parseTime(at)
	if r.spec.EntityField != "" {
		rec.entity = clip(rec.fields[r.spec.EntityField], 200)
	}
	for _, name := range []string{"error", "err", "reason", "cause"} { // what most say beside a message that says little
		if v := rec.fields[name]; name != messageField && v != "" && !strings.Contains(message, v) {
			message += ": " + v
		}
	}
	rec.message = excerpt([]byte(strings.TrimPrefix(message, ": ")), maxMessage)
	for _, name := range slices.Sorted(maps.Keys(rec.fields)) {
		if len(rec.describe) >= maxAttributes {
			break
		}
		if name != messageField && name != levelField && name != timeField && name != r.spec.EntityField &&
			!confidential(name) {
			rec.describe[clip(name, 100)] = excerpt([]byte(rec.fields[name]), maxAttribute)
		}
	}
	return rec
}

var (
	levelWord   = regexp.MustCompile(`\b(EMERG|ALERT|CRIT(?:ICAL)?|FATAL|PANIC|ERROR|ERR|WARN(?:ING)?|NOTICE|INFO|DEBUG|TRACE)\b`)
	leadingTime = regexp.MustCompile(`^\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)\]?\s*`)
)

func (r reader) text(text string) record {
	rec := record{describe: map[string]string{}}
	head := clip(text, 200)
	rec.level = strings.ToLower(levelWord.FindString(head))
	if m := leadingTime.FindStringSubmatch(head); m != nil {
		rec.at = parseTime(strings.Replace(strings.Replace(m[1], " ", "T", 1), ",", ".", 1))
		text = text[len(m[0]):]
	}
	rec.message = excerpt([]byte(text), maxMessage)
	return rec
}

// flatten writes the scalars of a document under dotted names.
func flatten(doc map[string]any, prefix string, into map[string]string, depth int) {
	for name, value := range doc {
		switch v := value.(type) {
		case map[string]any:
			if depth > 1 {
				flatten(v, prefix+name+".", into, depth-1)
			}
		case string:
			into[prefix+name] = v
		case json.Number, bool:
			into[prefix+name] = fmt.Sprint(v)
		}
	}
}

// confidential says that a field's name promises what must not be passed on.
func confidential(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{
		"password", "passwd", "secret", "token", "authorization", "cookie", "private_key", "api_key", "apikey",
	} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// parseTime reads RFC 3339, and seconds, milliseconds, microseconds or nanoseconds since 1970. It is zero for
// anything else.
func parseTime(text string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04:05Z0700"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC()
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n > 1e8) || n > 1e19 {
		return time.Time{}
	}
	for n > 1e11 {
		n /= 1000
	}
	seconds, part := math.Modf(n)
	return time.Unix(int64(seconds), int64(part*1e9)).UTC()
}

// severe says that a level is that of a symptom, and how bad.
func severe(level string) (corax.Severity, bool) {
	switch level {
	case "error", "err", "severe":
		return corax.High, true
	case "fatal", "panic", "critical", "crit", "alert", "emerg", "emergency", "dpanic":
		return corax.Critical, true
	}
	return corax.SeverityNone, false
}

// rule is a configured rule, made ready.
type rule struct {
	name     string
	match    *regexp.Regexp // nil matches
	fields   map[string]string
	byLevel  bool // lines of level error and worse
	kind     corax.SignalKind
	severity corax.Severity
}

func newRules(spec []config.LogRule) ([]rule, error) {
	if len(spec) == 0 {
		return []rule{{name: "errors", byLevel: true, kind: corax.Symptom}}, nil
	}
	rules := make([]rule, len(spec))
	for i, s := range spec {
		r := rule{
			name: cmp.Or(s.Name, "rule-"+strconv.Itoa(i+1)), kind: cmp.Or(s.Kind, corax.Symptom),
			fields: s.Fields, severity: s.Severity,
		}
		if s.Match != "" {
			var err error
			if r.match, err = regexp.Compile(s.Match); err != nil {
				return nil, fmt.Errorf("rule %s: %w", r.name, err)
			}
		}
		rules[i] = r
	}
	return rules, nil
}

func (r rule) matches(rec record) bool {
	if r.byLevel {
		_, ok := severe(rec.level)
		return ok
	}
	for name, want := range r.fields {
		if got, ok := rec.fields[name]; !ok || got != want {
			return false
		}
	}
	return r.match == nil || r.match.MatchString(rec.message)
}
