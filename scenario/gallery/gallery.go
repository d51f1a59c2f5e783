// Package gallery shows what scenarios gave, to anyone: a list by category with verdicts, a page a run, two runs side by side, how it went
// over time. The same templates make the static site of `corax scenario publish` and the pages of a running Corax; what differs is the frame
// around them and where links lead. In come results, out come pages; nothing is judged here.
//
// All text of a result is data: html/template escapes it, and package scenario has cut it to size and taken out what misleads a reader's eye.
package gallery

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"strconv"
	"time"

	"corax"
	"corax/scenario"
	"corax/scenario/history"
)

//go:embed pages
var files embed.FS

// Pages holds the template files that show results over the parts of package ui: "gallery" shows an Index, "scenario" a Page,
// "gallery-differences" a history.Comparison.
func Pages() fs.FS { return files }

// Templates are the names of those files.
func Templates() []string { return []string{"pages/index.html", "pages/scenario.html"} }

// Funcs are what the templates use beyond those of package ui.
func Funcs() template.FuncMap {
	return template.FuncMap{
		"params": scenario.WithText, "mode": scenario.ModeText, "stepText": scenario.StepText, "turn": momentTone, "at": at, "seconds": seconds, "share": share,
	}
}

// at is a time to the minute. Never "3 minutes ago": the same results give the same bytes.
func at(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

// seconds is empty for nil.
func seconds(s *float64) string {
	if s == nil {
		return ""
	}
	return fmt.Sprintf("%.1f s", *s)
}

func share(r history.Rate) string {
	s, any := r.Share()
	if !any {
		return "none carried out"
	}
	return strconv.FormatFloat(100*s, 'f', 1, 64) + " %"
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
	case corax.EventIncidentResolved, scenario.MomentHealthy, scenario.MomentApproved:
		return "good"
	}
	return ""
}
