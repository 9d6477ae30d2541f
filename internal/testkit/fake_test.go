package testkit_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/testkit"
	"github.com/tandem-switch/tandem/internal/ws"
)

// parrot is a server that logs everybody in and then says what it is told:
//
//	{"mt":"Say","to":"bob.1","text":"…","after":20}   text as it stands, after 20 ms
//	{"mt":"SendPing"}  {"mt":"Pongs"}  {"mt":"Hang","code":1008}  {"mt":"WhatTime"}  {"mt":"Where"}
//
// It is no switch: what comes back is what the test wrote.
type parrot struct {
	passwords map[string]string
	url       string

	mu    sync.Mutex // guards the following
	conns map[string]*parrotConn
	ahead time.Duration
	steps int
}

func startParrot(t testing.TB, s testkit.Setup) testkit.Target {
	p := &parrot{passwords: map[string]string{}, conns: map[string]*parrotConn{}}
	for _, x := range s.People {
		p.passwords[x.Name] = x.Password
	}
	for _, x := range s.Objects {
		p.passwords[x.Name] = x.Password
	}
	srv := httptest.NewServer(p)
	p.url = srv.URL
	t.Cleanup(srv.Close)
	return testkit.Target{URL: srv.URL, Advance: p.advance}
}

func (p *parrot) advance(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ahead += d
	p.steps++
}

func (p *parrot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/websocket") {
		p.file(w, r)
		return
	}
	c, err := ws.Upgrade(w, r, ws.Config{})
	if err != nil {
		return
	}
	pc := &parrotConn{p: p, c: c}
	_ = c.Serve(pc)
	c.Abort()
}

// file is what http steps ask for: nothing to get, everything may be posted.
func (p *parrot) file(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		http.Error(w, "gone", http.StatusNotFound)
		return
	}
	_, _ = w.Write([]byte("stored"))
}

type parrotConn struct {
	p     *parrot
	c     *ws.Conn
	pongs int
}

func (c *parrotConn) Binary() error { return nil }
func (c *parrotConn) Pong([]byte)   { c.pongs++ }
func (c *parrotConn) TurnEnd()      { c.c.Flush() }

func (c *parrotConn) say(v any) {
	text, ok := v.(string)
	if !ok {
		b, _ := json.Marshal(v)
		text = string(b)
	}
	_, _ = c.c.QueueText([]byte(text))
	c.c.Flush()
}

const challenge = "0123456789abcdef"

type order struct {
	MT, Src, App, Domain, SIP, GUID, DN, Digest  string
	Flags, To, Username, Response, Nonce, Method string
	Text                                         json.RawMessage
	After, Code                                  int
}

func (c *parrotConn) Message(text []byte) error {
	var o order
	if err := json.Unmarshal(slices.Clone(text), &o); err != nil {
		return err
	}
	switch o.MT {
	case "AppChallenge":
		c.say(map[string]any{"mt": "AppChallengeResult", "challenge": challenge})
	case "AppLogin":
		want := strings.Join([]string{o.App, o.Domain, o.SIP, o.GUID, o.DN, challenge, c.p.passwords[o.SIP]}, ":")
		c.say(map[string]any{"mt": "AppLoginResult", "ok": o.Digest == hash(want)})
	case "Login":
		c.myApps(o)
	case "Register":
		c.register(o)
	case "Say":
		c.relay(o)
	case "Where":
		c.say(map[string]any{"url": c.p.url + "/file"})
	case "SendPing":
		_ = c.c.QueuePing([]byte("p"))
	case "Pongs":
		c.say(map[string]any{"mt": "Pongs", "n": c.pongs})
	case "Hang":
		c.c.Close(o.Code, "told to")
	case "WhatTime":
		c.p.mu.Lock()
		defer c.p.mu.Unlock()
		c.say(map[string]any{"mt": "Time", "sec": time.Now().Add(c.p.ahead).Unix(), "steps": c.p.steps})
	}
	return nil
}

func (c *parrotConn) myApps(o order) {
	if o.Method == "" {
		c.say(`{"mt":"UpdateRegister"}`)
		c.say(map[string]any{"mt": "Authenticate", "type": "user", "method": "digest", "domain": "example.com", "challenge": challenge})
		return
	}
	proof := func(kind string, more ...string) string {
		parts := []string{"innovaphoneAppClient", kind, "example.com", o.Username, c.p.passwords[o.Username], o.Nonce, challenge}
		return hash(strings.Join(append(parts, more...), ":"))
	}
	if o.Response != proof("user") {
		c.say(`{"mt":"LoginResult","error":2}`)
		return
	}
	info := `{"user":{"sip":"` + o.Username + `"}}`
	c.say(`{"mt":"LoginResult","info":` + info + `,"digest":"` + proof("loginresult", info) + `"}`)
}

func (c *parrotConn) register(o order) {
	c.p.mu.Lock()
	c.p.conns[o.Src] = c
	c.p.mu.Unlock()
	c.say(map[string]any{"api": "PbxSignal", "mt": "RegisterResult", "src": o.Src})
	if strings.Contains(o.Flags, "IM_INBOX") {
		c.say(`{"api":"PbxSignal","mt":"Signaling","src":"` + o.Src + `","call":-9,"sig":{"type":"setup",` +
			`"cg":{"sip":"a"},"cd":{"sip":"a"},"channel":0,"fty":[{"type":"im_setup","inbox":true}]}}`)
	}
}

func (c *parrotConn) relay(o order) {
	to := c
	if o.To != "" {
		c.p.mu.Lock()
		to = c.p.conns[o.To]
		c.p.mu.Unlock()
	}
	text := string(o.Text)
	_ = json.Unmarshal(o.Text, &text) // the text may be a JSON string, or JSON itself
	if o.After == 0 {
		to.say(text)
		return
	}
	time.AfterFunc(time.Duration(o.After)*time.Millisecond, func() { to.say(text) })
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
