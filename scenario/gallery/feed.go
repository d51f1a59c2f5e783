package gallery

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"time"

	"corax"
	"corax/scenario"
	"corax/scenario/history"
)

// mostNews is how many entries the feeds have.
const mostNews = 50

// entry is one change of a verdict.
type entry struct {
	id, title, text, page string
	at                    time.Time
	category              string
}

// news are the latest changes, newest first.
func (b *builder) news() []entry {
	last := map[string]scenario.Verdict{}
	changed := map[string]string{}
	for _, r := range b.all {
		if before, ran := last[r.Scenario()]; !ran {
			changed[r.ID] = "It ran for the first time."
		} else if before != r.Verdict {
			changed[r.ID] = fmt.Sprintf("The run before had the verdict %s.", before)
		}
		last[r.Scenario()] = r.Verdict
	}
	var list []entry
	all := b.all.News()
	slices.Reverse(all)
	for _, r := range all[:min(len(all), mostNews)] {
		e := entry{
			id: "urn:corax:" + r.ID, title: r.Scenario() + ": " + string(r.Verdict), at: r.Ended().Truncate(time.Second), category: r.Category,
			text: fmt.Sprintf("%s. %s %d of %d checks hold. %s", strings.TrimSuffix(r.Title, "."), changed[r.ID], r.Passing, r.Checks, strings.Join(r.Causes, "; ")),
		}
		if e.page = runName(r, ".html"); !b.kept[r.ID] {
			e.page = scenarioName(r, ".html")
		}
		e.text = strings.TrimSpace(scenario.Brief(e.text, scenario.Caps{Text: 600}))
		list = append(list, e)
	}
	return list
}

// href is an address for feeds: whole where the site's is known, relative where it isn't.
func (b *builder) href(name string) string {
	if b.Base == "" {
		return name
	}
	return b.address(name)
}

// atom is a feed of RFC 4287.
type atom struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  string      `xml:"author>name"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	ID       string       `xml:"id"`
	Title    string       `xml:"title"`
	Updated  string       `xml:"updated"`
	Category atomCategory `xml:"category"`
	Link     atomLink     `xml:"link"`
	Summary  string       `xml:"summary"`
}

type atomCategory struct {
	Term string `xml:"term,attr"`
}

// jsonFeed is a JSON Feed 1.1 (jsonfeed.org).
type jsonFeed struct {
	Version     string     `json:"version"`
	Title       string     `json:"title"`
	HomePage    string     `json:"home_page_url,omitempty"`
	Feed        string     `json:"feed_url,omitempty"`
	Description string     `json:"description"`
	Language    string     `json:"language"`
	Items       []jsonItem `json:"items"`
}

type jsonItem struct {
	ID        string   `json:"id"`
	URL       string   `json:"url"`
	Title     string   `json:"title"`
	Text      string   `json:"content_text"`
	Published string   `json:"date_published"`
	Tags      []string `json:"tags"`
}

func (b *builder) feeds() error {
	news := b.news()
	updated := b.when()
	if len(b.all) == 0 {
		updated = time.Unix(0, 0).UTC() // a feed must say when it changed
	}
	a := atom{ID: corax.HashID("urn:corax:gallery", b.Base, b.Title), Title: b.Title, Updated: updated.Format(time.RFC3339), Author: "Corax",
		Links: []atomLink{{"alternate", "text/html", b.href("index.html")}}}
	j := jsonFeed{Version: "https://jsonfeed.org/version/1.1", Title: b.Title, Language: "en", Items: []jsonItem{},
		Description: "Scenarios that came out otherwise than the time before."}
	if b.Base != "" {
		a.Links = append(a.Links, atomLink{"self", "application/atom+xml", b.href("feed.atom")})
		j.HomePage, j.Feed = b.href("index.html"), b.href("feed.json")
	}
	for _, e := range news {
		at := e.at.UTC().Format(time.RFC3339)
		a.Entries = append(a.Entries, atomEntry{e.id, e.title, at, atomCategory{e.category}, atomLink{"alternate", "text/html", b.href(e.page)}, e.text})
		j.Items = append(j.Items, jsonItem{e.id, b.href(e.page), e.title, e.text, at, []string{e.category}})
	}
	text, err := asXML(a)
	if err != nil {
		return err
	}
	if err := b.emit("feed.atom", text); err != nil {
		return err
	}
	return b.emitJSON("feed.json", j)
}

func asXML(v any) ([]byte, error) {
	data, err := xml.MarshalIndent(v, "", " ")
	if err != nil {
		return nil, err
	}
	return append([]byte(xml.Header), append(data, '\n')...), nil
}

func (b *builder) emitJSON(name string, v any) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	return b.emit(name, text.Bytes())
}

// index is index.json: all runs, with where their page and their result are.
func (b *builder) index() error {
	type run struct {
		history.Run
		Page   string `json:"page,omitempty"`
		Result string `json:"result,omitempty"`
	}
	type rate struct {
		history.Rate
		Share *float64 `json:"share"` // null where nothing was carried out
	}
	out := struct {
		Title     string    `json:"title"`
		Updated   time.Time `json:"updated"`
		Passed    int       `json:"passed"`
		Failed    int       `json:"failed"`
		Errors    int       `json:"errors"`
		Scenarios []run     `json:"scenarios"` // by their latest runs
		Runs      []run     `json:"runs"`      // oldest first
		Rates     []rate    `json:"rates"`
	}{Title: b.Title, Updated: b.when(), Passed: b.latest.Count(scenario.Passed), Failed: b.latest.Count(scenario.Failed),
		Errors: b.latest.Count(scenario.Broken), Scenarios: []run{}, Runs: []run{}, Rates: []rate{}}
	for _, r := range b.latest {
		out.Scenarios = append(out.Scenarios, run{r, scenarioName(r, ".html"), scenarioName(r, ".json")})
	}
	for _, r := range b.all {
		x := run{Run: r}
		if b.kept[r.ID] {
			x.Page, x.Result = runName(r, ".html"), runName(r, ".json")
		}
		out.Runs = append(out.Runs, x)
	}
	for _, r := range b.all.Rates() {
		x := rate{Rate: r}
		if s, any := r.Share(); any {
			x.Share = &s
		}
		out.Rates = append(out.Rates, x)
	}
	return b.emitJSON("index.json", out)
}

// siteMap is a map of the site (sitemaps.org), whose addresses must be whole: there is none where the site's address isn't known.
func (b *builder) siteMap() error {
	if b.Base == "" {
		return nil
	}
	type place struct {
		Loc string `xml:"loc"`
		Mod string `xml:"lastmod,omitempty"`
	}
	out := struct {
		XMLName xml.Name `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
		Places  []place  `xml:"url"`
	}{}
	for _, p := range b.pages[:min(len(b.pages), 50_000)] { // the most that one map may hold
		x := place{Loc: b.address(p.name)}
		if !p.at.IsZero() {
			x.Mod = p.at.UTC().Format(time.RFC3339)
		}
		out.Places = append(out.Places, x)
	}
	text, err := asXML(out)
	if err != nil {
		return err
	}
	return b.emit("sitemap.xml", text)
}
