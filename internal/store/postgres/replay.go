package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tandem-switch/tandem/internal/replay"
)

var _ replay.Store = (*Store)(nil)

// BeginAnswer implements replay.Store. Two that begin the same at once wait for
// each other at the primary key.
func (s *Store) BeginAnswer(ctx context.Context, owner, key string, hash []byte, now time.Time) (kept *replay.Answer, err error) {
	if _, err := s.pool.Exec(ctx, `DELETE FROM idempotency WHERE began < $1`, millis(now.Add(-replay.Life))); err != nil {
		return nil, err
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var keys int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM idempotency WHERE owner = $1 AND key <> $2`, owner, key).Scan(&keys); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `INSERT INTO idempotency (owner, key, hash, began, status, content_type, etag) VALUES ($1, $2, $3, $4, 0, '', '')
			ON CONFLICT (owner, key) DO NOTHING`, owner, key, hash, millis(now))
		switch {
		case err != nil:
			return err
		case tag.RowsAffected() == 0:
			kept, err = readAnswer(ctx, tx, owner, key)
			return err
		case keys >= replay.MaxKeys:
			return replay.ErrTooMany
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return kept, nil
}

func readAnswer(ctx context.Context, tx pgx.Tx, owner, key string) (*replay.Answer, error) {
	var a replay.Answer
	err := tx.QueryRow(ctx, `SELECT hash, status, content_type, etag, body FROM idempotency WHERE owner = $1 AND key = $2`, owner, key).
		Scan(&a.Hash, &a.Status, &a.ContentType, &a.ETag, &a.Body)
	if errors.Is(err, pgx.ErrNoRows) { // it became free just now: to the caller it is in use
		return &replay.Answer{}, nil
	}
	return &a, err
}

// FinishAnswer implements replay.Store.
func (s *Store) FinishAnswer(ctx context.Context, owner, key string, a replay.Answer) error {
	_, err := s.pool.Exec(ctx, `UPDATE idempotency SET status = $1, content_type = $2, etag = $3, body = $4 WHERE owner = $5 AND key = $6`,
		a.Status, a.ContentType, a.ETag, a.Body, owner, key)
	return err
}

// ForgetAnswer implements replay.Store.
func (s *Store) ForgetAnswer(ctx context.Context, owner, key string) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM idempotency WHERE owner = $1 AND key = $2`, owner, key)
	return err
}
