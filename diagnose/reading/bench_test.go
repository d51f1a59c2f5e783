package reading

import (
	"testing"

	"corax"
	"corax/topology"
)

// ordinary messages of about a hundred bytes, as logs and monitors write them.
var ordinary = []string{
	"2026-03-30T02:00:04.123Z ERROR payments-svc: dial tcp 10.0.3.17:5432: connect: connection refused (attempt 3)",
	"Mar 30 02:00:04 web-03 nginx[1234]: upstream timed out (110: Connection timed out) while reading response header",
	"core-sw1: %LINK-3-UPDOWN: Interface GigabitEthernet1/0/24, changed state to down, 3 hosts on VLAN 10 affected",
	"level=info ts=2026-03-30T02:00:04Z caller=main.go:42 msg=\"request served\" method=GET path=/orders status=200 took=12ms",
	"checkout service: 4 of 7 replicas NotReady, p99 latency 2.3 s over the threshold of 800 ms for 10 minutes now",
}

func BenchmarkRead(b *testing.B) {
	graph := topology.New(corax.Topology{})
	signals := make([]corax.Signal, len(ordinary))
	bytes := 0
	for i, m := range ordinary {
		signals[i].Message = m
		bytes += len(m)
	}
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(bytes / len(signals)))
		d := NewReader(graph)
		for n := 0; b.Loop(); n++ {
			r := d.Read(&signals[n%len(signals)])
			r.Polarity(0)
		}
	})
	b.Run("all", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(bytes / len(signals)))
		d := NewReader(graph)
		for n := 0; b.Loop(); n++ {
			r := d.Read(&signals[n%len(signals)])
			r.Polarity(0)
			r.Ties()
			r.Ratios()
			r.Identifiers()
			r.States()
			r.Changes()
			r.Tense()
		}
	})
}
