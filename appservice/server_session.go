package appservice

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/internal/ws"
	"github.com/tandem-switch/tandem/trace"
)

// errEnded ends ws.Conn.Serve after the close frame has been queued.
var errEnded = errors.New("appservice: connection closed by the service")

// errTooBig is a message that no peer would take.
var errTooBig = fmt.Errorf("appservice: message longer than %d bytes", MaxMessage)

// holdAbove is how many bytes may be queued before the peer is no longer read:
// half of what ends the connection.
const holdAbove = 512 << 10

// serverSession is one connection of a Server, and from the login on its session.
// What Message, Binary, Pong and TurnEnd touch belongs to the reading goroutine;
// sending is safe from anywhere.
type serverSession struct {
	server *Server
	conn   *ws.Conn
	peer   string // for the log and the trace
	ctx    context.Context
	cancel context.CancelFunc

	doc       strictjson.Doc
	acceptor  *Acceptor
	tolerance Tolerance
	accepted  *Accepted // nil before the login; not changed after it
	loggedIn  atomic.Bool
	inTurn    atomic.Bool  // TurnEnd is going to flush
	held      atomic.Bool  // the reader waits in hold
	released  atomic.Int64 // when it last came out, in Unix nanoseconds

	recv    chan Frame
	serving sync.WaitGroup // the goroutine of ServerConfig.Serve
}

func newServerSession(ctx context.Context, s *Server, conn *ws.Conn, peer string) *serverSession {
	c := &serverSession{
		server: s, conn: conn, peer: peer, recv: make(chan Frame, recvQueue),
		acceptor: NewAcceptor(AcceptorConfig{Host: s.config.Host, Domain: s.config.Domain, Source: s.config.Challenge}),
	}
	c.ctx, c.cancel = context.WithCancel(ctx)
	return c
}

// serve reads the connection until it ends.
func (c *serverSession) serve() {
	stop := c.watch()
	why := c.conn.Serve(c)
	stop()
	c.cancel()
	c.server.config.Log.Debug("connection ended", "peer", c.peer, "reason", why)
	c.serving.Wait()
	if c.accepted == nil {
		return
	}
	if err := c.server.mux.Closed(context.WithoutCancel(c.ctx), c); err != nil {
		c.server.config.Log.Error("end of session", "peer", c.peer, "error", err)
	}
}

// Message implements ws.Handler.
func (c *serverSession) Message(text []byte) error {
	defer c.doc.Reset()
	c.inTurn.Store(true)
	c.trace(trace.In, text)
	f, err := ParseFrame(&c.doc, text)
	switch {
	case err != nil:
		return c.malformed(err)
	case c.accepted == nil:
		return c.step(c.acceptor.Handle(c.ctx, f))
	}
	return c.frame(f)
}

// trace shows a frame, from the login on with who is at the other end.
func (c *serverSession) trace(d trace.Dir, text []byte) {
	tracer := c.server.config.Tracer
	if !tracer.On(trace.AppWebsocket) {
		return
	}
	peer := trace.Peer{Conn: c.peer}
	if c.loggedIn.Load() {
		who := &c.accepted.Account.Principal
		peer.Domain, peer.Object, peer.DomainName, peer.ObjectName = who.DomainID, who.ObjectID, who.Domain, who.SIP
	}
	tracer.Note(trace.Event{Flags: trace.AppWebsocket, Peer: peer, Dir: d, Frame: text})
}

func (c *serverSession) malformed(err error) error {
	if code := c.tolerance.Excuse(err); code != 0 {
		return c.end(code, "malformed message")
	}
	return nil
}

// step does what the acceptor says.
func (c *serverSession) step(s Step) error {
	if s.Reply != nil {
		if err := c.Send(c.ctx, Frame{Raw: s.Reply}); err != nil {
			return err
		}
	}
	if s.Failed != "" {
		c.server.config.Log.Info("login failed", "peer", c.peer, "reason", s.Failed)
	}
	if s.CloseCode != 0 {
		return c.end(s.CloseCode, s.Reason)
	}
	if s.Accepted != nil {
		return c.start(s.Accepted)
	}
	return nil
}

// start makes a session of the connection.
func (c *serverSession) start(a *Accepted) error {
	c.accepted = a
	c.loggedIn.Store(true)
	c.conn.SetReadLimit(c.server.config.MaxMessage)
	if err := c.server.mux.Open(c.ctx, c); err != nil {
		return c.internal(err)
	}
	if c.server.config.Serve != nil {
		c.serving.Go(c.serveAuthor)
	}
	return nil
}

func (c *serverSession) serveAuthor() {
	defer func() {
		if v := recover(); v != nil {
			c.server.config.Log.Error("session", "peer", c.peer, "panic", v)
			c.close(CloseInternal, "internal error")
			return
		}
		c.close(CloseNormal, "")
	}()
	c.server.config.Serve(c.ctx, c)
}

// frame handles a message after the login.
func (c *serverSession) frame(f Frame) error {
	if f.API == "" {
		switch f.MT {
		case MTAppInfo:
			return c.Reply(f, c.appInfo(f.Get("app").String()))
		case MTPbxInfo:
			return c.pbxInfo(f)
		case MTAppCheckLogin:
			return c.step(c.acceptor.Handle(c.ctx, f))
		}
	}
	if c.forRecv(f) {
		return c.push(f.Clone())
	}
	if err := c.server.mux.Dispatch(c.ctx, c, f); err != nil {
		return c.internal(err)
	}
	return nil
}

// forRecv tells whether f goes to ServerConfig.Serve.
func (c *serverSession) forRecv(f Frame) bool {
	base := f.MT == MTKeepAlive || (f.API == "" && f.MT == MTCheckBuild)
	return c.server.config.Serve != nil && !base && !c.server.mux.Has(f.API)
}

// push hands a frame to Recv. A full queue holds the connection's reader, and so
// the peer.
func (c *serverSession) push(f Frame) error {
	select {
	case c.recv <- f:
		return nil
	default:
	}
	c.inTurn.Store(false)
	c.conn.Flush()
	taken := c.hold(func(end <-chan struct{}) bool {
		select {
		case c.recv <- f:
			return true
		case <-end:
			return false
		}
	})
	if !taken {
		return errEnded
	}
	return nil
}

func (c *serverSession) appInfo(app string) AppInfoResult {
	h, ok := c.server.config.Host.(AppInformer)
	if !ok {
		return AppInfoResult{App: app}
	}
	r := h.AppInfo(c.ctx, c, app)
	if r.App == "" {
		r.App = app
	}
	return r
}

func (c *serverSession) pbxInfo(f Frame) error {
	h, ok := c.server.config.Host.(PbxListener)
	if !ok {
		return nil
	}
	var info PbxInfo
	if err := f.Decode(&info); err != nil {
		return ReplyError(c.ctx, c, f, 1, "malformed PbxInfo")
	}
	h.PbxInfo(c.ctx, c, info)
	return nil
}

// Binary implements ws.Handler: not for us (decision 7).
func (c *serverSession) Binary() error {
	if c.accepted == nil {
		return c.end(CloseBinary, "text only")
	}
	return nil
}

// Pong implements ws.Handler.
func (c *serverSession) Pong(payload []byte) {
	if c.accepted == nil {
		return
	}
	if err := c.server.mux.Pong(c.ctx, c, payload); err != nil {
		c.server.config.Log.Error("pong", "peer", c.peer, "error", err)
	}
}

// TurnEnd implements ws.Handler. A peer that asks faster than it takes the answers
// is not read until it has taken them.
func (c *serverSession) TurnEnd() {
	c.inTurn.Store(false)
	c.conn.Flush()
	if c.conn.Queued() < holdAbove {
		return
	}
	drained := c.conn.Drained(holdAbove / 2)
	c.hold(func(end <-chan struct{}) bool {
		select {
		case <-drained:
		case <-end:
		}
		return true
	})
}

// internal ends the connection for a fault that is not the peer's.
func (c *serverSession) internal(err error) error {
	if errors.Is(err, ErrClosed) || errors.Is(err, ErrQueueFull) {
		return err
	}
	c.server.config.Log.Error("session", "peer", c.peer, "error", err)
	return c.end(CloseInternal, "internal error")
}

func (c *serverSession) end(code int, reason string) error {
	c.conn.Close(code, reason)
	return errEnded
}
