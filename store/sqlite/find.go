package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"corax"
	"corax/store"
	"corax/store/search"
)

const (
	pageSize = 50
	// mostUnindexed is how many of the latest signals are scanned because the index has not come to them.
	mostUnindexed = 5000
)

// What finds signals. The index holds their words, and marks for all else that one filters by; a page is read from it in the order of
// arrival, whatever the filter, without sorting.
const (
	searchOlder = `SELECT g.seq, g.incident, r.template, g.doc FROM signal_words w JOIN signals g ON g.seq = w.rowid
		JOIN signal_rows r ON r.seq = w.rowid
		WHERE signal_words MATCH ?1 AND w.rowid BETWEEN ?2 AND ?3 AND g.at >= ?4 AND g.at < ?5 ORDER BY w.rowid DESC LIMIT ?6`
	searchNewer = `SELECT g.seq, g.incident, r.template, g.doc FROM signal_words w JOIN signals g ON g.seq = w.rowid
		JOIN signal_rows r ON r.seq = w.rowid
		WHERE signal_words MATCH ?1 AND w.rowid BETWEEN ?2 AND ?3 AND g.at >= ?4 AND g.at < ?5 ORDER BY w.rowid LIMIT ?6`
	scanOlder = `SELECT g.seq, g.incident, coalesce((SELECT template FROM signal_rows r WHERE r.seq = g.seq), 0), g.doc FROM signals g
		WHERE g.seq BETWEEN ?1 AND ?2 AND g.at >= ?3 AND g.at < ?4 ORDER BY g.seq DESC LIMIT ?5`
	scanNewer = `SELECT g.seq, g.incident, coalesce((SELECT template FROM signal_rows r WHERE r.seq = g.seq), 0), g.doc FROM signals g
		WHERE g.seq BETWEEN ?1 AND ?2 AND g.at >= ?3 AND g.at < ?4 ORDER BY g.seq LIMIT ?5`
	indexedThrough = `SELECT through, coalesce((SELECT max(seq) FROM signals), 0) FROM signal_indexed`
	rowsOfHours    = `SELECT coalesce(min(lowest), 1), coalesce(max(highest), 0) FROM signal_hours WHERE hour BETWEEN ?1 AND ?2`
	facetsOfDays   = `SELECT facet, value, sum(n) AS total FROM signal_days WHERE day >= ?1 GROUP BY facet, value ORDER BY total DESC, value`
	templateCounts = `SELECT template, at, n FROM template_counts WHERE unit = ?1 AND at BETWEEN ?2 AND ?3`
	templateTexts  = `SELECT id, text, first_at, last_at FROM templates`
	getTemplate    = `SELECT text, first_at, last_at, (SELECT coalesce(sum(n), 0) FROM template_counts WHERE unit = 24 AND template = ?1)
		FROM templates WHERE id = ?1`
)

const hour, day = int64(time.Hour / time.Microsecond), 24 * int64(time.Hour/time.Microsecond)

// SearchSignals finds signals, in the order of arrival, the latest first. What is not indexed yet is found too, as far as it is not more
// than a few thousand. A cursor that is none of ours is Invalid.
func (s *Store) SearchSignals(ctx context.Context, f store.SignalSearch) (store.SignalPage, error) {
	const op = "search signals"
	page := store.SignalPage{Signals: []store.FoundSignal{}}
	if f.Limit <= 0 {
		f.Limit = pageSize
	}
	l, err := s.newLook(ctx, op, f)
	if err != nil {
		return page, err
	}
	if l.rows, page.Unsearched, err = l.run(ctx); err != nil {
		return page, err
	}
	more := len(l.rows) > f.Limit
	if more {
		l.rows = l.rows[:f.Limit]
	}
	newer := f.After != ""
	if newer {
		slices.Reverse(l.rows)
	}
	for i := range l.rows {
		r := &l.rows[i]
		r.Marks = l.query.Marks(r.Message)
		page.Signals = append(page.Signals, r.FoundSignal)
	}
	if n := len(l.rows); n > 0 {
		if more || newer {
			page.Older = cursor(l.rows[n-1].seq)
		}
		if more && newer || f.Before != "" {
			page.Newer = cursor(l.rows[0].seq)
		}
	}
	return page, nil
}

// look is a search under way.
type look struct {
	s            *Store
	op           string
	f            store.SignalSearch
	query        search.Query
	match        string // for the index; empty where nothing but time is asked for
	guess        string // likewise, and finds more: the last word by its first letters only; empty where match is as quick
	since, until int64
	low, high    int64 // rows to look at, by the cursors, both included
	first, last  int64 // those of them that are indexed and of the hours asked for
	through, end int64 // the last row that is indexed, and the last that there is
	seen         int   // rows that were read
	rows         []foundRow
}

type foundRow struct {
	seq int64
	store.FoundSignal
}

func (s *Store) newLook(ctx context.Context, op string, f store.SignalSearch) (*look, error) {
	l := &look{s: s, op: op, f: f, query: search.Parse(f.Text), since: math.MinInt64, until: math.MaxInt64, low: 1, high: math.MaxInt64 - 1}
	for _, c := range []struct {
		cursor string
		at     *int64
		add    int64
	}{{f.Before, &l.high, -1}, {f.After, &l.low, 1}} {
		if c.cursor == "" {
			continue
		}
		n, err := strconv.ParseInt(c.cursor, 36, 64)
		if err != nil || n <= 0 {
			return nil, corax.Errorf(corax.Invalid, op, "%q is no cursor", c.cursor)
		}
		*c.at = n + c.add
	}
	l.match = expression(f, l.query, false)
	if _, whole := start(l.query.Prefix); l.query.Prefix != "" && !whole {
		l.guess = expression(f, l.query, true)
	}
	if err := s.each(ctx, op, func(rows *sql.Rows) error { return rows.Scan(&l.through, &l.end) }, indexedThrough); err != nil {
		return nil, err
	}
	l.high = min(l.high, l.end)
	return l, l.bound(ctx)
}

// bound narrows the indexed rows down to those of the hours that are asked for.
func (l *look) bound(ctx context.Context) error {
	l.first, l.last = l.low, min(l.high, l.through)
	if l.f.Since.IsZero() && l.f.Until.IsZero() {
		return nil
	}
	from, to := int64(math.MinInt64), int64(math.MaxInt64)
	if !l.f.Since.IsZero() {
		l.since = l.f.Since.UnixMicro()
		from = floor(l.since, hour)
	}
	if !l.f.Until.IsZero() {
		l.until = l.f.Until.UnixMicro()
		to = floor(l.until, hour)
	}
	return l.s.each(ctx, l.op, func(rows *sql.Rows) error {
		var lowest, highest int64
		err := rows.Scan(&lowest, &highest)
		l.first, l.last = max(l.first, lowest), min(l.last, highest)
		return err
	}, rowsOfHours, from, to)
}

// run reads one row more than a page has, and counts the signals that could not be looked at.
func (l *look) run(ctx context.Context) (rows []foundRow, unsearched int64, err error) {
	tail := max(l.low, l.through+1)
	if from := l.end - mostUnindexed + 1; from > tail && l.match != "" {
		unsearched, tail = from-tail, from
	}
	parts := []func(context.Context, []foundRow) ([]foundRow, error){
		func(ctx context.Context, rows []foundRow) ([]foundRow, error) { return l.scan(ctx, rows, tail, l.high) },
		func(ctx context.Context, rows []foundRow) ([]foundRow, error) { return l.lookUp(ctx, rows) },
	}
	if l.f.After != "" { // the oldest first
		slices.Reverse(parts)
	}
	for _, part := range parts {
		if rows, err = part(ctx, rows); err != nil {
			return nil, 0, err
		}
	}
	return rows, unsearched, nil
}

// scan appends what it finds by reading every row.
func (l *look) scan(ctx context.Context, rows []foundRow, first, last int64) ([]foundRow, error) {
	if most := l.f.Limit + 1; first > last || len(rows) >= most {
		return rows, nil
	}
	query := scanOlder
	if l.f.After != "" {
		query = scanNewer
	}
	return l.read(ctx, rows, l.f.Limit+1, query, first, last, l.since, l.until, -1)
}

// mostGuesses is how many rows are read to see whether a guess serves.
const mostGuesses = 200

// lookUp appends what the index finds. All words that begin with some letters take long to gather where there are many. But then most of
// those that begin with its first few letters are such words too: so these are tried first, and the rest only where that was no good guess.
func (l *look) lookUp(ctx context.Context, rows []foundRow) ([]foundRow, error) {
	most := l.f.Limit + 1
	switch {
	case l.first > l.last || len(rows) >= most:
		return rows, nil
	case l.match == "":
		return l.scan(ctx, rows, l.first, l.last)
	}
	query := searchOlder
	if l.f.After != "" {
		query = searchNewer
	}
	if l.guess != "" {
		had := len(rows)
		l.seen = 0
		guesses := max(mostGuesses, 3*most)
		found, err := l.read(ctx, rows, most, query, l.guess, l.first, l.last, l.since, l.until, guesses)
		if err != nil || len(found) >= most || l.seen < guesses {
			return found, err
		}
		rows = rows[:had]
	}
	return l.read(ctx, rows, most, query, l.match, l.first, l.last, l.since, l.until, most-len(rows))
}

// read appends the rows of a query that the filter finds, until there are most.
func (l *look) read(ctx context.Context, rows []foundRow, most int, query string, args ...any) ([]foundRow, error) {
	err := l.s.each(ctx, l.op, func(r *sql.Rows) error {
		l.seen++
		if len(rows) >= most {
			return errEnough
		}
		var row foundRow
		var incident sql.NullString
		var doc sql.RawBytes
		if err := r.Scan(&row.seq, &incident, &row.Template, &doc); err != nil {
			return err
		}
		if err := decode(doc, &row.Signal); err != nil {
			return err
		}
		// The index may name too many: its marks are hashes.
		if l.f.Matches(l.query, &row.Signal, row.Template) {
			row.Incident = incident.String
			rows = append(rows, row)
		}
		return nil
	}, query, args...)
	if err == errEnough { //nolint:errorlint // it never leaves this file
		err = nil
	}
	return rows, err
}

func cursor(seq int64) string { return strconv.FormatInt(seq, 36) }

// expression is the filter in the language of the index; a guess takes the last word by its first letters. It is made of words and marks only: letters and digits, or hashes of ours.
func expression(f store.SignalSearch, q search.Query, guess bool) string {
	var all []string
	for _, t := range q.Terms {
		all = append(all, quoted(t))
	}
	if q.Prefix != "" {
		switch at, whole := start(q.Prefix); {
		case whole || guess:
			all = append(all, quoted(startMark+at))
		default:
			all = append(all, quoted(q.Prefix)+"*")
		}
	}
	anyOf := func(marks []string) {
		if len(marks) > 0 {
			all = append(all, "("+strings.Join(marks, " OR ")+")")
		}
	}
	var kinds, severities, among []string
	for _, k := range f.Kinds {
		kinds = append(kinds, quoted(mark("k", string(k))))
	}
	for _, v := range f.Severities {
		severities = append(severities, quoted(mark("s", v.String())))
	}
	if f.Among != nil {
		among = append(among, quoted("none=")) // finds nothing, so that an empty list finds nothing
		for _, e := range f.Among {
			among = append(among, quoted(mark("e", e)))
		}
	}
	anyOf(kinds)
	anyOf(severities)
	anyOf(among)
	if f.Entity != "" {
		all = append(all, quoted(mark("e", f.Entity)))
	}
	if f.Source != "" {
		all = append(all, quoted(mark("o", f.Source)))
	}
	for k, v := range f.Labels {
		all = append(all, quoted(mark("l", k, v)))
	}
	if f.Template != 0 {
		all = append(all, quoted(templateMark(f.Template)))
	}
	slices.Sort(all)
	return strings.Join(all, " AND ")
}

// quoted is a word as a string of the index's language, which has no other way to end than the quote.
func quoted(word string) string { return `"` + strings.ReplaceAll(word, `"`, `""`) + `"` }

// SignalFacets counts the signals of the last days (counted in UTC, today included) by what one filters by; at most 50 values each.
func (s *Store) SignalFacets(ctx context.Context, days int, now time.Time) (store.SignalFacets, error) {
	const most = 50
	f := store.SignalFacets{Entities: []store.Facet{}, Kinds: []store.Facet{}, Severities: []store.Facet{}, Sources: []store.Facet{}}
	lists := map[string]*[]store.Facet{"e": &f.Entities, "k": &f.Kinds, "s": &f.Severities, "o": &f.Sources}
	from := floor(now.UnixMicro(), day) - int64(max(days, 1)-1)
	err := s.each(ctx, "count signals", func(rows *sql.Rows) error {
		var facet string
		var v store.Facet
		if err := rows.Scan(&facet, &v.Value, &v.Count); err != nil {
			return err
		}
		if l := lists[facet]; l != nil && len(*l) < most {
			*l = append(*l, v)
		}
		return nil
	}, facetsOfDays, from)
	return f, err
}

// Templates lists the templates of messages, the most frequent first.
func (s *Store) Templates(ctx context.Context, f store.TemplateFilter) ([]store.Template, error) {
	const op = "list templates"
	if f.Limit <= 0 {
		f.Limit = 100
	}
	unit, first, last := int64(24), int64(math.MinInt64), int64(math.MaxInt64)
	span := !f.Since.IsZero() && !f.Until.IsZero()
	if span && f.Until.Sub(f.Since) <= store.Finely {
		unit = 1
	}
	if !f.Since.IsZero() {
		first = floor(f.Since.UnixMicro(), unit*hour)
	}
	if !f.Until.IsZero() {
		last = floor(f.Until.UnixMicro(), unit*hour)
	}
	span = span && first <= last && last-first < 1000
	counted := map[int64]*store.Template{}
	err := s.each(ctx, op, func(rows *sql.Rows) error {
		var id, at, n int64
		if err := rows.Scan(&id, &at, &n); err != nil {
			return err
		}
		t := counted[id]
		if t == nil {
			t = &store.Template{ID: id}
			if span {
				t.Counts = make([]int64, last-first+1)
			}
			counted[id] = t
		}
		t.Count += n
		if span {
			t.Counts[at-first] += n
		}
		return nil
	}, templateCounts, unit, first, last)
	if err != nil {
		return nil, err
	}
	query, out := search.Parse(f.Text), []store.Template{}
	err = s.each(ctx, op, func(rows *sql.Rows) error {
		var id, from, to int64
		var text string
		if err := rows.Scan(&id, &text, &from, &to); err != nil {
			return err
		}
		if t := counted[id]; t != nil && query.Matches(text) {
			t.Text, t.FirstAt, t.LastAt = text, time.UnixMicro(from).UTC(), time.UnixMicro(to).UTC()
			out = append(out, *t)
		}
		return nil
	}, templateTexts)
	slices.SortFunc(out, func(a, b store.Template) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.ID, b.ID)) })
	return out[:min(len(out), f.Limit)], err
}

// Template is NotFound where there is none.
func (s *Store) Template(ctx context.Context, id int64) (store.Template, error) {
	const op = "read template"
	t := store.Template{}
	err := s.each(ctx, op, func(rows *sql.Rows) error {
		var from, to int64
		if err := rows.Scan(&t.Text, &from, &to, &t.Count); err != nil {
			return err
		}
		t.ID, t.FirstAt, t.LastAt = id, time.UnixMicro(from).UTC(), time.UnixMicro(to).UTC()
		return nil
	}, getTemplate, id)
	if err == nil && t.ID == 0 {
		err = missing(op, strconv.FormatInt(id, 10))
	}
	return t, err
}

// floor is which unit of time a time is in, also before 1970.
func floor(at, unit int64) int64 {
	n := at / unit
	if at%unit < 0 {
		n--
	}
	return n
}
