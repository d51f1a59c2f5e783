-- How actions ended, which levels of autonomy are earned by, and the caps that people set. Outcomes are kept for good.

-- +goose Up
CREATE TABLE outcomes (
    id     TEXT    PRIMARY KEY,
    action TEXT    NOT NULL,
    class  TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    doc    TEXT    NOT NULL
);
CREATE INDEX outcomes_by_action ON outcomes (action, class, at);

CREATE TABLE caps (
    action TEXT NOT NULL,
    class  TEXT NOT NULL,
    doc    TEXT NOT NULL,
    PRIMARY KEY (action, class)
);
