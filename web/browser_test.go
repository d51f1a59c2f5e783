package web_test

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"corax"
	"corax/access"
	"corax/web/webtest"
	"corax/web/webtest/chromium"
)

// roleHeader names the role in which the fixture is looked at, and nameHeader who looks; jane where it is left out.
const roleHeader, nameHeader = "X-Role", "X-Name"

// serve serves a site, by a handler around it, to a browser whose requests say in which role they come.
func serve(t *testing.T, s *webtest.Site, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if role, err := access.ParseRole(r.Header.Get(roleHeader)); err == nil {
			r = r.WithContext(access.With(r.Context(), access.Principal{Name: cmp.Or(r.Header.Get(nameHeader), "jane"), Role: role, Via: corax.ViaToken}))
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		s.Live.Stop() // else its streams keep the server from closing
		server.Close()
	})
	return server.URL
}

// Every page, in both themes and on a phone as on a desk, is usable by everybody (axe-core), runs no script of what came from outside, keeps
// to its content security policy, and is never wider than the window. What a route's further examples add is their text: for them the
// themes, which are the same styles, are not tried again.
func TestPagesInABrowser(t *testing.T) {
	b := chromium.Start(t)
	s := site(t, webtest.Options{})
	reported := make(chan struct{}, 100) // the browser has told that it refused something
	url := serve(t, s, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.ServeHTTP(w, r)
		if r.URL.Path == "/csp-report" {
			reported <- struct{}{}
		}
	}))
	tab := b.Person(t)
	tab.Headers(map[string]string{roleHeader: access.RoleAdmin.String()})
	pages := 0
	for _, route := range s.Routes {
		if route.Method != http.MethodGet {
			continue
		}
		for n, path := range s.Examples(route.Path) {
			if !isPage(s, path) {
				continue
			}
			pages++
			t.Run(strings.Trim(strings.ReplaceAll(path, "/", "_"), "_"), func(t *testing.T) { look(t, tab.For(t), url+path, n == 0) })
		}
	}
	t.Logf("%d pages", pages)

	// Until now nothing was refused. The alarm is none that can't sound: what text does that became markup is refused, seen and reported.
	tab.Clean()
	if refused, _ := s.Refused(); refused > 0 {
		t.Errorf("the browser has refused something on a page, and reported it %d times", refused)
	}
	tab.Inject()
	select {
	case <-reported:
	case <-time.After(time.Minute):
		t.Fatal("an injection was not reported")
	}
	refused, _ := s.Refused()
	if seen := tab.For(t).Seen(); refused != 1 || len(seen) == 0 {
		t.Errorf("of one injection there were %d reports, and the tab has seen %q", refused, seen)
	}
}

// heard lets pages listen to what is live: their worker sends no headers of ours.
func heard(s *webtest.Site) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/live" {
			r = r.WithContext(access.With(r.Context(), access.Principal{Name: "jane", Role: access.RoleAdmin, Via: corax.ViaToken}))
		}
		s.ServeHTTP(w, r)
	})
}

const deskWidth, phoneWidth = 1280, 390

func look(t *testing.T, tab *chromium.Tab, url string, thorough bool) {
	t.Helper()
	see := func(theme string, width int64, rules ...string) {
		tab.Size(width, 844, width == phoneWidth)
		tab.Theme(theme)
		report(t, fmt.Sprintf("%s, %d wide", theme, width), tab.Axe(rules...))
		if wide := chromium.Eval[int64](tab, `document.documentElement.scrollWidth`); wide > width {
			t.Errorf("%d wide in a window of %d", wide, width)
		}
	}
	tab.Size(deskWidth, 844, false)
	tab.Open(url)
	see("light", deskWidth)
	if thorough {
		// Two of the four looks differ from the others in colours alone.
		see("dark", deskWidth, "color-contrast")
		see("light", phoneWidth, "color-contrast")
		see("dark", phoneWidth)
		walk(tab)
	} else {
		see("dark", phoneWidth, "color-contrast", "scrollable-region-focusable")
	}
	tab.Clean()
}

// walk uses the page as who has no pointer does: past the navigation by the link for that, and from stop to stop to the end.
func walk(tab *chromium.Tab) {
	tab.Reach(".skip")
	tab.Press(chromium.KeyEnter)
	tab.Await(`document.activeElement.id === "main"`)
	tab.Walk("main")
}

func report(t *testing.T, look string, all []chromium.Violation) {
	t.Helper()
	for _, v := range all {
		for n, node := range v.Nodes {
			if n == 3 {
				break
			}
			t.Errorf("%s: %s: %s\n%s\n%s", look, v.ID, v.Help, node.HTML, node.Summary)
		}
	}
}

// The report of a problem is two sheets of paper, however much came of it.
func TestReportIsTwoSheets(t *testing.T) {
	b := chromium.Start(t)
	s := site(t, webtest.Options{})
	large := s.Closed
	large.Problem.ID, large.Problem.Plan, large.Run.Plan.ID = "prb-large", "pln-large", "pln-large"
	root := &large.Problem.Diagnosis.RootCause
	long := strings.Repeat("It went on for a long time, and more of it was seen in each place that was looked at. ", 4)
	for n := range 40 {
		id := fmt.Sprintf("9.%d", n)
		large.Problem.Diagnosis.Cascade.Affected = append(large.Problem.Diagnosis.Cascade.Affected, fmt.Sprintf("service-%02d", n))
		root.Sentences = append(root.Sentences, corax.Sentence{Text: long, Kind: corax.TellsWhy})
		root.Missing = append(root.Missing, long)
		root.Evidence = append(root.Evidence, corax.Evidence{Signal: n, Quote: long, Supports: long})
		large.Run.Plan.Steps = append(large.Run.Plan.Steps, corax.Step{ID: id, Action: "service.restart", Target: "order", Do: long, Purpose: corax.Prevent})
		large.Run.Steps = append(large.Run.Steps, corax.StepRun{Step: id, State: corax.StepRefused, Result: long, Verified: long})
	}
	large.Incidents, large.Signals, large.Events, large.Decisions, large.Approvals = nil, nil, nil, nil, nil
	if err := s.Store.SaveProblem(t.Context(), large.Problem, &large.Run, large.Events); err != nil {
		t.Fatal(err)
	}
	url := serve(t, s, s)
	tab := b.Person(t)
	tab.Headers(map[string]string{roleHeader: access.RoleViewer.String()})
	for _, id := range []string{s.Healing.Problem.ID, s.Waiting.Problem.ID, s.Closed.Problem.ID, s.Hostile.Problem.ID, large.Problem.ID} {
		tab.Open(url + "/problems/" + id + "/report")
		pdf := tab.Printed()
		if n := pdf.Sheets(); n < 1 || n > 2 {
			t.Errorf("the report of %s has %d sheets", id, n)
		}
		if dir := os.Getenv("CORAX_PRINTED"); dir != "" {
			if err := os.WriteFile(filepath.Join(dir, id+".pdf"), pdf, 0o600); err != nil {
				t.Error(err)
			}
		}
	}
}

// isPage says that an address answers with a page and not with a file.
func isPage(s *webtest.Site, path string) bool {
	w := get(s, path, access.RoleAdmin)
	return w.Code == http.StatusOK && strings.HasPrefix(w.Header().Get("Content-Type"), "text/html")
}

// Two people say yes in the same moment, each in a browser of their own. Where two are needed both count, and it is allowed by both; where one
// is enough one counts, and the other is told who was first.
func TestTwoPeopleApproveAtOnce(t *testing.T) {
	b := chromium.Start(t)
	for name, needs := range map[string]int{"one is needed": 1, "two are needed": 2} {
		t.Run(name, func(t *testing.T) {
			s := site(t, webtest.Options{})
			a := s.Waiting.Approvals[0]
			a.ID, a.Needs, a.Consents, a.Proposer, a.Quiet = "apr-at-once", needs, nil, "", false
			if err := s.Store.SaveApproval(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			var both sync.WaitGroup // neither answer goes on before both are there
			both.Add(2)
			url := serve(t, s, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/answer") {
					both.Done()
					both.Wait()
				}
				s.ServeHTTP(w, r)
			}))
			people := map[string]*chromium.Tab{"ann": b.Person(t), "bob": b.Person(t)}
			for name, tab := range people {
				tab.Headers(map[string]string{roleHeader: access.RoleOperator.String(), nameHeader: name})
				tab.Open(url + "/approvals/" + a.ID)
			}
			for _, tab := range people {
				tab.Do(chromedp.Evaluate[chromedp.Void](`document.documentElement.dataset.before = "1"`), chromedp.Click(chromedp.CSS(".approvals-answers .primary")))
			}
			told := 0
			for _, tab := range people {
				tab.Await(`!document.documentElement.dataset.before && document.readyState === "complete"`)
				if chromium.Eval[bool](tab, `document.body.innerText.includes("has answered it already")`) {
					told++
				}
				tab.Clean()
			}
			got, err := s.Store.Approval(t.Context(), a.ID)
			if err != nil {
				t.Fatal(err)
			}
			if got.Answer != corax.Allow || len(got.Consents) != needs || told != 2-needs {
				t.Errorf("answer %q by %q, %d yeses of %d, %d told that they were late", got.Answer, got.By, len(got.Consents), needs, told)
			}
			for _, c := range got.Consents {
				if people[c.Name] == nil || !strings.Contains(got.By, c.Name) {
					t.Errorf("a yes of %s counts, and it was allowed by %q", c.Name, got.By)
				}
			}
		})
	}
}

// What happens after a page was made and before it listens is shown all the same: to the first page of a browser, which begins to listen,
// and to the next, which joins those that do.
func TestPagesHearOfWhatCameWhileTheyWereMade(t *testing.T) {
	b := chromium.Start(t)
	s := site(t, webtest.Options{})
	made := 0
	url := serve(t, s, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		heard(s).ServeHTTP(w, r)
		if r.URL.Path != "/settings" || r.URL.Query().Has("region") {
			return
		}
		made++
		if err := s.Store.SetStop(r.Context(), fmt.Sprint("late-", made), "a drill", "omar", webtest.Now); err != nil {
			t.Error(err)
		}
		s.Live.Publish("stops")
	}))
	first := b.Person(t)
	first.Headers(map[string]string{roleHeader: access.RoleAdmin.String()})
	first.Open(url + "/settings")
	first.Await(`document.querySelector("#stops").innerText.includes("late-1")`)
	second := first.Another()
	second.Headers(map[string]string{roleHeader: access.RoleAdmin.String()})
	second.Open(url + "/settings")
	second.Await(`document.querySelector("#stops").innerText.includes("late-2")`)
	first.Clean()
	second.Clean()
}

// The counts beside a list follow what is typed, without a load; and a monitor is changed by the keyboard alone.
func TestTypingInABrowser(t *testing.T) {
	b := chromium.Start(t)
	s := site(t, webtest.Options{})
	tab := b.Person(t)
	tab.Headers(map[string]string{roleHeader: access.RoleAdmin.String()})
	url := serve(t, s, s)
	tab.Open(url + "/signals")
	tab.Do(chromedp.Evaluate[chromedp.Void](`document.documentElement.dataset.before = "1"`))
	tab.Fill("q", "served")
	tab.Await(`document.querySelector("#facets h2").innerText.startsWith("Of these") && document.documentElement.dataset.before`)
	tab.Clean()

	tab.Open(url + "/monitors/login/edit")
	tab.Fill("every", "often")
	tab.Do(chromedp.Evaluate[chromedp.Void](`document.documentElement.dataset.before = "1"`), chromedp.KeyEvent(kb.Enter))
	tab.Await(`!document.documentElement.dataset.before && document.querySelector("#e-every")`)
	if said := chromium.Eval[string](tab, `document.querySelector("#e-every").innerText`); !strings.Contains(said, "duration") || chromium.Eval[string](tab, `document.querySelector("main [name=every]").value`) != "often" {
		t.Errorf("the field says %q", said)
	}
	tab.Fill("every", "45s")
	tab.Do(chromedp.KeyEvent(kb.Enter))
	tab.Await(`location.pathname === "/monitors/login" && document.body.innerText.includes("Changed, and in force")`)
	if calls := s.Controls.Calls(); len(calls) != 1 || !strings.Contains(calls[0], "every: 45s # often") {
		t.Errorf("%q", calls)
	}
	tab.Clean()
}
