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
// it; until then its text has no result. The caller holds mu.
func (m *Messages) enqueue(y *posting) {
	l := &y.svc.lane
	size := int64(len(y.raw)) + rowCost
	if m.store == nil || l.bytes+size > m.outboxSize {
		y.state, y.cause = refused, signal.CauseCongestion
		y.post.open--
		return
	}
	m.lastRow++
	y.state = waiting
	l.rows++
	l.bytes += size
	y.post.conv.rows++
	m.adding = append(m.adding, adding{y.row(m.lastRow), y, size})
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
		m.mu.Unlock()
		if n == 0 {
			return
		}
		rows := make([]outbox.Row, n)
		for i := range batch {
			rows[i] = batch[i].row
		}
		err := m.store.AddOutbox(ctx, rows)
		if err != nil {
			m.log.Error("posts could not be kept in the outbox", "posts", n, "err", err)
		}
		m.committed(batch, err)
	}
}

// committed tells the results of rows that are in the outbox, or could not be put
// there.
func (m *Messages) committed(batch []adding, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range batch {
		y := batch[i].of
		y.state, y.post.open = queued, y.post.open-1
		if err != nil {
			y.state, y.cause = refused, signal.CauseTemporaryFailure
			m.leave(y.svc, y.post.conv, batch[i].size)
		}
		y.svc.lane.news = true
	}
	for i := range batch {
		m.release(batch[i].of.post.conv)
		m.replay(batch[i].of.svc)
	}
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
