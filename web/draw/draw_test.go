package draw

import (
	"encoding/xml"
	"errors"
	"flag"
	"html/template"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"corax"
)

var update = flag.Bool("update", false, "write the drawings in testdata anew")

// TestGolden holds every drawing against the one in testdata; -update writes them, to be looked at.
func TestGolden(t *testing.T) {
	for name, svg := range samples() {
		t.Run(name, func(t *testing.T) {
			wellFormed(t, svg)
			file := filepath.Join("testdata", name+".svg")
			if *update {
				if err := os.WriteFile(file, []byte(svg+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if string(svg)+"\n" != string(want) {
				t.Errorf("%s is drawn otherwise now; look at it, and run go test ./web/draw -run TestGolden -update", file)
			}
			if again := samples()[name]; again != svg {
				t.Error("drawn twice, it differs")
			}
		})
	}
}

func TestSmall(t *testing.T) {
	topology, diagnosis, seen := wideOutage(30)
	svg := Cascade(topology, diagnosis, CascadeOptions{Seen: seen, Href: page})
	if strings.Count(string(svg), `class="d-node`) < 30 {
		t.Fatal("not every entity is drawn")
	}
	if len(svg) > 20_000 {
		t.Errorf("a cascade of 30 entities has %d bytes, expected fewer than 20,000", len(svg))
	}
	if css := CSS(); len(css) > 9000 || strings.Contains(css, "url(") || strings.Contains(css, "@import") {
		t.Errorf("the style sheet has %d bytes, or reaches outside", len(css))
	}
}

// hostile draws text that would do harm as markup, as a link or as a number of an attribute.
func hostile() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{`"><script>alert(1)</script>`, `' onload='alert(1)`, `</title></svg><img src=x onerror=alert(1)>`, `javascript:alert(1)`,
			` javascript:alert(1)`, "java\nscript:alert(1)", `//evil.example/`, `https://evil.example/`, `\\evil.example`, `]]>`, `<!--`, `&lt;`, `&#x3c;`, "\x00", "\xff\xfe", "\u202eabc", "\u2028", "", "data:text/html,x",
			strings.Repeat("W", 3000), "日本語の長い名前のサービス", "a\tb\nc", `/ok?x=<y>`}),
		rapid.String(),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 20), func(b []byte) string { return string(b) }),
	)
}

// TestHostileText draws everything with text from outside: what comes out is well-formed, holds only our elements and attributes, and links only within the site.
func TestHostileText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := func(name string) string { return hostile().Draw(t, name) }
		ids := rapid.SliceOfN(hostile(), 1, 8).Draw(t, "ids")
		var topology corax.Topology
		seen, state := map[string]time.Time{}, map[string]Condition{}
		for _, id := range ids {
			topology.Entities = append(topology.Entities, corax.Entity{ID: id, Name: text("name"), Kind: text("kind"), Labels: map[string]string{"site": text("site")}})
			topology.Edges = append(topology.Edges, corax.Edge{From: id, To: ids[0], Kind: corax.EdgeKind(text("edge"))})
			seen[id] = start
			state[id] = Condition{Severity: corax.Severity(rapid.IntRange(-1, 6).Draw(t, "severity"))}
		}
		link := func(string) string { return text("href") }
		diagnosis := corax.Diagnosis{Severity: corax.High, Cascade: corax.Cascade{Cascading: true, Root: ids[0], Affected: append(ids, text("stranger"))}}
		number := rapid.Float64().Draw(t, "number")
		long := time.Duration(rapid.Int64().Draw(t, "long"))
		for _, svg := range []template.HTML{
			Cascade(topology, diagnosis, CascadeOptions{Seen: seen, Href: link}),
			Cascade(topology, diagnosis, CascadeOptions{State: state}),
			Topology(topology, TopologyOptions{Href: link, GroupHref: link, GroupBy: "site", Fold: 3, State: state, Learned: []LearnedEdge{{Edge: corax.Edge{From: text("from"), To: text("to")}, Support: -3}}}),
			Sparkline(text("title"), []float64{number, math.NaN(), math.Inf(1)}),
			Latency(text("title"), []LatencyPoint{{At: start, P50: long, P95: long, Runs: 1, Failed: 1}, {At: start.Add(time.Hour)}}, time.Hour),
			Uptime(text("title"), []Bucket{{From: start, To: start.Add(time.Hour), Up: long, Down: time.Second}}),
			UptimeBrief(text("title"), []Bucket{{From: start, To: start.Add(time.Hour), Up: long, Down: time.Second}, {Up: time.Hour}, {}}),
			PassRate(text("title"), []Run{{At: start, Passed: 3, Total: 2, Label: text("label"), Href: text("href")}, {At: start.Add(long), Passed: -1, Total: 4}}),
			Reliability(text("title"), []Bin{{Confidence: number, Right: 1, All: 2}}),
			strip("strip", 760, []Milestone{{Label: text("label"), After: long, Phase: Phase(text("phase"))}, {Label: text("label"), Phase: PhaseHealed}}, long),
			strip("narrow", 350, []Milestone{{Label: text("label"), After: long, Phase: Phase(text("phase"))}, {Label: text("label"), Phase: PhaseHealed}}, long),
		} {
			wellFormed(t, svg)
		}
	})
}

var (
	elements   = words("svg title desc g a rect path circle text tspan")
	attributes = words("xmlns class role viewBox width height x y cx cy r rx d transform text-anchor href")
	numbers    = words("width height x y cx cy r rx")
	pathData   = regexp.MustCompile(`^[MmLlHhVvCcAaZz0-9 .-]*$`)
	classes    = regexp.MustCompile(`^(draw draw-[a-z]+|d-[a-z0-9]+( d-[a-z0-9]+)*)$`)
	moved      = regexp.MustCompile(`^translate\(-?[0-9.]+ -?[0-9.]+\)$`)
)

func words(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// wellFormed parses a drawing strictly and knows every element and every attribute that may be there.
func wellFormed(t rapid.TB, svg template.HTML) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(string(svg)))
	depth, roots, titled := 0, 0, false
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, svg)
		}
		switch e := token.(type) {
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			depth++
			if !elements[e.Name.Local] {
				t.Fatalf("unknown element %s", e.Name.Local)
			}
			titled = titled || depth == 2 && e.Name.Local == "title"
			for _, a := range e.Attr {
				checkAttribute(t, e.Name.Local, a.Name.Local, a.Value)
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth == 0 {
				t.Fatalf("text outside: %q", e)
			}
		default:
			t.Fatalf("unexpected %T", token)
		}
	}
	if roots != 1 {
		t.Fatalf("%d roots", roots)
	}
}

func checkAttribute(t rapid.TB, element, name, value string) {
	t.Helper()
	ok := attributes[name]
	switch {
	case numbers[name]:
		v, err := strconv.ParseFloat(value, 64)
		ok = err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) && (v >= 0 || name == "x" || name == "y")
	case name == "d":
		ok = pathData.MatchString(value)
	case name == "class":
		ok = classes.MatchString(value)
	case name == "transform":
		ok = moved.MatchString(value)
	case name == "href":
		ok = element == "a" && !strings.HasPrefix(value, "//") && !regexp.MustCompile(`^[^?#]*[:\\]`).MatchString(value) && !strings.ContainsAny(value, " \t\n\r\x00")
	}
	if !ok {
		t.Fatalf("%s %s=%q may not be there", element, name, value)
	}
}

func TestLocal(t *testing.T) {
	for href, want := range map[string]string{
		"/entities/a": "/entities/a", "?group=x:y": "?group=x:y", "#a:b": "#a:b", "page.html": "page.html", "/a?next=https://x": "/a?next=https://x",
		"javascript:alert(1)": "", "//evil": "", "https://evil": "", `\\evil`: "", `/\evil`: "", "\t/a": "", "/a\nb": "", "data:x": "", "": "",
	} {
		if got := local(href); got != want {
			t.Errorf("local(%q) = %q, expected %q", href, got, want)
		}
	}
}

func TestFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, room := rapid.String().Draw(t, "text"), rapid.Float64Range(20, 300).Draw(t, "room")
		if got := fit(text, 13, room); width(got, 13) > room {
			t.Fatalf("%q is %.0f wide, room is %.0f", got, width(got, 13), room)
		}
	})
	if got := fit("notification-service-eu-1", 13, 100); !strings.HasPrefix(got, "not") || !strings.HasSuffix(got, "-1") {
		t.Errorf("got %q, expected both ends of the name", got)
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 40 * time.Microsecond: "40 µs", 42 * time.Millisecond: "42 ms", 600 * time.Millisecond: "600 ms", 9960 * time.Millisecond: "10 s", 59600 * time.Millisecond: "1 min",
		185 * time.Second: "3 min 5 s", 60 * time.Minute: "1 h", 130 * time.Minute: "2 h 10 min", 76 * time.Hour: "3 d 4 h", -time.Second: "-1.0 s", 119*time.Minute + 40*time.Second: "2 h", math.MinInt64: "-106751 d 23 h",
	} {
		if got := span(d); got != want {
			t.Errorf("span(%d) = %q, expected %q", d, got, want)
		}
	}
}

func TestFirstSeen(t *testing.T) {
	c := corax.Case{Signals: []corax.Signal{
		{Entity: "a", At: start.Add(2 * time.Second)}, {Entity: "a", At: start.Add(time.Second)}, {Entity: "b", At: start, Kind: corax.Recovery}, {Entity: "c", At: start}, {At: start},
	}}
	seen := FirstSeen(c, corax.Diagnosis{Signals: []int{0, 1, 2, 4, 9, -1}})
	if len(seen) != 1 || !seen["a"].Equal(start.Add(time.Second)) {
		t.Errorf("got %v, expected a alone, at its earlier signal", seen)
	}
}

// TestSteps holds that an axis reaches its largest value with few, evenly spaced, round steps.
func TestSteps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.Float64Range(1e-6, 1e9).Draw(t, "most")
		s := steps(most)
		if s[0] != 0 || s[len(s)-1] < most*(1-1e-6) || len(s) < 3 || len(s) > 6 {
			t.Fatalf("steps(%g) = %v", most, s)
		}
	})
}

// TestFlags holds that no flag of a strip covers another one or its pole.
func TestFlags(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var milestones []Milestone
		at := time.Duration(0)
		for range rapid.IntRange(1, 8).Draw(t, "milestones") {
			at += time.Duration(rapid.IntRange(0, 3000).Draw(t, "wait")) * time.Millisecond
			milestones = append(milestones, Milestone{Label: rapid.SampledFrom([]string{"healed", "first symptom", "x"}).Draw(t, "label"), After: at})
		}
		all, lanes := planted(milestones, func(d time.Duration) float64 { return float64(d) / float64(at+1) * 760 })
		for i, a := range all {
			if a.lane >= lanes {
				t.Fatalf("lane %d of %d", a.lane, lanes)
			}
			for _, b := range all[i+1:] {
				if b.x < a.x+a.wide && a.lane <= b.lane {
					t.Fatalf("flag %v covers the pole or the flag %v", a, b)
				}
			}
		}
	})
}

// A bar of a list says the same as the full one, in one shape for each row of equal stretches.
func TestUptimeBriefMergesEqualStretches(t *testing.T) {
	var day []Bucket
	for i := range 90 {
		b := Bucket{From: start.Add(time.Duration(i) * 24 * time.Hour), To: start.Add(time.Duration(i+1) * 24 * time.Hour), Up: 24 * time.Hour}
		switch {
		case i < 10: // nobody looked
			b.Up = 0
		case i == 40:
			b.Up, b.Down = b.Up-time.Second, time.Second
		case i == 41 || i == 42:
			b.Up, b.Down = 0, b.Up
		}
		day = append(day, b)
	}
	brief, full := string(UptimeBrief("login", day)), string(Uptime("login", day))
	for class, shapes := range map[string]int{"d-none": 1, "d-up": 1, "d-down": 2} {
		path := regexp.MustCompile(`class="` + class + `" d="([^"]*)"`).FindStringSubmatch(brief)
		if path == nil || strings.Count(path[1], "M") != shapes {
			t.Errorf("%s: %q, expected %d shapes", class, path, shapes)
		}
	}
	words := regexp.MustCompile(`<desc[^>]*>[^<]*</desc>`)
	if said := words.FindString(brief); said == "" || !strings.Contains(said, "3 of 90") || len(brief) > 1000 {
		t.Errorf("it says %q in %d bytes", said, len(brief))
	}
	if words.FindString(full) == "" || !strings.Contains(full, "3 of 90") {
		t.Error("the full one has other numbers")
	}
	if n := strings.Count(brief, "<title"); n != 1 {
		t.Errorf("%d titles", n)
	}
}
