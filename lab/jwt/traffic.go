package jwt

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"corax"
	"corax/lab/part"
)

// probeUser is the account with which Corax logs in; it is none of the users that count.
const probeUser = "probe"

const (
	inFlight    = 64              // requests at a time
	requestTime = 6 * time.Second // longer than a service waits for another
	reLoginGap  = time.Second     // between two logins of a user who was turned away
)

// user is somebody who works with the services.
type user struct {
	name     string
	patient  bool // waits for the end of a token that is refused; the others log in again
	mu       sync.Mutex
	token    string
	kid      string
	expires  time.Time
	refused  bool // this token was
	loggedIn time.Time
}

// traffic is the users of a lab, at a steady rate.
type traffic struct {
	env      partEnv
	client   client
	requests *http.Client
	login    string
	password string
	users    []*user
	stats    *stats
	random   *rand.Rand // used by one goroutine only
}

// runTraffic sends users to the services until ctx ends.
func runTraffic(ctx context.Context, env partEnv) error {
	c, err := newClient(env.dir)
	if err != nil {
		return err
	}
	auth := env.state.Role(roleAuth)
	if len(auth) != 1 {
		return corax.Errorf(corax.Invalid, "send traffic", "the lab has no authority")
	}
	t := &traffic{env: env, client: c, login: auth[0].URL("https", listenAPI) + env.lay.Names.Login,
		stats: newStats(env.clock, env.lay.Services), random: seeded(env.lay.Seed, "traffic"),
		requests: &http.Client{Timeout: requestTime, Transport: &http.Transport{MaxIdleConnsPerHost: 16,
			IdleConnTimeout: 10 * time.Second}}}
	defer t.requests.CloseIdleConnections()
	if t.password, err = readSecret(env.dir, "users.password"); err != nil {
		return err
	}
	creds, err := readCredentials(env.dir, credCorax, credOperator)
	if err != nil {
		return err
	}
	for i := range env.lay.Params.Users {
		t.users = append(t.users, &user{name: fmt.Sprintf("user-%03d", i+1), patient: i%2 == 1})
	}
	authKeys := auth[0].URL("http", listenAdmin) + "/keys"
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", healthy)
	mux.Handle("GET /truth", creds.Guard(func(_ string, r *http.Request) (any, error) {
		window, err := time.ParseDuration(r.FormValue("window"))
		if err != nil || window <= 0 || window > keepOutcomes {
			window = 3 * time.Second
		}
		var out struct{ Keys []key }
		if err := c.must(r.Context(), http.MethodGet, authKeys, creds[credCorax], nil, &out); err == nil {
			t.stats.exclude(out.Keys)
		}
		return t.stats.truth(window), nil
	}, credCorax, credOperator))
	g, ctx := errgroup.WithContext(ctx)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	g.Go(func() error { return part.Serve(ctx, env.listeners[listenAdmin], server) })
	g.Go(func() error {
		t.everybodyIn(ctx)
		t.everybodyServed(ctx)
		env.ready()
		t.run(ctx)
		return nil
	})
	return g.Wait()
}

// everybodyIn logs all users in, some of them with a token that they will soon change, so that tokens are of mixed
// age.
func (t *traffic) everybodyIn(ctx context.Context) {
	var g errgroup.Group
	g.SetLimit(4)
	for _, u := range t.users {
		early := time.Duration(t.random.Float64() * float64(t.env.lay.Params.TokenLifetime))
		g.Go(func() error {
			for ctx.Err() == nil {
				if t.logIn(ctx, u, false) {
					u.expires = u.expires.Add(-early)
					return nil
				}
				wait(ctx, 20*time.Millisecond) // the authority may still be starting
			}
			return nil
		})
	}
	_ = g.Wait()
}

// everybodyServed returns when each service has answered somebody as it should.
func (t *traffic) everybodyServed(ctx context.Context) {
	var g errgroup.Group
	for _, s := range t.env.lay.Services {
		g.Go(func() error {
			for ctx.Err() == nil && t.ask(ctx, t.users[0].token, s) != http.StatusOK {
				wait(ctx, 20*time.Millisecond)
			}
			return nil
		})
	}
	_ = g.Wait()
}

// logIn gets a user a new token; count says whether what came of it is part of the truth.
func (t *traffic) logIn(ctx context.Context, u *user, count bool) bool {
	token, status, err := t.client.login(ctx, t.login, u.name, t.password)
	ok := err == nil && status == http.StatusOK
	if count && ctx.Err() == nil {
		t.stats.login(ok)
	}
	if !ok {
		return false
	}
	kid, expires, err := tokenParts(token)
	if err != nil {
		return false
	}
	u.token, u.kid, u.expires, u.refused, u.loggedIn = token, kid, expires, false, t.env.clock.Now()
	return true
}

// run sends requests at a steady rate. About once a second somebody leaves and somebody new comes in his place.
func (t *traffic) run(ctx context.Context) {
	tick := time.NewTicker(time.Second / time.Duration(t.env.lay.Params.Rate))
	defer tick.Stop()
	var g errgroup.Group
	g.SetLimit(inFlight)
	defer func() { _ = g.Wait() }()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		u := t.users[t.random.IntN(len(t.users))]
		s := t.env.lay.Services[n%len(t.env.lay.Services)]
		leaves := n%t.env.lay.Params.Rate == 0
		if !g.TryGo(func() error { t.visit(ctx, u, s, leaves); return nil }) {
			t.stats.skip()
		}
	}
}

// visit is one request of a user to a service, and a login before it where he has no token.
func (t *traffic) visit(ctx context.Context, u *user, s service, leaves bool) {
	u.mu.Lock()
	now := t.env.clock.Now()
	again := u.refused && !u.patient && now.Sub(u.loggedIn) > reLoginGap
	if (leaves && !u.refused || again || !now.Before(u.expires)) && !t.logIn(ctx, u, true) {
		u.mu.Unlock()
		return
	}
	token, kid, expires := u.token, u.kid, u.expires
	u.mu.Unlock()
	sent := t.env.clock.Now()
	status := t.ask(ctx, token, s)
	if ctx.Err() != nil {
		return
	}
	t.env.audit.Write(u.name, recAnswer, "service", s.Name, "kid", kid, "status", strconv.Itoa(status), "sent", stamp(sent))
	t.stats.request(s.Name, kid, status, expires)
	if status == http.StatusUnauthorized {
		u.mu.Lock()
		u.refused = u.refused || u.token == token
		u.mu.Unlock()
	}
}

// ask sends a request to a service and gives the status of the answer, 0 where there is none.
func (t *traffic) ask(ctx context.Context, token string, s service) int {
	p, _ := t.env.state.Part(s.Name)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL("http", listenAPI)+s.Path, nil)
	if err != nil {
		return 0
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := t.requests.Do(req)
	if err != nil {
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	return resp.StatusCode
}
