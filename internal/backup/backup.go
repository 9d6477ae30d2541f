// Package backup writes everything that a store keeps into one file, and reads it
// back: into the same store, an empty one, or one of the other engine.
//
// A file is a sequence of lines of JSON, compressed with gzip and, where there is
// a passphrase, encrypted by age (age-encryption.org/v1, scrypt). The first line
// is the Header; then for each table a line {"table":NAME,"columns":[...]} and a
// line for each row, a list of values in the order of the columns; the last line
// is {"end":true,"rows":N}. A value is null, a number, a text, true or false, a
// list of texts, or {"bytes":BASE64}.
//
// The package knows no engine and no table: a Store reads its tables from one
// snapshot and writes them in one transaction. It does not decide who may make
// backups, and keeps no file. Nothing here is for use by several goroutines at
// once.
package backup

import (
	"context"
	"fmt"
	"time"
)

// Table is a table as it stands in a backup.
type Table struct {
	Name    string   `json:"table"`
	Columns []string `json:"columns"`
}

// Sink takes the rows of a store, table by table. Values are nil, int64, string,
// bool, []byte or []string; they belong to the caller again afterwards.
type Sink interface {
	Table(Table) error
	Row(values []any) error
}

// Source gives the rows of a backup, table by table.
type Source interface {
	// NextTable skips what is left of the present table; false at the end of
	// the backup, which is then known to be complete.
	NextTable() (Table, bool, error)
	// NextRow is the next row of the table, whose slice is used again for the
	// row after it; false at the end of the table.
	NextRow() ([]any, bool, error)
}

// Store is a database that can be copied.
type Store interface {
	// Dump writes all tables into sink, from one snapshot, each behind those
	// that it refers to.
	Dump(ctx context.Context, sink Sink) error
	// Load replaces the contents of all tables by those of source, in one
	// transaction, and makes everybody who follows the store read it anew.
	// Tables that the source does not have become empty; columns that it does
	// not have get their defaults. What could not be read again is refused. check is asked before the commit with the
	// text that tells the master key; its error rolls everything back.
	Load(ctx context.Context, source Source, check func(canary []byte) error) error
	// Schema is the version of the tables.
	Schema(ctx context.Context) (int64, error)
}

// Header says what a backup is.
type Header struct {
	Format  int       `json:"tandem_backup"`
	Created time.Time `json:"created"`
	Program string    `json:"program"` // version of the program that wrote it
	Schema  int64     `json:"schema"`  // version of the tables
	// Keys are the master keys that open the secrets, the newest first. They
	// are in encrypted backups alone.
	Keys [][]byte `json:"keys,omitempty"`
}

// format is the version of the file format that this program writes.
const format = 1

// Summary is what a backup or a restore has done.
type Summary struct {
	Tables int  `json:"tables"`
	Rows   int  `json:"rows"`
	Keys   bool `json:"keys"` // the master key is in the backup
}

// Code names a reason for refusal.
type Code string

// The reasons for which a backup is refused.
const (
	CodeBadBackup  Code = "bad_backup"  // the file is none, or was cut or changed
	CodePassphrase Code = "passphrase"  // missing, wrong, or where there is none
	CodeNewer      Code = "newer_store" // the backup is one of a newer program
)

// Error is a refusal: a code for programs and a sentence for people.
type Error struct {
	Code    Code
	Message string
}

// Error is the sentence.
func (e *Error) Error() string { return e.Message }

// Bad is the refusal of a backup whose rows a store cannot take, for the reason
// err; what failed by the fault of the store is not one.
func Bad(err error) error {
	return &Error{CodeBadBackup, "The backup has rows that this program cannot use: " + err.Error() + ". Nothing was changed."}
}

func bad(format string, args ...any) error {
	return &Error{CodeBadBackup, "This is no complete backup: " + fmt.Sprintf(format, args...) + "."}
}
