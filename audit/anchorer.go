package audit

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"corax"
)

// Anchorer anchors the head of a chain now and then. Fill it, then call Start.
type Anchorer struct {
	Key   *Key
	Head  func() Head // of the chain, now
	Dir   string      // where the file of anchors is
	Post  func(ctx context.Context, anchor Signed) error
	Every time.Duration // at the latest so long after a new entry
	After int64         // or after so many of them
	Clock corax.Clock
	Log   *slog.Logger

	mu     sync.Mutex
	last   *Signed
	at     time.Time // of the last
	seq    int64     // of the last
	cancel context.CancelFunc
	done   chan struct{}
}

// Look is how often an Anchorer looks at the head.
const lookEvery = time.Second

// File is where the anchors are.
func (a *Anchorer) File() string { return filepath.Join(a.Dir, AnchorFile) }

// Start reads the anchors that are there, anchors what is new, and goes on until Stop.
func (a *Anchorer) Start(ctx context.Context) error {
	list, err := ReadAnchors(a.File())
	if err != nil {
		return err
	}
	if len(list) > 0 {
		a.last = &list[len(list)-1]
		last, err := a.last.read()
		if err != nil {
			return corax.Errorf(corax.Invalid, "read the anchors in "+a.File(), "%w", err)
		}
		a.seq, a.at = last.Seq, last.At
		if h := a.Head(); h.Seq < last.Seq || !a.Key.Public().Verify(forAnchor, string(a.last.Anchor), a.last.Signature) {
			a.Log.Error("the audit does not go on from its last anchor: an older store or another key is in place; see `corax audit verify`",
				"anchored", last.Seq, "ends", h.Seq, "file", a.File())
			a.seq = 0 // anchor what is there
		}
	}
	if err := a.Anchor(ctx); err != nil {
		return err
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	a.cancel, a.done = cancel, make(chan struct{})
	go a.run(run)
	return nil
}

// Stop anchors the end and returns when that is done. Twice is fine.
func (a *Anchorer) Stop() {
	if a.cancel == nil {
		return
	}
	a.cancel()
	<-a.done
	a.cancel = nil
	ctx, cancel := context.WithTimeout(context.Background(), lookEvery)
	defer cancel()
	if err := a.Anchor(ctx); err != nil {
		a.Log.Error("the audit's end could not be anchored", "error", err)
	}
}

func (a *Anchorer) run(ctx context.Context) {
	defer close(a.done)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if a.due() {
			if err := a.Anchor(ctx); err != nil && ctx.Err() == nil {
				a.Log.Error("the audit could not be anchored; it is tried again", "error", err)
			}
		}
	}
}

func (a *Anchorer) due() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	ahead := a.Head().Seq - a.seq
	return ahead > 0 && (a.After > 0 && ahead >= a.After || a.Clock.Now().Sub(a.at) >= a.Every)
}

// Anchor signs the head and keeps it, unless it is kept already. An address that can't be reached holds nothing up: the
// next anchor vouches for the same entries.
func (a *Anchorer) Anchor(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	h := a.Head()
	if h.Seq == 0 || h.Seq == a.seq {
		return nil
	}
	at := a.Clock.Now()
	s, err := a.Key.next(a.last, h, at)
	if err != nil {
		return corax.Errorf(corax.Internal, "anchor the audit", "%w", err)
	}
	if err := appendAnchor(a.File(), s); err != nil {
		return &corax.Error{Code: corax.Unavailable, Op: "anchor the audit in " + a.File(), Err: err,
			Hint: "check that audit.anchors is a directory that can be written"}
	}
	a.last, a.seq, a.at = &s, h.Seq, at
	if a.Post != nil {
		if err := a.Post(ctx, s); err != nil {
			a.Log.Error("an anchor of the audit could not be posted; the next one stands for it", "error", err)
		}
	}
	return nil
}

// Last is when it was anchored last, and up to which entry; zero where it never was.
func (a *Anchorer) Last() (at time.Time, seq int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.at, a.seq
}

// Before gives the last anchor that was made before a time: what came up to its entry may be forgotten, since the anchor
// stays. ok is false where there is none.
func (a *Anchorer) Before(t time.Time) (h Head, ok bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	list, err := ReadAnchors(a.File())
	if err != nil {
		return Head{}, false, err
	}
	good, _ := checkAnchors(list, a.Key.Public(), true)
	for _, x := range good {
		if x.At.Before(t) {
			h, ok = Head{x.Seq, x.Hash}, true
		}
	}
	return h, ok, nil
}
