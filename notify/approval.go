package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"corax"
	"corax/notify/link"
)

// PurposeApprove is the purpose of links by which operators answer requests for approval.
const PurposeApprove = "approve"

// maxEffect is how much of what would be sent is told, in runes.
const maxEffect = 1500

// ApprovalPage is the id of the page of a request for approval.
func ApprovalPage(request string) string {
	return corax.HashID("pag", string(corax.PageApproval), request)
}

// contactOf is through whom an operator is reached.
func contactOf(o corax.Operator) string { return cmp.Or(o.Contact, o.Name) }

// audience are the ways to those who may answer, of whom so many are needed: operators on duty, or all of them where
// those are too few. Where no operator has a contact it is whom the problem's route tells first.
func (s Settings) audience(entities []string, severity corax.Severity, needs int, now time.Time) []address {
	var onDuty, all []address
	count := 0
	for _, o := range s.Operators {
		to := s.addresses(contactOf(o), nil)
		all = append(all, to...)
		if len(to) > 0 && s.available(contactOf(o), now) {
			count++
			onDuty = append(onDuty, to...)
		}
	}
	if count >= max(needs, 1) {
		all = onDuty
	}
	if r, ok := s.pick(entities, severity, corax.NoticeEscalated, now); ok && len(all) == 0 && len(r.Steps) > 0 {
		for _, c := range r.Steps[0].Contacts {
			all = append(all, s.addresses(c, r.Steps[0].Channels)...)
		}
	}
	return append(all, s.addresses(escalationHook, nil)...)
}

// followApprovals tells of the requests that wait for an answer, and of how those ended that people were told of. A
// quiet one wakes nobody.
func (n *Notifier) followApprovals(ctx context.Context, live []corax.Page) error {
	open, err := n.o.Store.Approvals(ctx, true)
	if err != nil {
		return err
	}
	for _, r := range open {
		told := slices.ContainsFunc(live, func(p corax.Page) bool { return p.ID == ApprovalPage(r.ID) })
		if r.Quiet || told || !n.o.Clock.Now().Before(r.ExpiresAt) {
			continue
		}
		if err := n.askFor(ctx, r); err != nil {
			return err
		}
	}
	for _, p := range live {
		if p.Kind != corax.PageApproval {
			continue
		}
		r, err := n.o.Store.Approval(ctx, p.Approval)
		if corax.CodeOf(err) == corax.NotFound || err == nil && r.Answer != "" {
			err = n.answered(ctx, p.ID, r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// askFor enters a request into its page.
func (n *Notifier) askFor(ctx context.Context, r corax.ApprovalRequest) error {
	problem, err := n.o.Store.Problem(ctx, r.Problem)
	if err != nil {
		return err
	}
	now, s, d := n.o.Clock.Now(), n.settings(), problem.Diagnosis
	to := s.audience(append([]string{r.Target, d.RootCause.Entity}, d.Cascade.Affected...), d.Severity, r.Needs, now)
	if len(to) == 0 {
		return nil
	}
	title := requestTitle(r)
	notice := n.notice(corax.NoticeApproval, now, r.ID, title, strings.Join(particulars(problem, r), "\n")+
		fmt.Sprintf("\nAnswer by the link, or: corax approval allow %s (or deny)\n", r.ID), payload{Approval: &r})
	notice.Offers, notice.Until = PurposeApprove, &r.ExpiresAt
	_, err = n.o.Store.ChangePage(ctx, ApprovalPage(r.ID), func(p *corax.Page) error {
		if p.ID != "" {
			return errUnchanged
		}
		*p = corax.Page{ID: ApprovalPage(r.ID), Kind: corax.PageApproval, Problem: r.Problem, Approval: r.ID, Entity: r.Target,
			Severity: d.Severity, Title: n.o.Redactor.Redact(title), State: corax.PageOpen, OpenedAt: now, Notices: []corax.Notice{notice}}
		for _, a := range to {
			enqueue(p, notice, a, 0, now)
		}
		return nil
	})
	return ignoreUnchanged(err)
}

// answered ends the page of a request. What was not sent yet isn't any more; who was told hears how it ended.
func (n *Notifier) answered(ctx context.Context, page string, r corax.ApprovalRequest) error {
	now, s := n.o.Clock.Now(), n.settings()
	said := "It is not asked for any more"
	if r.Answer != "" {
		said = map[corax.Verdict]string{corax.Allow: "Approved", corax.Deny: "Denied"}[r.Answer] + " by " + r.By
	}
	notice := n.notice(corax.NoticeClosed, now, page, said+": "+r.Action+" on "+r.Target, "", payload{Approval: &r})
	_, err := n.o.Store.ChangePage(ctx, page, func(p *corax.Page) error {
		if p.State == corax.PageEnded {
			return errUnchanged
		}
		before := slices.Clone(p.Deliveries)
		for i := range p.Deliveries {
			if d := &p.Deliveries[i]; d.State == corax.DeliveryPending {
				d.State, d.EndedAt = corax.DeliverySuperseded, &now
			}
		}
		for _, d := range before {
			if a := (address{d.Contact, d.Channel, d.To}); d.State == corax.DeliverySent && s.loud(a, p, notice.Kind) {
				enqueue(p, notice, a, 0, now)
			}
		}
		p.Notices = append(p.Notices, notice)
		p.State, p.EndedAt, p.Next = corax.PageEnded, &now, nil
		return nil
	})
	return ignoreUnchanged(err)
}

// followEmergencies tells of each emergency that was declared, and that one was ended by hand: at once, to everybody.
func (n *Notifier) followEmergencies(ctx context.Context) error {
	now, s := n.o.Clock.Now(), n.settings()
	all, err := n.o.Store.BreakGlasses(ctx, now.Add(-time.Hour)) // also those that began and ended while nobody looked
	if err != nil {
		return err
	}
	for _, b := range all {
		id := corax.HashID("pag", string(corax.PageBreakGlass), b.ID)
		to := s.audience([]string{b.Scope}, corax.Critical, len(s.Operators), now)
		scope := cmp.Or(b.Scope, "everything")
		title := Clip(Line("[BREAK-GLASS] "+b.By+": "+scope), maxTitle)
		text := fmt.Sprintf("%s declared an emergency for %s until %s: %s\nWhat the policy denies is asked instead, and one operator is enough "+
			"for what needs two.\nEnd it: corax break-glass end %s", b.By, scope, b.ExpiresAt.UTC().Format(time.RFC3339), Line(b.Reason), b.ID)
		notices := []corax.Notice{n.notice(corax.NoticeBreakGlass, b.At, b.ID, title, text, payload{BreakGlass: &b})}
		if b.EndedAt != nil {
			notices = append(notices, n.notice(corax.NoticeClosed, *b.EndedAt, b.ID, "The emergency of "+b.By+" for "+scope+" was ended", "",
				payload{BreakGlass: &b}))
		}
		if len(to) == 0 {
			continue
		}
		_, err := n.o.Store.ChangePage(ctx, id, func(p *corax.Page) error {
			if len(p.Notices) >= len(notices) {
				return errUnchanged
			}
			if p.ID == "" { // nobody has to acknowledge it: it begins as one that has ended
				*p = corax.Page{ID: id, Kind: corax.PageBreakGlass, Entity: b.Scope, Severity: corax.Critical, Title: n.o.Redactor.Redact(title),
					State: corax.PageEnded, OpenedAt: b.At, EndedAt: &b.ExpiresAt}
			}
			for _, notice := range notices[len(p.Notices):] {
				p.Notices = append(p.Notices, notice)
				for _, a := range to {
					enqueue(p, notice, a, 0, now)
				}
			}
			return nil
		})
		if err = ignoreUnchanged(err); err != nil {
			return err
		}
	}
	return nil
}

// notice is one that is not about a problem as a whole.
func (n *Notifier) notice(kind corax.NoticeKind, at time.Time, about, headline, text string, data payload) corax.Notice {
	clean := n.o.Redactor.Redact
	out := corax.Notice{
		ID: corax.HashID("ntc", about, string(kind)), At: at, Kind: kind, Lang: "en", Text: clean(headline + "\n\n" + Clip(text, maxText)),
		Short: Clip(Line(clean(headline)), maxShort), Speech: Clip(Line(clean("This is Corax. "+headline)), maxSpeech),
	}
	data.ID, data.At, data.Kind, data.Text = out.ID, at, string(kind), Clip(headline+"\n"+text, maxText)
	if text, err := json.Marshal(data); err == nil {
		out.Data = json.RawMessage(clean(string(text)))
	}
	return out
}

func requestTitle(r corax.ApprovalRequest) string {
	return Clip(Line("[APPROVAL] "+r.Action+" on "+r.Target), maxTitle)
}

// particulars are all that somebody needs who must say yes or no, a paragraph each.
func particulars(p corax.Problem, r corax.ApprovalRequest) []string {
	var out []string
	say := func(label, text string) {
		if text = Clip(Line(text), maxEffect); text != "" {
			out = append(out, label+": "+text)
		}
	}
	say("What", fmt.Sprintf("%s on %s (%s)", r.Action, r.Target, r.Risk))
	say("Why", r.Why)
	if c := r.Context; c != nil {
		say("Found", c.Text)
		say("Would be sent", c.Effect)
		say("Must hold afterwards", strings.Join(c.Verify, "; "))
		say("Undo", c.Undo)
	}
	d := p.Diagnosis
	say("Problem", fmt.Sprintf("%s, %s, since %s", p.ID, d.Severity, p.OpenedAt.UTC().Format(time.RFC3339)))
	say("Root cause", fmt.Sprintf("%s at %s (%.0f %%)", d.RootCause.Mechanism, d.RootCause.Entity, 100*d.Confidence))
	say("Summary", d.RootCause.Summary)
	say("Affected", strings.Join(d.Cascade.Affected, ", "))
	say("Plan", r.Plan+", step "+r.Step)
	if r.BreakGlass != "" {
		say("Emergency", r.BreakGlass+": fewer people are asked than the risk calls for")
	}
	for _, c := range r.Consents {
		say("Yes", c.Name+" at "+c.At.UTC().Format(time.RFC3339))
	}
	needs := ""
	if r.Needs > 1 {
		needs = fmt.Sprintf("; it needs the yes of %d operators", r.Needs)
	}
	say("Expires", r.ExpiresAt.UTC().Format(time.RFC3339)+", and no answer means no"+needs)
	return out
}

// Approvals is the purpose of links that answer requests. operator is whose token it is, empty for nobody's.
func (n *Notifier) Approvals(answer func(ctx context.Context, request string, a corax.Answer) (corax.ApprovalRequest, error),
	operator func(token string) string,
) link.Purpose {
	return approvals{n, answer, operator}
}

type approvals struct {
	n        *Notifier
	answer   func(ctx context.Context, request string, a corax.Answer) (corax.ApprovalRequest, error)
	operator func(token string) string
}

// bearer is the one operator whom a contact belongs to. A link that several can open, or that went to nobody in
// particular, proves nobody's name.
func (a approvals) bearer(contact string) (name string, sure bool) {
	for _, o := range a.n.o.Settings().Operators {
		switch {
		case contactOf(o) != contact:
		case name != "":
			return "", false
		default:
			name = o.Name
		}
	}
	return name, name != ""
}

// Show says all that is known of the request.
func (a approvals) Show(ctx context.Context, g link.Grant) (link.View, error) {
	r, err := a.n.o.Store.Approval(ctx, g.Subject)
	if err != nil {
		return link.View{}, err
	}
	p, err := a.n.o.Store.Problem(ctx, r.Problem)
	if err != nil {
		return link.View{}, err
	}
	v := link.View{Title: a.n.o.Redactor.Redact(requestTitle(r))}
	for _, line := range particulars(p, r) {
		v.Lines = append(v.Lines, a.n.o.Redactor.Redact(line))
	}
	spent := slices.ContainsFunc(r.Consents, func(c corax.Answer) bool { return c.Link == g.ID() })
	switch {
	case r.Answer != "":
		v.Lines = append(v.Lines, fmt.Sprintf("It is decided: %s by %s.", r.Answer, r.By))
		return v, nil
	case spent:
		v.Lines = append(v.Lines, "This link was used; another operator has to say yes as well.")
		return v, nil
	}
	if _, sure := a.bearer(g.By); !sure || r.Needs > 1 {
		v.Secret = "Your operator's token, which approving it needs"
	}
	v.Buttons = []link.Button{{Do: string(corax.Allow), Label: "Approve"}, {Do: string(corax.Deny), Label: "Deny"}}
	return v, nil
}

// Act answers, as the operator whom the link was sent to or whose token was given. Anybody who was asked may say no.
func (a approvals) Act(ctx context.Context, g link.Grant, do, token string) (link.View, error) {
	by := corax.Actor{Via: corax.ViaLink}
	name, sure := a.bearer(g.By)
	switch given := strings.TrimSpace(token); {
	case given != "":
		if by = (corax.Actor{Name: a.operator(given), Via: corax.ViaToken}); by.Name == "" {
			return link.View{}, &corax.Error{Code: corax.Forbidden, Op: "answer approval " + g.Subject, Err: errors.New("that is no operator's token"),
				Hint: "operators and their tokens are named in the configuration"}
		}
	case sure:
		by.Name = name
	case do == string(corax.Deny):
		by.Name = g.By
	default:
		return link.View{}, &corax.Error{Code: corax.Forbidden, Op: "answer approval " + g.Subject, Err: errors.New("the link alone says not who you are"),
			Hint: "give your operator's token"}
	}
	r, err := a.answer(ctx, g.Subject, corax.Answer{Actor: by, Verdict: corax.Verdict(do), Link: g.ID()})
	if err != nil {
		return link.View{}, err
	}
	said := map[corax.Verdict]string{corax.Allow: "It is approved.", corax.Deny: "It is denied.",
		"": "Noted. It waits for the yes of another operator."}[r.Answer]
	return link.View{Title: "Thank you, " + by.Name, Lines: []string{said, r.Action + " on " + r.Target}}, nil
}
