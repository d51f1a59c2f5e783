// Package chromium drives a real browser over Corax's pages, for tests and measures: Chromium, headless, by its DevTools protocol.
//
// A Tab watches what no page of ours may do: throw, open a dialog, or run into the content security policy. Awaiting is by events of the
// document and not by time.
package chromium

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a page may take to come to what is awaited, on a machine that does much else. Nothing is measured by it.
const patience = 2 * time.Minute

// T is what a browser is driven for: a test, or a program that does as a test does. Fatal, Fatalf and Skip don't return.
type T interface {
	Helper()
	Logf(format string, args ...any)
	Error(args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Skip(args ...any)
	Cleanup(end func())
}

// Browser is a running Chromium.
type Browser struct{ ctx context.Context }

// Start starts a browser, which the test's end stops. Where there is no Chromium the test is skipped, but not in CI, which installs it.
func Start(t T) *Browser {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		if os.Getenv("CORAX_CI") != "" {
			t.Fatal("there is no chromium, which CI installs")
		}
		t.Skip("there is no chromium")
	}
	// A browser within a container has no user namespaces to build its sandbox from; what it is shown are our own pages.
	o := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("force-color-profile", "srgb"))
	alloc, cancel := chromedp.NewExecAllocator(context.Background(), o...)
	ctx, stop := chromedp.NewContext(alloc)
	if err := chromedp.Do(ctx); err != nil {
		stop()
		cancel()
		t.Fatalf("start %s: %v", path, err)
	}
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Logf("stop the browser: %v", err)
		}
		stop()
		cancel()
	})
	return &Browser{ctx}
}

// Tab is a page that is open.
type Tab struct {
	t      T
	ctx    context.Context
	cancel func()
	seen   *seen
}

// seen is what a tab did that no page may do.
type seen struct {
	mu      sync.Mutex
	bad     []string
	closing sync.WaitGroup // of dialogs
}

// Person opens a tab with cookies and storage of its own, as another person's browser has.
func (b *Browser) Person(t T) *Tab {
	t.Helper()
	return b.tab(t, chromedp.WithNewBrowserContext())
}

func (b *Browser) tab(t T, o ...chromedp.ContextOption) *Tab {
	t.Helper()
	tab := &Tab{t: t, seen: &seen{}}
	tab.ctx, tab.cancel = chromedp.NewContext(b.ctx, o...)
	if err := chromedp.Listen(tab.ctx, tab.watch); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	call(tab, log.Enable, cdp.Empty{})
	call(tab, network.Enable, network.EnableParams{})
	call(tab, page.Enable, page.EnableParams{})
	// A tab behind another one is hidden, and hidden pages wait with what they would show.
	call(tab, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	t.Cleanup(func() {
		tab.cancel()
		tab.seen.closing.Wait()
	})
	return tab
}

// For is the same tab, whose failures are those of a part of the test.
func (p *Tab) For(t T) *Tab { return &Tab{t: t, ctx: p.ctx, cancel: p.cancel, seen: p.seen} }

// Another opens one more tab of the same person.
func (p *Tab) Another() *Tab {
	p.t.Helper()
	return (&Browser{p.ctx}).tab(p.t)
}

func (p *Tab) watch(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		p.note(fmt.Sprintf("the page threw at %s:%d: %s", e.ExceptionDetails.URL, e.ExceptionDetails.LineNumber, e.ExceptionDetails.Text))
	case *page.EventJavascriptDialogOpening:
		p.note("the page opened a dialog: " + e.Message)
		p.seen.closing.Go(func() { // the page stands still until somebody has closed it; ends with the tab
			_, _ = chromedp.Call(p.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
		})
	case *log.EventEntryAdded:
		if strings.Contains(e.Entry.Text, "Content Security Policy") || strings.Contains(e.Entry.Text, "Refused to") {
			p.note(e.Entry.URL + ": " + e.Entry.Text)
		}
	}
}

func (p *Tab) note(text string) {
	p.seen.mu.Lock()
	defer p.seen.mu.Unlock()
	p.seen.bad = append(p.seen.bad, text)
}

// Seen lists what the page did, since the last time, that no page may do.
func (p *Tab) Seen() []string {
	p.seen.mu.Lock()
	defer p.seen.mu.Unlock()
	bad := p.seen.bad
	p.seen.bad = nil
	return bad
}

// Clean fails the test where the page did what no page may do since the last time.
func (p *Tab) Clean() {
	p.t.Helper()
	for _, text := range p.Seen() {
		p.t.Error(text)
	}
}

// Do carries out actions of chromedp.
func (p *Tab) Do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	Get(p, chromedp.Steps(actions...))
}

// Get carries out an action of chromedp, and is what it gives.
func Get[T any](p *Tab, a chromedp.Action[T]) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		p.t.Fatalf("%v; the page says:\n%s", err, p.state())
	}
	return v
}

// call sends a command of the protocol.
func call[P, R any](p *Tab, command cdp.Command[P, R], with P) {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, command, with); err != nil {
		p.t.Fatalf("%s: %v", command.Method, err)
	}
}

// state is where the tab is and what it shows, for those who read of a failure.
func (p *Tab) state() string {
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText.slice(0, 3000)`))
	if err != nil {
		return err.Error()
	}
	return text
}

// Open goes to an address and awaits its load.
func (p *Tab) Open(url string) {
	p.t.Helper()
	p.Do(chromedp.Navigate(url))
}

// Headers are sent with every request.
func (p *Tab) Headers(all map[string]string) {
	p.t.Helper()
	h := network.Headers{}
	for name, value := range all {
		h[name] = value
	}
	call(p, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: h})
}

// Size sets the window's size; a phone touches and has no pointer.
func (p *Tab) Size(width, height int64, phone bool) {
	p.t.Helper()
	call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1, Mobile: phone})
	call(p, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: phone})
}

// Cookie gives the tab's browser a cookie of an address, as it stands after Set-Cookie.
func (p *Tab) Cookie(url, name, value string) {
	p.t.Helper()
	call(p, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: url, HTTPOnly: new(true), SameSite: network.CookieSameSiteStrict})
}

// Hide hides the tab's page, as that of a tab behind another one is: it has a window of its own, which is minimised. Show undoes it.
func (p *Tab) Hide() {
	p.t.Helper()
	p.inSight(false, browser.WindowStateMinimized)
}

// Show undoes Hide.
func (p *Tab) Show() {
	p.t.Helper()
	p.inSight(true, browser.WindowStateNormal)
}

func (p *Tab) inSight(focused bool, state browser.WindowState) {
	p.t.Helper()
	call(p, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: focused})
	w, err := chromedp.Call(p.ctx, browser.GetWindowForTarget, browser.GetWindowForTargetParams{})
	if err != nil {
		p.t.Fatalf("find the window of a tab: %v", err)
	}
	call(p, browser.SetWindowBounds, browser.SetWindowBoundsParams{WindowID: w.WindowID, Bounds: &browser.Bounds{WindowState: state}})
	p.Await(fmt.Sprintf("document.hidden === %t", !focused))
}

// Close closes the tab before the test ends.
func (p *Tab) Close() { p.cancel() }

// Theme prefers light or dark.
func (p *Tab) Theme(scheme string) {
	p.t.Helper()
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}

// Await returns once a JavaScript expression is true. It is looked at whenever the document changes, is shown or
// hidden, and after each load of a page.
func (p *Tab) Await(expression string) {
	p.t.Helper()
	// A mutation awakens it; the frame that follows a load has a document of its own, for which it is asked again.
	script := fmt.Sprintf(`new Promise((done) => {
		const holds = () => { try { return Boolean(%s); } catch { return false; } };
		if (holds()) { done(true); return; }
		const seen = new MutationObserver(() => { if (holds()) { seen.disconnect(); done(true); } });
		seen.observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
		addEventListener("visibilitychange", () => { if (holds()) { seen.disconnect(); done(true); } });
		addEventListener("load", () => { if (holds()) { seen.disconnect(); done(true); } });
	})`, expression)
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	for {
		if held, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script, chromedp.EvalAwaitPromise)); err == nil && held {
			return
		}
		if ctx.Err() != nil {
			p.t.Fatalf("awaited in vain: %s; the page says:\n%s", expression, p.state())
		}
		// The page went away while it was waited on: the next one is asked as soon as it is there.
		if err := chromedp.Do(ctx, chromedp.WaitReady(chromedp.CSS("body"))); err != nil {
			p.t.Fatalf("awaited %s: %v", expression, err)
		}
	}
}

// Eval is the value of a JavaScript expression.
func Eval[T any](p *Tab, expression string) T {
	p.t.Helper()
	return Get(p, chromedp.Evaluate[T](expression))
}

// Click clicks what a selector finds first.
func (p *Tab) Click(selector string) {
	p.t.Helper()
	p.Do(chromedp.Click(chromedp.CSS(selector)))
}

// Submit clicks what a selector finds and awaits the page that follows.
func (p *Tab) Submit(selector string) {
	p.t.Helper()
	p.Do(chromedp.Evaluate[chromedp.Void](`document.documentElement.dataset.before = "1"`), chromedp.Click(chromedp.CSS(selector)))
	p.Await(`!document.documentElement.dataset.before && document.readyState === "complete"`)
}

// Fill types a value into the field of a form, in the place of what was there.
func (p *Tab) Fill(name, value string) {
	p.t.Helper()
	field := fmt.Sprintf("main [name=%q]", name)
	Eval[bool](p, fmt.Sprintf("(document.querySelector(%q).value = '', true)", field))
	p.Do(chromedp.SendKeys(chromedp.CSS(field), value))
	if got := Eval[string](p, fmt.Sprintf("document.querySelector(%q).value", field)); got != value {
		p.t.Fatalf("the field %s holds %q after %q was typed", name, got, value)
	}
}

// Inject puts into the page what text from outside would be, had it become markup. The page's policy has to refuse it and have it reported.
func (p *Tab) Inject() {
	p.t.Helper()
	Eval[bool](p, `(document.body.insertAdjacentHTML("beforeend", '<img alt="" src="data:," onerror="alert(1)">'), true)`)
}

// Screenshot is a WebP of the window.
func (p *Tab) Screenshot() []byte {
	p.t.Helper()
	quality := int64(85)
	shot, err := chromedp.Call(p.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: "webp", Quality: &quality})
	if err != nil {
		p.t.Fatalf("take a screenshot: %v", err)
	}
	return shot.Data
}

// Printed is what the page comes to on paper, as PDF, with the sheets and margins of its own style.
func (p *Tab) Printed() PDF {
	p.t.Helper()
	out, err := chromedp.Call(p.ctx, page.PrintToPDF, page.PrintToPDFParams{PreferCSSPageSize: new(true)})
	if err != nil {
		p.t.Fatalf("print the page: %v", err)
	}
	return out.Data
}

// PDF is a file that Chromium printed.
type PDF []byte

var sheet = regexp.MustCompile(`/Type\s*/Page\b`)

// Sheets counts its pages. Chromium writes their objects as plain text.
func (f PDF) Sheets() int { return len(sheet.FindAll(f, -1)) }

//go:embed axe.min.js
var axe string

// Violation is a rule of axe-core that a page breaks.
type Violation struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		HTML    string   `json:"html"`
		Summary string   `json:"failureSummary"`
		Target  []string `json:"target"`
	} `json:"nodes"`
}

// Axe holds the page against the rules of axe-core (WCAG A and AA, and its best practices), or against those that are named.
func (p *Tab) Axe(rules ...string) []Violation {
	p.t.Helper()
	// Our pages have no frames and no styles from elsewhere that it would have to fetch first.
	options := map[string]any{"resultTypes": []string{"violations"}, "preload": false, "iframes": false}
	if len(rules) > 0 {
		options["runOnly"] = rules
	}
	how, err := json.Marshal(options)
	if err != nil {
		p.t.Fatal(err)
	}
	if !Eval[bool](p, `typeof axe !== "undefined"`) {
		p.Do(chromedp.Evaluate[chromedp.Void](axe + ";true"))
	}
	out := Get(p, chromedp.Evaluate[string](`axe.run(document, `+string(how)+`).then((r) => JSON.stringify(r.violations))`, chromedp.EvalAwaitPromise))
	var all []Violation
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		p.t.Fatal(err)
	}
	return all
}
