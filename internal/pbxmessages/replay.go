package pbxmessages

import (
	"context"
	"strconv"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/outbox"
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
)

// Replays.
const (
	replayBatch = 256              // rows that wait for their results at a time
	replayLimit = 60 * time.Second // without any result: the link is made anew
	replayPause = 5 * time.Second  // after the service could not store for the moment
)

// replay empties the outbox of a service on a goroutine of its own, if there is
// something and the link is up. The caller holds mu.
func (m *Messages) replay(s *service) {
	link := s.link()
	if s.lane.replaying || s.lane.rows == 0 || link == nil || m.running == nil || m.running.Err() != nil {
		return
	}
	s.lane.replaying = true
	ctx := m.running
	m.replays.Go(func() { m.empty(ctx, s, link) })
}

// link is the connection, nil while there is none.
func (s *service) link() appservice.Link {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn
}

// empty replays rows, a batch at a time and always the lowest ones, until there are no
// more, the link is lost or ctx is done.
func (m *Messages) empty(ctx context.Context, s *service, link appservice.Link) {
	for ctx.Err() == nil && s.link() == link {
		m.mu.Lock()
		s.lane.news = false
		m.mu.Unlock()
		rows, err := m.store.Outbox(ctx, s.address, replayBatch)
		switch {
		case err != nil:
			m.log.Error("the outbox cannot be read", "object", s.name(), "err", err)
			m.rest(ctx, storePause)
		case len(rows) > 0:
			m.replayed(ctx, s, link, rows)
		case m.emptied(s):
			return
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s.lane.replaying = false
	m.replay(s) // with another link, if there is one by now
}

// emptied ends the goroutine, unless rows have come that it has not seen.
func (m *Messages) emptied(s *service) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s.lane.news {
		return false
	}
	s.lane.replaying = false
	m.flushMarks(s)
	return true
}

// rest waits; false if ctx ended meanwhile.
func (m *Messages) rest(ctx context.Context, d time.Duration) bool {
	due := make(chan struct{})
	timer := m.clock.AfterFunc(d, func() { close(due) })
	defer timer.Stop()
	select {
	case <-due:
		return true
	case <-ctx.Done():
		return false
	}
}

// replaying is a row whose result is awaited.
type replaying struct {
	batch  *replayRun
	row    *outbox.Row
	open   int // Posts of it without result
	tokens []uint64
	result // of the reading goroutine until it is in replayRun.done
}

// replayRun is a batch of rows that were sent.
type replayRun struct {
	rows []replaying
	done chan *replaying // with room for all
	dead chan struct{}   // closed when the link is lost
}

// replayed sends a batch and removes the rows that the service has stored or refused,
// as far as it answers before the link is lost or ctx is done.
func (m *Messages) replayed(ctx context.Context, s *service, link appservice.Link, rows []outbox.Row) {
	run := &replayRun{rows: make([]replaying, len(rows)), done: make(chan *replaying, 2*len(rows)), dead: make(chan struct{})}
	up := s.resend(run, link, rows)
	var ids []int64
	later := false
	for left := len(rows); left > 0 && up; {
		var x *replaying
		if x, up = m.await(ctx, run, link); !up {
			break
		}
		if x.open--; x.open > 0 {
			continue
		}
		left--
		if x.state == refused && temporary(x.cause) {
			later = true
			continue
		}
		ids = append(ids, x.row.ID)
		m.settled(s, x)
	}
	s.forgetRun(run)
	m.remove(ctx, s, ids)
	if later {
		m.rest(ctx, replayPause)
	}
}

// await waits for the next result. A service that gives none for long is connected to
// anew.
func (m *Messages) await(ctx context.Context, run *replayRun, link appservice.Link) (*replaying, bool) {
	silent := make(chan struct{})
	timer := m.clock.AfterFunc(replayLimit, func() { close(silent) })
	defer timer.Stop()
	select {
	case x := <-run.done:
		return x, true
	case <-run.dead:
	case <-ctx.Done():
	case <-silent:
		_ = link.Close("no answer")
	}
	return nil, false
}

// temporary tells whether a refusal says that the post may be stored later.
func temporary(c signal.Cause) bool {
	return c == signal.CauseTemporaryFailure || c == signal.CauseCongestion || c == signal.CauseNetworkOutOfOrder
}

// resend sends a batch of rows. False if the link is another one by now.
func (s *service) resend(run *replayRun, link appservice.Link, rows []outbox.Row) bool {
	s.mu.Lock()
	s.run = run
	s.mu.Unlock()
	for i := range rows {
		x := &run.rows[i]
		*x = replaying{batch: run, row: &rows[i]}
		posts := s.replayedPosts(x.row)
		if x.open = len(posts); x.open == 0 { // the switch has written it: it cannot be
			x.open, x.result = 1, result{state: refused, cause: signal.CauseBadContent}
			run.done <- x
		}
		for _, raw := range posts {
			if !s.sendRow(x, link, raw) {
				return false
			}
		}
	}
	return true
}

// sendRow sends a Post of a row, as soon as there is room for it.
func (s *service) sendRow(x *replaying, link appservice.Link, raw []byte) bool {
	for {
		s.mu.Lock()
		if s.conn != link {
			s.mu.Unlock()
			return false
		}
		n := s.token(&ticket{kind: replayedRow, row: x})
		err := link.Send(withHead(raw, n))
		if err == nil {
			x.tokens = append(x.tokens, n)
		} else {
			delete(s.tickets, n)
		}
		s.mu.Unlock()
		if err == nil {
			return true
		}
		<-link.Drained(1 << 20)
	}
}

// forgetRun forgets the tokens of a batch.
func (s *service) forgetRun(run *replayRun) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.run = nil
	for i := range run.rows {
		for _, n := range run.rows[i].tokens {
			delete(s.tickets, n)
		}
	}
}

// answeredRow takes the result of a replayed row.
func (m *Messages) answeredRow(x *replaying, f *appservice.Frame) {
	r := readResult(f)
	if x.state != refused {
		x.result = r // of two posts of one text a refusal stays
	}
	x.batch.done <- x
}

// settled counts a row that the service has stored or refused, and tells the switch.
func (m *Messages) settled(s *service, x *replaying) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.awake(s)
	row := x.row
	c := m.conversation(rowKey(row.Link.Domain, row.Author, row.Receiver))
	m.leave(s, c, int64(len(row.Body))+headRoom+rowCost)
	m.obs.Replayed(x.state.String())
	if x.state == refused {
		m.log.Warn("the Messages service refuses a post of the outbox", "object", s.name(), "cause", int(x.cause))
	}
	late := signal.Stored{Author: m.party(row.Link.Domain, row.Author), ID: row.Key, Cause: x.cause, MID: x.mid, At: x.at}
	late.To = m.party(row.Link.Domain, row.Receiver)
	if row.Group != "" {
		late.To.SIP, late.To.Kind = row.Group, signal.GroupChat
	}
	if late.At.IsZero() {
		late.At = row.At
	}
	numbered := row.Single && s.extended()
	end := result{state: x.state, cause: x.cause, at: late.At}
	if numbered {
		end.mid = x.mid
	}
	m.ended[row.ID] = end
	if x.state == refused || numbered {
		m.runner(c.key).add(func(t *signal.Turn) { m.sw.Stored(t, late) })
	}
	m.tidy(c)
}

// party is an object as it is now, by its address alone where it has gone.
func (m *Messages) party(dom signal.DomainID, id signal.ObjectID) signal.Party {
	a := signal.Address{Domain: dom, Object: id}
	if p, ok := m.dir.Party(a); ok {
		return p
	}
	return signal.Party{Address: a}
}

// remove takes rows out of the store, however long that takes: rows that stay would be
// posted again. When ctx is done it tries once more.
func (m *Messages) remove(ctx context.Context, s *service, ids []int64) {
	for again := true; again && len(ids) > 0; {
		patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		err := m.store.RemoveOutbox(patient, ids)
		cancel()
		if err == nil {
			m.removedRows(ids)
			return
		}
		m.log.Error("the outbox cannot be emptied", "object", s.name(), "err", err)
		again = m.rest(ctx, storePause)
	}
}

// replayedPosts are the Posts of a row, each behind headRoom free bytes: one, or, where
// the service knows only what is published, one for each topic.
func (s *service) replayedPosts(row *outbox.Row) [][]byte {
	if s.extended() {
		raw := make([]byte, headRoom, headRoom+len(row.Body)+32)
		raw = strconv.AppendInt(append(raw, `,"timestamp":`...), row.At.UnixMilli(), 10)
		return [][]byte{append(raw, row.Body...)}
	}
	var doc strictjson.Doc
	if doc.Parse(append([]byte{'{'}, row.Body[1:]...)) != nil {
		return nil // it was written by the switch
	}
	root := doc.Root()
	topics := [][]byte{root.Get("topic").Raw()}
	if list := root.Get("topics"); list.Exists() {
		topics = nil
		for topic := range list.Elements() {
			topics = append(topics, topic.Raw())
		}
	}
	var list [][]byte
	for _, topic := range topics {
		raw := append(make([]byte, headRoom, headRoom+len(row.Body)), `,"type":1`...)
		for _, name := range []string{"author", "notify", "text", "attach"} {
			raw = appendRaw(raw, `,"`+name+`":`, root.Get(name).Raw())
		}
		raw = appendRaw(raw, `,"topic":`, topic)
		list = append(list, append(raw, '}'))
	}
	return list
}
