package pbxmessages

import (
	"context"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/signal"
)

// guest is a connection of a client, which may have several sessions.
type guest struct {
	m     *Messages
	sess  appservice.Session
	who   appservice.Principal
	owner signal.Address
	out   outlet
	own   bool // the switch itself: answers may be as long as the link lets them

	mu       sync.Mutex // guards the following; taken alone
	sessions []*session // the newest last
	failed   time.Time  // when an Error about a session was sent last
}

// keeper is a session that keeps what an API knows of it; those of the doors and of
// links do.
type keeper interface {
	Keep(api appservice.API, v any)
	Kept(api appservice.API) any
}

func (m *Messages) guest(s appservice.Session) *guest {
	k, keeps := s.(keeper)
	if keeps {
		if g, ok := k.Kept(m).(*guest); ok {
			return g
		}
	}
	who := appservice.PrincipalOf(s)
	g := &guest{m: m, sess: s, who: who, owner: signal.Address{Domain: signal.DomainID(who.DomainID), Object: signal.ObjectID(who.ObjectID)}}
	g.out.g = g
	if keeps {
		k.Keep(m, g)
	}
	return g
}

// Name implements appservice.API.
func (m *Messages) Name() string { return appservice.APIPbxMessages }

// Handle implements appservice.API.
func (m *Messages) Handle(ctx context.Context, s appservice.Session, f appservice.Frame) error {
	g := m.guest(s)
	switch {
	case f.Duplicate():
		return &appservice.Error{Code: codeParameter, Text: textTwice}
	case f.MT == "Session":
		return g.open(ctx, &f)
	case reserved(f.MT):
		m.obs.Dropped("reserved_mt")
		return appservice.ErrUnknownMT
	}
	x := g.session(f.Src)
	if x == nil {
		return g.noSession(ctx, &f)
	}
	return g.forward(ctx, x, &f)
}

// Closed implements appservice.Closer: the sessions end with the connection.
func (m *Messages) Closed(_ context.Context, s appservice.Session) {
	k, ok := s.(keeper)
	if !ok {
		return
	}
	if g, ok := k.Kept(m).(*guest); ok {
		g.close()
	}
}

// close ends all sessions.
func (g *guest) close() {
	g.mu.Lock()
	list := g.sessions
	g.sessions = nil
	g.mu.Unlock()
	for _, x := range list {
		x.svc.end(x)
	}
	g.out.close()
}

// session is the one that a message with this src belongs to: that which was asked for
// with the same src, or the newest (decision 52). nil: none.
func (g *guest) session(src []byte) *session {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.sessions) == 0 {
		return nil
	}
	for _, x := range g.sessions {
		if src != nil && string(x.src) == string(src) {
			return x
		}
	}
	return g.sessions[len(g.sessions)-1]
}

// open serves Session (decisions 52 and 53).
func (g *guest) open(ctx context.Context, f *appservice.Frame) error {
	m, now := g.m, g.m.clock.Now()
	old, soon, full := g.replaced(f.Src, now)
	if old != nil {
		old.svc.end(old)
	}
	switch {
	case soon:
		return g.error(ctx, f.Src, textTooSoon)
	case full:
		return g.error(ctx, f.Src, textTooMany)
	}
	s := m.storeOf(g.owner)
	if s == nil {
		return g.error(ctx, f.Src, textNoStore)
	}
	x := &session{guest: g, svc: s, shots: map[uint64]*ticket{}, subs: map[string]uint64{}}
	if f.Src != nil {
		x.src = append([]byte{}, f.Src...)
	}
	g.mu.Lock()
	g.sessions = append(g.sessions, x)
	g.mu.Unlock()
	if !s.begin(x, f) {
		g.remove(x)
		return g.error(ctx, f.Src, textNoLink)
	}
	return nil
}

// replaced takes out the session that was asked for with the same src. soon: an Error
// was sent a moment ago. full: there are enough others.
func (g *guest) replaced(src []byte, now time.Time) (old *session, soon, full bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	soon = !g.failed.IsZero() && now.Sub(g.failed) < errorPause
	for i, x := range g.sessions {
		if string(x.src) == string(src) && (x.src == nil) == (src == nil) {
			g.sessions = append(g.sessions[:i:i], g.sessions[i+1:]...)
			return x, soon, false
		}
	}
	return nil, soon, len(g.sessions) >= g.m.limits.Sessions
}

// remove takes a session out; false if it has gone before.
func (g *guest) remove(x *session) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range g.sessions {
		if g.sessions[i] == x {
			g.sessions = append(g.sessions[:i:i], g.sessions[i+1:]...)
			return true
		}
	}
	return false
}

// error sends Error, about a session that is not there.
func (g *guest) error(ctx context.Context, src []byte, text string) error {
	g.mu.Lock()
	g.failed = g.m.clock.Now()
	g.mu.Unlock()
	return g.sess.Send(ctx, appservice.Frame{Raw: failure(src, codeNotAllowed, text)})
}

// noSession answers a message that belongs to no session (decision 53).
func (g *guest) noSession(ctx context.Context, f *appservice.Frame) error {
	return g.error(ctx, f.Src, textNoSession)
}

// lost tells the client that a session has gone, unless it has ended it itself.
func (g *guest) lost(x *session, text string) {
	if !g.remove(x) {
		return
	}
	g.mu.Lock()
	g.failed = g.m.clock.Now()
	g.mu.Unlock()
	g.send(failure(x.src, codeNotAllowed, text))
}

// send passes a message on to the client, from any goroutine. nil is none.
func (g *guest) send(raw []byte) {
	if raw != nil {
		g.out.send(raw)
	}
}

// reply answers a request that is not passed on.
func (g *guest) reply(ctx context.Context, raw []byte) error {
	return g.sess.Send(ctx, appservice.Frame{Raw: raw})
}

// forward passes a request on to the service.
func (g *guest) forward(ctx context.Context, x *session, f *appservice.Frame) error {
	if forbidden(f) {
		g.m.obs.Dropped("forbidden_post")
		return g.reply(ctx, refusal(nil, f, codeNotAllowed, textNotYours))
	}
	if need := feature(f); need != "" && !g.m.lics.Licensed(g.owner, need) {
		return g.reply(ctx, refusal(nil, f, codeNotAllowed, textNotLicensed))
	}
	switch err := x.svc.forward(ctx, x, f); err {
	case "":
		return nil
	case textNoSession:
		return g.noSession(ctx, f)
	default:
		return &appservice.Error{Code: codeQuota, Text: err}
	}
}

// forward passes a request of the session on; what is wrong, or nothing.
func (s *service) forward(ctx context.Context, x *session, f *appservice.Frame) (wrong string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x.over || s.conn == nil {
		return textNoSession
	}
	n, fresh, ok := s.ticketFor(x, f)
	if !ok {
		s.m.obs.Dropped("too_many_requests")
		return textTooMany
	}
	r := request{token: n, user: x.guest.who.SIP, session: x.id, author: f.MT == "Post" || f.MT == "Update"}
	if v := f.Get("filterSrc"); v.Exists() {
		r.filterSrc = x.subs[string(v.Raw())]
	}
	raw := appendRequest(make([]byte, 0, len(f.Raw)+128), f, r)
	switch {
	case len(raw) > s.longest():
		wrong = textTooLong
	case s.conn.Send(raw) != nil:
		wrong = textBusy
	}
	if wrong != "" && fresh {
		s.withdraw(x, n)
	}
	s.hold(ctx)
	return wrong
}

// longest is how much the service takes in one message (decision 5).
func (s *service) longest() int {
	if s.ext {
		return appservice.MaxMessageLink
	}
	return appservice.MaxMessage
}

// ticketFor finds or makes the ticket of a request. The caller holds mu.
func (s *service) ticketFor(x *session, f *appservice.Frame) (n uint64, fresh, ok bool) {
	var src []byte
	if f.Src != nil {
		src = append(src, f.Src...)
	}
	subscribes := f.MT == "SetFilter" || f.MT == "Discussion"
	if known := x.subs[string(src)]; known != 0 && (subscribes || f.MT == "GetMore") {
		return known, false, true // GetMore goes on with the filter of its src
	}
	if len(s.tickets) >= s.m.limits.Tickets {
		return 0, false, false
	}
	if subscribes {
		if len(x.subs) >= s.m.limits.Subscriptions {
			return 0, false, false
		}
		n = s.token(&ticket{kind: subscription, session: x, src: src})
		x.subs[string(src)] = n
		return n, true, true
	}
	if len(x.shots) >= s.m.limits.Requests && !s.expireShot(x) {
		return 0, false, false
	}
	t := &ticket{kind: oneShot, session: x, src: src}
	n = s.token(t)
	x.shots[n] = t
	return n, true, true
}

// expireShot makes place by forgetting the oldest request if it has waited for long.
// The caller holds mu.
func (s *service) expireShot(x *session) bool {
	oldest := uint64(0)
	for n := range x.shots {
		if oldest == 0 || n < oldest {
			oldest = n
		}
	}
	t := x.shots[oldest]
	if t == nil || s.m.clock.Now().UnixNano()-t.issued < int64(ticketLife) {
		return false
	}
	s.take(oldest, t)
	s.m.obs.Dropped("request_unanswered")
	return true
}

// withdraw takes back the ticket of a request that was not sent. The caller holds mu.
func (s *service) withdraw(x *session, n uint64) {
	t := s.tickets[n]
	delete(s.tickets, n)
	delete(x.shots, n)
	if t.kind == subscription {
		delete(x.subs, string(t.src))
	}
}

// holdAbove is how much may wait for a service before clients that ask for more are
// not read any further.
const holdAbove = 4 << 20

// hold makes the client wait at the end of its turn while the service is behind. The
// caller holds mu.
func (s *service) hold(ctx context.Context) {
	if t := signal.TurnFrom(ctx); t != nil && s.conn.Queued() > holdAbove {
		t.Hold(congestion{s.conn})
	}
}

// congestion is a service that is behind.
type congestion struct{ conn appservice.Link }

// Wait implements signal.Waiter.
func (c congestion) Wait(ctx context.Context) {
	select {
	case <-c.conn.Drained(holdAbove / 2):
	case <-ctx.Done():
	}
}
