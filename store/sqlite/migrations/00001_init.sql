-- Documents are JSON as package corax writes it. Columns beside them exist to find rows by. Times are microseconds since 1970.

-- +goose Up
CREATE TABLE signals (
    seq      INTEGER PRIMARY KEY,
    id       TEXT    NOT NULL UNIQUE,
    kind     TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    incident TEXT,
    doc      TEXT    NOT NULL
);
CREATE INDEX signals_by_kind ON signals (kind, at);
CREATE INDEX signals_by_incident ON signals (incident) WHERE incident IS NOT NULL;

CREATE TABLE incidents (
    id         TEXT    PRIMARY KEY,
    entity     TEXT    NOT NULL,
    live       INTEGER NOT NULL,
    opened_at  INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    problem    TEXT    NOT NULL,
    doc        TEXT    NOT NULL
);
CREATE INDEX incidents_by_time ON incidents (opened_at, id);
CREATE INDEX incidents_live ON incidents (id) WHERE live = 1;
CREATE INDEX incidents_by_problem ON incidents (problem) WHERE problem <> '';

CREATE TABLE problems (
    id         TEXT    PRIMARY KEY,
    open       INTEGER NOT NULL,
    opened_at  INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    doc        TEXT    NOT NULL
);
CREATE INDEX problems_by_time ON problems (opened_at, id);
CREATE INDEX problems_open ON problems (id) WHERE open = 1;

CREATE TABLE plan_runs (
    id         TEXT    PRIMARY KEY,
    problem    TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    started_at INTEGER NOT NULL,
    doc        TEXT    NOT NULL
);
CREATE INDEX plan_runs_by_problem ON plan_runs (problem);
CREATE INDEX plan_runs_by_state ON plan_runs (state);

CREATE TABLE decisions (
    seq  INTEGER PRIMARY KEY AUTOINCREMENT,
    id   TEXT    NOT NULL UNIQUE,
    plan TEXT    NOT NULL,
    at   INTEGER NOT NULL,
    doc  TEXT    NOT NULL
);
CREATE INDEX decisions_by_plan ON decisions (plan);

CREATE TABLE approvals (
    id       TEXT    PRIMARY KEY,
    plan     TEXT    NOT NULL,
    answered INTEGER NOT NULL,
    asked_at INTEGER NOT NULL,
    doc      TEXT    NOT NULL
);
CREATE INDEX approvals_by_plan ON approvals (plan);
CREATE INDEX approvals_open ON approvals (id) WHERE answered = 0;

-- An event's id is made from seq, unless it came with one of its own.
CREATE TABLE events (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT,
    at       INTEGER NOT NULL,
    incident TEXT,
    problem  TEXT,
    plan     TEXT,
    doc      TEXT    NOT NULL
);
CREATE UNIQUE INDEX events_by_id ON events (id) WHERE id IS NOT NULL;
CREATE INDEX events_by_time ON events (at);
CREATE INDEX events_by_incident ON events (incident) WHERE incident IS NOT NULL;
CREATE INDEX events_by_problem ON events (problem) WHERE problem IS NOT NULL;
CREATE INDEX events_by_plan ON events (plan) WHERE plan IS NOT NULL;

CREATE TABLE silences (
    id        TEXT    PRIMARY KEY,
    starts_at INTEGER NOT NULL,
    ends_at   INTEGER NOT NULL,
    doc       TEXT    NOT NULL
);

CREATE TABLE stops (
    scope  TEXT    PRIMARY KEY,
    reason TEXT    NOT NULL,
    by     TEXT    NOT NULL,
    at     TEXT    NOT NULL
);
