package gallery

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"corax"
	"corax/scenario"
	"corax/scenario/history"
)

// Every page of the site is valid, small, leads only to what is there, and stands alone.
func TestSiteIsSound(t *testing.T) {
	for name, tc := range map[string]struct {
		results history.Memory
		site    Site
	}{
		"one run each": {results(t), Site{}},
		"weeks":        {long(t, 9), Site{Title: "Weeks", Base: "https://example.org/corax/"}},
		"hostile":      {append(results(t), poisoned(t), later(poisoned(t), "run-again", time.Hour)), Site{Title: hostile}},
		"huge":         {history.Memory{huge(t)}, Site{}},
		"nothing":      {nil, Site{}},
	} {
		t.Run(name, func(t *testing.T) {
			site := memorySite(t, tc.results, tc.site)
			for _, file := range slices.Sorted(maps.Keys(site)) {
				if path.Ext(file) == ".html" {
					checkPage(t, site, file, tc.site.Base)
				}
			}
			if len(site) < 9 {
				t.Errorf("only %d files", len(site))
			}
		})
	}
}

// huge is a result with much of everything.
func huge(t testing.TB) scenario.Result {
	r := small(t)
	much := strings.Repeat("<\u00e4>", 600)
	for range 250 {
		r.Injected = append(r.Injected, scenario.Injected{Source: "probe", Message: much})
		r.Timeline = append(r.Timeline, scenario.Moment{Text: much})
		r.Steps = append(r.Steps, scenario.Step{Action: "a", Target: "b", Result: much, Verification: much})
		r.Checks = append(r.Checks, scenario.Check{Name: "end", Expected: much, Actual: much})
	}
	d := corax.Diagnosis{Pattern: much}
	for range 40 {
		d.RootCause.Evidence = append(d.RootCause.Evidence, corax.Evidence{Quote: much, Supports: much})
		d.Plan.Steps = append(d.Plan.Steps, corax.Step{Do: much, Verify: much, Undo: much})
	}
	r.Problems = slices.Repeat([]corax.Diagnosis{d}, 6)
	return r
}

var (
	inHead = []string{"meta", "title", "link"}
	inPage = []string{"a", "abbr", "article", "aside", "b", "body", "i", "br", "code", "dd", "desc", "details", "div", "dl", "dt", "em", "figcaption", "figure", "footer", "h1", "h2",
		"h3", "head", "header", "html", "li", "main", "nav", "ol", "p", "q", "section", "small", "span", "strong", "summary", "table", "tbody", "td", "th", "thead", "time",
		"tr", "ul", "svg", "g", "path", "rect", "circle", "line", "text", "tspan", "title"}
)

// checkPage holds one page against what HTML, accessibility and a static site want.
func checkPage(t *testing.T, site map[string][]byte, file, base string) {
	t.Helper()
	data := site[file]
	wrong := func(format string, args ...any) { t.Helper(); t.Errorf(file+": "+format, args...) }
	if len(data) >= mostPage {
		wrong("%d bytes", len(data))
	}
	if bytes.ContainsAny(data, "\x1b\x07\u202e") {
		wrong("control characters")
	}
	wellFormed(t, file, data)
	doc, err := html.Parse(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	ids, level, count := map[string]bool{}, 0, map[string]int{}
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode {
			count[n.Data]++
			if !slices.Contains(inPage, n.Data) && (!slices.Contains(inHead, n.Data) || n.Parent.Data != "head") {
				wrong("<%s>", n.Data)
			}
			if len(n.Data) == 2 && n.Data[0] == 'h' && n.Data[1] >= '1' && n.Data[1] <= '6' {
				now := int(n.Data[1] - '0')
				if now > level+1 {
					wrong("a heading of level %d after one of level %d", now, level)
				}
				if level = now; strings.TrimSpace(textOf(n)) == "" {
					wrong("an empty heading")
				}
			}
			for _, a := range n.Attr {
				switch {
				case a.Key == "style" || strings.HasPrefix(a.Key, "on"):
					wrong("%s=%q", a.Key, a.Val)
				case a.Key == "id":
					if ids[a.Val] {
						wrong("the id %q twice", a.Val)
					}
					ids[a.Val] = true
				case a.Key == "href" || a.Key == "src":
					leads(t, site, file, a.Val, base, n)
				}
			}
			if (n.Data == "a" || n.Data == "th") && strings.TrimSpace(textOf(n)) == "" {
				wrong("an empty <%s>", n.Data)
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(doc)
	if count["h1"] != 1 || count["main"] != 1 || count["title"] == 0 {
		wrong("%d h1, %d main, %d title", count["h1"], count["main"], count["title"])
	}
}

// leads checks that a link stays within the site and finds a file of it.
func leads(t *testing.T, site map[string][]byte, file, href, base string, n *html.Node) {
	t.Helper()
	u, err := url.Parse(href)
	if err != nil {
		t.Errorf("%s: %v", file, err)
		return
	}
	if u.IsAbs() || u.Host != "" {
		canonical := n.Data == "link" && slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "rel" && a.Val == "canonical" })
		if !canonical || base == "" || href != base+file {
			t.Errorf("%s leads elsewhere: %s", file, href)
		}
		return
	}
	if u.Path == "" {
		return
	}
	if target := path.Join(path.Dir(file), u.Path); strings.HasPrefix(u.Path, "/") || site[target] == nil {
		t.Errorf("%s leads to %s, which is not there", file, href)
	}
}

func textOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(textOf(c))
	}
	return b.String()
}

var void = regexp.MustCompile(`<(br|meta|link)([^>]*)>`)

// wellFormed reads a page as XML, which is stricter than HTML: every element closed, every attribute quoted.
func wellFormed(t *testing.T, file string, data []byte) {
	t.Helper()
	data = void.ReplaceAll(bytes.Replace(data, []byte("<!doctype html>"), nil, 1), []byte("<$1$2/>"))
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Entity = xml.HTMLEntity
	for {
		_, err := d.Token()
		if err != nil {
			if err.Error() != "EOF" {
				t.Errorf("%s is not well formed: %v", file, err)
			}
			return
		}
	}
}

func TestPageSaysWhatTheResultSays(t *testing.T) {
	var r scenario.Result
	for _, x := range results(t) {
		if x.Name == "jwt_signing_key_rotation_failure" {
			r = x
		}
	}
	site := memorySite(t, results(t), Site{})
	doc, err := html.Parse(bytes.NewReader(site["scenario/security/jwt_signing_key_rotation_failure.html"]))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(textOf(doc)), " ")
	d := r.Problems[0]
	for _, want := range []string{
		"passed", r.About.Title, r.About.Description, d.Pattern, d.Severity.String(), "Expected against actual", "Incidents linked", d.RootCause.Summary,
		d.RootCause.Evidence[0].Quote, "Injected", "partial_rotation", "unreachable: 4", r.Injected[0].Proof, d.Plan.Steps[0].Do, r.Steps[0].Verification, r.Run.ID,
		"first symptom", "healed", "2 processors",
	} {
		if !strings.Contains(text, strings.Join(strings.Fields(want), " ")) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// The results beside the pages are the contract, whole.
func TestResultsLieBesideThePages(t *testing.T) {
	all := results(t)
	site := memorySite(t, all, Site{})
	for _, r := range all {
		var want bytes.Buffer
		if err := scenario.WriteJSON(&want, []scenario.Result{r}); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"run/" + r.Run.ID, "scenario/" + r.ID()} {
			if !bytes.Equal(site[name+".json"], want.Bytes()) || site[name+".html"] == nil {
				t.Errorf("%s is not the result and its page", name)
			}
		}
	}
	var index struct {
		Passed, Failed, Errors int
		Scenarios, Runs        []struct{ Name, Page, Result string }
		Rates                  []struct{ Share *float64 }
	}
	if err := json.Unmarshal(site["index.json"], &index); err != nil {
		t.Fatal(err)
	}
	if index.Passed != len(all) || len(index.Scenarios) != len(all) || len(index.Runs) != len(all) || len(index.Rates) == 0 || *index.Rates[0].Share != 1 {
		t.Errorf("%+v", index)
	}
	for _, x := range append(index.Scenarios, index.Runs...) {
		if site[x.Page] == nil || site[x.Result] == nil {
			t.Errorf("%s has no page", x.Name)
		}
	}
}

// The lists count by the latest runs, and a filter shows what it says.
func TestListsAndFilters(t *testing.T) {
	all := results(t)
	bad := later(all[1], "run-bad", time.Hour)
	bad.Verdict = scenario.Failed
	all = append(all, bad)
	site := memorySite(t, all, Site{})
	if want := fmt.Sprintf("%d of %d scenarios passed", len(all)-2, len(all)-1); !bytes.Contains(site["index.html"], []byte(want)) {
		t.Errorf("the gallery doesn't say %q", want)
	}
	links := func(file string) (n int) { return bytes.Count(site[file], []byte(`scenario/`)) }
	if links("verdict/failed.html") != 1 || links("verdict/passed.html") != len(all)-2 || links("verdict/error.html") != 0 {
		t.Errorf("%d failed, %d passed, %d errors", links("verdict/failed.html"), links("verdict/passed.html"), links("verdict/error.html"))
	}
	if !bytes.Contains(site["verdict/error.html"], []byte("No scenario came out so")) {
		t.Error("an empty list says nothing")
	}
	if site["category/"+bad.Category+"/failed.html"] == nil || site["category/"+bad.Category+"/error.html"] != nil {
		t.Error("lists of a category by verdict")
	}
	page := string(site["scenario/"+bad.ID()+".html"])
	if !strings.Contains(page, "Since the run before") || !strings.Contains(page, "<b>verdict</b> verdict") || !strings.Contains(page, ">worse<") {
		t.Error("the page doesn't say what changed")
	}
	if !strings.Contains(string(site["run/"+all[1].Run.ID+".html"]), "This is an earlier run") {
		t.Error("the earlier run doesn't lead to the latest")
	}
}

// A list that would be too long for a page goes on on the next ones.
func TestListsGoOn(t *testing.T) {
	var all history.Memory
	one := small(t)
	for i := range 100 {
		r := later(one, fmt.Sprintf("run-%d", i), time.Duration(i)*time.Second)
		r.Category, r.Name = "many", fmt.Sprintf("scenario_%d", i)
		all = append(all, r)
	}
	site := memorySite(t, all, Site{})
	n := 0
	for _, file := range []string{"index.html", "index-2.html"} {
		checkPage(t, site, file, "")
		n += strings.Count(string(site[file]), `href="scenario/many/`)
	}
	if n != 100 {
		t.Errorf("%d of 100 scenarios are listed", n)
	}
}

// The feeds tell of changes of verdicts only, newest first, in both forms alike.
func TestFeeds(t *testing.T) {
	all := results(t)
	same := later(all[0], "run-same", time.Hour)
	worse := later(all[0], "run-worse", 2*time.Hour)
	worse.Verdict, worse.About.Title = scenario.Failed, hostile
	all = append(all, same, worse)
	for _, base := range []string{"", "https://example.org/corax"} {
		site := memorySite(t, all, Site{Base: base})
		var a atom
		if err := xml.Unmarshal(site["feed.atom"], &a); err != nil {
			t.Fatal(err)
		}
		var j jsonFeed
		if err := json.Unmarshal(site["feed.json"], &j); err != nil {
			t.Fatal(err)
		}
		if len(a.Entries) != len(all)-1 || len(j.Items) != len(all)-1 {
			t.Fatalf("%d and %d entries for %d changes", len(a.Entries), len(j.Items), len(all)-1)
		}
		first, item := a.Entries[0], j.Items[0]
		if first.ID != "urn:corax:run-worse" || item.ID != first.ID || item.URL != first.Link.Href || item.Text != first.Summary || item.Published != first.Updated {
			t.Errorf("%+v\n%+v", first, item)
		}
		if !strings.Contains(first.Summary, "had the verdict passed") || strings.ContainsAny(first.Summary, "\x1b\x07\u202e") {
			t.Errorf("the entry says %q", first.Summary)
		}
		for _, e := range a.Entries {
			file, found := strings.CutPrefix(e.Link.Href, strings.TrimSuffix(base+"/", "/")+map[bool]string{true: "/", false: ""}[base != ""])
			if !found || site[file] == nil {
				t.Errorf("an entry leads to %s", e.Link.Href)
			}
			if _, err := time.Parse(time.RFC3339, e.Updated); err != nil {
				t.Error(err)
			}
		}
		if (base == "") != (site["sitemap.xml"] == nil) {
			t.Error("the map of the site")
		}
	}
}

func TestSiteMapNamesEveryPage(t *testing.T) {
	site := memorySite(t, results(t), Site{Base: "https://example.org/x"})
	var m struct {
		URL []struct {
			Loc string `xml:"loc"`
		} `xml:"url"`
	}
	if err := xml.Unmarshal(site["sitemap.xml"], &m); err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, u := range m.URL {
		named[strings.TrimPrefix(u.Loc, "https://example.org/x/")] = true
	}
	for file := range site {
		if (path.Ext(file) == ".html") != named[file] {
			t.Errorf("%s: named %v", file, named[file])
		}
	}
}

// The same results give the same bytes, in whatever order they come.
func TestSiteIsDeterministic(t *testing.T) {
	all := long(t, 3)
	first := memorySite(t, all, Site{})
	slices.Reverse(all)
	if second := memorySite(t, all, Site{}); !maps.EqualFunc(first, second, bytes.Equal) {
		t.Error("another order gives another site")
	}
}

var foreignText = regexp.MustCompile(`(?i)<script|<iframe|<img|<object|<embed|javascript:|@import`)

func TestStylesNeedNothingFromElsewhere(t *testing.T) {
	site := memorySite(t, results(t), Site{})
	for name, data := range site {
		switch path.Ext(name) {
		case ".html", ".css", ".svg":
			if found := foreignText.Find(data); found != nil {
				t.Errorf("%s holds %q", name, found)
			}
		}
		if path.Ext(name) != ".css" {
			continue
		}
		for _, found := range regexp.MustCompile(`url\(([^)]*)\)`).FindAllSubmatch(data, -1) {
			if site[path.Join(path.Dir(name), string(found[1]))] == nil {
				t.Errorf("%s leads to %s, which is not there", name, found[1])
			}
		}
	}
}
