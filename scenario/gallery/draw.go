package gallery

import (
	"html/template"
	"time"

	"corax/scenario"
	"corax/scenario/history"
	"corax/web/draw"
)

// phases are how things are from a milestone on.
var phases = map[string]draw.Phase{
	"injected": draw.PhaseBroken, "contained": draw.PhaseContained, "healed": draw.PhaseHealed, "closed": draw.PhaseClosed,
}

// strip draws an outage over time, nothing where nothing was broken.
func strip(r scenario.Result, milestones []scenario.Milestone) template.HTML {
	if len(milestones) == 0 {
		return ""
	}
	var list []draw.Milestone
	for _, m := range milestones {
		list = append(list, draw.Milestone{Label: m.Label, After: after(m.At), Phase: phases[m.Label]})
	}
	return draw.Strip(list, after(r.Timeline[len(r.Timeline)-1].Seconds))
}

func after(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

// chart draws pass rates over time.
func chart(rates []history.Rate) template.HTML {
	var list []draw.Run
	for _, r := range rates {
		list = append(list, draw.Run{At: r.From, Passed: r.Passed, Total: r.Passed + r.Failed})
	}
	return draw.PassRate("Pass rate over time", list)
}
