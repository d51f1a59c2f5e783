package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"corax/config"
)

const (
	maxMessage = 64 << 10 // of the whole message; a problem that is larger goes in short form
	maxAnswer  = 64 << 10
)

// webhook posts notices as JSON to one address.
type webhook struct {
	config.Webhook
	tools
}

// Send posts the notice with its link, and with the whole problem where it isn't too large.
func (w webhook) Send(ctx context.Context, m Message) (string, error) {
	var detail json.RawMessage
	if m.Detail != nil {
		text, err := json.Marshal(m.Detail)
		if err != nil {
			return "", Refusal{err}
		}
		detail = json.RawMessage(w.redactor.Redact(string(text)))
	}
	body, err := m.body(detail)
	if err == nil && len(body) > maxMessage {
		body, err = m.body(nil)
	}
	if err != nil {
		return "", Refusal{err}
	}
	return w.post(ctx, http.MethodPost, w.URL, w.Token, nil, m.ID, body)
}

// body is the notice's data with what is known only now. Data and detail are redacted already, and must be: the link
// is a secret that has to get through.
func (m Message) body(detail json.RawMessage) ([]byte, error) {
	fields := map[string]any{}
	if err := json.Unmarshal(m.Data, &fields); err != nil {
		return nil, err
	}
	if m.Link != "" {
		fields["link"] = m.Link
	}
	if detail != nil {
		fields["detail"] = detail
	}
	return json.Marshal(fields)
}

// post sends JSON with an idempotency key.
func (t tools) post(ctx context.Context, method, address, token string, header map[string]string, id string, body []byte) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return "", refuse("the address can't be used")
	}
	req.Header.Set("Content-Type", "application/json")
	for k, v := range header {
		req.Header.Set(k, v)
	}
	req.Header.Set("Idempotency-Key", id)
	resp, err := t.do(req, token)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer)) // so that the connection can be used again
	return resp.Status, judge(resp, "")
}
