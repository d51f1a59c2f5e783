// Command corax-bench measures the engine on public data that nobody here wrote, beside trivial baselines and with 95 % intervals.
//
//	corax-bench SET --data DIR [--split dev|test] [--json]
//
// SET is scenarios, severity, rca-alerts, petshop, nezha or logs, or one of our own under bench: levels (severity over all four levels),
// quiet (healthy lines that must raise nothing), open (failures that no catalogue knows) and speed,
// which needs no data; and pages, which measures the pages over a large store that it builds in DIR, in a browser too where there is one. It
// reads DIR, writes figures to standard output, and never tunes anything. Exit status: 0 measured,
// 1 the data can't be read, 2 usage, 3 a figure of pages is over its budget.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"

	"corax/diagnose"
	"corax/knowledge"
)

// result is what a run found; its JSON form is read by other tools.
type result struct {
	Set         string                        `json:"set"`
	Figures     map[string]map[string]float64 `json:"figures"`          // system or cell -> measure -> value
	Baseline    map[string]map[string]float64 `json:"baseline"`         // the same for the trivial answer
	Budget      map[string]map[string]float64 `json:"budget,omitempty"` // the most that a figure may be
	Predictions []prediction                  `json:"predictions"`
	Clusters    []clustering                  `json:"clusters"`
	Note        string                        `json:"note,omitempty"`
}

type prediction struct {
	ID         string   `json:"id"`
	System     string   `json:"system"`
	Ranked     []string `json:"ranked"`
	Confidence float64  `json:"confidence"`
	Truth      string   `json:"truth"`
}

type clustering struct {
	ID     string `json:"id"`
	Seed   int    `json:"seed"`
	Labels []int  `json:"labels"`
	Truth  []int  `json:"truth"`
}

// sets are the data sets; nil where nothing measures them yet.
var sets = map[string]func(input) (result, error){
	"scenarios": scenarios, "severity": severity, "levels": levels, "quiet": quiet, "open": open, "speed": speed, "pages": pages, "rca-alerts": nil, "petshop": nil, "nezha": nil, "logs": nil,
}

// input is what a measure works on.
type input struct {
	engine    *diagnose.Engine
	catalogue *knowledge.Catalogue
	dir       string
	split     string // only cases of this half, where the set says of which each is
	profile   string // file for a CPU profile of what is measured; empty for none
	rounds    int    // how often each page is asked for
}

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "corax-bench:", err)
		switch {
		case errors.Is(err, errUsage):
			os.Exit(2)
		case errors.Is(err, errOver):
			os.Exit(3)
		}
		os.Exit(1)
	}
}

var errUsage = errors.New("usage: corax-bench scenarios|severity|levels|quiet|open|speed|pages|rca-alerts|petshop|nezha|logs --data DIR [--split dev|test] [--rounds N] [--profile FILE] [--json], or corax-bench speed [--input]")

func run(args []string, out io.Writer) error {
	if len(args) == 0 {
		return errUsage
	}
	measure, known := sets[args[0]]
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	dir := flags.String("data", "", "folder of the set")
	split := flags.String("split", "", "only this half of the cases: dev or test")
	profile := flags.String("profile", "", "pages: write a CPU profile of the server's work to this file")
	rounds := flags.Int("rounds", 30, "pages: how often each page is asked for")
	inputOnly := flags.Bool("input", false, "speed: write the cases and measure nothing")
	asJSON := flags.Bool("json", false, "write one JSON object")
	if err := flags.Parse(args[1:]); err != nil || !known || flags.NArg() > 0 || *rounds < 1 || *dir == "" && args[0] != "speed" {
		return errUsage
	}
	r := result{Set: args[0], Note: "not measured yet"}
	if measure != nil {
		cat, err := knowledge.Load()
		if err != nil {
			return err
		}
		if *inputOnly {
			return speedInput(cat, out)
		}
		if r, err = measure(input{diagnose.New(cat), cat, *dir, *split, *profile, *rounds}); err != nil {
			return err
		}
	}
	write := r.print
	if *asJSON {
		write = func(out io.Writer) error { return json.NewEncoder(out).Encode(r.whole()) }
	}
	return errors.Join(write(out), r.held())
}

var errOver = errors.New("over the budget")

// held is errOver, with each figure that is more than it may be.
func (r result) held() (err error) {
	for _, cell := range sorted(r.Budget) {
		for _, name := range sorted(r.Budget[cell]) {
			if f, ok := r.Figures[cell][name]; ok && f > r.Budget[cell][name] {
				err = errors.Join(err, fmt.Errorf("%w: %s, %s is %.1f of %.0f", errOver, cell, name, f, r.Budget[cell][name]))
			}
		}
	}
	return err
}

// whole has empty lists in place of absent ones.
func (r result) whole() result {
	if r.Figures == nil {
		r.Figures = map[string]map[string]float64{}
	}
	if r.Baseline == nil {
		r.Baseline = map[string]map[string]float64{}
	}
	if r.Predictions == nil {
		r.Predictions = []prediction{}
	}
	if r.Clusters == nil {
		r.Clusters = []clustering{}
	}
	return r
}

func (r result) print(out io.Writer) error {
	if r.Note != "" {
		fmt.Fprintf(out, "%s: %s\n", r.Set, r.Note)
	}
	for _, cell := range sorted(r.Figures) {
		fmt.Fprintf(out, "%s, %s\n", r.Set, cell)
		for _, name := range sorted(r.Figures[cell]) {
			fmt.Fprintf(out, "  %-28s %7.3f", name, r.Figures[cell][name])
			if b, ok := r.Baseline[cell][name]; ok {
				fmt.Fprintf(out, "   baseline %.3f", b)
			}
			if b, ok := r.Budget[cell][name]; ok {
				fmt.Fprintf(out, "   at most %.0f", b)
			}
			fmt.Fprintln(out)
		}
	}
	for _, p := range r.Predictions {
		if p.Ranked[0] != p.Truth {
			fmt.Fprintf(out, "  miss %s %s: %s is not %v (%.2f)\n", p.System, p.ID, p.Truth, p.Ranked[0], p.Confidence)
		}
	}
	return nil
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
