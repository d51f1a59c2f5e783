// Command preview serves the pages over the fixture of their tests, for eyes: as whom it is looked at is told by ?as=viewer (or responder,
// operator, admin), or by the flag.
//
//	go run ./web/webtest/preview --as operator
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"corax"
	"corax/access"
	"corax/web/webtest"
)

func main() {
	as := flag.String("as", "operator", "the role in which the pages are seen")
	listen := flag.String("listen", "127.0.0.1:0", "where")
	empty := flag.Bool("empty", false, "nothing has happened yet")
	flag.Parse()
	if err := run(*as, *listen, *empty); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(as, listen string, empty bool) error {
	role, err := access.ParseRole(as)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "corax-preview-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	// The clock stands still: screenshots of the same commit are the same.
	site, err := webtest.New(ctx, webtest.Options{Dir: dir, Empty: empty, Log: slog.Default()})
	if err != nil {
		return err
	}
	defer site.Close()
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return err
	}
	s := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := role
		if asked, err := access.ParseRole(r.URL.Query().Get("as")); err == nil {
			who = asked
		}
		site.ServeHTTP(w, r.WithContext(access.With(r.Context(), access.Principal{Name: "jane", Role: who, Via: corax.ViaToken})))
	})}
	s.RegisterOnShutdown(site.Live.Stop)
	context.AfterFunc(ctx, func() { _ = s.Shutdown(context.Background()) })
	fmt.Printf("http://%s/\n", l.Addr())
	if err := s.Serve(l); err != http.ErrServerClosed { //nolint:errorlint // it is returned as it is
		return err
	}
	return nil
}
