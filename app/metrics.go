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
	consumerLag    = prometheus.NewDesc("corax_consumer_lag", "Messages on the stream that a subscriber has not handled.", []string{"consumer"}, nil)
	storeBytes     = prometheus.NewDesc("corax_store_bytes", "Bytes of the store that are in use.", nil, nil)
	storeLogBytes  = prometheus.NewDesc("corax_store_log_bytes", "Bytes of the store's write-ahead log.", nil, nil)
	liveListeners  = prometheus.NewDesc("corax_live_listeners", "Who follow live events.", nil, nil)
	lateMonitors   = prometheus.NewDesc("corax_monitors_late", "Monitors that have not run when they should have.", nil, nil)
	auditHead      = prometheus.NewDesc("corax_audit_entries", "Number of the audit's last entry.", nil, nil)
	auditAnchored  = prometheus.NewDesc("corax_audit_anchored", "Number of the audit's last entry that was anchored.", nil, nil)
	pageReports    = prometheus.NewDesc("corax_page_reports_total", "Reports of browsers that a page broke its policy.", nil, nil)
	refused        = prometheus.NewDesc("corax_requests_refused_total", "Requests to the API and the pages that were too many.", []string{"of"}, nil)
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
		for _, c := range s.Consumers {
			gauge(consumerLag, float64(c.Lag), c.Name)
		}
	}
	if size, err := g.a.store.Size(ctx); err == nil {
		gauge(storeBytes, float64(size))
		gauge(storeLogBytes, float64(g.a.store.LogSize()))
	}
	gauge(liveListeners, float64(g.a.live.Listeners()))
	gauge(lateMonitors, float64(len(g.a.watching(g.a.o.Clock.Now()).Late)))
	gauge(auditHead, float64(g.a.store.AuditHead().Seq))
	_, anchored := g.a.anchorer.Last()
	gauge(auditAnchored, float64(anchored))
	if g.a.front != nil {
		n, _ := g.a.front.Refused()
		ch <- prometheus.MustNewConstMetric(pageReports, prometheus.CounterValue, float64(n))
	}
	people, anonymous := g.a.limiter.Refused()
	ch <- prometheus.MustNewConstMetric(refused, prometheus.CounterValue, float64(people), "people")
	ch <- prometheus.MustNewConstMetric(refused, prometheus.CounterValue, float64(anonymous), "anonymous")
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
