package edge

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/metric"
	"github.com/tandem-switch/tandem/internal/ws"
	"github.com/tandem-switch/tandem/signal"
)

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// rig is a running edge with a directory, a fake API and a clock that can be
// moved.
type rig struct {
	t      testing.TB
	edge   *Edge
	dir    *directory.Directory
	store  *memStore
	clock  *clock.Manual
	api    *fakeAPI
	http   *httptest.Server
	domain directory.Domain
	alice  directory.Object
}

// newRig starts an edge. configure changes its configuration before.
func newRig(t testing.TB, configure ...func(*Config)) *rig {
	t.Helper()
	r := &rig{t: t, store: &memStore{}, clock: clock.NewManual(), api: newFakeAPI("PbxSignal")}
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	sealer, err := directory.NewSealer(key)
	r.must(err)
	r.dir, err = directory.Open(t.Context(), r.store, sealer, directory.Config{Clock: r.clock})
	r.must(err)
	r.domain, err = r.dir.AddDomain(t.Context(), "example.com", []string{"pbx.example.com"})
	r.must(err)
	r.alice = r.addUser("alice", "101", "secret-alice")
	r.addUser("bob", "102", "secret-bob")
	r.addApp("robot", "pwd-robot", "PbxSignal", "PbxAdminApi")
	r.addApp("mute", "pwd-mute", "PbxApi")
	config := Config{
		Directory: r.dir, Metrics: metric.New("test", "1"), Clock: r.clock, Version: "1.2", Build: "99",
		APIs: []appservice.API{r.api},
	}
	for _, f := range configure {
		f(&config)
	}
	r.edge, err = New(config)
	r.must(err)
	r.edge.Start()
	r.http = httptest.NewServer(r.edge.Handler())
	t.Cleanup(r.stop)
	return r
}

// stop takes everything down and finds connections that were forgotten.
func (r *rig) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := r.edge.Shutdown(ctx); err != nil {
		r.t.Errorf("shutdown: %v", err)
	}
	r.http.Close()
	if n := len(r.edge.wheel.all()); n != 0 {
		r.t.Errorf("%d connections are left", n)
	}
	if k := r.edge.caps; k.total != 0 || k.pending != 0 || len(k.by) != 0 {
		r.t.Errorf("caps are left: %d, %d, %v", k.total, k.pending, k.by)
	}
	if n := len(r.edge.people.live); n != 0 {
		r.t.Errorf("%d people are left", n)
	}
	if opened, closed := r.api.counts(); opened != closed {
		r.t.Errorf("%d sessions were opened, %d closed", opened, closed)
	}
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) addUser(name, num, password string) directory.Object {
	r.t.Helper()
	u, err := r.dir.AddUser(context.Background(), r.domain.ID, directory.NewObject{
		SIP: name, Num: num, DN: strings.ToUpper(name[:1]) + name[1:], Password: password,
	})
	r.must(err)
	return u
}

func (r *rig) addApp(name, password string, apis ...string) directory.Object {
	r.t.Helper()
	a, err := r.dir.AddApp(context.Background(), r.domain.ID, directory.NewObject{SIP: name, Password: password, APIs: apis})
	r.must(err)
	return a
}

const (
	appsPath   = "/PBX0/APPS/websocket"
	clientPath = "/PBX0/APPCLIENT/websocket"
)

// client is one socket of a test.
type client struct {
	t  testing.TB
	ws *ws.Client
}

// dial opens a socket at a door.
func (r *rig) dial(path string) *client {
	r.t.Helper()
	c, err := ws.Dial(r.t.Context(), "ws"+strings.TrimPrefix(r.http.URL, "http")+path, ws.DialConfig{})
	r.must(err)
	r.t.Cleanup(c.Abort)
	return &client{r.t, c}
}

// send writes a text as it stands.
func (c *client) send(text string) {
	c.t.Helper()
	if err := c.ws.Write([]byte(text)); err != nil {
		c.t.Fatalf("write %s: %v", text, err)
	}
}

func (c *client) sendf(format string, args ...any) {
	c.t.Helper()
	c.send(fmt.Sprintf(format, args...))
}

// message is a received object.
type message map[string]any

func (m message) str(name string) string { s, _ := m[name].(string); return s }

// read waits for the next message.
func (c *client) read() (message, string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	text, err := c.ws.Read(ctx)
	if err != nil {
		c.t.Fatalf("read: %v", err)
	}
	var m message
	if err := json.Unmarshal(text, &m); err != nil {
		c.t.Fatalf("received %s: %v", text, err)
	}
	return m, string(text)
}

// want waits for the next message, which must be mt.
func (c *client) want(mt string) message {
	c.t.Helper()
	m, text := c.read()
	if m.str("mt") != mt {
		c.t.Fatalf("received %s, want %s", text, mt)
	}
	return m
}

// until passes over messages until one is mt.
func (c *client) until(mt string) message {
	c.t.Helper()
	for {
		if m, _ := c.read(); m.str("mt") == mt {
			return m
		}
	}
}

// wantText waits for a message with exactly this text.
func (c *client) wantText(want string) {
	c.t.Helper()
	if _, text := c.read(); text != want {
		c.t.Fatalf("received %s, want %s", text, want)
	}
}

// wantClosed waits until the server closes with the code, passing over messages.
func (c *client) wantClosed(code int) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		_, err := c.ws.Read(ctx)
		if err == nil {
			continue
		}
		if got, ok := ws.CloseCode(err); !ok || got != code {
			c.t.Fatalf("closed with %v, want code %d", err, code)
		}
		return
	}
}

// quiet proves that nothing was sent before the answer to what is sent now.
func (c *client) quiet() {
	c.t.Helper()
	c.send(`{"mt":"KeepAlive","src":"quiet"}`)
	c.wantText(`{"src":"quiet","mt":"KeepAlive"}`)
}

// challenge asks for one at the application door.
func (c *client) challenge() string {
	c.t.Helper()
	c.send(`{"mt":"AppChallenge"}`)
	return c.want("AppChallengeResult").str("challenge")
}

// appLogin sends an AppLogin with its digest over a challenge.
func (c *client) appLogin(l appservice.Login, challenge, password string) message {
	c.t.Helper()
	l.Digest = appservice.Digest(l, challenge, password)
	text, err := json.Marshal(map[string]any{
		"mt": "AppLogin", "app": l.App, "domain": l.Domain, "sip": l.SIP, "guid": l.GUID, "dn": l.DN,
		"digest": l.Digest, "pbxObj": l.PbxObj,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	if l.Info != nil {
		text = append(append(append(text[:len(text)-1], `,"info":`...), l.Info...), '}')
	}
	c.send(string(text))
	return c.want("AppLoginResult")
}

// loginUser logs a person in at the application door.
func (r *rig) loginUser(name string) *client {
	r.t.Helper()
	c := r.dial(appsPath)
	if m := c.appLogin(appservice.UserLogin("example.com", name), c.challenge(), "secret-"+name); m["ok"] != true {
		r.t.Fatalf("login of %s: %v", name, m)
	}
	return c
}

// proof of a login at the myApps door, for its parts that a test changes.
func (c *client) authenticate(kind, user, password string) appservice.Proof {
	c.t.Helper()
	c.sendf(`{"mt":"Login","type":%q,"userAgent":"test"}`, kind)
	m := c.want("Authenticate")
	if m.str("type") != kind || m.str("method") != "digest" {
		c.t.Fatalf("received %v", m)
	}
	return appservice.Proof{
		Type: kind, Domain: m.str("domain"), User: user, Password: password,
		Nonce: appservice.NewChallenge(), Challenge: m.str("challenge"),
	}
}

func (c *client) respond(p appservice.Proof) {
	c.t.Helper()
	c.sendf(`{"mt":"Login","type":%q,"method":"digest","username":%q,"nonce":%q,"response":%q,"userAgent":"test"}`,
		p.Type, p.User, p.Nonce, p.Response())
}

// result waits for a LoginResult that succeeded, and checks its digest over the
// bytes as received.
func (c *client) result(p appservice.Proof) loginResult {
	c.t.Helper()
	_, text := c.read()
	var m loginResult
	if err := json.Unmarshal([]byte(text), &m); err != nil || m.MT != "LoginResult" || m.Error != 0 {
		c.t.Fatalf("received %s, want a LoginResult", text)
	}
	if m.Digest != p.LoginResultDigest(m.Info) {
		c.t.Fatalf("the digest of %s is wrong", text)
	}
	if err := json.Unmarshal(m.Info, &m.info); err != nil {
		c.t.Fatal(err)
	}
	if s := m.info.Session; s != nil {
		var err error
		if m.id, m.password, err = p.OpenSession(*s); err != nil {
			c.t.Fatal(err)
		}
	}
	return m
}

type loginResult struct {
	MT           string
	Info         json.RawMessage
	Digest       string
	Error        int
	ErrorText    string
	info         clientInfo
	id, password string
}

type clientInfo struct {
	User    map[string]any
	Session *appservice.SealedSession
	APIs    []string
}

// wantError waits for a LoginResult that failed.
func (c *client) wantError(code int) {
	c.t.Helper()
	if m := c.want("LoginResult"); m["error"] != float64(code) || m["info"] != nil {
		c.t.Fatalf("received %v, want error %d", m, code)
	}
}

// loginClient logs a person in at the myApps door.
func (r *rig) loginClient(name string) (*client, loginResult) {
	r.t.Helper()
	c := r.dial(clientPath)
	p := c.authenticate("user", name, "secret-"+name)
	c.respond(p)
	res := c.result(p)
	c.settle()
	return c, res
}

// settle passes over what follows a login.
func (c *client) settle() {
	c.t.Helper()
	c.send(`{"mt":"KeepAlive","src":"settled"}`)
	for {
		if m, _ := c.read(); m.str("src") == "settled" {
			return
		}
	}
}

// fakeAPI answers a few requests and remembers its sessions.
type fakeAPI struct {
	name string

	mu       sync.Mutex // guards the following
	sessions map[string]appservice.Session
	opened   int
	closed   int
	frames   int
	pongs    chan string
	held     chan struct{} // closed frames of Block
	refuse   error         // returned by Open
}

func newFakeAPI(name string) *fakeAPI {
	return &fakeAPI{
		name: name, sessions: map[string]appservice.Session{}, pongs: make(chan string, 16), held: make(chan struct{}),
	}
}

func (a *fakeAPI) Name() string { return a.name }

func (a *fakeAPI) Open(_ context.Context, s appservice.Session) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.opened++
	a.sessions[appservice.PrincipalOf(s).SIP] = s
	return a.refuse
}

func (a *fakeAPI) Closed(ctx context.Context, s appservice.Session) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed++
	if signal.TurnFrom(ctx) == nil {
		panic("Closed without a turn")
	}
	if err := s.Send(ctx, appservice.Frame{Raw: []byte("{}")}); !errors.Is(err, appservice.ErrClosed) && a.refuse == nil {
		panic(fmt.Sprint("Send after the end: ", err))
	}
}

func (a *fakeAPI) Pong(_ context.Context, _ appservice.Session, payload []byte) {
	a.pongs <- string(payload)
}

func (a *fakeAPI) counts() (opened, closed int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.opened, a.closed
}

func (a *fakeAPI) session(sip string) appservice.Session {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.sessions[sip]
}

var errBroken = errors.New("broken")

func (a *fakeAPI) Handle(ctx context.Context, s appservice.Session, f appservice.Frame) error {
	a.mu.Lock()
	a.frames++
	a.mu.Unlock()
	switch f.MT {
	case "Echo":
		return appservice.ReplyTo(ctx, s, f, map[string]any{"mt": "EchoResult", "text": f.Get("text").String()})
	case "Whoami":
		p := appservice.PrincipalOf(s)
		return appservice.ReplyTo(ctx, s, f, map[string]any{"mt": "WhoamiResult", "sip": p.SIP, "domain": p.Domain, "app": p.App, "isApp": p.IsApp, "apis": p.APIs})
	case "Relay": // the whole text to the other
		if to := a.session(f.Get("to").String()); to != nil {
			return errIsFine(to.Send(ctx, appservice.Frame{Raw: f.Raw}))
		}
		return nil
	case "Ping":
		return s.(appservice.Pinger).Ping(ctx, []byte(f.Get("text").String()))
	case "Block": // the sender waits until held is closed
		signal.TurnFrom(ctx).Hold(until(a.held))
		return nil
	case "Picky":
		return &appservice.Error{Code: 7, Text: "picky"}
	case "Broken":
		return errBroken
	case "Panic":
		panic("in the API")
	}
	return appservice.ErrUnknownMT
}

// until is a wait that is no client's.
type until chan struct{}

func (u until) Wait(ctx context.Context) {
	select {
	case <-u:
	case <-ctx.Done():
	}
}

// errIsFine drops the errors of a receiver: they are not the sender's.
func errIsFine(error) error { return nil }

// rawSocket is a WebSocket client that can be as odd as a test needs.
type rawSocket struct {
	t    testing.TB
	conn net.Conn
	r    *bufio.Reader
}

func (r *rig) raw(path string) *rawSocket {
	r.t.Helper()
	conn, err := net.Dial("tcp", r.http.Listener.Addr().String())
	r.must(err)
	r.t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: pbx.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", path)
	r.must(err)
	s := &rawSocket{r.t, conn, bufio.NewReader(conn)}
	resp, err := http.ReadResponse(s.r, nil)
	r.must(err)
	if resp.StatusCode != http.StatusSwitchingProtocols {
		r.t.Fatalf("status %d", resp.StatusCode)
	}
	return s
}

// opcodes of frames.
const (
	opText   = 1
	opBinary = 2
	opClose  = 8
	opPing   = 9
	opPong   = 10
)

// frame writes one frame, masked with zeros.
func (s *rawSocket) frame(op byte, payload []byte) error {
	head := []byte{0x80 | op}
	switch n := len(payload); {
	case n < 126:
		head = append(head, 0x80|byte(n))
	case n < 1<<16:
		head = binary.BigEndian.AppendUint16(append(head, 0x80|126), uint16(n))
	default:
		head = binary.BigEndian.AppendUint64(append(head, 0x80|127), uint64(n))
	}
	head = append(head, 0, 0, 0, 0)
	_, err := s.conn.Write(append(head, payload...))
	return err
}

// next reads one frame.
func (s *rawSocket) next() (op byte, payload []byte, err error) {
	_ = s.conn.SetReadDeadline(time.Now().Add(patience))
	var head [2]byte
	if _, err := readFull(s.r, head[:]); err != nil {
		return 0, nil, err
	}
	n := uint64(head[1] & 0x7F)
	if n >= 126 {
		size := make([]byte, map[uint64]int{126: 2, 127: 8}[n])
		if _, err := readFull(s.r, size); err != nil {
			return 0, nil, err
		}
		n = binary.BigEndian.Uint64(append(make([]byte, 8-len(size)), size...))
	}
	payload = make([]byte, n)
	_, err = readFull(s.r, payload)
	return head[0] & 0x0F, payload, err
}

func readFull(r *bufio.Reader, b []byte) (int, error) {
	n := 0
	for n < len(b) {
		m, err := r.Read(b[n:])
		n += m
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// wantClose passes over frames until the close frame.
func (s *rawSocket) wantClose(code int) {
	s.t.Helper()
	for {
		op, payload, err := s.next()
		if err != nil {
			s.t.Fatalf("no close frame: %v", err)
		}
		if op != opClose {
			continue
		}
		if got := int(binary.BigEndian.Uint16(payload)); got != code {
			s.t.Fatalf("closed with %d %s, want %d", got, payload[2:], code)
		}
		return
	}
}

func unmarshal(t testing.TB, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// text reads the next text frame.
func (s *rawSocket) text() message {
	s.t.Helper()
	op, payload, err := s.next()
	if err != nil || op != opText {
		s.t.Fatalf("received %d %s %v", op, payload, err)
	}
	var m message
	unmarshal(s.t, string(payload), &m)
	return m
}

// stuck logs in at the application door and then does not read by itself.
func (r *rig) stuck(name string) *rawSocket {
	r.t.Helper()
	s := r.raw(appsPath)
	r.must(s.frame(opText, []byte(`{"mt":"AppChallenge"}`)))
	challenge := s.text().str("challenge")
	l := appservice.UserLogin("example.com", name)
	r.must(s.frame(opText, fmt.Appendf(nil, `{"mt":"AppLogin","domain":"example.com","sip":%q,"digest":%q}`,
		name, appservice.Digest(l, challenge, "secret-"+name))))
	if m := s.text(); m["ok"] != true {
		r.t.Fatalf("login: %v", m)
	}
	return s
}

// rawClient logs in at the myApps door.
func (r *rig) rawClient(name string) *rawSocket {
	r.t.Helper()
	s := r.raw(clientPath)
	r.must(s.frame(opText, []byte(`{"mt":"Login","type":"user"}`)))
	m := s.text()
	p := appservice.Proof{
		Type: "user", Domain: m.str("domain"), User: name, Password: "secret-" + name,
		Nonce: appservice.NewChallenge(), Challenge: m.str("challenge"),
	}
	r.must(s.frame(opText, fmt.Appendf(nil, `{"mt":"Login","type":"user","username":%q,"nonce":%q,"response":%q}`, name, p.Nonce, p.Response())))
	if m := s.text(); m.str("mt") != "LoginResult" || m["error"] != nil {
		r.t.Fatalf("login: %v", m)
	}
	return s
}

// panics is how many panics were counted.
func (r *rig) panics() int {
	rec := httptest.NewRecorder()
	r.edge.metrics.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	n := 0
	if _, rest, found := strings.Cut(rec.Body.String(), `pbx_drops_total{reason="panic"} `); found {
		_, _ = fmt.Sscan(rest, &n)
	}
	return n
}
