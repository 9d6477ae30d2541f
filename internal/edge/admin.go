package edge

import (
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tandem-switch/tandem/internal/guard"
	"github.com/tandem-switch/tandem/internal/metric"
	"github.com/tandem-switch/tandem/internal/peer"
)

// adminDoor bounds what the administration may use, whoever asks. What it serves
// is none of this package's business.
type adminDoor struct {
	admin   http.Handler
	lim     Limits
	metrics *metric.Set
	running atomic.Int64 // requests

	mu sync.Mutex // guards the following
	by map[netip.Prefix]int
}

// boundAdmin is admin within its limits; nil for nil.
func boundAdmin(admin http.Handler, lim Limits, metrics *metric.Set) *adminDoor {
	if admin == nil {
		return nil
	}
	return &adminDoor{admin: admin, lim: lim, metrics: metrics, by: map[netip.Prefix]int{}}
}

// adminShare is which part of the requests may come from one address: nobody alone
// keeps all others out.
const adminShare = 4

// enter counts a request from an address; false if it has its share already.
func (d *adminDoor) enter(from netip.Prefix) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lim.AdminRequests > 0 && d.by[from] >= max(d.lim.AdminRequests/adminShare, 1) {
		return false
	}
	d.by[from]++
	return true
}

func (d *adminDoor) leave(from netip.Prefix) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.by[from]--; d.by[from] <= 0 {
		delete(d.by, from)
	}
}

func (d *adminDoor) refuse(w http.ResponseWriter, limit string) {
	d.metrics.Dropped(limit)
	w.Header().Set("Retry-After", "5")
	http.Error(w, "Too many requests to the administration at the moment.", http.StatusServiceUnavailable)
}

// ServeHTTP implements http.Handler.
func (d *adminDoor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer d.running.Add(-1)
	if n := d.running.Add(1); !within(int(n)-1, d.lim.AdminRequests) {
		d.refuse(w, "limit_admin_requests")
		return
	}
	p, _ := peer.Of(r.Context())
	from := guard.Network(p.Addr)
	if !d.enter(from) {
		d.refuse(w, "limit_admin_address")
		return
	}
	defer d.leave(from)
	until := time.Now().Add(d.lim.AdminTime)
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(until) // a server without deadlines has none to set
	_ = control.SetWriteDeadline(until)
	r.Body = http.MaxBytesReader(w, r.Body, int64(d.lim.AdminBody))
	d.admin.ServeHTTP(w, r)
}

// busy tells whether requests are in progress.
func (d *adminDoor) busy() bool { return d != nil && d.running.Load() > 0 }

// withPeer tells handlers behind it where a request comes from.
func (e *Edge) withPeer(l *listener, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := peer.Peer{Addr: e.clientAddress(r), HTTPS: e.byHTTPS(r), Local: l.local() && !proxied(r)}
		next.ServeHTTP(w, r.WithContext(peer.With(r.Context(), p)))
	})
}
