-- The audit: a chain of entries, doc and its hash as package audit makes them, and where the chain ends, signed.

-- +goose Up
CREATE TABLE audit (
    seq     INTEGER PRIMARY KEY,
    what    TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    problem TEXT    NOT NULL,
    doc     TEXT    NOT NULL,
    hash    TEXT    NOT NULL
);
CREATE INDEX audit_by_problem ON audit (problem) WHERE problem <> '';

CREATE TABLE audit_head (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    seq       INTEGER NOT NULL,
    hash      TEXT    NOT NULL,
    signature TEXT    NOT NULL
);
