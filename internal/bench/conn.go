package bench

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// patience is how long a server may take for one answer while clients log in.
const patience = 10 * time.Second

// upgradeKey is a Sec-WebSocket-Key; any sixteen bytes do.
const upgradeKey = "dGFuZGVtLWxvYWQtdG9vbA=="

// acceptKey is the Sec-WebSocket-Accept to a key (RFC 6455 4.2.2).
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// conn is a client's WebSocket while it logs in: blocking, one goroutine.
// Afterwards a Loop takes over its descriptor, or keep looks after it.
type conn struct {
	net.Conn
	in   []byte // received and not yet read
	used int    // of in, by the message last returned
	out  []byte // scratch
}

// dialConn connects to addr (host:port) and asks for a WebSocket at path.
func dialConn(addr, path string) (*conn, error) {
	nc, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: nc}
	if err := c.upgrade(addr, path); err != nil {
		nc.Close()
		return nil, fmt.Errorf("bench: upgrade of %s: %w", path, err)
	}
	return c, nil
}

func (c *conn) upgrade(addr, path string) error {
	c.SetDeadline(time.Now().Add(patience))
	_, err := io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: "+addr+"\r\nUpgrade: websocket\r\n"+
		"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "+upgradeKey+"\r\n\r\n")
	if err != nil {
		return err
	}
	for {
		if end := bytes.Index(c.in, []byte("\r\n\r\n")); end >= 0 {
			head := c.in[:end]
			c.in = c.in[end+4:]
			return checkUpgrade(head)
		}
		if err := c.more(); err != nil {
			return err
		}
	}
}

func checkUpgrade(head []byte) error {
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 101 ")) || !bytes.Contains(head, []byte(acceptKey(upgradeKey))) {
		line, _, _ := bytes.Cut(head, []byte("\r\n"))
		return fmt.Errorf("refused: %s", line)
	}
	return nil
}

// more reads what has come, at least one byte.
func (c *conn) more() error {
	if len(c.in) > maxFrame {
		return errFrame
	}
	var b [2048]byte
	n, err := c.Read(b[:])
	c.in = append(c.in, b[:n]...)
	if n > 0 {
		return nil
	}
	return err
}

// readMessage returns the next message, valid until the next call. It answers
// pings meanwhile.
func (c *conn) readMessage() ([]byte, error) {
	c.in, c.used = c.in[c.used:], 0
	for {
		f, size, err := nextFrame(c.in)
		if err != nil {
			return nil, err
		}
		if size == 0 {
			if err := c.more(); err != nil {
				return nil, err
			}
			continue
		}
		if !f.control() {
			c.used = size
			return f.payload, nil
		}
		if err := c.answer(&f); err != nil {
			return nil, err
		}
		c.in = c.in[size:]
	}
}

func (c *conn) answer(f *frame) error {
	switch f.op {
	case opPing:
		return c.write(opPong, f.payload)
	case opClose:
		return fmt.Errorf("bench: closed by the server: % x %q", f.payload[:min(2, len(f.payload))], f.payload[min(2, len(f.payload)):])
	}
	return nil
}

func (c *conn) writeMessage(text []byte) error { return c.write(opText, text) }

func (c *conn) write(op byte, payload []byte) error {
	c.out = appendClientFrame(c.out[:0], op, payload)
	_, err := c.Write(c.out)
	return err
}

// keep answers pings on a goroutine of its own until the connection ends.
func (c *conn) keep() {
	c.SetDeadline(time.Time{})
	go func() {
		for {
			if _, err := c.readMessage(); err != nil {
				return
			}
		}
	}()
}

var errUnexpected = errors.New("bench: unexpected answer")
