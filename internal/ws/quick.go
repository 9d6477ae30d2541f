package ws

import (
	"encoding/binary"
	"unicode/utf8"
)

// What nearly always comes is a whole text message, ping or pong in one frame that
// stands in one piece in what was read. Such a frame is taken from there, without
// a copy. Everything else goes through the library: parts of frames, fragments,
// close frames, and whatever is wrong.

// opening is the header of a frame at the start of what was read.
type opening struct {
	head, length int
	key          uint32
}

// size is the length of the frame.
func (o opening) size() int { return o.head + o.length }

// open reads the header of a masked frame of up to 65535 bytes (RFC 6455 5.2).
// It fails where there is less, or something else.
func open(p []byte) (o opening, ok bool) {
	if len(p) < 2+4 || p[1]&maskBit == 0 {
		return o, false
	}
	switch n := int(p[1] &^ maskBit); {
	case n < length16:
		o.head, o.length = 2+4, n
	case n == length16 && len(p) >= 4+4:
		o.head, o.length = 4+4, int(binary.BigEndian.Uint16(p[2:]))
	default:
		return o, false
	}
	o.key = binary.LittleEndian.Uint32(p[o.head-4:])
	return o, true
}

// quick handles the frame at the start of what was read, if it is one of the
// simple ones. The library must stand between two messages, with nothing read
// ahead.
func (c *Conn) quick(h Handler) (done bool, err error) {
	p := c.in.rest()
	o, ok := open(p)
	if !ok {
		return c.carryHeader(p), nil
	}
	if o.size() > len(p) {
		c.budget = o.size() // so that the library does not read ahead
		return false, nil
	}
	payload := p[o.head:o.size()]
	switch control := o.head == 2+4; { // a longer length field is an error (RFC 6455 5.5)
	case p[0] == final|opText && int64(o.length) <= c.limit.Load():
		unmask(payload, o.key)
		err = c.text(h, payload)
	case p[0] == final|opPing && control:
		unmask(payload, o.key)
		c.gotPing(payload)
	case p[0] == final|opPong && control:
		unmask(payload, o.key)
		h.Pong(payload)
	default:
		return false, nil
	}
	c.took(o.size())
	return true, err
}

// carryHeader keeps the first bytes of a header for the next read, if they may
// become that of a simple frame: were they left to the library, it would read on
// over the end of the frame.
func (c *Conn) carryHeader(p []byte) bool {
	switch {
	case p[0] != final|opText && p[0] != final|opPing && p[0] != final|opPong:
		return false
	case len(p) > 1 && (p[1]&maskBit == 0 || len(p) >= len(c.carry) || p[1]&^maskBit > length16):
		return false
	}
	c.carried = copy(c.carry[:], p)
	c.took(len(p))
	return true
}

// nextBlock is a buffer for a read of size bytes or more, which begins with what
// was carried.
func (c *Conn) nextBlock(size int) *block {
	b := takeBlock(size)
	b.buf = append(b.buf, c.carry[:c.carried]...)
	return b
}

// text hands a text message to the handler.
func (c *Conn) text(h Handler, text []byte) error {
	switch {
	case c.closing.Load():
		return nil
	case !utf8.Valid(text):
		c.Close(CodeUTF8, "not UTF-8")
		return ErrUTF8
	}
	return h.Message(text)
}

// unmask takes the mask of the client off (RFC 6455 5.3).
func unmask(p []byte, key uint32) {
	wide := uint64(key)<<32 | uint64(key)
	for len(p) >= 8 {
		binary.LittleEndian.PutUint64(p, binary.LittleEndian.Uint64(p)^wide)
		p = p[8:]
	}
	for i := range p {
		p[i] ^= byte(wide >> (8 * i))
	}
}
