package app_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"corax"
	"corax/app"
	"corax/store"
)

// A person comments and takes over, on the page and over the API; who listens hears of it, and is let go when Corax stops.
func TestPeopleTakeOver(t *testing.T) {
	dir := t.TempDir()
	a := start(t, app.Options{Config: testConfig(dir), Engine: onSiteEngine{}})
	bearer := "Bearer " + readAddress(t, dir).Token
	now := time.Now().UTC()
	p := corax.Problem{ID: "prb-1", State: corax.ProblemHealing, Plan: "pln-1", OpenedAt: now, UpdatedAt: now}
	run := corax.PlanRun{Plan: corax.Plan{ID: "pln-1", Problem: "prb-1", Mode: corax.AutoHeal}, State: corax.PlanRunning, StartedAt: now}
	if err := a.Store().SaveProblem(t.Context(), p, &run, nil); err != nil {
		t.Fatal(err)
	}

	listen, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.URL()+"/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := request(t, http.MethodGet, a.URL()+"/live", ""); status != http.StatusUnauthorized {
		t.Errorf("who is not known may listen: %d", status)
	}
	listen.Header.Set("Authorization", bearer)
	resp, err := http.DefaultClient.Do(listen)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	heard := make(chan string, 100)
	go func() {
		defer close(heard)
		for s := bufio.NewScanner(resp.Body); s.Scan(); {
			heard <- s.Text()
		}
	}()

	page := func(path, form string) (int, string) {
		return request(t, http.MethodPost, a.URL()+path, form, "Authorization", bearer, "Content-Type", "application/x-www-form-urlencoded")
	}
	if status, text := page("/problems/prb-1/take-over", "reason=mine"); status != http.StatusOK || !strings.Contains(text, "holds the plan") {
		t.Errorf("take over: %d %.300s", status, text)
	}
	for line := range heard {
		if strings.HasPrefix(line, "data: ") && strings.Contains(line, "problem:prb-1") {
			break
		}
	}
	got, err := a.Store().PlanRun(t.Context(), "pln-1")
	if err != nil || got.Hold == nil || got.Hold.By != "local" || got.Hold.Reason != "took over. mine" {
		t.Errorf("the plan is not held: %+v %v", got.Hold, err)
	}
	api := func(path, body string) (int, string) {
		return request(t, http.MethodPost, a.URL()+"/api/v1"+path, body, "Authorization", bearer)
	}
	if status, text := api("/problems/prb-1/take-over", `{"by":"ann"}`); status != http.StatusOK { // what is held stays held
		t.Errorf("take over again: %d %s", status, text)
	}
	if status, text := api("/problems/prb-1/comments", `{"by":"ann","text":" I see it "}`); status != http.StatusOK {
		t.Errorf("comment: %d %s", status, text)
	}
	for path, body := range map[string]string{"/problems/prb-1/comments": `{"by":"ann","text":"  "}`, "/problems/prb-2/comments": `{"by":"ann","text":"x"}`,
		"/problems/prb-2/take-over": `{"by":"ann"}`} {
		if status, text := api(path, body); status < 400 || status >= 500 {
			t.Errorf("%s %s: %d %s", path, body, status, text)
		}
	}
	events, err := a.Store().Events(t.Context(), store.EventFilter{Problem: "prb-1"})
	if err != nil {
		t.Fatal(err)
	}
	count := map[corax.EventKind]int{}
	for _, e := range events {
		count[e.Kind]++
		if e.Kind == corax.EventComment && (e.Text != "I see it" || e.Data["by"] != "ann") {
			t.Errorf("the comment is %+v", e)
		}
	}
	if count[corax.EventTakenOver] != 2 || count[corax.EventComment] != 1 || count[corax.EventPlanState] != 1 {
		t.Errorf("the timeline has %v", count)
	}
	if _, err := a.Store().UpdateProblem(context.WithoutCancel(t.Context()), "prb-1", func(p *corax.Problem) error { p.State = corax.ProblemClosed; return nil }); err != nil {
		t.Fatal(err)
	}
	if status, _ := api("/problems/prb-1/take-over", `{"by":"ann"}`); status != http.StatusConflict {
		t.Errorf("take over what has ended: %d", status)
	}
	a.Stop()
	for range heard { // ends, since the server lets go of who listens
	}
}
