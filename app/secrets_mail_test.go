package app_test

import (
	"io"
	"mime/quotedprintable"
	"net"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
)

// postbox is an SMTP server that keeps all that it is sent, as it came and as a reader would see it.
type postbox struct{ got syncBuffer }

// letterbox is one connection to a postbox.
type letterbox struct{ p *postbox }

func (l letterbox) Reset()                               {}
func (l letterbox) Logout() error                        { return nil }
func (l letterbox) Mail(string, *smtp.MailOptions) error { return nil }
func (l letterbox) Rcpt(string, *smtp.RcptOptions) error { return nil }

func (l letterbox) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	readable, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(string(raw))))
	if err != nil {
		readable = nil // of another encoding: it is searched as it came
	}
	_, err = l.p.got.Write(append(append([]byte("MAIL "), raw...), readable...))
	return err
}

// startPostbox serves a postbox until the test ends, and says where.
func startPostbox(t *testing.T) (*postbox, string) {
	t.Helper()
	p := &postbox{}
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return letterbox{p}, nil }))
	s.Domain = "mail.test"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() { defer close(served); _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close(); <-served })
	return p, l.Addr().String()
}
