package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the signature of Twilio's API; HMAC with SHA-1 is not broken
	"encoding/base64"
	"encoding/xml"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"corax"
	"corax/config"
	"corax/notify/link"
)

// CallbackPath is where telephone services report: Notify.PublicURL + CallbackPath + channel + "/" + token.
const CallbackPath = "/callbacks/"

const maxCallback = 64 << 10

// Callbacks takes the reports of telephone services: keys that were pressed, and how calls and messages ended. Without
// a valid X-Twilio-Signature nothing is believed, and the token in the address says what may be answered by whom.
func (n *Notifier) Callbacks(purposes map[string]link.Purpose) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		channel, token, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, CallbackPath), "/")
		r.Body = http.MaxBytesReader(w, r.Body, maxCallback)
		if r.Method != http.MethodPost || r.ParseForm() != nil {
			http.Error(w, "a form is expected, by POST", http.StatusMethodNotAllowed)
			return
		}
		s := n.settings()
		c, _ := s.Channel(channel)
		p := c.Call
		if p == nil {
			p = c.SMS
		}
		if p == nil || !p.Callbacks || !n.signed(r.Context(), *p, join(s.PublicURL, r.URL.RequestURI()), r.PostForm, r.Header.Get("X-Twilio-Signature")) {
			http.Error(w, "not signed by the telephone service", http.StatusForbidden)
			return
		}
		g, err := n.o.Links.Read(token, n.o.Clock.Now())
		if err != nil {
			n.speak(w, "en", "This call is too old to answer.")
			return
		}
		if digits := r.PostForm.Get("Digits"); digits != "" {
			lang, text := n.press(r.Context(), purposes[g.Purpose], g, digits)
			n.speak(w, lang, text)
			return
		}
		switch status := r.PostForm.Get("CallStatus") + r.PostForm.Get("MessageStatus"); status {
		case "busy", "no-answer", "failed", "canceled", "undelivered":
			n.report(r.Context(), "record how a call ended", n.failed(r.Context(), n.pageOf(g), r.URL.Query().Get("d"), status))
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

// pageOf is the page that a grant belongs to.
func (n *Notifier) pageOf(g link.Grant) string {
	switch g.Purpose {
	case PurposeAck:
		return g.Subject
	case PurposeApprove:
		return ApprovalPage(g.Subject)
	}
	return OrderPage(g.Subject)
}

// OrderPage is the id of a work order's page.
func OrderPage(order string) string { return corax.HashID("pag", string(corax.PageOrder), order) }

// press does what a key stands for, and says what to speak.
func (n *Notifier) press(ctx context.Context, purpose link.Purpose, g link.Grant, digits string) (lang, text string) {
	if purpose == nil {
		return "en", "This call can't be answered."
	}
	v, err := purpose.Show(ctx, g)
	if err == nil {
		lang = v.Language
		i := slices.IndexFunc(v.Buttons, func(b link.Button) bool { return b.Key != "" && b.Key == digits })
		if i < 0 {
			return lang, v.Title
		}
		v, err = purpose.Act(ctx, g, v.Buttons[i].Do, "")
	}
	if err != nil {
		if code := corax.CodeOf(err); code == corax.Internal {
			n.report(ctx, "answer a key", err)
			return lang, "Something went wrong. Please call back."
		}
		return lang, n.o.Redactor.Redact(err.Error())
	}
	return lang, v.Title
}

func (n *Notifier) speak(w http.ResponseWriter, lang, text string) {
	voice := voices[lang]
	if voice == "" {
		voice = voices["en"]
	}
	out, _ := xml.Marshal(response{Say: []say{{Language: voice, Text: Clip(Line(text), maxSpeech)}}})
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	_, _ = io.WriteString(w, xml.Header+string(out))
}

// signed says whether the service that knows the channel's token signed this request: base64 of HMAC-SHA1 over the
// address, followed by every field's name and value in the order of names.
func (n *Notifier) signed(ctx context.Context, p config.Phone, address string, form url.Values, signature string) bool {
	given, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || signature == "" {
		return false
	}
	ok := false
	err = n.tools().secret(ctx, p.Token, "callback", func(token string) error {
		ok = hmac.Equal(given, sign(token, address, form))
		return nil
	})
	return err == nil && ok
}

func sign(token, address string, form url.Values) []byte {
	h := hmac.New(sha1.New, []byte(token))
	_, _ = io.WriteString(h, address)
	for _, k := range slices.Sorted(maps.Keys(form)) {
		for _, v := range form[k] {
			_, _ = io.WriteString(h, k+v)
		}
	}
	return h.Sum(nil)
}
