package access

import (
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"

	"corax"
)

// Guard slows down guessing. It counts failures of three kinds of things, and once one has failed too often, each further failure doubles
// the time in which no attempt is looked at:
//
//	an account from one address   after 5 failures, up to 15 minutes
//	an address                    after 20, up to 15 minutes
//	an account from anywhere      after 20, up to 1 minute
//
// The last two don't hold for an account at an address where it has logged in before. So nobody who guesses from elsewhere can keep the
// owner out; and who shares the owner's address can for 15 minutes at a time, until `corax user reset` on the machine itself gives a link
// that asks no guard. Nothing is locked for good. What was refused in the meantime doesn't count. Failures are forgotten an hour after
// the last.
//
// The counts are kept in memory, at most 10,000 of a kind: the oldest go first.
type Guard struct {
	clock corax.Clock

	mu                       sync.Mutex
	pairs, addresses, people counts
}

// NewGuard makes a guard that has seen nothing.
func NewGuard(clock corax.Clock) *Guard {
	return &Guard{
		clock: clock,
		pairs: counts{free: 5, most: 15 * time.Minute}, addresses: counts{free: 20, most: 15 * time.Minute},
		people: counts{free: 20, most: time.Minute},
	}
}

// Attempt is one that may be looked at. It counts as failed until Passed is called.
type Attempt struct {
	g         *Guard
	cells     []*count
	pair      *count
	Failures  int           // of the account from anywhere, this one included
	LockedFor time.Duration // how long no other is looked at, should this one fail
}

// Begin asks for an attempt on an account, from an address; known says that the account has logged in from there before. Where wait
// is not zero, the attempt is not to be looked at, nor told whether it would have passed.
func (g *Guard) Begin(account, address string, known bool) (a *Attempt, wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now, network := g.clock.Now(), Network(address)
	pair := g.pairs.at(now, account+"\x00"+network)
	all := []*count{pair}
	person, place := g.people.at(now, account), g.addresses.at(now, network)
	if !known {
		all = append(all, person, place)
	}
	for _, c := range all {
		wait = max(wait, c.until.Sub(now))
	}
	if wait > 0 {
		return nil, wait
	}
	a = &Attempt{g: g, cells: []*count{pair, person, place}, pair: pair}
	g.pairs.fail(now, pair)
	g.people.fail(now, person)
	g.addresses.fail(now, place)
	a.Failures = person.failures
	for _, c := range all {
		a.LockedFor = max(a.LockedFor, c.until.Sub(now))
	}
	return a, 0
}

// Passed takes the attempt's failure back. What others have failed at the address, or at the account, stays counted: who has an account
// of their own can't clear the counts of guesses at another.
func (a *Attempt) Passed() {
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	for _, c := range a.cells {
		c.failures, c.until = max(c.failures-1, 0), c.before
	}
	a.pair.failures, a.pair.until = 0, time.Time{}
}

// Network is what counts as one address: an IPv4 address, or an IPv6 network of 64 bits, which is what one customer has.
func Network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip.String()
}

const (
	mostCounts  = 10_000
	forgetAfter = time.Hour
)

// counts are those of one kind of things, by a digest of their names, which are of any length.
type counts struct {
	free int
	most time.Duration
	all  map[[sha256.Size]byte]*count
}

type count struct {
	failures            int
	last, until, before time.Time // before is until, as it was before the last failure
}

func (c *counts) at(now time.Time, name string) *count {
	key := sha256.Sum256([]byte(name))
	if found := c.all[key]; found != nil {
		if now.Sub(found.last) >= forgetAfter {
			*found = count{last: now}
		}
		return found
	}
	if c.all == nil {
		c.all = map[[sha256.Size]byte]*count{}
	}
	if len(c.all) >= mostCounts {
		c.makeRoom(now)
	}
	made := &count{last: now}
	c.all[key] = made
	return made
}

// makeRoom drops what would be forgotten, and the oldest where that is nothing.
func (c *counts) makeRoom(now time.Time) {
	var oldest [sha256.Size]byte
	var at time.Time
	for key, x := range c.all {
		if now.Sub(x.last) >= forgetAfter {
			delete(c.all, key)
		} else if at.IsZero() || x.last.Before(at) {
			oldest, at = key, x.last
		}
	}
	if len(c.all) >= mostCounts {
		delete(c.all, oldest)
	}
}

func (c *counts) fail(now time.Time, x *count) {
	x.failures++
	x.last, x.before = now, x.until
	if over := x.failures - c.free; over >= 0 {
		x.until = now.Add(c.delay(over))
	}
}

// delay doubles from one second on.
func (c *counts) delay(over int) time.Duration {
	if over > 20 { // a shift by more would overflow some day
		return c.most
	}
	return min(time.Second<<over, c.most)
}
