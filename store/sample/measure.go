package sample

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"time"

	"corax"
	"corax/store"
	"corax/store/sqlite"
	"corax/triage/indexer"
)

// Open opens a store that holds the sample, and fills it first where the file is not there or was filled otherwise.
func Open(ctx context.Context, path string, o Options) (*sqlite.Store, error) {
	note, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	have, err := os.ReadFile(path + ".json")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	filled := string(have) == string(note)
	if !filled {
		for _, f := range []string{path, path + "-wal", path + "-shm", path + ".json"} {
			if err := os.Remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		}
	}
	s, err := sqlite.Open(ctx, sqlite.Options{Path: path})
	if err != nil {
		return nil, err
	}
	if !filled {
		err = Fill(ctx, s, o)
	}
	if err == nil {
		err = indexer.New(indexer.Options{Store: s, Batch: 10_000}).CatchUp(ctx)
	}
	if err == nil && !filled {
		err = os.WriteFile(path+".json", note, 0o600)
	}
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// Query is something that a page asks of the store.
type Query struct {
	Name string
	Run  func(ctx context.Context) error
}

// Queries are what the pages ask of a store with a sample in it that ends at a time.
func Queries(s *sqlite.Store, until time.Time) []Query {
	signals := func(name string, f store.SignalSearch) Query {
		return Query{"signals, " + name, func(ctx context.Context) error {
			page, err := s.SearchSignals(ctx, f)
			if err == nil && len(page.Signals) == 0 {
				err = errors.New("nothing was found")
			}
			return err
		}}
	}
	week := until.Add(-7 * 24 * time.Hour)
	return []Query{
		signals("the latest", store.SignalSearch{}),
		signals("a frequent word", store.SignalSearch{Text: "connection "}),
		signals("two letters", store.SignalSearch{Text: "co"}),
		signals("three letters", store.SignalSearch{Text: "con"}),
		signals("five letters", store.SignalSearch{Text: "conne"}),
		signals("seven letters", store.SignalSearch{Text: "connect"}),
		signals("four letters, not the usual", store.SignalSearch{Text: "cons"}),
		signals("six letters, rare", store.SignalSearch{Text: "contai"}),
		signals("beginning of numbers", store.SignalSearch{Text: "1000"}),
		signals("three words", store.SignalSearch{Text: "login failed signat"}),
		signals("a rare word", store.SignalSearch{Text: "no space left"}),
		signals("entity and severity", store.SignalSearch{Entity: "web-shop", Severities: []corax.Severity{corax.Critical}}),
		signals("all filters", store.SignalSearch{Text: "refused 54", Entity: "checkout", Severities: []corax.Severity{corax.High, corax.Critical},
			Kinds: []corax.SignalKind{corax.Symptom}, Source: "log/checkout", Labels: map[string]string{"zone": "north"}, Since: week, Until: until}),
		signals("a label, a day long ago", store.SignalSearch{Labels: map[string]string{"team": "net"}, Since: until.Add(-20 * 24 * time.Hour),
			Until: until.Add(-19 * 24 * time.Hour)}),
		signals("a template", store.SignalSearch{Template: 3}),
		signals("deep page", store.SignalSearch{Text: "connection ", Before: "5yc0"}),
		signals("newer", store.SignalSearch{Text: "connection ", After: "5yc0"}),
		{"problems, the latest", func(ctx context.Context) error { _, err := s.SearchProblems(ctx, store.ProblemSearch{}); return err }},
		{"problems, text and entity", func(ctx context.Context) error {
			_, err := s.SearchProblems(ctx, store.ProblemSearch{Text: "certificate exp", Entity: "auth"})
			return err
		}},
		{"problems like one", func(ctx context.Context) error {
			_, err := s.ProblemsLike(ctx, store.ProblemBrief{ID: "prb-000400", Mechanism: "log_growth", Root: "auth", Pattern: "DISK_FULL"}, 200)
			return err
		}},
		{"a year of briefs", func(ctx context.Context) error {
			_, err := s.ProblemBriefs(ctx, until.Add(-365*24*time.Hour), 5000)
			return err
		}},
		{"incidents, live", func(ctx context.Context) error {
			_, err := s.SearchIncidents(ctx, store.IncidentSearch{Live: true})
			return err
		}},
		{"incidents, rare words", func(ctx context.Context) error {
			_, err := s.SearchIncidents(ctx, store.IncidentSearch{Text: "nonesuch"})
			return err
		}},
		{"incidents, entity and severity", func(ctx context.Context) error {
			_, err := s.SearchIncidents(ctx, store.IncidentSearch{Entity: "checkout", Severities: []corax.Severity{corax.Low}})
			return err
		}},
		{"changes", func(ctx context.Context) error {
			_, err := s.SearchSignals(ctx, store.SignalSearch{Kinds: []corax.SignalKind{corax.ChangeOf}, Limit: 25})
			return err
		}},
		{"signal facets, 30 days", func(ctx context.Context) error { _, err := s.SignalFacets(ctx, 30, until); return err }},
		{"templates, 7 days with hours", func(ctx context.Context) error {
			list, err := s.Templates(ctx, store.TemplateFilter{Since: week, Until: until, Limit: 100})
			if err == nil && len(list) == 0 {
				err = errors.New("nothing was found")
			}
			return err
		}},
	}
}
