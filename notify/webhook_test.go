package notify

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"corax"
	"corax/vault"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type receiver struct {
	mu     sync.Mutex
	bodies []string
	keys   map[string]int
	answer []int // one after the other; the last one stays
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	if req.Header.Get("Authorization") != "Bearer open-sesame-1234" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	r.bodies = append(r.bodies, string(body))
	r.keys[req.Header.Get("Idempotency-Key")]++
	status := r.answer[min(len(r.bodies), len(r.answer))-1]
	if status == http.StatusFound {
		w.Header().Set("Location", "/elsewhere")
	}
	w.WriteHeader(status)
}

func webhook(t *testing.T, answer ...int) (*receiver, Webhook) {
	t.Helper()
	t.Setenv("NOTIFY_TEST_TOKEN", "open-sesame-1234")
	r := &receiver{keys: map[string]int{}, answer: answer}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	return r, Webhook{URL: s.URL + "/hook/secret-path", Token: "env:NOTIFY_TEST_TOKEN", Client: s.Client(),
		Redactor: &vault.Redactor{},
		Clock:    func() time.Time { return time.Unix(0, 0) }, pause: time.Millisecond}
}

func problem() corax.Problem {
	return corax.Problem{ID: "prb-1", State: corax.ProblemContained,
		Diagnosis: corax.Diagnosis{Severity: corax.Critical, Pattern: corax.Unknown,
			RootCause: corax.RootCause{Entity: "auth", Mechanism: "m", Summary: "auth signs with a key that user lacks"}}}
}

func TestEscalate(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer []int
		posts  int
		fails  bool
	}{
		{"taken", []int{204}, 1, false},
		{"taken in the end", []int{503, 429, 200}, 3, false},
		{"never taken", []int{500}, attempts, true},
		{"refused", []int{404}, 1, true},
		{"redirected", []int{302}, 1, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, w := webhook(t, c.answer...)
			err := w.Escalate(t.Context(), problem(), "user is away")
			if (err != nil) != c.fails || len(r.bodies) != c.posts || len(r.keys) != 1 {
				t.Errorf("error %v, %d posts, keys %v", err, len(r.bodies), r.keys)
			}
			if err != nil && strings.Contains(err.Error(), "secret-path") {
				t.Errorf("the error shows the address: %v", err)
			}
			var m Message
			if err := json.Unmarshal([]byte(r.bodies[0]), &m); err != nil {
				t.Fatal(err)
			}
			if m.Text != "user is away" || m.Problem.Root != "auth" || m.Problem.Severity != corax.Critical ||
				m.Detail == nil {
				t.Errorf("message %+v", m)
			}
		})
	}
}

func TestMessageIsBoundedAndRedacted(t *testing.T) {
	r, w := webhook(t, 200)
	p := problem()
	p.Diagnosis.RootCause.Summary = strings.Repeat("long ", 40_000)
	text := "header was: Bearer abcdefghijkl and open-sesame-1234 " + strings.Repeat("x", 10_000)
	if err := w.Escalate(t.Context(), p, "first, so that the token is known"); err != nil {
		t.Fatal(err)
	}
	if err := w.Escalate(t.Context(), p, text); err != nil {
		t.Fatal(err)
	}
	body := r.bodies[1]
	if len(body) > maxMessage || !json.Valid([]byte(body)) {
		t.Errorf("%d bytes, valid %t", len(body), json.Valid([]byte(body)))
	}
	for _, secret := range []string{"abcdefghijkl", "sesame"} {
		if strings.Contains(body, secret) {
			t.Errorf("the message shows %s", secret)
		}
	}
}

func TestBadWebhook(t *testing.T) {
	for _, address := range []string{"", "hook", "ftp://h/x", "http://\n"} {
		if err := (Webhook{URL: address}).Escalate(t.Context(), problem(), "x"); corax.CodeOf(err) != corax.Invalid {
			t.Errorf("%q: %v", address, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, w := webhook(t, 500)
	if err := w.Escalate(ctx, problem(), "x"); err == nil {
		t.Error("no error after the end of its context")
	}
	_, w = webhook(t, 200)
	w.Token = "env:NOTIFY_TEST_MISSING"
	if err := w.Escalate(t.Context(), problem(), "x"); corax.CodeOf(err) != corax.Unavailable {
		t.Errorf("a token that isn't there: %v", err)
	}
}
