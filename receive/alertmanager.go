package receive

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/valyala/fastjson"

	"corax"
)

// This file speaks the part of the Alertmanager API v2 that a Prometheus uses
// (https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml).

const alertmanagerSource = "alertmanager"

// alertmanager reads a batch of alerts; where some can't be used the answer is 400 and names them.
func (r *Receivers) alertmanager(body []byte, now time.Time) decoded {
	return parse(body, func(v *fastjson.Value) decoded {
		items, err := v.Array()
		if err != nil {
			return decoded{answer: problem(http.StatusBadRequest, fmt.Sprintf("expected a list of alerts, found %s", v.Type()))}
		}
		return each(items, func(item *fastjson.Value) (corax.Signal, error) { return r.alert(item, now) },
			func(int) answer { return answer{status: http.StatusOK} })
	})
}

func alertmanagerStatus(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", jsonType)
	_, _ = fmt.Fprintln(w, `{"cluster":{"status":"disabled","peers":[]},"versionInfo":{"version":"corax"},"config":{"original":""}}`)
}

// alert turns one alert into a signal.
func (r *Receivers) alert(item *fastjson.Value, now time.Time) (s corax.Signal, err error) {
	if item.Type() != fastjson.TypeObject {
		return s, fmt.Errorf("expected an alert, found %s", item.Type())
	}
	labels, err := stringMap(item, "labels")
	if err != nil {
		return s, err
	}
	if len(labels) == 0 {
		return s, errors.New("labels: expected at least one")
	}
	annotations, err := stringMap(item, "annotations")
	if err != nil {
		return s, err
	}
	starts, err := moment(item, "startsAt")
	if err != nil {
		return s, err
	}
	ends, err := moment(item, "endsAt")
	if err != nil {
		return s, err
	}
	if !starts.IsZero() && !ends.IsZero() && ends.Before(starts) {
		return s, fmt.Errorf("endsAt: %s is before startsAt", ends.Format(time.RFC3339))
	}
	s = corax.Signal{
		Source: alertmanagerSource, Kind: corax.Symptom, Entity: r.entity(labels), Labels: labels, Message: alertMessage(labels, annotations),
		Fingerprint: fingerprint(alertmanagerSource, labels), Attributes: alertAttributes(item, annotations),
	}
	// An unknown word in the label is no fault of the alert: it then says nothing of its severity.
	s.Severity, _ = corax.ParseSeverity(labels["severity"])
	if !ends.IsZero() && !ends.After(now) {
		s.Kind = corax.Recovery
	}
	if starts.IsZero() {
		// What Corax sets itself must come out the same in a retry.
		starts = r.latest.start(s.Fingerprint, string(s.Kind)+"\x00"+s.Message, now)
		if s.Kind == corax.Recovery {
			starts = ends
		}
	}
	s.At = earlier(starts, now)
	if s.Kind == corax.Recovery {
		s.At = ends
	} else {
		if ends.IsZero() {
			ends = now.Add(r.o.ResolveTimeout)
		}
		s.EndsAt = &ends
	}
	s.ID = shortHash("sig-", s.Fingerprint, starts.Format(time.RFC3339Nano), string(s.Kind))
	return s, nil
}

// entity is the value of the first label that names one, an address without its port.
func (r *Receivers) entity(labels map[string]string) string {
	for _, name := range r.o.EntityLabels {
		v := labels[name]
		if v == "" {
			continue
		}
		if host, port, ok := strings.Cut(v, ":"); ok && name == "instance" && host != "" && !strings.Contains(port, ":") {
			return host
		}
		return v
	}
	return ""
}

// alertAttributes are what an alert says beside its message: the other annotations, and where it comes from.
func alertAttributes(item *fastjson.Value, annotations map[string]string) map[string]string {
	for _, said := range [...]string{"summary", "message", "description"} {
		delete(annotations, said)
	}
	if from := item.GetStringBytes("generatorURL"); len(from) > 0 {
		if annotations == nil {
			annotations = make(map[string]string, 1)
		}
		annotations["generator_url"] = clean(from)
		if expr := ruleExpression(string(from)); expr != "" {
			annotations["expr"] = clean([]byte(expr))
		}
	}
	if len(annotations) == 0 {
		return nil
	}
	return annotations
}

// ruleExpression is the expression of the rule that fired, which Prometheus puts into the generator's URL.
func ruleExpression(generator string) string {
	u, err := url.Parse(generator)
	if err != nil {
		return ""
	}
	return u.Query().Get("g0.expr")
}

func alertMessage(labels, annotations map[string]string) string {
	name, summary := labels["alertname"], cmp.Or(annotations["summary"], annotations["message"])
	text := cmp.Or(summary, name)
	if name != "" && summary != "" && summary != name {
		text = name + ": " + summary
	}
	if d := annotations["description"]; d != "" && d != summary {
		if text == "" {
			return d
		}
		text += "; " + d
	}
	if text != "" {
		return text
	}
	pairs := make([]string, 0, len(labels)) // nothing was said: what identifies it has to do
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		pairs = append(pairs, k+"="+labels[k])
	}
	return strings.Join(pairs, " ")
}
