package monitor

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corax"
	"corax/config"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// scripted is a probe that notes when it runs, and takes as long as it is told.
type scripted struct {
	mu    sync.Mutex
	runs  []time.Time
	takes time.Duration
}

func (p *scripted) Probe(ctx context.Context) corax.ProbeResult {
	p.mu.Lock()
	p.runs = append(p.runs, time.Now())
	p.mu.Unlock()
	if p.takes > 0 {
		select {
		case <-time.After(p.takes):
		case <-ctx.Done():
		}
	}
	return corax.ProbeResult{State: corax.MonitorUp, Message: "fine"}
}

// withProbes starts monitors whose probes are replaced.
func withProbes(t *testing.T, workers int, specs []config.Monitor, probe func(i int) Probe) *Monitors {
	t.Helper()
	for i := range specs {
		specs[i].TCP = &config.TCP{}
	}
	m, err := New(Options{Monitors: specs, Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range specs {
		m.entries[s.Name].probe = probe(i)
	}
	if err := m.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestTenThousandMonitorsAreSpreadOverTheirInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 10_000
		specs := make([]config.Monitor, n)
		for i := range specs {
			specs[i] = config.Monitor{Name: fmt.Sprintf("m%d", i), Every: 100 * time.Second, Timeout: time.Second}
		}
		p := &scripted{}
		began := time.Now()
		m := withProbes(t, 64, specs, func(int) Probe { return p })
		time.Sleep(100 * time.Second)
		m.Stop()
		var perSecond [101]int
		for _, at := range p.runs {
			perSecond[int(at.Sub(began).Seconds())]++
		}
		if len(p.runs) < n {
			t.Errorf("only %d ran within their first interval", len(p.runs))
		}
		for second, runs := range perSecond[:95] {
			if runs < 50 || runs > 160 {
				t.Errorf("second %d: %d runs, expected about 100", second, runs)
			}
		}
	})
}

func TestPromptMonitorsDontWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &scripted{}
		began := time.Now()
		m := withProbes(t, 8, []config.Monitor{{Name: "a", Every: time.Second, Timeout: time.Second}},
			func(int) Probe { return p })
		time.Sleep(10 * time.Second)
		m.Stop()
		if first := p.runs[0].Sub(began); first > 200*time.Millisecond {
			t.Errorf("the first run came after %s", first)
		}
		if len(p.runs) < 9 || len(p.runs) > 11 {
			t.Errorf("%d runs in 10 s", len(p.runs))
		}
	})
}

func TestASlowTargetDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, quick := &scripted{takes: time.Hour}, &scripted{}
		specs := []config.Monitor{{Name: "slow", Every: time.Second, Timeout: 3 * time.Second}, {Name: "quick",
			Every: time.Second, Timeout: time.Second}}
		m := withProbes(t, 2, specs, func(i int) Probe { return []Probe{slow, quick}[i] })
		time.Sleep(30 * time.Second)
		m.Stop()
		if len(quick.runs) < 28 {
			t.Errorf("quick ran %d times in 30 s", len(quick.runs))
		}
		if len(slow.runs) < 8 || len(slow.runs) > 11 { // each ends at its time-out, and none overlaps the one before
			t.Errorf("slow ran %d times in 30 s", len(slow.runs))
		}
	})
}

func BenchmarkStart10000(b *testing.B) {
	specs := make([]config.Monitor, 10_000)
	for i := range specs {
		specs[i] = config.Monitor{Name: fmt.Sprintf("m%d", i), Every: time.Hour, TCP: &config.TCP{Address: "127.0.0.1:1"}}
	}
	for b.Loop() {
		m, err := New(Options{Monitors: specs})
		if err != nil {
			b.Fatal(err)
		}
		if err := m.Start(b.Context()); err != nil {
			b.Fatal(err)
		}
		m.Stop()
	}
}
