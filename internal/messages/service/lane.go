package service

import (
	"sync"
)

// job is a request that was decoded and waits for its turn.
type job struct {
	size int
	run  func()
}

// lane runs jobs one after the other, in their order, on a goroutine that lives as
// long as there are any.
type lane struct {
	link  *link
	bound int // jobs that may wait
	share *share

	mu    sync.Mutex // guards the following
	jobs  []job
	runs  bool
	ended bool
	room  *sync.Cond // of a lane whose feeder waits; nil: none ever waited
}

// offer adds a job; false if there are too many already.
func (q *lane) offer(j job) bool {
	if !q.link.reserve(j.size) {
		return false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.jobs) >= q.bound || q.ended {
		q.link.release(j.size)
		return false
	}
	q.add(j, true)
	return true
}

// feed adds a job, and waits while there are too many: so the reader of the link is
// held, and with it the switch.
func (q *lane) feed(j job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.room == nil {
		q.room = sync.NewCond(&q.mu)
	}
	for len(q.jobs) >= q.bound && !q.ended {
		q.room.Wait()
	}
	if !q.ended {
		j.size = 0
		q.add(j, false)
	}
}

// add needs mu. Jobs of sessions take part in the number of those that run at a
// time; the posts of the switch have a goroutine to themselves.
func (q *lane) add(j job, shared bool) {
	q.jobs = append(q.jobs, j)
	if !q.runs {
		q.runs = true
		q.link.ended.Go(func() { q.work(shared) })
	}
}

func (q *lane) work(shared bool) {
	for {
		j, ok := q.next()
		if !ok {
			return
		}
		if !shared {
			j.run()
			continue
		}
		q.turn(j)
		q.link.release(j.size)
	}
}

// turn runs a job when it has a place: one of its person's, then one of the link's.
func (q *lane) turn(j job) {
	if q.share == nil {
		q.within(q.link.running, j.run)
		return
	}
	q.within(q.share.running, func() { q.within(q.link.running, j.run) })
}

// within runs f when there is a place for it, and not at all when the link has ended.
func (q *lane) within(places chan struct{}, f func()) {
	select {
	case places <- struct{}{}:
		defer func() { <-places }()
		f()
	case <-q.link.ctx.Done():
	}
}

// share is what all sessions of one person have of a link together, so that nobody
// takes every place with many sessions at a time.
type share struct {
	running  chan struct{}
	sessions int
}

// shareOf finds the share of a person for one session more.
func (l *link) shareOf(key string) *share {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.shares[key]
	if s == nil {
		s = &share{running: make(chan struct{}, maxPersonRunning)}
		l.shares[key] = s
	}
	s.sessions++
	return s
}

// giveBack ends the part of a session in the share of its person.
func (l *link) giveBack(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.shares[key]; s != nil {
		if s.sessions--; s.sessions == 0 {
			delete(l.shares, key)
		}
	}
}

func (q *lane) next() (job, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.jobs) == 0 || q.ended {
		q.runs, q.jobs = false, nil
		return job{}, false
	}
	j := q.jobs[0]
	q.jobs = q.jobs[1:]
	if q.room != nil {
		q.room.Signal()
	}
	return j, true
}

// end forgets what waits.
func (q *lane) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
	for _, j := range q.jobs {
		q.link.release(j.size)
	}
	q.jobs = nil
	if q.room != nil {
		q.room.Broadcast()
	}
}

// reserve counts the bytes of a request; false if the link holds too many.
func (l *link) reserve(size int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting+size > maxWaitingBytes {
		return false
	}
	l.waiting += size
	return true
}

func (l *link) release(size int) {
	l.mu.Lock()
	l.waiting -= size
	l.mu.Unlock()
}
