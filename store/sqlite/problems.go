package sqlite

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"time"

	"corax"
	"corax/store"
)

// SaveProblem stores a problem with the run of its plan (where one is given) and the events, as one transaction. Its incidents belong to
// it from then on, and those that it no longer lists to none.
func (s *Store) SaveProblem(ctx context.Context, p corax.Problem, plan *corax.PlanRun, events []corax.Event) error {
	op := "store problem " + p.ID
	if p.ID == "" || plan != nil && plan.Plan.ID == "" {
		return corax.Errorf(corax.Invalid, op, "the problem or its plan has no id")
	}
	return s.transact(ctx, op, func(t *tx) error {
		if err := t.putProblem(&p); err != nil {
			return err
		}
		if err := t.assign(&p); err != nil {
			return err
		}
		if plan != nil {
			if err := t.putPlanRun(plan, corax.AuditPlanMade, s.opts.Clock.Now(), map[string]string{
				"mode": string(plan.Plan.Mode), "steps": strconv.Itoa(len(plan.Plan.Steps))}); err != nil {
				return err
			}
		}
		return t.append(events)
	})
}

func (t *tx) putProblem(p *corax.Problem) error {
	doc, err := encode(p)
	if err != nil {
		return err
	}
	if _, err = t.exec(upsertProblem, p.ID, !p.State.Ended(), p.OpenedAt.UnixMicro(), p.UpdatedAt.UnixMicro(), doc); err != nil {
		return err
	}
	return t.putBrief(p)
}

// assign makes the incidents of p its own.
func (t *tx) assign(p *corax.Problem) error {
	ids := jsonList(p.Incidents)
	if _, err := t.exec(leaveProblem, p.ID, ids); err != nil {
		return err
	}
	_, err := t.exec(joinProblem, p.ID, ids)
	return err
}

// Problem is NotFound where there is none.
func (s *Store) Problem(ctx context.Context, id string) (corax.Problem, error) {
	return get[corax.Problem](ctx, s, "read problem", getProblem, id)
}

// Problems lists problems, newest first.
func (s *Store) Problems(ctx context.Context, f store.ProblemFilter) ([]corax.Problem, error) {
	query := listProblems
	if f.Open {
		query = openProblems
	}
	at, id := f.After.Before()
	return list[corax.Problem](ctx, s, "list problems", query, at, id, limit(f.Limit))
}

// OpenProblems is how many problems have not ended.
func (s *Store) OpenProblems(ctx context.Context) (n int, err error) {
	err = s.each(ctx, "count open problems", func(rows *sql.Rows) error { return rows.Scan(&n) }, countOpenProblems)
	return n, err
}

// UpdateProblem stores what fn made of a problem, with the events. Where fn fails nothing is stored, and its error is returned. Nobody
// else writes meanwhile: fn must be quick, and must not call the store.
func (s *Store) UpdateProblem(ctx context.Context, id string, fn func(*corax.Problem) error, events ...corax.Event) (corax.Problem, error) {
	const op = "update problem"
	var p corax.Problem
	err := s.transact(ctx, op+" "+id, func(t *tx) (err error) {
		var before []string
		p, err = change(t, op, getProblem, id, func(p *corax.Problem) error {
			before = slices.Clone(p.Incidents)
			return fn(p)
		})
		if err != nil {
			return err
		}
		p.ID = id
		if err := t.putProblem(&p); err != nil {
			return err
		}
		if !slices.Equal(before, p.Incidents) {
			if err := t.assign(&p); err != nil {
				return err
			}
		}
		return t.append(events)
	})
	if err != nil {
		return corax.Problem{}, err
	}
	return p, nil
}

// PlanRun is NotFound where there is none.
func (s *Store) PlanRun(ctx context.Context, plan string) (corax.PlanRun, error) {
	return get[corax.PlanRun](ctx, s, "read the run of plan", getPlanRun, plan)
}

// PlanRuns lists the runs of plans in any of the states (all where none is named), oldest first.
func (s *Store) PlanRuns(ctx context.Context, states ...corax.PlanState) ([]corax.PlanRun, error) {
	if len(states) == 0 {
		return list[corax.PlanRun](ctx, s, "list plans", listPlanRuns)
	}
	return list[corax.PlanRun](ctx, s, "list plans", planRunsInside, jsonList(states))
}

// UpdatePlanRun stores what fn made of the run of a plan, under the same terms as UpdateProblem.
func (s *Store) UpdatePlanRun(ctx context.Context, plan string, fn func(*corax.PlanRun) error, events ...corax.Event) (corax.PlanRun, error) {
	const op = "update the run of plan"
	var run corax.PlanRun
	err := s.transact(ctx, op+" "+plan, func(t *tx) (err error) {
		var before corax.PlanRun
		run, err = change(t, op, getPlanRun, plan, func(r *corax.PlanRun) error {
			before = *r
			before.Steps = slices.Clone(r.Steps)
			return fn(r)
		})
		if err != nil {
			return err
		}
		run.Plan.ID = plan
		changes := planChanges(&before, &run)
		if len(events) > 0 { // also who asked for it, where a person did
			changes["said"] = events[len(events)-1].Text
		}
		if err := t.putPlanRun(&run, corax.AuditPlan, s.opts.Clock.Now(), changes); err != nil {
			return err
		}
		return t.append(events)
	})
	if err != nil {
		return corax.PlanRun{}, err
	}
	return run, nil
}

func (t *tx) putPlanRun(r *corax.PlanRun, what corax.AuditKind, at time.Time, detail map[string]string) error {
	doc, err := encode(r)
	if err != nil {
		return err
	}
	if _, err = t.exec(upsertPlanRun, r.Plan.ID, r.Plan.Problem, string(r.State), r.StartedAt.UnixMicro(), doc); err != nil {
		return err
	}
	return t.audit(corax.AuditEntry{At: at, Who: "corax", What: what, On: onPlan + r.Plan.ID, Plan: r.Plan.ID,
		Problem: r.Plan.Problem, Inputs: t.inputs(doc), Detail: detail})
}

// SaveDecision records a decision, with the events. One that is recorded already stays as it was, and its events are not repeated.
func (s *Store) SaveDecision(ctx context.Context, d corax.Decision, events ...corax.Event) error {
	op := "store decision " + d.ID
	if d.ID == "" {
		return corax.Errorf(corax.Invalid, op, "it has no id")
	}
	doc, err := encode(d)
	if err != nil {
		return err
	}
	return s.transact(ctx, op, func(t *tx) error {
		n, err := t.exec(insertDecision, d.ID, d.Plan, d.At.UnixMicro(), doc)
		if err != nil || n == 0 {
			return err
		}
		if err := t.audit(corax.AuditEntry{At: d.At, Who: "rule " + d.Rule, What: corax.AuditDecided, On: onDecision + d.ID,
			Plan: d.Plan, Problem: t.problemOf(d.Plan), Inputs: t.inputs(doc),
			Detail: map[string]string{"step": d.Step, "verdict": string(d.Verdict)}}); err != nil {
			return err
		}
		return t.append(events)
	})
}

// Decisions lists the decisions about a plan, oldest first.
func (s *Store) Decisions(ctx context.Context, plan string) ([]corax.Decision, error) {
	return list[corax.Decision](ctx, s, "list decisions", listDecisions, plan)
}

// SaveApproval records a request, with the events. One that is recorded already stays as it was (its answer and its expiry too), and its
// events are not repeated.
func (s *Store) SaveApproval(ctx context.Context, a corax.ApprovalRequest, events ...corax.Event) error {
	op := "store approval " + a.ID
	if a.ID == "" {
		return corax.Errorf(corax.Invalid, op, "it has no id")
	}
	doc, err := encode(a)
	if err != nil {
		return err
	}
	return s.transact(ctx, op, func(t *tx) error {
		n, err := t.exec(insertApproval, a.ID, a.Plan, a.Answer != "", a.AskedAt.UnixMicro(), doc)
		if err != nil || n == 0 {
			return err
		}
		if err := t.audit(corax.AuditEntry{At: a.AskedAt, Who: "corax", What: corax.AuditAsked, On: onApproval + a.ID,
			Plan: a.Plan, Problem: a.Problem, Inputs: t.inputs(doc),
			Detail: map[string]string{"step": a.Step, "action": a.Action, "target": a.Target}}); err != nil {
			return err
		}
		return t.append(events)
	})
}

// Approval is NotFound where there is none.
func (s *Store) Approval(ctx context.Context, id string) (corax.ApprovalRequest, error) {
	return get[corax.ApprovalRequest](ctx, s, "read approval", getApproval, id)
}

// Approvals lists requests, oldest first. Open ones are those without an answer, also where their time is up.
func (s *Store) Approvals(ctx context.Context, openOnly bool) ([]corax.ApprovalRequest, error) {
	query := listApprovals
	if openOnly {
		query = openApprovals
	}
	return list[corax.ApprovalRequest](ctx, s, "list approvals", query)
}

// AnswerApproval enters an answer in a request, with the events. What the request doesn't take (see corax.ApprovalRequest.Take) is not
// stored, and its error returned.
func (s *Store) AnswerApproval(ctx context.Context, id string, answer corax.Answer, events ...corax.Event) (corax.ApprovalRequest, error) {
	const op = "answer approval"
	var a corax.ApprovalRequest
	err := s.transact(ctx, op+" "+id, func(t *tx) (err error) {
		if a, err = change(t, op, getApproval, id, func(a *corax.ApprovalRequest) error { return a.Take(answer) }); err != nil {
			return err
		}
		doc, err := encode(a)
		if err != nil {
			return err
		}
		if _, err = t.exec(answerApproval, a.Answer != "", doc, id); err != nil {
			return err
		}
		if err := t.audit(answered(a, answer, t.inputs(doc))); err != nil {
			return err
		}
		return t.append(events)
	})
	if err != nil {
		return corax.ApprovalRequest{}, err
	}
	return a, nil
}

// answered is the audit's entry of an answer.
func answered(a corax.ApprovalRequest, answer corax.Answer, inputs string) corax.AuditEntry {
	detail := map[string]string{"step": a.Step, "action": a.Action, "target": a.Target, "answer": string(answer.Verdict), "via": string(answer.Via)}
	if a.Answer == "" {
		detail["decided"] = "not yet"
	}
	if answer.Link != "" {
		detail["link"] = answer.Link
	}
	if a.BreakGlass != "" {
		detail["break_glass"] = a.BreakGlass
	}
	return corax.AuditEntry{At: answer.At, Who: answer.Name, What: corax.AuditAnswered, On: onApproval + a.ID, Plan: a.Plan,
		Problem: a.Problem, Inputs: inputs, Detail: detail}
}

// problemOf is the problem of a plan; empty where the plan isn't recorded.
func (t *tx) problemOf(plan string) string {
	var problem string
	if err := t.row(&problem, problemOfPlan, plan); err != nil {
		return ""
	}
	return problem
}
