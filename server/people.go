package server

import (
	"context"
	"net/http"

	"corax"
	"corax/access"
	"corax/store"
)

// People is what the API knows of those who are told, and of those who work on site.
type People interface {
	// Pages and WorkOrders list the newest first.
	Pages(ctx context.Context, f store.PageFilter) ([]corax.Page, error)
	Page(ctx context.Context, id string) (corax.Page, error)
	// AckPage takes the id of a page, or of its problem.
	AckPage(ctx context.Context, page, by string) (corax.Page, error)
	// TestPage goes to those that the configuration names where contacts is empty.
	TestPage(ctx context.Context, contacts []string, by string) (corax.Page, error)
	Reach(ctx context.Context) ([]corax.Reach, error)
	WorkOrders(ctx context.Context, f store.WorkOrderFilter) ([]corax.WorkOrder, error)
	WorkOrder(ctx context.Context, id string) (corax.WorkOrder, error)
	// AnswerWork is a Conflict where the order's state doesn't allow the answer.
	AnswerWork(ctx context.Context, id, answer, by, note string) (corax.WorkOrder, error)
}

// Listing says which part of a list of live and ended things is wanted.
type Listing struct {
	Paging
	Live bool `query:"live" doc:"only those that have not ended"`
}

func (a api) people() {
	p := a.o.People
	if p == nil {
		return
	}
	type none struct{}
	type fromSomebody struct {
		ByID
		Body struct {
			By   string `json:"by" minLength:"1" maxLength:"100"`
			Note string `json:"note,omitempty" maxLength:"1000"`
		}
	}
	type testPage struct {
		Body struct {
			By       string   `json:"by" minLength:"1" maxLength:"100"`
			Contacts []string `json:"contacts,omitempty" maxItems:"100"`
		}
	}
	listing(a, access.RoleViewer, "list-pages", "/pages", "What people were told of, newest first",
		byTime(func(p corax.Page) store.Cursor { return store.CursorOf(p.OpenedAt, p.ID) }),
		func(ctx context.Context, in *Listing, part part[store.Cursor]) ([]corax.Page, error) {
			return p.Pages(ctx, store.PageFilter{Live: in.Live, Limit: part.limit, After: part.after})
		})
	operation(a, access.RoleViewer, "get-page", http.MethodGet, "/pages/{id}", "What people were told, with what became of each message",
		func(ctx context.Context, in *ByID) (corax.Page, error) { return p.Page(ctx, in.ID) })
	operation(a, access.RoleResponder, "acknowledge-page", http.MethodPost, "/pages/{id}/ack", "Say that somebody is on it: nobody else is woken",
		func(ctx context.Context, in *fromSomebody) (corax.Page, error) {
			return p.AckPage(ctx, in.ID, actor(ctx, in.Body.By).Name)
		})
	operation(a, access.RoleOperator, "test-pages", http.MethodPost, "/pages/test", "Send a page about nothing, which proves that people can be reached",
		func(ctx context.Context, in *testPage) (corax.Page, error) {
			return p.TestPage(ctx, in.Body.Contacts, actor(ctx, in.Body.By).Name)
		})
	whole(a, access.RoleViewer, "reach", http.MethodGet, "/reach", "How every way to every contact has served",
		func(ctx context.Context, _ *none) ([]corax.Reach, error) {
			ways, err := p.Reach(ctx)
			return addressed(ctx, ways), err
		})
	listing(a, access.RoleViewer, "list-work-orders", "/work-orders", "Work orders, newest first",
		byTime(func(o corax.WorkOrder) store.Cursor { return store.CursorOf(o.MadeAt, o.ID) }),
		func(ctx context.Context, in *Listing, part part[store.Cursor]) ([]corax.WorkOrder, error) {
			return p.WorkOrders(ctx, store.WorkOrderFilter{Live: in.Live, Limit: part.limit, After: part.after})
		})
	operation(a, access.RoleViewer, "get-work-order", http.MethodGet, "/work-orders/{id}", "A work order with its log",
		func(ctx context.Context, in *ByID) (corax.WorkOrder, error) { return p.WorkOrder(ctx, in.ID) })
	for _, answer := range []struct {
		word, about string
		role        access.Role
	}{
		{"accept", "Say that somebody will do it", access.RoleResponder}, {"start", "Say that somebody is at it", access.RoleResponder},
		{"done", "Say that it is done; monitors are asked", access.RoleResponder}, {"cannot", "Say that somebody can't do it", access.RoleResponder},
		{"cancel", "Say that nobody needs to do it", access.RoleOperator}, // which stops the plan that waits for it
	} {
		operation(a, answer.role, answer.word+"-work-order", http.MethodPost, "/work-orders/{id}/"+answer.word, answer.about,
			func(ctx context.Context, in *fromSomebody) (corax.WorkOrder, error) {
				return p.AnswerWork(ctx, in.ID, answer.word, actor(ctx, in.Body.By).Name, in.Body.Note)
			})
	}
}
