package webtest

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// MaxPage is how much a page may weigh, in bytes, before it is compressed.
const MaxPage = 150 << 10

// void are the elements that have no end.
var void = []string{"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

// Check finds what is wrong with a page, or, where fragment is set, with parts of one: tags that don't nest, ids that are there twice,
// fields without a label, references to nothing, headings out of order, links and buttons without a name, and all that the policy of the
// pages forbids.
func Check(text string, fragment bool) []string {
	c := &checker{ids: map[string]bool{}, fragment: fragment}
	c.nesting(text)
	doc, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return []string{err.Error()}
	}
	c.collect(doc)
	c.walk(doc)
	if !fragment {
		if c.h1 != 1 {
			c.add("there are %d h1, not one", c.h1)
		}
		if c.title == "" {
			c.add("there is no title")
		}
		if len(text) > MaxPage {
			c.add("it weighs %d bytes, and may %d", len(text), MaxPage)
		}
	}
	return c.found
}

type checker struct {
	found    []string
	ids      map[string]bool
	labels   map[string]bool
	h1, head int
	title    string
	fragment bool
}

func (c *checker) add(format string, args ...any) {
	c.found = append(c.found, fmt.Sprintf(format, args...))
}

// nesting reads the tags one by one: the parser would mend what is wrong.
func (c *checker) nesting(text string) {
	z := html.NewTokenizer(strings.NewReader(text))
	var open []string
	for {
		switch z.Next() {
		case html.ErrorToken:
			if len(open) > 0 {
				c.add("never closed: %s", strings.Join(open, " "))
			}
			return
		case html.StartTagToken:
			t := z.Token()
			if slices.Contains(void, t.Data) {
				continue
			}
			seen := map[string]bool{}
			for _, a := range t.Attr {
				if seen[a.Key] {
					c.add("<%s> has %s twice", t.Data, a.Key)
				}
				seen[a.Key] = true
			}
			open = append(open, t.Data)
		case html.EndTagToken:
			t := z.Token()
			if n := len(open); n == 0 || open[n-1] != t.Data {
				c.add("</%s> does not close what is open: %s", t.Data, strings.Join(open, " "))
				return
			}
			open = open[:len(open)-1]
		}
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

// collect notes ids and labels.
func (c *checker) collect(doc *html.Node) {
	c.labels = map[string]bool{}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if id := attr(n, "id"); id != "" {
			if c.ids[id] {
				c.add("the id %q is there twice", id)
			}
			if strings.ContainsAny(id, " \t\n") {
				c.add("the id %q has a space in it", id)
			}
			c.ids[id] = true
		}
		if n.Data == "label" {
			c.labels[attr(n, "for")] = true
		}
	}
}

func (c *checker) walk(doc *html.Node) {
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode {
			c.element(n)
		}
	}
}

func (c *checker) element(n *html.Node) {
	for _, a := range n.Attr {
		switch {
		case a.Key == "style" || strings.HasPrefix(a.Key, "on"):
			c.add("<%s> has %s=, which the policy forbids", n.Data, a.Key)
		case slices.Contains([]string{"href", "src", "action", "formaction"}, a.Key) && !fine(a.Val):
			c.add("<%s %s=%q> leads elsewhere", n.Data, a.Key, a.Val)
		case a.Key == "aria-describedby" || a.Key == "aria-labelledby" || a.Key == "aria-controls" || a.Key == "for" || a.Key == "list":
			for _, id := range strings.Fields(a.Val) {
				if !c.ids[id] {
					c.add("<%s %s=%q> names nothing that is there", n.Data, a.Key, id)
				}
			}
		}
	}
	if id, ok := strings.CutPrefix(attr(n, "href"), "#"); ok && n.Data == "a" && id != "" && !c.ids[id] && !c.fragment {
		c.add("<a href=%q> leads nowhere on this page", "#"+id)
	}
	switch n.Data {
	case "script":
		if attr(n, "src") == "" {
			c.add("there is a script within the page")
		}
	case "style", "iframe", "object", "embed":
		c.add("there is a <%s>", n.Data)
	case "h1", "h2", "h3", "h4", "h5", "h6":
		c.heading(n)
	case "title":
		if n.Parent != nil && n.Parent.Data == "head" {
			c.title = words(n)
		}
	case "a", "button", "summary":
		if words(n) == "" && attr(n, "aria-label") == "" {
			c.add("a <%s class=%q> has no name", n.Data, attr(n, "class"))
		}
	case "img":
		if !has(n, "alt") {
			c.add("an image has no alt")
		}
	case "input", "select", "textarea":
		c.field(n)
	case "form":
		if attr(n, "method") == "post" && attr(n, "action") == "" {
			c.add("a form that acts does not say where")
		}
	case "th":
		if attr(n, "scope") == "" {
			c.add("a <th> has no scope: %s", words(n))
		}
	}
	if has(n, "data-live") && attr(n, "id") == "" {
		c.add("a <%s data-live> has no id", n.Data)
	}
}

func (c *checker) heading(n *html.Node) {
	level := int(n.Data[1] - '0')
	if level == 1 {
		c.h1++
	}
	if c.head > 0 && level > c.head+1 {
		c.add("<%s> %q comes after <h%d>", n.Data, words(n), c.head)
	}
	if words(n) == "" {
		c.add("<%s> is empty", n.Data)
	}
	c.head = level
}

func (c *checker) field(n *html.Node) {
	kind := attr(n, "type")
	if kind == "hidden" || kind == "submit" || attr(n, "aria-label") != "" || attr(n, "aria-labelledby") != "" {
		return
	}
	for p := n.Parent; p != nil; p = p.Parent {
		if p.Data == "label" {
			return
		}
	}
	if id := attr(n, "id"); id == "" || !c.labels[id] {
		c.add("<%s name=%q> has no label", n.Data, attr(n, "name"))
	}
}

// fine says that an address is one of ours.
func fine(address string) bool {
	return address == "" || strings.HasPrefix(address, "#") || strings.HasPrefix(address, "?") ||
		strings.HasPrefix(address, "/") && !strings.HasPrefix(address, "//")
}

// words are the text of an element.
func words(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data + " ")
		}
		if d.Type == html.ElementNode && attr(d, "aria-label") != "" {
			b.WriteString(attr(d, "aria-label"))
		}
	}
	return strings.TrimSpace(b.String())
}
