-- Every page says how many problems are open, and how bad they are.

-- +goose Up
CREATE INDEX problem_briefs_by_state ON problem_briefs (state, severity);
