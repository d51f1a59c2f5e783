package receive

import (
	"encoding/json"
	"fmt"
	"net/http"

	"corax"
)

// answer is what a receiver says to its client.
type answer struct {
	status int
	body   any // JSON; nothing where nil
	kind   string
}

const (
	jsonType    = "application/json"
	problemType = "application/problem+json" // RFC 9457
)

// details is a problem document.
type details struct {
	Title  string    `json:"title"`
	Status int       `json:"status"`
	Detail string    `json:"detail"`
	Errors []badItem `json:"errors,omitempty"`
}

// badItem names an item that can't be used.
type badItem struct {
	Index int    `json:"index"`
	Error string `json:"error"`
}

func problem(status int, detail string, errors ...badItem) answer {
	return answer{status, details{http.StatusText(status), status, detail, errors}, problemType}
}

func (a answer) write(w http.ResponseWriter) {
	if a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	w.Header().Set("Content-Type", a.kind)
	w.WriteHeader(a.status)
	_ = json.NewEncoder(w).Encode(a.body) // the client has gone, or reads it
}

// each reads a list's items, one by one, and answers with good where all can be used, else with 400 and what is wrong with the others.
func each[T any](items []T, read func(T) (corax.Signal, error), good func(stored int) answer) decoded {
	d := decoded{signals: make([]corax.Signal, 0, len(items))}
	var bad []badItem
	for n, item := range items {
		s, err := read(item)
		if err == nil {
			err = fits(s)
		}
		if err != nil {
			bad = append(bad, badItem{n, err.Error()})
			continue
		}
		d.signals = append(d.signals, s)
	}
	d.answer = good(len(d.signals))
	if len(bad) > 0 {
		d.answer = problem(http.StatusBadRequest,
			fmt.Sprintf("%d of %d items can't be used; the others are stored", len(bad), len(items)), bad...)
	}
	return d
}

// fits says that a signal's text is of a size that an alert may have.
func fits(s corax.Signal) error {
	size := len(s.Message) + len(s.Entity) + len(s.Source)
	for _, m := range []map[string]string{s.Labels, s.Attributes} {
		for k, v := range m {
			size += len(k) + len(v)
		}
	}
	if size > maxSignal {
		return fmt.Errorf("its text has %d bytes; the most is %d", size, maxSignal)
	}
	return nil
}
