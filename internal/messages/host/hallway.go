package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// hallway leads to a handler without leaving the process: whoever dials gets one end
// of a pair of sockets, the HTTP server of the handler the other.
type hallway struct {
	server *http.Server
	calls  chan net.Conn

	once   sync.Once
	closed chan struct{}
	ended  chan struct{}
}

// headerTime is how long the head of a request may take.
const headerTime = 10 * time.Second

func newHallway(handler http.Handler, log *slog.Logger) *hallway {
	w := &hallway{
		server: &http.Server{
			Handler: handler, ReadHeaderTimeout: headerTime, MaxHeaderBytes: 16 << 10,
			ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		},
		calls: make(chan net.Conn), closed: make(chan struct{}), ended: make(chan struct{}),
	}
	go func() {
		defer close(w.ended)
		_ = w.server.Serve(w) // it ends with the hallway
	}()
	return w
}

// dial is a new connection to the handler.
func (w *hallway) dial(ctx context.Context) (net.Conn, error) {
	here, there, err := pair()
	if err != nil {
		return nil, err
	}
	select {
	case w.calls <- there:
		return here, nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-w.closed:
		err = net.ErrClosed
	}
	return nil, errors.Join(err, here.Close(), there.Close())
}

// close ends the server. Connections that the handler has taken over are for it to
// end.
func (w *hallway) close() {
	w.once.Do(func() { close(w.closed) })
	_ = w.server.Close()
	<-w.ended
}

var _ net.Listener = (*hallway)(nil)

// Accept implements net.Listener.
func (w *hallway) Accept() (net.Conn, error) {
	select {
	case c := <-w.calls:
		return c, nil
	case <-w.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (w *hallway) Close() error {
	w.once.Do(func() { close(w.closed) })
	return nil
}

// Addr implements net.Listener.
func (w *hallway) Addr() net.Addr { return &net.UnixAddr{Name: "messages", Net: "unix"} }

// pair is two sockets that are connected with each other. They are the system's, with
// its buffers, so that neither side waits for the other to read.
func pair() (a, b net.Conn, err error) {
	syscall.ForkLock.RLock()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fds[0])
		unix.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, fmt.Errorf("messages: a pair of sockets: %w", err)
	}
	if a, err = connOf(fds[0]); err != nil {
		return nil, nil, errors.Join(err, unix.Close(fds[1]))
	}
	if b, err = connOf(fds[1]); err != nil {
		return nil, nil, errors.Join(err, a.Close())
	}
	return a, b, nil
}

// connOf takes the socket over.
func connOf(fd int) (net.Conn, error) {
	f := os.NewFile(uintptr(fd), "messages")
	defer f.Close() // FileConn has a copy
	c, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("messages: a socket: %w", err)
	}
	return c, nil
}
