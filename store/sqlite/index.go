package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"corax"
	"corax/store"
	"corax/store/search"
)

// startMark is what a word's first letters have in the index: what is typed is found without gathering every word that begins so. No word
// has a "=" in it.
const startMark = "p="

// starts are how many letters have a mark.
var starts = [...]int{2, 3, 5}

// start is the longest beginning of a word that has a mark, and whether it is the whole of it. The word has at least two letters.
func start(prefix string) (string, bool) {
	var at string
	n := 0
	for i := range prefix {
		if slices.Contains(starts[:], n) {
			at = prefix[:i]
		}
		n++
	}
	if slices.Contains(starts[:], n) {
		at = prefix
	}
	return at, at == prefix
}

var (
	insertWords = newBulk(`INSERT INTO signal_words (rowid, words) VALUES `, `(?, ?)`, ``)
	insertRows  = newBulk(`INSERT INTO signal_rows (seq, template) VALUES `, `(?, ?)`, ``)
)

const (
	unindexed    = `SELECT seq, doc FROM signals WHERE seq > (SELECT through FROM signal_indexed) ORDER BY seq LIMIT ?`
	countBetween = `SELECT count(*) FROM signals WHERE seq > (SELECT through FROM signal_indexed) AND seq <= ?`
	moveIndexed  = `UPDATE signal_indexed SET through = ?`
	allTemplates = `SELECT id, text FROM templates ORDER BY id`
	putTemplate  = `INSERT INTO templates (id, text, first_at, last_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET text = excluded.text, first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)`
	addTemplateCount = `INSERT INTO template_counts (unit, at, template, n) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n`
	addSignalHour    = `INSERT INTO signal_hours (hour, lowest, highest, n) VALUES (?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET lowest = min(lowest, excluded.lowest), highest = max(highest, excluded.highest), n = n + excluded.n`
	addSignalDay = `INSERT INTO signal_days (day, facet, value, n) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n`

	dropHoursBefore          = `DELETE FROM signal_hours WHERE hour IN (SELECT hour FROM signal_hours WHERE hour < ?1 / 3600000000 LIMIT ?2)`
	dropDaysBefore           = `DELETE FROM signal_days WHERE day < ?1 / 86400000000 AND ?2 > 0`
	dropTemplateCountsBefore = `DELETE FROM template_counts WHERE at < ?1 / (3600000000 * unit) AND ?2 > 0`
	dropTemplatesBefore      = `DELETE FROM templates WHERE last_at < ?1 AND ?2 > 0`
)

var errEnough = errors.New("enough was read")

// Fresh gets something after signals were stored: a nudge for the one who calls IndexSignals.
func (s *Store) Fresh() <-chan struct{} { return s.fresh }

// IndexSignals puts the oldest signals that are not indexed into the index, at most so many, and counts them. It says how many they were.
// After an error nothing was indexed, and what learner learnt meanwhile is to be forgotten.
func (s *Store) IndexSignals(ctx context.Context, most int, learner store.Learner) (int, error) {
	const op = "index signals"
	b := newIndexBatch()
	err := s.each(ctx, op, func(rows *sql.Rows) error {
		var seq int64
		var doc sql.RawBytes
		if err := rows.Scan(&seq, &doc); err != nil {
			return err
		}
		var g corax.Signal
		if err := decode(doc, &g); err != nil {
			return err
		}
		b.add(seq, &g, learner.Learn(g.Message))
		return nil
	}, unindexed, most)
	if err != nil || len(b.seqs) == 0 {
		return 0, err
	}
	return len(b.seqs), s.transact(ctx, op, func(t *tx) error { return b.put(t, learner) })
}

// StoredTemplates calls fn with each template, in the order of finding.
func (s *Store) StoredTemplates(ctx context.Context, fn func(id int64, text string)) error {
	return s.each(ctx, "list templates", func(rows *sql.Rows) error {
		var id int64
		var text string
		if err := rows.Scan(&id, &text); err != nil {
			return err
		}
		fn(id, text)
		return nil
	}, allTemplates)
}

// indexBatch is what some signals come to in the index.
type indexBatch struct {
	seqs      []int64
	words     []string
	templates []int64
	spans     map[int64]*span    // of the templates
	hours     map[int64]*span    // rows of an hour
	counts    map[[3]int64]int64 // unit in hours, number of the unit, template -> signals
	perDay    map[facet]int64
	seen      map[string]bool // of the signal at hand
	text      strings.Builder // likewise
}

type span struct{ low, high, n int64 }

type facet struct {
	day         int64
	name, value string
}

func newIndexBatch() *indexBatch {
	return &indexBatch{spans: map[int64]*span{}, hours: map[int64]*span{}, counts: map[[3]int64]int64{}, perDay: map[facet]int64{},
		seen: map[string]bool{}}
}

func widen(spans map[int64]*span, key, at int64) {
	s := spans[key]
	if s == nil {
		s = &span{low: math.MaxInt64, high: math.MinInt64}
		spans[key] = s
	}
	s.low, s.high, s.n = min(s.low, at), max(s.high, at), s.n+1
}

func (b *indexBatch) add(seq int64, g *corax.Signal, template int64) {
	at := g.At.UnixMicro()
	b.seqs = append(b.seqs, seq)
	b.templates = append(b.templates, template)
	widen(b.hours, floor(at, hour), seq)
	if template != 0 {
		widen(b.spans, template, at)
		b.counts[[3]int64{1, floor(at, hour), template}]++
		b.counts[[3]int64{24, floor(at, day), template}]++
	}
	today := floor(at, day)
	for _, f := range []facet{{today, "e", g.Entity}, {today, "k", string(g.KindOr())}, {today, "s", g.Severity.String()}, {today, "o", g.Source}} {
		if f.value != "" || f.name == "s" {
			b.perDay[f]++
		}
	}

	clear(b.seen)
	b.text.Reset()
	for _, text := range store.Texts(g) {
		search.Words(text, func(w search.Word) bool {
			if b.token(w.Text) {
				b.starts(w.Text)
			}
			return true
		})
	}
	b.token(mark("k", string(g.KindOr())))
	b.token(mark("s", g.Severity.String()))
	b.token(mark("e", g.Entity))
	b.token(mark("o", g.Source))
	for k, v := range g.Labels {
		b.token(mark("l", k, v))
	}
	if template != 0 {
		b.token(templateMark(template))
	}
	b.words = append(b.words, b.text.String())
}

// starts adds the marks of a word's first letters.
func (b *indexBatch) starts(word string) {
	n := 0
	for i := range word {
		if n > starts[len(starts)-1] {
			return
		}
		if slices.Contains(starts[:], n) {
			b.token(startMark + word[:i])
		}
		n++
	}
	if slices.Contains(starts[:], n) {
		b.token(startMark + word)
	}
}

// token adds a token, unless the signal has it.
func (b *indexBatch) token(t string) bool {
	if b.seen[t] {
		return false
	}
	b.seen[t] = true
	if b.text.Len() > 0 {
		b.text.WriteByte(' ')
	}
	b.text.WriteString(t)
	return true
}

func (b *indexBatch) put(t *tx, learner store.Learner) error {
	last := b.seqs[len(b.seqs)-1]
	var n int
	if err := t.row(&n, countBetween, last); err != nil {
		return err
	}
	if n != len(b.seqs) {
		return corax.Errorf(corax.Conflict, "index signals", "%d signals, and %d when they were read: some were forgotten meanwhile", n, len(b.seqs))
	}
	_, err := t.insert(insertWords, n, func(args []any, i int) ([]any, error) { return append(args, b.seqs[i], b.words[i]), nil })
	if err != nil {
		return err
	}
	_, err = t.insert(insertRows, n, func(args []any, i int) ([]any, error) { return append(args, b.seqs[i], b.templates[i]), nil })
	if err != nil {
		return err
	}
	for id, s := range b.spans {
		if _, err := t.run(putTemplate, id, learner.Text(id), s.low, s.high); err != nil {
			return err
		}
	}
	for key, n := range b.counts {
		if _, err := t.run(addTemplateCount, key[0], key[1], key[2], n); err != nil {
			return err
		}
	}
	for h, s := range b.hours {
		if _, err := t.run(addSignalHour, h, s.low, s.high, s.n); err != nil {
			return err
		}
	}
	for f, n := range b.perDay {
		if _, err := t.run(addSignalDay, f.day, f.name, f.value, n); err != nil {
			return err
		}
	}
	_, err = t.run(moveIndexed, last)
	return err
}

// mark is a token for a value that one filters by. Values are hashed, since they may hold anything; whoever reads the index looks again
// whether the value is the one that was meant.
func mark(name string, values ...string) string {
	if len(values) == 1 && len(values[0]) <= 8 && plain(values[0]) {
		return name + "=" + values[0]
	}
	h := fnv.New64a()
	for _, v := range values {
		_, _ = fmt.Fprintf(h, "%d:", len(v))
		_, _ = h.Write([]byte(v))
	}
	return name + "=" + strconv.FormatUint(h.Sum64(), 36) + "="
}

func plain(v string) bool {
	for i := range len(v) {
		if c := v[i]; c >= utf8.RuneSelf || (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

func templateMark(id int64) string { return "t=" + strconv.FormatInt(id, 36) }

// IndexLag is how many signals are stored and not indexed yet.
func (s *Store) IndexLag(ctx context.Context) (n int64, err error) {
	err = s.each(ctx, "measure the index", func(rows *sql.Rows) error {
		var through, end int64
		err := rows.Scan(&through, &end)
		n = max(end-through, 0)
		return err
	}, indexedThrough)
	return n, err
}
