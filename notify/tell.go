package notify

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"corax"
	"corax/store"
)

// linkFor is how long a link to acknowledge works.
const linkFor = 72 * time.Hour

// PageOf is the id of a problem's page.
func PageOf(problem string) string { return corax.HashID("pag", string(corax.PageProblem), problem) }

// Escalate tells people that a problem needs them. It returns when that is stored; it is sent afterwards.
func (n *Notifier) Escalate(ctx context.Context, p corax.Problem, text string) error {
	if err := n.tell(ctx, p, corax.NoticeEscalated, text); err != nil && !errors.Is(err, errUnchanged) {
		return err
	}
	return nil
}

// tell enters a notice about a problem. It is errUnchanged where nobody is to hear of it, or has heard already.
func (n *Notifier) tell(ctx context.Context, p corax.Problem, kind corax.NoticeKind, text string) error {
	now := n.o.Clock.Now()
	s := n.settings()
	d := p.Diagnosis
	entities := append([]string{d.RootCause.Entity}, d.Cascade.Affected...)
	notice := n.compose(p, kind, text, now)
	change := func(page *corax.Page) error {
		if page.ID == "" {
			*page = corax.Page{
				ID: PageOf(p.ID), Kind: corax.PageProblem, Problem: p.ID, Entity: d.RootCause.Entity, Severity: d.Severity,
				Title: n.o.Redactor.Redact(title(p)), State: corax.PageOpen, OpenedAt: now,
			}
		}
		return s.enter(page, notice, entities, d.Severity, now)
	}
	// Most looks find nothing new; they cost no transaction.
	page, err := n.o.Store.Page(ctx, PageOf(p.ID))
	if err != nil && corax.CodeOf(err) != corax.NotFound {
		return err
	}
	page.Notices, page.Deliveries = slices.Clone(page.Notices), slices.Clone(page.Deliveries)
	if err := change(&page); err != nil {
		return err
	}
	if _, err := n.o.Store.ChangePage(ctx, PageOf(p.ID), change); err != nil {
		return err
	}
	n.Wake()
	return nil
}

// tellable says that an event of this kind may be something to tell.
func tellable(k corax.EventKind) bool {
	switch k {
	case corax.EventProblemOpened, corax.EventDiagnosed, corax.EventEscalated, corax.EventHealed, corax.EventClosed,
		corax.EventApprovalAsked, corax.EventApprovalAnswered, corax.EventBreakGlass:
		return true
	}
	return false
}

// follow holds problems, requests for approval and emergencies against their pages and tells what is missing. It looks at what is, not at what happened:
// so it may miss any event, come twice, or be killed in between.
func (n *Notifier) follow(ctx context.Context) error {
	open, err := n.o.Store.Problems(ctx, store.ProblemFilter{Open: true})
	if err != nil {
		return err
	}
	pages, err := n.o.Store.Pages(ctx, store.PageFilter{Live: true})
	if err != nil {
		return err
	}
	if err := errors.Join(n.followEmergencies(ctx), n.followApprovals(ctx, pages)); err != nil {
		return err
	}
	byProblem := map[string]corax.Page{}
	for _, page := range pages {
		if page.Kind == corax.PageProblem {
			byProblem[page.Problem] = page
		}
	}
	for _, page := range byProblem {
		if slices.ContainsFunc(open, func(p corax.Problem) bool { return p.ID == page.Problem }) {
			continue
		}
		p, err := n.o.Store.Problem(ctx, page.Problem)
		if corax.CodeOf(err) == corax.NotFound {
			continue // pruned
		}
		if err != nil {
			return err
		}
		open = append(open, p)
	}
	slices.SortFunc(open, func(a, b corax.Problem) int { return strings.Compare(a.ID, b.ID) })
	for _, p := range open {
		for _, m := range missing(p, byProblem[p.ID]) {
			if err := n.tell(ctx, p, m.kind, m.text); err != nil && !errors.Is(err, errUnchanged) {
				return err
			}
		}
	}
	return nil
}

// news is what is to be told of a problem.
type news struct {
	kind corax.NoticeKind
	text string
}

// missing is what the page of a problem doesn't say yet.
func missing(p corax.Problem, page corax.Page) []news {
	has := func(k corax.NoticeKind) bool {
		return slices.ContainsFunc(page.Notices, func(n corax.Notice) bool { return n.Kind == k })
	}
	var out []news
	if !p.State.Ended() && p.State != corax.ProblemHealed {
		switch {
		case len(page.Notices) == 0 && !p.Escalated:
			out = append(out, news{corax.NoticeOpened, ""})
		case len(page.Notices) > 0 && p.Diagnosis.Severity > page.Severity:
			out = append(out, news{corax.NoticeWorse, "It is worse than it was: " + p.Diagnosis.Severity.String() + "."})
		}
	}
	if p.Escalated && !p.State.Ended() {
		out = append(out, news{corax.NoticeEscalated, p.Escalation})
	}
	if len(page.Notices) == 0 {
		return out
	}
	if p.State == corax.ProblemHealed && !has(corax.NoticeHealed) {
		out = append(out, news{corax.NoticeHealed, "Every monitor has stayed green. Tidying up may go on."})
	}
	switch p.State {
	case corax.ProblemClosed:
		out = append(out, news{corax.NoticeClosed, "It is healed, and nothing is left to do."})
	case corax.ProblemResolved:
		out = append(out, news{corax.NoticeClosed, "All of its incidents have ended."})
	}
	return out
}
