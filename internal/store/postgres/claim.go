package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Claim keeps other servers off a database (off its schema, to be exact): two of
// them would not know of each other's clients. It is an advisory lock of a
// connection of its own, so the database lets go of it when the process ends,
// however it ends. Commands need none. A nil Claim is one that nobody disputes.
type Claim struct {
	config *pgx.ConnConfig
	conn   *pgx.Conn // nil while lost; belongs to Keep
	rival  bool      // the log knows who has it; belongs to Keep
	held   atomic.Bool
}

// ErrClaimed says that another server has the database.
var ErrClaimed = errors.New("another server uses this database: stop that one first, or give another database with --postgres")

// The times of a claim.
const (
	claimWait  = time.Second           // for a server that is about to end
	claimRetry = 50 * time.Millisecond // meanwhile
	claimEvery = time.Second           // the connection is looked at, or made anew
	claimTime  = 5 * time.Second       // for one look
)

// claimSpace is what the locks of servers have in common: "Tndm".
const claimSpace = 0x546e646d

// NewClaim claims the database of dsn, which need not have tables yet. It waits a
// second for a server that is about to end; then the error is ErrClaimed. Keep
// must run as long as the claim is needed, Release ends it.
func NewClaim(ctx context.Context, dsn string) (*Claim, error) {
	c, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("postgres: the DSN cannot be read: %w", err)
	}
	claim := &Claim{config: c.ConnConfig}
	limit := time.After(claimWait)
	for {
		err := claim.take(ctx)
		if !errors.Is(err, ErrClaimed) {
			return claim, err
		}
		select {
		case <-time.After(claimRetry):
		case <-limit:
			return nil, err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// take connects and takes the lock, or leaves nothing behind.
func (c *Claim) take(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, claimTime)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, c.config)
	if err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	var taken bool
	err = conn.QueryRow(ctx, `SELECT coalesce(bool_or(pg_try_advisory_lock($1, oid::int4)), false)
		FROM pg_namespace WHERE nspname = current_schema()`, claimSpace).Scan(&taken)
	if err == nil && !taken {
		err = ErrClaimed
	}
	if err != nil {
		return errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
	}
	c.conn = conn
	c.held.Store(true)
	return nil
}

// Held tells whether the lock was there at the last look, at most some seconds ago.
func (c *Claim) Held() bool { return c == nil || c.held.Load() }

// Keep looks after the lock until ctx is done. A connection that is lost is made
// anew, once a second; log is told when the lock is gone and when it is back.
func (c *Claim) Keep(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(claimEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			c.look(ctx, log)
		}
	}
}

func (c *Claim) look(ctx context.Context, log *slog.Logger) {
	if c.conn != nil {
		err := c.ping(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		log.Error("the lock on the database is lost: another server could take it", "err", err)
		c.lose()
	}
	switch err := c.take(ctx); {
	case err == nil:
		c.rival = false
		log.Info("the lock on the database is held again")
	case errors.Is(err, ErrClaimed) && !c.rival:
		c.rival = true
		log.Error("another server has taken the database: stop one of them")
	}
}

func (c *Claim) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, claimTime)
	defer cancel()
	return c.conn.Ping(ctx)
}

func (c *Claim) lose() {
	c.held.Store(false)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.conn.Close(ctx) // it is of no use any more
	c.conn = nil
}

// Release lets the database go, after Keep has returned.
func (c *Claim) Release() {
	if c != nil && c.conn != nil {
		c.lose()
	}
}
