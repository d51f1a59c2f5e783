package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"corax/diagnose"
	"corax/knowledge"
)

// BenchmarkSpeed is the speed measure on one processor, for profiles: go test -bench Speed -cpuprofile cpu.out ./cmd/corax-bench
func BenchmarkSpeed(b *testing.B) {
	cat, err := knowledge.Load()
	if err != nil {
		b.Fatal(err)
	}
	const signals = 1000
	e := diagnose.New(cat)
	var lines [][]byte
	for _, c := range speedCases(cat, signals) {
		line, err := json.Marshal(c)
		if err != nil {
			b.Fatal(err)
		}
		lines = append(lines, line)
	}
	b.ReportAllocs()
	var out bytes.Buffer
	for b.Loop() {
		for _, line := range lines {
			out.Reset()
			c, err := diagnose.ReadCase(line)
			if err == nil {
				err = diagnose.WriteJSON(&out, e.Diagnose(c))
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(signals*float64(b.N)/b.Elapsed().Seconds(), "signals/s")
}
