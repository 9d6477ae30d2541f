package applink

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
	"github.com/tandem-switch/tandem/trace"
)

// Config is what a Manager is made of. Directory is required.
type Config struct {
	Directory *directory.Directory
	// APIs may be used by services, as far as they are ticked at the object.
	APIs []appservice.API
	// NetDial opens sockets; nil: as net.Dialer does. It is where addresses of
	// private networks are refused.
	NetDial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Hosted opens a connection to the Messages service in this process, to which
	// the Messages objects without URL are connected; nil: there is none, and they
	// are not. TLS and NetDial have no part in it.
	Hosted func(ctx context.Context) (net.Conn, error)
	// NoMessages: Messages objects are not connected to, wherever their service is.
	NoMessages bool
	// Receiver is asked, for every link that is opened, who takes what its service says
	// outside of APIs. nil, or a nil answer: nobody, it is dropped.
	Receiver func(o *directory.Object) appservice.Receiver
	// Lics is how many licences the app has for its service, told in the login, and
	// whether they are for tests alone; nil: nothing is told of licences.
	Lics   func(domain signal.DomainID, app string) (n int, testMode bool)
	TLS    *tls.Config    // nil: certificates are verified with those of the system
	Clock  clock.Clock    // nil: the system clock
	Random func() float64 // in [0, 1), for the jitter; nil: random
	Tracer *trace.Tracer  // nil: off
	Log    *slog.Logger   // nil: none

	Name, Version, Build string // of the switch, told in PbxInfo
}

// Manager keeps the links.
type Manager struct {
	cfg   Config
	wake  chan struct{} // capacity 1: something has changed
	links sync.WaitGroup

	mu       sync.Mutex // guards the following
	changed  map[signal.Address]struct{}
	live     map[signal.Address]*link
	watchers []func(signal.Address)
}

// New makes a Manager and begins to watch the directory. Nothing is connected before
// Run.
func New(cfg Config) (*Manager, error) {
	if cfg.Directory == nil {
		return nil, errors.New("applink: a directory is needed")
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.System()
	}
	if cfg.Random == nil {
		cfg.Random = rand.Float64
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Name = cmp.Or(cfg.Name, "tandem")
	if _, err := appservice.NewMux(cfg.APIs...); err != nil {
		return nil, err
	}
	m := &Manager{cfg: cfg, wake: make(chan struct{}, 1), changed: map[signal.Address]struct{}{}, live: map[signal.Address]*link{}}
	cfg.Directory.Watch(m.follow)
	return m, nil
}

// follow notes what to look at; it runs on the goroutine of the writer.
func (m *Manager) follow(c directory.Change) {
	switch c.What {
	case directory.ObjectSet, directory.ObjectGone, directory.DomainSet, directory.DomainGone:
		m.mu.Lock()
		m.changed[c.Address] = struct{}{}
		m.mu.Unlock()
		select {
		case m.wake <- struct{}{}:
		default:
		}
	}
}

// Run opens the links and keeps them until ctx is done; then it closes them.
func (m *Manager) Run(ctx context.Context) {
	for _, dom := range m.cfg.Directory.Domains() {
		m.lookAtDomain(ctx, dom.ID)
	}
	for {
		select {
		case <-ctx.Done():
			m.links.Wait()
			return
		case <-m.wake:
			m.catchUp(ctx)
		}
	}
}

// catchUp looks at everything that has changed.
func (m *Manager) catchUp(ctx context.Context) {
	m.mu.Lock()
	changed := m.changed
	m.changed = map[signal.Address]struct{}{}
	m.mu.Unlock()
	for a := range changed {
		if a.Object == 0 {
			m.lookAtDomain(ctx, a.Domain)
			continue
		}
		m.lookAt(ctx, a)
	}
}

// lookAtDomain looks at all objects of a domain, also those that it had.
func (m *Manager) lookAtDomain(ctx context.Context, dom signal.DomainID) {
	m.mu.Lock()
	var list []signal.Address
	for a := range m.live {
		if a.Domain == dom {
			list = append(list, a)
		}
	}
	m.mu.Unlock()
	for _, o := range m.cfg.Directory.Objects(dom, func(o *directory.Object) bool { return o.Websocket }) {
		list = append(list, o.Address())
	}
	for _, a := range list {
		m.lookAt(ctx, a)
	}
}

// lookAt opens, closes or renews the link of an object.
func (m *Manager) lookAt(ctx context.Context, a signal.Address) {
	want, ok := m.wanted(a)
	m.mu.Lock()
	old := m.live[a]
	if old != nil && ok && old.as.same(&want) {
		m.mu.Unlock()
		return
	}
	delete(m.live, a)
	m.mu.Unlock()
	if old != nil {
		old.stop()
	}
	if !ok || ctx.Err() != nil {
		return
	}
	ctx, stop := context.WithCancel(ctx)
	l := &link{m: m, as: want, to: m.receiver(a), stop: stop, before: old, done: make(chan struct{})}
	m.mu.Lock()
	m.live[a] = l
	m.mu.Unlock()
	m.links.Go(func() { l.run(ctx) })
}

func (m *Manager) receiver(a signal.Address) appservice.Receiver {
	o, ok := m.cfg.Directory.Object(a)
	if m.cfg.Receiver == nil || !ok {
		return nil
	}
	return m.cfg.Receiver(&o)
}

// identity is as what, and where, a link logs in.
type identity struct {
	address  signal.Address
	url      string
	hosted   bool // the service is in this process
	login    appservice.Login
	password string // a secret
	apis     []string
}

func (i *identity) same(o *identity) bool {
	return i.url == o.url && i.password == o.password && slices.Equal(i.apis, o.apis) &&
		i.login.App == o.login.App && i.login.Domain == o.login.Domain && i.login.SIP == o.login.SIP && i.login.GUID == o.login.GUID &&
		i.login.DN == o.login.DN && string(i.login.Info) == string(o.login.Info)
}

// wanted is the link that the object should have; false if none.
func (m *Manager) wanted(a signal.Address) (identity, bool) {
	dir := m.cfg.Directory
	o, ok := dir.Object(a)
	if !ok || o.Disabled || !o.Websocket || !o.Kind.IsProgram() {
		return identity{}, false
	}
	dom, _ := dir.Domain(a.Domain)
	url, app, hosted := m.place(dom, &o)
	password, err := dir.Password(a)
	if err != nil || url == "" {
		return identity{}, false
	}
	info := appservice.Info{AppObj: o.SIP, AppDN: o.DisplayName(), AppURL: appURL(&o, url, app), PBX: m.cfg.Name, CN: cmp.Or(o.CN, o.SIP)}
	if m.cfg.Lics != nil {
		info.Lics, info.TestMode = m.cfg.Lics(a.Domain, app)
		info.Unlicensed = info.Lics == 0
	}
	for _, other := range dir.AppsOf(a) {
		info.Apps = append(info.Apps, appservice.InfoApp{Name: other.SIP, DN: other.DisplayName()})
	}
	return identity{
		address: a, url: url, hosted: hosted, password: password, apis: o.APIs,
		login: appservice.Login{
			App: app, Domain: dom.Name, SIP: o.SIP, GUID: o.GUID, DN: appservice.Clean(o.DisplayName()), Info: info.AppendJSON(nil),
		},
	}, true
}

// State is how a link is at the moment.
type State struct {
	Address   signal.Address
	Connected time.Time // since when; zero: it is not
	Error     string    // why it is not, or was not before; empty: no failure yet
	Failed    time.Time // when that was
}

// State tells how the link of an object is; false if it has none.
func (m *Manager) State(a signal.Address) (State, bool) {
	m.mu.Lock()
	l := m.live[a]
	m.mu.Unlock()
	if l == nil {
		return State{}, false
	}
	return l.state(), true
}

// States tells how all links are, in the order of domains and objects.
func (m *Manager) States() []State {
	m.mu.Lock()
	all := make([]*link, 0, len(m.live))
	for _, l := range m.live {
		all = append(all, l)
	}
	m.mu.Unlock()
	list := make([]State, len(all))
	for i, l := range all {
		list[i] = l.state()
	}
	slices.SortFunc(list, func(a, b State) int {
		return cmp.Or(cmp.Compare(a.Address.Domain, b.Address.Domain), cmp.Compare(a.Address.Object, b.Address.Object))
	})
	return list
}

// Totals counts the links, and those that are connected.
func (m *Manager) Totals() (links, connected int) {
	all := m.States()
	for i := range all {
		if !all[i].Connected.IsZero() {
			connected++
		}
	}
	return len(all), connected
}

// Service is the connected service of an object: its websocket URL, and what it
// offers, a JSON object from API ids to models, or nothing. False if it is not connected.
func (m *Manager) Service(a signal.Address) (url string, apis []byte, connected bool) {
	m.mu.Lock()
	l := m.live[a]
	m.mu.Unlock()
	if l == nil {
		return "", nil, false
	}
	apis, connected = l.service()
	return l.as.url, apis, connected
}

// Watch has f called whenever a link was connected or lost, after the change is in
// effect, on the goroutine of the link. It must be called before Run.
func (m *Manager) Watch(f func(signal.Address)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watchers = append(m.watchers, f)
}

func (m *Manager) tell(a signal.Address) {
	m.mu.Lock()
	watchers := slices.Clone(m.watchers)
	m.mu.Unlock()
	for _, f := range watchers {
		f(a)
	}
}
