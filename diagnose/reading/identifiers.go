package reading

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Kind is what an identifier names. The kinds are those that a text of the catalogue may insert.
type Kind string

// The kinds.
const (
	Address   Kind = "address"
	Port      Kind = "port"
	Interface Kind = "interface"
	VLAN      Kind = "vlan"
	MAC       Kind = "mac"
	ASN       Kind = "asn"
	Host      Kind = "host"
	Domain    Kind = "domain"
	URL       Kind = "url"
	Path      Kind = "path"
	Device    Kind = "device"
	User      Kind = "user"
	Process   Kind = "process"
	PID       Kind = "pid"
	Unit      Kind = "unit"
	Pod       Kind = "pod"
	Namespace Kind = "namespace"
	Instance  Kind = "instance"
	Database  Kind = "database"
	Table     Kind = "table"
	Queue     Kind = "queue"
	Resource  Kind = "resource"
	CodeKind  Kind = "code"
	Percent   Kind = "percent"
	Share     Kind = "share"
	Count     Kind = "count"
	Duration  Kind = "duration"
	Size      Kind = "size"
	Date      Kind = "date"
	Version   Kind = "version"
)

// Kinds lists them.
var Kinds = []Kind{Address, Port, Interface, VLAN, MAC, ASN, Host, Domain, URL, Path, Device, User, Process, PID, Unit, Pod,
	Namespace, Instance, Database, Table, Queue, Resource, CodeKind, Percent, Share, Count, Duration, Size, Date, Version}

// Identifier is a name or a value that a message holds. The value goes into commands that people run: it never holds a character that a
// shell reads, apart from the spaces of some kinds and the backslash of Windows.
type Identifier struct {
	Kind  Kind
	Value string
	Span
}

const mostIdentifiers = 64

// Identifiers finds the names and values of all kinds, in the order of the text.
func (r *Reading) Identifiers() []Identifier {
	if r.done&doneIdentifiers != 0 {
		return r.identifiers
	}
	r.done |= doneIdentifiers
	s := scanner{r: r}
	for s.next() && len(r.identifiers) < mostIdentifiers {
		s.classify()
	}
	r.values()
	slices.SortStableFunc(r.identifiers, func(a, b Identifier) int { return a.Start - b.Start })
	return r.identifiers
}

// Identifier is the first value of a kind, empty where there is none.
func (r *Reading) Identifier(kind Kind) string {
	for _, id := range r.Identifiers() {
		if id.Kind == kind {
			return id.Value
		}
	}
	return ""
}

// values adds what other parts of the reading found.
func (r *Reading) values() {
	for _, c := range r.Codes() {
		if c.Named && len(c.Code) <= mostValue {
			r.add(CodeKind, c.String(), c.Span)
		}
	}
	for _, q := range r.Quantities() {
		if kind := q.kind(); kind != "" {
			r.add(kind, q.text(r), q.Span)
		}
	}
	for _, x := range r.Ratios() {
		if v := r.raw(x.Span); !strings.HasSuffix(v, "%") && x.Whole != 100 {
			r.add(Share, v, x.Span)
		}
	}
}

func (r *Reading) add(kind Kind, value string, at Span) {
	if Safe(value) && (kind.Spaced() || strings.IndexByte(value, ' ') < 0) {
		r.identifiers = append(r.identifiers, Identifier{kind, value, at})
	}
}

// Safe says that a value can stand in a command: it holds nothing that a shell reads, and is no option. It may hold spaces, as names do
// that are of several words; nothing behind one looks like an option.
func Safe(v string) bool {
	if v == "" || len(v) > mostValue || v[0] == '~' || v[0] == ' ' || v[0] == '-' && !(len(v) > 1 && isDigit(v[1])) || strings.Contains(v, " -") {
		return false
	}
	for i := range len(v) {
		if c := v[i]; !isLetter(c) && !isDigit(c) && strings.IndexByte(" -_.:/+@%,~=\\", c) < 0 {
			return false
		}
	}
	return true
}

// Spaced says that values of a kind may be of several words: a Windows service, a date, a number with its unit.
func (k Kind) Spaced() bool {
	switch k {
	case Unit, Process, Date, Duration, Size, Share, CodeKind:
		return true
	}
	return false
}

// labels say what the field after them is.
var labels = map[string]Kind{
	"ip": Address, "ipaddr": Address, "address": Address, "addr": Address, "peer": Address, "neighbor": Address, "neighbour": Address,
	"rhost": Host, "src": Address, "dst": Address, "srcip": Address, "dstip": Address,
	"port": Port, "dport": Port, "sport": Port, "dstport": Port, "srcport": Port, "dst_port": Port, "src_port": Port, "tcp": Port, "udp": Port,
	"interface": Interface, "iface": Interface, "ifname": Interface, "intf": Interface, "nic": Interface, "ifdescr": Interface, "dev": Interface,
	"vlan": VLAN, "vlanid": VLAN, "vlan_id": VLAN, "vlan-id": VLAN,
	"mac": MAC, "hwaddr": MAC,
	"as": ASN, "asn": ASN, "remote-as": ASN, "peer-as": ASN,
	"host": Host, "hostname": Host, "node": Host, "server": Host, "nodename": Host, "machine": Host, "computer": Host, "instance": Instance,
	"device": Host, "switch": Host, "router": Host, "devname": Host,
	"domain": Domain, "zone": Domain, "fqdn": Domain, "qname": Domain, "cn": Domain,
	"url": URL, "uri": URL, "endpoint": URL,
	"path": Path, "file": Path, "filename": Path, "directory": Path, "dir": Path, "mountpoint": Path, "mount": Path, "filesystem": Path,
	"volume": Device, "disk": Device, "drive": Device, "lun": Device,
	"user": User, "username": User, "account": User, "login": User, "logname": User, "principal": User, "usr": User,
	"process": Process, "program": Process, "comm": Process, "exe": Process, "command": Process, "proc": Process, "application": Process,
	"pid":  PID,
	"unit": Unit, "service": Unit,
	"pod": Pod, "pods": Pod, "pod_name": Pod,
	"namespace": Namespace, "ns": Namespace,
	"instance_id": Instance, "instanceid": Instance, "instance-id": Instance, "vm": Instance, "sid": Instance, "dbinstance": Instance,
	"database": Database, "db": Database, "dbname": Database, "datname": Database, "schema": Database, "keyspace": Database,
	"mailstore": Database,
	"table":     Table, "relation": Table, "index": Table, "collection": Table, "tablespace": Table, "partition": Table,
	"queue": Queue, "topic": Queue, "stream": Queue, "subscription": Queue, "exchange": Queue, "vhost": Queue,
	"bucket": Resource, "resource": Resource, "arn": Resource, "resourceid": Resource, "secret": Resource, "function": Resource,
	"version": Version, "ver": Version, "release": Version,
	"date": Date, "notafter": Date, "notbefore": Date,
}

// between are words that may stand between a label and its value.
func between(word string) bool {
	switch word {
	case "is", "named", "name", "id", "called", "number", "no", "of", "for", "instance", "on", "at", "from", "with":
		return true
	}
	return false
}

// scanner cuts a message into fields, in one pass.
type scanner struct {
	r          *Reading
	at         int  // where the next field is looked for
	start, end int  // the field
	label      Kind // what the words before say that the field is
	fixed      bool // the label is right before: "=", ":" or a quote tie it
	near       bool // the label is the field right before
	quoted     bool
	numeric    bool // the field holds a digit
	colons     int
	dots       int
	filler     string // the word between label and field
	method     bool   // the field before is an HTTP method
	previous   string // the field before, in lower case
}

// breaks are the bytes between fields.
var breaks = func() (b [256]bool) {
	for c := range 256 {
		b[c] = c <= ' ' || c >= 0x7f || strings.IndexByte("\"'`,;()[]{}<>|=!?*&$^", byte(c)) >= 0
	}
	return b
}()

// next goes to the next field.
func (s *scanner) next() bool {
	text := s.r.Text
	from := s.at
	for s.at < len(text) && breaks[text[s.at]] {
		s.at++
	}
	if s.at >= len(text) {
		return false
	}
	gap := text[from:s.at]
	s.start = s.at
	s.numeric, s.colons, s.dots = false, 0, 0
	for s.at < len(text) && !breaks[text[s.at]] {
		switch c := text[s.at]; {
		case isDigit(c):
			s.numeric = true
		case c == ':':
			s.colons++
		case c == '.':
			s.dots++
		}
		s.at++
	}
	s.end = s.at
	for s.end > s.start && strings.IndexByte(".:-,", text[s.end-1]) >= 0 {
		s.end--
	}
	if s.label == "" {
		s.fixed, s.near = false, false
	} else if gap != "" && (s.near || s.filler != "") {
		s.fixed = s.fixed || strings.ContainsAny(gap, "=") || strings.IndexByte(gap, '"') >= 0 || strings.IndexByte(gap, '\'') >= 0 ||
			strings.IndexByte(gap, '`') >= 0
		if strings.ContainsAny(gap, ",;?!$&|") || strings.IndexByte(gap, ')') >= 0 {
			s.label, s.fixed = "", false
		}
	}
	s.quoted = s.start > 0 && strings.IndexByte("\"'`", text[s.start-1]) >= 0 && s.at < len(text) && text[s.at] == text[s.start-1]
	return true
}

// take adds the field, or a part of it, as an identifier.
func (s *scanner) take(kind Kind, from, to int) {
	if from < to && len(s.r.identifiers) < mostIdentifiers {
		s.r.add(kind, s.r.Message[from:to], Span{from, to})
	}
}

// classify reads the field, and remembers what it says about the next.
func (s *scanner) classify() {
	if f := s.r.Text[s.start:s.end]; f != "" {
		s.field(f)
		s.previous = f
	}
}

func (s *scanner) field(f string) {
	label, fixed := s.label, s.fixed
	switch s.previous {
	case "get", "post", "put", "delete", "head", "patch":
		s.method = true
	default:
		s.method = false
	}
	if colon := strings.IndexByte(f, ':'); s.colons > 0 && colon > 0 && colon+1 < len(f) {
		if kind, ok := labels[f[:colon]]; ok && f[colon+1] != '/' && f[:colon] != "as" && f[:colon] != "arn" {
			s.start += colon + 1
			s.forget()
			rest := s.r.Text[s.start:s.end]
			if !s.shape(rest, kind) {
				s.labelled(rest, kind, true)
			}
			return
		}
	}
	if slash := strings.IndexByte(f, '/'); slash > 0 && slash+1 < len(f) {
		switch kind := labels[f[:slash]]; kind { // pod/web-0, tcp/443
		case Pod, Namespace, Port, Host, Unit:
			if s.labelled(f[slash+1:], kind, true) {
				s.forget()
				return
			}
		}
	}
	if kind, ok := labels[f]; ok && !s.quoted && !(fixed && s.near) {
		s.label, s.near, s.filler = kind, true, ""
		s.fixed = s.end < s.at && s.r.Text[s.end] == ':' // "user: bob"
		if kind == Unit {
			s.serviceBefore()
		}
		return
	}
	if s.previous == "for" && strings.HasPrefix(s.r.Text[s.end:], " from ") && !s.verb(f) { // "Failed password for root from"
		s.take(User, s.start, s.end)
		s.forget()
		return
	}
	if s.shape(f, label) {
		s.forget()
		return
	}
	if label != "" && s.labelled(f, label, fixed) {
		s.forget()
		return
	}
	if label != "" && between(f) && s.filler == "" {
		s.filler, s.near = f, false
		s.fixed = s.fixed || s.end < s.at && s.r.Text[s.end] == ':'
		return
	}
	s.forget()
}

func (s *scanner) forget() { s.label, s.fixed, s.near, s.filler = "", false, false, "" }

// labelled takes the field as what its label says, where it can be that.
func (s *scanner) labelled(f string, kind Kind, fixed bool) bool {
	start := s.end - len(f)
	end := s.end
	ok := false
	switch kind {
	case Port:
		n, err := strconv.Atoi(f)
		ok = err == nil && n > 0 && n < 65536
	case VLAN:
		n, err := strconv.Atoi(f)
		ok = err == nil && n > 0 && n < 4095
	case PID:
		ok = allDigits(f) && len(f) < 9
	case ASN:
		ok = allDigits(f) && len(f) < 11 && (s.filler == "" || fixed)
	case Process:
		if allDigits(f) {
			if len(f) > 8 {
				return false
			}
			s.take(PID, start, end)
			if rest := s.r.Text[end:]; strings.HasPrefix(rest, " (") { // "process 1234 (java)"
				if close := strings.IndexByte(rest[:min(len(rest), 40)], ')'); close > 0 {
					s.take(Process, end+2, end+close)
				}
			}
			return true
		}
		ok = s.name(f, fixed)
	case Interface:
		ok = s.name(f, fixed) && (fixed || strings.ContainsAny(f, digits))
	case Version:
		ok = isDigit(f[0]) || f[0] == 'v' && len(f) > 1 && isDigit(f[1])
	case Date, Address, MAC, URL:
		return false // by shape alone
	case Domain:
		ok = s.name(f, fixed) && strings.Contains(f, ".")
	case Path:
		ok = fixed && s.name(f, true) && strings.ContainsAny(f, "./\\")
		ok = ok || f == "/"
	case Device:
		ok = s.name(f, fixed) && (strings.ContainsAny(f, digits) || s.quoted)
	case User:
		ok = s.name(f, fixed || s.near || s.filler == "for") && !s.verb(f)
		if ok && f == "unknown" {
			ok = false
		}
	case Table, Database:
		ok = s.name(f, fixed)
		if dot := strings.LastIndexByte(f, '.'); ok && kind == Table && dot > 0 && s.quoted {
			s.take(Database, start, start+dot)
		}
	case Namespace:
		w := lexicon[Stem(f)]
		ok = s.name(f, fixed || s.near) && (fixed || w == nil || w.class&(bad|good|about|turned|answers) == 0)
	case Pod:
		ok = s.name(f, fixed || s.near && strings.ContainsAny(f, "-/"))
		if slash := strings.IndexByte(f, '/'); ok && slash > 0 {
			s.take(Namespace, start, start+slash)
			start += slash + 1
		}
	default:
		ok = s.name(f, fixed)
	}
	if ok {
		if strings.HasSuffix(f, "%") {
			return false
		}
		s.take(kind, start, end)
		if kind == Host || kind == Instance {
			if colon := strings.LastIndexByte(f, ':'); colon > 0 {
				s.hostPort(f, start, colon)
			}
		}
	}
	return ok
}

const digits = "0123456789"

// name says that a field can be a name: after a fixed label nearly anything, else something that is no word of the language.
func (s *scanner) name(f string, fixed bool) bool {
	if len(f) < 2 && !fixed || f == "null" || f == "none" || f == "nil" || f == "-" || f == "true" || f == "false" {
		return false
	}
	if fixed {
		return !allDigits(f) || s.quoted
	}
	if !isLetter(f[0]) {
		return false
	}
	joint := strings.ContainsAny(f, "-_./@\\")
	return (strings.ContainsAny(f, digits) || joint) && !s.verb(f)
}

// verb says that a word is of the language: it names nothing.
func (s *scanner) verb(f string) bool {
	if strings.ContainsAny(f, "-_.@\\"+digits) {
		return false
	}
	if between(f) {
		return true
	}
	w := lexicon[Stem(f)]
	if w != nil && w.class&(plain|bad|good|about|turned|wanted|restored|answers|waits) != 0 {
		return true
	}
	switch f {
	case "to", "by", "as", "it", "be", "or", "opened", "closed", "logged", "authentication", "session", "name", "account", "password", "locked",
		"disabled", "accounts", "quota", "experience", "mailbox", "mailboxes", "traffic", "space", "level", "request", "does", "do":
		return true
	}
	return len(f) > 4 && (strings.HasSuffix(f, "ed") || strings.HasSuffix(f, "ing"))
}

// serviceBefore takes a Windows service that is named before the word: "The Print Spooler service terminated".
func (s *scanner) serviceBefore() {
	const article = "the "
	head := s.r.Text[max(0, s.start-64):s.start]
	at := strings.LastIndex(head, article)
	if at < 0 || at > 0 && isWord(head[at-1]) {
		return
	}
	from, to := s.start-len(head)+at+len(article), s.start-1
	if to <= from || strings.ContainsAny(s.r.Text[from:to], ".,:;") || strings.Count(s.r.Text[from:to], " ") > 4 {
		return
	}
	if c := s.r.Message[from]; c >= 'A' && c <= 'Z' {
		s.take(Unit, from, to)
	}
}

// shape takes a field that says by its form what it is.
func (s *scanner) shape(f string, label Kind) bool {
	start, end := s.start, s.end
	first := f[0]
	if s.colons > 0 && strings.Contains(f, "://") {
		s.url(f)
		return true
	}
	switch {
	case strings.HasPrefix(f, "arn:"), strings.HasPrefix(f, "/subscriptions/"), strings.HasPrefix(f, "projects/") && strings.Count(f, "/") >= 3,
		strings.HasPrefix(f, "ocid1."):
		s.take(Resource, start, end)
		return true
	case first == '/':
		return s.path(f)
	case first == '\\' && strings.Count(f, `\`) >= 3, len(f) > 2 && f[1] == ':' && f[2] == '\\' && isLetter(first):
		s.take(Path, start, end)
		if f[1] == ':' {
			s.take(Device, start, start+2)
		}
		return true
	case len(f) == 1 && isLetter(first) && s.end < s.at && s.r.Text[s.end] == ':' &&
		(label == Device || s.previous == "volume" || s.previous == "on"):
		s.take(Device, start, end+1)
		return true
	}
	if isMAC(f) {
		s.take(MAC, start, end)
		return true
	}
	hasDigit := s.numeric
	if hasDigit && (s.dots >= 3 || s.colons >= 2) && (isDigit(first) || first == ':' || first >= 'a' && first <= 'f') && s.address(f) {
		return true
	}
	if first == ':' && allDigits(f[1:]) && s.start > 0 && s.r.Text[s.start-1] == ']' { // [::1]:443
		return s.port(f[1:], start+1)
	}
	if isDigit(first) {
		return s.startsWithDigit(f, label)
	}
	if s.processAt(f) {
		return true
	}
	switch {
	case !isLetter(first):
		return false
	case first == 'a' && len(f) > 3 && f[1] == 's' && (allDigits(f[2:]) || f[2] == 'n' && allDigits(f[3:])):
		s.take(ASN, start+len(strings.TrimRight(f, digits)), end)
	case first == 'v' && len(f) > 2 && isDigit(f[1]) && strings.Contains(f, "."):
		s.take(Version, start, end)
	case strings.HasPrefix(f, "i-") && len(f) > 9 && isHex(f[2:]):
		s.take(Instance, start, end)
	case cloudPrefix(f):
		s.take(Resource, start, end)
	case strings.HasPrefix(f, "naa.") || strings.HasPrefix(f, "eui.") || strings.HasPrefix(f, "mpath"):
		s.take(Device, start, end)
	case unitSuffix(f):
		s.take(Unit, start, end)
	case strings.HasSuffix(f, ".exe"):
		s.take(Process, start, end)
	case strings.HasPrefix(f, "vlan") && len(f) > 4 && allDigits(strings.TrimLeft(f[4:], "-_")):
		s.take(VLAN, start+len(strings.TrimRight(f, digits)), end)
		if f[4] != '-' && f[4] != '_' {
			s.take(Interface, start, end)
		}
	case label == Pod || label == Namespace || label == Queue || label == Table || label == User || label == Database:
		return false
	case strings.HasPrefix(f, "port") && len(f) > 6 && allDigits(f[4:]):
		return s.port(f[4:], start+4)
	case hasDigit && isInterface(f):
		s.take(Interface, start, end)
	case label != Host && isDisk(f):
		s.take(Device, start, end)
	case podForm(f):
		s.take(Pod, start, end)
	default:
		return s.hostForm(f, label)
	}
	return true
}

func (s *scanner) url(f string) {
	start, end := s.start, s.end
	scheme := strings.Index(f, "://")
	if len(f) <= scheme+3 {
		return
	}
	switch f[:scheme] {
	case "s3", "gs", "abfs", "abfss", "wasbs":
		s.take(Resource, start, end)
		return
	}
	host := f[scheme+3:]
	at := start + scheme + 3
	if i := strings.IndexByte(host, '/'); i >= 0 {
		host = host[:i]
	}
	if i := strings.LastIndexByte(host, '@'); i >= 0 { // a password is nobody's to see
		at += i + 1
		host = host[i+1:]
	} else {
		s.take(URL, start, end)
	}
	name, port := host, ""
	if i := strings.LastIndexByte(host, ':'); i >= 0 && allDigits(host[i+1:]) {
		name, port = host[:i], host[i+1:]
	}
	if _, err := netip.ParseAddr(name); err == nil {
		s.take(Address, at, at+len(name))
	} else if name != "" {
		s.take(Host, at, at+len(name))
		if strings.IndexByte(name, '.') > 0 && !isDigit(name[len(name)-1]) {
			s.take(Domain, at, at+len(name))
		}
	}
	if port != "" {
		s.port(port, at+len(name)+1)
	}
}

func (s *scanner) port(f string, start int) bool {
	n, err := strconv.Atoi(f)
	if err != nil || n <= 0 || n > 65535 {
		return false
	}
	s.take(Port, start, start+len(f))
	return true
}

// path takes a file, a mount point, a device, or the address that Java writes after a slash.
func (s *scanner) path(f string) bool {
	if len(f) > 1 && isDigit(f[1]) {
		if strings.Count(f, ".") >= 3 || strings.Count(f, ":") >= 2 {
			s.start++
			return s.address(f[1:])
		}
		return false
	}
	if strings.HasPrefix(f, "/dev/") && len(f) > 5 {
		s.take(Device, s.start, s.end)
		return true
	}
	if s.method || len(f) == 1 && s.label != Path && s.previous != "on" {
		return s.method
	}
	end := s.end
	if colon := strings.IndexByte(f, ':'); colon > 0 { // /app/main.go:42
		end = s.start + colon
	}
	s.take(Path, s.start, end)
	return true
}

// address takes an IP address, with its port or prefix.
func (s *scanner) address(f string) bool {
	start := s.start
	if a, err := netip.ParseAddr(f); err == nil && a.Zone() == "" {
		if a.Is6() && strings.Count(f, ":") < 7 && !strings.Contains(f, "::") {
			return false
		}
		s.take(Address, start, start+len(f))
		return true
	}
	if slash := strings.IndexByte(f, '/'); slash > 0 {
		if _, err := netip.ParsePrefix(f); err == nil {
			s.take(Address, start, start+slash)
			return true
		}
		if _, err := netip.ParseAddr(f[:slash]); err == nil { // 10.0.0.1/443
			s.take(Address, start, start+slash)
			s.port(f[slash+1:], start+slash+1)
			return true
		}
	}
	if colon := strings.LastIndexByte(f, ':'); colon > 0 {
		if _, err := netip.ParseAddrPort(f); err == nil || strings.Count(f, ":") == 1 && validAddr(f[:colon]) {
			s.take(Address, start, start+colon)
			s.port(f[colon+1:], start+colon+1)
			return true
		}
	}
	return false
}

func validAddr(f string) bool {
	_, err := netip.ParseAddr(f)
	return err == nil
}

// startsWithDigit takes dates, times and versions.
func (s *scanner) startsWithDigit(f string, label Kind) bool {
	first := f[0]
	switch {
	case isDate(f):
		end := s.end
		if len(f) == 10 && s.at < len(s.r.Text) { // "2026-03-30 02:00:04"
			rest := s.r.Text[s.end:min(len(s.r.Text), s.end+9)]
			if len(rest) == 9 && rest[0] == ' ' && isTime(rest[1:]) {
				end += 9
				s.at = max(s.at, end)
			}
		}
		if !s.stamp() || label == Date {
			s.take(Date, s.start, end)
		}
		return true
	case isTime(f):
		if s.start > 24 || label == Date || s.previous == "at" || s.previous == "since" {
			s.take(Date, s.start, s.end)
		}
		return true
	case label == Version || label == VLAN || label == Port || label == PID || label == ASN || label == Process:
		return false
	case len(f) <= 7 && len(s.previous) == 3 && (first == '4' || first == '5') && s.previous[0] == first && allDigits(s.previous): // 550 5.1.1
		return true
	case strings.Count(f, ".") == 2 && allDigits(strings.ReplaceAll(strings.SplitN(f, "-", 2)[0], ".", "")):
		s.take(Version, s.start, s.end)
		return true
	case strings.HasSuffix(f, ".in-addr.arpa"):
		s.take(Domain, s.start, s.end)
		return true
	}
	return false
}

// stamp says that a date is that of the log line itself, which says nothing: it stands before any word, or is called so.
func (s *scanner) stamp() bool {
	switch s.previous {
	case "ts", "time", "timestamp", "datetime", "t":
		return true
	}
	return s.previous == "" || s.start < 24 && allDigits(s.previous)
}

// isDate is for 2026-03-30, with a time or not, and 30/Mar/2026:02:00:04.
func isDate(f string) bool {
	if len(f) >= 10 && (f[4] == '-' || f[4] == '/') && f[7] == f[4] && allDigits(f[:4]) && allDigits(f[5:7]) && allDigits(f[8:10]) {
		return len(f) == 10 || f[10] == 't' || f[10] == 'z'
	}
	return len(f) >= 11 && f[2] == '/' && f[6] == '/' && allDigits(f[:2]) && allDigits(f[7:11])
}

// isTime is for 02:00 and 02:00:04.123z.
func isTime(f string) bool {
	if len(f) < 5 || f[2] != ':' || !allDigits(f[:2]) || !allDigits(f[3:5]) || f[0] > '2' || f[3] > '5' {
		return false
	}
	if len(f) == 5 || len(f) == 6 && f[5] == 'z' {
		return true
	}
	return len(f) >= 8 && f[5] == ':' && allDigits(f[6:8]) && (len(f) == 8 || strings.IndexByte(".z+", f[8]) >= 0)
}

// isMAC is for aa:bb:cc:dd:ee:ff, aa-bb-cc-dd-ee-ff and aabb.ccdd.eeff.
func isMAC(f string) bool {
	if len(f) == 17 && (f[2] == ':' || f[2] == '-') {
		for i := range len(f) {
			if i%3 == 2 && f[i] != f[2] || i%3 != 2 && !isHexDigit(f[i]) {
				return false
			}
		}
		return true
	}
	if len(f) == 14 && f[4] == '.' && f[9] == '.' {
		return isHex(f[:4]) && isHex(f[5:9]) && isHex(f[10:])
	}
	return false
}

func isHexDigit(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'f' }

func isHex(f string) bool {
	for i := range len(f) {
		if !isHexDigit(f[i]) {
			return false
		}
	}
	return f != ""
}

// processAt takes the program and the pid of "sshd[1234]:" and of "1234 (java)".
func (s *scanner) processAt(f string) bool {
	text := s.r.Text
	if s.at >= len(text) || text[s.at] != '[' || len(f) > 40 {
		return false
	}
	close := s.at + 1
	for close < len(text) && isDigit(text[close]) {
		close++
	}
	if close == s.at+1 || close-s.at > 8 || close >= len(text) || text[close] != ']' || s.end != s.at {
		return false
	}
	s.take(Process, s.start, s.end)
	s.take(PID, s.at+1, close)
	s.at = close + 1
	return true
}

// units are the suffixes of systemd units.
var units = []string{".service", ".timer", ".socket", ".mount", ".automount", ".target", ".slice", ".scope", ".swap"}

func unitSuffix(f string) bool {
	for _, u := range units {
		if strings.HasSuffix(f, u) && len(f) > len(u) && !strings.HasPrefix(f, "com.") && !strings.HasPrefix(f, "org.") {
			return true
		}
	}
	return false
}

// cloudIDs are the prefixes of ids that AWS gives.
var cloudIDs = []string{"vol-", "eni-", "sg-", "subnet-", "vpc-", "rtb-", "igw-", "nat-", "vgw-", "vpn-", "tgw-", "ami-", "snap-",
	"eipalloc-", "lt-", "acl-", "pcx-", "vpce-", "fs-", "dxcon-", "dxvif-"}

func cloudPrefix(f string) bool {
	for _, p := range cloudIDs {
		if strings.HasPrefix(f, p) && len(f) >= len(p)+8 && isHex(f[len(p):]) {
			return true
		}
	}
	return false
}

// interfaces are the names that devices give their interfaces, without the numbers.
var interfaces = func() map[string]bool {
	all := map[string]bool{}
	for name := range strings.FieldsSeq(`gi gig gigabitethernet te ten tengige tengigabitethernet tengigethernet twe twentyfivegige fo
		fortygigabitethernet fortygige hu
		hundredgige hundredgigabitethernet fa fastethernet eth ethernet et po port-channel portchannel lo loopback tu tunnel se serial mgmt
		management mgmteth nve bvi bdi bundle-ether be dialer cellular virtual-access vi virtual-template vlan
		ge- xe- et- so- t1- e1- ae irb irb. fxp em me reth
		st gr- ip- mt- pp lt- vcp- ens eno enp enx bond br br- wlan wlp wwan tun tap veth vnet docker virbr cali flannel flannel.
		vxlan vxlan. team ib
		vmnic vmk npu port wan lan internal dmz modem ssl. wl en utun awdl ppp swp peerlink fc ethernet- vethernet eth-trunk trk`) {
		all[name] = true
	}
	return all
}()

// isInterface says that a name is that of an interface: a known word, then numbers with slashes, dots or colons.
func isInterface(f string) bool {
	i := strings.IndexAny(f, digits)
	if i <= 0 || i > 20 || len(f) > 24 || !interfaces[f[:i]] {
		return false
	}
	rest := f[i:]
	sub := strings.ContainsAny(rest, "/:")
	for k := range len(rest) {
		c := rest[k]
		switch {
		case isDigit(c), c == '/', c == '.', c == ':', c == '-' && sub:
		case c >= 'a' && c <= 'z' && lettered(f):
		default:
			return false
		}
	}
	switch f[:i] {
	case "p", "lan", "ten", "gig", "en", "me", "be", "vi", "se", "te", "fo", "po", "lo", "pp", "fc", "hu", "st", "em", "ib", "br":
		return sub || len(rest) <= 3 && f[:i] != "ten" && f[:i] != "p"
	}
	return true
}

// lettered says that letters follow the numbers in interfaces of this name: enp3s0, wlp2s0, veth1a2b.
func lettered(f string) bool {
	return strings.HasPrefix(f, "en") || strings.HasPrefix(f, "wl") || strings.HasPrefix(f, "veth") || strings.HasPrefix(f, "cali")
}

// isDisk is for sda1, nvme0n1, dm-3, md127, xvdf, hdisk4.
func isDisk(f string) bool {
	if len(f) < 3 || len(f) > 12 {
		return false
	}
	for _, p := range []string{"nvme", "mmcblk", "dm-", "md", "hdisk", "sd", "vd", "xvd", "hd", "sr", "loop"} {
		rest, ok := strings.CutPrefix(f, p)
		if !ok || rest == "" {
			continue
		}
		switch p {
		case "nvme", "mmcblk", "dm-", "hdisk", "md", "sr", "loop":
			return isDigit(rest[0])
		}
		letters := strings.TrimRight(rest, digits)
		return len(letters) == 1 && isLetter(letters[0]) && len(rest) <= 3
	}
	return false
}

// podForm is for web-7d9f8c6b5d-x2x4q, as a deployment names its pods.
func podForm(f string) bool {
	last := strings.LastIndexByte(f, '-')
	if last < 3 || len(f)-last != 6 || strings.Contains(f, ".") {
		return false
	}
	set := f[:last]
	dash := strings.LastIndexByte(set, '-')
	if dash < 1 || len(set)-dash < 7 || len(set)-dash > 11 {
		return false
	}
	return strings.ContainsAny(set[dash:], digits) && onlyLettersAndDigits(set[dash+1:]) && onlyLettersAndDigits(f[last+1:])
}

func onlyLettersAndDigits(f string) bool {
	for i := range len(f) {
		if !isWord(f[i]) {
			return false
		}
	}
	return true
}

// hostForm takes DNS names, host:port, and names like db-01.
func (s *scanner) hostForm(f string, label Kind) bool {
	start := s.start
	if user, domain, ok := strings.Cut(f, "@"); ok {
		if user != "" && strings.Contains(domain, ".") {
			s.take(User, start, s.end)
			s.take(Domain, start+len(user)+1, s.end)
			return true
		}
		return false
	}
	if strings.Contains(f, `\`) { // CORP\bob
		if domain, user, _ := strings.Cut(f, `\`); domain != "" && user != "" && !strings.Contains(user, `\`) {
			s.take(User, start, s.end)
			return true
		}
		return false
	}
	if colon := strings.LastIndexByte(f, ':'); colon > 0 {
		if !allDigits(f[colon+1:]) || fileExtension(f[:colon]) {
			return false
		}
		return s.hostPort(f, start, colon)
	}
	if !hostChars(f) {
		return false
	}
	if strings.Contains(f, ".") {
		if !s.dnsName(f) {
			return false
		}
		s.take(Domain, start, s.end)
		if label == Host || strings.Count(f, ".") >= 2 && !strings.HasSuffix(f, ".arpa") {
			s.take(Host, start, s.end)
		}
		return true
	}
	if s.previous == "on" && serverForm(f) {
		s.take(Host, start, s.end)
		return true
	}
	dash := strings.LastIndexByte(f, '-')
	tail := f[dash+1:]
	switch label {
	case Instance, Unit, Process, Interface, Resource:
		return false
	}
	if coded[s.previous] && strings.ContainsAny(f, digits) {
		s.take(CodeKind, start, s.end)
		return true
	}
	if dash > 0 && len(tail) <= 5 && strings.ContainsAny(tail, digits) && isLetter(f[0]) && nameable(f[:dash]) && !oraclePrefix(f[:dash]) {
		s.take(Host, start, s.end)
		return true
	}
	return false
}

// coded are words after which a name with digits is a code of a device: "fault F-207".
var coded = map[string]bool{"fault": true, "error": true, "code": true, "alarm": true, "event": true, "err": true, "reason": true}

// serverForm is for filesrv01: letters, then a few digits.
func serverForm(f string) bool {
	letters := strings.TrimRight(f, digits)
	return len(letters) >= 3 && len(f) > len(letters) && len(f)-len(letters) <= 4 && !strings.ContainsAny(letters, digits+"._-") && nameable(letters)
}

// nameable says that a word can be the first part of a host's name: no word of the language, apart from kinds of hosts.
func nameable(f string) bool {
	w := lexicon[Stem(f)]
	return w == nil || w.class&kinds != 0 && w.class&(bad|good) == 0
}

// hostPort takes "db-1:5432".
func (s *scanner) hostPort(f string, start, colon int) bool {
	if !hostChars(f[:colon]) || labels[f[:colon]] != "" || lexicon[Stem(f[:colon])] != nil && f[:colon] != "localhost" {
		return false
	}
	n, err := strconv.Atoi(f[colon+1:])
	if err != nil || n <= 0 || n > 65535 || n < 20 {
		return false
	}
	s.take(Host, start, start+colon)
	if s.dnsName(f[:colon]) {
		s.take(Domain, start, start+colon)
	}
	return s.port(f[colon+1:], start+colon+1)
}

func hostChars(f string) bool {
	for i := range len(f) {
		if !isWord(f[i]) && f[i] != '-' && f[i] != '.' && f[i] != '_' || f[i] >= 0x80 {
			return false
		}
	}
	return f != ""
}

// endings are the last parts of DNS names besides those of two letters.
var endings = map[string]bool{"com": true, "net": true, "org": true, "edu": true, "gov": true, "mil": true, "int": true, "info": true,
	"biz": true, "dev": true, "app": true, "cloud": true, "local": true, "internal": true, "lan": true, "corp": true, "intra": true, "home": true,
	"example": true, "test": true, "invalid": true, "arpa": true, "consul": true, "tech": true, "online": true, "shop": true, "site": true,
	"localdomain": true, "private": true, "svc": true, "name": true, "pro": true, "systems": true, "network": true, "bank": true}

// dnsName says that a dotted name is one of DNS, not of a file or a class.
func (s *scanner) dnsName(f string) bool {
	dot := strings.LastIndexByte(f, '.')
	if dot <= 0 || strings.Contains(f, "..") || f[0] == '.' {
		return false
	}
	last := f[dot+1:]
	first, _, _ := strings.Cut(f, ".")
	switch first {
	case "com", "org", "net", "io", "java", "javax", "system", "microsoft", "github", "k8s":
		return false
	}
	if c := s.r.Message[s.end-len(last) : s.end]; c != last && c != strings.ToUpper(last) {
		return false
	}
	if endings[last] {
		return true
	}
	return len(last) == 2 && isLetter(last[0]) && isLetter(last[1]) && (!fileExtension(f) || strings.Count(f, ".") > 1)
}

// fileExtension says that a name ends as files of programs do.
func fileExtension(f string) bool {
	switch f[strings.LastIndexByte(f, '.')+1:] {
	case "py", "js", "go", "rs", "sh", "so", "md", "gz", "cs", "rb", "ts", "cc", "pl", "ps", "java", "php", "c", "cpp", "log", "conf", "db",
		"vb", "kt", "h", "scala", "jsx", "tsx", "mjs", "ex", "erl", "html", "yaml", "yml", "json", "xml":
		return true
	}
	return false
}
