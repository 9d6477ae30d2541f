package appservice

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/internal/ws"
	"github.com/tandem-switch/tandem/trace"
)

// linkFlags: the frames of a link are traffic of the app service, and raw frames of
// the switch, to whoever traces either.
const linkFlags = trace.AppWebsocket | trace.WebSocket

const (
	linkQueue      = 1024            // frames that wait for Recv
	keepAlivePause = 5 * time.Second // see answerKeepAlive
)

// link is the client end of a connection: one goroutine reads and hands answers
// to the calls that wait for them, everything else to Recv.
type link struct {
	ws      *ws.Client
	peer    trace.Peer
	tracer  *trace.Tracer
	maxSend int
	discard bool                                                 // nobody calls Recv
	receive func(Frame)                                          // instead of Recv; nil = none
	handle  func(context.Context, Frame) (taken bool, err error) // before Recv; nil = none
	ended   func()                                               // after the last frame; nil = none

	recv   chan Frame
	done   chan struct{} // closed when the reader has ended
	cancel context.CancelFunc
	heard  atomic.Int64 // when the peer was heard of last, in Unix nanoseconds

	mu        sync.Mutex // guards the following
	pending   map[string]*call
	order     []*call // pending in order, for answers without src
	number    uint64
	err       error
	keepAlive time.Time // when one was sent last, asked for or not
}

// linkOptions are common to Dial and DialMyApps.
type linkOptions struct {
	tracer    *trace.Tracer
	peer      trace.Peer
	maxSend   int // 0 = MaxMessage
	discard   bool
	receive   func(Frame)
	ping      time.Duration
	keepAlive time.Duration
	netDial   func(ctx context.Context, network, addr string) (net.Conn, error)
}

func newLink(o linkOptions, url string) *link {
	if o.peer.Conn == "" {
		o.peer.Conn = url
	}
	return &link{
		peer: o.peer, tracer: o.tracer, discard: o.discard, receive: o.receive, recv: make(chan Frame, linkQueue),
		maxSend: max(o.maxSend, MaxMessage), done: make(chan struct{}), pending: map[string]*call{},
	}
}

// trace shows a frame of the link.
func (l *link) trace(dir trace.Dir, text []byte) {
	if l.tracer.On(linkFlags) {
		l.tracer.Note(trace.Event{Flags: linkFlags, Peer: l.peer, Dir: dir, Frame: text})
	}
}

// heardNow notes that the peer is alive.
func (l *link) heardNow() { l.heard.Store(time.Now().UnixNano()) }

func (l *link) silence() time.Duration { return time.Since(time.Unix(0, l.heard.Load())) }

// next reads one frame during the handshake. KeepAlive is answered, what is no
// message passed over.
func (l *link) next(ctx context.Context) (Frame, error) {
	var tolerance Tolerance
	for {
		f, err := l.read(ctx, &tolerance)
		if err != nil {
			return Frame{}, err
		}
		if f.MT != "" && !l.answerKeepAlive(f) {
			return f, nil
		}
	}
}

// read reads one frame that may be kept. A frame to be passed over has no MT.
func (l *link) read(ctx context.Context, tolerance *Tolerance) (Frame, error) {
	text, err := l.ws.Read(ctx)
	if err != nil {
		return Frame{}, err
	}
	l.heardNow()
	l.trace(trace.In, text)
	f, err := ParseFrame(new(strictjson.Doc), text)
	if err == nil {
		return f, nil
	}
	if code := tolerance.Excuse(err); code != 0 {
		_ = l.ws.Close(code, "malformed message")
		return Frame{}, err
	}
	return Frame{}, nil
}

// start begins to read for calls and Recv. The handshake is over.
func (l *link) start(o linkOptions) {
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	go l.run(ctx)
	if o.ping >= 0 {
		go l.every(cmpOr(o.ping, pingEvery), l.ping)
	}
	if o.keepAlive > 0 {
		go l.every(o.keepAlive, l.sendKeepAlive)
	}
}

func cmpOr(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

func (l *link) run(ctx context.Context) {
	var tolerance Tolerance
	for {
		f, err := l.read(context.Background(), &tolerance) // ends with the connection
		if err == nil && f.MT != "" {
			err = l.deliver(ctx, f)
		}
		if err != nil {
			l.finish(err)
			return
		}
	}
}

// finish ends everything that waits.
func (l *link) finish(err error) {
	l.mu.Lock()
	if l.err == nil {
		l.err = err
	}
	l.mu.Unlock()
	l.cancel()
	l.ws.Abort()
	if l.ended != nil {
		l.ended()
	}
	close(l.done)
}

// deliver hands a frame to whom it belongs.
func (l *link) deliver(ctx context.Context, f Frame) error {
	if l.answerKeepAlive(f) || l.answered(f) {
		return nil
	}
	if l.handle != nil {
		if taken, err := l.handle(ctx, f); taken || err != nil {
			return err
		}
	}
	if l.receive != nil {
		l.receive(f)
		return nil
	}
	if l.discard {
		return nil
	}
	select {
	case l.recv <- f:
		l.heardNow() // it may have waited long
		return nil
	case <-ctx.Done():
		return ErrClosed
	}
}

// answerKeepAlive answers a KeepAlive unless one was sent a moment ago: then it
// is itself an answer, and two ends that answer everything would never stop.
func (l *link) answerKeepAlive(f Frame) bool {
	if f.MT != MTKeepAlive {
		return false
	}
	l.mu.Lock()
	answer := time.Since(l.keepAlive) > keepAlivePause
	if answer {
		l.keepAlive = time.Now()
	}
	l.mu.Unlock()
	if answer {
		_ = l.put(AppendKeepAlive(nil, f)) // a broken connection shows in the reader
	}
	return true
}

func (l *link) sendKeepAlive(time.Duration) bool {
	l.mu.Lock()
	l.keepAlive = time.Now()
	l.mu.Unlock()
	return l.put(AppendKeepAlive(nil, Frame{})) == nil
}

// ping drops a peer that has been silent for three periods, unless nothing is
// read from it because Recv is behind.
func (l *link) ping(period time.Duration) bool {
	behind := len(l.recv) == cap(l.recv)
	if l.silence() > 3*period && !behind {
		l.fail(errSilent)
		return false
	}
	return l.ws.Ping(nil) == nil
}

var errSilent = errors.New("appservice: peer is silent")

func (l *link) every(period time.Duration, do func(time.Duration) bool) {
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		select {
		case <-l.done:
			return
		case <-tick.C:
			if !do(period) {
				return
			}
		}
	}
}

// fail cuts the connection; what waits sees err.
func (l *link) fail(err error) {
	l.mu.Lock()
	if l.err == nil {
		l.err = err
	}
	l.mu.Unlock()
	l.ws.Abort()
}

// write sends one message. The context ends it by cutting the connection: half
// a message cannot be taken back.
func (l *link) write(ctx context.Context, raw []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(raw) > l.maxSend {
		return errTooBig
	}
	stop := context.AfterFunc(ctx, l.ws.Abort)
	defer stop()
	if err := l.put(raw); err != nil {
		return l.reason(ErrClosed)
	}
	return nil
}

// writeAll is write of several messages, which leave together. One that is too long is
// an error, and none leaves.
func (l *link) writeAll(ctx context.Context, list [][]byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, raw := range list {
		if len(raw) > l.maxSend {
			return errTooBig
		}
	}
	stop := context.AfterFunc(ctx, l.ws.Abort)
	defer stop()
	for _, raw := range list {
		l.trace(trace.Out, raw)
	}
	if err := l.ws.WriteAll(list); err != nil {
		return l.reason(ErrClosed)
	}
	return nil
}

func (l *link) put(raw []byte) error {
	l.trace(trace.Out, raw)
	return l.ws.Write(raw)
}

// send encodes and sends v.
func (l *link) send(ctx context.Context, v any) error {
	raw, err := Marshal(v)
	if err != nil {
		return err
	}
	return l.write(ctx, raw)
}

// await waits for a frame that was not an answer.
func (l *link) await(ctx context.Context) (Frame, error) {
	select {
	case f := <-l.recv:
		return f, nil
	case <-l.done:
		return l.last()
	case <-ctx.Done():
		return Frame{}, ctx.Err()
	}
}

// last is await after the end.
func (l *link) last() (Frame, error) {
	select {
	case f := <-l.recv:
		return f, nil
	default:
		return Frame{}, l.reason(ErrClosed)
	}
}

// reason is why the connection ended, otherwise if it has not.
func (l *link) reason(otherwise error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.err == nil, errors.Is(l.err, otherwise):
		return otherwise
	case errors.Is(l.err, ErrClosed):
		return l.err
	}
	return fmt.Errorf("%w: %w", ErrClosed, l.err)
}

// close ends the connection in order.
func (l *link) close(reason string) error {
	l.mu.Lock()
	if l.err == nil {
		l.err = ErrClosed
	}
	l.mu.Unlock()
	err := l.ws.Close(CloseNormal, reason)
	if l.cancel != nil {
		l.cancel()
	}
	return err
}
