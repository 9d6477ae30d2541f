package edge

import (
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/guard"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/internal/metric"
	"github.com/tandem-switch/tandem/internal/webui"
	"github.com/tandem-switch/tandem/internal/ws"
	"github.com/tandem-switch/tandem/signal"
	"github.com/tandem-switch/tandem/trace"
)

// Config is what an Edge needs. Directory is required; Listen only by Serve.
type Config struct {
	Directory *directory.Directory
	Licences  Licences // nil = everybody has everything
	APIs      []appservice.API
	Metrics   *metric.Set   // nil = none
	Clock     clock.Clock   // default: the system's
	Tracer    *trace.Tracer // nil = off
	Log       *slog.Logger  // default: silence
	Limits    Limits
	Guard     *guard.Guard // limits of attempts; nil = one with Limits.Guard

	Name    string // of the switch, told to app services; default "tandem"
	Version string // told by CheckBuild, and at /
	Build   string

	// Listen are URIs: http://127.0.0.1:8080, http://[::1]:8080,
	// https://0.0.0.0:443, http+insecure://0.0.0.0:80. Port 0 takes a free one.
	Listen []string
	// ListenAdmin are listeners for Admin alone; if there are any, those of
	// Listen do not serve it. ListenMetrics are listeners for /metrics alone.
	ListenAdmin   []string
	ListenMetrics []string
	// Admin serves /admin/ and /debug.xml; nil = 404. It finds the peer.Peer
	// of a request in its context. A request has Limits.AdminTime, unless Admin
	// itself sets other deadlines with http.ResponseController.
	Admin http.Handler

	// Files serves everything below /<domain>/messages/ at the listeners of
	// clients: the file links of the Messages service that the switch hosts. It
	// sets the deadlines of its requests itself; nil = 404.
	Files http.Handler

	// Pages are the web client, at the listeners of clients, and the console, where
	// Admin is; nil = a page that says what runs here.
	Pages *webui.UI

	// Certificates are those of https listeners; nil = the pair in CertFile and
	// KeyFile, which is read anew when it changes.
	Certificates Certificates
	CertFile     string
	KeyFile      string
	// PublicMetrics shows /metrics on every listener of Listen, not on loopback
	// ones alone.
	PublicMetrics bool
	// TrustedProxies are believed about the addresses of their clients
	// (X-Forwarded-For).
	TrustedProxies []netip.Prefix
	// Ready tells why the switch cannot work at the moment; /readyz asks it.
	Ready func() error
	// FixedChallenge is issued instead of a random challenge. Only for tests.
	FixedChallenge string
}

// Licences tells who has what. It answers from memory.
type Licences interface {
	// Standing is that of an object with a feature.
	Standing(signal.Address, licence.Feature) licence.Standing
	// App is the standing of an object with the app of a name.
	App(user signal.Address, name string) licence.Standing
}

// Edge is the whole of the doors. Its methods are safe for use by several
// goroutines.
type Edge struct {
	dir     *directory.Directory
	lics    Licences
	mux     *appservice.Mux
	apis    map[string]appservice.API
	offered []string // those of userAPIs that there are
	metrics *metric.Set
	clock   clock.Clock
	tracer  *trace.Tracer
	log     *slog.Logger
	lim     Limits

	pbxName, version, build string
	listen                  listenConfig
	trusted                 []netip.Prefix
	ready                   func() error
	admin                   *adminDoor   // nil without
	files                   http.Handler // nil without
	pages                   *webui.UI    // nil without
	challenge               func() string
	secret                  string // password of the built-in apps

	guard    *guard.Guard
	failures *failures
	nonces   *nonces
	people   *people
	waiting  *waiting
	wheel    *wheel
	later    *later
	caps     *caps
	scratch  sync.Pool
	numbers  atomic.Uint64 // of connections

	mu        sync.Mutex // guards the following
	servers   []*http.Server
	listeners []*listener
	draining  bool           // nobody new is let in
	closing   bool           // those who are in are sent away
	ended     sync.WaitGroup // one for each connection
}

// New checks the configuration. It opens no socket and starts nothing but the
// watch over the directory.
func New(config Config) (*Edge, error) {
	if config.Directory == nil {
		return nil, errors.New("edge: Config.Directory is missing")
	}
	mux, err := appservice.NewMux(config.APIs...)
	if err != nil {
		return nil, err
	}
	listen, err := newListenConfig(config)
	if err != nil {
		return nil, err
	}
	config.setDefaults()
	lim := config.Limits.withDefaults()
	e := &Edge{
		dir: config.Directory, lics: config.Licences, mux: mux, apis: map[string]appservice.API{}, metrics: config.Metrics,
		clock: config.Clock, tracer: config.Tracer, log: config.Log, lim: lim,
		pbxName: config.Name, version: config.Version, build: config.Build, listen: listen,
		trusted: config.TrustedProxies, ready: config.Ready, files: config.Files, pages: config.Pages,
		admin:     boundAdmin(config.Admin, lim, config.Metrics),
		challenge: appservice.NewChallenge, secret: newSecret(),
		guard: config.Guard, failures: newFailures(lim), nonces: newNonces(lim), people: newPeople(), waiting: newWaiting(),
		caps: newCaps(lim), later: newLater(lim),
	}
	if config.FixedChallenge != "" {
		e.challenge = func() string { return config.FixedChallenge }
	}
	e.scratch.New = func() any { return new(scratch) }
	e.wheel = newWheel(e)
	e.know(config.APIs)
	e.dir.Watch(e.changed)
	e.metrics.WatchQueues(e.queues)
	return e, nil
}

func (c *Config) setDefaults() {
	if c.Clock == nil {
		c.Clock = clock.System()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Name == "" {
		c.Name = "tandem"
	}
	if c.Version == "" {
		c.Version = "dev"
	}
	if c.Build == "" {
		c.Build = "0"
	}
	if c.Guard == nil {
		c.Guard = guard.New(c.Limits.Guard())
	}
}

// know notes which APIs there are.
func (e *Edge) know(apis []appservice.API) {
	for _, a := range apis {
		e.apis[a.Name()] = a
	}
	e.offered = []string{}
	for _, name := range userAPIs {
		if e.apis[name] != nil {
			e.offered = append(e.offered, name)
		}
	}
}

// queues is how many bytes wait for all clients, and for the one that is most
// behind.
func (e *Edge) queues() (total, longest int) {
	for _, c := range e.wheel.all() {
		n := c.ws.Queued()
		total, longest = total+n, max(longest, n)
	}
	return total, longest
}

// newSecret is a password of 256 bits.
func newSecret() string {
	var s string
	for range 4 {
		s += appservice.NewChallenge()
	}
	return s
}

// admit reserves a connection that is about to be upgraded; false if the switch is
// going down. Every admitted connection ends with dismiss or forget.
func (e *Edge) admit() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.draining || e.closing {
		return false
	}
	e.ended.Add(1)
	return true
}

// dismiss gives back what was reserved for a connection that did not begin.
func (e *Edge) dismiss(from netip.Addr) {
	e.caps.leave(from, true)
	e.ended.Done()
}

// accept makes a connection of an upgraded socket and serves it until its login,
// on the goroutine of the HTTP server.
func (e *Edge) accept(socket *ws.Conn, from netip.Addr, host string, open func(*conn) door) {
	number := e.numbers.Add(1)
	c := &conn{
		edge: e, ws: socket, id: "c" + strconv.FormatUint(number, 36), from: from, host: host,
		done: make(chan struct{}),
	}
	c.door = open(c)
	if !e.enter(c, number) {
		socket.Close(appservice.CloseShutdown, "shutdown")
		e.dismiss(from)
		return
	}
	e.metrics.ConnectionOpened(c.door.name())
	e.log.Debug("connection", "conn", c.id, "door", c.door.name(), "from", from)
	c.run()
}

// enter takes a connection into the books, unless Shutdown has begun meanwhile.
func (e *Edge) enter(c *conn, number uint64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing {
		return false
	}
	e.wheel.add(c, number)
	return true
}

// forget takes a connection out of the books.
func (e *Edge) forget(c *conn) {
	defer e.ended.Done()
	e.wheel.remove(c)
	e.caps.leave(c.from, c.timer.pending.Load())
	e.metrics.ConnectionClosed(c.door.name())
}
