-- Outcomes are read page by page, newest first, all of them or those of an action.

-- +goose Up
CREATE INDEX outcomes_by_time ON outcomes (at, id);
CREATE INDEX outcomes_of_action ON outcomes (action, at, id);
