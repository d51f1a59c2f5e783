package reading

import (
	"math"
	"strconv"
	"strings"
)

// Measure is the unit that a quantity is normalised to.
type Measure string

// The units.
const (
	Seconds    Measure = "s"
	Bytes      Measure = "B"
	BytesRate  Measure = "B/s"
	BitsRate   Measure = "bit/s"
	PerSecond  Measure = "1/s"
	Percentage Measure = "%"
	Celsius    Measure = "°C"
	DBm        Measure = "dBm"
	DB         Measure = "dB"
	Volts      Measure = "V"
	Amperes    Measure = "A"
	Watts      Measure = "W"
	Hertz      Measure = "Hz"
	TurnRate   Measure = "rpm"
	Number     Measure = "1" // a number of things
)

// Quantity is a number with a unit, in the unit that all of its sort are normalised to.
type Quantity struct {
	Value float64
	Unit  Measure
	Of    string // for a number of things, the word for them as written: "connections"
	Span         // of number and unit; of the number alone where it counts things
}

type scale struct {
	unit   Measure
	factor float64
}

// unitsOf are the units as they are written, in lower case. What differs by case alone is in casedUnits.
var unitsOf = map[string]scale{
	"ns": {Seconds, 1e-9}, "us": {Seconds, 1e-6}, "µs": {Seconds, 1e-6}, "μs": {Seconds, 1e-6}, "ms": {Seconds, 1e-3}, "msec": {Seconds, 1e-3},
	"millisecond": {Seconds, 1e-3}, "milliseconds": {Seconds, 1e-3}, "microseconds": {Seconds, 1e-6}, "s": {Seconds, 1}, "sec": {Seconds, 1},
	"secs": {Seconds, 1}, "second": {Seconds, 1}, "seconds": {Seconds, 1}, "sekunden": {Seconds, 1}, "secondes": {Seconds, 1}, "segundos": {Seconds, 1},
	"min": {Seconds, 60}, "mins": {Seconds, 60}, "minute": {Seconds, 60}, "minutes": {Seconds, 60}, "minuten": {Seconds, 60}, "minutos": {Seconds, 60},
	"h": {Seconds, 3600}, "hr": {Seconds, 3600}, "hrs": {Seconds, 3600}, "hour": {Seconds, 3600}, "hours": {Seconds, 3600}, "stunden": {Seconds, 3600},
	"heures": {Seconds, 3600}, "horas": {Seconds, 3600}, "d": {Seconds, 86400}, "day": {Seconds, 86400}, "days": {Seconds, 86400},
	"tage": {Seconds, 86400}, "jours": {Seconds, 86400}, "días": {Seconds, 86400}, "w": {Seconds, 604800}, "week": {Seconds, 604800},
	"weeks": {Seconds, 604800}, "month": {Seconds, 2629800}, "months": {Seconds, 2629800}, "year": {Seconds, 31557600}, "years": {Seconds, 31557600},
	"b": {Bytes, 1}, "byte": {Bytes, 1}, "bytes": {Bytes, 1}, "octets": {Bytes, 1}, "kb": {Bytes, 1e3}, "mb": {Bytes, 1e6}, "gb": {Bytes, 1e9},
	"tb": {Bytes, 1e12}, "pb": {Bytes, 1e15}, "kib": {Bytes, 1 << 10}, "mib": {Bytes, 1 << 20}, "gib": {Bytes, 1 << 30}, "tib": {Bytes, 1 << 40},
	"pib": {Bytes, 1 << 50}, "ki": {Bytes, 1 << 10}, "mi": {Bytes, 1 << 20}, "gi": {Bytes, 1 << 30}, "ti": {Bytes, 1 << 40},
	"kilobytes": {Bytes, 1e3}, "megabytes": {Bytes, 1e6}, "gigabytes": {Bytes, 1e9}, "terabytes": {Bytes, 1e12},
	"bps": {BitsRate, 1}, "kbps": {BitsRate, 1e3}, "mbps": {BitsRate, 1e6}, "gbps": {BitsRate, 1e9}, "kbit": {BitsRate, 1e3},
	"mbit": {BitsRate, 1e6}, "gbit": {BitsRate, 1e9},
	"rps": {PerSecond, 1}, "qps": {PerSecond, 1}, "tps": {PerSecond, 1}, "iops": {PerSecond, 1}, "pps": {PerSecond, 1}, "req/s": {PerSecond, 1},
	"percent": {Percentage, 1}, "prozent": {Percentage, 1}, "pct": {Percentage, 1}, "°c": {Celsius, 1}, "celsius": {Celsius, 1},
	"dbm": {DBm, 1}, "db": {DB, 1}, "v": {Volts, 1}, "volt": {Volts, 1}, "volts": {Volts, 1}, "mv": {Volts, 1e-3}, "a": {Amperes, 1},
	"amps": {Amperes, 1}, "watts": {Watts, 1}, "watt": {Watts, 1}, "kw": {Watts, 1e3}, "hz": {Hertz, 1}, "khz": {Hertz, 1e3},
	"mhz": {Hertz, 1e6}, "ghz": {Hertz, 1e9}, "rpm": {TurnRate, 1},
}

var casedUnits = map[string]scale{
	"m": {Seconds, 60}, "M": {Bytes, 1e6}, "G": {Bytes, 1e9}, "T": {Bytes, 1e12}, "K": {Bytes, 1e3}, "k": {Bytes, 1e3}, "g": {Bytes, 1e9},
	"Mb": {BitsRate, 1e6}, "Gb": {BitsRate, 1e9}, "Kb": {BitsRate, 1e3}, "dB": {DB, 1}, "W": {Watts, 1}, "C": {Celsius, 1}, "A": {Amperes, 1},
	"V": {Volts, 1}, "B": {Bytes, 1}, "DB": {},
}

const mostQuantities = 48

// Quantities finds numbers with units and numbers of things, in the order of the text.
func (r *Reading) Quantities() []Quantity {
	if r.done&doneQuantities != 0 {
		return r.quantities
	}
	r.done |= doneQuantities
	for i := 0; i < len(r.Tokens) && len(r.quantities) < mostQuantities; {
		if !isDigit(r.Tokens[i].Text[0]) || r.Tokens[i].Start >= len(r.Text) {
			i++
			continue
		}
		i = r.quantity(i)
	}
	return r.quantities
}

// quantity reads the number that starts at a token, and gives the token after it.
func (r *Reading) quantity(i int) int {
	t := &r.Tokens[i]
	start := t.Start
	if start > 0 && (strings.IndexByte("/:_.\\#@", r.Text[start-1]) >= 0 || start > 1 && r.Text[start-1] == '-' && isWord(r.Text[start-2])) {
		return r.skipNumber(i) // part of an address, a date, a name
	}
	// The number: digits with commas between thousands, then a point and digits.
	end := start
	for end < len(r.Text) && isDigit(r.Text[end]) {
		end++
	}
	if end-start <= 3 {
		for end+4 <= len(r.Text) && r.Text[end] == ',' && allDigits(r.Text[end+1:end+4]) && !isDigit(r.char(end+4)) {
			end += 4
		}
	}
	if end+1 < len(r.Text) && r.Text[end] == '.' && isDigit(r.Text[end+1]) {
		end++
		for end < len(r.Text) && isDigit(r.Text[end]) {
			end++
		}
	}
	if end-start > 24 {
		return r.skipNumber(i)
	}
	value, err := strconv.ParseFloat(strings.ReplaceAll(r.Text[start:end], ",", ""), 64)
	if err != nil {
		return r.skipNumber(i)
	}
	if start > 0 && r.Text[start-1] == '-' {
		start, value = start-1, -value
	}
	after := i
	for after < len(r.Tokens) && r.Tokens[after].Start < end {
		after++
	}
	if end < len(r.Text) && strings.IndexByte(".:/", r.Text[end]) >= 0 && end+1 < len(r.Text) && isDigit(r.Text[end+1]) {
		return r.skipNumber(i)
	}
	unitStart := end
	for unitStart < len(r.Text) && unitStart-end < 1 && r.Text[unitStart] == ' ' {
		unitStart++
	}
	if unitStart < len(r.Text) && r.Text[unitStart] == '%' {
		r.quantities = append(r.quantities, Quantity{Value: value, Unit: Percentage, Span: Span{start, unitStart + 1}})
		return after
	}
	unitEnd := unitStart
	for unitEnd < len(r.Text) && unitEnd-unitStart < 14 && (isLetter(r.Text[unitEnd]) || r.Text[unitEnd] >= 0x80) {
		unitEnd++
	}
	attached := unitStart == end
	sc, ok := r.unit(unitStart, unitEnd, attached)
	if !ok {
		if !attached && unitEnd > unitStart {
			r.count(i, value, Span{start, end}, unitStart, unitEnd)
		}
		return max(after, i+1)
	}
	q := Quantity{Value: value * sc.factor, Unit: sc.unit, Span: Span{start, unitEnd}}
	if rest := r.Text[unitEnd:]; strings.HasPrefix(rest, "/s") {
		q.End += len("/s")
		if strings.HasPrefix(rest, "/sec") {
			q.End += len("ec")
		}
		if sc.unit == Bytes {
			q.Unit = BytesRate
		}
	}
	// 1h30m, 2d4h: a length in parts.
	for q.Unit == Seconds && q.End < len(r.Text) && isDigit(r.char(q.End)) && attached {
		from := q.End
		to := from
		for to < len(r.Text) && isDigit(r.Text[to]) && to-from < 9 {
			to++
		}
		name := to
		for name < len(r.Text) && isLetter(r.Text[name]) && name-to < 3 {
			name++
		}
		sc, ok := r.unit(to, name, true)
		part, err := strconv.ParseFloat(r.Text[from:to], 64)
		if !ok || err != nil || sc.unit != Seconds {
			break
		}
		q.Value += part * sc.factor
		q.End = name
	}
	if !math.IsInf(q.Value, 0) {
		r.quantities = append(r.quantities, q)
	}
	for after < len(r.Tokens) && r.Tokens[after].Start < q.End {
		after++
	}
	return max(after, i+1)
}

// skipNumber gives the first token after one that is joined to it: the rest of an address or a date.
func (r *Reading) skipNumber(i int) int {
	i++
	for i < len(r.Tokens) && r.Tokens[i].Start == r.Tokens[i-1].End+1 && r.Tokens[i].Start <= len(r.Text) && isDigit(r.Tokens[i].Text[0]) &&
		strings.IndexByte("./:-", r.char(r.Tokens[i].Start-1)) >= 0 {
		i++
	}
	return i
}

// unit reads a unit at a place of the text.
func (r *Reading) unit(start, end int, attached bool) (scale, bool) {
	if start >= end {
		return scale{}, false
	}
	if end-start <= 2 {
		if sc, ok := casedUnits[r.Message[start:end]]; ok {
			return sc, sc.unit != "" && (attached || end-start == 2 || strings.IndexByte("CVWMG", r.Message[start]) >= 0)
		}
	}
	name := r.Text[start:end]
	sc, ok := unitsOf[name]
	if ok && end-start == 1 && !attached && name != "s" && name != "h" {
		return sc, false // "4 a"
	}
	return sc, ok
}

// count keeps a number of things: "47 connections".
func (r *Reading) count(i int, value float64, at Span, start, end int) {
	noun := r.Text[start:end]
	if len(noun) < 3 || noun[len(noun)-1] != 's' || strings.HasSuffix(noun, "ss") || strings.HasSuffix(noun, "us") || strings.HasSuffix(noun, "is") ||
		value != math.Trunc(value) || end < len(r.Text) && (isWord(r.Text[end]) || r.Text[end] == '[') {
		return
	}
	if noun == "times" || noun == "does" || noun == "exits" {
		return
	}
	before := r.text(i - 1)
	if before == "the" {
		before = r.text(i - 2)
	}
	if before == "of" || before == "error" || before == "code" || before == "status" || labels[before] != "" {
		return
	}
	r.quantities = append(r.quantities, Quantity{Value: value, Unit: Number, Of: r.Message[start:end], Span: at})
}

// kind is what a quantity is as an identifier.
func (q Quantity) kind() Kind {
	switch q.Unit {
	case Percentage:
		return Percent
	case Number:
		return Count
	case Seconds:
		return Duration
	case Bytes:
		return Size
	}
	return ""
}

// text is a quantity in the message's own words; a percentage without the space before its sign.
func (q Quantity) text(r *Reading) string {
	v := r.raw(q.Span)
	if q.Unit == Percentage {
		return strings.ReplaceAll(strings.TrimRight(v, " %prozentc"), ",", "") + "%"
	}
	if q.Unit == Number {
		return strings.ReplaceAll(v, ",", "")
	}
	return v
}
