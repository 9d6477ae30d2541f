package pbxmessages

import (
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
)

// A service without our extension does not tell how many messages somebody has not
// read: after what may have changed that it is asked (decision 65).
const (
	pollPause = time.Second // between two questions for one person
	maxPolls  = 1000        // people who are asked for at a time; more are left out
)

// poll is the question for one person. service.mu guards it.
type poll struct {
	user  signal.Address
	sum   int64
	again bool // something has changed since it was asked
}

// poll asks how many messages somebody has not read, a moment later where that is
// being asked already.
func (s *service) poll(a signal.Address) {
	p, ok := s.m.dir.Party(a)
	if s.m.badge == nil || !ok || s.extended() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if asked := s.polls[a]; asked != nil {
		asked.again = true
		return
	}
	if s.conn == nil || len(s.polls) >= maxPolls {
		return
	}
	q := &poll{user: a}
	n := s.token(&ticket{kind: unreadPoll, poll: q})
	raw := appendToken([]byte(`{"mt":"ReadChats","src":`), n)
	raw = strictjson.AppendString(append(raw, `,"user":`...), p.SIP)
	raw = strictjson.AppendString(append(raw, `,"topic":`...), p.SIP)
	if s.conn.Send(append(raw, `,"unread":true}`...)) != nil {
		delete(s.tickets, n)
		return
	}
	s.polls[a] = q
}

// polled takes what the service says to such a question.
func (s *service) polled(q *poll, f *appservice.Frame, final bool) {
	if n, ok := number(f.Get("unread")); !final {
		if ok {
			s.mu.Lock()
			q.sum = min(q.sum+n, maxNumber)
			s.mu.Unlock()
		}
		return
	}
	s.mu.Lock()
	delete(s.polls, q.user)
	again, sum := q.again, q.sum
	s.mu.Unlock()
	if again {
		s.m.clock.AfterFunc(pollPause, func() { s.poll(q.user) })
	}
	if failed := f.Get("error"); f.MT != appservice.MTError && !failed.Exists() {
		s.m.tell(keyOf(q.user, q.user), func(t *signal.Turn) { s.m.badge(t, q.user, sum) })
	}
}
