package access_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"corax"
	"corax/access"
	"corax/store"
	"corax/store/sqlite"
)

const password = "correct horse battery"

var (
	here  = access.Client{Address: "192.0.2.1", Device: "a browser"}
	there = access.Client{Address: "198.51.100.7", Device: "another"}
	local = access.Principal{Name: "local", Role: access.RoleAdmin, Via: corax.ViaLocal}
)

// door is a book over a store, at a time that moves when a test says so.
type door struct {
	*access.Book
	t     *testing.T
	store *sqlite.Store
	mu    sync.Mutex
	now   time.Time
}

func (d *door) Now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

func (d *door) pass(t time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(t)
}

func open(t *testing.T) *door {
	d := &door{t: t, now: time.Date(2026, 3, 30, 12, 0, 0, 0, time.UTC)}
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "corax.db"), Clock: d.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	d.store, d.Book = s, book(d, s, access.Cost{Memory: 8, Passes: 1, Threads: 1})
	return d
}

func book(d *door, s access.Store, cost access.Cost) *access.Book {
	return access.New(access.Options{Store: s, Clock: d.Now, Cost: cost, Lifetimes: access.Lifetimes{
		Idle: time.Hour, Session: 24 * time.Hour, Invite: 12 * time.Hour, Token: 90 * 24 * time.Hour,
	}})
}

// user makes one, with the usual password.
func (d *door) user(name string, role access.Role, scope access.Scope) access.User {
	d.t.Helper()
	link, _, err := d.Invite(d.t.Context(), "test", name, role, scope)
	if err != nil {
		d.t.Fatal(err)
	}
	u, err := d.Redeem(d.t.Context(), link, "", password, here)
	if err != nil {
		d.t.Fatal(err)
	}
	return u
}

func (d *door) login(name string) (secret string, p access.Principal) {
	d.t.Helper()
	secret, _, err := d.Login(d.t.Context(), name, password, "", here)
	if err != nil {
		d.t.Fatal(err)
	}
	if p, err = d.BySession(d.t.Context(), secret, here); err != nil {
		d.t.Fatal(err)
	}
	return secret, p
}

func (d *door) audit() (lines []string) {
	d.t.Helper()
	rows, err := d.store.Audit(d.t.Context(), store.AuditFilter{})
	if err != nil {
		d.t.Fatal(err)
	}
	for _, r := range rows {
		e, err := r.Entry()
		if err != nil {
			d.t.Fatal(err)
		}
		lines = append(lines, string(e.What)+" by "+e.Who+" "+e.Detail["change"]+e.Detail["failures"])
	}
	return lines
}

func wants(t *testing.T, what string, err error, code corax.Code) {
	t.Helper()
	if got := corax.CodeOf(err); got != code {
		t.Errorf("%s: %q (%v), expected %q", what, got, err, code)
	}
}

func TestTheFirstAdmin(t *testing.T) {
	d, ctx := open(t), t.Context()
	first, err := d.Bootstrap(ctx)
	if err != nil || first == "" {
		t.Fatal(first, err)
	}
	link, err := d.Bootstrap(ctx) // the next start
	if err != nil || link == "" || link == first {
		t.Fatal(link, err)
	}
	_, err = d.Linked(ctx, first, here)
	wants(t, "the link of the start before", err, corax.Forbidden)
	for range 2 { // looking spends nothing
		c, err := d.Linked(ctx, link, here)
		if err != nil || c.Role != access.RoleAdmin || c.Name != "admin" {
			t.Fatal(c, err)
		}
	}
	_, err = d.Redeem(ctx, link, "ada", "short", here)
	wants(t, "a short password", err, corax.Invalid)
	_, err = d.Redeem(ctx, link, "corax", password, here)
	wants(t, "a name that is not for people", err, corax.Invalid)
	u, err := d.Redeem(ctx, link, "Ada", password, here)
	if err != nil || u.Name != "Ada" || u.Role != access.RoleAdmin {
		t.Fatal(u, err)
	}
	_, err = d.Redeem(ctx, link, "eve", password, there)
	wants(t, "a link that was used", err, corax.Forbidden)
	if open, err := d.Invites(ctx); err != nil || len(open) > 0 {
		t.Errorf("links are left: %v, %v", open, err)
	}
	if again, err := d.Bootstrap(ctx); again != "" || err != nil {
		t.Errorf("with a user there is another link %q, %v", again, err)
	}
	if _, p := d.login("ada"); p.Name != "Ada" || p.Role != access.RoleAdmin || p.Via != corax.ViaSession || p.Limited() {
		t.Errorf("the admin is %+v", p)
	}
	want := []string{"user.changed by corax invite", "user.changed by corax invite", "user.changed by Ada made", "access.login by Ada "}
	if got := d.audit(); !slices.Equal(got, want) {
		t.Errorf("the audit says\n%q, expected\n%q", got, want)
	}
}

func TestInvites(t *testing.T) {
	d, ctx := open(t), t.Context()
	d.user("ada", access.RoleAdmin, nil)
	for name, c := range map[string]struct {
		role  access.Role
		scope access.Scope
		code  corax.Code
	}{
		"ADA":         {access.RoleViewer, nil, corax.Conflict},
		"bob":         {access.RoleNone, nil, corax.Invalid},
		"carl":        {access.RoleAdmin + 1, nil, corax.Invalid},
		"dora":        {access.RoleViewer, access.Scope{{}}, corax.Invalid},
		"eve":         {access.RoleAdmin, access.Scope{{Kinds: []string{"x"}}}, corax.Invalid},
		"two  words":  {access.RoleViewer, nil, corax.Invalid},
		"a\nb":        {access.RoleViewer, nil, corax.Invalid},
		"usr-x":       {access.RoleViewer, nil, corax.Invalid},
		"<b>":         {access.RoleViewer, nil, corax.Invalid},
		"ann (local)": {access.RoleViewer, nil, corax.Invalid},
	} {
		_, _, err := d.Invite(ctx, "ada", name, c.role, c.scope)
		wants(t, name, err, c.code)
	}
	one, _, err := d.Invite(ctx, "ada", "bob", access.RoleOperator, nil)
	wants(t, "an invite", err, "")
	two, c, err := d.Invite(ctx, "ada", "bob", access.RoleViewer, nil)
	wants(t, "another for the same name", err, "")
	_, err = d.Linked(ctx, one, here)
	wants(t, "the one before", err, corax.Forbidden)
	_, err = d.Redeem(ctx, two, "mallory", password, here)
	wants(t, "another name than the invite's", err, corax.Forbidden)
	if open, err := d.Invites(ctx); err != nil || len(open) != 1 || open[0].ID != c.ID {
		t.Errorf("open invites are %v, %v", open, err)
	}
	d.pass(12 * time.Hour)
	_, err = d.Redeem(ctx, two, "", password, here)
	wants(t, "a link that has expired", err, corax.Forbidden)
	if open, err := d.Invites(ctx); err != nil || len(open) != 0 {
		t.Errorf("an expired invite is open: %v, %v", open, err)
	}
	three, c, err := d.Invite(ctx, "ada", "bob", access.RoleViewer, nil)
	wants(t, "a third", err, "")
	wants(t, "to withdraw it", d.Withdraw(ctx, "ada", c.ID), "")
	_, err = d.Redeem(ctx, three, "", password, here)
	wants(t, "a link that was withdrawn", err, corax.Forbidden)
	wants(t, "to withdraw what is not there", d.Withdraw(ctx, "ada", c.ID), corax.NotFound)
}

// A link that two follow at once makes one user, with one of the passwords.
func TestALinkIsForOne(t *testing.T) {
	d, ctx := open(t), t.Context()
	link, err := d.Bootstrap(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	made := make(chan string, 10)
	for _, name := range []string{"ann", "bob", "carl", "dora"} {
		all.Go(func() {
			if u, err := d.Redeem(ctx, link, name, password+name, here); err == nil {
				made <- u.Name
			}
		})
	}
	all.Wait()
	users, err := d.Users(ctx)
	if err != nil || len(made) != 1 || len(users) != 1 || users[0].Name != <-made {
		t.Errorf("%d were let in, the users are %v, %v", len(made), users, err)
	}
}

func TestLoginsAreRefusedAlike(t *testing.T) {
	d, ctx := open(t), t.Context()
	d.user("ada", access.RoleAdmin, nil)
	d.user("bob", access.RoleViewer, nil)
	off := true
	if _, err := d.Alter(ctx, "ada", "bob", access.Change{Disabled: &off}); err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for _, c := range [][2]string{{"ada", "wrong password here"}, {"nobody", password}, {"bob", password}, {"", ""}, {"ada", ""}, {"ada", strings.Repeat("x", 5000)}} {
		secret, _, err := d.Login(ctx, c[0], c[1], "", access.Client{Address: c[0] + c[1][:min(3, len(c[1]))]})
		wants(t, "login of "+c[0], err, corax.Forbidden)
		said[err.Error()] = true
		if secret != "" {
			t.Errorf("%s got a session", c[0])
		}
	}
	if len(said) != 1 {
		t.Errorf("refusals tell what was wrong: %v", said)
	}
}

func TestBruteForceIsSlowedDownAndRecorded(t *testing.T) {
	d, ctx := open(t), t.Context()
	d.user("ada", access.RoleAdmin, nil)
	before := len(d.audit())
	looked, refused := 0, 0
	for end := d.Now().Add(6 * time.Hour); d.Now().Before(end); {
		_, _, err := d.Login(ctx, "ada", "not the password", "", there)
		var many access.TooMany
		if errors.As(err, &many) {
			if refused++; many.After <= 0 || many.After > 15*time.Minute {
				t.Fatalf("wait %s", many.After)
			}
			// Not even the right password is looked at meanwhile, nor does anything tell it from a wrong one.
			_, _, right := d.Login(ctx, "ada", password, "", there)
			if right == nil || right.Error() != err.Error() {
				t.Fatalf("a right password is told: %v, %v", right, err)
			}
			d.pass(many.After)
			continue
		}
		wants(t, "a guess", err, corax.Forbidden)
		looked++
	}
	if looked > 40 || refused == 0 {
		t.Errorf("%d guesses in 6 hours were looked at, %d refused", looked, refused)
	}
	lines := d.audit()[before:]
	if len(lines) > 30 || !slices.Contains(lines, "access.login_failed by ada 1") || !slices.ContainsFunc(lines, func(l string) bool {
		return strings.HasPrefix(l, "access.locked_out by ada")
	}) {
		t.Errorf("the audit says %q", lines)
	}
	// Meanwhile the owner gets in where she is known.
	if _, _, err := d.Login(ctx, "ada", password, "", here); err != nil {
		t.Errorf("the owner is kept out: %v", err)
	}
}

// Names that nobody has may be passwords in the wrong field: they are counted, and never written down.
func TestUnknownNamesAreNotRecorded(t *testing.T) {
	d, ctx := open(t), t.Context()
	_, _, err := d.Login(ctx, "my-secret-password", "", "", here)
	wants(t, "an unknown name", err, corax.Forbidden)
	rows, err := d.store.Audit(ctx, store.AuditFilter{})
	if err != nil || len(rows) != 1 || strings.Contains(rows[0].Doc, "my-secret") || strings.Contains(rows[0].Doc, access.UserID("my-secret-password")) {
		t.Errorf("%+v, %v", rows, err)
	}
}

func TestSessions(t *testing.T) {
	d, ctx := open(t), t.Context()
	ada := d.user("ada", access.RoleAdmin, nil)
	good := func(what, secret string, want bool) {
		t.Helper()
		p, err := d.BySession(ctx, secret, there)
		if (err == nil) != want || want != (p.Name == "ada") || err != nil && corax.CodeOf(err) != corax.Forbidden {
			t.Errorf("%s: %+v, %v", what, p, err)
		}
	}
	secret, p := d.login("ada")
	good("a session", secret, true)
	good("another's guess", secret[:31]+"0", false)
	good("nothing", "", false)
	if _, err := d.ByToken(ctx, secret, here); corax.CodeOf(err) != corax.Forbidden {
		t.Errorf("a session is taken for a token: %v", err)
	}
	list, err := d.Sessions(ctx, ada.ID)
	if err != nil || len(list) != 1 || list[0].Name != here.Device || list[0].Address != there.Address || list[0].ID != p.Session {
		t.Errorf("%+v, %v", list, err)
	}

	d.pass(59 * time.Minute)
	good("used within the hour", secret, true)
	d.pass(59 * time.Minute)
	good("used within the next", secret, true)
	d.pass(time.Hour)
	good("not used for an hour", secret, false)

	secret, _ = d.login("ada")
	for range 47 {
		d.pass(30 * time.Minute)
		good("used all day", secret, true)
	}
	d.pass(30 * time.Minute)
	good("older than a day", secret, false)
	if err := d.Tidy(ctx); err != nil {
		t.Fatal(err)
	}
	if left, err := d.store.Credentials(ctx, access.KindSession, ""); err != nil || len(left) != 0 {
		t.Errorf("%v are kept, %v", left, err)
	}

	secret, p = d.login("ada")
	if err := d.Logout(ctx, p); err != nil {
		t.Fatal(err)
	}
	good("logged out", secret, false)
}

// What a browser brings to the login is worth nothing after it: neither a session that somebody planted, nor a made-up secret.
func TestSessionFixation(t *testing.T) {
	d, ctx := open(t), t.Context()
	d.user("ada", access.RoleAdmin, nil)
	d.user("mallory", access.RoleViewer, nil)
	planted, _ := d.login("mallory")
	for _, presented := range []string{planted, "made-up-by-mallory"} {
		secret, _, err := d.Login(ctx, "ada", password, presented, here)
		if err != nil || secret == presented {
			t.Fatalf("%q, %v", secret, err)
		}
		_, err = d.BySession(ctx, presented, there)
		wants(t, "the secret from before the login", err, corax.Forbidden)
	}
}

func TestChangingThePasswordEndsAllSessions(t *testing.T) {
	d, ctx := open(t), t.Context()
	ada := d.user("ada", access.RoleAdmin, nil)
	one, p := d.login("ada")
	two, other := d.login("ada")
	kept, done := d.Watch(ctx, other)
	defer done()
	for _, c := range []struct {
		old, fresh string
		code       corax.Code
	}{{"wrong", "another good password", corax.Forbidden}, {password, "short", corax.Invalid}, {password, "ada ada ada ada ada", corax.Invalid}} {
		_, _, err := d.ChangePassword(ctx, ada.ID, c.old, c.fresh, here)
		wants(t, c.old+" "+c.fresh, err, c.code)
	}
	if _, err := d.BySession(ctx, one, here); err != nil || kept.Err() != nil {
		t.Errorf("a refused change ends sessions: %v", err)
	}
	three, s, err := d.ChangePassword(ctx, ada.ID, password, "another good password", here)
	if err != nil || s.ID == p.Session {
		t.Fatal(s, err)
	}
	for _, gone := range []string{one, two} {
		_, err := d.BySession(ctx, gone, here)
		wants(t, "a session of before", err, corax.Forbidden)
	}
	if _, err := d.BySession(ctx, three, here); err != nil {
		t.Errorf("the session of the change: %v", err)
	}
	if kept.Err() == nil {
		t.Error("what was open under an old session stays open")
	}
	_, _, err = d.Login(ctx, "ada", password, "", here)
	wants(t, "the old password", err, corax.Forbidden)
}

func TestResetEndsEverything(t *testing.T) {
	d, ctx := open(t), t.Context()
	d.user("ada", access.RoleAdmin, nil)
	secret, p := d.login("ada")
	token, _, err := d.MakeToken(ctx, p, "ada", access.NewToken{Name: "x", Role: access.RoleViewer})
	if err != nil {
		t.Fatal(err)
	}
	link, _, err := d.Reset(ctx, "somebody", "ada")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.BySession(ctx, secret, here); err != nil {
		t.Errorf("a link that nobody followed ends a session: %v", err)
	}
	u, err := d.Redeem(ctx, link, "another", "another good password", there)
	if err != nil || u.Name != "ada" || u.Role != access.RoleAdmin {
		t.Fatal(u, err)
	}
	_, err = d.BySession(ctx, secret, here)
	wants(t, "a session of before", err, corax.Forbidden)
	_, err = d.ByToken(ctx, token, here)
	wants(t, "a token of before", err, corax.Forbidden)
	_, _, err = d.Reset(ctx, "somebody", "nobody")
	wants(t, "somebody who is not there", err, corax.NotFound)
}

func TestTokens(t *testing.T) {
	d, ctx := open(t), t.Context()
	shop := access.Scope{{Labels: map[string]string{"team": "shop"}}}
	d.user("ada", access.RoleAdmin, nil)
	bob := d.user("bob", access.RoleOperator, shop)
	_, p := d.login("bob")
	_, adaP := d.login("ada")
	secret, c, err := d.MakeToken(ctx, p, "bob", access.NewToken{Name: "ci", Role: access.RoleOperator, Scope: access.Scope{{Kinds: []string{"service"}}}, For: 24 * time.Hour})
	if err != nil || !strings.HasPrefix(secret, "crx_") || !strings.HasPrefix(secret, c.Start) || len(c.Start) != 8 {
		t.Fatal(secret, c, err)
	}
	got, err := d.ByToken(ctx, secret, there)
	if err != nil || got.Name != "bob" || got.Via != corax.ViaToken || got.Role != access.RoleOperator || got.Token != c.ID {
		t.Fatal(got, err)
	}
	for _, e := range []struct {
		e    corax.Entity
		sees bool
	}{
		{corax.Entity{Kind: "service", Labels: map[string]string{"team": "shop"}}, true},
		{corax.Entity{Kind: "host", Labels: map[string]string{"team": "shop"}}, false},
		{corax.Entity{Kind: "service"}, false},
		{corax.Entity{}, false},
	} {
		if got.Sees(e.e) != e.sees {
			t.Errorf("the token sees %+v: %t", e.e, !e.sees)
		}
	}
	down := access.RoleViewer
	if _, err := d.Alter(ctx, "ada", "bob", access.Change{Role: &down}); err != nil {
		t.Fatal(err)
	}
	if got, err := d.ByToken(ctx, secret, there); err != nil || got.Role != access.RoleViewer {
		t.Errorf("the token may more than its owner: %+v, %v", got, err)
	}
	if list, err := d.Tokens(ctx, bob.ID); err != nil || len(list) != 1 || list[0].SeenAt == nil || list[0].Address != there.Address {
		t.Errorf("%+v, %v", list, err)
	}

	for what, x := range map[string]struct {
		p    access.Principal
		n    access.NewToken
		code corax.Code
	}{
		"by a token":            {got, access.NewToken{Name: "x", Role: access.RoleViewer}, corax.Forbidden},
		"by a configured token": {access.Principal{Name: "bob", Role: access.RoleOperator, Via: corax.ViaToken}, access.NewToken{User: "bob", Name: "x", Role: access.RoleViewer}, corax.Forbidden},
		"for somebody else":     {adaP, access.NewToken{User: "bob", Name: "x", Role: access.RoleViewer}, corax.Forbidden},
		"above the owner":       {p, access.NewToken{Name: "x", Role: access.RoleOperator}, corax.Forbidden},
		"without a name":        {p, access.NewToken{Name: " ", Role: access.RoleViewer}, corax.Invalid},
		"for too long":          {p, access.NewToken{Name: "x", Role: access.RoleViewer, For: 91 * 24 * time.Hour}, corax.Invalid},
		"for less than nothing": {p, access.NewToken{Name: "x", Role: access.RoleViewer, For: -1}, corax.Invalid},
		"of no role":            {p, access.NewToken{Name: "x"}, corax.Invalid},
		"of nobody":             {local, access.NewToken{User: "eve", Name: "x", Role: access.RoleViewer}, corax.NotFound},
	} {
		_, _, err := d.MakeToken(ctx, x.p, x.p.Name, x.n)
		wants(t, what, err, x.code)
	}

	issued, _, err := d.MakeToken(ctx, local, "bob", access.NewToken{User: "bob", Name: "from the shell", Role: access.RoleViewer})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := d.ByToken(ctx, issued, here); err != nil || got.Actor("").Proven() {
		t.Errorf("a token that somebody else made proves a person: %+v, %v", got, err)
	}

	d.pass(24 * time.Hour)
	_, err = d.ByToken(ctx, secret, here)
	wants(t, "a token that has expired", err, corax.Forbidden)
}

func TestRevoking(t *testing.T) {
	d, ctx := open(t), t.Context()
	d.user("ada", access.RoleAdmin, nil)
	d.user("bob", access.RoleOperator, nil)
	_, ada := d.login("ada")
	secret, bob := d.login("bob")
	stream, done := d.Watch(ctx, bob)
	defer done()
	wants(t, "somebody else's", d.Revoke(ctx, bob, "bob", access.KindSession, ada.Session), corax.NotFound)
	wants(t, "what can't be revoked", d.Revoke(ctx, ada, "ada", access.KindInvite, "x"), corax.Invalid)
	if stream.Err() != nil {
		t.Error("a stream ended by itself")
	}
	wants(t, "an admin, somebody else's", d.Revoke(ctx, ada, "ada", access.KindSession, bob.Session), "")
	_, err := d.BySession(ctx, secret, here)
	wants(t, "a revoked session", err, corax.Forbidden)
	if !errors.Is(stream.Err(), context.Canceled) {
		t.Error("what was open under a revoked session stays open")
	}
	if lines := d.audit(); lines[len(lines)-1] != "session.ended by ada revoked" {
		t.Errorf("the audit says %q", lines)
	}
}

// What stays open ends when its session or token does, also where nobody ends that by hand.
func TestStreamsEndWithTheirCredential(t *testing.T) {
	d, ctx := open(t), t.Context()
	d.user("ada", access.RoleAdmin, nil)
	secret, p := d.login("ada")
	token, c, err := d.MakeToken(ctx, p, "ada", access.NewToken{Name: "x", Role: access.RoleViewer, For: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	by, err := d.ByToken(ctx, token, here)
	if err != nil || !by.Until.Equal(c.EndsAt) {
		t.Errorf("the token ends at %s, the principal says %s (%v)", c.EndsAt, by.Until, err)
	}
	if want := d.Now().Add(time.Hour); !p.Until.Equal(want) {
		t.Errorf("unused the session ends at %s, the principal says %s", want, p.Until)
	}
	for range 47 { // used each half hour
		d.pass(30 * time.Minute)
		if p, err = d.BySession(ctx, secret, here); err != nil {
			t.Fatal(err)
		}
	}
	if want := d.Now().Add(30 * time.Minute); !p.Until.Equal(want) {
		t.Errorf("used or not the session ends at %s, the principal says %s", want, p.Until)
	}
	d.pass(30*time.Minute - 200*time.Millisecond)
	stream, done := d.Watch(ctx, p)
	defer done()
	if stream.Err() != nil {
		t.Error("a stream ended before its session")
	}
	select {
	case <-stream.Done():
	case <-time.After(10 * time.Second):
		t.Error("what is open under a session that has ended stays open")
	}
}

func TestThereIsAlwaysAnAdmin(t *testing.T) {
	d, ctx := open(t), t.Context()
	d.user("ada", access.RoleAdmin, nil)
	d.user("bob", access.RoleViewer, nil)
	viewer, admin, off, shop := access.RoleViewer, access.RoleAdmin, true, access.Scope{{Kinds: []string{"x"}}}
	for what, c := range map[string]access.Change{"demoted": {Role: &viewer}, "disabled": {Disabled: &off}} {
		_, err := d.Alter(ctx, "ada", "ada", c)
		wants(t, "the last admin, "+what, err, corax.Conflict)
	}
	_, err := d.Alter(ctx, "ada", "ada", access.Change{Scope: &shop})
	wants(t, "an admin with a scope", err, corax.Invalid)
	if _, p := d.login("ada"); p.Role != access.RoleAdmin {
		t.Errorf("a refused change was made: %+v", p)
	}
	_, err = d.Alter(ctx, "ada", "bob", access.Change{Role: &admin})
	wants(t, "a second admin", err, "")
	_, err = d.Alter(ctx, "bob", "ada", access.Change{Role: &viewer})
	wants(t, "the first one, demoted", err, "")
}

func TestDisabledUsersAreOut(t *testing.T) {
	d, ctx := open(t), t.Context()
	d.user("ada", access.RoleAdmin, nil)
	d.user("bob", access.RoleOperator, nil)
	secret, bob := d.login("bob")
	token, _, err := d.MakeToken(ctx, bob, "bob", access.NewToken{Name: "x", Role: access.RoleViewer})
	if err != nil {
		t.Fatal(err)
	}
	for _, off := range []bool{true, false} {
		if _, err := d.Alter(ctx, "ada", "bob", access.Change{Disabled: &off}); err != nil {
			t.Fatal(err)
		}
		_, err := d.BySession(ctx, secret, here)
		wants(t, "the session", err, corax.Forbidden)
		_, err = d.ByToken(ctx, token, here)
		wants(t, "the token", err, map[bool]corax.Code{true: corax.Forbidden, false: ""}[off])
	}
}

func TestHashesAreRaisedAtLogin(t *testing.T) {
	d, ctx := open(t), t.Context()
	ada := d.user("ada", access.RoleAdmin, nil)
	dearer := book(d, d.store, access.Cost{Memory: 16, Passes: 2, Threads: 1})
	if _, _, err := dearer.Login(ctx, "ada", password, "", here); err != nil {
		t.Fatal(err)
	}
	u, err := d.store.User(ctx, ada.ID)
	if err != nil || !strings.HasPrefix(u.Password, "$argon2id$v=19$m=16,t=2,p=1$") {
		t.Errorf("%s, %v", u.Password, err)
	}
	if _, _, err := dearer.Login(ctx, "ada", password, "", here); err != nil {
		t.Errorf("after that: %v", err)
	}
}
