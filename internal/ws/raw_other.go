//go:build !unix

package ws

import (
	"net"
	"syscall"
)

func rawConn(net.Conn) syscall.RawConn { return nil }

func (c *Conn) readSocket() error { return c.readPortable() }

func (c *Conn) tryRead(uintptr) bool { return true }

func (c *Conn) trySend(uintptr) bool { return true }
