package draw

import (
	"fmt"
	"html/template"
	"strings"
	"time"
)

// Phase is how things are from a milestone on.
type Phase string

// The phases of an outage. NoPhase is a milestone that changes nothing (diagnosed).
const (
	NoPhase        Phase = ""
	PhaseBroken    Phase = "broken"
	PhaseContained Phase = "contained"
	PhaseHealed    Phase = "healed"
	PhaseClosed    Phase = "closed"
)

// Milestone is a moment of an outage.
type Milestone struct {
	Label string // injected, first symptom, diagnosed, contained, healed, closed
	After time.Duration
	Phase Phase // what begins with it
}

const (
	laneTall  = 17.0 // of one line of labels
	labelFont = 12.0
)

// Strip draws an outage as a band over time with its milestones as flags above it: hatched while broken, half as high while contained, plain
// once healed. The milestones are in the order of time, the first is at the left end; whole is how long the band lasts, at least until the
// last milestone.
//
// It is drawn twice, for the desk and for the phone, where its words would be too small to read; the style sheet shows one of the two.
func Strip(milestones []Milestone, whole time.Duration) template.HTML {
	return strip("strip", 760, milestones, whole) + strip("narrow", 350, milestones, whole)
}

func strip(name string, w float64, milestones []Milestone, whole time.Duration) template.HTML {
	f := frame{name: name, w: w, title: "How the outage went", desc: "Nothing has happened."}
	end := w // of the band
	var said []string
	for _, m := range milestones {
		said = append(said, m.Label+" "+when(m.After))
	}
	var from time.Duration
	if n := len(milestones); n > 0 {
		from, f.desc = milestones[0].After, strings.Join(said, ", ")
		whole = max(whole, milestones[n-1].After)
	}
	x := func(after time.Duration) float64 {
		return clamp(float64(after-from)/float64(max(whole-from, time.Millisecond)), 0, 1) * end
	}
	flags, _ := planted(milestones, x)
	room := w
	for _, p := range flags { // for each flag
		if p.x > 0 && p.x+p.wide > w {
			room = min(room, max(w-p.wide, 0)*w/p.x)
		}
	}
	end = room
	flags, lanes := planted(milestones, x)
	top := float64(lanes)*laneTall + 4
	f.h = top + 12
	return f.draw(func(p *pen) {
		p.leaf("rect", "class", "d-track", "y", top, "width", end, "height", 10)
		for _, b := range phases(milestones, x, end) {
			high, tall := top, 10.0
			if b.phase == PhaseContained {
				high, tall = top+5, 5
			}
			p.leaf("rect", "class", "d-"+string(b.phase), "x", b.from, "y", high, "width", b.to-b.from, "height", tall)
			if b.phase == PhaseBroken {
				p.leaf("path", "class", "d-cut", "d", hatch(b.from, high, b.to, high+tall, 12))
			}
		}
		for i, m := range milestones {
			y := top - 4 - float64(flags[i].lane)*laneTall
			p.leaf("path", "class", "d-tick", "d", new(trace).to("M", flags[i].x+0.5, y-9).to("V", top+10).String())
			p.open("text", "class", "d-flag", "x", flags[i].x+5, "y", y)
			p.escape(fit(m.Label, labelFont, 240) + " ")
			p.inner("tspan", when(m.After), "class", "d-when")
			p.close("text")
		}
	})
}

// pennant is a label that stands to the right of its pole, in lane 0 next to the band or higher.
type pennant struct {
	x, wide float64
	lane    int
}

// planted gives each flag a lane above those of all later flags whose poles it would reach: so no pole runs through a flag, and no two flags overlap.
func planted(milestones []Milestone, x func(time.Duration) float64) ([]pennant, int) {
	all := make([]pennant, len(milestones))
	lanes := 0
	for i := len(all) - 1; i >= 0; i-- {
		m := milestones[i]
		all[i] = pennant{x: x(m.After), wide: width(fit(m.Label, labelFont, 240)+" "+when(m.After), labelFont) + 10}
		for _, later := range all[i+1:] {
			if later.x < all[i].x+all[i].wide {
				all[i].lane = max(all[i].lane, later.lane+1)
			}
		}
		lanes = max(lanes, all[i].lane+1)
	}
	return all, lanes
}

// when writes a milestone's distance: to a tenth of a second while that matters.
func when(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return span(d)
}

type stretch struct {
	phase    Phase
	from, to float64
}

// phases are the stretches between the milestones that change how the system is.
func phases(milestones []Milestone, x func(time.Duration) float64, w float64) []stretch {
	var all []stretch
	for _, m := range milestones {
		switch m.Phase {
		case PhaseBroken, PhaseContained, PhaseHealed, PhaseClosed:
		default:
			continue
		}
		at := x(m.After)
		if n := len(all); n > 0 {
			if at < all[n-1].from {
				continue
			}
			all[n-1].to = at
		}
		all = append(all, stretch{m.Phase, at, w})
	}
	return all
}
