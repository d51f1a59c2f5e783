package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"corax"
)

// share puts a share of few cases and its 95 % interval into a cell.
func share(cell map[string]float64, name string, hit, of int) {
	if of == 0 {
		return
	}
	low, high := corax.Interval(hit, of, corax.TwoSided95)
	cell[name], cell[name+"_low"], cell[name+"_high"], cell[name+"_n"] = float64(hit)/float64(of), low, high, float64(of)
}

// calibration gives expected calibration error over ten bins, Brier score, and the area under the curve of confidence against right.
func calibration(cell map[string]float64, name string, conf []float64, right []bool) {
	if len(conf) == 0 {
		return
	}
	var count, sum, hits [10]float64
	brier := 0.0
	for i, c := range conf {
		y := 0.0
		if right[i] {
			y = 1
		}
		b := min(int(c*10), 9)
		count[b]++
		sum[b] += c
		hits[b] += y
		brier += (c - y) * (c - y)
	}
	ece := 0.0
	for b := range count {
		ece += math.Abs(sum[b] - hits[b])
	}
	n := float64(len(conf))
	cell[name+"_ece"], cell[name+"_brier"] = ece/n, brier/n
	pairs, won := 0.0, 0.0
	for i := range conf {
		for j := range conf {
			if right[i] && !right[j] {
				pairs++
				switch {
				case conf[i] > conf[j]:
					won++
				case conf[i] == conf[j]:
					won += 0.5
				}
			}
		}
	}
	if pairs > 0 {
		cell[name+"_auroc"] = won / pairs
	}
}

// adjustedRand is the adjusted Rand index of two labellings.
func adjustedRand(a, b []int) float64 {
	pairs := func(n float64) float64 { return n * (n - 1) / 2 }
	both, left, right := map[[2]int]float64{}, map[int]float64{}, map[int]float64{}
	for i := range a {
		both[[2]int{a[i], b[i]}]++
		left[a[i]]++
		right[b[i]]++
	}
	var i, x, y float64
	for _, n := range both {
		i += pairs(n)
	}
	for _, n := range left {
		x += pairs(n)
	}
	for _, n := range right {
		y += pairs(n)
	}
	if len(a) < 2 {
		return 1
	}
	e := x * y / pairs(float64(len(a)))
	if (x+y)/2 == e {
		return 1
	}
	return (i - e) / ((x+y)/2 - e)
}

// macroF1 is the mean F1 over the labels that occur.
func macroF1(truth, got []string) float64 {
	labels := map[string][3]float64{} // true positive, false positive, false negative
	for i, t := range truth {
		a := labels[t]
		if t == got[i] {
			a[0]++
			labels[t] = a
			continue
		}
		a[2]++
		labels[t] = a
		b := labels[got[i]]
		b[1]++
		labels[got[i]] = b
	}
	sum, n := 0.0, 0.0
	for _, name := range sorted(labels) {
		c := labels[name]
		if c[0]+c[2] == 0 {
			continue // never true
		}
		n++
		if c[0] > 0 {
			sum += 2 * c[0] / (2*c[0] + c[1] + c[2])
		}
	}
	if n == 0 {
		return 0
	}
	return sum / n
}

// lines reads every *.jsonl file of a folder, in the order of their names.
func lines[T any](dir string) ([]T, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no *.jsonl in %s: the data is not here, nothing to measure", dir)
	}
	var all []T
	for _, name := range files {
		if all, err = file(name, all); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func file[T any](name string, all []T) ([]T, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 16<<20)
	for n := 1; in.Scan(); n++ {
		if len(in.Bytes()) == 0 {
			continue
		}
		var v T
		if err := json.Unmarshal(in.Bytes(), &v); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		all = append(all, v)
	}
	return all, in.Err()
}
