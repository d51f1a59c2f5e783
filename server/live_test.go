package server

import (
	"net/http"
	"testing"
)

// A stream reaches whoever may hear it as it is written, and nobody else.
func TestTheStreamIsNotHeldBack(t *testing.T) {
	f := &fake{}
	h := New(Options{Token: token, Records: f, Controls: f, Redact: func([]byte) []byte { return []byte("held") },
		Live: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("data: problems\n\n"))
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
		})})
	if w := ask(t, h, "GET /api/v1/live?topic=problems", "", "Bearer "+token); !w.Flushed || w.Body.String() != "data: problems\n\n" {
		t.Errorf("%d, flushed %t: %s", w.Code, w.Flushed, w.Body)
	}
	if w := ask(t, h, "GET /api/v1/live", "", ""); w.Code != http.StatusUnauthorized {
		t.Errorf("a stranger: %d", w.Code)
	}
}
