package trace

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Sizes of a Recorder.
const (
	DefaultBuffer = 16 << 20 // bytes
	MinBuffer     = 256 << 10
	MaxTails      = 32
	tailBuffer    = 1 << 20
)

// Recorder keeps the newest records, up to a number of bytes, and hands them to
// those who follow. It is a Sink. All methods are safe for use by several
// goroutines; those of a nil Recorder find nothing.
type Recorder struct {
	limit int
	epoch string
	lost  atomic.Uint64

	mu    sync.Mutex // guards the following
	ring  []*Record  // used from first on, n records, around the end
	first int
	n     int
	size  int
	seq   uint64
	tails []*Tail
	ended bool
}

var _ Sink = (*Recorder)(nil)

// NewRecorder returns a Recorder for so many bytes: 0 is DefaultBuffer, fewer than
// MinBuffer are MinBuffer. The room is taken when it is needed.
func NewRecorder(limit int) *Recorder {
	if limit == 0 {
		limit = DefaultBuffer
	}
	return &Recorder{limit: max(limit, MinBuffer), epoch: strconv.FormatInt(time.Now().UnixMilli(), 36)}
}

// Epoch names the Recorder: numbers of records mean something only beside it.
func (r *Recorder) Epoch() string { return r.epoch }

// Trace implements Sink: it numbers the record and keeps it in place of the
// oldest. It never blocks.
func (r *Recorder) Trace(rec Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seq++
	rec.Seq = r.seq
	r.size += rec.size()
	for r.n > 0 && r.size > r.limit {
		r.forget()
	}
	r.push(&rec)
	for _, t := range r.tails {
		t.offer(&rec)
	}
}

// forget drops the oldest record.
func (r *Recorder) forget() {
	r.size -= r.ring[r.first].size()
	r.ring[r.first] = nil
	r.first = (r.first + 1) % len(r.ring)
	r.n--
}

// push enters a record as the newest.
func (r *Recorder) push(rec *Record) {
	if r.n == len(r.ring) {
		ring := make([]*Record, max(64, 2*r.n))
		for i := range r.n {
			ring[i] = r.at(i)
		}
		r.ring, r.first = ring, 0
	}
	r.ring[(r.first+r.n)%len(r.ring)] = rec
	r.n++
}

// at is the i-th record, oldest first.
func (r *Recorder) at(i int) *Record { return r.ring[(r.first+i)%len(r.ring)] }

// Records returns those records that are kept and that the filter lets pass,
// oldest first.
func (r *Recorder) Records(f Filter) []*Record {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	all := make([]*Record, r.n)
	for i := range all {
		all[i] = r.at(i)
	}
	r.mu.Unlock()
	return slices.DeleteFunc(all, func(rec *Record) bool { return !f.Passes(rec) })
}

// Lost is how many records readers were too slow for.
func (r *Recorder) Lost() uint64 {
	if r == nil {
		return 0
	}
	return r.lost.Load()
}

// Close ends all who follow; from then on nobody can. What is kept stays.
func (r *Recorder) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	for _, t := range r.tails {
		t.wake()
	}
}

// Filter chooses records. Members that are zero choose all.
type Filter struct {
	Flags  Flag   // one of them
	Domain int64  // of the connection
	Object int64  // of the connection
	Conn   string // the connection
	Call   CallID // any leg of it
	Since  time.Time
	After  uint64 // records with higher numbers
	// Within, unless nil, are the domains that the reader may see: a record passes
	// if it concerns at least one domain, and none that is not listed.
	Within []int64
}

// Passes tells whether the filter lets a record pass.
func (f *Filter) Passes(r *Record) bool {
	return r.Seq > f.After && (f.Flags == 0 || f.Flags&r.Flag != 0) &&
		(f.Domain == 0 || f.Domain == r.Domain) &&
		(f.Object == 0 || f.Object == r.Object) &&
		(f.Conn == "" || f.Conn == r.Conn) &&
		(f.Call == 0 || f.Call == r.Call) &&
		!r.Time.Before(f.Since) && f.within(r)
}

func (f *Filter) within(r *Record) bool {
	if f.Within == nil {
		return true
	}
	for _, d := range r.Domains {
		if !slices.Contains(f.Within, d) {
			return false
		}
	}
	return len(r.Domains) > 0
}

// The errors of following.
var (
	ErrTooManyTails = fmt.Errorf("%d readers follow the trace already", MaxTails)
	ErrClosed       = errors.New("the trace has ended: the switch stops")
)
