package diagnose

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"corax"
	"corax/topology"
)

// couple is a pair of messages of our own cases.
type couple struct {
	evidence
	one bool // both are of one outage
}

// couples compares all messages of the cases of several signals, each with each.
func couples(tb testing.TB, split string) []couple {
	tb.Helper()
	f, err := os.Open("../bench/scenarios/cases.jsonl")
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	e := engine(tb)
	t := newFeatures(len(e.matcher.vocab))
	var profiles []profile
	var from []int
	in := bufio.NewScanner(f)
	for n := 0; in.Scan(); n++ {
		var c struct {
			Split   string
			Signals []string
		}
		if err := json.Unmarshal(in.Bytes(), &c); err != nil {
			tb.Fatal(err)
		}
		if c.Split != split || len(c.Signals) < 2 {
			continue
		}
		for _, text := range c.Signals {
			w := &work{Engine: e, c: corax.Case{Signals: []corax.Signal{{Message: text}}}, desk: e.newDesk(), graph: topology.New(corax.Topology{})}
			w.read()
			w.group()
			for i := range w.incidents {
				profiles, from = append(profiles, w.profile(&w.incidents[i], t)), append(from, n)
			}
		}
	}
	if err := in.Err(); err != nil {
		tb.Fatal(err)
	}
	t.weigh(0, e.rare)
	for n := range profiles {
		profiles[n].measure(t)
	}
	var list []couple
	near := newFocus(len(e.topics.field))
	near.use(t)
	for b := range profiles {
		near.put(&profiles[b])
		for a := range b {
			list = append(list, couple{near.compare(&profiles[a]), from[a] == from[b]})
		}
	}
	return list
}

// fit is logistic regression, in which the pairs of one outage weigh as much as the others, by adaptive gradients (AdaGrad). Only two stated
// causes may speak against.
func fit(list []couple) (w evidence, bias float64) {
	const steps, rate, decay = 300, 0.5, 1e-3
	weight := map[bool]float64{}
	for _, c := range list {
		weight[c.one]++
	}
	for one, n := range weight {
		weight[one] = 0.5 / n
	}
	var scale evidence
	for _, c := range list {
		for k, v := range c.evidence {
			scale[k] += weight[c.one] * v * v
		}
	}
	for k := range scale {
		scale[k] = math.Sqrt(scale[k]) + 1e-6
	}
	var past evidence
	pastBias := 0.0
	for range steps {
		var slope evidence
		slopeBias := 0.0
		for _, c := range list {
			z := bias
			for k, v := range c.evidence {
				z += w[k] * v / scale[k]
			}
			d := 1 / (1 + math.Exp(-z))
			if c.one {
				d--
			}
			d *= weight[c.one]
			slopeBias += d
			for k, v := range c.evidence {
				slope[k] += d * v / scale[k]
			}
		}
		pastBias += slopeBias * slopeBias
		bias -= rate * slopeBias / math.Sqrt(pastBias)
		for k := range w {
			slope[k] += decay * w[k]
			past[k] += slope[k] * slope[k]
			w[k] -= rate * slope[k] / math.Sqrt(past[k])
			if k != twoCauses {
				w[k] = max(w[k], 0)
			}
		}
	}
	for k := range w {
		w[k] /= scale[k]
	}
	return w, bias
}

// ranking is the share of pairs of one outage and of two that the weights put in the right order (the area under the ROC curve).
func ranking(list []couple, w evidence) float64 {
	type scored struct {
		v   float64
		one bool
	}
	all := make([]scored, 0, len(list))
	for _, c := range list {
		v := 0.0
		for k := range c.evidence {
			v += w[k] * c.evidence[k]
		}
		all = append(all, scored{v, c.one})
	}
	slices.SortFunc(all, func(a, b scored) int {
		switch {
		case a.v < b.v:
			return -1
		case a.v > b.v:
			return 1
		}
		return 0
	})
	right, one, two := 0.0, 0.0, 0.0
	for from := 0; from < len(all); {
		to, ones := from, 0.0
		for to < len(all) && all[to].v == all[from].v {
			if all[to].one {
				ones++
			}
			to++
		}
		twos := float64(to-from) - ones
		right += ones * (two + twos/2)
		one, two, from = one+ones, two+twos, to
	}
	return right / (one * two)
}

// The table of weights is what the dev cases give, and tells pairs apart that it was not fitted on.
func TestAffinity(t *testing.T) {
	if testing.Short() {
		t.Skip("fits weights anew")
	}
	dev, test := couples(t, "dev"), couples(t, "test")
	w, bias := fit(dev)
	t.Logf("fitted: %.2f, bias %.2f", w, bias)
	fitted, table := ranking(dev, w), ranking(dev, speaks)
	t.Logf("pairs in the right order: fitted %.3f, table %.3f, table on test %.3f", fitted, table, ranking(test, speaks))
	if table < fitted-0.01 {
		t.Errorf("the table orders %.3f of the pairs, weights fitted anew %.3f: take %.2f", table, fitted, w)
	}
	if got := ranking(test, speaks); got < 0.75 {
		t.Errorf("the table orders %.3f of the pairs that it was not fitted on", got)
	}
}
