package access

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"corax"
)

// Lifetimes say how long credentials are good.
type Lifetimes struct {
	Idle    time.Duration // a session that was not used for so long has ended
	Session time.Duration // a session ends so long after the login, used or not
	Invite  time.Duration // a link that was not followed by then has ended
	Token   time.Duration // the longest that a token may be good
}

// Options are a book's surroundings.
type Options struct {
	Store     Store
	Lifetimes Lifetimes
	Cost      Cost      // of passwords; DefaultCost where zero
	Random    io.Reader // where secrets come from; the system's where nil
	Clock     corax.Clock
	Log       *slog.Logger
}

// Book knows who may come in. Its methods may be called from any goroutine.
type Book struct {
	o       Options
	guard   *Guard
	hashing chan struct{} // one token for each password that may be hashed at a time: each takes memory and a processor
	watched watched
}

// hashers is how many passwords are hashed at a time.
const hashers = 2

// New makes a book over a store.
func New(o Options) *Book {
	if o.Cost == (Cost{}) {
		o.Cost = DefaultCost()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Random = randomOr(o.Random)
	return &Book{o: o, guard: NewGuard(o.Clock), hashing: make(chan struct{}, hashers)}
}

// TooMany says that there were too many failed attempts.
type TooMany struct{ After time.Duration }

// Error says when to come back.
func (e TooMany) Error() string {
	return fmt.Sprintf("too many failed attempts; try again in %s", e.After.Round(time.Second)+time.Second)
}

var (
	errLogin = errors.New("name or password is wrong") // also for users that are unknown or disabled: it must not tell them apart
	errLink  = errors.New("the link is not known, was used, or has expired")
	errKnown = errors.New("not known, ended, or expired")
)

func forbidden(op string, err error, hint string) error {
	return &corax.Error{Code: corax.Forbidden, Op: op, Err: err, Hint: hint}
}

// Login begins a session for whoever gives the right password. The secret is for the cookie, and shown nowhere else. presented is the
// secret of a session that the browser has brought along: it ends, so that none that somebody planted is taken over.
// Wrong names and passwords are Forbidden, all with the same words and after the same work; TooMany is in the chain where the guard refuses.
func (b *Book) Login(ctx context.Context, name, password, presented string, from Client) (secret string, s Credential, err error) {
	const op = "log in"
	id := UserID(name)
	u, err := b.o.Store.User(ctx, id)
	if err != nil && corax.CodeOf(err) != corax.NotFound {
		return "", s, err
	}
	try, wait := b.guard.Begin(id, from.Address, slices.Contains(u.Known, Network(from.Address)))
	if wait > 0 {
		return "", s, &corax.Error{Code: corax.Unavailable, Op: op, Err: TooMany{wait}}
	}
	good, err := b.verify(ctx, password, u.Password)
	if err != nil {
		return "", s, err
	}
	if !good || u.Disabled {
		return "", s, errors.Join(forbidden(op, errLogin, ""), b.failed(ctx, u, try, from))
	}
	fresh := ""
	if outdated(u.Password, b.o.Cost) {
		if fresh, err = b.hash(ctx, password); err != nil {
			return "", s, err
		}
	}
	try.Passed()
	now := b.o.Clock.Now()
	if secret, err = newSecret(b.o.Random); err != nil {
		return "", s, err
	}
	err = b.o.Store.ChangeAccess(ctx, op, func(t Tx) error {
		is, err := t.User(id)
		if err != nil || is.Disabled || is.Password != u.Password { // changed while the password was compared
			return errors.Join(forbidden(op, errLogin, ""), err)
		}
		if fresh != "" {
			is.Password = fresh
		}
		is.LoginAt = &now
		is.Known = remember(is.Known, Network(from.Address))
		if err := t.PutUser(is); err != nil {
			return err
		}
		if old, err := t.Found(KindSession, Digest(presented)); err == nil && presented != "" {
			if err := t.DropCredential(KindSession, old.ID); err != nil {
				return err
			}
			defer b.watched.end(old.ID)
		}
		s = b.newSession(is, secret, from, now)
		if err := t.PutCredential(s); err != nil {
			return err
		}
		return t.Audit(entry(now, is.Name, corax.AuditLogin, is, "address", from.Address, "session", s.ID))
	})
	return secret, s, err
}

func (b *Book) newSession(u User, secret string, from Client, now time.Time) Credential {
	return Credential{
		ID: corax.HashID("ses", Digest(secret)), Kind: KindSession, User: u.ID, Name: clip(from.Device, 200), By: u.Name, MadeAt: now,
		EndsAt: now.Add(b.o.Lifetimes.Session), SeenAt: &now, Address: from.Address, Digest: Digest(secret),
	}
}

// remember puts an address before those that are known, and keeps ten.
func remember(known []string, address string) []string {
	known = append([]string{address}, slices.DeleteFunc(slices.Clone(known), func(k string) bool { return k == address })...)
	return known[:min(len(known), 10)]
}

// failed records a failure: the first five of an account, then each that doubles their number, so that nobody can fill the audit by
// guessing. Unknown names are never recorded: people type passwords there.
func (b *Book) failed(ctx context.Context, u User, try *Attempt, from Client) error {
	n := try.Failures
	if n > 5 && n&(n-1) != 0 {
		return nil
	}
	who := u.Name
	if u.ID == "" {
		who = "unknown"
	}
	entries := []corax.AuditEntry{entry(b.o.Clock.Now(), who, corax.AuditLoginFailed, u, "address", from.Address, "failures", strconv.Itoa(n))}
	if try.LockedFor > 0 {
		b.o.Log.Warn("logins are locked out for a while", "user", who, "address", from.Address, "for", try.LockedFor)
		entries = append(entries, entry(b.o.Clock.Now(), who, corax.AuditLockedOut, u, "address", from.Address, "for", try.LockedFor.String()))
	}
	return b.o.Store.ChangeAccess(ctx, "record a failed login", func(t Tx) error { return t.Audit(entries...) })
}

// entry is an entry of the audit about a user.
func entry(at time.Time, who string, what corax.AuditKind, u User, detail ...string) corax.AuditEntry {
	e := corax.AuditEntry{At: at, Who: who, What: what, On: "user/" + u.ID, Detail: map[string]string{}}
	if u.Name != "" {
		e.Detail["user"] = u.Name
	}
	for i := 0; i+1 < len(detail); i += 2 {
		if detail[i+1] != "" {
			e.Detail[detail[i]] = detail[i+1]
		}
	}
	return e
}

// verify compares a password with a hash, in its turn.
func (b *Book) verify(ctx context.Context, password, text string) (good bool, err error) {
	err = b.inTurn(ctx, func() error {
		good = len(password) <= mostPassword && matches(password, text, b.o.Cost)
		return nil
	})
	return good, err
}

func (b *Book) hash(ctx context.Context, password string) (text string, err error) {
	err = b.inTurn(ctx, func() (err error) {
		text, err = hash(password, b.o.Cost, b.o.Random)
		return err
	})
	return text, err
}

func (b *Book) inTurn(ctx context.Context, fn func() error) error {
	select {
	case b.hashing <- struct{}{}:
		defer func() { <-b.hashing }()
		return fn()
	case <-ctx.Done():
		return corax.Errorf(corax.Unavailable, "check a password", "%w", ctx.Err())
	}
}

// touchEvery is how exact the time of the last use is.
const touchEvery = time.Minute

// BySession is whose session the secret of a cookie is; Forbidden where it is none that is good.
func (b *Book) BySession(ctx context.Context, secret string, from Client) (Principal, error) {
	const op = "look up a session"
	c, u, err := b.good(ctx, op, KindSession, secret, from)
	if err != nil {
		return Principal{}, err
	}
	return Principal{Name: u.Name, Role: u.Role, Via: corax.ViaSession, Scopes: scopes(u.Scope), User: u.ID, Session: c.ID, Until: b.until(c)}, nil
}

// ByToken is whose token it is, with what both the token and its owner may; Forbidden where it is none that is good. A token that
// somebody else has made for a user proves nothing about that user.
func (b *Book) ByToken(ctx context.Context, secret string, from Client) (Principal, error) {
	const op = "look up a token"
	c, u, err := b.good(ctx, op, KindToken, secret, from)
	if err != nil {
		return Principal{}, err
	}
	via := corax.ViaToken
	if UserID(c.By) != u.ID {
		via = corax.ViaIssued
	}
	return Principal{Name: u.Name, Role: min(c.Role, u.Role), Via: via, Scopes: scopes(u.Scope, c.Scope), User: u.ID, Token: c.ID, Until: b.until(c)}, nil
}

// scopes are those that limit anything.
func scopes(all ...Scope) []Scope {
	return slices.DeleteFunc(all, func(s Scope) bool { return len(s) == 0 })
}

// good finds a credential that is good, with its user, and notes its use.
func (b *Book) good(ctx context.Context, op string, k Kind, secret string, from Client) (c Credential, u User, err error) {
	gone := func(err error) (Credential, User, error) {
		if err != nil && corax.CodeOf(err) != corax.NotFound {
			return Credential{}, User{}, err
		}
		return Credential{}, User{}, forbidden(op, errKnown, "log in again, or take another token")
	}
	if secret == "" {
		return gone(nil)
	}
	if c, err = b.o.Store.FindCredential(ctx, k, Digest(secret)); err != nil {
		return gone(err)
	}
	now := b.o.Clock.Now()
	if b.ended(c, now) {
		return gone(nil)
	}
	if u, err = b.o.Store.User(ctx, c.User); err != nil || u.Disabled {
		return gone(err)
	}
	if c.SeenAt == nil || now.Sub(*c.SeenAt) >= touchEvery || c.Address != from.Address {
		err = b.o.Store.TouchCredential(ctx, k, c.ID, now, from.Address)
	}
	return c, u, err
}

// ended says that a credential is not good any more.
func (b *Book) ended(c Credential, now time.Time) bool {
	if c.Kind == KindSession && c.SeenAt != nil && b.o.Lifetimes.Idle > 0 && now.Sub(*c.SeenAt) >= b.o.Lifetimes.Idle {
		return true
	}
	return !now.Before(c.EndsAt)
}

// until is when a credential that was used now is not good any more, unless it is used again.
func (b *Book) until(c Credential) time.Time {
	if idle := b.o.Clock.Now().Add(b.o.Lifetimes.Idle); c.Kind == KindSession && b.o.Lifetimes.Idle > 0 && idle.Before(c.EndsAt) {
		return idle
	}
	return c.EndsAt
}

// Tidy forgets what has ended.
func (b *Book) Tidy(ctx context.Context) error { return b.o.Store.DropEnded(ctx, b.o.Clock.Now()) }

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}
