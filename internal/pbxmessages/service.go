package pbxmessages

import (
	"encoding/json"
	"strings"
	"sync"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/signal"
)

// extension is the id under which a service announces what this switch says beyond
// the published protocol (4.9, decision 68).
const extension = "com.example.messages.ext"

// service is a Messages object, its link while that is up, and what waits for it.
type service struct {
	m       *Messages
	address signal.Address

	mu       sync.Mutex // guards the following
	conn     appservice.Link
	ext      bool   // it knows our extension
	files    string // where its file links begin; kept while the link is down
	last     uint64 // the newest token
	tickets  map[uint64]*ticket
	sessions map[int64]*session
}

func newService(m *Messages, a signal.Address) *service {
	return &service{m: m, address: a, tickets: map[uint64]*ticket{}, sessions: map[int64]*session{}}
}

var _ appservice.Receiver = (*service)(nil)

// kind is what a ticket is for.
type kind uint8

const (
	oneShot      kind = iota // a request of a client, until its result
	subscription             // SetFilter or Discussion, as long as the session
	opening                  // Session: as long as the session
)

// ticket is what the switch knows of a token that it has given.
type ticket struct {
	kind    kind
	session *session
	src     []byte // as the client wrote it; nil: none
	order   uint64 // of one-shots, to find the oldest
	issued  int64  // Unix nanoseconds
}

// offer is what a service announces under the extension.
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
	s.conn, s.ext = c, o.Extension != nil && o.Extension.Version >= 1
	if s.ext {
		s.files = o.Extension.Files
	}
	s.mu.Unlock()
}

// Down implements appservice.Receiver: the sessions end (decision 53), once each.
func (s *service) Down(error) {
	s.mu.Lock()
	ended := s.sessions
	s.conn, s.sessions, s.tickets = nil, map[int64]*session{}, map[uint64]*ticket{}
	for _, x := range ended {
		x.stop()
	}
	s.mu.Unlock()
	for _, x := range ended {
		x.guest.lost(x, textNoLink)
	}
}

// Frame implements appservice.Receiver.
func (s *service) Frame(f appservice.Frame) {
	switch {
	case f.Duplicate():
		s.m.obs.Dropped("service_duplicate_name")
	case f.Src == nil:
		s.unasked(&f)
	default:
		s.answer(&f)
	}
}

// unasked takes what the service says by itself.
func (s *service) unasked(f *appservice.Frame) {
	s.m.obs.Dropped("service_unknown_mt")
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
	if final && t.kind == oneShot {
		s.take(n, t)
	}
	s.mu.Unlock()
	switch t.kind {
	case opening:
		s.opened(t.session, f)
	default:
		s.toClient(t, f)
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
	x.guest.send(s.m.answer(f, t.src, 0))
}

// answer is what the service has sent as the client gets it: an Error in its place if
// no client would take as much.
func (m *Messages) answer(f *appservice.Frame, src []byte, session int64) []byte {
	raw := appendAnswer(make([]byte, 0, len(f.Raw)+64), f, src, session)
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
