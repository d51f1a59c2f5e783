package draw

import (
	"fmt"
	"html/template"
	"math"
	"math/rand/v2"
	"time"

	"corax"
)

var start = time.Date(2026, 11, 3, 2, 0, 0, 0, time.UTC)

func page(id string) string { return "/entities/" + id }

// rotation is the outage of the lab: a key is rotated while four of seven verifiers can't be reached.
func rotation() (corax.Topology, corax.Diagnosis, map[string]time.Time) {
	t := corax.Topology{Entities: []corax.Entity{{ID: "auth", Kind: "service"}, {ID: "signing-key", Kind: "key"}, {ID: "auth-db", Kind: "database"}, {ID: "web-shop", Kind: "client"}}}
	t.Edges = append(t.Edges, corax.Edge{From: "auth", To: "signing-key", Kind: corax.TrustsIn}, corax.Edge{From: "auth", To: "auth-db", Kind: corax.DependsOn})
	names := []string{"user", "order", "payment", "messages", "analytics", "search", "notification"}
	for _, n := range names {
		t.Entities = append(t.Entities, corax.Entity{ID: n, Kind: "service", Name: n + "-svc"})
		t.Edges = append(t.Edges, corax.Edge{From: n, To: "auth", Kind: corax.TrustsIn})
	}
	t.Edges = append(t.Edges, corax.Edge{From: "web-shop", To: "order", Kind: corax.DependsOn}, corax.Edge{From: "web-shop", To: "payment", Kind: corax.DependsOn})
	d := corax.Diagnosis{Severity: corax.Critical, Cascade: corax.Cascade{Cascading: true, Root: "auth", Affected: []string{"user", "order", "messages", "analytics", "web-shop"}, Depth: 2}}
	seen := map[string]time.Time{}
	for i, id := range []string{"messages", "analytics", "user", "order", "web-shop"} {
		seen[id] = start.Add(time.Duration(i*i) * 370 * time.Millisecond)
	}
	return t, d, seen
}

// symmetric is a fault of one host that all that runs on it feels in the same way.
func symmetric() (corax.Topology, corax.Diagnosis, map[string]time.Time) {
	t := corax.Topology{Entities: []corax.Entity{{ID: "rack-2", Kind: "rack"}, {ID: "host-7", Kind: "host"}}, Edges: []corax.Edge{{From: "host-7", To: "rack-2", Kind: corax.RunsOn}}}
	d := corax.Diagnosis{Severity: corax.High, Cascade: corax.Cascade{Cascading: true, Root: "host-7", Depth: 1}}
	seen := map[string]time.Time{"host-7": start}
	for i := range 16 {
		id := fmt.Sprintf("vm-%d", i)
		t.Entities = append(t.Entities, corax.Entity{ID: id, Kind: "vm"})
		t.Edges = append(t.Edges, corax.Edge{From: id, To: "host-7", Kind: corax.RunsOn})
		if i < 11 {
			d.Cascade.Affected = append(d.Cascade.Affected, id)
			seen[id] = start.Add(time.Duration(i) * 1700 * time.Millisecond)
		}
	}
	return t, d, seen
}

// shop is a topology with every kind of edge, states, and learned edges.
func shop() (corax.Topology, TopologyOptions) {
	var t corax.Topology
	add := func(kind string, ids ...string) {
		for _, id := range ids {
			t.Entities = append(t.Entities, corax.Entity{ID: id, Kind: kind, Labels: map[string]string{"site": "berlin"}})
		}
	}
	edge := func(kind corax.EdgeKind, from string, to ...string) {
		for _, id := range to {
			t.Edges = append(t.Edges, corax.Edge{From: from, To: id, Kind: kind})
		}
	}
	add("client", "browser", "mobile-app")
	add("gateway", "edge-gateway")
	add("service", "storefront", "checkout", "catalogue", "search", "payment", "mailer")
	add("database", "orders-db", "catalogue-db")
	add("queue", "events")
	add("host", "host-a", "host-b")
	add("switch", "core-switch")
	add("certificate", "wildcard-cert")
	add("cache", "redis-1")
	edge(corax.DependsOn, "browser", "edge-gateway")
	edge(corax.DependsOn, "mobile-app", "edge-gateway")
	edge(corax.DependsOn, "edge-gateway", "storefront", "checkout")
	edge(corax.TrustsIn, "edge-gateway", "wildcard-cert")
	edge(corax.DependsOn, "storefront", "catalogue", "search", "redis-1")
	edge(corax.DependsOn, "checkout", "payment", "orders-db", "events")
	edge(corax.DependsOn, "catalogue", "catalogue-db")
	edge(corax.DependsOn, "mailer", "events")
	edge(corax.RunsOn, "orders-db", "host-a")
	edge(corax.RunsOn, "catalogue-db", "host-b")
	edge(corax.ConnectsTo, "host-a", "core-switch")
	edge(corax.ConnectsTo, "host-b", "core-switch")
	o := TopologyOptions{Href: page, Chosen: "checkout", State: map[string]Condition{}}
	for _, e := range t.Entities {
		o.State[e.ID] = Condition{Healthy: true}
	}
	delete(o.State, "mobile-app")
	o.State["orders-db"] = Condition{Severity: corax.Critical}
	o.State["checkout"] = Condition{Severity: corax.High}
	o.State["events"] = Condition{Severity: corax.Medium}
	o.State["search"] = Condition{Severity: corax.Low}
	o.Learned = []LearnedEdge{
		{corax.Edge{From: "search", To: "catalogue-db", Kind: corax.DependsOn}, 23, false}, {corax.Edge{From: "payment", To: "redis-1", Kind: "fails_together"}, 7, true},
		{corax.Edge{From: "checkout", To: "payment", Kind: corax.DependsOn}, 90, false},
	}
	return t, o
}

// wideOutage has n entities: a root, and three layers that feel it.
func wideOutage(n int) (corax.Topology, corax.Diagnosis, map[string]time.Time) {
	r := rand.New(rand.NewPCG(1, 2))
	t := corax.Topology{}
	d := corax.Diagnosis{Severity: corax.High, Cascade: corax.Cascade{Cascading: true, Root: "core-0"}}
	seen := map[string]time.Time{"core-0": start}
	for i := range n {
		id := fmt.Sprintf("core-%d", i)
		t.Entities = append(t.Entities, corax.Entity{ID: id, Kind: []string{"service", "host", "database"}[i%3]})
		if i == 0 {
			continue
		}
		d.Cascade.Affected = append(d.Cascade.Affected, id)
		seen[id] = start.Add(time.Duration(i) * 410 * time.Millisecond)
		t.Edges = append(t.Edges, corax.Edge{From: id, To: fmt.Sprintf("core-%d", r.IntN(1+i/3)), Kind: corax.DependsOn})
		if i%4 == 0 {
			t.Edges = append(t.Edges, corax.Edge{From: id, To: fmt.Sprintf("core-%d", r.IntN(i)), Kind: corax.DependsOn})
		}
	}
	return t, d, seen
}

// estate is a large topology: sites with hosts, services on them that need each other.
func estate(n int) (corax.Topology, TopologyOptions) {
	r := rand.New(rand.NewPCG(7, uint64(n)))
	var t corax.Topology
	o := TopologyOptions{GroupBy: "site", GroupHref: func(g string) string { return "?open=" + g }, State: map[string]Condition{}}
	for i := range n {
		kind := []string{"host", "service", "service", "service", "database"}[i%5]
		e := corax.Entity{ID: fmt.Sprintf("%s-%03d", kind, i), Kind: kind, Labels: map[string]string{"site": []string{"berlin", "oslo", "lyon", "porto", "gdansk"}[i*i%5]}}
		if i%3 == 0 {
			e.Labels["site"] = fmt.Sprintf("%s-%d", e.Labels["site"], i%2)
		}
		t.Entities = append(t.Entities, e)
		o.State[e.ID] = Condition{Healthy: true}
		if i%97 == 5 {
			o.State[e.ID] = Condition{Severity: corax.High}
		}
		for range 2 {
			if i > 0 {
				t.Edges = append(t.Edges, corax.Edge{From: e.ID, To: t.Entities[r.IntN(i)].ID, Kind: corax.DependsOn})
			}
		}
	}
	return t, o
}

func samples() map[string]template.HTML {
	all := map[string]template.HTML{}
	t, d, seen := rotation()
	all["cascade-rotation"] = Cascade(t, d, CascadeOptions{Seen: seen, Href: page})
	all["cascade-alone"] = Cascade(corax.Topology{}, corax.Diagnosis{Severity: corax.Medium, RootCause: corax.RootCause{Entity: "backup-disk"}}, CascadeOptions{})
	all["cascade-unknown"] = Cascade(corax.Topology{}, corax.Diagnosis{Severity: corax.Medium, Cascade: corax.Cascade{Root: "switch-3", Affected: []string{"cam-1", "cam-2"}}}, CascadeOptions{})
	t, d, seen = symmetric()
	all["cascade-twins"] = Cascade(t, d, CascadeOptions{Seen: seen, Href: page})
	t, d, seen = wideOutage(30)
	all["cascade-wide"] = Cascade(t, d, CascadeOptions{Seen: seen})
	t, o := shop()
	all["topology-shop"] = Topology(t, o)
	o.Hops = 1
	all["topology-around"] = Topology(t, o)
	all["topology-empty"] = Topology(corax.Topology{}, TopologyOptions{})
	t, o = estate(300)
	all["topology-folded"] = Topology(t, o)
	var values []float64
	var latency []LatencyPoint
	var days []Bucket
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 48 {
		v := 40 + 12*math.Sin(float64(i)/5) + 10*r.Float64()
		values = append(values, v)
		p := LatencyPoint{At: start.Add(time.Duration(i) * 30 * time.Minute), P50: time.Duration(v * 1e6), P95: time.Duration((v + 20 + 40*r.Float64()) * 1e6), Runs: 30}
		if i > 20 && i < 26 || i == 40 {
			p, values[i] = LatencyPoint{At: p.At}, math.NaN()
		}
		if i == 19 || i == 20 {
			p.Failed = 12
			p.P95 *= 2
		}
		latency = append(latency, p)
	}
	for i := range 90 {
		b := Bucket{From: start.AddDate(0, 0, i-90), To: start.AddDate(0, 0, i-89), Up: 24 * time.Hour}
		switch {
		case i < 9:
			b.Up = 0
		case i == 40:
			b.Up, b.Down = 18*time.Hour, 6*time.Hour
		case i == 71:
			b.Up, b.Down = 24*time.Hour-40*time.Second, 40*time.Second
		case i == 80:
			b.Up, b.Down = 0, 24*time.Hour
		}
		days = append(days, b)
	}
	all["sparkline"] = Sparkline("Latency of the last day", values)
	all["sparkline-empty"] = Sparkline("Latency of the last day", nil)
	all["latency"] = Latency("Latency of user-login", latency, 30*time.Minute)
	all["latency-empty"] = Latency("Latency of user-login", nil, time.Minute)
	all["uptime"] = Uptime("user-login, the last 90 days", days)
	var runs []Run
	for i := range 20 {
		runs = append(runs, Run{At: start.AddDate(0, 0, i), Passed: min(30, 24+i/3+i%3), Total: 30, Label: fmt.Sprintf("v0.%d", i), Href: fmt.Sprintf("/runs/%d", i)})
	}
	all["passrate"] = PassRate("Scenarios that passed", runs)
	all["reliability"] = Reliability("Confidence against outcome", []Bin{{0.15, 1, 9}, {0.35, 6, 14}, {0.55, 15, 25}, {0.75, 33, 41}, {0.95, 190, 198}})
	s := func(v float64) time.Duration { return time.Duration(v * float64(time.Second)) }
	outage := []Milestone{{"injected", 0, PhaseBroken}, {"first symptom", s(0.58), NoPhase}, {"diagnosed", s(2.59), NoPhase}, {"contained", s(3.07), PhaseContained},
		{"healed", s(9.21), PhaseHealed}, {"closed", s(32.36), PhaseClosed}}
	all["strip"], all["narrow"] = strip("strip", 760, outage, s(32.5)), strip("narrow", 350, outage, s(32.5))
	return all
}
