package pbxapi

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"strconv"
	"sync"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
	"github.com/tandem-switch/tandem/trace"
)

// PbxSignal is the API of registrations and calls (appwebsocket.md 3).
type PbxSignal struct {
	sw    *signal.Switch
	lines sync.Map // appservice.Session -> *line, of sessions that keep nothing themselves
}

// The name of the API and its messages.
const (
	NameSignal    = "PbxSignal"
	mtRegister    = "Register"
	mtSignaling   = "Signaling"
	errNotAllowed = "not allowed"
)

// NewSignal makes the API on a switch.
func NewSignal(sw *signal.Switch) *PbxSignal { return &PbxSignal{sw: sw} }

var (
	_ appservice.API    = (*PbxSignal)(nil)
	_ appservice.Closer = (*PbxSignal)(nil)
	_ appservice.Ponger = (*PbxSignal)(nil)
	_ signal.Endpoint   = (*line)(nil)
)

// Name implements appservice.API.
func (p *PbxSignal) Name() string { return NameSignal }

// Handle implements appservice.API.
func (p *PbxSignal) Handle(ctx context.Context, s appservice.Session, f appservice.Frame) error {
	switch f.MT {
	case mtSignaling:
		inTurn(ctx, func(t *signal.Turn) { p.signaling(t, s, &f) })
		return nil
	case mtRegister:
		var err error
		inTurn(ctx, func(t *signal.Turn) { err = p.register(t, s, &f) })
		return err
	}
	return appservice.ErrUnknownMT
}

// inTurn runs f in the turn of the context, or in one of its own.
func inTurn(ctx context.Context, f func(t *signal.Turn)) {
	if t := signal.TurnFrom(ctx); t != nil {
		f(t)
		return
	}
	signal.RunTurn(ctx, f)
}

// Closed implements appservice.Closer: registrations and calls end with the
// session.
func (p *PbxSignal) Closed(ctx context.Context, s appservice.Session) {
	if l := p.known(s); l != nil {
		p.lines.Delete(s)
		inTurn(ctx, func(t *signal.Turn) { l.conn.Close(t) })
	}
}

// Pong implements appservice.Ponger.
func (p *PbxSignal) Pong(ctx context.Context, s appservice.Session, payload []byte) {
	n, ok := parseProbe(payload)
	if !ok {
		return
	}
	if l := p.known(s); l != nil {
		inTurn(ctx, func(t *signal.Turn) { l.conn.Pong(t, n) })
	}
}

// line is a session as the switch knows it.
type line struct {
	sess  appservice.Session
	parts partSender  // sess, if it takes texts in pieces
	later laterSender // sess, if texts may wait in it
	conn  *signal.Conn
}

// keeper is a session that keeps what an API knows of it: quicker than a map of
// all sessions.
type keeper interface {
	Keep(api appservice.API, v any)
	Kept(api appservice.API) any
}

// known is the line of a session that has used the API, nil if it has not.
func (p *PbxSignal) known(s appservice.Session) *line {
	var v any
	if k, ok := s.(keeper); ok {
		v = k.Kept(p)
	} else {
		v, _ = p.lines.Load(s)
	}
	l, _ := v.(*line)
	return l
}

func (p *PbxSignal) line(s appservice.Session) *line {
	if l := p.known(s); l != nil {
		return l
	}
	l := &line{sess: s}
	l.parts, _ = s.(partSender)
	l.later, _ = s.(laterSender)
	l.conn = p.sw.Connect(l)
	if k, ok := s.(keeper); ok {
		k.Keep(p, l)
	} else {
		p.lines.Store(s, l)
	}
	return l
}

// register answers a Register (3.1): the result first, then what the
// registration brings with it.
func (p *PbxSignal) register(t *signal.Turn, s appservice.Session, f *appservice.Frame) error {
	who := appservice.PrincipalOf(s)
	if !who.Allows(NameSignal) {
		return p.registerResult(t, s, string(f.Src), errNotAllowed)
	}
	l := p.line(s)
	claim := signal.Claim{
		Address: signal.Address{Domain: signal.DomainID(who.DomainID), Object: signal.ObjectID(who.ObjectID)},
		Src:     string(f.Src),
		HW:      f.Get("hw").String(),
		Flags:   signal.ParseFlags(f.Get("flags").String()),
	}
	r, err := l.conn.Register(t, claim)
	if err != nil {
		return p.registerResult(t, s, claim.Src, refusal(err))
	}
	if err := p.registerResult(t, s, claim.Src, ""); err != nil {
		return err
	}
	l.conn.Opened(t, r)
	return nil
}

func refusal(err error) string {
	if r, ok := errors.AsType[signal.Refusal](err); ok {
		return string(r)
	}
	return "internal error"
}

func (p *PbxSignal) registerResult(t *signal.Turn, s appservice.Session, src, refused string) error {
	return s.Send(t.Context(), appservice.Frame{Raw: appendResult(nil, src, refused)})
}

func appendResult(b []byte, src, refused string) []byte {
	b = append(b, `{"api":"PbxSignal","mt":"RegisterResult"`...)
	if src != "" {
		b = append(append(b, `,"src":`...), src...)
	}
	if refused != "" {
		b = strictjson.AppendString(append(b, `,"err":`...), refused)
	}
	return append(b, '}')
}

// signaling hands one Signal message to the switch.
func (p *PbxSignal) signaling(t *signal.Turn, s appservice.Session, f *appservice.Frame) {
	l := p.line(s)
	number, ok := f.Get("call").Int64()
	if !ok || number != int64(int32(number)) {
		l.conn.RouteMalformed(t, string(f.Src), 0, &t.Msg, signal.CauseProtocolError)
		return
	}
	m, err := signal.Decode(f.Get("sig"))
	m.Duplicate = f.Duplicate()
	t.Msg = m
	if err != nil && !m.Duplicate {
		l.conn.RouteMalformed(t, string(f.Src), int32(number), &t.Msg, signal.CauseOf(err))
		return
	}
	l.conn.Route(t, f.Src, int32(number), &t.Msg)
}

// partSender is a session that takes a text in pieces: the body of a fan-out is
// copied once for each receiver, from where it was encoded.
type partSender interface {
	SendParts(t *signal.Turn, parts ...[]byte) error
}

// laterSender is a session in whose queue a text may wait for company.
type laterSender interface {
	SendLater(t *signal.Turn, parts ...[]byte) error
}

// Send implements signal.Endpoint. What cannot be queued closes the connection:
// its end is told by Closed.
func (l *line) Send(t *signal.Turn, src string, call int32, head, tail []byte) {
	l.write(t, src, call, head, tail)
	if l.parts != nil {
		_ = l.parts.SendParts(t, t.Parts...)
		return
	}
	_ = l.sess.Send(t.Context(), appservice.Frame{Raw: bytes.Join(t.Parts, nil)})
}

// SendLater implements signal.Endpoint.
func (l *line) SendLater(t *signal.Turn, src string, call int32, head, tail []byte) {
	if l.later == nil {
		l.Send(t, src, call, head, tail)
		return
	}
	l.write(t, src, call, head, tail)
	_ = l.later.SendLater(t, t.Parts...)
}

// write puts the pieces of a Signaling message into t.Parts.
func (l *line) write(t *signal.Turn, src string, call int32, head, tail []byte) {
	b := append(t.Buf[:0], `{"api":"PbxSignal","mt":"Signaling"`...)
	if src != "" {
		b = append(append(b, `,"src":`...), src...)
	}
	b = strconv.AppendInt(append(b, `,"call":`...), int64(call), 10)
	t.Buf = append(b, `,"sig":`...)
	t.Parts = append(t.Parts[:0], t.Buf, head, tail, closing)
}

var closing = []byte{'}'}

// Ping implements signal.Endpoint.
func (l *line) Ping(t *signal.Turn, n uint32) {
	if p, ok := l.sess.(appservice.Pinger); ok {
		var b [5]byte
		_ = p.Ping(t.Context(), appendProbe(b[:0], n))
	}
}

const probeMark = 'd'

func appendProbe(b []byte, n uint32) []byte {
	return binary.BigEndian.AppendUint32(append(b, probeMark), n)
}

func parseProbe(b []byte) (uint32, bool) {
	if len(b) != 5 || b[0] != probeMark {
		return 0, false
	}
	return binary.BigEndian.Uint32(b[1:]), true
}

// Unregistered implements signal.Endpoint.
func (l *line) Unregistered(t *signal.Turn, src, err string) {
	_ = l.sess.Send(t.Context(), appservice.Frame{Raw: appendResult(nil, src, err)})
}

// Name implements signal.Endpoint.
func (l *line) Name() string {
	if n, ok := l.sess.(interface{ Name() string }); ok {
		return n.Name()
	}
	return ""
}

// Peer implements signal.Endpoint.
func (l *line) Peer() trace.Peer {
	if p, ok := l.sess.(interface{ Peer() trace.Peer }); ok {
		return p.Peer()
	}
	who := appservice.PrincipalOf(l.sess)
	return trace.Peer{
		Conn: l.Name(), Domain: who.DomainID, Object: who.ObjectID, DomainName: who.Domain, ObjectName: who.SIP,
	}
}

// From is the IP address of the client; signal.RegistrationInfo shows it.
func (l *line) From() string {
	if p, ok := l.sess.(interface{ From() string }); ok {
		return p.From()
	}
	return ""
}
