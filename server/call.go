package server

import (
	"context"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"corax/access"
)

// base is where the API is. Its version is a part of its address: what would break a client gets another.
const base = "/api/v1"

// Call describes an operation of the API, for those who make clients of it.
type Call struct {
	ID      string // list-problems
	Method  string
	Path    string // below /api/v1, with {parameters}
	Summary string
	Role    access.Role  // the least that one needs
	In      reflect.Type // a struct as huma reads it: fields of path, query and header, and Body
	Out     reflect.Type // what the answer's body holds
	Item    reflect.Type // what the answer's list holds; nil where it is none, or has more to say
	Paged   bool         // the list is read page by page
	Media   string       // the media type of an answer that is no JSON; empty for JSON
}

// call describes an operation that takes I and answers O.
func call[I, O any](role access.Role, id, method, path, summary string) Call {
	return Call{ID: id, Role: role, Method: method, Path: path, Summary: summary, In: reflect.TypeFor[I](), Out: reflect.TypeFor[O]()}
}

// register adds an operation to the API and to the list of its calls. Every error that it answers is a Fault.
func register[I, O any](a api, c Call, fn func(context.Context, *I) (*O, error)) {
	_, paged := any(new(I)).(interface{ paging() *Paging })
	c.Item, c.Paged = itemOf(c.Out), paged
	tag, _, _ := strings.Cut(c.Path[1:], "/")
	fault := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Fault](), true, "Fault")
	op := huma.Operation{
		OperationID: c.ID, Method: c.Method, Path: base + c.Path, Summary: c.Summary, Tags: []string{tag},
		Middlewares: huma.Middlewares{a.needs(c.Role)}, Extensions: map[string]any{"x-role": c.Role.String()},
		Responses: map[string]*huma.Response{"default": {
			Description: "An error", Content: map[string]*huma.MediaType{faultType: {Schema: fault}},
		}},
	}
	if c.Media != "" {
		op.Responses["200"] = &huma.Response{Description: "The text", Content: map[string]*huma.MediaType{c.Media: {Schema: &huma.Schema{Type: huma.TypeString}}}}
	}
	if c.Method != http.MethodGet {
		op.Parameters = []*huma.Param{{Name: idempotencyHeader, In: "header", Description: "makes a repeat harmless: see docs/api.md",
			Schema: &huma.Schema{Type: huma.TypeString, MaxLength: new(mostKey)}}}
	}
	huma.Register(a.huma, op, fn)
	*a.calls = append(*a.calls, c)
}

// Calls lists the operations of the API, in the order in which they are registered.
func Calls() []Call {
	_, calls := describe("")
	return calls
}

// Spec is the API's description in OpenAPI 3.1, with examples.
func Spec(version string) (*huma.OpenAPI, error) {
	doc, _ := describe(version)
	return doc, addExamples(doc)
}

// describe registers everything without anything behind it.
func describe(version string) (*huma.OpenAPI, []Call) {
	o := everything()
	o.Version = version
	a := newAPI(o, newRouter())
	return a.huma.OpenAPI(), *a.calls
}

// noScenarios has the methods without what is behind them; embedded plainly, the field would hide the method of its name.
type noScenarios struct{ anyScenarios }

type anyScenarios = interface{ Scenarios }

// everything are options of an API that has all that it can have, without what is behind it.
func everything() Options {
	return Options{
		People: struct{ People }{}, Audit: struct{ Audit }{}, System: struct{ System }{}, Policies: struct{ Policies }{}, MonitorFiles: struct{ MonitorFiles }{}, Find: struct{ Finder }{}, Scenarios: noScenarios{},
		Access: access.New(access.Options{}), Live: http.NotFoundHandler(),
	}
}
