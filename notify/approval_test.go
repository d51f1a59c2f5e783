package notify

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"corax"
	"corax/config"
	"corax/notify/link"
	"corax/vault"
)

const planted = "hunter2-hunter2-hunter2"

// request stores a request for approval of one minute.
func (b *bench) request(id string, change func(*corax.ApprovalRequest)) corax.ApprovalRequest {
	b.Helper()
	r := corax.ApprovalRequest{ID: id, Plan: "pln-1", Step: "s1", Problem: "prb-1", Action: "db.drop", Target: "db", Risk: corax.Disruptive,
		Why: "because of " + planted, AskedAt: b.time(), ExpiresAt: b.time().Add(time.Minute),
		Context: &corax.Rehearsal{Text: "2 conditions hold", Effect: "DROP TABLE old", Verify: []string{"facts.gone"}, Undo: "it can't be undone"}}
	if change != nil {
		change(&r)
	}
	if err := b.store.SaveApproval(b.Context(), r); err != nil {
		b.Fatal(err)
	}
	return r
}

func (b *bench) take(_ context.Context, id string, a corax.Answer) (corax.ApprovalRequest, error) {
	a.At = b.time()
	return b.store.AnswerApproval(b.Context(), id, a)
}

// approvals is the purpose of links, where each operator's token is the name with "-token".
func (b *bench) approvals() link.Purpose {
	return b.Approvals(b.take, func(token string) string {
		name, ok := strings.CutSuffix(token, "-token")
		if !ok || !slices.ContainsFunc(b.settings.Operators, func(o corax.Operator) bool { return o.Name == name }) {
			return ""
		}
		return name
	})
}

// linkIn is the grant of the link that a message carried.
func (b *bench) linkIn(body string) link.Grant {
	b.Helper()
	var m struct{ Link string }
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		b.Fatal(err)
	}
	g, err := b.o.Links.Read(m.Link[strings.Index(m.Link, link.Path)+len(link.Path):], b.time())
	if err != nil {
		b.Fatalf("%v in %s", err, body)
	}
	return g
}

func askingBench(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	b.settings.Routes = nil // nobody is told of the problem itself
	b.settings.Operators = []corax.Operator{{Name: "ann", Contact: "ada"}, {Name: "bob"}}
	t.Setenv("NOTIFY_TEST_SECRET", planted)
	secret, err := vault.Resolve("env:NOTIFY_TEST_SECRET")
	if err != nil {
		t.Fatal(err)
	}
	b.redactor.Know(secret)
	b.problem("prb-1", "db", corax.High, nil)
	return b
}

func TestRequestsReachOperators(t *testing.T) {
	b := askingBench(t)
	r := b.request("apr-1", nil)
	b.look()
	b.restart()
	b.look()
	for _, path := range []string{"/ada", "/bob"} {
		got := b.inbox.at(path)
		if len(got) != 1 {
			t.Fatalf("%s was told %d times: %v", path, len(got), got)
		}
		for _, want := range []string{"db.drop", "DROP TABLE old", "facts.gone", "can't be undone", "prb-1", "apr-1", "key_used_early"} {
			if !strings.Contains(got[0].body, want) {
				t.Errorf("%s is not told %q: %s", path, want, got[0].body)
			}
		}
		if strings.Contains(got[0].body, planted) {
			t.Errorf("%s was told a secret: %s", path, got[0].body)
		}
	}
	if len(b.inbox.at("/cat")) > 0 {
		t.Error("somebody was asked who is no operator")
	}

	g := b.linkIn(b.inbox.at("/ada")[0].body)
	v, err := b.approvals().Show(t.Context(), g)
	if err != nil || len(v.Buttons) != 2 || v.Secret != "" || strings.Contains(strings.Join(v.Lines, ""), planted) {
		t.Fatalf("the page shows %+v, %v", v, err)
	}
	if now, _ := b.store.Approval(t.Context(), r.ID); now.Answer != "" {
		t.Fatal("looking has answered")
	}
	if _, err := b.approvals().Act(t.Context(), g, "allow", ""); err != nil {
		t.Fatal(err)
	}
	now, err := b.store.Approval(t.Context(), r.ID)
	if err != nil || now.By != "ann" || now.Answer != corax.Allow || now.Consents[0].Via != corax.ViaLink || now.Consents[0].Link != g.ID() {
		t.Fatalf("answered: %+v, %v", now, err)
	}
	for _, do := range []string{"allow", "deny"} {
		if _, err := b.approvals().Act(t.Context(), g, do, ""); corax.CodeOf(err) != corax.Conflict {
			t.Errorf("the link was used again to %s: %v", do, err)
		}
	}
	b.look()
	if got := b.inbox.kinds(t, "/bob"); !slices.Equal(got, []string{"approval", "closed"}) {
		t.Errorf("bob heard %v", got)
	}
	if p, err := b.store.Page(t.Context(), ApprovalPage(r.ID)); err != nil || p.State != corax.PageEnded {
		t.Errorf("the page is %s, %v", p.State, err)
	}
}

// A link alone is no proof of two people, nor of one where several can open it.
func TestLinkWithToken(t *testing.T) {
	for name, c := range map[string]struct {
		needs   int
		shared  bool
		token   string
		do      string
		code    corax.Code
		decided corax.Verdict
		by      string
	}{
		"two needed, no token":    {needs: 2, do: "allow", code: corax.Forbidden},
		"two needed, wrong token": {needs: 2, do: "allow", token: "eve-token", code: corax.Forbidden},
		"two needed, token":       {needs: 2, do: "allow", token: "ann-token"},
		"shared, no token":        {shared: true, do: "allow", code: corax.Forbidden},
		"shared, token":           {shared: true, do: "allow", token: "bob-token", decided: corax.Allow, by: "bob"},
		"shared, no":              {shared: true, do: "deny", decided: corax.Deny, by: "ada"},
		"one needed, other word":  {do: "maybe", code: corax.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			b := askingBench(t)
			if c.shared {
				b.settings.Operators[1].Contact = "ada"
			}
			r := b.request("apr-1", func(r *corax.ApprovalRequest) { r.Needs = c.needs })
			b.look()
			g := b.linkIn(b.inbox.at("/ada")[0].body)
			v, err := b.approvals().Show(t.Context(), g)
			if err != nil || (v.Secret != "") != (c.shared || c.needs > 1) {
				t.Fatalf("shows %+v, %v", v, err)
			}
			if _, err := b.approvals().Act(t.Context(), g, c.do, c.token); corax.CodeOf(err) != c.code {
				t.Fatalf("acting: %v", err)
			}
			now, err := b.store.Approval(t.Context(), r.ID)
			if err != nil || now.Answer != c.decided || now.By != c.by {
				t.Errorf("answer %q by %q, %v", now.Answer, now.By, err)
			}
			if c.needs > 1 && c.code == "" { // one link is one person's
				if _, err := b.approvals().Act(t.Context(), g, "allow", "bob-token"); corax.CodeOf(err) != corax.Conflict {
					t.Errorf("the same link for a second person: %v", err)
				}
			}
		})
	}
}

func TestNobodyIsAskedInVain(t *testing.T) {
	b := askingBench(t)
	b.request("apr-quiet", func(r *corax.ApprovalRequest) { r.Quiet = true })
	b.request("apr-late", func(r *corax.ApprovalRequest) { r.ExpiresAt = b.time() })
	b.look()
	if got := b.inbox.at("/ada"); len(got) > 0 {
		t.Errorf("ada was woken: %v", got)
	}
	b.inbox.set("/ada", 503)
	b.request("apr-1", nil)
	b.look()
	if _, err := b.take(t.Context(), "apr-1", corax.Answer{Actor: corax.Actor{Name: "nobody in time"}, Verdict: corax.Deny}); err != nil {
		t.Fatal(err)
	}
	b.inbox.set("/ada", 0)
	before := len(b.inbox.at("/ada"))
	b.pass(time.Hour)
	if got := b.inbox.at("/ada"); len(got) != before {
		t.Errorf("ada is still asked: %v", got[before:])
	}
}

// A key that was not pressed must not be taken for a button that has none.
func TestApprovalHasNoKey(t *testing.T) {
	b := askingBench(t)
	r := b.request("apr-1", nil)
	g := link.Grant{Purpose: PurposeApprove, Subject: r.ID, By: "ada", Expires: r.ExpiresAt}
	for _, digits := range []string{"", "1", "2"} {
		b.press(t.Context(), b.approvals(), g, digits)
	}
	if now, err := b.store.Approval(t.Context(), r.ID); err != nil || now.Answer != "" {
		t.Errorf("a key has answered: %+v, %v", now, err)
	}
}

func TestBreakGlassIsTold(t *testing.T) {
	b := askingBench(t)
	b.settings.Escalation = config.Webhook{URL: b.settings.Channels[2].Webhook.URL} // cat's
	g := corax.BreakGlass{ID: "brk-1", By: "ann", Scope: "db", Reason: "storage is lost, " + planted, At: b.time(), ExpiresAt: b.time().Add(time.Hour)}
	if err := b.store.SaveBreakGlass(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	b.look()
	b.restart()
	b.look()
	ended := b.time()
	g.EndedAt = &ended
	if err := b.store.SaveBreakGlass(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	b.look()
	for _, path := range []string{"/ada", "/bob", "/cat"} {
		if got := b.inbox.kinds(t, path); !slices.Equal(got, []string{"break_glass", "closed"}) {
			t.Errorf("%s heard %v", path, got)
		}
		for _, m := range b.inbox.at(path) {
			if strings.Contains(m.body, planted) {
				t.Errorf("%s heard a secret: %s", path, m.body)
			}
		}
	}
}
