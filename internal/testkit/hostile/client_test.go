package hostile_test

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/appservice"
)

// The opcodes of RFC 6455.
const (
	opContinue = 0x0
	opText     = 0x1
	opBinary   = 0x2
	opClose    = 0x8
	opPing     = 0x9
	opPong     = 0xA
)

// The doors.
const (
	appsDoor   = "/PBX0/APPS/websocket"
	clientDoor = "/PBX0/APPCLIENT/websocket"
)

// client is a websocket client that can do everything wrong. It has no goroutine:
// it reads only where the test asks it to.
type client struct {
	t    testing.TB
	name string
	conn net.Conn
	br   *bufio.Reader

	noPongs bool // pings are not answered
	settled int  // counts barriers
	code    int  // of the close frame, once there was one
}

// dial connects to a door of a tenant.
func (m *machine) dial(t testing.TB, door, domain string) *client {
	t.Helper()
	conn, err := net.DialTimeout("tcp", m.addr, patience)
	if err != nil {
		t.Fatal(err)
	}
	return m.upgrade(t, conn, door, domain)
}

// upgrade makes a websocket of a socket. It is cut when the test ends.
func (m *machine) upgrade(t testing.TB, conn net.Conn, door, domain string) *client {
	t.Helper()
	t.Cleanup(func() { _ = conn.Close() })
	c := &client{t: t, name: door, conn: conn, br: bufio.NewReaderSize(conn, 64<<10)}
	_, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", door, domain)
	c.must(err)
	res, err := http.ReadResponse(c.br, nil)
	c.must(err)
	if res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: %s", res.Status)
	}
	return c
}

func (c *client) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatalf("%s: %v", c.name, err)
	}
}

// frame writes one frame. Its error is that of the socket.
func (c *client) frame(fin bool, op byte, payload []byte) error {
	_, err := c.conn.Write(appendFrame(nil, fin, op, payload))
	return err
}

// appendFrame writes a masked frame.
func appendFrame(b []byte, fin bool, op byte, payload []byte) []byte {
	if fin {
		op |= 0x80
	}
	b = append(b, op)
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	mask := [4]byte{0x5a, 0x01, 0xc3, 0x77}
	b = append(b, mask[:]...)
	for i, p := range payload {
		b = append(b, p^mask[i%4])
	}
	return b
}

// send writes a text.
func (c *client) send(text string) {
	c.t.Helper()
	c.must(c.frame(true, opText, []byte(text)))
}

// signaling writes a sig object.
func (c *client) signaling(call int, sig string) {
	c.t.Helper()
	c.send(fmt.Sprintf(`{"api":"PbxSignal","mt":"Signaling","src":%q,"call":%d,"sig":%s}`, c.name, call, sig))
}

// facility writes facilities.
func (c *client) facility(call int, fty ...string) {
	c.t.Helper()
	c.signaling(call, `{"type":"facility","fty":[`+strings.Join(fty, ",")+`]}`)
}

// readFrame reads one frame as it is.
func (c *client) readFrame(limit time.Duration) (fin bool, op byte, payload []byte, err error) {
	_ = c.conn.SetReadDeadline(time.Now().Add(limit))
	var head [2]byte
	if _, err := io.ReadFull(c.br, head[:]); err != nil {
		return false, 0, nil, err
	}
	size := uint64(head[1] & 0x7f)
	if ext := map[uint64]int{126: 2, 127: 8}[size]; ext != 0 {
		var b [8]byte
		if _, err := io.ReadFull(c.br, b[8-ext:]); err != nil {
			return false, 0, nil, err
		}
		size = binary.BigEndian.Uint64(b[:])
	}
	if head[1]&0x80 != 0 || head[0]&0x70 != 0 || size > 16384 {
		return false, 0, nil, fmt.Errorf("bad frame from the switch: % x, %d bytes", head, size)
	}
	payload = make([]byte, size)
	_, err = io.ReadFull(c.br, payload)
	return head[0]&0x80 != 0, head[0] & 0xf, payload, err
}

// errClosed is the end of the connection by a close frame.
var errClosed = errors.New("closed")

// read returns the next text. Pings are answered.
func (c *client) read() ([]byte, error) {
	var text []byte
	for {
		fin, op, payload, err := c.readFrame(patience)
		switch {
		case err != nil:
			return nil, err
		case op == opClose:
			if len(payload) >= 2 {
				c.code = int(binary.BigEndian.Uint16(payload))
			}
			return nil, errClosed
		case op == opPing && !c.noPongs:
			if err := c.frame(true, opPong, payload); err != nil {
				return nil, err
			}
		case op == opText, op == opContinue:
			text = append(text, payload...)
			if len(text) > 65535 {
				return nil, fmt.Errorf("a message of more than 65535 bytes: %.200s", text)
			}
			if fin {
				return text, nil
			}
		}
	}
}

// next is the next text, which must come.
func (c *client) next() message {
	c.t.Helper()
	text, err := c.read()
	if err != nil {
		c.t.Fatalf("%s: %v (close code %d)", c.name, err, c.code)
	}
	return c.parse(text)
}

func (c *client) parse(text []byte) message {
	c.t.Helper()
	m := parse(text)
	if m.value == nil {
		c.t.Fatalf("%s: not JSON: %s", c.name, text)
	}
	return m
}

// parse reads a text; what is not JSON has no value.
func parse(text []byte) message {
	m := message{raw: string(text)}
	_ = json.Unmarshal(text, &m.value)
	return m
}

// message is a received text.
type message struct {
	raw   string
	value any
}

// get follows a path: names, and indexes of arrays. nil if it leads nowhere.
func (m message) get(path string) any {
	v := m.value
	for step := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[step]
		case []any:
			var i int
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

func (m message) str(path string) string {
	s, _ := m.get(path).(string)
	return s
}

func (m message) num(path string) int {
	n, _ := m.get(path).(float64)
	return int(n)
}

// until reads up to a message that is wanted.
func (c *client) until(what string, want func(m message) bool) message {
	c.t.Helper()
	for {
		text, err := c.read()
		if err != nil {
			c.t.Fatalf("%s waits for %s: %v (close code %d)", c.name, what, err, c.code)
		}
		if m := c.parse(text); want(m) {
			return m
		}
	}
}

// untilSig reads up to a Signal message of a type.
func (c *client) untilSig(typ string) message {
	c.t.Helper()
	return c.until(typ, func(m message) bool { return m.str("sig.type") == typ })
}

// untilRel reads up to the release of a call and returns its cause.
func (c *client) untilRel(call int) int {
	c.t.Helper()
	m := c.until("rel", func(m message) bool { return m.str("sig.type") == "rel" && m.num("call") == call })
	return m.num("sig.cau.num")
}

// settle returns everything that has come up to now: what the switch has sent
// when it has read everything from this client.
func (c *client) settle() []message {
	c.t.Helper()
	c.settled++
	src := fmt.Sprintf("settle-%d", c.settled)
	c.send(fmt.Sprintf(`{"mt":"KeepAlive","src":%q}`, src))
	var list []message
	for {
		m := c.next()
		if m.str("mt") == "KeepAlive" && m.str("src") == src {
			return list
		}
		list = append(list, m)
	}
}

// silent wants nothing to have come.
func (c *client) silent() {
	c.t.Helper()
	for _, m := range c.settle() {
		c.t.Errorf("%s: unexpected %.300s", c.name, m.raw)
	}
}

// wantClose reads up to the close frame, which must have the code.
func (c *client) wantClose(code int) {
	c.t.Helper()
	for {
		_, err := c.read()
		if errors.Is(err, errClosed) {
			if c.code != code {
				c.t.Errorf("%s: closed with %d, want %d", c.name, c.code, code)
			}
			return
		}
		if err != nil {
			c.t.Errorf("%s: %v, want a close frame with %d", c.name, err, code)
			return
		}
	}
}

// login logs a person in at the application door.
func (c *client) login(person, domain string) {
	c.t.Helper()
	c.name = person
	c.send(`{"mt":"AppChallenge"}`)
	challenge := c.next().str("challenge")
	l := appservice.UserLogin(domain, person)
	c.send(fmt.Sprintf(`{"mt":"AppLogin","domain":%q,"sip":%q,"digest":%q}`,
		domain, person, appservice.Digest(l, challenge, passwordOf(person, domain))))
	if m := c.next(); m.get("ok") != true {
		c.t.Fatalf("login of %s: %s", person, m.raw)
	}
}

// register registers under the name of the client.
func (c *client) register(flags string) {
	c.t.Helper()
	c.send(fmt.Sprintf(`{"api":"PbxSignal","mt":"Register","src":%q,"flags":%q}`, c.name, flags))
	if m := c.until("RegisterResult", func(m message) bool { return m.str("mt") == "RegisterResult" }); m.get("err") != nil {
		c.t.Fatalf("register: %s", m.raw)
	}
}

// user is a client that has logged in and registered.
func (m *machine) user(t testing.TB, person, flags string) *client {
	t.Helper()
	return m.userOf(t, person, home, flags)
}

func (m *machine) userOf(t testing.TB, person, domain, flags string) *client {
	t.Helper()
	c := m.dial(t, appsDoor, domain)
	c.login(person, domain)
	c.register(flags)
	return c
}

// inbox is a client with an inbox, and the number of that.
func (m *machine) inbox(t testing.TB, person, domain string) (*client, int) {
	t.Helper()
	c := m.userOf(t, person, domain, "NO_MEDIA_CALL|IM_EXT|IM_INBOX")
	number := c.untilSig("setup").num("call")
	c.signaling(number, `{"type":"conn","channel":0}`)
	return c, number
}

const chatSetup = `{"type":"setup","bc":"a880","channel":0,"complete":true,"cd":{"sip":%q},"fty":[{"type":"im_setup"}]}`

// chat sets up a chat that the other client answers, and returns the other's
// number.
func (c *client) chat(call int, to *client) int {
	c.t.Helper()
	c.signaling(call, fmt.Sprintf(chatSetup, to.name))
	number := to.untilSig("setup").num("call")
	to.signaling(number, `{"type":"conn","channel":0}`)
	c.untilSig("conn")
	return number
}

// text is an im_message.
func text(data string) string { return `{"type":"im_message","data":` + quote(data) + `}` }

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// untilText reads up to a text and returns it.
func (c *client) untilText() message {
	c.t.Helper()
	return c.until("a text", func(m message) bool {
		return m.str("sig.fty.0.type") == "im_message" && m.get("sig.fty.0.data") != nil
	})
}
