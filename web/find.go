package web

import (
	"context"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"corax"
	"corax/lookup"
	"corax/store"
	"corax/store/search"
)

// Finder is what the pages of signals, incidents, monitors and changes look up; see package lookup. It limits itself to what the
// context's principal may see.
type Finder interface {
	Signals(ctx context.Context, f store.SignalSearch) (store.SignalPage, error)
	Facets(ctx context.Context, f store.SignalSearch, days int) (store.SignalFacets, error)
	// Templates also says how many signals were counted, where that is not all of them.
	Templates(ctx context.Context, f store.TemplateFilter, of store.SignalSearch) (all []store.Template, newest int64, err error)
	Template(ctx context.Context, id int64) (store.Template, error)
	Incidents(ctx context.Context, f store.IncidentSearch) (store.IncidentList, error)
	Incident(ctx context.Context, id string, most int) (corax.Incident, []corax.Signal, error)
	Changes(ctx context.Context, f store.SignalSearch, window time.Duration) (lookup.Changes, error)
	Pulses(ctx context.Context) (map[string]lookup.Pulse, error)
	Record(ctx context.Context, entity string) (lookup.EntityRecord, error)
	States(ctx context.Context) []corax.ProbeResult
	State(ctx context.Context, monitor string) (corax.ProbeResult, error)
	History(ctx context.Context, monitor string, from, to time.Time, step time.Duration) (store.MonitorHistory, error)
	Histories(ctx context.Context, from, to time.Time, step time.Duration) (map[string]store.MonitorHistory, error)
	MonitorChanges(ctx context.Context, monitor string, most int) ([]store.MonitorChange, error)
}

// Tender is what these pages set in motion: the same methods that the API calls.
type Tender interface {
	Acknowledge(ctx context.Context, incident, by string) error
	Resolve(ctx context.Context, incident, by string) error
	RunMonitor(ctx context.Context, name string) (corax.ProbeResult, error)
}

// spans are the times that one can look back.
var spans = []struct {
	option
	length time.Duration
}{
	{option{"1h", "Last hour"}, time.Hour}, {option{"24h", "Last 24 hours"}, 24 * time.Hour}, {option{"7d", "Last 7 days"}, 7 * 24 * time.Hour},
	{option{"30d", "Last 30 days"}, 30 * 24 * time.Hour},
}

func spanOptions() []option {
	all := []option{{"", "Any time"}}
	for _, s := range spans {
		all = append(all, s.option)
	}
	return all
}

// filters are a list's filters as they stand in the address: what is shared by copying it.
type filters struct {
	URL    string // the list's address with its filters, without cursors
	Values url.Values
	Chips  []chip
	Spans  []option
}

// chip is a filter that is set, and the address without it.
type chip struct{ Name, Value, URL string }

// filtersOf reads the filters that are set. names are those that are shown as chips, with what they are called.
func filtersOf(r *http.Request, names ...[2]string) filters {
	q := r.URL.Query()
	for _, k := range []string{"before", "after", "region"} {
		q.Del(k)
	}
	for k, v := range q {
		if len(v) == 0 || v[0] == "" {
			q.Del(k)
		}
	}
	f := filters{URL: address(r.URL.Path, q), Values: q, Spans: spanOptions()}
	for _, n := range names {
		for i, v := range q[n[0]] {
			without := url.Values{}
			for k, list := range q {
				for j, x := range list {
					if k != n[0] || i != j {
						without.Add(k, x)
					}
				}
			}
			f.Chips = append(f.Chips, chip{n[1], v, address(r.URL.Path, without)})
		}
	}
	return f
}

func address(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// Get is the first value of a filter.
func (f filters) Get(name string) string { return f.Values.Get(name) }

// Has says that a filter has this value.
func (f filters) Has(name, value string) bool { return slices.Contains(f.Values[name], value) }

// Add is the address with a filter set to a value.
func (f filters) Add(name, value string) string { return f.with(name, value) }

// without is the address without a filter.
func (f filters) without(name string) string { return f.with(name) }

func (f filters) with(name string, values ...string) string {
	q := maps.Clone(f.Values)
	q.Del(name)
	if len(values) > 0 {
		q[name] = values
	}
	path, _, _ := strings.Cut(f.URL, "?")
	return address(path, q)
}

// At is the address of another page of the list; empty where there is none.
func (f filters) At(cursor, place string) string {
	if place == "" {
		return ""
	}
	return f.Add(cursor, place)
}

// time reads which time is asked for: "last", or "since" and "until".
func (f filters) time(now time.Time) (since, until time.Time, err error) {
	for _, s := range spans {
		if f.Get("last") == s.Value {
			since = now.Add(-s.length)
		}
	}
	for name, at := range map[string]*time.Time{"since": &since, "until": &until} {
		if text := f.Get(name); text != "" {
			if *at, err = readTime(text); err != nil {
				return since, until, err
			}
		}
	}
	return since, until, nil
}

// readTime reads what an address or the field of a form holds, in UTC where it doesn't say.
func readTime(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, corax.Errorf(corax.Invalid, "read a time", "%q is none; write 2026-03-30T12:00", text)
}

// severities reads severities; "none" is those that say nothing.
func (f filters) severities() ([]corax.Severity, error) {
	var list []corax.Severity
	for _, name := range f.Values["severity"] {
		s, err := corax.ParseSeverity(name)
		if err != nil {
			return nil, corax.Errorf(corax.Invalid, "read a filter", "%w", err)
		}
		list = append(list, s)
	}
	return list, nil
}

// piece is a part of a text: one that a search found, or what stands between.
type piece struct {
	Text string
	Hit  bool
}

// pieces takes a text apart at its marks. A long text is cut.
func pieces(text string, marks []search.Mark) []piece {
	const most = 600
	var out []piece
	at := 0
	for _, m := range marks {
		if m.Start < at || m.End > len(text) || m.Start > most {
			break
		}
		if m.Start > at {
			out = append(out, piece{Text: text[at:m.Start]})
		}
		out = append(out, piece{Text: text[m.Start:m.End], Hit: true})
		at = m.End
	}
	rest := text[at:]
	if len(rest) > most {
		rest = strings.ToValidUTF8(rest[:most], "") + "…"
	}
	if rest != "" {
		out = append(out, piece{Text: rest})
	}
	return out
}

// kindTones say how the kinds of signals look.
var kindTones = map[corax.SignalKind]string{corax.Symptom: "high", corax.Recovery: "ok", corax.Expiry: "medium", corax.ChangeOf: "accent", corax.Note: "idle"}

// listFuncs are what the templates of these pages use.
var listFuncs = template.FuncMap{
	"pieces": pieces,
	"holes": func(text string) []piece { // of a template of messages
		var out []piece
		for i, part := range strings.Split(text, "<*>") {
			if i > 0 {
				out = append(out, piece{Text: "…", Hit: true})
			}
			if part != "" {
				out = append(out, piece{Text: part})
			}
		}
		return out
	},
	"strings": func(list []any) []string {
		out := make([]string, len(list))
		for i, v := range list {
			out[i] = fmt.Sprint(v)
		}
		return out
	},
	"label":    func(name, value string) string { return name + "=" + value },
	"kindTone": func(k corax.SignalKind) string { return kindTones[k] },
	"severityOptions": func() []option {
		return []option{{"", "Any"}, {"critical", "Critical"}, {"high", "High"}, {"medium", "Medium"}, {"low", "Low"}, {"none", "Not rated"}}
	},
	"named": func(name string) string {
		if name == "" {
			return "none"
		}
		return name
	},
}
