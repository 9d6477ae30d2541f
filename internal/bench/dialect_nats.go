package bench

import (
	"bytes"
	"fmt"
	"strconv"
)

// natsDialect is the client protocol of NATS, carried in WebSocket messages:
// a person is a subject.
type natsDialect struct{}

func (natsDialect) path(string) string { return "/" }

// enter waits for INFO, then connects and subscribes in one message.
func (natsDialect) enter(c *client) error {
	hello, err := c.conn.readMessage()
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(hello, []byte("INFO ")) {
		return fmt.Errorf("%w: %q", errUnexpected, hello)
	}
	err = c.conn.writeMessage([]byte(`CONNECT {"verbose":false,"pedantic":false,"lang":"go","version":"1","protocol":1,"echo":false}` +
		"\r\nSUB " + c.name + " 1\r\nPING\r\n"))
	if err != nil {
		return err
	}
	return awaitPong(c.conn)
}

// awaitPong passes over INFO, which the server repeats when a client connects.
func awaitPong(c *conn) error {
	for {
		m, err := c.readMessage()
		if err != nil {
			return err
		}
		if bytes.Contains(m, []byte("PONG\r\n")) {
			return nil
		}
		if !bytes.HasPrefix(m, []byte("INFO ")) {
			return fmt.Errorf("%w: %q", errUnexpected, m)
		}
	}
}

func (natsDialect) link(*client, []*client) error   { return nil }
func (natsDialect) unlink(*client, []*client) error { return nil }

func (natsDialect) text(dst []byte, c *client) []byte {
	dst = fmt.Appendf(dst, "PUB %s %d\r\n", c.peer, textSize)
	return append(append(dst, body()...), "\r\n"...)
}

func (natsDialect) scanner() scanner { return new(natsScanner) }

// natsScanner reads the byte stream that the messages carry; the server may
// cut it anywhere.
type natsScanner struct {
	skip int    // bytes of a text and its line end that are still to come
	line []byte // the beginning of a control line
}

func (s *natsScanner) scan(b []byte) (texts, acks int, err error) {
	for len(b) > 0 {
		if s.skip > 0 {
			n := min(s.skip, len(b))
			s.skip, b = s.skip-n, b[n:]
			if s.skip == 0 {
				texts++
			}
			continue
		}
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			s.line = append(s.line, b...)
			return texts, 0, nil
		}
		if err := s.control(b[:end+1]); err != nil {
			return texts, 0, err
		}
		b = b[end+1:]
	}
	return texts, 0, nil
}

// control reads one line: "MSG subject sid size\r\n", INFO, PONG or an error.
func (s *natsScanner) control(line []byte) error {
	if len(s.line) > 0 {
		s.line = append(s.line, line...)
		line, s.line = s.line, s.line[:0]
	}
	if !bytes.HasPrefix(line, []byte("MSG ")) {
		if bytes.HasPrefix(line, []byte("-ERR")) {
			return fmt.Errorf("bench: nats: %s", line)
		}
		return nil
	}
	size, err := strconv.Atoi(string(bytes.TrimSpace(line[bytes.LastIndexByte(line, ' '):])))
	if err != nil {
		return fmt.Errorf("%w: %q", errUnexpected, line)
	}
	s.skip = size + 2
	return nil
}
