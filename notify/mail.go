package notify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"corax"
	"corax/config"

	gomail "github.com/wneessen/go-mail"
)

// mail sends by SMTP.
type mail struct {
	config.Mail
	tools
}

// greylisted is how long a server that says "later" is left alone.
const greylisted = time.Minute

// Send hands the mail to the server. The same message has the same Message-ID however often it is sent, and all of a
// thread refer to its first, so that one problem is one conversation.
func (c mail) Send(ctx context.Context, m Message) (string, error) {
	msg, err := c.compose(m)
	if err != nil {
		return "", Refusal{err}
	}
	if c.User == "" {
		return c.send(ctx, msg, "")
	}
	receipt := ""
	err = c.secret(ctx, c.Password, c.Server, func(password string) (err error) {
		receipt, err = c.send(ctx, msg, password)
		return err
	})
	return receipt, err
}

func (c mail) compose(m Message) (*gomail.Msg, error) {
	msg := gomail.NewMsg()
	if err := msg.From(Line(c.From)); err != nil {
		return nil, err
	}
	if err := msg.To(Line(m.To)); err != nil {
		return nil, err
	}
	_, domain, _ := strings.Cut(c.From, "@")
	domain = strings.TrimRight(domain, ">")
	root := "<" + m.Thread + "@" + domain + ">"
	msg.SetDateWithValue(m.At)
	subject := Line(m.Subject)
	if m.First {
		msg.SetMessageIDWithValue(m.Thread + "@" + domain)
	} else {
		msg.SetMessageIDWithValue(m.ID + "@" + domain)
		msg.SetGenHeader(gomail.HeaderInReplyTo, root)
		msg.SetGenHeader(gomail.HeaderReferences, root)
		subject = "Re: " + subject
	}
	msg.Subject(subject)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // so that absence notes stay quiet
	msg.SetGenHeader("X-Corax-Id", m.ID)
	if m.Lang != "" {
		msg.SetGenHeader("Content-Language", m.Lang)
	}
	if m.Urgent {
		msg.SetImportance(gomail.ImportanceHigh)
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	return msg, nil
}

func (c mail) send(ctx context.Context, msg *gomail.Msg, password string) (string, error) {
	host, port, err := net.SplitHostPort(c.Server)
	if err != nil {
		return "", Refusal{err}
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return "", Refusal{err}
	}
	trust, err := roots(c.CA)
	if err != nil {
		return "", err
	}
	trust.ServerName = host
	options := []gomail.Option{gomail.WithPort(number), gomail.WithTLSConfig(trust), gomail.WithTimeout(sendWithin / 3), gomail.WithoutNoop()}
	switch c.TLS {
	case config.ImplicitTLS:
		options = append(options, gomail.WithSSL())
	case config.NoTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if c.User != "" {
		kind := gomail.SMTPAuthAutoDiscover
		if c.TLS == config.NoTLS { // loopback only; the configuration's check says so
			kind = gomail.SMTPAuthPlainNoEnc
		}
		options = append(options, gomail.WithSMTPAuth(kind), gomail.WithUsername(c.User), gomail.WithPassword(password))
	}
	client, err := gomail.NewClient(host, options...)
	if err != nil {
		return "", Refusal{err}
	}
	if err := client.DialAndSendWithContext(ctx, msg); err != nil {
		return "", c.judge(err)
	}
	return fmt.Sprintf("taken by %s", host), nil
}

// judge says what a failure means: a server that answers 5xx will answer so again; one that answers 4xx wants to be
// asked later (greylisting); all else is the network's.
func (c mail) judge(err error) error {
	said := corax.Errorf(corax.Unavailable, "send mail by "+c.Server, "%s", c.redactor.Redact(Line(err.Error())))
	var failed *gomail.SendError
	if !errors.As(err, &failed) {
		if strings.Contains(err.Error(), " 535 ") || strings.Contains(err.Error(), "auth") {
			return Refusal{said} // credentials are wrong
		}
		return said
	}
	switch code := failed.ErrorCode(); {
	case code >= 500 && code <= 599:
		return Refusal{said}
	case code >= 400 && code <= 499, failed.IsTemp():
		return later{said, greylisted}
	}
	return said
}
