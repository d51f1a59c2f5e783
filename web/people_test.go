package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"corax"
	"corax/access"
	"corax/web/webtest"
)

// as does something as a person, who may be limited to some entities.
func operator(name string) access.Principal {
	return access.Principal{Name: name, Role: access.RoleOperator, Via: corax.ViaSession, Session: "ses-" + name}
}

// What can't be undone takes two people: the one who has said yes already is told so and isn't offered it again, and another one decides.
func TestTwoPeopleApprove(t *testing.T) {
	s := site(t, webtest.Options{})
	path := "/approvals/" + s.Waiting.Approvals[0].ID
	again := as(s, operator("paul"), http.MethodGet, path, nil).Body.String()
	if !strings.Contains(again, "Paul has said yes already") || strings.Contains(again, `value="allow"`) || !strings.Contains(again, `value="deny"`) {
		t.Errorf("who has said yes is offered it again:\n%s", again)
	}
	if w := as(s, operator("paul"), http.MethodPost, path+"/answer", url.Values{"verdict": {"allow"}}); w.Code != http.StatusConflict {
		t.Errorf("a second yes of one person: status %d", w.Code)
	}
	if w := as(s, operator("jane"), http.MethodPost, path+"/answer", url.Values{"verdict": {"perhaps"}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("neither yes nor no: status %d", w.Code)
	}
	if w := as(s, operator("jane"), http.MethodPost, path+"/answer", url.Values{"verdict": {"allow"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	a, err := s.Store.Approval(t.Context(), s.Waiting.Approvals[0].ID)
	if err != nil || a.Answer != corax.Allow || a.By != "paul and jane" {
		t.Errorf("got %s by %q, %v", a.Answer, a.By, err)
	}
	if text := as(s, operator("jane"), http.MethodGet, path, nil).Body.String(); !strings.Contains(text, "allowed") || strings.Contains(text, `value="deny"`) {
		t.Error("a decided request is still offered")
	}
}

// Who is limited to some entities sees and does nothing about others.
func TestPeoplePagesKeepToTheScope(t *testing.T) {
	s := site(t, webtest.Options{})
	who := operator("kim")
	who.Scopes = []access.Scope{{{Labels: map[string]string{"site": "berlin"}}}}
	for path, want := range map[string]int{
		"/approvals/" + s.Waiting.Approvals[0].ID: http.StatusNotFound, "/orders/wo-accepted": http.StatusOK, "/orders/wo-open": http.StatusNotFound,
		"/notifications/pag-open": http.StatusNotFound, "/notifications": http.StatusOK, "/sites": http.StatusOK,
		"/entities/auth": http.StatusNotFound, "/entities/host-a": http.StatusOK, "/entities/auth-db": http.StatusOK,
	} {
		if w := as(s, who, http.MethodGet, path, nil); w.Code != want {
			t.Errorf("%s: status %d, want %d", path, w.Code, want)
		}
	}
	for path, forbidden := range map[string][]string{
		"/topology": {">payment<", "signing-key"}, "/notifications": {"pag-open", "Jane Roe", "jane@example.org", "grave", "Send a test"}, "/sites": {"wo-open", "&lt;"}, "/approvals": {s.Waiting.Approvals[0].ID}, "/entities/auth-db": {"/entities/auth\""},
	} {
		text := as(s, who, http.MethodGet, path, nil).Body.String()
		for _, f := range forbidden {
			if strings.Contains(text, f) {
				t.Errorf("%s shows %s", path, f)
			}
		}
	}
	for path, form := range map[string]url.Values{
		"/stops": {"reason": {"x"}}, "/stops/clear": {"scope": {"auth"}}, "/emergencies": {"scope": {"auth"}, "reason": {"x"}, "length": {"1h"}}, "/emergencies/end": {"id": {"brk-1"}},
		"/approvals/" + s.Waiting.Approvals[0].ID + "/answer": {"verdict": {"deny"}}, "/orders/wo-open/answer": {"answer": {"accept"}}, "/notifications/pag-open/acknowledge": nil, "/notifications/test": {"contact": {"jane"}},
	} {
		if w := as(s, who, http.MethodPost, path, form); w.Code != http.StatusForbidden && w.Code != http.StatusNotFound {
			t.Errorf("%s: status %d", path, w.Code)
		}
	}
}

// Who sees a problem sees who was told of it, and may say that they are on it; and the sites where something of theirs stands.
func TestWhoHasAScopeIsToldOfTheirs(t *testing.T) {
	s := site(t, webtest.Options{})
	who := operator("kim")
	who.Scopes = []access.Scope{{{IDs: []string{"auth", "host-a"}}}}
	for path, c := range map[string]struct{ shows, hides []string }{
		"/notifications":          {[]string{"/notifications/pag-open", "/notifications/pag-over"}, []string{"Who can be reached", "Who is told of what", "Send a test"}},
		"/notifications/pag-open": {[]string{"250 ok"}, nil},
		"/sites":                  {[]string{"Berlin, hall 2", "Host A", "wo-accepted"}, []string{"core-switch", "wo-over"}},
	} {
		text := as(s, who, http.MethodGet, path, nil).Body.String()
		for _, want := range c.shows {
			if !strings.Contains(text, want) {
				t.Errorf("%s doesn't show %s", path, want)
			}
		}
		for _, other := range c.hides {
			if strings.Contains(text, other) {
				t.Errorf("%s shows %s", path, other)
			}
		}
		for _, wrong := range webtest.Check(text, false) {
			t.Errorf("%s: %s", path, wrong)
		}
	}
	if w := as(s, who, http.MethodPost, "/notifications/pag-open/acknowledge", nil); w.Code != http.StatusSeeOther || !slices.Equal(s.Controls.Calls(), []string{"acknowledge page pag-open by kim"}) {
		t.Errorf("status %d, %q", w.Code, s.Controls.Calls())
	}
}

func TestOrdersAndTestsReachTheControls(t *testing.T) {
	s := site(t, webtest.Options{})
	responder := access.Principal{Name: "kim", Role: access.RoleResponder, Via: corax.ViaSession, Session: "ses-kim"}
	for _, step := range []struct {
		path   string
		form   url.Values
		status int
	}{
		{"/orders/wo-accepted/answer", url.Values{"answer": {"done"}}, http.StatusSeeOther},
		{"/orders/wo-accepted/answer", url.Values{"answer": {"cannot"}, "reason": {"no spare"}}, http.StatusSeeOther},
		{"/orders/wo-accepted/answer", url.Values{"answer": {"cancel"}}, http.StatusUnprocessableEntity}, // that takes an operator
		{"/orders/wo-accepted/cancel", nil, http.StatusForbidden},
		{"/notifications/test", url.Values{"contact": {"jane", "duty"}}, http.StatusSeeOther},
		{"/notifications/pag-open/acknowledge", nil, http.StatusSeeOther},
		{"/stops", url.Values{"reason": {"x"}}, http.StatusForbidden},
	} {
		if w := as(s, responder, http.MethodPost, step.path, step.form); w.Code != step.status {
			t.Errorf("%s %v: status %d, want %d", step.path, step.form, w.Code, step.status)
		}
	}
	want := []string{"done wo-accepted by kim: ", "cannot wo-accepted by kim: no spare", "test [jane duty] by kim", "acknowledge page pag-open by kim"}
	if got := s.Controls.Calls(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestStopsAndEmergencies(t *testing.T) {
	s := site(t, webtest.Options{})
	jane := operator("jane")
	post := func(path string, form url.Values, status int) {
		t.Helper()
		if w := as(s, jane, http.MethodPost, path, form); w.Code != status {
			t.Errorf("%s %v: status %d, want %d: %s", path, form, w.Code, status, w.Body)
		}
	}
	post("/stops", url.Values{"scope": {""}}, http.StatusUnprocessableEntity) // nobody would know why
	post("/stops", url.Values{"reason": {"a bad deploy"}}, http.StatusSeeOther)
	if text := as(s, jane, http.MethodGet, "/approvals", nil).Body.String(); !strings.Contains(text, "All actions are stopped") || !strings.Contains(text, "a bad deploy") {
		t.Error("a thrown switch isn't shown")
	}
	post("/stops/clear", url.Values{"scope": {""}}, http.StatusSeeOther)
	post("/emergencies", url.Values{"scope": {"auth"}, "reason": {"all is lost"}, "length": {"48h"}}, http.StatusUnprocessableEntity)
	post("/emergencies", url.Values{"scope": {"auth"}, "reason": {"all is lost"}, "length": {"1h"}}, http.StatusSeeOther)
	post("/emergencies/end", url.Values{"id": {"brk-1"}}, http.StatusSeeOther)
	post("/emergencies/end", url.Values{"id": {"brk-1"}}, http.StatusNotFound) // it is over
	text := as(s, jane, http.MethodGet, "/approvals", nil).Body.String()
	if strings.Contains(text, "All actions are stopped") || !strings.Contains(text, "all is lost") || strings.Contains(text, "nobody can log in") {
		t.Error("the switches that are shown aren't those in force")
	}
}

func TestTopologyFilters(t *testing.T) {
	s := site(t, webtest.Options{})
	for query, want := range map[string]struct{ in, out string }{
		"":                                   {">payment<", "Nothing matches"},
		"?q=PAY":                             {">payment<", ">shipping<"},
		"?kind=database":                     {">auth-db<", ">payment<"},
		"?label=site%3Dberlin":               {"Host A", ">payment<"},
		"?state=unmeasured":                  {">auth-db<", `href="/entities/auth"`},
		"?edges=declared":                    {"d-edge", "d-learned"},
		"?edges=learned":                     {"d-learned", "auth-db runs on"},
		"?around=core-switch":                {"Host A", `d-label" x="35" y="18">payment`},
		"?q=nothing+is+called+so":            {"Nothing matches", "<svg xmlns"},
		"?region=map&kind=client":            {">traffic<", "<html"},
		"?group=lab&open=%3Cscript%3Ealert(": {">payment<", "<script>alert("},
	} {
		text := get(s, "/topology"+query, access.RoleViewer).Body.String()
		if !strings.Contains(text, want.in) || strings.Contains(text, want.out) {
			t.Errorf("%s: holds %q %v (want it), %q %v (not)", query, want.in, strings.Contains(text, want.in), want.out, strings.Contains(text, want.out))
		}
	}
}

// Addresses of people are for those who may call them, and attributes of entities for those who act on them.
func TestWhoOnlyLooksSeesNoAddresses(t *testing.T) {
	s := site(t, webtest.Options{})
	for _, c := range []struct {
		path, text string
		sees, not  access.Role
	}{
		{"/notifications", "jane@example.org", access.RoleResponder, access.RoleViewer},
		{"/notifications/pag-open", "jane@example.org", access.RoleResponder, access.RoleViewer},
		{"/entities/auth", "admin_url", access.RoleOperator, access.RoleResponder},
	} {
		if !strings.Contains(get(s, c.path, c.sees).Body.String(), c.text) || strings.Contains(get(s, c.path, c.not).Body.String(), c.text) {
			t.Errorf("%s: %q is for %s and not for %s", c.path, c.text, c.sees, c.not)
		}
	}
}
