package heal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"corax"
	"corax/store"
)

// memory is a Store in memory, which writes itself to a file after each change where it has one.
type memory struct {
	mu      sync.Mutex
	path    string
	changed chan struct{}

	Problems  map[string]corax.Problem
	Plans     map[string]corax.PlanRun
	Decisions []corax.Decision
	Approvals map[string]corax.ApprovalRequest
	Events    []corax.Event
	Glasses   []corax.BreakGlass
	Results   []corax.Outcome
	Held      []corax.Cap
	Thrown    []store.Stop
}

func newMemory(path string) *memory {
	m := &memory{path: path, changed: make(chan struct{}), Problems: map[string]corax.Problem{},
		Plans:     map[string]corax.PlanRun{},
		Approvals: map[string]corax.ApprovalRequest{}}
	if text, err := os.ReadFile(path); err == nil {
		if err := json.Unmarshal(text, m); err != nil {
			panic(err)
		}
	}
	return m
}

// saved is called with the lock held.
func (m *memory) saved() error {
	close(m.changed)
	m.changed = make(chan struct{})
	if m.path == "" {
		return nil
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := os.WriteFile(m.path+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(m.path+".new", m.path)
}

// copyOf keeps what a caller changes apart from what is stored.
func copyOf[T any](v T) (out T) {
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		panic(err)
	}
	return out
}

func get[T any](m *memory, from map[string]T, id string) (T, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := from[id]
	if !ok {
		return v, corax.Errorf(corax.NotFound, "read "+id, "there is none")
	}
	return copyOf(v), nil
}

func update[T any](m *memory, in map[string]T, id string, change func(*T) error, events []corax.Event) (T, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := in[id]
	if !ok {
		return v, corax.Errorf(corax.NotFound, "update "+id, "there is none")
	}
	v = copyOf(v)
	if err := change(&v); err != nil {
		return v, err
	}
	in[id] = copyOf(v)
	m.Events = append(m.Events, events...)
	return v, m.saved()
}

func (m *memory) Problem(_ context.Context, id string) (corax.Problem, error) {
	return get(m, m.Problems, id)
}
func (m *memory) PlanRun(_ context.Context, id string) (corax.PlanRun, error) {
	return get(m, m.Plans, id)
}
func (m *memory) Approval(_ context.Context, id string) (corax.ApprovalRequest, error) {
	return get(m, m.Approvals, id)
}
func (m *memory) UpdateProblem(_ context.Context, id string, c func(*corax.Problem) error,
	e ...corax.Event) (corax.Problem, error) {
	return update(m, m.Problems, id, c, e)
}
func (m *memory) UpdatePlanRun(_ context.Context, id string, c func(*corax.PlanRun) error,
	e ...corax.Event) (corax.PlanRun, error) {
	return update(m, m.Plans, id, c, e)
}

func (m *memory) SaveDecision(_ context.Context, d corax.Decision, e ...corax.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if slices.ContainsFunc(m.Decisions, func(o corax.Decision) bool { return o.ID == d.ID }) {
		return corax.Errorf(corax.Conflict, "save decision", "known")
	}
	m.Decisions, m.Events = append(m.Decisions, copyOf(d)), append(m.Events, e...)
	return m.saved()
}

func (m *memory) SaveApproval(_ context.Context, a corax.ApprovalRequest, e ...corax.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.Approvals[a.ID] = a
	m.Events = append(m.Events, e...)
	return m.saved()
}

func (m *memory) AnswerApproval(_ context.Context, id string, a corax.Answer, e ...corax.Event) (corax.ApprovalRequest, error) {
	return update(m, m.Approvals, id, func(r *corax.ApprovalRequest) error { return r.Take(a) }, e)
}

func (m *memory) BreakGlasses(_ context.Context, after time.Time) ([]corax.BreakGlass, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(m.Glasses), func(g corax.BreakGlass) bool { return !g.ExpiresAt.After(after) }), nil
}

func (m *memory) PlanRunsSince(_ context.Context, since time.Time) (list []corax.PlanRun, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(m.Plans)) {
		if r := copyOf(m.Plans[id]); !r.State.Ended() || !r.StartedAt.Before(since) {
			list = append(list, r)
		}
	}
	return list, nil
}

func (m *memory) OpenProblems(context.Context) (n int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.Problems {
		if !p.State.Ended() {
			n++
		}
	}
	return n, nil
}

func (m *memory) Outcomes(_ context.Context, action, class string) (list []corax.Outcome, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, o := range m.Results {
		if o.Action == action && o.Class == class {
			list = append(list, o)
		}
	}
	return list, nil
}

func (m *memory) SaveOutcome(_ context.Context, o corax.Outcome) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !slices.ContainsFunc(m.Results, func(x corax.Outcome) bool { return x.ID == o.ID }) {
		m.Results = append(m.Results, o)
	}
	return m.saved()
}

func (m *memory) Caps(context.Context) ([]corax.Cap, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.Held), nil
}

func (m *memory) AppendEvents(_ context.Context, e ...corax.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.Events = append(m.Events, e...)
	return m.saved()
}

func (m *memory) Stops(context.Context) ([]store.Stop, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.Thrown), nil
}

func (m *memory) throw(s store.Stop) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.Thrown = append(m.Thrown, s)
}

// await waits until cond holds; it is asked after each change, with the lock held.
func (m *memory) await(t testing.TB, what string, cond func() bool) {
	t.Helper()
	limit := time.After(30 * time.Second)
	for {
		m.mu.Lock()
		ok, changed := cond(), m.changed
		m.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-limit:
			m.mu.Lock()
			defer m.mu.Unlock()
			t.Fatalf("never came: %s\n%s", what, m.timeline())
		}
	}
}

func (m *memory) timeline() string {
	var b strings.Builder
	for _, e := range m.Events {
		fmt.Fprintf(&b, "%-18s %-6s %-12s %s\n", e.Kind, e.Step, e.State, e.Text)
	}
	return b.String()
}

// world is a small system to heal: an authority whose signing key can be switched by compare-and-set, and services
// that must have a key before they accept what it signs. Every part has a listener of its own that can be shut.
type world struct {
	mu       sync.Mutex
	Signing  string
	Loaded   map[string][]string
	Hardened bool
	Keys     []string
	effects  map[string]int // how often each idempotency key took effect
	requests []string       // effects asked for, in order: method, path, key
	violated []string       // invariant: a key never signs while a service lacks it, from the first effect on
	hook     func(r *http.Request) int
	looked   func(part string) // called before a part answers what it has
	parts    map[string]*listener
}

type listener struct {
	addr    string
	handler http.Handler
	server  *http.Server
	done    chan struct{}
}

func (l *listener) up() {
	addr := l.addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		panic(err)
	}
	l.addr, l.server, l.done = ln.Addr().String(), &http.Server{Handler: l.handler}, make(chan struct{})
	go func() {
		defer close(l.done)
		_ = l.server.Serve(ln)
	}()
}

func (l *listener) down() {
	if l.server != nil {
		_ = l.server.Close()
		<-l.done
		l.server = nil
	}
}

var services = []string{"order", "payment", "user"}

// newWorld is in the state after a rotation that went wrong: k2 signs, and nobody but order has it.
func newWorld(t testing.TB) *world {
	w := &world{Signing: "k2", Loaded: map[string][]string{"order": {"k1", "k2"}, "payment": {"k1"}, "user": {"k1"}},
		Keys:    []string{"k1", "k2"},
		effects: map[string]int{}, parts: map[string]*listener{}}
	for _, name := range append([]string{"auth"}, services...) {
		l := &listener{handler: w.handler(name)}
		l.up()
		w.parts[name] = l
		t.Cleanup(l.down)
	}
	return w
}

func (w *world) handler(part string) http.Handler {
	mux := http.NewServeMux()
	reply := func(rw http.ResponseWriter, status int, v any) {
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(status)
		_ = json.NewEncoder(rw).Encode(v)
	}
	effect := func(rw http.ResponseWriter, r *http.Request, apply func(body map[string]string) error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		key := r.Header.Get("Idempotency-Key")
		w.requests = append(w.requests, r.Method+" "+part+r.URL.Path+" "+key)
		if key == "" || r.Header.Get("Authorization") != "Bearer sesame-sesame" {
			reply(rw, 401, map[string]string{"error": "no key or no token"})
			return
		}
		var body map[string]string
		_ = json.NewDecoder(r.Body).Decode(&body)
		if w.hook != nil {
			if status := w.hook(r); status != 0 {
				reply(rw, status, map[string]string{"error": "as the test wants"})
				return
			}
		}
		if err := apply(body); err != nil {
			reply(rw, 409, map[string]string{"error": err.Error()})
			return
		}
		w.effects[key]++
		w.invariant()
		reply(rw, 200, map[string]string{"echo": r.Header.Get("Authorization")})
	}
	mux.HandleFunc("GET /keys", func(rw http.ResponseWriter, _ *http.Request) {
		if w.looked != nil {
			w.looked(part)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if part == "auth" {
			reply(rw, 200, map[string]any{"signing": w.Signing, "keys": w.Keys, "hardened": w.Hardened})
			return
		}
		reply(rw, 200, map[string]any{"loaded": w.Loaded[part]})
	})
	mux.HandleFunc("POST /signing", func(rw http.ResponseWriter, r *http.Request) {
		effect(rw, r, func(b map[string]string) error {
			if w.Signing != b["expect"] || !slices.Contains(w.Keys, b["to"]) {
				return fmt.Errorf("signing is %s, not %s", w.Signing, b["expect"])
			}
			w.Signing = b["to"]
			return nil
		})
	})
	mux.HandleFunc("POST /deliver/{to}", func(rw http.ResponseWriter, r *http.Request) {
		effect(rw, r, func(b map[string]string) error {
			to := r.PathValue("to")
			if slices.Contains(w.Loaded[to], b["kid"]) {
				return errors.New("has it")
			}
			w.Loaded[to] = append(w.Loaded[to], b["kid"])
			return nil
		})
	})
	mux.HandleFunc("POST /remove/{from}", func(rw http.ResponseWriter, r *http.Request) {
		effect(rw, r, func(b map[string]string) error {
			from := r.PathValue("from")
			w.Loaded[from] = slices.DeleteFunc(w.Loaded[from], func(k string) bool { return k == b["kid"] })
			return nil
		})
	})
	mux.HandleFunc("POST /harden", func(rw http.ResponseWriter, r *http.Request) {
		effect(rw, r, func(map[string]string) error { w.Hardened = true; return nil })
	})
	mux.HandleFunc("POST /soften", func(rw http.ResponseWriter, r *http.Request) {
		effect(rw, r, func(map[string]string) error { w.Hardened = false; return nil })
	})
	mux.HandleFunc("POST /destroy", func(rw http.ResponseWriter, r *http.Request) {
		effect(rw, r, func(b map[string]string) error {
			w.Keys = slices.DeleteFunc(w.Keys, func(k string) bool { return k == b["kid"] })
			return nil
		})
	})
	mux.HandleFunc("GET /probe/{monitor}", func(rw http.ResponseWriter,
		r *http.Request) {
		reply(rw, 200, w.probe(r.PathValue("monitor")))
	})
	return mux
}

// invariant is called with the lock held.
func (w *world) invariant() {
	for _, s := range services {
		if !slices.Contains(w.Loaded[s], w.Signing) {
			w.violated = append(w.violated, fmt.Sprintf("%s signs, %s lacks it", w.Signing, s))
		}
	}
}

// probe is a login at the service: it works where the service has the signing key.
func (w *world) probe(monitor string) corax.ProbeResult {
	w.mu.Lock()
	defer w.mu.Unlock()
	service := strings.TrimPrefix(monitor, "login-")
	r := corax.ProbeResult{Monitor: monitor, Entity: service, State: corax.MonitorUp}
	if !slices.Contains(w.Loaded[service], w.Signing) {
		r.State, r.Message = corax.MonitorDown, "401: unknown key "+w.Signing
	}
	return r
}

func (w *world) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

func (w *world) topology() corax.Topology {
	var top corax.Topology
	add := func(id, kind string) {
		top.Entities = append(top.Entities, corax.Entity{ID: id, Kind: kind, Labels: map[string]string{"lab": "test"},
			Attributes: map[string]string{"admin_url": "http://" + w.parts[id].addr}})
	}
	add("auth", "authority")
	for _, s := range services {
		add(s, "service")
		top.Edges = append(top.Edges, corax.Edge{From: s, To: "auth", Kind: corax.TrustsIn})
	}
	return top
}

func post(url string, body map[string]any) corax.Call {
	return corax.Call{HTTP: &corax.HTTPRequest{Method: "POST", URL: url, Token: "env:HEAL_TEST_TOKEN", Body: body}}
}

func ask(url string) corax.Call { return corax.Call{HTTP: &corax.HTTPRequest{URL: url}} }

// actions are written as a user would.
func actions() []corax.Action {
	authority, service := corax.Selector{Kinds: []string{"authority"}}, corax.Selector{Kinds: []string{"service"}}
	kid := map[string]corax.Input{"kid": {Type: "string", Required: true}}
	keys := corax.Reading{Name: "keys", Call: ask("${target.attributes.admin_url}/keys")}
	stores := corax.Reading{Name: "stores", Each: true, Call: ask("${it.attributes.admin_url}/keys")}
	has := "params.kid in facts.keys.loaded"
	within := 300 * time.Millisecond
	return []corax.Action{
		{
			Name: "key.sign", Title: "Let a key sign", AppliesTo: authority, Risk: corax.Reversible, Inputs: kid,
			Related: corax.TrustsIn,
			Read:    []corax.Reading{keys, stores}, Goal: "facts.keys.signing == params.kid", Within: within,
			Timeout: 2 * time.Second,
			Precheck: []corax.Condition{
				{That: "params.kid in facts.keys.keys", Else: "key ${params.kid} is gone"},
				{That: "related.all(r, has(facts.stores[r.id].loaded) && params.kid in facts.stores[r.id].loaded)",
					Else: "not every verifier has ${params.kid}"},
			},
			Effect: post("${target.attributes.admin_url}/signing",
				map[string]any{"to": "${params.kid}", "expect": "${facts.keys.signing}"}),
			Verify:    []corax.Condition{{That: "facts.keys.signing == params.kid", Else: "${facts.keys.signing} signs"}},
			Inverse:   &corax.Inverse{Action: "key.sign", Params: map[string]string{"kid": "${before.keys.signing}"}},
			SafeState: "${params.kid} signs and every verifier has it",
		},
		{
			Name: "key.deliver", Title: "Deliver a key", AppliesTo: service, Risk: corax.Reversible, Inputs: kid,
			Within:  within,
			Timeout: 2 * time.Second, Read: []corax.Reading{keys}, Goal: has,
			Effect:   post("${root.attributes.admin_url}/deliver/${target.id}", map[string]any{"kid": "${params.kid}"}),
			Verify:   []corax.Condition{{That: has, Else: "${target.id} has ${facts.keys.loaded}"}},
			Monitors: []string{"login-${target.id}"},
			Inverse:  &corax.Inverse{Action: "key.remove", Params: map[string]string{"kid": "${params.kid}"}},
			Away:     "${target.id} refuses tokens of ${params.kid} meanwhile",
		},
		{
			Name: "key.remove", Title: "Remove a key", AppliesTo: service, Risk: corax.Reversible, Inputs: kid,
			Within: within,
			Read:   []corax.Reading{keys}, Goal: "!(" + has + ")",
			Effect:  post("${root.attributes.admin_url}/remove/${target.id}", map[string]any{"kid": "${params.kid}"}),
			Verify:  []corax.Condition{{That: "!(" + has + ")"}},
			Inverse: &corax.Inverse{Action: "key.deliver", Params: map[string]string{"kid": "${params.kid}"}},
		},
		{
			Name: "rotation.harden", Title: "Retry deliveries", AppliesTo: authority, Risk: corax.Reversible,
			Read: []corax.Reading{keys},
			Goal: "facts.keys.hardened", Effect: post("${target.attributes.admin_url}/harden", nil), Within: within,
			Verify: []corax.Condition{{That: "facts.keys.hardened"}}, Inverse: &corax.Inverse{Action: "rotation.soften"},
		},
		{
			Name: "rotation.soften", Title: "Do not retry deliveries", AppliesTo: authority, Risk: corax.Reversible,
			Within: within,
			Read:   []corax.Reading{keys}, Goal: "!facts.keys.hardened",
			Effect: post("${target.attributes.admin_url}/soften", nil),
			Verify: []corax.Condition{{That: "!facts.keys.hardened"}}, Inverse: &corax.Inverse{Action: "rotation.harden"},
		},
		{
			Name: "key.destroy", Title: "Destroy a key", AppliesTo: authority, Risk: corax.Destructive, Inputs: kid,
			Within: within,
			Read:   []corax.Reading{keys}, Goal: "!(params.kid in facts.keys.keys)",
			Precheck: []corax.Condition{{That: "facts.keys.signing != params.kid", Else: "it signs"}},
			Effect:   post("${target.attributes.admin_url}/destroy", map[string]any{"kid": "${params.kid}"}),
			Verify:   []corax.Condition{{That: "!(params.kid in facts.keys.keys)"}},
		},
	}
}

func policy() corax.Policy {
	return corax.Policy{Rules: []corax.Rule{
		{Name: "forbidden", When: `entity.id == "nobody"`, Then: corax.Deny},
		{Name: "lab", When: `entity.labels.lab == "test" && problem.confidence > 0.5`, Then: corax.Allow,
			Because: "it is a lab", Autonomy: corax.AutoMode,
			Expires: time.Minute},
	}}
}

func theStep(id, phase, action, target, kid string, purpose corax.StepPurpose) corax.Step {
	return corax.Step{ID: id, Phase: phase, Action: action, Target: target, Params: map[string]string{"kid": kid},
		Risk: corax.Reversible,
		Do:   fmt.Sprintf("%s %s at %s", action, kid, target), Purpose: purpose, Waits: action == "key.deliver"}
}

// theSteps is the plan for the world that newWorld makes.
func theSteps() []corax.Step {
	steps := []corax.Step{theStep("1", "contain", "key.sign", "auth", "k1", corax.Restore)}
	for n, s := range services {
		steps = append(steps, theStep(fmt.Sprintf("2.%d", n+1), "deliver", "key.deliver", s, "k2", corax.Fix))
	}
	return append(steps,
		theStep("3", "switch", "key.sign", "auth", "k2", corax.Fix),
		theStep("4", "harden", "rotation.harden", "auth", "", corax.Prevent))
}

// record puts a problem with its plan into the store.
func (m *memory) record(steps []corax.Step) string {
	d := corax.Diagnosis{Pattern: corax.Unknown, Severity: corax.Critical, Confidence: 0.9,
		Cascade: corax.Cascade{Cascading: true, Root: "auth", Affected: services},
		RootCause: corax.RootCause{Entity: "auth", Mechanism: "key_used_before_distributed",
			Facts: map[string]string{"kid": "k2"}}}
	plan := corax.Plan{ID: "pln-1", Problem: "prb-1", Mode: corax.AutoHeal, Steps: steps}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.Problems["prb-1"] = corax.Problem{ID: "prb-1", State: corax.ProblemOpen, Diagnosis: d, Plan: plan.ID}
	m.Plans[plan.ID] = corax.PlanRun{Plan: plan, State: corax.PlanRunning}
	if err := m.saved(); err != nil {
		panic(err)
	}
	return plan.ID
}

// options for a healer of the world; probes go over the network, so that a child process can make them as well.
func options(dir string, s Store, top corax.Topology) Options {
	base := ""
	for _, e := range top.Entities {
		if e.ID == "auth" {
			base = e.Attributes["admin_url"]
		}
	}
	return Options{
		Database: filepath.Join(dir, "heal.db"), Store: s,
		Probe: func(ctx context.Context, name string) (r corax.ProbeResult, err error) {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/probe/"+name, nil)
			if err != nil {
				return r, err
			}
			req.Close = true
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				return r, err
			}
			defer func() { _ = resp.Body.Close() }()
			return r, json.NewDecoder(resp.Body).Decode(&r)
		},
		Monitors: func(entities []string) (names []string) {
			for _, e := range entities {
				if slices.Contains(services, e) {
					names = append(names, "login-"+e)
				}
			}
			return names
		},
		Topology: func() corax.Topology { return top }, Actions: actions, Policy: policy,
		StableFor: 60 * time.Millisecond, EscalateAfter: 250 * time.Millisecond, RetryEvery: 25 * time.Millisecond,
	}
}

// bench is a world, its store and a healer at work.
type bench struct {
	testing.TB
	world  *world
	store  *memory
	healer *Healer
	told   chan string
	o      Options
}

func newBench(t testing.TB, change func(*Options)) *bench {
	t.Helper()
	t.Setenv("HEAL_TEST_TOKEN", "sesame-sesame")
	b := &bench{TB: t, world: newWorld(t), store: newMemory(""), told: make(chan string, 16)}
	b.o = options(t.TempDir(), b.store, b.world.topology())
	b.o.Escalate = func(_ context.Context, _ corax.Problem, text string) error {
		b.told <- text
		return nil
	}
	if change != nil {
		change(&b.o)
	}
	b.start()
	return b
}

func (b *bench) start() {
	b.Helper()
	h, err := New(b.o)
	if err != nil {
		b.Fatal(err)
	}
	if err := h.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.healer = h
	b.Cleanup(h.Stop)
}

// run starts the plan of these steps.
func (b *bench) run(steps []corax.Step) {
	b.Helper()
	id := b.store.record(steps)
	for range 2 { // twice is once
		if err := b.healer.Run(b.Context(), id); err != nil {
			b.Fatal(err)
		}
	}
}

// ends waits for the plan's end and holds it against what is expected.
func (b *bench) ends(plan corax.PlanState, problem corax.ProblemState) corax.PlanRun {
	b.Helper()
	b.store.await(b.TB, "the end of the plan", func() bool {
		return b.store.Plans["pln-1"].State.Ended() && (plan == corax.PlanWithdrawn ||
			b.store.Problems["prb-1"].State == problem)
	})
	run, _ := b.store.PlanRun(b.Context(), "pln-1")
	if run.State != plan {
		b.Fatalf("the plan is %s (%s), expected %s\n%s", run.State, run.Why, plan, b.store.timeline())
	}
	p, _ := b.store.Problem(b.Context(), "prb-1")
	if p.State != problem {
		b.Errorf("the problem is %s, expected %s\n%s", p.State, problem, b.store.timeline())
	}
	return run
}

func (b *bench) states(run corax.PlanRun, want string) {
	b.Helper()
	var got []string
	for _, s := range run.Plan.Steps {
		got = append(got, s.ID+" "+string(stepRun(&run, s).State))
	}
	if g := strings.Join(got, ", "); g != want {
		b.Errorf("steps:\n got %s\nwant %s\n%s", g, want, b.store.timeline())
	}
}

// escalation waits for the next text that people got.
func (b *bench) escalation(parts ...string) {
	b.Helper()
	select {
	case text := <-b.told:
		for _, p := range parts {
			if !strings.Contains(text, p) {
				b.Errorf("people were told %q, which lacks %q", text, p)
			}
		}
	case <-time.After(30 * time.Second):
		b.Fatalf("people were not told\n%s", b.store.timeline())
	}
}

// operator is somebody whose token proves the name.
func operator(name string) corax.Actor { return corax.Actor{Name: name, Via: corax.ViaToken} }

// answer says yes or no for each of the people.
func (b *bench) answer(id string, v corax.Verdict, people ...string) {
	b.Helper()
	for _, name := range people {
		if _, err := b.healer.Answer(b.Context(), id, v, operator(name)); err != nil {
			b.Fatal(err)
		}
	}
}
