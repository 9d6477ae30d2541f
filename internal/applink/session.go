package applink

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/trace"
)

// How many bytes may wait for a service.
const (
	maxQueue = 1 << 20 // answers of APIs; more end the connection
	maxConn  = 8 << 20 // what a Receiver sends; more is refused
)

// session is a connected service as the APIs see it: it acts as its object. Sending
// never blocks: a goroutine of its own writes what is queued.
type session struct {
	who appservice.Principal

	mu      sync.Mutex // guards the following
	key     string     // a secret
	client  *appservice.Client
	queue   []queued
	size    int // bytes of API answers that wait
	conn    int // bytes of a Receiver that wait
	over    bool
	more    chan struct{} // capacity 1: there is something in the queue
	drained []drained

	kept map[appservice.API]any // of the reading goroutine
}

// queued is a message that waits to be written.
type queued struct {
	raw []byte
	api bool // an answer of an API
}

// drained is somebody who waits until less of a Receiver's waits.
type drained struct {
	below int
	done  chan struct{}
}

var _ appservice.Session = (*session)(nil)

func newSession(l *link) *session {
	return &session{
		more: make(chan struct{}, 1), kept: map[appservice.API]any{},
		who: appservice.Principal{
			DomainID: int64(l.as.address.Domain), ObjectID: int64(l.as.address.Object), Domain: l.as.login.Domain,
			SIP: l.as.login.SIP, IsApp: true, App: l.as.login.SIP, APIs: l.as.apis,
		},
	}
}

// begin starts to write.
func (s *session) begin(client *appservice.Client) {
	s.mu.Lock()
	s.client = client
	s.mu.Unlock()
	go s.write(client)
}

// end drops what waits.
func (s *session) end(error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over, s.queue, s.size, s.conn = true, nil, 0, 0
	s.wakeDrained()
}

func (s *session) write(client *appservice.Client) {
	for {
		select {
		case <-client.Done():
			return
		case <-s.more:
		}
		for list := s.take(); len(list) > 0; {
			n := min(len(list), maxTogether)
			if client.SendAll(context.Background(), texts(list[:n])) != nil {
				return // its end shows in Done
			}
			s.written(list[:n])
			list = list[n:]
		}
	}
}

func (s *session) take() []queued {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.queue
	s.queue = nil
	return list
}

// maxTogether is how many messages leave together.
const maxTogether = 128

func texts(list []queued) [][]byte {
	raws := make([][]byte, len(list))
	for i := range list {
		raws[i] = list[i].raw
	}
	return raws
}

// written takes messages off what waits.
func (s *session) written(list []queued) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	for _, q := range list {
		if q.api {
			s.size -= len(q.raw)
		} else {
			s.conn -= len(q.raw)
		}
	}
	s.wakeDrained()
}

// wakeDrained tells those who have waited long enough. The caller holds mu.
func (s *session) wakeDrained() {
	rest := s.drained[:0]
	for _, d := range s.drained {
		if s.over || s.conn < d.below {
			close(d.done)
			continue
		}
		rest = append(rest, d)
	}
	s.drained = rest
}

// errTooLong is a message that the service would not take; the link goes on.
var errTooLong = errors.New("applink: message too long")

// Send implements appservice.Session. The text is copied.
func (s *session) Send(_ context.Context, f appservice.Frame) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.over:
		return appservice.ErrClosed
	case len(f.Raw) > appservice.MaxMessage:
		return errTooLong
	case s.size+len(f.Raw) > maxQueue:
		s.over = true
		if s.client != nil {
			go func(c *appservice.Client) { _ = c.Close("slow") }(s.client)
		}
		return appservice.ErrQueueFull
	}
	s.size += len(f.Raw)
	s.push(queued{append([]byte(nil), f.Raw...), true})
	return nil
}

// push queues a message. The caller holds mu.
func (s *session) push(q queued) {
	s.queue = append(s.queue, q)
	select {
	case s.more <- struct{}{}:
	default:
	}
}

// Reply implements appservice.Session.
func (s *session) Reply(req appservice.Frame, v any) error {
	return appservice.ReplyTo(context.Background(), s, req, v)
}

// Recv implements appservice.Session: frames go to the APIs alone.
func (s *session) Recv(context.Context) (appservice.Frame, error) {
	return appservice.Frame{}, appservice.ErrNoRecv
}

// Close implements appservice.Session.
func (s *session) Close(reason string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client != nil {
		go func(c *appservice.Client) { _ = c.Close(reason) }(s.client)
	}
	return nil
}

// App implements appservice.Session.
func (s *session) App() string { return s.who.App }

// Name identifies the session in traces and lists.
func (s *session) Name() string { return "link:" + s.who.SIP + "@" + s.who.Domain }

// Peer is who is connected, for traces.
func (s *session) Peer() trace.Peer {
	w := &s.who
	return trace.Peer{Conn: s.Name(), Domain: w.DomainID, Object: w.ObjectID, DomainName: w.Domain, ObjectName: w.SIP}
}

// Principal is as what the service acts.
func (s *session) Principal() appservice.Principal { return s.who }

// SessionKey is the key of the login of the switch.
func (s *session) SessionKey() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.key
}

func (s *session) setKey(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key = key
}

// Keep and Kept are for the APIs, on the reading goroutine.
func (s *session) Keep(api appservice.API, v any) { s.kept[api] = v }

// Kept returns what Keep stored.
func (s *session) Kept(api appservice.API) any { return s.kept[api] }

// bound is an API in the hands of a link: it sees the session of the link instead of
// the connection, which would block it.
type bound struct {
	appservice.API
	s *session
}

// absent is an API of the protocol that the switch does not have: it knows no
// message, so that a service that asks gets Error and does not wait (decision 8).
type absent string

// Name implements appservice.API.
func (a absent) Name() string { return string(a) }

// Handle implements appservice.API.
func (a absent) Handle(context.Context, appservice.Session, appservice.Frame) error {
	return appservice.ErrUnknownMT
}

// protocolAPIs are the APIs that a service may ask for on its link.
func protocolAPIs() []string {
	return []string{
		appservice.APIPbxSignal, appservice.APIPbxApi, appservice.APIPbxMessages,
		appservice.APIPbxAdminApi, appservice.APIPbxTableUsers, appservice.APIPbxImpersonation,
		appservice.APIEpSignal, appservice.APIRCC, appservice.APIServices,
	}
}

// bind makes the APIs see s. Messages without api are not theirs here.
func (s *session) bind(apis []appservice.API) []appservice.API {
	var list []appservice.API
	for _, api := range apis {
		if api.Name() != "" {
			list = append(list, bound{api, s})
		}
	}
	for _, name := range protocolAPIs() {
		if !slices.ContainsFunc(list, func(api appservice.API) bool { return api.Name() == name }) {
			list = append(list, bound{absent(name), s})
		}
	}
	return list
}

// Handle implements appservice.API.
func (b bound) Handle(ctx context.Context, _ appservice.Session, f appservice.Frame) error {
	err := b.API.Handle(ctx, b.s, f)
	var refused *appservice.Error
	switch {
	case errors.Is(err, appservice.ErrUnknownMT):
		return appservice.ReplyError(ctx, b.s, f, 1, appservice.TextUnknownMT)
	case errors.As(err, &refused):
		return appservice.ReplyError(ctx, b.s, f, refused.Code, refused.Text)
	}
	return err
}

// Open implements appservice.Opener.
func (b bound) Open(ctx context.Context, _ appservice.Session) error {
	if o, ok := b.API.(appservice.Opener); ok {
		return o.Open(ctx, b.s)
	}
	return nil
}

// Closed implements appservice.Closer.
func (b bound) Closed(ctx context.Context, _ appservice.Session) {
	if c, ok := b.API.(appservice.Closer); ok {
		c.Closed(ctx, b.s)
	}
}
