package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"corax"
	"corax/store"
)

// Calls that are made once, by their keys, and their answers; doc is empty until there is one.
const (
	getCall    = `SELECT json_object('request', request, 'run', run, 'doc', doc) FROM calls WHERE id = ? AND at >= ?`
	beginCall  = `INSERT OR REPLACE INTO calls (id, request, run, at, doc) VALUES (?, ?, ?, ?, '')`
	finishCall = `UPDATE calls SET doc = ? WHERE id = ?`
	forgetCall = `DELETE FROM calls WHERE id = ?`
	dropCalls  = `DELETE FROM calls WHERE id IN (SELECT id FROM calls WHERE at < ?1 LIMIT ?2)`
)

// CallsKept is how long a call and its answer are remembered.
const CallsKept = 24 * time.Hour

// BeginCall says what becomes of a call: it is to be carried out where the reply is nil, and was before where it is not. A key of
// another request is Invalid; a call that is under way, or was cut off by the end of Corax, is a Conflict.
func (s *Store) BeginCall(ctx context.Context, c store.KeyedCall) (*store.Reply, error) {
	const op = "begin a call that is made once"
	var known struct{ Request, Run, Doc string }
	now := s.opts.Clock.Now()
	found := true
	err := s.transact(ctx, op, func(t *tx) error {
		var row []byte
		err := t.row(&row, getCall, c.ID, now.Add(-CallsKept).UnixMicro())
		if errors.Is(err, sql.ErrNoRows) {
			found = false
			_, err = t.run(beginCall, c.ID, c.Request, c.Run, now.UnixMicro())
			return err
		}
		if err != nil {
			return err
		}
		return decode(row, &known)
	})
	switch {
	case err != nil || !found:
		return nil, err
	case known.Request != c.Request:
		return nil, &corax.Error{Code: corax.Invalid, Op: "use an idempotency key", Err: errors.New("it belongs to another request"),
			Hint: "make a new key for each request, and keep it only to repeat that request"}
	case known.Doc == "" && known.Run == c.Run:
		return nil, &corax.Error{Code: corax.Conflict, Op: "repeat a call", Err: errors.New("the first is still under way"), Hint: "try again in a moment"}
	case known.Doc == "":
		return nil, &corax.Error{Code: corax.Conflict, Op: "repeat a call", Err: errors.New("the first was cut off, and nobody knows how far it came"),
			Hint: "look at what it was about, and send it with a new key where it is still to be done"}
	}
	var r store.Reply
	if err := decode([]byte(known.Doc), &r); err != nil {
		return nil, err
	}
	return &r, nil
}

// FinishCall stores the answer to a call that was begun.
func (s *Store) FinishCall(ctx context.Context, id string, r store.Reply) error {
	doc, err := encode(r)
	if err != nil {
		return err
	}
	return s.transact(ctx, "store the answer to a call", func(t *tx) error {
		_, err := t.exec(finishCall, doc, id)
		return err
	})
}

// ForgetCall forgets a call that did nothing, so that it can be made again with its key.
func (s *Store) ForgetCall(ctx context.Context, id string) error {
	return s.transact(ctx, "forget a call", func(t *tx) error {
		_, err := t.run(forgetCall, id)
		return err
	})
}
