package sample

import (
	"fmt"
	"time"

	"corax"
	"corax/topology"
)

// breakSomething writes an outage that began at a time: its change, the signals and incidents of root and dependents, problem and plan.
func (f *filler) breakSomething(at time.Time) {
	f.outage++
	o := outages[f.skewed(len(outages))]
	g := topology.New(f.topology)
	root := f.topology.Entities[f.rand.IntN(17)].ID // services and databases
	hit := g.Dependents(root)
	if most := 1 + f.rand.IntN(5); len(hit) > most {
		hit = hit[:most]
	}
	open := f.outage > f.o.Problems-stillOpen
	lasts := time.Duration(2+f.rand.IntN(50)) * time.Minute
	f.signal(corax.Signal{At: at.Add(-time.Duration(1+f.rand.IntN(9)) * time.Minute).UTC(), Kind: corax.ChangeOf, Entity: root, Source: "deploy",
		Message: f.say("%e was deployed in version %v by %u", root)}, "")

	p := corax.Problem{ID: fmt.Sprintf("prb-%06d", f.outage), State: corax.ProblemClosed, OpenedAt: at.UTC(), UpdatedAt: at.Add(lasts).UTC()}
	d := corax.Diagnosis{
		Pattern: o.pattern, PatternConfidence: 0.6 + 0.39*f.rand.Float64(), Confidence: 0.5 + 0.49*f.rand.Float64(), Severity: o.severity,
		SeverityReasons: []string{fmt.Sprintf("%d entities are hit", 1+len(hit))},
		Cascade:         corax.Cascade{Cascading: len(hit) > 0, Root: root},
		RootCause: corax.RootCause{Entity: root, Mechanism: o.mechanism, Summary: f.say(o.summary, root), Facts: map[string]string{"entity": root},
			Missing: []string{"who made the change"}},
	}
	c := corax.Case{ID: p.ID, Topology: f.topology}
	trouble := func(entity, text string, after time.Duration, depth int) {
		i := corax.Incident{
			ID: fmt.Sprintf("inc-%06d-%d", f.outage, len(p.Incidents)), Fingerprint: corax.HashID("fp", p.ID, entity), Entity: entity,
			State: corax.IncidentResolved, Severity: max(o.severity-corax.Severity(depth), corax.Low), Source: "monitor/" + entity,
			OpenedAt: at.Add(after).UTC(), Signals: 3, Resolution: corax.Recovered,
		}
		for n := range 3 {
			s := f.signal(corax.Signal{At: i.OpenedAt.Add(time.Duration(n) * 20 * time.Second), Entity: entity, Severity: i.Severity, Kind: corax.Symptom,
				Source: i.Source, Fingerprint: i.Fingerprint, Message: f.say(text, entity), Labels: map[string]string{"env": "production"}}, i.ID)
			i.Title = s.Message
			d.Signals = append(d.Signals, len(c.Signals))
			c.Signals = append(c.Signals, s)
		}
		end := at.Add(lasts).UTC()
		i.UpdatedAt, i.ResolvedAt = end, &end
		if open {
			i.State, i.Resolution, i.ResolvedAt, i.UpdatedAt = corax.IncidentOpen, "", nil, i.OpenedAt.Add(40*time.Second)
		}
		f.pending.Incidents = append(f.pending.Incidents, i)
		p.Incidents = append(p.Incidents, i.ID)
		if n := len(p.Incidents); n > 1 {
			d.Links = append(d.Links, corax.Link{From: p.Incidents[0], To: i.ID, Kind: corax.LinkDependsOn, Score: 0.6 + 0.4*f.rand.Float64(),
				Why: entity + " needs " + root})
		}
	}
	trouble(root, o.root, 0, 0)
	for n, e := range hit {
		trouble(e.ID, o.dependent, time.Duration(n+1)*15*time.Second, 1)
		d.Cascade.Affected, d.Cascade.Depth = append(d.Cascade.Affected, e.ID), max(d.Cascade.Depth, e.Distance)
	}
	d.Incidents = p.Incidents
	d.RootCause.Evidence = []corax.Evidence{{Signal: 0, Quote: c.Signals[0].Message, Supports: o.mechanism}}
	d.RootCause.Sentences = []corax.Sentence{
		{Text: d.RootCause.Summary + ".", Signals: []int{0}, Kind: corax.TellsWhat},
		{Text: fmt.Sprintf("%d others feel it.", len(hit)), Signals: d.Signals, Kind: corax.TellsSpread},
	}
	p.Diagnosis, p.Case = d, &c
	f.end(&p, o, root, at, lasts, open)
}

// end says how an outage ended, and what was done about it.
func (f *filler) end(p *corax.Problem, o outage, root string, at time.Time, lasts time.Duration, open bool) {
	m := made{events: []corax.Event{{At: p.OpenedAt, Kind: corax.EventProblemOpened, Problem: p.ID, Entity: root, Text: p.Diagnosis.RootCause.Summary}}}
	over := at.Add(lasts).UTC()
	healed := f.rand.IntN(3) > 0
	if healed || open {
		p.Plan, p.Plans = "pln-"+p.ID, 1
		plan := corax.Plan{ID: p.Plan, Problem: p.ID, Mode: corax.AutoHeal, Why: "the remedy is reversible", Steps: []corax.Step{
			{Action: o.action, Target: root, Risk: corax.Reversible}}}
		p.Diagnosis.Plan = plan
		m.run = &corax.PlanRun{Plan: plan, State: corax.PlanDone, StartedAt: at.Add(time.Minute).UTC()}
	}
	switch {
	case open:
		p.State = []corax.ProblemState{corax.ProblemOpen, corax.ProblemHealing, corax.ProblemWaiting, corax.ProblemContained}[f.rand.IntN(4)]
		m.run.State = corax.PlanRunning
		p.UpdatedAt = at.Add(time.Minute).UTC()
	case healed:
		p.HealedAt, p.ClosedAt = &over, &over
		m.events = append(m.events, corax.Event{At: over, Kind: corax.EventHealed, Problem: p.ID, Entity: root, Text: "Healed by " + o.action})
	default:
		p.State, p.ClosedAt, p.Escalated = corax.ProblemResolved, &over, f.rand.IntN(2) == 0
	}
	m.problem = *p
	f.problems = append(f.problems, m)
}
