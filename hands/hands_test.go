package hands

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"corax"
	"corax/notify/link"
)

func TestTheLadderIsClimbed(t *testing.T) {
	d := newDesk(t)
	o := d.order()
	d.is(o.ID, corax.WorkContacting, "ada offer")
	if u := d.crier.said[d.crier.order[0]]; len(u.kinds) != 1 || u.kinds[0] != "call" {
		t.Errorf("by %v", u.kinds)
	}
	d.pass(5*time.Minute - time.Second)
	d.is(o.ID, corax.WorkContacting, "ada offer")
	d.restart()
	d.pass(time.Second)
	d.is(o.ID, corax.WorkContacting, "ada offer", "ada offer")
	d.pass(5 * time.Minute)
	d.is(o.ID, corax.WorkContacting, "ada offer", "ada offer", "bob offer")
	d.pass(10 * time.Minute)
	if len(d.crier.people) != 1 || !strings.Contains(d.crier.people[0], "nobody has answered yet") {
		t.Errorf("people: %q", d.crier.people)
	}
	d.pass(39 * time.Minute)
	d.is(o.ID, corax.WorkContacting)
	d.pass(time.Minute)
	d.is(o.ID, corax.WorkExpired, "ada offer", "ada offer", "bob offer", "ada over", "bob over")
	if len(d.crier.people) != 2 || !strings.Contains(d.crier.people[1], "has accepted") {
		t.Errorf("people: %q", d.crier.people)
	}
	if _, err := d.Answer(t.Context(), o.ID, Accept, "bob", ""); corax.CodeOf(err) != corax.Conflict || !strings.Contains(err.Error(), "nobody has accepted by") {
		t.Errorf("an answer that comes too late: %v", err)
	}
	if again, err := d.Order(t.Context(), plan(), problem()); err != nil || again.State != corax.WorkExpired {
		t.Errorf("the same plan makes %v, %v", again.State, err)
	}
}

func TestWorkThatIsDoneIsVerified(t *testing.T) {
	d := newDesk(t)
	o := d.order()
	o = d.answers(o.ID, Accept, "ada")
	if o.DoneBy == nil || !o.DoneBy.Equal(begin.Add(4*time.Hour)) || o.By != "ada" {
		t.Errorf("%+v", o)
	}
	if _, err := d.Answer(t.Context(), o.ID, Accept, "bob", ""); corax.CodeOf(err) != corax.Conflict || !strings.Contains(err.Error(), "ada has it") {
		t.Errorf("a second one: %v", err)
	}
	d.answers(o.ID, Begin, "ada")
	d.is(o.ID, corax.WorkInProgress)
	d.answers(o.ID, Done, "ada")
	d.is(o.ID, corax.WorkClaimed)
	d.pass(30 * time.Second)
	d.is(o.ID, corax.WorkClaimed)
	d.green = true
	d.pass(0)
	d.pass(4 * time.Second)
	d.is(o.ID, corax.WorkClaimed)
	d.green = false // a moment of red, and the time begins anew
	d.pass(500 * time.Millisecond)
	d.green = true
	d.pass(500 * time.Millisecond)
	d.pass(4 * time.Second)
	d.is(o.ID, corax.WorkClaimed)
	d.pass(time.Second)
	d.is(o.ID, corax.WorkVerified, "ada offer", "ada accepted", "ada verified")
	if len(d.crier.people) > 0 {
		t.Errorf("people were told: %q", d.crier.people)
	}
}

func TestDoneIsNotBelievedWhileMonitorsAreRed(t *testing.T) {
	d := newDesk(t)
	o := d.order()
	d.answers(o.ID, Accept, "ada")
	for n := range mostReopened {
		d.answers(o.ID, Done, "ada")
		d.pass(time.Minute)
		d.is(o.ID, corax.WorkInProgress)
		if got := d.get(o.ID); got.Reopened != n+1 || !strings.Contains(got.Why, "sw-1-ping is down") {
			t.Errorf("%+v", got)
		}
		if len(d.crier.people) != 1 || !strings.Contains(d.crier.people[0], "ada says that") {
			t.Errorf("people: %q", d.crier.people)
		}
	}
	d.answers(o.ID, Done, "ada")
	d.pass(time.Minute)
	d.is(o.ID, corax.WorkFailed, "ada offer", "ada accepted", "ada reopened", "ada reopened", "ada over")
	if len(d.crier.people) != 2 {
		t.Errorf("people: %q", d.crier.people)
	}
}

func TestWhoCanNotIsPassedOver(t *testing.T) {
	d := newDesk(t)
	o := d.order()
	d.answers(o.ID, Cannot, "ada")
	d.is(o.ID, corax.WorkContacting, "ada offer", "bob offer") // at once, and ada's text message is left out
	d.answers(o.ID, Accept, "bob")
	d.answers(o.ID, Cannot, "bob")
	d.is(o.ID, corax.WorkDeclined)
	if n := len(d.crier.people); n != 2 || !strings.Contains(d.crier.people[n-1], "ada, bob said so") {
		t.Errorf("people: %q", d.crier.people)
	}
}

func TestWorkThatIsLate(t *testing.T) {
	d := newDesk(t)
	o := d.order()
	d.answers(o.ID, Accept, "ada")
	d.pass(4 * time.Hour)
	d.is(o.ID, corax.WorkAccepted, "ada offer", "ada accepted", "ada remind")
	if got := d.get(o.ID); !got.Late || len(d.crier.people) != 1 || !strings.Contains(d.crier.people[0], "is late: ada has it") {
		t.Errorf("%+v %q", got, d.crier.people)
	}
	d.pass(4 * time.Hour)
	d.is(o.ID, corax.WorkExpired)
	if len(d.crier.people) != 2 {
		t.Errorf("people: %q", d.crier.people)
	}
}

func TestWorkThatIsNotNeededAnyMore(t *testing.T) {
	d := newDesk(t)
	o := d.order()
	d.answers(o.ID, Accept, "ada")
	d.shelf.problem.State = corax.ProblemResolved
	d.pass(time.Second)
	d.is(o.ID, corax.WorkCancelled, "ada offer", "ada accepted", "ada over")

	d = newDesk(t)
	o = d.order()
	d.answers(o.ID, Cancel, "eve")
	d.is(o.ID, corax.WorkCancelled, "ada offer", "ada over")

	d = newDesk(t)
	o = d.order()
	for range 2 {
		if err := d.Withdraw(t.Context(), o.Plan, "the plan was withdrawn"); err != nil {
			t.Fatal(err)
		}
	}
	d.pass(0)
	d.is(o.ID, corax.WorkCancelled, "ada offer", "ada over")
}

func TestWhoIsOffDutyIsNotAsked(t *testing.T) {
	d := newDesk(t)
	d.settings.People.Contacts[0].Hours = []string{"Sat 00:00-24:00"}
	o := d.order()
	d.is(o.ID, corax.WorkContacting, "bob offer")
	d.settings.Sites = nil // taken out of the configuration meanwhile
	d.pass(2 * time.Hour)
	d.is(o.ID, corax.WorkExpired)
}

func TestAnEntityWithoutAPlaceHasNoOrder(t *testing.T) {
	d := newDesk(t)
	p := problem()
	p.Diagnosis.RootCause.Entity = "elsewhere"
	if _, err := d.Order(t.Context(), plan(), p); corax.CodeOf(err) != corax.NotFound {
		t.Errorf("%v", err)
	}
	if d.Can("elsewhere") || !d.Can("sw-1") {
		t.Error("who can be asked is wrong")
	}
}

func TestTheOrderSaysWhatIsNeededInFrontOfTheRack(t *testing.T) {
	d := newDesk(t)
	o := d.order()
	d.answers(o.ID, Cannot, "ada")
	en, de := d.crier.said[d.crier.order[0]].notice, d.crier.said[d.crier.order[1]].notice
	for _, want := range []string{"Rack R07", "Unit U12", "Room 2.14", "Marked A-1234", "Frankfurt 1, Hanauer Landstr. 1", "1. Replace the optic in port 7 of sw-1",
		"   Before: port 7 is dark", "   Then: its light is green", "   If it goes wrong: put the old optic back", "2. Check the cable", "DO NOT TOUCH",
		"- the blue cable", "- the red switches", "- sw-2 U13", "sw-1, shop", "- Wear a strap", "- Ring at gate 2", "Questions: +49 69 1", "corax hands accept|done|cannot " + o.ID,
		"Please answer by 2026-11-27 13:00 UTC"} {
		if !strings.Contains(en.Text, want) {
			t.Errorf("%q is not in\n%s", want, en.Text)
		}
	}
	if strings.Contains(en.Text, "sw-3") {
		t.Error("another rack's unit is in it")
	}
	for _, want := range []string{"Können Sie diese Arbeit übernehmen?", "Schrank R07", "NICHT ANFASSEN", "   Danach: its light is green", "SO WIRD GEPRÜFT"} {
		if !strings.Contains(de.Text, want) {
			t.Errorf("%q is not in\n%s", want, de.Text)
		}
	}
	if len([]rune(en.Short)) > maxShort || !strings.Contains(en.Short, o.ID) || !strings.Contains(en.Short, "Rack R07") || strings.Contains(en.Short, "\n") {
		t.Errorf("short: %q", en.Short)
	}
	if !strings.Contains(en.Speech, "a work order for sw-1 at Frankfurt 1") || !strings.Contains(en.Speech, "Rack R07") || !strings.Contains(en.Keys, "Press 1") {
		t.Errorf("speech: %q %q", en.Speech, en.Keys)
	}
	if !strings.Contains(de.Speech, "Arbeitsauftrag für sw-1 am Standort Frankfurt 1") || !strings.Contains(de.Keys, "Drücken Sie 1") || de.Lang != "de" {
		t.Errorf("speech: %q %q", de.Speech, de.Keys)
	}
	if strings.Contains(en.Speech+de.Speech+en.Short, "%!") || strings.Contains(en.Text+de.Text, "%!") {
		t.Error("a format is wrong")
	}
	if !strings.Contains(string(en.Data), `"rack":"R07"`) || strings.Contains(string(en.Data), `"spent"`) {
		t.Errorf("data: %s", en.Data)
	}
}

func TestEveryUtteranceHasWordsInEveryLanguage(t *testing.T) {
	d := newDesk(t)
	o := d.order()
	for lang := range languages {
		for _, k := range []corax.UtteranceKind{corax.SayOffer, corax.SayAccepted, corax.SayRemind, corax.SayReopened, corax.SayVerified, corax.SayOver} {
			n := compose(o, corax.Utterance{ID: "u", Kind: k, Text: "added 50 %d"}, lang)
			for what, text := range map[string]string{"text": n.Text, "short": n.Short, "speech": n.Speech} {
				if text == "" || strings.Contains(text, "%!") || strings.Contains(text, "%[") {
					t.Errorf("%s %s %s: %q", lang, k, what, text)
				}
			}
			if (n.Offers != "") != (n.Keys != "") {
				t.Errorf("%s %s: offers %q, keys %q", lang, k, n.Offers, n.Keys)
			}
		}
	}
}

func TestHostileNamesStayText(t *testing.T) {
	d := newDesk(t)
	p := plan()
	p.Steps[0].Do = "Pull\r\n99. everything <script>alert(1)</script>"
	q := problem()
	q.Diagnosis.RootCause.Summary = "x\r\nBcc: eve@example.org"
	o, err := d.Order(t.Context(), p, q)
	if err != nil {
		t.Fatal(err)
	}
	d.pass(0)
	n := d.crier.said[d.crier.order[0]].notice
	if strings.Contains(n.Text, "\n99.") || strings.ContainsAny(n.Short+n.Speech+title(o), "\r\n") {
		t.Errorf("%q\n%q\n%q", n.Text, n.Short, n.Speech)
	}
	_, text := d.visit(t, http.MethodGet, link.Grant{Purpose: PurposeOffer, Subject: o.ID, By: "ada", Expires: begin.Add(time.Hour)}, nil)
	if strings.Contains(text, "<script>alert") {
		t.Errorf("a page holds a script:\n%s", text)
	}
}

func (d *desk) visit(t *testing.T, method string, g link.Grant, form url.Values) (int, string) {
	t.Helper()
	pages := link.Pages{Signer: d.o.Links, Purposes: d.Purposes(), Clock: d.o.Clock, Log: d.o.Log}
	req := httptest.NewRequest(method, link.Path+d.o.Links.Sign(g), strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	pages.ServeHTTP(w, req)
	d.pass(0)
	return w.Code, w.Body.String()
}

func TestAnswersByLink(t *testing.T) {
	d := newDesk(t)
	o := d.order()
	offer := link.Grant{Purpose: PurposeOffer, Subject: o.ID, By: "ada", Expires: begin.Add(time.Hour)}
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		if status, _ := d.visit(t, method, offer, nil); status != 200 {
			t.Errorf("%s: %d", method, status)
		}
	}
	d.is(o.ID, corax.WorkContacting)
	if status, _ := d.visit(t, http.MethodPost, offer, url.Values{"do": {"done"}}); status != 422 {
		t.Errorf("an offer's link is used for done: %d", status)
	}
	status, text := d.visit(t, http.MethodPost, offer, url.Values{"do": {"accept"}})
	if status != 200 || !strings.Contains(text, "Thank you") || !strings.Contains(text, "Open this when it is done") {
		t.Errorf("%d %s", status, text)
	}
	d.is(o.ID, corax.WorkAccepted)
	if status, _ := d.visit(t, http.MethodPost, offer, url.Values{"do": {"cannot"}}); status != 409 {
		t.Errorf("a link is used twice: %d", status)
	}
	work := link.Grant{Purpose: PurposeWork, Subject: o.ID, By: "ada", Expires: begin.Add(time.Hour)}
	other := work
	other.By = "bob"
	if status, _ := d.visit(t, http.MethodPost, other, url.Values{"do": {"done"}}); status != 409 {
		t.Errorf("bob says that ada is done: %d", status)
	}
	if status, _ := d.visit(t, http.MethodPost, work, url.Values{"do": {"done"}, "note": {"port 7 was full of dust"}}); status != 200 {
		t.Errorf("%d", status)
	}
	d.is(o.ID, corax.WorkClaimed)
	if got := d.get(o.ID); !strings.Contains(got.Why, "full of dust") || len(got.Spent) != 2 {
		t.Errorf("%+v", got)
	}
	if status, _ := d.visit(t, http.MethodPost, work, url.Values{"do": {"cancel"}}); status != 422 {
		t.Errorf("a link cancels: %d", status)
	}
}

// The keys of a call do what the buttons of its link do: 1 takes the order, then says that it is done; 2 passes it on.
func TestKeysOfACall(t *testing.T) {
	press := func(d *desk, purpose, order, by, key string) link.View {
		t.Helper()
		g := link.Grant{Purpose: purpose, Subject: order, By: by, Expires: d.now.Add(time.Hour)}
		v, err := d.Purposes()[purpose].Show(t.Context(), g)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(v.Buttons, func(b link.Button) bool { return b.Key == key })
		if i < 0 {
			t.Fatalf("key %s of %s: %+v", key, purpose, v.Buttons)
		}
		if v, err = d.Purposes()[purpose].Act(t.Context(), g, v.Buttons[i].Do, ""); err != nil {
			t.Fatal(err)
		}
		d.pass(0)
		return v
	}
	d := newDesk(t)
	o := d.order()
	press(d, PurposeOffer, o.ID, "ada", "2")
	d.is(o.ID, corax.WorkContacting, "ada offer", "bob offer")
	if v := press(d, PurposeOffer, o.ID, "bob", "1"); v.Language != "de" {
		t.Errorf("bob hears %q", v.Title)
	}
	d.is(o.ID, corax.WorkAccepted)
	press(d, PurposeWork, o.ID, "bob", "1")
	d.is(o.ID, corax.WorkClaimed)
	d.green = true
	d.pass(0)
	d.pass(5 * time.Second)
	d.is(o.ID, corax.WorkVerified)
}
