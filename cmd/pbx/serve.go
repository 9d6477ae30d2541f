package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/facilities"
	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/applink"
	"github.com/tandem-switch/tandem/internal/audit"
	"github.com/tandem-switch/tandem/internal/cli"
	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/dial"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/edge"
	"github.com/tandem-switch/tandem/internal/guard"
	"github.com/tandem-switch/tandem/internal/messages/host"
	"github.com/tandem-switch/tandem/internal/metric"
	"github.com/tandem-switch/tandem/internal/pbxapi"
	"github.com/tandem-switch/tandem/internal/pbxmessages"
	"github.com/tandem-switch/tandem/internal/store/postgres"
	"github.com/tandem-switch/tandem/internal/webui"
	"github.com/tandem-switch/tandem/signal"
	"github.com/tandem-switch/tandem/trace"
)

type serveCommand struct {
	storage       `embed:""`
	Listen        []string       `default:"http://127.0.0.1:8080" placeholder:"URL" help:"Where to listen (${default}); several allowed, port 0 takes a free one. Plain text elsewhere than on loopback is http+insecure://..."`
	ListenAdmin   []string       `placeholder:"URL" help:"Where the administration listens (several allowed); without it, it is where clients are."`
	ListenMetrics []string       `placeholder:"URL" help:"Where to show /metrics and health alone (several allowed)."`
	Messages      string         `default:"embedded" placeholder:"WHO" help:"Who stores chats: embedded (the Messages service in this process, for every domain), external (the Messages objects that are configured) or off (nobody) (${default})."`
	Files         host.FileFlags `embed:"" group:"Files (with --messages embedded):"`
	OutboxSize    int64          `name:"outbox-size" placeholder:"BYTES" help:"How much of stored chats may wait for one Messages service that cannot be reached (268435456)."`
	Demo          bool           `help:"Make the domain demo.example with three users and print their passwords; loopback only."`
	Name          string         `default:"tandem" placeholder:"NAME" help:"Name of the switch, told to app services."`
	TLSCert       string         `name:"tls-cert" placeholder:"FILE" help:"Certificate for https listeners; read anew when it changes."`
	TLSKey        string         `name:"tls-key" placeholder:"FILE" help:"Its private key."`
	ACME          acmeFlags      `embed:"" group:"Certificates by ACME:"`
	TrustedProxy  []network      `placeholder:"CIDR" help:"Proxies that are believed about the addresses of their clients: networks or single addresses (several allowed)."`
	AllowPrivate  []network      `name:"allow-private-urls" placeholder:"CIDR" help:"Private networks that URLs of app objects may lead into: networks or single addresses (several allowed)."`
	PublicURL     string         `name:"public-url" placeholder:"URL" help:"Address under which clients reach the switch, for what it prints."`
	AdminIdle     time.Duration  `default:"12h" placeholder:"DURATION" help:"How long a login of an administrator lasts without use (${default})."`
	AdminSession  time.Duration  `default:"720h" placeholder:"DURATION" help:"How long a login of an administrator lasts in any case (${default})."`
	MetricsPublic bool           `help:"Show /metrics on every listener, not on loopback alone."`
	LicenceMode   string         `default:"list" enum:"list,all,none" placeholder:"MODE" help:"Who has which feature: list (what is installed for the domain, once the first licence key was made), all (everybody has everything) or none (${default})."`
	Trace         string         `placeholder:"FLAGS" help:"Write frames to the log: PBX, HTTP/Servlets (or WebSocket; ends after 60 minutes), App, Database, AppWebsocket, Signalling, BrowserConsole, separated by commas. Secrets and texts are masked."`
	TraceBuffer   int            `name:"trace-buffer" placeholder:"BYTES" help:"How much of the newest traced frames is kept (16777216; at least 262144)."`
	LogLevel      slog.Level     `default:"INFO" placeholder:"LEVEL" help:"DEBUG, INFO, WARN or ERROR (${default})."`
	Limits        limitFlags     `embed:"" group:"Limits:"`
	Pprof         string         `hidden:"" env:"-" placeholder:"HOST:PORT" help:"Profiler, on loopback only."`
}

// Run implements the command.
func (c serveCommand) Run(ctx context.Context, con cli.Console) error {
	flags, err := c.check()
	if err != nil {
		return err
	}
	for again := true; again && err == nil; {
		again, err = serve(ctx, c, flags, con)
	}
	return err
}

// serve is the switch: it builds every part, in order, runs them until ctx is
// done or one of them fails, and stops them in the order that loses nothing. It
// is to be called again after a restoration: every part then reads the store anew.
func serve(ctx context.Context, c serveCommand, traced trace.Flag, con cli.Console) (again bool, err error) {
	log := slog.New(slog.NewTextHandler(con.Err, &slog.HandlerOptions{Level: c.LogLevel}))
	if err := c.create(); err != nil {
		return false, err
	}
	lock, err := admin.LockServer(ctx, c.Data)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()

	claim, err := c.claim(ctx)
	if err != nil {
		return false, err
	}
	defer claim.Release()

	outward := dial.New(prefixes(c.AllowPrivate))
	dir, err := c.open(ctx, directory.Config{Log: log, CheckURL: outward.CheckURL, HostMessages: c.Messages == messagesEmbedded}) // store, master key, directory
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()

	licences, err := dir.licences(ctx, c.LicenceMode, log)
	if err != nil {
		return false, err
	}
	recorder := trace.NewRecorder(c.TraceBuffer)
	tracer := trace.Open(trace.Config{Sink: traceSink(con.Err), On: traced, Recorder: recorder})
	metrics := metric.New(version, cli.Revision())
	history := metric.NewHistory(metrics, clock.System())
	metrics.WatchTrace(tracer.Stats)
	metrics.WatchLicences(licenceTotals(licences))
	pbx, err := signal.New(signal.Config{
		Directory: dir, Policy: facilities.New(), Observer: metrics, Tracer: tracer, Licences: licences, Limits: c.Limits.signal(),
	})
	if err != nil {
		return false, err
	}
	dir.Watch(func(change directory.Change) { follow(pbx, change) })

	certificates, err := c.ACME.manager(c, dir.Directory, log)
	if err != nil {
		return false, err
	}
	trail, err := audit.Open(ctx, dir.store, dir.ring, audit.Config{Log: log, Observer: metrics})
	if err != nil {
		return false, err
	}
	drain := newDrainer(log)
	attempts := guard.New(c.Limits.edge().Guard())
	anew := make(chan struct{}, 1)
	vault := dir.vault(c.storage, log, func() {
		select {
		case anew <- struct{}{}:
		default: // it begins anew already
		}
	}, trail.Reseal)
	stored := newChats(c.Messages, dir.Directory, log)
	defer func() { err = errors.Join(err, stored.close()) }()
	vault.chats = stored
	var doors *edge.Edge
	objects := pbxapi.NewAdmin(pbxapi.PbxAdminConfig{
		Directory: dir.Directory, Live: pbx, Licences: licences, Audit: actsOfApps(trail), Log: log, Name: c.Name,
		Places: func() []pbxapi.Place { return c.places(doors.URLs()) },
	})
	services := pbxapi.NewServices(dir.Directory, c.Name)
	list, shells := apis(dir.Directory, pbx, log)
	chats, err := pbxmessages.New(ctx, pbxmessages.Config{
		Directory: dir.Directory, Licences: licences, Switch: pbx, Outbox: dir.store, OutboxSize: c.OutboxSize, Badge: shells.SetBadge, Observer: metrics, Log: log,
	})
	if err != nil {
		return false, err
	}
	metrics.WatchArchive(func() metric.Archive {
		t := chats.Totals()
		return metric.Archive{Sessions: t.Sessions, Requests: t.Waiting, Rows: t.Rows, Bytes: t.Bytes}
	})
	if c.Messages != messagesOff {
		pbx.SetArchive(chats)
	}
	shells.AskUnread(chats.AskUnread)
	list = append(list, objects, services, pbxapi.NewTableUsers(dir.Directory, log), chats)
	links, err := applink.New(applink.Config{
		Directory: dir.Directory, APIs: list, Receiver: chats.Receiver, NetDial: outward.DialContext, Lics: licences.Service, Tracer: tracer, Log: log,
		Hosted: stored.dialer(), NoMessages: c.Messages == messagesOff,
		Name: c.Name, Version: version, Build: cli.Revision(),
	})
	if err != nil {
		return false, err
	}
	services.Follow(links)
	metrics.WatchLinks(links.Totals)
	api, err := admin.NewAPI(admin.Config{
		Directory: dir.Directory, Licences: licences, Live: pbx, Links: statesOf(links), Running: c.running(history), Chats: stored, Keeping: stored.keeping(), Broadcaster: stored.broadcaster(chats), Tracer: tracer, Recorder: recorder,
		Answers: dir.store, Drainer: drain, Vault: vault, Audit: trail, Log: log, Version: version, Build: cli.Revision(),
		Accounts: c.accounts(dir), Origins: c.origins(), Attempts: attempts,
	})
	if err != nil {
		return false, err
	}
	pages, err := webui.New()
	if err != nil {
		return false, err
	}
	doors, err = edge.New(edge.Config{
		Directory: dir.Directory, Licences: licences, APIs: list,
		Metrics: metrics, Tracer: tracer, Log: log, Limits: c.Limits.edge(), Guard: attempts,
		Name: c.Name, Version: version, Build: cli.Revision(),
		Listen: c.Listen, ListenAdmin: c.ListenAdmin, ListenMetrics: c.ListenMetrics,
		CertFile: c.TLSCert, KeyFile: c.TLSKey, Certificates: certificates.forEdge(),
		Admin: api, PublicMetrics: c.MetricsPublic, TrustedProxies: prefixes(c.TrustedProxy), Files: stored.files(), Pages: pages,
		Ready: ready(dir.Directory, claim, func() error { return stored.attached(links) }),
	})
	if err != nil {
		return false, err
	}
	pbx.SetWaker(doors)
	drain.of = drained{doors, pbx}
	control := admin.NewServer(api, log)
	socket, err := admin.Listen(c.Data)
	if err != nil {
		return false, err
	}
	defer socket.Close()
	if err := doors.Listen(ctx); err != nil {
		return false, err
	}
	if err := stored.open(ctx, &c, c.linkBase(doors.URLs()[0]), metrics, tracer); err != nil {
		return false, err
	}

	if certificates != nil { // before anything runs that would have to be stopped
		if err := certificates.Start(doors.ACMEPorts()); err != nil {
			return false, err
		}
	}

	var parts parts
	parts.run("history", func(ctx context.Context) error { history.Run(ctx); return nil })
	parts.run("directory", func(ctx context.Context) error { dir.Follow(ctx); return nil })
	parts.run("master key", func(ctx context.Context) error { vault.run(ctx, log); return nil })
	parts.run("licences", func(ctx context.Context) error { licences.Follow(ctx); return nil })
	parts.run("audit log", func(ctx context.Context) error { trail.Follow(ctx); return nil })
	if claim != nil {
		parts.run("lock on the database", func(ctx context.Context) error { claim.Keep(ctx, log); return nil })
	}
	if certificates != nil {
		parts.run("certificates", certificates.Run)
	}
	if stored.hosts() {
		parts.run("messages objects", stored.run)
	}
	parts.run("app services", func(ctx context.Context) error { links.Run(ctx); return nil })
	parts.run("outbox", func(ctx context.Context) error { chats.Run(ctx); return nil }) // stopped behind the links
	parts.run("doors", doors.Serve)
	parts.run("control socket", func(ctx context.Context) error { return serveControl(ctx, control, socket) })
	if c.Pprof != "" {
		parts.run("profiler", func(ctx context.Context) error { return serveProfiler(ctx, c.Pprof) })
	}
	if len(c.ListenAdmin)+len(c.ListenMetrics) > 0 {
		log.Info("listeners of their own", "admin", doors.AdminURLs(), "metrics", doors.MetricsURLs())
	}
	err = announce(ctx, c, con, doors, dir.Directory, log)
	if err == nil {
		err = invite(ctx, c, con, doors.AdminURLs(), api)
	}
	switch {
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		err = nil // told to stop while it said so
	case err == nil:
		live, cancel := drain.context(ctx)
		again = parts.wait(live, anew)
		cancel()
	}

	log.Info("stopping")
	doors.Drain()
	pbx.Close() // releases every call; what was accepted is on its way
	recorder.Close()
	parts.stop("doors")
	parts.stop("control socket")
	return again, errors.Join(err, parts.stopAll())
}

// statesOf is how the links are, for the administration.
func statesOf(links *applink.Manager) func() []admin.LinkState {
	return func() []admin.LinkState {
		var list []admin.LinkState
		for _, s := range links.States() {
			list = append(list, admin.LinkState(s))
		}
		return list
	}
}

// maxTraceBuffer is more than anybody reads.
const maxTraceBuffer = 1 << 30

// check finds what cannot work before anything is begun.
func (c serveCommand) check() (trace.Flag, error) {
	if c.Messages != messagesEmbedded && c.Messages != messagesExternal && c.Messages != messagesOff {
		return 0, cli.Misuse("--messages %s is not embedded, external or off", c.Messages)
	}
	if err := c.Files.Check(); err != nil {
		return 0, cli.Misuse("%v", err)
	}
	flags, err := trace.ParseFlags(c.Trace)
	if err != nil {
		return 0, cli.Misuse("--trace: %v", err)
	}
	if c.TraceBuffer < 0 || c.TraceBuffer > maxTraceBuffer {
		return 0, cli.Misuse("--trace-buffer %d is not between 0 and %d", c.TraceBuffer, maxTraceBuffer)
	}
	if c.OutboxSize < 0 {
		return 0, cli.Misuse("--outbox-size %d is less than nothing", c.OutboxSize)
	}
	if c.PublicURL != "" {
		if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return 0, cli.Misuse("--public-url %s is not like https://pbx.example.com", c.PublicURL)
		}
	}
	if c.AdminIdle <= 0 || c.AdminSession <= 0 {
		return 0, cli.Misuse("--admin-idle and --admin-session are longer than nothing")
	}
	if err := c.ACME.check(c); err != nil {
		return 0, err
	}
	if c.Pprof != "" && !isLoopback(c.Pprof) {
		return 0, cli.Misuse("--pprof shows the inside of the switch to everybody who reaches it: give it a loopback address, such as 127.0.0.1:6060")
	}
	if c.Demo {
		return flags, c.checkDemo()
	}
	return flags, nil
}

// network is a setting like 10.0.0.0/8, or a single address.
type network struct{ netip.Prefix }

// UnmarshalText implements encoding.TextUnmarshaler.
func (n *network) UnmarshalText(text []byte) (err error) {
	if addr, notOne := netip.ParseAddr(string(text)); notOne == nil && addr.Zone() == "" {
		n.Prefix = netip.PrefixFrom(addr, addr.BitLen())
		return nil
	}
	if n.Prefix, err = netip.ParsePrefix(string(text)); err != nil {
		return fmt.Errorf("%q is neither an address, like 127.0.0.1, nor a network, like 10.0.0.0/8", text)
	}
	return nil
}

func prefixes(list []network) []netip.Prefix {
	var plain []netip.Prefix
	for _, n := range list {
		plain = append(plain, n.Prefix)
	}
	return plain
}

// isLoopback tells whether only this machine reaches host:port.
func isLoopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// apis are the APIs that people use.
func apis(dir *directory.Directory, pbx *signal.Switch, log *slog.Logger) (list []appservice.API, shells *pbxapi.MyApps) {
	presence := pbxapi.NewPresence(dir, pbx, log)
	pbx.SetWatcher(presence)
	shells = pbxapi.NewMyApps(dir, presence)
	return []appservice.API{pbxapi.NewSignal(pbx), pbxapi.NewPbxAPI(dir, presence), shells}, shells
}

// follow tells the switch of an object that has changed.
func follow(pbx *signal.Switch, change directory.Change) {
	if change.What == directory.ObjectSet || change.What == directory.ObjectGone {
		pbx.ObjectChanged(change.Address)
	}
}

// ready is what /readyz asks.
func ready(dir *directory.Directory, claim *postgres.Claim, attached func() error) func() error {
	return func() error {
		switch {
		case !dir.Following():
			return errors.New("the store is out of reach")
		case !claim.Held():
			return errors.New("the lock on the database is lost")
		}
		return attached()
	}
}

// serveControl answers commands until ctx is done.
func serveControl(ctx context.Context, control *admin.Server, socket net.Listener) error {
	stopped := make(chan error, 1)
	context.AfterFunc(ctx, func() {
		patience, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		stopped <- control.Shutdown(patience)
	})
	if err := control.Serve(socket); err != nil {
		return err
	}
	return <-stopped
}

// announce says that the switch is ready, and where.
func announce(ctx context.Context, c serveCommand, con cli.Console, doors *edge.Edge, dir *directory.Directory, log *slog.Logger) error {
	urls, demo := doors.URLs(), ""
	if c.Demo {
		at := demoPlaces{client: c.linkBase(urls[0]) + "/", console: c.consoleBase(doors.AdminURLs()) + "/admin/", phone: c.clientURL(urls[0])}
		text, err := demoDomain(ctx, dir, at)
		if err != nil {
			return err
		}
		demo = text
	}
	log.Info("ready", "listen", urls, "data", c.Data, "version", version)
	_, err := fmt.Fprintf(con.Out, "Tandem is ready at %s\n%s", strings.Join(urls, " and "), demo)
	return err
}

// places are where clients reach the switch: under the public URL if there is one,
// else where it listens.
func (c serveCommand) places(listen []string) []pbxapi.Place {
	if c.PublicURL != "" {
		listen = []string{c.PublicURL}
	}
	var list []pbxapi.Place
	for _, text := range listen {
		u, err := url.Parse(text)
		if err != nil {
			continue
		}
		place := pbxapi.Place{Host: u.Hostname(), TLS: u.Scheme == "https", Port: 80}
		if place.TLS {
			place.Port = 443
		}
		if port, err := strconv.Atoi(u.Port()); err == nil {
			place.Port = port
		}
		list = append(list, place)
	}
	return list
}

// linkBase is where the links to files begin, unless a host of their own is
// configured.
func (c serveCommand) linkBase(listen string) string {
	if c.PublicURL != "" {
		return strings.TrimSuffix(c.PublicURL, "/")
	}
	return edge.Reachable(listen)
}

// invite prints the one-time link for the first operator where there is no
// administrator yet. It stands nowhere else: whoever has it may do everything.
func invite(ctx context.Context, c serveCommand, con cli.Console, urls []string, api *admin.API) error {
	token, err := api.SetupToken(ctx)
	if err != nil || token == "" {
		return err
	}
	_, err = fmt.Fprintf(con.Out, "There is no administrator yet. Make the first one within 24 hours at\n%s/admin/setup?token=%s\nor with: pbx admin add NAME --password-stdin\n",
		c.consoleBase(urls), token)
	return err
}

// consoleBase is where administrators reach the switch with a browser: on a listener
// of their own if there is one. urls are the listeners with the administration.
func (c serveCommand) consoleBase(urls []string) string {
	if c.PublicURL != "" && len(c.ListenAdmin) == 0 {
		return strings.TrimSuffix(c.PublicURL, "/")
	}
	return strings.TrimSuffix(edge.Reachable(urls[0]), "/")
}

// accounts is where administrators are kept, and how long their sessions last.
func (c serveCommand) accounts(dir *openedDirectory) *account.Config {
	config := dir.accounts()
	config.IdleLife, config.SessionLife = c.AdminIdle, c.AdminSession
	return config
}

// origins are those that browsers of administrators name, besides the Host.
func (c serveCommand) origins() []string {
	u, err := url.Parse(c.PublicURL)
	if c.PublicURL == "" || err != nil {
		return nil
	}
	return []string{u.Scheme + "://" + u.Host}
}

// clientURL is the address for WebSocket clients.
func (c serveCommand) clientURL(listen string) string {
	if c.PublicURL != "" {
		listen = strings.TrimSuffix(c.PublicURL, "/")
	}
	return "ws" + strings.TrimPrefix(listen, "http")
}
