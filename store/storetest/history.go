package storetest

import (
	"testing"
	"time"

	"corax"
	"corax/store"
)

func minute(at time.Time, checks, failures int, latency time.Duration) store.History {
	h := store.History{At: at.Truncate(time.Minute), Step: time.Minute}
	for i := range checks {
		h.Add(i < failures, latency)
	}
	return h
}

func testHistory(t *testing.T, s Store) {
	ctx := t.Context()
	now := Now()
	record := func(name string, list ...store.History) {
		t.Helper()
		ok(t, s.RecordHistory(ctx, store.MonitorRecord{Minutes: map[string][]store.History{name: list}}))
	}
	record("login", minute(now.Add(-3*time.Minute), 4, 0, 20*time.Millisecond), minute(now.Add(-time.Minute), 4, 2, 80*time.Millisecond))
	record("login", minute(now.Add(-time.Minute), 4, 2, 40*time.Millisecond)) // the same minute again
	record("login", minute(now.Add(-26*time.Hour), 10, 10, time.Second))
	record("other", minute(now.Add(-time.Minute), 1, 0, time.Millisecond))

	m := must(s.MonitorHistory(ctx, "login", now.Add(-4*time.Minute), now, time.Minute))(t)
	checks := []int64{}
	for _, h := range m.Spans {
		checks = append(checks, h.Checks)
	}
	same(t, "by the minute", checks, []int64{0, 4, 0, 8, 0})
	last := m.Spans[3]
	equal(t, "failures", last.Failures, 4)
	equal(t, "sum", last.Sum, 480*time.Millisecond)
	equal(t, "min", last.Min, 40*time.Millisecond)
	equal(t, "max", last.Max, 80*time.Millisecond)
	if last.P50 < 36*time.Millisecond || last.P50 > 44*time.Millisecond || last.P95 < 72*time.Millisecond || last.P95 > 80*time.Millisecond {
		t.Errorf("half took %s, 95 %% %s", last.P50, last.P95)
	}
	for _, c := range []struct {
		name           string
		from           time.Time
		step, has      time.Duration
		spans          int
		checks, failed int64
	}{
		{"by the hour", now.Add(-27 * time.Hour), time.Hour, time.Hour, 28, 22, 14},
		{"by two hours", now.Add(-27 * time.Hour), 2 * time.Hour, 2 * time.Hour, 14, 22, 14},
		{"by five minutes", now.Add(-27 * time.Hour), 5 * time.Minute, 5 * time.Minute, 325, 22, 14},
		{"90 days", now.Add(-90 * 24 * time.Hour), 24 * time.Hour, 24 * time.Hour, 91, 22, 14},
		{"an hour long ago is kept by the day", now.Add(-70 * 24 * time.Hour), time.Hour, 24 * time.Hour, 71, 22, 14},
	} {
		m := must(s.MonitorHistory(ctx, "login", c.from, now, c.step))(t)
		total := m.Total()
		if len(m.Spans) != c.spans || m.Spans[0].Step != c.has || total.Checks != c.checks || total.Failures != c.failed {
			t.Errorf("%s: %d spans of %s with %d checks, %d failed, expected %+v", c.name, len(m.Spans), m.Spans[0].Step, total.Checks, total.Failures, c)
		}
	}
	all := must(s.MonitorHistories(ctx, now.Add(-time.Hour), now, time.Hour))(t)
	equal(t, "monitors", len(all), 2)
	equal(t, "checks of all", all["login"].Total().Checks+all["other"].Total().Checks, 13)
	none := must(s.MonitorHistory(ctx, "nobody", now.Add(-time.Hour), now, time.Hour))(t).Total()
	equal(t, "of nobody", none.Checks, 0)
	hasCode(t, "no time at all", must2(s.MonitorHistory(ctx, "login", now, now, time.Hour)), corax.Invalid)

	// The finer ones are forgotten first.
	ok(t, s.PruneHistory(ctx, now.Add(store.HistoryMinutes+time.Hour)))
	equal(t, "by the minute", must(s.MonitorHistory(ctx, "login", now.Add(-4*time.Minute), now, time.Minute))(t).Total().Checks, 0)
	equal(t, "by the hour", must(s.MonitorHistory(ctx, "login", now.Add(-4*time.Hour), now, time.Hour))(t).Total().Checks, 12)
	ok(t, s.PruneHistory(ctx, now.Add(store.HistoryDays+48*time.Hour)))
	equal(t, "by the day", must(s.MonitorHistory(ctx, "login", now.Add(-90*24*time.Hour), now, 24*time.Hour))(t).Total().Checks, 0)
}

func testMonitorChanges(t *testing.T, s Store) {
	ctx := t.Context()
	down := store.MonitorChange{Monitor: "login", At: Now(), From: corax.MonitorUp, To: corax.MonitorDown, Message: "status 503 <b>"}
	up := store.MonitorChange{Monitor: "login", At: Now().Add(time.Minute), From: corax.MonitorDown, To: corax.MonitorUp, Message: "status 200"}
	other := store.MonitorChange{Monitor: "other", At: Now(), To: corax.MonitorUp}
	ok(t, s.RecordHistory(ctx, store.MonitorRecord{Changes: []store.MonitorChange{down, up, other}}))
	same(t, "of login", must(s.MonitorChanges(ctx, "login", 10))(t), []store.MonitorChange{up, down})
	equal(t, "of all", len(must(s.MonitorChanges(ctx, "", 2))(t)), 2)
	ok(t, s.PruneHistory(ctx, Now().Add(store.HistoryDays+time.Hour)))
	equal(t, "left", len(must(s.MonitorChanges(ctx, "", 0))(t)), 0)
}
