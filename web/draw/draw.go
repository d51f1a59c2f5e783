// Package draw turns values of the domain into SVG: cascades and topologies, sparklines, uptime bars, latency, timelines, pass rates,
// reliability. Every function is pure: the same values give the same bytes, and nothing is read but the arguments.
//
// A drawing is made to stand inside a page with a strict policy. It holds no script, no style attribute and no id, so that any number of
// drawings stand on one page; what it looks like comes from classes (CSS) and from the page's variables: --ink --muted --line --critical
// --high --medium --low --ok --accent --surface. All text is data: it is escaped, and what XML can't hold becomes U+FFFD. A link goes
// nowhere but to a path of the same site. Each drawing says in words what it shows (title and desc), and tells states apart by shape, dash
// or hatch before it does by colour.
//
// Lengths are in pixels of the drawing's own view box, times in UTC.
package draw

import (
	_ "embed"
	"html/template"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

//go:embed draw.css
var style string

// CSS is the style sheet that every page with a drawing needs. It defines no colour of its own.
func CSS() string { return style }

// frame is what surrounds a drawing.
type frame struct {
	name        string // the class draw-NAME
	w, h        float64
	title, desc string
	linked      bool // holds links: a group then, since what an image holds can't be reached
}

// draw writes the drawing. The result is HTML by construction: only a pen has written it.
func (f frame) draw(body func(*pen)) template.HTML {
	p := &pen{}
	role := "img"
	if f.linked {
		role = "group"
	}
	p.open("svg", "xmlns", "http://www.w3.org/2000/svg", "class", "draw draw-"+f.name, "role", role,
		"viewBox", "0 0 "+num(f.w)+" "+num(f.h), "width", f.w, "height", f.h)
	p.hint(f.title)
	p.inner("desc", cut(f.desc, 1000))
	body(p)
	p.close("svg")
	return template.HTML(p.b.String()) //nolint:gosec // every value went through escape
}

// pen writes elements. Names of elements and attributes are ours, constants of this package; values may be from anywhere.
type pen struct{ b strings.Builder }

// open begins an element. Attributes are pairs of name and value; a value is a string, an int or a float64, and an empty string is left out.
func (p *pen) open(name string, attrs ...any) { p.tag(name, ">", attrs) }

// leaf writes an element that holds nothing.
func (p *pen) leaf(name string, attrs ...any) { p.tag(name, "/>", attrs) }

func (p *pen) close(name string) { p.b.WriteString("</" + name + ">") }

func (p *pen) tag(name, end string, attrs []any) {
	p.b.WriteString("<" + name)
	for i := 0; i+1 < len(attrs); i += 2 {
		var value string
		switch v := attrs[i+1].(type) {
		case string:
			value = v
		case float64:
			value = num(v)
		case int:
			value = strconv.Itoa(v)
		}
		if value == "" {
			continue
		}
		p.b.WriteString(" " + attrs[i].(string) + `="`)
		p.escape(value)
		p.b.WriteByte('"')
	}
	p.b.WriteString(end)
}

// inner writes an element that holds text, nothing where the text is empty.
func (p *pen) inner(name, text string, attrs ...any) {
	if text == "" {
		return
	}
	p.open(name, attrs...)
	p.escape(text)
	p.close(name)
}

// hint writes a title: the name for those who don't see the element, and what a pointer that rests on it shows.
func (p *pen) hint(text string) { p.inner("title", cut(text, 200)) }

// text writes a line of text; anchor is start (or empty), middle or end.
func (p *pen) text(x, y float64, class, anchor, text string) {
	if anchor == "start" {
		anchor = ""
	}
	p.inner("text", text, "class", class, "x", x, "y", y, "text-anchor", anchor)
}

// link begins a link where href is a path of the same site, a group where it is not; close what it returns. A hint is its name.
func (p *pen) link(href string, attrs ...any) string {
	if href = local(href); href == "" {
		p.open("g", attrs...)
		return "g"
	}
	p.open("a", append([]any{"href", href}, attrs...)...)
	return "a"
}

// local is href where it stays on this site, or empty: no scheme, no other host, nothing that a browser reads as one.
func local(href string) string {
	path, _, _ := strings.Cut(href, "?")
	path, _, _ = strings.Cut(path, "#")
	switch {
	case strings.HasPrefix(href, "//"), strings.ContainsAny(path, ":\\"):
		return ""
	case strings.ContainsFunc(href, func(r rune) bool { return r <= ' ' || r == 0x7f || r == utf8.RuneError }):
		return ""
	}
	return href
}

func (p *pen) escape(s string) {
	for _, r := range s {
		switch {
		case r == '&':
			p.b.WriteString("&amp;")
		case r == '<':
			p.b.WriteString("&lt;")
		case r == '>':
			p.b.WriteString("&gt;")
		case r == '"':
			p.b.WriteString("&#34;")
		case r == '\'':
			p.b.WriteString("&#39;")
		case r == '\n' || r == '\t':
			p.b.WriteByte(' ')
		case unfit(r):
			p.b.WriteRune(utf8.RuneError)
		default:
			p.b.WriteRune(r)
		}
	}
}

// unfit says that a rune is none that XML can hold, or one that turns the direction of what stands around it.
func unfit(r rune) bool {
	return r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r >= 0xd800 && r < 0xe000 ||
		r&0xfffe == 0xfffe || r >= 0xfdd0 && r <= 0xfdef
}

// num writes a length with at most one decimal; what is no number is 0.
func num(v float64) string {
	v = math.Round(v*10) / 10
	if math.IsNaN(v) || math.IsInf(v, 0) || v == 0 {
		return "0"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// trace builds the data of a path.
type trace struct{ strings.Builder }

func (t *trace) to(op string, v ...float64) *trace {
	t.WriteString(op)
	for i, c := range v {
		s := num(c)
		if i > 0 && s[0] != '-' {
			t.WriteByte(' ')
		}
		t.WriteString(s)
	}
	return t
}

func clamp(v, low, high float64) float64 { return math.Max(low, math.Min(high, v)) }
