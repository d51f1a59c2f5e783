package monitor

import (
	"errors"
	"log/slog"
	"time"

	"corax"
	"corax/config"
)

// environment is what a probe may use of the world besides its target.
type environment struct {
	clock      corax.Clock
	secrets    func(ref string) (string, error)
	checkpoint Checkpoint
	emit       func(signals []corax.Signal, done func()) // for probes that find more than a state
	full       func() bool                               // emit should wait
	log        *slog.Logger
}

// kind is one line of the table: which part of the specification asks for the probe, and how it is made.
type kind struct {
	asked func(config.Monitor) bool
	build func(config.Monitor, environment) (Probe, error)
}

// kinds are all probes that there are. A new one is a file, a part of config.Monitor, and a line here.
func kinds() []kind {
	return []kind{
		{func(m config.Monitor) bool { return m.HTTP != nil }, newHTTP},
		{func(m config.Monitor) bool { return m.TCP != nil }, newTCP},
		{func(m config.Monitor) bool { return m.TLS != nil }, newTLS},
		{func(m config.Monitor) bool { return m.Heartbeat != nil }, newHeartbeat},
		{func(m config.Monitor) bool { return m.Log != nil }, newLog},
	}
}

func build(m config.Monitor, env environment) (Probe, error) {
	for _, k := range kinds() {
		if k.asked(m) {
			return k.build(m, env)
		}
	}
	return nil, errors.New("it checks nothing: set http, tcp, tls, heartbeat or log")
}

// interval is how often the probe runs. A heartbeat's every is how often the other side reports; missing it is to be
// noticed soon after.
func interval(m config.Monitor) time.Duration {
	if m.Heartbeat != nil {
		return min(max(m.Every/4, 250*time.Millisecond), 15*time.Second)
	}
	return max(m.Every, 10*time.Millisecond)
}
