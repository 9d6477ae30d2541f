package hostile_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// nested is JSON of some depth, as the value of a member: the object around it
// counts too.
func nested(depth int) string {
	return `{"mt":"KeepAlive","src":"deep","x":` + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + `}`
}

// padded is a frame of exactly n bytes that is answered with KeepAlive.
func padded(n int) string {
	const frame = `{"mt":"KeepAlive","src":"big","x":""}`
	return strings.TrimSuffix(frame, `"}`) + strings.Repeat("x", n-len(frame)) + `"}`
}

// TestUnreadableFrames: what cannot be read ends the connection with the code of
// its fault, before and after the login.
func TestUnreadableFrames(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	for _, tt := range []struct {
		name   string
		op     byte
		text   string
		login  bool
		code   int
		reason string
	}{
		{"too large before the login", opText, padded(4097), false, 1009, "too_big"},
		{"too large after the login", opText, padded(65536), true, 1009, "too_big"},
		{"far too large after the login", opText, padded(5 << 20), true, 1009, "too_big"},
		{"not UTF-8", opText, "{\"mt\":\"KeepAlive\",\"x\":\"\xff\"}", true, 1007, "bad_utf8"},
		{"a surrogate in UTF-8", opText, "{\"mt\":\"\xed\xa0\x80\"}", true, 1007, "bad_utf8"},
		{"half a character", opText, "{\"mt\":\"KeepAlive\",\"x\":\"\xe2\x82", true, 1007, "bad_utf8"},
		{"overlong slash", opText, "{\"mt\":\"KeepAlive\",\"x\":\"\xc0\xaf\"}", false, 1007, "bad_utf8"},
		{"not JSON", opText, `hello`, true, 1007, "bad_json"},
		{"not JSON before the login", opText, `hello`, false, 1007, "bad_json"},
		{"nothing", opText, ``, true, 1007, "bad_json"},
		{"two objects", opText, `{"mt":"KeepAlive"}{"mt":"KeepAlive"}`, true, 1007, "bad_json"},
		{"a comment", opText, `{"mt":"KeepAlive"/*x*/}`, true, 1007, "bad_json"},
		{"a comma too many", opText, `{"mt":"KeepAlive",}`, true, 1007, "bad_json"},
		{"a byte order mark", opText, "\ufeff" + `{"mt":"KeepAlive"}`, true, 1007, "bad_json"},
		{"NUL", opText, "{\"mt\":\"Keep\x00Alive\"}", true, 1007, "bad_json"},
		{"newline in a string", opText, "{\"mt\":\"Keep\nAlive\"}", true, 1007, "bad_json"},
		{"NaN", opText, `{"mt":"KeepAlive","x":NaN}`, true, 1007, "bad_json"},
		{"too deep", opText, nested(65), true, 1007, "bad_json"},
		{"much too deep", opText, nested(30000), true, 1007, "bad_json"},
		{"deep without end", opText, strings.Repeat(`{"a":`, 10000), true, 1007, "bad_json"},
		{"a name twice in the envelope", opText, `{"mt":"KeepAlive","mt":"AppChallenge"}`, true, 1007, "duplicate_name"},
		{"a name twice, escaped", opText, `{"mt":"KeepAlive","\u006dt":"AppChallenge"}`, true, 1007, "duplicate_name"},
		{"an unknown name twice in the envelope", opText, `{"mt":"KeepAlive","x":1,"x":2}`, true, 1007, "duplicate_name"},
		{"the obsolete protocol", opText, `{"messageType":"Login"}`, false, 1008, "obsolete_protocol"},
		{"binary before the login", opBinary, `{"mt":"KeepAlive"}`, false, 1003, "binary"},
		{"an unknown opcode", 0x3, `x`, true, 1002, "websocket_protocol"},
		{"an unknown control frame", 0xB, `x`, true, 1002, "websocket_protocol"},
		{"a continuation of nothing", opContinue, `x`, true, 1002, "websocket_protocol"},
		{"a long ping", opPing, strings.Repeat("x", 126), true, 1002, "websocket_protocol"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := m.drops(tt.reason)
			c := m.dial(t, appsDoor, home)
			if tt.login {
				c.login("eve", home)
			}
			_ = c.frame(true, tt.op, []byte(tt.text)) // it may end before everything is written
			c.wantClose(tt.code)
			m.counted(t, tt.reason, before, 1)
		})
	}
}

// TestReadableFrames: what is just within the limits is read.
func TestReadableFrames(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	for _, tt := range []struct {
		name, text string
		login      bool
	}{
		{"4096 bytes before the login", padded(4096), false},
		{"65535 bytes after it", padded(65535), true},
		{"64 deep", nested(64), true},
		{"space around", " \r\n\t" + `{"mt":"KeepAlive","src":"x"}` + "\n", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := m.dial(t, appsDoor, home)
			if tt.login {
				c.login("eve", home)
			}
			c.send(tt.text)
			if got := c.next(); got.str("mt") != "KeepAlive" {
				t.Error(got.raw)
			}
			c.silent()
		})
	}
}

// TestBrokenWebSocketFraming: reserved bits, unmasked frames, a second message
// within the first, a control frame in pieces.
func TestBrokenWebSocketFraming(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	begun := appendFrame(nil, false, opText, []byte(`{"mt":`))
	for name, raw := range map[string][]byte{
		"reserved bit":              {0xC1, 0x80, 0, 0, 0, 0},
		"not masked":                {0x81, 0x02, '{', '}'},
		"a message within another":  appendFrame(begun, true, opText, []byte(`{}`)),
		"ping in pieces":            appendFrame(nil, false, opPing, nil),
		"a length with a sign":      {0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0},
		"a close with no such code": appendFrame(nil, true, opClose, []byte{0, 1}),
	} {
		t.Run(name, func(t *testing.T) {
			before := m.drops("websocket_protocol") + m.drops("too_big")
			c := m.dial(t, appsDoor, home)
			c.login("eve", home)
			_, err := c.conn.Write(raw)
			c.must(err)
			for err == nil {
				_, err = c.read()
			}
			if c.code != 1002 && c.code != 1009 {
				t.Errorf("%v, close code %d", err, c.code)
			}
			if !eventually(func() bool { return m.drops("websocket_protocol")+m.drops("too_big") > before }) {
				t.Error("it was not counted")
			}
		})
	}
}

// TestFramesWithoutMeaning are passed over ten times.
func TestFramesWithoutMeaning(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	for _, login := range []bool{false, true} {
		odd, noMT := m.drops("not_object"), m.drops("no_mt")
		c := m.dial(t, appsDoor, home)
		if login {
			c.login("eve", home)
		}
		for i := range 10 {
			c.send([]string{`[]`, `7`, `null`, `"x"`, `{}`, `{"mt":7}`, `{"mt":null}`, `{"MT":"KeepAlive"}`, `true`, `{"mt":{}}`}[i])
		}
		c.silent()
		m.counted(t, "not_object", odd, 5)
		m.counted(t, "no_mt", noMT, 5)
		c.send(`{"api":"PbxSignal"}`)
		c.wantClose(1007)
	}
}

// TestBinaryAfterTheLogin is passed over and counted.
func TestBinaryAfterTheLogin(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	c, before := m.user(t, "eve", ""), m.drops("binary")
	for range 100 {
		c.must(c.frame(true, opBinary, []byte(`{"mt":"Logout"}`)))
	}
	c.silent()
	m.counted(t, "binary", before, 100)
	c.must(c.frame(true, opBinary, bytes.Repeat([]byte{1}, 65536)))
	c.wantClose(1009)
}

// TestFramesOfOneByte: a message may come in as many frames as it has bytes, with
// pings in between; the limit counts for the whole message.
func TestFramesOfOneByte(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	c := m.user(t, "eve", "")
	var raw []byte
	whole := `{"mt":"KeepAlive","src":"piecemeal","x":"ä€👋` + strings.Repeat("x", 2000) + `"}`
	for i := range len(whole) {
		op := byte(opContinue)
		if i == 0 {
			op = opText
		}
		raw = appendFrame(raw, i == len(whole)-1, op, []byte{whole[i]})
		if i%100 == 7 {
			raw = appendFrame(raw, true, opPing, []byte("now?"))
			raw = appendFrame(raw, false, opContinue, nil)
		}
	}
	_, err := c.conn.Write(raw)
	c.must(err)
	if got := c.next(); got.str("src") != "piecemeal" {
		t.Error(got.raw)
	}
	before := m.drops("too_big")
	c.must(c.frame(false, opText, []byte(`{"x":"`)))
	for range 65535 {
		if c.frame(false, opContinue, []byte("x")) != nil {
			break
		}
	}
	c.wantClose(1009)
	m.counted(t, "too_big", before, 1)
}

// TestFloodsOfControlFrames: pings are answered, though not each of them; pongs
// that nobody asked for are nothing. Neither makes the queue grow.
func TestFloodsOfControlFrames(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	for name, op := range map[string]byte{"ping": opPing, "pong": opPong} {
		t.Run(name, func(t *testing.T) {
			c := m.user(t, "eve", "IM_EXT")
			var raw []byte
			for i := range 20_000 {
				raw = appendFrame(raw, true, op, fmt.Appendf(nil, "d%04d", i%10000))
			}
			wrote := make(chan error, 1)
			go func() { // the answers must not stop the writing for ever
				_, err := c.conn.Write(raw)
				wrote <- err
			}()
			c.must(<-wrote)
			if q := m.sample("pbx_queue_longest_bytes"); q > 256<<10 {
				t.Errorf("%v bytes are queued", q)
			}
			c.settled++
			c.send(`{"mt":"KeepAlive","src":"after"}`)
			pongs := 0
			for {
				_, got, payload, err := c.readFrame(patience)
				c.must(err)
				if got == opPong {
					pongs++
				}
				if got == opText && strings.Contains(string(payload), `"after"`) {
					break
				}
			}
			if (pongs > 0) != (op == opPing) {
				t.Errorf("%d pongs", pongs)
			}
		})
	}
}

// TestTenThousandMembers: an object may have as many members as fit; it costs no
// more than other frames of its length, and nobody else waits for it.
func TestTenThousandMembers(t *testing.T) {
	m := start(t, options{})
	b := m.bystanders(t)
	c := m.user(t, "eve", "")
	var list []string
	for i := range 6400 {
		list = append(list, fmt.Sprintf(`"%x":0`, 0x1000+i))
	}
	members := strings.Join(list, ",")
	escaped := strings.ReplaceAll(strings.Join(list[:4000], ","), `"1`, `"\u0031`)
	for range 20 {
		c.send(`{"mt":"KeepAlive","src":"many",` + members + `}`)
		c.send(`{"mt":"KeepAlive","src":"many",` + escaped + `}`)
		c.send(`{"mt":"KeepAlive","src":"many","x":{` + members + `}}`)
		c.signaling(5, `{"type":"setup","cd":{"sip":"victim"},"x":{`+members+`}}`)
		c.signaling(5, `{"type":"facility","fty":[{"type":"x",`+escaped+`}]}`)
	}
	if n := len(c.settle()); n < 60 {
		t.Errorf("%d answers", n)
	}
	b.undisturbed()
}
