package notify

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"corax"
	"corax/config"
	"corax/notify/link"
)

// order is a purpose of two answers that keeps what was answered.
type order struct{ took []string }

func (o *order) Show(_ context.Context, g link.Grant) (link.View, error) {
	if g.Subject == "gone" {
		return link.View{}, errors.New("gone")
	}
	return link.View{Title: "Order " + g.Subject, Buttons: []link.Button{{Do: "accept", Label: "I will do it", Key: "1"}, {Do: "cannot", Label: "Geht nicht", Key: "2"}}}, nil
}

func (o *order) Act(_ context.Context, g link.Grant, do, note string) (link.View, error) {
	o.took = append(o.took, g.Subject+" "+g.By+" "+do+" "+note)
	return link.View{Title: "Thank you"}, nil
}

func (b *bench) post(h http.Handler, path, kind string, body []byte, header map[string]string) (int, string) {
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	r.Header.Set("Content-Type", kind)
	for k, v := range header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestMailsAreAnswered(t *testing.T) {
	t.Setenv("NOTIFY_TEST_REPLIES", "inbound-token-1")
	b := newBench(t)
	b.settings.Channels = append(b.settings.Channels, config.Channel{Name: "mail", Mail: &config.Mail{Server: "x:25", From: "corax@example.org", Replies: "env:NOTIFY_TEST_REPLIES"}},
		config.Channel{Name: "deaf", Mail: &config.Mail{Server: "x:25", From: "corax@example.org"}})
	o := &order{}
	h := b.Replies(map[string]link.Purpose{"order.offer": o, PurposeApprove: o})
	token := func(purpose string, minutes int) string {
		return b.o.Links.Sign(link.Grant{Purpose: purpose, Subject: "wo-1", By: "ada", Expires: start.Add(time.Duration(minutes) * time.Minute)})
	}
	quote := func(answer, token string) string {
		return answer + "\r\n\r\nOn Friday Corax wrote:\r\n> Please see to it\r\n> https://corax.example.org" + link.Path + token + "\r\n"
	}
	good := token("order.offer", 60)
	for _, c := range []struct {
		name, text, want, said string
	}{
		{"a word", quote("Accept", good), "wo-1 ada accept ", "Thank you"},
		{"a label and a note", quote("Geht nicht, ich habe keinen Schlüssel.\r\nFragt Bob.", good), "wo-1 ada cannot ich habe keinen Schlüssel.\nFragt Bob.", "Thank you"},
		{"a key", quote("1", good), "wo-1 ada accept ", "Thank you"},
		{"another word", quote("Acceptable risk?", good), "", "begin your answer with one of: accept, cannot"},
		{"only the quotation", quote("", good), "", "begin your answer"},
		{"no quotation", "accept", "", "doesn't quote"},
		{"an altered link", quote("accept", good[:len(good)-2]+"xx"), "", "not one of ours"},
		{"too late", quote("accept", token("order.offer", -1)), "", "expired"},
		{"an approval", quote("accept", token(PurposeApprove, 60)), "", "open the link"},
		{"another purpose", quote("accept", token("ack", 60)), "", "open the link"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o.took = nil
			body, err := json.Marshal(map[string]any{"From": "anyone@example.net", "Subject": "Re: x", "TextBody": c.text})
			if err != nil {
				t.Fatal(err)
			}
			status, answer := b.post(h, ReplyPath+"mail", "application/json", body, map[string]string{"Authorization": "Bearer inbound-token-1"})
			if got := strings.Join(o.took, "; "); status != http.StatusOK || got != c.want || !strings.Contains(answer, c.said) || strings.Contains(answer, `"taken":true`) != (c.want != "") {
				t.Errorf("%d %s, took %q, want %q", status, answer, got, c.want)
			}
		})
	}
	o.took = nil
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	_ = parts.WriteField("text", quote("accept", good))
	_ = parts.Close()
	basic := map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("corax:inbound-token-1"))}
	if status, answer := b.post(h, ReplyPath+"mail", parts.FormDataContentType(), form.Bytes(), basic); status != http.StatusOK || len(o.took) != 1 {
		t.Errorf("a form: %d %s %q", status, answer, o.took)
	}
	plain := url.Values{"body-plain": {quote("cannot", good)}}.Encode()
	if status, answer := b.post(h, ReplyPath+"mail", "application/x-www-form-urlencoded", []byte(plain), basic); status != http.StatusOK || len(o.took) != 2 {
		t.Errorf("a plain form: %d %s %q", status, answer, o.took)
	}
	for what, header := range map[string]map[string]string{"no token": nil, "another": {"Authorization": "Bearer inbound-token-2"}, "an empty one": {"Authorization": "Bearer "}} {
		if status, _ := b.post(h, ReplyPath+"mail", "application/x-www-form-urlencoded", []byte(plain), header); status != http.StatusUnauthorized {
			t.Errorf("%s: %d", what, status)
		}
	}
	for path, want := range map[string]int{"deaf": http.StatusForbidden, "ada": http.StatusForbidden, "nosuch": http.StatusForbidden} {
		if status, _ := b.post(h, ReplyPath+path, "application/x-www-form-urlencoded", []byte(plain), basic); status != want {
			t.Errorf("%s: %d", path, status)
		}
	}
	for what, body := range map[string]string{"application/json": "{", "text/html": "<p>accept"} {
		if status, _ := b.post(h, ReplyPath+"mail", what, []byte(body), basic); status != http.StatusBadRequest {
			t.Errorf("%s: %d", what, status)
		}
	}
	if len(o.took) != 2 {
		t.Errorf("took %q", o.took)
	}
}

func TestTextMessagesAreAnswered(t *testing.T) {
	_, p, _ := newExchange(t)
	p.Callbacks = true
	b := newBench(t)
	b.settings.Channels = append(b.settings.Channels, config.Channel{Name: "sms", SMS: &p})
	b.settings.Contacts[0].Reach = []config.Reach{{Channel: "sms", To: "+491"}}
	b.problem("prb-1", "auth", corax.High, nil)
	b.look()
	h := b.Replies(map[string]link.Purpose{PurposeAck: b.Acks()})
	text := func(from, body, token string) (int, string) {
		form := url.Values{"From": {from}, "Body": {body}}
		signature := base64.StdEncoding.EncodeToString(sign(token, "https://corax.example.org"+ReplyPath+"sms", form))
		return b.post(h, ReplyPath+"sms", "application/x-www-form-urlencoded", []byte(form.Encode()), map[string]string{"X-Twilio-Signature": signature})
	}
	if status, _ := text("+491", "1", "other-token"); status != http.StatusForbidden {
		t.Errorf("another's signature: %d", status)
	}
	for _, c := range []struct{ name, from, body, said string }{
		{"a number that was not asked", "+492", "1", "nothing waits"}, {"no number", "", "1", "nothing waits"}, {"no answer", "+491", "what?", "begin your answer with one of: ack"},
	} {
		if status, answer := text(c.from, c.body, "twilio-token-1"); status != http.StatusOK || !strings.Contains(answer, c.said) {
			t.Errorf("%s: %d %s", c.name, status, answer)
		}
	}
	b.problem("prb-2", "db", corax.High, nil)
	b.look()
	if _, answer := text("+491", "ack", "twilio-token-1"); !strings.Contains(answer, "say which") || !strings.Contains(answer, b.page("prb-1").ID) || b.page("prb-1").AckedBy+b.page("prb-2").AckedBy != "" {
		t.Errorf("two wait: %s", answer)
	}
	if _, answer := text("+491", "ack "+b.page("prb-2").ID, "twilio-token-1"); !strings.Contains(answer, "<Message>Thank you</Message>") || b.page("prb-2").AckedBy != "ada" || b.page("prb-1").AckedBy != "" {
		t.Errorf("the named one: %s", answer)
	}
}

func FuzzSaid(f *testing.F) {
	for _, text := range []string{"accept\n\n> quoted", "On x wrote:\n> y", "", "1", "a\nb:\n-----"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		line, rest := said(text)
		for part := range strings.Lines(line + "\n" + rest) {
			if part = strings.TrimSpace(part); strings.HasPrefix(part, ">") || !strings.Contains(text, part) {
				t.Errorf("%q says %q", text, part)
			}
		}
	})
}
