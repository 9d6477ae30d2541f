package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tandem-switch/tandem/internal/directory"
)

// Inspection is what a look at a database has found.
type Inspection struct {
	Found, Known int64    // versions of the tables, 0 where there are none, and of this program
	Canary       []byte   // the text that tells the master key; nil in a new store
	Hosts        []string // host names of the domains
	// Unhosted are the domains in which another object has the name of the hosted
	// Messages object. It is looked for in tables of this version alone.
	Unhosted []string

	Server            string // version of PostgreSQL
	Number            int    // the same as a number: 150018
	Connections, Most int    // to the whole server, now and at most
	Fsync             string // settings of these names
	SynchronousCommit string
	Now               time.Time // its clock
	Took              time.Duration
}

// Inspect looks at the database of dsn, whether a server uses it or not, and
// changes nothing: it makes no tables. The error never contains the password of
// dsn.
func Inspect(ctx context.Context, dsn string) (i Inspection, err error) {
	c, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return i, fmt.Errorf("postgres: the DSN cannot be read: %w", err)
	}
	conn, err := pgx.ConnectConfig(ctx, c.ConnConfig)
	if err != nil {
		return i, fmt.Errorf("postgres: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	if i.Known, err = knownVersion(); err != nil {
		return i, err
	}
	if err := i.server(ctx, conn); err != nil {
		return i, fmt.Errorf("postgres: %w", err)
	}
	if err := i.tables(ctx, conn); err != nil {
		return i, fmt.Errorf("postgres: %w", err)
	}
	return i, nil
}

// server looks at the PostgreSQL server.
func (i *Inspection) server(ctx context.Context, conn *pgx.Conn) error {
	begin := time.Now()
	err := conn.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&i.Now)
	if err != nil {
		return err
	}
	i.Took = time.Since(begin)
	return conn.QueryRow(ctx, `SELECT current_setting('server_version'), current_setting('server_version_num')::int,
		(SELECT sum(numbackends)::int FROM pg_stat_database), current_setting('max_connections')::int,
		current_setting('fsync'), current_setting('synchronous_commit')`).
		Scan(&i.Server, &i.Number, &i.Connections, &i.Most, &i.Fsync, &i.SynchronousCommit)
}

// tables looks at the tables, if there are any.
func (i *Inspection) tables(ctx context.Context, conn *pgx.Conn) error {
	var there bool
	if err := conn.QueryRow(ctx, `SELECT to_regclass('goose_db_version') IS NOT NULL`).Scan(&there); err != nil || !there {
		return err
	}
	err := conn.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&i.Found)
	if err != nil || i.Found > i.Known || i.Found == 0 {
		return err
	}
	if err := conn.QueryRow(ctx, `SELECT canary FROM directory`).Scan(&i.Canary); err != nil {
		return err
	}
	rows, err := conn.Query(ctx, `SELECT name FROM domain_host WHERE place > 0 ORDER BY name`)
	if err != nil {
		return err
	}
	if i.Hosts, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil || i.Found < i.Known {
		return err
	}
	rows, err = conn.Query(ctx, `SELECT domain.name FROM object JOIN domain ON domain.domain = object.domain
		WHERE object.deleted = 0 AND domain.deleted = 0 AND object.sip_key = $1 AND object.kind <> $2 ORDER BY domain.name`,
		directory.HostedName, directory.Messages)
	if err != nil {
		return err
	}
	i.Unhosted, err = pgx.CollectRows(rows, pgx.RowTo[string])
	return err
}

// knownVersion is that of the newest migration.
func knownVersion() (newest int64, err error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		number, _, _ := strings.Cut(path.Base(name), "_")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("postgres: migration %s: %w", name, err)
		}
		newest = max(newest, n)
	}
	return newest, nil
}
