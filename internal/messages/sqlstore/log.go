package sqlstore

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/tandem-switch/tandem/internal/messages"
)

// domainLog implements messages.Log.
type domainLog struct {
	s     *Store
	dom   int64
	name  atomic.Pointer[string]
	queue chan item
	ready atomic.Bool // it is on the writer's list
	head  atomic.Int64

	overlay overlay
	life    life
	changes changes

	st state // belongs to the writer
}

var _ messages.Log = (*domainLog)(nil)

// item is an operation that waits. bad: it cannot mean anything.
type item struct {
	l    *domainLog
	op   messages.Op
	done messages.Done
	bad  error
}

func newLog(s *Store, dom int64, name string) *domainLog {
	l := &domainLog{s: s, dom: dom, queue: make(chan item, messages.MaxQueue)}
	l.name.Store(&name)
	l.changes.ch = make(chan struct{})
	return l
}

// Domain implements messages.Log.
func (l *domainLog) Domain() string { return *l.name.Load() }

// Head implements messages.Log.
func (l *domainLog) Head() messages.Number { return messages.Number(l.head.Load()) }

// Submit implements messages.Log.
func (l *domainLog) Submit(op messages.Op, done messages.Done) {
	it := item{l: l, op: op, done: done, bad: check(op)}
	select {
	case l.queue <- it:
		l.s.w.offer(l)
	case <-l.s.w.stop:
		finish(it, messages.Result{}, errClosed)
	}
	select {
	case <-l.s.w.stopped: // it may have come too late to be seen
		l.s.w.refuse(l)
	default:
	}
}

// Do implements messages.Log.
func (l *domainLog) Do(ctx context.Context, op messages.Op) (messages.Result, error) {
	type outcome struct {
		r   messages.Result
		err error
	}
	ch := make(chan outcome, 1)
	it := item{l: l, op: op, bad: check(op), done: func(r messages.Result, err error) { ch <- outcome{r, err} }}
	select {
	case l.queue <- it:
		l.s.w.offer(l)
	case <-l.s.w.stop:
		return messages.Result{}, errClosed
	case <-ctx.Done():
		return messages.Result{}, ctx.Err()
	}
	select {
	case o := <-ch:
		return o.r, o.err
	case <-l.s.w.stopped:
		l.s.w.refuse(l)
		o := <-ch
		return o.r, o.err
	case <-ctx.Done():
		return messages.Result{}, ctx.Err()
	}
}

func finish(it item, r messages.Result, err error) {
	if it.done != nil {
		it.done(r, err)
	}
}

// changes wakes those who wait for a commit.
type changes struct {
	mu sync.Mutex // guards ch
	ch chan struct{}
	on atomic.Bool // somebody has asked since the last commit
}

// Changed implements messages.Log.
func (l *domainLog) Changed() <-chan struct{} {
	l.changes.mu.Lock()
	defer l.changes.mu.Unlock()
	l.changes.on.Store(true)
	return l.changes.ch
}

func (c *changes) tell() {
	if !c.on.Load() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.on.Store(false)
	close(c.ch)
	c.ch = make(chan struct{})
}
