package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/tandem-switch/tandem/internal/replay"
)

var _ replay.Store = (*Store)(nil)

// BeginAnswer implements replay.Store.
func (s *Store) BeginAnswer(ctx context.Context, owner, key string, hash []byte, now time.Time) (kept *replay.Answer, err error) {
	err = s.inTx(ctx, func(w *writer) {
		w.exec(`DELETE FROM idempotency WHERE began < ?`, millis(now.Add(-replay.Life)))
		if w.err != nil {
			return
		}
		var a replay.Answer
		w.err = w.tx.QueryRowContext(ctx, `SELECT hash, status, content_type, etag, body FROM idempotency WHERE owner = ? AND key = ?`, owner, key).
			Scan(&a.Hash, &a.Status, &a.ContentType, &a.ETag, &a.Body)
		if !errors.Is(w.err, sql.ErrNoRows) {
			kept = &a
			return
		}
		var keys int
		w.err = w.tx.QueryRowContext(ctx, `SELECT count(*) FROM idempotency WHERE owner = ?`, owner).Scan(&keys)
		if w.err == nil && keys >= replay.MaxKeys {
			w.err = replay.ErrTooMany
		}
		w.exec(`INSERT INTO idempotency (owner, key, hash, began, status, content_type, etag) VALUES (?, ?, ?, ?, 0, '', '')`,
			owner, key, hash, millis(now))
	})
	if err != nil {
		return nil, err
	}
	return kept, nil
}

// FinishAnswer implements replay.Store.
func (s *Store) FinishAnswer(ctx context.Context, owner, key string, a replay.Answer) error {
	return s.inTx(ctx, func(w *writer) {
		w.exec(`UPDATE idempotency SET status = ?, content_type = ?, etag = ?, body = ? WHERE owner = ? AND key = ?`,
			a.Status, a.ContentType, a.ETag, a.Body, owner, key)
	})
}

// ForgetAnswer implements replay.Store.
func (s *Store) ForgetAnswer(ctx context.Context, owner, key string) error {
	return s.inTx(ctx, func(w *writer) {
		w.exec(`DELETE FROM idempotency WHERE owner = ? AND key = ?`, owner, key)
	})
}
