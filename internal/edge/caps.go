package edge

import (
	"net/netip"
	"sync"

	"github.com/tandem-switch/tandem/internal/guard"
)

// caps counts connections. An address that has too many sockets without login
// gets no further one until some have logged in or gone.
type caps struct {
	lim Limits

	mu      sync.Mutex // guards the following
	total   int
	pending int
	by      map[netip.Prefix]int // without login, by address
}

func newCaps(l Limits) *caps { return &caps{lim: l, by: map[netip.Prefix]int{}} }

// take reserves a connection, which has no login yet; otherwise it says which
// limit is reached.
func (k *caps) take(from netip.Addr) (reached string) {
	p := guard.Network(from)
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case !within(k.total, k.lim.Connections):
		return "limit_connections"
	case !within(k.pending, k.lim.Pending):
		return "limit_pending"
	case !within(k.by[p], k.lim.PendingPerAddress):
		return "limit_pending_address"
	}
	k.total++
	k.pending++
	k.by[p]++
	return ""
}

// settled notes that a connection has logged in, or has logged out again.
func (k *caps) settled(from netip.Addr, loggedIn bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if loggedIn {
		k.unpend(guard.Network(from))
		return
	}
	k.pending++
	k.by[guard.Network(from)]++
}

// leave notes that a connection has ended.
func (k *caps) leave(from netip.Addr, pending bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.total--
	if pending {
		k.unpend(guard.Network(from))
	}
}

func (k *caps) unpend(p netip.Prefix) {
	k.pending--
	if k.by[p]--; k.by[p] <= 0 {
		delete(k.by, p)
	}
}
