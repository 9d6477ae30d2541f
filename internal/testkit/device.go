package testkit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/internal/ws"
)

// Limits of one device. A switch that sends more than that in one dialogue is
// wrong.
const (
	maxFrame  = 1 << 20
	maxQueue  = 10_000
	maxRecent = 12
)

// event is what a device has received: a frame, or the end of the connection.
type event struct {
	frame *node  // nil: not JSON, or the end
	raw   []byte // as received
	end   error  // the end of the connection
}

func (e event) String() string {
	if e.end != nil {
		return fmt.Sprintf("the end of the connection (%v)", e.end)
	}
	return brief(e.raw)
}

// device is one client and its queue. Its methods belong to the goroutine that
// plays the dialogue; the socket is read by a goroutine of its own.
type device struct {
	name     string
	holdPong bool
	never    []string
	now      func() time.Time

	conn   *ws.Client
	watch  *watch
	socket *net.TCPConn  // below conn
	ended  chan struct{} // closed when the reader of conn has ended

	mu      sync.Mutex    // guards the following
	queue   []event       // received, not yet taken
	pings   [][]byte      // arrived, not yet taken (pong=hold)
	faults  []error       // frames that break the rules
	recent  []string      // the last frames in both directions
	serial  int           // counts connections; readers of an old one are ignored
	signal  chan struct{} // something was appended; capacity 1
	pongs   chan string   // payloads of received pongs
	held    [][]byte      // pings taken by ping, not yet answered
	barrier int           // counts barriers
}

func newDevice(d Device, never []string, now func() time.Time) *device {
	return &device{name: d.Name, holdPong: d.HoldPong, never: never, now: now,
		signal: make(chan struct{}, 1), pongs: make(chan string, 64)}
}

// connected says whether there is a socket that we have not given up ourselves.
func (d *device) connected() bool { return d.conn != nil }

// dial opens the socket and starts to read it.
func (d *device) dial(url string) error {
	if d.conn != nil {
		return errors.New("it has a socket already")
	}
	d.mu.Lock()
	d.serial++
	serial := d.serial
	d.queue, d.pings, d.held = nil, nil, nil
	d.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), answerLimit)
	defer cancel()
	c, err := ws.Dial(ctx, url, d.config(serial))
	if err != nil {
		return err
	}
	d.conn, d.watch, d.ended = c, newWatch(d.never, d.now), make(chan struct{})
	go d.read(serial, c, d.watch, d.ended)
	return nil
}

// dialTCP opens the socket and keeps it for drop.
func (d *device) dialTCP(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	d.socket, _ = c.(*net.TCPConn)
	return c, nil
}

// read runs until the connection ends.
func (d *device) read(serial int, c *ws.Client, w *watch, ended chan<- struct{}) {
	defer close(ended)
	for {
		text, err := c.Read(context.Background())
		if err != nil {
			d.push(serial, event{end: err}, nil)
			return
		}
		raw := slices.Clone(text)
		n, fault := w.received(raw)
		d.push(serial, event{frame: n, raw: raw}, fault)
	}
}

func (d *device) push(serial int, e event, fault error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if serial != d.serial {
		return
	}
	d.note("<", e.String())
	if fault != nil {
		d.faults = append(d.faults, fmt.Errorf("%s received %s: %w", d.name, e, fault))
	}
	if len(d.queue) == maxQueue {
		d.faults = append(d.faults, fmt.Errorf("%s received more than %d frames", d.name, maxQueue))
		return
	}
	d.queue = append(d.queue, e)
	d.wake()
}

// wake tells the waiting side that something has arrived.
func (d *device) wake() {
	select {
	case d.signal <- struct{}{}:
	default:
	}
}

// note remembers a frame for failure messages.
func (d *device) note(direction, text string) {
	if len(d.recent) == maxRecent {
		d.recent = d.recent[1:]
	}
	d.recent = append(d.recent, time.Now().Format("05.000 ")+direction+" "+text)
}

// last returns the last frames of the device.
func (d *device) last() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.recent)
}

// takeFaults returns what was wrong with received frames since the last call.
func (d *device) takeFaults() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := errors.Join(d.faults...)
	d.faults = nil
	return err
}

// send writes one text message.
func (d *device) send(text string) error {
	if d.conn == nil {
		return errors.New("it has no socket")
	}
	d.watch.sent([]byte(text))
	d.mu.Lock()
	d.note(">", brief([]byte(text)))
	d.mu.Unlock()
	return d.conn.Write([]byte(text))
}

// peek returns the next event without taking it, waiting for it until limit.
func (d *device) peek(limit time.Duration) (event, bool) {
	return await(d, limit, func() (event, bool) {
		if len(d.queue) == 0 {
			return event{}, false
		}
		return d.queue[0], true
	})
}

// await calls get, under the lock, until it has something or limit has passed.
func await[T any](d *device, limit time.Duration, get func() (T, bool)) (T, bool) {
	locked := func() (T, bool) {
		d.mu.Lock()
		defer d.mu.Unlock()
		return get()
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		if v, ok := locked(); ok {
			return v, true
		}
		select {
		case <-d.signal:
		case <-timer.C:
			return locked()
		}
	}
}

// take drops the event that peek has shown.
func (d *device) take() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.queue = d.queue[1:]
}

// waiting is the number of events not yet taken.
func (d *device) waiting() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.queue)
}

// drop cuts the socket without a close frame. It returns when the switch has
// closed its side, which it does when it has noticed; at the latest after limit.
func (d *device) drop(limit time.Duration) {
	if d.conn == nil {
		return
	}
	d.mu.Lock()
	d.serial++
	d.queue = nil
	d.note("*", "dropped")
	d.mu.Unlock()
	if d.socket != nil && d.socket.CloseWrite() == nil {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		select {
		case <-d.ended:
		case <-timer.C:
		}
	}
	d.conn.Abort()
	d.conn = nil
}

// abandon closes the socket at once.
func (d *device) abandon() { d.drop(0) }
