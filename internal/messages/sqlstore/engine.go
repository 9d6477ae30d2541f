package sqlstore

import (
	"context"
	"errors"
	"strings"
	"sync"
)

// db asks and tells a database, in a transaction or not. The texts are the same
// for both engines: parameters are $1, $2, ...
type db interface {
	// query calls each for every row, with the function that scans it.
	query(ctx context.Context, text string, each func(scan func(...any) error) error, args ...any) error
	// exec returns the number of rows that it changed.
	exec(ctx context.Context, text string, args ...any) (int64, error)
}

// tx is a transaction that writes.
type tx interface {
	db
	// put executes a statement at once or together with the next query, exec
	// or commit: its error may come only then. args is not kept by SQLite and
	// belongs to the transaction on PostgreSQL.
	put(ctx context.Context, text string, args ...any) error
	// fence makes the commit fail with errFence unless the head of the domain
	// is what the writer believes, and moves it.
	fence(ctx context.Context, dom, was, head int64) error
	commit(ctx context.Context) error
	rollback()
}

// engine is a database. Only one transaction that writes exists at a time.
type engine interface {
	begin(ctx context.Context) (tx, error)
	// read gives a connection for reading; snapshot: all its queries see the
	// same state. free gives it back.
	read(ctx context.Context, snapshot bool) (c db, free func(), err error)
	// class tells errors apart.
	class(err error) class
	// behind says whether keys of senders are written behind the messages, sorted:
	// where this process pays for each page that a batch changes.
	behind() bool
	// tables and columns are for backups; kinds as backup.Column knows them.
	tables(ctx context.Context, c db) ([]string, error)
	columns(ctx context.Context, c db, table string) (names, kinds []string, err error)
	close() error
}

// class is what a writer must know of an error.
type class int

const (
	odd    class = iota // the statement or the data: another batch may go well
	unique              // a key is there already
	victim              // undone for another transaction: a deadlock, or no serial order
	away                // the database is not there, full, or broken
)

// errFence: another process has written to the domain.
var errFence = errors.New("somebody else has written to the log of the domain")

// texts remembers how a text reads on SQLite.
type texts struct {
	known sync.Map // of string to string
}

// of writes parameters as SQLite is quick with: "?" where they stand in order,
// otherwise "?n".
func (t *texts) of(text string) string {
	if s, ok := t.known.Load(text); ok {
		return s.(string)
	}
	s := question(text)
	t.known.Store(text, s)
	return s
}

func question(text string) string {
	var plain, numbered strings.Builder
	inOrder, next := true, 1
	for i := 0; i < len(text); {
		if text[i] != '$' || i+1 == len(text) || text[i+1] < '0' || text[i+1] > '9' {
			plain.WriteByte(text[i])
			numbered.WriteByte(text[i])
			i++
			continue
		}
		n := 0
		for i++; i < len(text) && text[i] >= '0' && text[i] <= '9'; i++ {
			n = n*10 + int(text[i]-'0')
		}
		inOrder = inOrder && n == next
		next++
		plain.WriteByte('?')
		numbered.WriteString("?" + itoa(n))
	}
	if inOrder {
		return plain.String()
	}
	return numbered.String()
}

// values is the text of a list of rows of so many parameters each.
func values(rows, columns int) string { return rowsOf(rows, columns, ``) }

// rowsOf is values with something behind the parameters of each row.
func rowsOf(rows, columns int, rest string) string {
	var b strings.Builder
	for r, n := 0, 1; r < rows; r++ {
		if r > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('(')
		for c := range columns {
			if c > 0 {
				b.WriteByte(',')
			}
			b.WriteString("$" + itoa(n))
			n++
		}
		b.WriteString(rest + ")")
	}
	return b.String()
}
