package app

import (
	"context"

	"corax"
	"corax/scenario/casefile"
	"corax/store"
)

// ExportProblem puts all that is known of a problem into one signed file. A problem without a case (none was diagnosed
// yet) is a Conflict.
func (l ledger) ExportProblem(ctx context.Context, id string) (casefile.File, error) {
	a, op := l.a, "export problem "+id
	p, err := a.store.Problem(ctx, id)
	if err != nil {
		return casefile.File{}, err
	}
	if p.Case == nil {
		return casefile.File{}, corax.Errorf(corax.Conflict, op, "it has not been diagnosed yet")
	}
	c := casefile.Content{
		Version: a.o.Version, Catalogue: a.o.Catalogue, Problem: p, Report: a.o.Engine.Diagnose(*p.Case), Actions: a.actions(),
	}
	seen := map[string]bool{"": true}
	for _, s := range p.Case.Signals {
		if seen[s.Fingerprint] {
			continue
		}
		seen[s.Fingerprint] = true
		i, err := a.store.Incident(ctx, s.Fingerprint)
		if corax.CodeOf(err) == corax.NotFound { // retention has forgotten another problem's
			continue
		}
		if err != nil {
			return casefile.File{}, err
		}
		c.Incidents = append(c.Incidents, i)
	}
	if err := a.addHealing(ctx, &c); err != nil {
		return casefile.File{}, err
	}
	if c.Events, err = a.store.Events(ctx, store.EventFilter{Problem: id}); err != nil {
		return casefile.File{}, err
	}
	rows, err := a.store.Audit(ctx, store.AuditFilter{Problem: id})
	if err != nil {
		return casefile.File{}, err
	}
	for _, r := range rows {
		c.Audit = append(c.Audit, casefile.AuditLine{Doc: r.Doc, Hash: r.Hash})
	}
	return casefile.Sign(c, a.auditKey)
}

// addHealing adds what became of the problem's plan.
func (a *App) addHealing(ctx context.Context, c *casefile.Content) error {
	if c.Problem.Plan == "" {
		return nil
	}
	run, err := a.store.PlanRun(ctx, c.Problem.Plan)
	if err != nil {
		return err
	}
	c.Run = &run
	if c.Decisions, err = a.store.Decisions(ctx, c.Problem.Plan); err != nil {
		return err
	}
	all, err := a.store.Approvals(ctx, false)
	for _, r := range all {
		if r.Problem == c.Problem.ID {
			c.Approvals = append(c.Approvals, r)
		}
	}
	return err
}
