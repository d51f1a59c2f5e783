package search

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func wordsOf(text string) (out []string) {
	Words(text, func(w Word) bool { out = append(out, w.Text); return true })
	return out
}

func TestWords(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                 nil,
		"auth-svc: Login FAILED (503)":     {"auth", "svc", "login", "failed", "503"},
		"Überlauf né\x00x \xff\xfe y":      {"überlauf", "né", "x", "y"},
		`"; DROP TABLE signals; -- * NEAR`: {"drop", "table", "signals", "near"},
		strings.Repeat("a", 50):            {strings.Repeat("a", LongestWord)},
	} {
		if got := wordsOf(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, expected %q", text, got, want)
		}
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]Query{
		"":                {},
		"  ":              {},
		"l":               {},
		"lo":              {Prefix: "lo"},
		"login ":          {Terms: []string{"login"}},
		"login fa":        {Terms: []string{"login"}, Prefix: "fa"},
		"login login lo":  {Terms: []string{"login"}, Prefix: "lo"},
		"auth-svc* OR \"": {Terms: []string{"auth", "svc", "or"}},
	} {
		if got := Parse(text); !slices.Equal(got.Terms, want.Terms) || got.Prefix != want.Prefix {
			t.Errorf("%q: %+v, expected %+v", text, got, want)
		}
	}
	if got := Parse(strings.Join(strings.Split("abcdefghijklmnopqrstuvwxyz", ""), " ")); len(got.Terms) != MostTerms || got.Prefix != "" {
		t.Errorf("many words: %+v", got)
	}
}

func TestMarks(t *testing.T) {
	q := Parse("failed lo")
	text := "Login FAILED; lock failed2"
	var got []string
	for _, m := range q.Marks(text) {
		got = append(got, text[m.Start:m.End])
	}
	if want := []string{"Lo", "FAILED", "lo"}; !slices.Equal(got, want) {
		t.Errorf("%q, expected %q", got, want)
	}
	if !q.Matches("login", "it failed") || q.Matches("login") || q.Matches("failed") {
		t.Error("all words must be there, and may be in several texts")
	}
}

// A text is found by each of its words, and by the beginning of each; what is marked is there.
func TestFoundByItsWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		for _, w := range wordsOf(text) {
			if !Parse(w + " ").Matches(text) {
				t.Fatalf("%q is not found by %q", text, w)
			}
			n := rapid.IntRange(1, utf8.RuneCountInString(w)).Draw(t, "characters")
			q := Parse(string([]rune(w)[:n]))
			if !q.Matches(text) {
				t.Fatalf("%q is not found by %+v", text, q)
			}
			if !q.Empty() && len(q.Marks(text)) == 0 {
				t.Fatalf("%q: nothing is marked of %+v", text, q)
			}
		}
	})
}

func FuzzQuery(f *testing.F) {
	f.Add("login fa", "Login failed")
	f.Add("İ", "i\u0307 İ")
	f.Fuzz(func(t *testing.T, typed, text string) {
		q := Parse(typed)
		end := 0
		for _, m := range q.Marks(text) {
			if m.Start < end || m.End <= m.Start || m.End > len(text) {
				t.Fatalf("mark %+v after %d in %q", m, end, text)
			}
			end = m.End
		}
		if len(q.Terms) > MostTerms {
			t.Fatalf("%d terms", len(q.Terms))
		}
	})
}
