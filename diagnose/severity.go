package diagnose

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"corax"
	read "corax/diagnose/reading"
	"corax/knowledge"
)

// Severity is a sum of points: log odds of "someone has to act now" against "it can wait for the morning". Every reason that counts adds or
// takes some; the sum falls into one of four levels. The words' points are in the catalogue (impact.yaml), those of the rest are here.
const (
	fromCritical = 2.25 // and above: critical
	fromHigh     = 0.6
	fromMedium   = -3.0

	modifierPoints = 0.8
	unknownPoints  = -0.15 // of a fault that no mechanism explains
	// knownWords is how much words still count where the mechanism is known, and calmWords those that play a fault down where several
	// incidents speak of it.
	knownWords = 0.5
	calmWords  = 0.4
)

// basePoints are what a mechanism usually means; topicPoints are what is left of it where an alert carries its rule, for that says which
// limit was crossed.
var (
	basePoints  = map[corax.Severity]float64{corax.Critical: 2.35, corax.High: 1.15, corax.Medium: 0.05, corax.Low: -3.2}
	topicPoints = map[corax.Severity]float64{corax.Critical: 0.2, corax.High: 0.1, corax.Medium: -0.55, corax.Low: -0.55}
)

// factor is one reason for a severity.
type factor struct {
	points float64
	why    string
}

// String is the reason with its points, which always have a sign.
func (f factor) String() string {
	b := make([]byte, 0, len(f.why)+8)
	b = append(append(b, f.why...), " ("...)
	if !math.Signbit(f.points) {
		b = append(b, '+')
	}
	return string(append(strconv.AppendFloat(b, f.points, 'f', 1, 64), ')'))
}

// severity rates impact: what the mechanism usually means, how much of what is affected, for how many, what is at risk, whether there is a
// way around it.
func (w *work) severity(g group, root cause, c corax.Cascade) (corax.Severity, []string) {
	factors := slices.Concat(w.byMechanism(g, root, c), w.byReach(g, c), w.byWords(g, root), w.byExpression(g))
	sum := 0.0
	for _, f := range factors {
		sum += f.points
	}
	slices.SortStableFunc(factors, func(a, b factor) int { return cmp.Compare(math.Abs(b.points), math.Abs(a.points)) })
	reasons := make([]string, 0, min(len(factors), mostFactors))
	for _, f := range factors[:min(len(factors), mostFactors)] {
		reasons = append(reasons, f.String())
	}
	switch {
	case sum >= fromCritical:
		return corax.Critical, reasons
	case sum >= fromHigh:
		return corax.High, reasons
	case sum >= fromMedium:
		return corax.Medium, reasons
	}
	return corax.Low, reasons
}

const mostFactors = 8

// byMechanism is what the mechanism means by itself, and what the catalogue says moves it.
func (w *work) byMechanism(g group, root cause, c corax.Cascade) []factor {
	if root.mech < 0 {
		return []factor{{unknownPoints, "nothing is known of how bad such a fault is"}}
	}
	rating := w.matcher.mechs[root.mech].Severity
	points := basePoints
	if w.expression(g) != "" {
		points = topicPoints
	}
	list := []factor{{root.share * points[rating.Base], root.title + " is " + rating.Base.String() + " by itself"}}
	for i, m := range rating.Raise {
		if w.holds(g, root, c, m.When, w.matcher.raises[root.mech][i]) {
			list = append(list, factor{modifierPoints, m.Why})
		}
	}
	for i, m := range rating.Lower {
		if w.holds(g, root, c, m.When, w.matcher.lowers[root.mech][i]) {
			list = append(list, factor{-modifierPoints, m.Why})
		}
	}
	return list
}

// byReach is how much is gone and who feels it.
func (w *work) byReach(g group, c corax.Cascade) (factors []factor) {
	switch share, words := w.lost(g); {
	case share >= 0.9:
		factors = append(factors, factor{0.75, "hardly anything of it is left: " + words})
	case share >= 0.4:
		factors = append(factors, factor{0.4, "a good part is gone: " + words})
	case share > 0 && share <= 0.1:
		factors = append(factors, factor{-0.6, "a small part is gone: " + words})
	}
	if n, words := w.counted(g); n >= hundreds {
		factors = append(factors, factor{1.1, "hundreds feel it: " + words})
	} else if n >= dozens {
		factors = append(factors, factor{0.3, "dozens feel it: " + words})
	}
	n := len(c.Affected)
	if n > 0 {
		factors = append(factors, factor{math.Round(20*(0.25+0.15*math.Log2(float64(n)))) / 20, fmt.Sprintf("felt by %s", list(c.Affected))})
	}
	if all := w.graph.Len(); all > 3 && n+1 >= (all+1)/2+1 {
		factors = append(factors, factor{1, fmt.Sprintf("%d of %d entities are in trouble", n+1, all)})
	}
	if n := len(g.incidents); n >= 2 && w.graph.Len() == 0 {
		factors = append(factors, factor{math.Min(0.85, 0.25*float64(n)), fmt.Sprintf("%d incidents speak of it", n)})
	}
	return factors
}

// How many people or things make a fault wider than one of them.
const (
	dozens   = 20
	hundreds = 200
)

// counted is the largest number of people or things that the texts name, and the words for it.
func (w *work) counted(g group) (most float64, words string) {
	for _, i := range g.incidents {
		for _, s := range w.incidents[i].signals {
			r := &w.readings[s]
			for _, q := range r.Quantities() {
				if q.Unit == read.Number && q.Value > most && affected[read.Stem(read.Lower(q.Of))] {
					most, words = q.Value, quote(r.Text[q.Start:min(len(r.Text), q.End+1+len(q.Of))], span{})
				}
			}
		}
	}
	return most, words
}

// affected are words for who or what goes without when a fault is felt.
var affected = stemsOf("users customers employees callers clients people staff guests patients tenants subscribers visitors mailboxes phones " +
	"workstations shops stores branches sites servers vms machines desks agents accounts devices")

// byWords is what the messages say about how bad it is, each kind of word once, where it counts most.
func (w *work) byWords(g group, root cause) (list []factor) {
	type saying struct {
		points float64
		words  string
	}
	best := map[int]saying{}
	for _, i := range g.incidents {
		if w.graph.Len() > 0 && w.incidents[i].entity != root.entity {
			continue // who feels it is known from the topology, and counts as reach
		}
		for _, s := range w.incidents[i].signals {
			r := &w.readings[s]
			lead := r.lead()
			for _, h := range r.impacts {
				n := w.matcher.sigs[h.sig].mech
				x := w.cat.Impacts[n]
				points := x.Points
				if h.span.start < lead {
					points += x.Lead
				}
				if had, ok := best[n]; !ok || math.Abs(points) > math.Abs(had.points) {
					best[n] = saying{points, r.Text[h.span.start:min(h.span.end, len(r.Text))]}
				}
			}
		}
	}
	for _, n := range slices.Sorted(maps.Keys(best)) {
		points := best[n].points * (1 - (1-knownWords)*root.share)
		if w.cat.Impacts[n].Implied && w.graph.Len() > 0 {
			points *= 1 - root.share
		}
		if points < 0 && len(g.incidents) > 1 {
			points *= calmWords
		}
		if points != 0 {
			list = append(list, factor{points, w.cat.Impacts[n].Why + ": " + strconv.Quote(best[n].words)})
		}
	}
	return list
}

// lead is where the first clause of a message ends: what stands before it is what the message is about.
func (r *reading) lead() int {
	const least, most = 12, 90
	if len(r.Text) <= least {
		return len(r.Text)
	}
	if i := strings.IndexAny(r.Text[least:min(len(r.Text), most)], ".;,!\n("); i >= 0 {
		return least + i
	}
	return min(len(r.Text), most)
}

// expression is the rule of a problem's first alert that carries one, or empty.
func (w *work) expression(g group) string {
	for _, i := range g.incidents {
		for _, s := range w.incidents[i].signals {
			if expr := w.readings[s].signal.Attributes["expr"]; expr != "" {
				return expr
			}
		}
	}
	return ""
}

// byExpression reads what a monitor compares, where an alert carries its rule's expression; each kind counts once.
func (w *work) byExpression(g group) (list []factor) {
	seen := map[int]bool{}
	for _, i := range g.incidents {
		for _, s := range w.incidents[i].signals {
			expr := w.readings[s].signal.Attributes["expr"]
			if expr == "" || len(expr) > read.MaxText {
				continue
			}
			for _, f := range w.rules {
				if x := w.cat.Impacts[f.impact]; !seen[f.impact] && f.form.MatchString(expr) {
					seen[f.impact] = true
					list = append(list, factor{x.Points, x.Why})
				}
			}
		}
	}
	return list
}

// holds says that the condition of a modifier is met; sig is the signature of its words, -1 for none.
func (w *work) holds(g group, root cause, c corax.Cascade, when knowledge.Condition, sig int32) bool {
	if len(c.Affected) < when.Affected {
		return false
	}
	if when.Needed > 0 && w.graph.BlastRadius(root.entity) < when.Needed {
		return false
	}
	if sig < 0 {
		return true
	}
	for _, i := range g.incidents {
		for _, s := range w.incidents[i].signals {
			for _, h := range w.readings[s].hits {
				if h.sig == sig {
					return true
				}
			}
		}
	}
	return false
}

// lost is the largest share that the texts say is gone: "0/4 up", "100 % of requests fail", "4 of 7 failed".
func (w *work) lost(g group) (share float64, words string) {
	for _, i := range g.incidents {
		for _, s := range w.incidents[i].signals {
			r := &w.readings[s]
			for _, x := range r.Ratios() {
				v, alive := x.Share(), false
				for _, t := range r.Tokens {
					if t.Start > x.End && t.Start-x.End < 30 || t.End < x.Start && x.Start-t.End < 20 {
						alive = alive || read.Good(t.Stem) || t.Text == "up" || t.Text == "active" || t.Text == "left" || t.Text == "free"
					}
				}
				if alive {
					v = 1 - v
				}
				if !math.IsNaN(v) && v > share {
					share, words = v, quote(r.Text[x.Start:min(len(r.Text), x.End+24)], span{})
				}
			}
		}
	}
	return share, words
}
