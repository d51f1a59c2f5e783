package server

import (
	"context"
	"net/http"

	"corax"
	"corax/access"
)

// Attention is what people do about a problem beside its plan.
type Attention interface {
	// Comment puts what somebody says into the timeline of a problem. It is NotFound where there is none, Invalid where nothing is said.
	Comment(ctx context.Context, problem, by, text string) (corax.Event, error)
	// TakeOver says that a person has it: its plan is paused and nobody else is woken. It is a Conflict where the problem has ended.
	TakeOver(ctx context.Context, problem, by, reason string) error
}

func (a api) attention() {
	type comment struct {
		ByID
		Body struct {
			By   string `json:"by" minLength:"1" maxLength:"100"`
			Text string `json:"text" minLength:"1" maxLength:"4000"`
		}
	}
	operation(a, access.RoleResponder, "comment-problem", http.MethodPost, "/problems/{id}/comments", "Say something in the timeline of a problem",
		func(ctx context.Context, in *comment) (corax.Event, error) {
			return a.o.Controls.Comment(ctx, in.ID, actor(ctx, in.Body.By).Name, in.Body.Text)
		})
	type take struct {
		ByID
		Body struct {
			By     string `json:"by" minLength:"1" maxLength:"100"`
			Reason string `json:"reason,omitempty" maxLength:"1000"`
		}
	}
	operation(a, access.RoleOperator, "take-over-problem", http.MethodPost, "/problems/{id}/take-over", "A person has it: its plan is paused and nobody else is woken",
		func(ctx context.Context, in *take) (done, error) {
			return done{true}, a.o.Controls.TakeOver(ctx, in.ID, actor(ctx, in.Body.By).Name, in.Body.Reason)
		})
}
