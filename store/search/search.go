// Package search says what a text search finds: which words a text has, which of them a query asks for, and where they stand in a text.
// Every store searches by these rules, so that what an index finds and what a scan finds is the same.
//
// A word is a run of letters and digits, in lower case. A query finds a text that has all of its words; the last one may be the beginning
// of a word, because somebody may still be typing it. The middle of a word is not found, and word order does not count. What people type
// is data: it is taken apart into words here, and no store ever sees it as a query language.
package search

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// LongestWord is how many bytes of a word count; the rest of a longer one is passed over.
	LongestWord = 40
	// MostTerms is how many different words of a query count, the first.
	MostTerms = 12
	// ShortestPrefix is how many characters it takes until the last word of a query is searched for as the beginning of one.
	ShortestPrefix = 2
)

// Word is a word with its place in the text that it came from.
type Word struct {
	Text       string // in lower case, cut to LongestWord bytes
	Start, End int    // in bytes
}

// Mark is a part of a text that a query found, in bytes: text[Start:End].
type Mark struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// Words calls yield with each word of a text, in order, until it says no.
func Words(text string, yield func(Word) bool) {
	start := -1
	for i, r := range text {
		in := r < utf8.RuneSelf && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z') ||
			r >= utf8.RuneSelf && r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
		switch {
		case in && start < 0:
			start = i
		case !in && start >= 0:
			if !yield(word(text, start, i)) {
				return
			}
			start = -1
		}
	}
	if start >= 0 {
		yield(word(text, start, len(text)))
	}
}

func word(text string, start, end int) Word {
	w := strings.ToLower(text[start:end])
	if len(w) > LongestWord {
		cut := LongestWord
		for !utf8.RuneStart(w[cut]) {
			cut--
		}
		w = w[:cut]
	}
	return Word{Text: w, Start: start, End: end}
}

// Query is what somebody searches for; its zero value finds everything.
type Query struct {
	Terms  []string // words that must be there
	Prefix string   // how a further word must begin; empty for none
}

// Parse takes apart what somebody typed. The last word is whole once something follows it.
func Parse(text string) Query {
	var q Query
	seen := map[string]bool{}
	var last Word
	Words(text, func(w Word) bool {
		if last.Text != "" && !seen[last.Text] {
			seen[last.Text] = true
			q.Terms = append(q.Terms, last.Text)
		}
		last = w
		return len(q.Terms) < MostTerms
	})
	switch {
	case last.Text == "" || len(q.Terms) >= MostTerms:
	case last.End < len(text) || len(last.Text) >= LongestWord:
		if !seen[last.Text] {
			q.Terms = append(q.Terms, last.Text)
		}
	case utf8.RuneCountInString(last.Text) >= ShortestPrefix:
		q.Prefix = last.Text
	}
	return q
}

// Empty says that the query finds everything.
func (q Query) Empty() bool { return len(q.Terms) == 0 && q.Prefix == "" }

// Matches says that the texts, taken together, have all that is asked for.
func (q Query) Matches(texts ...string) bool {
	if q.Empty() {
		return true
	}
	missing := make(map[string]bool, len(q.Terms))
	for _, t := range q.Terms {
		missing[t] = true
	}
	prefix := q.Prefix != ""
	for _, text := range texts {
		Words(text, func(w Word) bool {
			delete(missing, w.Text)
			prefix = prefix && !strings.HasPrefix(w.Text, q.Prefix)
			return prefix || len(missing) > 0
		})
	}
	return !prefix && len(missing) == 0
}

// Marks are the parts of a text that the query found, in order, none touching another.
func (q Query) Marks(text string) []Mark {
	marks := []Mark{}
	if q.Empty() {
		return marks
	}
	Words(text, func(w Word) bool {
		for _, t := range q.Terms {
			if w.Text == t {
				marks = append(marks, Mark{w.Start, w.End})
				return true
			}
		}
		if q.Prefix != "" && strings.HasPrefix(w.Text, q.Prefix) {
			// Lower case may have another length: then the whole word is marked.
			end := w.Start + len(q.Prefix)
			if end > w.End || !strings.EqualFold(text[w.Start:end], q.Prefix) {
				end = w.End
			}
			marks = append(marks, Mark{w.Start, end})
		}
		return true
	})
	return marks
}
