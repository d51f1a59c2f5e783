package store

import (
	"encoding/binary"
	"math"
	"time"

	"corax"
)

// History is what the runs of a monitor came to within a span of time.
type History struct {
	At       time.Time     `json:"at"`   // when the span begins
	Step     time.Duration `json:"step"` // nanoseconds that it lasts
	Checks   int64         `json:"checks"`
	Failures int64         `json:"failures"`
	Sum      time.Duration `json:"sum"` // of the latencies, nanoseconds, as are the following
	Min      time.Duration `json:"min"`
	Max      time.Duration `json:"max"`
	P50      time.Duration `json:"p50"` // within a tenth
	P95      time.Duration `json:"p95"` // within a tenth
	Spread   Spread        `json:"-"`
}

// Add counts a run in.
func (h *History) Add(failed bool, latency time.Duration) {
	latency = max(latency, 0)
	if failed {
		h.Failures++
	}
	if h.Checks == 0 || latency < h.Min {
		h.Min = latency
	}
	h.Checks++
	h.Sum += latency
	h.Max = max(h.Max, latency)
	h.Spread.add(slot(latency), 1)
}

// Merge counts in what another span came to.
func (h *History) Merge(o History) {
	if o.Checks == 0 {
		return
	}
	if h.Checks == 0 || o.Min < h.Min {
		h.Min = o.Min
	}
	h.Checks, h.Failures, h.Sum, h.Max = h.Checks+o.Checks, h.Failures+o.Failures, h.Sum+o.Sum, max(h.Max, o.Max)
	for s := len(o.Spread) - 1; s >= 0; s-- { // the last first: it is made long enough once
		h.Spread.add(s, o.Spread[s])
	}
}

// Measure sets P50 and P95 from the spread.
func (h *History) Measure() {
	h.P50, h.P95 = h.quantile(0.50), h.quantile(0.95)
}

// Up is the share of runs that did not fail; 1 where there were none.
func (h *History) Up() float64 {
	if h.Checks == 0 {
		return 1
	}
	return 1 - float64(h.Failures)/float64(h.Checks)
}

// Spread counts latencies by slots that grow by a fifth, so that a slot's middle is within a tenth of all in it. Whoever adds up spreads
// loses nothing more. What is in no slot of it was never seen.
type Spread []int64

// add counts n more in a slot.
func (s *Spread) add(slot int, n int64) {
	if more := slot + 1 - len(*s); more > 0 {
		*s = append(*s, make([]int64, more)...)
	}
	(*s)[slot] += n
}

const (
	slotsFrom = 10 * time.Microsecond // what is less is in slot 0
	growth    = 1.2
	slots     = 110 // up to 70 minutes; what is more is in the last
)

func slot(d time.Duration) int {
	if d <= slotsFrom {
		return 0
	}
	return min(slots-1, 1+int(math.Log(float64(d)/float64(slotsFrom))/math.Log(growth)))
}

func (h *History) quantile(q float64) time.Duration {
	if h.Checks == 0 {
		return 0
	}
	rank, n := int64(math.Ceil(q*float64(h.Checks))), int64(0)
	for s, some := range h.Spread {
		if n += some; n >= rank {
			middle := time.Duration(float64(slotsFrom) * math.Pow(growth, float64(s)-0.5))
			return min(max(middle, h.Min), h.Max)
		}
	}
	return h.Max
}

// Encode writes a spread in a few bytes: pairs of slot and count.
func (s Spread) Encode() []byte {
	var out []byte
	for k, n := range s {
		if n > 0 {
			out = binary.AppendUvarint(binary.AppendUvarint(out, uint64(k)), uint64(n)) //nolint:gosec // neither is negative
		}
	}
	return out
}

// DecodeSpread reads what Encode wrote; what is damaged is Internal.
func DecodeSpread(data []byte) (Spread, error) {
	s := make(Spread, 0, slots/2)
	for len(data) > 0 {
		k, n := binary.Uvarint(data)
		if n <= 0 || k >= slots {
			return nil, corax.Errorf(corax.Internal, "read a spread of latencies", "%d bytes before its end it is damaged", len(data))
		}
		count, m := binary.Uvarint(data[n:])
		if m <= 0 || count > math.MaxInt64 {
			return nil, corax.Errorf(corax.Internal, "read a spread of latencies", "%d bytes before its end it is damaged", len(data))
		}
		s.add(int(k), int64(count))
		data = data[n+m:]
	}
	return s, nil
}

// MonitorHistory is what the runs of a monitor came to: one span after the other, the oldest first. Spans without runs are there, with no
// checks.
type MonitorHistory struct {
	Monitor string    `json:"monitor"`
	Spans   []History `json:"spans"`
}

// Total is all of it as one span.
func (m MonitorHistory) Total() History {
	var t History
	for i, h := range m.Spans {
		if i == 0 {
			t.At = h.At
		}
		t.Step += h.Step
		t.Merge(h)
	}
	t.Measure()
	return t
}

// MonitorRecord is what a monitor's recorder hands to the store: what the runs of a minute came to, and how its state changed.
type MonitorRecord struct {
	Minutes map[string][]History // by monitor
	Changes []MonitorChange
}

// MonitorChange is a change of a monitor's state.
type MonitorChange struct {
	Monitor string             `json:"monitor"`
	At      time.Time          `json:"at"`
	From    corax.MonitorState `json:"from"`
	To      corax.MonitorState `json:"to"`
	Message string             `json:"message"` // what was seen, in words
}

// How long histories are kept by the minute and by the hour; by the day they are kept for HistoryDays.
const (
	HistoryMinutes = 2 * 24 * time.Hour
	HistoryHours   = 60 * 24 * time.Hour
	HistoryDays    = 800 * 24 * time.Hour
)
