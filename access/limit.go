package access

import (
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"corax"
)

// Rate is how often somebody may ask: so many times a second, and after a pause so many at once. Zero a second is no limit.
type Rate struct {
	PerSecond int
	Burst     int
}

// Limits are the rates of requests.
type Limits struct {
	People    Rate // of each session, each token and each configured operator
	Anonymous Rate // of each network, see Network, of all that show nothing that is good
}

// Limiter says who has asked too often of late. Each has a bucket of their own, so that nobody's requests cost another's; the local command
// line has none, since who reads its token has the machine.
//
// The buckets are kept in memory, at most 10,000 of a kind: what was not used for longest goes first, and is full when it comes again. Those of
// the anonymous, of whom there may be any number, push out none of the others'.
type Limiter struct {
	clock corax.Clock

	mu                sync.Mutex
	people, anonymous buckets
}

// NewLimiter makes a limiter that has seen nothing.
func NewLimiter(clock corax.Clock, l Limits) *Limiter {
	return &Limiter{clock: clock, people: newBuckets(l.People, mostCounts), anonymous: newBuckets(l.Anonymous, mostCounts)}
}

// Overrun says that there were too many requests.
type Overrun struct{ After time.Duration }

// Seconds is when to come back, in whole seconds, as Retry-After has it.
func (o Overrun) Seconds() int { return max(1, int(math.Ceil(o.After.Seconds()))) }

// Error says when to come back.
func (o Overrun) Error() string {
	return fmt.Sprintf("too many requests; try again in %d s", o.Seconds())
}

// Admit takes one request of a principal, from a client, who counts where the principal is nobody. It gives an Overrun where it is one too many;
// that one doesn't count. A nil Limiter admits all.
func (l *Limiter) Admit(p Principal, from Client) error { return l.admit(p, from, "") }

// AdmitRefresh is Admit for what a page that is open asks for by itself. It has a bucket beside that for what a person does, so that no storm of
// events takes a click away.
func (l *Limiter) AdmitRefresh(p Principal, from Client) error {
	return l.admit(p, from, "refresh of ")
}

func (l *Limiter) admit(p Principal, from Client, kind string) error {
	if l == nil || p.Known() && p.Via == corax.ViaLocal {
		return nil
	}
	all, name := &l.anonymous, Network(from.Address)
	if p.Known() {
		all, name = &l.people, kind+shown(p)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if wait := all.take(l.clock.Now(), name); wait > 0 {
		return &corax.Error{Code: corax.Unavailable, Err: Overrun{wait}}
	}
	return nil
}

// shown names what a principal has shown.
func shown(p Principal) string {
	switch {
	case p.Session != "":
		return "session " + p.Session
	case p.Token != "":
		return "token " + p.Token
	}
	return "operator " + p.Name
}

// Refused is how many requests were too many since the start.
func (l *Limiter) Refused() (people, anonymous int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.people.refused, l.anonymous.refused
}

// buckets are those of one kind, by name.
type buckets struct {
	rate    Rate
	all     *simplelru.LRU[string, *rate.Limiter]
	refused int
}

func newBuckets(r Rate, most int) buckets {
	all, err := simplelru.NewLRU[string, *rate.Limiter](most, nil)
	if err != nil { // the size is not above zero: a mistake of ours
		panic(err)
	}
	return buckets{rate: r, all: all}
}

// take takes one from a bucket, or says how long to wait for it.
func (b *buckets) take(now time.Time, name string) time.Duration {
	if b.rate.PerSecond <= 0 {
		return 0
	}
	one, ok := b.all.Get(name)
	if !ok {
		one = rate.NewLimiter(rate.Limit(b.rate.PerSecond), b.rate.Burst)
		b.all.Add(name, one)
	}
	if one.AllowN(now, 1) {
		return 0
	}
	b.refused++
	missing := 1 - one.TokensAt(now)
	return max(time.Millisecond, time.Duration(missing/float64(b.rate.PerSecond)*float64(time.Second)))
}
