package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"corax"
	"corax/store"
)

const (
	getHistory = `SELECT checks, failures, sum, min, max, spread FROM monitor_history WHERE step = ? AND monitor = ? AND at = ?`
	putHistory = `INSERT INTO monitor_history (step, monitor, at, checks, failures, sum, min, max, spread) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET checks = excluded.checks, failures = excluded.failures, sum = excluded.sum, min = excluded.min,
		max = excluded.max, spread = excluded.spread`
	historyOf = `SELECT monitor, at, checks, failures, sum, min, max, spread FROM monitor_history
		WHERE step = ?1 AND monitor = ?2 AND at BETWEEN ?3 AND ?4`
	historyOfAll = `SELECT monitor, at, checks, failures, sum, min, max, spread FROM monitor_history
		WHERE step = ?1 AND monitor IN (SELECT DISTINCT monitor FROM monitor_history WHERE step = 86400) AND at BETWEEN ?3 AND ?4 AND ?2 = ''`
	addMonitorChange = `INSERT INTO monitor_changes (monitor, at, doc) VALUES (?, ?, ?)`
	monitorChanges   = `SELECT doc FROM monitor_changes WHERE (?1 = '' OR monitor = ?1) ORDER BY at DESC, seq DESC LIMIT ?2`
	dropHistory      = `DELETE FROM monitor_history WHERE step = ?1 AND at < ?2`
	dropChanges      = `DELETE FROM monitor_changes WHERE at < ?1`
)

// historySteps are the lengths of the spans that are kept, and how long they are.
var historySteps = []struct{ step, kept time.Duration }{
	{time.Minute, store.HistoryMinutes}, {time.Hour, store.HistoryHours}, {24 * time.Hour, store.HistoryDays},
}

// RecordHistory counts in what monitors found.
func (s *Store) RecordHistory(ctx context.Context, r store.MonitorRecord) error {
	return s.transact(ctx, "record the history of monitors", func(t *tx) error {
		for monitor, minutes := range r.Minutes {
			for _, kept := range historySteps {
				if err := t.addHistory(monitor, kept.step, minutes); err != nil {
					return err
				}
			}
		}
		for _, c := range r.Changes {
			doc, err := encode(c)
			if err != nil {
				return err
			}
			if _, err := t.exec(addMonitorChange, c.Monitor, c.At.UnixMicro(), doc); err != nil {
				return err
			}
		}
		return nil
	})
}

// addHistory counts minutes into the spans of a step.
func (t *tx) addHistory(monitor string, step time.Duration, minutes []store.History) error {
	spans := map[int64]*store.History{}
	for _, m := range minutes {
		at := floor(m.At.Unix(), int64(step/time.Second))
		if spans[at] == nil {
			spans[at] = &store.History{}
		}
		spans[at].Merge(m)
	}
	seconds := int64(step / time.Second)
	for at, h := range spans {
		stmt, err := t.stmt(getHistory)
		if err != nil {
			return err
		}
		var was store.History
		var spread []byte
		err = stmt.QueryRow(seconds, monitor, at).Scan(&was.Checks, &was.Failures, &was.Sum, &was.Min, &was.Max, &spread)
		if err == nil {
			if was.Spread, err = store.DecodeSpread(spread); err == nil {
				h.Merge(was)
			}
		}
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if _, err := t.run(putHistory, seconds, monitor, at, h.Checks, h.Failures, int64(h.Sum), int64(h.Min), int64(h.Max), h.Spread.Encode()); err != nil {
			return err
		}
	}
	return nil
}

// MonitorHistory is what a monitor's runs came to between two times, in spans of a step, which is made as long as what is still kept, and
// so long that there are at most 2000.
func (s *Store) MonitorHistory(ctx context.Context, monitor string, from, to time.Time, step time.Duration) (store.MonitorHistory, error) {
	all, err := s.histories(ctx, historyOf, monitor, from, to, step)
	if err != nil {
		return store.MonitorHistory{Monitor: monitor, Spans: []store.History{}}, err
	}
	if h, ok := all[monitor]; ok {
		return h, nil
	}
	_, spans := s.spans(from, to, step)
	return store.MonitorHistory{Monitor: monitor, Spans: spans()}, nil
}

// MonitorHistories is the same for all monitors that ran, by name.
func (s *Store) MonitorHistories(ctx context.Context, from, to time.Time, step time.Duration) (map[string]store.MonitorHistory, error) {
	return s.histories(ctx, historyOfAll, "", from, to, step)
}

const mostSpans = 2000

// spans chooses what to read for a step, and makes the spans that it is gathered in.
func (s *Store) spans(from, to time.Time, step time.Duration) (unit time.Duration, make func() []store.History) {
	step = max(step, time.Minute, to.Sub(from)/mostSpans)
	// The longest that divides the step is the least to read; else the finest that is still kept.
	for i, k := range historySteps {
		kept := i == len(historySteps)-1 || s.opts.Clock.Now().Sub(from) <= k.kept
		if kept && (unit == 0 || k.step <= step && step%k.step == 0) {
			unit = k.step
		}
	}
	step = (step + unit - 1) / unit * unit
	first := from.Truncate(unit)
	return unit, func() []store.History {
		list := []store.History{}
		for at := first; at.Before(to); at = at.Add(step) {
			list = append(list, store.History{At: at.UTC(), Step: step})
		}
		return list
	}
}

func (s *Store) histories(ctx context.Context, query, monitor string, from, to time.Time, step time.Duration) (map[string]store.MonitorHistory, error) {
	const op = "read the history of monitors"
	if !from.Before(to) {
		return nil, corax.Errorf(corax.Invalid, op, "%s is not before %s", from.Format(time.RFC3339), to.Format(time.RFC3339))
	}
	unit, spans := s.spans(from, to, step)
	seconds := int64(unit / time.Second)
	out := map[string]store.MonitorHistory{}
	err := s.each(ctx, op, func(rows *sql.Rows) error {
		var name string
		var at int64
		var h store.History
		var spread sql.RawBytes
		if err := rows.Scan(&name, &at, &h.Checks, &h.Failures, &h.Sum, &h.Min, &h.Max, &spread); err != nil {
			return err
		}
		var err error
		if h.Spread, err = store.DecodeSpread(spread); err != nil {
			return err
		}
		of, ok := out[name]
		if !ok {
			of = store.MonitorHistory{Monitor: name, Spans: spans()}
			out[name] = of
		}
		if len(of.Spans) == 0 {
			return nil
		}
		i := int(time.Unix(at*seconds, 0).Sub(of.Spans[0].At) / of.Spans[0].Step)
		if i >= 0 && i < len(of.Spans) {
			of.Spans[i].Merge(h)
		}
		return nil
	}, query, seconds, monitor, floor(from.Unix(), seconds), floor(to.Unix()-1, seconds))
	for _, of := range out {
		for i := range of.Spans {
			of.Spans[i].Measure()
		}
	}
	return out, err
}

// MonitorChanges lists how the state of a monitor (of all where empty) changed, the latest first.
func (s *Store) MonitorChanges(ctx context.Context, monitor string, most int) ([]store.MonitorChange, error) {
	return list[store.MonitorChange](ctx, s, "list the changes of monitors", monitorChanges, monitor, limit(most))
}

// PruneHistory forgets what is kept no longer.
func (s *Store) PruneHistory(ctx context.Context, now time.Time) error {
	return s.transact(ctx, "prune the history of monitors", func(t *tx) error {
		for _, k := range historySteps {
			if _, err := t.run(dropHistory, int64(k.step/time.Second), floor(now.Add(-k.kept).Unix(), int64(k.step/time.Second))); err != nil {
				return err
			}
		}
		_, err := t.run(dropChanges, now.Add(-store.HistoryDays).UnixMicro())
		return err
	})
}
