package server

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"

	"corax"
	"corax/access"
)

const livePath = base + "/live"

// live mounts what says that something has changed. It is a stream, so nothing may hold it back to look for secrets: it holds topics and
// ids alone, and whoever wants to know more asks for it.
func (a api) live(r chi.Router) {
	if a.o.Live == nil {
		return
	}
	const role = access.RoleViewer
	a.huma.OpenAPI().AddOperation(&huma.Operation{
		OperationID: "watch", Method: http.MethodGet, Path: livePath, Summary: "Hear that something has changed", Tags: []string{"live"},
		Description: "Server-sent events: `topics`, whose data are topics parted by spaces, and `all`, which says that everything may have changed. " +
			"They say what to ask for again, and nothing else.",
		Extensions: map[string]any{"x-role": role.String()},
		Parameters: []*huma.Param{
			{Name: "topic", In: "query", Description: "only these; a topic that ends in a colon is all of its kind",
				Schema: &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}}},
			{Name: "after", In: "query", Description: "the id of a message, where no header says it: what came after it comes first",
				Schema: &huma.Schema{Type: huma.TypeString}},
			{Name: "Last-Event-ID", In: "header", Description: "the id of the last message before the connection broke", Schema: &huma.Schema{Type: huma.TypeString}},
		},
		Responses: map[string]*huma.Response{"200": {Description: "The stream", Content: map[string]*huma.MediaType{
			"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}}}},
	})
	r.Get(livePath, func(w http.ResponseWriter, r *http.Request) {
		if p := access.From(r.Context()); !p.May(role) {
			newFault(corax.Forbidden, 0, fmt.Sprintf("watch needs the role %s; %s has the role %s", role, p.Name, p.Role), "").write(w)
			return
		}
		if a.o.Access != nil {
			ctx, done := a.o.Access.Watch(r.Context(), access.From(r.Context()))
			defer done()
			r = r.WithContext(ctx)
		}
		a.o.narrowed(a.o.Live).ServeHTTP(w, r)
	})
}

// pagesLive is where the pages listen.
const pagesLive = "/live"

// topics are those that whoever has a scope may hear of: kinds, and things that are named by ids which say nothing. One that is new is not
// heard of within a scope until it stands here.
var topics = []string{
	"timeline", "problems", "problem:", "incidents", "incident:", "plans", "plan:", "approvals", "orders", "pages", "stops", "monitors", "signals", "silences",
}

const (
	aMonitor = "monitor:" // a topic that names something goes on with the name
	noTopic  = "-"        // of nothing: to ask for none is to ask for all
)

// narrowed has a stream say to whoever has a scope what they may hear of: a monitor's name tells what there is, so it is said of those that
// they see.
func (o Options) narrowed(stream http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := access.From(r.Context()); !p.Known() || !p.Limited() {
			stream.ServeHTTP(w, r)
			return
		}
		may := slices.Clone(topics)
		for _, m := range o.Controls.Monitors(r.Context()) {
			may = append(may, aMonitor+m.Monitor)
		}
		q := r.URL.Query()
		if asked := q["topic"]; len(asked) > 0 {
			q["topic"] = append(among(asked, may), noTopic)
		} else {
			q["topic"] = may
		}
		address := *r.URL
		address.RawQuery = q.Encode()
		r = r.Clone(r.Context())
		r.URL = &address
		stream.ServeHTTP(w, r)
	})
}

// among are the topics asked for that may be heard of; one that ends in a colon is all of its kind.
func among(asked, may []string) (out []string) {
	for _, t := range asked {
		for _, m := range may {
			switch {
			case t == m || strings.HasSuffix(m, ":") && strings.HasPrefix(t, m):
				out = append(out, t)
			case strings.HasSuffix(t, ":") && strings.HasPrefix(m, t):
				out = append(out, m)
			}
		}
	}
	return out
}
