package history

import (
	"context"
	"errors"
	"testing"
	"time"

	"corax"
	"corax/store"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type records struct {
	err  error
	list chan store.MonitorRecord
}

func (r records) RecordHistory(_ context.Context, m store.MonitorRecord) error {
	if r.err == nil {
		r.list <- m
	}
	return r.err
}

func result(at time.Time, state corax.MonitorState) corax.ProbeResult {
	return corax.ProbeResult{Monitor: "login", At: at, State: state, Latency: 10 * time.Millisecond, Message: string(state)}
}

var began = time.Date(2026, 3, 30, 12, 0, 30, 0, time.UTC)

func TestFlush(t *testing.T) {
	s := records{list: make(chan store.MonitorRecord, 10)}
	r := New(Options{Store: s})
	r.Record(result(began, corax.MonitorUp), corax.MonitorUp)
	r.Record(result(began.Add(10*time.Second), corax.MonitorDown), corax.MonitorUp) // once is no change yet
	r.Record(result(began.Add(40*time.Second), corax.MonitorDown), corax.MonitorDown)
	r.Record(result(began.Add(50*time.Second), corax.MonitorUnknown), corax.MonitorDown) // it could not look
	r.o.Store = records{err: errors.New("the disk is full")}
	if r.Flush(t.Context()) == nil {
		t.Fatal("no error")
	}
	r.Record(result(began.Add(45*time.Second), corax.MonitorDown), corax.MonitorDown)
	r.o.Store = s
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := <-s.list
	login := got.Minutes["login"]
	if len(login) != 2 || login[0].Checks != 2 || login[0].Failures != 1 || login[1].Checks != 2 || login[1].Failures != 2 || login[1].At.Second() != 0 {
		t.Errorf("%+v", login)
	}
	if c := got.Changes; len(c) != 2 || c[0].From != corax.MonitorUnknown || c[0].To != corax.MonitorUp || c[1].To != corax.MonitorDown || c[1].Message != "down" {
		t.Errorf("%+v", got.Changes)
	}
	if err := r.Flush(t.Context()); err != nil || len(s.list) != 0 {
		t.Errorf("nothing is left to write: %v, %d", err, len(s.list))
	}
}

func TestWritesByItselfAndAtItsEnd(t *testing.T) {
	s := records{list: make(chan store.MonitorRecord, 10)}
	r := New(Options{Store: s, Every: time.Millisecond})
	r.Start(t.Context())
	r.Start(t.Context())
	r.Record(result(began, corax.MonitorUp), corax.MonitorUp)
	<-s.list
	r.Stop()
	r.Stop()

	r = New(Options{Store: s, Every: time.Hour})
	r.Start(t.Context())
	r.Record(result(began, corax.MonitorUp), corax.MonitorUp)
	r.Stop()
	if got := <-s.list; got.Minutes["login"][0].Checks != 1 {
		t.Errorf("%+v", got)
	}
}
