package server

import (
	"context"
	"net/http"
	"time"

	"corax"
	"corax/access"
	"corax/store"
)

// Emergencies is what the API does with break-glass.
type Emergencies interface {
	// BreakGlass declares an emergency. It is Forbidden for anybody who is not proven to be an operator.
	BreakGlass(ctx context.Context, by corax.Actor, scope, reason string, length time.Duration) (corax.BreakGlass, error)
	EndBreakGlass(ctx context.Context, id, by string) error
}

func (a api) approvals() {
	type requests struct {
		Paging
		All bool `query:"all" doc:"also those that are decided"`
	}
	listing(a, access.RoleViewer, "list-approvals", "/approvals", "Requests that wait for a yes or a no, the latest first",
		byTime(func(r corax.ApprovalRequest) store.Cursor { return store.CursorOf(r.AskedAt, r.ID) }),
		func(ctx context.Context, in *requests, p part[store.Cursor]) ([]corax.ApprovalRequest, error) {
			return a.o.Records.FindApprovals(ctx, store.ApprovalFilter{Open: !in.All, Limit: p.limit, After: p.after})
		})
	operation(a, access.RoleViewer, "get-approval", http.MethodGet, "/approvals/{id}", "A request with what its step would come to",
		func(ctx context.Context, in *ByID) (corax.ApprovalRequest, error) {
			return a.o.Records.Approval(ctx, in.ID)
		})
	type answer struct {
		ByID
		Body struct {
			Verdict string `json:"verdict" enum:"allow,deny"`
			By      string `json:"by" minLength:"1" maxLength:"100" doc:"who answers; an operator's token outweighs it"`
		}
	}
	operation(a, access.RoleOperator, "answer-approval", http.MethodPost, "/approvals/{id}", "Answer a request; the request as it stands then",
		func(ctx context.Context, in *answer) (corax.ApprovalRequest, error) {
			return a.o.Controls.Answer(ctx, in.ID, corax.Verdict(in.Body.Verdict), actor(ctx, in.Body.By))
		})
}

func (a api) emergencies() {
	type list struct {
		All bool `query:"all" doc:"also those that have ended"`
	}
	type declare struct {
		Body struct {
			Scope   string `json:"scope,omitempty" doc:"an entity; all of them where empty"`
			Reason  string `json:"reason" minLength:"1" maxLength:"1000"`
			Seconds int    `json:"seconds" minimum:"1" maximum:"86400" doc:"how long it lasts"`
		}
	}
	type end struct {
		ByID
		By string `query:"by" required:"true" minLength:"1" maxLength:"100"`
	}
	whole(a, access.RoleViewer, "list-break-glass", http.MethodGet, "/break-glass", "Emergencies in force",
		func(ctx context.Context, in *list) ([]corax.BreakGlass, error) {
			after := a.o.Clock.Now()
			if in.All {
				after = time.Time{}
			}
			return a.o.Records.BreakGlasses(ctx, after)
		})
	operation(a, access.RoleOperator, "break-glass", http.MethodPost, "/break-glass",
		"Declare an emergency: what the policy denies is asked, and one operator is enough for what needs two",
		func(ctx context.Context, in *declare) (corax.BreakGlass, error) {
			length := time.Duration(in.Body.Seconds) * time.Second
			return a.o.Controls.BreakGlass(ctx, actor(ctx, ""), in.Body.Scope, in.Body.Reason, length)
		})
	operation(a, access.RoleOperator, "end-break-glass", http.MethodDelete, "/break-glass/{id}", "End an emergency now",
		func(ctx context.Context, in *end) (done, error) {
			return done{true}, a.o.Controls.EndBreakGlass(ctx, in.ID, actor(ctx, in.By).Name)
		})
}
