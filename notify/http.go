package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"text/template"

	"corax"
	"corax/config"
)

// request sends notices to a ticket system or an API for smart hands: an address, and a body from a template over
// plain values. Nothing in a template can call out, and the address is the configuration's alone.
type request struct {
	config.Request
	tools
	body *template.Template // nil for the notice as JSON
}

// funcs are what a template may use beside what text/template has.
var funcs = template.FuncMap{
	// json writes a value as JSON, quotes and all: how every text from outside gets into a body.
	"json": func(v any) (string, error) {
		data, err := json.Marshal(v)
		return string(data), err
	},
}

func newRequest(c config.Request, t tools) (Channel, error) {
	r := request{Request: c, tools: t}
	if c.Body == "" {
		return r, nil
	}
	var err error
	if r.body, err = parseBody(c.Body); err != nil {
		return nil, Refusal{err}
	}
	if c.CA != "" {
		trust, err := roots(c.CA)
		if err != nil {
			return nil, err
		}
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.TLSClientConfig, transport.DisableKeepAlives = trust, true
		r.http = &http.Client{Transport: transport}
	}
	return r, nil
}

func parseBody(text string) (*template.Template, error) {
	return template.New("body").Funcs(funcs).Option("missingkey=error").Parse(text)
}

// Send makes the body and sends it.
func (r request) Send(ctx context.Context, m Message) (string, error) {
	method, body := r.Method, string(m.Data)
	if method == "" {
		method = http.MethodPost
	}
	if r.body != nil {
		var err error
		if body, err = fill(r.body, m); err != nil {
			return "", Refusal{err}
		}
	}
	return r.post(ctx, method, r.URL, r.Token, r.Header, m.ID, []byte(body))
}

// fill renders a body over plain values only: maps, lists, strings, numbers.
func fill(t *template.Template, m Message) (string, error) {
	data := map[string]any{}
	if len(m.Data) > 0 {
		if err := json.Unmarshal(m.Data, &data); err != nil {
			return "", err
		}
	}
	var b strings.Builder
	err := t.Execute(&b, map[string]any{
		"id": m.ID, "thread": m.Thread, "first": m.First, "to": m.To, "kind": string(m.Kind), "subject": m.Subject, "text": m.Text,
		"short": m.Short, "link": m.Link, "urgent": m.Urgent, "data": data,
	})
	if err == nil && b.Len() > maxMessage {
		err = fmt.Errorf("the body has more than %d bytes", maxMessage)
	}
	return b.String(), err
}

// Fault is something wrong with a channel, at a field of the configuration.
type Fault struct {
	Field string // path, as notify.channels[2].http.body
	Err   error
}

// Error has no place: the field says it.
func (f Fault) Error() string { return f.Err.Error() }

// Check finds faults that only this room can: templates that can't be used.
func Check(n config.Notify) []Fault {
	var found []Fault
	for i, c := range n.Channels {
		if c.HTTP == nil || c.HTTP.Body == "" {
			continue
		}
		t, err := parseBody(c.HTTP.Body)
		if err == nil {
			_, err = fill(t, Message{Kind: corax.NoticeTest, Data: json.RawMessage(sampleData)})
		}
		if err != nil {
			found = append(found, Fault{fmt.Sprintf("notify.channels[%d].http.body", i), err})
		}
	}
	return found
}

// sampleData has every field that the data of a notice can have.
const sampleData = `{"id":"","at":"","kind":"","text":"","problem":{"id":"","state":"","severity":"","pattern":"","root":"","mechanism":"",
"summary":"","affected":[],"opened_at":""},"order":{"id":"","state":"","site":"","what":"","place":{"entity":"","site":"","room":"",
"rack":"","unit":"","marking":"","note":""},"steps":[],"leave":[],"checks":[],"safety":[],"access":[],"contact":""}}`
