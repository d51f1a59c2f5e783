// Package web is Corax's pages: what happened, why, and what is being done, for people, on a wall and on a phone. Requests come in, calls
// to the same methods that the API makes go out, HTML from templates comes back; nothing is decided here.
//
// Each area of the pages is one file (and its templates under pages/) that gives an area: its entries in the navigation, its pages, and
// what can be done on them. Who may see a page or do something is declared beside it, and denied where nothing is declared. Every page
// works without script; with it, the parts of a page whose data has changed are fetched again.
package web

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"embed"
	"errors"
	"html/template"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/klauspost/compress/gzhttp"

	"corax"
	"corax/access"
	"corax/config/decode"
	"corax/live"
	"corax/web/draw"
	"corax/web/ui"
)

//go:embed pages/*.html
var pageFiles embed.FS

// maxForm is how much a form may send, in bytes.
const maxForm = 64 << 10

// Options are the surroundings of the pages. What reads and acts already limits itself to what the context's principal may see.
type Options struct {
	Records  Records
	Controls Controls
	Exports  Exports
	Live     *live.Hub // nil: nothing is live
	// Known takes the secrets that are known out of what is shown, as a last resort; may be nil.
	Known   func(html string) string
	Limit   *access.Limiter // how often pages may be asked for; nil: as often as one likes
	Version string
	Clock   corax.Clock
	Log     *slog.Logger

	// Areas of their own: what they read and set in motion. An area whose fields are nil is left out.

	Accounts Accounts

	Find Finder
	Tend Tender

	Topology    Topologies
	Learned     func(ctx context.Context) ([]draw.LearnedEdge, error) // relations that were seen and not declared; may be nil
	Hands       Hands
	People      People
	Emergencies Emergencies

	Scenarios  Scenarios
	FirstSteps FirstSteps
	// MonitorFiles is nil where the pages leave the configuration alone.
	MonitorFiles MonitorFiles

	Actions   Actions
	Policies  Policies
	Audit     Audit
	Knowledge Knowledge
	Health    Health
	Settings  Settings
}

// areas are those that the pages are made of, in the order of the navigation.
func (p *pages) areas() []area {
	return slices.Concat(
		p.overview(), p.problems(),
		p.incidents(), p.signals(), p.monitors(), p.monitorEdits(), p.changes(), p.topology(),
		p.approvals(), p.sites(), p.notifications(),
		p.actions(), p.policies(), p.audit(), p.knowledge(),
		p.scenarios(), p.welcome(),
		p.health(), p.settings(), p.accounts(),
	)
}

// area is a part of the pages. Areas know nothing of each other but their URLs.
type area struct {
	Nav       []entry
	Pages     []page
	Actions   []action
	Downloads []download
	Funcs     template.FuncMap // what its templates need beyond those of ui
	Files     []string         // templates under pages/ that all its pages share
	// Shared are templates that another package has for the area, SharedFiles their names.
	Shared      fs.FS
	SharedFiles []string
}

// entry is a place in the navigation.
type entry struct {
	Group string // heading under which it stands; empty for the first group
	ui.NavItem
	Count func(ctx context.Context) int // of what waits there; may be nil
}

// page is something that is looked at. GET shows it and changes nothing.
type page struct {
	Path   string      // as chi takes it: /problems/{id}
	File   string      // of its template under pages/, which defines "main" and its regions
	Role   access.Role // the least that sees it
	Public bool        // anybody sees it, also who is not known: login
	Load   func(r *http.Request) (*ui.View, error)
}

// action is something that is done by a form. It answers with a page to go to, and what to say there.
type action struct {
	Path   string
	Role   access.Role // the least that may
	Public bool
	File   string // of the template for an answer that is shown at once
	Do     func(r *http.Request) (done, error)
}

// done is what came of an action.
type done struct {
	To      string // path of the page to show; where it came from if empty
	Said    string // what to tell there; may be empty
	Cookies []*http.Cookie

	// View is shown at once instead, by the action's template: a form that was refused, or a secret that is shown this once.
	View   *ui.View
	Status int           // of such an answer; 200 if 0
	After  time.Duration // when to try again; 0 says nothing
}

// download is something that is fetched as a file, or in another format than HTML.
type download struct {
	Path  string
	Role  access.Role
	Serve func(w http.ResponseWriter, r *http.Request) error
}

// pages is the handler.
type pages struct {
	o        Options
	ui       *ui.UI
	nav      []entry
	routes   []Route
	router   chi.Router
	errors   ui.Page
	login    bool // there is a page to log in
	attempts attempts
	compress func(http.Handler) http.HandlerFunc
	verified verifications
}

// Route is one thing that the pages serve, for tests that walk all of them.
type Route struct {
	Method, Path string
	Role         access.Role
	Public       bool
}

// Handler serves the pages, and says what it serves.
type Handler struct {
	http.Handler
	Routes []Route
	UI     *ui.UI

	reports *reports
}

// Refused is how often browsers have told that they refused something on a page, and how many of these reports were not logged.
func (h *Handler) Refused() (reports, unlogged int) { return h.reports.counts() }

// New makes the handler of all pages. It fails where a template can't be used.
func New(o Options) (*Handler, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	u, err := ui.Load(ui.Options{Clock: o.Clock})
	if err != nil {
		return nil, err
	}
	p := &pages{o: o, ui: u, router: chi.NewRouter()}
	if p.errors, err = u.Parse(pageFiles, nil, "pages/error.html"); err != nil {
		return nil, err
	}
	if p.compress, err = gzhttp.NewWrapper(gzhttp.MinSize(leastCompressed), gzhttp.CompressionLevel(gzip.BestSpeed)); err != nil {
		return nil, err
	}
	p.router.Use(middleware.GetHead, p.limited)
	if o.Live != nil {
		p.router.Use(p.marked)
	}
	p.router.Handle(ui.Prefix+"*", u.Assets)
	refused := newReports(o.Log, o.Clock, p.tell)
	p.router.Post(reportPath, refused.ServeHTTP)
	p.route(http.MethodPost, "/theme", access.RoleNone, true, setTheme)
	if o.Live != nil {
		p.router.Get(livePath, p.guard(access.RoleViewer, false, p.stream(o.Live)))
	}
	p.router.NotFound(func(w http.ResponseWriter, r *http.Request) {
		p.fail(w, r, corax.Errorf(corax.NotFound, "", "there is no page %s", r.URL.Path))
	})
	p.router.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		p.fail(w, r, corax.Errorf(corax.NotFound, "", "nothing can be done this way at %s", r.URL.Path))
	})
	for _, a := range p.areas() {
		if err := p.mount(a); err != nil {
			return nil, err
		}
	}
	return &Handler{Handler: secure(p.router), Routes: p.routes, UI: u, reports: refused}, nil
}

func (p *pages) mount(a area) error {
	p.nav = append(p.nav, a.Nav...)
	for _, g := range a.Pages {
		t, err := p.parse(a, g.File)
		if err != nil {
			return err
		}
		p.login = p.login || g.Path == loginPath
		p.route(http.MethodGet, g.Path, g.Role, g.Public, p.compressed(func(w http.ResponseWriter, r *http.Request) {
			v, err := g.Load(r)
			if err == nil {
				err = p.show(w, r, t, v, http.StatusOK)
			}
			if err != nil {
				p.fail(w, r, err)
			}
		}))
	}
	for _, c := range a.Actions {
		var t ui.Page
		if c.File != "" {
			var err error
			if t, err = p.parse(a, c.File); err != nil {
				return err
			}
		}
		p.route(http.MethodPost, c.Path, c.Role, c.Public, func(w http.ResponseWriter, r *http.Request) { p.act(w, r, t, c.Do) })
	}
	for _, d := range a.Downloads {
		p.route(http.MethodGet, d.Path, d.Role, false, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-store")
			if err := d.Serve(w, r); err != nil {
				p.fail(w, r, err)
			}
		})
	}
	return nil
}

// parse reads the template of a page, with those that its area shares.
func (p *pages) parse(a area, file string) (ui.Page, error) {
	files := []string{"pages/" + file}
	for _, f := range a.Files {
		files = append(files, "pages/"+f)
	}
	t, err := p.ui.Parse(pageFiles, a.Funcs, files...)
	if err == nil && len(a.SharedFiles) > 0 {
		t, err = t.With(a.Shared, a.SharedFiles...)
	}
	if err != nil {
		return t, corax.Errorf(corax.Internal, "read the template "+file, "%w", err)
	}
	return t, nil
}

func (p *pages) route(method, path string, role access.Role, public bool, h http.HandlerFunc) {
	p.routes = append(p.routes, Route{method, path, role, public})
	p.router.Method(method, path, p.guard(role, public, h))
}

const (
	loginPath = "/login"
	livePath  = "/live"
)

// leastCompressed is how many bytes a page has that is worth compressing: below, it goes into a packet or two anyway.
const leastCompressed = 2048

// compressed has pages sent compressed to browsers that take that. Answers to forms are not pages: one may hold a secret, and how well that
// compresses with what somebody else had a say in would tell of it.
func (p *pages) compressed(page http.HandlerFunc) http.HandlerFunc {
	compressed := p.compress(page)
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			compressed(w, r)
			return
		}
		page(w, r) // its head alone
	}
}

// guard lets through who has the role. Who is not known is sent to log in.
func (p *pages) guard(role access.Role, public bool, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who := access.From(r.Context())
		switch {
		case !public && who.May(role) && who.Limited() && !minds(r.URL.Path):
			p.fail(w, r, &corax.Error{Code: corax.Forbidden, Op: "open " + r.URL.Path, Err: errors.New("it concerns everything, and you have a scope"),
				Hint: "ask somebody without a scope"})
		case public || who.May(role):
			h(w, r)
		case who.Known():
			p.fail(w, r, &corax.Error{Code: corax.Forbidden, Op: "open " + r.URL.Path, Err: errors.New("it takes the role " + role.String() +
				", and you are " + who.Role.String()), Hint: "ask an administrator"})
		case p.login && r.Method == http.MethodGet && r.Header.Get(regionHeader) == "" && r.URL.Path != livePath: // which nobody reads as a page
			to := loginPath
			if r.URL.Path != "/" {
				to = loginPath + "?next=" + template.URLQueryEscaper(r.URL.RequestURI())
			}
			http.Redirect(w, r, to, http.StatusSeeOther)
		default:
			p.fail(w, r, errUnknown)
		}
	}
}

// errUnknown is the answer to who is not known.
var errUnknown = &corax.Error{Code: corax.Forbidden, Err: errors.New("who are you?"), Hint: "log in, and try again"}

// act does what a form asks for, and goes to a page: what was done isn't done again by loading that.
func (p *pages) act(w http.ResponseWriter, r *http.Request, t ui.Page, do func(*http.Request) (done, error)) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		p.fail(w, r, corax.Errorf(corax.Invalid, "read the form", "%w", err))
		return
	}
	d, err := do(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	for _, c := range d.Cookies {
		http.SetCookie(w, c)
	}
	if d.View != nil {
		if d.After > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(d.After.Seconds())+1))
		}
		if err := p.show(w, r, t, d.View, cmp.Or(d.Status, http.StatusOK)); err != nil {
			p.fail(w, r, err)
		}
		return
	}
	if d.Said != "" {
		http.SetCookie(w, flashCookie(r, ui.Flash{Tone: "ok", Text: d.Said}))
	}
	http.Redirect(w, r, cmp.Or(d.To, back(r)), http.StatusSeeOther)
}

// tell says to all who look that what these topics are about has changed.
func (p *pages) tell(topics ...string) {
	if p.o.Live != nil {
		p.o.Live.Publish(topics...)
	}
}

// limited lets through who has not asked too often of late. Styles and scripts are not counted: a first visit asks for all of them at once.
func (p *pages) limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, ui.Prefix) {
			admit := p.o.Limit.Admit
			if r.Method == http.MethodGet && r.Header.Get("X-Corax-Region") != "" {
				admit = p.o.Limit.AdmitRefresh
			}
			if err := admit(access.From(r.Context()), access.ClientFrom(r.Context())); err != nil {
				p.fail(w, r, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// liveMark is the key of where the live stream stood when a request came.
type liveMark struct{}

// marked notes where the live stream stands before anything is read for a page: the page listens from there on, so that it hears of all that
// happens while it is made and on its way.
func (p *pages) marked(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), liveMark{}, p.o.Live.At())))
	})
}

// regionHeader is sent by the script that fetches parts of a page.
const regionHeader = "X-Corax-Region"

// show writes a page, or the regions of it that are asked for.
func (p *pages) show(w http.ResponseWriter, r *http.Request, t ui.Page, v *ui.View, status int) error {
	var b bytes.Buffer
	regions := r.URL.Query()["region"]
	p.frame(w, r, v, len(regions) > 0)
	if len(regions) == 0 {
		if err := t.Render(&b, v); err != nil {
			return corax.Errorf(corax.Internal, "write page "+discreet(r.URL.Path), "%w", err)
		}
	}
	for _, name := range regions {
		if err := t.RenderRegion(&b, name, v); err != nil {
			return err
		}
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	text := b.String()
	if p.o.Known != nil {
		text = p.o.Known(text)
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // who has gone away can't be told
	return nil
}

// frame sets what the frame shows around the page. Regions show no navigation, and so need none.
func (p *pages) frame(w http.ResponseWriter, r *http.Request, v *ui.View, region bool) {
	ctx := r.Context()
	v.Who, v.Now, v.Version, v.Path, v.URL = access.From(ctx), p.o.Clock.Now(), p.o.Version, r.URL.Path, r.URL.RequestURI()
	if v.Who.Known() {
		v.Live, _ = ctx.Value(liveMark{}).(string)
	}
	v.Theme = theme(r)
	if v.Plain { // the page of login too says what came of what was done
		if !region {
			v.Flash = takeFlash(w, r)
		}
		return
	}
	regions := r.URL.Query()["region"]
	// The overview says it larger, and a region other than that of the line doesn't show it.
	if v.Who.Known() && v.Path != "/" && (!region || slices.Contains(regions, "status")) {
		v.Status = p.status(ctx)
	}
	if region {
		return
	}
	v.Flash = takeFlash(w, r)
	v.Nav = p.navigation(ctx, v)
	if v.Who.Limited() { // not to pages that are refused
		v.Trail = slices.DeleteFunc(slices.Clone(v.Trail), func(c ui.Crumb) bool {
			path, _, _ := strings.Cut(c.URL, "?")
			return path != "" && !minds(path)
		})
	}
}

// navigation is what the principal may see of it.
func (p *pages) navigation(ctx context.Context, v *ui.View) []ui.NavGroup {
	var groups []ui.NavGroup
	current := -1
	for _, e := range p.nav {
		if !p.opens(v.Who, e) {
			continue
		}
		i := slices.IndexFunc(groups, func(g ui.NavGroup) bool { return g.Text == e.Group })
		if i < 0 {
			groups = append(groups, ui.NavGroup{Text: e.Group})
			i = len(groups) - 1
		}
		item := e.NavItem
		if e.Count != nil {
			item.Count = e.Count(ctx)
		}
		if within(v.Path, item.URL) {
			current = max(current, len(item.URL))
		}
		groups[i].Items = append(groups[i].Items, item)
	}
	for _, g := range groups {
		for i := range g.Items {
			g.Items[i].Current = within(v.Path, g.Items[i].URL) && len(g.Items[i].URL) == current
		}
	}
	return groups
}

// opens says whether the page of an entry is shown to somebody, as guard decides.
func (p *pages) opens(who access.Principal, e entry) bool {
	path, _, _ := strings.Cut(e.URL, "?")
	need := cmp.Or(e.Role, access.RoleViewer)
	if i := slices.IndexFunc(p.routes, func(r Route) bool { return r.Method == http.MethodGet && r.Path == path }); i >= 0 {
		need = max(need, p.routes[i].Role)
	}
	return who.May(need) && (!who.Limited() || minds(path))
}

// within says whether a path is an entry's page or stands below it.
func within(path, entry string) bool {
	entry, _, _ = strings.Cut(entry, "?")
	return path == entry || entry != "/" && strings.HasPrefix(path, entry+"/")
}

// statuses are the HTTP statuses of errors.
var statuses = map[corax.Code]int{
	corax.Invalid: http.StatusUnprocessableEntity, corax.NotFound: http.StatusNotFound, corax.Conflict: http.StatusConflict,
	corax.Forbidden: http.StatusForbidden, corax.Unavailable: http.StatusServiceUnavailable,
}

// problem is what the page of an error shows.
type problem struct {
	Status int
	Text   string
	Hint   string
	Faults []decode.Problem // of a text that somebody wrote, each with its place
	Back   string
}

// fail shows an error as a page. What is our own defect is logged, not shown.
func (p *pages) fail(w http.ResponseWriter, r *http.Request, err error) {
	var faults decode.Errors
	var over access.Overrun
	d := problem{Status: cmp.Or(statuses[corax.CodeOf(err)], http.StatusInternalServerError), Text: ui.Upper(err.Error()), Hint: corax.HintOf(err)}
	switch {
	case errors.Is(err, errUnknown):
		d.Status = http.StatusUnauthorized
	case errors.As(err, &over):
		d.Status = http.StatusTooManyRequests
		w.Header().Set("Retry-After", strconv.Itoa(over.Seconds()))
	case errors.As(err, &faults):
		d.Text, d.Hint, d.Faults = "This can't be used as it is written", "nothing was changed", faults
	case errors.Is(err, context.Canceled):
		d.Status, d.Text = http.StatusServiceUnavailable, "Stopping"
	case d.Status == http.StatusInternalServerError:
		p.o.Log.Error("a page failed", "path", discreet(r.URL.Path), "error", err)
		d.Text, d.Hint = "Something is wrong with Corax itself", "the log of the server says more"
	}
	if r.Method == http.MethodPost {
		d.Back = back(r)
	}
	r = r.Clone(r.Context())
	r.URL.RawQuery = ""
	if u, err := url.Parse(d.Back); err == nil && d.Back != "" { // the frame's own forms lead back to a page, not to what was to be done
		r.URL = &url.URL{Path: u.Path}
	}
	v := &ui.View{Title: http.StatusText(d.Status), Data: d, Plain: !access.From(r.Context()).Known() || over.After > 0} // to refuse costs less than to serve
	if err := p.show(w, r, p.errors, v, d.Status); err != nil {
		p.o.Log.Error("the page of an error failed", "path", discreet(r.URL.Path), "error", err)
		http.Error(w, d.Text, d.Status)
	}
}
