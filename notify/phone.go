package notify

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"strings"

	"corax/config"
)

// phone is a client of a telephone service that speaks Twilio's API of 2010: form in, JSON out, basic authentication.
type phone struct {
	config.Phone
	tools
}

// create makes a call or a message, and returns the service's id of it.
func (p phone) create(ctx context.Context, what string, form url.Values) (string, error) {
	address, err := url.JoinPath(p.URL, "2010-04-01", "Accounts", url.PathEscape(p.Account), what+".json")
	if err != nil {
		return "", refuse("the address can't be used")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return "", refuse("the address can't be used")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if err := p.secret(ctx, p.Token, req.URL.Host, func(v string) error { req.SetBasicAuth(p.Account, v); return nil }); err != nil {
		return "", err
	}
	resp, err := p.do(req, "")
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	data, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	var said struct {
		SID     string `json:"sid"`
		Status  string `json:"status"`
		Message string `json:"message"`
	}
	_ = json.Unmarshal(data, &said) // what isn't JSON says nothing
	detail := ""
	if said.Message != "" {
		detail = ": " + Clip(Line(p.redactor.Redact(said.Message)), 200)
	}
	return strings.TrimSpace(said.SID + " " + said.Status), judge(resp, detail)
}

// sms sends text messages.
type sms struct{ phone }

// Send sends the short text.
func (s sms) Send(ctx context.Context, m Message) (string, error) {
	form := url.Values{"To": {m.To}, "From": {s.From}, "Body": {m.Short}}
	if s.Callbacks && m.Answers != "" {
		form.Set("StatusCallback", m.Answers)
	}
	return s.create(ctx, "Messages", form)
}

// call rings people up. What is spoken goes along with the order for the call, so that nothing has to be fetched from
// Corax.
type call struct{ phone }

// Send orders the call.
func (c call) Send(ctx context.Context, m Message) (string, error) {
	form := url.Values{"To": {m.To}, "From": {c.From}, "Timeout": {"40"}}
	answers := ""
	if c.Callbacks && m.Answers != "" {
		answers = m.Answers
		form.Set("StatusCallback", m.Answers)
		form.Set("StatusCallbackEvent", "completed")
	}
	form.Set("Twiml", instructions(m.Speech, m.Keys, m.Lang, answers))
	return c.create(ctx, "Calls", form)
}

// The instructions of a call, as XML. Whatever the texts hold is text in it.
type (
	response struct {
		XMLName xml.Name `xml:"Response"`
		Gather  *gather
		Say     []say
	}
	gather struct {
		XMLName   xml.Name `xml:"Gather"`
		NumDigits int      `xml:"numDigits,attr"`
		Timeout   int      `xml:"timeout,attr"`
		Method    string   `xml:"method,attr"`
		Action    string   `xml:"action,attr"`
		Say       []say
	}
	say struct {
		XMLName  xml.Name `xml:"Say"`
		Language string   `xml:"language,attr"`
		Loop     int      `xml:"loop,attr,omitempty"`
		Text     string   `xml:",chardata"`
	}
)

var voices = map[string]string{"en": "en-GB", "de": "de-DE"}

// instructions says a text twice; where keys can be reported, it waits for one.
func instructions(text, keys, lang, answers string) string {
	voice := voices[lang]
	if voice == "" {
		voice = voices["en"]
	}
	text = Clip(Line(text), maxSpeech)
	r := response{Say: []say{{Language: voice, Loop: 2, Text: text}}}
	if answers != "" && keys != "" {
		r = response{
			Gather: &gather{NumDigits: 1, Timeout: 10, Method: http.MethodPost, Action: answers,
				Say: []say{{Language: voice, Text: text}, {Language: voice, Text: keys}, {Language: voice, Text: text}, {Language: voice, Text: keys}}},
		}
	}
	out, _ := xml.Marshal(r) // strings and numbers always marshal
	return xml.Header + string(out)
}
