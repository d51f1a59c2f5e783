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

// Send posts the notice, with the whole problem where it isn't too large.
func (w webhook) Send(ctx context.Context, m Message) (string, error) {
	body := []byte(m.Data)
	if m.Detail != nil {
		var full payload
		if err := json.Unmarshal(m.Data, &full); err != nil {
			return "", refuse("%w", err)
		}
		full.Detail = m.Detail
		if whole, err := json.Marshal(full); err == nil && len(whole) <= maxMessage {
			body = whole
		}
	}
	return w.post(ctx, http.MethodPost, w.URL, w.Token, nil, m.ID, []byte(w.redactor.Redact(string(body))))
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
