package ws

import (
	"encoding/binary"
	"unicode/utf8"
)

// MaxFrame is the longest payload of a frame that we send: the vendor's native
// client refuses longer ones, but takes fragments (appwebsocket.md 1.3).
const MaxFrame = 16384

// Defaults and limits of a message (appwebsocket.md decision 5).
const (
	DefaultMaxMessage = 65535
	DefaultMaxQueue   = 1 << 20
)

// Close codes that this package sends itself (RFC 6455 7.4.1, decision 7).
const (
	CodeNormal   = 1000
	CodeProtocol = 1002
	CodeBinary   = 1003 // for Handler.Binary to use
	CodeNone     = 1005 // a close frame without code; never on the wire
	CodeUTF8     = 1007
	CodeTooBig   = 1009
	CodeInternal = 1011
)

// First byte of a frame (RFC 6455 5.2).
const (
	final        = 0x80
	opContinue   = 0x0
	opText       = 0x1
	opClose      = 0x8
	opPing       = 0x9
	opPong       = 0xA
	opMask       = 0x0F
	maskBit      = 0x80
	maxControl   = 125
	length16     = 126
	shortHeader  = 2
	longHeader   = 4
	closeCodeLen = 2
)

// header is the header of an unmasked frame of at most MaxFrame bytes.
type header struct {
	b [longHeader]byte
	n int
}

func newHeader(first byte, length int) header {
	h := header{n: shortHeader}
	h.b[0] = first
	if length <= maxControl {
		h.b[1] = byte(length)
		return h
	}
	h.b[1] = length16
	binary.BigEndian.PutUint16(h.b[2:], uint16(length))
	h.n = longHeader
	return h
}

// textSize is the length of a text message with all its frame headers.
func textSize(length int) int {
	size := length
	for ; length > MaxFrame; length -= MaxFrame {
		size += longHeader
	}
	if length > maxControl {
		return size + longHeader
	}
	return size + shortHeader
}

// closePayload is the payload of a close frame. The reason is cut to what a
// control frame holds, on the border of a character.
func closePayload(code int, reason string) []byte {
	if code == CodeNone || code == 0 {
		return nil
	}
	if !utf8.ValidString(reason) {
		reason = ""
	}
	if n := maxControl - closeCodeLen; len(reason) > n {
		for n > 0 && !utf8.RuneStart(reason[n]) {
			n--
		}
		reason = reason[:n]
	}
	p := binary.BigEndian.AppendUint16(make([]byte, 0, maxControl), uint16(code))
	return append(p, reason...)
}
