package part

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"

	"corax"
)

// Ports come from below the range from which systems take the source ports of outgoing connections. So while a
// part is down, or refuses connections on purpose, no connection of somebody else sits on its port, and it can
// come back to it.
const (
	firstPort = 20000
	lastPort  = 32000
	tries     = 200
)

// reserve listens on a free port of loopback.
func reserve() (*net.TCPListener, error) {
	var err error
	for range tries {
		var l net.Listener
		port := firstPort + rand.IntN(lastPort-firstPort) //nolint:gosec // picks a free port, nothing secret
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			return l.(*net.TCPListener), nil
		}
	}
	return nil, corax.Errorf(corax.Unavailable, "reserve a port on loopback", "%w", err)
}

// Listen gives a part its listeners, by name: those that its parent handed over at the first start, and the same
// ports again later.
func Listen(listens []string, addrs map[string]string, sockets int) (map[string]net.Listener, error) {
	out := make(map[string]net.Listener, len(listens))
	for i, name := range listens {
		var l net.Listener
		var err error
		if i < sockets {
			f := os.NewFile(uintptr(3+i), name)
			l, err = net.FileListener(f)
			_ = f.Close()
		} else {
			l, err = net.Listen("tcp", addrs[name])
		}
		if err != nil {
			for _, open := range out {
				_ = open.Close()
			}
			return nil, corax.Errorf(corax.Unavailable, "listen on "+addrs[name]+" for "+name, "%w", err)
		}
		out[name] = l
	}
	return out, nil
}
