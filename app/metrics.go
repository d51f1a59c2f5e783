package app

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"corax"
)

// metrics serves the App's own registry: two Apps in one process don't share one.
func (a *App) metrics() http.Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), gauges{a})
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{})
}

// gauges asks the parts at each scrape.
type gauges struct{ a *App }

var (
	streamMessages = prometheus.NewDesc("corax_stream_messages", "Messages on the stream.", nil, nil)
	streamBytes    = prometheus.NewDesc("corax_stream_bytes", "Bytes on the stream.", nil, nil)
	signalsStored  = prometheus.NewDesc("corax_signals_stored", "Signals in the store.", nil, nil)
	signalsBehind  = prometheus.NewDesc("corax_signals_unindexed", "Signals that are stored and not indexed yet.", nil, nil)
	incidentsLive  = prometheus.NewDesc("corax_incidents_live", "Incidents that have not ended.", nil, nil)
	problemsOpen   = prometheus.NewDesc("corax_problems_open", "Problems that have not ended.", nil, nil)
	monitorStates  = prometheus.NewDesc("corax_monitors", "Monitors by state.", []string{"state"}, nil)
)

// Describe implements prometheus.Collector.
func (g gauges) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(g, ch) }

// Collect implements prometheus.Collector. A part that doesn't answer is left out of the scrape.
func (g gauges) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	if s, err := g.a.bus.Stats(ctx); err == nil {
		gauge(streamMessages, float64(s.Messages))
		gauge(streamBytes, float64(s.Bytes))
	}
	if n, err := g.a.store.CountSignals(ctx); err == nil {
		gauge(signalsStored, float64(n))
	}
	if n, err := g.a.store.IndexLag(ctx); err == nil {
		gauge(signalsBehind, float64(n))
	}
	if incidents, problems, err := g.a.store.CountLive(ctx); err == nil {
		gauge(incidentsLive, float64(incidents))
		gauge(problemsOpen, float64(problems))
	}
	states := map[corax.MonitorState]int{corax.MonitorUp: 0, corax.MonitorDown: 0, corax.MonitorUnknown: 0}
	for _, m := range g.a.monitors.States() {
		states[m.State]++
	}
	for _, s := range []corax.MonitorState{corax.MonitorUp, corax.MonitorDown, corax.MonitorUnknown} {
		gauge(monitorStates, float64(states[s]), string(s))
	}
}
