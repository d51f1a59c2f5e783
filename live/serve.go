package live

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"

	"corax"
)

// writeWithin is how long a listener may take to take a message.
const writeWithin = 10 * time.Second

// ServeHTTP sends what changes as server-sent events until the client goes away or is too slow. "topics" carries the topics, parted by
// spaces; "all" says that everything may have changed. A Last-Event-ID takes up where a connection broke off, and ?after= where a page was made;
// ?topic=, which may be repeated, narrows what is sent. Who may listen is for the caller to see to.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
		return
	}
	l, err := h.Listen(cmp.Or(r.Header.Get("Last-Event-ID"), r.URL.Query().Get("after")))
	if err != nil {
		w.Header().Set("Retry-After", "5")
		http.Error(w, err.Error()+"; "+corax.HintOf(err), http.StatusServiceUnavailable)
		return
	}
	defer l.Close()
	head := w.Header()
	head.Set("Content-Type", "text/event-stream")
	head.Set("Cache-Control", "no-store")
	head.Set("X-Accel-Buffering", "no") // proxies that hold answers back
	out := http.NewResponseController(w)
	send := func(text string) bool {
		// Without deadlines (a recorder in a test, say) a slow client is told by its queue alone.
		_ = out.SetWriteDeadline(time.Now().Add(writeWithin))
		_, err := w.Write([]byte(text))
		return err == nil && out.Flush() == nil
	}
	if !send("retry: 1000\n: connected\n\n") {
		return
	}
	wanted := r.URL.Query()["topic"]
	beat := time.NewTicker(h.o.Heartbeat)
	defer beat.Stop()
	for {
		var text string
		select {
		case <-r.Context().Done():
			return
		case <-beat.C:
			text = ": alive\n\n"
		case m, ok := <-l.Messages():
			if !ok {
				return
			}
			if text = encode(m, wanted); text == "" {
				continue
			}
		}
		if !send(text) {
			return
		}
	}
}

// encode is a message on the wire; empty where none of its topics is wanted. Topics are made of our own words and ids, and whatever else
// might have got into an id can't break the line.
func encode(m Message, wanted []string) string {
	var topics []string
	for _, t := range m.Topics {
		if t == Everything {
			return fmt.Sprintf("id: %s\nevent: all\ndata: *\n\n", m.ID)
		}
		if len(wanted) > 0 && !matches(t, wanted) {
			continue
		}
		topics = append(topics, strings.Map(func(r rune) rune {
			if r <= ' ' || r == 0x7f {
				return '_'
			}
			return r
		}, t))
	}
	if len(topics) == 0 {
		return ""
	}
	return fmt.Sprintf("id: %s\nevent: topics\ndata: %s\n\n", m.ID, strings.Join(topics, " "))
}

// matches says whether a topic is wanted; "problem:" wants every problem's.
func matches(topic string, wanted []string) bool {
	for _, w := range wanted {
		if topic == w || strings.HasSuffix(w, ":") && strings.HasPrefix(topic, w) {
			return true
		}
	}
	return false
}
