package indexer_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"corax"
	"corax/store"
	"corax/store/sqlite"
	"corax/triage/indexer"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// watched is a store whose indexing can be heard of, and made to fail.
type watched struct {
	*sqlite.Store
	fail    atomic.Int32 // so many times
	indexed chan int
}

func (w *watched) IndexSignals(ctx context.Context, most int, l store.Learner) (int, error) {
	if w.fail.Add(-1) >= 0 {
		l.Learn("something that is not stored")
		return 0, errors.New("no")
	}
	n, err := w.Store.IndexSignals(ctx, most, l)
	if n > 0 {
		w.indexed <- n
	}
	return n, err
}

func open(t *testing.T, path string) *watched {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return &watched{Store: s, indexed: make(chan int, 100)}
}

func commit(t *testing.T, s *watched, first, n int) {
	t.Helper()
	var b store.TriageBatch
	for i := first; i < first+n; i++ {
		b.Signals = append(b.Signals, corax.Signal{ID: fmt.Sprint("s", i), At: time.Unix(int64(i), 0), Message: fmt.Sprintf("login of user %d failed", i)})
	}
	if err := s.CommitTriage(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

func TestFollows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "corax.db")
	s := open(t, path)
	commit(t, s, 0, 25)
	x := indexer.New(indexer.Options{Store: s, Batch: 10, Pause: time.Millisecond})
	x.Start(t.Context())
	x.Start(t.Context())
	for _, want := range []int{10, 10, 5} {
		if n := <-s.indexed; n != want {
			t.Errorf("%d signals, expected %d", n, want)
		}
	}
	commit(t, s, 25, 5)
	<-s.indexed
	x.Stop()
	x.Stop()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	// After a restart the templates are known.
	s = open(t, path)
	defer s.Close()
	commit(t, s, 30, 5)
	x = indexer.New(indexer.Options{Store: s})
	if err := x.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, err := s.Templates(t.Context(), store.TemplateFilter{})
	if err != nil || len(list) != 1 || list[0].Count != 35 || list[0].Text != "login of user <*> failed" {
		t.Errorf("%+v, %v", list, err)
	}
}

// What could not be indexed is indexed later, once.
func TestTriesAgain(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "corax.db"))
	defer s.Close()
	s.fail.Store(1)
	commit(t, s, 0, 5)
	x := indexer.New(indexer.Options{Store: s, Pause: time.Millisecond})
	if x.CatchUp(t.Context()) == nil {
		t.Error("no error")
	}
	x.Start(t.Context())
	defer x.Stop()
	commit(t, s, 5, 5)
	for n := 0; n < 10; n += <-s.indexed {
	}
	list, err := s.Templates(t.Context(), store.TemplateFilter{})
	if err != nil || len(list) != 1 || list[0].ID != 1 || list[0].Count != 10 {
		t.Errorf("%+v, %v", list, err)
	}
}
