package trace

import (
	"context"
	"slices"
)

// Tail follows a Recorder. It is used by one goroutine, which must call Close.
type Tail struct {
	recorder *Recorder
	filter   Filter
	news     chan struct{} // capacity 1: something was queued, or lost

	// guarded by Recorder.mu
	missed uint64 // before the queue
	queue  []*Record
	size   int
	lost   uint64 // behind the queue
}

// Tail begins to follow: first the records that are kept and pass the filter, the
// newest of them where there are too many, then those that come. What was kept
// once but is gone, of those after f.After, counts as lost. The error is
// ErrTooManyTails or ErrClosed.
func (r *Recorder) Tail(f Filter) (*Tail, error) {
	t := &Tail{recorder: r, filter: f, news: make(chan struct{}, 1)}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.ended:
		return nil, ErrClosed
	case len(r.tails) >= MaxTails:
		return nil, ErrTooManyTails
	}
	t.catchUp()
	r.tails = append(r.tails, t)
	return t, nil
}

// catchUp queues what is kept, as far as there is room.
func (t *Tail) catchUp() {
	r := t.recorder
	for i := r.n - 1; i >= 0; i-- {
		rec := r.at(i)
		if !t.filter.Passes(rec) {
			continue
		}
		if t.size+rec.size() > tailBuffer {
			t.missed++
			continue
		}
		t.size += rec.size()
		t.queue = append(t.queue, rec)
	}
	slices.Reverse(t.queue)
	if oldest := r.seq - uint64(r.n) + 1; t.filter.After > 0 && t.filter.After+1 < oldest {
		t.missed += oldest - t.filter.After - 1
	}
	r.lost.Add(t.missed)
	t.wake()
}

// offer queues a record that is new. It needs the lock of the recorder.
func (t *Tail) offer(rec *Record) {
	if !t.filter.Passes(rec) {
		return
	}
	if t.lost > 0 || t.size+rec.size() > tailBuffer {
		t.lost++
		t.recorder.lost.Add(1)
	} else {
		t.size += rec.size()
		t.queue = append(t.queue, rec)
	}
	t.wake()
}

func (t *Tail) wake() {
	select {
	case t.news <- struct{}{}:
	default:
	}
}

// Next waits for records and returns those that have come, oldest first, and how
// many were lost behind them because the reader was too slow. The error is that
// of ctx, or ErrClosed.
func (t *Tail) Next(ctx context.Context) (records []*Record, lost uint64, err error) {
	for {
		var ended bool
		if records, lost, ended = t.take(); len(records) > 0 || lost > 0 {
			return records, lost, nil
		}
		if ended {
			return nil, 0, ErrClosed
		}
		select {
		case <-t.news:
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
	}
}

func (t *Tail) take() (records []*Record, lost uint64, ended bool) {
	r := t.recorder
	r.mu.Lock()
	defer r.mu.Unlock()
	if t.missed > 0 {
		lost, t.missed = t.missed, 0
		return nil, lost, false
	}
	records, lost = t.queue, t.lost
	t.queue, t.size, t.lost = nil, 0, 0
	if r.ended {
		t.wake() // for the next time
	}
	return records, lost, r.ended
}

// Close ends following.
func (t *Tail) Close() {
	r := t.recorder
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tails = slices.DeleteFunc(r.tails, func(x *Tail) bool { return x == t })
}
