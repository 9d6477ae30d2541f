package postgres

import (
	"cmp"
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/tandem-switch/tandem/internal/outbox"
	"github.com/tandem-switch/tandem/signal"
)

var _ outbox.Store = (*Store)(nil)

// AddOutbox implements outbox.Store.
func (s *Store) AddOutbox(ctx context.Context, rows []outbox.Row) (repeated []outbox.Repeat, err error) {
	var queue pgx.Batch
	for i := range rows {
		r := &rows[i]
		text := cmp.Or(r.Text, r.ID)
		queue.Queue(addRow, r.ID, int64(r.Link.Domain), int64(r.Link.Object), int64(r.Author), int64(r.Receiver), r.Group,
			append([]byte{}, r.Key...), millis(r.At), digit(r.Single), append([]byte{}, r.Body...), digit(r.ID != text), text, !r.Ask,
		).QueryRow(func(row pgx.Row) error {
			var first, at *int64
			var kept bool
			if err := row.Scan(&first, &at, &kept); err != nil {
				return err
			}
			switch {
			case first != nil:
				repeated = append(repeated, outbox.Repeat{ID: r.ID, First: *first, At: timeOf(*at)})
			case !kept && !r.Ask: // a row of a later text has come in between
				repeated = append(repeated, outbox.Repeat{ID: r.ID, First: r.ID, At: r.At})
			}
			return nil
		})
	}
	if err := s.pool.SendBatch(ctx, &queue).Close(); err != nil { // one transaction
		return nil, err
	}
	return repeated, nil
}

// addRow keeps a row, unless one of an earlier text has its key.
const addRow = `WITH old AS (
		SELECT id, at FROM outbox WHERE domain = $2 AND object = $3 AND author = $4 AND key = $7 AND id < $12 ORDER BY id LIMIT 1
	), new AS (
		INSERT INTO outbox (id, domain, object, author, receiver, grp, key, at, single, body, part)
		SELECT $1::bigint, $2::bigint, $3::bigint, $4::bigint, $5::bigint, $6::text, $7::bytea, $8::bigint, $9::int, $10::bytea, $11::int
		WHERE $13::boolean AND NOT EXISTS (SELECT 1 FROM old)
		ON CONFLICT (domain, object, author, key, part) DO NOTHING RETURNING id
	) SELECT (SELECT id FROM old), (SELECT at FROM old), EXISTS (SELECT 1 FROM new)`

// digit is 1 for true, 0 for false.
func digit(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

// Outbox implements outbox.Store.
func (s *Store) Outbox(ctx context.Context, link signal.Address, limit int) ([]outbox.Row, error) {
	rows, err := s.pool.Query(ctx, `SELECT id, author, receiver, grp, key, at, single, body FROM outbox
		WHERE domain = $1 AND object = $2 ORDER BY id LIMIT $3`, int64(link.Domain), int64(link.Object), limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (outbox.Row, error) {
		r := outbox.Row{Link: link}
		var key []byte
		var at int64
		var single int32
		err := row.Scan(&r.ID, &r.Author, &r.Receiver, &r.Group, &key, &at, &single, &r.Body)
		r.Key, r.At, r.Single = string(key), timeOf(at), single != 0
		return r, err
	})
}

// OutboxChats implements outbox.Store.
func (s *Store) OutboxChats(ctx context.Context) (list []outbox.Chat, highest int64, err error) {
	rows, err := s.pool.Query(ctx, `SELECT domain, object, author, receiver, grp, count(*), sum(length(body)), max(id) FROM outbox
		GROUP BY domain, object, author, receiver, grp ORDER BY domain, object, author, receiver, grp COLLATE "C"`)
	if err != nil {
		return nil, 0, err
	}
	list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (outbox.Chat, error) {
		var c outbox.Chat
		var last int64
		err := row.Scan(&c.Link.Domain, &c.Link.Object, &c.Author, &c.Receiver, &c.Group, &c.Rows, &c.Bytes, &last)
		highest = max(highest, last)
		return c, err
	})
	return list, highest, err
}

// RemoveOutbox implements outbox.Store.
func (s *Store) RemoveOutbox(ctx context.Context, ids []int64) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM outbox WHERE id = ANY($1)`, ids)
	return err
}

// DropOutbox implements outbox.Store.
func (s *Store) DropOutbox(ctx context.Context, link signal.Address) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM outbox WHERE domain = $1 AND object = $2`, int64(link.Domain), int64(link.Object))
	return err
}
