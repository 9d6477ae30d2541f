package bench

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// batch is how many texts a socket can send with one write.
const batch = 32

// loop moves the texts of many clients: one goroutine, one epoll descriptor,
// one write for everything that an event asks to be sent. It is made from
// clients that are linked, and closes them.
type loop struct {
	ep      int
	sockets []*socket
	events  []unix.EpollEvent
	buf     []byte
	driver  driver

	// Of the current run:
	draining  bool // nothing new is sent
	sent      int  // texts
	delivered int  // texts, at every device
	acks      int
	err       error // ends the run
}

// driver says what follows when texts or receipts have come at a socket.
type driver interface {
	received(l *loop, s *socket, texts, acks int)
}

// socket is one client in a loop.
type socket struct {
	fd      int
	index   int
	scan    scanner
	peer    *socket // of the same pair
	group   *group  // of a fan-out
	ext     bool
	frames  []byte // batch texts as they go over the wire
	size    int    // of one of them
	idAt    int    // where its identity stands, -1 without
	idPhase int    // the same, counted from the start of the payload
	serial  uint64
	pending []byte  // what the socket did not accept
	part    []byte  // the beginning of a frame
	due     []int64 // when the texts on their way here were due, oldest first
}

// newLoop takes over the clients; client 2i and 2i+1 are a pair.
func newLoop(k Kind, clients []*client) (*loop, error) {
	l := &loop{events: make([]unix.EpollEvent, 256), buf: make([]byte, 64<<10)}
	var err error
	if l.ep, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, err
	}
	d := dialectOf(k)
	for _, c := range clients {
		if err := l.add(d, c); err != nil {
			l.close()
			return nil, err
		}
	}
	for i, s := range l.sockets {
		if i^1 < len(l.sockets) {
			s.peer = l.sockets[i^1]
		}
	}
	return l, nil
}

func (l *loop) add(d dialect, c *client) error {
	s := &socket{index: len(l.sockets), scan: d.scanner(), ext: c.ext}
	s.prepare(d.text(nil, c))
	s.part = bytes.Clone(c.conn.in[c.conn.used:])
	var err error
	if s.fd, err = detach(c.conn.Conn); err != nil {
		return err
	}
	l.sockets = append(l.sockets, s)
	return unix.EpollCtl(l.ep, unix.EPOLL_CTL_ADD, s.fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(s.index)})
}

// detach takes the descriptor out of the hands of the runtime.
func detach(c net.Conn) (fd int, err error) {
	defer c.Close()
	tcp, isTCP := c.(*net.TCPConn)
	if !isTCP {
		return -1, errors.New("bench: not a TCP connection")
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return -1, err
	}
	control := raw.Control(func(f uintptr) { fd, err = unix.FcntlInt(f, unix.F_DUPFD_CLOEXEC, 0) })
	return fd, errors.Join(control, err)
}

// prepare makes the frames of a text.
func (s *socket) prepare(text []byte) {
	one := appendClientFrame(nil, opText, text)
	s.size, s.idAt = len(one), -1
	if at := bytes.Index(text, []byte(idMark)); at >= 0 {
		s.idAt, s.idPhase = len(one)-len(text)+at, at
	}
	s.frames = bytes.Repeat(one, batch)
}

// number gives the first n frames identities that this socket has not used.
func (s *socket) number(n int) {
	const digits = "0123456789abcdef"
	for i := range n {
		s.serial++
		id := s.frames[i*s.size+s.idAt:][:len(idMark)]
		for j := range id {
			digit := digits[s.serial>>(4*(len(id)-1-j))&15]
			id[j] = digit ^ clientMask[(s.idPhase+j)&3]
		}
	}
}

// close ends all connections.
func (l *loop) close() {
	for _, s := range l.sockets {
		unix.Close(s.fd)
	}
	unix.Close(l.ep)
}

// send writes n texts.
func (l *loop) send(s *socket, n int) {
	l.sent += n
	for n > 0 && l.err == nil {
		m := min(n, batch)
		if s.idAt >= 0 {
			s.number(m)
		}
		l.write(s, s.frames[:m*s.size])
		n -= m
	}
}

func (l *loop) write(s *socket, b []byte) {
	if len(s.pending) > 0 {
		s.pending = append(s.pending, b...)
		return
	}
	n, err := unix.Write(s.fd, b)
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		n = 0
	case err != nil:
		l.fail(s, err)
		return
	}
	if n < len(b) {
		s.pending = append(s.pending, b[n:]...)
		l.watch(s, unix.EPOLLIN|unix.EPOLLOUT)
	}
}

func (l *loop) writable(s *socket) {
	b := s.pending
	s.pending = nil
	l.watch(s, unix.EPOLLIN)
	l.write(s, b)
}

func (l *loop) watch(s *socket, events uint32) {
	if err := unix.EpollCtl(l.ep, unix.EPOLL_CTL_MOD, s.fd, &unix.EpollEvent{Events: events, Fd: int32(s.index)}); err != nil {
		l.fail(s, err)
	}
}

func (l *loop) fail(s *socket, err error) {
	if l.err == nil {
		l.err = fmt.Errorf("bench: client %d: %w", s.index, err)
	}
}

// turn waits at most ms milliseconds for events and handles them.
func (l *loop) turn(ms int) {
	n, err := unix.EpollWait(l.ep, l.events, ms)
	if err != nil && err != unix.EINTR {
		l.err = err
		return
	}
	for i := range max(n, 0) {
		s := l.sockets[l.events[i].Fd]
		if l.events[i].Events&unix.EPOLLOUT != 0 && len(s.pending) > 0 {
			l.writable(s)
		}
		if l.events[i].Events&^unix.EPOLLOUT != 0 {
			l.readable(s)
		}
	}
}

func (l *loop) readable(s *socket) {
	kept := copy(l.buf, s.part)
	n, err := unix.Read(s.fd, l.buf[kept:])
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return
	case err != nil:
		l.fail(s, err)
		return
	case n == 0:
		l.fail(s, errors.New("the server has closed the connection"))
		return
	}
	s.part = s.part[:0]
	texts, acks := l.count(s, l.buf[:kept+n])
	if l.err == nil && texts+acks > 0 {
		l.acks += acks
		l.delivered += texts
		l.driver.received(l, s, texts, acks)
	}
}

// count scans the frames in b and keeps the beginning of an unfinished one.
func (l *loop) count(s *socket, b []byte) (texts, acks int) {
	for l.err == nil {
		f, size, err := nextFrame(b)
		if err != nil {
			l.fail(s, err)
			break
		}
		if size == 0 {
			s.part = append(s.part, b...)
			break
		}
		if f.control() {
			l.control(s, &f)
		} else {
			t, a, err := s.scan.scan(f.payload)
			if err != nil {
				l.fail(s, err)
			}
			texts, acks = texts+t, acks+a
		}
		b = b[size:]
	}
	return texts, acks
}

func (l *loop) control(s *socket, f *frame) {
	switch f.op {
	case opPing:
		l.write(s, appendClientFrame(nil, opPong, f.payload))
	case opClose:
		l.fail(s, fmt.Errorf("closed by the server: %q", f.payload))
	}
}

// until runs the loop for d, or until done says so.
func (l *loop) until(d time.Duration, done func() bool) {
	for end := time.Now().Add(d); l.err == nil && !done() && time.Now().Before(end); {
		l.turn(50)
	}
}

func never() bool { return false }
