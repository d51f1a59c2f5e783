package draw

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// width estimates how wide a text of the given size is in a usual sans face, a little too wide rather than too narrow.
func width(text string, size float64) float64 {
	em := 0.0
	for _, r := range text {
		switch {
		case strings.ContainsRune("ijl.,:;'|!()[]ftr I", r):
			em += 0.36
		case strings.ContainsRune("mwMW@%", r):
			em += 0.9
		case r >= 'A' && r <= 'Z':
			em += 0.69
		case r >= 0x1100:
			em += 1.05
		default:
			em += 0.585
		}
	}
	return em * size
}

// fit cuts a text in the middle until it is at most room wide: names differ at both of their ends.
func fit(text string, size, room float64) string {
	text = strings.Join(strings.Fields(text), " ")
	if width(text, size) <= room {
		return text
	}
	runes := []rune(text)
	for keep := min(len(runes)-1, int(room/size*4)); keep > 1; keep-- {
		head := (keep*3 + 4) / 5
		if cut := string(runes[:head]) + "…" + string(runes[len(runes)-(keep-head):]); width(cut, size) <= room {
			return cut
		}
	}
	return "…"
}

// cut shortens a text to at most n runes.
func cut(text string, n int) string {
	for i := range text {
		if n--; n < 0 {
			return text[:i] + "…"
		}
	}
	return text
}

// list joins names, of which it gives at most the first n.
func list(names []string, n int) string {
	if more := len(names) - n; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:n], ", "), more)
	}
	return strings.Join(names, ", ")
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// span writes a duration with two digits that count: 0.6 s, 12 s, 3 min 5 s, 2 h 10 min, 3 d 4 h.
func span(d time.Duration) string {
	if d < 0 {
		return "-" + span(-max(d, -math.MaxInt64))
	}
	two := func(a, b time.Duration, big, small string) string {
		d := d.Round(b)
		if rest := d % a / b; rest > 0 {
			return fmt.Sprintf("%d %s %d %s", d/a, big, rest, small)
		}
		return fmt.Sprintf("%d %s", d/a, big)
	}
	switch {
	case d == 0:
		return "0 s"
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d.Round(time.Millisecond) < time.Second:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond)/time.Millisecond)
	case d < 9950*time.Millisecond:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute-time.Second/2:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < time.Hour-time.Second/2:
		return two(time.Minute, time.Second, "min", "s")
	case d < 24*time.Hour-30*time.Second:
		return two(time.Hour, time.Minute, "h", "min")
	}
	return two(24*time.Hour, time.Hour, "d", "h")
}

func percent(share float64) string {
	p := share * 100
	if p > 0 && p < 1 || p > 99 && p < 100 { // never round a failure away
		return fmt.Sprintf("%.2f %%", math.Floor(p*100)/100)
	}
	return fmt.Sprintf("%.0f %%", p)
}

// layout picks how moments within a span are written.
func layout(d time.Duration) string {
	switch {
	case d <= 10*time.Minute:
		return "15:04:05"
	case d <= 36*time.Hour:
		return "15:04"
	}
	return "2 Jan"
}
