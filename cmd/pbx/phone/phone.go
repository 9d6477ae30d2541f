package phone

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// Limits of time.
const (
	answerTime  = 5 * time.Second  // for the receipts, at the end of the input
	readyTime   = 20 * time.Second // from the dialling to the inbox
	sendTime    = 10 * time.Second // for one frame
	firstPause  = 500 * time.Millisecond
	longestWait = 32 * time.Second
)

// Line is a connection to the switch, logged in. It notices by itself when the
// switch is silent for too long.
type Line interface {
	// Recv waits for the next message.
	Recv(ctx context.Context) ([]byte, error)
	// Send sends one message.
	Send(ctx context.Context, text []byte) error
	// Close logs out, if that is asked for, and ends the connection.
	Close(logout bool)
}

// Config is what Run needs.
type Config struct {
	// Dial connects and logs in. An error that is a *Fatal is not tried again,
	// one that is a *Temporary even before the phone has been ready once.
	Dial func(context.Context) (Line, Identity, error)
	HW   string // device to register as, or empty
	Chat string // chat to begin with, or empty
	JSON bool   // events as JSON, one in a line
	// Interactive: a person types. The connection is made anew when it is
	// lost, and failed texts do not fail the phone.
	Interactive bool
	Prompt      bool // Out is a terminal too
	In          io.Reader
	Out         io.Writer
}

// Fatal is an error that trying again does not mend.
type Fatal struct{ Err error }

// Error is that of Err.
func (f *Fatal) Error() string { return f.Err.Error() }

// Unwrap is Err.
func (f *Fatal) Unwrap() error { return f.Err }

// Temporary is an error of a switch that is there and cannot do what it should:
// trying again will help.
type Temporary struct{ Err error }

// Error is that of Err.
func (t *Temporary) Error() string { return t.Err.Error() }

// Unwrap is Err.
func (t *Temporary) Unwrap() error { return t.Err }

// phone is the loop of Run and what it owns.
type phone struct {
	cfg    Config
	ctx    context.Context
	cancel context.CancelFunc
	desk   *desk
	out    *printer

	line    Line               // nil while offline
	frames  <-chan received    // of line
	hangUp  context.CancelFunc // ends the reader of line
	dialing bool               // dialed will have a result
	dialed  chan dialed
	due     <-chan time.Time // when the inbox must be open
	redial  <-chan time.Time // when to try again
	pause   time.Duration    // before the next try but one
	once    bool             // the phone has been ready
	lost    error            // why the connection must be given up
	ended   bool             // no more input
	last    <-chan time.Time // until when receipts are waited for
	stale   <-chan time.Time // when to look for requests without answer
	uploads chan uploaded
}

type dialed struct {
	line Line
	me   Identity
	err  error
}

type received struct {
	text []byte
	err  error
}

// Run is the phone, until the input ends, /quit, ctx, or an error that cannot be
// mended. In a script a text or a command that has failed is an error.
func Run(ctx context.Context, cfg Config) error {
	ctx, cancel := context.WithCancel(ctx)
	p := &phone{cfg: cfg, ctx: ctx, cancel: cancel, dialed: make(chan dialed, 1), uploads: make(chan uploaded), pause: firstPause}
	p.out = &printer{w: cfg.Out, json: cfg.JSON, prompt: cfg.Prompt && cfg.Interactive && !cfg.JSON}
	p.desk = newDesk(p.out.show, p.send)
	p.desk.upload = p.upload
	defer p.end()
	return p.loop(readLines(ctx, cfg.In))
}

func (p *phone) loop(lines <-chan line) error {
	p.dial()
	for {
		if p.ended && p.desk.open == 0 {
			return p.verdict()
		}
		var err error
		select {
		case <-p.ctx.Done():
			return p.interrupted()
		case d := <-p.dialed:
			err = p.connected(d)
		case <-p.redial:
			p.dial()
		case <-p.due:
			p.lost = errors.New("the switch has opened no inbox: does it know IM_INBOX?")
		case f := <-p.frames:
			p.lost = f.err
			if f.err == nil {
				err = p.received(f.text)
			}
		case l, ok := <-p.wanted(lines):
			p.typed(l, ok)
		case u := <-p.uploads:
			p.desk.sent(u)
			p.extend()
		case <-p.stale:
			p.stale = nil
			p.desk.expire(time.Now())
		case <-p.last:
			if p.desk.uploads == 0 {
				p.desk.failed += p.desk.open
				return p.verdict()
			}
			p.extend() // a large file takes its time
		}
		p.watch()
		if len(p.frames) == 0 {
			p.desk.flush()
		}
		if err == nil && p.lost != nil {
			err = p.drop()
		}
		if err != nil {
			return err
		}
	}
}

// wanted is lines, while a further one can be taken: a script is read as fast
// as its texts are answered, and not while there is nobody to answer or a file is on
// its way, which the next line would overtake.
func (p *phone) wanted(lines <-chan line) <-chan line {
	if p.ended || p.desk.open >= maxOpen || !p.once || !p.cfg.Interactive && (p.desk.inbox == 0 || p.desk.uploads > 0) {
		return nil
	}
	return lines
}

func (p *phone) typed(l line, ok bool) {
	switch {
	case !ok:
		p.finish()
	case l.wrong != "":
		p.desk.refuse(l.wrong)
	case p.desk.typed(l.text):
		p.finish()
	}
	p.out.ask(p.desk.current)
}

// finish begins the end: receipts are waited for.
func (p *phone) finish() {
	p.ended = true
	p.last = time.After(answerTime)
}

// extend gives what is still to come its time, at the end of the input.
func (p *phone) extend() {
	if p.ended {
		p.last = time.After(answerTime)
	}
}

// watch looks for requests without answer in time.
func (p *phone) watch() {
	if wait := p.desk.expire(time.Now()); p.stale == nil && wait > 0 {
		p.stale = time.After(wait)
	}
}

// upload sends a file on a goroutine of its own.
func (p *phone) upload(u uploaded, file string) {
	go func() {
		u.err = upload(p.ctx, u.url, file)
		select {
		case p.uploads <- u:
		case <-p.ctx.Done():
		}
	}()
}

// verdict is the result of the phone at its end.
func (p *phone) verdict() error {
	if p.cfg.Interactive || p.desk.failed == 0 {
		return nil
	}
	text := fmt.Sprintf("%d of the lines have failed", p.desk.failed)
	if p.desk.failed == 1 {
		text = "one of the lines has failed"
	}
	if p.desk.open > 0 {
		text += fmt.Sprintf("; for %d no receipt came within %s", p.desk.open, answerTime)
	}
	return errors.New(text)
}

// interrupted is the result when ctx ends the phone: what a person asks for,
// but not what a script is told to do.
func (p *phone) interrupted() error {
	if p.cfg.Interactive {
		return nil
	}
	return errors.New("interrupted")
}

// dial connects on a goroutine of its own, so that the person is not kept.
func (p *phone) dial() {
	p.redial, p.dialing = nil, true
	go func() {
		ctx, cancel := context.WithTimeout(p.ctx, readyTime)
		defer cancel()
		line, me, err := p.cfg.Dial(ctx)
		p.dialed <- dialed{line, me, err}
	}()
}

func (p *phone) connected(d dialed) error {
	p.dialing = false
	if d.err != nil {
		return p.again(d.err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(p.ctx)) // an interrupt leaves time for a logout
	p.line, p.hangUp = d.line, cancel
	p.frames = readFrames(ctx, d.line)
	p.due = time.After(readyTime)
	p.desk.me = d.me
	p.send(register(p.cfg.HW))
	return nil
}

// readFrames hands over what line receives, until it fails.
func readFrames(ctx context.Context, line Line) <-chan received {
	frames := make(chan received, 64)
	go func() {
		for {
			text, err := line.Recv(ctx)
			select {
			case frames <- received{text, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return frames
}

// again tries once more after a pause, if a person waits for it and it can help.
func (p *phone) again(err error) error {
	_, fatal := errors.AsType[*Fatal](err)
	_, temporary := errors.AsType[*Temporary](err)
	if fatal || !p.cfg.Interactive || !p.once && !temporary {
		return err
	}
	pause := p.pause*4/5 + rand.N(p.pause*2/5) // not all phones at once
	p.pause = min(2*p.pause, longestWait)
	p.redial = time.After(pause)
	p.out.show(Event{Event: evOffline, Text: fmt.Sprintf("%v; trying again in %s", err, pause.Round(100*time.Millisecond))})
	return nil
}

// send hands a frame to the connection; if it fails, the loop drops that.
func (p *phone) send(frame []byte) {
	if p.line == nil || p.lost != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.ctx), sendTime)
	defer cancel()
	p.lost = p.line.Send(ctx, frame)
}

// drop gives the connection up because of p.lost.
func (p *phone) drop() error {
	err := p.lost
	p.close(false)
	p.lost = nil
	return p.again(err)
}

func (p *phone) close(logout bool) {
	if p.line == nil {
		return
	}
	p.hangUp()
	p.line.Close(logout)
	p.line, p.frames, p.due = nil, nil, nil
	p.desk.closed()
}

// end logs out and leaves the terminal in order. A dialling in progress is
// waited for: a login that nobody uses must not stay behind.
func (p *phone) end() {
	p.close(true)
	p.cancel()
	if p.dialing {
		if d := <-p.dialed; d.err == nil {
			d.line.Close(true)
		}
	}
	p.out.clear()
}

// received takes one message of the switch.
func (p *phone) received(text []byte) error {
	f, ok := parseFrame(text)
	switch {
	case !ok: // of an API that is not ours
	case f.API == "PbxMessages":
		p.desk.stored(text)
	case f.MT == "RegisterResult" && f.Err != "":
		return fmt.Errorf("the switch does not register this phone: %s", f.Err)
	case f.MT == "LogoutResult":
		return errors.New("the switch has ended this login")
	case f.MT == "Error":
		p.out.show(Event{Event: evError, Text: "the switch answers: " + f.ErrorText})
	case f.MT == "Signaling" && f.Sig != nil:
		p.signal(f.Call, f.Sig)
	}
	return nil
}

func (p *phone) signal(call int32, s *sig) {
	switch {
	case s.Type == "setup" && opensInbox(s):
		p.send(connect(call))
		p.ready(call)
	case s.Type == "setup":
		p.send(reject(call)) // no calls here
	case call != p.desk.inbox:
	case s.Type == "rel":
		p.lost = errors.New("the switch has ended the inbox")
	case s.Type == "facility":
		for _, f := range s.Fty {
			p.desk.facility(f)
		}
	}
}

func opensInbox(s *sig) bool {
	for _, f := range s.Fty {
		if f.Type == "im_setup" && f.Inbox {
			return true
		}
	}
	return false
}

func (p *phone) ready(call int32) {
	p.due, p.pause = nil, firstPause
	me := p.desk.me
	p.out.show(Event{Event: evReady, User: me.SIP, Domain: me.Domain, Name: me.Name})
	p.desk.opened(call)
	if !p.once && p.cfg.Chat != "" {
		p.desk.enter(p.cfg.Chat)
	}
	p.once = true
	p.out.ask(p.desk.current)
}
