package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/chromedp"

	"corax/server"
	"corax/web/webtest/chromium"
)

const paintRounds = 3

// mainPages are those that are painted, and that stand open in ten tabs.
var mainPages = []string{"/", "/problems", "/problems/prb-000500", "/incidents", "/signals", "/monitors", "/topology", "/changes", "/audit", "/health"}

// looks are the windows that pages are painted in.
var looks = []struct {
	name          string
	width, height int64
	phone         bool
}{{"desk", 1280, 900, false}, {"phone", 390, 844, true}}

// inBrowser measures first paints and how soon what happens is seen. Without a browser it says so in the note.
func inBrowser(ctx context.Context, s site, r *result) (err error) {
	d := &drive{}
	defer func() {
		switch failed := recover().(type) {
		case nil:
		case driven:
			if err = failed.err; errors.Is(err, errNoBrowser) {
				r.Note += "; nothing was measured in a browser: " + err.Error()
				err = nil
			}
		default:
			panic(failed)
		}
		d.end()
	}()
	b := chromium.Start(d)
	cookie, err := s.logIn(ctx)
	if err != nil {
		return err
	}
	if err := s.live(ctx, d, b, cookie, r.Figures); err != nil { // before its browser has connections of other tabs
		return err
	}
	s.paints(d, b, cookie, r.Figures)
	return nil
}

// drive is what a browser is driven for: it fails by a panic that inBrowser recovers.
type drive struct{ ends []func() }

// driven is such a panic.
type driven struct{ err error }

var errNoBrowser = errors.New("no browser")

func (*drive) Helper()                           {}
func (*drive) Logf(format string, args ...any)   { fmt.Fprintf(os.Stderr, format+"\n", args...) }
func (*drive) Error(args ...any)                 { panic(driven{errors.New(fmt.Sprint(args...))}) }
func (*drive) Fatal(args ...any)                 { panic(driven{errors.New(fmt.Sprint(args...))}) }
func (*drive) Fatalf(format string, args ...any) { panic(driven{fmt.Errorf(format, args...)}) }
func (*drive) Skip(args ...any) {
	panic(driven{fmt.Errorf("%w: %s", errNoBrowser, fmt.Sprint(args...))})
}
func (d *drive) Cleanup(end func()) { d.ends = append(d.ends, end) }

// tell keeps figures, and says them at once to who waits: a browser takes its time.
func (*drive) tell(figures map[string]map[string]float64, name string, of map[string]float64) {
	figures[name] = of
	fmt.Fprintf(os.Stderr, "%s: %v\n", name, of)
}

func (d *drive) end() {
	for len(d.ends) > 0 {
		last := d.ends[len(d.ends)-1]
		d.ends = d.ends[:len(d.ends)-1]
		last()
	}
}

// logIn makes a user of the benchmark's own, as an administrator and then that user does, and is the cookie of their session.
func (s site) logIn(ctx context.Context) (*http.Cookie, error) {
	const password = "four words of no weight"
	name := "bench-" + strconv.FormatInt(time.Now().UnixMilli(), 36)
	var link server.SetupLink
	text, err := s.send(ctx, http.MethodPost, "/api/v1/users", fmt.Sprintf(`{"name":%q,"role":"admin","by":"bench"}`, name), "identity")
	if err == nil {
		err = json.Unmarshal([]byte(text), &link)
	}
	if err != nil {
		return nil, err
	}
	once := *s.client // forms lead on; what is wanted is their own answer
	once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	var cookie *http.Cookie
	for _, form := range []struct {
		path   string
		values url.Values
	}{{link.Path, url.Values{"password": {password}, "again": {password}}}, {"/login", url.Values{"name": {name}, "password": {password}}}} {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+form.path, strings.NewReader(form.values.Encode()))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := once.Do(req)
		if err != nil {
			return nil, err
		}
		resp.Body.Close()
		for _, c := range resp.Cookies() {
			if c.Value != "" && strings.Contains(c.Name, "corax") && !strings.Contains(c.Name, "said") {
				cookie = c
			}
		}
	}
	if cookie == nil {
		return nil, fmt.Errorf("log in as %s: there was no session", name)
	}
	return cookie, nil
}

// person is a tab of a browser that has nothing of ours yet, logged in.
func (s site) person(d *drive, b *chromium.Browser, cookie *http.Cookie) *chromium.Tab {
	tab := b.Person(d)
	tab.Cookie(s.url, cookie.Name, cookie.Value)
	return tab
}

// painted is when a page was painted first, in milliseconds since it was asked for.
const painted = `new Promise((done) => new PerformanceObserver((list) => {
	for (const e of list.getEntriesByName("first-contentful-paint")) done(e.startTime);
}).observe({type: "paint", buffered: true}))`

// paints measures the first paint of the main pages: by a browser that has nothing of ours, and by the same one again, that has kept styles,
// scripts and font.
func (s site) paints(d *drive, b *chromium.Browser, cookie *http.Cookie, figures map[string]map[string]float64) {
	for _, look := range looks {
		took := map[string][]float64{}
		for range paintRounds {
			for _, path := range mainPages {
				tab := s.person(d, b, cookie)
				tab.Size(look.width, look.height, look.phone)
				for _, visit := range []string{"first visit", "again"} {
					tab.Open(s.url + path)
					took[visit] = append(took[visit], chromium.Get(tab, chromedp.Evaluate[float64](painted, chromedp.EvalAwaitPromise)))
				}
				tab.Clean()
				tab.Close()
			}
		}
		for visit, list := range took {
			of := map[string]float64{}
			of["ms p50"], of["ms p95"], of["ms max"] = middle(list)
			d.tell(figures, "first paint, "+look.name+", "+visit, of)
		}
	}
}
