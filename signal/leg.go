package signal

import (
	"time"

	"github.com/tandem-switch/tandem/trace"
)

// Leg is a numbered end of a call at a connection, or the inbox of a
// registration. What its owner keeps in it is guarded by the owner's lock.
type Leg struct {
	conn   *Conn
	reg    *Registration
	number int32
	owner  owner // guarded by conn.mu once the leg is entered: it may change hands once

	from     *object // who calls; nil: the client itself, or the switch
	inbox    bool    // the inbox of its registration, from its beginning to its end
	gone     bool    // of an inbox: guarded by conn.inboxMu
	crossed  bool    // not a leg any more: a text crossed the rel of the switch (A1.7)
	answered bool
	spoke    bool      // the client has sent any message on it
	since    time.Time // when it was made

	// in a chat
	side      int       // which person it belongs to
	firstText time.Time // when the first text went to it unanswered
	typing    typing
	parts     *Collector
}

// owner is what a leg belongs to.
type owner interface {
	// handle takes a message of the client on the leg.
	handle(t *Turn, l *Leg, m *Message)
	// lost is told that the connection of the leg is gone.
	lost(t *Turn, l *Leg)
	// cut ends the leg from outside with a rel of the given cause.
	cut(t *Turn, l *Leg, c Cause)
	// traced is what traces call it, and the domains of its two ends. It takes no
	// locks.
	traced() (trace.CallID, [2]int64)
}

func (l *Leg) lost(t *Turn) { l.own().lost(t, l) }

func (l *Leg) cut(t *Turn, c Cause) { l.own().cut(t, l, c) }

func (l *Leg) own() owner {
	l.conn.mu.Lock()
	defer l.conn.mu.Unlock()
	return l.owner
}

// hand gives the leg to another owner; the locks of both are held.
func (l *Leg) hand(to owner) {
	l.conn.mu.Lock()
	defer l.conn.mu.Unlock()
	l.owner = to
}

// send queues a sig object for the client; the owner's lock is held, of an inbox
// that of the chat.
func (l *Leg) send(t *Turn, head, tail []byte) {
	if l.inbox {
		l.conn.inboxMu.Lock()
		defer l.conn.inboxMu.Unlock()
	}
	l.sendHeld(t, head, tail)
}

// sendLater is send for a receipt.
func (l *Leg) sendLater(t *Turn, sig []byte) {
	if l.inbox {
		l.conn.inboxMu.Lock()
		defer l.conn.inboxMu.Unlock()
	}
	if l.gone {
		return
	}
	if l.conn.sw.tracer.On(trace.Frames) {
		l.mark(t)
		defer t.unmark()
	}
	l.conn.ep.SendLater(t, l.reg.src, l.number, sig, nil)
}

// sendHeld is send while the caller holds inboxMu of an inbox.
func (l *Leg) sendHeld(t *Turn, head, tail []byte) {
	if !l.gone {
		l.emit(t, head, tail)
	}
}

// emit queues a sig object on the number of the leg, whether it is live or not.
func (l *Leg) emit(t *Turn, head, tail []byte) {
	if l.conn.sw.tracer.On(trace.Frames) {
		l.mark(t)
		defer t.unmark()
	}
	l.conn.ep.Send(t, l.reg.src, l.number, head, tail)
}

// rel releases the leg with a rel of the switch. The owner's lock is held.
func (l *Leg) rel(t *Turn, c Cause) {
	if l.gone {
		return
	}
	l.send(t, appendRel(t.work.other[:0], c), nil)
	l.free(t, true)
}

// free gives the number back without a rel: the client sent one, or is gone.
func (l *Leg) free(t *Turn, bySwitch bool) {
	if !l.gone {
		l.gone = true
		l.conn.leave(l, t.Now, bySwitch)
		if l.parts != nil {
			l.parts.Reset()
		}
	}
}

// typing limits indications to one per second (decision 42).
type typing struct {
	last time.Time
	on   bool
}

// pass tells whether an indication may go on; the end of one that went on always
// may.
func (p *typing) pass(now time.Time, state Typing) bool {
	if state == TypingOff {
		was := p.on
		p.on = false
		if was {
			return true
		}
	}
	if now.Sub(p.last) < time.Second {
		return false
	}
	p.last, p.on = now, state == TypingOn
	return true
}
