package monitor

import (
	"context"
	"net"

	"corax"
	"corax/config"
)

// tcpProbe connects and hangs up.
type tcpProbe struct {
	spec config.Monitor
}

func newTCP(m config.Monitor, _ environment) (Probe, error) { return tcpProbe{m}, nil }

func (p tcpProbe) Probe(ctx context.Context) corax.ProbeResult {
	address := p.spec.TCP.Address
	attributes := map[string]string{"host": address}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		class, words := classify(err, p.spec.Timeout)
		attributes["class"] = class
		message := "connect to " + address + ": " + words
		return corax.ProbeResult{State: corax.MonitorDown, Message: message, Attributes: attributes}
	}
	_ = conn.Close()
	return corax.ProbeResult{State: corax.MonitorUp, Message: address + " takes connections", Attributes: attributes}
}
