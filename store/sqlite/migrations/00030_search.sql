-- What finds signals: an inverted index of their words and of marks such as "k=symptom", and what is counted beside. It is made behind
-- triage's back; signals above signal_indexed.through are not in it yet. What is in it goes with its signals.

-- +goose Up
CREATE VIRTUAL TABLE signal_words USING fts5 (words, content = '', contentless_delete = 1, detail = 'none', tokenize = "ascii tokenchars '='");

-- The row of a signal that is indexed.
CREATE TABLE signal_rows (
    seq      INTEGER PRIMARY KEY,
    template INTEGER NOT NULL
);
CREATE TABLE signal_indexed (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    through INTEGER NOT NULL
);
INSERT INTO signal_indexed (id, through) VALUES (1, 0);

-- Between which rows the signals of an hour are: what turns a span of time into a span of rows.
CREATE TABLE signal_hours (
    hour    INTEGER PRIMARY KEY,
    lowest  INTEGER NOT NULL,
    highest INTEGER NOT NULL,
    n       INTEGER NOT NULL
);
CREATE TABLE signal_days (
    day   INTEGER NOT NULL,
    facet TEXT    NOT NULL,
    value TEXT    NOT NULL,
    n     INTEGER NOT NULL,
    PRIMARY KEY (day, facet, value)
) WITHOUT ROWID;

CREATE TABLE templates (
    id       INTEGER PRIMARY KEY,
    text     TEXT    NOT NULL,
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL
);
-- By the hour (unit 1) and by the day (unit 24); at counts units since 1970.
CREATE TABLE template_counts (
    unit     INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    template INTEGER NOT NULL,
    n        INTEGER NOT NULL,
    PRIMARY KEY (unit, at, template)
) WITHOUT ROWID;

-- +goose StatementBegin
CREATE TRIGGER signals_forgotten AFTER DELETE ON signals BEGIN
    DELETE FROM signal_words WHERE rowid = OLD.seq AND EXISTS (SELECT 1 FROM signal_rows WHERE seq = OLD.seq);
    DELETE FROM signal_rows WHERE seq = OLD.seq;
    -- The number of a row that was the last is given again.
    UPDATE signal_indexed SET through = coalesce((SELECT max(seq) FROM signals), 0)
        WHERE through >= OLD.seq AND through > coalesce((SELECT max(seq) FROM signals), 0);
END;
-- +goose StatementEnd
