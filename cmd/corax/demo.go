package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/spf13/cobra"

	"corax"
	"corax/config"
	"corax/scenario"
)

// demoLimit bounds the demo: it is over long before, or something is wrong.
const demoLimit = 3 * time.Minute

func demoCommand(s *settings) *cobra.Command {
	var keep bool
	var seed int64
	c := &cobra.Command{
		Use: "demo", Short: "Break a real system and watch Corax heal it", Args: cobra.NoArgs,
		Long: "Starts a token issuer and seven services that verify its tokens, with users on them, and a Corax that watches.\n" +
			"Then it rotates the signing key while four of the seven can't be reached, and shows what happens. Under 90 seconds.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			engine, err := newEngine(config.Default())
			if err != nil {
				return err
			}
			dir, err := os.MkdirTemp("", "corax-demo-")
			if err != nil {
				return corax.Errorf(corax.Unavailable, "make a directory for the demo", "%w", err)
			}
			if !keep {
				defer os.RemoveAll(dir)
			}
			d := &demo{out: cmd.OutOrStdout(), json: s.json, dir: dir, starter: starter{engine: engine, log: slog.New(slog.DiscardHandler)}}
			d.styles(isTerminal(d.out) && !s.json)
			return d.run(cmd.Context(), seed, keep)
		},
	}
	c.Flags().BoolVar(&keep, "keep", false, "leave lab and Corax running at the end, until Ctrl-C")
	c.Flags().Int64Var(&seed, "seed", 0, "vary the lab's service names, paths, key ids and wording")
	return c
}

// demo is one run of the demo.
type demo struct {
	out     io.Writer
	json    bool
	dir     string
	starter starter
	zero    time.Time // when the fault was injected

	dim, good, bad, strong func(string) string
}

func (d *demo) styles(colour bool) {
	plain := func(s string) string { return s }
	d.dim, d.good, d.bad, d.strong = plain, plain, plain, plain
	if !colour {
		return
	}
	style := func(s lipgloss.Style) func(string) string { return func(text string) string { return s.Render(text) } }
	d.dim = style(lipgloss.NewStyle().Faint(true))
	d.good = style(lipgloss.NewStyle().Foreground(lipgloss.Color("2")))
	d.bad = style(lipgloss.NewStyle().Foreground(lipgloss.Color("1")))
	d.strong = style(lipgloss.NewStyle().Bold(true))
}

func (d *demo) run(ctx context.Context, seed int64, keep bool) (err error) {
	limited, cancel := context.WithTimeout(ctx, demoLimit)
	defer cancel()
	began := time.Now()
	d.say("", "starting a token issuer, seven services and their users")
	labDir, dataDir := filepath.Join(d.dir, "lab"), filepath.Join(d.dir, "corax")
	for _, dir := range []string{labDir, dataDir} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	lab, err := labDrivers("")["jwt"].Up(limited, scenario.LabSetup{Seed: seed, Dir: labDir, With: map[string]any{"token_lifetime": "20s"}})
	if err != nil {
		return err
	}
	defer func() { _ = lab.Down(context.WithoutCancel(ctx)) }()
	sys, err := d.starter.Start(limited, scenario.SystemSetup{ConfigPath: lab.ConfigPath(), Dir: dataDir})
	if err != nil {
		return err
	}
	defer func() { _ = sys.Stop(context.WithoutCancel(ctx)) }()
	d.where(sys)
	if err := sys.AwaitUp(limited); err != nil {
		return err
	}
	monitors, err := sys.Monitors(limited)
	if err != nil {
		return err
	}
	truth, err := lab.Truth(limited)
	if err != nil {
		return err
	}
	d.say(d.good("HEALTHY"), fmt.Sprintf("%d monitors are green. %s", monitors, truth.Text))
	events, err := sys.Subscribe(limited)
	if err != nil {
		return err
	}
	if err := d.breakIt(limited, lab); err != nil {
		return err
	}
	if err := d.follow(limited, events); err != nil {
		return err
	}
	return d.finish(ctx, lab, sys, time.Since(began), keep)
}

// where says at which address to look, and how to come in: the link works once, and only as long as the demo runs.
func (d *demo) where(sys scenario.System) {
	s, here := sys.(system)
	if !here {
		return
	}
	text := "see it in a browser: " + s.app.URL()
	if link := s.app.FirstAdmin(); link != "" {
		text = "see it in a browser; this link lets you in, once: " + link
	}
	d.say("", text)
}

func (d *demo) breakIt(ctx context.Context, lab scenario.Lab) error {
	d.zero = time.Now()
	in, err := lab.Break(ctx, "partial_rotation", map[string]any{"unreachable": 4, "back_after": "3s"})
	if err != nil {
		return err
	}
	issuer, _ := lab.EntityOf("auth")
	away := slices.DeleteFunc(in.Targets, func(t string) bool { return t == issuer })
	d.say(d.bad("FAULT"), "the signing key of "+issuer+" is rotated while the key endpoints of "+strings.Join(away, ", ")+" refuse connections")
	d.say("", in.Proof)
	return nil
}

// follow prints what happens until every problem is closed.
func (d *demo) follow(ctx context.Context, events <-chan corax.Event) error {
	open := map[string]bool{}
	for {
		select {
		case <-ctx.Done():
			return corax.Errorf(corax.Unavailable, "watch the demo", "it is not healed after %s: %w", demoLimit, ctx.Err())
		case e, ok := <-events:
			if !ok {
				return corax.Errorf(corax.Internal, "watch the demo", "the events ended")
			}
			d.show(e)
			switch e.Kind {
			case corax.EventProblemOpened:
				open[e.Problem] = true
			case corax.EventClosed:
				delete(open, e.Problem)
				if len(open) == 0 {
					return nil
				}
			}
		}
	}
}

// show prints the events that tell the story; the others are in the problem's timeline.
func (d *demo) show(e corax.Event) {
	label := map[corax.EventKind]string{
		corax.EventIncidentOpened: d.bad("INCIDENT"), corax.EventIncidentResolved: d.dim("resolved"), corax.EventProblemOpened: d.bad("PROBLEM"),
		corax.EventDiagnosed: d.strong("CAUSE"), corax.EventPlanned: d.strong("PLAN"), corax.EventConfirmed: d.strong("CONFIRMED"),
		corax.EventDecided: d.dim("policy"), corax.EventStep: d.strong("STEP"), corax.EventApprovalAsked: d.bad("ASKED"),
		corax.EventApprovalAnswered: d.strong("ANSWERED"), corax.EventContained: d.strong("CONTAINED"), corax.EventEscalated: d.bad("ESCALATED"),
		corax.EventHealed: d.good("HEALED"), corax.EventClosed: d.good("CLOSED"),
	}[e.Kind]
	if label == "" {
		return
	}
	if e.Kind == corax.EventStep && !told(e.State) {
		return
	}
	text := e.Text
	if e.Kind == corax.EventDiagnosed {
		text = fmt.Sprintf("%s (%s, %s, %s)", text, e.Data["mechanism"], e.Data["severity"], e.Data["confidence"])
	}
	d.say(label, text)
}

// told says that a step's state is part of the story.
func told(state string) bool {
	switch corax.StepState(state) {
	case corax.StepDone, corax.StepNotNeeded, corax.StepRefused, corax.StepFailed, corax.StepUndone, corax.StepUnknown, corax.StepWaiting:
		return true
	}
	return false
}

// say prints one line with the time since the fault.
func (d *demo) say(label, text string) {
	at := "        "
	if !d.zero.IsZero() {
		at = fmt.Sprintf("%+7.2fs", time.Since(d.zero).Seconds())
	}
	if d.json {
		_ = printJSONLine(d.out, map[string]string{"at": strings.TrimSpace(at), "what": label, "text": text})
		return
	}
	pad := max(0, 10-lipgloss.Width(label))
	fmt.Fprintf(d.out, "%s  %s%s  %s\n", d.dim(at), label, strings.Repeat(" ", pad), printable(text))
}

func (d *demo) finish(ctx context.Context, lab scenario.Lab, sys scenario.System, took time.Duration, keep bool) error {
	truth, err := lab.Truth(ctx)
	if err != nil {
		return err
	}
	judged, err := lab.Judge(ctx, scenario.Deeds{})
	if err != nil {
		return err
	}
	d.say("", truth.Text)
	for _, v := range judged.Violations {
		d.say(d.bad("VIOLATED"), v)
	}
	if len(judged.Violations) == 0 {
		d.say(d.good("PROVEN"), "from the lab's own records: no key left while a verifier lacked its successor or a valid token carried its id")
	}
	d.say("", fmt.Sprintf("the whole demo took %s", took.Round(100*time.Millisecond)))
	if !d.json {
		fmt.Fprintf(d.out, "\nNext: corax scenario run        every scenario test, with expected against actual\n"+
			"      corax demo --seed 7       the same lab under other names and wording\n"+
			"      corax demo --keep         leave it running, then: corax problem show ID\n")
	}
	if keep {
		dataDir := filepath.Join(d.dir, "corax")
		fmt.Fprintf(d.out, "\nStill running. In another terminal:\n  corax --data-dir %s problem list --all\nCtrl-C ends it.\n", dataDir)
		d.where(sys)
		<-ctx.Done()
	}
	if len(judged.Violations) > 0 || !truth.Served {
		return exit{code: exitFailed}
	}
	return nil
}
