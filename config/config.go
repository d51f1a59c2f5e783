// Package config reads how one Corax is to run: a YAML file, with others that it includes, becomes a validated
// Config.
//
// In comes a file that a person wrote; out comes a Config in which every default is filled in and every name that is
// used exists, or decode.Errors with all that is wrong, each with file, line, column and the nearest right word.
// Credentials are references (vault:NAME, env:NAME, file:PATH) that stay references here: nothing is resolved, nothing from the
// environment is put in, and no expression is evaluated. The package imports none of the rooms that it configures.
package config

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"corax"
	"corax/config/decode"
)

// Config is all that a user can set.
type Config struct {
	Include []string `yaml:"include"` // files or globs, relative to this file, whose lists are added to this file's

	DataDir string   `yaml:"data_dir"`
	Listen  string   `yaml:"listen"`
	Tokens  []string `yaml:"tokens"` // references of the tokens that receivers accept
	// Operators are the people who are known by a token of their own.
	Operators []corax.Operator `yaml:"operators"`
	Sync      Sync             `yaml:"sync"`
	Access    Access           `yaml:"access"`

	Retention Retention `yaml:"retention"`
	Bus       Bus       `yaml:"bus"`

	Topology  corax.Topology `yaml:"topology"`
	Monitors  []Monitor      `yaml:"monitors"`
	Receivers Receivers      `yaml:"receivers"`

	Triage      Triage          `yaml:"triage"`
	Investigate Investigate     `yaml:"investigate"`
	Actions     []corax.Action  `yaml:"actions"`
	Executors   corax.Executors `yaml:"executors"`
	Policy      corax.Policy    `yaml:"policy"`
	Heal        Heal            `yaml:"heal"`
	Escalation  Escalation      `yaml:"escalation"`
	Notify      Notify          `yaml:"notify"`
	Hands       Hands           `yaml:"hands"`

	Vault Vault `yaml:"vault"`
	Audit Audit `yaml:"audit"`

	Heartbeat Outgoing  `yaml:"heartbeat"`
	Knowledge Knowledge `yaml:"knowledge"`
	Log       Logging   `yaml:"log"`

	// Warnings are what looks like a mistake and can be meant: a selector that picks nothing, for one.
	Warnings []decode.Problem `yaml:"-"`

	main   *decode.Document   // nil where it was not read from a text, as is the next
	places map[string][]place // list -> where its items were written
}

// Problem is a fault that a room found in the item of a list: path is the field's path in this Config, as
// actions[2].precheck[0].that. The problem has the file that the item was written in, and the path in that file.
func (c Config) Problem(path, hint, format string, args ...any) decode.Problem {
	for list, items := range c.places {
		rest, _ := strings.CutPrefix(path, list+"[")
		index, field, _ := strings.Cut(rest, "]")
		if i, err := strconv.Atoi(index); err == nil && i >= 0 && i < len(items) {
			return items[i].doc.Problem(items[i].path+field, hint, format, args...)
		}
	}
	return decode.Problem{Field: path, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// Sync says when what is acknowledged is on the disk.
type Sync string

// The modes of Sync.
const (
	SyncDefault   Sync = "default" // survives the death of the process
	SyncAlwaysOn  Sync = "always"  // survives the loss of power too, at a price
	defaultListen      = "127.0.0.1:9094"
)

// SyncAlways says that everything acknowledged must survive the loss of power.
func (c Config) SyncAlways() bool { return c.Sync == SyncAlwaysOn }

// Retention bounds what is kept; zero is no bound.
type Retention struct {
	Age   time.Duration `yaml:"age"`
	Bytes int64         `yaml:"size" decode:"bytes"`
}

// Bus says where the stream is.
type Bus struct {
	URL        string `yaml:"url"` // of a NATS cluster; empty runs one in the process
	Partitions int    `yaml:"partitions"`
	MaxBytes   int64  `yaml:"max_bytes" decode:"bytes"`
}

// Receivers take other tools' output.
type Receivers struct {
	Alertmanager Alertmanager `yaml:"alertmanager"`
	Generic      []Mapping    `yaml:"generic"`
}

// Alertmanager says how alerts are read.
type Alertmanager struct {
	// ResolveTimeout is how long an alert without endsAt lives after it was last sent.
	ResolveTimeout time.Duration `yaml:"resolve_timeout"`
	EntityLabels   []string      `yaml:"entity_labels"` // the first that an alert has names its entity
}

// Mapping declares how the JSON of some tool becomes signals. Each value is the path of a field within an item:
// alert.host, tags[0].
type Mapping struct {
	Name           string            `yaml:"name" decode:"required"` // the last part of the address that it is sent to
	Items          string            `yaml:"items"`                  // path of the list; empty where the text is it, or one item
	ID             string            `yaml:"id"`
	Entity         string            `yaml:"entity"`
	Message        string            `yaml:"message" decode:"required"`
	Severity       string            `yaml:"severity"`
	Status         string            `yaml:"status"`
	ResolvedValues []string          `yaml:"resolved_values" decode:"one_or_many"` // of status, that mean: over
	At             string            `yaml:"at"`
	Labels         map[string]string `yaml:"labels"` // label -> path
}

// Triage says when an incident flaps or reopens.
type Triage struct {
	FlapWindow   time.Duration `yaml:"flap_window"`
	FlapCount    int           `yaml:"flap_count"` // changes of state within the window
	ReopenWithin time.Duration `yaml:"reopen_within"`
}

// Investigate says when a problem is looked at.
type Investigate struct {
	Settle time.Duration `yaml:"settle"` // quiet time after the latest change
	Most   time.Duration `yaml:"most"`   // at the latest, after the first
}

// Heal says how plans are carried out.
type Heal struct {
	Enabled       bool          `yaml:"enabled"`
	StableFor     time.Duration `yaml:"stable_for"`     // monitors must stay green this long before a problem is healed
	EscalateAfter time.Duration `yaml:"escalate_after"` // a target that stays away this long is told to people
	// FallBackAfter is how long monitors may stay red after the repair, once people are told, before what was done is taken back.
	FallBackAfter time.Duration `yaml:"fall_back_after"`
	RetryEvery    time.Duration `yaml:"step_retry"` // how often a step that waits for its target asks again
	Limits        Limits        `yaml:"limits"`
	// Database is the reference of the postgres:// address that plans are kept at, for it holds a password; a file in the
	// data directory where it is empty.
	Database string `yaml:"database"`
}

// Limits hold for every plan, whatever the policy allows.
type Limits struct {
	LoopTimes     int           `yaml:"loop_times"`     // a remedy that was verified as often and did not last isn't tried again; 0 is no limit
	LoopWithin    time.Duration `yaml:"loop_within"`    // in this time
	StormProblems int           `yaml:"storm_problems"` // from so many open problems on, nothing changes anything without a yes; 0 is never
}

// Escalation says who is told when Corax needs people.
type Escalation struct {
	Webhook Webhook `yaml:"webhook"`
}

// Webhook is an address that takes a POST.
type Webhook struct {
	URL   string `yaml:"url"`
	Token string `yaml:"token"` // a reference, sent as a bearer token
}

// Outgoing is the heartbeat by which something else watches Corax.
type Outgoing struct {
	URL   string        `yaml:"url"`
	Every time.Duration `yaml:"every"`
}

// Knowledge adds to the built-in catalogue.
type Knowledge struct {
	Dir string `yaml:"dir"`
}

// Logging is Corax's own log.
type Logging struct {
	Level slog.Level `yaml:"level"`
}

// Default is the configuration of an empty file. Its data directory is empty: the caller knows where that belongs.
func Default() Config {
	return Config{
		Listen:    defaultListen,
		Sync:      SyncDefault,
		Access:    defaultAccess(),
		Retention: Retention{Age: 30 * 24 * time.Hour, Bytes: 8 << 30},
		Bus:       Bus{Partitions: 4, MaxBytes: 4 << 30},
		Receivers: Receivers{Alertmanager: Alertmanager{
			ResolveTimeout: 5 * time.Minute,
			EntityLabels:   []string{"entity", "service", "job", "host", "instance", "device", "pod", "deployment"},
		}},
		Triage:      Triage{FlapWindow: 10 * time.Minute, FlapCount: 6, ReopenWithin: 5 * time.Minute},
		Investigate: Investigate{Settle: time.Second, Most: 3 * time.Second},
		Heal: Heal{
			Enabled: true, StableFor: 5 * time.Second, EscalateAfter: 30 * time.Second, FallBackAfter: 5 * time.Minute, RetryEvery: time.Second,
			Limits: Limits{LoopTimes: 2, LoopWithin: 6 * time.Hour, StormProblems: 5},
		},
		Audit:     Audit{Every: 10 * time.Minute, After: 1000, Retention: 365 * 24 * time.Hour},
		Heartbeat: Outgoing{Every: time.Minute},
	}
}
