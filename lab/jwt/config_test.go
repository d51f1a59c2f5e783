package jwt_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"corax/config"
	"corax/config/decode"
	"corax/heal"
	"corax/lab/jwt"
	"corax/lab/part"
)

// prepared lays out a lab and writes a state file as a supervisor would, without starting anything.
func prepared(t *testing.T, seed int64) string {
	t.Helper()
	dir := t.TempDir()
	params, err := jwt.ParseParams(map[string]any{"token_lifetime": "20s"})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := jwt.Prepare(dir, seed, params, func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) })
	if err != nil {
		t.Fatal(err)
	}
	port := 20000
	addr := func() string { port++; return fmt.Sprintf("127.0.0.1:%d", port) }
	state := part.State{Lab: plan.Lab, Seed: seed, Supervisor: part.Status{Addrs: map[string]string{"admin": addr()}}}
	for _, p := range plan.Parts {
		st := part.Status{Name: p.Name, Role: p.Role, Addrs: map[string]string{}}
		for _, l := range p.Listens {
			st.Addrs[l] = addr()
		}
		state.Parts = append(state.Parts, st)
	}
	if err := part.WriteJSON(part.StateFile(dir), state, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestRenderedConfigIsValid(t *testing.T) {
	for seed := range int64(12) {
		dir := prepared(t, seed)
		if err := jwt.Render(dir); err != nil {
			t.Fatal(err)
		}
		system, err := jwt.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := config.Load(system.ConfigFile())
		var errs decode.Errors
		if errors.As(err, &errs) {
			for _, e := range errs {
				t.Errorf("seed %d: %v", seed, e)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range cfg.Warnings {
			t.Errorf("seed %d: warning: %v", seed, w)
		}
		for _, err := range heal.CheckActions(cfg.Actions, cfg.Executors) {
			t.Errorf("seed %d: %v", seed, err)
		}
		for _, err := range heal.CheckPolicy(cfg.Policy) {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}
