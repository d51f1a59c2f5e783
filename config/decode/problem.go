// Package decode turns YAML and JSON that people and programs wrote into structs, and tells them exactly where they
// went wrong.
//
// In comes text, out come filled structs or Errors: each fault with file, line, column, the path of the field, what
// was expected, and the nearest right word for a misspelt one. YAML is strict: an unknown field is a fault, because a
// misspelt setting that is silently ignored is worse than one that is refused. JSON is what other programs send, so
// unknown fields pass.
//
// It knows nothing of what the fields mean; rooms that do report their own findings at the same places with
// Document.Problem. It never panics on what it is given, never follows an alias without a bound, and never
// interpolates the environment.
package decode

import (
	"fmt"
	"slices"
	"strings"

	"corax"
)

// Problem is one fault in a text.
type Problem struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`   // from 1; 0 where it isn't known
	Column  int    `json:"column,omitempty"` // from 1, in characters
	Field   string `json:"field,omitempty"`  // path, as monitors[2].http.url
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"` // what to write instead
}

// Error is file:line:column: field: message (hint), without what is not known.
func (p Problem) Error() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File + ":")
	}
	if p.Line > 0 {
		fmt.Fprintf(&b, "%d:%d:", p.Line, p.Column)
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	if p.Field != "" {
		b.WriteString(p.Field + ": ")
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString(" (" + p.Hint + ")")
	}
	return b.String()
}

// Errors are all the faults of a text, in the order of the text.
type Errors []Problem

// Error has a line for each fault.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// As lets callers that branch on a corax.Error see Errors as invalid input.
func (e Errors) As(target any) bool {
	t, ok := target.(**corax.Error)
	if !ok {
		return false
	}
	*t = &corax.Error{Code: corax.Invalid, Op: e.Error()}
	return true
}

// OrNil is nil where there are no faults, so that an empty list is never mistaken for an error.
func (e Errors) OrNil() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// Sort orders the faults by file, then by place, then by field.
func (e Errors) Sort() {
	slices.SortStableFunc(e, func(a, b Problem) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		if a.Column != b.Column {
			return a.Column - b.Column
		}
		return strings.Compare(a.Field, b.Field)
	})
}

// Nearest is the candidate that word most likely stands for, or empty where none is near. Case and the choice between
// - and _ don't count.
func Nearest(word string, candidates []string) string {
	w := foldWord(word)
	if len(w) == 0 || len(w) > 64 {
		return ""
	}
	best, bestDistance := "", min(len(w)/3+1, 3)+1
	for _, c := range candidates {
		if d := distance(w, foldWord(c)); d < bestDistance && d < len(w) {
			best, bestDistance = c, d
		}
	}
	return best
}

// DidYouMean is a hint that names the nearest candidate, or lists them where none is near.
func DidYouMean(word string, candidates []string) string {
	if n := Nearest(word, candidates); n != "" {
		return fmt.Sprintf("did you mean %q?", n)
	}
	const most = 16
	switch {
	case len(candidates) == 0:
		return ""
	case len(candidates) > most:
		return "one of " + strings.Join(candidates[:most], ", ") + " ..."
	}
	return "one of " + strings.Join(candidates, ", ")
}

func foldWord(s string) []rune {
	if len(s) > 256 {
		s = s[:256]
	}
	return []rune(strings.ReplaceAll(strings.ToLower(s), "-", "_"))
}

// distance counts insertions, deletions, replacements and swaps of neighbours between a and b.
func distance(a, b []rune) int {
	if len(a)-len(b) > 4 || len(b)-len(a) > 4 {
		return 99
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
