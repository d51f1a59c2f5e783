package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"corax"
	"corax/diagnose"
	"corax/knowledge"
)

// speedCases makes cases of 1, 10 and 100 signals, a third of the signals each, from the catalogue's examples. Names and numbers are made
// up, and in more than half of the signals some words too, so that at least half of the templates are distinct.
func speedCases(cat *knowledge.Catalogue, signals int) []corax.Case {
	rng := rand.New(rand.NewPCG(50_000, uint64(signals)))
	var texts []string
	for _, m := range cat.Mechanisms {
		texts = append(texts, m.Examples...)
	}
	var cases []corax.Case
	for made := 0; made < signals; {
		size := []int{1, 10, 100}[rng.IntN(3)]
		for n := 0; n < 100/size && made < signals; n++ {
			c := corax.Case{ID: fmt.Sprintf("speed-%d", len(cases))}
			for range size {
				c.Signals = append(c.Signals, corax.Signal{Message: vary(texts[rng.IntN(len(texts))], rng)})
				made++
			}
			cases = append(cases, c)
		}
	}
	return cases
}

// vary puts other numbers into a text, and, mostly, a few words that nobody has seen.
func vary(text string, rng *rand.Rand) string {
	b := []byte(text)
	for i, c := range b {
		if c >= '1' && c <= '9' {
			b[i] = '1' + byte(rng.IntN(9))
		}
	}
	words := strings.Fields(string(b))
	if rng.IntN(4) > 0 {
		for range 1 + rng.IntN(3) {
			word := make([]byte, 4+rng.IntN(6))
			for i := range word {
				word[i] = 'a' + byte(rng.IntN(26))
			}
			words = slices.Insert(words, rng.IntN(len(words)+1), string(word))
		}
	}
	return strings.Join(words, " ")
}

// speed measures the engine as `corax diagnose --json` runs it: JSON in, diagnosis, JSON out, on all processors.
func speed(in input) (result, error) {
	const signals = 100_000
	cases := speedCases(in.catalogue, signals)
	lines := make([][]byte, len(cases))
	for i, c := range cases {
		var err error
		if lines[i], err = json.Marshal(c); err != nil {
			return result{}, err
		}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(300)) // as the command does
	var rates []float64
	for range 3 {
		start := time.Now()
		if err := runAll(in.engine, lines); err != nil {
			return result{}, err
		}
		rates = append(rates, signals/time.Since(start).Seconds())
	}
	slices.Sort(rates)
	cell := map[string]float64{"signals_per_s": rates[1], "processors": float64(runtime.GOMAXPROCS(0))}
	for _, size := range []int{1, 10, 100} {
		cell[fmt.Sprintf("ms_p50_of_%d", size)], cell[fmt.Sprintf("ms_p99_of_%d", size)] = latencies(in.engine, cases, size)
	}
	return result{Set: "speed", Figures: map[string]map[string]float64{"all": cell}}, nil
}

func runAll(e *diagnose.Engine, lines [][]byte) error {
	work := make(chan []byte, 64)
	var group sync.WaitGroup
	failures := make(chan error, runtime.GOMAXPROCS(0))
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			var out bytes.Buffer
			for line := range work {
				out.Reset()
				c, err := diagnose.ReadCase(line)
				if err == nil {
					err = diagnose.WriteJSON(&out, e.Diagnose(c))
				}
				if err != nil {
					select {
					case failures <- err:
					default:
					}
				}
			}
		})
	}
	for _, line := range lines {
		work <- line
	}
	close(work)
	group.Wait()
	select {
	case err := <-failures:
		return err
	default:
		return nil
	}
}

// latencies are the median and the 99th percentile of the cases of a size, one after the other, in milliseconds.
func latencies(e *diagnose.Engine, cases []corax.Case, size int) (p50, p99 float64) {
	var took []float64
	for _, c := range cases {
		if len(c.Signals) == size && len(took) < 2000 {
			start := time.Now()
			_ = diagnose.WriteJSON(io.Discard, e.Diagnose(c))
			took = append(took, float64(time.Since(start).Microseconds())/1000)
		}
	}
	if len(took) == 0 {
		return 0, 0
	}
	slices.Sort(took)
	return took[len(took)/2], took[len(took)*99/100]
}

// speedInput writes the cases of the speed measure, a line each, for `corax diagnose --json`.
func speedInput(cat *knowledge.Catalogue, out io.Writer) error {
	w := bufio.NewWriter(out)
	enc := json.NewEncoder(w)
	for _, c := range speedCases(cat, 100_000) {
		if err := enc.Encode(c); err != nil {
			return err
		}
	}
	return w.Flush()
}
