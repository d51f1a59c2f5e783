package executetest

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// Proxy stands between an executor and a server, and can cut what goes through it.
type Proxy struct {
	Addr     string
	listener net.Listener
	to       string
	tasks    sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
	over  bool
}

// NewProxy listens on a loopback port for connections to a server; it ends with the test.
func NewProxy(t *testing.T, to string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{Addr: l.Addr().String(), listener: l, to: to}
	p.tasks.Go(p.accept)
	t.Cleanup(func() {
		p.mu.Lock()
		p.over = true
		p.mu.Unlock()
		_ = l.Close()
		p.Cut(t)
		p.tasks.Wait()
	})
	return p
}

func (p *Proxy) accept() {
	for {
		in, err := p.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.to)
		if err != nil {
			_ = in.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, in, out)
		if p.over {
			_, _ = in.Close(), out.Close()
		}
		p.mu.Unlock()
		for _, pair := range [][2]net.Conn{{in, out}, {out, in}} {
			p.tasks.Go(func() {
				_, _ = io.Copy(pair[0], pair[1])
				_ = pair[0].Close()
			})
		}
	}
}

// Cut ends every connection that there is.
func (p *Proxy) Cut(testing.TB) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.conns = nil
}

// Gone is an address where nobody listens.
func Gone(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// Await waits until something is so at a target that can only be asked.
func Await(t *testing.T, what string, so func() bool) {
	t.Helper()
	limit := time.After(30 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("never came: %s", what)
		}
	}
}
