package corax

import "time"

// MonitorState is what a monitor last saw.
type MonitorState string

// The states of a monitor.
const (
	MonitorUnknown MonitorState = "unknown" // has not run yet
	MonitorUp      MonitorState = "up"
	MonitorDown    MonitorState = "down"
)

// ProbeResult is the outcome of one run of a monitor.
type ProbeResult struct {
	Monitor string        `json:"monitor"`
	Entity  string        `json:"entity,omitempty"`
	At      time.Time     `json:"at"`
	State   MonitorState  `json:"state"`
	Latency time.Duration `json:"latency"` // nanoseconds
	// Message says in plain words what was seen; where it failed, which condition, expected against found.
	Message    string            `json:"message"`
	Attributes map[string]string `json:"attributes,omitempty"` // status, step, error class: refused, timeout, tls, status, body, latency
}
