package appservice_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/ws"
)

// bareConn writes websocket frames by hand: what no client of ours would send.
type bareConn struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func bare(t *testing.T, url string) bareConn {
	t.Helper()
	addr := strings.TrimPrefix(url, "ws://")
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n", addr)
	r := bufio.NewReader(conn)
	answer, err := http.ReadResponse(r, nil)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(answer, err)
	}
	return bareConn{t, conn, r}
}

const (
	opText   = 0x81
	opBinary = 0x82
)

// send writes a short frame, masked with zeros.
func (c bareConn) send(op byte, payload string) {
	c.t.Helper()
	frame := []byte{op, 0x80 | 126}
	frame = binary.BigEndian.AppendUint16(frame, uint16(len(payload)))
	frame = append(append(frame, 0, 0, 0, 0), payload...)
	if _, err := c.Write(frame); err != nil {
		c.t.Error(err)
	}
}

// read reads a frame of less than 64 KiB.
func (c bareConn) read() (op byte, payload []byte) {
	c.t.Helper()
	head := make([]byte, 2)
	_, err := io.ReadFull(c.r, head)
	size := int(head[1])
	if size == 126 && err == nil {
		long := make([]byte, 2)
		_, err = io.ReadFull(c.r, long)
		size = int(binary.BigEndian.Uint16(long))
	}
	payload = make([]byte, size)
	if err == nil {
		_, err = io.ReadFull(c.r, payload)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return head[0], payload
}

func TestBinaryBeforeLoginCloses(t *testing.T) {
	_, url := start(t, appservice.ServerConfig{Host: newHost()})
	c := bare(t, url)
	c.send(opBinary, "x")
	op, payload := c.read()
	if op != 0x88 || binary.BigEndian.Uint16(payload) != appservice.CloseBinary {
		t.Errorf("%x %q", op, payload)
	}
}

func TestBinaryAfterLoginIsIgnored(t *testing.T) {
	_, url := start(t, appservice.ServerConfig{
		Host: newHost(), Challenge: func() string { return "c" }, APIs: []appservice.API{fakeAPI{"", new(record)}},
	})
	c := bare(t, url)
	c.send(opText, `{"mt":"AppChallenge"}`)
	c.send(opText, `{"mt":"AppLogin","app":"svc","digest":"`+appservice.Digest(appservice.Login{App: "svc"}, "c", "pwd")+`"}`)
	c.send(opBinary, "x")
	c.send(opText, `{"mt":"Echo","text":"still here"}`)
	for _, want := range []string{`{"mt":"AppChallengeResult","challenge":"c"}`, `{"mt":"AppLoginResult","app":"svc","ok":true}`, `{"mt":"EchoResult","text":"still here"}`} {
		op, payload := c.read()
		equal(t, fmt.Sprintf("frame %x", op), string(payload), want)
	}
}

// TestLongAnswersComeInFragments: some clients refuse frames of more than 16384
// bytes.
func TestLongAnswersComeInFragments(t *testing.T) {
	_, url := start(t, appservice.ServerConfig{Host: newHost(), Challenge: func() string { return "c" }, Serve: func(ctx context.Context, s appservice.Session) {
		_ = s.Reply(appservice.Frame{}, map[string]string{"mt": "Long", "text": strings.Repeat("x", 50000)})
		<-ctx.Done()
	}})
	c := bare(t, url)
	c.send(opText, `{"mt":"AppChallenge"}`)
	c.send(opText, `{"mt":"AppLogin","app":"svc","digest":"`+appservice.Digest(appservice.Login{App: "svc"}, "c", "pwd")+`"}`)
	c.read()
	c.read()
	total, frames := 0, 0
	for fin := false; !fin; frames++ {
		op, payload := c.read()
		if len(payload) > 16384 {
			t.Errorf("a frame of %d bytes", len(payload))
		}
		total += len(payload)
		fin = op&0x80 != 0
	}
	if total != 50000+len(`{"mt":"Long","text":""}`) || frames < 4 {
		t.Errorf("%d bytes in %d frames", total, frames)
	}
}

// sessionAPI does to the session what its message type says.
type sessionAPI struct{ release chan struct{} }

func (sessionAPI) Name() string { return "" }

func (a sessionAPI) Handle(ctx context.Context, s appservice.Session, f appservice.Frame) error {
	switch f.MT {
	case "Close":
		return s.Close("as you wish")
	case "Ping":
		return s.(appservice.Pinger).Ping(ctx, []byte("payload"))
	case "Long":
		return s.Send(ctx, appservice.Frame{Raw: make([]byte, appservice.MaxMessage+1)})
	case "Recv":
		_, err := s.Recv(ctx)
		return err
	case "Block":
		<-a.release
	}
	return nil
}

func TestSessionMethods(t *testing.T) {
	_, url := start(t, appservice.ServerConfig{Host: newHost(), APIs: []appservice.API{sessionAPI{}}})
	for mt, want := range map[string]int{"Close": appservice.CloseNormal, "Long": appservice.CloseInternal, "Recv": appservice.CloseInternal} {
		c := dial(t, appservice.DialConfig{URL: url})
		if err := c.Notify(limited(t), map[string]string{"mt": mt}); err != nil {
			t.Error(err)
		}
		_, err := c.Recv(limited(t))
		if code, ok := appservice.CloseCode(err); !ok || code != want {
			t.Error(mt, err)
		}
	}
	pings := make(chan string, 1)
	conn, err := ws.Dial(limited(t), url, ws.DialConfig{PingHandler: func(p []byte) error { pings <- string(p); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Abort)
	logIn(t, conn)
	write(t, conn, `{"mt":"Ping"}`)
	write(t, conn, `{"mt":"KeepAlive"}`)
	wantText(t, conn, `{"mt":"KeepAlive"}`)
	equal(t, "ping", <-pings, "payload")
}

func TestAuthorPanicEndsTheSession(t *testing.T) {
	_, url := start(t, appservice.ServerConfig{Host: newHost(), Serve: func(context.Context, appservice.Session) { panic("boom") }})
	_, err := dial(t, appservice.DialConfig{URL: url}).Recv(limited(t))
	if code, _ := appservice.CloseCode(err); code != appservice.CloseInternal {
		t.Error(err)
	}
}

func TestClientDropsASilentPeer(t *testing.T) {
	release := make(chan struct{})
	_, url := start(t, appservice.ServerConfig{Host: newHost(), APIs: []appservice.API{sessionAPI{release}}})
	defer close(release)
	c := dial(t, appservice.DialConfig{URL: url, Ping: 10 * time.Millisecond})
	if err := c.Notify(limited(t), map[string]string{"mt": "Block"}); err != nil {
		t.Fatal(err)
	}
	_, err := c.Recv(limited(t)) // the blocked reader of the service answers no ping
	if !errors.Is(err, appservice.ErrClosed) || !strings.Contains(err.Error(), "silent") {
		t.Error(err)
	}
}

func TestServerRefusesBeyondItsCapacity(t *testing.T) {
	_, url := start(t, appservice.ServerConfig{Host: newHost(), MaxSessions: 1, APIs: []appservice.API{fakeAPI{"", new(record)}}})
	c := dial(t, appservice.DialConfig{URL: url})
	if _, err := c.Call(limited(t), map[string]string{"mt": "Echo"}); err != nil {
		t.Fatal(err)
	}
	_, err := appservice.Dial(limited(t), appservice.DialConfig{URL: url})
	if e, ok := errors.AsType[*ws.HandshakeError](err); !ok || e.Status != http.StatusServiceUnavailable {
		t.Error(err)
	}
}

func TestPlainRequestIsNoSession(t *testing.T) {
	_, url := start(t, appservice.ServerConfig{Host: newHost()})
	answer, err := http.Get("http" + strings.TrimPrefix(url, "ws"))
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode/100 != 4 {
		t.Error(answer.Status)
	}
}
