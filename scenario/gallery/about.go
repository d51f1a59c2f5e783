package gallery

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"corax/scenario"
)

// About is what the page about measuring counts.
type About struct {
	Scenarios, Live, Text, Runs int
	Checks                      []checked
	Surroundings                []Choice
}

type checked struct {
	Name     string
	Held, Of int
}

func (b *builder) about() error {
	a := About{Scenarios: len(b.latest), Runs: len(b.latest)}
	checks, where := map[string]*checked{}, map[string]int{}
	for _, r := range b.latest {
		if r.Live {
			a.Live++
		}
		full, err := b.read(r)
		if err != nil {
			return err
		}
		for _, c := range full.Checks {
			name := c.Name
			if _, rest, found := strings.Cut(name, "."); found && strings.HasPrefix(name, "problem_") {
				name = rest
			}
			name = scenario.Label(name)
			if checks[name] == nil {
				checks[name] = &checked{Name: name}
			}
			checks[name].Of++
			if c.OK {
				checks[name].Held++
			}
		}
		where[surroundings(full.Run)]++
	}
	a.Text = a.Scenarios - a.Live
	for _, c := range checks {
		a.Checks = append(a.Checks, *c)
	}
	slices.SortFunc(a.Checks, func(x, y checked) int {
		if x.Of != y.Of {
			return y.Of - x.Of
		}
		return strings.Compare(x.Name, y.Name)
	})
	for text, n := range where {
		a.Surroundings = append(a.Surroundings, Choice{Text: text, Count: n})
	}
	slices.SortFunc(a.Surroundings, func(x, y Choice) int { return strings.Compare(x.Text, y.Text) })
	for most := scenario.Generous(); ; most = most.Halved() {
		short := scenario.Brief(a, most)
		data, err := b.page("about.html", sheet{Heading: "How this is measured", About: &short})
		if errors.Is(err, errTooLong) && most != most.Halved() {
			continue
		}
		if err != nil {
			return fmt.Errorf("the page about measuring: %w", err)
		}
		return b.add("about.html", data, b.when())
	}
}

// surroundings say what ran on what.
func surroundings(r scenario.Run) string {
	parts := []string{scenario.WithText(anyOf(r.Versions))}
	if m := r.Machine; m != nil {
		parts = append(parts, fmt.Sprintf("on %s, %s, %d processors", m.OS, m.Arch, m.CPUs))
	}
	if text := strings.TrimSpace(strings.Join(parts, " ")); text != "" {
		return text
	}
	return "not recorded"
}

func anyOf(m map[string]string) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		out[k] = v
	}
	return out
}
