package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"corax"
	"corax/access"
	"corax/store"
	"corax/web/webtest"
	"corax/web/webtest/chromium"
)

// elsewhere are the forms that need what the fixture has not, and the test that sends them in a browser.
var elsewhere = map[string]string{
	"/setup/{link}":   "cmd/corax TestFirstRunInABrowser: a link that was not used",
	"/welcome/try":    "cmd/corax TestFirstRunInABrowser: a server that answers",
	"/welcome/add":    "cmd/corax TestFirstRunInABrowser: a try that went well",
	"/welcome/sample": "cmd/corax TestFirstRunInABrowser: an empty Corax",
}

// written is what a person writes into fields that are empty.
var written = map[string]string{
	"reason": "a drill", "text": "I see it too", "name": "new-one", "http.url": "http://127.0.0.1:9/health", "tcp.address": "127.0.0.1:9",
	"tls.address": "127.0.0.1:9", "log.path": "/var/log/app.log", "entity": "order",
	"old": webtest.Password, "password": "another horse battery", "again": "another horse battery",
}

// TestEveryFormInABrowser presses, for each thing that the pages do, the button that does it, as somebody does who has logged in and clicks:
// what is empty is written, what asks first is opened. The page that comes says that it is done. A form that no page shows fails.
func TestEveryFormInABrowser(t *testing.T) {
	b := chromium.Start(t)
	tab := b.Person(t)
	first := site(t, webtest.Options{})
	shown := formsOf(t, first)
	for _, route := range first.Routes {
		if _, ok := elsewhere[route.Path]; ok || route.Method != http.MethodPost {
			continue
		}
		t.Run(strings.Trim(strings.ReplaceAll(route.Path, "/", "_"), "_"), func(t *testing.T) {
			action := regexp.MustCompile(`\\\{[^}]*\\\}`).ReplaceAllString(regexp.QuoteMeta(route.Path), `[^/]+`)
			page := pageWith(shown, "^"+action+"$")
			if page == "" {
				t.Fatal("no page shows a form for it")
			}
			s, tab := site(t, webtest.Options{}), tab.For(t)
			if route.Path == "/settings/users/{id}/enable" {
				disableSam(t, s)
			}
			url := serve(t, s, loggedIn(s))
			secret, _, err := s.Accounts.Login(t.Context(), "ada", webtest.Password, "", access.Client{Address: "127.0.0.1"})
			if err != nil {
				t.Fatal(err)
			}
			if page != "/login" {
				tab.Cookie(url, "corax", secret) // the fixture's clock stands still: what it has browsers keep is over
			}
			tab.Open(url + page)
			if missing := chromium.Eval[string](tab, fill(action)); missing != "" {
				t.Fatalf("on %s: %s", page, missing)
			}
			tab.Submit("[data-flow]")
			said := chromium.Eval[string](tab, `document.querySelector(".flash.ok")?.innerText ?? ""`)
			status := chromium.Eval[int](tab, `performance.getEntriesByType("navigation")[0].responseStatus`)
			wanted := http.StatusOK
			switch route.Path {
			case "/settings/reload": // the fixture's configuration has faults
				wanted = http.StatusUnprocessableEntity
			case "/login": // nobody has this name
				wanted = http.StatusForbidden
			}
			if said == "" && status != wanted { // some lead to what the fixture has not, or show their outcome themselves
				t.Errorf("on %s: status %d: %s", page, status, chromium.Eval[string](tab, `document.querySelector("main")?.innerText ?? ""`))
			}
			t.Logf("%s: %d %s", page, status, said)
			tab.Clean()
		})
	}
}

// loggedIn serves a site to browsers with sessions, as Corax does.
func loggedIn(s *webtest.Site) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from := access.Client{Address: "127.0.0.1", Device: "a browser"}
		r = r.WithContext(access.WithClient(r.Context(), from))
		if p, err := s.Accounts.BySession(r.Context(), access.SessionOf(r), from); err == nil {
			r = r.WithContext(access.With(r.Context(), p))
		}
		s.ServeHTTP(w, r)
	})
}

// disableSam keeps sam out, so that there is somebody to let in again.
func disableSam(t *testing.T, s *webtest.Site) {
	t.Helper()
	w := as(s, webtest.As(access.RoleAdmin), http.MethodPost, "/settings/users/"+access.UserID("sam")+"/disable", nil)
	if w.Code != http.StatusSeeOther {
		t.Fatalf("sam is not disabled: status %d: %s", w.Code, w.Body)
	}
}

// formsOf are the forms that send something, by where they send it, with the first page that shows them to ada.
func formsOf(t *testing.T, s *webtest.Site) map[string]string {
	t.Helper()
	ada := open(t, s)
	ada.login("ada")
	form := regexp.MustCompile(`<form[^>]*method="post"[^>]*action="([^"]*)"`)
	on := map[string]string{"/login": "/login"}
	look := func(path string) {
		w := ada.send(http.MethodGet, path, nil)
		for _, m := range form.FindAllStringSubmatch(w.Body.String(), -1) {
			if _, ok := on[m[1]]; !ok {
				on[m[1]] = path
			}
		}
	}
	for _, r := range s.Routes {
		if r.Method != http.MethodGet {
			continue
		}
		for _, path := range s.Examples(r.Path) {
			if isPage(s, path) && path != "/settings/users/"+access.UserID("ada") { // the last admin stays one
				look(path)
			}
		}
	}
	disableSam(t, s)
	look("/settings/users/" + access.UserID("sam"))
	return on
}

// pageWith finds a page with a form, the first by where the form sends, so that it is the same each time.
func pageWith(shown map[string]string, action string) (page string) {
	is, first := regexp.MustCompile(action), ""
	for a, p := range shown {
		if is.MatchString(a) && (first == "" || a < first) {
			page, first = p, a
		}
	}
	return page
}

// fill is the script that opens what a form is in, writes into its empty fields, and marks its button; its value says what a person would lack.
func fill(action string) string {
	words, err := json.Marshal(written)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`((action, words) => {
		const forms = [...document.forms].filter((f) => action.test(f.getAttribute("action")));
		for (const form of forms) {
			for (let el = form; el; el = el.parentElement) if (el.nodeName === "DETAILS") el.open = true;
			const button = form.querySelector("button:not([type=button])");
			if (!button || button.offsetParent === null) continue;
			for (const f of form.elements) {
				if (f.required && (f.type === "radio" || f.type === "checkbox")) f.click();
				else if (f.required && f.nodeName === "SELECT" && !f.value) f.selectedIndex = f.options.length - 1;
				else if (!f.value && f.name in words) f.value = words[f.name];
			}
			if (!form.reportValidity()) return "the browser does not take " + [...form.elements].filter((f) => !f.validity.valid).map((f) => f.name);
			button.dataset.flow = "1";
			return "";
		}
		return "no form of " + forms.length + " has a button that is seen";
	})(new RegExp("^" + %q + "$"), %s)`, action, words)
}

// A list that is filtered follows what comes in, as one that is not.
func TestFilteredListsAreLive(t *testing.T) {
	b := chromium.Start(t)
	s := site(t, webtest.Options{})
	url := serve(t, s, heard(s))
	tab := b.Person(t)
	tab.Headers(map[string]string{roleHeader: access.RoleViewer.String()})
	tab.Open(url + "/signals?entity=order&q=gave")
	signal := func(id, entity string) corax.Signal {
		return corax.Signal{ID: id, At: webtest.Now, Source: "test", Kind: corax.Symptom, Entity: entity, Message: "the clerk gave up on " + entity}
	}
	if err := s.Store.CommitTriage(t.Context(), store.TriageBatch{Signals: []corax.Signal{signal("sig-1", "auth"), signal("sig-2", "order")}}); err != nil {
		t.Fatal(err)
	}
	s.Live.Publish("signals")
	tab.Await(`document.querySelector("#list").innerText.includes("gave up on order")`)
	if chromium.Eval[bool](tab, `document.querySelector("#list").innerText.includes("gave up on auth")`) {
		t.Error("what does not fit the filter is shown")
	}
	tab.Clean()
}

// The topology is zoomed and moved by its buttons and by the keyboard, and a refresh leaves the view where it is.
func TestTopologyZooms(t *testing.T) {
	b := chromium.Start(t)
	s := site(t, webtest.Options{})
	tab := b.Person(t)
	tab.Headers(map[string]string{roleHeader: access.RoleViewer.String()})
	tab.Open(serve(t, s, s) + "/topology")
	tab.Await(`document.querySelector(".topology-tools")`)
	view := func() (box [4]float64) {
		t.Helper()
		text := chromium.Eval[string](tab, `document.querySelector("[data-zoom] svg.draw").getAttribute("viewBox")`)
		if _, err := fmt.Sscan(text, &box[0], &box[1], &box[2], &box[3]); err != nil {
			t.Fatalf("the view box is %q: %v", text, err)
		}
		return box
	}
	tab.Reach("[data-zoom]")
	tab.Press("0") // a drawing that is too large to read begins nearer
	home := view()
	tab.Click(`.topology-tools [aria-label="Zoom in"]`)
	near := view()
	if near[2] >= home[2] || near[3] >= home[3] {
		t.Errorf("zoomed in, the view goes from %v to %v", home, near)
	}
	tab.Reach("[data-zoom]")
	tab.Press(chromium.KeyRight)
	if moved := view(); moved[0] <= near[0] || moved[2] != near[2] {
		t.Errorf("moved to the right, the view goes from %v to %v", near, moved)
	}
	tab.Press("-")
	if far := view(); far[2] <= near[2] {
		t.Errorf("zoomed out, the view goes from %v to %v", near, far)
	}
	tab.Press("+")
	before := view()
	chromium.Eval[bool](tab, `(document.dispatchEvent(new CustomEvent("corax:refreshed", {bubbles: true})), true)`)
	if after := view(); after != before {
		t.Errorf("a refresh moves the view from %v to %v", before, after)
	}
	tab.Press("0")
	if at := view(); at != home {
		t.Errorf("shown whole again, the view is %v and was %v", at, home)
	}
	tab.Clean()
}
