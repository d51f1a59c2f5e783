-- Calls of the API that are made once, however often they are sent, and the answer to each.

-- +goose Up
CREATE TABLE calls (
    id      TEXT    PRIMARY KEY,
    request TEXT    NOT NULL,
    run     TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    doc     TEXT    NOT NULL
);
CREATE INDEX calls_by_time ON calls (at);
