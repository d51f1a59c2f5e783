package reading

import (
	"strconv"
	"strings"
)

// Ratio is "4 of 7", "0/4" or "98 %".
type Ratio struct {
	Part, Whole float64
	Span
}

// Share is the part of the whole.
func (r Ratio) Share() float64 {
	if r.Whole <= 0 {
		return 0
	}
	return r.Part / r.Whole
}

// Ratios finds "a of b", "a/b" and percentages.
func (r *Reading) Ratios() []Ratio {
	if r.done&doneRatios == 0 {
		r.done |= doneRatios
		r.ratios = ratios(r.Text, r.Tokens)
		r.spelledRatios()
	}
	return r.ratios
}

// numerals are the numbers that people write as words in ratios.
var numerals = map[string]float64{"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
	"eleven": 11, "twelve": 12}

// spelledRatios adds "three out of four", "one of 3" and "half of the nodes".
func (r *Reading) spelledRatios() {
	number := func(i int) (v float64, word, ok bool) {
		if v, ok = numerals[r.text(i)]; ok {
			return v, true, true
		}
		v, err := strconv.ParseFloat(r.text(i), 64)
		return v, false, err == nil && r.Tokens[i].Number()
	}
	for i := range r.Tokens {
		if r.Tokens[i].Text != "of" {
			continue
		}
		from, to := i-1, i+1
		if r.text(from) == "out" {
			from--
		}
		if r.text(to) == "the" || r.text(to) == "our" || r.text(to) == "all" {
			to++
		}
		if from < 0 || to >= len(r.Tokens) || r.Tokens[to].End > len(r.Text) {
			continue
		}
		if r.text(from) == "half" {
			r.ratios = append(r.ratios, Ratio{1, 2, Span{r.Tokens[from].Start, r.Tokens[i].End}})
			continue
		}
		part, spelled, ok := number(from)
		whole, also, and := number(to)
		if ok && and && (spelled || also) && whole >= part && whole > 0 && whole < 1e7 {
			r.ratios = append(r.ratios, Ratio{part, whole, Span{r.Tokens[from].Start, r.Tokens[to].End}})
		}
	}
}

// ratios finds "a of b", "a/b" and percentages.
func ratios(text string, tokens []Token) []Ratio {
	var found []Ratio
	for i, t := range tokens {
		if !isDigit(t.Text[0]) {
			continue
		}
		a, err := strconv.ParseFloat(t.Text, 64)
		if err != nil || t.Start > 0 && strings.IndexByte("./-:", text[t.Start-1]) >= 0 || t.End > len(text) {
			continue // part of an address, a date or a version
		}
		rest := text[t.End:]
		switch {
		case strings.HasPrefix(strings.TrimLeft(rest, " "), "%"), i+1 < len(tokens) && tokens[i+1].Stem == "percent":
			if a <= 100 {
				found = append(found, Ratio{a, 100, Span{t.Start, min(len(text), t.End+1)}})
			}
			continue
		}
		k := i + 1
		between := "/"
		if k < len(tokens) && tokens[k].Text == "out" {
			k++
		}
		if k < len(tokens) && tokens[k].Text == "of" {
			k, between = k+1, " "
		}
		if k < len(tokens) && tokens[k].Text == "the" {
			k++
		}
		if k >= len(tokens) || !isDigit(tokens[k].Text[0]) || between == "/" && text[t.End:tokens[k].Start] != "/" {
			continue
		}
		if after := text[tokens[k].End:]; len(after) > 1 && strings.IndexByte("./-", after[0]) >= 0 && isWord(after[1]) {
			continue
		}
		if b, err := strconv.ParseFloat(tokens[k].Text, 64); err == nil && b >= a && b > 0 && b < 1e7 {
			found = append(found, Ratio{a, b, Span{t.Start, tokens[k].End}})
		}
	}
	return found
}
