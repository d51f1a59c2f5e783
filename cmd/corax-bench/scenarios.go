package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"corax"
	"corax/diagnose"
)

type scenario struct {
	ID      string   `json:"id"`
	Kind    string   `json:"kind"`
	Name    string   `json:"name"`
	Split   string   `json:"split"` // dev or test; empty where the set has no halves
	Signals []string `json:"signals"`
	Expect  struct {
		Pattern     string         `json:"pattern"`
		Severity    corax.Severity `json:"severity"`
		Correlation bool           `json:"correlation"`
		Cascade     bool           `json:"cascade"`
	} `json:"expect"`
}

// origin is the case from which this project comes; it is left out of every figure.
const origin = "jwt_signing_key_rotation_failure"

func (s scenario) toCase() corax.Case {
	c := corax.Case{ID: s.ID}
	for _, m := range s.Signals {
		c.Signals = append(c.Signals, corax.Signal{Message: m})
	}
	return c
}

func scenarios(in input) (result, error) {
	all, err := lines[scenario](in.dir)
	if err != nil {
		return result{}, err
	}
	r := result{Set: "scenarios", Figures: map[string]map[string]float64{}, Baseline: map[string]map[string]float64{}}
	var kept []scenario
	for _, s := range all {
		if s.Name != origin && (in.split == "" || s.Split == in.split) {
			kept = append(kept, s)
		}
	}
	for _, cell := range []string{"all", "multi", "single"} {
		var these []scenario
		for _, s := range kept {
			if cell == "all" || s.Kind == cell {
				these = append(these, s)
			}
		}
		r.Figures[cell], r.Baseline[cell] = map[string]float64{}, map[string]float64{}
		predictions := score(in.engine, these, r.Figures[cell], r.Baseline[cell])
		if cell == "all" {
			r.Predictions = predictions
		}
	}
	for name, v := range map[string]diagnose.Views{"all, rules alone": {NoModel: true}, "all, model alone": {NoRules: true}} {
		r.Figures[name] = map[string]float64{}
		score(diagnose.NewWith(in.catalogue, v), kept, r.Figures[name], map[string]float64{})
	}
	r.storms(in.engine, kept)
	return r, nil
}

// score measures cases one by one, and the trivial answer: the most frequent pattern, always critical, one problem, a cascade from three
// messages up.
func score(e *diagnose.Engine, cases []scenario, cell, base map[string]float64) []prediction {
	var pattern, severity, single, correlated, unknown, unknowns, cascade, cascades, claimed, critical int
	frequent := map[string]int{}
	var conf []float64
	var right []bool
	var out []prediction
	start, signals := time.Now(), 0
	for _, s := range cases {
		rep := e.Diagnose(s.toCase())
		signals += len(s.Signals)
		d := corax.Diagnosis{}
		if len(rep.Problems) > 0 {
			d = rep.Problems[0]
		}
		p := prediction{ID: s.ID, System: s.Kind, Ranked: []string{d.Pattern}, Confidence: d.PatternConfidence, Truth: s.Expect.Pattern}
		for _, a := range d.Alternatives {
			p.Ranked = append(p.Ranked, a.Pattern)
		}
		out = append(out, p)
		ok := d.Pattern == s.Expect.Pattern
		conf, right = append(conf, d.PatternConfidence), append(right, ok)
		frequent[s.Expect.Pattern]++
		count(&pattern, ok)
		count(&severity, d.Severity == s.Expect.Severity)
		count(&critical, s.Expect.Severity == corax.Critical)
		if s.Expect.Pattern == corax.Unknown {
			unknowns++
			count(&unknown, ok)
		}
		if s.Expect.Correlation && len(s.Signals) > 1 {
			correlated++
			count(&single, len(rep.Problems) == 1 && len(rep.Quiet) == 0)
		}
		if s.Expect.Cascade {
			cascades++
			count(&cascade, d.Cascade.Cascading)
		} else {
			count(&claimed, d.Cascade.Cascading)
		}
	}
	took := time.Since(start).Seconds()
	n := len(cases)
	share(cell, "pattern", pattern, n)
	share(cell, "severity", severity, n)
	share(cell, "unknown_recall", unknown, unknowns)
	share(cell, "one_problem", single, correlated)
	share(cell, "cascade_recall", cascade, cascades)
	share(cell, "cascade_claimed_on_rest", claimed, n-cascades)
	calibration(cell, "pattern", conf, right)
	if took > 0 {
		cell["signals_per_s"] = float64(signals) / took
	}
	most := 0
	for _, c := range frequent {
		most = max(most, c)
	}
	if n > 0 {
		base["pattern"], base["severity"], base["one_problem"] = float64(most)/float64(n), float64(critical)/float64(n), 1
	}
	return out
}

func count(n *int, yes bool) {
	if yes {
		*n++
	}
}

// storms interleaves the signals of k cases and asks for them back.
func (r *result) storms(e *diagnose.Engine, cases []scenario) {
	var multi []scenario
	for _, s := range cases {
		if len(s.Signals) > 1 {
			multi = append(multi, s)
		}
	}
	cell, base := map[string]float64{}, map[string]float64{}
	const seeds = 200 // the figure of 20 draws moves by 0.05 from one set of draws to the next
	for _, k := range []int{2, 5, 10} {
		if len(multi) < k {
			continue
		}
		sum, one := 0.0, 0.0
		for seed := 1; seed <= seeds; seed++ {
			rng := rand.New(rand.NewPCG(uint64(k), uint64(seed)))
			type item struct {
				text string
				from int
			}
			var items []item
			for i, at := range rng.Perm(len(multi))[:k] {
				for _, text := range multi[at].Signals {
					items = append(items, item{text, i})
				}
			}
			rng.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
			c := corax.Case{}
			cl := clustering{ID: fmt.Sprintf("storm-%d", k), Seed: seed}
			for i, it := range items {
				c.Signals = append(c.Signals, corax.Signal{Message: it.text})
				cl.Truth, cl.Labels = append(cl.Truth, it.from), append(cl.Labels, 1000+i)
			}
			for n, p := range e.Diagnose(c).Problems {
				for _, s := range p.Signals {
					cl.Labels[s] = n
				}
			}
			sum += adjustedRand(cl.Truth, cl.Labels)
			one += adjustedRand(cl.Truth, make([]int, len(cl.Truth)))
			r.Clusters = append(r.Clusters, cl)
		}
		name := strings.Join([]string{"ari", fmt.Sprint(k)}, "_")
		cell[name], base[name] = sum/seeds, one/seeds
	}
	r.Figures["storm"], r.Baseline["storm"] = cell, base
}
