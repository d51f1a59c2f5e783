package webtest

import (
	"context"
	"fmt"
	"time"

	"corax"
	"corax/config"
	"corax/store"
	"corax/web/draw"
)

// Estate is what stands where, who is there, and who is told: the pages of topology, sites, notifications and approvals look at it.
type Estate struct {
	*Controls
	Empty    bool
	entities corax.Topology
	records  records
}

// Topology is that of the outage, and what it runs on.
func (e *Estate) Topology() corax.Topology { return e.entities }

// Learned is one relation with a direction, and one without.
func (e *Estate) Learned(context.Context) ([]draw.LearnedEdge, error) {
	if e.Empty {
		return nil, nil
	}
	return []draw.LearnedEdge{{Edge: corax.Edge{From: "shipping", To: "order", Kind: corax.DependsOn}, Support: 7}, {Edge: corax.Edge{From: "auth", To: "host-a", Kind: "fails_together"}, Support: 4, Mutual: true}}, nil
}

// directory is two sites, of which one is hostile.
func (e *Estate) directory() config.Hands {
	if e.Empty {
		return config.Hands{}
	}
	return config.Hands{
		Sites: []config.Site{
			{Name: "berlin", Title: "Berlin, hall 2", Address: "Example Street 1, Berlin", Access: []string{"badge at the gate", "key 7 from the desk"}, Safety: []string{"two people in the UPS room"},
				Leave: []string{"the cooling controls"}, Contact: "duty", Ladder: []config.Rung{{Contact: "jane", Channels: []string{"call"}, Wait: 5 * time.Minute}, {Contact: "duty"}},
				Rounds: 2, AcceptWithin: 20 * time.Minute, DoneWithin: 2 * time.Hour},
			hostile[config.Site](),
		},
		Places: []config.Place{
			{Entity: "host-a", Site: "berlin", Room: "2.14", Rack: "B7", Unit: "18", Marking: "HOST-A", Note: "the lower of two"}, {Entity: "core-switch", Site: "berlin", Room: "2.14", Rack: "B1"},
			hostile[config.Place](),
		},
	}
}

// Hands is the directory, as far as what stands there is seen.
func (e *Estate) Hands(ctx context.Context) config.Hands {
	if e.records.Everything(ctx, "list sites") == nil {
		return e.directory()
	}
	return e.directory().Only(e.records.Seen(ctx))
}

// Notify is two contacts that are reached by mail and by telephone, and one who is not.
func (e *Estate) Notify() config.Notify {
	if e.Empty {
		return config.Notify{}
	}
	route := hostile[config.Route]()
	route.On = config.OnEscalated
	return config.Notify{
		Channels: []config.Channel{{Name: "mail", Mail: &config.Mail{}}, {Name: "phone", Call: &config.Phone{}}},
		Contacts: []config.Contact{
			{Name: "jane", Title: "Jane Roe", Reach: []config.Reach{{Channel: "mail", To: "jane@example.org"}, {Channel: "phone", To: "+15550100"}}},
			{Name: "duty", Title: "Duty desk", Reach: []config.Reach{{Channel: "phone", To: "+15550101"}}}, hostile[config.Contact](),
		},
		Routes: []config.Route{
			{Name: "grave", Match: corax.Selector{Labels: map[string]string{"lab": "jwt"}}, AtLeast: corax.High, On: config.OnOpened,
				Steps: []config.RouteStep{{Contacts: []string{"jane"}, Wait: 5 * time.Minute}, {Contacts: []string{"duty"}, Channels: []string{"call"}}}},
			route,
		},
		Test: config.Synthetic{Every: 24 * time.Hour, Contacts: []string{"jane"}},
	}
}

// Pages are those of the store that are seen.
func (e *Estate) Pages(ctx context.Context, f store.PageFilter) ([]corax.Page, error) {
	return e.records.Pages(ctx, f)
}

// Reach is one way that works and one that fails.
func (e *Estate) Reach(context.Context) ([]corax.Reach, error) {
	if e.Empty {
		return nil, nil
	}
	sent, failed := Now.Add(-3*time.Hour), Now.Add(-2*time.Hour)
	return []corax.Reach{
		{Contact: "jane", Channel: "mail", To: "jane@example.org", SentAt: &sent, TestedAt: &sent, AckedAt: &failed},
		{Contact: "jane", Channel: "phone", To: "+15550100", SentAt: &sent, FailedAt: &failed, Error: "the service answered 503 " + Hostile},
		hostile[corax.Reach](),
	}, nil
}

// TestPage notes the call, and makes a page.
func (e *Estate) TestPage(ctx context.Context, contacts []string, by string) (corax.Page, error) {
	_ = e.note(fmt.Sprintf("test %v by %s", contacts, by))
	return e.store.ChangePage(ctx, "pag-test", func(p *corax.Page) error {
		*p = corax.Page{Kind: corax.PageTest, Title: "A test", State: corax.PageOpen, OpenedAt: e.clock.Now()}
		return nil
	})
}

// WorkOrders are those of the store.
func (e *Estate) WorkOrders(ctx context.Context, f store.WorkOrderFilter) ([]corax.WorkOrder, error) {
	return e.store.WorkOrders(ctx, f)
}

// WorkOrder is one of them.
func (e *Estate) WorkOrder(ctx context.Context, id string) (corax.WorkOrder, error) {
	return e.store.WorkOrder(ctx, id)
}

// AnswerWork notes the call.
func (e *Estate) AnswerWork(ctx context.Context, id, answer, by, note string) (corax.WorkOrder, error) {
	_ = e.note(fmt.Sprintf("%s %s by %s: %s", answer, id, by, note))
	return e.store.WorkOrder(ctx, id)
}

// SetStop throws a switch in the store.
func (e *Estate) SetStop(ctx context.Context, scope, reason, by string) error {
	return e.store.SetStop(ctx, scope, reason, by, e.clock.Now())
}

// ClearStop lets go of it.
func (e *Estate) ClearStop(ctx context.Context, scope, by string) error {
	return e.store.ClearStop(ctx, scope, by)
}

// BreakGlass puts an emergency into the store.
func (e *Estate) BreakGlass(ctx context.Context, by corax.Actor, scope, reason string, length time.Duration) (corax.BreakGlass, error) {
	b := corax.BreakGlass{ID: corax.HashID("brk", by.Name, scope, reason), Scope: scope, By: by.Name, Reason: reason, At: e.clock.Now(), ExpiresAt: e.clock.Now().Add(length)}
	return b, e.store.SaveBreakGlass(ctx, b)
}

// EndBreakGlass ends one.
func (e *Estate) EndBreakGlass(ctx context.Context, id, by string) error {
	b, err := e.store.BreakGlass(ctx, id)
	if err != nil {
		return err
	}
	now := e.clock.Now()
	b.EndedAt, b.EndedBy = &now, by
	return e.store.SaveBreakGlass(ctx, b)
}

// fillEstate puts into the store what the people did and are asked to do.
func (s *Site) fillEstate(ctx context.Context, now time.Time) error {
	e := s.Estate
	e.entities = s.Healing.Problem.Case.Topology
	e.entities.Entities = append(e.entities.Entities[:len(e.entities.Entities):len(e.entities.Entities)],
		corax.Entity{ID: "auth-db", Kind: "database", Labels: map[string]string{"site": "berlin"}}, corax.Entity{ID: "host-a", Kind: "host", Name: "Host A", Labels: map[string]string{"site": "berlin"}},
		corax.Entity{ID: "core-switch", Kind: "switch", Labels: map[string]string{"site": "berlin"}}, corax.Entity{ID: "signing-key", Kind: "key"},
		corax.Entity{ID: Hostile, Name: Hostile, Kind: Hostile, Aliases: []string{Hostile}, Labels: map[string]string{Hostile: Hostile}, Attributes: map[string]string{Hostile: Hostile}})
	e.entities.Edges = append(e.entities.Edges[:len(e.entities.Edges):len(e.entities.Edges)],
		corax.Edge{From: "auth", To: "auth-db", Kind: corax.DependsOn}, corax.Edge{From: "auth", To: "signing-key", Kind: corax.TrustsIn}, corax.Edge{From: "auth-db", To: "host-a", Kind: corax.RunsOn},
		corax.Edge{From: "host-a", To: "core-switch", Kind: corax.ConnectsTo}, corax.Edge{From: Hostile, To: "core-switch", Kind: corax.EdgeKind(Hostile)})
	done, ended := now.Add(90*time.Minute), now.Add(-26*time.Hour)
	open := hostile[corax.WorkOrder]()
	open.State, open.Severity, open.Unsent = corax.WorkContacting, corax.Critical, nil
	orders := map[string]corax.WorkOrder{
		"wo-open": open,
		"wo-accepted": {State: corax.WorkAccepted, Place: corax.Place{Entity: "host-a", Site: "Berlin, hall 2", Room: "2.14", Rack: "B7", Unit: "18", Marking: "HOST-A"}, Severity: corax.High, Site: "berlin", By: "jane",
			What: "A power supply of host A has failed, and it runs on the other one.", DoneBy: &done, Late: true, Asked: []string{"jane"}, Watches: []string{"host-a"},
			Steps: []corax.WorkStep{{Do: "Pull the power supply whose lamp is dark.", Check: "the lamp of the other one is green"}, {Do: "Put in the spare from drawer 3.", Verify: "both lamps are green"}},
			Leave: []string{"the power supply with the green lamp"}, Checks: []string{"the monitors of host-a stay green for a minute"}, Safety: []string{"two people in the UPS room"}, Access: []string{"badge at the gate"}, Contact: "duty"},
		"wo-over": {State: corax.WorkVerified, Place: corax.Place{Entity: "core-switch", Site: "Berlin, hall 2"}, Severity: corax.Medium, Site: "berlin", By: "duty", What: "A fan of the core switch was stuck.", EndedAt: &ended},
	}
	for id, o := range orders {
		o.Plan, o.Problem, o.MadeAt, o.AcceptBy = s.Waiting.Run.Plan.ID, s.Waiting.Problem.ID, now.Add(-40*time.Minute), now.Add(-20*time.Minute)
		o.Log = []corax.WorkEntry{{At: o.MadeAt, State: corax.WorkContacting, Text: "jane is asked by call"}, {At: now.Add(-35 * time.Minute), State: o.State, By: Hostile, Text: "accepted " + Hostile}}
		if _, err := s.Store.ChangeWorkOrder(ctx, id, func(w *corax.WorkOrder) error { o.ID = id; *w = o; return nil }); err != nil {
			return err
		}
	}
	notice := corax.Notice{ID: "ntc-1", At: now.Add(-6 * time.Minute), Kind: corax.NoticeOpened, Text: "CRITICAL auth: a signing key was put to use before all its verifiers had it.\n7 services are affected. " + Hostile}
	told := hostile[corax.Page]()
	told.ID, told.Kind, told.State, told.Problem, told.Severity, told.OpenedAt = "pag-hostile", corax.PageProblem, corax.PageOpen, s.Hostile.Problem.ID, corax.High, now.Add(-9*time.Minute)
	told.Approval, told.Order, told.AckedAt, told.Notices[0].At = "", "", &now, told.OpenedAt
	told.Notices[0].Kind, told.Deliveries[0].State, told.Deliveries[0].Notice = corax.NoticeOpened, corax.DeliveryFailed, told.Notices[0].ID
	pages := []corax.Page{
		told,
		{ID: "pag-open", Kind: corax.PageProblem, Problem: s.Waiting.Problem.ID, Entity: "auth", Severity: corax.Critical, Title: "auth: a signing key was used too early " + Hostile, State: corax.PageOpen, OpenedAt: now.Add(-6 * time.Minute), Route: "grave",
			Notices: []corax.Notice{notice}, Deliveries: []corax.Delivery{{ID: "dlv-1", Notice: "ntc-1", Contact: "jane", Channel: "mail", To: "jane@example.org", State: corax.DeliverySent, Attempts: 1, Receipt: "250 ok", EndedAt: &now},
				{ID: "dlv-2", Notice: "ntc-1", Contact: "duty", Channel: "phone", To: "+15550101", State: corax.DeliveryFailed, Attempts: 4, Error: "nobody answered " + Hostile, EndedAt: &now}}},
		{ID: "pag-over", Kind: corax.PageProblem, Problem: s.Closed.Problem.ID, Entity: "auth", Severity: corax.High, Title: "auth: calls fail", State: corax.PageEnded, OpenedAt: now.Add(-52 * time.Hour), AckedBy: "jane", AckedAt: &ended, EndedAt: &ended},
	}
	for _, p := range pages {
		if _, err := s.Store.ChangePage(ctx, p.ID, func(w *corax.Page) error { *w = p; return nil }); err != nil {
			return err
		}
	}
	answered := hostile[corax.ApprovalRequest]()
	answered.ID, answered.Plan, answered.Problem, answered.Step, answered.BreakGlass = "apr-hostile", s.Hostile.Run.Plan.ID, s.Hostile.Problem.ID, "1.1", ""
	answered.AskedAt, answered.ExpiresAt, answered.Answer, answered.AnsweredAt = now.Add(-8*time.Minute), now.Add(-3*time.Minute), corax.Allow, &now
	if err := s.Store.SaveApproval(ctx, answered); err != nil {
		return err
	}
	yes := corax.Answer{Actor: corax.Actor{Name: "paul", Via: corax.ViaToken}, Verdict: corax.Allow, At: now.Add(-2 * time.Minute)}
	if _, err := s.Store.AnswerApproval(ctx, s.Waiting.Approvals[0].ID, yes); err != nil {
		return err
	}
	if err := s.Store.SetStop(ctx, "core-switch", "being replaced "+Hostile, "paul", now.Add(-time.Hour)); err != nil {
		return err
	}
	return s.Store.SaveBreakGlass(ctx, corax.BreakGlass{ID: "brk-1", Scope: "auth", By: "paul", Reason: "nobody can log in " + Hostile, At: now.Add(-10 * time.Minute), ExpiresAt: now.Add(50 * time.Minute)})
}
