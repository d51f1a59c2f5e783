package corax

import "math"

// How many standard deviations an Interval reaches: for 95 % between its two ends, and for 95 % above its lower end alone.
const (
	TwoSided95 = 1.959964
	OneSided95 = 1.644854
)

// Interval is where a rate lies of which hits of all were seen, z standard deviations around it; 0 to 1 where nothing was seen. It is
// the score interval of E. B. Wilson, "Probable inference, the law of succession, and statistical inference" (JASA 22, 1927).
func Interval(hits, all int, z float64) (low, high float64) {
	if all == 0 {
		return 0, 1
	}
	n := float64(all)
	p := float64(hits) / n
	center := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return min(p, max(0, center-half)), max(p, min(1, center+half))
}
