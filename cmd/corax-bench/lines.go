package main

import (
	"bufio"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"corax"
)

// level is an alert's text with the severity that its impact calls for.
type level struct {
	ID       string         `json:"id"`
	Message  string         `json:"message"`
	Severity corax.Severity `json:"severity"`
	Split    string         `json:"split"`
}

// levels rates texts over all four levels.
func levels(in input) (result, error) {
	all, err := lines[level](in.dir)
	if err != nil {
		return result{}, err
	}
	cell, base := map[string]float64{}, map[string]float64{}
	r := result{Set: "levels", Figures: map[string]map[string]float64{"all": cell}, Baseline: map[string]map[string]float64{"all": base}}
	var truth, got, always []string
	hit, near := 0, 0
	for _, x := range all {
		if in.split != "" && x.Split != in.split {
			continue
		}
		said, conf := corax.Low, 0.0
		if rep := in.engine.Diagnose(corax.Case{ID: x.ID, Signals: []corax.Signal{{Message: x.Message}}}); len(rep.Problems) > 0 {
			said, conf = rep.Problems[0].Severity, rep.Problems[0].Confidence
		}
		truth, got, always = append(truth, x.Severity.String()), append(got, said.String()), append(always, corax.Critical.String())
		count(&hit, said == x.Severity)
		count(&near, said-x.Severity <= 1 && x.Severity-said <= 1)
		r.Predictions = append(r.Predictions, prediction{ID: x.ID, System: x.Severity.String(), Ranked: []string{said.String()},
			Confidence: conf, Truth: x.Severity.String()})
	}
	share(cell, "accuracy", hit, len(truth))
	share(cell, "within_one_level", near, len(truth))
	cell["macro_f1"], base["macro_f1"] = macroF1(truth, got), macroF1(truth, always)
	return r, nil
}

// quiet counts the problems that healthy lines raise, each line a case of its own.
func quiet(in input) (result, error) {
	return eachLine(in, "quiet", "raised", "none", func(r corax.Report) (string, float64, bool) {
		if len(r.Problems) == 0 {
			return "none", 1, false
		}
		return r.Problems[0].RootCause.Mechanism, r.Problems[0].Confidence, true
	})
}

// open counts the failures of invented systems that get a pattern, each line a case of its own; and those that are not seen at all.
func open(in input) (result, error) {
	return eachLine(in, "open", "claimed", corax.Unknown, func(r corax.Report) (string, float64, bool) {
		if len(r.Problems) == 0 {
			return "not seen", 1, false
		}
		return r.Problems[0].Pattern, r.Problems[0].PatternConfidence, r.Problems[0].Pattern != corax.Unknown
	})
}

// failureWord is what a line must not hold to count as informational whatever happens.
var failureWord = regexp.MustCompile(`(?i)fail|error|exception|warn|fatal|denied|refus|timeout|timed out|lost|kill|died|dead|abort|invalid|unable|cannot|can't|corrupt|panic|reset|drop|reject|unreachable|down\b|missing|critical`)

// counts says which lines of a file are measured: all of a text file, and of a log the informational ones without a word of failure.
func counts(name, line string) bool {
	return path.Ext(name) != ".log" || (strings.Contains(line, "INFO") || strings.Contains(line, " I ")) && !failureWord.MatchString(line)
}

// eachLine diagnoses the lines of a folder's text files and logs one by one.
func eachLine(in input, set, measure, truth string, judge func(corax.Report) (string, float64, bool)) (result, error) {
	r := result{Set: set, Figures: map[string]map[string]float64{}, Baseline: map[string]map[string]float64{}}
	var files []string
	for _, glob := range [...]string{"*.txt", "*.log", "*/*.log"} {
		found, err := fs.Glob(os.DirFS(in.dir), glob)
		if err != nil {
			return r, err
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		return r, corax.Errorf(corax.NotFound, "read "+in.dir, "no *.txt or *.log there")
	}
	for _, name := range files {
		f, err := os.Open(filepath.Join(in.dir, name))
		if err != nil {
			return r, err
		}
		cell, n, hits, seen := map[string]float64{}, 0, 0, 0
		for scan := bufio.NewScanner(f); scan.Scan(); {
			text := strings.TrimSpace(scan.Text())
			if text == "" || !counts(name, text) {
				continue
			}
			n++
			got, conf, hit := judge(in.engine.Diagnose(corax.Case{ID: text, Signals: []corax.Signal{{Message: text}}}))
			count(&hits, hit)
			count(&seen, got != "not seen" && got != "none")
			r.Predictions = append(r.Predictions, prediction{ID: text, System: name, Ranked: []string{got}, Confidence: conf, Truth: truth})
		}
		share(cell, measure, hits, n)
		share(cell, "seen", seen, n)
		r.Figures[name] = cell
		if err := f.Close(); err != nil {
			return r, err
		}
	}
	return r, nil
}
