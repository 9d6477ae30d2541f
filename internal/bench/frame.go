package bench

import (
	"encoding/binary"
	"errors"
)

// Opcodes of RFC 6455 5.2.
const (
	opContinuation = 0
	opText         = 1
	opBinary       = 2
	opClose        = 8
	opPing         = 9
	opPong         = 10
)

const (
	finBit   = 0x80
	maskBit  = 0x80
	len16    = 126 // the length is in the next two bytes
	len64    = 127 // the length is in the next eight bytes
	maxFrame = 1 << 20
)

var errFrame = errors.New("bench: malformed frame")

// clientMask masks every frame that a client of the bench sends. A server has
// the same work with a constant as with random numbers; the client has less.
var clientMask = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// frame is one frame of RFC 6455; payload aliases the input.
type frame struct {
	fin     bool
	op      byte
	masked  bool
	key     [4]byte
	payload []byte
}

// control says whether the frame is a close, ping or pong.
func (f *frame) control() bool { return f.op >= opClose }

// nextFrame reads the first frame of b. size is its length with header, 0 when
// b does not hold all of it.
func nextFrame(b []byte) (f frame, size int, err error) {
	if len(b) < 2 {
		return f, 0, nil
	}
	f.fin, f.op, f.masked = b[0]&finBit != 0, b[0]&0x0f, b[1]&maskBit != 0
	if b[0]&0x70 != 0 {
		return f, 0, errFrame
	}
	n, head := frameLength(b)
	if head == 0 {
		return f, 0, nil
	}
	if n > maxFrame || f.control() && n >= len16 {
		return f, 0, errFrame
	}
	if f.masked {
		if len(b) < head+4 {
			return f, 0, nil
		}
		copy(f.key[:], b[head:])
		head += 4
	}
	if len(b)-head < int(n) {
		return f, 0, nil
	}
	f.payload = b[head : head+int(n)]
	return f, head + int(n), nil
}

// frameLength is the length of the payload and the size of the header before
// the mask; head is 0 when b is too short to tell.
func frameLength(b []byte) (n uint64, head int) {
	switch n := uint64(b[1] & 0x7f); {
	case n < len16:
		return n, 2
	case n == len16 && len(b) >= 4:
		return uint64(binary.BigEndian.Uint16(b[2:])), 4
	case n == len64 && len(b) >= 10:
		return binary.BigEndian.Uint64(b[2:]), 10
	}
	return 0, 0
}

// appendHeader writes the first bytes of a frame up to the mask; mask is
// maskBit or 0.
func appendHeader(dst []byte, first, mask byte, n int) []byte {
	switch {
	case n < len16:
		return append(dst, first, mask|byte(n))
	case n <= 0xffff:
		return append(dst, first, mask|len16, byte(n>>8), byte(n))
	}
	dst = append(dst, first, mask|len64)
	return binary.BigEndian.AppendUint64(dst, uint64(n))
}

// appendServerFrame appends one unmasked frame.
func appendServerFrame(dst []byte, op byte, payload []byte) []byte {
	return append(appendHeader(dst, finBit|op, 0, len(payload)), payload...)
}

// appendClientFrame appends one frame masked with clientMask.
func appendClientFrame(dst []byte, op byte, payload []byte) []byte {
	dst = appendHeader(dst, finBit|op, maskBit, len(payload))
	dst = append(dst, clientMask[:]...)
	from := len(dst)
	dst = append(dst, payload...)
	mask(dst[from:], clientMask)
	return dst
}

// mask applies or removes a mask, eight bytes at a time.
func mask(b []byte, key [4]byte) {
	k := uint64(binary.LittleEndian.Uint32(key[:]))
	k |= k << 32
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^k)
		b = b[8:]
	}
	for i := range b {
		b[i] ^= key[i&3]
	}
}
