package service

import (
	"context"
	"strings"
	"sync"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/trace"
)

// link is one connection that has logged in.
type link struct {
	s       *Service
	peer    appservice.Session
	domain  *domain
	trusted bool // the Messages object itself: speaks for everybody
	name    string
	out     *outbox
	posts   *lane         // of the switch: posts and marks in order
	control *lane         // what the switch asks on its own behalf
	running chan struct{} // one token for each request that runs
	own     *session      // of a link that is not trusted
	askPeer *asks         // what we ask the switch

	ctx    context.Context
	cancel context.CancelFunc
	ended  sync.WaitGroup

	mu       sync.Mutex // guards the following
	sessions map[int64]*session
	shares   map[string]*share // by shareKey
	waiting  int               // bytes of requests that wait or run
	groups   map[messages.ConvID]bool
	closed   bool
}

func newLink(s *Service, peer appservice.Session, d *domain, trusted bool) *link {
	l := &link{
		s: s, peer: peer, domain: d, trusted: trusted, name: appservice.LoginOf(peer).SIP,
		running:  make(chan struct{}, maxRunning),
		sessions: map[int64]*session{}, shares: map[string]*share{}, groups: map[messages.ConvID]bool{},
	}
	l.out = newOutbox(peer, s.config.Observer.Dropped)
	l.askPeer = newAsks(l)
	l.ctx, l.cancel = context.WithCancel(s.ctx)
	l.posts = &lane{link: l, bound: maxPosting}
	l.control = &lane{link: l, bound: maxWaiting}
	l.ended.Go(func() { l.out.run(l.ctx) })
	return l
}

// close ends everything of the link. It does not block.
func (l *link) close() {
	l.mu.Lock()
	l.closed = true
	sessions := make([]*session, 0, len(l.sessions))
	for _, x := range l.sessions {
		sessions = append(sessions, x)
	}
	clear(l.sessions)
	l.mu.Unlock()
	l.cancel()
	l.note("link ended", l.name, "")
	for _, x := range sessions {
		x.end()
	}
	l.domain.leave(l)
}

// session is the one with this number; on a link that is not trusted always its
// own, whatever the message says (4.2).
func (l *link) session(id int64) *session {
	if !l.trusted {
		return l.own
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sessions[id]
}

// add begins a session. One with the same number ends.
func (l *link) add(x *session) error {
	l.mu.Lock()
	before := l.sessions[x.id]
	switch {
	case l.closed:
		l.mu.Unlock()
		return appservice.ErrClosed
	case before == nil && len(l.sessions) >= maxSessions:
		l.mu.Unlock()
		return messages.Errorf(messages.Quota, "There are too many sessions on this link.")
	}
	l.sessions[x.id] = x
	l.mu.Unlock()
	x.lane.share = l.shareOf(x.shareKey())
	if before != nil {
		before.end()
	}
	l.s.count(0, 1)
	return nil
}

// remove ends a session.
func (l *link) remove(id int64) {
	l.mu.Lock()
	x := l.sessions[id]
	delete(l.sessions, id)
	l.mu.Unlock()
	if x != nil {
		x.end()
	}
}

// forget removes a session that has not begun.
func (l *link) forget(x *session) {
	l.mu.Lock()
	mine := l.sessions[x.id] == x
	if mine {
		delete(l.sessions, x.id)
	}
	l.mu.Unlock()
	if mine {
		x.end()
	}
}

// watches reports whether the switch wants to know of changes of a group.
func (l *link) watches(g messages.ConvID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.groups[g]
}

func (l *link) watch(g messages.ConvID) {
	l.mu.Lock()
	l.groups[g] = true
	l.mu.Unlock()
}

// tell sends what the switch must know: changes of groups, which are rare.
func (l *link) tell(raw []byte) {
	l.trace(trace.Out, raw)
	l.out.put(raw)
}

// news sends what answers nothing, if there is room.
func (l *link) news(raw []byte, reason string) bool {
	if !l.out.offer(raw) {
		l.s.config.Observer.Dropped(reason)
		return false
	}
	l.trace(trace.Out, raw)
	return true
}

// trace shows a message of the link under Signalling.
func (l *link) trace(d trace.Dir, raw []byte) {
	if l.s.config.Tracer.On(trace.Signalling) {
		l.s.config.Tracer.Note(trace.Event{
			Flags: trace.Signalling, Dir: d, Frame: raw,
			Peer: peerOf(l.peer),
		})
	}
}

// isGroup reads the number of a group out of its name, "<object>?g<number>".
func (d *domain) isGroup(sip string) (messages.ConvID, bool) {
	object, rest, ok := strings.Cut(sip, "?g")
	if !ok || !strings.EqualFold(object, d.object) {
		return 0, false
	}
	n, ok := digits(rest)
	return messages.ConvID(n), ok && n > 0
}

// digits reads a decimal number without signs and leading zeros.
func digits(s string) (n int64, ok bool) {
	if s == "" || len(s) > 15 || (s[0] == '0' && len(s) > 1) {
		return 0, false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return n, true
}
