package pbxmessages

import (
	"context"
	"fmt"
	"time"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/outbox"
	"github.com/tandem-switch/tandem/signal"
)

// rowCost is what a row is counted as beside its body.
const rowCost = 512

// storePause is how long the outbox waits after the store has failed.
const storePause = time.Second

// load learns what waits in the outbox from earlier runs.
func (m *Messages) load(ctx context.Context) error {
	if m.store == nil {
		return nil
	}
	chats, highest, err := m.store.OutboxChats(ctx)
	if err != nil {
		return fmt.Errorf("pbxmessages: read the outbox: %w", err)
	}
	m.lastRow = highest
	for _, c := range chats {
		if o, ok := m.dir.Object(c.Link); !ok || o.Kind != directory.Messages {
			if err := m.store.DropOutbox(ctx, c.Link); err != nil {
				return fmt.Errorf("pbxmessages: empty the outbox: %w", err)
			}
			continue
		}
		s := m.service(c.Link)
		l := &s.lane
		l.rows += c.Rows
		l.bytes += c.Bytes + int64(c.Rows)*rowCost
		m.conversation(rowKey(c.Link.Domain, c.Author, c.Receiver)).rows += c.Rows
	}
	return nil
}

func rowKey(dom signal.DomainID, author, receiver signal.ObjectID) conversationKey {
	return keyOf(signal.Address{Domain: dom, Object: author}, signal.Address{Domain: dom, Object: receiver})
}

// enqueue puts a posting into the outbox. It is there when the writer has committed
// it; until then its text has no result. Where the outbox is full, it is only asked for
// the key: a text that lies there already is not refused. The caller holds mu.
func (m *Messages) enqueue(y *posting) {
	l := &y.svc.lane
	size := int64(len(y.raw)) + rowCost
	full := l.bytes+size > m.outboxSize
	if m.store == nil || full && m.asking >= maxCommit {
		y.state, y.cause = refused, signal.CauseCongestion
		y.post.open--
		return
	}
	m.lastRow++
	row := y.row(m.lastRow)
	if full {
		m.asking++
		row.Ask, row.Body, y.raw, size = true, nil, nil, 0
	}
	y.state = waiting
	l.rows++
	l.bytes += size
	y.post.conv.rows++
	m.adding = append(m.adding, adding{row, y, size})
	m.wakeWriter()
}

// adding is a row that is not committed yet.
type adding struct {
	row  outbox.Row
	of   *posting
	size int64
}

func (m *Messages) wakeWriter() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// Run keeps the outbox until ctx is done: it commits what is put there, all that waits
// in one transaction, and empties it to services that are connected. It is to be
// stopped after the links, so that what they have left unanswered is kept.
func (m *Messages) Run(ctx context.Context) {
	m.mu.Lock()
	m.running = ctx
	for _, s := range m.all() {
		m.replay(s)
	}
	m.mu.Unlock()
	for {
		select {
		case <-m.wake:
			m.commit(ctx)
			m.dropGone(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			m.commit(last)
			cancel()
			m.replays.Wait()
			return
		}
	}
}

// maxCommit is how many rows go into one transaction.
const maxCommit = 2000

// commit writes what waits.
func (m *Messages) commit(ctx context.Context) {
	for {
		m.mu.Lock()
		n := min(len(m.adding), maxCommit)
		batch := m.adding[:n:n]
		if m.adding = m.adding[n:]; len(m.adding) == 0 {
			m.adding = nil
		}
		m.committing = n > 0
		m.mu.Unlock()
		if n == 0 {
			return
		}
		rows := make([]outbox.Row, n)
		for i := range batch {
			rows[i] = batch[i].row
		}
		repeated, err := m.store.AddOutbox(ctx, rows)
		if err != nil {
			m.log.Error("posts could not be kept in the outbox", "posts", n, "err", err)
		}
		m.committed(batch, repeated, err)
	}
}

// committed tells the results of rows that are in the outbox, could not be put there,
// or repeat what is there. Those that are repeated are in the order of the batch.
func (m *Messages) committed(batch []adding, repeated []outbox.Repeat, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range batch {
		a := &batch[i]
		y := a.of
		y.state, y.at, y.post.open = queued, a.row.At, y.post.open-1
		again := err == nil && len(repeated) > 0 && repeated[0].ID == a.row.ID
		switch {
		case err != nil:
			y.state, y.cause = refused, signal.CauseTemporaryFailure
		case again:
			y.repeat(repeated[0], m.ended)
			repeated = repeated[1:]
		case a.row.Ask:
			y.state, y.cause = refused, signal.CauseCongestion
		}
		if err != nil || again || a.row.Ask {
			m.leave(y.svc, y.post.conv, a.size)
		}
		if a.row.Ask {
			m.asking--
		}
		y.svc.lane.news = true
	}
	m.committing = false
	m.forget(m.removed)
	m.removed = nil
	for i := range batch {
		m.release(batch[i].of.post.conv)
		m.replay(batch[i].of.svc)
	}
}

// repeat gives a posting the result of the row that it repeats: it is in the outbox,
// or the service has answered meanwhile.
func (y *posting) repeat(of outbox.Repeat, ended map[int64]result) {
	y.again, y.at = true, of.At
	if r, ok := ended[of.First]; ok {
		y.state, y.cause, y.mid, y.at = r.state, r.cause, r.mid, r.at
	}
}

// forget forgets the results of rows that the store does not find any more. The caller
// holds mu.
func (m *Messages) forget(ids []int64) {
	for _, id := range ids {
		delete(m.ended, id)
	}
}

// removedRows notes that rows were taken out of the store. Their results are forgotten,
// but not before a writer that may have found them has told what it found.
func (m *Messages) removedRows(ids []int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.committing {
		m.removed = append(m.removed, ids...)
		return
	}
	m.forget(ids)
}

// leave counts a row that is not in the outbox any more. The caller holds mu.
func (m *Messages) leave(s *service, c *conversation, size int64) {
	s.lane.rows--
	s.lane.bytes -= size
	c.rows--
}

// gone notes that a Messages object, or a domain with all of them, is no more: what
// waits for its service goes too. It runs on the goroutine of the directory's writer.
func (m *Messages) gone(a signal.Address) {
	m.servicesMu.Lock()
	defer m.servicesMu.Unlock()
	for at, s := range m.services {
		if at == a || a.Object == 0 && at.Domain == a.Domain {
			s.gone.Store(true)
		}
	}
	m.wakeWriter()
}

// dropGone empties the outboxes of objects that are no more, once nobody works on
// them.
func (m *Messages) dropGone(ctx context.Context) {
	for _, s := range m.all() {
		if !s.gone.Load() || m.drop(ctx, s) {
			continue
		}
		m.clock.AfterFunc(storePause, m.wakeWriter) // its link is about to end
	}
}

// drop empties the outbox of a service. False: try again later.
func (m *Messages) drop(ctx context.Context, s *service) bool {
	if _, ok := m.dir.Object(s.address); ok {
		s.gone.Store(false) // restored
		return true
	}
	m.mu.Lock()
	quiet, rows := s.link() == nil && !s.lane.replaying && len(m.adding) == 0, s.lane.rows
	m.mu.Unlock()
	switch {
	case !quiet:
		return false
	case rows > 0 && m.store != nil:
		if err := m.dropRows(ctx, s); err != nil {
			m.log.Error("the outbox of an object that has gone cannot be emptied", "err", err)
			return false
		}
	}
	m.servicesMu.Lock()
	defer m.servicesMu.Unlock()
	delete(m.services, s.address)
	return true
}

func (m *Messages) dropRows(ctx context.Context, s *service) error {
	chats, _, err := m.store.OutboxChats(ctx)
	if err != nil {
		return err
	}
	if err := m.store.DropOutbox(ctx, s.address); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range chats {
		if c.Link != s.address {
			continue
		}
		talk := m.conversation(rowKey(c.Link.Domain, c.Author, c.Receiver))
		talk.rows -= c.Rows
		s.lane.rows -= c.Rows
		m.tidy(talk)
	}
	return nil
}

// Totals is how much there is at the moment.
type Totals struct {
	Sessions int // of PbxMessages
	Waiting  int // requests and posts that wait for an answer
	Rows     int // in all outboxes
	Bytes    int64
}

// Totals counts over all services.
func (m *Messages) Totals() (t Totals) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.all() {
		t.Rows += s.lane.rows
		t.Bytes += s.lane.bytes
		s.mu.Lock()
		t.Sessions += len(s.sessions)
		t.Waiting += len(s.tickets) - len(s.sessions)
		s.mu.Unlock()
	}
	return t
}
