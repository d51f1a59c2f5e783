package sqlite

import (
	"context"

	"corax"
	"corax/store"
)

// This file reads lists page by page, newest first, each ordered by a time and the id.

// FindPlanRuns lists the runs of plans, those that were started last first.
func (s *Store) FindPlanRuns(ctx context.Context, f store.PlanFilter) ([]corax.PlanRun, error) {
	at, id := f.After.Before()
	return list[corax.PlanRun](ctx, s, "list plans", pageOfPlanRuns, at, id, limit(f.Limit), jsonList(f.States))
}

// FindApprovals lists requests for an approval, the latest first.
func (s *Store) FindApprovals(ctx context.Context, f store.ApprovalFilter) ([]corax.ApprovalRequest, error) {
	query := pageOfApprovals
	if f.Open {
		query = pageOfOpenApprovals
	}
	at, id := f.After.Before()
	return list[corax.ApprovalRequest](ctx, s, "list approvals", query, at, id, limit(f.Limit))
}
