package pbxmessages

import (
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/signal"
)

// service is a Messages object, its link while that is up, and what waits for it.
type service struct {
	m       *Messages
	address signal.Address
	gone    atomic.Bool // the object is no more

	lane  lane     // guarded by Messages.mu
	again []*group // to be read over the new link; guarded by Messages.groupsMu

	mu       sync.Mutex // guards the following
	conn     appservice.Link
	run      *replayRun // rows whose results are awaited; nil: none
	seen     bool       // it was connected before
	ext      bool       // it knows our extension
	files    string     // where its file links begin; kept while the link is down
	last     uint64     // the newest token
	tickets  map[uint64]*ticket
	sessions map[int64]*session
	polls    map[signal.Address]*poll
}

func newService(m *Messages, a signal.Address) *service {
	return &service{m: m, address: a, tickets: map[uint64]*ticket{}, sessions: map[int64]*session{}, polls: map[signal.Address]*poll{}}
}

var _ appservice.Receiver = (*service)(nil)

// kind is what a ticket is for.
type kind uint8

const (
	oneShot      kind = iota // a request of a client, until its result
	subscription             // SetFilter or Discussion, as long as the session
	opening                  // Session: as long as the session
	posted                   // Post of the switch, until its result
	replayedRow              // Post of the outbox, until its result
	membersRead              // ReadMembers of the switch, until its result
	unreadPoll               // ReadChats of the switch, until its result
)

// ticket is what the switch knows of a token that it has given.
type ticket struct {
	kind    kind
	session *session
	posting *posting
	row     *replaying
	group   *group
	poll    *poll
	src     []byte // as the client wrote it; nil: none
	issued  int64  // Unix nanoseconds
}

// offer is what a service announces (4.9, decision 68): our extension by its id.
type offer struct {
	Extension *struct {
		Version int    `json:"version"`
		Files   string `json:"files"`
	} `json:"com.example.messages.ext"`
}

// Up implements appservice.Receiver.
func (s *service) Up(c appservice.Link) {
	var o offer
	if err := json.Unmarshal(c.APIs(), &o); err != nil {
		o = offer{}
	}
	s.mu.Lock()
	s.conn, s.seen, s.ext = c, true, o.Extension != nil && o.Extension.Version >= 1
	if s.ext {
		s.files = o.Extension.Files
	}
	s.mu.Unlock()
	s.m.mu.Lock()
	s.lane.stalled = false
	s.m.replay(s)
	if s.lane.rows == 0 {
		s.m.flushMarks(s)
	}
	s.m.mu.Unlock()
	s.readAgain()
}

// name is that of the object, for the log.
func (s *service) name() string {
	o, _ := s.m.dir.Object(s.address)
	return o.SIP
}

// Down implements appservice.Receiver: the sessions end (decision 53), once each.
func (s *service) Down(error) {
	s.mu.Lock()
	ended := s.sessions
	s.conn, s.sessions, s.tickets = nil, map[int64]*session{}, map[uint64]*ticket{}
	clear(s.polls)
	for _, x := range ended {
		x.stop()
	}
	if s.run != nil {
		close(s.run.dead)
		s.run = nil
	}
	s.mu.Unlock()
	s.m.mu.Lock()
	s.m.ground(s)
	s.m.mu.Unlock()
	s.groupsDown()
	for _, x := range ended {
		x.guest.lost(x, textNoLink)
	}
}

// Frame implements appservice.Receiver.
func (s *service) Frame(f appservice.Frame) {
	switch {
	case f.Duplicate():
		s.m.obs.Dropped("service_duplicate_name")
	case f.Src == nil, f.MT == "Resolve":
		s.unasked(&f)
	default:
		s.answer(&f)
	}
}

// answer takes what belongs to a token.
func (s *service) answer(f *appservice.Frame) {
	n, ok := parseToken(f.Src)
	if !ok {
		s.m.obs.Dropped("service_foreign_src")
		return
	}
	final := f.MT == appservice.MTError || strings.HasSuffix(f.MT, "Result")
	s.mu.Lock()
	t := s.tickets[n]
	if t == nil {
		s.mu.Unlock()
		s.m.obs.Dropped("service_foreign_src")
		return
	}
	switch {
	case !final:
	case t.kind == oneShot:
		s.take(n, t)
	case t.kind != subscription && t.kind != opening:
		delete(s.tickets, n)
	}
	s.mu.Unlock()
	switch t.kind {
	case opening:
		s.opened(t.session, f)
	case posted, replayedRow:
		s.result(t, f, final)
	case membersRead:
		s.member(t.group, f, final)
	case unreadPoll:
		s.polled(t.poll, f, final)
	default:
		s.toClient(t, f)
	}
}

// result takes what the service says to a Post of the switch.
func (s *service) result(t *ticket, f *appservice.Frame, final bool) {
	switch {
	case !final:
		s.m.obs.Dropped("service_foreign_src")
	case t.kind == posted:
		s.m.answered(t.posting, f)
	default:
		s.m.answeredRow(t.row, f)
	}
}

// take removes the ticket of a one-shot. The caller holds mu.
func (s *service) take(n uint64, t *ticket) {
	delete(s.tickets, n)
	delete(t.session.shots, n)
}

// toClient passes an answer on.
func (s *service) toClient(t *ticket, f *appservice.Frame) {
	x := t.session
	if f.MT == appservice.MTError && string(t.src) == string(x.src) {
		// A12: it would say that the session has gone.
		s.m.obs.Dropped("service_error_on_session")
		return
	}
	keyless := hasKey(f.MT) && !s.m.lics.Licensed(x.guest.owner, licence.ChatAttach)
	if x.guest.own {
		x.guest.send(appendAnswer(nil, f, t.src, 0, keyless))
		return
	}
	x.guest.send(s.m.answer(f, t.src, 0, keyless))
	if f.MT == "ReadChatResult" {
		s.poll(x.guest.owner)
	}
}

// answer is what the service has sent as the client gets it: an Error in its place if
// no client would take as much.
func (m *Messages) answer(f *appservice.Frame, src []byte, session int64, keyless bool) []byte {
	raw := appendAnswer(make([]byte, 0, len(f.Raw)+64), f, src, session, keyless)
	if len(raw) <= appservice.MaxMessage {
		return raw
	}
	m.obs.Dropped("answer_too_long")
	if !strings.HasSuffix(f.MT, "Result") {
		return nil
	}
	return failure(src, codeInternal, textTooLong)
}

// failure is the Error message.
func failure(src []byte, code int, text string) []byte {
	return appservice.AppendError(nil, appservice.Frame{API: appservice.APIPbxMessages, Src: src}, code, text)
}
