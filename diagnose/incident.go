package diagnose

import (
	"fmt"
	"slices"
	"strconv"

	"corax"
	read "corax/diagnose/reading"
)

// incident is the trouble of one entity within a case.
type incident struct {
	id       string
	entity   string // empty where unknown
	signals  []int
	severity corax.Severity
	change   bool // holds nothing but changes and context: it explains, it is not trouble by itself
	problem  bool // belongs to a problem
}

func (i *incident) shown() corax.CaseIncident {
	c := corax.CaseIncident{ID: i.id, Signals: i.signals, Severity: i.severity}
	if i.entity != "" {
		c.Entity = &i.entity
	}
	return c
}

func (w *work) byID(id string) *incident {
	n, _ := strconv.Atoi(id[1:])
	return &w.incidents[n-1]
}

// group folds signals into incidents: those with one fingerprint are one, and those without are one for each entity. Healthy signals are
// quiet. Changes, notes and what says nothing about health make no trouble by themselves; they wait for a problem that they belong to.
func (w *work) group() {
	byKey := map[string]int{}
	for i := range w.readings {
		r := &w.readings[i]
		kind := r.signal.KindOr()
		context := r.polarity == read.Neutral && kind == corax.Symptom && r.signal.Kind == ""
		extra := kind == corax.ChangeOf && r.polarity != read.Failing || kind == corax.Note || context
		if r.polarity != read.Failing && !(extra && len(r.hits) > 0) && !context {
			w.quiet = append(w.quiet, i)
			continue
		}
		var key string
		switch {
		case r.signal.Fingerprint != "" && kind == corax.Symptom:
			key = "f" + r.signal.Fingerprint
		case r.Entity != "":
			key = fmt.Sprintf("e%v%s", extra, r.Entity)
		default:
			key = fmt.Sprintf("s%d", i)
		}
		at, ok := byKey[key]
		if !ok {
			at = len(w.incidents)
			byKey[key] = at
			w.incidents = append(w.incidents, incident{entity: r.Entity, change: true})
		}
		inc := &w.incidents[at]
		inc.signals = append(inc.signals, i)
		inc.change = inc.change && extra
	}
	for i := range w.incidents {
		w.incidents[i].id = "i" + strconv.Itoa(i+1)
	}
}

// drop makes quiet what explains nothing, and numbers the rest anew.
func (w *work) drop(groups []group) []group {
	var kept []incident
	to := make([]int, len(w.incidents))
	for i, inc := range w.incidents {
		to[i] = -1
		if !inc.problem {
			w.quiet = append(w.quiet, inc.signals...)
			continue
		}
		to[i] = len(kept)
		inc.id = "i" + strconv.Itoa(len(kept)+1)
		kept = append(kept, inc)
	}
	for g := range groups {
		for k, i := range groups[g].incidents {
			groups[g].incidents[k] = to[i]
		}
		slices.Sort(groups[g].incidents)
	}
	w.incidents = kept
	return groups
}
