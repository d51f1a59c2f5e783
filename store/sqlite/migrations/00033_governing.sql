-- What decisions and entries of the audit are looked for by. A decision stands here under each thing that it was about, with what else is
-- asked of it; it is about an entity too that its action may change.

-- +goose Up
CREATE TABLE decision_finds (
    by      TEXT    NOT NULL, -- verdict, rule, action, problem or entity; all, under which everything stands
    value   TEXT    NOT NULL,
    seq     INTEGER NOT NULL,
    verdict TEXT,
    rule    TEXT,
    action  TEXT,
    problem TEXT,
    PRIMARY KEY (by, value, seq)
) WITHOUT ROWID;

-- What decision_finds is filled from. A document that was tampered with is about nothing: the audit tells of it, and nothing else may fail.
CREATE VIEW decision_parts AS
    SELECT seq, doc ->> '$.verdict' AS verdict, doc ->> '$.rule' AS rule, doc ->> '$.input.action.name' AS action,
        doc ->> '$.input.problem.id' AS problem, doc ->> '$.input.entity.id' AS entity, doc -> '$.input.action.touches' AS touches
    FROM decisions WHERE json_valid(doc);
CREATE VIEW decision_values AS
    SELECT seq, 'all' AS by, 'all' AS value, verdict, rule, action, problem FROM decision_parts
    UNION ALL SELECT seq, 'verdict', verdict, verdict, rule, action, problem FROM decision_parts
    UNION ALL SELECT seq, 'rule', rule, verdict, rule, action, problem FROM decision_parts
    UNION ALL SELECT seq, 'action', action, verdict, rule, action, problem FROM decision_parts
    UNION ALL SELECT seq, 'problem', problem, verdict, rule, action, problem FROM decision_parts
    UNION ALL SELECT seq, 'entity', entity, verdict, rule, action, problem FROM decision_parts
    UNION ALL SELECT seq, 'entity', value, verdict, rule, action, problem FROM decision_parts, json_each(touches);

INSERT OR IGNORE INTO decision_finds SELECT by, value, seq, verdict, rule, action, problem FROM decision_values WHERE value <> '';

-- +goose StatementBegin
CREATE TRIGGER decisions_made AFTER INSERT ON decisions BEGIN
    INSERT OR IGNORE INTO decision_finds
        SELECT by, value, seq, verdict, rule, action, problem FROM decision_values WHERE seq = NEW.seq AND value <> '';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER decisions_forgotten BEFORE DELETE ON decisions BEGIN
    DELETE FROM decision_finds WHERE seq = OLD.seq AND (by, value) IN (SELECT by, value FROM decision_values WHERE seq = OLD.seq);
END;
-- +goose StatementEnd

ALTER TABLE audit ADD COLUMN kind TEXT GENERATED ALWAYS AS (substr(what, 1, instr(what || '.', '.') - 1)) VIRTUAL;
ALTER TABLE audit ADD COLUMN place TEXT GENERATED ALWAYS AS (substr(subject, 1, instr(subject, '/'))) VIRTUAL;
ALTER TABLE audit ADD COLUMN who TEXT GENERATED ALWAYS AS (CASE WHEN json_valid(doc) THEN doc ->> '$.who' END) VIRTUAL;
CREATE INDEX audit_by_kind ON audit (kind, seq, what);
CREATE INDEX audit_by_place ON audit (place, seq, subject) WHERE place <> '';
CREATE INDEX audit_by_subject ON audit (subject);
CREATE INDEX audit_by_who ON audit (who);
