package store

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Percentiles are within a tenth (and the spread's ends), merging is adding, and what is written is read.
func TestHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		latencies := rapid.SliceOfN(rapid.Int64Range(int64(20*time.Microsecond), int64(time.Hour)), 1, 60).Draw(t, "latencies")
		cut := rapid.IntRange(0, len(latencies)).Draw(t, "cut")
		var all, one, two History
		for i, l := range latencies {
			all.Add(i%3 == 0, time.Duration(l))
			if i < cut {
				one.Add(i%3 == 0, time.Duration(l))
			} else {
				two.Add(i%3 == 0, time.Duration(l))
			}
		}
		read, err := DecodeSpread(two.Spread.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if two.Checks > 0 {
			two.Spread = read
		}
		one.Merge(two)
		all.Measure()
		one.Measure()
		if all.Checks != one.Checks || all.Failures != one.Failures || all.Sum != one.Sum || all.Min != one.Min || all.Max != one.Max ||
			all.P50 != one.P50 || all.P95 != one.P95 {
			t.Fatalf("%+v\n%+v", all, one)
		}
		slices.Sort(latencies)
		for q, got := range map[float64]time.Duration{0.5: all.P50, 0.95: all.P95} {
			rank := int(q*float64(len(latencies)) + 0.9999999)
			if want := float64(latencies[max(rank, 1)-1]); float64(got) < 0.9*want || float64(got) > 1.1*want {
				t.Fatalf("%v of %v: %v, expected %v", q, latencies, got, time.Duration(want))
			}
		}
	})
}

func FuzzDecodeSpread(f *testing.F) {
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := DecodeSpread(data)
		if err != nil {
			return
		}
		for k := range s {
			if k < 0 || k >= slots {
				t.Fatalf("slot %d", k)
			}
		}
	})
}
