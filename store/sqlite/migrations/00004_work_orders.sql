-- +goose Up
CREATE TABLE work_orders (
    id      TEXT    PRIMARY KEY,
    ended   INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    doc     TEXT    NOT NULL
);
CREATE INDEX work_orders_by_time ON work_orders (made_at, id);
CREATE INDEX work_orders_live ON work_orders (id) WHERE ended = 0;
