package host

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
)

// schemaName is the schema of the service in a database, where the DSN names none;
// where it does, the two names are joined, so that installations that share a
// database do not meet.
const schemaName = "messages"

// ownSchema makes the schema of the service and is the DSN with which it is used.
func ownSchema(ctx context.Context, dsn string) (string, error) {
	c, err := pgx.ParseConfig(dsn)
	if err != nil {
		return "", fmt.Errorf("messages: the DSN cannot be read: %w", err)
	}
	name := schemaName
	if first, _, _ := strings.Cut(c.RuntimeParams["search_path"], ","); first != "" {
		name = strings.Trim(strings.TrimSpace(first), `"`) + "_" + schemaName
	}
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return "", fmt.Errorf("messages: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+pgx.Identifier{name}.Sanitize()); err != nil {
		return "", fmt.Errorf("messages: make the schema %s: %w", name, err)
	}
	return withSearchPath(dsn, pgx.Identifier{name}.Sanitize()), nil
}

// withSearchPath is the DSN with another search path, in either of its two forms.
func withSearchPath(dsn, path string) string {
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme == "" {
		return dsn + " search_path=" + path // the last one counts
	}
	q := u.Query()
	q.Set("search_path", path)
	u.RawQuery = q.Encode()
	return u.String()
}
