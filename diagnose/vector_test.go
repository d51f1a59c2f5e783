package diagnose

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"corax"
	"corax/diagnose/model"
	read "corax/diagnose/reading"
)

// leastHeld is the share of all vectors that must hold. The few that don't are named in the log: faults that are told apart by less than a
// message says.
const leastHeld = 0.97

// Every mechanism is recognised in messages that it was not trained on, and is not seen in what only looks like it.
func TestVectors(t *testing.T) {
	e := engine(t)
	total, held := 0, 0
	for _, m := range e.cat.Mechanisms {
		recognised, refused := 0, 0
		for i, v := range e.CheckVectors(m) {
			total++
			if !v.OK {
				t.Log(v)
				continue
			}
			held++
			if i < len(m.Vectors.Recognise) {
				recognised++
			} else {
				refused++
			}
		}
		if recognised < 2 || refused < 1 {
			t.Errorf("%s: recognised in %d messages, refused in %d", m.ID, recognised, refused)
		}
	}
	t.Logf("%d of %d vectors hold", held, total)
	if float64(held) < leastHeld*float64(total) {
		t.Errorf("%d of %d vectors hold", held, total)
	}
}

// Every mechanism of the catalogue is whole.
func TestComplete(t *testing.T) {
	for _, m := range engine(t).cat.Mechanisms {
		if err := m.Complete(); err != nil {
			t.Error(err)
		}
	}
}

// The learned view is the one that the catalogue makes.
func TestModelIsCurrent(t *testing.T) {
	m, err := model.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	if m.Digest != model.Digest(engine(t).cat, read.Stems) {
		t.Error("the catalogue has changed since the model was made; make model")
	}
}

// Healthy lines, in the words of faults, raise hardly a problem; these were written by someone who did not see what the engine knows.
func TestHealthyLines(t *testing.T) {
	e := engine(t)
	f, err := os.Open("../bench/healthy/lines.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, raised := 0, 0
	for scan := bufio.NewScanner(f); scan.Scan(); {
		if text := strings.TrimSpace(scan.Text()); text != "" {
			lines++
			if len(e.Diagnose(corax.Case{Signals: []corax.Signal{{Message: text}}}).Problems) > 0 {
				raised++
			}
		}
	}
	t.Logf("%d of %d lines raise a problem", raised, lines)
	if lines < 400 || raised > lines/10 {
		t.Errorf("%d of %d healthy lines raise a problem", raised, lines)
	}
}
