package server

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"corax"
	"corax/access"
	"corax/store"
)

// Span says which part of a history is wanted, and how finely.
type Span struct {
	From time.Time `query:"from" doc:"a day before to where left out"`
	To   time.Time `query:"to" doc:"now where left out"`
	Step int       `query:"step" minimum:"60" maximum:"31536000" default:"3600" doc:"seconds that one span lasts; longer where less is kept"`
}

func (a api) findHistory(f Finder) {
	bounds := func(in *Span) (from, to time.Time, step time.Duration) {
		from, to = in.From, in.To
		if to.IsZero() {
			to = a.o.Clock.Now()
		}
		if from.IsZero() {
			from = to.Add(-24 * time.Hour)
		}
		return from, to, time.Duration(in.Step) * time.Second
	}
	type history struct {
		ByID
		Span
	}
	whole(a, access.RoleViewer, "monitor-histories", http.MethodGet, "/history/monitors", "What the runs of all monitors came to, by name",
		func(ctx context.Context, in *Span) ([]store.MonitorHistory, error) {
			from, to, step := bounds(in)
			if to.Sub(from)/step > 200 {
				return nil, corax.Errorf(corax.Invalid, "read the history of monitors", "more than 200 spans of all monitors at once; take a longer step")
			}
			all, err := f.Histories(ctx, from, to, step)
			return slices.SortedFunc(maps.Values(all), func(x, y store.MonitorHistory) int { return cmp.Compare(x.Monitor, y.Monitor) }), err
		})
	operation(a, access.RoleViewer, "monitor-history", http.MethodGet, "/monitors/{id}/history", "What the runs of a monitor came to",
		func(ctx context.Context, in *history) (store.MonitorHistory, error) {
			from, to, step := bounds(&in.Span)
			return f.History(ctx, in.ID, from, to, step)
		})
	type changes struct {
		ByID
		Limit int `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	}
	operation(a, access.RoleViewer, "get-monitor", http.MethodGet, "/monitors/{id}", "A monitor with its last result",
		func(ctx context.Context, in *ByID) (corax.ProbeResult, error) { return f.State(ctx, in.ID) })
	whole(a, access.RoleViewer, "monitor-changes", http.MethodGet, "/monitors/{id}/changes", "How the state of a monitor changed, the latest first",
		func(ctx context.Context, in *changes) ([]store.MonitorChange, error) {
			return f.MonitorChanges(ctx, in.ID, in.Limit)
		})
}
