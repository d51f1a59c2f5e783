package link

import (
	"context"
	"embed"
	"html/template"
	"log/slog"
	"net/http"
	"strings"

	"corax"
)

// Path is where the pages of links are mounted: PublicURL + Path + token.
const Path = "/l/"

const (
	maxForm = 16 << 10
	maxNote = 1000
)

//go:embed page.html
var files embed.FS

var page = template.Must(template.ParseFS(files, "page.html"))

// View is what a page shows.
type View struct {
	Language string // of the page: en, de
	Title    string
	Lines    []string // paragraphs of plain text
	Steps    []string // numbered
	Buttons  []Button // what the bearer may do; none where there is nothing to do any more
	Note     string   // label of a text field that goes with the answer; none where empty
	Secret   string   // the same, of a field that hides what is written, in the place of Note
	Next     string   // token of the link for what comes next; none where empty
	NextText string
}

// Button is one answer.
type Button struct {
	Do    string // the word that Act gets
	Label string
	Key   string // the key of a telephone that means the same; none where empty
}

// Purpose is what the links of one kind are for.
type Purpose interface {
	// Show says what a link is about. It changes nothing.
	Show(ctx context.Context, g Grant) (View, error)
	// Act does what was chosen, once: it is a Conflict where the grant's ID was used before or the time for it is over.
	Act(ctx context.Context, g Grant, do, note string) (View, error)
}

// Pages serves the pages of links. GET shows, and only POST acts.
type Pages struct {
	Signer   *Signer
	Purposes map[string]Purpose
	Clock    corax.Clock
	Log      *slog.Logger
}

// ServeHTTP implements http.Handler for Path and what is below it.
func (p Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex")
	h.Set("Content-Type", "text/html; charset=utf-8")
	g, err := p.Signer.Read(strings.TrimPrefix(r.URL.Path, Path), p.Clock.Now())
	purpose := p.Purposes[g.Purpose]
	if err == nil && purpose == nil {
		err = corax.Errorf(corax.NotFound, "read a link", "nothing here takes links for %s", g.Purpose)
	}
	var v View
	switch {
	case err != nil:
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		v, err = purpose.Show(r.Context(), g)
	case r.Method == http.MethodPost:
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		note := strings.ToValidUTF8(r.PostFormValue("note"), "")
		if len([]rune(note)) > maxNote {
			note = string([]rune(note)[:maxNote])
		}
		v, err = purpose.Act(r.Context(), g, r.PostFormValue("do"), note)
	default:
		h.Set("Allow", "GET, HEAD, POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	p.answer(w, v, err)
}

// answer writes the page, or what is wrong. A defect of ours is logged, not shown.
func (p Pages) answer(w http.ResponseWriter, v View, err error) {
	if err != nil {
		status := map[corax.Code]int{
			corax.Forbidden: http.StatusForbidden, corax.NotFound: http.StatusNotFound, corax.Conflict: http.StatusConflict,
			corax.Invalid: http.StatusUnprocessableEntity, corax.Unavailable: http.StatusServiceUnavailable,
		}[corax.CodeOf(err)]
		text := err.Error()
		if status == 0 {
			status, text = http.StatusInternalServerError, "Something went wrong; nothing was recorded. Please call back."
			p.Log.Error("the page of a link failed", "error", err)
		}
		v = View{Title: "This did not work", Lines: []string{text, corax.HintOf(err)}}
		w.WriteHeader(status)
	}
	if v.Language == "" {
		v.Language = "en"
	}
	if err := page.Execute(w, v); err != nil {
		p.Log.Debug("the page of a link was not read to its end", "error", err)
	}
}
