package ws_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/ws"
)

// rfcCase is what a client sends and what comes back from an echo with a limit of
// 1,000 bytes: messages and pongs, then the code of the close frame (0: the
// connection stays).
type rfcCase struct {
	name  string
	sent  []byte
	want  []string // "t:" text, "p:" pong
	close int
	err   error // from Serve; nil: the peer closed
}

// bare is a frame without mask.
func bare(first byte, payload string) []byte {
	return append([]byte{first, byte(len(payload))}, payload...)
}

func rfcCases() []rfcCase {
	long := strings.Repeat("x", 126)
	bad := ws.ErrProtocol
	return []rfcCase{
		// 5.2, 5.4: data frames
		{name: "text", sent: text("a"), want: []string{"t:a"}},
		{name: "empty text", sent: text(""), want: []string{"t:"}},
		{name: "text of 125", sent: text(long[:125]), want: []string{"t:" + long[:125]}},
		{name: "text of 126", sent: text(long), want: []string{"t:" + long}},
		{name: "two in one read", sent: join(text("a"), text("b")), want: []string{"t:a", "t:b"}},
		{name: "two fragments", sent: join(masked(0x01, []byte("a")), masked(0x80, []byte("b"))), want: []string{"t:ab"}},
		{name: "empty fragments", sent: join(masked(0x01, nil), masked(0, nil), masked(0x80, nil)), want: []string{"t:"}},
		{name: "fragments, then a message", sent: join(masked(0x01, []byte("a")), masked(0x80, []byte("b")), text("c")),
			want: []string{"t:ab", "t:c"}},
		{name: "a character over two fragments", sent: join(masked(0x01, []byte("\xc3")), masked(0x80, []byte("\xa4"))),
			want: []string{"t:ä"}},
		{name: "64-bit length of a short frame", sent: longHead(0x81, "ab"), want: []string{"t:ab"}},
		{name: "the limit", sent: text(strings.Repeat("x", 1000)), want: []string{"t:" + strings.Repeat("x", 1000)}},
		// 5.5: control frames
		{name: "ping", sent: masked(0x89, []byte("x")), want: []string{"p:x"}},
		{name: "empty ping", sent: masked(0x89, nil), want: []string{"p:"}},
		{name: "ping of 125", sent: masked(0x89, []byte(long[:125])), want: []string{"p:" + long[:125]}},
		{name: "ping with any bytes", sent: masked(0x89, []byte("\xff\x00\xfe")), want: []string{"p:\xff\x00\xfe"}},
		{name: "ten pings", sent: join(pings(10)...), want: strings.Split("p:0 p:1 p:2 p:3 p:4 p:5 p:6 p:7 p:8 p:9", " ")},
		{name: "unasked pong", sent: join(masked(0x8A, []byte("x")), text("a")), want: []string{"t:a"}},
		{name: "ping between fragments", sent: join(masked(0x01, []byte("a")), masked(0x89, []byte("p")), masked(0x80, []byte("b"))),
			want: []string{"p:p", "t:ab"}},
		{name: "pong between fragments", sent: join(masked(0x01, []byte("a")), masked(0x8A, []byte("p")), masked(0x80, []byte("b"))),
			want: []string{"t:ab"}},
		// 5.2: what is refused
		{name: "RSV1", sent: masked(0xC1, []byte("a")), close: 1002, err: bad},
		{name: "RSV2", sent: masked(0xA1, []byte("a")), close: 1002, err: bad},
		{name: "RSV3", sent: masked(0x91, []byte("a")), close: 1002, err: bad},
		{name: "RSV1 on a ping", sent: masked(0xC9, []byte("a")), close: 1002, err: bad},
		{name: "after a good message", sent: join(text("a"), masked(0xF1, nil)), want: []string{"t:a"}, close: 1002, err: bad},
		{name: "no mask", sent: bare(0x81, "a"), close: 1002, err: bad},
		{name: "no mask on a longer text", sent: bare(0x81, long[:100]), close: 1002, err: bad},
		{name: "no mask on a longer pong", sent: bare(0x8A, long[:100]), close: 1002, err: bad},
		{name: "no mask behind a message", sent: join(text("a"), bare(0x81, long[:100])), want: []string{"t:a"}, close: 1002, err: bad},
		{name: "no mask on a ping", sent: bare(0x89, "a"), close: 1002, err: bad},
		{name: "opcode 3", sent: masked(0x83, nil), close: 1002, err: bad},
		{name: "opcode 7", sent: masked(0x87, []byte("a")), close: 1002, err: bad},
		{name: "opcode 11", sent: masked(0x8B, nil), close: 1002, err: bad},
		{name: "opcode 15", sent: masked(0x8F, []byte("a")), close: 1002, err: bad},
		{name: "ping of 126", sent: masked(0x89, []byte(long)), close: 1002, err: bad},
		{name: "pong of 126", sent: masked(0x8A, []byte(long)), close: 1002, err: bad},
		{name: "close of 126", sent: masked(0x88, []byte("\x03\xe8"+long[2:])), close: 1002, err: bad},
		{name: "16-bit length of a short ping", sent: []byte{0x89, 0xFE, 0, 1, 0, 0, 0, 0, 'a'}, close: 1002, err: bad},
		{name: "16-bit length of a short pong", sent: []byte{0x8A, 0xFE, 0, 1, 0, 0, 0, 0, 'a'}, close: 1002, err: bad},
		{name: "fragmented ping", sent: masked(0x09, []byte("a")), close: 1002, err: bad},
		{name: "fragmented close", sent: masked(0x08, []byte("\x03\xe8")), close: 1002, err: bad},
		{name: "continuation of nothing", sent: masked(0x80, []byte("a")), close: 1002, err: bad},
		{name: "continuation after the end", sent: join(masked(0x01, nil), masked(0x80, nil), masked(0x80, nil)),
			want: []string{"t:"}, close: 1002, err: bad},
		{name: "text between fragments", sent: join(masked(0x01, []byte("a")), text("b")), close: 1002, err: bad},
		{name: "binary between fragments", sent: join(masked(0x01, []byte("a")), masked(0x82, nil)), close: 1002, err: bad},
		// 8.1: UTF-8
		{name: "bad UTF-8", sent: text("a\xff"), close: 1007, err: ws.ErrUTF8},
		{name: "surrogate", sent: text("\xed\xa0\x80"), close: 1007, err: ws.ErrUTF8},
		{name: "overlong", sent: text("\xc0\xaf"), close: 1007, err: ws.ErrUTF8},
		{name: "half a character", sent: text("\xe2\x82"), close: 1007, err: ws.ErrUTF8},
		{name: "bad UTF-8 in a fragment", sent: join(masked(0x01, []byte("a")), masked(0x80, []byte("\xff"))), close: 1007, err: ws.ErrUTF8},
		// 10.4: sizes
		{name: "over the limit", sent: text(strings.Repeat("x", 1001)), close: 1009, err: ws.ErrTooBig},
		{name: "over the limit, header only", sent: text(strings.Repeat("x", 1001))[:8], close: 1009, err: ws.ErrTooBig},
		{name: "over the limit in fragments", sent: join(masked(0x01, []byte(strings.Repeat("x", 600))), masked(0x80, []byte(strings.Repeat("x", 600)))),
			close: 1009, err: ws.ErrTooBig},
		{name: "binary over the limit", sent: masked(0x82, make([]byte, 1001)), close: 1009, err: ws.ErrTooBig},
		{name: "2^62 bytes", sent: append([]byte{0x81, 0xFF, 0x40, 0, 0, 0, 0, 0, 0, 0}, mask...), close: 1009, err: ws.ErrTooBig},
		{name: "2^63 bytes", sent: append([]byte{0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0}, mask...), close: 1009, err: ws.ErrTooBig},
		// 7.4: close frames
		{name: "close", sent: closing(1000, ""), close: 1000},
		{name: "close with a reason", sent: closing(1001, "bye"), close: 1001},
		{name: "close without a code", sent: masked(0x88, nil), close: 1005},
		{name: "close with a private code", sent: closing(4999, ""), close: 4999},
		{name: "close with a registered code", sent: closing(3000, ""), close: 3000},
		{name: "close after a message", sent: join(text("a"), closing(1000, "")), want: []string{"t:a"}, close: 1000},
		{name: "nothing after close", sent: join(closing(1000, ""), text("a")), close: 1000},
		{name: "close code 999", sent: closing(999, ""), close: 1002, err: bad},
		{name: "close code 1004", sent: closing(1004, ""), close: 1002, err: bad},
		{name: "close code 1005", sent: closing(1005, ""), close: 1002, err: bad},
		{name: "close code 1006", sent: closing(1006, ""), close: 1002, err: bad},
		{name: "close code 1015", sent: closing(1015, ""), close: 1002, err: bad},
		{name: "close code 2999", sent: closing(2999, ""), close: 1002, err: bad},
		{name: "close code 5000", sent: closing(5000, ""), close: 1002, err: bad},
		{name: "close reason not UTF-8", sent: closing(1000, "\xff"), close: 1002, err: bad},
	}
}

// longHead is a text frame with a length of eight bytes that would need one.
func longHead(first byte, payload string) []byte {
	b := append([]byte{first, 0xFF, 0, 0, 0, 0, 0, 0, 0, byte(len(payload))}, 0, 0, 0, 0)
	return append(b, payload...)
}

func pings(n int) [][]byte {
	var frames [][]byte
	for i := range n {
		frames = append(frames, masked(0x89, fmt.Append(nil, i)))
	}
	return frames
}

func TestRFC6455(t *testing.T) {
	s := serve(t, ws.Config{MaxMessage: 1000}, nil)
	for _, x := range rfcCases() {
		t.Run(x.name, func(t *testing.T) {
			t.Run("whole", func(t *testing.T) { x.run(t, s, len(x.sent)) })
			t.Run("byte by byte", func(t *testing.T) { x.run(t, s, 1) })
			t.Run("in sevens", func(t *testing.T) { x.run(t, s, 7) })
		})
	}
}

// run sends the case in pieces. Small pieces go the way of partial frames.
func (x rfcCase) run(t *testing.T, s *server, piece int) {
	p := s.raw(t)
	h := s.conn(t)
	for rest := x.sent; len(rest) > 0; {
		n := min(piece, len(rest))
		if _, err := p.Write(rest[:n]); err != nil {
			break // the server has closed already
		}
		rest = rest[n:]
	}
	for _, w := range x.want {
		first := byte(0x81)
		if w[0] == 'p' {
			first = 0x8A
		}
		p.want(t, first, w[2:])
	}
	if x.close == 0 {
		p.send(t, text("still here"))
		p.want(t, 0x81, "still here")
		return
	}
	p.wantClose(t, x.close)
	_ = p.Conn.Close()
	err := h.wait(t)
	if _, byPeer := ws.CloseCode(err); x.err == nil && !byPeer || x.err != nil && !errors.Is(err, x.err) {
		t.Fatalf("Serve returned %v, want %v", err, x.err)
	}
}

func TestHandshake(t *testing.T) {
	s := serve(t, ws.Config{}, nil)
	tests := []struct {
		name, from, to, status string
	}{
		{"not an upgrade", "Upgrade: websocket\r\n", "", "400 Bad Request"},
		{"no connection token", "Connection: Upgrade\r\n", "", "400 Bad Request"},
		{"version", "Version: 13", "Version: 12", "400 Bad Request"},
		{"no key", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", "400 Bad Request"},
		{"short key", "dGhlIHNhbXBsZSBub25jZQ==", "dGhl", "400 Bad Request"},
		{"method", "GET", "POST", "405 Method Not Allowed"},
	}
	for _, x := range tests {
		t.Run(x.name, func(t *testing.T) {
			p := s.socket(t)
			p.send(t, []byte(strings.Replace(handshake, x.from, x.to, 1)))
			if got := p.status(t); got != x.status {
				t.Fatalf("got %s, want %s", got, x.status)
			}
		})
	}
}

// The handshake takes no subprotocol, no extension, and any origin (decisions 4, 6).
func TestHandshakeOffers(t *testing.T) {
	s := serve(t, ws.Config{}, nil)
	p := s.socket(t)
	offer := "Origin: https://elsewhere\r\nSec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
	p.send(t, []byte(strings.TrimSuffix(handshake, "\r\n")+offer))
	a := p.answer(t)
	if a.StatusCode != 101 || a.Header.Get("Sec-WebSocket-Protocol") != "" || a.Header.Get("Sec-WebSocket-Extensions") != "" {
		t.Fatalf("got %s %v", a.Status, a.Header)
	}
	if got := a.Header.Get("Sec-WebSocket-Accept"); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Fatalf("accept %q", got)
	}
	p.send(t, text("a"))
	p.want(t, 0x81, "a")
}

func TestDataBeforeTheHandshakeIsRefused(t *testing.T) {
	s := serve(t, ws.Config{}, nil)
	p := s.socket(t)
	p.send(t, append([]byte(handshake), text("a")...))
	p.wantEnd(t)
	select {
	case <-s.conns:
		t.Fatal("it was accepted")
	default:
	}
}
