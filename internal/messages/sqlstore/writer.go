package sqlstore

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/messages"
)

// writer is the goroutine that writes.
type writer struct {
	s       *Store
	wake    chan struct{} // something is ready, or time to fold
	control chan control
	stop    chan struct{} // closed by Close
	stopped chan struct{}

	mu    sync.Mutex // guards ready
	ready []*domainLog

	// Of the goroutine alone.
	turn     []*domainLog // logs that have more than the last batch took
	items    []item
	outcomes []outcome
	room     [4][]any // for the rows of a batch
	known    []known  // of each item
	asks     []*known
	sorted   []idemRow
	batchNo  int64
	timer    clock.Timer // of the next fold; nil: none runs
	foldDue  atomic.Bool
	busy     atomic.Bool // it has found something to do each time that it looked

	operations, batches, retries, failures, commitTime atomic.Int64
}

type outcome struct {
	r   messages.Result
	err error
}

// control is work of the store itself, between batches.
type control struct {
	do   func(*batch) error
	done chan error
}

// writeTimeout bounds a batch: a database that hangs is one that is away.
const writeTimeout = 60 * time.Second

func (w *writer) init(s *Store) {
	w.s = s
	w.wake = make(chan struct{}, 1)
	w.control = make(chan control)
	w.stop = make(chan struct{})
	w.stopped = make(chan struct{})
}

// offer puts a log on the list of those that have something to do.
func (w *writer) offer(l *domainLog) {
	if l.ready.Swap(true) {
		return
	}
	w.mu.Lock()
	w.ready = append(w.ready, l)
	w.mu.Unlock()
	w.nudge()
}

func (w *writer) nudge() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// admin runs do in a transaction of its own and waits.
func (w *writer) admin(ctx context.Context, do func(*batch) error) error {
	c := control{do: do, done: make(chan error, 1)}
	select {
	case w.control <- c:
	case <-w.stop:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	return <-c.done
}

func (w *writer) loop() {
	defer close(w.stopped)
	for {
		runtime.Gosched() // who can run brings what shares the commit
		if w.collect(); len(w.items) > 0 {
			w.busy.Store(true)
			w.run(w.items)
			select { // work of the store must not wait for a quiet moment
			case c := <-w.control:
				c.done <- w.runControl(c.do)
			default:
			}
			continue
		}
		w.busy.Store(false)
		if w.foldDue.Load() {
			w.run(nil)
		}
		select {
		case <-w.wake:
		case c := <-w.control:
			c.done <- w.runControl(c.do)
		case <-w.stop:
			w.finish()
			return
		}
	}
}

// finish does what is queued and writes what was folded.
func (w *writer) finish() {
	if w.timer != nil {
		w.timer.Stop()
	}
	for w.collect(); len(w.items) > 0; w.collect() {
		w.run(w.items)
	}
	w.foldDue.Store(true)
	w.run(nil)
}

// refuse answers what came when the writer had gone.
func (w *writer) refuse(l *domainLog) {
	for {
		select {
		case it := <-l.queue:
			finish(it, messages.Result{}, errClosed)
		default:
			return
		}
	}
}

// collect takes what is queued, in turns: no log gets more than its share while
// others wait.
func (w *writer) collect() {
	w.mu.Lock()
	w.turn = append(w.turn, w.ready...)
	w.ready = w.ready[:0]
	w.mu.Unlock()
	w.items = w.items[:0]
	for len(w.turn) > 0 && len(w.items) < messages.MaxBatch {
		share := max((messages.MaxBatch-len(w.items))/len(w.turn), 1)
		more := w.turn[:0]
		for i, l := range w.turn {
			if len(w.items) == messages.MaxBatch {
				more = append(more, w.turn[i:]...)
				break
			}
			if w.take(l, min(share, messages.MaxBatch-len(w.items))) {
				more = append(more, l)
			}
		}
		w.turn = more
	}
	if len(w.turn) > 1 { // the next batch begins with another log
		w.turn = append(w.turn[1:], w.turn[0])
	}
}

// take takes up to n operations of a log and reports whether it may have more.
func (w *writer) take(l *domainLog, n int) bool {
	for range n {
		select {
		case it := <-l.queue:
			w.items = append(w.items, it)
		default:
			l.ready.Store(false)
			if len(l.queue) == 0 || l.ready.Swap(true) {
				return false // or it is on the list again
			}
		}
	}
	return true
}

// run does a batch and answers it. Without items it only folds.
func (w *writer) run(items []item) {
	w.batches.Add(1)
	w.operations.Add(int64(len(items)))
	err := w.attempts(items)
	if err != nil && len(items) > 1 && w.s.e.class(err) == odd {
		// One of them is what the database does not take: find it.
		for i := range items {
			w.run(items[i : i+1])
		}
		return
	}
	if err != nil {
		w.failures.Add(1)
		w.s.slog.Error("messages: a batch was not written", "operations", len(items), "error", err)
		failure := w.s.failed(err)
		for _, it := range items {
			finish(it, messages.Result{}, failure)
		}
		w.later()
		return
	}
	for i := range items {
		o := &w.outcomes[i]
		finish(items[i], o.r, o.err)
		*o = outcome{} // keeps nothing alive
	}
	w.plan()
}

// attempts does a batch, again where somebody else was quicker, and again with
// all keys looked up where one was there already.
func (w *writer) attempts(items []item) (err error) {
	checkKeys := false
	for n := range maxAttempts {
		if err = w.try(items, checkKeys); err == nil || !w.again(err, n) {
			return err
		}
		checkKeys = true
	}
	return err
}

// maxAttempts is how often a transaction is tried.
const maxAttempts = 5

// afterVictim is how long a transaction that was undone for another one waits before
// its second attempt; it doubles with each. Without it the victim of a deadlock may
// take its first lock again before the other one, who waits for it, has woken up, and
// meet it again: on a busy machine five times in a row.
const afterVictim = 10 * time.Millisecond

// again says whether a transaction that has failed is tried again, now. All of it was
// undone, and nobody was answered.
func (w *writer) again(err error, attempt int) bool {
	class := w.s.e.class(err)
	if attempt == maxAttempts-1 || !errors.Is(err, errFence) && class != unique && class != victim {
		return false
	}
	if class == victim {
		time.Sleep(afterVictim << attempt)
	}
	w.retries.Add(1)
	return true
}

func (w *writer) try(items []item, checkKeys bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	b := w.newBatch(ctx, checkKeys)
	if cap(w.outcomes) < len(items) {
		w.outcomes = make([]outcome, messages.MaxBatch)
	}
	w.outcomes = w.outcomes[:cap(w.outcomes)]
	b.lookUp(items)
	for i, it := range items {
		if b.err != nil {
			break
		}
		o := &w.outcomes[i]
		if it.bad != nil {
			*o = outcome{err: it.bad}
			continue
		}
		b.known = w.known[i]
		o.r, o.err = b.do(it)
	}
	if b.err == nil && (w.foldDue.Load() || b.crowded()) {
		b.fold()
	}
	return b.end()
}

// runControl does work of the store, again where somebody else was in the way.
func (w *writer) runControl(do func(*batch) error) (err error) {
	for n := range maxAttempts {
		ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
		b := w.newBatch(ctx, true)
		refused := do(b)
		if b.refused = refused != nil && b.err == nil; b.refused {
			b.err = refused
		}
		err = b.end()
		cancel()
		if err == nil || b.refused || b.once || !w.again(err, n) {
			break
		}
	}
	w.plan()
	return w.s.failed(err)
}

// plan sets the timer of the next fold where something waits for it.
func (w *writer) plan() {
	if w.timer != nil || w.foldDue.Load() || !w.dirty() {
		return
	}
	w.timer = w.s.clock.AfterFunc(messages.Fold, func() {
		w.foldDue.Store(true)
		w.nudge()
	})
}

// refold is when a fold is tried again that has failed.
const refold = 2 * time.Second

// later tries again to fold when the database may be back.
func (w *writer) later() {
	if w.timer != nil {
		w.timer.Stop()
	}
	w.timer = w.s.clock.AfterFunc(refold, func() {
		w.foldDue.Store(true)
		w.nudge()
	})
}

func (w *writer) dirty() bool {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	for _, l := range w.s.byDom {
		if l.st.unfolded() {
			return true
		}
	}
	return false
}

// batch is one transaction. Its methods keep the first error of the database in
// err and do nothing after it; it ends the whole batch. What an operation itself
// is refused for is returned by the operation, which has then written nothing.
type batch struct {
	w    *writer
	s    *Store
	ctx  context.Context
	no   int64
	now  int64 // ms
	keys bool  // look up keys against duplicates
	t    tx    // nil: nothing asked and nothing written yet
	err  error

	refused bool // err is what work of the store was refused for
	once    bool // work of the store that cannot be done again: what it reads is gone
	wrote   bool
	l       *domainLog // of the present operation
	logs    []*domainLog
	convs   []*conv // touched
	cursors []*cursor
	posts   rows
	plains  rows
	idems   rows
	late    rows
	known   known    // of the present operation
	after   []func() // after the commit
}

func (w *writer) newBatch(ctx context.Context, keys bool) *batch {
	w.batchNo++
	b := &batch{w: w, s: w.s, ctx: ctx, no: w.batchNo, keys: keys, now: w.s.clock.Now().UnixMilli()}
	for i, r := range b.rows() {
		r.args = w.room[i][:0]
	}
	return b
}

// begin begins the transaction, once.
func (b *batch) begin() bool {
	if b.err == nil && b.t == nil {
		b.t, b.err = b.s.e.begin(b.ctx)
	}
	return b.err == nil
}

// query asks behind everything that was written.
func (b *batch) query(text string, each func(scan func(...any) error) error, args ...any) {
	b.flush()
	b.peek(text, each, args...)
}

// peek asks without the posts of this batch being written yet: for tables and
// rows that they do not concern.
func (b *batch) peek(text string, each func(scan func(...any) error) error, args ...any) {
	if b.begin() {
		b.err = b.t.query(b.ctx, text, each, args...)
	}
}

func (b *batch) put(text string, args ...any) {
	if b.wrote = true; b.begin() {
		b.err = b.t.put(b.ctx, text, args...)
	}
}

func (b *batch) exec(text string, args ...any) (n int64) {
	b.flush()
	if b.wrote = true; b.begin() {
		n, b.err = b.t.exec(b.ctx, text, args...)
	}
	return n
}

// rows are rows of one table that are inserted together. What is written stays in
// args until the end of the batch: a transaction may hold it until it is sent.
type rows struct {
	args []any
	from int // what is before is written
	n    int // rows behind it
}

// flush writes the posts.
func (b *batch) flush() {
	b.insert(&b.posts, &insertMsg)
	b.insert(&b.plains, &insertPlain)
	b.insert(&b.idems, &insertIdem)
}

func (b *batch) rows() [4]*rows { return [...]*rows{&b.posts, &b.plains, &b.idems, &b.late} }

func (b *batch) insert(r *rows, how *insert) {
	for i, n := range perInsert {
		for r.n >= n {
			from := r.from
			r.n -= n
			r.from += n * how.columns
			b.put(how.texts[i], r.args[from:r.from]...)
		}
	}
}

// number gives the next number of the log as a key.
func (b *batch) number() int64 {
	if b.l.st.next++; b.l.st.next > messages.MaxNumber && b.err == nil {
		b.err = errNumbers
	}
	return pack(b.l.dom, b.l.st.next)
}

// errNumbers ends a log: at a thousand changes a second after 500 years.
var errNumbers = messages.Errorf(messages.Quota, "The log of the domain is full.")

// use prepares the log of an operation.
func (b *batch) use(l *domainLog) bool {
	b.l = l
	if l.st.batch != b.no {
		b.distrust(l)
		if !l.st.loaded && !b.load(l) {
			return false
		}
		l.st.batch = b.no
		l.st.next = l.st.head
		b.logs = append(b.logs, l)
	}
	return b.err == nil
}

// distrust drops what memory says of a log when it is tried again and somebody
// else has written: another process, or a former connection of our own, whose
// commit came through after its answer was lost.
func (b *batch) distrust(l *domainLog) {
	if b.keys && l.st.loaded && b.headOf(l) != l.st.head && b.err == nil {
		l.st.drop(b.no)
	}
}

// headOf is the head of a log as the database has it now.
func (b *batch) headOf(l *domainLog) (head int64) {
	b.peek(`SELECT head FROM part WHERE dom = $1`, func(scan func(...any) error) error { return scan(&head) }, l.dom)
	return head
}

// still makes a batch that has written nothing, and is tried again, fail as its
// commit would where somebody has written meanwhile: what it has answered may
// come from behind what memory knows.
func (b *batch) still() {
	if !b.keys {
		return
	}
	for _, l := range b.logs {
		if b.headOf(l) != l.st.head && b.err == nil && l.st.loaded {
			b.err = errFence
		}
	}
}

// end commits and publishes, or undoes everything.
func (b *batch) end() error {
	b.flush()
	defer func() {
		for i, r := range b.rows() {
			clear(r.args) // keeps nothing alive
			b.w.room[i] = r.args[:0]
		}
	}()
	switch {
	case b.t == nil || b.err != nil:
	case !b.wrote: // it has only asked
		if b.still(); b.err == nil {
			b.t.rollback()
		}
	default:
		b.commit()
	}
	if b.err != nil {
		b.undo()
		return b.err
	}
	b.publish()
	return nil
}

func (b *batch) commit() {
	for _, l := range b.logs {
		if b.err == nil {
			b.err = b.t.fence(b.ctx, l.dom, l.st.head, l.st.next)
		}
	}
	if b.err != nil {
		return
	}
	began := time.Now()
	b.err = b.t.commit(b.ctx)
	b.w.commitTime.Add(int64(time.Since(began)))
	if b.err != nil {
		b.t = nil // it is over
	}
}

// undo takes back what the batch has changed in memory. After anything but a key
// that was there already, memory is not worth keeping.
func (b *batch) undo() {
	if b.t != nil {
		b.t.rollback()
	}
	for _, c := range b.convs {
		c.head = c.saved
	}
	for _, c := range b.cursors {
		c.marks = c.saved
	}
	// The first time a key is there already, it is one of table idem. The second
	// time somebody else has written, and all that memory says is old.
	class := b.s.e.class(b.err)
	known := b.refused || !b.keys && !errors.Is(b.err, errFence) && (class == unique || class == victim)
	for _, l := range b.logs {
		l.st.tick = 0
		l.st.window.undo(b.no)
		if !known || l.st.structural == b.no {
			l.st.drop(b.no)
		}
	}
}

// publish makes what the batch has changed visible to reads that begin now.
func (b *batch) publish() {
	for _, l := range b.logs {
		l.overlay.publish(b, l)
		l.st.head = l.st.next
		l.head.Store(l.st.head)
		l.st.window.publish()
	}
	for _, f := range b.after {
		f()
	}
	for _, l := range b.logs {
		l.changes.tell()
		l.st.shrink()
	}
}

// refusal is an error that an operation is refused with.
func refuse(code messages.Code, format string, args ...any) error {
	return messages.Errorf(code, format, args...)
}

// do does one operation.
func (b *batch) do(it item) (messages.Result, error) {
	if !b.use(it.l) {
		return messages.Result{}, nil
	}
	if !it.l.st.loaded {
		return messages.Result{}, refuse(messages.NotFound, "This domain does not exist any more.")
	}
	switch op := it.op.(type) {
	case *messages.Post:
		return b.post(op)
	case *messages.Mark:
		return b.mark(op)
	}
	return b.doRare(it.op)
}
