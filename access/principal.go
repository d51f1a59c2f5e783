// Package access says who may do what: people with their roles and scopes, their sessions and tokens, and how each is proven.
//
// In comes what somebody shows (a password, a cookie, a token, a link); out comes a Principal, which the server puts in the request's
// context and which every page and call asks before it shows or does something. What is not allowed is denied.
package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"corax"
)

// Role says how much somebody may do. Each includes those before it; the zero Role may nothing.
type Role int

// The roles, in order.
const (
	RoleNone      Role = iota // nobody
	RoleViewer                // reads
	RoleResponder             // acknowledges, comments, silences, resolves, runs monitors, answers work orders
	RoleOperator              // approves, stops, steers plans, declares emergencies
	RoleAdmin                 // manages users, caps, reloads, backups, settings
)

var roleNames = []string{"none", "viewer", "responder", "operator", "admin"}

// Roles are those that a person can have, in order.
func Roles() []Role { return []Role{RoleViewer, RoleResponder, RoleOperator, RoleAdmin} }

// ParseRole reads a role's name; it is Invalid where there is no such role. "none" is not one that can be given.
func ParseRole(name string) (Role, error) {
	if n := slices.Index(roleNames, name); n > 0 {
		return Role(n), nil
	}
	return RoleNone, &corax.Error{Code: corax.Invalid, Op: "read a role", Err: fmt.Errorf("%q is no role", name),
		Hint: "take viewer, responder, operator or admin"}
}

// String is the role's name.
func (r Role) String() string {
	if r < RoleNone || int(r) >= len(roleNames) {
		return roleNames[RoleNone]
	}
	return roleNames[r]
}

// MarshalText writes the role's name.
func (r Role) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads the role's name.
func (r *Role) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRole(string(text))
	return err
}

// Scope limits which entities one sees and acts on: those that any of its selectors picks. An empty scope limits nothing.
type Scope []corax.Selector

// Includes says whether the scope lets the entity through.
func (s Scope) Includes(e corax.Entity) bool {
	return len(s) == 0 || slices.ContainsFunc(s, func(x corax.Selector) bool { return x.Matches(e) })
}

// Principal is who makes a request, and what they may do.
type Principal struct {
	Name string    // of the person; a configured operator and a user of one name are one person
	Role Role      // the most that this request may do
	Via  corax.Via // how the name is known

	// Scopes must all include an entity for it to be seen: that of the user, and that of the token where one was shown.
	Scopes []Scope

	User    string // id of the user; empty for the local command line and for configured operators
	Session string // id of the session by which the request came; empty where it came otherwise
	Token   string // id of the API token by which the request came; empty where it came otherwise

	Until time.Time // when the session or token ends unless it is used again; zero where it came otherwise
}

// May says whether the principal has at least this role. Nobody may what asks for no role: each call says what it needs. What admins do
// concerns everything, so whoever doesn't see everything is none.
func (p Principal) May(r Role) bool {
	if r == RoleAdmin && p.Limited() {
		return false
	}
	return r > RoleNone && r <= RoleAdmin && p.Role >= r && p.Role <= RoleAdmin
}

// ByHand is Forbidden for a token: what makes or changes users is done by a person, so that a token that leaked can't make another way in.
func (p Principal) ByHand(op string) error {
	if p.Via == corax.ViaLocal || p.Session != "" {
		return nil
	}
	return &corax.Error{Code: corax.Forbidden, Op: op, Err: errors.New("neither a session nor the local command line asks for it"),
		Hint: "log in on the pages, or run the command where Corax runs"}
}

// Known says that it is somebody.
func (p Principal) Known() bool { return p.Role > RoleNone }

// Sees says whether the entity is within all of the principal's scopes. The unnamed entity is within none that limits anything.
func (p Principal) Sees(e corax.Entity) bool {
	for _, s := range p.Scopes {
		if !s.Includes(e) {
			return false
		}
	}
	return true
}

// Limited says that there may be entities that the principal doesn't see.
func (p Principal) Limited() bool {
	return slices.ContainsFunc(p.Scopes, func(s Scope) bool { return len(s) > 0 })
}

// Actor is the principal as the one who does something. The local command line acts under the name that it claims.
func (p Principal) Actor(claimed string) corax.Actor {
	if p.Via == corax.ViaLocal {
		return corax.Actor{Name: claimed, Via: corax.ViaLocal}
	}
	return corax.Actor{Name: p.Name, Via: p.Via}
}

type contextKey struct{}

// With puts the principal into a request's context.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// From is the context's principal; the zero one, which may nothing, where there is none.
func From(ctx context.Context) Principal {
	p, _ := ctx.Value(contextKey{}).(Principal)
	return p
}
