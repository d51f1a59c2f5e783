package store

import (
	"testing"

	"pgregory.net/rapid"

	"corax"
)

func TestCursorsComeBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Cursor{rapid.Int64().Draw(t, "micros"), rapid.String().Draw(t, "id")}
		got, err := ParseCursor(c.String())
		if err != nil || got != c {
			t.Fatalf("%v became %v (%v)", c, got, err)
		}
	})
}

func FuzzParseCursor(f *testing.F) {
	for _, text := range []string{"", "x", "MTIgYQ", "MTI", Cursor{1, "inc-1"}.String(), Cursor{-1, " "}.String() + "="} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCursor(text)
		switch {
		case err != nil && corax.CodeOf(err) != corax.Invalid:
			t.Errorf("%q: %v", text, err)
		case err == nil && c.String() != text:
			t.Errorf("%q was taken for %v, which is %q", text, c, c.String())
		}
	})
}
