package reading

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrorClass says what kind of trouble an error code means, across all software.
type ErrorClass string

// The classes. Those that a probe tells apart have the names that its attribute "class" has.
const (
	NoError     ErrorClass = "none" // a code that tells of no trouble
	Refused     ErrorClass = "refused"
	Timeout     ErrorClass = "timeout"
	Reset       ErrorClass = "reset"
	Unreachable ErrorClass = "unreachable"
	DNS         ErrorClass = "dns"
	TLS         ErrorClass = "tls"
	TLSExpired  ErrorClass = "tls_expired"
	Auth        ErrorClass = "auth"       // who it is, is not believed
	Permission  ErrorClass = "permission" // who it is may not
	Missing     ErrorClass = "missing"
	NoSpace     ErrorClass = "no_space"
	Memory      ErrorClass = "memory"
	Limit       ErrorClass = "limit" // a quota, a pool, a rate
	Conflict    ErrorClass = "conflict"
	Corrupt     ErrorClass = "corrupt"
	ReadOnly    ErrorClass = "read_only"
	Unavailable ErrorClass = "unavailable"
	Invalid     ErrorClass = "invalid" // the request is at fault
	Config      ErrorClass = "config"
	Clock       ErrorClass = "clock"
	Crash       ErrorClass = "crash"
	IO          ErrorClass = "io"
)

// Code is an error code or a well-known error string in a message.
type Code struct {
	System  string // errno, http, oracle ...
	Code    string // as the software documents it: ECONNREFUSED, 503, ORA-01555
	Class   ErrorClass
	Meaning string
	Detail  string // of an exception, what it says
	Named   bool   // the message holds the code itself, not only the words that go with it
	Span
}

// String is the code as people write it: HTTP 503, SQLSTATE 53300, ORA-01555.
func (c Code) String() string {
	switch c.System {
	case "http":
		return "HTTP " + c.Code
	case "sqlstate":
		return "SQLSTATE " + c.Code
	case "mysql":
		return "MySQL error " + c.Code
	case "sqlserver":
		return "SQL Server error " + c.Code
	case "event":
		return "event id " + c.Code
	case "exit":
		return "exit code " + c.Code
	case "ldap", "smtp", "sip":
		return strings.ToUpper(c.System) + " " + c.Code
	case "errno", "dns", "tls", "signal", "grpc":
		if isDigit(c.Code[0]) {
			return c.System + " " + c.Code
		}
	}
	return c.Code
}

// entry is a line of the tables.
type entry struct {
	system, code string
	class        ErrorClass
	meaning      string
	exact        bool // the case counts
}

// phrase is a spelling of an entry.
type phrase struct {
	*entry
	stems []string
	named bool
}

func longestFirst(list []phrase) {
	slices.SortStableFunc(list, func(a, b phrase) int { return cmp.Compare(len(b.stems), len(a.stems)) })
}

// parse reads a line of the tables.
func parse(system, line string) (e entry, spellings []string, ok bool) {
	columns := strings.Split(line, "|")
	if len(columns) < 3 {
		return e, nil, false
	}
	for i := range columns {
		columns[i] = strings.TrimSpace(columns[i])
	}
	e = entry{system: system, code: strings.TrimPrefix(columns[0], "="), class: ErrorClass(columns[1]), meaning: columns[2]}
	e.exact = e.code != columns[0]
	if len(columns) > 3 && columns[3] != "" {
		spellings = strings.Split(columns[3], ";")
	}
	return e, spellings, true
}

// phrases are the spellings of all entries that are words, but those of scripts without spaces.
func phrases() []phrase {
	var all []phrase
	for _, t := range spelled {
		for line := range strings.SplitSeq(t.lines, "\n") {
			e, spellings, ok := parse(t.system, line)
			if !ok {
				continue
			}
			if strings.HasPrefix(e.code, "~") {
				e.code = e.code[1:]
			} else {
				all = append(all, phrase{&e, cutStems(Lower(e.code)), true})
			}
			words := e
			words.exact = false
			for _, s := range spellings {
				s = strings.TrimSpace(s)
				if dense(s) {
					continue
				}
				all = append(all, phrase{&words, cutStems(Lower(s)), false})
				if first, n := utf8.DecodeRuneInString(s); first >= utf8.RuneSelf { // Lower leaves it as it is
					all = append(all, phrase{&words, cutStems(Lower(string(unicode.ToUpper(first)) + s[n:])), false})
				}
			}
		}
	}
	for _, t := range numbered {
		for line := range strings.SplitSeq(t.lines, "\n") {
			if e, _, ok := parse(t.system, line); ok && (t.system == "hresult" || t.system == "signal" && !isDigit(e.code[0])) {
				all = append(all, phrase{&e, []string{Lower(e.code)}, true})
			}
		}
	}
	return all
}

// dense says that a text is of a script that is written without spaces.
func dense(s string) bool { return strings.ContainsFunc(s, func(r rune) bool { return r >= 0x3040 }) }

// denseSpellings are those of scripts without spaces: they are looked for as they are.
var denseSpellings = func() (all []struct {
	*entry
	text string
}) {
	for _, t := range spelled {
		for line := range strings.SplitSeq(t.lines, "\n") {
			e, spellings, _ := parse(t.system, line)
			for _, s := range spellings {
				if s = strings.TrimSpace(s); dense(s) {
					all = append(all, struct {
						*entry
						text string
					}{&e, s})
				}
			}
		}
	}
	return all
}()

// numbers are the entries of numbered, by system and code in lower case.
var numbers = func() map[string]map[string]*entry {
	all := map[string]map[string]*entry{}
	for _, t := range numbered {
		all[t.system] = map[string]*entry{}
		for line := range strings.SplitSeq(t.lines, "\n") {
			if e, _, ok := parse(t.system, line); ok {
				all[t.system][Lower(e.code)] = &e
			}
		}
	}
	return all
}()

const (
	mostCodes = 24
	mostValue = 120 // bytes of an identifier
)

// Codes finds the error codes and well-known error strings, in the order of the text.
func (r *Reading) Codes() []Code {
	if r.done&doneCodes != 0 {
		return r.codes
	}
	r.done |= doneCodes
	wide := false
	for i := 0; i < len(r.Tokens) && len(r.codes) < mostCodes; {
		wide = wide || r.Tokens[i].Text[0] >= 0xE3
		i += r.codeAt(i)
	}
	if wide {
		r.denseCodes()
	}
	if strings.IndexByte(r.Text, '%') >= 0 {
		r.ciscoCodes()
	}
	if len(r.codes) > 1 {
		slices.SortStableFunc(r.codes, func(a, b Code) int { return cmp.Compare(a.Start, b.Start) })
	}
	return r.codes
}

func (r *Reading) addCode(e *entry, named bool, at Span) {
	c := Code{System: e.system, Code: e.code, Class: e.class, Meaning: e.meaning, Named: named, Span: at}
	if e.system == "hresult" || e.system == "grpc" && named && !isDigit(e.code[0]) {
		c.Code = r.raw(at)
	}
	for i := range r.codes {
		if r.codes[i].System == c.System && r.codes[i].Code == c.Code {
			return
		}
	}
	r.codes = append(r.codes, c)
}

// codeAt reads the code that starts at a token, and gives how many tokens it took, at least one.
func (r *Reading) codeAt(i int) int {
	t := &r.Tokens[i]
	if t.word != nil {
		for k := range t.word.phrases {
			p := &t.word.phrases[k]
			n := len(p.stems)
			if i+n > len(r.Tokens) || !r.holds(i, p.stems) {
				continue
			}
			at := Span{t.Start, r.Tokens[i+n-1].End}
			if p.exact && r.raw(at) != p.code {
				continue
			}
			if p.system == "exception" {
				r.exception(at, p.entry)
				return n
			}
			r.addCode(p.entry, p.named, at)
			return n
		}
	}
	switch {
	case isDigit(t.Text[0]):
		if e := r.numberCode(i); e != nil {
			r.addCode(e, true, Span{t.Start, t.End})
		}
	case len(t.Text) > 8 && (strings.HasSuffix(t.Text, "exception") || strings.HasSuffix(t.Text, "error")):
		r.exceptionAt(t)
	case t.Text == "sqlstate" && i+1 < len(r.Tokens):
		next := &r.Tokens[i+1]
		if len(next.Text) != 5 {
			break
		}
		e := numbers["sqlstate"][next.Text]
		if e == nil {
			e = &entry{system: "sqlstate", code: strings.ToUpper(next.Text)}
		}
		r.addCode(e, true, Span{t.Start, next.End})
		return 2
	case t.Text == "code" && i > 1 && i+1 < len(r.Tokens) && r.Tokens[i-2].Text == "rpc":
		if e := numbers["grpc"][r.Tokens[i+1].Text]; e != nil {
			r.addCode(e, true, Span{r.Tokens[i+1].Start, r.Tokens[i+1].End})
			return 2
		}
	case t.Text == "rcode" && i+1 < len(r.Tokens) && !r.Tokens[i+1].Number():
		if e := numbers["dns"][r.Tokens[i+1].Text]; e != nil {
			r.addCode(e, true, Span{t.Start, r.Tokens[i+1].End})
			return 2
		}
	case len(t.Text) <= 4 && i+1 < len(r.Tokens) && t.End < len(r.Text) && r.char(t.End) == '-' && oraclePrefix(t.Text):
		next := &r.Tokens[i+1]
		if len(next.Text) != 5 || next.Start != t.End+1 || !allDigits(next.Text) {
			break
		}
		at := Span{t.Start, next.End}
		e := numbers["oracle"]["ora-"+next.Text]
		if e == nil || t.Text == "rman" || t.Text == "pls" || t.Text == "crs" {
			e = &entry{system: "oracle"}
		}
		written := *e
		written.code = strings.ToUpper(r.raw(at))
		r.addCode(&written, true, at)
		return 2
	}
	return 1
}

func oraclePrefix(s string) bool {
	return s == "ora" || s == "tns" || s == "rman" || s == "pls" || s == "crs"
}

// holds says that the tokens from i on have these stems.
func (r *Reading) holds(i int, stems []string) bool {
	for k, s := range stems {
		if r.Tokens[i+k].Stem != s {
			return false
		}
	}
	return true
}

// text is the text of a token, empty where there is none.
func (r *Reading) text(i int) string {
	if i < 0 || i >= len(r.Tokens) {
		return ""
	}
	return r.Tokens[i].Text
}

// numberCode is the entry of the number at a token, where the words around it say of which system it is.
func (r *Reading) numberCode(i int) *entry {
	t := &r.Tokens[i]
	if len(t.Text) > 5 {
		return nil
	}
	j := i - 1
	for j >= 0 && j > i-4 {
		switch r.Tokens[j].Text {
		case "is", "was", "to", "a", "the", "number", "no", "id":
			j--
			continue
		}
		break
	}
	before, farther, farthest := r.text(j), r.text(j-1), r.text(j-2)
	of := func(system string) *entry { return numbers[system][t.Text] }
	status := len(t.Text) == 3 && (t.Text[0] == '4' || t.Text[0] == '5' || t.Text[0] == '6') && allDigits(t.Text)
	if status {
		if e := r.mailCode(i, before); e != nil {
			return e
		}
	}
	switch before {
	case "exit", "exited", "exitcode":
		return of("exit")
	case "signal", "sig":
		return of("signal")
	case "event", "eventid":
		return of("event")
	case "errno":
		return of("errno")
	case "rcode":
		return of("dns")
	case "msg":
		return of("sqlserver")
	case "alert":
		if farther == "tls" || farther == "ssl" || strings.Contains(r.Text, "ssl") || strings.Contains(r.Text, "tls") {
			return of("tls")
		}
	case "status", "code", "rc":
		switch {
		case strings.HasPrefix(farther, "exit"), strings.HasPrefix(farthest, "exit"), strings.HasPrefix(farthest, "terminated"):
			return of("exit")
		case farther == "event":
			return of("event")
		case farther == "grpc":
			return of("grpc")
		case farther == "alert":
			return of("tls")
		case farther == "ldap", farther == "error" && farthest == "ldap":
			return of("ldap")
		}
	case "error":
		next := r.text(i + 1)
		switch {
		case farther == "os", farther == "system" || farther == "winsock" || farther == "socket":
			return of("errno")
		case farther == "ldap":
			return of("ldap")
		case next == "severity" || farther == "server" && farthest == "sql":
			return of("sqlserver")
		case len(t.Text) == 4 && (len(next) == 5 && r.char(r.Tokens[i+1].Start-1) == '(' || farther == "mysql"):
			return of("mysql")
		case len(t.Text) == 5:
			return of("sqlstate")
		}
	case "fatal", "sqlcode":
		if len(t.Text) == 5 {
			return of("sqlstate")
		}
	case "0", "1", "2", "3":
		switch {
		case status && (farther == "http" || farthest == "http"):
			return of("http")
		case status && farthest == "sip":
			return of("sip")
		}
	}
	if farther == "sqlstate" && len(t.Text) == 4 {
		return of("mysql") // SQLSTATE[HY000] [2002]
	}
	if t.Start > 0 && r.char(t.Start-1) == '(' && t.End < len(r.Text) && r.char(t.End) == ':' {
		return of("errno") // connect() failed (111: Connection refused)
	}
	if !status {
		return nil
	}
	reason := reasons[t.Text]
	if j >= 0 && r.Tokens[j].is(answers) || reason != "" && r.text(i+1) == reason || strings.HasPrefix(before, "http") ||
		before == "statuscode" {
		if r.signals() {
			return of("sip")
		}
		return of("http")
	}
	return nil
}

// reasons are the first words that go with a status.
var reasons = map[string]string{"400": "bad", "401": "unauthorized", "403": "forbidden", "404": "not", "405": "method", "408": "request",
	"409": "conflict", "410": "gone", "413": "payload", "429": "too", "431": "request", "480": "temporarily", "486": "busy", "487": "request",
	"488": "not", "500": "internal", "501": "not", "502": "bad", "503": "service", "504": "gateway", "603": "decline", "604": "does"}

// signals says that the message is about telephone signalling.
func (r *Reading) signals() bool {
	for i := range r.Tokens {
		switch r.Tokens[i].Text {
		case "sip", "sips", "invite", "trunk", "pstn", "voip":
			return true
		}
	}
	return false
}

// mailCode is the entry of a mail server's reply: a status with an enhanced one behind it, or in a bounce.
func (r *Reading) mailCode(i int, before string) *entry {
	t := &r.Tokens[i]
	enhanced := i+3 < len(r.Tokens) && len(r.Tokens[i+1].Text) == 1 && r.Tokens[i+1].Text[0] == t.Text[0] &&
		len(r.Tokens[i+2].Text) <= 3 && len(r.Tokens[i+3].Text) <= 3 && r.Tokens[i+3].End-r.Tokens[i+1].Start <= 9 &&
		r.char(r.Tokens[i+1].End) == '.' && r.char(r.Tokens[i+2].End) == '.'
	if enhanced || before == "said" || before == "smtp" || before == "dsn" {
		return numbers["smtp"][t.Text]
	}
	return nil
}

func allDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

// exceptionAt reads a class name that no table knows, where its case says that it is one.
func (r *Reading) exceptionAt(t *Token) {
	n := len("error")
	if strings.HasSuffix(t.Text, "exception") {
		n = len("exception")
	}
	name := r.raw(Span{t.Start, t.End})
	if len(name) <= n || name[0] < 'A' || name[0] > 'Z' || name[len(name)-n] != 'E' {
		return
	}
	r.exception(Span{t.Start, t.End}, &entry{code: name})
}

// exception adds an exception, with the package it is of and what it says.
func (r *Reading) exception(at Span, e *entry) {
	c := Code{System: "exception", Code: e.code, Class: e.class, Meaning: e.meaning, Named: true, Span: at}
	for c.Start > 0 && c.End-c.Start < mostValue && (isWord(r.char(c.Start-1)) || strings.IndexByte("._$", r.char(c.Start-1)) >= 0) {
		c.Start--
	}
	switch owner := r.Text[c.Start:at.Start]; {
	case strings.HasPrefix(owner, "java") || strings.HasPrefix(owner, "org.") || strings.HasPrefix(owner, "com.") ||
		strings.HasPrefix(owner, "io."):
		c.System = "java"
	case strings.HasPrefix(owner, "system.") || strings.HasPrefix(owner, "microsoft."):
		c.System = "dotnet"
	case strings.Contains(r.Text, "traceback (most recent"):
		c.System = "python"
	case strings.Contains(r.Text, ".js:") || strings.Contains(r.Text, "(node:"):
		c.System = "node"
	}
	if rest := r.Message[at.End:]; strings.HasPrefix(rest, ": ") {
		line, _, _ := strings.Cut(rest[2:min(len(rest), 202)], "\n")
		c.Detail = strings.TrimSpace(line)
	}
	r.codes = append(r.codes, c)
}

func (r *Reading) denseCodes() {
	for _, d := range denseSpellings {
		if at := strings.Index(r.Text, d.text); at >= 0 && len(r.codes) < mostCodes {
			r.addCode(d.entry, false, Span{at, at + len(d.text)})
		}
	}
}

// ciscoCodes reads %FACILITY-SEVERITY-MNEMONIC.
func (r *Reading) ciscoCodes() {
	for from := 0; len(r.codes) < mostCodes; {
		n := strings.IndexByte(r.Message[from:], '%')
		if n < 0 {
			return
		}
		start := from + n
		end := start + 1
		for end < len(r.Message) && end-start < 80 && (r.Message[end] >= 'A' && r.Message[end] <= 'Z' || isDigit(r.Message[end]) ||
			r.Message[end] == '_' || r.Message[end] == '-') {
			end++
		}
		from = end
		name := strings.TrimRight(r.Message[start:end], "-_")
		if len(name) < 6 || name[1] < 'A' {
			continue
		}
		for i := 2; i+2 < len(name); i++ {
			if name[i] != '-' || !isDigit(name[i+1]) || name[i+2] != '-' {
				continue
			}
			e := entry{system: "cisco", code: name}
			if known := numbers["cisco"][Lower(name[i+3:])]; known != nil {
				e.class, e.meaning = known.class, known.meaning
			}
			if name[i+1] >= '5' && e.class == "" || e.class == Unreachable && r.comesUp() {
				e.class = NoError
			}
			r.addCode(&e, true, Span{start, start + len(name)})
			break
		}
	}
}

// comesUp says that the message is about something that went up.
func (r *Reading) comesUp() bool {
	for i := range r.Tokens {
		if r.Tokens[i].Text == "up" && r.isUp(i) {
			return true
		}
	}
	return false
}
