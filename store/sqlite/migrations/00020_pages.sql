-- Lists are read page by page, newest first. The numbers between are for others who add to the schema at the same time.

-- +goose Up
CREATE INDEX plan_runs_by_time ON plan_runs (started_at, id);
CREATE INDEX decisions_by_time ON decisions (at, id);
CREATE INDEX approvals_by_time ON approvals (asked_at, id);
