package bench

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"sync"

	"github.com/gorilla/websocket"
)

// stub is a switch that knows only what the bench says: login, registration,
// chats between two people with all devices, receipts. It stands in for the
// real binary in tests.
type stub struct {
	upgrader websocket.Upgrader
	mu       sync.Mutex // guards the following and all of stubConn
	people   map[string][]*stubConn
	refuse   string // this user's registration fails
}

type stubConn struct {
	ws        *websocket.Conn
	challenge string
	user      string
	ext       bool
	peers     []*stubConn
	call      int
}

// stubFrame is what comes from a client.
type stubFrame struct {
	MT, SIP, Digest, Flags string
	Call                   int
	Sig                    struct {
		Type string
		CD   struct{ SIP string }
		Fty  []struct{ ID, Data string }
	}
}

func newStub() *stub { return &stub{people: map[string][]*stubConn{}} }

// serve is a handler of all doors of the stub.
func (s *stub) serve(l net.Listener) error {
	mux := http.NewServeMux()
	mux.HandleFunc("/PBX0/APPS/websocket", s.door)
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		fmt.Fprintf(w, "go_memstats_mallocs_total %d\n", m.Mallocs)
	})
	return http.Serve(l, mux)
}

func (s *stub) door(w http.ResponseWriter, r *http.Request) {
	ws, err := s.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	c := &stubConn{ws: ws}
	defer s.leave(c)
	for {
		_, text, err := ws.ReadMessage()
		if err != nil {
			return
		}
		var f stubFrame
		if json.Unmarshal(text, &f) != nil {
			return
		}
		s.mu.Lock()
		s.handle(c, &f)
		s.mu.Unlock()
	}
}

func (s *stub) leave(c *stubConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.ws.Close()
	var rest []*stubConn
	for _, d := range s.people[c.user] {
		if d != c {
			rest = append(rest, d)
		}
	}
	s.people[c.user] = rest
}

func (c *stubConn) say(format string, args ...any) {
	c.ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, format, args...))
}

func (s *stub) handle(c *stubConn, f *stubFrame) {
	switch f.MT {
	case "AppChallenge":
		var b [8]byte
		rand.Read(b[:])
		c.challenge = hex.EncodeToString(b[:])
		c.say(`{"mt":"AppChallengeResult","challenge":%q}`, c.challenge)
	case "AppLogin":
		c.user = f.SIP
		c.say(`{"mt":"AppLoginResult","ok":%t,"errorText":"wrong"}`, f.Digest == loginDigest(f.SIP, c.challenge))
	case "Register":
		s.register(c, f)
	case "Signaling":
		s.signal(c, f)
	}
}

func (s *stub) register(c *stubConn, f *stubFrame) {
	c.ext = f.Flags == "NO_MEDIA_CALL|IM_EXT"
	s.people[c.user] = append(s.people[c.user], c)
	if c.user == s.refuse {
		c.say(`{"api":"PbxSignal","mt":"RegisterResult","src":"r","err":"not allowed"}`)
		return
	}
	c.say(`{"api":"PbxSignal","mt":"RegisterResult","src":"r"}`)
}

func (c *stubConn) sig(format string, args ...any) {
	c.say(`{"api":"PbxSignal","mt":"Signaling","src":"r","call":%d,"sig":%s}`, c.call, fmt.Sprintf(format, args...))
}

func (s *stub) signal(c *stubConn, f *stubFrame) {
	switch f.Sig.Type {
	case "setup":
		s.setup(c, f)
	case "conn":
		c.peers[0].sig(`{"type":"conn","channel":0}`)
	case "facility":
		s.facility(c, f)
	case "rel":
		for _, p := range c.peers {
			p.sig(`{"type":"rel","cau":{"num":16}}`)
		}
	}
}

func (s *stub) setup(c *stubConn, f *stubFrame) {
	c.call, c.peers = f.Call, s.people[f.Sig.CD.SIP]
	if len(c.peers) == 0 {
		c.sig(`{"type":"rel","cau":{"num":20}}`)
		return
	}
	c.sig(`{"type":"call_proc"}`)
	for _, p := range c.peers {
		p.call, p.peers = p.call-1, []*stubConn{c}
		p.sig(`{"type":"setup","fty":[{"type":"im_setup"}]}`)
	}
}

func (s *stub) facility(c *stubConn, f *stubFrame) {
	for _, p := range c.peers {
		p.sig(`{"type":"facility","fty":[{"type":"im_message","sender":%q,"data":%q}]}`, c.user, f.Sig.Fty[0].Data)
	}
	if c.ext {
		c.sig(`{"type":"facility","fty":[{"type":"im_receipt","id":%q,"state":"sent"}]}`, f.Sig.Fty[0].ID)
	}
}
