package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"corax"
	"corax/server/client"
)

// What is heard comes in order, and after a break everything may have changed.
func TestWatchGoesOnAfterABreak(t *testing.T) {
	var asked []string
	c := served(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RequestURI()+" "+r.Header.Get("Authorization"))
		if len(asked) == 2 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = fmt.Fprintf(w, ": connected\n\nid: 1\nevent: topics\ndata: problems problem:p%d\n\nid: 2\ndata:a\ndata: b\n\n: alive\n\ndata: cut off", len(asked))
	})
	ctx, end := context.WithCancel(t.Context())
	defer end()
	var heard []string
	err := c.Watch(ctx, []string{"problems", "problem:"}, time.Microsecond, func(topics []string) error {
		if heard = append(heard, strings.Join(topics, "+")); len(heard) == 6 {
			end()
		}
		return nil
	})
	if got := strings.Join(heard, " "); err != nil || got != "* problems+problem:p1 a+b * problems+problem:p3 a+b" {
		t.Errorf("%v, heard %s", err, got)
	}
	if asked[0] != "/api/v1/live?topic=problems&topic=problem%3A Bearer t0ken" {
		t.Error(asked[0])
	}
}

func TestWatchEnds(t *testing.T) {
	enough := errors.New("enough")
	c := served(t, func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("data: x\n\n")) })
	if err := c.Watch(t.Context(), nil, time.Hour, func([]string) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("who has heard enough: %v", err)
	}
	c = served(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"code":"forbidden","detail":"no"}`))
	})
	err := c.Watch(t.Context(), nil, time.Hour, func([]string) error { t.Error("heard something"); return nil })
	if corax.CodeOf(err) != corax.Forbidden {
		t.Errorf("refused: %v", err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	down := client.Client{URL: "http://127.0.0.1:1"}
	if err := down.Watch(ended, nil, time.Hour, nil); err != nil {
		t.Errorf("ended before it began: %v", err)
	}
}
