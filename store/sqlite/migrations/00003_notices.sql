-- +goose Up
CREATE TABLE pages (
    id        TEXT    PRIMARY KEY,
    ended     INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    due       INTEGER, -- NULL where nothing is to come
    doc       TEXT    NOT NULL
);
CREATE INDEX pages_by_time ON pages (opened_at, id);
CREATE INDEX pages_due ON pages (due) WHERE due IS NOT NULL;
