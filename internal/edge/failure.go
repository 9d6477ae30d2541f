package edge

import (
	"hash/maphash"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/internal/guard"
	"github.com/tandem-switch/tandem/internal/lru"
)

// failures decides which failed logins are written to the log: one a minute for
// each address, so that an operator, or a program that reads the log, sees who
// guesses, and guessing cannot fill the disk. Wrong logins and refused ones have
// a line each. The metrics count all of them. Memory is bounded.
type failures struct {
	seed maphash.Seed

	mu   sync.Mutex // guards the following
	seen *lru.Table[failureLine]
}

type failureLine struct {
	next     time.Time // not logged before
	unlogged int       // since the last line
}

// failureEvery is the least time between two lines about an address.
const failureEvery = time.Minute

// maxAccount bounds an account in the log: strangers choose its name.
const maxAccount = 128

func newFailures(lim Limits) *failures {
	return &failures{seed: maphash.MakeSeed(), seen: lru.New[failureLine](max(lim.Remembered, 1))}
}

type failureKey struct {
	from    netip.Prefix
	refused bool
}

// due tells whether a failure is to be logged, and how many were not before it.
func (f *failures) due(from netip.Addr, refused bool, now time.Time) (due bool, unlogged int) {
	key := maphash.Comparable(f.seed, failureKey{guard.Network(from), refused})
	f.mu.Lock()
	defer f.mu.Unlock()
	line := f.seen.Touch(key)
	if now.Before(line.next) {
		line.unlogged++
		return false, 0
	}
	unlogged = line.unlogged
	*line = failureLine{next: now.Add(failureEvery)}
	return true, unlogged
}

// loginFailed counts a failed login and logs it if that is due. refused: it was
// not even checked.
func (e *Edge) loginFailed(door, who string, from netip.Addr, reason string, refused bool) {
	e.metrics.LoginFailed(door, reason)
	due, unlogged := e.failures.due(from, refused, e.clock.Now())
	if !due {
		return
	}
	who = strings.ToValidUTF8(who[:min(len(who), maxAccount)], "")
	attrs := []any{"door", door, "account", who, "from", from, "reason", reason}
	if unlogged > 0 {
		attrs = append(attrs, "unlogged", unlogged)
	}
	e.log.Info("a login failed", attrs...)
}
