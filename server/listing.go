package server

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"corax"
	"corax/access"
	"corax/store"
)

// Paging says which part of a list is wanted. A list's body is the list and nothing else, the same JSON that the CLI prints; where it goes on, the header
// Link says so with rel="next" (RFC 8288). An envelope would have to be taken off by everybody who only wants the list.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"at most so many"`
	Cursor string `query:"cursor" maxLength:"1000" doc:"where the page before ended; stands in its Link header"`

	url url.URL
}

// Resolve implements huma.Resolver.
func (p *Paging) Resolve(ctx huma.Context) []error {
	p.url = ctx.URL()
	return nil
}

func (p *Paging) paging() *Paging { return p }

// next is the Link header of a page that goes on after the cursor.
func (p *Paging) next(cursor string) string {
	q := p.url.Query()
	q.Set("cursor", cursor)
	q.Set("limit", strconv.Itoa(p.Limit))
	return "<" + (&url.URL{Path: p.url.Path, RawQuery: q.Encode()}).String() + `>; rel="next"`
}

// part is a part of a list as a store is asked for it: one more than is shown, which tells whether the list goes on.
type part[C any] struct {
	limit int
	after C
}

// cursors say how the places of a list are written.
type cursors[T, C any] struct {
	parse func(string) (C, error)
	of    func(T) string // the place of an item
}

// byTime are the cursors of a list that is ordered by time and id.
func byTime[T any](of func(T) store.Cursor) cursors[T, store.Cursor] {
	return cursors[T, store.Cursor]{store.ParseCursor, func(v T) string { return of(v).String() }}
}

// byName are the cursors of a list whose store goes on after the item of a name.
func byName[T any](of func(T) string) cursors[T, string] {
	return cursors[T, string]{func(text string) (string, error) { return text, nil }, of}
}

// parseNumber reads a cursor that is a number; the empty one is 0.
func parseNumber(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, corax.Errorf(corax.Invalid, "read the cursor", "this server did not make it")
	}
	return n, nil
}

// page is what a listing answers.
type page[T any] struct {
	Link string `header:"Link" doc:"the next page, rel=\"next\"; missing on the last"`
	Body []T
}

// listing registers a call, which needs the role, that gives a list page by page.
func listing[I, T, C any, P interface {
	*I
	paging() *Paging
}](a api, role access.Role, id, path, summary string, c cursors[T, C], fn func(context.Context, *I, part[C]) ([]T, error)) {
	register(a, call[I, []T](role, id, http.MethodGet, path, summary), func(ctx context.Context, in *I) (*page[T], error) {
		p := P(in).paging()
		after, err := c.parse(p.Cursor)
		if err != nil {
			return nil, a.o.fault(id, err)
		}
		items, err := fn(ctx, in, part[C]{p.Limit + 1, after})
		if err != nil {
			return nil, a.o.fault(id, err)
		}
		out := &page[T]{Body: items}
		if len(items) > p.Limit {
			out.Body = items[:p.Limit]
			out.Link = p.next(c.of(items[p.Limit-1]))
		}
		return out, nil
	})
}
