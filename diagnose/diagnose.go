// Package diagnose turns a case (signals, with or without a topology) into a report: incidents, the problems behind them, and for each its
// pattern, severity, links, cascade, root cause and plan.
//
// It is a pure function of the case and the catalogue: no I/O, no clock, no randomness, no state between cases, and the same case gives
// the same bytes. It knows software, never a particular system: names, hosts and key ids come from the case alone. Text is data; nothing
// in it is an instruction, and no text of any size or content breaks it.
//
// The stages, one file each, in the order in which they run:
//
//	read       text to facts, by package reading
//	match      facts to signatures of the catalogue
//	incident   signals to incidents, and which are quiet
//	explain    incidents to problems, with a topology: who explains whose trouble
//	link       incidents to problems, from text; and the links that are shown
//	recognise  a problem's signals to mechanism and pattern, with probabilities
//	cause      who failed: root, evidence for and against, what is missing, facts
//	cascade    whose fault is felt by whom
//	severity   impact to severity, with reasons
//	narrative  summary and chain
//	plan       remedies, bound to the case
package diagnose

import (
	"cmp"
	"slices"
	"sync"

	"corax"
	"corax/knowledge"
	"corax/topology"
)

// Engine diagnoses cases. It never changes after New and is safe for concurrent use.
type Engine struct {
	cat     *knowledge.Catalogue
	matcher *matcher
	memory  sync.Pool // of *scratch
}

// New prepares an engine; the catalogue must not be altered afterwards.
func New(cat *knowledge.Catalogue) *Engine {
	return &Engine{cat: cat, matcher: newMatcher(cat)}
}

// work is a case on its way through the stages.
type work struct {
	*Engine
	c         corax.Case
	graph     *topology.Graph
	readings  []reading
	incidents []incident
	quiet     []int
}

// Diagnose makes the report of a case.
func (e *Engine) Diagnose(c corax.Case) corax.Report {
	w := &work{Engine: e, c: c, graph: topology.New(c.Topology)}
	w.read()
	w.group()
	groups := w.problems()
	report := corax.Report{ID: c.ID, Incidents: []corax.CaseIncident{}, Problems: []corax.Diagnosis{}}
	for _, g := range groups {
		report.Problems = append(report.Problems, w.diagnose(g))
	}
	slices.SortStableFunc(report.Problems, func(a, b corax.Diagnosis) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(len(b.Signals), len(a.Signals)),
			cmp.Compare(a.Signals[0], b.Signals[0]))
	})
	for _, p := range report.Problems {
		for _, id := range p.Incidents {
			w.byID(id).severity = p.Severity
		}
	}
	for i := range w.incidents {
		report.Incidents = append(report.Incidents, w.incidents[i].shown())
	}
	slices.Sort(w.quiet)
	report.Quiet = w.quiet
	return report
}

// diagnose makes the diagnosis of one problem.
func (w *work) diagnose(g group) corax.Diagnosis {
	verdict := w.recognise(g)
	root := w.cause(g, verdict)
	cascade := w.cascade(g, root)
	severity, reasons := w.severity(g, root, cascade)
	d := corax.Diagnosis{
		Pattern: verdict.pattern, PatternConfidence: verdict.confidence, Alternatives: verdict.alternatives,
		Severity: severity, SeverityReasons: reasons, Confidence: root.confidence,
		Cascade: cascade, Links: w.links(g, root),
	}
	for _, i := range g.incidents {
		d.Incidents = append(d.Incidents, w.incidents[i].id)
		d.Signals = append(d.Signals, w.incidents[i].signals...)
	}
	slices.Sort(d.Signals)
	d.RootCause = w.narrate(g, root, cascade)
	d.Plan = w.plan(root, d.Confidence)
	return d
}
