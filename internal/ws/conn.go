package ws

import (
	"bufio"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
)

// Config is what a server connection may do. The zero value is usable.
type Config struct {
	// MaxMessage is the longest message accepted, in bytes; a longer one closes
	// the connection with 1009. 0 means DefaultMaxMessage. SetReadLimit changes it.
	MaxMessage int64
	// MaxQueue is how many bytes may wait for the peer, frame headers included.
	// 0 means DefaultMaxQueue.
	MaxQueue int
	// Now is the clock of LastRead and Stalled, nil = time.Now.
	Now func() time.Time
}

// Handler takes what a connection receives. All methods are called by the
// goroutine that runs Serve, one at a time.
type Handler interface {
	// Message takes one whole text message, valid UTF-8, at most as long as the
	// limit. text is valid only during the call and may be changed. An error ends
	// Serve with it; unless it is ErrSwitch the connection is closed too, with
	// 1011 if the handler has not closed it before.
	Message(text []byte) error
	// Binary tells of a binary message, whose content is dropped. An error is
	// handled as that of Message.
	Binary() error
	// Pong takes the payload of a pong, valid only during the call.
	Pong(payload []byte)
	// TurnEnd tells that all whole frames of one socket read have been handled:
	// flush what the turn made dirty. It is called after every read, also where
	// the read brought no whole message, and before Serve returns. It may block to
	// hold the sender (back-pressure).
	TurnEnd()
}

// Conn is the server side of a connection. See the package comment for which
// goroutine may call what.
type Conn struct {
	conn   net.Conn        // the socket; TLS above it, if any
	raw    syscall.RawConn // of a plain socket; nil: see portable.go
	lib    *websocket.Conn // reads frames through link
	br     *bufio.Reader   // of lib
	now    func() time.Time
	readFn func(fd uintptr) bool // c.tryRead
	sendFn func(fd uintptr) bool // c.trySend

	limit    atomic.Int64 // of a message
	lastRead atomic.Int64 // in Unix nanoseconds
	closing  atomic.Bool  // a close frame is queued or sent, or the connection is dead; set under mu

	// The following belong to the goroutine that runs Serve.
	handler   Handler // nil outside Serve
	in        *block  // what the last read brought and nobody has taken
	msg       *block  // the message that is being read
	inErr     error   // the socket's end
	inTurn    bool    // something was read since the last TurnEnd
	partial   bool    // msg holds a part of a message
	ponged    bool    // a pong was queued in this turn
	libDone   bool    // lib reads no more
	carry     [8]byte // the first bytes of a header, see quick.go
	carried   int     // of carry
	budget    int     // how much lib may read up to the end of the frame, 0 = no matter
	readClass uint8   // size of the next read, see portable.go

	mu        sync.Mutex // guards the following and all writes to conn
	upgraded  bool       // the handshake has been written
	draining  bool       // a goroutine writes the queue
	ours      bool       // it was us who closed first
	peerDone  bool       // the peer has sent its close frame
	wantFIN   bool       // half close once the queue is written
	dead      bool       // nothing is read or written any more
	shut      bool       // conn is closed, or is being closed
	behind    bool       // the peer had not taken everything
	maxQueue  int
	queued    int // bytes in the queue
	head      *block
	tail      *block
	moved     time.Time // when the socket took a byte last, while draining
	waits     []wait
	deadTimer *time.Timer // ends a closing connection
}

// RemoteAddr is the address of the peer.
func (c *Conn) RemoteAddr() net.Addr { return c.conn.RemoteAddr() }

// SetReadLimit changes Config.MaxMessage; 0 means DefaultMaxMessage. It counts for
// the messages whose first byte is read after the call. Any goroutine may call it.
func (c *Conn) SetReadLimit(limit int64) {
	if limit <= 0 {
		limit = DefaultMaxMessage
	}
	c.limit.Store(limit)
}

// LastRead is when the peer sent something last: any byte, so also a pong. It is
// the time of the upgrade before that.
func (c *Conn) LastRead() time.Time { return time.Unix(0, c.lastRead.Load()) }
