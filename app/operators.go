package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"corax"
	"corax/config"
)

// operators finds an operator by the digest of the token, so that no comparison tells how much of a guess was right.
type operators map[[sha256.Size]byte]string

// newOperators resolves the operators' tokens. Two of the same token are refused: it would prove nobody's name.
func newOperators(cfg *config.Config, secret func(ref string) (string, error)) (operators, error) {
	known := operators{}
	for _, o := range cfg.Operators {
		token, err := secret(o.Token)
		if err != nil {
			return nil, fmt.Errorf("operator %s: %w", o.Name, err)
		}
		sum := sha256.Sum256([]byte(token))
		if other, twice := known[sum]; twice {
			return nil, &corax.Error{Code: corax.Invalid, Op: "read the operators",
				Err: fmt.Errorf("%s and %s have the same token", other, o.Name), Hint: "give each a token of their own"}
		}
		known[sum] = o.Name
	}
	return known, nil
}

// operator is whose token it is, or empty.
func (a *App) operator(token string) string {
	if known := a.operators.Load(); known != nil {
		return (*known)[sha256.Sum256([]byte(token))]
	}
	return ""
}

// BreakGlass declares an emergency; see corax.BreakGlass. It is told to people at once.
func (c controls) BreakGlass(ctx context.Context, by corax.Actor, scope, reason string, length time.Duration) (corax.BreakGlass, error) {
	const op = "declare an emergency"
	now := c.a.o.Clock.Now()
	b := corax.BreakGlass{Scope: scope, By: by.Name, Reason: c.a.redactor.Redact(reason), At: now, ExpiresAt: now.Add(length)}
	if !by.Proven() {
		return b, &corax.Error{Code: corax.Forbidden, Op: op, Err: errors.New("only a named operator may"),
			Hint: "set CORAX_TOKEN to your operator's token; operators are named in the configuration"}
	}
	if length <= 0 {
		return b, corax.Errorf(corax.Invalid, op, "it must last for some time")
	}
	b.ID = corax.HashID("brk", b.By, b.Scope, b.Reason, now.Format(time.RFC3339Nano))
	what := "everything"
	if scope != "" {
		what = scope
	}
	text := fmt.Sprintf("BREAK-GLASS: %s declared an emergency for %s until %s: %s", b.By, what, b.ExpiresAt.Format(time.RFC3339), b.Reason)
	c.a.log.Warn("break-glass", "by", b.By, "scope", what, "until", b.ExpiresAt, "reason", b.Reason)
	return b, c.a.store.SaveBreakGlass(ctx, b, corax.Event{At: now, Kind: corax.EventBreakGlass, Entity: scope, State: "on", Text: text,
		Data: map[string]string{"break_glass": b.ID}})
}

// EndBreakGlass ends an emergency before its time. One that is over stays as it was.
func (c controls) EndBreakGlass(ctx context.Context, id, by string) error {
	b, err := c.a.store.BreakGlass(ctx, id)
	now := c.a.o.Clock.Now()
	if err != nil || b.EndedAt != nil || !now.Before(b.ExpiresAt) {
		return err
	}
	b.EndedAt, b.EndedBy = &now, by
	return c.a.store.SaveBreakGlass(ctx, b, corax.Event{At: now, Kind: corax.EventBreakGlass, Entity: b.Scope, State: "off",
		Text: fmt.Sprintf("%s ended the emergency that %s declared", by, b.By), Data: map[string]string{"break_glass": id}})
}
