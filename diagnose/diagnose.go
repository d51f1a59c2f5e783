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
//	cluster    incidents to problems, from text: profile is what an incident is compared by, topic what it is about, affinity how much two
//	           speak for one outage, linkage puts them together
//	link       why the incidents of a problem belong together
//	recognise  a problem's signals to mechanism and pattern, with probabilities; learned is one of its views
//	cause      who failed: root, evidence for and against, what is missing, facts; details are the names and values of any text
//	cascade    whose fault is felt by whom
//	severity   impact to severity, with reasons
//	narrative  the story: sentences that rest on signals; scene is who said what when, unknown what is told where nothing explains it
//	plan       remedies, bound to the case by binding; unknown plans what to look at where there are none
//	why        for each decision: what spoke for it, against it, the runner-up, and what would change it
package diagnose

import (
	"cmp"
	"maps"
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
	learned learned
	family  []int32 // of each mechanism, the number of its pattern; -1: of none
	topics  topics
	views   Views
	felt    []bool    // of each mechanism: its signs are also felt by others
	rare    []float64 // word -> how telling it is, 0 to 1; 0 where no mechanism uses it, which tells most
	desks   sync.Pool // of *desk

	rules []ruleForm // what the rules of alerts ask for

	remedies [][]remedy // of each mechanism, in the order of a plan
}

// Views says which of the engine's views recognise; the zero value is all of them. It exists to measure each by itself.
type Views struct {
	NoRules, NoModel bool
}

// Catalogue is the knowledge that the engine works with; for reading.
func (e *Engine) Catalogue() *knowledge.Catalogue { return e.cat }

// New prepares an engine; the catalogue must not be altered afterwards.
func New(cat *knowledge.Catalogue) *Engine { return NewWith(cat, Views{}) }

// NewWith prepares an engine that recognises by some of its views.
func NewWith(cat *knowledge.Catalogue, v Views) *Engine {
	said := vocabulary(cat)
	in := mechanismsOf(said)
	e := &Engine{cat: cat, matcher: newMatcher(cat, slices.Sorted(maps.Keys(in))), views: v}
	e.rare, e.topics = e.matcher.rarity(in, len(said)), e.matcher.topics(cat, said, in)
	for _, m := range cat.Mechanisms {
		p, _ := cat.Pattern(m.Pattern)
		e.felt = append(e.felt, m.Felt || p.Felt)
	}
	e.learned = newLearned(e.matcher.mechByID)
	e.family = families(cat.Mechanisms)
	e.remedies = newRemedies(cat)
	e.rules = newRuleForms(cat)
	e.desks.New = func() any { return e.newDesk() }
	return e
}

// work is a case on its way through the stages.
type work struct {
	*Engine
	c         corax.Case
	desk      *desk
	graph     *topology.Graph
	readings  []reading
	incidents []incident
	quiet     []int
	changed   map[string][]int // entity -> signals that are changes, in or out of problems; see changes
}

// Diagnose makes the report of a case.
func (e *Engine) Diagnose(c corax.Case) corax.Report {
	d := e.desks.Get().(*desk)
	defer e.desks.Put(d)
	w, groups := e.work(c, d)
	report := corax.Report{ID: c.ID, Incidents: make([]corax.CaseIncident, 0, len(w.incidents)), Problems: make([]corax.Diagnosis, 0, len(groups))}
	for _, p := range w.report(groups) {
		report.Problems = append(report.Problems, p.Diagnosis)
	}
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

// work reads a case and finds what belongs together. It is good until the desk is used again.
func (e *Engine) work(c corax.Case, d *desk) (*work, []group) {
	w := &work{Engine: e, c: c, desk: d, graph: topology.New(c.Topology)}
	w.read()
	w.group()
	return w, w.problems()
}

// solved is a diagnosis with what it was made from.
type solved struct {
	corax.Diagnosis
	group   group
	verdict verdict
}

// report diagnoses the groups: the gravest problem first, then the largest. What states no cause of its own may well be felt from another
// problem, and counts one level less.
func (w *work) report(groups []group) []solved {
	all := make([]solved, 0, len(groups))
	for _, g := range groups {
		all = append(all, w.diagnose(g))
	}
	slices.SortStableFunc(all, func(a, b solved) int {
		return cmp.Or(cmp.Compare(w.precedence(b), w.precedence(a)), cmp.Compare(b.Severity, a.Severity), cmp.Compare(len(b.Signals), len(a.Signals)),
			cmp.Compare(b.PatternConfidence, a.PatternConfidence), cmp.Compare(a.Signals[0], b.Signals[0]))
	})
	return all
}

// precedence is a problem's severity, one more where its own words state a cause.
func (w *work) precedence(s solved) int {
	n := int(s.Severity)
	if m := s.verdict.mech; m >= 0 && !w.felt[m] && s.verdict.mechShare >= sureCause && w.groupStates(s.group, m) {
		n++
	}
	return n
}

// diagnose makes the diagnosis of one problem.
func (w *work) diagnose(g group) solved {
	verdict := w.recognise(g)
	root := w.cause(g, verdict)
	cascade := w.cascade(g, root)
	severity, reasons := w.severity(g, root, cascade)
	d := corax.Diagnosis{
		Pattern: verdict.pattern, PatternConfidence: verdict.confidence, Alternatives: verdict.alternatives,
		Severity: severity, SeverityReasons: reasons, Confidence: root.confidence,
		Cascade: cascade, Links: w.links(g, &root),
	}
	for _, i := range g.incidents {
		d.Incidents = append(d.Incidents, w.incidents[i].id)
		d.Signals = append(d.Signals, w.incidents[i].signals...)
	}
	slices.Sort(d.Signals)
	d.RootCause = w.narrate(g, root, cascade)
	d.Plan = w.plan(root, d.Confidence)
	d.Explanations = w.explanations(g, verdict, root, d)
	return solved{d, g, verdict}
}
