package server

import (
	"context"
	"net/http"
	"time"

	"corax/access"
	"corax/lookup/aftermath"
	"corax/topology/learn"
)

// FoundChanges is a page of changes.
type FoundChanges struct {
	List[aftermath.Change]
	Partial bool `json:"partial,omitempty" doc:"so many incidents opened that not all were looked at"`
}

func (a api) findChanges(f Finder) {
	type changes struct {
		SignalQuery
		Window int `query:"window" minimum:"1" maximum:"604800" default:"3600" doc:"how many seconds after a change an incident follows it"`
	}
	operation(a, access.RoleViewer, "list-changes", http.MethodGet, "/changes", "Changes, the latest first, with the incidents that followed on what was changed and on those who need it",
		func(ctx context.Context, in *changes) (FoundChanges, error) {
			q, err := in.search("list changes")
			if err != nil {
				return FoundChanges{}, err
			}
			c, err := f.Changes(ctx, q, time.Duration(in.Window)*time.Second)
			return FoundChanges{found(c.Changes, c.Older, c.Newer), c.Partial}, err
		})
	type none struct{}
	whole(a, access.RoleViewer, "learned-topology", http.MethodGet, "/topology/learned", "Edges that past outages speak for, beside those that are declared",
		func(ctx context.Context, _ *none) ([]learn.Tie, error) { return f.Learned(ctx) })
}
