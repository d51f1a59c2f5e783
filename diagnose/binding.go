package diagnose

import (
	"slices"
	"strings"

	read "corax/diagnose/reading"
)

// binding is what the holes of the catalogue's texts are filled with: {name}, or {name|words} for where the fact isn't known.
type binding struct {
	entity       string // the target; empty where no message names one
	target, root string // the same in words
	facts        map[string]string
	said, gone   string             // what was reported, in its own words; that nothing like it comes any more
	otherwise    func(words string) // is told the words that stand for a fact that isn't known
}

func (w *work) binding(c *cause, target string) binding {
	other := or(standIn(c), "the failed part")
	b := binding{entity: target, target: or(target, other), root: or(c.entity, other), facts: c.facts, said: "what was reported", gone: "no new signal of it comes"}
	if r := w.plainest(c); r != nil {
		if words := excerpt(r.words(), mostSaid); words != "" {
			from := ""
			if r.Entity != "" {
				from = " from " + r.Entity
			}
			b.gone = `nothing like "` + words + `" comes any more` + from
			b.said = b.gone[len("nothing like "):][:len(words)+2] // the same, with its quotes
		}
	}
	return b
}

// on is the binding for another target.
func (b binding) on(target string) binding {
	b.entity = target
	if target != "" {
		b.target = target
	}
	return b
}

// mostSaid is how many bytes of a message a step may repeat.
const mostSaid = 80

// standIn is the root, or, where no message names an entity, the thing that the messages name: the host db7.example.net.
func standIn(c *cause) string {
	if c.entity != "" {
		return c.entity
	}
	for _, kind := range [...]string{"instance", "host", "pod", "database", "queue"} {
		if v := c.facts[kind]; v != "" {
			return "the " + kind + " " + v
		}
	}
	return ""
}

// fill puts facts into a text. It is false where a fact without words is missing; used are the facts that it put in. What it puts in is
// never read again, so a fact that holds braces stays what it is.
func (b *binding) fill(text string) (filled string, used []string, complete bool) {
	filled, complete = b.with(text, nil, &used)
	return filled, used, complete
}

// words fills a text for people: a fact without words that is missing becomes its name.
func (b *binding) words(text string) string {
	out, _ := b.with(text, func(name string) string { return "the " + strings.ReplaceAll(name, "_", " ") }, nil)
	return strings.TrimSpace(out)
}

// command fills a command: what is missing stands in capitals, for a person to replace, and is listed.
func (b binding) command(text string) (run string, blanks []string) {
	b.target, b.root = inCommand(b.target), inCommand(b.root)
	blank := func(words string) {
		if isBlank(words) && !slices.Contains(blanks, words) {
			blanks = append(blanks, words)
		}
	}
	if b.target == noName && strings.Contains(text, "{target}") || b.root == noName && strings.Contains(text, "{root}") {
		blank(noName)
	}
	b.otherwise = blank
	run, _ = b.with(text, strings.ToUpper, nil)
	return strings.TrimSpace(run), blanks
}

// isBlank says that words are a blank in a command: capitals.
func isBlank(words string) bool {
	return words != "" && strings.Trim(words, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == "" && words[0] > '9'
}

// noName stands in a command for a name that no message gives, or that can't stand there.
const noName = "TARGET"

// inCommand is a name as it can stand in a command. A name comes from outside: one that a shell would read, or words that stand for a name,
// are left for a person to fill in.
func inCommand(name string) string {
	if strings.Contains(name, " ") || !read.Safe(name) {
		return noName
	}
	return name
}

// with fills the holes, those that nothing is known for with what missing gives; used, where it isn't nil, gets the facts that it put in.
func (b *binding) with(text string, missing func(name string) string, used *[]string) (filled string, complete bool) {
	if !strings.Contains(text, "{") {
		return text, true
	}
	var out strings.Builder
	out.Grow(len(text) + mostSaid)
	complete = true
	for {
		before, rest, found := strings.Cut(text, "{")
		out.WriteString(before)
		if !found {
			return out.String(), complete
		}
		hole, after, closed := strings.Cut(rest, "}")
		if !closed || !isHole(hole) {
			out.WriteString("{")
			text = rest
			continue
		}
		name, words, hasWords := strings.Cut(hole, "|")
		v := ""
		switch name {
		case "target":
			v = b.target
		case "root":
			v = b.root
		case "said":
			v = b.said
		case "gone":
			v = b.gone
		default:
			v = b.facts[name]
		}
		switch {
		case v != "":
			out.WriteString(v)
			if used != nil {
				*used = append(*used, name)
			}
		case hasWords && words != "":
			out.WriteString(words)
			if b.otherwise != nil {
				b.otherwise(words)
			}
		case hasWords:
			after = strings.TrimPrefix(after, " ")
		case missing != nil:
			out.WriteString(missing(name))
			if b.otherwise != nil {
				b.otherwise(missing(name))
			}
		default:
			complete = false
		}
		text = after
	}
}

// isHole says that what stands between braces is a name, with or without words: awk's braces are not.
func isHole(hole string) bool {
	name, _, _ := strings.Cut(hole, "|")
	for i := range len(name) {
		if c := name[i]; !(c >= 'a' && c <= 'z' || c == '_') {
			return false
		}
	}
	return name != ""
}
