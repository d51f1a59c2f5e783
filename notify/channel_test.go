package notify

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"corax"
	"corax/config"
	"corax/notify/link"
)

func TestARequestIsMadeFromATemplate(t *testing.T) {
	in := &inbox{answer: map[string]int{}}
	s := httptest.NewServer(in)
	defer s.Close()
	tt := testTools(t)
	tt.http = s.Client()
	t.Setenv("NOTIFY_TEST_TICKETS", "ticket-token-1")
	c := config.Request{Method: "PUT", URL: s.URL + "/tickets", Token: "env:NOTIFY_TEST_TICKETS", Header: map[string]string{"X-Queue": "dc"},
		Body: `{"title": {{json .subject}}, "text": {{json .text}}, "ref": {{json .thread}}, "site": {{json .data.order.site}}}`}
	ch, err := newRequest(c, tt)
	if err != nil {
		t.Fatal(err)
	}
	hostile := `"} , "admin": true, {"x": "` + "\n{{.text}}"
	m := Message{ID: "dlv-1", Thread: "thr-1", Subject: hostile, Text: "text", Data: []byte(`{"order":{"site":"fra1"}}`)}
	if _, err := send(t, ch, m); err != nil {
		t.Fatal(err)
	}
	got := in.at("/tickets")
	if len(got) != 1 {
		t.Fatalf("%d requests", len(got))
	}
	var body map[string]any
	if err := json.Unmarshal([]byte(got[0].body), &body); err != nil {
		t.Fatalf("%v in %s", err, got[0].body)
	}
	if len(body) != 4 || body["title"] != hostile || body["site"] != "fra1" || body["ref"] != "thr-1" {
		t.Errorf("%v", body)
	}
	h := got[0].header
	if h.Get("Idempotency-Key") != "dlv-1" || h.Get("Authorization") != "Bearer ticket-token-1" || h.Get("X-Queue") != "dc" {
		t.Errorf("%v", h)
	}
	m.Data = []byte(`{}`)
	if _, err := send(t, ch, m); err == nil {
		t.Error("a field that isn't there was sent as something")
	}
}

func TestTemplatesAreCheckedWithTheConfiguration(t *testing.T) {
	for body, bad := range map[string]bool{
		`{{json .text}}`: false, `{{.data.problem.root}} {{range .data.order.steps}}{{json .}}{{end}}`: false, "": false,
		`{{json .txt}}`: true, `{{.text`: true, `{{env "HOME"}}`: true, `{{template "x"}}`: true, `{{.data.problem.rot}}`: true,
	} {
		n := config.Notify{Channels: []config.Channel{{Name: "other"}, {Name: "x", HTTP: &config.Request{Body: body}}}}
		found := Check(n)
		if bad != (len(found) == 1) || bad && found[0].Field != "notify.channels[1].http.body" {
			t.Errorf("%q: %v", body, found)
		}
	}
}

func TestChatTakesTextAsText(t *testing.T) {
	in := &inbox{answer: map[string]int{}}
	s := httptest.NewServer(in)
	defer s.Close()
	address := strings.Replace(s.URL, "http://", "generic://", 1) + "/room/secret-room-key?disabletls=yes&template=json"
	t.Setenv("NOTIFY_TEST_CHAT", address)
	c := chat{config.Chat{Service: "env:NOTIFY_TEST_CHAT"}, testTools(t)}
	m := Message{Subject: "auth <!channel> @here", Text: "[click](http://evil) `code` https://corax/l/abc_def", Link: "https://corax/l/abc_def"}
	if _, err := send(t, c, m); err != nil {
		t.Fatal(err)
	}
	got := in.at("/room/secret-room-key")
	if len(got) != 1 {
		t.Fatalf("%d posts", len(got))
	}
	var body struct{ Message string }
	if err := json.Unmarshal([]byte(got[0].body), &body); err != nil {
		t.Fatalf("%v in %s", err, got[0].body)
	}
	for _, bad := range []string{"<!channel>", "@here", "](http", "`"} {
		if strings.Contains(body.Message, bad) {
			t.Errorf("%q is in %q", bad, body.Message)
		}
	}
	if !strings.Contains(body.Message, "https://corax/l/abc_def") || !strings.Contains(body.Message, "auth") {
		t.Errorf("%q", body.Message)
	}
	in.set("/room/secret-room-key", http.StatusInternalServerError)
	if _, err := send(t, c, m); err == nil || strings.Contains(err.Error(), "secret-room-key") {
		t.Errorf("a failure: %v", err)
	}
	t.Setenv("NOTIFY_TEST_CHAT", "nosuch://secret-room-key")
	if _, err := send(t, c, m); err == nil || strings.Contains(err.Error(), "secret-room-key") {
		t.Errorf("an address that can't be used: %v", err)
	}
}

func TestLinesStayLines(t *testing.T) {
	for in, want := range map[string]string{
		"a\r\nBcc: x": "a Bcc: x", "a\u2028b\u202eb\x00c\u0085d": "a b b c d", "  a \t b ": "a b", "\xffa": "a", "": "",
	} {
		if got := Line(in); got != want {
			t.Errorf("%q became %q", in, got)
		}
	}
	if got := Clip("grüße", 4); got != "grü…" {
		t.Errorf("%q", got)
	}
}

func TestALinkAcknowledgesOnceByPost(t *testing.T) {
	b := newBench(t)
	b.problem("prb-1", "auth", corax.High, nil)
	b.look()
	p := b.page("prb-1")
	m, err := b.message(t.Context(), b.Notifier.settings(), p, p.Deliveries[0])
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(m.Link, "https://corax.example.org")
	pages := link.Pages{Signer: b.o.Links, Purposes: map[string]link.Purpose{PurposeAck: b.Acks()}, Clock: b.time, Log: b.o.Log}
	visit := func(method, body string) (int, string) {
		req := httptest.NewRequest(method, path, strings.NewReader(body))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, req)
		return w.Code, w.Body.String()
	}
	if status, text := visit("GET", ""); status != 200 || !strings.Contains(text, "I am on it") || b.page("prb-1").State != corax.PageOpen {
		t.Errorf("%d %s", status, text)
	}
	if status, text := visit("POST", "do=ack"); status != 200 || b.page("prb-1").AckedBy != "ada" {
		t.Errorf("%d %s", status, text)
	}
	if status, _ := visit("POST", "do=ack"); status != http.StatusConflict {
		t.Errorf("a second time: %d", status)
	}
	if stored, _ := json.Marshal(b.page("prb-1")); strings.Contains(string(stored), strings.TrimPrefix(path, link.Path)) {
		t.Error("the link is stored")
	}
}
