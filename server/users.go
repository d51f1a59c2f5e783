package server

import (
	"context"
	"net/http"
	"strings"
	"time"

	"corax"
	"corax/access"
)

// Whoami is who a call was made by.
type Whoami struct {
	Name    string         `json:"name"`
	Role    access.Role    `json:"role"`
	Via     corax.Via      `json:"via"`
	Scopes  []access.Scope `json:"scopes,omitempty" doc:"an entity must be within all of them"`
	Session string         `json:"session,omitempty"`
	Token   string         `json:"credential,omitempty"`
}

// SetupLink is a link that was made for somebody. It is shown once.
type SetupLink struct {
	Path   string            `json:"path" doc:"where to go with a browser, once"`
	URL    string            `json:"url,omitempty" doc:"the same with the public address, where one is configured"`
	Invite access.Credential `json:"invite"`
}

func (SetupLink) shownOnce() {}

// Issued is a token that was made. It is shown once.
type Issued struct {
	Value string            `json:"value"`
	About access.Credential `json:"about"`
}

func (Issued) shownOnce() {}

// SetupPath is where links lead.
const SetupPath = "/setup/"

// byHand says who made a call that only a person makes.
func byHand(ctx context.Context, op, claimed string) (string, error) {
	p := access.From(ctx)
	return p.Actor(claimed).Name, p.ByHand(op)
}

func (a api) setupLink(secret string, c access.Credential) SetupLink {
	l := SetupLink{Path: SetupPath + secret, Invite: c}
	if a.o.PublicURL != "" {
		l.URL = strings.TrimSuffix(a.o.PublicURL, "/") + l.Path
	}
	return l
}

func (a api) users() {
	b := a.o.Access
	if b == nil {
		return
	}
	type none struct{}
	type by struct {
		ByID
		By string `query:"by" maxLength:"100" doc:"who does it; a session outweighs it"`
	}
	operation(a, access.RoleViewer, "whoami", http.MethodGet, "/whoami", "Who the call was made by, and what they may do",
		func(ctx context.Context, _ *none) (Whoami, error) {
			p := access.From(ctx)
			return Whoami{Name: p.Name, Role: p.Role, Via: p.Via, Scopes: p.Scopes, Session: p.Session, Token: p.Token}, nil
		})
	whole(a, access.RoleAdmin, "list-users", http.MethodGet, "/users", "Users, by name",
		func(ctx context.Context, _ *none) ([]access.User, error) { return b.Users(ctx) })
	whole(a, access.RoleAdmin, "list-invites", http.MethodGet, "/invites", "Links that nobody has followed yet, newest first",
		func(ctx context.Context, _ *none) ([]access.Credential, error) { return b.Invites(ctx) })
	type userInvited struct {
		Body struct {
			Name  string       `json:"name" minLength:"1" maxLength:"64"`
			Role  string       `json:"role" enum:"viewer,responder,operator,admin"`
			Scope access.Scope `json:"scope,omitempty" doc:"only entities that one of these picks; all where left out"`
			By    string       `json:"by,omitempty" maxLength:"100"`
		}
	}
	operation(a, access.RoleAdmin, "invite-user", http.MethodPost, "/users", "Make a link by which somebody becomes a user",
		func(ctx context.Context, in *userInvited) (SetupLink, error) {
			by, err := byHand(ctx, "invite a user", in.Body.By)
			if err != nil {
				return SetupLink{}, err
			}
			role, err := access.ParseRole(in.Body.Role)
			if err != nil {
				return SetupLink{}, err
			}
			link, c, err := b.Invite(ctx, by, in.Body.Name, role, in.Body.Scope)
			return a.setupLink(link, c), err
		})
	operation(a, access.RoleAdmin, "withdraw-invite", http.MethodDelete, "/invites/{id}", "End a link that nobody has followed yet",
		func(ctx context.Context, in *by) (done, error) {
			by, err := byHand(ctx, "withdraw an invite", in.By)
			if err != nil {
				return done{}, err
			}
			return done{true}, b.Withdraw(ctx, by, in.ID)
		})
	operation(a, access.RoleAdmin, "reset-user", http.MethodPost, "/users/{id}/reset",
		"Make a link by which a user, called by name or id, sets a new password; it ends all sessions and tokens",
		func(ctx context.Context, in *by) (SetupLink, error) {
			by, err := byHand(ctx, "reset a user", in.By)
			if err != nil {
				return SetupLink{}, err
			}
			link, c, err := b.Reset(ctx, by, in.ID)
			return a.setupLink(link, c), err
		})
	type userAltered struct {
		ByID
		Body struct {
			Role     string        `json:"role,omitempty" enum:"viewer,responder,operator,admin"`
			Scope    *access.Scope `json:"scope,omitempty" doc:"an empty list takes the scope away"`
			Disabled *bool         `json:"disabled,omitempty"`
			By       string        `json:"by,omitempty" maxLength:"100"`
		}
	}
	operation(a, access.RoleAdmin, "alter-user", http.MethodPatch, "/users/{id}", "Change the role or scope of a user, called by name or id, or disable them",
		func(ctx context.Context, in *userAltered) (access.User, error) {
			by, err := byHand(ctx, "change a user", in.Body.By)
			if err != nil {
				return access.User{}, err
			}
			c := access.Change{Scope: in.Body.Scope, Disabled: in.Body.Disabled}
			if in.Body.Role != "" {
				role, err := access.ParseRole(in.Body.Role)
				if err != nil {
					return access.User{}, err
				}
				c.Role = &role
			}
			return b.Alter(ctx, by, in.ID, c)
		})
}

// keys are what everybody may do with their own sessions and tokens, and admins with anybody's.
func (a api) keys() {
	b := a.o.Access
	if b == nil {
		return
	}
	type list struct {
		All bool `query:"all" doc:"everybody's, for admins"`
	}
	type by struct {
		ByID
		By string `query:"by" maxLength:"100" doc:"who does it; a session outweighs it"`
	}
	for _, k := range []struct {
		kind  access.Kind
		about string
		list  func(ctx context.Context, user string) ([]access.Credential, error)
	}{{access.KindSession, "Sessions", b.Sessions}, {access.KindToken, "Tokens", b.Tokens}} {
		plural := string(k.kind) + "s"
		whole(a, access.RoleViewer, "list-"+plural, http.MethodGet, "/"+plural, k.about+" that are good, one's own or everybody's",
			func(ctx context.Context, in *list) ([]access.Credential, error) {
				p := access.From(ctx)
				switch {
				case in.All && !p.May(access.RoleAdmin):
					return nil, corax.Errorf(corax.Forbidden, "list "+plural, "only an admin sees everybody's")
				case in.All || p.Via == corax.ViaLocal:
					return k.list(ctx, "")
				case p.User == "": // a configured operator has none
					return []access.Credential{}, nil
				}
				return k.list(ctx, p.User)
			})
		operation(a, access.RoleViewer, "revoke-"+string(k.kind), http.MethodDelete, "/"+plural+"/{id}", "End one; one's own, or for admins anybody's",
			func(ctx context.Context, in *by) (done, error) {
				by, err := byHand(ctx, "revoke "+in.ID, in.By)
				if err != nil {
					return done{}, err
				}
				return done{true}, b.Revoke(ctx, access.From(ctx), by, k.kind, in.ID)
			})
	}
	type tokenAsked struct {
		Body struct {
			User    string       `json:"user,omitempty" maxLength:"64" doc:"whose, from the local command line; one's own otherwise"`
			Name    string       `json:"name" minLength:"1" maxLength:"100" doc:"what it is for"`
			Role    string       `json:"role" enum:"viewer,responder,operator,admin" doc:"the most that it may do"`
			Scope   access.Scope `json:"scope,omitempty"`
			Seconds int          `json:"seconds,omitempty" minimum:"60" maximum:"315360000" doc:"how long it is good; the longest that is allowed where left out"`
			By      string       `json:"by,omitempty" maxLength:"100"`
		}
	}
	operation(a, access.RoleViewer, "make-token", http.MethodPost, "/tokens", "Make a token of the API; its value is shown once",
		func(ctx context.Context, in *tokenAsked) (Issued, error) {
			by, err := byHand(ctx, "make a token", in.Body.By)
			if err != nil {
				return Issued{}, err
			}
			role, err := access.ParseRole(in.Body.Role)
			if err != nil {
				return Issued{}, err
			}
			value, c, err := b.MakeToken(ctx, access.From(ctx), by, access.NewToken{
				User: in.Body.User, Name: in.Body.Name, Role: role, Scope: in.Body.Scope, For: time.Duration(in.Body.Seconds) * time.Second,
			})
			return Issued{value, c}, err
		})
}
