package server

import (
	"fmt"
	"net/http"

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
		a.o.Live.ServeHTTP(w, r)
	})
}
