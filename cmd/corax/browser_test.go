package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"

	"corax/app"
	"corax/config"
	"corax/scenario"
	"corax/scenario/launch"
	"corax/web/webtest/chromium"
)

const (
	adminName     = "ada"
	adminPassword = "four words of no sense"
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

// The first admin comes in by the link, logs out and in again; then the rotation breaks logins, spreads and heals before their eyes, on pages
// that nobody loads again; and they go on by themselves when Corax has been started anew.
func TestOutageInABrowser(t *testing.T) {
	b := chromium.Start(t)
	r := runOverLab(t)
	url := r.app.URL()
	overview := b.Person(t)
	overview.Size(1280, 900, false)

	overview.Open(r.app.FirstAdmin())
	overview.Fill("name", adminName)
	overview.Fill("password", adminPassword)
	overview.Fill("again", adminPassword)
	overview.Submit("main form button")
	overview.Await(`document.body.innerText.includes("The password is set")`)
	logIn(overview)
	overview.Click("details.user summary")
	overview.Submit(`details.user form[action="/logout"] button`)
	overview.Open(url + "/problems")
	logIn(overview)
	overview.Await(`location.pathname === "/problems"`)

	overview.Open(url + "/")
	overview.Await(`document.querySelector("#problems .calm")`)
	stays := func(tab *chromium.Tab) {
		t.Helper()
		if !chromium.Eval[bool](tab, `window.since === "before"`) {
			t.Error("the page was loaded again")
		}
		tab.Clean()
	}
	mark(overview)
	if _, err := r.lab.Break(t.Context(), "partial_rotation", map[string]any{"unreachable": 4, "back_after": "3s"}); err != nil {
		t.Fatal(err)
	}
	overview.Await(`document.querySelector("#problems .problem-line a")`)
	problem := overview.Another()
	problem.Size(1280, 900, false)
	problem.Open(url + chromium.Eval[string](overview, `new URL(document.querySelector("#problems .problem-line a").href).pathname`))
	mark(problem)
	problem.Await(`document.querySelector("#timeline")`)
	if os.Getenv("CORAX_SCREENSHOTS") != "" {
		takeScreenshots(t, overview.Another(), url, chromium.Eval[string](problem, `location.pathname`))
	}
	problem.Await(`document.querySelector("#headline .headline-facts").textContent.includes("healed after")`)
	overview.Await(`document.querySelector("#problems .calm")`)
	stays(problem)
	stays(overview)

	r.app.Stop()
	overview.Await(`!document.querySelector(".link-state").hidden`)
	chromium.Eval[bool](overview, `delete document.documentElement.dataset.refreshed`)
	r.start(t)
	overview.Await(`document.querySelector(".link-state").hidden`)
	overview.Await(`document.documentElement.dataset.refreshed === "1"`)
	stays(overview)
	stays(problem)
}

// logIn logs in on the page for that, and awaits to be known.
func logIn(tab *chromium.Tab) {
	tab.Await(`location.pathname === "/login"`)
	tab.Fill("name", adminName)
	tab.Fill("password", adminPassword)
	tab.Submit("main form button")
	tab.Await(`document.querySelector("details.user summary").textContent.includes("` + adminName + `")`)
}

// mark makes a page tell whether it is still the one that was loaded, and when it has fetched anew what it shows.
func mark(tab *chromium.Tab) {
	chromium.Eval[bool](tab, `(window.since = "before",
		addEventListener("corax:refreshed", () => { document.documentElement.dataset.refreshed = "1"; }), true)`)
}

// takeScreenshots puts the main pages into the documentation, as they are in the midst of an outage.
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
			file := filepath.Join("..", "..", "docs", "img", fmt.Sprintf("%s-%s.webp", page.name, look.name))
			if err := os.WriteFile(file, tab.Screenshot(), 0o644); err != nil { //nolint:gosec // for everybody to read
				t.Fatal(err)
			}
		}
	}
	tab.Clean()
}
