package ws

import (
	"errors"
	"fmt"
)

// What the methods of a Conn return, and why Serve ended. Test with errors.Is.
var (
	// ErrSwitch is returned by Handler.Message to have Serve return without
	// closing: it is then called again on another goroutine.
	ErrSwitch = errors.New("ws: switch goroutines")
	// ErrFull says that a message would exceed Config.MaxQueue. Nothing of it
	// is queued.
	ErrFull = errors.New("ws: queue full")
	// ErrClosed says that the connection has ended or is ending on our side.
	ErrClosed = errors.New("ws: connection closed")
	// ErrControl says that the payload of a ping or pong is over 125 bytes.
	ErrControl = errors.New("ws: control payload too long")
	// ErrTooBig says that a message was over the limit; closed with 1009.
	ErrTooBig = errors.New("ws: message too big")
	// ErrUTF8 says that a text message was not UTF-8; closed with 1007.
	ErrUTF8 = errors.New("ws: text is not UTF-8")
	// ErrProtocol says that the peer broke RFC 6455; closed with 1002.
	ErrProtocol = errors.New("ws: protocol error")
	// ErrLost says that the socket ended without a close frame.
	ErrLost = errors.New("ws: connection lost")
)

// CloseError says that the peer sent a close frame. Code is 1005 if the frame had
// none.
type CloseError struct {
	Code   int
	Reason string
}

func (e *CloseError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("ws: closed by the peer with %d", e.Code)
	}
	return fmt.Sprintf("ws: closed by the peer with %d: %s", e.Code, e.Reason)
}

// CloseCode returns the code with which the peer closed the connection, if err
// says that it did.
func CloseCode(err error) (int, bool) {
	if e, ok := errors.AsType[*CloseError](err); ok {
		return e.Code, true
	}
	return 0, false
}
