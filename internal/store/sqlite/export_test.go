package sqlite

import (
	"database/sql"
	"testing"
)

// Pragma is the value of a pragma on the writing connection.
func (s *Store) Pragma(t *testing.T, name string) (value string) {
	t.Helper()
	if err := s.writer.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// Writer is the connection that may write.
func (s *Store) Writer() *sql.DB { return s.writer }
