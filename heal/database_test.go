package heal

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"corax"
)

// databases gives an empty database for the workflow engine, by kind.
var databases = map[string]func(testing.TB) string{
	"sqlite": func(t testing.TB) string { return filepath.Join(t.TempDir(), "heal.db") },
	"postgres": func(t testing.TB) string {
		server := os.Getenv("CORAX_TEST_POSTGRES")
		if server == "" {
			server = "postgres://postgres@127.0.0.1:5432"
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		conn, err := pgx.Connect(ctx, server+"/postgres")
		if err != nil {
			t.Skipf("no PostgreSQL at 127.0.0.1:5432: %v", err)
		}
		name := fmt.Sprintf("corax_heal_%d_%d", os.Getpid(), time.Now().UnixNano())
		if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			if _, err := conn.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
				t.Error(err)
			}
			_ = conn.Close(ctx)
		})
		return server + "/" + name
	},
}

// The workflow engine does the same on every database that it can be given: a plan heals, and one that is interrupted
// goes on after a restart.
func TestEveryDatabase(t *testing.T) {
	for kind, database := range databases {
		t.Run(kind, func(t *testing.T) {
			address := database(t)
			b := newBench(t, func(o *Options) { o.Database = address })
			t.Cleanup(func() { b.healer.Stop() }) // before the database goes
			b.run(withDestroy())
			req := b.asked()
			b.healer.Stop()
			b.start()
			b.answer(req.ID, corax.Allow, "ann", "bob")
			b.states(b.ends(corax.PlanDone, corax.ProblemClosed),
				"1 done, 2.1 not_needed, 2.2 done, 2.3 done, 3 done, 4 done, 5 done")
		})
	}
}

// Steps a second of one workflow of a hundred steps that do nothing, and of eight such workflows side by side.
func BenchmarkWorkflowSteps(b *testing.B) {
	const steps = 100
	for kind, database := range databases {
		for _, side := range []int{1, 8} {
			b.Run(fmt.Sprintf("%s/%d", kind, side), func(b *testing.B) {
				done := make(chan error, side)
				e, err := startEngine(context.Background(), database(b), slog.New(slog.DiscardHandler), func(string) {},
					map[string]func(*flow, string) error{"bench": func(f *flow, _ string) error {
						for range steps {
							if _, err := step(f, "nothing", func(context.Context) (int, error) { return 1, nil }); err != nil {
								done <- err
								return err
							}
						}
						done <- nil
						return nil
					}})
				if err != nil {
					b.Fatal(err)
				}
				defer func() { _ = e.stop() }()
				b.ResetTimer()
				for n := range b.N {
					for m := range side {
						if err := e.run("bench", fmt.Sprintf("bench-%d-%d-%d", b.N, n, m), ""); err != nil {
							b.Fatal(err)
						}
					}
					for range side {
						if err := <-done; err != nil {
							b.Fatal(err)
						}
					}
				}
				b.ReportMetric(float64(steps*side*b.N)/b.Elapsed().Seconds(), "steps/s")
			})
		}
	}
}

// From a person's answer until the effect that it allows reaches its target, and from the policy's decision until the
// effect of a step that needs nobody.
func BenchmarkFirstEffect(b *testing.B) {
	for kind, database := range databases {
		for _, ask := range []bool{false, true} {
			name := kind + "/from decision"
			if ask {
				name = kind + "/from approval"
			}
			b.Run(name, func(b *testing.B) {
				var sum time.Duration
				for range b.N {
					sum += firstEffect(b, database(b), ask)
				}
				b.ReportMetric(float64(sum.Microseconds())/float64(b.N)/1000, "ms/effect")
				b.ReportMetric(0, "ns/op") // the time of the whole plan with its system
			})
		}
	}
}

func firstEffect(tb testing.TB, database string, ask bool) time.Duration {
	b := newBench(tb, func(o *Options) { o.Database = database })
	defer b.healer.Stop()
	arrived := make(chan time.Time, 8)
	b.world.set(func() { b.world.hook = func(*http.Request) int { arrived <- time.Now(); return 0 } })
	steps := theSteps()[:1]
	steps[0].Ask = ask
	b.run(steps)
	var from time.Time
	if ask {
		id := b.asked().ID
		from = time.Now()
		b.answer(id, corax.Allow, "ann")
	}
	at := <-arrived
	if !ask {
		b.store.mu.Lock()
		from = b.store.Decisions[0].At
		b.store.mu.Unlock()
	}
	return at.Sub(from)
}
