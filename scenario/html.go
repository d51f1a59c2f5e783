package scenario

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"corax"
)

//go:embed pages/result.html pages/index.html pages/style.css
var pageFiles embed.FS

// mostPage is the size that a page stays below, whatever it shows.
const mostPage = 100_000

// WriteHTML writes the result's page: one file, without script and without anything from outside.
func WriteHTML(w io.Writer, r Result) error { return writePage(w, r, "") }

// WriteSite writes a page a result and an index into a directory, which it makes.
func WriteSite(dir string, results []Result) error {
	fail := func(err error) error { return corax.Errorf(corax.Unavailable, "write the pages into "+dir, "%w", err) }
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fail(err)
	}
	for _, r := range results {
		var page bytes.Buffer
		if err := writePage(&page, r, "index.html"); err != nil {
			return fail(err)
		}
		if err := os.WriteFile(filepath.Join(dir, pageName(r)), page.Bytes(), 0o644); err != nil {
			return fail(err)
		}
	}
	var index bytes.Buffer
	if err := writeIndex(&index, results); err != nil {
		return fail(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "index.html"), index.Bytes(), 0o644); err != nil {
		return fail(err)
	}
	return nil
}

// pageName is unique: no name holds a dash, no category an underscore, and index.html has no dash.
func pageName(r Result) string { return r.Category + "-" + r.Name + ".html" }

// writePage shows less of everything until the page is small enough.
func writePage(w io.Writer, r Result, back string) error {
	t, err := templates()
	if err != nil {
		return err
	}
	page := &bounded{most: mostPage}
	for c := generous; ; c = c.halved() {
		page.Reset()
		data := struct {
			view
			Back string
		}{newView(r, c), back}
		err := t.ExecuteTemplate(page, "result.html", data)
		if err == nil {
			break
		}
		if !errors.Is(err, errTooLong) || c == c.halved() {
			return err
		}
	}
	_, err = w.Write(page.Bytes())
	return err
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

// indexRow is a result in the index; the lists have an entry a problem.
type indexRow struct {
	ID, Title, File, Healed, Checks     string
	Verdict                             Verdict
	Patterns, Severities, Causes, Modes []string
}

func writeIndex(w io.Writer, results []Result) error {
	t, err := templates()
	if err != nil {
		return err
	}
	data := struct {
		Passed        int
		Summary, When string
		Rows          []indexRow
	}{}
	count := map[Verdict]int{}
	took := 0.0
	for _, r := range results {
		count[r.Verdict]++
		took += r.Run.Seconds
		data.Rows = append(data.Rows, newIndexRow(r))
	}
	data.Passed = count[Passed]
	data.Summary = fmt.Sprintf("%d failed, %d could not be carried out. Together they took %s.",
		count[Failed], count[Broken], time.Duration(took*float64(time.Second)).Round(time.Second))
	if len(results) > 0 {
		data.When = results[0].Run.Started.Format("2006-01-02 15:04 MST")
	}
	return t.ExecuteTemplate(w, "index.html", data)
}

func newIndexRow(r Result) indexRow {
	times := r.Times()
	r = shorten(r, caps{list: 12, text: 160})
	row := indexRow{ID: r.ID(), Title: r.Scenario.Title, File: pageName(r), Verdict: r.Verdict,
		Checks: fmt.Sprintf("%d of %d", passing(r.Checks), len(r.Checks))}
	if row.Title == "" {
		row.Title = row.ID
	}
	for _, d := range r.Problems {
		row.Patterns = append(row.Patterns, d.Pattern)
		row.Severities = append(row.Severities, orNone(d.Severity.String()))
		row.Causes = append(row.Causes, causeText(d.RootCause.Entity, d.RootCause.Mechanism))
		row.Modes = append(row.Modes, modeText(d.Plan.Mode))
	}
	if times.Healed != nil {
		row.Healed = fmt.Sprintf("%.1f s", *times.Healed)
	}
	return row
}

// templates parses the pages. They are small, and written once a run.
func templates() (*template.Template, error) {
	css, err := pageFiles.ReadFile("pages/style.css")
	if err != nil {
		return nil, err
	}
	return template.New("").Funcs(template.FuncMap{
		"css":      func() template.CSS { return template.CSS(css) }, //nolint:gosec // our own file, embedded
		"join":     func(list []string) string { return strings.Join(list, ", ") },
		"params":   withText,
		"mode":     modeText,
		"stepText": stepText,
		"tone":     stepTone,
		"turn":     momentTone,
	}).ParseFS(pageFiles, "pages/*.html")
}

// withText writes parameters in a fixed order.
func withText(with map[string]any) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(with)) {
		parts = append(parts, fmt.Sprintf("%s: %v", name, with[name]))
	}
	return strings.Join(parts, ", ")
}

// HasEvidence says that there is anything to list.
func (c cause) HasEvidence() bool {
	return len(c.RootCause.Evidence)+len(c.RootCause.Against)+len(c.RootCause.Missing) > 0
}

func stepTone(s corax.StepState) string {
	switch s {
	case corax.StepDone, corax.StepNotNeeded:
		return "done"
	case corax.StepFailed, corax.StepUnknown:
		return "step-failed"
	}
	return ""
}

// momentTone marks the turning points of a timeline.
func momentTone(k corax.EventKind) string {
	switch k {
	case corax.EventInjected, corax.EventIncidentOpened, corax.EventIncidentReopened:
		return "bad"
	case corax.EventProblemOpened, corax.EventDiagnosed:
		return "bad turn"
	case corax.EventEscalated, corax.EventApprovalAsked, corax.EventContained:
		return "warn turn"
	case corax.EventHealed, corax.EventClosed:
		return "good turn"
	case corax.EventIncidentResolved, MomentHealthy, MomentApproved:
		return "good"
	}
	return ""
}
