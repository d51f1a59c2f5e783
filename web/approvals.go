package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"corax"
	"corax/access"
	"corax/store"
	"corax/web/ui"
)

// Emergencies is what the pages of approvals set in motion beyond an answer.
type Emergencies interface {
	SetStop(ctx context.Context, scope, reason, by string) error
	ClearStop(ctx context.Context, scope, by string) error
	BreakGlass(ctx context.Context, by corax.Actor, scope, reason string, length time.Duration) (corax.BreakGlass, error)
	EndBreakGlass(ctx context.Context, id, by string) error
}

// approvals are the pages of what needs a person: requests with all that is known of them, kill switches, emergencies.
func (p *pages) approvals() []area {
	if p.o.Emergencies == nil {
		return nil
	}
	return []area{{
		Nav: []entry{{Group: "People", NavItem: ui.NavItem{Text: "Approvals", URL: "/approvals", Icon: "approval", Main: true}, Count: p.openApprovals}},
		Pages: []page{
			{Path: "/approvals", File: "approvals.html", Role: access.RoleViewer, Load: p.loadApprovals},
			{Path: "/approvals/{id}", File: "approval.html", Role: access.RoleViewer, Load: p.loadApproval},
		},
		Actions: []action{
			{Path: "/approvals/{id}/answer", Role: access.RoleOperator, Do: p.answerApproval},
			{Path: "/stops", Role: access.RoleOperator, Do: p.throwStop},
			{Path: "/stops/clear", Role: access.RoleOperator, Do: p.clearStop},
			{Path: "/emergencies", Role: access.RoleOperator, Do: p.declare},
			{Path: "/emergencies/end", Role: access.RoleOperator, Do: p.endEmergency},
		},
		Funcs: map[string]any{"entityURL": entityURL, "approvalURL": approvalURL, "pageURL": pageURL},
		Files: []string{"approval-parts.html"},
	}}
}

func approvalURL(id string) string { return "/approvals/" + url.PathEscape(id) }

// asked is a request for approval, as who looks at it stands to it.
type asked struct {
	corax.ApprovalRequest
	Summary   string // of the problem
	Severity  corax.Severity
	MayAnswer bool   // allow or deny
	WhyNot    string // it may not be allowed by who looks, although the role would do
	Expired   bool   // nobody answered in time, which means no
	Missing   int    // how many yeses are still to come
}

func (p *pages) openApprovals(ctx context.Context) int {
	all, err := p.o.Records.Approvals(ctx, true)
	if err != nil {
		return 0
	}
	now := p.o.Clock.Now()
	return len(slices.DeleteFunc(all, func(a corax.ApprovalRequest) bool {
		return a.Quiet || !now.Before(a.ExpiresAt) || !p.sees(ctx, a.Target)
	}))
}

// stand says how a request stands, for who looks at it.
func (p *pages) stand(ctx context.Context, a corax.ApprovalRequest) asked {
	who := access.From(ctx)
	s := asked{ApprovalRequest: a, Expired: a.Answer == "" && !p.o.Clock.Now().Before(a.ExpiresAt), Missing: max(a.Needs, 1) - len(a.Consents)}
	s.MayAnswer = a.Answer == "" && !s.Expired && who.May(access.RoleOperator) && p.sees(ctx, a.Target)
	if s.MayAnswer { // the same rules that the answer will meet
		trial := a
		trial.Consents = slices.Clone(a.Consents)
		err := trial.Take(corax.Answer{Actor: who.Actor(who.Name), Verdict: corax.Allow, At: p.o.Clock.Now()})
		var e *corax.Error
		if errors.As(err, &e) {
			s.WhyNot = ui.Upper(e.Err.Error()) + "."
			if e.Hint != "" {
				s.WhyNot += " " + ui.Upper(e.Hint) + "."
			}
		}
	}
	return s
}

// told is how a request stands, with what it is about.
func (p *pages) told(ctx context.Context, a corax.ApprovalRequest) (asked, error) {
	s := p.stand(ctx, a)
	o, err := p.o.Records.Problem(ctx, a.Problem)
	if corax.CodeOf(err) == corax.NotFound {
		return s, nil
	}
	s.Summary, s.Severity = o.Diagnosis.RootCause.Summary, o.Diagnosis.Severity
	return s, err
}

type approvalsData struct {
	Open, Suggested, Over []asked
	Stops                 []store.Stop
	Emergencies           []corax.BreakGlass // in force
	Entities              []string           // to choose a scope from
}

func (p *pages) loadApprovals(r *http.Request) (*ui.View, error) {
	ctx := r.Context()
	all, err := p.o.Records.Approvals(ctx, false)
	if err != nil {
		return nil, err
	}
	var d approvalsData
	slices.SortStableFunc(all, func(a, b corax.ApprovalRequest) int { return b.AskedAt.Compare(a.AskedAt) })
	for _, a := range all {
		if !p.sees(ctx, a.Target) {
			continue
		}
		over := a.Answer != "" || !p.o.Clock.Now().Before(a.ExpiresAt)
		if over && len(d.Over) >= mostOver {
			continue
		}
		s, err := p.told(ctx, a)
		if err != nil {
			return nil, err
		}
		switch {
		case over:
			d.Over = append(d.Over, s)
		case a.Quiet:
			d.Suggested = append(d.Suggested, s)
		default:
			d.Open = append(d.Open, s)
		}
	}
	slices.SortStableFunc(d.Open, func(a, b asked) int { return a.ExpiresAt.Compare(b.ExpiresAt) })
	if d.Stops, d.Emergencies, err = p.switches(ctx); err != nil {
		return nil, err
	}
	if p.o.Topology != nil {
		for _, e := range p.o.Topology.Topology().Entities {
			if access.From(ctx).Sees(e) && len(d.Entities) < 500 {
				d.Entities = append(d.Entities, e.ID)
			}
		}
	}
	return &ui.View{Title: "What needs a person", Data: d}, nil
}

// switches are the kill switches that are thrown and the emergencies in force.
func (p *pages) switches(ctx context.Context) ([]store.Stop, []corax.BreakGlass, error) {
	stops, err := p.o.Records.Stops(ctx)
	if err != nil {
		return nil, nil, err
	}
	now := p.o.Clock.Now()
	all, err := p.o.Records.BreakGlasses(ctx, now)
	return stops, slices.DeleteFunc(all, func(b corax.BreakGlass) bool { return !b.InForce(now, b.Scope) }), err
}

type approvalData struct {
	Request     asked
	Decision    *corax.Decision // of the policy, which asked
	Step        *corax.Step
	Stops       []store.Stop
	Emergencies []corax.BreakGlass
}

func (p *pages) approval(r *http.Request) (corax.ApprovalRequest, error) {
	id := pathID(r)
	all, err := p.o.Records.Approvals(r.Context(), false)
	if err != nil {
		return corax.ApprovalRequest{}, err
	}
	if i := slices.IndexFunc(all, func(a corax.ApprovalRequest) bool { return a.ID == id && p.sees(r.Context(), a.Target) }); i >= 0 {
		return all[i], nil
	}
	return corax.ApprovalRequest{}, corax.Errorf(corax.NotFound, "show the request "+id, "there is none")
}

func (p *pages) loadApproval(r *http.Request) (*ui.View, error) {
	ctx := r.Context()
	a, err := p.approval(r)
	if err != nil {
		return nil, err
	}
	var d approvalData
	if d.Request, err = p.told(ctx, a); err != nil {
		return nil, err
	}
	if d.Stops, d.Emergencies, err = p.switches(ctx); err != nil {
		return nil, err
	}
	d.Stops = slices.DeleteFunc(d.Stops, func(s store.Stop) bool { return s.Scope != "" && s.Scope != a.Target })
	d.Emergencies = slices.DeleteFunc(d.Emergencies, func(b corax.BreakGlass) bool { return b.Scope != "" && b.Scope != a.Target })
	decisions, err := p.o.Records.Decisions(ctx, a.Plan)
	if err != nil {
		return nil, err
	}
	for _, c := range decisions {
		if c.Step == a.Step && !c.At.After(a.AskedAt) {
			d.Decision = &c
		}
	}
	run, err := p.o.Records.PlanRun(ctx, a.Plan)
	if err != nil && corax.CodeOf(err) != corax.NotFound {
		return nil, err
	}
	for _, s := range run.Plan.Steps {
		if s.ID == a.Step {
			d.Step = &s
		}
	}
	return &ui.View{Title: "Approve " + a.Action + " on " + a.Target, Trail: []ui.Crumb{{Text: "Approvals", URL: "/approvals"}, {Text: a.ID}}, Data: d}, nil
}

func (p *pages) answerApproval(r *http.Request) (done, error) {
	a, err := p.approval(r)
	if err != nil {
		return done{}, err
	}
	verdict := corax.Verdict(r.PostFormValue("verdict"))
	if verdict != corax.Allow && verdict != corax.Deny {
		return done{}, &corax.Error{Code: corax.Invalid, Op: "answer the request " + a.ID, Err: errors.New("neither yes nor no was said"), Hint: "choose allow or deny"}
	}
	who := access.From(r.Context())
	a, err = p.o.Controls.Answer(r.Context(), a.ID, verdict, who.Actor(who.Name))
	d := done{To: approvalURL(a.ID)}
	switch {
	case err != nil:
	case verdict == corax.Deny:
		d.Said = "Denied. The step will not run."
	case a.Answer == corax.Allow:
		d.Said = "Approved. The step runs once its pre-check holds."
	default:
		d.Said = "Your yes is on record. Somebody else has to say the second one."
	}
	return d, err
}

// scope is the entity that a form is about, empty for everything. Who doesn't see everything may do nothing about everything.
func (p *pages) scope(r *http.Request, op string) (string, error) {
	scope := r.PostFormValue("scope")
	if scope == "" && access.From(r.Context()).Limited() || scope != "" && !p.sees(r.Context(), scope) {
		return "", &corax.Error{Code: corax.Forbidden, Op: op, Err: errors.New("it concerns more than you see"), Hint: "choose an entity that is yours"}
	}
	return scope, nil
}

func (p *pages) scopeAndReason(r *http.Request, op string) (scope, why string, err error) {
	if scope, err = p.scope(r, op); err != nil {
		return "", "", err
	}
	why, err = mustReason(r, op)
	return scope, why, err
}

func (p *pages) throwStop(r *http.Request) (done, error) {
	const op = "stop all actions"
	scope, why, err := p.scopeAndReason(r, op)
	if err != nil {
		return done{}, err
	}
	return done{Said: "Stopped. No action begins until somebody lets them run again."}, p.o.Emergencies.SetStop(r.Context(), scope, why, by(r))
}

func (p *pages) clearStop(r *http.Request) (done, error) {
	scope, err := p.scope(r, "let actions run again")
	if err != nil {
		return done{}, err
	}
	return done{Said: "Actions may run again."}, p.o.Emergencies.ClearStop(r.Context(), scope, by(r))
}

func (p *pages) declare(r *http.Request) (done, error) {
	const op = "declare an emergency"
	scope, why, err := p.scopeAndReason(r, op)
	if err != nil {
		return done{}, err
	}
	length, err := time.ParseDuration(r.PostFormValue("length"))
	if err != nil || length <= 0 || length > 24*time.Hour {
		return done{}, &corax.Error{Code: corax.Invalid, Op: op, Err: errors.New("its length can't be used"), Hint: "choose between a minute and a day: 30m"}
	}
	who := access.From(r.Context())
	_, err = p.o.Emergencies.BreakGlass(r.Context(), who.Actor(who.Name), scope, why, length)
	return done{Said: "The emergency is declared, and people are told."}, err
}

func (p *pages) endEmergency(r *http.Request) (done, error) {
	id := r.PostFormValue("id")
	_, all, err := p.switches(r.Context())
	if err != nil {
		return done{}, err
	}
	i := slices.IndexFunc(all, func(b corax.BreakGlass) bool { return b.ID == id })
	if i < 0 || (all[i].Scope == "" && access.From(r.Context()).Limited()) || all[i].Scope != "" && !p.sees(r.Context(), all[i].Scope) {
		return done{}, corax.Errorf(corax.NotFound, "end an emergency", "none is in force with the id %q", id)
	}
	return done{Said: "The emergency is over."}, p.o.Emergencies.EndBreakGlass(r.Context(), id, by(r))
}
