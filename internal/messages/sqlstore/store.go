// Package sqlstore keeps the logs of the Messages service in SQLite or in
// PostgreSQL. It implements messages.Store; the host opens it, everybody else
// knows the interface. One suite (storetest) says what both engines must do.
//
// There is one set of SQL texts. What differs, how a transaction is made, how
// parameters are written, which error means what, is behind the interface engine
// (sqlite.go, postgres.go); so are the migrations, which make the same tables.
//
// # The writer
//
// One goroutine does all writing (writer.go). It takes what is queued, at most
// messages.MaxBatch operations of all domains in turn, does them in one
// transaction, and answers them after the commit: the sync of the disk is the
// only clock of the group commit. It alone owns the caches of people,
// conversations and cursors (cache.go). What an operation changes in memory is
// undone when the transaction is not committed.
//
// Two things are derived and written behind, at most every messages.Fold: the
// heads of conversations and the cursors. Until then reads see them in the
// overlay (overlay.go). After a crash they are counted anew from the log, from
// part.heads on; moves of marks of that quarter of a second are lost.
//
// # Several processes
//
// Several processes may open the same database: a commit checks that the head of
// the domain is where the writer believes it to be (engine.fence), and a batch
// that fails there is done again from fresh caches. That is correct and slow, and
// neither process would tell its clients what the other has stored: so a service
// claims a PostgreSQL database (claim.go), and only commands write beside it.
package sqlstore

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tandem-switch/tandem/internal/backup"
	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/trace"
)

// Options may be empty.
type Options struct {
	Clock  clock.Clock   // nil: the machine's
	Log    *slog.Logger  // failures of the database; nil: none
	Tracer *trace.Tracer // shows the statements; nil: off
	// Claim keeps other Messages services off a PostgreSQL database and says to them
	// who has it: the name of the program. Empty: others may write too. A file of
	// SQLite is protected by whoever opens it.
	Claim string
}

// Store is an open database.
type Store struct {
	e     engine
	clock clock.Clock
	slog  *slog.Logger

	mu     sync.Mutex // guards the following
	logs   map[string]*domainLog
	byDom  map[int64]*domainLog
	closed bool

	w     writer
	reads atomic.Int64
	lost  <-chan struct{} // see Lost; nil: never
}

var (
	_ messages.Store = (*Store)(nil)
	_ backup.Store   = (*Store)(nil)
)

// OpenSQLite opens the file, creates it if need be (mode 0600) and brings its
// tables up to date. The folder must exist.
func OpenSQLite(ctx context.Context, path string, o Options) (*Store, error) {
	e, err := openLite(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("messages: open %s: %w", path, err)
	}
	return start(e, o), nil
}

func start(e engine, o Options) *Store {
	if o.Tracer != nil {
		e = traced{e, o.Tracer}
	}
	s := &Store{e: e, clock: o.Clock, slog: o.Log, logs: map[string]*domainLog{}, byDom: map[int64]*domainLog{}}
	if s.clock == nil {
		s.clock = clock.System()
	}
	if s.slog == nil {
		s.slog = slog.New(slog.DiscardHandler)
	}
	s.w.init(s)
	go s.w.loop()
	return s
}

// errClosed is what operations of a closed store get.
var errClosed = messages.Errorf(messages.Away, "The message store is closed.")

// Close implements messages.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	was := s.closed
	s.closed = true
	s.mu.Unlock()
	if was {
		return nil
	}
	close(s.w.stop)
	<-s.w.stopped
	s.mu.Lock()
	logs := slices.Collect(maps.Values(s.byDom))
	s.mu.Unlock()
	for _, l := range logs { // what came while the writer went
		s.w.refuse(l)
	}
	return s.e.close()
}

// Log implements messages.Store.
func (s *Store) Log(ctx context.Context, domain string) (messages.Log, error) {
	name := strings.ToLower(domain)
	if name == "" || len(name) > messages.MaxName || name[0] == '#' || !valid(name) {
		return nil, messages.Errorf(messages.BadParameter, "This cannot be the name of a domain.")
	}
	s.mu.Lock()
	l, closed := s.logs[name], s.closed
	s.mu.Unlock()
	switch {
	case closed:
		return nil, errClosed
	case l != nil:
		return l, nil
	}
	err := s.w.admin(ctx, func(b *batch) error {
		dom, err := b.openDomain(name)
		if err != nil {
			return err
		}
		fresh := newLog(s, dom, name)
		b.after = append(b.after, func() { l = s.remember(fresh, name) })
		b.use(fresh)
		return b.err
	})
	if err != nil {
		return nil, err
	}
	return l, nil
}

// openDomain finds or makes the row of a domain.
func (b *batch) openDomain(name string) (dom int64, err error) {
	var top int64
	b.query(`SELECT dom, name FROM part`, func(scan func(...any) error) error {
		var d int64
		var n string
		err := scan(&d, &n)
		if top = max(top, d); n == name {
			dom = d
		}
		return err
	})
	if dom == 0 && top >= maxDomain {
		return 0, messages.Errorf(messages.Quota, "There is no room for another domain.")
	}
	if dom == 0 {
		dom = top + 1
		b.put(`INSERT INTO part (dom, name, head, heads, floor, epoch) VALUES ($1, $2, 0, 0, 0, $3)`, dom, name, epoch())
	}
	return dom, b.err
}

// epoch is a number that no other life of a log has.
func epoch() int64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return int64(binary.BigEndian.Uint64(b[:]) >> 12)
}

// remember makes the log of a domain known, once.
func (s *Store) remember(fresh *domainLog, name string) *domainLog {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.byDom[fresh.dom]
	if l == nil {
		l = fresh
		s.byDom[l.dom] = l
	}
	s.logs[name] = l
	return l
}

// Domains implements messages.Store.
func (s *Store) Domains(ctx context.Context) (names []string, err error) {
	err = s.read(ctx, func(r *reader) error {
		return r.query(`SELECT name FROM part`, func(scan func(...any) error) error {
			var name string
			err := scan(&name)
			if !strings.HasPrefix(name, "#") { // a domain that was dropped
				names = append(names, name)
			}
			return err
		})
	})
	slices.Sort(names)
	return names, err
}

// Rename implements messages.Store.
func (s *Store) Rename(ctx context.Context, from, to string) error {
	from, to = strings.ToLower(from), strings.ToLower(to)
	if to == "" || len(to) > messages.MaxName || to[0] == '#' || !valid(to) {
		return messages.Errorf(messages.BadParameter, "This cannot be the name of a domain.")
	}
	if from == to {
		return nil
	}
	return s.w.admin(ctx, func(b *batch) error {
		found := map[string]int64{}
		b.query(`SELECT dom, name FROM part WHERE name = $1 OR name = $2`, func(scan func(...any) error) error {
			var d int64
			var n string
			err := scan(&d, &n)
			found[n] = d
			return err
		}, from, to)
		switch {
		case b.err != nil:
			return b.err
		case found[from] == 0:
			return messages.Errorf(messages.NotFound, "There is no domain of this name.")
		case found[to] != 0:
			return messages.Errorf(messages.NotAllowed, "There is a domain of this name already.")
		}
		b.put(`UPDATE part SET name = $1 WHERE dom = $2`, to, found[from])
		b.after = append(b.after, func() { s.renamed(found[from], from, to) })
		return b.err
	})
}

func (s *Store) renamed(dom int64, from, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.logs, from)
	if l := s.byDom[dom]; l != nil {
		l.name.Store(&to)
		if to[0] != '#' {
			s.logs[to] = l
		}
	}
}

// Check implements messages.Store.
func (s *Store) Check(ctx context.Context) error {
	if err := s.read(ctx, func(r *reader) error {
		return r.query(`SELECT count(*) FROM part`, func(scan func(...any) error) error {
			var n int64
			return scan(&n)
		})
	}); err != nil {
		return err
	}
	return s.w.admin(ctx, func(b *batch) error {
		b.put(`UPDATE part SET floor = floor WHERE dom = (SELECT min(dom) FROM part)`)
		return b.err
	})
}

// Stats implements messages.Store.
func (s *Store) Stats() messages.Stats {
	st := messages.Stats{
		Operations: s.w.operations.Load(), Batches: s.w.batches.Load(), Retries: s.w.retries.Load(),
		Failures: s.w.failures.Load(), CommitTime: time.Duration(s.w.commitTime.Load()), Reads: s.reads.Load(),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.byDom {
		st.Queued += len(l.queue)
	}
	st.Busy = st.Queued > 0 || s.w.busy.Load()
	return st
}

// failed tells a caller what a failure of the database means for him.
func (s *Store) failed(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*messages.Error](err); ok {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if class := s.e.class(err); class == away || class == victim { // who comes again may be luckier
		return &messages.Error{Code: messages.Away, Text: "The message store cannot be used now.", Err: err}
	}
	return &messages.Error{Code: messages.Internal, Text: "The message store has failed.", Err: err}
}
