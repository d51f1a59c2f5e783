package server

import (
	"context"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"corax"
	"corax/access"
	"corax/store"
)

// List is the form of every list that the API answers: the items, and where it goes on. Some have more to say, and say it beside that.
type List[T any] struct {
	Items    []T    `json:"items"`
	Next     string `json:"next,omitempty" doc:"the cursor of the page after it; missing at the end of the list"`
	Previous string `json:"previous,omitempty" doc:"the cursor of the page before it, of lists that are read both ways"`
}

// Item is the type of what the list holds.
func (List[T]) Item() reflect.Type { return reflect.TypeFor[T]() }

// itemOf is the type of what a type of lists holds; nil where it is none, or has more to say.
func itemOf(t reflect.Type) reflect.Type {
	if list, ok := reflect.Zero(t).Interface().(interface{ Item() reflect.Type }); ok && strings.HasPrefix(t.Name(), "List[") {
		return list.Item()
	}
	return nil
}

// listOf is a list that is whole.
func listOf[T any](items []T) List[T] {
	if items == nil {
		items = []T{}
	}
	return List[T]{Items: items}
}

// Paging says which part of a list is wanted.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"at most so many"`
	Cursor string `query:"cursor" maxLength:"1000" doc:"where to go on: next, or previous, of another answer"`
}

func (p *Paging) paging() *Paging { return p }

// back marks the cursors that lead to the page before.
const back = "-"

// sides are the cursors of a search: it goes on with what is before one in time, or after the other.
func (p *Paging) sides() (before, after string) {
	if c, ok := strings.CutPrefix(p.Cursor, back); ok {
		return "", c
	}
	return p.Cursor, ""
}

// found is a page of a search, the latest first, with the cursors that the store gave.
func found[T any](items []T, older, newer string) List[T] {
	l := listOf(items)
	if l.Next = older; newer != "" {
		l.Previous = back + newer
	}
	return l
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

// listing registers a call, which needs the role, that gives a list page by page.
func listing[I, T, C any, P interface {
	*I
	paging() *Paging
}](a api, role access.Role, id, path, summary string, c cursors[T, C], fn func(context.Context, *I, part[C]) ([]T, error)) {
	operation(a, role, id, http.MethodGet, path, summary, func(ctx context.Context, in *I) (List[T], error) {
		p := P(in).paging()
		after, err := c.parse(p.Cursor)
		if err != nil {
			return List[T]{}, err
		}
		items, err := fn(ctx, in, part[C]{p.Limit + 1, after})
		l := listOf(items)
		if len(items) > p.Limit {
			l.Items, l.Next = items[:p.Limit], c.of(items[p.Limit-1])
		}
		return l, err
	})
}

// whole registers a call, which needs the role, that answers a list at once.
func whole[I, T any](a api, role access.Role, id, method, path, summary string, fn func(context.Context, *I) ([]T, error)) {
	operation(a, role, id, method, path, summary, func(ctx context.Context, in *I) (List[T], error) {
		items, err := fn(ctx, in)
		return listOf(items), err
	})
}
