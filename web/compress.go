package web

import (
	"compress/gzip"
	"net/http"
	"strings"
	"sync"
)

// leastCompressed is how many bytes a page has that is worth compressing: below, it goes into a packet or two anyway.
const leastCompressed = 2048

// writers are compressors that wait for a page. One is large, and made again only when none waits.
type writers struct{ pool sync.Pool }

// send writes the text of a page, compressed where the browser takes that. An answer to a form is sent as it is: it may hold a secret, and
// how well that compresses with what somebody else had a say in would tell of it. Other pages hold none.
func (c *writers) send(w http.ResponseWriter, r *http.Request, status int, text string) {
	h := w.Header()
	h.Add("Vary", "Accept-Encoding")
	if len(text) < leastCompressed || r.Method != http.MethodGet || !takesGzip(r) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
		return
	}
	z, ok := c.pool.Get().(*gzip.Writer)
	if ok {
		z.Reset(w)
	} else {
		z, _ = gzip.NewWriterLevel(w, gzip.BestSpeed) // fails for a level that there isn't
	}
	defer c.pool.Put(z)
	h.Set("Content-Encoding", "gzip")
	w.WriteHeader(status)
	_, _ = z.Write([]byte(text)) // who has gone away can't be told
	_ = z.Close()
}

// takesGzip says that the request's sender reads gzip.
func takesGzip(r *http.Request) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, quality, _ := strings.Cut(part, ";")
		if strings.TrimSpace(name) == "gzip" {
			return strings.TrimSpace(quality) != "q=0"
		}
	}
	return false
}
