package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"corax"
)

// mailbox takes what Corax tells people during a run, as the webhook of a chat or a ticket system would.
type mailbox struct {
	url    string
	server *http.Server
	served chan struct{}

	mu  sync.Mutex
	got []letter
}

// letter is one notice as it came.
type letter struct {
	Kind corax.NoticeKind `json:"kind"`
	Text string           `json:"text"`
	body []byte
}

const mostLetter = 1 << 20

// open begins to take notices.
func (m *mailbox) open(listen func() (net.Listener, error)) error {
	l, err := listen()
	if err != nil {
		return corax.Errorf(corax.Unavailable, "open a mailbox for notices", "%w", err)
	}
	m.url, m.served = "http://"+l.Addr().String()+"/", make(chan struct{})
	m.server = &http.Server{Handler: m, ReadHeaderTimeout: 5 * time.Second}
	go func() { // ends when the mailbox is closed
		defer close(m.served)
		_ = m.server.Serve(l)
	}()
	return nil
}

// ServeHTTP takes a notice.
func (m *mailbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, mostLetter))
	in := letter{body: body}
	if err = errors.Join(err, json.Unmarshal(body, &in)); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.got = append(m.got, in)
}

// letters are those that came so far.
func (m *mailbox) letters() []letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]letter(nil), m.got...)
}

func (m *mailbox) close(context.Context) error {
	err := m.server.Close()
	<-m.served
	return err
}
