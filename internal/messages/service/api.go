package service

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/trace"
)

// api takes the messages of all links. The protocol of the service has no api.
type api struct {
	s     *Service
	links sync.Map // appservice.Session to *link
}

var (
	_ appservice.API    = (*api)(nil)
	_ appservice.Opener = (*api)(nil)
	_ appservice.Closer = (*api)(nil)
)

// Name implements appservice.API.
func (*api) Name() string { return "" }

// Open implements appservice.Opener: it makes a link of the connection. On one that
// is not trusted its own session begins at once.
func (a *api) Open(ctx context.Context, peer appservice.Session) error {
	d := doorOf(ctx)
	if d == nil {
		return errors.New("messages: a connection that came in by no door")
	}
	dom, err := a.s.enter(ctx, d.account)
	if err != nil {
		return err
	}
	who := appservice.PrincipalOf(peer)
	l := newLink(a.s, peer, dom, who.IsApp && strings.EqualFold(who.SIP, d.account.Object))
	context.AfterFunc(ctx, l.posts.end) // a reader that is held comes loose
	dom.join(l)
	if l.trusted {
		dom.badge.retell()
	}
	a.links.Store(peer, l)
	if !l.trusted {
		l.beginOwn(appservice.LoginOf(peer), who.IsApp)
	}
	return nil
}

// Closed implements appservice.Closer.
func (a *api) Closed(_ context.Context, peer appservice.Session) {
	if l, ok := a.links.LoadAndDelete(peer); ok {
		l.(*link).close()
	}
}

// Handle implements appservice.API.
func (a *api) Handle(ctx context.Context, peer appservice.Session, f appservice.Frame) error {
	v, ok := a.links.Load(peer)
	if !ok {
		return appservice.ErrClosed
	}
	l := v.(*link)
	l.trace(trace.In, f.Raw)
	if l.askPeer.answered(f) {
		return nil
	}
	h, ok := handlers[f.MT]
	if !ok || (f.MT == MTSearch && a.s.config.Search == nil) {
		return appservice.ErrUnknownMT
	}
	if f.Duplicate() {
		a.s.config.Observer.Dropped("duplicate_name")
		return &appservice.Error{Code: int(messages.BadParameter), Text: "A name stands twice in one object."}
	}
	c := &call{link: l, mt: f.MT, src: append([]byte(nil), f.Src...), began: time.Now()}
	if f.Src == nil {
		c.src = nil
	}
	return h(c, f)
}

// call is a request that is being answered.
type call struct {
	link    *link
	session *session // nil: of the switch itself
	mt      string
	src     []byte
	began   time.Time
	after   func() // behind the result; nil: nothing
}

// frame is what an answer takes its src from.
func (c *call) frame() appservice.Frame { return appservice.Frame{Src: c.src} }

// encode writes an answer.
func (c *call) encode(v any) ([]byte, error) {
	raw, err := appservice.AppendReply(nil, c.frame(), v)
	if err == nil && len(raw) > appservice.MaxMessage {
		err = errTooLong
	}
	return raw, err
}

var errTooLong = errors.New("messages: an answer is longer than a message may be")

// send sends an indication or a result, when there is room on the link.
func (c *call) send(v any) error {
	raw, err := c.encode(v)
	if err != nil {
		return err
	}
	c.link.trace(trace.Out, raw)
	return c.link.out.wait(c.link.ctx, raw)
}

// answer sends a result without waiting; for results whose number is bounded.
func (c *call) answer(v any) {
	raw, err := c.encode(v)
	if err != nil {
		c.link.s.config.Log.Error("an answer cannot be written", "mt", c.mt, "error", err)
		return
	}
	c.say(raw)
}

// say sends a result that is written already.
func (c *call) say(raw []byte) {
	c.link.trace(trace.Out, raw)
	c.link.out.put(raw)
}

// tryAnswer sends a result if there is room: to one who asks faster than the answers
// are taken.
func (c *call) tryAnswer(v any) {
	raw, err := c.encode(v)
	if err == nil && c.link.out.offer(raw) {
		c.link.trace(trace.Out, raw)
		return
	}
	c.link.s.config.Observer.Dropped("answer")
}

// refuse answers with Error (decision 8): for what has no result of its own.
func (c *call) refuse(code messages.Code, text string) {
	if c.src == nil {
		return
	}
	raw := appservice.AppendError(nil, c.frame(), int(code), text)
	c.link.trace(trace.Out, raw)
	c.link.out.put(raw)
}

// counted tells the observer, and the log of what is our fault.
func (c *call) counted(err error) {
	code := 0
	if err != nil {
		code, _ = told(err)
	}
	c.link.s.config.Observer.Request(c.mt, time.Since(c.began), code)
	if err != nil && isOurs(err) && c.link.ctx.Err() == nil {
		c.link.note("request failed: "+c.mt, "", err.Error())
		c.link.s.config.Log.Error("a request failed", "domain", c.link.domain.name, "mt", c.mt, "error", err)
	}
}

// handler decodes a message on the reading goroutine and has it done.
type handler func(c *call, f appservice.Frame) error

// failure is a result that can say that it failed.
type failure[R any] interface {
	*R
	fail(error)
}

// asked is the handler of what a session asks. It runs in the lane of the session;
// its result is sent behind the indications. What is wrong with the request is said
// in the result.
func asked[Q, R any, P failure[R]](do func(c *call, ctx context.Context, q *Q) (R, error)) handler {
	return func(c *call, f appservice.Frame) error {
		id, _ := number(f.Get("session"))
		if c.session = c.link.session(id); c.session == nil {
			return &appservice.Error{Code: int(messages.NotFound), Text: "There is no such session."}
		}
		q := new(Q)
		wrong := decode(f.Doc().Root(), q)
		run := func() {
			finish[R, P](c, func(ctx context.Context) (r R, err error) {
				if wrong != nil {
					return r, wrong
				}
				return do(c, ctx, q)
			})
		}
		if !c.session.lane.offer(job{size: len(f.Raw), run: run}) {
			var r R
			P(&r).fail(messages.Errorf(messages.Quota, "There are too many requests that wait."))
			c.tryAnswer(r)
		}
		return nil
	}
}

// finish does a request and sends its result. A panic ends the request, not the
// process.
func finish[R any, P failure[R]](c *call, do func(ctx context.Context) (R, error)) {
	r, err := guarded(c.link.ctx, do)
	if err != nil {
		P(&r).fail(err)
	}
	c.counted(err)
	if err := c.send(r); err != nil && c.link.ctx.Err() == nil {
		c.link.s.config.Log.Error("an answer was not sent", "mt", c.mt, "error", err)
	}
	if c.after != nil {
		c.after()
	}
}

func guarded[R any](ctx context.Context, do func(ctx context.Context) (R, error)) (r R, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicked(v)
		}
	}()
	return do(ctx)
}

// ofSwitch has something done that a switch asks on its own behalf.
func (c *call) ofSwitch(size int, run func()) error {
	if !c.link.control.offer(job{size: size, run: run}) {
		return &appservice.Error{Code: int(messages.Quota), Text: "There are too many requests that wait."}
	}
	return nil
}
