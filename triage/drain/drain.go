// Package drain learns the templates of messages: "login of user 17 failed" and "login of user 23 failed" are one template,
// "login of user <*> failed". A million lines are a few hundred templates with counts.
//
// It is the method of He, Zhu, Zheng and Lyu, "Drain: An Online Log Parsing Approach with Fixed Depth Tree" (ICWS 2017): messages are
// parted by their number of tokens and by their first tokens, and compared only with the few templates that are left. Before that,
// numbers and whatever holds digits are masked, as the paper's preprocessing does.
//
// In comes one message after the other; out comes the number of its template. The same messages in the same order give the same numbers.
// Memory is bounded: messages that fit none of Options.Most templates are of template 0. There is no I/O and no clock, and it must not be
// used by several goroutines at once.
package drain

import (
	"slices"
	"strings"
)

// Any stands in a template for what differs.
const Any = "<*>"

// Template is a family of messages.
type Template struct {
	ID   int64  // from 1, in the order of finding
	Text string // tokens with one space between them, Any where they differ
}

// Options are the method's settings; what is zero has a default.
type Options struct {
	Similarity float64 // the share of tokens that must agree; 0.5
	Depth      int     // how many tokens lead through the tree; 2
	Children   int     // how many ways lead from one node, and one more for all others; 100
	Most       int     // how many templates there may be; 5000
}

// Of a message, so much is looked at.
const (
	mostTokens = 40
	mostBytes  = 1000
)

// Miner holds the templates that it found.
type Miner struct {
	o       Options
	byCount map[int]*node // by the number of tokens
	byID    map[int64]*cluster
	next    int64
	tokens  []string // of the message at hand
}

type node struct {
	children map[string]*node
	clusters []*cluster
}

type cluster struct {
	id     int64
	tokens []string
}

// New makes a miner that knows the templates given, which must be some that another had found, in the order of their numbers.
func New(o Options, known []Template) *Miner {
	if o.Similarity <= 0 {
		o.Similarity = 0.5
	}
	if o.Depth <= 0 {
		o.Depth = 2
	}
	if o.Children <= 0 {
		o.Children = 100
	}
	if o.Most <= 0 {
		o.Most = 5000
	}
	m := &Miner{o: o, byCount: map[int]*node{}, byID: map[int64]*cluster{}, next: 1}
	for _, t := range known {
		m.add(t.ID, strings.Split(t.Text, " "))
		m.next = max(m.next, t.ID+1)
	}
	return m
}

// Learn gives the number of a message's template, which may be new, or more general than it was.
func (m *Miner) Learn(message string) int64 {
	m.tokens = tokens(m.tokens[:0], message)
	leaf := m.leaf(m.tokens)
	if best := m.best(leaf); best != nil {
		for i, t := range best.tokens {
			if t != m.tokens[i] {
				best.tokens[i] = Any
			}
		}
		return best.id
	}
	if len(m.byID) >= m.o.Most {
		return 0
	}
	id := m.next
	m.next++
	m.add(id, slices.Clone(m.tokens))
	return id
}

// Template gives a template as it stands now; false where there is none with this number.
func (m *Miner) Template(id int64) (Template, bool) {
	c := m.byID[id]
	if c == nil {
		return Template{}, false
	}
	return Template{ID: id, Text: strings.Join(c.tokens, " ")}, true
}

// Len is how many templates there are.
func (m *Miner) Len() int { return len(m.byID) }

func (m *Miner) add(id int64, tokens []string) {
	c := &cluster{id: id, tokens: tokens}
	n := m.byCount[len(tokens)]
	if n == nil {
		n = &node{}
		m.byCount[len(tokens)] = n
	}
	for _, t := range tokens[:min(m.o.Depth, len(tokens))] {
		if n.children == nil {
			n.children = map[string]*node{}
		}
		key := m.way(n, t)
		if n.children[key] == nil {
			n.children[key] = &node{}
		}
		n = n.children[key]
	}
	n.clusters = append(n.clusters, c)
	m.byID[id] = c
}

// way is the child that a token leads to: that of others where it varies, or where there are too many.
func (m *Miner) way(n *node, token string) string {
	if strings.Contains(token, Any) {
		return Any
	}
	if n.children[token] == nil && len(n.children) >= m.o.Children {
		return Any
	}
	return token
}

// leaf is where the templates that a message may be of are; nil where there is none.
func (m *Miner) leaf(tokens []string) *node {
	n := m.byCount[len(tokens)]
	for _, t := range tokens[:min(m.o.Depth, len(tokens))] {
		if n == nil {
			return nil
		}
		n = n.children[m.way(n, t)]
	}
	return n
}

// best is the most similar template; of equals the one with fewer holes, then the oldest.
func (m *Miner) best(leaf *node) *cluster {
	if leaf == nil {
		return nil
	}
	var best *cluster
	most, holes := -1, 0
	for _, c := range leaf.clusters {
		agree, open := 0, 0
		for i, t := range c.tokens {
			switch t {
			case m.tokens[i]:
				agree++
			case Any:
				open++
			}
		}
		if agree > most || agree == most && open < holes {
			best, most, holes = c, agree, open
		}
	}
	if best == nil || float64(most) < m.o.Similarity*float64(len(best.tokens)) {
		return nil
	}
	return best
}

// tokens takes the beginning of a message apart at white space, and masks what varies.
func tokens(out []string, message string) []string {
	if len(message) > mostBytes {
		message = strings.ToValidUTF8(message[:mostBytes], "")
	}
	for field := range strings.FieldsSeq(message) {
		if len(out) == mostTokens {
			break
		}
		out = append(out, mask(field))
	}
	if len(out) == 0 {
		out = append(out, "")
	}
	return out
}

// mask replaces each run of letters and digits that has a digit, but for letters that it begins with: "node-17" and "10.0.3.7:5432" become
// "node-<*>" and "<*>", and "user17" "user<*>".
func mask(token string) string {
	if !strings.ContainsAny(token, "0123456789") {
		return token
	}
	var b strings.Builder
	for i := 0; i < len(token); {
		end := i
		for end < len(token) && alnum(token[end]) {
			end++
		}
		switch run := token[i:end]; {
		case end == i:
			b.WriteByte(token[i])
			end++
		case !strings.ContainsAny(run, "0123456789"):
			b.WriteString(run)
		default:
			head := strings.IndexAny(run, "0123456789")
			if strings.Trim(run[head:], "0123456789") == "" {
				b.WriteString(run[:head])
			}
			b.WriteString(Any)
		}
		i = end
	}
	masked := b.String()
	for _, between := range []string{".", ":", "-", "/", ",", "T", "+"} { // addresses, times, dates, versions
		for strings.Contains(masked, Any+between+Any) {
			masked = strings.ReplaceAll(masked, Any+between+Any, Any)
		}
	}
	return masked
}

func alnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
