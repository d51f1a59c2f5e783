package storetest

import (
	"errors"
	"testing"
	"time"

	"corax"
	"corax/access"
	"corax/audit"
	"corax/store"
)

func userName(u access.User) string           { return u.Name }
func credentialID(c access.Credential) string { return c.ID }

func testAccess(t *testing.T, s Store) {
	ctx := t.Context()
	seen := Now()
	ann := access.User{ID: "u-ann", Name: "ann", Role: access.RoleAdmin, MadeAt: Now(), PasswordAt: Now(), Password: "$argon2id$x", Known: []string{"192.0.2.1"}}
	bob := access.User{ID: "u-bob", Name: "Bob", Role: access.RoleViewer, Scope: access.Scope{{Labels: map[string]string{"team": "shop"}}},
		Disabled: true, LoginAt: &seen, Password: "h2"}
	cred := func(k access.Kind, id, user string, ends time.Duration) access.Credential {
		return access.Credential{ID: id, Kind: k, User: user, Name: "n", Start: "crx_ab", Role: access.RoleViewer, By: "ann", MadeAt: Now(),
			EndsAt: Now().Add(ends), Digest: "digest-" + id, Scope: bob.Scope, SeenAt: &seen, Address: "192.0.2.7"}
	}
	s1, s2, s3 := cred(access.KindSession, "s1", "u-ann", time.Hour), cred(access.KindSession, "s2", "u-ann", time.Minute), cred(access.KindSession, "s3", "u-bob", time.Hour)
	t1 := cred(access.KindToken, "t1", "u-ann", time.Hour)
	ok(t, s.ChangeAccess(ctx, "test", func(tx access.Tx) error {
		return errors.Join(tx.PutUser(bob), tx.PutUser(ann), tx.PutCredential(s1), tx.PutCredential(s2), tx.PutCredential(s3), tx.PutCredential(t1))
	}))
	same(t, "a user", must(s.User(ctx, "u-bob"))(t), bob)
	same(t, "the users", ids(must(s.Users(ctx))(t), userName), []string{"Bob", "ann"})
	same(t, "a credential", must(s.FindCredential(ctx, access.KindToken, "digest-t1"))(t), t1)
	_, err := s.FindCredential(ctx, access.KindSession, "digest-t1")
	hasCode(t, "a token taken for a session", err, corax.NotFound)
	same(t, "one user's", ids(must(s.Credentials(ctx, access.KindSession, "u-ann"))(t), credentialID), []string{"s1", "s2"})
	same(t, "everybody's", ids(must(s.Credentials(ctx, access.KindSession, ""))(t), credentialID), []string{"s1", "s2", "s3"})
	_, err = s.User(ctx, "u-eve")
	hasCode(t, "a missing user", err, corax.NotFound)

	later := Now().Add(5 * time.Second)
	ok(t, s.TouchCredential(ctx, access.KindToken, "t1", later, "192.0.2.9"))
	t1.SeenAt, t1.Address = &later, "192.0.2.9"
	same(t, "used", must(s.FindCredential(ctx, access.KindToken, "digest-t1"))(t), t1)
	ok(t, s.TouchCredential(ctx, access.KindToken, "t0", later, "192.0.2.9"))

	ok(t, s.DropEnded(ctx, Now().Add(time.Minute)))
	same(t, "those that last", ids(must(s.Credentials(ctx, access.KindSession, ""))(t), credentialID), []string{"s1", "s3"})

	ok(t, s.ChangeAccess(ctx, "test", func(tx access.Tx) error {
		same(t, "a credential by its id", must(tx.Credential(access.KindToken, "t1"))(t), t1)
		same(t, "a credential by its digest", must(tx.Found(access.KindToken, "digest-t1"))(t), t1)
		same(t, "a user, within", must(tx.User("u-bob"))(t), bob)
		same(t, "users, within", ids(must(tx.Users())(t), userName), []string{"Bob", "ann"})
		if n, err := tx.DropCredentials(access.KindSession, "u-ann", "s1"); n != 0 || err != nil {
			t.Errorf("dropped %d but what is excepted, %v", n, err)
		}
		if n, err := tx.DropCredentials(access.KindSession, "u-ann"); n != 1 || err != nil {
			t.Errorf("dropped %d, %v", n, err)
		}
		_, err := tx.Credential(access.KindSession, "s1")
		hasCode(t, "a dropped one", err, corax.NotFound)
		ann.Role = access.RoleOperator
		return errors.Join(tx.PutUser(ann), tx.DropCredential(access.KindToken, "t1"), tx.DropCredential(access.KindToken, "t1"))
	}))
	same(t, "changed", must(s.User(ctx, "u-ann"))(t), ann)
	same(t, "sessions left", ids(must(s.Credentials(ctx, access.KindSession, ""))(t), credentialID), []string{"s3"})
	same(t, "tokens left", ids(must(s.Credentials(ctx, access.KindToken, ""))(t), credentialID), []string{})
}

// What a change refuses is not stored, and neither is its audit.
func testAccessWhole(t *testing.T, s Store) {
	ctx := t.Context()
	refusal := errors.New("not now")
	before := s.AuditHead()
	err := s.ChangeAccess(ctx, "test", func(tx access.Tx) error {
		ok(t, tx.PutUser(access.User{ID: "u-ann", Name: "ann"}))
		ok(t, tx.Audit(corax.AuditEntry{At: Now(), Who: "ann", What: corax.AuditUser, On: "user/u-ann"}))
		return refusal
	})
	if !errors.Is(err, refusal) {
		t.Errorf("the refusal came back as %v", err)
	}
	same(t, "users", len(must(s.Users(ctx))(t)), 0)
	same(t, "the audit", s.AuditHead(), before)
	ok(t, s.ChangeAccess(ctx, "test", func(tx access.Tx) error {
		return tx.Audit(corax.AuditEntry{At: Now(), Who: "ann", What: corax.AuditLogin, On: "user/u-ann", Detail: map[string]string{"address": "192.0.2.1"}})
	}))
	rows := must(s.Audit(ctx, store.AuditFilter{}))(t)
	same(t, "what is on record", ids(rows, func(r audit.Row) string { return string(r.What) + " " + r.On }), []string{"access.login user/u-ann"})
}
