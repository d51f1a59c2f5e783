package scenario

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"corax"
	"corax/scenarios"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shipped is a scenario that comes with Corax.
func shipped(t *testing.T, name string) Scenario {
	t.Helper()
	found, unusable := Resolve(scenarios.Files, []string{name})
	if len(found) != 1 || len(unusable) > 0 {
		t.Fatal(name, found, unusable)
	}
	return found[0]
}

func rotationScenes() []scene {
	return []scene{
		{2 * time.Second, detected(rotation().diagnosis)},
		{3 * time.Second, acted}, {8 * time.Second, healed}, {30 * time.Second, closed},
	}
}

// newFake gives a runner on a fake lab and a fake Corax that plays the scenes.
func newFake(t *testing.T, scenes []scene) (*Runner, *fakeLab, *fakeSystem) {
	t.Helper()
	system := &fakeSystem{scenes: scenes}
	lab := &fakeLab{system: system, truth: Truth{Served: true, Text: "35 of 35 requests were answered"}}
	return &Runner{Labs: map[string]LabDriver{"jwt": lab}, Systems: system, Dir: t.TempDir(), Versions: map[string]string{"corax": "test"}}, lab, system
}

// tornDown checks that what was started was ended, files included.
func tornDown(t *testing.T, r *Runner, lab *fakeLab, system *fakeSystem) {
	t.Helper()
	if lab.downs < lab.ups || system.stops < system.starts {
		t.Errorf("lab: %d up, %d down; Corax: %d started, %d stopped", lab.ups, lab.downs, system.starts, system.stops)
	}
	left, err := os.ReadDir(r.Dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left in the directory: %v %v", left, err)
	}
}

func TestLiveScenarioPasses(t *testing.T) {
	for _, deaf := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r, lab, system := newFake(t, rotationScenes())
			system.deaf = deaf
			var told []string
			r.Progress = func(text string) { told = append(told, text) }
			res := r.Run(t.Context(), shipped(t, "jwt_signing_key_rotation_failure"))
			if res.Verdict != Passed {
				t.Errorf("%s %s: %v", res.Verdict, res.Error, failing(res.Checks))
			}
			if times := res.Times(); times.Healed == nil || *times.Healed != 8 || *times.Closed != 30 || *times.Diagnosed != 2 {
				t.Errorf("milestones: %+v", times)
			}
			if len(res.Steps) != 1 || len(res.Outcomes) != 1 || res.Steps[0].Verification == "" || res.Counts.Monitors != 12 || res.Counts.Linked != 3 {
				t.Errorf("%+v %+v", res.Steps, res.Counts)
			}
			if res.Injected[0].Proof == "" || res.Injected[0].With["unreachable"] != 4 {
				t.Errorf("%+v", res.Injected)
			}
			if !strings.Contains(strings.Join(told, "\n"), "+8.0 s  healed") {
				t.Errorf("progress: %q", told)
			}
			if !deaf && res.Run.Seconds != 30 {
				t.Errorf("it waited %v s for an end that came after 30", res.Run.Seconds)
			}
			tornDown(t, r, lab, system)
		})
	}
}

func TestLateEndFailsAndSaysWhen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, lab, system := newFake(t, []scene{{2 * time.Second, detected(rotation().diagnosis)}, {3 * time.Second, acted},
			{31 * time.Second, healed}, {95 * time.Second, closed}})
		res := r.Run(t.Context(), shipped(t, "jwt_signing_key_rotation_failure"))
		failed := failing(res.Checks)
		if res.Verdict != Failed || len(failed) != 2 || failed[0].Actual != "31s" || failed[1].Actual != "1m35s" {
			t.Errorf("%s: %+v", res.Verdict, failed)
		}
		tornDown(t, r, lab, system)
	})
}

func TestAnEndThatNeverComesFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, lab, system := newFake(t, nil)
		res := r.Run(t.Context(), shipped(t, "service_crash"))
		if res.Verdict != Failed || res.Run.Seconds != 55 {
			t.Errorf("%s after %v s: %+v", res.Verdict, res.Run.Seconds, res.Checks)
		}
		tornDown(t, r, lab, system)
	})
}

func TestNeverReturns(t *testing.T) {
	contained := func(escalation string) []scene {
		return []scene{{2 * time.Second, detected(rotation().diagnosis)}, {3 * time.Second, acted}, {10 * time.Second, func(s *fakeSystem) {
			s.problems[0].State, s.problems[0].Escalated, s.problems[0].Escalation = corax.ProblemContained, true, escalation
			s.runs[0].State = corax.PlanBlocked
			s.event(corax.Event{Kind: corax.EventContained, Problem: "prb-1"})
			s.event(corax.Event{Kind: corax.EventEscalated, Problem: "prb-1"})
		}}}
	}
	for escalation, want := range map[string]Verdict{"shipping-7 does not take the key": Passed, "a service is away": Failed} {
		synctest.Test(t, func(t *testing.T) {
			r, lab, system := newFake(t, contained(escalation))
			res := r.Run(t.Context(), shipped(t, "jwt_signing_key_rotation_failure_never_returns"))
			if res.Verdict != want || res.Run.Seconds != 10 {
				t.Errorf("%s after %v s, want %s: %s %v", res.Verdict, res.Run.Seconds, want, res.Error, failing(res.Checks))
			}
			tornDown(t, r, lab, system)
		})
	}
}

func slowDiagnosis() corax.Diagnosis {
	return corax.Diagnosis{Incidents: []string{"i1"}, Pattern: "PERFORMANCE_DEGRADATION", Severity: corax.Medium,
		RootCause: corax.RootCause{Entity: "inventory-7", Mechanism: "slow_dependency"},
		Plan:      corax.Plan{Mode: corax.Approval, Steps: []corax.Step{{ID: "1", Action: "service.restart", Target: "inventory-7"}}}}
}

func TestApproval(t *testing.T) {
	ask := func(s *fakeSystem) {
		s.approvals = append(s.approvals, corax.ApprovalRequest{ID: "apr-1", Plan: "pln-1", Step: "1", Action: "service.restart",
			Target: "inventory-7", AskedAt: time.Now()})
		s.event(corax.Event{Kind: corax.EventApprovalAsked, Problem: "prb-1"})
	}
	tests := []struct {
		name   string
		scenes []scene
		want   string // the checks that fail
	}{
		{"asks and waits", []scene{{2 * time.Second, detected(slowDiagnosis())}, {3 * time.Second, ask}}, ""},
		{"acts before it asks", []scene{{2 * time.Second, detected(slowDiagnosis())}, {2500 * time.Millisecond, acted}, {3 * time.Second, ask}},
			"approval service.restart"},
		{"never asks", []scene{{2 * time.Second, detected(slowDiagnosis())}, {3 * time.Second, acted}, {4 * time.Second, healed}},
			"approval service.restart pages"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, lab, system := newFake(t, tt.scenes)
				system.approved = func(s *fakeSystem) { acted(s); healed(s) }
				res := r.Run(t.Context(), shipped(t, "slow_service"))
				var names []string
				for _, c := range failing(res.Checks) {
					names = append(names, c.Name)
				}
				if got := strings.Join(names, " "); got != tt.want || res.Error != "" {
					t.Errorf("failed %q, want %q %s", got, tt.want, res.Error)
				}
				tornDown(t, r, lab, system)
			})
		})
	}
}

func TestControlRun(t *testing.T) {
	for name, tt := range map[string]struct {
		scenes []scene
		want   Verdict
	}{
		"quiet":    {nil, Passed},
		"an alarm": {[]scene{{14 * time.Second, detected(rotation().diagnosis)}}, Failed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, lab, system := newFake(t, tt.scenes)
				res := r.Run(t.Context(), shipped(t, "controls/jwt_signing_key_rotation"))
				if res.Verdict != tt.want || res.Run.Seconds != 15 {
					t.Errorf("%s after %v s: %s %v", res.Verdict, res.Run.Seconds, res.Error, res.Checks)
				}
				tornDown(t, r, lab, system)
			})
		})
	}
}

// What can't be set up is an error, not a failure, and nothing of it stays behind.
func TestNotSetUpIsAnError(t *testing.T) {
	boom := corax.Errorf(corax.Unavailable, "listen", "no port")
	tests := map[string]func(*Runner, *fakeLab, *fakeSystem){
		"no such lab":            func(r *Runner, _ *fakeLab, _ *fakeSystem) { r.Labs = map[string]LabDriver{"jvt": nil} },
		"the lab":                func(_ *Runner, l *fakeLab, _ *fakeSystem) { l.upErr = boom },
		"Corax":                  func(_ *Runner, _ *fakeLab, s *fakeSystem) { s.startErr = boom },
		"its monitors":           func(_ *Runner, _ *fakeLab, s *fakeSystem) { s.awaitErr = boom },
		"a fault without effect": func(_ *Runner, l *fakeLab, _ *fakeSystem) { l.breakErr = boom },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, lab, system := newFake(t, rotationScenes())
				spoil(r, lab, system)
				results := r.RunAll(t.Context(), []Scenario{shipped(t, "service_crash")})
				if results[0].Verdict != Broken || results[0].Error == "" || len(results[0].Checks) > 0 {
					t.Errorf("%+v", results[0])
				}
				if code := ExitCode(results, nil, false); code != 1 {
					t.Errorf("exit status %d", code)
				}
				tornDown(t, r, lab, system)
			})
		})
	}
}

func TestInterruptLeavesNothingBehind(t *testing.T) {
	for _, when := range []time.Duration{0, time.Second, 5 * time.Second, 20 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeoutCause(t.Context(), when, errors.New("ctrl-c"))
			defer cancel()
			r, lab, system := newFake(t, rotationScenes())
			both := []Scenario{shipped(t, "jwt_signing_key_rotation_failure"), shipped(t, "service_crash")}
			if when == 0 {
				cancel()
			}
			results := r.RunAll(ctx, both)
			if when > 0 && (len(results) != 1 || results[0].Verdict != Broken) {
				t.Errorf("after %s: %+v", when, results)
			}
			if code := ExitCode(results, nil, ctx.Err() != nil); code != 130 {
				t.Errorf("exit status %d", code)
			}
			tornDown(t, r, lab, system)
		})
	}
}

func TestTextScenario(t *testing.T) {
	d := rotation().diagnosis
	d.RootCause.Entity = "auth"
	report := corax.Report{Incidents: make([]corax.CaseIncident, 3), Problems: []corax.Diagnosis{d}}
	r := &Runner{Engine: fixedEngine(report), Clock: func() time.Time { return t0 }}
	res := r.Run(t.Context(), shipped(t, "jwt_signing_key_rotation_failure_text"))
	if res.Verdict != Passed {
		t.Errorf("%s %s %v", res.Verdict, res.Error, failing(res.Checks))
	}
	if res.Counts != (Counts{Monitors: 3, Signals: 3, Incidents: 3, Linked: 3}) || len(res.Injected) != 3 {
		t.Errorf("%+v", res.Counts)
	}
	if second := r.Run(t.Context(), shipped(t, "jwt_signing_key_rotation_failure_text")); second.Run.ID != res.Run.ID {
		t.Error("the same clock gives another run id")
	}
}

// Whoever answers always the same fails the suite: for each of the shipped scenarios' right answers, given to all
// of them, most fail.
func TestConstantAnswerFailsTheSuite(t *testing.T) {
	all, _ := LoadFS(scenarios.Files, ".")
	constants := map[string][]scene{"nothing ever": nil, "a rotation": rotationScenes(), "slow": {
		{2 * time.Second, detected(slowDiagnosis())}, {3 * time.Second, acted}, {4 * time.Second, healed}, {5 * time.Second, closed}}}
	for name, diagnosis := range map[string]corax.Diagnosis{
		"a crash": {Pattern: "CONNECTION_REFUSED", Severity: corax.High, RootCause: corax.RootCause{Entity: "payment-7", Mechanism: "process_down"}},
		"a clock": {Pattern: corax.Unknown, Severity: corax.High, RootCause: corax.RootCause{Entity: "inventory-7", Mechanism: "clock_skew"}},
		"a certificate": {Pattern: "CERTIFICATE_EXPIRY", Severity: corax.Critical,
			RootCause: corax.RootCause{Entity: "auth-7", Mechanism: "certificate_expired"}},
	} {
		diagnosis.Plan = corax.Plan{Mode: corax.AutoHeal, Steps: []corax.Step{{ID: "1", Action: "process.restart", Target: "payment-7"}}}
		constants[name] = []scene{{2 * time.Second, detected(diagnosis)}, {3 * time.Second, acted}, {4 * time.Second, healed}}
	}
	for name, scenes := range constants {
		t.Run(name, func(t *testing.T) {
			passed := 0
			for _, sc := range all {
				synctest.Test(t, func(t *testing.T) {
					r, _, _ := newFake(t, scenes)
					r.Engine = fixedEngine{Problems: []corax.Diagnosis{rotation().diagnosis}}
					res := r.Run(t.Context(), sc)
					if res.Verdict == Broken {
						t.Errorf("%s: %s", sc.ID(), res.Error)
					}
					if res.Verdict == Passed {
						passed++
					}
				})
			}
			if passed > len(all)/4 {
				t.Errorf("one answer passes %d of %d scenarios", passed, len(all))
			}
		})
	}
}
