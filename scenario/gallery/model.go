package gallery

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"corax"
	"corax/scenario"
	"corax/scenario/history"
)

// Links says where things are. An empty address means that there is no such page.
type Links interface {
	Gallery(f history.Filter) string
	Run(r history.Run) string
	Latest(r history.Run) string // the page of its scenario
	JSON(r history.Run) string
	Compare(before, after history.Run) string
}

// How much the pages show.
const (
	mostHistory    = 20 // runs in the history of a scenario
	mostPips       = 12 // verdicts beside a scenario in the list
	mostRates      = 120
	mostCategories = 60 // to filter by
)

// Choice is one way to filter, or one of the pages of a list. URL is empty where nothing would be shown.
type Choice struct {
	Text, URL string
	Count     int
	Current   bool
}

// Row is a scenario in the list, by its latest run.
type Row struct {
	history.Run
	URL     string
	Found   []Found
	Pips    []scenario.Verdict // of the last runs, oldest first
	PipText string
}

// Found is what a problem was held to be.
type Found struct {
	Pattern  string
	Severity corax.Severity
}

// Empty is what to say where there is nothing to show: part "empty" of package ui.
type Empty struct{ Title, Text, URL, Do string }

// Group is the scenarios of a category, or the part of them that one page of the list shows.
type Group struct {
	Category      string
	Passed, Total int // of those of the category that have been run, as filtered
	Rows          []Row
}

// Index is the list of scenarios.
type Index struct {
	Filter               history.Filter
	Passed, Of           int // scenarios, by their latest runs, whatever the filter
	Summary              string
	Verdicts, Categories []Choice
	Groups               []Group
	Pages                []Choice // of the list; none where it has one
	Empty                Empty
	Rates                []history.Rate
	Span                 string // of a rate: hour, day, week
	Chart                template.HTML
	Calibration          template.HTML // of the latest runs; empty where few name a cause
}

// NewIndex makes the list from all runs, and from scenarios that have perhaps never been run: of those, only names and title count.
func NewIndex(all, known history.Runs, f history.Filter, to Links) Index {
	everything := append(append(slices.Clone(known), slices.DeleteFunc(slices.Clone(all), func(r history.Run) bool { return !r.Sample })...), all.Real()...)
	all = all.Real()
	latest := all.Latest()
	x := Index{Filter: f, Of: len(latest), Passed: latest.Count(scenario.Passed), Summary: summary(all, latest)}
	latest = everything.Latest() // a run of one's own before the sample's
	shown := latest.Only(f)
	for _, v := range []scenario.Verdict{"", scenario.Passed, scenario.Failed, scenario.Broken} {
		c := history.Filter{Category: f.Category, Verdict: v}
		x.Verdicts = append(x.Verdicts, choice(string(v), "any verdict", latest, c, c == f, to))
	}
	for _, name := range append([]string{""}, latest.Categories()...) {
		if len(x.Categories) > mostCategories {
			break
		}
		c := history.Filter{Category: name, Verdict: f.Verdict}
		x.Categories = append(x.Categories, choice(name, "all categories", latest, c, c == f, to))
	}
	past := map[string]history.Runs{}
	for _, r := range all {
		past[r.Scenario()] = append(past[r.Scenario()], r)
	}
	for _, name := range shown.Categories() {
		runs := shown.Only(history.Filter{Category: name})
		g := Group{Category: name, Passed: runs.Real().Count(scenario.Passed), Total: len(runs.Real()) - runs.Count("")}
		for _, r := range runs {
			g.Rows = append(g.Rows, newRow(r, past[r.Scenario()], to))
		}
		x.Groups = append(x.Groups, g)
	}
	if x.Empty = (Empty{Title: "No scenario came out so"}); len(all) == 0 {
		x.Empty = Empty{Title: "No scenario has been run yet", Text: "`corax scenario run` runs all of them."}
	}
	if x.Rates = all.Only(history.Filter{Category: f.Category}).Rates(); len(x.Rates) > 0 {
		x.Span = map[time.Duration]string{time.Hour: "Hour", 24 * time.Hour: "Day"}[x.Rates[0].Width]
		if x.Span == "" {
			x.Span = "Week"
		}
		x.Rates = x.Rates[max(0, len(x.Rates)-mostRates):]
		x.Chart = chart(x.Rates)
		x.Calibration = calibration(all.Latest().Only(history.Filter{Category: f.Category}))
	}
	return x
}

func choice(text, any string, latest history.Runs, f history.Filter, current bool, to Links) Choice {
	if text == "" {
		text = any
	}
	c := Choice{Text: text, Count: len(latest.Only(f)), Current: current}
	if c.Count > 0 || current || f.Category == "" {
		c.URL = to.Gallery(f)
	}
	return c
}

func summary(all, latest history.Runs) string {
	if len(all) == 0 {
		return "Nothing has been run yet."
	}
	took := 0.0
	for _, r := range latest {
		took += r.Seconds
	}
	return fmt.Sprintf("%d failed, %d could not be carried out. Their latest runs took %s together; %d runs are kept, the last of %s.",
		latest.Count(scenario.Failed), latest.Count(scenario.Broken), time.Duration(took*float64(time.Second)).Round(time.Second), len(all),
		at(all[len(all)-1].Started))
}

func newRow(r history.Run, past history.Runs, to Links) Row {
	row := Row{Run: r, URL: to.Latest(r)}
	for i, pattern := range r.Patterns {
		row.Found = append(row.Found, Found{pattern, r.Severities[i]})
	}
	if len(past) == 0 {
		return row
	}
	past = past[max(0, len(past)-mostPips):]
	count := map[scenario.Verdict]int{}
	for _, p := range past {
		row.Pips = append(row.Pips, p.Verdict)
		count[p.Verdict]++
	}
	var words []string
	for _, v := range []scenario.Verdict{scenario.Passed, scenario.Failed, scenario.Broken} {
		if count[v] > 0 {
			words = append(words, fmt.Sprintf("%d %s", count[v], v))
		}
	}
	row.PipText = fmt.Sprintf("of the last %d: %s", len(past), strings.Join(words, ", "))
	if len(past) == 1 {
		row.PipText = "one run: " + string(past[0].Verdict)
	}
	return row
}

// HistoryRow is a run in the history of its scenario.
type HistoryRow struct {
	history.Run
	URL        string
	Current    bool   // the run that the page shows
	CompareURL string // with the run that the page shows
}

// Page is a run: of its scenario the latest, or an earlier one.
type Page struct {
	scenario.View
	Latest      string // the page of the latest run, where this is an earlier one
	JSON        string
	Strip       template.HTML
	History     []HistoryRow // newest first; none where there was one run only
	HistoryText string
	Compares    bool
	Since       *history.Comparison // with the run before, nil where there is none
}

// Read gives whole results.
type Read func(history.Run) (scenario.Result, error)

// NewPage makes the page of one run of the given ones; all may hold other scenarios' runs too.
func NewPage(all history.Runs, run history.Run, read Read, most scenario.Caps, to Links) (Page, error) {
	r, err := read(run)
	if err != nil {
		return Page{}, err
	}
	p := Page{View: scenario.NewView(r, most), JSON: to.JSON(run)}
	if p.About.Title == "" {
		p.About.Title = r.ID()
	}
	p.Strip = strip(r, p.Milestones)
	past := all.Only(history.Filter{Category: run.Category, Name: run.Name})
	for i := len(past) - 1; i >= 0; i-- {
		h := past[i]
		if h.ID == run.ID && i > 0 {
			before, err := read(past[i-1])
			if err != nil {
				return Page{}, err
			}
			since := scenario.Brief(history.Compare(before, r), most)
			p.Since = &since
		}
		if i == len(past)-1 && h.ID != run.ID {
			p.Latest = to.Latest(h)
		}
		if len(past) < 2 || len(p.History) == min(mostHistory, most.List) {
			continue
		}
		row := HistoryRow{Run: h, URL: to.Run(h), Current: h.ID == run.ID}
		if !row.Current {
			if row.CompareURL = to.Compare(h, run); row.CompareURL != "" {
				p.Compares = true
			}
		}
		p.History = append(p.History, row)
	}
	p.HistoryText = fmt.Sprintf("%d of %d passed", past.Count(scenario.Passed), len(past))
	if more := len(past) - len(p.History); more > 0 {
		p.HistoryText += fmt.Sprintf("; the %d before those are left out here", more)
	}
	p.HistoryText += "."
	return p, nil
}
