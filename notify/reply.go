package notify

import (
	"cmp"
	"context"
	"crypto/subtle"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"corax"
	"corax/config"
	"corax/notify/link"
	"corax/store"
)

// ReplyPath is where services hand over what people answer to a message: Notify.PublicURL + ReplyPath + channel.
const ReplyPath = "/replies/"

const (
	maxReply = 1 << 20
	maxNote  = 1000
)

// Replies takes what people answer to a message by answering it. The answer is the first line: the word, the label or the key of one of the
// buttons that the message's link shows; what follows is the note. What is asked for an approval is never answered so.
//
// A text message counts by the telephone service's signature and from the number that was asked. A mail counts where the service that receives
// it knows the channel's token, and where it quotes the link of the message that it answers: who it says to be from proves nothing.
func (n *Notifier) Replies(purposes map[string]link.Purpose) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			http.Error(w, "a message is expected, by POST", http.StatusMethodNotAllowed)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxReply)
		c, _ := n.settings().Channel(strings.TrimPrefix(r.URL.Path, ReplyPath))
		switch {
		case c.SMS != nil && c.SMS.Callbacks:
			n.textReply(w, r, c, purposes)
		case c.Mail != nil && c.Mail.Replies != "":
			n.mailReply(w, r, c, purposes)
		default:
			http.Error(w, "this channel takes no replies", http.StatusForbidden)
		}
	})
}

func (n *Notifier) textReply(w http.ResponseWriter, r *http.Request, c config.Channel, purposes map[string]link.Purpose) {
	if r.ParseForm() != nil || !n.signed(r.Context(), *c.SMS, join(n.settings().PublicURL, r.URL.RequestURI()), r.PostForm, r.Header.Get("X-Twilio-Signature")) {
		http.Error(w, "not signed by the telephone service", http.StatusForbidden)
		return
	}
	text := r.PostForm.Get("Body")
	g, err := n.asked(r.Context(), c.Name, r.PostForm.Get("From"), text)
	said := ""
	if err == nil {
		said, err = n.take(r.Context(), purposes, g, text)
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	out, _ := xml.Marshal(message{Message: Clip(Line(n.saidOf(r.Context(), said, err)), maxSpeech)})
	_, _ = io.WriteString(w, xml.Header+string(out))
}

// message is the answer to a text message (TwiML).
type message struct {
	XMLName xml.Name `xml:"Response"`
	Message string   `xml:"Message"`
}

// asked is what a number was asked last and may still answer. Where that is more than one thing, the text must name which.
func (n *Notifier) asked(ctx context.Context, channel, from, text string) (link.Grant, error) {
	const op = "take a reply"
	pages, err := n.o.Store.Pages(ctx, store.PageFilter{Live: true})
	if err != nil {
		return link.Grant{}, err
	}
	now := n.o.Clock.Now()
	var open []link.Grant
	for _, p := range pages {
		if i := slices.IndexFunc(p.Deliveries, func(d corax.Delivery) bool {
			return d.Channel == channel && d.To != "" && d.To == from && d.State == corax.DeliverySent
		}); i >= 0 {
			for _, notice := range slices.Backward(p.Notices) {
				if notice.Offers != "" && notice.Until != nil && now.Before(*notice.Until) {
					open = append(open, link.Grant{Purpose: notice.Offers, Subject: subject(p), By: p.Deliveries[i].Contact, Expires: *notice.Until})
					break
				}
			}
		}
	}
	if named := slices.DeleteFunc(slices.Clone(open), func(g link.Grant) bool { return !strings.Contains(text, g.Subject) }); len(named) > 0 {
		open = named
	}
	switch len(open) {
	case 0:
		return link.Grant{}, corax.Errorf(corax.NotFound, op, "nothing waits for an answer of yours")
	case 1:
		return open[0], nil
	}
	var ids []string
	for _, g := range open {
		ids = append(ids, g.Subject)
	}
	return link.Grant{}, corax.Errorf(corax.Conflict, op, "say which, behind the answer: %s", strings.Join(ids, ", "))
}

func (n *Notifier) mailReply(w http.ResponseWriter, r *http.Request, c config.Channel, purposes map[string]link.Purpose) {
	given := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if _, password, basic := r.BasicAuth(); basic { // what services can keep in the address alone
		given = password
	}
	known := false
	err := n.tools().secret(r.Context(), c.Mail.Replies, "replies", func(token string) error {
		known = token != "" && subtle.ConstantTimeCompare([]byte(token), []byte(given)) == 1
		return nil
	})
	if err != nil || !known {
		w.Header().Set("WWW-Authenticate", "Bearer")
		http.Error(w, "the channel's token for replies is wanted", http.StatusUnauthorized)
		return
	}
	text, err := readMail(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	said := ""
	g, err := n.quoted(text)
	if err == nil {
		said, err = n.take(r.Context(), purposes, g, text)
	}
	if corax.CodeOf(err) == corax.Internal || corax.CodeOf(err) == corax.Unavailable {
		n.report(r.Context(), "take a reply", err)
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	}
	// What can't be used is taken all the same: the service would send it again and again.
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"taken": err == nil, "said": n.saidOf(r.Context(), said, err)})
}

// readMail reads the text of a mail as services for inbound mail hand it over: a form, or JSON. The names are those of SendGrid, Mailgun and
// Postmark.
func readMail(r *http.Request) (string, error) {
	names := []string{"text", "body-plain", "TextBody"}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "application/json":
		var all map[string]any
		if err := json.NewDecoder(r.Body).Decode(&all); err != nil {
			return "", fmt.Errorf("the mail is no JSON object: %w", err)
		}
		for _, name := range names {
			if text, ok := all[name].(string); ok {
				return text, nil
			}
		}
	case "multipart/form-data", "application/x-www-form-urlencoded":
		if err := r.ParseMultipartForm(maxReply); err != nil && !errors.Is(err, http.ErrNotMultipart) {
			return "", fmt.Errorf("the mail is no form: %w", err)
		}
		for _, name := range names {
			if text, ok := r.PostForm[name]; ok {
				return text[0], nil
			}
		}
	}
	return "", fmt.Errorf("no text was found: send a form or JSON with one of %s", strings.Join(names, ", "))
}

// linked finds the token of a link in a text that may have been quoted, wrapped in <> or made a part of a sentence.
var linked = regexp.MustCompile(regexp.QuoteMeta(link.Path) + `([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)`)

// quoted is what the first link of ours in a mail allows.
func (n *Notifier) quoted(text string) (link.Grant, error) {
	var err error = corax.Errorf(corax.Forbidden, "take a reply", "it doesn't quote the message that it answers")
	for _, m := range linked.FindAllStringSubmatch(text, 8) {
		var g link.Grant
		if g, err = n.o.Links.Read(m[1], n.o.Clock.Now()); err == nil {
			return g, nil
		}
	}
	return link.Grant{}, err
}

// take does what a reply says, and is what to say to that.
func (n *Notifier) take(ctx context.Context, purposes map[string]link.Purpose, g link.Grant, text string) (string, error) {
	const op = "take a reply"
	purpose := purposes[g.Purpose]
	if purpose == nil || g.Purpose == PurposeApprove {
		return "", corax.Errorf(corax.Forbidden, op, "this can't be answered by a message: open the link")
	}
	v, err := purpose.Show(ctx, g)
	if err != nil {
		return "", err
	}
	line, rest := said(text)
	for _, b := range v.Buttons {
		for _, word := range []string{b.Do, b.Label, b.Key} {
			if after, ok := begins(line, word); ok {
				note := Clip(strings.TrimSpace(strings.ReplaceAll(after, g.Subject, "")+"\n"+rest), maxNote)
				done, err := purpose.Act(ctx, g, b.Do, note)
				return cmp.Or(done.Title, v.Title), err
			}
		}
	}
	if len(v.Buttons) == 0 {
		return "", corax.Errorf(corax.Conflict, op, "there is nothing to answer any more: %s", v.Title)
	}
	var words []string
	for _, b := range v.Buttons {
		words = append(words, b.Do)
	}
	return "", corax.Errorf(corax.Invalid, op, "begin your answer with one of: %s", strings.Join(words, ", "))
}

// begins says whether a line begins with a word, or is it, in whatever case; after is what follows.
func begins(line, word string) (after string, ok bool) {
	if word == "" || len(line) < len(word) || !strings.EqualFold(line[:len(word)], word) {
		return "", false
	}
	after = line[len(word):]
	if next := []rune(after); len(next) > 0 && (unicode.IsLetter(next[0]) || unicode.IsDigit(next[0])) {
		return "", false
	}
	return strings.TrimLeft(after, " \t.,;:!-"), true
}

// said is what somebody wrote themselves: the first line of that, and the rest, without what they quote.
func said(text string) (line, rest string) {
	var own []string
	for l := range strings.Lines(text) {
		l = strings.TrimSpace(l)
		if strings.HasPrefix(l, ">") || linked.MatchString(l) || strings.HasPrefix(l, "-----") || strings.HasPrefix(l, "_____") {
			break
		}
		if l != "" {
			own = append(own, l)
		}
	}
	// The line that says whose words are quoted below ("On Friday ada wrote:").
	if len(own) > 1 && strings.HasSuffix(own[len(own)-1], ":") {
		own = own[:len(own)-1]
	}
	if len(own) == 0 {
		return "", ""
	}
	return own[0], strings.Join(own[1:], "\n")
}

// saidOf is what is said to somebody whose reply was taken, or wasn't.
func (n *Notifier) saidOf(ctx context.Context, said string, err error) string {
	switch corax.CodeOf(err) {
	case "":
		return said
	case corax.Internal, corax.Unavailable:
		n.report(ctx, "take a reply", err)
		return "Something went wrong. Please use the link."
	}
	var e *corax.Error
	if errors.As(err, &e) && e.Err != nil {
		err = e.Err
	}
	return n.o.Redactor.Redact(err.Error())
}
