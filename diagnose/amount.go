package diagnose

import "strings"

// countable are words for people and things that are counted when something is out.
var countable = stemsOf("users customers employees callers " +
	"clients people staff employees students guests patients agents drivers tenants subscribers accounts visitors " +
	"orders requests calls sessions messages mails payments transactions jobs uploads logins records files tickets invocations queries jobs " +
	"sites branches offices stores shops hosts nodes servers vms pods phones devices printers sensors desks rooms targets members copies replicas links")

// amount is the clause of a message that says how much is hit, or empty: one that counts people or things before a mere percentage.
func (r *reading) amount() (best string) {
	text := r.signal.Message[:min(len(r.signal.Message), len(r.Text))]
	for i, t := range r.Tokens[:min(len(r.Tokens), 60)] {
		if !t.Number() || t.End > len(text) || t.Start > 0 && strings.IndexByte(".-/:#", text[t.Start-1]) >= 0 ||
			t.End+1 < len(text) && strings.IndexByte(".-:", text[t.End]) >= 0 && text[t.End+1] != ' ' {
			continue // a part of a version, an address or a date
		}
		things := r.counts(i, text)
		if !things && (best != "" || !strings.HasPrefix(strings.TrimPrefix(text[t.End:], " "), "%")) {
			continue
		}
		from := strings.LastIndexAny(text[:t.Start], ",;:()\"\n")
		to := strings.IndexAny(text[t.End:], ",;()\"\n")
		if to < 0 {
			to = len(text) - t.End
		}
		words := excerpt(text[from+1:t.End+to], 90)
		if len(words) <= len(t.Text)+1 {
			continue
		}
		if best = words; things {
			return best
		}
	}
	return best
}

// counts says that a number counts people or things: "140 callers", "4 of 7".
func (r *reading) counts(i int, text string) bool {
	t := r.Tokens[i]
	for k := i + 1; k < len(r.Tokens) && k <= i+3; k++ {
		next := r.Tokens[k]
		if next.Start > len(text) || next.Text == "too" || strings.ContainsAny(text[t.End:next.Start], ",;:()=\"") {
			return false
		}
		part := k == i+1 && next.Text == "of" && i+2 < len(r.Tokens) && (r.Tokens[i+2].Number() || r.Tokens[i+2].Text == "the")
		if part || countable[next.Stem] {
			return true
		}
	}
	return false
}
