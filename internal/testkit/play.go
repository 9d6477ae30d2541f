package testkit

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tandem-switch/tandem/internal/ws"
)

// How long the steps wait, in real time.
const (
	answerLimit   = 5 * time.Second        // for a frame that must come
	optionalLimit = 500 * time.Millisecond // for one that may come
	endPause      = 200 * time.Millisecond // before the queues must be empty
	dropPause     = 30 * time.Millisecond  // for what follows from a socket that the switch has seen end
	clockStep     = 10 * time.Second       // by which the time of the switch moves
	clockPause    = 3 * time.Millisecond   // between two such steps
	settleLimit   = time.Second            // for the switch to have read what was sent
)

// Target is a running switch.
type Target struct {
	URL     string                // http://host:port
	Advance func(d time.Duration) // moves its clock; nil if it cannot be moved
}

// StepError says at which line a dialogue failed, and what the device had sent
// and received before.
type StepError struct {
	LineError
	Step   string
	Device string
	Recent []string
}

func (e *StepError) Error() string {
	text := fmt.Sprintf("%s\n  step: %s", e.LineError.Error(), brief([]byte(e.Step)))
	if e.Device != "" {
		text += fmt.Sprintf("\n  last frames of %s:", e.Device)
	}
	for _, r := range e.Recent {
		text += "\n    " + r
	}
	return text
}

// Play plays a dialogue against a switch that has just been started with its
// Setup. It returns nil, or what went wrong first (a StepError). Where the clock
// of the switch cannot be moved, clock steps really wait.
func Play(d *Dialogue, target Target) error {
	p := &player{d: d, target: target, vars: newVars(), devices: map[string]*device{}}
	for _, dev := range d.Devices {
		p.devices[dev.Name] = newDevice(dev, d.Never, p.now)
	}
	defer p.close()
	return p.play()
}

type player struct {
	d       *Dialogue
	target  Target
	vars    *vars
	devices map[string]*device
	sender  *device       // sent last, not yet settled
	within  time.Duration // of the next receive; 0 = answerLimit
	ahead   atomic.Int64  // by how much the clock of the switch was moved
}

// now is the time of the switch.
func (p *player) now() time.Time { return time.Now().Add(time.Duration(p.ahead.Load())) }

func (p *player) close() {
	for _, dev := range p.devices {
		dev.abandon()
	}
}

func (p *player) play() error {
	for i := range p.d.Steps {
		s := &p.d.Steps[i]
		err := p.step(s)
		if fault := p.faults(); fault != nil {
			err = errors.Join(fault, err)
		}
		if err != nil {
			return p.wrap(s, err)
		}
	}
	return p.end()
}

// faults returns what was wrong with any frame of any device.
func (p *player) faults() error {
	var all []error
	for _, dev := range p.d.Devices {
		all = append(all, p.devices[dev.Name].takeFaults())
	}
	return errors.Join(all...)
}

func (p *player) wrap(s *Step, err error) error {
	if e, ok := errors.AsType[*StepError](err); ok {
		return e
	}
	e := &StepError{LineError: LineError{p.d.File, s.Line, err.Error()}, Step: s.Text, Device: s.device}
	if dev := p.devices[s.device]; dev != nil {
		e.Recent = dev.last()
	}
	return e
}

// end checks that nothing is left over.
func (p *player) end() error {
	time.Sleep(endPause)
	passes := map[string]bool{}
	for s := range walk(p.d.Steps) {
		passes[s.device] = passes[s.device] || s.op == opPass
	}
	for _, dev := range p.d.Devices {
		q := p.devices[dev.Name]
		if e, left := q.peek(0); left && !passes[dev.Name] {
			err := fmt.Errorf("%d left at the end of the dialogue, first: %s", q.waiting(), e)
			return p.wrap(&Step{Line: p.d.lines, Text: "the end", device: dev.Name}, err)
		}
	}
	if fault := p.faults(); fault != nil {
		return p.wrap(&Step{Line: p.d.lines, Text: "the end"}, fault)
	}
	return nil
}

// step plays one step.
func (p *player) step(s *Step) error {
	dev := p.devices[s.device]
	p.keepOrder(s, dev)
	switch s.op {
	case opSocket, opLogin, opConnect:
		return p.connect(s, dev)
	case opSend:
		return p.send(s, dev)
	case opReceive, opOptional, opPass:
		return p.receive(s, dev)
	case opUnordered:
		return p.unordered(s)
	case opNothing:
		return nothing(dev, s.duration)
	case opPing:
		return dev.awaitPing(p.limit())
	case opPong:
		return dev.pong()
	case opDrop:
		return drop(dev)
	case opClosed:
		return p.closed(s, dev)
	}
	return p.otherStep(s)
}

// keepOrder makes the switch read what one device has sent before another one
// acts, or before time moves: a dialogue is meant in the order of its lines,
// sockets know no order between them.
func (p *player) keepOrder(s *Step, dev *device) {
	acts := s.op == opSend || s.op == opPong || s.op == opConnect
	if acts && p.sender == dev || !acts && s.op != opDrop && s.op != opClock {
		return
	}
	if p.sender != nil {
		p.sender.settle(settleLimit)
	}
	p.sender = dev
}

// otherStep plays the steps without device.
func (p *player) otherStep(s *Step) error {
	switch s.op {
	case opWithin:
		p.within = s.duration
	case opWait:
		time.Sleep(s.duration)
	case opClock:
		p.clock(s.duration)
	case opLet:
		return p.let(s)
	case opCheck:
		return p.check(s)
	case opMatch:
		return p.match(s)
	case opHTTP:
		return p.http(s)
	}
	return nil
}

// limit is how long the next receive waits; a within step counts once.
func (p *player) limit() time.Duration {
	limit := p.within
	p.within = 0
	if limit == 0 {
		return answerLimit
	}
	return limit
}

func (p *player) send(s *Step, dev *device) error {
	text, err := p.vars.fill(s.frame)
	if err != nil {
		return err
	}
	return dev.send(text)
}

// receive takes the next frame if it matches.
func (p *player) receive(s *Step, dev *device) error {
	limit := p.limit()
	if s.op == opOptional {
		limit = optionalLimit
	}
	deadline := time.Now().Add(limit)
	for {
		e, ok := dev.peek(time.Until(deadline))
		if !ok {
			return timeout(s, limit)
		}
		err := p.accept(s.pattern, e)
		if err == nil {
			dev.take()
			return nil
		}
		switch {
		case s.op == opOptional:
			return nil
		case s.op == opReceive || e.end != nil:
			return mismatch(err, s, e)
		}
		dev.take()
	}
}

func timeout(s *Step, limit time.Duration) error {
	if s.op == opOptional {
		return nil
	}
	return fmt.Errorf("nothing received within %v\n  expected: %s", limit, brief(s.pattern.raw))
}

func mismatch(err error, s *Step, e event) error {
	return fmt.Errorf("%w\n  expected: %s\n  received: %s", err, s.pattern.raw, e)
}

// accept matches an event with a pattern; if it fits, its names are bound.
func (p *player) accept(pattern *node, e event) error {
	if e.end != nil {
		return errors.New("the connection has ended")
	}
	if e.frame == nil {
		return errors.New("the frame is not JSON")
	}
	m := newMatcher(p.vars, p.now())
	if err := m.match(pattern, e.frame, ""); err != nil {
		return err
	}
	m.commit()
	return nil
}

func nothing(dev *device, d time.Duration) error {
	if e, ok := dev.peek(d); ok {
		return fmt.Errorf("received something, expected nothing for %v\n  received: %s", d, e)
	}
	return nil
}

// drop cuts the socket and lets the switch notice.
func drop(dev *device) error {
	if !dev.connected() {
		return errors.New("it has no socket")
	}
	dev.drop(settleLimit)
	time.Sleep(dropPause)
	return nil
}

func (p *player) closed(s *Step, dev *device) error {
	limit := p.limit()
	e, ok := dev.peek(limit)
	if !ok {
		return fmt.Errorf("not closed within %v", limit)
	}
	if e.end == nil {
		return fmt.Errorf("not closed, received: %s", e)
	}
	code, ok := ws.CloseCode(e.end)
	if !ok || code != s.code {
		return fmt.Errorf("closed by %v, want code %d", e.end, s.code)
	}
	dev.abandon()
	return nil
}

// clock moves the time of the switch, in steps that leave the sockets time.
func (p *player) clock(d time.Duration) {
	if p.target.Advance == nil {
		time.Sleep(d)
		return
	}
	for d > 0 {
		step := min(d, clockStep)
		p.target.Advance(step)
		p.ahead.Add(int64(step))
		d -= step
		time.Sleep(clockPause)
		p.settle()
	}
}

// settle lets every live device come up with the switch.
func (p *player) settle() {
	var wg sync.WaitGroup
	for _, dev := range p.devices {
		if dev.connected() {
			wg.Go(func() { dev.settle(settleLimit) })
		}
	}
	wg.Wait()
}
