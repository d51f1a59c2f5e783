package webtest

import (
	"context"
	"time"

	"corax"
	"corax/access"
)

// Password is that of everybody in the fixture.
const Password = "correct horse battery"

// people makes users: ada (an admin), sam (an operator with a scope, a session and a token, whose browser calls itself what no browser
// should), and one who was invited.
func (s *Site) people(ctx context.Context, o Options) error {
	const day = 24 * time.Hour
	s.Accounts = access.New(access.Options{Store: s.Store, Clock: o.Clock, Cost: access.Cost{Memory: 8, Passes: 1, Threads: 1},
		Lifetimes: access.Lifetimes{Idle: 12 * time.Hour, Session: 7 * day, Invite: day, Token: 365 * day}})
	shop := access.Scope{{Labels: map[string]string{"team": Hostile}}}
	for _, u := range []struct {
		name  string
		role  access.Role
		scope access.Scope
	}{{"ada", access.RoleAdmin, nil}, {"sam", access.RoleOperator, shop}} {
		link, _, err := s.Accounts.Invite(ctx, "corax", u.name, u.role, u.scope)
		if err != nil {
			return err
		}
		if _, err := s.Accounts.Redeem(ctx, link, "", Password, access.Client{}); err != nil {
			return err
		}
	}
	secret, _, err := s.Accounts.Login(ctx, "sam", Password, "", access.Client{Address: "192.0.2.7", Device: Hostile})
	if err != nil {
		return err
	}
	p, err := s.Accounts.BySession(ctx, secret, access.Client{Address: "192.0.2.7"})
	if err != nil {
		return err
	}
	if _, _, err := s.Accounts.MakeToken(ctx, p, "sam", access.NewToken{Name: string([]rune(Hostile)[:100]), Role: access.RoleViewer, Scope: shop}); err != nil {
		return err
	}
	s.Link, _, err = s.Accounts.Invite(ctx, "ada", "kim", access.RoleViewer, shop)
	return err
}

// As is a principal of the fixture: ada where the role is admin, else sam, with the role.
func As(role access.Role) access.Principal {
	name := "sam"
	if role == access.RoleAdmin {
		name = "ada"
	}
	return access.Principal{Name: name, Role: role, Via: corax.ViaSession, User: access.UserID(name), Session: "ses-here"}
}
