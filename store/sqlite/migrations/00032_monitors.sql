-- What the runs of monitors came to, by the minute, the hour and the day: step is in seconds, at counts steps since 1970, latencies are in
-- nanoseconds, and spread is as package store writes it. The finer ones are forgotten first.

-- +goose Up
CREATE TABLE monitor_history (
    step     INTEGER NOT NULL,
    monitor  TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    checks   INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    sum      INTEGER NOT NULL,
    min      INTEGER NOT NULL,
    max      INTEGER NOT NULL,
    spread   BLOB    NOT NULL,
    PRIMARY KEY (step, monitor, at)
) WITHOUT ROWID;
CREATE TABLE monitor_changes (
    seq     INTEGER PRIMARY KEY,
    monitor TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    doc     TEXT    NOT NULL
);
CREATE INDEX monitor_changes_by_monitor ON monitor_changes (monitor, at);
