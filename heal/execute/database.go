package execute

import (
	"context"
	"crypto/tls"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"corax"
)

// The kinds of databases.
const (
	postgres  = "postgres"
	mysqlKind = "mysql"
)

const dialTimeout = 5 * time.Second

// open prepares the one connection of a call; it is made with the first use.
func (b statement) open(ctx context.Context) (*sql.DB, error) {
	host, portText, err := net.SplitHostPort(b.db.Address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, err
	}
	encryption, err := tlsOf(b.db, host)
	if err != nil {
		return nil, err
	}
	password := ""
	if b.db.Password != "" {
		secret, err := b.o.secret(ctx, b.db.Password)
		if err != nil {
			return nil, err
		}
		defer secret.Wipe()
		_ = secret.Use(func(value string) error { password = value; return nil })
	}
	var connector driver.Connector
	switch b.db.Kind {
	case postgres:
		connector, err = postgresConnector(b.db, host, uint16(port), password, encryption)
	case mysqlKind:
		connector, err = mysqlConnector(b.db, password, encryption)
	default:
		err = fmt.Errorf("%q is no kind of database", b.db.Kind)
	}
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	return db, nil
}

func tlsOf(d corax.Database, host string) (*tls.Config, error) {
	if d.TLS == "off" {
		return nil, nil
	}
	pool, _, err := authorities(d.CA)
	return &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host, RootCAs: pool}, err
}

func postgresConnector(d corax.Database, host string, port uint16, password string, t *tls.Config) (driver.Connector, error) {
	// What the environment says about other databases is replaced, all of it.
	c, err := pgx.ParseConfig("host=127.0.0.1 sslmode=disable application_name=corax")
	if err != nil {
		return nil, err
	}
	c.Host, c.Port, c.Database, c.User, c.Password = host, port, d.Schema, d.User, password
	c.TLSConfig, c.Fallbacks, c.ConnectTimeout = t, nil, dialTimeout
	c.RuntimeParams = map[string]string{"application_name": "corax"}
	return stdlib.GetConnector(*c), nil
}

func mysqlConnector(d corax.Database, password string, t *tls.Config) (driver.Connector, error) {
	c := mysql.NewConfig()
	c.Net, c.Addr, c.DBName, c.User, c.Passwd, c.TLS = "tcp", d.Address, d.Schema, d.User, password, t
	c.Timeout, c.ParseTime, c.RejectReadOnly = dialTimeout, true, false
	c.ClientFoundRows = true // a row that was matched and is as wanted already counts, as PostgreSQL has it
	c.Logger = &mysql.NopLogger{}
	return mysql.NewConnector(c)
}
