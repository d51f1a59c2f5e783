package app

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/go-chi/chi/v5"

	"corax"
	"corax/config"
	"corax/config/decode"
	"corax/hands"
	"corax/notify"
	"corax/notify/link"
	"corax/store"
)

// linksKey is the file, in the data directory, of the key that signs links.
const linksKey = "links.key"

// startPeople starts what tells people, and what sees to the work of those on site.
func (a *App) startPeople(ctx context.Context, cfg *config.Config) (err error) {
	if a.links, err = link.Open(filepath.Join(cfg.DataDir, linksKey)); err != nil {
		return err
	}
	a.notifier = notify.New(notify.Options{
		Store: a.store, Links: a.links, Redactor: &a.redactor, Resolve: a.secrets.Resolve, Clock: a.o.Clock, Log: a.log,
		Settings: func() notify.Settings {
			c := a.config()
			return notify.Settings{Notify: c.Notify, Escalation: c.Escalation.Webhook, Operators: c.Operators, Topology: c.Topology}
		},
	})
	if err := a.notifier.Start(ctx); err != nil {
		return err
	}
	a.onStop(a.notifier.Stop)
	a.desk = hands.New(hands.Options{
		Store: a.store, Teller: a.notifier, Green: a.green, StableFor: cfg.Heal.StableFor, Links: a.links, Redactor: &a.redactor,
		Clock: a.o.Clock, Log: a.log,
		Settings: func() hands.Settings {
			c := a.config()
			return hands.Settings{Hands: c.Hands, People: c.Notify, Topology: c.Topology}
		},
	})
	return nil
}

// startDesk begins to see to work orders, once there are monitors to ask.
func (a *App) startDesk(ctx context.Context, _ *config.Config) error {
	if err := a.desk.Start(ctx); err != nil {
		return err
	}
	a.onStop(a.desk.Stop)
	return nil
}

// purposes are what links may do.
func (a *App) purposes() map[string]link.Purpose {
	all := a.desk.Purposes()
	all[notify.PurposeAck] = a.notifier.Acks()
	all[notify.PurposeApprove] = a.notifier.Approvals(a.healer.Take, a.operator)
	return all
}

// answers mounts the pages of links, and what telephone services report to. What they take carries its own proof.
func (a *App) answers(r chi.Router) {
	r.Handle(link.Path+"*", link.Pages{Signer: a.links, Purposes: a.purposes(), Clock: a.o.Clock, Log: a.log})
	r.Handle(notify.CallbackPath+"*", a.notifier.Callbacks(a.purposes()))
	r.Handle(notify.ReplyPath+"*", a.notifier.Replies(a.purposes()))
}

// green says whether every monitor of these entities is up when it is run now.
func (a *App) green(ctx context.Context, entities []string) (bool, string) {
	names := a.monitorsOf(entities)
	if len(names) == 0 {
		return false, "no monitor of ours watches " + strings.Join(entities, ", ")
	}
	var red []string
	for _, name := range names {
		r, err := a.RunMonitor(ctx, name)
		switch {
		case err != nil:
			red = append(red, name+" could not be run")
		case r.State != corax.MonitorUp:
			red = append(red, name+": "+a.redactor.Redact(r.Message))
		}
	}
	return len(red) == 0, strings.Join(red, "; ")
}

// tellPeople puts an escalation into the outbox of whoever is configured to hear of it.
func (a *App) tellPeople(ctx context.Context, p corax.Problem, text string) error {
	c := a.config()
	if c.Escalation.Webhook.URL == "" && len(c.Notify.Routes) == 0 {
		a.log.Warn("escalated", "problem", p.ID, "text", text)
	}
	return a.notifier.Escalate(ctx, p, text)
}

// checkPeople finds what is wrong with the templates of channels.
func checkPeople(cfg config.Config) []decode.Problem {
	var found []decode.Problem
	for _, f := range notify.Check(cfg.Notify) {
		found = append(found, cfg.Problem(f.Field, "", "%v", f.Err))
	}
	return found
}

func (c controls) Pages(ctx context.Context, f store.PageFilter) ([]corax.Page, error) {
	return c.a.notifier.Pages(ctx, f)
}

func (c controls) AckPage(ctx context.Context, page, by string) (corax.Page, error) {
	return c.a.notifier.Ack(ctx, page, by)
}

func (c controls) TestPage(ctx context.Context, contacts []string, by string) (corax.Page, error) {
	return c.a.notifier.Test(ctx, contacts, by)
}

func (c controls) Reach(ctx context.Context) ([]corax.Reach, error) { return c.a.notifier.Status(ctx) }

func (c controls) WorkOrders(ctx context.Context, f store.WorkOrderFilter) ([]corax.WorkOrder, error) {
	return c.a.desk.Orders(ctx, f)
}

func (c controls) WorkOrder(ctx context.Context, id string) (corax.WorkOrder, error) {
	return c.a.desk.Get(ctx, id)
}

func (c controls) AnswerWork(ctx context.Context, id, answer, by, note string) (corax.WorkOrder, error) {
	return c.a.desk.Answer(ctx, id, hands.Answer(answer), by, note)
}
