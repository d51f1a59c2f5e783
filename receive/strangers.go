package receive

import (
	"net"
	"net/http"
	"sync"
	"time"

	"corax/access"
)

// strangerTime is how long the body of a request may take that has not shown who sends it: one event, and what isn't sent is waited for in vain.
const strangerTime = 5 * time.Second

// strangers bounds the requests whose token can only be found in their body, so that reading them keeps nobody out who has shown one: a
// part of what is served at once, and of that a part to each network.
type strangers struct {
	most, each int

	mu   sync.Mutex
	all  int
	from map[string]int // by network, those above zero
}

func newStrangers(atOnce int) *strangers {
	most := max(1, atOnce/4)
	return &strangers{most: most, each: max(1, most/4), from: map[string]int{}}
}

// enter says whether one more may be read; leave ends it.
func (s *strangers) enter(network string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= s.most || s.from[network] >= s.each {
		return false
	}
	s.all++
	s.from[network]++
	return true
}

func (s *strangers) leave(network string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.from[network]--; s.from[network] <= 0 {
		delete(s.from, network)
	}
}

// networkOf is where a request comes from: as the server worked it out, else the other end of the connection.
func networkOf(r *http.Request) string {
	address := access.ClientFrom(r.Context()).Address
	if address == "" {
		address, _, _ = net.SplitHostPort(r.RemoteAddr)
	}
	return access.Network(address)
}
