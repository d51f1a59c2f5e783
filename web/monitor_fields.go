package web

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"corax"
	"corax/config/decode"
	"corax/config/edit"
)

// This file says what of a monitor's text can be shown in fields, and how it is read from the text and written into it.

// writtenAs says how what somebody types into a field is written.
type writtenAs int

const (
	asText    writtenAs = iota
	asNumber            // whole
	asYes               // true, or nothing
	asNumbers           // apart by blanks or commas
	asLines             // a text in each line
	asPairs             // name = value in each line
)

// settable is a field of a monitor that the form shows, by its path in the configuration.
type settable struct {
	path, label, hint string
	as                writtenAs
	options           []option
	required          bool
}

// monitorKinds are the probes, in the order in which they are offered, with their own fields.
var monitorKinds = []struct {
	name, text string
	tried      bool // a run of it shows something
	fields     []settable
}{
	{"http", "Web address", true, []settable{
		{path: "http.url", label: "Address", hint: "For example https://shop.example/health", required: true},
		{path: "http.method", label: "Method", options: []option{{"", "GET, or POST where there is a body"}, {"GET", "GET"}, {"HEAD", "HEAD"}, {"POST", "POST"}, {"PUT", "PUT"}, {"PATCH", "PATCH"},
			{"DELETE", "DELETE"}, {"OPTIONS", "OPTIONS"}}},
		{path: "http.expect.status", label: "Status that is well", hint: "Left empty: 200 to 299. Several: 200, 204", as: asNumbers},
		{path: "http.expect.latency", label: "Answers within", hint: "For example 2s"},
		{path: "http.expect.body_contains", label: "The answer holds", hint: "A text in each line", as: asLines},
		{path: "http.token", label: "Token", hint: "A reference that is sent as a bearer token: vault:NAME"},
		{path: "http.ca", label: "Authorities", hint: "A PEM file; left empty, those of the system"},
	}},
	{"tcp", "Connection", true, []settable{{path: "tcp.address", label: "Address", hint: "For example db.example:5432", required: true}}},
	{"tls", "Certificate", true, []settable{
		{path: "tls.address", label: "Address", hint: "For example shop.example:443", required: true},
		{path: "tls.warn_before", label: "Fails so long before it runs out", hint: "Left empty: 336h, 14 days"},
		{path: "tls.server_name", label: "Name on the certificate", hint: "Left empty: the host of the address"},
		{path: "tls.ca", label: "Authorities", hint: "A PEM file; left empty, those of the system"},
	}},
	{"heartbeat", "Heartbeat", false, []settable{
		{path: "heartbeat.grace", label: "Late by at most", hint: "Left empty: half of the interval"},
		{path: "heartbeat.token", label: "Token", hint: "A reference; who reports sends it: vault:NAME"},
	}},
	{"log", "Log file", false, []settable{
		{path: "log.path", label: "File", hint: "A file or a glob, as /var/log/shop/*.log", required: true},
		{path: "log.format", label: "Lines are", options: []option{{"", "found out"}, {"json", "JSON"}, {"text", "text"}, {"auto", "JSON where they begin with {"}}},
		{path: "log.quiet", label: "Over when so long quiet", hint: "Left empty: 5m"},
		{path: "log.from_start", label: "Read what is there already", as: asYes, options: []option{{"", "no, only what is added"}, {"true", "yes"}}},
	}},
}

// monitorSettings are the fields of every monitor.
var monitorSettings = []settable{
	{path: "title", label: "Title", hint: "What people call it"},
	{path: "entity", label: "Entity", hint: "What it watches, as the topology names it"},
	{path: "every", label: "Runs every", hint: "Left empty: 30s"},
	{path: "timeout", label: "Gives up after", hint: "Left empty: 5s"},
	{path: "after", label: "Down after so many failures in a row", hint: "Left empty: 1", as: asNumber},
	{path: "severity", label: "How grave it is when down", options: []option{{"", "not rated"}, {"low", "low"}, {"medium", "medium"}, {"high", "high"}, {"critical", "critical"}}},
	{path: "labels", label: "Labels", hint: "name = value, one in a line", as: asPairs},
}

// fieldsOf are the fields that a form of this monitor shows; elsewhere says that more is written, which they can't hold.
func fieldsOf(kind, text string) (own, every []settable, elsewhere bool) {
	holds := func(all []settable) (held []settable) {
		for _, f := range all {
			if _, err := edit.Field(text, f.path); text == "" || err == nil {
				held = append(held, f)
			} else {
				elsewhere = true
			}
		}
		return held
	}
	for _, k := range monitorKinds {
		if k.name == kind {
			own = holds(k.fields)
		}
	}
	if steps, err := edit.Field(text, "http.steps"); text != "" && (steps != nil || err != nil) { // what is said of one step goes with the step
		own, elsewhere = slices.DeleteFunc(own, func(f settable) bool { return f.path != "http.token" && f.path != "http.ca" }), true
	}
	return own, holds(monitorSettings), elsewhere
}

// valuesOf are what a monitor's text says, as a form shows it.
func valuesOf(kind, text string) map[string]string {
	values := map[string]string{}
	own, every, _ := fieldsOf(kind, text)
	for _, s := range slices.Concat(own, every) {
		said, err := edit.Field(text, s.path)
		if err != nil {
			continue
		}
		switch v := said.(type) {
		case string:
			values[s.path] = v
		case []string:
			values[s.path] = strings.Join(v, map[bool]string{true: ", ", false: "\n"}[s.as == asNumbers])
		case map[string]string:
			lines := make([]string, 0, len(v))
			for _, k := range slices.Sorted(maps.Keys(v)) {
				lines = append(lines, k+" = "+v[k])
			}
			values[s.path] = strings.Join(lines, "\n")
		}
	}
	return values
}

// written is what somebody typed as it is written; nil is nothing.
func (s settable) written(typed string) (any, error) {
	if typed == "" {
		return nil, nil
	}
	number := func(text string) any { // what is none is refused by who reads it, with words for people
		if n, err := strconv.Atoi(text); err == nil {
			return n
		}
		return text
	}
	switch s.as {
	case asNumber:
		return number(typed), nil
	case asYes:
		return typed == "true", nil
	case asNumbers:
		var all []any
		for _, text := range strings.FieldsFunc(typed, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' }) {
			all = append(all, number(text))
		}
		return all, nil
	case asLines, asPairs:
		var lines []string
		pairs := map[string]string{}
		for line := range strings.Lines(typed) {
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			name, value, ok := strings.Cut(line, "=")
			if name = strings.TrimSpace(name); s.as == asPairs && (!ok || name == "") {
				return nil, decode.Errors{{Field: s.path, Message: fmt.Sprintf("%q is no name with its value", line), Hint: "write team = payments, one in a line"}}
			}
			lines, pairs[name] = append(lines, line), strings.TrimSpace(value)
		}
		if s.as == asPairs {
			return pairs, nil
		}
		return lines, nil
	}
	return typed, nil
}

// textOf is a monitor's text with what the fields were changed to.
func textOf(kind, text string, typed map[string]string) (string, error) {
	own, every, _ := fieldsOf(kind, text)
	was := valuesOf(kind, text)
	var faults decode.Errors
	for _, s := range slices.Concat(every, own) {
		to, sent := typed[s.path]
		if !sent || to == was[s.path] {
			continue
		}
		v, err := s.written(to)
		if err == nil {
			text, err = edit.Set(text, s.path, v)
		}
		if found, ok := errors.AsType[decode.Errors](err); ok {
			faults = append(faults, found...)
		} else if err != nil {
			return "", err
		}
	}
	return text, faults.OrNil()
}

// kindOf is the probe of a monitor; empty where it can't be told.
func kindOf(text string) string {
	for _, k := range monitorKinds {
		if said, err := edit.Field(text, k.name); said != nil || corax.CodeOf(err) == corax.Conflict {
			return k.name
		}
	}
	return ""
}
