package web_test

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"corax/store"
	"corax/web"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"corax"
	"corax/access"
	"corax/web/webtest"
)

// text is what a page says, without its tags.
func text(t *testing.T, body string) string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for n := range doc.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func TestFiltersAreAddresses(t *testing.T) {
	s := site(t, webtest.Options{})
	for _, c := range []struct {
		path string
		has  []string
		not  []string
	}{
		{"/signals?q=request+1058", []string{"request 1058 of user jane"}, []string{"request 1057"}},
		{"/signals?q=request+105&region=list", []string{"request 1050", "request 1058"}, []string{"request 1049", "Within 7 days"}},
		{"/signals?kind=change", []string{"was deployed", "kind: change"}, []string{"request 10"}},
		{"/signals?kind=change&severity=high", []string{"Nothing is found", "severity: high"}, nil},
		{"/signals?label=zone%3Dnorth&entity=order", []string{"request 1058", "label: zone=north"}, nil},
		{"/signals?label=zone%3Dsouth", []string{"Nothing is found"}, nil},
		{"/signals?since=2026-03-30T02:10&until=2026-03-30T02:11", []string{"request 1058"}, []string{"request 1057", "was deployed"}},
		{"/signals/templates?q=served", []string{"request … of user jane served in … ms"}, []string{"was deployed"}},
		{"/signals/templates?entity=auth&kind=change", []string{"was deployed", "entity: auth"}, []string{"served"}},
		{"/signals/templates?entity=nothing", []string{"Nothing is found"}, nil},
		{"/signals", []string{"Within 7 days"}, nil},
		{"/signals?kind=change", []string{"Of these, within 7 days", "deploy 3"}, []string{"log/order"}},
		{"/signals?q=served&last=1h", []string{"Of all these", "note 57", "order 57"}, []string{"deploy"}},
		{"/changes?entity=auth&window=15", []string{"was deployed", "itself", "needs it"}, nil},
		{"/changes?entity=order", []string{"No change is on record"}, nil},
		{"/incidents", []string{"open"}, []string{"resolved"}},
		{"/incidents?show=all&state=resolved", []string{"resolved"}, nil},
		{"/incidents?show=all&q=nonesuch", []string{"No incident is found"}, nil},
		{"/monitors", []string{"2 monitors of 4 are down", "not measured", "100% up"}, nil},
		{"/monitors/login?last=14d", []string{"runs, 0 failed", "Up, the last 14 days"}, nil},
	} {
		w := get(s, c.path, access.RoleViewer)
		said := text(t, w.Body.String())
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d", c.path, w.Code)
		}
		for _, has := range c.has {
			if !strings.Contains(said, has) {
				t.Errorf("%s: %q is not there", c.path, has)
			}
		}
		for _, not := range c.not {
			if strings.Contains(said, not) {
				t.Errorf("%s: %q is there", c.path, not)
			}
		}
	}
	for path, status := range map[string]int{
		"/signals?severity=loud": http.StatusUnprocessableEntity, "/signals?label=zone": http.StatusUnprocessableEntity,
		"/signals?since=yesterday": http.StatusUnprocessableEntity, "/signals?before=-": http.StatusUnprocessableEntity,
		"/signals?template=x": http.StatusUnprocessableEntity, "/signals?template=999": http.StatusNotFound,
		"/changes?window=0": http.StatusUnprocessableEntity, "/incidents/nope": http.StatusNotFound, "/monitors/nope": http.StatusNotFound,
	} {
		if w := get(s, path, access.RoleViewer); w.Code != status {
			t.Errorf("%s: %d, expected %d", path, w.Code, status)
		}
	}
}

// A list leads to its other pages and back, and filters stay.
func TestPagesOfAList(t *testing.T) {
	s := site(t, webtest.Options{})
	link := func(body, rel string) string {
		doc, err := html.Parse(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for n := range doc.Descendants() {
			if n.Data == "a" && slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "rel" && a.Val == rel }) {
				return n.Attr[slices.IndexFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "href" })].Val
			}
		}
		return ""
	}
	first := get(s, "/signals?entity=order", access.RoleViewer).Body.String()
	next := link(first, "next")
	if !strings.Contains(next, "entity=order") || !strings.Contains(next, "before=") || link(first, "prev") != "" {
		t.Fatalf("next is %q, before it %q", next, link(first, "prev"))
	}
	second := get(s, next, access.RoleViewer).Body.String()
	back := get(s, link(second, "prev"), access.RoleViewer).Body.String()
	if text(t, back) == "" || !strings.Contains(text(t, back), "request 1058") || strings.Contains(text(t, second), "request 1058") {
		t.Error("the page before is not the first one")
	}
}

func TestTending(t *testing.T) {
	s := site(t, webtest.Options{})
	incident := s.Healing.Incidents[0].ID
	for _, c := range []struct{ path, to, call string }{
		{"/incidents/" + incident + "/acknowledge", "/incidents/" + incident, "acknowledge " + incident + " by jane"},
		{"/incidents/" + incident + "/resolve", "/incidents/" + incident, "resolve " + incident + " by jane"},
		{"/monitors/login/run", "/monitors/login", "run monitor login"},
	} {
		if w := do(s, http.MethodPost, c.path, access.RoleViewer, nil); w.Code != http.StatusForbidden {
			t.Errorf("%s as viewer: %d", c.path, w.Code)
		}
		before := len(s.Controls.Calls())
		w := do(s, http.MethodPost, c.path, access.RoleResponder, url.Values{})
		if calls := s.Controls.Calls(); w.Code != http.StatusSeeOther || w.Header().Get("Location") != c.to || len(calls) != before+1 || calls[before] != c.call {
			t.Errorf("%s: %d to %q, calls %v", c.path, w.Code, w.Header().Get("Location"), calls)
		}
	}
	for _, path := range []string{"/incidents/nope/resolve", "/monitors/nope/run"} {
		before := len(s.Controls.Calls())
		if w := do(s, http.MethodPost, path, access.RoleOperator, nil); w.Code != http.StatusNotFound || len(s.Controls.Calls()) != before {
			t.Errorf("%s: %d, calls %v", path, w.Code, s.Controls.Calls())
		}
	}
}

// many watches many monitors, each of which fails now and then.
type many struct {
	web.Finder
	states    []corax.ProbeResult
	histories map[string]store.MonitorHistory
}

func (m many) States(context.Context) []corax.ProbeResult { return m.states }

func (m many) Histories(_ context.Context, from, to time.Time, step time.Duration) (map[string]store.MonitorHistory, error) {
	for i, s := range m.states {
		h := store.MonitorHistory{}
		for at := from; at.Before(to); at = at.Add(step) {
			x := store.History{At: at, Step: step}
			if n := len(h.Spans); n%7 != 3 { // and sometimes nobody looked
				for run := range 20 {
					x.Add(run < (n*i)%5, time.Duration(10+run)*time.Millisecond)
				}
			}
			h.Spans = append(h.Spans, x)
		}
		m.histories[s.Monitor] = h
	}
	return m.histories, nil
}

// The list of many monitors, none of which has a quiet history, is light, and every monitor is on one of its pages.
func TestManyMonitorsAreLight(t *testing.T) {
	const all = 60
	m := many{histories: map[string]store.MonitorHistory{}}
	for i := range all {
		s := corax.ProbeResult{Monitor: fmt.Sprintf("checkout-of-region-%02d", i), Entity: "checkout", At: webtest.Now, State: corax.MonitorUp, Message: strings.Repeat("200 in 12 ms; ", 15)}
		if i%9 == 8 {
			s.State = corax.MonitorDown
		}
		m.states = append(m.states, s)
	}
	s := site(t, webtest.Options{Empty: true, With: func(o *web.Options) { m.Finder, o.Find = o.Find, &m }})
	for _, last := range []string{"2d", "90d"} {
		seen := map[string]bool{}
		pages := 0
		for at := "/monitors?last=" + last; at != ""; pages++ {
			w := get(s, at, access.RoleAdmin)
			body := w.Body.String()
			t.Logf("%s: %d bytes", at, len(body))
			for _, wrong := range webtest.Check(body, false) { // its weight, too
				t.Errorf("%s: %s", at, wrong)
			}
			if !strings.Contains(text(t, body), "6 monitors of 60 are down") {
				t.Errorf("%s doesn't count all", at)
			}
			for _, x := range regexp.MustCompile(`href="/monitors/(checkout-of-region-\d+)"`).FindAllStringSubmatch(body, -1) {
				if seen[x[1]] {
					t.Errorf("%s is listed twice", x[1])
				}
				seen[x[1]] = true
			}
			next := regexp.MustCompile(`<a href="([^"]*)" rel="next"`).FindStringSubmatch(body)
			if at = ""; next != nil {
				at = html.UnescapeString(next[1])
			}
		}
		if len(seen) != all || pages != 2 {
			t.Errorf("the last %s: %d monitors on %d pages", last, len(seen), pages)
		}
	}
	if w := get(s, "/monitors?after=-1", access.RoleViewer); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a place that is none: status %d", w.Code)
	}
}
