package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"

	"github.com/tandem-switch/tandem/internal/outbox"
	"github.com/tandem-switch/tandem/signal"
)

var _ outbox.Store = (*Store)(nil)

// AddOutbox implements outbox.Store.
func (s *Store) AddOutbox(ctx context.Context, rows []outbox.Row) (repeated []outbox.Repeat, err error) {
	err = s.inTx(ctx, func(w *writer) {
		repeated = nil
		find, err := w.tx.PrepareContext(ctx, `SELECT id, at FROM outbox
			WHERE domain = ? AND object = ? AND author = ? AND key = ? AND id < ? ORDER BY id LIMIT 1`)
		if w.err = err; err != nil {
			return
		}
		defer find.Close()
		insert, err := w.tx.PrepareContext(ctx, `INSERT INTO outbox (id, domain, object, author, receiver, grp, key, at, single, body, part)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (domain, object, author, key, part) DO NOTHING`)
		if w.err = err; err != nil {
			return
		}
		defer insert.Close()
		for i := range rows {
			first, err := addRow(ctx, find, insert, &rows[i])
			if w.err = err; err != nil {
				return
			}
			if first.ID != 0 {
				repeated = append(repeated, first)
			}
		}
	})
	return repeated, err
}

// addRow keeps a row, or returns what it repeats.
func addRow(ctx context.Context, find, insert *sql.Stmt, r *outbox.Row) (first outbox.Repeat, err error) {
	key, text := append([]byte{}, r.Key...), cmp.Or(r.Text, r.ID)
	var at int64
	err = find.QueryRowContext(ctx, r.Link.Domain, r.Link.Object, r.Author, key, text).Scan(&first.First, &at)
	if err == nil {
		first.ID, first.At = r.ID, timeOf(at)
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return first, err
	}
	if r.Ask {
		return first, nil
	}
	done, err := insert.ExecContext(ctx, r.ID, r.Link.Domain, r.Link.Object, r.Author, r.Receiver, r.Group,
		key, millis(r.At), r.Single, append([]byte{}, r.Body...), r.ID != text)
	if err != nil {
		return first, err
	}
	if n, err := done.RowsAffected(); err != nil || n > 0 {
		return first, err
	}
	return outbox.Repeat{ID: r.ID, First: r.ID, At: r.At}, nil // a row of a later text has come in between
}

// Outbox implements outbox.Store.
func (s *Store) Outbox(ctx context.Context, link signal.Address, limit int) (list []outbox.Row, err error) {
	err = s.inOutbox(ctx, func(row *sql.Rows) error {
		r := outbox.Row{Link: link}
		var key []byte
		var at int64
		err := row.Scan(&r.ID, &r.Author, &r.Receiver, &r.Group, &key, &at, &r.Single, &r.Body)
		r.Key, r.At = string(key), timeOf(at)
		list = append(list, r)
		return err
	}, `SELECT id, author, receiver, grp, key, at, single, body FROM outbox WHERE domain = ? AND object = ? ORDER BY id LIMIT ?`, link.Domain, link.Object, limit)
	return list, err
}

// OutboxChats implements outbox.Store.
func (s *Store) OutboxChats(ctx context.Context) (list []outbox.Chat, highest int64, err error) {
	err = s.inOutbox(ctx, func(row *sql.Rows) error {
		var c outbox.Chat
		var last int64
		err := row.Scan(&c.Link.Domain, &c.Link.Object, &c.Author, &c.Receiver, &c.Group, &c.Rows, &c.Bytes, &last)
		list, highest = append(list, c), max(highest, last)
		return err
	}, `SELECT domain, object, author, receiver, grp, count(*), sum(length(body)), max(id) FROM outbox
		GROUP BY domain, object, author, receiver, grp ORDER BY domain, object, author, receiver, grp`)
	return list, highest, err
}

// inOutbox reads what the query finds.
func (s *Store) inOutbox(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	tx, err := s.reader.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // it has only read
	return eachRow(ctx, tx, scan, query, args...)
}

// RemoveOutbox implements outbox.Store.
func (s *Store) RemoveOutbox(ctx context.Context, ids []int64) error {
	return s.inTx(ctx, func(w *writer) {
		for _, id := range ids {
			w.exec(`DELETE FROM outbox WHERE id = ?`, id)
		}
	})
}

// DropOutbox implements outbox.Store.
func (s *Store) DropOutbox(ctx context.Context, link signal.Address) error {
	return s.inTx(ctx, func(w *writer) {
		w.exec(`DELETE FROM outbox WHERE domain = ? AND object = ?`, link.Domain, link.Object)
	})
}
