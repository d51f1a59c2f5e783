package main

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"time"

	"github.com/spf13/cobra"

	"corax"
	"corax/app"
	"corax/server/client"
)

// connect finds the running Corax: the one that --server names, or that of the data directory.
func (s *settings) connect() (*client.Client, error) {
	c := &client.Client{HTTP: &http.Client{Timeout: time.Minute}}
	if s.server != "" {
		c.URL, c.Token = s.server, os.Getenv("CORAX_TOKEN")
		return c, nil
	}
	file := filepath.Join(s.dataDir, app.AddressFile)
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &corax.Error{
			Code: corax.Unavailable, Op: "find a running Corax", Err: fmt.Errorf("%s is not there", file),
			Hint: "start one with `corax serve`, or name its data directory with --data-dir",
		}
	}
	var a app.Address
	if err == nil {
		err = json.Unmarshal(data, &a)
	}
	if err != nil {
		return nil, corax.Errorf(corax.Invalid, "read "+file, "%w", err)
	}
	c.URL, c.Token = a.URL, a.Token
	if a.Pin != "" {
		c.HTTP.Transport = pinned(a.Pin)
	}
	if own := os.Getenv("CORAX_TOKEN"); own != "" {
		c.Token = own // who has an operator's token acts by that name
	}
	return c, nil
}

// show makes a call and prints its answer: as it came with --json, else through print.
func show[T any](cmd *cobra.Command, s *settings, ask func(context.Context, *client.Client) (T, error), print func(T) error) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	var raw json.RawMessage
	c.Answer = func(body []byte) { raw = body }
	v, err := ask(cmd.Context(), c)
	switch {
	case err != nil:
		return err
	case s.json && reflect.TypeFor[T]().Kind() == reflect.Slice: // a list without what the API puts around it
		var list client.Page[json.RawMessage]
		if err := json.Unmarshal(raw, &list); err != nil {
			return corax.Errorf(corax.Internal, "read the answer", "%w", err)
		}
		return printJSON(cmd.OutOrStdout(), list.Items)
	case s.json:
		return printJSON(cmd.OutOrStdout(), raw)
	}
	return print(v)
}

// tell makes a call and says in one sentence what came of it.
func tell[T any](cmd *cobra.Command, s *settings, ask func(context.Context, *client.Client) (T, error), said func(T) string) error {
	return show(cmd, s, ask, func(v T) error {
		_, err := fmt.Fprintln(cmd.OutOrStdout(), printable(said(v)))
		return err
	})
}

// act makes a call that has no answer and says what was done.
func act(cmd *cobra.Command, s *settings, do func(context.Context, *client.Client) error, said string) error {
	return tell(cmd, s, func(ctx context.Context, c *client.Client) (struct{}, error) { return struct{}{}, do(ctx, c) },
		func(struct{}) string { return said })
}

// paging are the flags of a command that prints a list.
type paging struct {
	limit  int
	cursor string
}

// most is the largest page that the API gives.
const most = 1000

func (p *paging) flags(c *cobra.Command) {
	c.Flags().IntVar(&p.limit, "limit", 100, "print at most so many; 0 is all")
	c.Flags().StringVar(&p.cursor, "cursor", "", "go on where an earlier list ended")
}

// showList prints a list, or a part of it, and says how to go on.
func showList[T any](cmd *cobra.Command, s *settings, p *paging, page func(ctx context.Context, c *client.Client, limit int, cursor string) (client.Page[T], error),
	print func([]T) error) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	raw := []json.RawMessage{}
	c.Answer = func(body []byte) {
		var part client.Page[json.RawMessage]
		_ = json.Unmarshal(body, &part) // the client says where it can't
		raw = append(raw, part.Items...)
	}
	var items []T
	cursor := p.cursor
	for {
		size := most
		if p.limit > 0 {
			size = min(most, p.limit-len(items))
		}
		part, err := page(cmd.Context(), c, size, cursor)
		if err != nil {
			return err
		}
		items = append(items, part.Items...)
		if cursor = part.Next; cursor == "" || p.limit > 0 && len(items) >= p.limit {
			break
		}
	}
	if s.json {
		err = printJSON(cmd.OutOrStdout(), raw)
	} else {
		err = print(items)
	}
	if err == nil && cursor != "" {
		_, err = fmt.Fprintf(cmd.ErrOrStderr(), "There are more: --cursor %s, or --limit 0 for all.\n", cursor)
	}
	return err
}

// pinned takes the certificate of this digest and no other, whatever name and issuer it has: the data directory vouches for it.
func pinned(pin string) http.RoundTripper {
	return &http.Transport{TLSClientConfig: &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection is stricter
		VerifyConnection: func(s tls.ConnectionState) error {
			sum := sha256.Sum256(s.PeerCertificates[0].Raw)
			if hex.EncodeToString(sum[:]) != pin {
				return errors.New("the certificate is not the one that the data directory names")
			}
			return nil
		},
	}}
}
