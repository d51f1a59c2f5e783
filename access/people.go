package access

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"corax"
)

// Users lists those who can log in, by name.
func (b *Book) Users(ctx context.Context) ([]User, error) { return b.o.Store.Users(ctx) }

// UserNamed finds a user by name or id; NotFound where there is none.
func (b *Book) UserNamed(ctx context.Context, nameOrID string) (User, error) {
	return b.o.Store.User(ctx, resolve(nameOrID))
}

// resolve is the id of a user who is called by name or id. No name begins as ids do.
func resolve(nameOrID string) string {
	if strings.HasPrefix(nameOrID, idMark) {
		return nameOrID
	}
	return UserID(nameOrID)
}

// firstAdmin is the name that the first admin gets who chooses no other.
const firstAdmin = "admin"

// Bootstrap makes the link by which the first admin comes in, or an empty one where there is a user already. Links that it made before
// end: only their digests were kept, so that they can't be shown again.
func (b *Book) Bootstrap(ctx context.Context) (link string, err error) {
	users, err := b.o.Store.Users(ctx)
	if err != nil || len(users) > 0 {
		return "", err
	}
	link, _, err = b.invite(ctx, "corax", Credential{Kind: KindInvite, Name: firstAdmin, Role: RoleAdmin}, func(t Tx) error {
		if users, err := t.Users(); err != nil || len(users) > 0 {
			return errors.Join(err, corax.Errorf(corax.Conflict, "invite the first admin", "there is a user"))
		}
		return nil
	})
	return link, err
}

// Invite makes a link by which somebody becomes a user. An earlier one for the same name ends. It is a Conflict where there is a user
// of this name.
func (b *Book) Invite(ctx context.Context, by, name string, role Role, scope Scope) (link string, c Credential, err error) {
	const op = "invite a user"
	if err := errors.Join(CheckName(name), checkRole(role, scope)); err != nil {
		return "", c, err
	}
	return b.invite(ctx, by, Credential{Kind: KindInvite, Name: name, Role: role, Scope: scope}, func(t Tx) error {
		if u, err := t.User(UserID(name)); err == nil {
			return &corax.Error{Code: corax.Conflict, Op: op, Err: errors.New("there is a user called " + u.Name), Hint: "reset gives a new password"}
		}
		return nil
	})
}

// Reset makes a link by which a user sets a new password, which ends all of the user's sessions and tokens. The old password is good
// until then.
func (b *Book) Reset(ctx context.Context, by, nameOrID string) (link string, c Credential, err error) {
	u, err := b.UserNamed(ctx, nameOrID)
	if err != nil {
		return "", c, err
	}
	return b.invite(ctx, by, Credential{Kind: KindReset, Name: u.Name, Role: u.Role}, func(Tx) error { return nil })
}

func (b *Book) invite(ctx context.Context, by string, c Credential, check func(Tx) error) (link string, _ Credential, err error) {
	if link, err = newSecret(b.o.Random); err != nil {
		return "", c, err
	}
	c.User, c.By, c.MadeAt, c.Digest = UserID(c.Name), by, b.o.Clock.Now(), Digest(link)
	c.ID, c.EndsAt = corax.HashID("inv", c.Digest), c.MadeAt.Add(b.o.Lifetimes.Invite)
	err = b.o.Store.ChangeAccess(ctx, string(c.Kind)+" "+c.Name, func(t Tx) error {
		if err := check(t); err != nil {
			return err
		}
		if _, err := t.DropCredentials(c.Kind, c.User); err != nil {
			return err
		}
		if err := t.PutCredential(c); err != nil {
			return err
		}
		return t.Audit(entry(c.MadeAt, by, corax.AuditUser, User{ID: c.User, Name: c.Name}, "change", string(c.Kind), "role", c.Role.String(),
			"scope", c.Scope.String(), "ends", c.EndsAt.Format(time.RFC3339)))
	})
	return link, c, err
}

// Invites lists the links that were not followed yet, those that have ended left out.
func (b *Book) Invites(ctx context.Context) ([]Credential, error) {
	invites, err := b.o.Store.Credentials(ctx, KindInvite, "")
	if err != nil {
		return nil, err
	}
	resets, err := b.o.Store.Credentials(ctx, KindReset, "")
	now := b.o.Clock.Now()
	return slices.DeleteFunc(append(invites, resets...), func(c Credential) bool { return b.ended(c, now) }), err
}

// Withdraw ends an invite or a reset that was not followed yet.
func (b *Book) Withdraw(ctx context.Context, by, id string) error {
	return b.o.Store.ChangeAccess(ctx, "withdraw an invite", func(t Tx) error {
		c, err := t.Credential(KindInvite, id)
		if corax.CodeOf(err) == corax.NotFound {
			c, err = t.Credential(KindReset, id)
		}
		if err != nil {
			return err
		}
		if err := t.DropCredential(c.Kind, id); err != nil {
			return err
		}
		return t.Audit(entry(b.o.Clock.Now(), by, corax.AuditUser, User{ID: c.User, Name: c.Name}, "change", string(c.Kind)+" withdrawn"))
	})
}

// Linked is the invite or reset that a link stands for; Forbidden where there is none that is good. Looking changes nothing.
func (b *Book) Linked(ctx context.Context, link string, from Client) (Credential, error) {
	const op = "follow a link"
	try, wait := b.guard.Begin(Digest(link), from.Address, false) // one guess at a link is no guess at another
	if wait > 0 {
		return Credential{}, &corax.Error{Code: corax.Unavailable, Op: op, Err: TooMany{wait}}
	}
	c, err := b.o.Store.FindCredential(ctx, KindInvite, Digest(link))
	if corax.CodeOf(err) == corax.NotFound {
		c, err = b.o.Store.FindCredential(ctx, KindReset, Digest(link))
	}
	switch {
	case err != nil && corax.CodeOf(err) != corax.NotFound:
		return Credential{}, err
	case err != nil || b.ended(c, b.o.Clock.Now()):
		return Credential{}, forbidden(op, errLink, "ask for another")
	}
	try.Passed()
	return c, nil
}

// Redeem sets the password that a link allows to set, once: the invited user is made, or the user's sessions and tokens end. The first
// user of all may take another name than the invite's. Whoever has redeemed a link logs in like everybody else.
func (b *Book) Redeem(ctx context.Context, link, name, password string, from Client) (User, error) {
	const op = "follow a link"
	c, err := b.Linked(ctx, link, from)
	if err != nil {
		return User{}, err
	}
	if name = strings.TrimSpace(name); name == "" || c.Kind == KindReset {
		name = c.Name
	}
	if err := errors.Join(CheckName(name), CheckPassword(password, name)); err != nil {
		return User{}, err
	}
	text, err := b.hash(ctx, password)
	if err != nil {
		return User{}, err
	}
	now := b.o.Clock.Now()
	var u User
	err = b.o.Store.ChangeAccess(ctx, op, func(t Tx) error {
		c, err := t.Found(c.Kind, c.Digest) // somebody else may have been quicker
		if err != nil {
			return errors.Join(forbidden(op, errLink, "ask for another"), err)
		}
		if err := t.DropCredential(c.Kind, c.ID); err != nil {
			return err
		}
		change := "password reset"
		if c.Kind == KindReset {
			if u, err = t.User(c.User); err != nil {
				return err
			}
			if _, err := t.DropCredentials(KindToken, u.ID); err != nil {
				return err
			}
		} else {
			if u, err = b.made(t, c, name, now); err != nil {
				return err
			}
			change = "made"
		}
		if _, err := t.DropCredentials(KindSession, u.ID); err != nil {
			return err
		}
		u.Password, u.PasswordAt = text, now
		if err := t.PutUser(u); err != nil {
			return err
		}
		return t.Audit(entry(now, u.Name, corax.AuditUser, u, "change", change, "role", u.Role.String(), "invited_by", c.By, "address", from.Address))
	})
	if err == nil {
		b.watched.endUser(u.ID, "")
	}
	return u, err
}

// made is the user that an invite makes.
func (b *Book) made(t Tx, c Credential, name string, now time.Time) (User, error) {
	const op = "follow a link"
	users, err := t.Users()
	if err != nil {
		return User{}, err
	}
	if UserID(name) != c.User && len(users) > 0 {
		return User{}, &corax.Error{Code: corax.Forbidden, Op: op, Err: errors.New("the link is for " + c.Name), Hint: "leave the name as it is"}
	}
	if len(users) == 0 && c.Role == RoleAdmin { // the link that the start has printed has done its duty, whichever was followed
		if _, err := t.DropCredentials(KindInvite, UserID(firstAdmin)); err != nil {
			return User{}, err
		}
	}
	u := User{ID: UserID(name), Name: name, Role: c.Role, Scope: c.Scope, MadeAt: now}
	if slices.ContainsFunc(users, func(is User) bool { return is.ID == u.ID }) {
		return User{}, corax.Errorf(corax.Conflict, op, "there is a user called %s already", name)
	}
	return u, nil
}

// ChangePassword sets a new password where the old one is right, and ends all of the user's sessions. The secret is that of a new one,
// for the browser in which it was changed.
func (b *Book) ChangePassword(ctx context.Context, user, old, password string, from Client) (secret string, s Credential, err error) {
	const op = "change the password"
	u, err := b.o.Store.User(ctx, user)
	if err != nil {
		return "", s, err
	}
	try, wait := b.guard.Begin(u.ID, from.Address, true)
	if wait > 0 {
		return "", s, &corax.Error{Code: corax.Unavailable, Op: op, Err: TooMany{wait}}
	}
	good, err := b.verify(ctx, old, u.Password)
	if err != nil {
		return "", s, err
	}
	if !good {
		return "", s, errors.Join(forbidden(op, errors.New("the old password is wrong"), ""), b.failed(ctx, u, try, from))
	}
	try.Passed()
	if err := CheckPassword(password, u.Name); err != nil {
		return "", s, err
	}
	text, err := b.hash(ctx, password)
	if err != nil {
		return "", s, err
	}
	if secret, err = newSecret(b.o.Random); err != nil {
		return "", s, err
	}
	now := b.o.Clock.Now()
	err = b.o.Store.ChangeAccess(ctx, op, func(t Tx) error {
		is, err := t.User(user)
		if err != nil || is.Password != u.Password || is.Disabled {
			return errors.Join(corax.Errorf(corax.Conflict, op, "it was changed meanwhile"), err)
		}
		is.Password, is.PasswordAt = text, now
		if err := t.PutUser(is); err != nil {
			return err
		}
		n, err := t.DropCredentials(KindSession, user)
		if err != nil {
			return err
		}
		s = b.newSession(is, secret, from, now)
		if err := t.PutCredential(s); err != nil {
			return err
		}
		return t.Audit(entry(now, is.Name, corax.AuditUser, is, "change", "password", "sessions_ended", strconv.Itoa(n), "address", from.Address))
	})
	if err == nil {
		b.watched.endUser(user, s.ID)
	}
	return secret, s, err
}

// Change is what an admin alters about a user; what is nil stays.
type Change struct {
	Role     *Role
	Scope    *Scope
	Disabled *bool
}

// Alter changes a user, from the next request on. Disabling ends all sessions; tokens are refused while it lasts. It is a Conflict
// where nobody would be left who is an admin.
func (b *Book) Alter(ctx context.Context, by, nameOrID string, c Change) (u User, err error) {
	const op = "change a user"
	err = b.o.Store.ChangeAccess(ctx, op, func(t Tx) error {
		if u, err = t.User(resolve(nameOrID)); err != nil {
			return err
		}
		var detail []string
		was := u
		if c.Role != nil && *c.Role != u.Role {
			detail = append(detail, "role", u.Role.String()+" -> "+c.Role.String())
			u.Role = *c.Role
		}
		if c.Scope != nil && c.Scope.String() != u.Scope.String() {
			detail = append(detail, "scope", u.Scope.String()+" -> "+c.Scope.String())
			u.Scope = *c.Scope
		}
		if c.Disabled != nil && *c.Disabled != u.Disabled {
			detail = append(detail, "change", map[bool]string{true: "disabled", false: "enabled"}[*c.Disabled])
			u.Disabled = *c.Disabled
		}
		if len(detail) == 0 {
			return nil
		}
		if err := checkRole(u.Role, u.Scope); err != nil {
			return err
		}
		if err := t.PutUser(u); err != nil {
			return err
		}
		if u.Disabled {
			if _, err := t.DropCredentials(KindSession, u.ID); err != nil {
				return err
			}
		}
		users, err := t.Users()
		if err != nil {
			return err
		}
		admin := func(u User) bool { return u.Role == RoleAdmin && !u.Disabled }
		if admin(was) && !slices.ContainsFunc(users, admin) {
			return &corax.Error{Code: corax.Conflict, Op: op, Err: errors.New("no admin would be left"), Hint: "make somebody else an admin first"}
		}
		return t.Audit(entry(b.o.Clock.Now(), by, corax.AuditUser, u, detail...))
	})
	if err == nil {
		b.watched.endUser(u.ID, "") // what is open was opened under what held before
	}
	return u, err
}

// checkRole says what is wrong with a role and its scope.
func checkRole(r Role, s Scope) error {
	const op = "give a role"
	switch {
	case !slices.Contains(Roles(), r):
		return corax.Errorf(corax.Invalid, op, "%s is none that can be given", r)
	case r == RoleAdmin && len(s) > 0:
		return &corax.Error{Code: corax.Invalid, Op: op, Err: errors.New("an admin has no scope"), Hint: "make them an operator, or leave the scope out"}
	}
	return CheckScope(s)
}
