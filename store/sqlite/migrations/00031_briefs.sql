-- What lists of problems show and are searched by: a problem's own document holds its whole case, and is too long to read for a line.
-- Rows that an older Corax did not write are made when the store is opened. words and entities are parted by single characters, so that
-- whole ones can be found: " a b " and "\na\nb\n".

-- +goose Up
CREATE TABLE problem_briefs (
    id        TEXT    PRIMARY KEY,
    opened_at INTEGER NOT NULL,
    state     TEXT    NOT NULL,
    severity  TEXT    NOT NULL,
    pattern   TEXT    NOT NULL,
    mechanism TEXT    NOT NULL,
    root      TEXT    NOT NULL,
    entities  TEXT    NOT NULL,
    words     TEXT    NOT NULL,
    doc       TEXT    NOT NULL
);
CREATE INDEX problem_briefs_by_time ON problem_briefs (opened_at, id);
CREATE INDEX problem_briefs_by_mechanism ON problem_briefs (mechanism, opened_at);
CREATE INDEX problem_briefs_by_root ON problem_briefs (root, opened_at);
CREATE INDEX problem_briefs_by_pattern ON problem_briefs (pattern, opened_at);
CREATE INDEX incidents_by_entity ON incidents (entity, opened_at, id);

-- +goose StatementBegin
CREATE TRIGGER problems_forgotten AFTER DELETE ON problems BEGIN
    DELETE FROM problem_briefs WHERE id = OLD.id;
END;
-- +goose StatementEnd
