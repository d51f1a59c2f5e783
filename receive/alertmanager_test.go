package receive

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"corax"
)

func TestAlertmanagerReadsWhatPrometheusSends(t *testing.T) {
	s := newStage(t, nil)
	s.want(200, "", alertsPath, read(t, "prometheus.json"))
	if len(s.stored) != 2 {
		t.Fatalf("%d signals", len(s.stored))
	}
	firing, resolved := s.stored[0], s.stored[1]
	starts, ends := noon.Add(-2*time.Minute+250*time.Millisecond), noon.Add(4*time.Minute+250*time.Millisecond)
	if firing.Kind != corax.Symptom || !firing.At.Equal(starts) || firing.EndsAt == nil || !firing.EndsAt.Equal(ends) ||
		firing.Entity != "checkout" || firing.Severity != corax.Critical || firing.Source != "alertmanager" ||
		firing.Message != "HighErrorRate: Many errors on checkout; 5xx ratio above 5 % for 2 minutes" || firing.Labels["job"] != "checkout" {
		t.Errorf("firing: %+v", firing)
	}
	if resolved.Kind != corax.Recovery || !resolved.At.Equal(noon.Add(-30*time.Second)) || resolved.EndsAt != nil ||
		resolved.Entity != "db-1" || resolved.Severity != corax.Medium || resolved.Message != "DiskFull" {
		t.Errorf("resolved: %+v", resolved)
	}
}

func TestAlertmanagerLifeOfAnAlert(t *testing.T) {
	s := newStage(t, func(o *Options) { o.ResolveTimeout = 3 * time.Minute })
	s.want(200, "", alertsPath, oneAlert)
	if got := s.stored[0].EndsAt; got == nil || !got.Equal(noon.Add(3*time.Minute)) {
		t.Errorf("without endsAt it ends at %v", got)
	}
	s.now = noon.Add(time.Minute)
	s.want(200, "", alertsPath, oneAlert) // Prometheus sends it again
	ended := strings.Replace(oneAlert, `"startsAt"`, `"endsAt":"2026-03-30T12:00:30Z","startsAt"`, 1)
	s.want(200, "", alertsPath, ended)
	s.want(200, "", alertsPath, ended)
	again := strings.Replace(oneAlert, "11:58", "12:01", 1)
	s.want(200, "", alertsPath, again)
	ids := s.ids()
	if ids[0] != ids[1] || ids[2] != ids[3] || ids[0] == ids[2] || ids[4] == ids[0] {
		t.Errorf("ids of firing, renewed, resolved, resolved again, firing anew: %v", ids)
	}
	for _, sig := range s.stored {
		if sig.Fingerprint != s.stored[0].Fingerprint {
			t.Errorf("fingerprint changed: %+v", sig)
		}
	}
	if renewed := s.stored[1].EndsAt; !renewed.Equal(s.now.Add(3 * time.Minute)) {
		t.Errorf("a renewal ends at %v", renewed)
	}
}

// These are on people's disks: a new version of Corax must know them again.
func TestIDsAreStable(t *testing.T) {
	s := newStage(t, nil)
	s.want(200, "", alertsPath, oneAlert)
	s.want(202, "", enqueuePath, oneEvent)
	want := []string{
		"fp-ld6vblsn1rs5tpoo", "sig-t8l05v5f2p0q4r24",
		"fp-8ojb1d0974ien9jj", "sig-4nd6fe043uennkkm",
	}
	for n, sig := range s.stored {
		if sig.Fingerprint != want[2*n] || sig.ID != want[2*n+1] {
			t.Errorf("%s: fingerprint %s, id %s", sig.Source, sig.Fingerprint, sig.ID)
		}
	}
}

func TestAlertmanagerWithoutStart(t *testing.T) {
	s := newStage(t, nil)
	alert := func(fields string) string { return `[{"labels":{"alertname":"Down"}` + fields + `}]` }
	s.want(200, "", alertsPath, alert(``))
	s.now = noon.Add(10 * time.Second)
	s.want(200, "", alertsPath, alert(`,"startsAt":"0001-01-01T00:00:00Z"`)) // a retry
	s.want(200, "", alertsPath, alert(`,"endsAt":"2026-03-30T12:00:05Z"`))
	s.want(200, "", alertsPath, alert(`,"endsAt":"2026-03-30T12:00:05Z"`))
	s.now = noon.Add(10 * time.Minute)
	s.want(200, "", alertsPath, alert(``)) // a new one
	ids := s.ids()
	if ids[0] != ids[1] || ids[2] != ids[3] || ids[0] == ids[2] || ids[4] == ids[0] {
		t.Errorf("ids: %v", ids)
	}
	if !s.stored[0].At.Equal(noon) || !s.stored[1].At.Equal(noon) || s.stored[2].Kind != corax.Recovery {
		t.Errorf("signals: %+v", s.stored)
	}
}

func TestAlertmanagerMixedBatch(t *testing.T) {
	good := strings.Trim(oneAlert, "[]")
	bad := []struct{ item, says string }{
		{`{}`, "labels: expected at least one"},
		{`{"labels":{}}`, "labels: expected at least one"},
		{`{"labels":{"a":""}}`, "labels: expected at least one"},
		{`{"labels":["a"]}`, "labels: expected an object, found array"},
		{`{"labels":{"a":1}}`, "labels.a: expected a string, found number"},
		{`{"labels":{"a":"b"},"annotations":{"c":null}}`, "annotations.c: expected a string, found null"},
		{`{"labels":{"a":"b"},"startsAt":"yesterday"}`, `startsAt: "yesterday" is not a time`},
		{`{"labels":{"a":"b"},"endsAt":12}`, "endsAt: expected a time, found number"},
		{`{"labels":{"a":"b"},"startsAt":"2026-03-30T12:00:00Z","endsAt":"2026-03-30T11:00:00Z"}`, "before startsAt"},
		{`{"labels":{"a":"b"},"startsAt":"9999-12-31T23:59:59-23:00"}`, "is not a time"}, // the year 10000 can't be stored
		{`{"labels":{"a":"b"},"startsAt":"0001-01-01T00:00:00+23:00"}`, "is not a time"}, // nor the year 0
		{`"text"`, "expected an alert, found string"},
		{`null`, "expected an alert, found null"},
		{`{"labels":{"a":"` + strings.Repeat("x", maxSignal) + `"}}`, "the most is 1048576"},
	}
	items := []string{good}
	for _, b := range bad {
		items = append(items, b.item)
	}
	items = append(items, strings.Replace(good, "auth", "other", 1))
	s := newStage(t, nil)
	status, _, text := s.post(alertsPath, "["+strings.Join(items, ",")+"]")
	var doc struct {
		Detail string
		Errors []badItem
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil || status != 400 {
		t.Fatalf("%d %s: %v", status, text, err)
	}
	if len(s.stored) != 2 || doc.Detail != "14 of 16 items can't be used; the others are stored" || len(doc.Errors) != len(bad) {
		t.Fatalf("%d stored, answer %s", len(s.stored), text)
	}
	for n, b := range bad {
		if e := doc.Errors[n]; e.Index != n+1 || !strings.Contains(e.Error, b.says) {
			t.Errorf("%.80s: got %+v, want %q", b.item, e, b.says)
		}
	}
}

func TestAlertmanagerRefusesWhatIsNoBatch(t *testing.T) {
	s := newStage(t, nil)
	s.want(400, "line 2, column 13", alertsPath, "[\n{\"labels\": {]")
	s.want(400, "not valid JSON at line 1, column 1", alertsPath, "")
	s.want(400, "expected a list of alerts, found object", alertsPath, `{"labels":{"a":"b"}}`)
	s.want(400, "nested too deeply", alertsPath, strings.Repeat("[", 5000)+strings.Repeat("]", 5000))
	s.want(200, "", alertsPath, "[]")
	if len(s.stored) != 0 {
		t.Errorf("stored: %+v", s.stored)
	}
}

func TestAlertmanagerCleansText(t *testing.T) {
	s := newStage(t, nil)
	s.want(200, "", alertsPath, "[{\"labels\":{\"alertname\":\"caf\xe9\",\"\\u0073ervice\":\"a\\\"b\"},\"startsAt\":\"2026-03-30T13:00:00Z\"}]")
	sig := s.stored[0]
	if sig.Labels["alertname"] != "caf\uFFFD" || sig.Labels["service"] != `a"b` || sig.Entity != `a"b` {
		t.Errorf("labels: %q", sig.Labels)
	}
	if !sig.At.Equal(noon) {
		t.Errorf("an alert of the future was observed at %v", sig.At)
	}
}

func TestEntity(t *testing.T) {
	r, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		labels map[string]string
		want   string
	}{
		{map[string]string{"service": "auth", "instance": "x:1"}, "auth"},
		{map[string]string{"instance": "10.0.0.1:9100"}, "10.0.0.1"},
		{map[string]string{"instance": "[::1]:9100"}, "[::1]:9100"},
		{map[string]string{"instance": ":9100"}, ":9100"},
		{map[string]string{"job": "a:b"}, "a:b"},
		{map[string]string{"region": "eu"}, ""},
	} {
		if got := r.entity(c.labels); got != c.want {
			t.Errorf("%v: %q, want %q", c.labels, got, c.want)
		}
	}
}

func TestAlertMessage(t *testing.T) {
	for _, c := range []struct{ name, summary, message, description, want string }{
		{"", "", "", "", "job=x"},
		{"Down", "", "", "", "Down job=x"},
		{"Down", "it is down", "", "", "Down: it is down"},
		{"Down", "", "it fell", "", "Down: it fell"},
		{"Down", "Down", "", "", "Down"},
		{"Down", "it is down", "", "it is down", "Down: it is down"},
		{"", "", "", "what happened", "what happened"},
		{"Down", "s", "", "d", "Down: s; d"},
	} {
		labels, annotations := map[string]string{"job": "x"}, map[string]string{}
		maps.Copy(annotations, map[string]string{"summary": c.summary, "message": c.message, "description": c.description})
		want := c.want
		if c.name != "" {
			labels["alertname"] = c.name
			want = strings.TrimSuffix(want, " job=x")
		}
		if got := alertMessage(labels, annotations); got != want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
