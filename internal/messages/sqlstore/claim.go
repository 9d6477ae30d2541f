package sqlstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tandem-switch/tandem/internal/messages"
)

// claim keeps other Messages services off a PostgreSQL database (off its schema, to
// be exact): two of them would not know of each other's clients. It is an advisory
// lock of the connection that does all writing. So whoever has lost the lock cannot
// commit any more, and the database lets go of it when the process ends, however it
// ends. A claim belongs to the goroutine of the writer, but for lost.
type claim struct {
	pool *pgxpool.Pool
	name string          // of the connection, for those who ask who has the lock
	conn *pgxpool.Conn   // nil: lost, or not taken yet
	used time.Time       // when conn was last known to be good
	gone *messages.Error // another service has it; for good
	lost chan struct{}   // closed then
}

// The times of a claim.
const (
	claimWait  = time.Second           // for a service that is about to end
	claimRetry = 50 * time.Millisecond // meanwhile
	claimEvery = time.Second           // the connection is looked at
	claimTime  = 5 * time.Second       // for one look
)

// claimSpace is what the locks of Messages services have in common, "Tmsg": the
// switch has one of its own, and both may use one database.
const claimSpace = 0x546d7367

// maxClaimName is how much PostgreSQL keeps of the name of a connection.
const maxClaimName = 63

// newClaim takes the lock. It waits a second for a service that is about to end.
func newClaim(ctx context.Context, pool *pgxpool.Pool, program string) (*claim, error) {
	c := &claim{pool: pool, name: claimName(program), lost: make(chan struct{})}
	limit := time.After(claimWait)
	for {
		holder, err := c.take(ctx)
		if err != nil || c.conn != nil {
			return c, err
		}
		select {
		case <-time.After(claimRetry):
		case <-limit:
			return c, messages.Errorf(messages.NotAllowed, "Another Messages service uses this database: %s. Stop that one first, or give this one another database with --postgres; a switch that is to use that service is started with --messages external.", holder)
		case <-ctx.Done():
			return c, ctx.Err()
		}
	}
}

// claimName says who we are, and is nobody else's.
func claimName(program string) string {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	tail := fmt.Sprintf(", process %d #%s", os.Getpid(), rand.Text()[:4])
	head := program + " on " + host
	return head[:min(len(head), maxClaimName-len(tail))] + tail
}

// begin is the connection that has the lock; it is made anew where it was lost, unless
// another service has the lock now.
func (c *claim) begin(ctx context.Context) (*pgxpool.Conn, error) {
	if c.gone != nil {
		return nil, c.gone
	}
	if c.conn != nil && !c.alive(ctx) {
		c.drop()
	}
	if c.conn == nil {
		holder, err := c.take(ctx)
		if err != nil {
			return nil, err
		}
		if c.conn == nil {
			c.gone = messages.Errorf(messages.Away, "Another Messages service has taken the database: %s.", holder)
			close(c.lost)
			return nil, c.gone
		}
	}
	c.used = time.Now()
	return c.conn, nil
}

// alive looks at a connection that was not used for a while.
func (c *claim) alive(ctx context.Context) bool {
	if c.conn.Conn().IsClosed() {
		return false
	}
	if time.Since(c.used) < claimEvery {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, claimTime)
	defer cancel()
	return c.conn.Ping(ctx) == nil
}

// drop gives the connection up, and the lock with it.
func (c *claim) drop() {
	if c.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.conn.Conn().Close(ctx) // it is of no use any more
	c.conn.Release()
	c.conn = nil
}

// take connects and takes the lock. Without error and without connection somebody else
// has it.
func (c *claim) take(ctx context.Context) (holder string, err error) {
	ctx, cancel := context.WithTimeout(ctx, claimTime)
	defer cancel()
	for {
		if holder, err = c.try(ctx); !errors.Is(err, errClaimMoves) {
			return holder, err
		}
		select {
		case <-time.After(claimRetry):
		case <-ctx.Done():
			return "", err
		}
	}
}

func (c *claim) try(ctx context.Context) (holder string, err error) {
	if c.conn, err = c.pool.Acquire(ctx); err != nil {
		return "", err
	}
	taken, err := c.lock(ctx)
	if err == nil && !taken {
		holder, err = c.holder(ctx)
	}
	if err != nil || !taken {
		c.drop()
	}
	return holder, err
}

func (c *claim) lock(ctx context.Context) (taken bool, err error) {
	if _, err := c.conn.Exec(ctx, `SELECT set_config('application_name', $1, false)`, c.name); err != nil {
		return false, err
	}
	err = c.conn.QueryRow(ctx, `SELECT coalesce(bool_or(pg_try_advisory_lock($1, oid::int4)), false)
		FROM pg_namespace WHERE nspname = current_schema()`, claimSpace).Scan(&taken)
	return taken, err
}

// holder says who has the lock. It may be we ourselves, by a connection that has broken
// and whose end PostgreSQL does not know yet: that one is ended.
func (c *claim) holder(ctx context.Context) (string, error) {
	var name, address, since string
	var pid int
	err := c.conn.QueryRow(ctx, `SELECT a.pid, coalesce(a.application_name, ''), coalesce(host(a.client_addr), ''),
			coalesce(to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '')
		FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
		WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid::int8 = $1
			AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
			AND l.objid = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())`, int64(claimSpace)).Scan(&pid, &name, &address, &since)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return "", errClaimMoves
	case err != nil:
		return "", err
	case name == c.name:
		if _, err := c.conn.Exec(ctx, `SELECT pg_terminate_backend($1)`, pid); err != nil {
			return "", err
		}
		return "", errClaimMoves
	}
	if name == "" {
		name = fmt.Sprintf("backend %d of PostgreSQL", pid)
	}
	if address != "" {
		name += ", from " + address
	}
	if since != "" {
		name += ", since " + since
	}
	return name, nil
}

// errClaimMoves says to try again: who had the lock has let it go just now.
var errClaimMoves = errors.New("the lock on the database changes hands")

// Lost is closed when another service has taken the database, after the connection to
// it had broken: nothing is written any more, and the service should end. It never is
// where Options.Claim was empty, and with SQLite.
func (s *Store) Lost() <-chan struct{} { return s.lost }

// keepClaim looks once in a while whether the database is still ours, also while
// nothing is written.
func (s *Store) keepClaim() {
	tick := time.NewTicker(claimEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.w.stop:
			return
		case <-s.lost:
			return
		case <-tick.C:
			ctx, cancel := context.WithTimeout(context.Background(), claimTime)
			_ = s.w.admin(ctx, func(b *batch) error { // who writes is told what is wrong
				b.begin()
				return b.err
			})
			cancel()
		}
	}
}
