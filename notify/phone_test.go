package notify

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"corax"
	"corax/config"
	"corax/notify/link"
)

// exchange is a telephone service that checks who asks and what it is told to say.
type exchange struct {
	mu    sync.Mutex
	forms []url.Values
	paths []string
}

func (x *exchange) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	defer x.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	user, password, _ := r.BasicAuth()
	if user != "AC123" || password != "twilio-token-1" {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"code":20003,"message":"Authenticate"}`)
		return
	}
	if r.ParseForm() != nil || r.PostForm.Get("To") == "" || r.PostForm.Get("From") != "+15550001" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if r.PostForm.Get("To") == "+15559999" {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"code":21211,"message":"The 'To' number is not valid"}`)
		return
	}
	x.forms, x.paths = append(x.forms, r.PostForm), append(x.paths, r.URL.Path)
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, `{"sid":"CA42","status":"queued"}`)
}

func (x *exchange) last(t *testing.T) url.Values {
	t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.forms) == 0 {
		t.Fatal("nothing was ordered")
	}
	return x.forms[len(x.forms)-1]
}

func newExchange(t *testing.T) (*exchange, config.Phone, tools) {
	t.Helper()
	t.Setenv("NOTIFY_TEST_TWILIO", "twilio-token-1")
	x := &exchange{}
	s := httptest.NewServer(x)
	t.Cleanup(s.Close)
	tt := testTools(t)
	tt.http = s.Client()
	return x, config.Phone{URL: s.URL, Account: "AC123", Token: "env:NOTIFY_TEST_TWILIO", From: "+15550001"}, tt
}

// heard reads instructions as the service does.
func heard(t *testing.T, text string) response {
	t.Helper()
	var r response
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict = true
	if err := d.Decode(&r); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return r
}

func TestACallCarriesItsInstructions(t *testing.T) {
	x, p, tt := newExchange(t)
	hostile := "Rack <Say>x</Say></Say></Response><Response><Dial>+1900</Dial> & \"quoted\" \x00\x1b[31m\r\nend"
	receipt, err := send(t, call{phone{p, tt}}, Message{To: "+491", Speech: hostile, Lang: "de", Keys: "Press 1.", Answers: "https://c/callbacks/call/t"})
	if err != nil || receipt != "CA42 queued" {
		t.Fatalf("%q, %v", receipt, err)
	}
	form := x.last(t)
	if x.paths[0] != "/2010-04-01/Accounts/AC123/Calls.json" || form.Get("To") != "+491" || form.Get("Url") != "" || form.Has("StatusCallback") {
		t.Errorf("%s %v", x.paths[0], form)
	}
	r := heard(t, form.Get("Twiml"))
	if r.Gather != nil || len(r.Say) != 1 || r.Say[0].Language != "de-DE" || r.Say[0].Loop != 2 {
		t.Errorf("%+v", r)
	}
	if want := `Rack <Say>x</Say></Say></Response><Response><Dial>+1900</Dial> & "quoted" [31m end`; r.Say[0].Text != want {
		t.Errorf("said %q", r.Say[0].Text)
	}
	if strings.Contains(form.Get("Twiml"), "<Dial>") {
		t.Error("a text became an instruction")
	}
	p.Callbacks = true
	if _, err := send(t, call{phone{p, tt}}, Message{To: "+491", Speech: "Hello", Keys: "Press 1.", Answers: "https://c/callbacks/call/t?d=1&x=2"}); err != nil {
		t.Fatal(err)
	}
	form = x.last(t)
	r = heard(t, form.Get("Twiml"))
	if r.Gather == nil || r.Gather.Action != "https://c/callbacks/call/t?d=1&x=2" || r.Gather.NumDigits != 1 || r.Gather.Say[1].Text != "Press 1." {
		t.Errorf("%+v", r.Gather)
	}
	if form.Get("StatusCallback") != "https://c/callbacks/call/t?d=1&x=2" {
		t.Errorf("%v", form)
	}
}

func TestTextMessagesAndRefusals(t *testing.T) {
	x, p, tt := newExchange(t)
	if _, err := send(t, sms{phone{p, tt}}, Message{To: "+491", Short: "Kurz & knapp = gut"}); err != nil {
		t.Fatal(err)
	}
	if form := x.last(t); form.Get("Body") != "Kurz & knapp = gut" || x.paths[0] != "/2010-04-01/Accounts/AC123/Messages.json" {
		t.Errorf("%s %v", x.paths[0], form)
	}
	var refusal Refusal
	_, err := send(t, sms{phone{p, tt}}, Message{To: "+15559999", Short: "x"})
	if !errors.As(err, &refusal) || !strings.Contains(err.Error(), "The 'To' number is not valid") {
		t.Errorf("a wrong number: %v", err)
	}
	t.Setenv("NOTIFY_TEST_TWILIO", "another-token-2")
	_, err = send(t, sms{phone{p, tt}}, Message{To: "+491", Short: "x"})
	if !errors.As(err, &refusal) || strings.Contains(err.Error(), "another-token-2") {
		t.Errorf("a wrong token: %v", err)
	}
}

func TestKeysAreBelievedOnlyWithASignature(t *testing.T) {
	x, p, _ := newExchange(t)
	p.Callbacks = true
	b := newBench(t)
	b.settings.Channels = append(b.settings.Channels, config.Channel{Name: "phone", Call: &p})
	b.settings.Contacts[0].Reach = []config.Reach{{Channel: "phone", To: "+491"}}
	b.problem("prb-1", "auth", corax.High, nil)
	b.look()
	address := heard(t, x.last(t).Get("Twiml")).Gather.Action
	if !strings.HasPrefix(address, "https://corax.example.org/callbacks/phone/") {
		t.Fatal(address)
	}
	handler := b.Callbacks(map[string]link.Purpose{PurposeAck: b.Acks()})
	press := func(address string, form url.Values, token string) (int, string) {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		req := httptest.NewRequest(http.MethodPost, u.RequestURI(), strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if token != "" {
			req.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(sign(token, address, form)))
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, req)
		return w.Code, w.Body.String()
	}
	one := url.Values{"Digits": {"1"}, "CallSid": {"CA42"}, "From": {"+491"}}
	for what, token := range map[string]string{"no signature": "", "another's": "other-token"} {
		if status, _ := press(address, one, token); status != http.StatusForbidden {
			t.Errorf("%s: %d", what, status)
		}
	}
	if p := b.page("prb-1"); p.State != corax.PageOpen {
		t.Fatalf("acknowledged without a signature: %+v", p)
	}
	forged := strings.Replace(address, "?d=", "x?d=", 1)
	if _, text := press(forged, one, "twilio-token-1"); !strings.Contains(text, "too old") || b.page("prb-1").State != corax.PageOpen {
		t.Errorf("a token that is not ours: %s", text)
	}
	if status, text := press(address, url.Values{"Digits": {"7"}}, "twilio-token-1"); status != 200 || heard(t, text).Say[0].Text == "Thank you" {
		t.Errorf("another key: %d %s", status, text)
	}
	status, text := press(address, one, "twilio-token-1")
	if p := b.page("prb-1"); status != http.StatusOK || p.AckedBy != "ada" || heard(t, text).Say[0].Text != "Thank you" {
		t.Errorf("%d %s: %+v", status, text, p)
	}
	if status, text := press(address, one, "twilio-token-1"); status != http.StatusOK || heard(t, text).Say[0].Text == "Thank you" {
		t.Errorf("a second time: %s", text)
	}

	b.problem("prb-2", "db", corax.High, nil)
	b.look()
	address = x.last(t).Get("StatusCallback")
	press(address, url.Values{"CallStatus": {"no-answer"}}, "")
	if d := b.page("prb-2").Deliveries[0]; d.State != corax.DeliverySent {
		t.Errorf("believed without a signature: %+v", d)
	}
	press(address, url.Values{"CallStatus": {"no-answer"}}, "twilio-token-1")
	b.look()
	if d := b.page("prb-2").Deliveries[0]; d.State != corax.DeliveryFailed || d.Error != "no-answer" {
		t.Errorf("%+v", d)
	}
	b.arrived("bob", "opened") // not waited for
	b.pass(100 * time.Hour)
	if _, text := press(address, one, "twilio-token-1"); !strings.Contains(text, "too old") {
		t.Errorf("an old call: %s", text)
	}
}
