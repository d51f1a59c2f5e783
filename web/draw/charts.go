package draw

import (
	"fmt"
	"html/template"
	"math"
	"strings"
	"time"
)

// Sparkline draws values as one line, from zero up; NaN is a gap. The title says what the values are.
func Sparkline(title string, values []float64) template.HTML {
	const w, h = 120.0, 28.0
	most, last, measured := 0.0, math.NaN(), 0
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			most, last = max(most, v), v
			measured++
		}
	}
	desc := "Nothing was measured."
	if measured > 0 {
		desc = fmt.Sprintf("%s; the last %.4g, the most %.4g.", count(measured, "value", "values"), last, most)
	}
	a := plot{left: 3, right: w - 4, top: 4, bottom: h - 4, most: most}
	return frame{name: "sparkline", w: w, h: h, title: title, desc: desc}.draw(func(p *pen) {
		var xs, ys []float64
		for i, v := range values {
			x := a.left
			if len(values) > 1 {
				x += (a.right - a.left) * float64(i) / float64(len(values)-1)
			}
			y := math.NaN()
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				y = a.y(v)
			}
			xs, ys = append(xs, x), append(ys, y)
		}
		p.leaf("path", "class", "d-plot", "d", line(xs, ys))
		if n := len(ys) - 1; n >= 0 && !math.IsNaN(ys[n]) {
			p.leaf("circle", "class", "d-dot", "cx", xs[n], "cy", ys[n], "r", 2.6)
		}
	})
}

// line is the data of a path through points; NaN breaks it, and a point between two gaps is a dot (a line of no length with round ends).
func line(xs, ys []float64) string {
	t := &trace{}
	for i := range xs {
		switch {
		case math.IsNaN(ys[i]):
		case i == 0 || math.IsNaN(ys[i-1]):
			t.to("M", xs[i], ys[i])
			if i == len(xs)-1 || math.IsNaN(ys[i+1]) {
				t.to("h", 0)
			}
		default:
			t.to("L", xs[i], ys[i])
		}
	}
	return t.String()
}

// LatencyPoint is what the runs of one stretch of time took.
type LatencyPoint struct {
	At       time.Time // its start
	P50, P95 time.Duration
	Runs     int // 0: nothing was measured, the line has a gap there
	Failed   int // of the runs
}

// Latency draws the median as a line, the 95th percentile dashed, and a band between. Stretches where nothing was measured stay open and are
// hatched; those with failures have a cross at the foot. Points are in the order of time, each stretch step long.
func Latency(title string, points []LatencyPoint, step time.Duration) template.HTML {
	const w, h = 720.0, 190.0
	most, failed, empty := time.Duration(0), 0, 0
	var worst LatencyPoint
	for _, p := range points {
		if p.Runs == 0 {
			empty++
			continue
		}
		most, failed = max(most, p.P50, p.P95), failed+p.Failed
		if p.P95 >= worst.P95 {
			worst = p
		}
	}
	desc := "Nothing was measured."
	measured := len(points) - empty
	if measured > 0 {
		last := points[len(points)-1]
		for i := len(points) - 1; last.Runs == 0; i-- {
			last = points[i]
		}
		desc = fmt.Sprintf("Last: median %s, 95th percentile %s. Slowest 95th percentile %s at %s.", span(last.P50), span(last.P95), span(worst.P95),
			worst.At.UTC().Format("2 Jan 15:04"))
		if failed > 0 {
			desc += fmt.Sprintf(" %s failed.", count(failed, "run", "runs"))
		}
		if empty > 0 {
			desc += fmt.Sprintf(" Not measured in %d of %d stretches.", empty, len(points))
		}
	}
	ticks := steps(most.Seconds())
	a := plot{left: 56, right: w - 12, top: 22, bottom: h - 30, most: ticks[len(ticks)-1]}
	if len(points) > 0 {
		a.from, a.to = points[0].At, points[len(points)-1].At.Add(step)
	}
	return frame{name: "latency", w: w, h: h, title: title, desc: desc}.draw(func(p *pen) {
		if measured == 0 {
			nothing(p, w, h)
			return
		}
		a.grid(p, ticks, func(v float64) string { return span(time.Duration(v * float64(time.Second))) })
		a.latency(p, points, step)
		a.timeAxis(p)
		key := new(trace)
		p.leaf("path", "class", "d-plot", "d", key.to("M", a.left, 9).to("h", 18).String())
		p.text(a.left+24, 13, "d-axis", "", "median")
		p.leaf("path", "class", "d-plot2", "d", new(trace).to("M", a.left+80, 9).to("h", 18).String())
		p.text(a.left+104, 13, "d-axis", "", "95th percentile")
		if failed > 0 {
			cross(p, a.left+212, 9)
			p.text(a.left+224, 13, "d-axis", "", count(failed, "run failed", "runs failed"))
		}
	})
}

func (a plot) latency(p *pen, points []LatencyPoint, step time.Duration) {
	var xs, mid, high []float64
	band := &trace{}
	begin := 0
	flush := func(end int) { // the band over points begin to end
		if end-begin < 2 {
			return
		}
		band.to("M", xs[begin], high[begin])
		for i := begin + 1; i < end; i++ {
			band.to("L", xs[i], high[i])
		}
		for i := end - 1; i >= begin; i-- {
			band.to("L", xs[i], mid[i])
		}
		band.to("z")
	}
	for i, pt := range points {
		x := a.x(pt.At.Add(step / 2))
		m, h := math.NaN(), math.NaN()
		if pt.Runs > 0 {
			m, h = a.y(pt.P50.Seconds()), a.y(pt.P95.Seconds())
		} else {
			flush(i)
			begin = i + 1
		}
		xs, mid, high = append(xs, x), append(mid, m), append(high, h)
	}
	flush(len(points))
	for i := 0; i < len(points); i++ { // stretches without a measurement
		if points[i].Runs > 0 {
			continue
		}
		from := i
		for i+1 < len(points) && points[i+1].Runs == 0 {
			i++
		}
		l, r := a.x(points[from].At), a.x(points[i].At.Add(step))
		p.open("g")
		p.hint(fmt.Sprintf("not measured from %s to %s", points[from].At.UTC().Format("2 Jan 15:04"), points[i].At.Add(step).UTC().Format("2 Jan 15:04")))
		p.leaf("rect", "class", "d-gap", "x", l, "y", a.top, "width", r-l, "height", a.bottom-a.top)
		p.leaf("path", "class", "d-hatch", "d", hatch(l, a.top, r, a.bottom, 9))
		p.close("g")
	}
	p.leaf("path", "class", "d-band", "d", band.String())
	p.leaf("path", "class", "d-plot2", "d", line(xs, high))
	p.leaf("path", "class", "d-plot", "d", line(xs, mid))
	for i, pt := range points {
		if pt.Runs > 0 && pt.Failed > 0 {
			p.open("g")
			p.hint(fmt.Sprintf("%s: %d of %s failed", pt.At.UTC().Format("2 Jan 15:04"), pt.Failed, count(pt.Runs, "run", "runs")))
			cross(p, xs[i], a.bottom-6)
			p.close("g")
		}
	}
}

func cross(p *pen, x, y float64) {
	p.leaf("path", "class", "d-cross", "d", new(trace).to("M", x-3, y-3).to("l", 6, 6).to("m", -6, 0).to("l", 6, -6).String())
}

func nothing(p *pen, w, h float64) {
	p.text(w/2, h/2+4, "d-axis", "middle", "nothing was measured")
}

// Bucket is what was seen of something in one stretch of time.
type Bucket struct {
	From, To time.Time
	Up, Down time.Duration // how long of it; the rest was not measured
}

// Uptime draws a bar a bucket: full where all was up, with a notched dark foot as high as the share that was down, an empty dashed frame
// where nothing was measured.
func Uptime(title string, buckets []Bucket) template.HTML {
	const w, h, gap = 720.0, 34.0, 2.0
	return frame{name: "uptime", w: w, h: h, title: title, desc: uptimeWords(buckets)}.draw(func(p *pen) {
		each := (w - 2) / max(float64(len(buckets)), 1)
		wide := max(each-gap, each*0.7)
		for i, b := range buckets {
			x := 1 + float64(i)*each
			form := layout(b.To.Sub(b.From))
			words := b.From.UTC().Format("2 Jan ") + b.From.UTC().Format("15:04") + " to " + b.To.UTC().Format("15:04")
			if form == "2 Jan" || b.To.Sub(b.From) >= 24*time.Hour {
				words = b.From.UTC().Format("2 Jan")
			}
			p.open("g")
			switch {
			case b.Up+b.Down <= 0:
				p.hint(words + ": not measured")
				p.leaf("rect", "class", "d-none", "x", x+0.5, "y", 1.5, "width", wide-1, "height", h-3, "rx", 1.5)
			case b.Down <= 0:
				p.hint(words + ": up")
				p.leaf("rect", "class", "d-up", "x", x, "y", 1, "width", wide, "height", h-2, "rx", 1.5)
			default:
				share := float64(b.Down) / float64(b.Up+b.Down)
				tall := clamp(share*(h-2), 8, h-2) // even a second of it can be seen
				p.hint(fmt.Sprintf("%s: down for %s, up %s", words, span(b.Down), percent(1-share)))
				if tall < h-4 {
					p.leaf("rect", "class", "d-up", "x", x, "y", 1, "width", wide, "height", h-4-tall, "rx", 1.5)
				}
				p.leaf("rect", "class", "d-down", "x", x, "y", h-1-tall, "width", wide, "height", tall, "rx", 1.5)
				p.leaf("path", "class", "d-cut", "d", hatch(x, h-1-tall, x+wide, h-1, 5))
			}
			p.close("g")
		}
	})
}

// UptimeBrief draws the same for a list of many, in a few hundred bytes: all that was up is one path, all that was down another, equal
// neighbours are one shape, and the numbers are told once, for the whole.
func UptimeBrief(title string, buckets []Bucket) template.HTML {
	const w, h, least, levels = 720, 34, 8, 6
	return frame{name: "uptime", w: w, h: h, title: title, desc: uptimeWords(buckets)}.draw(func(p *pen) {
		tall := func(b Bucket) int { // of what was down; even a second of it can be seen
			if b.Up+b.Down <= 0 || b.Down <= 0 {
				return 0
			}
			level := math.Ceil(clamp(float64(b.Down)/float64(b.Up+b.Down), 0, 1) * levels)
			return least + int(level-1)*(h-2-least)/(levels-1)
		}
		for _, layer := range []struct {
			class string
			of    func(Bucket) int
		}{
			{"d-none", func(b Bucket) int {
				if b.Up+b.Down > 0 {
					return 0
				}
				return h - 2
			}},
			{"d-up", func(b Bucket) int {
				if b.Up+b.Down <= 0 {
					return 0
				}
				return h - 8 // what was down all the time stands out by its height, not by its colour alone
			}},
			{"d-down", tall},
		} {
			if d := bars(buckets, layer.of, w, h); d != "" {
				p.leaf("path", "class", layer.class, "d", d)
			}
		}
	})
}

// bars are shapes on the ground of a picture, as a path: one for each row of equal buckets, as tall as of says.
func bars(buckets []Bucket, of func(Bucket) int, w, h int) string {
	var d strings.Builder
	at := func(i int) int { return 1 + i*(w-2)/max(len(buckets), 1) }
	for i := 0; i < len(buckets); {
		tall, n := of(buckets[i]), i+1
		for n < len(buckets) && of(buckets[n]) == tall {
			n++
		}
		if wide := max(at(n)-at(i)-1, 1); tall > 0 {
			fmt.Fprintf(&d, "M%d %dh%dv%dh-%dz", at(i), h-1-tall, wide, tall, wide)
		}
		i = n
	}
	return d.String()
}

// uptimeWords are the numbers of a bar.
func uptimeWords(buckets []Bucket) string {
	var up, down time.Duration
	bad := 0
	for _, b := range buckets {
		up, down = up+b.Up, down+b.Down
		if b.Down > 0 {
			bad++
		}
	}
	if up+down <= 0 {
		return "Nothing was measured."
	}
	return fmt.Sprintf("Up %s of the measured time; down for %s, in %d of %d stretches.", percent(float64(up)/float64(up+down)), span(down), bad, len(buckets))
}

// share is v as a share of one; what is no number is 0.
func share(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return clamp(v, 0, 1)
}
