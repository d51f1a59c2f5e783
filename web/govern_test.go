package web_test

import (
	"html"
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

// says fails where a page does not hold all of the texts.
func says(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			t.Errorf("the page doesn't say %q:\n%s", text, page)
		}
	}
}

// list is what a page's part "list" holds.
func list(page string) string {
	_, after, _ := strings.Cut(page, `id="list"`)
	return after
}

func TestGoverningActs(t *testing.T) {
	s := site(t, webtest.Options{})
	for name, c := range map[string]struct {
		path string
		role access.Role
		form url.Values
		to   string
		want string // of the calls; empty where it is refused
	}{
		"a cap": {"/actions/signing_key.switch/cap", access.RoleAdmin, url.Values{"class": {"service"}, "level": {"suggest"}, "reason": {"odd"}}, "/actions/signing_key.switch",
			`cap signing_key.switch on service at "suggest" by jane: odd`},
		"a cap taken off":      {"/actions/a/cap", access.RoleAdmin, url.Values{"class": {"service"}, "level": {""}}, "/actions/a", `cap a on service at "" by jane: `},
		"a cap without reason": {"/actions/a/cap", access.RoleAdmin, url.Values{"class": {"service"}, "level": {"auto"}}, "", ""},
		"a cap at no level":    {"/actions/a/cap", access.RoleAdmin, url.Values{"class": {"service"}, "level": {"most"}, "reason": {"x"}}, "", ""},
		"a silence": {"/settings/silences", access.RoleResponder, url.Values{"entity": {"auth"}, "match": {"team = shop\n\n tier=1"}, "for": {"90m"}, "reason": {"test"}},
			"/settings#silences", "silence map[entity:auth team:shop tier:1] by jane from 02:12 to 03:42: test"},
		"a maintenance window": {"/settings/silences", access.RoleResponder, url.Values{"entity": {"auth"}, "for": {"1h"}, "starts": {"2026-03-31T04:00"}, "reason": {"x"}},
			"/settings#silences", "silence map[entity:auth] by jane from 04:00 to 05:00: x"},
		"a silence of everything": {"/settings/silences", access.RoleResponder, url.Values{"for": {"1h"}, "reason": {"x"}}, "", ""},
		"a silence of no label":   {"/settings/silences", access.RoleResponder, url.Values{"match": {"shop"}, "for": {"1h"}, "reason": {"x"}}, "", ""},
		"a silence that is over":  {"/settings/silences", access.RoleResponder, url.Values{"entity": {"a"}, "for": {"1h"}, "starts": {"2026-03-01T04:00"}, "reason": {"x"}}, "", ""},
		"a silence of no length":  {"/settings/silences", access.RoleResponder, url.Values{"entity": {"a"}, "for": {"soon"}, "reason": {"x"}}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(s.Controls.Calls())
			w := do(s, http.MethodPost, c.path, c.role, c.form)
			calls := s.Controls.Calls()[before:]
			if c.want == "" {
				if w.Code != http.StatusUnprocessableEntity || len(calls) > 0 {
					t.Errorf("status %d, %q", w.Code, calls)
				}
				return
			}
			if w.Code != http.StatusSeeOther || w.Header().Get("Location") != c.to || !slices.Equal(calls, []string{c.want}) {
				t.Errorf("status %d to %s, %q, expected %q\n%s", w.Code, w.Header().Get("Location"), calls, c.want, w.Body)
			}
		})
	}
}

// What is set is seen, and what is ended is seen no more.
func TestASilenceComesAndGoes(t *testing.T) {
	s := site(t, webtest.Options{})
	do(s, http.MethodPost, "/settings/silences", access.RoleResponder, url.Values{"entity": {"order"}, "for": {"1h"}, "reason": {"a load test of our own"}})
	says(t, get(s, "/settings", access.RoleViewer).Body.String(), "a load test of our own")
	if w := do(s, http.MethodPost, "/settings/silences/sil-later/end", access.RoleResponder, nil); w.Code != http.StatusSeeOther {
		t.Fatalf("status %d", w.Code)
	}
	now, over, _ := strings.Cut(get(s, "/settings", access.RoleResponder).Body.String(), "Over (2)")
	if strings.Contains(now, "new rack") || !strings.Contains(over, "new rack") {
		t.Error("the silence that was ended still holds")
	}
	rows := list(get(s, "/audit?what=silence&who=jane", access.RoleOperator).Body.String())
	says(t, rows, "silence ended", "silence set")
}

// Windows that differ in nothing but what they match are each kept.
func TestSilencesOfTheSameTimeAreKeptApart(t *testing.T) {
	s := site(t, webtest.Options{})
	for _, entity := range []string{"order", "auth"} {
		do(s, http.MethodPost, "/settings/silences", access.RoleResponder,
			url.Values{"entity": {entity}, "for": {"1h"}, "starts": {"2026-04-30T04:00"}, "reason": {"the same window"}})
	}
	all, err := s.Store.Silences(t.Context(), time.Date(2026, 4, 30, 4, 30, 0, 0, time.UTC))
	if err != nil || len(all) != 2 {
		t.Errorf("%d silences are kept (%v): %+v", len(all), err, all)
	}
}

func TestAFaultyConfigurationSaysWhere(t *testing.T) {
	s := site(t, webtest.Options{})
	w := do(s, http.MethodPost, "/settings/reload", access.RoleAdmin, nil)
	if w.Code != http.StatusUnprocessableEntity {
		t.Errorf("status %d", w.Code)
	}
	says(t, w.Body.String(), "/etc/corax/corax.yaml:12:3", "monitors[0].http.url", "write it as https://host/path", "/etc/corax/conf.d/shop.yaml:4:1", "nothing was changed")
	if webtest.IsHostile(w.Body.String()) {
		t.Error("hostile text became markup")
	}
}

func TestDecisionsAreFound(t *testing.T) {
	s := site(t, webtest.Options{})
	for query, want := range map[string]int{"": 34, "verdict=ask": 3, "rule=reversible": 22, "action=signing_key.destroy&verdict=allow": 0, "entity=inventory": 3} {
		rows := list(get(s, "/policies/decisions?"+query, access.RoleViewer).Body.String())
		if n := strings.Count(rows, "/policies/decisions/dec-"); n != want {
			t.Errorf("%q finds %d, expected %d", query, n, want)
		}
	}
	id := s.Closed.Decisions[0].ID
	page := get(s, "/policies/decisions/"+id, access.RoleViewer).Body.String()
	says(t, page, "It can be taken back", "key_used_before_distributed", "blast.share &lt; 0.5", "analytics, inventory", "/problems/"+s.Closed.Problem.ID)
}

func TestPoliciesAreTried(t *testing.T) {
	s := site(t, webtest.Options{})
	post := func(policy, past string, status int) string {
		w := do(s, http.MethodPost, "/policies/trial", access.RoleOperator, url.Values{"policy": {policy}, "past": {past}})
		if w.Code != status {
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
		for _, wrong := range webtest.Check(w.Body.String(), false) {
			t.Error(wrong)
		}
		if webtest.IsHostile(w.Body.String()) {
			t.Error("hostile text became markup")
		}
		return w.Body.String()
	}
	says(t, post("rules: []", "5", http.StatusOK), "3 of 5 decisions would differ", "nothing-at-night", "rules: []")
	says(t, post("fault", "5", http.StatusUnprocessableEntity), "can't be used", "policy:3:7", "rules[0].when", "name it")
	if w := do(s, http.MethodPost, "/policies/trial", access.RoleResponder, nil); w.Code != http.StatusForbidden {
		t.Errorf("a responder tries: status %d", w.Code)
	}
	r := do(s, http.MethodPost, "/policies/trial", access.RoleOperator, url.Values{"policy": {strings.Repeat("x", 65<<10)}})
	if r.Code != http.StatusUnprocessableEntity {
		t.Errorf("a policy that is too long: status %d", r.Code)
	}
}

func TestTheAuditIsReadAndVerified(t *testing.T) {
	s := site(t, webtest.Options{})
	page := get(s, "/audit", access.RoleOperator).Body.String()
	says(t, html.UnescapeString(page), string(s.Governor.Key()), "up to entry", "rel=\"next\"", "kill switch thrown")
	before, _, _ := strings.Cut(page, `" rel="next"`)
	next := before[strings.LastIndex(before, `"`)+1:]
	more := get(s, strings.ReplaceAll(next, "&amp;", "&"), access.RoleOperator).Body.String()
	says(t, more, "First")
	if strings.Contains(list(more), "kill switch thrown") {
		t.Error("the second page shows what the first has")
	}
	says(t, page, "It can vouch for what was done since", "The last signed anchor is of", "Nobody has verified it")
	w := do(s, http.MethodPost, "/audit/verify", access.RoleOperator, nil)
	says(t, w.Body.String(), "Nothing was changed, cut or moved", "own signature alone")
	for _, wrong := range webtest.Check(w.Body.String(), false) {
		t.Error(wrong)
	}
	says(t, get(s, "/audit", access.RoleOperator).Body.String(), "holds", "by jane: vouched for are entries 1 to ")
	export := get(s, "/audit/export.jsonl", access.RoleOperator)
	if n := strings.Count(export.Body.String(), "\n"); n < 60 || !strings.Contains(export.Header().Get("Content-Disposition"), "corax-audit.jsonl") {
		t.Errorf("the export has %d lines, %s", n, export.Header())
	}
	if w := get(s, "/audit", access.RoleResponder); w.Code != http.StatusForbidden {
		t.Errorf("a responder reads the audit: status %d", w.Code)
	}
}

func TestTheAuditThatWasAlteredSaysSo(t *testing.T) {
	s := site(t, webtest.Options{})
	if err := s.Governor.Tamper(t.Context()); err != nil {
		t.Fatal(err)
	}
	says(t, do(s, http.MethodPost, "/audit/verify", access.RoleOperator, nil).Body.String(), "Something is wrong", "Don't restart")
	says(t, get(s, "/audit", access.RoleOperator).Body.String(), "something is wrong")
}

func TestKnowledgeIsFound(t *testing.T) {
	s := site(t, webtest.Options{})
	find := func(query string) string { return list(get(s, "/knowledge?"+query, access.RoleViewer).Body.String()) }
	says(t, find("q=unknown+kid"), "/knowledge/key_used_before_distributed")
	says(t, find("q=clock+wrong"), "/knowledge/clock_skew")
	if first := find("q=clock+skew"); strings.Index(first, "/knowledge/clock_skew") > strings.Index(first, "</td>") {
		t.Error("what is called so does not come first")
	}
	says(t, find("q=qqqqq"), "Nothing known says that")
	if rows := find("domain=identity"); strings.Contains(rows, "disk_full") || !strings.Contains(rows, "clock_skew") {
		t.Error("a field shows others' mechanisms")
	}
	says(t, find(""), "All of them, by field", `rel="next"`)
	page := get(s, "/knowledge/key_used_before_distributed", access.RoleViewer).Body.String()
	says(t, page, "/problems/"+s.Closed.Problem.ID, "Its clock is wrong", "Milder", "Said by those who trust it", "signing_key.deliver")
	if w := get(s, "/knowledge/nosuch", access.RoleViewer); w.Code != http.StatusNotFound {
		t.Errorf("no such mechanism: status %d", w.Code)
	}
}

func TestSettingsShowNoSecretAndWhereTheyComeFrom(t *testing.T) {
	s := site(t, webtest.Options{})
	page := list(get(s, "/settings/configuration?section=retention", access.RoleOperator).Body.String())
	says(t, page, "retention.size", "8.0 GiB", "corax.yaml:7")
	if strings.Contains(page, "monitors[0]") {
		t.Error("a part shows others' settings")
	}
	page = get(s, "/settings/credentials", access.RoleOperator).Body.String()
	says(t, page, "vault:agent", "actions[0].effect.http.token", "for action signing_key.reactivate", "vault:spare", "not in the vault")
	if w := get(s, "/settings/configuration", access.RoleResponder); w.Code != http.StatusForbidden {
		t.Errorf("a responder reads the configuration: status %d", w.Code)
	}
}

// Where people are reached is told to those who may call them.
func TestAddressesOfPeople(t *testing.T) {
	s := site(t, webtest.Options{})
	for role, told := range map[access.Role]bool{access.RoleViewer: false, access.RoleResponder: true} {
		text := get(s, "/settings/people", role).Body.String()
		if !strings.Contains(text, "jane") || strings.Contains(text, "jane@example.com") != told {
			t.Errorf("a %s is told the address: %t", role, !told)
		}
	}
}

// Who sees some entities is told of these alone, and may silence these alone.
func TestGoverningKeepsToTheScope(t *testing.T) {
	s := site(t, webtest.Options{})
	who := func(ids ...string) access.Principal {
		return access.Principal{Name: "kim", Role: access.RoleOperator, Via: corax.ViaSession, Scopes: []access.Scope{{{IDs: ids}}}}
	}
	ask := func(method, path string, form url.Values) *httptest.ResponseRecorder {
		return as(s, who("inventory", "order"), method, path, form)
	}
	// A problem is seen whole by those who see one of its entities, and so is what was decided about it.
	if rows := list(ask(http.MethodGet, "/policies/decisions", nil).Body.String()); !strings.Contains(rows, ">inventory<") {
		t.Errorf("decisions: %s", rows)
	}
	hidden, elsewhere := "/policies/decisions/"+s.Closed.Decisions[0].ID, who("printer")
	if rows := list(as(s, elsewhere, http.MethodGet, "/policies/decisions", nil).Body.String()); strings.Contains(rows, "/policies/decisions/dec-") {
		t.Errorf("decisions about what is not seen: %s", rows)
	}
	if w := as(s, elsewhere, http.MethodGet, hidden, nil); w.Code != http.StatusNotFound {
		t.Errorf("a decision about what is not seen: status %d", w.Code)
	}
	for path, want := range map[string]int{hidden: http.StatusOK, "/audit": http.StatusForbidden, "/audit/export.jsonl": http.StatusForbidden,
		"/actions": http.StatusForbidden, "/actions/signing_key.reactivate": http.StatusForbidden, "/policies": http.StatusForbidden, "/policies/trial": http.StatusForbidden,
		"/policies/decisions": http.StatusOK, "/settings/configuration": http.StatusForbidden, "/settings/credentials": http.StatusForbidden, "/settings/people": http.StatusForbidden, "/health": http.StatusForbidden, "/settings": http.StatusOK} {
		if w := ask(http.MethodGet, path, nil); w.Code != want {
			t.Errorf("%s: status %d, expected %d", path, w.Code, want)
		}
	}
	for _, path := range []string{"/policies/decisions", hidden} {
		if text := ask(http.MethodGet, path, nil).Body.String(); strings.Contains(text, `href="/policies"`) || strings.Contains(text, `href="/actions`) {
			t.Errorf("%s leads to what is refused", path)
		}
	}
	page := ask(http.MethodGet, "/settings", nil).Body.String()
	if strings.Contains(page, "disk is being exchanged") || !strings.Contains(page, "new rack") || strings.Contains(page, "sil-later/end") || !strings.Contains(page, "load test") {
		t.Errorf("switches and silences: %s", page)
	}
	for match, want := range map[string]int{"entity=order": http.StatusSeeOther, "entity=auth": http.StatusForbidden, "match=team%3Dshop": http.StatusForbidden} {
		form, err := url.ParseQuery(match + "&for=1h&reason=x")
		if err != nil {
			t.Fatal(err)
		}
		if w := ask(http.MethodPost, "/settings/silences", form); w.Code != want {
			t.Errorf("a silence of %s: status %d, expected %d", match, w.Code, want)
		}
	}
	if w := ask(http.MethodPost, "/settings/silences/sil-now/end", nil); w.Code != http.StatusNotFound {
		t.Errorf("the end of a silence that is not seen: status %d", w.Code)
	}
}
