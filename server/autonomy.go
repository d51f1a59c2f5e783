package server

import (
	"context"
	"net/http"

	"corax"
	"corax/access"
)

// Levels is what the API does with earned autonomy.
type Levels interface {
	// Standings lists what each action has earned on each class of entities, the capped ones included.
	Standings(ctx context.Context) ([]corax.Standing, error)
	// Cap holds an action at a level on a class; the empty level takes the cap away.
	Cap(ctx context.Context, c corax.Cap) error
	// Learn takes outcomes seen elsewhere, scenario runs above all. Those that are known already change nothing.
	Learn(ctx context.Context, outcomes []corax.Outcome, by corax.Actor) (int, error)
}

// Learned says how many outcomes were new.
type Learned struct {
	Learned int `json:"learned"`
}

func (a api) autonomy() {
	type none struct{}
	whole(a, access.RoleViewer, "list-autonomy", http.MethodGet, "/autonomy", "What each action has earned to do by itself, and why",
		func(ctx context.Context, _ *none) ([]corax.Standing, error) { return a.o.Controls.Standings(ctx) })
	type limit struct {
		Body struct {
			Action string         `json:"action" minLength:"1" maxLength:"200"`
			Class  string         `json:"class" minLength:"1" maxLength:"200" doc:"the kind of the entities"`
			Level  corax.Autonomy `json:"level,omitempty" enum:"observe,suggest,approve,auto" doc:"left out, the cap is taken away"`
			By     string         `json:"by" minLength:"1" maxLength:"100"`
			Reason string         `json:"reason,omitempty" maxLength:"1000"`
		}
	}
	operation(a, access.RoleAdmin, "cap-autonomy", http.MethodPost, "/autonomy/cap", "Hold an action at a level, however well it has done",
		func(ctx context.Context, in *limit) (done, error) {
			b := in.Body
			return done{true}, a.o.Controls.Cap(ctx, corax.Cap{Action: b.Action, Class: b.Class, Level: b.Level,
				By: actor(ctx, b.By).Name, Reason: b.Reason, At: a.o.Clock.Now()})
		})
	type outcomes struct {
		Body struct {
			Outcomes []corax.Outcome `json:"outcomes" maxItems:"10000"`
		}
	}
	operation(a, access.RoleOperator, "learn-outcomes", http.MethodPost, "/autonomy/outcomes", "Take the outcomes of scenario runs; operators only",
		func(ctx context.Context, in *outcomes) (Learned, error) {
			n, err := a.o.Controls.Learn(ctx, in.Body.Outcomes, actor(ctx, ""))
			return Learned{n}, err
		})
}
