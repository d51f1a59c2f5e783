package web_test

import (
	"bytes"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"corax"
	"corax/access"
	"corax/web/webtest"
)

// What is done on the page of a problem reaches the controls, once, under the name of who did it, and leads back to the page.
func TestWhatIsDoneToAProblem(t *testing.T) {
	s := site(t, webtest.Options{})
	at, plan := "/problems/"+s.Healing.Problem.ID, s.Healing.Run.Plan.ID
	for _, c := range []struct {
		path string
		role access.Role
		form url.Values
		call string
	}{
		{"/pause", access.RoleOperator, url.Values{"reason": {"lunch"}}, "pause " + plan + " by jane: lunch"},
		{"/resume", access.RoleOperator, nil, "resume " + plan + " by jane: "},
		{"/cancel", access.RoleOperator, url.Values{"reason": {" odd "}}, "cancel " + plan + " by jane: odd"},
		{"/undo", access.RoleOperator, nil, "undo " + plan + " by jane: "},
		{"/take-over", access.RoleOperator, url.Values{"reason": {"mine"}}, "take over " + s.Healing.Problem.ID + " by jane: mine"},
		{"/acknowledge", access.RoleResponder, nil, "acknowledge page " + s.Healing.Problem.ID + " by jane"},
		{"/escalate", access.RoleResponder, url.Values{"reason": {"help"}}, "escalate " + s.Healing.Problem.ID + " by jane: help"},
		{"/comments", access.RoleResponder, url.Values{"text": {"I see it too"}}, "comment " + s.Healing.Problem.ID + " by jane: I see it too"},
	} {
		before := len(s.Controls.Calls())
		w := do(s, http.MethodPost, at+c.path, c.role, c.form)
		if w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), at) {
			t.Errorf("%s: status %d to %s: %s", c.path, w.Code, w.Header().Get("Location"), w.Body)
		}
		if calls := s.Controls.Calls()[before:]; !slices.Equal(calls, []string{c.call}) {
			t.Errorf("%s: %q, want %q", c.path, calls, c.call)
		}
	}
	if text := get(s, at, access.RoleViewer).Body.String(); !strings.Contains(text, "I see it too") || !strings.Contains(text, "jane: I see it too") {
		t.Error("the comment is neither among the comments nor in the timeline")
	}
	if w := do(s, http.MethodPost, "/problems/prb-nosuch/pause", access.RoleOperator, nil); w.Code != http.StatusNotFound {
		t.Errorf("a problem that is not there: status %d", w.Code)
	}
}

// Two people approve: the first yes is not enough, the same person's second is refused, another's decides; then there is nothing to answer.
func TestTwoPeopleApproveOnTheProblem(t *testing.T) {
	s := site(t, webtest.Options{})
	at := "/problems/" + s.Hostile.Problem.ID
	answer := func(name, verdict string) *httptest.ResponseRecorder {
		return as(s, operator(name), http.MethodPost, at+"/answer", url.Values{"approval": {s.Hostile.Approvals[0].ID}, "verdict": {verdict}})
	}
	page := func() string { return get(s, at, access.RoleOperator).Body.String() }
	if text := page(); !strings.Contains(text, "Approve (1 of 2)") || !strings.Contains(text, "Deny") {
		t.Error("there is no button to approve")
	}
	if text := get(s, at, access.RoleResponder).Body.String(); strings.Contains(text, "Approve (") {
		t.Error("who may not approve is offered it")
	}
	w := answer("jane", "allow")
	if w.Code != http.StatusSeeOther {
		t.Fatalf("the first yes: status %d: %s", w.Code, w.Body)
	}
	if text := page(); strings.Contains(text, "Approve (") || !strings.Contains(text, "so far jane") || !strings.Contains(text, "omebody else has to say the second yes") ||
		!strings.Contains(text, ">Deny<") {
		t.Error("who said the first yes is offered the second, or not told why not")
	}
	if text := as(s, operator("joe"), http.MethodGet, at, nil).Body.String(); !strings.Contains(text, "Approve (2 of 2)") {
		t.Error("who may say the second yes is not offered it")
	}
	if w := answer("jane", "allow"); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "somebody else has to say the second yes") {
		t.Errorf("the same person's second yes: status %d", w.Code)
	}
	if w := answer("joe", "allow"); w.Code != http.StatusSeeOther {
		t.Errorf("the second yes: status %d: %s", w.Code, w.Body)
	}
	if text := page(); strings.Contains(text, "Approve (") {
		t.Error("what is decided is still asked")
	}
	if w := answer("kim", "deny"); w.Code != http.StatusConflict {
		t.Errorf("an answer to what is decided: status %d", w.Code)
	}
	// A request of another problem can't be answered from this page.
	form := url.Values{"approval": {s.Waiting.Approvals[0].ID}, "verdict": {"allow"}}
	if w := do(s, http.MethodPost, at+"/answer", access.RoleOperator, form); w.Code != http.StatusConflict {
		t.Errorf("another problem's request: status %d", w.Code)
	}
}

func TestProblemAsFiles(t *testing.T) {
	s := site(t, webtest.Options{})
	at := "/problems/" + s.Closed.Problem.ID
	w := get(s, at+".md", access.RoleViewer)
	if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/markdown") || !strings.Contains(w.Body.String(), "## What was done") ||
		w.Header().Get("Content-Disposition") != `attachment; filename="`+s.Closed.Problem.ID+`.md"` {
		t.Errorf("%v: %.300s", w.Header(), w.Body)
	}
	if w = get(s, at+"/export", access.RoleViewer); w.Header().Get("Content-Type") != "application/json" || !strings.Contains(w.Body.String(), s.Closed.Problem.ID) {
		t.Errorf("%v: %.300s", w.Header(), w.Body)
	}
	if text := get(s, at+"/why?not=DNS_FAILURE", access.RoleViewer).Body.String(); !strings.Contains(text, "an answer SERVFAIL") {
		t.Error("why not is not answered")
	}
	if text := get(s, at+"/why?not=nosuch", access.RoleViewer).Body.String(); !strings.Contains(text, "neither a pattern nor a mechanism") {
		t.Error("a name that nobody knows is not said to be one")
	}
}

// Each sentence names signals that are on the page, and each that is named is there.
func TestSentencesLeadToTheirSignals(t *testing.T) {
	s := site(t, webtest.Options{})
	text := get(s, "/problems/"+s.Closed.Problem.ID, access.RoleViewer).Body.String()
	named := 0
	for _, part := range strings.Split(text, `data-rests="`)[1:] {
		on, _, _ := strings.Cut(part, `"`)
		for _, n := range strings.Fields(on) {
			named++
			if !strings.Contains(text, `id="sig-`+n+`"`) || !strings.Contains(text, `href="#sig-`+n+`"`) {
				t.Errorf("signal %s is named and not there", n)
			}
		}
	}
	if named < 10 {
		t.Errorf("only %d signals are named", named)
	}
}

// When all is well the overview says so and little else; and it says what is when it is not.
func TestOverview(t *testing.T) {
	if text := get(site(t, webtest.Options{Empty: true}), "/", access.RoleViewer).Body.String(); !strings.Contains(text, "<h1>All is well</h1>") ||
		!strings.Contains(text, "No problem has come up yet") || strings.Contains(text, "Needs a person") {
		t.Error("an empty store does not look well")
	}
	s := site(t, webtest.Options{})
	text := get(s, "/", access.RoleViewer).Body.String()
	for _, want := range []string{"3 problems open, the worst critical; 2 waiting for a yes", "Needs a person", "Corax is healing it", "1 up", "1 down",
		"signing key rotation started", "A signing key was put to use before all its verifiers had it"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if err := s.Store.SetStop(t.Context(), "auth", "odd "+webtest.Hostile, "joe", webtest.Now); err != nil {
		t.Fatal(err)
	}
	if text = get(s, "/", access.RoleViewer).Body.String(); !strings.Contains(text, "Kill switch:") || webtest.IsHostile(text) {
		t.Error("the kill switch is not told, or its reason is markup")
	}
}

func TestListOfProblems(t *testing.T) {
	s := site(t, webtest.Options{})
	count := func(query string) int {
		w := get(s, "/problems"+query, access.RoleViewer)
		if w.Code != http.StatusOK {
			t.Errorf("%s: status %d", query, w.Code)
		}
		return strings.Count(w.Body.String(), `href="/problems/prb-`)
	}
	for query, want := range map[string]int{"": 3, "?show=all": 4, "?show=ended": 1, "?q=signing+key": 3, "?q=nosuchword": 0, "?severity=critical": 3,
		"?severity=low": 0, "?show=all&entity=order": 3, "?q=%22%27%3Cscript": 1} {
		if got := count(query); got != want {
			t.Errorf("%q: %d problems, want %d", query, got, want)
		}
	}
	if w := get(s, "/problems?severity=terrible", access.RoleViewer); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a severity that is none: status %d", w.Code)
	}
}

// What a browser says of the policy is logged, cut short, and only so often.
func TestPolicyReports(t *testing.T) {
	var log bytes.Buffer
	now := webtest.Now
	s := site(t, webtest.Options{Log: slog.New(slog.NewTextHandler(&log, nil)), Clock: func() time.Time { return now }})
	report := func(body string) {
		r := httptest.NewRequest(http.MethodPost, "/csp-report", strings.NewReader(body))
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != http.StatusNoContent {
			t.Fatalf("status %d", w.Code)
		}
	}
	for range 25 {
		report(`{"csp-report":{"document-uri":"http://x/problems","effective-directive":"script-src-elem","blocked-uri":"inline` + strings.Repeat("x", 5000) + `"}}`)
	}
	report("not a report")
	if n := strings.Count(log.String(), "a browser refused something"); n != 10 || log.Len() > 10000 {
		t.Errorf("%d reports are logged, in %d bytes", n, log.Len())
	}
	now = now.Add(time.Minute)
	report(`{"csp-report":{"effective-directive":"img-src"}}`)
	if !strings.Contains(log.String(), "not_logged_before=16") {
		t.Errorf("how many were not logged is not said: %s", log.String()[max(0, log.Len()-300):])
	}
}

// The choice of colours is kept in the browser, and leads nowhere but to a page of ours.
func TestTheme(t *testing.T) {
	s := site(t, webtest.Options{})
	for back, want := range map[string]string{"/problems?q=a": "/problems?q=a", "//evil.example/": "/", "https://evil.example/": "/", `/\evil.example`: "/", "javascript:x": "/", "": "/"} {
		w := do(s, http.MethodPost, "/theme", access.RoleNone, url.Values{"theme": {"dark"}, "back": {back}})
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != want {
			t.Errorf("back to %q: status %d to %q", back, w.Code, w.Header().Get("Location"))
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		for _, c := range w.Result().Cookies() {
			r.AddCookie(c)
		}
		page := httptest.NewRecorder()
		s.ServeHTTP(page, r.WithContext(access.With(r.Context(), access.Principal{Name: "jane", Role: access.RoleViewer})))
		if !strings.Contains(page.Body.String(), `<html lang="en" data-theme="dark">`) {
			t.Error("the page is not dark")
		}
	}
}

// How many problems are open is said of those that are open, however many are over; more than a page shows are counted.
func TestOverviewCountsOpenProblems(t *testing.T) {
	s := site(t, webtest.Options{Empty: true})
	for n := range 45 {
		p := corax.Problem{ID: fmt.Sprintf("prb-%02d", n), State: corax.ProblemClosed, OpenedAt: webtest.Now.Add(time.Duration(n) * time.Second)}
		p.Diagnosis.Severity, p.Diagnosis.RootCause.Summary = corax.Low, fmt.Sprintf("db-%02d is slow", n)
		switch {
		case n == 3:
			p.State, p.Diagnosis.Severity = corax.ProblemWaiting, corax.High
		case n < 33:
			p.State = corax.ProblemOpen
		case n == 33:
			p.State, p.Diagnosis.Severity = corax.ProblemHealed, corax.Critical
		}
		if err := s.Store.SaveProblem(t.Context(), p, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	page := get(s, "/", access.RoleViewer).Body.String()
	for _, want := range []string{"33 problems open, the worst high; 1 waiting for a yes", ">And 4 more<"} {
		if !strings.Contains(page, want) {
			t.Errorf("the overview doesn't say %q", want)
		}
	}
	if list := get(s, "/problems", access.RoleViewer).Body.String(); !strings.Contains(list, "33 problems open, the worst high") {
		t.Error("the line at the top doesn't say how many are open")
	}
}

// Who sees the problem, and not what the request is about, is offered no answer to it.
func TestNoAnswerBeyondTheScope(t *testing.T) {
	s := site(t, webtest.Options{})
	who := operator("joe")
	for ids, offered := range map[string]bool{"order": false, s.Waiting.Approvals[0].Target: true} {
		who.Scopes = []access.Scope{{{IDs: []string{"order", ids}}}}
		w := as(s, who, http.MethodGet, "/problems/"+s.Waiting.Problem.ID, nil)
		if w.Code != http.StatusOK || strings.Contains(w.Body.String(), ">Deny<") != offered {
			t.Errorf("within %s: status %d, an answer is offered: %t", ids, w.Code, !offered)
		}
	}
}

// A storm's timeline keeps its beginning and its end, and the newest comment is read.
func TestLongTimeline(t *testing.T) {
	s := site(t, webtest.Options{})
	id := s.Healing.Problem.ID
	last := webtest.Now.Add(-time.Minute)
	kinds := []corax.EventKind{corax.EventStopSwitch, corax.EventAutonomy} // unlike neighbours are not folded
	events := make([]corax.Event, 5000)
	for i := range events {
		events[i] = corax.Event{At: last.Add(time.Duration(i) * time.Millisecond), Kind: kinds[i%2], Problem: id, Text: fmt.Sprintf("line %d of the storm", i)}
	}
	events = append(events, corax.Event{At: last.Add(time.Hour), Kind: corax.EventComment, Problem: id, Text: "it is over", Data: map[string]string{"by": "ann"}})
	if err := s.Store.AppendEvents(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	text := get(s, "/problems/"+id, access.RoleViewer).Body.String()
	_, timeline, _ := strings.Cut(text, `id="timeline"`)
	timeline, _, _ = strings.Cut(timeline, "</section>")
	first := html.EscapeString(s.Healing.Events[0].Text)
	for _, want := range []string{first, "what came in between is left out", "line 4999 of the storm", "it is over"} {
		if !strings.Contains(timeline, want) {
			t.Errorf("the timeline lacks %q", want)
		}
	}
	if n := strings.Count(timeline, "<li"); n > 400 {
		t.Errorf("it has %d lines", n)
	}
	if _, comments, _ := strings.Cut(text, `id="comments"`); !strings.Contains(comments, "it is over") {
		t.Error("the newest comment is not among the comments")
	}
}
