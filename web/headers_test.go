package web_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"corax/access"
	"corax/web"
	"corax/web/webtest"
)

// noUsers are accounts whose list of users is broken.
type noUsers struct{ web.Accounts }

func (noUsers) Users(context.Context) ([]access.User, error) {
	return nil, errors.New("the disk is gone")
}

// Whoever reads the log, or what it is copied to, must not come in by a link that stands there: neither by what a browser reports of its page,
// nor by the address of a page that failed.
func TestLinksAreNotLogged(t *testing.T) {
	var log bytes.Buffer
	s := site(t, webtest.Options{Log: slog.New(slog.NewTextHandler(&log, nil)), With: func(o *web.Options) { o.Accounts = noUsers{o.Accounts} }})
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/setup/"+s.Link, nil))
	if w.Code != http.StatusInternalServerError || !strings.Contains(log.String(), "the disk is gone") || !strings.Contains(log.String(), "path=/setup/...") {
		t.Errorf("%d, and the log says: %s", w.Code, &log)
	}
	for _, path := range []string{"/setup/", "/l/", "/callbacks/phone/", "/replies/mail/", "/corax/setup/", "/login?next=%2Fsetup%2F", "/problems#"} {
		report := strings.ReplaceAll(`{"csp-report":{"document-uri":"URL","source-file":"URL","blocked-uri":"URL","effective-directive":"script-src"}}`,
			"URL", "https://corax.example.org"+path+s.Link+"?next="+s.Link)
		s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/csp-report", strings.NewReader(report)))
	}
	if n := strings.Count(log.String(), "a browser refused something"); n != 7 || strings.Contains(log.String(), s.Link) {
		t.Errorf("%d reports are in the log, with the link or not all of them:\n%s", n, &log)
	}
	if !strings.Contains(log.String(), "page=https://corax.example.org/setup/... ") || !strings.Contains(log.String(), "page=https://corax.example.org/problems ") {
		t.Errorf("the log doesn't say which page it was:\n%s", &log)
	}
}
