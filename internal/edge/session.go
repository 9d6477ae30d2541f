package edge

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/signal"
)

// session is one login on one connection, as the APIs see it. It ends with the
// connection, or before it with Logout.
type session struct {
	conn      *conn
	principal appservice.Principal
	login     appservice.Login
	over      atomic.Bool
	key       string // session key, empty without one; a secret

	// the API of the last frame: of nearly all that come; for the reading goroutine
	last     appservice.API
	lastName string
	kept     []kept
}

// kept is what an API knows of a session.
type kept struct {
	api appservice.API
	v   any
}

// Keep stores what an API knows of the session; Kept returns it. Both are for the
// reading goroutine.
func (s *session) Keep(api appservice.API, v any) { s.kept = append(s.kept, kept{api, v}) }

// Kept returns what Keep stored, nil if nothing.
func (s *session) Kept(api appservice.API) any {
	for i := range s.kept {
		if s.kept[i].api == api {
			return s.kept[i].v
		}
	}
	return nil
}

var (
	_ appservice.Session = (*session)(nil)
	_ appservice.Pinger  = (*session)(nil)
)

// App implements appservice.Session.
func (s *session) App() string { return s.principal.App }

// Name identifies the connection in traces, lists and logs.
func (s *session) Name() string { return s.conn.id }

// From is the IP address of the client.
func (s *session) From() string { return s.conn.from.String() }

// Queued is how many bytes wait for the client.
func (s *session) Queued() int { return s.conn.ws.Queued() }

// Drained returns a channel that is closed once fewer than below bytes wait for
// the client, or its connection has ended.
func (s *session) Drained(below int) <-chan struct{} { return s.conn.ws.Drained(below) }

// Principal is on whose behalf the session acts; appservice.PrincipalOf asks it.
func (s *session) Principal() appservice.Principal { return s.principal }

// Login is what the client logged in with; appservice.LoginOf asks it.
func (s *session) Login() appservice.Login { return s.login }

// SessionKey is the key of the login; appservice.KeyOf asks it.
func (s *session) SessionKey() string { return s.key }

// Recv implements appservice.Session: frames go to the APIs alone.
func (s *session) Recv(context.Context) (appservice.Frame, error) {
	return appservice.Frame{}, appservice.ErrNoRecv
}

// Send implements appservice.Session. With a turn in ctx the text leaves at the
// end of the turn, otherwise at once. Where the client is behind, the connection
// that the turn reads from is held. f.Raw may be reused when Send returns.
func (s *session) Send(ctx context.Context, f appservice.Frame) error {
	if s.over.Load() {
		return appservice.ErrClosed
	}
	return s.conn.queue(signal.TurnFrom(ctx), f.Raw)
}

// SendParts is Send of a text that stands in several pieces.
func (s *session) SendParts(t *signal.Turn, parts ...[]byte) error {
	if s.over.Load() {
		return appservice.ErrClosed
	}
	return s.conn.queue(t, parts...)
}

// SendLater is SendParts of a text that may wait for company, as receipts may: it
// leaves with the next text to this client, whoever sends that, at the latest after
// Limits.ReceiptWait. It keeps its place in the order of texts.
func (s *session) SendLater(t *signal.Turn, parts ...[]byte) error {
	if s.over.Load() {
		return appservice.ErrClosed
	}
	return s.conn.queueLater(t, parts...)
}

// Reply implements appservice.Session. It sends at once.
func (s *session) Reply(req appservice.Frame, v any) error {
	text, err := appservice.AppendReply(nil, req, v)
	if err != nil {
		return err
	}
	return s.Send(context.Background(), appservice.Frame{Raw: text})
}

// Ping implements appservice.Pinger. The payload must not be empty: empty pongs
// are those of the liveness pings.
func (s *session) Ping(ctx context.Context, payload []byte) error {
	if s.over.Load() {
		return appservice.ErrClosed
	}
	return s.conn.queuePing(signal.TurnFrom(ctx), payload)
}

// Close implements appservice.Session.
func (s *session) Close(reason string) error {
	s.conn.ws.Close(appservice.CloseNormal, reason)
	return nil
}

// errGone ends a login whose object has gone meanwhile.
var errGone = errors.New("edge: the object is gone")

// openSession makes the login known to the APIs. An API that does not want it
// ends the connection. It runs on the reading goroutine of the connection, or,
// for a login that another session confirms, on that one's.
func (c *conn) openSession(ctx context.Context, p appservice.Principal, l appservice.Login, key string) error {
	s := &session{conn: c, principal: p, login: l, key: key}
	if err := c.edge.mux.Open(ctx, s); err != nil {
		c.logged("open", err)
		c.logged("closed", c.edge.mux.Closed(ctx, s))
		return err
	}
	c.sess.Store(s)
	c.ws.SetReadLimit(int64(c.edge.lim.MessageAfter))
	c.edge.wheel.spare(c)
	c.settled(true)
	c.edge.people.add(addressOf(p), c)
	c.edge.metrics.LoggedIn(c.door.name())
	if _, ok := c.edge.dir.Party(addressOf(p)); !ok {
		return errGone // disabled or deleted while the login was checked
	}
	return nil
}

// endSession ends the login, if there is one: registrations and calls end with
// it (A12).
func (c *conn) endSession() {
	s := c.sess.Swap(nil)
	if s == nil {
		return
	}
	s.over.Store(true)
	c.edge.people.remove(addressOf(s.principal), c)
	c.settled(false)
	c.logged("closed", c.edge.mux.Closed(c.context(), s))
}

// settled keeps the count of connections without login.
func (c *conn) settled(loggedIn bool) {
	c.timer.pending.Store(!loggedIn)
	c.edge.caps.settled(c.from, loggedIn)
}
