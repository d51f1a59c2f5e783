package sqlite

import (
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
	putBrief = `INSERT INTO problem_briefs (id, opened_at, state, severity, pattern, mechanism, root, entities, words, doc)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET opened_at = excluded.opened_at, state = excluded.state, severity = excluded.severity,
		pattern = excluded.pattern, mechanism = excluded.mechanism, root = excluded.root, entities = excluded.entities,
		words = excluded.words, doc = excluded.doc`
	withoutBrief = `SELECT doc FROM problems WHERE id NOT IN (SELECT id FROM problem_briefs) LIMIT 200`

	briefFilter = ` FROM problem_briefs WHERE opened_at >= ?1 AND opened_at < ?2
		AND (?3 = '[]' OR severity IN (SELECT value FROM json_each(?3))) AND (?4 = '' OR pattern = ?4) AND (?5 = '' OR mechanism = ?5)
		AND (?6 = '' OR root = ?6) AND (?7 = '' OR instr(entities, ?7) > 0)
		AND NOT EXISTS (SELECT 1 FROM json_each(?8) WHERE instr(words, value) = 0)
		AND (?9 = 'null' OR EXISTS (SELECT 1 FROM json_each(?9) WHERE instr(entities, value) > 0))`
	briefStates = ` AND (?10 = '[]' OR state IN (SELECT value FROM json_each(?10)))`
	countBriefs = `SELECT state, count(*)` + briefFilter + ` GROUP BY state`
	olderBriefs = `SELECT doc` + briefFilter + briefStates + ` AND (opened_at, id) < (?11, ?12) ORDER BY opened_at DESC, id DESC LIMIT ?13`
	newerBriefs = `SELECT doc` + briefFilter + briefStates + ` AND (opened_at, id) > (?11, ?12) ORDER BY opened_at, id LIMIT ?13`
	countOpen   = `SELECT state, severity, count(*) FROM problem_briefs WHERE state IN (SELECT value FROM json_each(?1))
		AND (?2 = 'null' OR EXISTS (SELECT 1 FROM json_each(?2) WHERE instr(entities, value) > 0)) GROUP BY state, severity`
	briefsLike = `SELECT doc FROM problem_briefs WHERE id <> ?1 AND id IN (
		SELECT id FROM (SELECT id FROM problem_briefs WHERE mechanism = ?2 AND mechanism <> '' ORDER BY opened_at DESC LIMIT ?5)
		UNION SELECT id FROM (SELECT id FROM problem_briefs WHERE root = ?3 AND root <> '' ORDER BY opened_at DESC LIMIT ?5)
		UNION SELECT id FROM (SELECT id FROM problem_briefs WHERE pattern = ?4 AND pattern <> 'UNKNOWN' ORDER BY opened_at DESC LIMIT ?5))
		ORDER BY opened_at DESC, id DESC`
	briefsSince = `SELECT doc FROM problem_briefs WHERE opened_at >= ?1 ORDER BY opened_at DESC, id DESC LIMIT ?2`

	incidentSearch = ` FROM incidents WHERE (?1 = '' OR entity = ?1) AND opened_at >= ?2 AND opened_at < ?3 AND (?4 = '' OR problem = ?4)
		AND (?5 = '[]' OR doc ->> '$.state' IN (SELECT value FROM json_each(?5)))
		AND (?6 = '[]' OR coalesce(doc ->> '$.severity', '') IN (SELECT value FROM json_each(?6)))
		AND (?7 = '' OR doc ->> '$.source' = ?7) AND (?8 = 'null' OR entity IN (SELECT value FROM json_each(?8)))`
	olderFound     = ` AND (opened_at, id) < (?9, ?10) ORDER BY opened_at DESC, id DESC`
	newerFound     = ` AND (opened_at, id) > (?9, ?10) ORDER BY opened_at, id`
	olderIncidents = `SELECT problem, doc` + incidentSearch + olderFound
	newerIncidents = `SELECT problem, doc` + incidentSearch + newerFound
	olderLive      = `SELECT problem, doc` + incidentSearch + ` AND live = 1` + olderFound
	newerLive      = `SELECT problem, doc` + incidentSearch + ` AND live = 1` + newerFound
	openedBetween  = `SELECT problem, doc FROM incidents WHERE opened_at BETWEEN ?1 AND ?2 ORDER BY opened_at, id LIMIT ?3`
)

func (t *tx) putBrief(p *corax.Problem) error {
	b := store.BriefOf(p)
	doc, err := encode(b)
	if err != nil {
		return err
	}
	// Words are taken from what is stored, which holds no secrets.
	doc = t.safe(doc)
	if err := decode([]byte(doc), &b); err != nil {
		return err
	}
	var words strings.Builder
	words.WriteByte(' ')
	for _, text := range append([]string{b.Summary, b.Mechanism, b.Pattern, b.ID, b.Severity.String()}, b.Entities...) {
		search.Words(text, func(w search.Word) bool {
			words.WriteString(w.Text + " ")
			return true
		})
	}
	_, err = t.run(putBrief, b.ID, b.OpenedAt.UnixMicro(), string(b.State), b.Severity.String(), b.Pattern, b.Mechanism, b.Root,
		"\n"+strings.Join(b.Entities, "\n")+"\n", words.String(), doc)
	return err
}

// fillBriefs makes the briefs of problems that an older Corax has written.
func (s *Store) fillBriefs(ctx context.Context) error {
	for {
		problems, err := list[corax.Problem](ctx, s, "sum up problems", withoutBrief)
		if err != nil || len(problems) == 0 {
			return err
		}
		err = s.transact(ctx, "sum up problems", func(t *tx) error {
			for i := range problems {
				if err := t.putBrief(&problems[i]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// SearchProblems finds problems, the newest first. A cursor that is none of ours is Invalid.
func (s *Store) SearchProblems(ctx context.Context, f store.ProblemSearch) (store.ProblemList, error) {
	const op = "search problems"
	out := store.ProblemList{Problems: []store.ProblemBrief{}, States: map[corax.ProblemState]int{}}
	if f.Limit <= 0 {
		f.Limit = pageSize
	}
	if f.Open && len(f.States) == 0 {
		f.States = openStates
	}
	at, err := newSpot(op, f.Before, f.After)
	if err != nil {
		return out, err
	}
	entity := ""
	if f.Entity != "" {
		entity = "\n" + f.Entity + "\n"
	}
	q, words := search.Parse(f.Text), []string{}
	for _, t := range q.Terms {
		words = append(words, " "+t+" ")
	}
	if q.Prefix != "" {
		words = append(words, " "+q.Prefix)
	}
	since, until := between(f.Since, f.Until)
	args := []any{since, until, severities(f.Severities), f.Pattern, f.Mechanism, f.Root, entity, jsonList(words), entitiesAmong(f.Among)}
	err = s.each(ctx, op, func(rows *sql.Rows) error {
		var state corax.ProblemState
		var n int
		err := rows.Scan(&state, &n)
		out.States[state] = n
		return err
	}, countBriefs, args...)
	if err != nil {
		return out, err
	}
	query := olderBriefs
	if at.newer {
		query = newerBriefs
	}
	if out.Problems, err = list[store.ProblemBrief](ctx, s, op, query, append(args, jsonList(f.States), at.at, at.id, f.Limit+1)...); err != nil {
		return out, err
	}
	out.Problems, out.Older, out.Newer = part(at, out.Problems, f.Limit, func(b store.ProblemBrief) string { return spotOf(b.OpenedAt, b.ID) })
	return out, nil
}

// openStates are those of problems that have not ended.
var openStates = []corax.ProblemState{corax.ProblemOpen, corax.ProblemWaiting, corax.ProblemHealing, corax.ProblemContained, corax.ProblemHealed}

// OpenCounts counts the problems that have not ended: all, or those that are about some entities, where among is not nil.
func (s *Store) OpenCounts(ctx context.Context, among []string) ([]store.ProblemCount, error) {
	const op = "count open problems"
	counts := []store.ProblemCount{}
	err := s.each(ctx, op, func(rows *sql.Rows) error {
		var c store.ProblemCount
		var severity string
		err := rows.Scan(&c.State, &severity, &c.Problems)
		if err == nil {
			c.Severity, err = corax.ParseSeverity(severity)
		}
		counts = append(counts, c)
		return err
	}, countOpen, jsonList(openStates), entitiesAmong(among))
	return counts, err
}

// entitiesAmong is a list of entities as a brief has them; null where it is nil.
func entitiesAmong(among []string) string {
	if among == nil {
		return "null"
	}
	lines := make([]string, len(among))
	for i, e := range among {
		lines[i] = "\n" + e + "\n"
	}
	return jsonList(lines)
}

// ProblemsLike lists problems of the same mechanism, root or pattern, newest first, at most so many of each.
func (s *Store) ProblemsLike(ctx context.Context, b store.ProblemBrief, most int) ([]store.ProblemBrief, error) {
	return list[store.ProblemBrief](ctx, s, "list problems like "+b.ID, briefsLike, b.ID, b.Mechanism, b.Root, b.Pattern, limit(most))
}

// ProblemBriefs lists the problems that were opened since a time, newest first.
func (s *Store) ProblemBriefs(ctx context.Context, since time.Time, most int) ([]store.ProblemBrief, error) {
	from, _ := between(since, time.Time{})
	return list[store.ProblemBrief](ctx, s, "list problems", briefsSince, from, limit(most))
}

// SearchIncidents finds incidents, the newest first. A cursor that is none of ours is Invalid.
func (s *Store) SearchIncidents(ctx context.Context, f store.IncidentSearch) (store.IncidentList, error) {
	const op = "search incidents"
	out := store.IncidentList{Incidents: []corax.Incident{}}
	if f.Limit <= 0 {
		f.Limit = pageSize
	}
	at, err := newSpot(op, f.Before, f.After)
	if err != nil {
		return out, err
	}
	among := "null"
	if f.Among != nil {
		among = jsonList(f.Among)
	}
	query := olderIncidents
	switch {
	case f.Live && at.newer:
		query = newerLive
	case f.Live:
		query = olderLive
	case at.newer:
		query = newerIncidents
	}
	since, until := between(f.Since, f.Until)
	q := search.Parse(f.Text)
	err = s.eachIncident(ctx, op, func(i corax.Incident) error {
		if q.Matches(i.Title, i.Entity, i.Source) {
			out.Incidents = append(out.Incidents, i)
		}
		if len(out.Incidents) > f.Limit {
			return errEnough
		}
		return nil
	}, query, f.Entity, since, until, f.Problem, jsonList(f.States), severities(f.Severities), f.Source, among, at.at, at.id)
	if err != nil && err != errEnough { //nolint:errorlint // it never leaves this package
		return out, err
	}
	out.Incidents, out.Older, out.Newer = part(at, out.Incidents, f.Limit, func(i corax.Incident) string { return spotOf(i.OpenedAt, i.ID) })
	return out, nil
}

// IncidentsOpened lists the incidents that opened between two times, both included, oldest first.
func (s *Store) IncidentsOpened(ctx context.Context, from, to time.Time, most int) ([]corax.Incident, error) {
	return s.incidents(ctx, "list incidents", openedBetween, from.UnixMicro(), to.UnixMicro(), limit(most))
}

// spot is where a list by time goes on.
type spot struct {
	at    int64
	id    string
	newer bool
	start bool // nothing was before it
}

func newSpot(op, before, after string) (spot, error) {
	p := spot{at: math.MaxInt64, start: before == "" && after == ""}
	cursor := before
	if after != "" {
		cursor, p.newer = after, true
	}
	if cursor == "" {
		return p, nil
	}
	at, id, ok := strings.Cut(cursor, "~")
	n, err := strconv.ParseInt(at, 36, 64)
	if err != nil || !ok {
		return p, corax.Errorf(corax.Invalid, op, "%q is no cursor", cursor)
	}
	p.at, p.id = n, id
	return p, nil
}

func spotOf(at time.Time, id string) string { return strconv.FormatInt(at.UnixMicro(), 36) + "~" + id }

// part cuts what was found, which may be one more than a page has, and gives the cursors to its neighbours.
func part[T any](p spot, found []T, most int, of func(T) string) (page []T, older, newer string) {
	more := len(found) > most
	if more {
		found = found[:most]
	}
	if p.newer {
		slices.Reverse(found)
	}
	if n := len(found); n > 0 {
		if more || p.newer {
			older = of(found[n-1])
		}
		if more && p.newer || !p.newer && !p.start {
			newer = of(found[0])
		}
	}
	return found, older, newer
}

func between(since, until time.Time) (from, to int64) {
	from, to = math.MinInt64, math.MaxInt64
	if !since.IsZero() {
		from = since.UnixMicro()
	}
	if !until.IsZero() {
		to = until.UnixMicro()
	}
	return from, to
}

func severities(list []corax.Severity) string {
	names := make([]string, len(list))
	for i, v := range list {
		names[i] = v.String()
	}
	return jsonList(names)
}
