package pbxmessages

import (
	"strconv"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/strictjson"
)

// session is one of PbxMessages: of one connection, at one service. All but guest, src
// and id belong to service.mu.
type session struct {
	guest *guest
	svc   *service
	src   []byte // of Session, as the client wrote it; nil: none
	id    int64

	token uint64 // of Session
	over  bool
	live  bool // SessionResult has come
	timer clock.Timer
	shots map[uint64]*ticket // requests that wait for their result
	subs  map[string]uint64  // tokens of subscriptions, by the src of the client
}

// stop ends the timer; the caller holds service.mu.
func (x *session) stop() {
	x.over = true
	if x.timer != nil {
		x.timer.Stop()
	}
}

// begin asks the service for a session. False if the link is down or behind.
func (s *service) begin(x *session, f *appservice.Frame) bool {
	o, ok := s.m.dir.Object(x.guest.owner)
	if !ok {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil || len(s.tickets) >= s.m.limits.Tickets {
		return false
	}
	for x.id == 0 || s.sessions[x.id] != nil {
		x.id = int64(s.m.newID() & (1<<sessionBits - 1))
	}
	n := s.token(&ticket{kind: opening, session: x, src: x.src})
	raw := appendToken([]byte(`{"mt":"Session","src":`), n)
	raw = strictjson.AppendString(append(raw, `,"user":`...), o.SIP)
	raw = strictjson.AppendString(append(raw, `,"dn":`...), o.DisplayName())
	raw = strconv.AppendInt(append(raw, `,"session":`...), x.id, 10)
	if s.ext {
		raw = strictjson.AppendString(append(raw, `,"guid":`...), o.GUID)
		if flags := f.Get("flags"); flags.Kind() == strictjson.String {
			raw = append(append(raw, `,"flags":`...), flags.Raw()...)
		}
	}
	if s.conn.Send(append(raw, '}')) != nil {
		delete(s.tickets, n)
		return false
	}
	s.sessions[x.id], x.token = x, n
	x.timer = s.m.clock.AfterFunc(openLimit, func() { s.expire(x) })
	return true
}

// token gives the ticket a number. The caller holds mu.
func (s *service) token(t *ticket) uint64 {
	s.last++
	t.issued = s.m.clock.Now().UnixNano()
	s.tickets[s.last] = t
	return s.last
}

// expire gives up a session that the service has not opened in time.
func (s *service) expire(x *session) {
	s.mu.Lock()
	late := !x.over && !x.live
	s.mu.Unlock()
	if late {
		s.fail(x, textNoAnswer)
	}
}

// opened takes what the service says on the token of a Session: its result, events,
// or that it has gone.
func (s *service) opened(x *session, f *appservice.Frame) {
	switch f.MT {
	case appservice.MTError:
		if s.forget(x) {
			x.guest.lost(x, textNoSession)
		}
	case "SessionResult":
		s.mu.Lock()
		first := !x.over && !x.live
		if first {
			x.live = true
			x.timer.Stop()
		}
		s.mu.Unlock()
		if !first {
			s.m.obs.Dropped("service_foreign_src")
			return
		}
		x.guest.send(s.m.answer(f, x.src, x.id, false))
	default:
		x.guest.send(s.m.answer(f, x.src, 0, false))
	}
}

// forget takes a session out, with all that waits for its answers. False if it has
// gone before.
func (s *service) forget(x *session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x.over || s.sessions[x.id] != x {
		return false
	}
	x.stop()
	delete(s.sessions, x.id)
	delete(s.tickets, x.token)
	for n := range x.shots {
		delete(s.tickets, n)
	}
	for _, n := range x.subs {
		delete(s.tickets, n)
	}
	return true
}

// end is forget, and tells the service if it wants to know.
func (s *service) end(x *session) bool {
	if !s.forget(x) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil && s.ext {
		raw := strconv.AppendInt([]byte(`{"mt":"SessionEnd","session":`), x.id, 10)
		_ = s.conn.Send(append(raw, '}')) // a full queue: the service learns it when the link ends
	}
	return true
}

// fail ends a session and tells both sides.
func (s *service) fail(x *session, text string) {
	if s.end(x) {
		x.guest.lost(x, text)
	}
}

// list is all sessions.
func (s *service) list() []*session {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*session, 0, len(s.sessions))
	for _, x := range s.sessions {
		list = append(list, x)
	}
	return list
}
