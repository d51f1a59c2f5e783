package access

import (
	"context"
	"sync"
)

// watched are the requests under way, by the credential that they came with, so that those that stay open (live events) end with it.
type watched struct {
	mu   sync.Mutex
	next int
	open map[int]watch
}

type watch struct {
	credential, user string
	cancel           context.CancelFunc
}

// Watch gives a context that ends with ctx, or when the session or token by which the principal came is revoked, or the principal's role,
// scope, password or standing changes, and at the latest when that session or token ends: whoever has used it meanwhile asks again. done is to
// be called at the end of the request.
func (b *Book) Watch(ctx context.Context, p Principal) (_ context.Context, done func()) {
	id := p.Session + p.Token // one of them at most
	if id == "" {
		return ctx, func() {}
	}
	var cancel context.CancelFunc
	if p.Until.IsZero() {
		ctx, cancel = context.WithCancel(ctx)
	} else {
		ctx, cancel = context.WithTimeout(ctx, p.Until.Sub(b.o.Clock.Now()))
	}
	w := &b.watched
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open == nil {
		w.open = map[int]watch{}
	}
	w.next++
	n := w.next
	w.open[n] = watch{id, p.User, cancel}
	return ctx, func() {
		cancel()
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.open, n)
	}
}

// end ends the requests of a credential.
func (w *watched) end(credential string) {
	w.endWhere(func(x watch) bool { return x.credential == credential })
}

// endUser ends the requests of a user, but for those of one credential.
func (w *watched) endUser(user, but string) {
	w.endWhere(func(x watch) bool { return x.user == user && x.credential != but })
}

func (w *watched) endWhere(gone func(watch) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, x := range w.open {
		if gone(x) {
			x.cancel()
		}
	}
}
