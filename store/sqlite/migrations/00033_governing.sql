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

-- All else that it stands under. A document that was tampered with is about no entity: the audit tells of it, and nothing else may fail.
CREATE VIEW decision_values AS
    SELECT f.seq, w.column1 AS by, CASE w.column1 WHEN 'verdict' THEN verdict WHEN 'rule' THEN rule WHEN 'action' THEN action ELSE problem END AS value,
        verdict, rule, action, problem
    FROM decision_finds f, (VALUES ('verdict'), ('rule'), ('action'), ('problem')) w WHERE f.by = 'all' AND f.value = 'all'
    UNION ALL SELECT f.seq, 'entity', e.value, verdict, rule, action, problem
    FROM decision_finds f JOIN decisions d ON d.seq = f.seq, json_each(iif(json_valid(d.doc), d.doc, '{}'), '$.input.action.touches') e
    WHERE f.by = 'all' AND f.value = 'all'
    UNION ALL SELECT f.seq, 'entity', iif(json_valid(d.doc), d.doc, '{}') ->> '$.input.entity.id', verdict, rule, action, problem
    FROM decision_finds f JOIN decisions d ON d.seq = f.seq WHERE f.by = 'all' AND f.value = 'all';

INSERT INTO decision_finds
    SELECT 'all', 'all', seq, doc ->> '$.verdict', doc ->> '$.rule', doc ->> '$.input.action.name', doc ->> '$.input.problem.id'
    FROM decisions WHERE json_valid(doc);
INSERT OR IGNORE INTO decision_finds SELECT by, value, seq, verdict, rule, action, problem FROM decision_values WHERE value <> '';

-- +goose StatementBegin
CREATE TRIGGER decisions_made AFTER INSERT ON decisions BEGIN
    INSERT INTO decision_finds VALUES ('all', 'all', NEW.seq,
        NEW.doc ->> '$.verdict', NEW.doc ->> '$.rule', NEW.doc ->> '$.input.action.name', NEW.doc ->> '$.input.problem.id');
    INSERT OR IGNORE INTO decision_finds
        SELECT by, value, seq, verdict, rule, action, problem FROM decision_values WHERE seq = NEW.seq AND value <> '';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER decisions_forgotten BEFORE DELETE ON decisions BEGIN
    DELETE FROM decision_finds WHERE seq = OLD.seq AND (by, value) IN (SELECT by, value FROM decision_values WHERE seq = OLD.seq);
    DELETE FROM decision_finds WHERE by = 'all' AND value = 'all' AND seq = OLD.seq;
END;
-- +goose StatementEnd

ALTER TABLE audit ADD COLUMN kind TEXT GENERATED ALWAYS AS (substr(what, 1, instr(what || '.', '.') - 1)) VIRTUAL;
ALTER TABLE audit ADD COLUMN place TEXT GENERATED ALWAYS AS (substr(subject, 1, instr(subject, '/'))) VIRTUAL;
ALTER TABLE audit ADD COLUMN who TEXT GENERATED ALWAYS AS (CASE WHEN json_valid(doc) THEN doc ->> '$.who' END) VIRTUAL;
CREATE INDEX audit_by_kind ON audit (kind, seq, what);
CREATE INDEX audit_by_place ON audit (place, seq, subject) WHERE place <> '';
CREATE INDEX audit_by_subject ON audit (subject);
CREATE INDEX audit_by_who ON audit (who);
