package server

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"corax/access"
)

// Who calls too often is told when to come back, and nothing of theirs is done; others notice nothing.
func TestTooManyCalls(t *testing.T) {
	f, at := &fake{}, now
	h := New(Options{Token: token, Records: f, Controls: f, Operator: func(token string) string { return map[string]string{"t-bob": "bob", "t-eve": "eve"}[token] },
		Limit: access.NewLimiter(func() time.Time { return at }, access.Limits{People: access.Rate{PerSecond: 1, Burst: 3}, Anonymous: access.Rate{PerSecond: 1, Burst: 2}})})
	call := func(bearer string) (status int) {
		t.Helper()
		w := ask(t, h, "POST /api/v1/incidents/inc-7/ack", `{"by":"ann"}`, bearer)
		if w.Code != http.StatusTooManyRequests {
			return w.Code
		}
		var p Fault
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Code != tooMany || p.Type != "/api/v1/errors/too_many" || p.Status != w.Code || p.Detail == "" || p.Hint == "" ||
			w.Header().Get("Content-Type") != faultType || w.Header().Get("Retry-After") != "1" {
			t.Errorf("%v: %s, of type %s, Retry-After %q", err, w.Body, w.Header().Get("Content-Type"), w.Header().Get("Retry-After"))
		}
		return w.Code
	}
	for _, c := range []struct {
		bearer string
		want   []int
	}{
		{"Bearer t-bob", []int{200, 200, 200, 429, 429}},
		{"Bearer t-eve", []int{200, 200, 200, 429}},
		{"", []int{401, 401, 429}},
		{"Bearer guessed", []int{429}}, // what is not good makes nobody somebody else
		{"Bearer " + token, slices.Repeat([]int{200}, 100)},
	} {
		for n, want := range c.want {
			if got := call(c.bearer); got != want {
				t.Errorf("call %d with %q: %d, want %d", n, c.bearer, got, want)
			}
		}
	}
	if n := len(f.calls); n != 106 {
		t.Errorf("%d calls were carried out, want the 106 that were answered so", n)
	}
	for range 20 {
		if w := ask(t, h, "GET /healthz", "", ""); w.Code != http.StatusOK {
			t.Errorf("a probe got %d", w.Code)
		}
	}
	at = at.Add(time.Second)
	if got := []int{call("Bearer t-bob"), call("Bearer t-bob")}; !slices.Equal(got, []int{200, 429}) {
		t.Errorf("a second later: %d", got)
	}
}
