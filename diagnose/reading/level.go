package reading

import (
	"strings"

	"corax"
)

// Level is the log level that a message carries.
type Level int8

// The levels, in the order of their weight.
const (
	NoLevel Level = iota
	Debug
	Info
	Notice
	Warning
	Error
	Fatal
)

var levels = map[string]Level{
	"trace": Debug, "debug": Debug, "verbose": Debug, "dbg": Debug, "fine": Debug, "finest": Debug,
	"info": Info, "informational": Info, "information": Info, "inf": Info, "notice": Notice,
	"warn": Warning, "warning": Warning, "wrn": Warning,
	"error": Error, "err": Error, "severe": Error, "critical": Fatal, "crit": Fatal, "fatal": Fatal, "alert": Fatal, "emerg": Fatal,
	"emergency": Fatal, "panic": Fatal,
}

// headTokens is how many tokens may come before a level: a date, a host, a process.
const headTokens = 32

// Level reads the log level from where loggers put it.
func (r *Reading) Level() Level {
	if n := len(r.Message); n > 5 && strings.IndexByte("IWEF", r.Message[0]) >= 0 && allDigits(r.Message[1:5]) && r.Message[5] == ' ' {
		return [...]Level{Info, Warning, Error, Fatal}[strings.IndexByte("IWEF", r.Message[0])] // klog
	}
	for i := range r.Tokens[:min(len(r.Tokens), headTokens)] {
		t := &r.Tokens[i]
		if len(t.Text) == 1 {
			if l := r.letterLevel(i); l != NoLevel {
				return l
			}
			continue
		}
		if t.End > len(r.Message) || t.End == t.Start {
			break
		}
		if !t.is(leveled) {
			continue
		}
		l, ok := levels[t.Text]
		if !ok {
			continue
		}
		switch r.text(i - 1) {
		case "level", "lvl", "severity", "loglevel", "priority":
			return l
		}
		if r.Message[t.Start:t.End] == strings.ToUpper(t.Text) && r.apart(t) {
			return l
		}
		if t.Start > 0 && t.End < len(r.Text) {
			switch r.Text[t.Start-1:t.Start] + r.Text[t.End:t.End+1] {
			case "[]", "<>", "()", ".>", ":]":
				return l
			}
		}
		if i == 0 && t.End < len(r.Text) && r.char(t.End) == ':' {
			return l
		}
	}
	return NoLevel
}

// apart says that a word stands alone, not within a name.
func (r *Reading) apart(t *Token) bool {
	if t.Start > 0 && strings.IndexByte("_-/.", r.char(t.Start-1)) >= 0 {
		return false
	}
	return t.End >= len(r.Text) || strings.IndexByte("_/=", r.char(t.End)) < 0
}

// letterLevel reads the one letter of Android and of some loggers, between a number and a name: "1702 2644 D PowerManager: ...".
func (r *Reading) letterLevel(i int) Level {
	t := &r.Tokens[i]
	if i == 0 || i+1 >= len(r.Tokens) || !r.Tokens[i-1].Number() || t.Start-r.Tokens[i-1].End != 1 || r.char(t.Start-1) != ' ' ||
		r.Tokens[i+1].Number() || r.Tokens[i+1].Start-t.End != 1 || r.written(t.End) != ' ' && r.written(t.End) != '/' {
		return NoLevel
	}
	switch r.written(t.Start) {
	case 'V', 'D':
		return Debug
	case 'I':
		return Info
	case 'W':
		return Warning
	case 'E':
		return Error
	case 'F':
		return Fatal
	}
	return NoLevel
}

// calm says that the message is of a log level at which nothing is wrong.
func (r *Reading) calm() bool {
	if l := r.Level(); l != NoLevel {
		return l <= Notice
	}
	return r.Signal.Severity == corax.Low
}
