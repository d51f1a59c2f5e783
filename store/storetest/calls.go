package storetest

import (
	"testing"
	"time"

	"corax"
	"corax/store"
)

func testCalls(t *testing.T, s Store) {
	ctx := t.Context()
	first := store.KeyedCall{ID: "c1", Request: "r1", Run: "run-1"}
	begin := func(c store.KeyedCall) *store.Reply {
		t.Helper()
		return must(s.BeginCall(ctx, c))(t)
	}
	if begin(first) != nil {
		t.Error("a call that was never made has an answer")
	}
	_, err := s.BeginCall(ctx, first)
	hasCode(t, "while it is under way", err, corax.Conflict)
	restarted := first
	restarted.Run = "run-2"
	_, err = s.BeginCall(ctx, restarted)
	hasCode(t, "after it was cut off", err, corax.Conflict)
	other := first
	other.Request = "r2"
	_, err = s.BeginCall(ctx, other)
	hasCode(t, "the key of another request", err, corax.Invalid)

	reply := store.Reply{Status: 201, Header: map[string]string{"ETag": `"x"`}, Body: "{\"a\":\"<é\u2028>\"}\n"}
	ok(t, s.FinishCall(ctx, "c1", reply))
	same(t, "the answer", *begin(first), reply)
	same(t, "the answer, after a restart", *begin(restarted), reply)
	_, err = s.BeginCall(ctx, other)
	hasCode(t, "the key of another request, later", err, corax.Invalid)

	free := store.KeyedCall{ID: "c2", Request: "r1"}
	begin(free)
	ok(t, s.ForgetCall(ctx, "c2"))
	if begin(free) != nil {
		t.Error("a call that did nothing is remembered")
	}
	ok(t, s.Prune(ctx, store.Retention{}, Now().Add(23*time.Hour)))
	same(t, "kept for a day", *begin(first), reply)
	ok(t, s.Prune(ctx, store.Retention{}, Now().Add(25*time.Hour)))
	if begin(first) != nil {
		t.Error("a call is remembered for longer than a day")
	}
}
