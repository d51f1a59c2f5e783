package gallery

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"corax"
	"corax/scenario"
	"corax/scenario/history"
	"corax/web/ui"
)

// mostPage is the size in bytes that a page stays below, whatever it shows.
const mostPage = 100_000

// mostKept is how many runs of a scenario have a page of their own; all count in lists and rates.
const mostKept = mostHistory

// Results are what is shown.
type Results interface {
	Runs() (history.Runs, []error)
	Read(run history.Run) (scenario.Result, error)
}

// Site says how a site is called and where it will stand.
type Site struct {
	Title string
	Base  string // its address, for feeds and the map of the site; empty where it is not known
}

// emit takes a file of the site, whose name has slashes and no dots in front.
type emit func(name string, data []byte) error

// builder makes the files of a site. The same results give the same bytes.
type builder struct {
	Site
	ui     *ui.UI
	t      ui.Page
	all    history.Runs
	latest history.Runs
	kept   map[string]bool // runs that have a page
	read   Read
	emit   emit
	pages  []sitePage // for the map of the site
}

type sitePage struct {
	name string
	at   time.Time // of the latest run that it shows
}

// build emits every file of the site and returns what could not be used of the results.
func build(from Results, s Site, out emit) ([]error, error) {
	u, err := ui.Load(ui.Options{Clock: func() time.Time { return time.Time{} }}) // nothing here is "3 min ago"
	if err != nil {
		return nil, corax.Errorf(corax.Internal, "read the design of the gallery", "%w", err)
	}
	t, err := u.Parse(Pages(), Funcs(), append(Templates(), "pages/about.html", "pages/frame.html")...)
	if err != nil {
		return nil, corax.Errorf(corax.Internal, "read the templates of the gallery", "%w", err)
	}
	if s.Title == "" {
		s.Title = "Corax scenarios"
	}
	s.Title = scenario.Brief(s.Title, scenario.Caps{Text: 200})
	b := &builder{Site: s, ui: u, t: t, read: from.Read, emit: out, kept: map[string]bool{}}
	var unusable []error
	b.all, unusable = from.Runs()
	b.all = b.all.Real()
	b.latest = b.all.Latest()
	for _, r := range b.latest {
		past := b.all.Only(history.Filter{Category: r.Category, Name: r.Name})
		for _, p := range past[max(0, len(past)-mostKept):] {
			b.kept[p.ID] = true
		}
	}
	for _, part := range []func() error{b.styles, b.results, b.lists, b.about, b.feeds, b.index, b.siteMap} {
		if err := part(); err != nil {
			return unusable, err
		}
	}
	return unusable, nil
}

// static is where the style, the font and the icon are. Their names change with their content.
const static = "static/"

func (b *builder) styles() error {
	for _, name := range []string{"corax.css", "sans.woff2", "corax.svg"} {
		f := b.ui.Get(name)
		if err := b.emit(static+f.Name, f.Data); err != nil {
			return err
		}
	}
	return nil
}

// when is when the latest run was over; never when the site was made.
func (b *builder) when() time.Time {
	var last time.Time
	for _, r := range b.all {
		if r.Ended().After(last) {
			last = r.Ended()
		}
	}
	return last.UTC().Truncate(time.Second)
}

// relative leads from one page of the site to the others.
type relative struct {
	*builder
	up string // from the page to the root: "", "../", "../../" ...
}

func (b *builder) from(page string) relative {
	return relative{b, strings.Repeat("../", strings.Count(page, "/"))}
}

// listName is the file of a list; n counts its pages from 0.
func listName(f history.Filter, n int) string {
	name := "index"
	if f.Verdict != "" {
		name = string(f.Verdict)
	}
	if n > 0 {
		name += fmt.Sprintf("-%d", n+1)
	}
	switch {
	case f.Category != "":
		return path.Join("category", f.Category, name+".html")
	case f.Verdict != "":
		return path.Join("verdict", name+".html")
	}
	return name + ".html"
}

func scenarioName(r history.Run, ext string) string {
	return path.Join("scenario", r.Category, r.Name+ext)
}

func runName(r history.Run, ext string) string { return path.Join("run", r.ID+ext) }

func (l relative) Gallery(f history.Filter) string { return l.up + listName(f, 0) }

func (l relative) Latest(r history.Run) string { return l.up + scenarioName(r, ".html") }

func (l relative) Run(r history.Run) string {
	if !l.kept[r.ID] {
		return ""
	}
	return l.up + runName(r, ".html")
}

func (l relative) JSON(r history.Run) string { return l.up + runName(r, ".json") }

// Compare is empty: each page says what changed since the run before, and any two can be compared on a running Corax.
func (l relative) Compare(_, _ history.Run) string { return "" }

// sheet is what the frame shows.
type sheet struct {
	Site, Title, Heading, Lead, When string
	Root                             string // the way to the root: "", "../" ...
	Style, Icon                      string
	JSON, Canonical                  string
	Trail                            []crumb

	Index *Index
	Page  *Page
	About *About
}

type crumb struct{ Text, URL string }

// page renders a page; errTooLong where it grows beyond mostPage.
func (b *builder) page(name string, s sheet) ([]byte, error) {
	s.Site, s.Root, s.Style, s.Icon = b.Title, b.from(name).up, static+b.ui.Get("corax.css").Name, static+b.ui.Get("corax.svg").Name
	if s.Title = s.Heading + " - " + s.Site; s.Heading == s.Site {
		s.Title = s.Site
	}
	if b.Base != "" {
		s.Canonical = b.address(name)
	}
	out := &bounded{most: mostPage}
	if err := b.t.Render(out, &ui.View{Data: s}); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func (b *builder) address(name string) string {
	return strings.TrimSuffix(b.Base, "/") + "/" + name
}

func (b *builder) add(name string, data []byte, shows time.Time) error {
	b.pages = append(b.pages, sitePage{name, shows})
	return b.emit(name, data)
}

// results are a page a scenario and a page a run, with the whole result beside each.
func (b *builder) results() error {
	for _, r := range b.all {
		if !b.kept[r.ID] {
			continue
		}
		full, err := b.read(r)
		if err != nil {
			return err
		}
		var text bytes.Buffer
		if err := scenario.WriteJSON(&text, []scenario.Result{full}); err != nil {
			return err
		}
		names := []func(history.Run, string) string{runName}
		if slices.ContainsFunc(b.latest, func(l history.Run) bool { return l.ID == r.ID }) {
			names = append(names, scenarioName)
		}
		for _, name := range names {
			page, err := b.result(name(r, ".html"), r)
			if err != nil {
				return fmt.Errorf("the page of %s: %w", r.Scenario(), err)
			}
			if err := errors.Join(b.add(name(r, ".html"), page, r.Ended()), b.emit(name(r, ".json"), text.Bytes())); err != nil {
				return err
			}
		}
	}
	return nil
}

// result shows less of everything until the page is small enough.
func (b *builder) result(name string, r history.Run) ([]byte, error) {
	to := b.from(name)
	for most := scenario.Generous(); ; most = most.Halved() {
		p, err := NewPage(b.all, r, b.read, most, to)
		if err != nil {
			return nil, err
		}
		data, err := b.page(name, sheet{
			Heading: p.About.Title, When: at(r.Started), Page: &p, JSON: path.Base(strings.TrimSuffix(name, ".html")) + ".json",
			Trail: []crumb{{r.Category, to.Gallery(history.Filter{Category: r.Category})}, {r.Name, ""}},
		})
		if !errors.Is(err, errTooLong) || most == most.Halved() {
			return data, err
		}
	}
}

// lists are the gallery and what it can be filtered to.
func (b *builder) lists() error {
	filters := []history.Filter{{}}
	verdicts := []scenario.Verdict{scenario.Passed, scenario.Failed, scenario.Broken}
	for _, v := range verdicts {
		filters = append(filters, history.Filter{Verdict: v}) // there, even where it is empty: that none failed is worth a page
	}
	for _, c := range b.latest.Categories() {
		filters = append(filters, history.Filter{Category: c})
		for _, v := range verdicts {
			if f := (history.Filter{Category: c, Verdict: v}); len(b.latest.Only(f)) > 0 {
				filters = append(filters, f)
			}
		}
	}
	for _, f := range filters {
		if err := b.list(f); err != nil {
			return err
		}
	}
	return nil
}

// mostRows is how many scenarios a page of a list shows at most.
const mostRows = 80

func (b *builder) list(f history.Filter) error {
	x := NewIndex(b.all, nil, f, b.from(listName(f, 0)))
	for most := mostRows; ; most /= 2 {
		pages, err := b.listPages(x, f, most)
		if errors.Is(err, errTooLong) && most > 1 {
			continue
		}
		if err != nil {
			return fmt.Errorf("the list %s: %w", listName(f, 0), err)
		}
		for n, data := range pages {
			if err := b.add(listName(f, n), data, b.when()); err != nil {
				return err
			}
		}
		return nil
	}
}

// listPages renders a list with at most so many scenarios a page.
func (b *builder) listPages(x Index, f history.Filter, most int) ([][]byte, error) {
	parts := cut(x.Groups, most)
	var pages [][]byte
	for n, groups := range parts {
		x := x
		x.Groups, x.Pages = groups, nil
		if n > 0 {
			x.Rates = nil // they are on the first
		}
		for i := 0; i < len(parts) && len(parts) > 1; i++ {
			x.Pages = append(x.Pages, Choice{Text: fmt.Sprintf("page %d", i+1), URL: b.from(listName(f, i)).up + listName(f, i), Current: i == n})
		}
		s := sheet{Heading: heading(x), Lead: x.Summary, When: at(b.when()), Index: &x, JSON: b.from(listName(f, n)).up + "index.json"}
		if len(b.all) == 0 {
			s.When = ""
		}
		for _, word := range []string{f.Category, string(f.Verdict)} {
			if word != "" {
				s.Trail = append(s.Trail, crumb{Text: word})
			}
		}
		data, err := b.page(listName(f, n), s)
		if err != nil {
			return nil, err
		}
		pages = append(pages, data)
	}
	return pages, nil
}

// heading is the list in one line.
func heading(x Index) string {
	n, passed := 0, 0
	for _, g := range x.Groups {
		n, passed = n+g.Total, passed+g.Passed
	}
	switch {
	case x.Filter.Verdict != "" && x.Filter.Category != "":
		return fmt.Sprintf("%s: %s", x.Filter.Category, x.Filter.Verdict)
	case x.Filter.Verdict != "":
		return fmt.Sprintf("Scenarios with the verdict %s", x.Filter.Verdict)
	case x.Filter.Category != "":
		return fmt.Sprintf("%s: %d of %d passed", x.Filter.Category, passed, n)
	}
	return fmt.Sprintf("%d of %d scenarios passed", x.Passed, x.Of)
}

// cut splits groups into pages with at most so many rows. There is always a page.
func cut(groups []Group, most int) [][]Group {
	parts, room := [][]Group{nil}, most
	for _, g := range groups {
		for rows := g.Rows; len(rows) > 0; {
			if room == 0 {
				parts, room = append(parts, nil), most
			}
			n := min(room, len(rows))
			part := g
			part.Rows, rows, room = rows[:n], rows[n:], room-n
			parts[len(parts)-1] = append(parts[len(parts)-1], part)
		}
	}
	return parts
}

var errTooLong = errors.New("too long")

// bounded refuses what goes beyond most bytes, which ends the template that writes it.
type bounded struct {
	bytes.Buffer
	most int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) >= b.most {
		return 0, errTooLong
	}
	return b.Buffer.Write(p)
}
