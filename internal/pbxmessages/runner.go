package pbxmessages

import (
	"log/slog"
	"sync"

	"github.com/tandem-switch/tandem/signal"
)

// Switch is what an archive calls of the switch; *signal.Switch implements it. It is
// called on the goroutines of runners, with no lock held.
type Switch interface {
	Turn(f func(t *signal.Turn))
	Stored(t *signal.Turn, s signal.Stored)
	Marked(t *signal.Turn, m signal.Mark)
	Deliver(t *signal.Turn, d signal.Delivery)
	GroupChanged(t *signal.Turn, g signal.Group)
}

// Sizes of runners.
const (
	runners   = 4    // what concerns one conversation always goes to the same
	maxTurn   = 256  // calls in one turn of the switch
	maxBehind = 4096 // calls that wait before the service is not read any further
)

// runner calls the switch, one call after the other. What waits is bounded by who adds:
// results by the posts that are outstanding, the rest waits in room.
type runner struct {
	sw  Switch
	log *slog.Logger

	mu    sync.Mutex // guards the following
	queue []func(t *signal.Turn)
	busy  bool          // a goroutine runs
	moved chan struct{} // closed when something was taken; nil: nobody waits
}

// add has f called behind what was added before. It never blocks.
func (r *runner) add(f func(t *signal.Turn)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queue = append(r.queue, f)
	if !r.busy {
		r.busy = true
		go r.run()
	}
}

// room waits until there is not too much. It is for the reading goroutines of links,
// with no lock held: a service that floods the switch is read more slowly.
func (r *runner) room() {
	for {
		r.mu.Lock()
		if len(r.queue) < maxBehind {
			r.mu.Unlock()
			return
		}
		if r.moved == nil {
			r.moved = make(chan struct{})
		}
		moved := r.moved
		r.mu.Unlock()
		<-moved
	}
}

func (r *runner) run() {
	for batch := r.take(); len(batch) > 0; batch = r.take() {
		r.turn(batch)
	}
}

// turn calls a batch. A fault of one ends that batch, not the process.
func (r *runner) turn(batch []func(t *signal.Turn)) {
	defer func() {
		if v := recover(); v != nil {
			r.log.Error("a message of the service was not handled", "panic", v)
		}
	}()
	r.sw.Turn(func(t *signal.Turn) {
		for _, f := range batch {
			f(t)
		}
	})
}

// take takes the first calls; none: the goroutine ends.
func (r *runner) take() []func(t *signal.Turn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.queue) == 0 {
		r.busy = false
		return nil
	}
	n := min(len(r.queue), maxTurn)
	batch := r.queue[:n:n]
	r.queue = r.queue[n:]
	if len(r.queue) == 0 {
		r.queue = nil
	}
	if r.moved != nil {
		close(r.moved)
		r.moved = nil
	}
	return batch
}
