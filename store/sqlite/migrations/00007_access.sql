-- Users, and digests of what was handed out to them: sessions, tokens, links.

-- +goose Up
CREATE TABLE users (
    id       TEXT PRIMARY KEY,
    name     TEXT NOT NULL,
    password TEXT NOT NULL, -- its hash
    doc      TEXT NOT NULL
);

CREATE TABLE credentials (
    kind    TEXT    NOT NULL,
    id      TEXT    NOT NULL,
    user    TEXT    NOT NULL,
    digest  TEXT    NOT NULL,
    made_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    doc     TEXT    NOT NULL,
    PRIMARY KEY (kind, id),
    UNIQUE (kind, digest)
);
CREATE INDEX credentials_by_user ON credentials (user, kind);
