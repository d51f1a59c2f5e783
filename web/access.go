package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"corax"
	"corax/access"
	"corax/web/ui"
)

// Accounts is what the pages of login, accounts and users do; access.Book does it.
type Accounts interface {
	Login(ctx context.Context, name, password, presented string, from access.Client) (secret string, s access.Credential, err error)
	Logout(ctx context.Context, p access.Principal) error
	Linked(ctx context.Context, link string, from access.Client) (access.Credential, error)
	Redeem(ctx context.Context, link, name, password string, from access.Client) (access.User, error)
	ChangePassword(ctx context.Context, user, old, password string, from access.Client) (secret string, s access.Credential, err error)
	Sessions(ctx context.Context, user string) ([]access.Credential, error)
	Tokens(ctx context.Context, user string) ([]access.Credential, error)
	MakeToken(ctx context.Context, p access.Principal, by string, n access.NewToken) (secret string, c access.Credential, err error)
	Revoke(ctx context.Context, p access.Principal, by string, k access.Kind, id string) error
	Users(ctx context.Context) ([]access.User, error)
	UserNamed(ctx context.Context, nameOrID string) (access.User, error)
	Invites(ctx context.Context) ([]access.Credential, error)
	Invite(ctx context.Context, by, name string, role access.Role, scope access.Scope) (link string, c access.Credential, err error)
	Withdraw(ctx context.Context, by, id string) error
	Reset(ctx context.Context, by, nameOrID string) (link string, c access.Credential, err error)
	Alter(ctx context.Context, by, nameOrID string, c access.Change) (access.User, error)
	Watch(ctx context.Context, p access.Principal) (_ context.Context, done func())
}

// accounts are the pages of login, of one's own account, and of users.
func (p *pages) accounts() []area {
	if p.o.Accounts == nil {
		return nil
	}
	const user = "/settings/users/{id}"
	return []area{{
		Nav: []entry{{Group: "Corax", NavItem: ui.NavItem{Text: "Users", URL: "/settings/users", Icon: "people", Role: access.RoleAdmin}}},
		Pages: []page{
			{Path: loginPath, File: "login.html", Public: true, Load: p.loadLogin},
			{Path: "/setup/{link}", File: "setup.html", Public: true, Load: p.loadSetup},
			{Path: "/account", File: "account.html", Role: access.RoleViewer, Load: p.loadAccount},
			{Path: "/settings/users", File: "users.html", Role: access.RoleAdmin, Load: p.loadUsers},
			{Path: user, File: "user.html", Role: access.RoleAdmin, Load: p.loadUser},
		},
		Actions: []action{
			{Path: loginPath, File: "login.html", Public: true, Do: p.doLogin},
			{Path: "/logout", Role: access.RoleViewer, Do: p.doLogout},
			{Path: "/setup/{link}", File: "setup.html", Public: true, Do: p.doSetup},
			{Path: "/account/password", File: "account.html", Role: access.RoleViewer, Do: p.doPassword},
			{Path: "/account/tokens", File: "account.html", Role: access.RoleViewer, Do: p.doToken},
			{Path: "/sessions/{id}/end", Role: access.RoleViewer, Do: p.revoke(access.KindSession, "The session has ended.")},
			{Path: "/tokens/{id}/revoke", Role: access.RoleViewer, Do: p.revoke(access.KindToken, "The token is good no more.")},
			{Path: "/settings/users", File: "users.html", Role: access.RoleAdmin, Do: p.doInvite},
			{Path: "/settings/invites/{id}/withdraw", Role: access.RoleAdmin, Do: p.doWithdraw},
			{Path: user, File: "user.html", Role: access.RoleAdmin, Do: p.doAlter},
			{Path: user + "/reset", File: "user.html", Role: access.RoleAdmin, Do: p.doReset},
			{Path: user + "/disable", Role: access.RoleAdmin, Do: p.disable(true)},
			{Path: user + "/enable", Role: access.RoleAdmin, Do: p.disable(false)},
		},
		Files: []string{"credentials.html"},
	}}
}

// stream serves what stays open, until who it is for may no longer have it.
func (p *pages) stream(h http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if p.o.Accounts != nil {
			ctx, done := p.o.Accounts.Watch(r.Context(), access.From(r.Context()))
			defer done()
			r = r.WithContext(ctx)
		}
		h.ServeHTTP(w, r)
	}
}

// form is what a form shows again where it was refused. It never holds a password.
type form struct {
	Error string
	Hint  string
	Name  string
	Next  string
}

// refused is a form again, with what was wrong. What is our own defect is not for the form to show.
func refused(v *ui.View, f *form, err error) (done, error) {
	var many access.TooMany
	status := statuses[corax.CodeOf(err)]
	if errors.As(err, &many) {
		status = http.StatusTooManyRequests
	}
	if status == 0 {
		return done{}, err
	}
	f.Error, f.Hint = ui.Upper(cause(err)), corax.HintOf(err)
	return done{View: v, Status: status, After: many.After}, nil
}

// cause is an error without what was tried, which the form says already.
func cause(err error) string {
	var e *corax.Error
	if errors.As(err, &e) && e.Err != nil {
		return e.Err.Error()
	}
	return err.Error()
}

func (p *pages) loadLogin(r *http.Request) (*ui.View, error) {
	return loginView(&form{Next: r.URL.Query().Get("next")}), nil
}

func loginView(f *form) *ui.View { return &ui.View{Title: "Log in", Plain: true, Data: f} }

func (p *pages) doLogin(r *http.Request) (done, error) {
	f := &form{Name: r.PostFormValue("name"), Next: r.PostFormValue("next")}
	from := access.ClientFrom(r.Context())
	secret, s, err := p.o.Accounts.Login(r.Context(), f.Name, r.PostFormValue("password"), access.SessionOf(r), from)
	if err != nil {
		return refused(loginView(f), f, err)
	}
	return done{To: access.LocalPath(f.Next), Cookies: []*http.Cookie{access.Cookie(secret, s.EndsAt, from)}}, nil
}

func (p *pages) doLogout(r *http.Request) (done, error) {
	err := p.o.Accounts.Logout(r.Context(), access.From(r.Context()))
	return done{To: loginPath, Said: "You are logged out.", Cookies: []*http.Cookie{access.NoCookie(access.ClientFrom(r.Context()))}}, err
}

// setup is what the page of a link shows.
type setup struct {
	form
	Path  string
	Link  access.Credential
	First bool // nobody is a user yet: the name can be chosen
	Reset bool
	Least int
}

func (p *pages) setupView(r *http.Request) (*ui.View, *setup, error) {
	link := chi.URLParam(r, "link")
	c, err := p.o.Accounts.Linked(r.Context(), link, access.ClientFrom(r.Context()))
	if err != nil {
		return nil, nil, err
	}
	users, err := p.o.Accounts.Users(r.Context())
	s := &setup{form: form{Name: c.Name}, Path: "/setup/" + link, Link: c, First: len(users) == 0, Reset: c.Kind == access.KindReset, Least: access.LeastPassword}
	return &ui.View{Title: "Welcome to Corax", Plain: true, Data: s}, s, err
}

func (p *pages) loadSetup(r *http.Request) (*ui.View, error) {
	v, _, err := p.setupView(r)
	return v, err
}

var errTwice = corax.Errorf(corax.Invalid, "", "the two passwords are not the same")

func (p *pages) doSetup(r *http.Request) (done, error) {
	v, s, err := p.setupView(r)
	if err != nil {
		return done{}, err
	}
	if s.First && r.PostFormValue("name") != "" {
		s.Name = strings.TrimSpace(r.PostFormValue("name"))
	}
	if r.PostFormValue("password") != r.PostFormValue("again") {
		return refused(v, &s.form, errTwice)
	}
	u, err := p.o.Accounts.Redeem(r.Context(), chi.URLParam(r, "link"), s.Name, r.PostFormValue("password"), access.ClientFrom(r.Context()))
	if err != nil {
		return refused(v, &s.form, err)
	}
	return done{To: loginPath, Said: "The password is set. Log in as " + u.Name + "."}, nil
}

// account is one's own page.
type account struct {
	form
	Sessions, Tokens []access.Credential
	Scopes           []string
	Roles            []option // that a token of one's own may have
	Token            string   // one that was just made: shown this once
	Least            int
}

func rolesUpTo(most access.Role) (all []option) {
	for _, r := range access.Roles() {
		if r <= most {
			all = append(all, option{r.String(), r.String()})
		}
	}
	return all
}

func (p *pages) accountView(r *http.Request) (*ui.View, *account, error) {
	who := access.From(r.Context())
	a := &account{Roles: rolesUpTo(who.Role), Least: access.LeastPassword}
	for _, s := range who.Scopes {
		a.Scopes = append(a.Scopes, s.String())
	}
	var err error
	if who.User != "" {
		if a.Sessions, err = p.o.Accounts.Sessions(r.Context(), who.User); err == nil {
			a.Tokens, err = p.o.Accounts.Tokens(r.Context(), who.User)
		}
	}
	return &ui.View{Title: "Your account", Data: a}, a, err
}

func (p *pages) loadAccount(r *http.Request) (*ui.View, error) {
	v, _, err := p.accountView(r)
	return v, err
}

func (p *pages) doPassword(r *http.Request) (done, error) {
	v, a, err := p.accountView(r)
	if err != nil {
		return done{}, err
	}
	who, from := access.From(r.Context()), access.ClientFrom(r.Context())
	if err := who.ByHand("change the password"); err != nil {
		return done{}, err
	}
	if r.PostFormValue("password") != r.PostFormValue("again") {
		return refused(v, &a.form, errTwice)
	}
	secret, s, err := p.o.Accounts.ChangePassword(r.Context(), who.User, r.PostFormValue("old"), r.PostFormValue("password"), from)
	if err != nil {
		return refused(v, &a.form, err)
	}
	return done{To: "/account", Said: "The password is changed. All other sessions have ended.", Cookies: []*http.Cookie{access.Cookie(secret, s.EndsAt, from)}}, nil
}

// token is what a form asks for.
func token(r *http.Request) (n access.NewToken, err error) {
	n.Name = r.PostFormValue("name")
	if n.Role, err = access.ParseRole(r.PostFormValue("role")); err != nil {
		return n, err
	}
	if n.Scope, err = scope(r); err != nil {
		return n, err
	}
	days, err := strconv.Atoi(r.PostFormValue("days"))
	if err != nil || days < 1 || days > 3650 {
		return n, corax.Errorf(corax.Invalid, "", "%q is no number of days", ui.Cut(r.PostFormValue("days"), 20))
	}
	n.For = time.Duration(days) * 24 * time.Hour
	return n, nil
}

// scope is what a form limits something to: a selector a line.
func scope(r *http.Request) (access.Scope, error) {
	return access.ParseScope(strings.FieldsFunc(r.PostFormValue("scope"), func(c rune) bool { return c == '\n' || c == '\r' || c == ';' })...)
}

func (p *pages) doToken(r *http.Request) (done, error) {
	n, err := token(r)
	var secret string
	if err == nil {
		secret, _, err = p.o.Accounts.MakeToken(r.Context(), access.From(r.Context()), by(r), n)
	}
	v, a, broken := p.accountView(r)
	if broken != nil {
		return done{}, broken
	}
	if err != nil {
		return refused(v, &a.form, err)
	}
	a.Token = secret
	return done{View: v}, nil
}

// revoke ends a session or a token, one's own or, for an admin, anybody's.
func (p *pages) revoke(k access.Kind, said string) func(r *http.Request) (done, error) {
	return func(r *http.Request) (done, error) {
		who := access.From(r.Context())
		if err := who.ByHand("end a " + string(k)); err != nil {
			return done{}, err
		}
		id := chi.URLParam(r, "id")
		d := done{Said: said}
		if id == who.Session {
			d.To, d.Cookies = loginPath, []*http.Cookie{access.NoCookie(access.ClientFrom(r.Context()))}
		}
		return d, p.o.Accounts.Revoke(r.Context(), who, who.Name, k, id)
	}
}

// people is what the page of users shows.
type people struct {
	form
	Users   []access.User
	Invites []access.Credential
	Roles   []option
	Link    string // one that was just made: shown this once
	For     access.Credential
}

func (p *pages) usersView(r *http.Request) (*ui.View, *people, error) {
	d := &people{Roles: rolesUpTo(access.RoleAdmin)}
	var err error
	if d.Users, err = p.o.Accounts.Users(r.Context()); err == nil {
		d.Invites, err = p.o.Accounts.Invites(r.Context())
	}
	return &ui.View{Title: "Users", Data: d}, d, err
}

func (p *pages) loadUsers(r *http.Request) (*ui.View, error) {
	v, _, err := p.usersView(r)
	return v, err
}

// ownAddress is the whole address of a page of ours, as the one who asks reaches it.
func ownAddress(r *http.Request, path string) string {
	scheme := "http"
	if access.ClientFrom(r.Context()).Secure {
		scheme = "https"
	}
	return fmt.Sprintf("%s://%s%s", scheme, r.Host, path)
}

func (p *pages) doInvite(r *http.Request) (done, error) {
	if err := access.From(r.Context()).ByHand("invite a user"); err != nil {
		return done{}, err
	}
	name := strings.TrimSpace(r.PostFormValue("name"))
	role, err := access.ParseRole(r.PostFormValue("role"))
	limits, broken := scope(r)
	err = errors.Join(err, broken)
	var link string
	var c access.Credential
	if err == nil {
		link, c, err = p.o.Accounts.Invite(r.Context(), by(r), name, role, limits)
	}
	v, d, broken := p.usersView(r)
	if broken != nil {
		return done{}, broken
	}
	if err != nil {
		d.Name = name
		return refused(v, &d.form, err)
	}
	d.Link, d.For = ownAddress(r, "/setup/"+link), c
	return done{View: v}, nil
}

func (p *pages) doWithdraw(r *http.Request) (done, error) {
	if err := access.From(r.Context()).ByHand("withdraw an invite"); err != nil {
		return done{}, err
	}
	return done{To: "/settings/users", Said: "The link is good no more."}, p.o.Accounts.Withdraw(r.Context(), by(r), chi.URLParam(r, "id"))
}

// person is what the page of one user shows.
type person struct {
	form
	User             access.User
	Sessions, Tokens []access.Credential
	Roles            []option
	Link             string // one that was just made: shown this once
	For              access.Credential
	Self             bool
}

func (p *pages) userView(r *http.Request) (*ui.View, *person, error) {
	d := &person{Roles: rolesUpTo(access.RoleAdmin)}
	var err error
	if d.User, err = p.o.Accounts.UserNamed(r.Context(), chi.URLParam(r, "id")); err != nil {
		return nil, d, err
	}
	d.Self = d.User.ID == access.From(r.Context()).User
	if d.Sessions, err = p.o.Accounts.Sessions(r.Context(), d.User.ID); err == nil {
		d.Tokens, err = p.o.Accounts.Tokens(r.Context(), d.User.ID)
	}
	return &ui.View{Title: d.User.Name, Trail: []ui.Crumb{{Text: "Users", URL: "/settings/users"}, {Text: d.User.Name}}, Data: d}, d, err
}

func (p *pages) loadUser(r *http.Request) (*ui.View, error) {
	v, _, err := p.userView(r)
	return v, err
}

func (p *pages) doAlter(r *http.Request) (done, error) {
	if err := access.From(r.Context()).ByHand("change a user"); err != nil {
		return done{}, err
	}
	id := chi.URLParam(r, "id")
	role, err := access.ParseRole(r.PostFormValue("role"))
	limits, broken := scope(r)
	if err = errors.Join(err, broken); err == nil {
		_, err = p.o.Accounts.Alter(r.Context(), by(r), id, access.Change{Role: &role, Scope: &limits})
	}
	if err == nil {
		return done{To: "/settings/users/" + id, Said: "Changed."}, nil
	}
	v, d, broken := p.userView(r)
	if broken != nil {
		return done{}, broken
	}
	return refused(v, &d.form, err)
}

func (p *pages) doReset(r *http.Request) (done, error) {
	if err := access.From(r.Context()).ByHand("reset a user"); err != nil {
		return done{}, err
	}
	link, c, err := p.o.Accounts.Reset(r.Context(), by(r), chi.URLParam(r, "id"))
	if err != nil {
		return done{}, err
	}
	v, d, err := p.userView(r)
	d.Link, d.For = ownAddress(r, "/setup/"+link), c
	return done{View: v}, err
}

func (p *pages) disable(off bool) func(r *http.Request) (done, error) {
	return func(r *http.Request) (done, error) {
		if err := access.From(r.Context()).ByHand("change a user"); err != nil {
			return done{}, err
		}
		id := chi.URLParam(r, "id")
		_, err := p.o.Accounts.Alter(r.Context(), by(r), id, access.Change{Disabled: &off})
		return done{To: "/settings/users/" + id, Said: map[bool]string{true: "Disabled: all sessions have ended.", false: "Enabled."}[off]}, err
	}
}
