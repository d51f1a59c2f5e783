package draw

import (
	"math"
	"time"
)

// plot is the area of a chart: values map into it, the first moment at its left, zero at its bottom.
type plot struct {
	left, top, right, bottom float64
	from, to                 time.Time
	most                     float64 // the value at the top
}

func (a plot) x(at time.Time) float64 {
	whole := a.to.Sub(a.from)
	if whole <= 0 {
		return a.left
	}
	return clamp(a.left+(a.right-a.left)*float64(at.Sub(a.from))/float64(whole), a.left, a.right)
}

func (a plot) y(v float64) float64 {
	if a.most <= 0 {
		return a.bottom
	}
	return clamp(a.bottom-(a.bottom-a.top)*v/a.most, a.top, a.bottom)
}

// steps are round values from 0 to at least most, about four of them: 1, 2 or 5 times a power of ten apart.
func steps(most float64) []float64 {
	if most <= 0 || math.IsNaN(most) || math.IsInf(most, 0) {
		return []float64{0, 1}
	}
	unit := math.Pow(10, math.Floor(math.Log10(most/4)))
	step := unit
	for _, f := range []float64{1, 2, 5, 10} {
		if step = unit * f; most/step <= 4 {
			break
		}
	}
	all := []float64{0}
	for i := 1; all[len(all)-1] < most*(1-1e-9); i++ {
		all = append(all, step*float64(i))
	}
	return all
}

// moments are round times within a span, at most so many: full seconds, minutes, hours, days.
func moments(from, to time.Time, most int) []time.Time {
	whole := to.Sub(from)
	if whole <= 0 || most < 1 {
		return nil
	}
	const day = 24 * time.Hour
	for _, step := range []time.Duration{time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute,
		time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, day, 2 * day, 7 * day, 14 * day, 30 * day, 91 * day, 365 * day, 3650 * day} {
		if whole/step > time.Duration(most) {
			continue
		}
		var all []time.Time
		for at := from.Truncate(step); !at.After(to); at = at.Add(step) {
			if !at.Before(from) {
				all = append(all, at)
			}
		}
		return all
	}
	return nil
}

// timeAxis writes the line at the bottom with its times.
func (a plot) timeAxis(p *pen) {
	p.leaf("path", "class", "d-base", "d", new(trace).to("M", a.left, a.bottom).to("H", a.right).String())
	form := layout(a.to.Sub(a.from))
	for _, at := range moments(a.from, a.to, int((a.right-a.left)/80)) {
		x, anchor := a.x(at), "middle"
		label := at.UTC().Format(form)
		if half := width(label, 11) / 2; x+half > a.right+margin {
			anchor = "end"
		} else if x-half < 0 {
			anchor = "start"
		}
		p.leaf("path", "class", "d-base", "d", new(trace).to("M", x, a.bottom).to("v", 4).String())
		p.text(x, a.bottom+16, "d-axis", anchor, label)
	}
}

// grid writes a line and its value for each of the values.
func (a plot) grid(p *pen, values []float64, words func(float64) string) {
	for _, v := range values {
		if v > 0 {
			p.leaf("path", "class", "d-grid", "d", new(trace).to("M", a.left, a.y(v)).to("H", a.right).String())
		}
		p.text(a.left-6, a.y(v)+4, "d-axis", "end", words(v))
	}
}

// hatch is the data of slanted lines within a rectangle, so far apart.
func hatch(left, top, right, bottom, apart float64) string {
	t := &trace{}
	tall := bottom - top
	for x := left - tall + apart/2; x < right; x += apart {
		x0, y0, x1, y1 := x, bottom, x+tall, top
		if x0 < left {
			x0, y0 = left, bottom-(left-x)
		}
		if x1 > right {
			x1, y1 = right, top+(x+tall-right)
		}
		if x1 > x0 {
			t.to("M", x0, y0).to("L", x1, y1)
		}
	}
	return t.String()
}
