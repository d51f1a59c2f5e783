package monitor

import (
	"context"
	"time"

	"corax"
	"corax/config"
)

// Try runs a probe that need not be in force once, and tells nobody what it saw. One that waits for others to speak sees nothing.
func (m *Monitors) Try(ctx context.Context, spec config.Monitor) (corax.ProbeResult, error) {
	spec = spec.WithDefaults()
	r := corax.ProbeResult{State: corax.MonitorUnknown, Message: "it waits for what is reported; there is nothing to try"}
	if spec.Heartbeat == nil && spec.Log == nil {
		p, err := build(spec, environment{clock: m.o.Clock, secrets: m.o.Secrets, log: m.o.Log})
		if err != nil {
			return corax.ProbeResult{}, corax.Errorf(corax.Invalid, "try monitor "+spec.Name, "%w", err)
		}
		defer closeProbe(p)
		began := time.Now()
		bounded, cancel := context.WithTimeout(ctx, spec.Timeout)
		defer cancel()
		r = p.Probe(bounded)
		if r.Latency == 0 {
			r.Latency = time.Since(began)
		}
	}
	r.Monitor, r.Entity, r.At = spec.Name, spec.Entity, m.o.Clock.Now()
	return r, ctx.Err()
}
