package sqlite

import "strings"

// All SQL of this package, but for pragmas and transactions. statements lists it, and a test prepares each against the schema.
// In a limit, -1 is all.

// bulk is an insert of many rows; the longer its statement, the fewer of them.
type bulk struct {
	columns int
	sql     [3]string // of bulkRows[i] rows each
}

var bulkRows = [3]int{100, 10, 1}

func newBulk(head, row, tail string) bulk {
	b := bulk{columns: strings.Count(row, "?")}
	for i, n := range bulkRows {
		b.sql[i] = head + row + strings.Repeat(", "+row, n-1) + tail
	}
	return b
}

// The bulk inserts. OR IGNORE, where nothing but a known id can be in the way, spares SQLite a journal for each statement. An incident's
// entity, opening and problem are not for triage to change once they are stored.
var (
	insertSignals = newBulk(`INSERT OR IGNORE INTO signals (id, kind, at, incident, doc) VALUES `, `(?, ?, ?, ?, ?)`, ``)

	upsertIncidents = newBulk(`INSERT INTO incidents (id, entity, live, opened_at, updated_at, problem, doc) VALUES `,
		`(?, ?, ?, ?, ?, ?, ?)`, ` ON CONFLICT (id) DO UPDATE SET live = excluded.live, updated_at = excluded.updated_at, doc = excluded.doc`)
)

// Signals.
const (
	knownSignals  = `SELECT id FROM signals WHERE id IN (SELECT value FROM json_each(?))`
	countSignals  = `SELECT count(*) FROM signals`
	countLive     = `SELECT (SELECT count(*) FROM incidents WHERE live = 1), (SELECT count(*) FROM problems WHERE open = 1)`
	allSignalIDs  = `SELECT id FROM signals`
	signalsOf     = `SELECT doc FROM signals WHERE incident = ?1 AND at >= ?2 AND (?3 = '[]' OR kind IN (SELECT value FROM json_each(?3))) ORDER BY seq DESC LIMIT ?4`
	signalsOfKind = `SELECT doc FROM signals WHERE kind IN (SELECT value FROM json_each(?3)) AND at >= ?2 ORDER BY at DESC, seq DESC LIMIT ?4`
	latestSignals = `SELECT doc FROM signals WHERE at >= ?2 ORDER BY seq DESC LIMIT ?4`
)

// Incidents.
const (
	incidentPage = ` AND (?1 = '' OR entity = ?1) AND (opened_at, id) < (?6, ?2)
		ORDER BY opened_at DESC, id DESC LIMIT ?3`
	getIncident       = `SELECT problem, doc FROM incidents WHERE id = ?`
	listIncidents     = `SELECT problem, doc FROM incidents WHERE true` + incidentPage
	listLiveIncidents = `SELECT problem, doc FROM incidents WHERE live = 1` + incidentPage
	incidentsOf       = `SELECT problem, doc FROM incidents WHERE problem = ?4 AND problem <> '' AND (NOT ?5 OR live = 1)` + incidentPage
	joinProblem       = `UPDATE incidents SET problem = ?1 WHERE id IN (SELECT value FROM json_each(?2)) AND problem <> ?1`
	leaveProblem      = `UPDATE incidents SET problem = '' WHERE problem = ?1 AND problem <> '' AND id NOT IN (SELECT value FROM json_each(?2))`
)

// Problems, plans, decisions, approvals.
const (
	countOpenProblems = `SELECT count(*) FROM problems WHERE open = 1`
	getProblem        = `SELECT doc FROM problems WHERE id = ?`
	listProblems      = `SELECT doc FROM problems WHERE (opened_at, id) < (?1, ?2) ORDER BY opened_at DESC, id DESC LIMIT ?3`
	openProblems      = `SELECT doc FROM problems WHERE open = 1 AND (opened_at, id) < (?1, ?2) ORDER BY opened_at DESC, id DESC LIMIT ?3`
	upsertProblem     = `INSERT INTO problems (id, open, opened_at, updated_at, doc) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET open = excluded.open, opened_at = excluded.opened_at, updated_at = excluded.updated_at, doc = excluded.doc`

	getPlanRun     = `SELECT doc FROM plan_runs WHERE id = ?`
	problemOfPlan  = `SELECT problem FROM plan_runs WHERE id = ?`
	listPlanRuns   = `SELECT doc FROM plan_runs ORDER BY started_at, id`
	planRunsInside = `SELECT doc FROM plan_runs WHERE state IN (SELECT value FROM json_each(?)) ORDER BY started_at, id`
	pageOfPlanRuns = `SELECT doc FROM plan_runs WHERE (started_at, id) < (?1, ?2) AND (?4 = '[]' OR state IN (SELECT value FROM json_each(?4)))
		ORDER BY started_at DESC, id DESC LIMIT ?3`
	upsertPlanRun = `INSERT INTO plan_runs (id, problem, state, started_at, doc) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, started_at = excluded.started_at, doc = excluded.doc`

	insertDecision = `INSERT INTO decisions (id, plan, at, doc) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`
	listDecisions  = `SELECT doc FROM decisions WHERE plan = ? ORDER BY seq`

	getApproval         = `SELECT doc FROM approvals WHERE id = ?`
	listApprovals       = `SELECT doc FROM approvals ORDER BY asked_at, id`
	openApprovals       = `SELECT doc FROM approvals WHERE answered = 0 ORDER BY asked_at, id`
	pageOfApprovals     = `SELECT doc FROM approvals WHERE (asked_at, id) < (?1, ?2) ORDER BY asked_at DESC, id DESC LIMIT ?3`
	pageOfOpenApprovals = `SELECT doc FROM approvals WHERE answered = 0 AND (asked_at, id) < (?1, ?2) ORDER BY asked_at DESC, id DESC LIMIT ?3`
	insertApproval      = `INSERT INTO approvals (id, plan, answered, asked_at, doc) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`
	answerApproval      = `UPDATE approvals SET answered = ?, doc = ? WHERE id = ?`
)

// Events.
const (
	lastEvent   = `SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)`
	insertEvent = `INSERT INTO events (seq, id, at, incident, problem, plan, doc) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
	seqOfEvent  = `SELECT seq FROM events WHERE id = ?`
	eventPage   = ` AND seq > ?1 AND (?2 = '' OR incident = ?2) AND (?3 = '' OR plan = ?3) ORDER BY seq LIMIT ?4`
	newestPage  = ` AND seq < ?1 AND (?2 = '' OR incident = ?2) AND (?3 = '' OR plan = ?3) ORDER BY seq DESC LIMIT ?4`

	listEvents       = `SELECT doc FROM events WHERE true`
	eventsOfIncident = `SELECT doc FROM events WHERE incident = ?2 AND incident IS NOT NULL`
	eventsOfPlan     = `SELECT doc FROM events WHERE plan = ?3 AND plan IS NOT NULL`
	eventsOfProblem  = `SELECT doc FROM events WHERE seq IN (
		SELECT seq FROM events WHERE problem = ?5 AND problem IS NOT NULL
		UNION SELECT seq FROM events WHERE incident IN (SELECT id FROM incidents WHERE problem = ?5 AND problem <> '') AND incident IS NOT NULL)`
)

// What autonomy is earned by.
const (
	insertOutcome = `INSERT INTO outcomes (id, action, class, at, doc) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`
	outcomesOf    = `SELECT doc FROM outcomes WHERE action = ? AND class = ? ORDER BY at, id`
	allOutcomes   = `SELECT doc FROM outcomes ORDER BY action, class, at, id`
	upsertCap     = `INSERT INTO caps (action, class, doc) VALUES (?, ?, ?) ON CONFLICT (action, class) DO UPDATE SET doc = excluded.doc`
	deleteCap     = `DELETE FROM caps WHERE action = ? AND class = ?`
	listCaps      = `SELECT doc FROM caps ORDER BY action, class`
	planRunsSince = `SELECT doc FROM plan_runs WHERE started_at >= ? OR state NOT IN ('done', 'stopped', 'withdrawn', 'cancelled')
		ORDER BY started_at, id`
)

// Silences, stops and emergencies.
const (
	upsertBreakGlass = `INSERT INTO break_glass (id, starts_at, ends_at, doc) VALUES (?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET ends_at = excluded.ends_at, doc = excluded.doc`
	getBreakGlass   = `SELECT doc FROM break_glass WHERE id = ?`
	breakGlassAfter = `SELECT doc FROM break_glass WHERE ends_at > ? ORDER BY starts_at, id`

	upsertSilence = `INSERT INTO silences (id, starts_at, ends_at, doc) VALUES (?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET starts_at = excluded.starts_at, ends_at = excluded.ends_at, doc = excluded.doc`
	getSilence  = `SELECT doc FROM silences WHERE id = ?`
	allSilences = `SELECT doc FROM silences ORDER BY starts_at, id`
	silencesAt  = `SELECT doc FROM silences WHERE starts_at <= ?1 AND ends_at > ?1 ORDER BY starts_at, id`
	setStop     = `INSERT INTO stops (scope, reason, by, at) VALUES (?, ?, ?, ?) ON CONFLICT (scope) DO UPDATE SET reason = excluded.reason, by = excluded.by, at = excluded.at`
	clearStop   = `DELETE FROM stops WHERE scope = ?`
	listStops   = `SELECT scope, reason, by, at FROM stops ORDER BY scope`
)

// Forgetting: so many rows at a time, so that writers get their turn.
const (
	liveIncident = `EXISTS (SELECT 1 FROM incidents i WHERE i.live = 1 AND i.id = `
	openProblem  = `EXISTS (SELECT 1 FROM problems p WHERE p.open = 1 AND p.id = `

	dropSignalsBefore = `DELETE FROM signals WHERE seq IN (SELECT s.seq FROM signals s
		WHERE s.kind IN ('symptom', 'recovery', 'expiry', 'change', 'note') AND s.at < ?1 AND NOT ` + liveIncident + `s.incident) LIMIT ?2)`
	dropOldestSignals = `DELETE FROM signals WHERE seq IN (SELECT s.seq FROM signals s
		WHERE NOT ` + liveIncident + `s.incident) ORDER BY s.seq LIMIT ?1)`
	dropEventsBefore = `DELETE FROM events WHERE seq IN (SELECT e.seq FROM events e
		WHERE e.at < ?1 AND NOT ` + liveIncident + `e.incident) AND NOT ` + openProblem + `e.problem) LIMIT ?2)`
	dropOldestEvents = `DELETE FROM events WHERE seq IN (SELECT e.seq FROM events e
		WHERE NOT ` + liveIncident + `e.incident) AND NOT ` + openProblem + `e.problem) ORDER BY e.seq LIMIT ?1)`
	dropIncidentsBefore = `DELETE FROM incidents WHERE id IN (SELECT n.id FROM incidents n
		WHERE n.live = 0 AND n.updated_at < ?1 AND NOT ` + openProblem + `n.problem) LIMIT ?2)`
	dropProblemsBefore = `DELETE FROM problems WHERE id IN (SELECT id FROM problems WHERE open = 0 AND updated_at < ?1 LIMIT ?2)`
	dropPlanRuns       = `DELETE FROM plan_runs WHERE id IN (SELECT r.id FROM plan_runs r
		WHERE r.started_at < ?1 AND NOT EXISTS (SELECT 1 FROM problems p WHERE p.id = r.problem) LIMIT ?2)`
	dropDecisions = `DELETE FROM decisions WHERE seq IN (SELECT d.seq FROM decisions d
		WHERE d.at < ?1 AND NOT EXISTS (SELECT 1 FROM plan_runs r WHERE r.id = d.plan) LIMIT ?2)`
	dropApprovals = `DELETE FROM approvals WHERE id IN (SELECT a.id FROM approvals a
		WHERE a.asked_at < ?1 AND NOT EXISTS (SELECT 1 FROM plan_runs r WHERE r.id = a.plan) LIMIT ?2)`
	dropSilences = `DELETE FROM silences WHERE id IN (SELECT id FROM silences WHERE ends_at < ?1 LIMIT ?2)`
)

// statements is every statement above.
func statements() []string {
	all := []string{
		knownSignals, countSignals, countLive, allSignalIDs, signalsOf, signalsOfKind, latestSignals,
		getIncident, listIncidents, listLiveIncidents, incidentsOf, joinProblem, leaveProblem,
		getProblem, listProblems, openProblems, upsertProblem, getPlanRun, problemOfPlan, listPlanRuns, planRunsInside, upsertPlanRun,
		insertDecision, listDecisions, getApproval, listApprovals, openApprovals, insertApproval, answerApproval,
		lastEvent, insertEvent, seqOfEvent,
		upsertSilence, getSilence, allSilences, silencesAt, setStop, clearStop, listStops,
		dropSignalsBefore, dropOldestSignals, dropEventsBefore, dropOldestEvents, dropIncidentsBefore, dropProblemsBefore,
		dropPlanRuns, dropDecisions, dropApprovals, dropSilences,
		insertAudit, moveHead, auditHead, lastAudit, dropAudit, hashOf, docsBeside,
		getCall, beginCall, finishCall, forgetCall, dropCalls,
		pageOfPlanRuns, pageOfApprovals, pageOfOpenApprovals,
		getPage, upsertPage, listPages, duePages, getWorkOrder, upsertWorkOrder, listWorkOrders, liveWorkOrders, dropPages, dropWorkOrders,
		searchOlder, searchNewer, scanOlder, scanNewer, indexedThrough, rowsOfHours, facetsOfDays, templateCounts, templateTexts, getTemplate,
		getHistory, putHistory, historyOf, historyOfAll, addMonitorChange, monitorChanges, dropHistory, dropChanges,
		putBrief, withoutBrief, countBriefs, countOpen, olderBriefs, newerBriefs, briefsLike, briefsSince,
		olderIncidents, newerIncidents, olderLive, newerLive, openedBetween,
		unindexed, countBetween, moveIndexed, allTemplates, putTemplate, addTemplateCount, addSignalHour, addSignalDay,
		dropHoursBefore, dropDaysBefore, dropTemplateCountsBefore, dropTemplatesBefore,
		getUser, listUsers, upsertUser, getCredential, findCredential, listCredentials, upsertCredential, dropCredential, dropCredentials, dropEnded,
	}
	all = append(all, searches()...)
	for _, of := range []string{listEvents, eventsOfIncident, eventsOfPlan, eventsOfProblem} {
		all = append(all, of+eventPage, of+newestPage)
	}
	for _, b := range []bulk{insertSignals, upsertIncidents, insertWords, insertRows} {
		all = append(all, b.sql[:]...)
	}
	return all
}
