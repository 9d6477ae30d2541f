//go:build unix

package ws

import (
	"io"
	"net"
	"syscall"
)

// rawConn is the descriptor of a plain socket, nil for anything else: a type that
// wraps a socket may have its reasons.
func rawConn(conn net.Conn) syscall.RawConn {
	var s syscall.Conn
	switch conn := conn.(type) {
	case *net.TCPConn:
		s = conn
	case *net.UnixConn:
		s = conn
	default:
		return nil
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// readSocket blocks until it has read something into c.in.
func (c *Conn) readSocket() error {
	if c.raw == nil {
		return c.readPortable()
	}
	if err := c.raw.Read(c.readFn); err != nil {
		return err
	}
	if c.in == nil {
		return c.inErr
	}
	return nil
}

// tryRead reads once; false means that there is nothing yet. While it waits
// there is no buffer. It is also what tries again after a short read: only so is
// an end of the stream seen that came with the last bytes.
func (c *Conn) tryRead(fd uintptr) bool {
	b := c.nextBlock(turnSize)
	n, err := syscall.Read(int(fd), b.buf[c.carried:cap(b.buf)])
	for err == syscall.EINTR {
		n, err = syscall.Read(int(fd), b.buf[c.carried:cap(b.buf)])
	}
	if n > 0 {
		c.got(b, n)
		return true
	}
	b.free()
	if err == syscall.EAGAIN {
		return false
	}
	if c.inErr = err; err == nil {
		c.inErr = io.EOF
	}
	return true
}

// trySend writes until the socket takes no more; it never asks to wait. It needs
// the mutex.
func (c *Conn) trySend(fd uintptr) bool {
	for c.head != nil && !c.dead {
		p := c.head.rest()
		n, err := syscall.Write(int(fd), p)
		switch {
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return true
		case err != nil:
			c.kill()
			return true
		default:
			c.sent(n)
			c.progress()
			if n < len(p) {
				return true
			}
		}
	}
	return true
}
