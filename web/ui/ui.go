// Package ui is the design system of Corax's pages: the frame, the parts that pages are made of, styles, scripts and the font. All of it is
// in the binary. It knows how things look and what they are called, never where they come from.
//
// A page is a template file that defines "main" (and "region-..." parts, which are fetched again by themselves when something changes).
// Load gives the templates of the frame and of the parts; Parse adds a page's file to a copy of them. What pages show goes through
// html/template; what comes from outside is text, whatever it looks like.
package ui

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"strings"
	"time"

	"corax"
	"corax/access"
	"corax/web/draw"
)

//go:embed parts
var parts embed.FS

// UI is the design system, ready for use by many goroutines.
type UI struct {
	*Assets
	base *template.Template
}

// Options are the surroundings of a UI.
type Options struct {
	Clock corax.Clock // by which times are said as "3 min ago"
}

// Load reads the design system.
func Load(o Options) (*UI, error) {
	assets, err := loadAssets([]byte(draw.CSS()))
	if err != nil {
		return nil, fmt.Errorf("load the styles: %w", err)
	}
	u := &UI{Assets: assets}
	p := &partsOf{}
	if u.base, err = template.New("ui").Funcs(u.funcs(o.Clock, p)).ParseFS(parts, "parts/*.html"); err != nil {
		return nil, fmt.Errorf("load the parts: %w", err)
	}
	p.t, err = u.base.Clone()
	return u, err
}

// Page is the templates of one page.
type Page struct{ t *template.Template }

// Parse reads files of a page over the frame and the parts. funcs are those that its area needs beyond those of the UI; may be nil.
func (u *UI) Parse(from fs.FS, funcs template.FuncMap, files ...string) (Page, error) {
	t, err := u.base.Clone()
	if err != nil {
		return Page{}, err
	}
	t, err = t.Funcs(funcs).ParseFS(from, files...)
	return Page{t}, err
}

// With adds templates from elsewhere to a page that has not been rendered yet.
func (p Page) With(from fs.FS, files ...string) (Page, error) {
	t, err := p.t.ParseFS(from, files...)
	return Page{t}, err
}

// Render writes the whole page.
func (p Page) Render(w io.Writer, v *View) error { return p.t.ExecuteTemplate(w, "frame", v) }

// Regions says which of a page's parts can be fetched by themselves.
func (p Page) Regions() []string {
	var names []string
	for _, t := range p.t.Templates() {
		if name, ok := strings.CutPrefix(t.Name(), "region-"); ok {
			names = append(names, name)
		}
	}
	return names
}

// RenderRegion writes one part of the page. It is NotFound where the page has none of this name.
func (p Page) RenderRegion(w io.Writer, name string, v *View) error {
	if p.t.Lookup("region-"+name) == nil {
		return corax.Errorf(corax.NotFound, "show a part of a page", "it has none that is called %q", name)
	}
	return p.t.ExecuteTemplate(w, "region-"+name, v)
}

// View is what the frame shows around a page, and the page's own data. It is the dot of every page's templates.
type View struct {
	Title string // of the document and, where the page says nothing else, its heading
	Trail []Crumb
	Wide  bool // uses the whole width: graphs, big tables
	Data  any  // of the page
	// Scripts are files under static that this page needs beyond those of all pages.
	Scripts []string

	// What follows is set by the server of the pages.
	Path    string // of the request, without what comes after "?"
	URL     string // of the request, path and query: where to come back to
	Nav     []NavGroup
	Who     access.Principal
	Status  Status
	Flash   *Flash
	Theme   string // light, dark, or empty: as the device has it
	Version string
	Now     time.Time
	Live    string // the id of the live stream from which the page listens; empty: no events are served
	Region  string // set where only this part is asked for
	Plain   bool   // no navigation: login, first run
}

// May says whether who looks at the page has this role: templates leave out what can't be done.
func (v *View) May(role string) bool {
	r, err := access.ParseRole(role)
	return err == nil && v.Who.May(r)
}

// Crumb is one step of the way to a page.
type Crumb struct{ Text, URL string }

// NavItem is an entry of the navigation.
type NavItem struct {
	Text, URL string
	Icon      string      // name of a glyph in parts/icons.html
	Role      access.Role // who sees it; everybody who is known where it is zero
	Main      bool        // stands in the bar at the bottom of a phone; five at most
	Count     int         // of what waits there; not shown where it is 0
	Current   bool        // set by the server of the pages
}

// NavGroup is entries that belong together.
type NavGroup struct {
	Text  string
	Items []NavItem
}

// Status is the line that says how things are.
type Status struct {
	Tone string // ok, low, medium, high, critical, waiting or unknown
	Text string
	URL  string // where it is explained; may be empty
}

// Flash says once what came of what somebody has just done.
type Flash struct {
	Tone string // ok or bad
	Text string
	Hint string
}
