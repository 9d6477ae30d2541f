package edge

import (
	"context"
	"errors"
	"net/netip"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/internal/ws"
	"github.com/tandem-switch/tandem/signal"
	"github.com/tandem-switch/tandem/trace"
)

// conn is one WebSocket connection, from its upgrade to its end.
//
// Its fields belong to the reading goroutine unless they say otherwise. That
// goroutine changes once, after login and registration: the new one has a small
// stack for the rest of the connection's life.
type conn struct {
	edge *Edge
	ws   *ws.Conn
	id   string     // in traces, lists and logs
	from netip.Addr // the client, behind trusted proxies
	host string     // what the client called us
	door door

	turn    *signal.Turn // nil between socket reads
	scratch *scratch     // with the turn
	odd     appservice.Tolerance
	sess    atomic.Pointer[session] // nil before the login; set by authorising sessions too
	second  bool                    // the reading goroutine is the second one
	frames  uint8                   // since the login, until second
	ending  atomic.Bool             // a close was sent: nothing more is handled

	done  chan struct{} // closed at the end
	timer life          // guarded by the wheel and atomics, see life.go
	press pressure
	waits atomic.Bool // on the list of those with a text that waits, see later.go
}

// door is what differs between the entrances. message handles a frame without
// api, before and after the login; its error ends the connection.
type door interface {
	name() string
	message(c *conn, f appservice.Frame) error
	ended(c *conn)
}

// scratch is what a turn needs and nobody needs between turns.
type scratch struct{ doc strictjson.Doc }

// errEnded ends Serve after the connection has decided to close.
var errEnded = errors.New("edge: connection closed by the switch")

// connContext is a conn as context of its turns: it ends with the connection and
// knows the turn, so that no context is made for a message. It is used on the
// reading goroutine, and by others only as long as a turn waits for them.
type connContext conn

var _ context.Context = (*connContext)(nil)

type connKey struct{}

func (c *conn) context() context.Context { return (*connContext)(c) }

// Deadline implements context.Context.
func (x *connContext) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done implements context.Context.
func (x *connContext) Done() <-chan struct{} { return x.done }

// Err implements context.Context.
func (x *connContext) Err() error {
	select {
	case <-x.done:
		return context.Canceled
	default:
		return nil
	}
}

// Value implements context.Context: it knows the turn and the connection.
func (x *connContext) Value(key any) any {
	switch key {
	case signal.TurnKey():
		return x.turn
	case connKey{}:
		return (*conn)(x)
	}
	return nil
}

// origin is the connection whose frames a turn handles, nil for timers.
func origin(t *signal.Turn) *conn {
	if t == nil {
		return nil
	}
	if x, ok := t.Context().(*connContext); ok {
		return (*conn)(x)
	}
	c, _ := t.Context().Value(connKey{}).(*conn)
	return c
}

// run serves the connection until it ends or changes goroutines.
func (c *conn) run() {
	switch err := c.serve(); {
	case errors.Is(err, ws.ErrSwitch):
		c.second = true
		go c.run()
	default:
		c.finish(err)
	}
}

// serve reads until something ends it. A panic ends this connection only.
func (c *conn) serve() (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.panicked(p)
			err = errEnded
		}
	}()
	return c.ws.Serve(c)
}

// panicked counts and logs a panic and closes the connection with 1011.
func (c *conn) panicked(p any) {
	c.edge.drop("panic")
	c.edge.log.Error("a connection failed", "conn", c.id, "panic", p, "stack", string(debug.Stack()))
	c.ending.Store(true)
	c.ws.Close(appservice.CloseInternal, "internal error "+c.id)
}

// finish runs once, at the end of the connection.
func (c *conn) finish(err error) {
	defer c.edge.forget(c)
	defer func() {
		if p := recover(); p != nil {
			c.panicked(p)
			c.ws.Abort()
		}
	}()
	c.edge.log.Debug("connection ended", "conn", c.id, "door", c.door.name(), "reason", err)
	if reason := faultOf(err); reason != "" {
		c.edge.drop(reason)
	}
	c.begin()
	c.door.ended(c)
	c.endSession()
	close(c.done)
	c.TurnEnd()
}

// faultOf is the label under which the end of a connection is counted that the
// websocket layer has closed because of its client.
func faultOf(err error) string {
	switch {
	case errors.Is(err, ws.ErrTooBig):
		return "too_big"
	case errors.Is(err, ws.ErrUTF8):
		return "bad_utf8"
	case errors.Is(err, ws.ErrProtocol):
		return "websocket_protocol"
	}
	return ""
}

// begin starts a turn unless one runs.
func (c *conn) begin() *signal.Turn {
	if c.turn == nil {
		c.turn = signal.NewTurn(c.context(), c.edge.clock.Now())
		c.scratch = c.edge.scratch.Get().(*scratch)
		c.timer.heard(c.turn.Now)
	}
	return c.turn
}

// TurnEnd implements ws.Handler: everything of one socket read is handled. It
// sends what the turn queued for others, then waits for those that are behind.
func (c *conn) TurnEnd() {
	if c.turn == nil { // a ping, or a part of a message
		c.timer.heard(c.edge.clock.Now())
		return
	}
	t := c.turn
	c.scratch.doc.Reset()
	c.edge.scratch.Put(c.scratch)
	c.scratch, c.turn = nil, nil
	if t.Held() {
		c.timer.held.Store(true)
		defer c.timer.held.Store(false)
	}
	t.End(c.context())
}

// Message implements ws.Handler.
func (c *conn) Message(text []byte) error {
	if c.ending.Load() {
		return errEnded
	}
	c.begin()
	c.edge.metrics.FrameIn()
	f, err := appservice.ParseFrame(&c.scratch.doc, text)
	if c.edge.tracer.On(trace.Frames) {
		c.traceIn(text, f)
	}
	if err != nil {
		return c.unreadable(err)
	}
	err = c.handle(f)
	c.traced()
	if err != nil {
		return err
	}
	return c.settle(f.MT)
}

// newcomer is after how many frames of a session the goroutine changes at the
// latest.
const newcomer = 16

// settle moves to the second goroutine once the client has registered: what comes
// then is the small talk of a long life, and needs a small stack.
func (c *conn) settle(mt string) error {
	if c.second || c.sess.Load() == nil {
		return nil
	}
	if c.frames++; c.frames < newcomer && mt != "Register" {
		return nil
	}
	c.TurnEnd()
	return ws.ErrSwitch
}

// unreadable handles a text that is no frame (appwebsocket.md 1.4 rule 6,
// decisions 2, 7).
func (c *conn) unreadable(err error) error {
	c.dropped(reasonOf(err))
	if errors.Is(err, appservice.ErrObsolete) && c.sess.Load() == nil {
		return c.close(appservice.ClosePolicy, "obsolete protocol")
	}
	if code := c.odd.Excuse(err); code != 0 {
		return c.close(code, "not a message")
	}
	return nil
}

// reasonOf is the label under which an unreadable text is counted.
func reasonOf(err error) string {
	switch {
	case errors.Is(err, appservice.ErrDuplicateName):
		return "duplicate_name"
	case errors.Is(err, appservice.ErrObsolete):
		return "obsolete_protocol"
	case errors.Is(err, appservice.ErrNoMT):
		return "no_mt"
	case errors.Is(err, appservice.ErrNotObject):
		return "not_object"
	}
	return "bad_json"
}

// handle takes one frame.
func (c *conn) handle(f appservice.Frame) error {
	if f.MT == appservice.MTKeepAlive {
		return c.send(appservice.AppendKeepAlive(nil, f))
	}
	if c.sess.Load() == nil && c.edge.ends() {
		c.dropped("shutdown")
		return c.close(appservice.CloseShutdown, reasonDrained)
	}
	if f.API == "" {
		if f.Duplicate() {
			c.dropped("duplicate_name")
			return nil
		}
		return c.door.message(c, f)
	}
	s := c.sess.Load()
	if s == nil {
		return c.refuse(f, "before_login", appservice.TextNotLoggedIn)
	}
	return c.call(s, f)
}

// call hands a frame to its API (appwebsocket.md 2.5).
func (c *conn) call(s *session, f appservice.Frame) error {
	api := s.last
	if api == nil || s.lastName != f.API {
		api = c.edge.apis[f.API]
		switch {
		case !s.principal.Allows(f.API) && known(f.API):
			return c.notAllowed(f)
		case api == nil:
			return c.refuse(f, "unknown_api", appservice.TextUnknownMT)
		}
		s.last, s.lastName = api, f.API
	}
	if err := api.Handle(c.context(), s, f); err != nil {
		return c.failed(f, err)
	}
	return nil
}

// notAllowed answers a frame for an API that exists, but not for this login:
// Register and Attach with err in their result, everything else with Error (A12).
func (c *conn) notAllowed(f appservice.Frame) error {
	if f.API == appservice.APIPbxSignal && f.MT == "Register" || f.API == appservice.APIEpSignal && f.MT == "Attach" {
		c.dropped("api_not_allowed")
		return c.answer(f, refused{MT: f.MT + "Result", Err: "not allowed"})
	}
	return c.refuse(f, "api_not_allowed", appservice.TextNotAllowed)
}

// refused is the result of a Register or Attach that is not allowed (decision 26).
type refused struct {
	MT  string `json:"mt"`
	Err string `json:"err"`
}

// known tells whether the protocol has an API of this name.
func known(api string) bool {
	switch api {
	case appservice.APIPbxSignal, appservice.APIPbxApi, appservice.APIPbxMessages,
		appservice.APIPbxAdminApi, appservice.APIPbxTableUsers, appservice.APIPbxImpersonation,
		appservice.APIEpSignal, appservice.APIRCC, appservice.APIServices:
		return true
	}
	return false
}

// failed answers what an API returned.
func (c *conn) failed(f appservice.Frame, err error) error {
	var answer *appservice.Error
	switch {
	case errors.Is(err, appservice.ErrUnknownMT):
		return c.refuse(f, "unknown_mt", appservice.TextUnknownMT)
	case errors.As(err, &answer):
		return c.answerError(f, answer.Code, answer.Text)
	}
	c.edge.drop("api_failed")
	c.edge.log.Error("an API failed", "conn", c.id, "api", f.API, "mt", f.MT, "err", err)
	return c.close(appservice.CloseInternal, "internal error "+c.id)
}

// refuse traces a frame that is not handled and answers it with Error if it has
// a src (decision 8).
func (c *conn) refuse(f appservice.Frame, reason, text string) error {
	c.dropped(reason)
	return c.answerError(f, 1, text)
}

func (c *conn) answerError(f appservice.Frame, code int, text string) error {
	if f.Src == nil {
		return nil
	}
	return c.send(appservice.AppendError(nil, f, code, text))
}

// Binary implements ws.Handler (appwebsocket.md 1.3).
func (c *conn) Binary() error {
	c.begin()
	c.dropped("binary")
	if c.sess.Load() == nil {
		return c.close(appservice.CloseBinary, "text only")
	}
	return nil
}

// Pong implements ws.Handler. Pings for liveness are empty; the others belong to
// the APIs.
func (c *conn) Pong(payload []byte) {
	c.begin()
	if s := c.sess.Load(); s != nil && len(payload) > 0 {
		c.logged("pong", c.edge.mux.Pong(c.context(), s, payload))
	}
}

// logged notes what an API did wrong where there is nobody to tell.
func (c *conn) logged(what string, err error) {
	if err != nil {
		c.edge.drop("api_failed")
		c.edge.log.Error("an API failed", "conn", c.id, "in", what, "err", err)
	}
}

// send queues a text for the own client.
func (c *conn) send(text []byte) error {
	if err := c.queue(c.turn, text); err != nil {
		c.ending.Store(true)
		return errEnded
	}
	return nil
}

// answer sends v as the answer to f, with its src if it has one.
func (c *conn) answer(f appservice.Frame, v any) error {
	text, err := appservice.AppendReply(nil, f, v)
	if err != nil {
		return err
	}
	return c.send(text)
}

// unopened ends the connection of a login that could not become a session.
func (c *conn) unopened(err error) error {
	if errors.Is(err, errGone) {
		return c.close(appservice.ClosePolicy, "disabled")
	}
	return c.close(appservice.CloseInternal, "internal error "+c.id)
}

// close ends the connection with a code, behind what is queued. Its error ends
// the reading.
func (c *conn) close(code int, reason string) error {
	c.ending.Store(true)
	c.ws.Close(code, reason)
	return errEnded
}
