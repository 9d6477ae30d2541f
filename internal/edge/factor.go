package edge

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"sync"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// pending is a login whose password was right and that waits until another
// session of the same person confirms it.
type pending struct {
	entry entry
	timer clock.Timer
}

// waiting finds the logins that wait by the id of their session.
type waiting struct {
	mu   sync.Mutex // guards the following
	byID map[string]*clientDoor
}

func newWaiting() *waiting { return &waiting{byID: map[string]*clientDoor{}} }

func (w *waiting) add(id string, d *clientDoor) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.byID[id] = d
}

func (w *waiting) remove(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.byID, id)
}

func (w *waiting) get(id string) *clientDoor {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.byID[id]
}

// newCode is the number of four digits that both screens show.
func newCode() int {
	var b [8]byte
	_, _ = rand.Read(b[:]) // documented never to fail
	return 1000 + int(binary.NativeEndian.Uint64(b[:])%9000)
}

// needsSecondFactor tells whether a login must be confirmed. The first session
// of a person is exempt: no other session could confirm it.
func (d *clientDoor) needsSecondFactor(u directory.Object) bool {
	if !u.SecondFactor {
		return false
	}
	for _, s := range d.conn.edge.dir.Sessions(u.Address()) {
		if !s.NeedsAuthorization {
			return true
		}
	}
	return false
}

// waits tells that a login is pending.
func (d *clientDoor) waits() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.pending != nil
}

// await shows the code to the client; the directory has shown it to the person's
// other sessions already.
func (d *clientDoor) await(f appservice.Frame, in entry, s directory.Session) error {
	c := d.conn
	c.edge.wheel.spare(c) // the limit of the second factor counts now
	if err := c.answer(f, appservice.Authorize{Code: appservice.AuthorizeCode(s.Code)}); err != nil {
		return err
	}
	p := &pending{entry: in}
	d.mu.Lock()
	d.pending = p
	p.timer = c.edge.clock.AfterFunc(c.edge.lim.SecondFactor, func() { d.expire(p) })
	d.mu.Unlock()
	c.edge.waiting.add(s.ID, d)
	c.edge.confirmed(s.ID) // if somebody was faster
	return nil
}

// confirmed completes the login that waits with this session, if there is one
// and its session is authorized.
func (e *Edge) confirmed(id string) {
	d := e.waiting.get(id)
	if d == nil {
		return
	}
	if s, ok := e.dir.Session(id); ok && !s.NeedsAuthorization {
		d.confirm()
	}
}

// confirm completes the login on the goroutine of whoever has confirmed it.
func (d *clientDoor) confirm() {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.pending
	if p == nil {
		return
	}
	d.pending = nil
	p.timer.Stop()
	d.conn.edge.waiting.remove(p.entry.session)
	turn := signal.NewTurn(context.Background(), d.conn.edge.clock.Now())
	_ = d.complete(signal.WithTurn(context.Background(), turn), turn, p.entry) // its error has closed the connection
	turn.End(context.Background())
}

// takePending takes the login that waits, so that nobody else ends it.
func (d *clientDoor) takePending() *pending {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.pending
	d.pending = nil
	if p != nil {
		p.timer.Stop()
		d.conn.edge.waiting.remove(p.entry.session)
	}
	return p
}

// expire refuses a login that nobody has confirmed in time. It runs on the
// goroutine of its timer.
func (d *clientDoor) expire(p *pending) {
	d.mu.Lock()
	current := d.pending == p
	d.mu.Unlock()
	if !current {
		return
	}
	if p := d.takePending(); p != nil {
		d.reject(p)
		d.giveUp(p)
	}
}

// reject tells the client that its login was refused. It may try again.
func (d *clientDoor) reject(p *pending) {
	if p == nil {
		return
	}
	d.conn.edge.metrics.LoginFailed(d.name(), "second_factor")
	d.conn.edge.wheel.awaitLogin(d.conn)
	d.send(nil, appservice.LoginResult{Error: errNotAuthorized.code, ErrorText: errNotAuthorized.text})
}

// giveUp forgets the session of a login that was not confirmed.
func (d *clientDoor) giveUp(p *pending) {
	if p == nil {
		return
	}
	d.conn.edge.deleteSession(p.entry.user.Address(), p.entry.session)
}

// cancel handles LoginCancel: it is answered with an error in any case.
func (d *clientDoor) cancel(f appservice.Frame) error {
	d.asked = nil
	if p := d.takePending(); p != nil {
		d.conn.edge.wheel.awaitLogin(d.conn)
		d.giveUp(p)
	}
	return d.fail(f, errNotAuthorized)
}
