package corax_test

import (
	"fmt"
	"testing"

	"corax"
)

// The published values are those of R. G. Newcombe, "Two-sided confidence intervals for the single proportion" (1998), method 3.
func TestInterval(t *testing.T) {
	for _, c := range []struct {
		hits, all int
		z         float64
		want      string
	}{
		{81, 263, corax.TwoSided95, "0.2553 0.3662"},
		{15, 148, corax.TwoSided95, "0.0624 0.1605"},
		{0, 20, corax.TwoSided95, "0.0000 0.1611"},
		{1, 29, corax.TwoSided95, "0.0061 0.1718"},
		{29, 29, corax.TwoSided95, "0.8830 1.0000"},
		{10, 10, corax.OneSided95, "0.7871 1.0000"},
		{0, 0, corax.TwoSided95, "0.0000 1.0000"},
	} {
		low, high := corax.Interval(c.hits, c.all, c.z)
		if got := fmt.Sprintf("%.4f %.4f", low, high); got != c.want {
			t.Errorf("%d of %d: %s, want %s", c.hits, c.all, got, c.want)
		}
	}
}
