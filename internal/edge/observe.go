package edge

import (
	"bytes"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
	"github.com/tandem-switch/tandem/trace"
)

// peer says in traces who is connected.
func (c *conn) peer() trace.Peer {
	if s := c.sess.Load(); s != nil {
		return s.Peer()
	}
	return trace.Peer{Conn: c.id}
}

// Peer is who is connected, for traces.
func (s *session) Peer() trace.Peer {
	p := &s.principal
	return trace.Peer{
		Conn: s.conn.id, Domain: p.DomainID, Object: p.ObjectID, DomainName: p.Domain, ObjectName: p.SIP,
	}
}

// flags are those under which a frame of the connection is traced: as a frame, and
// as a message of a client. Of app objects the latter are logins and Signaling.
func (c *conn) flags(api string) trace.Flag {
	if s := c.sess.Load(); s != nil && s.principal.IsApp && api != "" && api != appservice.APIPbxSignal {
		return trace.WebSocket
	}
	return trace.Frames
}

// traceIn shows a frame that came in, at once or, where the switch will know more
// about it, when it does: see done.
func (c *conn) traceIn(text []byte, f appservice.Frame) {
	e := trace.Event{Flags: c.flags(f.API), Peer: c.peer(), Dir: trace.In, Frame: text}
	if f.API != appservice.APIPbxSignal || f.MT != "Signaling" || c.sess.Load() == nil {
		c.edge.tracer.Note(e)
		return
	}
	number, _ := f.Get("call").Int64()
	e.Leg = trace.Leg{Reg: string(f.Src), Number: int32(number)}
	c.turn.Heard = c.edge.tracer.Hold(e)
}

// traced ends what traceIn has begun: the frame was handled.
func (c *conn) traced() {
	if t := c.turn; t != nil && t.Heard != nil {
		t.Heard.Done()
		t.Heard = nil
	}
}

// traceOut shows a frame that goes out, behind the one that has caused it.
func (c *conn) traceOut(t *signal.Turn, parts [][]byte) {
	if !c.edge.tracer.On(trace.Frames) {
		return
	}
	e := trace.Event{Peer: c.peer(), Dir: trace.Out, Frame: bytes.Join(parts, nil)}
	if t != nil {
		t.Heard.Done()
		e.Leg = t.Leg
	}
	var doc strictjson.Doc
	f, _ := appservice.ParseFrame(&doc, e.Frame)
	e.Flags = c.flags(f.API)
	c.edge.tracer.Note(e)
}

// dropped counts a frame that is not handled and shows why; traceIn has shown the
// frame.
func (c *conn) dropped(reason string) {
	c.edge.drop(reason)
	if c.edge.tracer.On(trace.Frames) {
		c.traced()
		c.edge.tracer.Note(trace.Event{Flags: trace.Frames, Peer: c.peer(), Dir: trace.In, Reason: reason})
	}
}

// drop counts something that was refused or ended, by its reason.
func (e *Edge) drop(reason string) { e.metrics.Dropped(reason) }
