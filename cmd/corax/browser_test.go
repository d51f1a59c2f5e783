package main

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"corax"
	"corax/app"
	"corax/config"
	"corax/scenario"
	"corax/scenario/launch"
	"corax/web/webtest/chromium"
)

const (
	adminName = "ada"
	password  = "four words of no sense" // of everybody
)

// running is a Corax that watches a lab, at an address that it keeps when it starts anew.
type running struct {
	lab scenario.Lab
	cfg config.Config
	app *app.App
}

func runOverLab(t *testing.T) *running {
	t.Helper()
	ctx, dir := t.Context(), t.TempDir()
	labDir := filepath.Join(dir, "lab")
	if err := os.Mkdir(labDir, 0o700); err != nil {
		t.Fatal(err)
	}
	up, err := labDrivers(plainBinary(t))["jwt"].Up(ctx, scenario.LabSetup{Seed: 11, Dir: labDir, With: map[string]any{"token_lifetime": "20s"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := up.Down(context.Background()); err != nil {
			t.Error(err)
		}
	})
	cfg, err := config.Load(up.ConfigPath())
	if err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg.DataDir, cfg.Listen = filepath.Join(dir, "corax"), free.Addr().String()
	if i := slices.IndexFunc(cfg.Policy.Rules, func(r corax.Rule) bool { return r.Name == "destroy-a-key" }); i >= 0 {
		cfg.Policy.Rules[i].Expires = 10 * time.Minute // people in a browser on a machine that does much else are slower than a demo
	}
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	r := &running{lab: up, cfg: cfg}
	t.Cleanup(func() { r.app.Stop() })
	r.start(t)
	if err := r.app.AwaitMonitors(ctx); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *running) start(t *testing.T) {
	t.Helper()
	engine, err := newEngine(r.cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.app, err = app.Start(t.Context(), app.Options{Config: r.cfg, File: r.lab.ConfigPath(), Engine: engine, Version: version, Catalogue: catalogueDigest(r.cfg),
		Knowledge: engine.Catalogue(), RunScenario: launch.Child(plainBinary(t)), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
}

// People use one running Corax over a live lab, flow after flow, as each finds what the one before has left: an outage comes and heals before
// their eyes, Corax is started anew, and they say yes by mouse, on a phone and by the keyboard alone.
func TestRunningCoraxInABrowser(t *testing.T) {
	b := chromium.Start(t)
	r := runOverLab(t)
	f := &flows{running: r, t: t, url: r.app.URL(), admin: b.Person(t), ann: b.Person(t), bob: b.Person(t)}
	f.problem = f.admin.Another()
	f.problem.Size(deskWidth, 900, false)
	f.admin.Size(deskWidth, 900, false)
	f.ann.Size(phoneWidth, 844, true)
	f.bob.Size(deskWidth, 900, false)
	for _, flow := range []struct {
		name string
		do   func(*flows, *testing.T)
	}{
		{"the first admin comes in by a link", (*flows).firstAdmin},
		{"others are invited", (*flows).invite},
		{"an outage comes and heals", (*flows).outage},
		{"Corax starts anew", (*flows).restart},
		{"two say yes at once", (*flows).twoSayYes},
		{"by the keyboard alone", (*flows).keyboard},
		{"a yes on the phone", (*flows).phone},
		{"what a browser refuses is seen", (*flows).refused},
	} {
		if !t.Run(flow.name, func(t *testing.T) {
			of := *f
			of.admin, of.problem, of.ann, of.bob = f.admin.For(t), f.problem.For(t), f.ann.For(t), f.bob.For(t)
			flow.do(&of, t)
			f.outageAt = of.outageAt
			for _, tab := range []*chromium.Tab{of.admin, of.problem, of.ann, of.bob} {
				tab.Clean()
			}
		}) {
			break // the next one would begin with what this one should have left
		}
	}
}

const deskWidth, phoneWidth = 1280, 390

// flows are the people at one running Corax, and the pages that they have open. Ann and bob are operators; ann has a phone.
type flows struct {
	*running
	t               *testing.T // of all flows
	url             string
	admin, ann, bob *chromium.Tab
	outageAt        string        // path of the page of the outage
	problem         *chromium.Tab // the admin's second one, which is there on that page
}

// line is the outage's among the open problems of the overview. On a machine that does much else there may be others, of slow answers.
func (f *flows) line() string {
	return `[...document.querySelectorAll("#problems .problem-line")].find((l) => l.querySelector("a[href='` + f.outageAt + `']"))`
}

func (f *flows) firstAdmin(*testing.T) {
	f.admin.Open(f.app.FirstAdmin())
	f.admin.Fill("name", adminName)
	f.admin.Fill("password", password)
	f.admin.Fill("again", password)
	f.admin.Submit("main form button")
	f.admin.Await(`document.body.innerText.includes("The password is set")`)
	logIn(f.admin, adminName)
	f.admin.Click("details.user summary")
	f.admin.Submit(`details.user form[action="/logout"] button`)
	f.admin.Open(f.url + "/problems")
	logIn(f.admin, adminName)
	f.admin.Await(`location.pathname === "/problems"`)
}

func (f *flows) invite(*testing.T) {
	for name, tab := range map[string]*chromium.Tab{"ann": f.ann, "bob": f.bob} {
		f.admin.Open(f.url + "/settings/users")
		f.admin.Fill("name", name)
		chromium.Eval[bool](f.admin, `(document.querySelector("main [name=role]").value = "operator", true)`)
		f.admin.Submit(`main form[action="/settings/users"] button`)
		tab.Open(chromium.Eval[string](f.admin, `document.querySelector(".note .code").textContent`))
		tab.Fill("password", password)
		tab.Fill("again", password)
		tab.Submit("main form button")
	}
	logIn(f.ann, "ann") // bob's turn comes by the keyboard
}

// stays fails where a page is no longer the one that was marked.
func stays(t *testing.T, tab *chromium.Tab) {
	t.Helper()
	if !chromium.Eval[bool](tab, `window.since === "before"`) {
		t.Error("the page was loaded again")
	}
	tab.Clean()
}

// The rotation breaks logins, spreads and heals on pages that nobody loads again. Meanwhile the admin holds the plan and lets it go on.
func (f *flows) outage(t *testing.T) {
	f.admin.Open(f.url + "/")
	f.admin.Await(`document.querySelector("#problems .calm")`)
	mark(f.admin)
	if _, err := f.lab.Break(t.Context(), "partial_rotation", map[string]any{"unreachable": 4, "back_after": "3s"}); err != nil {
		t.Fatal(err)
	}
	f.admin.Await(`document.querySelector("#problems .problem-line a")`)
	f.outageAt = chromium.Eval[string](f.admin, `document.querySelector("#problems .problem-line a").getAttribute("href")`)
	problem, held := f.problem, f.admin.Another()
	held.Size(deskWidth, 900, false)
	problem.Open(f.url + f.outageAt)
	held.Open(f.url + f.outageAt)
	mark(problem)
	problem.Await(`document.querySelector("#timeline")`)
	if os.Getenv("CORAX_SCREENSHOTS") != "" {
		takeScreenshots(t, f.admin.Another(), f.url, f.outageAt)
	}
	held.Await(`document.querySelector("#do-pause > summary")`)
	if chromium.Eval[bool](held, `document.querySelector("#do-pause").closest("details.rest") !== null`) {
		press(held, "#more-buttons > summary")
	}
	press(held, "#do-pause > summary")
	press(held, "#do-pause form button")
	problem.Await(`document.querySelector("#headline .doing").textContent.includes("` + adminName + ` holds the plan")`)
	held.Await(`document.querySelector("#do-resume > summary")`)
	press(held, "#do-resume > summary")
	press(held, "#do-resume form button")
	held.Await(`document.querySelector(".flash") && !document.querySelector("#do-resume")`)
	held.Clean()
	problem.Await(`document.querySelectorAll("#spread svg a[href^='/entities/']").length > 3 && /From \S+ to [2-9]\d* entities/.test(document.querySelector("#spread").innerText)`)
	problem.Await(`document.querySelector("#headline .headline-facts").textContent.includes("healed after")`)
	f.admin.Await(f.line() + `.querySelector(".state").textContent.includes("healed")`)
	stays(t, problem)
	stays(t, f.admin)
}

func (f *flows) restart(t *testing.T) {
	f.app.Stop()
	f.admin.Await(`!document.querySelector(".link-state").hidden`)
	chromium.Eval[bool](f.admin, `delete document.documentElement.dataset.refreshed`)
	f.start(f.t)
	f.admin.Await(`document.querySelector(".link-state").hidden`)
	f.admin.Await(`document.documentElement.dataset.refreshed === "1"`)
	stays(t, f.admin)
	stays(t, f.problem)
}

// The plan wants to destroy a key, which takes two people. The admin, who has let the plan go on, is none of them. Ann and bob press at once;
// both yeses count, each is told what came of it, the key is destroyed once, and the problem is over on the page that was open all the time.
func (f *flows) twoSayYes(t *testing.T) {
	id := f.asked(t, "signing_key.destroy", 2).ID
	proposer := f.admin.Another()
	proposer.Open(f.url + "/approvals/" + id)
	proposer.Await(`document.querySelector("main").innerText.includes("Ada has proposed it")`)
	if chromium.Eval[bool](proposer, `document.querySelector("main [value=allow]") !== null`) {
		t.Error("who has set it in motion is offered to approve it")
	}
	mark(proposer)
	f.bob.Open(f.url + "/approvals/" + id)
	logIn(f.bob, "bob")
	f.ann.Open(f.url + "/approvals/" + id)
	both := []*chromium.Tab{f.ann, f.bob}
	for _, tab := range both {
		tab.Await(`document.querySelector(".approvals-answers .primary")`)
		chromium.Eval[bool](tab, `(document.documentElement.dataset.before = "1", true)`)
	}
	for _, tab := range both {
		tab.Click(".approvals-answers .primary")
	}
	first := 0
	for _, tab := range both {
		tab.Await(`!document.documentElement.dataset.before && document.querySelector(".flash")`)
		if said := chromium.Eval[string](tab, `document.querySelector(".flash").textContent`); strings.Contains(said, "Somebody else has to say the second") {
			first++
		} else if !strings.Contains(said, "Approved. The step runs") {
			t.Errorf("who said yes is told %q", said)
		}
	}
	if first != 1 {
		t.Errorf("%d were told that theirs was the first yes", first)
	}
	allowed := `/allowed by (ann and bob|bob and ann)/.test(document.querySelector("#head").textContent)`
	f.ann.Await(allowed)
	f.bob.Await(allowed)
	proposer.Await(allowed)
	stays(t, proposer)
	f.problem.Await(`document.querySelector("#plan .heading").innerText.includes("done")`)
	stays(t, f.problem)
	f.admin.Await("!" + f.line())
	stays(t, f.admin)
	destroyed := chromium.Eval[int](f.problem, `[...document.querySelectorAll("#plan .step.done .step-do")].filter((s) => /destroy/i.test(s.textContent)).length`)
	if destroyed != 1 {
		t.Errorf("%d steps that destroy a key are done", destroyed)
	}
}

// asked awaits on the admin's page of approvals that a yes is needed, and is what is asked.
func (f *flows) asked(t *testing.T, action string, needs int) (found corax.ApprovalRequest) {
	t.Helper()
	looks := f.admin.Another()
	looks.Open(f.url + "/approvals")
	looks.Await(`[...document.querySelectorAll("#asked h2")].some((h) => h.textContent.includes("` + action + `"))`)
	asks, err := f.app.Store().Approvals(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(asks, func(a corax.ApprovalRequest) bool { return a.Action == action && max(a.Needs, 1) == needs })
	if i < 0 {
		t.Fatalf("nobody asks %d for %s: %+v", needs, action, asks)
	}
	return asks[i]
}

// slow makes a service answer late, and is the path of the problem whose plan then waits for one yes.
func (f *flows) slow(t *testing.T, service string) string {
	t.Helper()
	if _, err := f.lab.Break(t.Context(), "slow_service", map[string]any{"target": service}); err != nil {
		t.Fatal(err)
	}
	return "/problems/" + f.asked(t, "service.restart", 1).Problem
}

// phone: ann is told on the overview what needs her, and says yes there with a thumb. Bob, who looks at the same, sees that it is done.
func (f *flows) phone(t *testing.T) {
	at := f.slow(t, "analytics")
	f.bob.Size(deskWidth, 900, false)
	f.bob.Open(f.url + at)
	f.bob.Await(`document.querySelector("#do-approve")`)
	mark(f.bob)
	f.ann.Open(f.url + "/")
	f.ann.Await(`document.querySelector("#needs a.button[href^='` + at + `']")`)
	f.ann.Submit("#needs a.button[href^='" + at + "']")
	f.ann.Click("#do-approve > summary")
	f.ann.Submit("#do-approve form button")
	f.ann.Await(`document.querySelector(".flash").textContent.includes("Approved")`)
	if wide := chromium.Eval[int64](f.ann, `document.documentElement.scrollWidth`); wide > phoneWidth {
		t.Errorf("%d wide on a phone of %d", wide, phoneWidth)
	}
	f.bob.Await(`!document.querySelector("#do-approve")`)
	f.ann.Await(`document.querySelector("#headline .headline-facts").textContent.includes("healed after")`)
	f.bob.Await(`document.querySelector("#headline .headline-facts").textContent.includes("healed after")`)
	stays(t, f.bob)
}

// refused: up to here no browser had anything to report. What text would do that became markup is refused and reported, and Corax says so.
func (f *flows) refused(t *testing.T) {
	const pages = `[...document.querySelectorAll("#health tr")].find((r) => r.cells[0].innerText === "Pages").innerText`
	f.admin.Open(f.url + "/health")
	if said := chromium.Eval[string](f.admin, pages); !strings.Contains(said, "Browsers have refused nothing") {
		t.Errorf("before anything was injected: %s", said)
	}
	mark(f.admin)
	f.ann.Inject()
	f.admin.Await(pages + `.includes("A browser refused something")`)
	stays(t, f.admin)
	if len(f.ann.Seen()) == 0 {
		t.Error("the tab has not seen what its browser refused")
	}
}

// logIn logs in on the page for that, and awaits to be known.
func logIn(tab *chromium.Tab, name string) {
	tab.Await(`location.pathname === "/login"`)
	tab.Fill("name", name)
	tab.Fill("password", password)
	tab.Submit("main form button")
	tab.Await(`document.querySelector("details.user summary").textContent.includes("` + name + `")`)
}

// press puts the focus on what a selector finds and presses Enter: on a page that goes on meanwhile a pointer may miss what has moved.
func press(tab *chromium.Tab, selector string) {
	tab.Do(chromedp.Focus(chromedp.CSS(selector)))
	tab.Press(chromium.KeyEnter)
}

// mark makes a page tell whether it is still the one that was loaded, and when it has fetched anew what it shows.
func mark(tab *chromium.Tab) {
	chromium.Eval[bool](tab, `(window.since = "before",
		addEventListener("corax:refreshed", () => { document.documentElement.dataset.refreshed = "1"; }), true)`)
}

// takeScreenshots puts the main pages into the documentation, as they are in the midst of an outage.
func shoot(t *testing.T, tab *chromium.Tab, name string) {
	t.Helper()
	file := filepath.Join("..", "..", "docs", "img", name+".webp")
	if err := os.WriteFile(file, tab.Screenshot(), 0o644); err != nil { //nolint:gosec // for everybody to read
		t.Fatal(err)
	}
}

func takeScreenshots(t *testing.T, tab *chromium.Tab, url, problem string) {
	t.Helper()
	for _, look := range []struct {
		name, theme   string
		width, height int64
	}{{"light", "light", 1280, 800}, {"dark", "dark", 1280, 800}, {"phone", "light", 390, 844}} {
		tab.Size(look.width, look.height, look.name == "phone")
		tab.Theme(look.theme)
		for _, page := range []struct{ name, path string }{{"overview", "/"}, {"problem", problem}, {"monitors", "/monitors"}, {"scenarios", "/scenarios"}} {
			tab.Open(url + page.path)
			shoot(t, tab, page.name+"-"+look.name)
		}
	}
	tab.Clean()
}
