package web

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"corax"
	"corax/access"
)

const (
	reportPath = "/csp-report"
	maxReport  = 16 << 10
)

// policy lets pages have what is served from here and nothing else: no script or style within a page, nothing from elsewhere.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; report-uri " + reportPath

// secure sets the headers that hold for every answer, and refuses what another site's page has sent (by Sec-Fetch-Site and Origin, as
// http.CrossOriginProtection does). With cookies that are SameSite=Strict no form needs a token of its own.
func secure(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.AddInsecureBypassPattern("POST " + reportPath) // browsers send reports as they like; they change nothing
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "this came from another site's page; nothing was done", http.StatusForbidden)
	}))
	guarded := cross.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
		h.Set("X-Robots-Tag", "noindex")
		if access.ClientFrom(r.Context()).Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		guarded.ServeHTTP(w, r)
	})
}

// reports takes what browsers say of the policy. A report means that text from outside got further than it may, or that a page of ours
// is wrong; so it is logged, a few a minute.
type reports struct {
	log   *slog.Logger
	clock corax.Clock
	tell  func(topics ...string) // that something has changed

	mu     sync.Mutex
	minute time.Time
	count  int

	all, unlogged int // since the start
}

// reportsAMinute are logged; more are counted only.
const reportsAMinute = 10

func newReports(log *slog.Logger, clock corax.Clock, tell func(topics ...string)) *reports {
	return &reports{log: log, clock: clock, tell: tell}
}

// admit says whether one more is logged, and how many were not in the minute before.
func (c *reports) admit() (ok bool, before int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if minute := c.clock.Now().Truncate(time.Minute); !minute.Equal(c.minute) {
		before = max(0, c.count-reportsAMinute)
		c.minute, c.count = minute, 0
	}
	c.count++
	c.all++
	if c.count > reportsAMinute {
		c.unlogged++
	}
	return c.count <= reportsAMinute, before
}

// counts is how many reports came since the start, and how many of them were not logged.
func (c *reports) counts() (all, unlogged int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all, c.unlogged
}

// ServeHTTP takes a report as browsers send it for report-uri.
func (c *reports) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer w.WriteHeader(http.StatusNoContent)
	ok, before := c.admit()
	if !ok {
		return
	}
	c.tell("health")
	text, err := io.ReadAll(io.LimitReader(r.Body, maxReport))
	if err != nil {
		return
	}
	var report struct {
		Report struct {
			Page      string `json:"document-uri"`
			Directive string `json:"effective-directive"`
			Violated  string `json:"violated-directive"`
			Blocked   string `json:"blocked-uri"`
			Source    string `json:"source-file"`
			Line      int    `json:"line-number"`
		} `json:"csp-report"`
	}
	if json.Unmarshal(text, &report) != nil {
		return
	}
	p := report.Report
	c.log.Warn("a browser refused something on a page", "page", cut(discreet(p.Page)), "directive", cut(p.Directive+" "+p.Violated),
		"blocked", cut(discreet(p.Blocked)), "source", cut(discreet(p.Source)), "line", p.Line, "not_logged_before", before)
}

// secretBelow are the paths below which stands a secret: links by which somebody becomes a user, or answers, and where services report what
// was answered.
var secretBelow = []string{"/setup/", "/l/", "/callbacks/", "/replies/"}

// discreet is a path or an address as the log may have it: without what is secret while a link is good, and without what was asked for.
func discreet(address string) string {
	address, _, _ = strings.Cut(address, "#")
	address, _, _ = strings.Cut(address, "?")
	for _, path := range secretBelow {
		if before, _, found := strings.Cut(address, path); found {
			address = before + path + "..."
		}
	}
	return address
}

// cut keeps a line of the log short.
func cut(s string) string { return s[:min(len(s), 200)] }
