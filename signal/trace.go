package signal

import "github.com/tandem-switch/tandem/trace"

// Frames pass the doors, but to which call they belong is known here. A door that
// traces leaves the frame that came in at Turn.Heard, and finds at Turn.Leg where a
// frame belongs that goes out. While nothing is traced none of this is touched.

// drop counts and traces what a client said and what is not passed on: on a leg,
// or nil where there is none (yet).
func (c *Conn) drop(t *Turn, l *Leg, reason string) {
	c.sw.obs.Dropped(reason)
	if !c.sw.tracer.On(trace.Frames) {
		return
	}
	if l == nil && t.Heard != nil {
		t.Heard.Drop(reason)
		return
	}
	e := trace.Event{Flags: trace.Frames, Peer: c.ep.Peer(), Dir: trace.In, Reason: reason}
	if l != nil {
		l.heard(t)
		e.Leg = l.traced(t)
	}
	c.sw.tracer.Note(e)
}

func (l *Leg) drop(t *Turn, reason string) { l.conn.drop(t, l, reason) }

// heard says that the frame which the turn handles belongs to the leg.
func (l *Leg) heard(t *Turn) {
	if t.Heard != nil {
		t.Heard.Belongs(l.traced(t))
	}
}

// traced is the leg as traces show it. An inbox belongs to the chat that the turn
// is about.
func (l *Leg) traced(t *Turn) trace.Leg {
	x := trace.Leg{Reg: l.reg.src, Number: l.number}
	switch {
	case l.crossed:
		x.Call, x.Ends = t.work.chat.traced()
	case !l.inbox:
		x.Call, x.Ends = l.own().traced()
	case t.work.chat != nil:
		x.Call, x.Ends = t.work.chat.traced()
	}
	return x
}

// traced implements owner.
func (k *Call) traced() (trace.CallID, [2]int64) {
	return k.id, [2]int64{int64(k.from.Domain), k.toDomain.Load()}
}

// traced implements owner.
func (k *chatCall) traced() (trace.CallID, [2]int64) { return k.chat.traced() }

// traced implements owner: an inbox is no call.
func (*inboxOwner) traced() (trace.CallID, [2]int64) { return 0, [2]int64{} }

func (c *Chat) traced() (trace.CallID, [2]int64) {
	return c.id, [2]int64{int64(c.key[0].Domain), int64(c.key[1].Domain)}
}

// send queues a sig object on a number that carries no call.
func (c *Conn) send(t *Turn, src string, number int32, sig []byte) {
	if c.sw.tracer.On(trace.Frames) {
		t.Leg = trace.Leg{Reg: src, Number: number}
		defer t.unmark()
	}
	c.ep.Send(t, src, number, sig, nil)
}

// mark notes which leg the next frame goes to; whoever calls it calls unmark.
func (l *Leg) mark(t *Turn) { t.Leg = l.traced(t) }

func (t *Turn) unmark() { t.Leg = trace.Leg{} }
