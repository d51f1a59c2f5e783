package execute_test

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"

	"corax"
	"corax/heal/execute"
	"corax/heal/execute/executetest"
)

// server is a real database server, with what differs between dialects.
type server struct {
	kind, addr, user      string
	driver, source        string
	id, mark              string // of an automatic key; of a bound value
	keys                  string // columns of the table of keys
	slow, running, cancel string
	leaking, large        string
}

func postgresServer(t *testing.T) server {
	s := server{kind: "postgres", addr: "127.0.0.1:5432", user: "postgres", driver: "pgx",
		source: "postgres://postgres@127.0.0.1:5432/test?sslmode=disable", id: "id SERIAL PRIMARY KEY", mark: "$1",
		keys: "key TEXT PRIMARY KEY, at TIMESTAMPTZ NOT NULL", slow: "INSERT INTO %s (value) SELECT 'slow' FROM pg_sleep(300)",
		running: "SELECT pid FROM pg_stat_activity WHERE query LIKE 'INSERT INTO %s (value) SELECT%%' AND state = 'active'",
		cancel:  "SELECT pg_terminate_backend(%d)", leaking: "SELECT CAST($1 AS INTEGER)", large: "SELECT repeat('x', 3000000) AS value"}
	return s.needed(t)
}

func mysqlServer(t *testing.T) server {
	s := server{kind: "mysql", addr: "127.0.0.1:3306", user: "root", driver: "mysql", source: "root@tcp(127.0.0.1:3306)/test",
		id: "id INTEGER AUTO_INCREMENT PRIMARY KEY", mark: "?", keys: "`key` VARCHAR(200) PRIMARY KEY, `at` DATETIME(6) NOT NULL",
		slow:    "INSERT INTO %s (value) SELECT 'slow' FROM (SELECT SLEEP(300)) s",
		running: "SELECT id FROM information_schema.processlist WHERE info LIKE 'INSERT INTO %s (value) SELECT%%'",
		cancel:  "KILL %d", large: "SELECT REPEAT('x', 3000000) AS value"}
	return s.needed(t)
}

// needed skips the test where there is no such server.
func (s server) needed(t *testing.T) server {
	t.Helper()
	c, err := net.DialTimeout("tcp", s.addr, time.Second)
	if err != nil {
		t.Skipf("there is no %s server at %s", s.kind, s.addr)
	}
	_ = c.Close()
	return s
}

func (s server) open(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open(s.driver, s.source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func must(t *testing.T, db *sql.DB, text string) {
	t.Helper()
	if _, err := db.ExecContext(context.WithoutCancel(t.Context()), text); err != nil {
		t.Fatal(text, err)
	}
}

// running are the ids of the connections that work on the slow statement.
func (s server) at(t *testing.T, db *sql.DB, table string) (ids []int64) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), fmt.Sprintf(s.running, table))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return ids
}

// tables makes the tables of one test.
func (s server) tables(t *testing.T, db *sql.DB) (effects, keys string) {
	t.Helper()
	name := fmt.Sprintf("corax_test_%d", time.Now().UnixNano())
	effects, keys = name+"_effects", name+"_keys"
	must(t, db, "CREATE TABLE "+effects+" ("+s.id+", value TEXT)")
	must(t, db, "CREATE TABLE "+keys+" ("+s.keys+")")
	t.Cleanup(func() { must(t, db, "DROP TABLE "+effects); must(t, db, "DROP TABLE "+keys) })
	return effects, keys
}

func (s server) database(name, addr, keys string) corax.Database {
	return corax.Database{Name: name, Kind: s.kind, Address: addr, Schema: "test", User: s.user, TLS: "off", Keys: keys}
}

func (s server) conforms(t *testing.T) {
	executetest.Run(t, func(t *testing.T) executetest.Target {
		db := s.open(t)
		effects, keys := s.tables(t, db)
		proxy := executetest.NewProxy(t, s.addr)
		on := func(database, text string, args ...string) corax.Call {
			return corax.Call{SQL: &corax.SQLStatement{Database: database, Statement: text, Args: args}}
		}
		insert := "INSERT INTO " + effects + " (value) VALUES (" + s.mark + ")"
		target := executetest.Target{
			Executors: corax.Executors{Databases: []corax.Database{s.database("shop", proxy.Addr, keys),
				s.database("gone", executetest.Gone(t), keys)}},
			Effect:  func(v string) corax.Call { return on("shop", insert, v) },
			Reading: on("shop", "SELECT value FROM "+effects+" ORDER BY id DESC LIMIT 1"),
			Stored: func(answer any) string {
				return answer.(map[string]any)["rows"].([]any)[0].(map[string]any)["value"].(string)
			},
			NoPlace: func(v string) bool { return s.kind == "postgres" && strings.ContainsRune(v, 0) },
			Effects: func(t *testing.T) (n int) {
				if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+effects).Scan(&n); err != nil {
					t.Fatal(err)
				}
				return n
			},
			Slow: func(*testing.T) corax.Call { return on("shop", fmt.Sprintf(s.slow, effects)) },
			Begun: func(t *testing.T) {
				executetest.Await(t, "the statement", func() bool { return len(s.at(t, db, effects)) > 0 })
			},
			Cut: func(t *testing.T) {
				for _, id := range s.at(t, db, effects) {
					must(t, db, fmt.Sprintf(s.cancel, id))
				}
			},
			Ended: func(t *testing.T) {
				executetest.Await(t, "the statement's end", func() bool { return len(s.at(t, db, effects)) == 0 })
			},
			Interrupted: execute.Failed, Broken: map[string]execute.Outcome{"postgres": execute.Away, "mysql": execute.Failed}[s.kind],
			Large: on("shop", s.large), Missing: on("gone", "SELECT 1"), MissingToo: on("gone", insert, "x"),
		}
		for form, text := range executetest.Leaked() {
			target.Leaks = append(target.Leaks,
				executetest.Leak{Name: "rows, " + form, Call: on("shop", "SELECT value FROM "+effects+
					" UNION SELECT "+map[string]string{"postgres": "$1::text", "mysql": "?"}[s.kind], text), Read: true})
		}
		if s.kind == "postgres" {
			target.Leaks = append(target.Leaks, executetest.Leak{Name: "error", Call: on("shop", s.leaking, executetest.Secret), Read: true},
				executetest.Leak{Name: "error of an effect", Call: on("shop", s.leaking, executetest.Secret)})
		} else {
			target.Leaks = append(target.Leaks, executetest.Leak{Name: "error of an effect", Call: on("shop",
				"INSERT INTO "+keys+" (`key`, `at`) SELECT ?, NOW() UNION ALL SELECT ?, NOW()", executetest.Secret, executetest.Secret)})
		}
		return target
	})
}

func TestPostgresConforms(t *testing.T) { postgresServer(t).conforms(t) }

func TestMySQLConforms(t *testing.T) { mysqlServer(t).conforms(t) }

// compares: a statement that would change another number of rows than it says changes none; where no table of keys is
// declared, a repeat is one for all to see; and there is one statement to a call.
func (s server) compares(t *testing.T) {
	db := s.open(t)
	effects, _ := s.tables(t, db)
	if _, err := db.ExecContext(t.Context(), "INSERT INTO "+effects+" (value) VALUES ('a'), ('a')"); err != nil {
		t.Fatal(err)
	}
	set := execute.New(execute.Options{Executors: func() corax.Executors {
		return corax.Executors{Databases: []corax.Database{s.database("shop", s.addr, "")}}
	}})
	for _, c := range []struct {
		text, rest string
		rows       int
		read       bool
		want       execute.Outcome
	}{
		{text: "UPDATE %s SET value = 'b' WHERE value = 'a'", want: execute.Refused, rest: "2a"},
		{text: "UPDATE %s SET value = 'b' WHERE value = 'c'", want: execute.Refused, rest: "2a"},
		{text: "DELETE FROM %s WHERE value = 'a'; DELETE FROM %[1]s", rows: -1, want: execute.Refused, rest: "2a"},
		{text: "UPDATE nothing_here SET value = 'b'", want: execute.Refused, rest: "2a"},
		{text: "INSERT INTO %s (value) VALUES ('x')", read: true, want: execute.Refused, rest: "2a"},
		{text: "UPDATE %s SET value = 'a'", rows: 2, want: execute.Done, rest: "2a"},
		{text: "UPDATE %s SET value = 'b' WHERE value = 'a'", rows: 2, want: execute.Done, rest: "2b"},
		{text: "DELETE FROM %s WHERE value = 'b'", rows: -1, want: execute.Done, rest: "0"},
	} {
		text := c.text
		if strings.Contains(text, "%") {
			text = fmt.Sprintf(text, effects)
		}
		r := set.Run(t.Context(), corax.Call{SQL: &corax.SQLStatement{Database: "shop", Statement: text, Rows: c.rows}},
			executetest.Literal{}, execute.Order{Key: "k", Read: c.read})
		var rest string
		var n int
		if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*), COALESCE(MAX(value), '') FROM "+effects).Scan(&n, &rest); err != nil {
			t.Fatal(err)
		}
		if rest = fmt.Sprint(n, rest); r.Outcome != c.want || strings.ReplaceAll(rest, " ", "") != c.rest {
			t.Errorf("%s: got %s and %s, want %s and %s: %s", text, r.Outcome, rest, c.want, c.rest, r.Text)
		}
	}
}

func TestPostgresCompares(t *testing.T) { postgresServer(t).compares(t) }

func TestMySQLCompares(t *testing.T) {
	_ = mysql.SetLogger(&mysql.NopLogger{})
	mysqlServer(t).compares(t)
}

// Numbers stay numbers, so that expressions compare them as such.
func TestSQLKeepsTypes(t *testing.T) {
	for _, s := range []server{postgresServer(t), mysqlServer(t)} {
		set := execute.New(execute.Options{Executors: func() corax.Executors {
			return corax.Executors{Databases: []corax.Database{s.database("shop", s.addr, "")}}
		}})
		r := set.Run(t.Context(), corax.Call{SQL: &corax.SQLStatement{Database: "shop",
			Statement: "SELECT 42 AS whole, 'x' AS text, NULL AS nothing"}}, executetest.Literal{}, execute.Order{Read: true})
		got := fmt.Sprintf("%#v", r.Value)
		want := `map[string]interface {}{"count":1, "rows":[]interface {}{map[string]interface {}{"nothing":interface {}(nil), "text":"x", "whole":42}}}`
		if got != want {
			t.Errorf("%s: got %s (%s)", s.kind, got, r.Text)
		}
	}
}
