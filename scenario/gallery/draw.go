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

// leastAnswers is how many answers it takes for their confidence to mean something.
const leastAnswers = 10

// calibration draws how often the engine was right of what it was how sure of; nothing where there are too few answers.
func calibration(runs history.Runs) template.HTML {
	const bins = 10
	var list [bins]draw.Bin
	all := 0
	for _, r := range runs {
		if r.Answer == nil {
			continue
		}
		all++
		b := &list[min(max(int(r.Answer.Confidence*bins), 0), bins-1)]
		b.Confidence = (b.Confidence*float64(b.All) + r.Answer.Confidence) / float64(b.All+1)
		if b.All++; r.Answer.Right {
			b.Right++
		}
	}
	if all < leastAnswers {
		return ""
	}
	return draw.Reliability("How sure, and how often right", list[:])
}

// chart draws pass rates over time.
func chart(rates []history.Rate) template.HTML {
	var list []draw.Run
	for _, r := range rates {
		list = append(list, draw.Run{At: r.From, Passed: r.Passed, Total: r.Passed + r.Failed})
	}
	return draw.PassRate("Pass rate over time", list)
}
