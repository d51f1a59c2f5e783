package corax

import (
	"fmt"
	"strings"
)

// Severity is how bad something is, on the one scale that Corax uses. Larger is worse; the zero value says nothing.
type Severity int

// The scale.
const (
	SeverityNone Severity = iota // not rated
	Low
	Medium
	High
	Critical
)

var severityNames = [...]string{"", "low", "medium", "high", "critical"}

// String is the lower-case name, empty for SeverityNone.
func (s Severity) String() string {
	if s < SeverityNone || s > Critical {
		return fmt.Sprintf("severity(%d)", int(s))
	}
	return severityNames[s]
}

// MarshalText writes the lower-case name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a name in any case; see ParseSeverity.
func (s *Severity) UnmarshalText(text []byte) error {
	v, err := ParseSeverity(string(text))
	if err != nil {
		return err
	}
	*s = v
	return nil
}

// ParseSeverity reads the four names in any case and the usual words of other tools (warning, page, info, P1 ...). Empty is SeverityNone.
func ParseSeverity(text string) (Severity, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "", "none":
		return SeverityNone, nil
	case "critical", "crit", "fatal", "emergency", "emerg", "alert", "disaster", "page", "p1", "sev1":
		return Critical, nil
	case "high", "error", "err", "major", "p2", "sev2":
		return High, nil
	case "medium", "warning", "warn", "minor", "average", "p3", "sev3":
		return Medium, nil
	case "low", "info", "information", "informational", "notice", "p4", "p5", "sev4", "debug":
		return Low, nil
	}
	return SeverityNone, fmt.Errorf("severity %q: expected critical, high, medium or low", text)
}
