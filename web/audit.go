package web

import (
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"corax"
	"corax/access"
	"corax/audit"
	"corax/store"
	"corax/web/ui"
)

// Audit is what the pages of the audit read.
type Audit interface {
	Key() audit.Public
	Rows(ctx context.Context, f store.AuditFilter) ([]audit.Row, error)
	// Anchored is when the audit was anchored last, up to which entry, and in which file; zero where it never was.
	Anchored() (at time.Time, seq int64, file string)
	Verify(ctx context.Context) (audit.Report, error)
	Export(ctx context.Context, w io.Writer) error
}

const auditPage = 50

// audit is the pages of the record of who did what.
func (p *pages) audit() []area {
	if p.o.Audit == nil {
		return nil
	}
	return []area{{
		Nav: []entry{{Group: "Heal", NavItem: ui.NavItem{Text: "Audit", URL: "/audit", Icon: "audit", Role: access.RoleOperator}}},
		Pages: []page{
			{Path: "/audit", File: "audit.html", Role: access.RoleOperator, Load: p.loadAudit},
			{Path: "/audit/verify", File: "verify.html", Role: access.RoleOperator, Load: p.loadVerify},
		},
		Actions:   []action{{Path: "/audit/verify", File: "verify.html", Role: access.RoleOperator, Do: p.verify}},
		Downloads: []download{{Path: "/audit/export.jsonl", Role: access.RoleOperator, Serve: p.exportAudit}},
	}}
}

type auditData struct {
	Filter   store.AuditFilter
	Entries  []auditEntry
	Filtered bool
	Begin    string // addresses of other parts of the list
	Next     string
	Kinds    []string

	Key      audit.Public
	Anchored time.Time
	UpTo     int64
	File     string
	First    *corax.AuditEntry // the oldest that is kept
	Verified *verification     // the latest; nil where there was none since Corax has started
}

// verification is what a verification found, and when.
type verification struct {
	audit.Report
	At time.Time
	By string
}

// verifications is the latest of them, for who comes to the page later.
type verifications struct {
	mu   sync.Mutex
	last *verification
}

func (v *verifications) latest() *verification {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.last
}

func (v *verifications) remember(x verification) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.last = &x
}

// auditEntry is an entry as it is shown.
type auditEntry struct {
	corax.AuditEntry
	Words string // what was done, in words
	Tone  string
	URL   string // page of what it is about; empty where it has none
	Facts []fact
	Hash  string
}

// auditWords say what the kinds of entries mean.
var auditWords = map[corax.AuditKind]struct{ words, tone string }{
	corax.AuditStarted: {"Corax started", "idle"}, corax.AuditReloaded: {"configuration read again", "busy"}, corax.AuditDecided: {"policy decided", "idle"},
	corax.AuditAsked: {"people were asked", "waiting"}, corax.AuditAnswered: {"request answered", "accent"}, corax.AuditPlanMade: {"plan made", "idle"},
	corax.AuditPlan: {"plan went on", "idle"}, corax.AuditStopSet: {"kill switch thrown", "bad"}, corax.AuditStopClear: {"kill switch released", "ok"},
	corax.AuditSilenced: {"silence set", "waiting"}, corax.AuditUnsilence: {"silence ended", "ok"}, corax.AuditSecret: {"credential used", "medium"},
	corax.AuditVault: {"vault changed", "medium"}, corax.AuditCap: {"cap of an action", "accent"}, corax.AuditOutcome: {"action ended", "idle"},
	corax.AuditWork: {"work order went on", "idle"}, corax.AuditBreakGlass: {"emergency", "bad"}, corax.AuditPruned: {"old entries forgotten", "idle"},
	corax.AuditBackup: {"backup written", "ok"},
}

// auditPages are where what entries are about is shown.
var auditPages = map[string]string{
	"decision": "/policies/decisions/", "approval": "/approvals/", "problem": "/problems/", "vault": "/settings/credentials", "silence": "/settings",
	"stop": "/settings", "emergency": "/settings", "cap": "/actions/", "work": "/orders/",
}

func entryOf(row audit.Row) (auditEntry, error) {
	e, err := row.Entry()
	if err != nil {
		return auditEntry{}, corax.Errorf(corax.Internal, "read the audit", "entry %d: %w", row.Seq, err)
	}
	w := auditWords[e.What]
	x := auditEntry{AuditEntry: e, Words: cmp.Or(w.words, ui.Words(strings.ReplaceAll(string(e.What), ".", " "))), Tone: cmp.Or(w.tone, "idle"), Hash: row.Hash}
	kind, id, _ := strings.Cut(e.On, "/")
	switch base := auditPages[kind]; {
	case kind == "decision" || kind == "problem":
		x.URL = base + id
	case kind == "cap":
		id, _, _ = strings.Cut(id, "/")
		x.URL = base + id
	case kind == "silence" || kind == "stop" || kind == "emergency":
		x.URL = base
	case strings.HasPrefix(e.On, "vault:"), e.On == "vault":
		x.URL = auditPages["vault"]
	case e.Problem != "":
		x.URL = auditPages["problem"] + e.Problem
	}
	for _, k := range slices.Sorted(maps.Keys(e.Detail)) {
		if e.Detail[k] != "" {
			x.Facts = append(x.Facts, fact{k, e.Detail[k]})
		}
	}
	return x, nil
}

func (p *pages) loadAudit(r *http.Request) (*ui.View, error) {
	if err := whole(r, "read the audit"); err != nil {
		return nil, err
	}
	q := r.URL.Query()
	before, _ := strconv.ParseInt(q.Get("before"), 10, 64) // anything else is the first page
	f := store.AuditFilter{What: corax.AuditKind(q.Get("what")), Who: strings.TrimSpace(q.Get("who")), On: strings.TrimSpace(q.Get("on")),
		Problem: strings.TrimSpace(q.Get("problem")), After: max(before, 0), Newest: true, Limit: auditPage + 1}
	rows, err := p.o.Audit.Rows(r.Context(), f)
	if err != nil {
		return nil, err
	}
	d := auditData{Filter: f, Key: p.o.Audit.Key(), Filtered: cmp.Or(string(f.What), f.Who, f.On, f.Problem) != ""}
	d.Anchored, d.UpTo, d.File = p.o.Audit.Anchored()
	d.Verified = p.verified.latest()
	first, err := p.o.Audit.Rows(r.Context(), store.AuditFilter{Limit: 1})
	if err != nil {
		return nil, err
	}
	for _, row := range first {
		if e, err := row.Entry(); err == nil { // one that was altered is told of by the verification
			d.First = &e
		}
	}
	for _, k := range slices.Sorted(maps.Keys(auditWords)) {
		d.Kinds = append(d.Kinds, string(k))
	}
	for _, row := range rows[:min(len(rows), auditPage)] {
		e, err := entryOf(row)
		if err != nil {
			return nil, err
		}
		d.Entries = append(d.Entries, e)
	}
	d.Begin, d.Next = around(r, "before", len(rows) > auditPage, func() string { return strconv.FormatInt(rows[auditPage-1].Seq, 10) })
	return &ui.View{Title: "Audit", Data: d}, nil
}

// whole is Forbidden for who doesn't see every entity: this tells of all of them.
func whole(r *http.Request, op string) error {
	if !access.From(r.Context()).Limited() {
		return nil
	}
	return &corax.Error{Code: corax.Forbidden, Op: op, Err: errors.New("it tells of every entity, and you see some"), Hint: "ask somebody without a scope"}
}

type verifyData struct {
	Report *audit.Report
	Key    audit.Public
}

func (p *pages) loadVerify(*http.Request) (*ui.View, error) { return p.verifyView(nil), nil }

func (p *pages) verifyView(found *audit.Report) *ui.View {
	return &ui.View{Title: "Verify the audit", Trail: []ui.Crumb{{Text: "Audit", URL: "/audit"}, {Text: "Verify"}}, Data: verifyData{found, p.o.Audit.Key()}}
}

// verify shows what verification found. It changes nothing.
func (p *pages) verify(r *http.Request) (done, error) {
	if err := whole(r, "verify the audit"); err != nil {
		return done{}, err
	}
	report, err := p.o.Audit.Verify(r.Context())
	if err != nil {
		return done{}, err
	}
	p.verified.remember(verification{report, p.o.Clock.Now(), by(r)})
	return done{View: p.verifyView(&report)}, nil
}

func (p *pages) exportAudit(w http.ResponseWriter, r *http.Request) error {
	if err := whole(r, "export the audit"); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/jsonl; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="corax-audit.jsonl"`)
	return p.o.Audit.Export(r.Context(), w)
}
