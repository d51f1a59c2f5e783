-- Emergencies that operators have declared; all of them stay on record.

-- +goose Up
CREATE TABLE break_glass (
    id        TEXT    PRIMARY KEY,
    starts_at INTEGER NOT NULL,
    ends_at   INTEGER NOT NULL,
    doc       TEXT    NOT NULL
);
