package config

import (
	"time"

	"corax"
)

// Monitor declares one scheduled check. Exactly one of HTTP, TCP, TLS, Heartbeat and Log is set.
type Monitor struct {
	Name     string            `yaml:"name" decode:"required"`
	Title    string            `yaml:"title"`
	Entity   string            `yaml:"entity"`
	Every    time.Duration     `yaml:"every"`
	Timeout  time.Duration     `yaml:"timeout"` // of a whole run
	Severity corax.Severity    `yaml:"severity"`
	Labels   map[string]string `yaml:"labels"`
	After    int               `yaml:"after"` // so many failures in a row make it down; 1 where zero

	HTTP      *HTTP      `yaml:"http"`
	TCP       *TCP       `yaml:"tcp"`
	TLS       *TLS       `yaml:"tls"`
	Heartbeat *Heartbeat `yaml:"heartbeat"`
	Log       *Log       `yaml:"log"`
}

// HTTP is one request, or several that build on one another: log in, then call with the token. What stands beside
// steps (ca, token) counts for each of them that says nothing of its own.
type HTTP struct {
	HTTPStep `yaml:",inline"`
	Steps    []HTTPStep `yaml:"steps"`
}

// All lists the steps, the only one too.
func (h HTTP) All() []HTTPStep {
	if len(h.Steps) == 0 {
		return []HTTPStep{h.HTTPStep}
	}
	steps := make([]HTTPStep, len(h.Steps))
	for i, s := range h.Steps {
		if s.CA == "" {
			s.CA = h.CA
		}
		if s.Token == "" {
			s.Token = h.Token
		}
		steps[i] = s
	}
	return steps
}

// HTTPStep is a request and what its answer must be. URL, header and body may hold ${name} of what earlier steps
// saved.
type HTTPStep struct {
	Name   string            `yaml:"name"`
	Method string            `yaml:"method"` // GET where empty, POST where there is a body
	URL    string            `yaml:"url"`
	Header map[string]string `yaml:"header"`
	Body   string            `yaml:"body"`
	Token  string            `yaml:"token"` // a reference, sent as a bearer token
	CA     string            `yaml:"ca"`    // PEM file of the authorities that are trusted instead of the system's
	Expect Expect            `yaml:"expect"`
	Save   map[string]string `yaml:"save"` // name -> path of a field in the JSON answer
}

// Expect is what an answer must be.
type Expect struct {
	Status       []int    `yaml:"status" decode:"one_or_many"` // 200 to 299 where empty
	BodyContains []string `yaml:"body_contains" decode:"one_or_many"`
	// JSON maps the path of a field to the value that it must have, or to {that: EXPRESSION}, CEL over the variable
	// value.
	JSON    map[string]any `yaml:"json"`
	Latency time.Duration  `yaml:"latency"` // the answer must be complete within it
}

// TCP connects.
type TCP struct {
	Address string `yaml:"address" decode:"required"`
}

// TLS looks at the certificate of a server.
type TLS struct {
	Address    string        `yaml:"address" decode:"required"`
	ServerName string        `yaml:"server_name"` // the address's host where empty
	CA         string        `yaml:"ca"`
	WarnBefore time.Duration `yaml:"warn_before"` // it counts as failing this long before it runs out; 14 days where zero
}

// Heartbeat waits for something to report by POST /heartbeat/NAME; it is down when nothing came for every + grace.
type Heartbeat struct {
	Token string        `yaml:"token"` // a reference; who reports sends it as a bearer token
	Grace time.Duration `yaml:"grace"`
}

// Log follows files and turns lines into signals.
type Log struct {
	Path      string    `yaml:"path" decode:"required"` // a file or a glob; files that appear later are followed too
	Format    LogFormat `yaml:"format"`
	FromStart bool      `yaml:"from_start"` // read what is there already; otherwise only what is added

	// The names of a JSON line's fields; the usual ones where empty.
	EntityField  string `yaml:"entity_field"`
	MessageField string `yaml:"message_field"`
	LevelField   string `yaml:"level_field"`
	TimeField    string `yaml:"time_field"`

	// Rules say which lines become signals; the first that matches counts. Without rules, lines of level error and worse
	// are symptoms.
	Rules []LogRule `yaml:"rules"`
	// Quiet is how long after the last line a symptom counts as expired; 5 minutes where zero.
	Quiet time.Duration `yaml:"quiet"`
}

// LogFormat is how lines are written.
type LogFormat string

// The formats. Auto reads a line that begins with { as JSON.
const (
	LogAuto LogFormat = "auto"
	LogJSON LogFormat = "json"
	LogText LogFormat = "text"
)

// LogRule picks lines: every condition that is set must hold.
type LogRule struct {
	Name     string            `yaml:"name"`   // its place, "rule-1", where empty
	Match    string            `yaml:"match"`  // regular expression over the message
	Fields   map[string]string `yaml:"fields"` // a JSON line's field has exactly this value
	Kind     corax.SignalKind  `yaml:"kind"`   // symptom where empty; a recovery ends all symptoms of its entity
	Severity corax.Severity    `yaml:"severity"`
}
