package bus

import (
	"fmt"
	"log/slog"

	"github.com/nats-io/nats-server/v2/server"
)

// newServer makes a server for this process alone: no port, no signal handlers, no telemetry.
func newServer(dir string, syncAlways bool, log *slog.Logger) (*server.Server, error) {
	srv, err := server.NewServer(&server.Options{
		ServerName:         "corax",
		DontListen:         true,
		NoSigs:             true,
		JetStream:          true,
		StoreDir:           dir,
		SyncAlways:         syncAlways,
		JetStreamMaxStore:  1 << 60, // the stream's own limit and the watch over the disk are what counts
		JetStreamMaxMemory: 64 << 20,
		MaxPayload:         8 << 20,
		MaxPending:         256 << 20,
	})
	if err != nil {
		return nil, err
	}
	srv.SetLoggerV2(serverLog{log}, false, false, false)
	return srv, nil
}

// serverLog passes on what the server says; its chatter about starting and stopping is of interest only when something is wrong.
type serverLog struct{ log *slog.Logger }

func (l serverLog) Noticef(format string, v ...any) {
	l.log.Debug("bus server", "says", fmt.Sprintf(format, v...))
}
func (l serverLog) Warnf(format string, v ...any) {
	l.log.Warn("bus server", "says", fmt.Sprintf(format, v...))
}
func (l serverLog) Fatalf(format string, v ...any) {
	l.log.Error("bus server", "says", fmt.Sprintf(format, v...))
}
func (l serverLog) Errorf(format string, v ...any) {
	l.log.Error("bus server", "says", fmt.Sprintf(format, v...))
}
func (l serverLog) Debugf(string, ...any) {}
func (l serverLog) Tracef(string, ...any) {}
