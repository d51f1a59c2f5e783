package diagnose

import (
	"net/netip"
	"slices"
	"strings"

	"corax/knowledge"
	read "corax/reading"
)

// detail is a name or value that a message holds, as it is written there; its kind is one of knowledge.Identifiers.
type detail struct{ kind, value string }

const (
	mostDetails    = 24
	mostDetailText = 2 << 10
)

// named says of which kind the word after a word is: "queue orders-in".
var named = map[string]string{
	"user": "user", "login": "user", "mailbox": "user",
	"database": "database", "db": "database", "schema": "database",
	"table": "table", "index": "table", "collection": "table",
	"queue": "queue", "topic": "queue", "stream": "queue", "subscription": "queue",
	"bucket": "resource", "resource": "resource",
	"volume": "device", "disk": "device", "lun": "device", "drive": "device",
	"pod": "pod", "namespace": "namespace", "unit": "unit", "process": "process",
	"zone": "domain", "domain": "domain", "interface": "interface", "port": "interface", "host": "host", "hostname": "host",
	"instance": "instance", "mount": "path", "mountpoint": "path", "path": "path", "version": "version",
}

// numbered says of which kind the number after a word is.
var numbered = map[string]string{"vlan": "vlan", "port": "port", "pid": "pid", "asn": "asn", "as": "asn"}

// coded are words after which a number is a code of an error or event.
var coded = map[string]bool{
	"code": true, "status": true, "http": true, "error": true, "event": true, "id": true, "sqlstate": true, "errno": true, "answered": true,
	"returned": true, "eventid": true, "cause": true, "reason": true, "alarm": true, "fault": true,
}

var durationUnits = map[string]bool{
	"s": true, "ms": true, "sec": true, "secs": true, "second": true, "seconds": true, "min": true, "mins": true, "minute": true, "minutes": true,
	"h": true, "hour": true, "hours": true, "day": true, "days": true, "d": true,
}

var sizeUnits = map[string]bool{
	"kb": true, "mb": true, "gb": true, "tb": true, "kib": true, "mib": true, "gib": true, "tib": true, "bytes": true,
}

var interfaceNames = map[string]bool{
	"gi": true, "gigabitethernet": true, "te": true, "tengigabitethernet": true, "fa": true, "fastethernet": true, "eth": true, "ens": true,
	"eno": true, "enp": true, "po": true, "port-channel": true, "xe": true, "ge": true, "et": true, "ae": true, "bond": true, "wlan": true,
	"hu": true, "ethernet": true, "port": true, "bundle-ether": true, "ether": true, "twe": true, "fo": true,
}

// field is a word of a message with its place.
type field struct {
	word       string // without the punctuation around it
	start, end int
	quoted     bool
}

func fields(text string) []field {
	const around = ",;()[]{}<>\"'`!?"
	list := make([]field, 0, min(len(text)/6+2, 64))
	for at := 0; at < len(text); {
		for at < len(text) && (text[at] <= ' ') {
			at++
		}
		from := at
		for at < len(text) && text[at] > ' ' {
			at++
		}
		start, end := from, at
		for start < end && strings.IndexByte(around, text[start]) >= 0 {
			start++
		}
		for end > start && (strings.IndexByte(around, text[end-1]) >= 0 || text[end-1] == '.' || text[end-1] == ':' && end-start > 2) {
			end--
		}
		if start < end {
			quoted := start > from && end < at && strings.IndexByte("\"'`", text[start-1]) >= 0
			list = append(list, field{text[start:end], start, end, quoted})
		}
	}
	return list
}

// details finds the names and values in a message. The cost is linear, and bounded.
func details(text string) (list []detail) {
	text = text[:min(len(text), mostDetailText)]
	all := fields(text)
	add := func(kind, value string) {
		if kind != "" && value != "" && len(value) <= mostFact {
			list = append(list, detail{kind, value})
		}
	}
	prev := ""
	for i, f := range all {
		if len(list) >= mostDetails {
			break
		}
		lower := read.Lower(f.word)
		if key, value, ok := strings.Cut(f.word, "="); ok && key != "" {
			value = strings.Trim(value, "\"'`,;")
			key = read.Lower(key)
			switch {
			case numbered[key] != "" && allDigits(value):
				add(numbered[key], value)
			case coded[key] && key != "id" && strings.ContainsAny(value, "0123456789"):
				add("code", value)
			case named[key] != "":
				add(named[key], value)
			}
			prev = ""
			continue
		}
		next := ""
		if i+1 < len(all) {
			next = all[i+1].word
		}
		switch c := f.word[0]; {
		case c >= '0' && c <= '9':
			readNumber(text, all, i, prev, next, add)
		case strings.Contains(f.word, "://"):
			add("url", f.word)
		case c == '/' || len(f.word) > 2 && f.word[1] == ':' && f.word[2] == '\\':
			switch {
			case strings.HasPrefix(f.word, "/dev/"):
				add("device", f.word)
			case len(f.word) > 1 && !requests[prev]:
				add("path", f.word)
			}
		case c == '%' && strings.Count(f.word, "-") >= 2:
			add("code", f.word)
		default:
			add(wordKind(f, lower, prev), f.word)
		}
		prev = lower
	}
	return list
}

var requests = map[string]bool{"get": true, "post": true, "put": true, "delete": true, "patch": true, "head": true, "uri": true, "url": true}

// readNumber reads a field that begins with a digit.
func readNumber(text string, all []field, i int, prev, next string, add func(kind, value string)) {
	f := all[i]
	if len(prev) <= 3 && allDigits(prev) && len(f.word) == 3 && allDigits(f.word) {
		f.start = all[i-1].start // 41 000
		f.word = text[f.start:f.end]
	}
	unit := read.Lower(next)
	digits := 0
	for digits < len(f.word) && (f.word[digits] >= '0' && f.word[digits] <= '9' || f.word[digits] == '.' || f.word[digits] == ' ') {
		digits++
	}
	tail := read.Lower(f.word[digits:])
	switch {
	case tail == "%":
		add("percent", f.word)
	case tail == "" && (unit == "%" || unit == "percent"):
		add("percent", text[f.start:all[i+1].end])
	case tail == "" && unit == "of":
		k := i + 2
		if k < len(all) && read.Lower(all[k].word) == "the" {
			k++
		}
		if k < len(all) && allDigits(all[k].word) {
			add("share", text[f.start:all[k].end])
		}
	case durationUnits[tail] || tail == "" && durationUnits[unit]:
		if tail != "" {
			add("duration", f.word)
		} else {
			add("duration", text[f.start:all[i+1].end])
		}
	case sizeUnits[tail] || tail == "" && sizeUnits[unit]:
		if tail != "" {
			add("size", f.word)
		} else {
			add("size", text[f.start:all[i+1].end])
		}
	case strings.HasPrefix(tail, "x") && f.word[0] == '0':
		add("code", f.word)
	case tail == "" && allDigits(f.word) && numbered[prev] != "":
		add(numbered[prev], f.word)
	case tail == "" && allDigits(f.word) && coded[prev] && len(f.word) > 1:
		from := f.start
		switch prev {
		case "http", "event", "id", "sqlstate", "errno", "alarm", "error":
			from = all[i-1].start
			if prev == "id" {
				if i < 2 || !coded[read.Lower(all[i-2].word)] {
					return
				}
				from = all[i-2].start
			}
		}
		add("code", text[from:f.end])
	case len(f.word) == 17 && strings.Count(f.word, ":") == 5:
		add("mac", f.word)
	case strings.Count(f.word, ".") >= 3 || strings.Count(f.word, ":") >= 3:
		if _, err := netip.ParseAddrPort(f.word); err == nil {
			at := strings.LastIndexByte(f.word, ':')
			add("address", f.word[:at])
			add("port", f.word[at+1:])
		} else if _, err := netip.ParseAddr(f.word); err == nil {
			add("address", f.word)
		}
	case len(f.word) >= 10 && f.word[4:5] == "-" && f.word[7:8] == "-", len(f.word) >= 5 && f.word[2] == ':' && digits == 2:
		add("date", f.word)
	}
}

// wordKind is the kind of a word that begins with a letter, or empty.
func wordKind(f field, lower, prev string) string {
	digit := strings.ContainsAny(f.word, "0123456789")
	joint := strings.ContainsAny(f.word, "-_./")
	switch {
	case strings.HasSuffix(lower, ".service"), strings.HasSuffix(lower, ".timer"), strings.HasSuffix(lower, ".socket"),
		strings.HasSuffix(lower, ".mount"):
		return "unit"
	case strings.HasPrefix(lower, "arn:"):
		return "resource"
	case strings.HasPrefix(lower, "i-0") && len(lower) > 9:
		return "instance"
	case strings.Contains(lower, "@") && strings.Contains(lower, "."):
		return "user"
	case digit && isInterface(lower):
		return "interface"
	case digit && strings.HasPrefix(lower, "vlan") && allDigits(lower[4:]):
		return "vlan"
	case isCode(f.word, digit):
		return "code"
	case named[prev] != "" && (digit || joint || f.quoted) && !read.Ordinary(read.Stem(lower)):
		return named[prev]
	case strings.Count(lower, ".") >= 2 && isHost(lower):
		return "host"
	}
	return ""
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func isInterface(lower string) bool {
	i := strings.IndexAny(lower, "0123456789")
	head := strings.TrimSuffix(lower[:i], "-")
	if !interfaceNames[head] {
		return false
	}
	for _, c := range lower[i:] {
		if !(c >= '0' && c <= '9' || c == '/' || c == '.' || c == ':' || c == 's' || c == 'f') {
			return false
		}
	}
	return true
}

// errnos are how the names of the system's errors begin.
var errnos = []string{"ECONN", "ETIMEDOUT", "ENOTFOUND", "EHOST", "ENET", "ENOSPC", "EADDR", "EPIPE", "EACCES", "EMFILE", "ENOENT", "EROFS", "EIO"}

// isCode says that a word is a code as software writes it: ORA-01555, ECONNREFUSED, SocketTimeoutException.
func isCode(word string, digit bool) bool {
	upper, lower := 0, 0
	for i := range len(word) {
		switch c := word[i]; {
		case c >= 'A' && c <= 'Z':
			upper++
		case c >= 'a' && c <= 'z':
			lower++
		case c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	switch {
	case lower == 0 && upper >= 1 && digit && strings.ContainsAny(word, "-_"):
		i := strings.IndexAny(word, "-_")
		return i >= 1 && strings.ContainsAny(word[i:], "0123456789")
	case lower == 0 && upper == len(word) && slices.ContainsFunc(errnos, func(e string) bool { return strings.HasPrefix(word, e) }):
		return true
	case upper >= 2 && lower > 5 && (strings.HasSuffix(word, "Exception") || strings.HasSuffix(word, "Error")):
		return true
	}
	return false
}

func isHost(lower string) bool {
	letters := false
	for i := range len(lower) {
		c := lower[i]
		if c >= 'a' && c <= 'z' {
			letters = true
		} else if !(c >= '0' && c <= '9' || c == '-' || c == '.') {
			return false
		}
	}
	return letters && !strings.Contains(lower, "..")
}

// identify adds the names and values that the readings hold to the facts of a cause, each kind once. What stands next to another entity than
// the root says nothing about the root, so only its own words count where it has some.
func (w *work) identify(c *cause, readings []*reading) {
	own := func(r *reading) bool { return c.entity == "" || r.Entity == c.entity || r.Entity == "" }
	for _, r := range readings[:min(len(readings), mostRead)] {
		if !own(r) {
			continue
		}
		for _, from := range [...]map[string]string{r.signal.Attributes, r.signal.Labels} {
			for kind := range knowledge.Identifiers {
				if v := from[kind]; v != "" && len(v) <= mostFact {
					c.fact(kind, v, r.index)
				}
			}
		}
		for _, d := range details(r.signal.Message) {
			c.fact(d.kind, d.value, r.index)
		}
	}
}

// fact keeps the first value of a name, with the signal that gave it.
func (c *cause) fact(name, value string, signal int) {
	if c.facts[name] == "" {
		c.facts[name] = value
		c.from[name] = signal
	}
}
