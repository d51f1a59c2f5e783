package bus

import (
	"fmt"
	"testing"

	"corax"
)

// BenchmarkPublish measures what a receiver waits for: encoding, storing and the stream's answer, from four publishers at once.
func BenchmarkPublish(b *testing.B) {
	for _, always := range []bool{false, true} {
		for _, batch := range []int{1, 64} {
			b.Run(fmt.Sprintf("sync_always=%t/batch=%d", always, batch), func(b *testing.B) {
				bus := open(b, Options{SyncAlways: always})
				s := signals(0, 10_000)
				next := make(chan int, 1)
				next <- 0
				b.SetParallelism(2)
				b.ReportAllocs()
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					own := make([]corax.Signal, batch)
					for pb.Next() {
						k := <-next
						next <- k + batch
						copy(own, s[k%(len(s)-batch):])
						own[0].ID = fmt.Sprint(k) // no batch is the duplicate of another
						if err := bus.Publish(b.Context(), own); err != nil {
							b.Error(err)
						}
					}
				})
				b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "signals/s")
			})
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	data := []byte{envelopeVersion}
	for _, s := range signals(0, 64) {
		data = appendSignal(data, &s)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	var out []corax.Signal
	for b.Loop() {
		var err error
		if out, err = decodeEnvelope(out[:0], data); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*64)/b.Elapsed().Seconds(), "signals/s")
}
