package client

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"corax"
)

// Everything is the topic that stands for all of them: what was missed can't be told, so all must be asked for again.
const Everything = "*"

// longestLine bounds a line of the stream.
const longestLine = 1 << 20

// Watch calls changed with the topics of what has changed, at first and after each break of the connection with Everything. Topics that
// end in a colon are all of their kind; none is all. It returns when changed fails, with its error; when ctx ends, with nil; and when the
// server refuses, with a *corax.Error. While the server can't be reached it tries again after each wait.
func (c *Client) Watch(ctx context.Context, topics []string, wait time.Duration, changed func(topics []string) error) error {
	for {
		refusal, err := c.listen(ctx, topics, changed)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // being ended is how it ends
		case refusal != nil:
			return refusal
		case err != nil:
			return err
		}
		again := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			again.Stop()
			return nil
		case <-again.C:
		}
	}
}

// listen follows one connection to its end. refusal says why there will be no other; err is changed's.
func (c *Client) listen(ctx context.Context, topics []string, changed func([]string) error) (refusal, err error) {
	target := strings.TrimRight(c.URL, "/") + "/api/v1/live"
	if q := (url.Values{"topic": topics}).Encode(); q != "" {
		target += "?" + q
	}
	op := "GET " + target
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return corax.Errorf(corax.Invalid, op, "%w", err), nil
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	req.Header.Set("Accept", "text/event-stream")
	unhurried := *c.http() // the stream has no end
	unhurried.Timeout = 0
	resp, err := unhurried.Do(req)
	if err != nil {
		return nil, nil //nolint:nilerr // it is tried again
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		if resp.StatusCode >= http.StatusInternalServerError {
			return nil, nil
		}
		return refused(op, resp.StatusCode, faultOf(resp)), nil
	}
	if err := changed([]string{Everything}); err != nil {
		return nil, err
	}
	return nil, read(resp.Body, changed)
}

// faultOf is the body of a refusal.
func faultOf(resp *http.Response) []byte {
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, longestLine)
	lines.Scan()
	return lines.Bytes()
}

// read follows server-sent events (WHATWG HTML, 9.2) to the end of the stream.
func read(stream io.Reader, changed func([]string) error) error {
	data := ""
	lines := bufio.NewScanner(stream)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case lines.Text() == "" && data != "":
			if err := changed(strings.Fields(data)); err != nil {
				return err
			}
			data = ""
		case name == "data":
			data += " " + value
		}
	}
	return nil
}
