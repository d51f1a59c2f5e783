package receive

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/valyala/fastjson"

	"corax"
	"corax/config"
)

// mapped reads the JSON of a tool that is declared in the configuration.
type mapped struct {
	r *Receivers
	m config.Mapping

	items, id, entity, message, severity, status, at path
	labels                                           map[string]path
}

// path leads to a value, such as alert.tags[0]; an empty one leads nowhere.
type path []string

func newPath(text string) path {
	if text == "" {
		return nil
	}
	return strings.Split(strings.NewReplacer("[", ".", "]", "").Replace(text), ".")
}

func newMapped(r *Receivers, m config.Mapping) mapped {
	g := mapped{
		r: r, m: m, items: newPath(m.Items), id: newPath(m.ID), entity: newPath(m.Entity), message: newPath(m.Message),
		severity: newPath(m.Severity), status: newPath(m.Status), at: newPath(m.At), labels: map[string]path{},
	}
	for label, text := range m.Labels {
		g.labels[label] = newPath(text)
	}
	return g
}

func (g mapped) decode(body []byte, now time.Time) decoded {
	return parse(body, func(v *fastjson.Value) decoded {
		items, err := g.list(v)
		if err != nil {
			return decoded{answer: problem(http.StatusBadRequest, err.Error())}
		}
		return each(items, func(item *fastjson.Value) (corax.Signal, error) { return g.signal(item, now) },
			func(stored int) answer {
				return answer{http.StatusAccepted, map[string]int{"stored": stored}, jsonType}
			})
	})
}

// list finds the items; one that isn't in a list is a list of one.
func (g mapped) list(v *fastjson.Value) ([]*fastjson.Value, error) {
	if len(g.items) > 0 {
		if v = v.Get(g.items...); v == nil {
			return nil, fmt.Errorf("%s: missing; the mapping %s expects its items there", g.m.Items, g.m.Name)
		}
	}
	if v.Type() == fastjson.TypeArray {
		return v.Array()
	}
	return []*fastjson.Value{v}, nil
}

func (g mapped) signal(item *fastjson.Value, now time.Time) (s corax.Signal, err error) {
	s = corax.Signal{At: now, Source: g.m.Name, Kind: corax.Symptom, Entity: g.entity.text(item), Message: g.message.text(item)}
	if s.Message == "" {
		return s, fmt.Errorf("%s: missing or empty; the mapping %s expects the message there", g.m.Message, g.m.Name)
	}
	if s.Severity, err = corax.ParseSeverity(g.severity.text(item)); err != nil {
		return s, fmt.Errorf("%s: %w", g.m.Severity, err)
	}
	var start time.Time
	if stamp := g.at.text(item); stamp != "" {
		if start, err = instantOrEpoch(stamp); err != nil {
			return s, fmt.Errorf("%s: %w", g.m.At, err)
		}
		s.At = earlier(start, now)
	}
	status := g.status.text(item)
	if slices.ContainsFunc(g.m.ResolvedValues, func(v string) bool { return strings.EqualFold(v, status) }) {
		s.Kind = corax.Recovery
	}
	for label, p := range g.labels {
		if v := p.text(item); v != "" {
			if s.Labels == nil {
				s.Labels = make(map[string]string, len(g.labels))
			}
			s.Labels[label] = v
		}
	}
	s.Fingerprint = g.fingerprint(g.id.text(item), s)
	// Noted also where the item has its own time: what follows it is no retry of what came before it.
	if began := g.r.latest.start(s.Fingerprint, string(s.Kind)+"\x00"+s.Message, now); start.IsZero() {
		start = began
	}
	s.ID = shortHash("sig-", s.Fingerprint, start.Format(time.RFC3339Nano), string(s.Kind), s.Message)
	return s, nil
}

// fingerprint names the condition by its id, else by entity and labels, and only where there are none by what is said.
func (g mapped) fingerprint(id string, s corax.Signal) string {
	if id != "" {
		return shortHash("fp-", g.m.Name, id)
	}
	labels := map[string]string{"\x00entity": s.Entity}
	maps.Copy(labels, s.Labels)
	if len(s.Labels) == 0 {
		labels["\x00message"] = s.Message
	}
	return fingerprint(g.m.Name, labels)
}

// text is the value there as text: a string as it is, anything else as JSON; empty where there is none.
func (p path) text(v *fastjson.Value) string {
	if len(p) == 0 {
		return ""
	}
	found := v.Get(p...)
	if found == nil || found.Type() == fastjson.TypeNull {
		return ""
	}
	if s, err := found.StringBytes(); err == nil {
		return clean(s)
	}
	return clean(found.MarshalTo(nil))
}
