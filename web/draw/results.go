package draw

import (
	"fmt"
	"html/template"
	"math"
	"time"

	"corax"
)

// Run is the outcome of one run of a set of scenarios.
type Run struct {
	At            time.Time
	Passed, Total int
	Label         string // for people: the version, the run's id
	Href          string // the page of the run, or empty
}

// PassRate draws the share of scenarios that passed over time, a dot a run; a run with failures has a cross. The axis begins at 0 where a run
// is below one half, and at 50 % otherwise, which the axis says.
func PassRate(title string, runs []Run) template.HTML {
	const w, h = 720.0, 190.0
	var kept []Run
	low, linked := 1.0, false
	for _, r := range runs {
		if r.Total > 0 {
			kept = append(kept, r)
			low = min(low, share(float64(r.Passed)/float64(r.Total)))
			linked = linked || local(r.Href) != ""
		}
	}
	foot := 0.5
	if low < 0.5 {
		foot = 0
	}
	desc := "No run yet."
	if n := len(kept); n > 0 {
		last := kept[n-1]
		desc = fmt.Sprintf("%s; the last passed %d of %d, the worst %s.", count(n, "run", "runs"), last.Passed, last.Total, percent(low))
	}
	a := plot{left: 56, right: w - 16, top: 12, bottom: h - 30, most: 1 - foot}
	if n := len(kept); n > 0 {
		a.from, a.to = kept[0].At, kept[n-1].At
	}
	return frame{name: "passrate", w: w, h: h, title: title, desc: desc, linked: linked}.draw(func(p *pen) {
		if len(kept) == 0 {
			p.text(w/2, h/2+4, "d-axis", "middle", "no run yet")
			return
		}
		a.grid(p, []float64{0, (1 - foot) / 2, 1 - foot}, func(v float64) string { return fmt.Sprintf("%.0f %%", (v+foot)*100) })
		a.timeAxis(p)
		var xs, ys []float64
		for _, r := range kept {
			x := a.x(r.At)
			if len(kept) == 1 {
				x = (a.left + a.right) / 2
			}
			xs, ys = append(xs, x), append(ys, a.y(share(float64(r.Passed)/float64(r.Total))-foot))
		}
		p.leaf("path", "class", "d-plot", "d", line(xs, ys))
		for i, r := range kept {
			words := fmt.Sprintf("%s: %d of %d passed", r.At.UTC().Format("2 Jan 2006 15:04"), r.Passed, r.Total)
			if r.Label != "" {
				words = r.Label + ", " + words
			}
			end := p.link(r.Href)
			p.hint(words)
			p.leaf("circle", "class", "d-dot", "cx", xs[i], "cy", ys[i], "r", 3.4)
			if r.Passed < r.Total {
				cross(p, xs[i], a.bottom-6)
			}
			p.close(end)
		}
	})
}

// Bin is the outcomes of all answers that were given with about the same confidence.
type Bin struct {
	Confidence float64 // their mean, 0 to 1
	Right, All int
}

// Reliability draws how often answers of a confidence were right; answers that know what they know lie on the dotted diagonal. The size of a dot
// says how many answers it stands for, the line through it the 95 % interval (Wilson).
func Reliability(title string, bins []Bin) template.HTML {
	const side = 300.0
	a := plot{left: 46, right: side - 22, top: 12, bottom: side - 46, most: 1}
	most, all, off := 0, 0, 0.0
	for _, b := range bins {
		if b.All > 0 {
			most, all = max(most, b.All), all+b.All
			off += float64(b.All) * math.Abs(share(b.Confidence)-float64(b.Right)/float64(b.All))
		}
	}
	desc := "No answer has an outcome yet."
	if all > 0 {
		desc = fmt.Sprintf("%s; confidence and outcome are %s apart in the mean.", count(all, "answer", "answers"), percent(off/float64(all)))
	}
	return frame{name: "reliability", w: side, h: side, title: title, desc: desc}.draw(func(p *pen) {
		words := func(v float64) string { return fmt.Sprintf("%.0f %%", v*100) }
		a.grid(p, []float64{0, 0.25, 0.5, 0.75, 1}, words)
		p.leaf("path", "class", "d-base", "d", new(trace).to("M", a.left, a.bottom).to("H", a.right).String())
		x := func(v float64) float64 { return a.left + (a.right-a.left)*v }
		for _, v := range []float64{0, 0.5, 1} {
			p.text(x(v), a.bottom+16, "d-axis", "middle", words(v))
		}
		p.text((a.left+a.right)/2, side-8, "d-axis", "middle", "confidence (across), right (up)")
		p.leaf("path", "class", "d-guide", "d", new(trace).to("M", a.left, a.bottom).to("L", a.right, a.top).String())
		for _, b := range bins {
			if b.All <= 0 {
				continue
			}
			c, hit := share(b.Confidence), float64(b.Right)/float64(b.All)
			low, high := corax.Interval(b.Right, b.All, corax.TwoSided95)
			p.open("g")
			p.hint(fmt.Sprintf("said %s, right in %d of %d (%s; 95 %% interval %s to %s)", percent(c), b.Right, b.All, percent(hit), percent(low), percent(high)))
			p.leaf("path", "class", "d-base", "d", new(trace).to("M", x(c), a.y(low)).to("V", a.y(high)).String())
			p.leaf("circle", "class", "d-dot", "cx", x(c), "cy", a.y(hit), "r", 3+4*math.Sqrt(float64(b.All)/float64(most)))
			p.close("g")
		}
	})
}
