package access

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"corax"
)

// TokenMark is how every token of the API begins, by which scanners of leaked secrets know it.
const TokenMark = "crx_"

// shownOf is how many letters of a token stay known.
const shownOf = len(TokenMark) + 4

// NewToken says what a token is to be.
type NewToken struct {
	User  string // name of its owner
	Name  string // what it is for
	Role  Role   // the most that it may do
	Scope Scope
	For   time.Duration // how long it is good; the longest that is allowed where zero
}

// Sessions lists the sessions of a user that are good, those of everybody where user is empty; by id.
func (b *Book) Sessions(ctx context.Context, user string) ([]Credential, error) {
	return b.live(ctx, KindSession, user)
}

// Tokens lists the tokens of a user that are good, those of everybody where user is empty; by id.
func (b *Book) Tokens(ctx context.Context, user string) ([]Credential, error) {
	return b.live(ctx, KindToken, user)
}

func (b *Book) live(ctx context.Context, k Kind, user string) ([]Credential, error) {
	all, err := b.o.Store.Credentials(ctx, k, user)
	now := b.o.Clock.Now()
	return slices.DeleteFunc(all, func(c Credential) bool { return b.ended(c, now) }), err
}

// MakeToken makes a token, and gives its secret, which can't be had again. Users make their own, in a session; the local command line
// makes one for anybody, which then proves no person (see ByToken). A token makes none, so that one that leaked can't renew itself.
func (b *Book) MakeToken(ctx context.Context, p Principal, by string, n NewToken) (secret string, c Credential, err error) {
	const op = "make a token"
	if err := p.ByHand(op); err != nil {
		return "", c, err
	}
	n.Name = strings.TrimSpace(n.Name)
	switch {
	case p.Session != "" && n.User != "" && UserID(n.User) != p.User:
		return "", c, forbidden(op, errors.New("a token is made by its owner"), "they make it themselves")
	case n.Name == "" || len([]rune(n.Name)) > 100:
		return "", c, &corax.Error{Code: corax.Invalid, Op: op, Err: errors.New("it needs a name of at most 100 letters"), Hint: "say what it is for"}
	case n.For < 0 || n.For > b.o.Lifetimes.Token:
		return "", c, corax.Errorf(corax.Invalid, op, "it may be good for at most %s", b.o.Lifetimes.Token)
	}
	if err := checkRole(n.Role, n.Scope); err != nil {
		return "", c, err
	}
	if n.For == 0 {
		n.For = b.o.Lifetimes.Token
	}
	owner := p.User
	if p.Session == "" {
		owner = UserID(n.User)
		by += " (local)" // a claim, and never the owner's own name
	}
	if secret, err = newSecret(b.o.Random); err != nil {
		return "", c, err
	}
	secret = TokenMark + secret
	now := b.o.Clock.Now()
	err = b.o.Store.ChangeAccess(ctx, op, func(t Tx) error {
		u, err := t.User(owner)
		if err != nil {
			return err
		}
		if n.Role > u.Role {
			return &corax.Error{Code: corax.Forbidden, Op: op, Err: errors.New(u.Name + " is only " + u.Role.String()), Hint: "choose a lower role"}
		}
		c = Credential{
			ID: corax.HashID("tok", Digest(secret)), Kind: KindToken, User: u.ID, Name: n.Name, Start: secret[:shownOf], Role: n.Role, Scope: n.Scope,
			By: by, MadeAt: now, EndsAt: now.Add(n.For), Digest: Digest(secret),
		}
		if err := t.PutCredential(c); err != nil {
			return err
		}
		return t.Audit(entry(now, by, corax.AuditToken, u, "change", "made", "id", c.ID, "name", c.Name, "role", c.Role.String(),
			"scope", c.Scope.String(), "ends", c.EndsAt.Format(time.RFC3339)))
	})
	return secret, c, err
}

// Revoke ends a session or a token: one's own, or, for an admin, anybody's. Others are NotFound.
func (b *Book) Revoke(ctx context.Context, p Principal, by string, k Kind, id string) error {
	what := map[Kind]corax.AuditKind{KindSession: corax.AuditSession, KindToken: corax.AuditToken}[k]
	op := "revoke " + string(k) + " " + id
	if what == "" {
		return corax.Errorf(corax.Invalid, op, "only sessions and tokens can be revoked")
	}
	err := b.o.Store.ChangeAccess(ctx, op, func(t Tx) error {
		c, err := t.Credential(k, id)
		if err != nil {
			return err
		}
		if !p.May(RoleAdmin) && (c.User != p.User || p.User == "") {
			return corax.Errorf(corax.NotFound, op, "there is none of yours with this id")
		}
		if err := t.DropCredential(k, id); err != nil {
			return err
		}
		u, err := t.User(c.User)
		if err != nil {
			return err
		}
		return t.Audit(entry(b.o.Clock.Now(), by, what, u, "change", "revoked", "id", id))
	})
	if err == nil {
		b.watched.end(id)
	}
	return err
}

// Logout ends the session by which a request came.
func (b *Book) Logout(ctx context.Context, p Principal) error {
	if p.Session == "" {
		return nil
	}
	return b.Revoke(ctx, p, p.Name, KindSession, p.Session)
}
