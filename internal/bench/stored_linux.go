package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// storing is G10: both ends with IM_EXT, the switch hosts the Messages service, the
// limit of stored posts is lifted. Who gets an acknowledgement sends the next text,
// so that the same number is always on its way.
func (r *rig) storing() error {
	if !r.wants("G10") || !r.withTandem() {
		return nil
	}
	for _, s := range storedStores() {
		if s == storePostgres && r.Postgres == "" {
			r.note("G10 on PostgreSQL needs --postgres DSN")
			continue
		}
		if err := r.storingOn(s); err != nil {
			return fmt.Errorf("G10, %s: %w", s, err)
		}
	}
	return nil
}

func (r *rig) storingOn(s store) error {
	flags := []string{"--messages", "embedded", "--limit-stored-rate", "10000000", "--limit-stored-burst", "10000000"}
	if s == storePostgres {
		dsn, drop, err := freshDatabase(r.ctx, r.Postgres)
		if err != nil {
			return err
		}
		defer drop()
		flags = append(flags, "--postgres", dsn)
	}
	p, err := r.startStoring("stored-"+string(s), flags)
	if err != nil {
		return err
	}
	defer p.stop()
	clients, err := enterAll(Tandem, p.addr, planPairs(Tandem, storedSet, r.Pairs, true))
	if err != nil {
		return err
	}
	if err := linkAll(Tandem, clients, 1); err != nil {
		closeAll(clients)
		return fmt.Errorf("%w: %s", err, p.last.String())
	}
	l, err := newLoop(Tandem, clients)
	if err != nil {
		return err
	}
	defer l.close()
	for round := range r.Rounds {
		for _, n := range storedInFlight() {
			if err := r.stored(s, l, p, n, round); err != nil {
				return fmt.Errorf("%d in flight: %w: %s", n, err, p.last.String())
			}
		}
	}
	return r.profileStored(s, l, p)
}

// profileStored takes a CPU profile with most messages on their way, into the file of
// the others with the suffix .sqlite or .postgresql.
func (r *rig) profileStored(s store, l *loop, p *process) error {
	if r.Profile == "" {
		return nil
	}
	const length = 3 * time.Second
	file, done := r.Profile+"."+strings.ToLower(string(s)), make(chan error, 1)
	go func() { done <- p.profile(length, file) }()
	d := &storing{start: time.Now()}
	n := slices.Max(storedInFlight())
	m := run{driver: d, fan: 1, acks: true, window: length + 200*time.Millisecond, seed: func(l *loop) { d.seed(l, n) }}
	if _, err := l.measure(m, p); err != nil {
		return err
	}
	r.note("CPU profile of T with %d stored messages in flight: %s", n, file)
	return <-done
}

// startStoring starts a server whose people have a chat store.
func (r *rig) startStoring(name string, flags []string) (*process, error) {
	var users []string
	for _, p := range planPairs(Tandem, storedSet, r.Pairs, true) {
		users = append(users, p.name)
	}
	return r.startWith(name, users, flags)
}

// stored is one measurement.
func (r *rig) stored(s store, l *loop, p *process, n, round int) error {
	d := &storing{start: time.Now()}
	m := run{driver: d, fan: 1, acks: true, warm: 2 * warmUp, window: r.Window, seed: func(l *loop) { d.seed(l, n) }}
	got, err := l.measure(m, p)
	if err == nil && (got.deliveries == 0 || len(d.took) == 0) {
		err = errNoValue
	}
	if err != nil {
		return err
	}
	for what, x := range map[string]float64{
		"rate": float64(got.deliveries) / got.wall.Seconds(), "cpu": got.perDelivery(),
		"p50": float64(percentile(d.took, 0.5)) / 1e6, "p99": float64(percentile(d.took, 0.99)) / 1e6,
	} {
		r.record(storedSeries(s, n, what), Tandem, round, x)
	}
	return nil
}

// storing sends the next text for each acknowledgement, and notes how long that
// took.
type storing struct {
	start time.Time
	took  []int64 // nanoseconds
}

// seed puts n texts on their way, spread over all clients.
func (d *storing) seed(l *loop, n int) {
	for i := range n {
		d.send(l, l.sockets[i%len(l.sockets)], 1)
	}
}

func (d *storing) send(l *loop, s *socket, n int) {
	now := int64(time.Since(d.start))
	for range n {
		s.due = append(s.due, now)
	}
	l.send(s, n)
}

// received implements driver. The acknowledgements of a client come in the order of
// its texts.
func (d *storing) received(l *loop, s *socket, _, acks int) {
	now := int64(time.Since(d.start))
	for _, due := range s.due[:min(acks, len(s.due))] {
		d.took = append(d.took, now-due)
	}
	s.due = append(s.due[:0], s.due[min(acks, len(s.due)):]...)
	if !l.draining {
		d.send(l, s, acks)
	}
}

// freshDatabase makes an empty database beside the one of the DSN, and returns how
// to connect to it and how to drop it.
func freshDatabase(ctx context.Context, dsn string) (fresh string, drop func(), err error) {
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return "", nil, err
	}
	defer c.Close(ctx)
	name := fmt.Sprintf("tandem_bench_%x", rand.Uint64())
	if _, err := c.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return "", nil, err
	}
	drop = func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		c, err := pgx.Connect(ctx, dsn)
		if err != nil {
			return
		}
		defer c.Close(ctx)
		_, _ = c.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
	}
	return named(c.Config(), name), drop, nil
}

// named is a DSN that leads to another database of the same server.
func named(c *pgx.ConnConfig, database string) string {
	dsn := fmt.Sprintf("host='%s' port=%d user='%s' dbname='%s' sslmode=disable", c.Host, c.Port, c.User, database)
	if c.Password != "" {
		dsn += " password='" + c.Password + "'"
	}
	return dsn
}
