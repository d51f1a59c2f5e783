package notify

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	netmail "net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"corax"
	"corax/config"
	"corax/vault"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// mailServer is an SMTP server with one user, one mailbox that is greylisted and one that doesn't exist.
type mailServer struct {
	address, ca string

	mu     sync.Mutex
	grey   int // how often the greylisted mailbox still says "later"
	mails  []received
	secure []bool // whether each came over TLS
}

type received struct {
	from, to string
	header   netmail.Header
	body     string
}

type mailSession struct {
	s        *mailServer
	c        *smtp.Conn
	authed   bool
	from, to string
}

func (m *mailSession) Reset()                   {}
func (m *mailSession) Logout() error            { return nil }
func (m *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (m *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "corax" || password != "smtp-password-1" {
			return smtp.ErrAuthFailed
		}
		m.authed = true
		return nil
	}), nil
}

func (m *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	if !m.authed {
		return smtp.ErrAuthRequired
	}
	m.from = from
	return nil
}

func (m *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	switch to {
	case "nobody@example.org":
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
	case "grey@example.org":
		if m.s.grey--; m.s.grey >= 0 {
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted, try later"}
		}
	}
	m.to = to
	return nil
}

func (m *mailSession) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	msg, err := netmail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		return err
	}
	body, _ := io.ReadAll(msg.Body)
	_, secure := m.c.TLSConnectionState()
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	m.s.mails = append(m.s.mails, received{m.from, m.to, msg.Header, string(body)})
	m.s.secure = append(m.s.secure, secure)
	return nil
}

func (s *mailServer) inbox() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

func newMailServer(t *testing.T, implicit bool) *mailServer {
	t.Helper()
	pair, ca := certificate(t)
	s := &mailServer{ca: ca}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = l.Addr().String()
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &mailSession{s: s, c: c}, nil }))
	server.Domain, server.TLSConfig, server.ErrorLog = "localhost", &tls.Config{Certificates: []tls.Certificate{pair}}, silent{}
	if implicit {
		l = tls.NewListener(l, server.TLSConfig)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	return s
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

// certificate makes a certificate for the loopback address, and a file to trust it by.
func certificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

func (s *mailServer) channel(t *testing.T, privacy config.Privacy) config.Mail {
	t.Helper()
	t.Setenv("NOTIFY_TEST_SMTP", "smtp-password-1")
	return config.Mail{Server: s.address, From: "corax@example.org", User: "corax", Password: "env:NOTIFY_TEST_SMTP", TLS: privacy, CA: s.ca}
}

func testTools(t *testing.T) tools {
	t.Helper()
	b := tools{redactor: &vault.Redactor{}, resolve: (&vault.Keeper{}).Resolve}
	return b
}

func send(t *testing.T, ch Channel, m Message) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return ch.Send(ctx, m)
}

func TestMailIsThreadedAndPrivate(t *testing.T) {
	for _, privacy := range []config.Privacy{config.StartTLS, config.ImplicitTLS} {
		t.Run(string(privacy), func(t *testing.T) {
			s := newMailServer(t, privacy == config.ImplicitTLS)
			b := newBench(t)
			m := s.channel(t, privacy)
			b.settings.Channels = append(b.settings.Channels, config.Channel{Name: "mail", Mail: &m})
			b.settings.Contacts[0].Reach = []config.Reach{{Channel: "mail", To: "ada@example.org"}}
			p := b.problem("prb-1", "auth\r\nBcc: eve@example.org", corax.High, nil)
			b.look()
			if err := b.Escalate(t.Context(), p, "People are needed.\r\n.\r\nMAIL FROM:<eve@example.org>"); err != nil {
				t.Fatal(err)
			}
			b.look()
			mails := s.inbox()
			if len(mails) != 2 || !s.secure[0] || !s.secure[1] {
				t.Fatalf("%d mails, private: %v: %+v", len(mails), s.secure, b.page("prb-1").Deliveries)
			}
			first, second := mails[0], mails[1]
			if id := first.header.Get("Message-Id"); id == "" || second.header.Get("In-Reply-To") != id || second.header.Get("References") != id ||
				second.header.Get("Message-Id") == id {
				t.Errorf("not one thread: %v, then %v", first.header, second.header)
			}
			subject := first.header.Get("Subject")
			if second.header.Get("Subject") != "Re: "+subject || !strings.Contains(subject, "[HIGH] auth Bcc: eve@example.org: key_used_early") {
				t.Errorf("subjects: %q, %q", subject, second.header.Get("Subject"))
			}
			for _, m := range mails {
				if m.from != "corax@example.org" || m.to != "ada@example.org" || m.header.Get("Bcc") != "" || m.header.Get("Auto-Submitted") != "auto-generated" {
					t.Errorf("%+v", m)
				}
			}
			if !strings.Contains(first.body, "https://corax.example.org/l/") {
				t.Errorf("no link: %s", first.body)
			}
			if !strings.Contains(second.body, "MAIL FROM") { // text, not a command: the server took one mail from us
				t.Errorf("body: %s", second.body)
			}
		})
	}
}

func TestMailThatIsRefused(t *testing.T) {
	s := newMailServer(t, false)
	good := s.channel(t, config.StartTLS)
	m := Message{ID: "dlv-1", Thread: "thr-1", First: true, To: "nobody@example.org", Subject: "x", Text: "y", At: start}

	var refusal Refusal
	if _, err := send(t, mail{good, testTools(t)}, m); !errors.As(err, &refusal) || !strings.Contains(err.Error(), "no such mailbox") {
		t.Errorf("an unknown recipient: %v", err)
	}
	m.To = "ada@example.org\r\nBcc: eve@example.org"
	if _, err := send(t, mail{good, testTools(t)}, m); !errors.As(err, &refusal) {
		t.Errorf("a hostile address: %v", err)
	}
	m.To = "ada@example.org"
	t.Setenv("NOTIFY_TEST_WRONG", "wrong-password")
	wrong := good
	wrong.Password = "env:NOTIFY_TEST_WRONG"
	if _, err := send(t, mail{wrong, testTools(t)}, m); !errors.As(err, &refusal) || strings.Contains(err.Error(), "wrong-password") {
		t.Errorf("a wrong password: %v", err)
	}
	distrusted := good
	distrusted.CA = ""
	if _, err := send(t, mail{distrusted, testTools(t)}, m); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a server that nobody vouches for: %v", err)
	}
	away := good
	away.Server = "127.0.0.1:1"
	if _, err := send(t, mail{away, testTools(t)}, m); err == nil || errors.As(err, &refusal) {
		t.Errorf("a server that is away: %v", err)
	}
	if got := s.inbox(); len(got) > 0 {
		t.Errorf("arrived: %+v", got)
	}
}

func TestGreylistingIsWaitedFor(t *testing.T) {
	s := newMailServer(t, false)
	s.grey = 2
	b := newBench(t)
	m := s.channel(t, config.StartTLS)
	b.settings.Channels = append(b.settings.Channels, config.Channel{Name: "mail", Mail: &m})
	b.settings.Contacts[0].Reach = []config.Reach{{Channel: "mail", To: "grey@example.org"}}
	b.problem("prb-1", "auth", corax.High, nil)
	b.look()
	d := b.page("prb-1").Deliveries[0]
	if d.State != corax.DeliveryPending || d.Due.Before(start.Add(greylisted)) || !strings.Contains(d.Error, "greylisted") {
		t.Fatalf("%+v", d)
	}
	b.pass(30 * time.Second)
	b.pass(31 * time.Second)
	b.pass(61 * time.Second)
	if d = b.page("prb-1").Deliveries[0]; d.State != corax.DeliverySent || d.Attempts != 3 || len(s.inbox()) != 1 {
		t.Errorf("%+v, %d mails", d, len(s.inbox()))
	}
}
