package notify

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"corax"
	"corax/config"
	"corax/vault"

	"pgregory.net/rapid"
)

func TestOneProblemIsOnePage(t *testing.T) {
	b := newBench(t)
	p := b.problem("prb-1", "auth", corax.High, nil)
	b.look()
	b.look()
	b.arrived("ada", "opened")
	if err := b.Escalate(t.Context(), p, "The plan stopped."); err != nil {
		t.Fatal(err)
	}
	b.look()
	if err := b.Escalate(t.Context(), p, "The plan stopped."); err != nil { // said twice, told once
		t.Fatal(err)
	}
	b.look()
	b.problem("prb-1", "auth", corax.High, func(p *corax.Problem) { p.State = corax.ProblemHealed })
	b.look()
	b.problem("prb-1", "auth", corax.High, func(p *corax.Problem) { p.State = corax.ProblemClosed })
	b.look()
	b.look()
	b.arrived("ada", "opened", "escalated", "healed", "closed")
	b.arrived("bob")
	page := b.page("prb-1")
	if page.State != corax.PageEnded || page.Next != nil || page.Route != "all" {
		t.Errorf("%+v", page)
	}
	for i, d := range page.Deliveries {
		if d.First != (i == 0) || d.State != corax.DeliverySent || d.Attempts != 1 {
			t.Errorf("delivery %d: %+v", i, d)
		}
	}
	b.pass(time.Hour)
	b.arrived("bob")
}

func TestNobodyAnswersSoTheNextIsTold(t *testing.T) {
	b := newBench(t)
	b.settings.Routes[0].Rounds = 2
	b.problem("prb-1", "auth", corax.High, nil)
	if next := b.look(); !next.Equal(start.Add(5 * time.Minute)) {
		t.Errorf("next: %v", next)
	}
	b.pass(5*time.Minute - time.Second)
	b.arrived("bob")
	b.restart() // the wait is kept
	b.pass(time.Second)
	b.arrived("bob", "opened")
	b.pass(10 * time.Minute)
	b.arrived("ada", "opened", "opened")
	b.pass(5 * time.Minute)
	b.arrived("bob", "opened", "opened")
	b.pass(10 * time.Minute)
	b.pass(24 * time.Hour)
	b.arrived("ada", "opened", "opened")
	if p := b.page("prb-1"); p.Next != nil || p.State != corax.PageOpen {
		t.Errorf("%+v", p)
	}
}

func TestAnAcknowledgementEndsTheWaking(t *testing.T) {
	b := newBench(t)
	p := b.problem("prb-1", "auth", corax.High, nil)
	b.look()
	if _, err := b.Ack(t.Context(), "prb-1", "ada"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Ack(t.Context(), PageOf("prb-1"), "bob"); corax.CodeOf(err) != corax.Conflict || !strings.Contains(err.Error(), "ada is on it") {
		t.Errorf("a second time: %v", err)
	}
	b.pass(time.Hour)
	b.arrived("bob")
	if err := b.Escalate(t.Context(), p, "More is known."); err != nil {
		t.Fatal(err)
	}
	b.pass(time.Hour)
	b.arrived("ada", "opened", "escalated")
	b.arrived("bob")
	if _, err := b.Ack(t.Context(), "prb-2", "ada"); corax.CodeOf(err) != corax.NotFound {
		t.Errorf("no page: %v", err)
	}
}

func TestRoutes(t *testing.T) {
	for _, c := range []struct {
		name     string
		routes   []config.Route
		entity   string
		severity corax.Severity
		at       string
		who      string
	}{
		{"by id", []config.Route{{Name: "1", Match: corax.Selector{IDs: []string{"db"}}, Steps: steps("ada")}, {Name: "2", Steps: steps("bob")}}, "db", corax.Low, "", "ada"},
		{"by kind", []config.Route{{Name: "1", Match: corax.Selector{Kinds: []string{"database"}}, Steps: steps("ada")}, {Name: "2", Steps: steps("bob")}}, "auth", corax.Low, "", "bob"},
		{"by label", []config.Route{{Name: "1", Match: corax.Selector{Labels: map[string]string{"team": "platform"}}, Steps: steps("ada")}}, "auth", corax.Low, "", "ada"},
		{"what the topology lacks", []config.Route{{Name: "1", Match: corax.Selector{IDs: []string{"x"}}, Steps: steps("ada")}}, "x", corax.Low, "", "ada"},
		{"severity", []config.Route{{Name: "1", AtLeast: corax.High, Steps: steps("ada")}, {Name: "2", Steps: steps("bob")}}, "db", corax.Medium, "", "bob"},
		{"in hours", []config.Route{{Name: "1", Hours: []string{"Fri 13:00-14:00"}, TimeZone: "Europe/Berlin", Steps: steps("ada")}}, "db", corax.Low, "", "ada"},
		{"out of hours", []config.Route{{Name: "1", Hours: []string{"Fri 13:00-14:00"}, Steps: steps("ada")}, {Name: "2", Steps: steps("bob")}}, "db", corax.Low, "", "bob"},
		{"none", []config.Route{{Name: "1", AtLeast: corax.High, Steps: steps("ada")}}, "db", corax.Medium, "", ""},
		{"on escalation", []config.Route{{Name: "1", On: config.OnEscalated, Steps: steps("ada")}}, "db", corax.Medium, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.settings.Routes = c.routes
			for i := range b.settings.Routes {
				b.settings.Routes[i].Rounds = 1
			}
			b.problem("prb-1", c.entity, c.severity, nil)
			b.look()
			for _, who := range []string{"ada", "bob", "cat"} {
				want := 0
				if who == c.who {
					want = 1
				}
				if got := len(b.inbox.at("/" + who)); got != want {
					t.Errorf("%s was told %d times, want %d", who, got, want)
				}
			}
		})
	}
}

func steps(contacts ...string) []config.RouteStep {
	return []config.RouteStep{{Contacts: contacts, Wait: 5 * time.Minute}}
}

func TestWhoIsOffDutyIsPassedOver(t *testing.T) {
	b := newBench(t)
	b.settings.Contacts[0].Hours = []string{"Sat 00:00-24:00"}
	b.problem("prb-1", "auth", corax.High, nil)
	b.look()
	b.arrived("ada")
	b.arrived("bob", "opened")
	b.settings.Contacts[1].Hours = b.settings.Contacts[0].Hours
	b.problem("prb-2", "db", corax.High, nil)
	b.look()
	b.arrived("ada", "opened") // nobody is on duty: better the wrong one than none
}

func TestASeverityThatRisesWakesWhoItIsFor(t *testing.T) {
	b := newBench(t)
	b.settings.Routes = []config.Route{
		{Name: "critical", AtLeast: corax.Critical, Rounds: 1, Steps: steps("bob")}, {Name: "rest", Rounds: 1, Steps: steps("ada")},
	}
	b.problem("prb-1", "auth", corax.Medium, nil)
	b.look()
	b.problem("prb-1", "auth", corax.Medium, func(p *corax.Problem) { p.Diagnosis.Severity = corax.Critical })
	b.look()
	b.look()
	b.arrived("ada", "opened", "worse")
	b.arrived("bob", "worse")
}

func TestEscalationsOnly(t *testing.T) {
	b := newBench(t)
	b.settings.Routes[0].On = config.OnEscalated
	b.problem("prb-1", "auth", corax.High, nil)
	b.look()
	b.arrived("ada")
	b.problem("prb-1", "auth", corax.High, func(p *corax.Problem) { p.Escalated, p.Escalation = true, "People are needed." })
	b.look() // also where the process died before it could say so
	b.arrived("ada", "escalated")
}

func TestTheWebhookOfEscalationsStaysAsItWas(t *testing.T) {
	b := newBench(t)
	t.Setenv("NOTIFY_TEST_TOKEN", "open-sesame-1234")
	b.settings.Escalation = config.Webhook{URL: strings.Replace(b.settings.Channels[0].Webhook.URL, "/ada", "/hook", 1), Token: "env:NOTIFY_TEST_TOKEN"}
	b.settings.Routes, b.settings.Contacts = nil, nil
	p := b.problem("prb-1", "auth", corax.Critical, nil)
	b.look()
	b.arrived("hook")
	if err := b.Escalate(t.Context(), p, "Stopped. The token is open-sesame-1234."); err != nil {
		t.Fatal(err)
	}
	b.redactor = vault.Redactor{}
	b.look()
	b.problem("prb-1", "auth", corax.Critical, func(p *corax.Problem) { p.State = corax.ProblemClosed })
	b.look()
	got := b.inbox.at("/hook")
	if len(got) != 1 {
		t.Fatalf("%d posts", len(got))
	}
	var m payload
	if err := json.Unmarshal([]byte(got[0].body), &m); err != nil {
		t.Fatal(err)
	}
	if m.Kind != "escalated" || m.Problem.ID != "prb-1" || m.Problem.Severity != corax.Critical || m.Detail == nil || m.Detail.ID != "prb-1" || m.ID == "" {
		t.Errorf("%+v", m)
	}
	h := got[0].header
	if h.Get("Authorization") != "Bearer open-sesame-1234" || h.Get("Idempotency-Key") == "" {
		t.Errorf("%v", h)
	}
}

func TestASecretIsTakenOutOfWhatIsStoredAndSent(t *testing.T) {
	b := newBench(t)
	t.Setenv("NOTIFY_TEST_SECRET", "hunter2-hunter2")
	secret, err := vault.Resolve("env:NOTIFY_TEST_SECRET")
	if err != nil {
		t.Fatal(err)
	}
	p := b.problem("prb-1", "auth", corax.High, nil)
	b.redactor.Know(secret)
	if err := b.Escalate(t.Context(), p, "It said hunter2-hunter2, and aHVudGVyMi1odW50ZXIy."); err != nil {
		t.Fatal(err)
	}
	b.look()
	stored, err := json.Marshal(b.page("prb-1"))
	if err != nil {
		t.Fatal(err)
	}
	sent := b.inbox.at("/ada")
	for what, text := range map[string]string{"stored": string(stored), "sent": sent[len(sent)-1].body} {
		if strings.Contains(text, "hunter2") || strings.Contains(text, "aHVudGVyMi") || !strings.Contains(text, "[redacted]") {
			t.Errorf("%s: %s", what, text)
		}
	}
}

func TestAttemptsAndOutcomesAreOnRecord(t *testing.T) {
	b := newBench(t)
	b.inbox.set("/ada", http.StatusServiceUnavailable)
	b.problem("prb-1", "auth", corax.High, nil)
	b.look()
	d := b.page("prb-1").Deliveries[0]
	if d.State != corax.DeliveryPending || d.Attempts != 1 || !d.Due.Equal(start.Add(2*time.Second)) || !strings.Contains(d.Error, "503") {
		t.Errorf("%+v", d)
	}
	b.pass(time.Second)
	if n := len(b.inbox.at("/ada")); n != 1 {
		t.Errorf("%d attempts too early", n)
	}
	b.restart()
	b.pass(time.Second)
	b.inbox.set("/ada", http.StatusOK)
	b.pass(10 * time.Second)
	d = b.page("prb-1").Deliveries[0]
	if d.State != corax.DeliverySent || d.Attempts != 3 || d.Error != "" {
		t.Errorf("%+v", d)
	}
	keys := map[string]bool{}
	for _, p := range b.inbox.at("/ada") {
		keys[p.header.Get("Idempotency-Key")] = true
	}
	if len(keys) != 1 {
		t.Errorf("keys of one delivery: %v", keys)
	}
	status, err := b.Status(t.Context())
	if err != nil || status[0].Contact != "ada" || status[0].SentAt == nil {
		t.Errorf("%+v, %v", status, err)
	}
}

func TestWhoCanNotBeReachedIsNotWaitedFor(t *testing.T) {
	b := newBench(t)
	b.inbox.set("/ada", http.StatusForbidden)
	b.problem("prb-1", "auth", corax.High, nil)
	b.look()
	b.look()
	b.arrived("bob", "opened") // at once, not after five minutes
	d := b.page("prb-1").Deliveries[0]
	if d.State != corax.DeliveryFailed || d.Attempts != 1 {
		t.Errorf("%+v", d)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	b := newBench(t)
	b.inbox.set("/ada", http.StatusFound)
	b.problem("prb-1", "auth", corax.High, nil)
	b.look()
	if len(b.inbox.at("/elsewhere")) > 0 {
		t.Error("it was followed")
	}
}

func TestALimitHoldsBackAndLetsGo(t *testing.T) {
	b := newBench(t)
	b.settings.Contacts[0].Limit = config.Limit{Count: 2, Per: time.Hour}
	b.settings.Routes[0].Steps = b.settings.Routes[0].Steps[:1]
	for _, id := range []string{"prb-1", "prb-2", "prb-3"} {
		b.problem(id, "auth", corax.High, nil)
		b.look()
		b.pass(time.Minute)
	}
	b.arrived("ada", "opened", "opened")
	d := b.page("prb-3").Deliveries[0]
	if !d.Held || d.State != corax.DeliveryPending || d.Due.Before(start.Add(time.Hour)) {
		t.Errorf("%+v", d)
	}
	b.restart() // what was sent is counted after a restart too
	b.pass(30 * time.Minute)
	b.arrived("ada", "opened", "opened")
	b.problem("prb-3", "auth", corax.High, func(p *corax.Problem) { p.State = corax.ProblemHealed })
	b.pass(time.Minute)
	b.pass(time.Hour)
	b.arrived("ada", "opened", "opened", "healed") // what it would have said before is out of date
	if d := b.page("prb-3").Deliveries[0]; d.State != corax.DeliverySuperseded {
		t.Errorf("%+v", d)
	}
}

func TestTheSyntheticPage(t *testing.T) {
	b := newBench(t)
	b.settings.Test = config.Synthetic{Every: 24 * time.Hour, Contacts: []string{"ada", "cat"}}
	b.inbox.set("/cat", http.StatusForbidden)
	b.look()
	b.look()
	b.restart()
	b.pass(time.Hour)
	b.arrived("ada", "test")
	b.arrived("bob")
	b.pass(24 * time.Hour)
	b.arrived("ada", "test", "test")
	status, err := b.Status(t.Context())
	if err != nil || len(status) != 3 {
		t.Fatal(status, err)
	}
	if at := status[0].TestedAt; at == nil || !at.Equal(start.Add(25*time.Hour)) || status[0].FailedAt != nil {
		t.Errorf("ada: %+v", status[0])
	}
	if status[1].TestedAt != nil || status[1].SentAt != nil {
		t.Errorf("bob: %+v", status[1])
	}
	if status[2].TestedAt != nil || status[2].FailedAt == nil || !strings.Contains(status[2].Error, "403") {
		t.Errorf("cat: %+v", status[2])
	}
	p, err := b.Test(t.Context(), []string{"bob"}, "eve")
	if err != nil {
		t.Fatal(err)
	}
	b.look()
	b.arrived("bob", "test")
	if _, err := b.Ack(t.Context(), p.ID, "bob"); err != nil {
		t.Errorf("confirm: %v", err)
	}
	if status, _ = b.Status(t.Context()); status[1].AckedAt == nil {
		t.Errorf("%+v", status[1])
	}
	if _, err := b.Test(t.Context(), []string{"eve"}, "eve"); corax.CodeOf(err) != corax.NotFound {
		t.Errorf("an unknown contact: %v", err)
	}
}

func TestStartAndStop(t *testing.T) {
	b := newBench(t)
	for range 2 {
		if err := b.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	events, cancel := b.store.Subscribe()
	defer cancel()
	b.problem("prb-1", "auth", corax.High, nil)
	if err := b.store.AppendEvents(t.Context(), corax.Event{At: start, Kind: corax.EventProblemOpened, Problem: "prb-1"}); err != nil {
		t.Fatal(err)
	}
	patience := time.After(20 * time.Second)
	for told := false; !told; {
		select {
		case e := <-events:
			told = e.Kind == corax.EventNotified && e.State == "sent"
		case <-patience:
			t.Fatal("nobody was told")
		}
	}
	b.Stop()
	b.Stop()
	b.arrived("ada", "opened")
}

// Whatever happens, and wherever the process dies: an acknowledged or ended page wakes nobody else, a contact hears
// each notice at most once a step, and a page is never left with something due that is never looked at.
func TestPagesKeepTheirRules(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := Settings{}
		for _, c := range []string{"a", "b", "c"} {
			s.Channels = append(s.Channels, config.Channel{Name: c, Webhook: &config.Webhook{}})
			s.Contacts = append(s.Contacts, config.Contact{Name: c, Reach: []config.Reach{{Channel: c}}})
		}
		rounds := rapid.IntRange(1, 3).Draw(rt, "rounds")
		s.Routes = []config.Route{{Name: "r", On: config.OnOpened, Rounds: rounds, Steps: []config.RouteStep{
			{Contacts: []string{"a"}, Wait: time.Minute}, {Contacts: []string{"b", "c"}, Wait: time.Minute}}}}
		p := &corax.Page{ID: "p", State: corax.PageOpen}
		now, acked := start, 0
		for i := range rapid.IntRange(1, 40).Draw(rt, "moves") {
			kinds := []corax.NoticeKind{corax.NoticeOpened, corax.NoticeWorse, corax.NoticeEscalated, corax.NoticeHealed, corax.NoticeClosed}
			switch rapid.SampledFrom([]string{"tell", "wait", "advance", "sent", "fail", "ack"}).Draw(rt, "move") {
			case "tell":
				k := rapid.SampledFrom(kinds).Draw(rt, "kind")
				n := corax.Notice{ID: string(k) + rapid.SampledFrom([]string{"1", "2"}).Draw(rt, "text"), Kind: k, At: now}
				before := len(p.Notices)
				if err := s.enter(p, n, []string{"e"}, corax.High, now); err != nil && (!errors.Is(err, errUnchanged) || len(p.Notices) != before) {
					rt.Fatalf("%v", err)
				}
			case "wait":
				now = now.Add(time.Duration(rapid.IntRange(1, 90).Draw(rt, "seconds")) * time.Second)
			case "advance":
				_, _ = s.advance(p, now)
			case "sent", "fail":
				for j := range p.Deliveries {
					if d := &p.Deliveries[j]; d.State == corax.DeliveryPending {
						var err error
						if i%2 == 0 {
							err = Refusal{errors.New("no")}
						}
						*d = settle(*d, "", err, now)
						break
					}
				}
			case "ack":
				if p.State == corax.PageOpen && len(p.Notices) > 0 {
					p.State, p.AckedAt, p.Next = corax.PageAcked, &now, nil
					acked = waves(p)
				}
			}
			if p.State != corax.PageOpen && acked > 0 && waves(p) != acked {
				rt.Fatalf("somebody was woken after the acknowledgement: %+v", p.Deliveries)
			}
			if waves(p) > 0 && p.State == corax.PageOpen && p.Next == nil && p.Step == 0 && p.Round == 0 {
				rt.Fatalf("a route that was begun waits for nothing: %+v", p)
			}
			seen := map[string]bool{}
			for _, d := range p.Deliveries {
				if seen[d.ID] {
					rt.Fatalf("delivery %s is there twice", d.ID)
				}
				seen[d.ID] = true
				if _, ok := p.Notice(d.Notice); !ok {
					rt.Fatalf("a delivery of no notice: %+v", d)
				}
			}
		}
	})
}

func waves(p *corax.Page) int {
	n := 0
	for _, d := range p.Deliveries {
		if d.Wave > 0 {
			n++
		}
	}
	return n
}
