package edge

import (
	"html/template"
	"net/http"
	"net/netip"
	"strings"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/ws"
)

// Handler serves the doors, the administration and the pages of operation,
// /metrics included. It is for programs that bring their own HTTP server; call
// Start too.
func (e *Edge) Handler() http.Handler { return e.general(nil, true) }

// handler is what a listener serves.
func (e *Edge) handler(l *listener) http.Handler {
	switch l.uri.purpose {
	case forAdmin:
		mux := e.health()
		e.mountAdmin(mux, l)
		if e.pages != nil {
			e.pages.MountAssets(mux)
		}
		return mux
	case forMetrics:
		mux := e.health()
		mux.Handle("GET /metrics", e.metrics.Handler())
		return mux
	}
	general := e.general(l, !e.listen.has(forAdmin))
	if l.uri.insecure && e.listen.certs != nil {
		return e.listen.certs.Challenges(general)
	}
	return general
}

// health is what every listener serves.
func (e *Edge) health() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", e.healthz)
	mux.HandleFunc("GET /readyz", e.readyz)
	return mux
}

// mountAdmin puts the administration on the mux of a listener.
func (e *Edge) mountAdmin(mux *http.ServeMux, l *listener) {
	if e.admin == nil {
		return
	}
	admin := e.withPeer(l, e.admin)
	mux.Handle("/admin/", admin)
	mux.Handle("/debug.xml", admin)
	if e.pages != nil {
		e.pages.MountConsole(mux)
	}
}

// general is everything, for clients and apps; l is nil for a server of others.
func (e *Edge) general(l *listener, admin bool) http.Handler {
	mux := e.health()
	apps := e.upgrade(func(c *conn) door { return newAppsDoor(c) })
	client := e.upgrade(func(c *conn) door { return &clientDoor{conn: c} })
	// Decision 1: a built-in app derives the address from that of its own page.
	for _, path := range []string{"/PBX0/APPS/websocket", "/PBX0/APPS/{name}", "/PBX0/APPS/{name}/websocket"} {
		mux.Handle("GET "+path, apps)
	}
	// Decision 2.
	for _, path := range []string{"/PBX0/APPCLIENT/websocket", "/PBX0/APPCLIENT/{build}/websocket", "/PBX0/WEBSOCKET/websocket"} {
		mux.Handle("GET "+path, client)
	}
	mux.Handle("GET /metrics", e.metricsPage(l == nil || l.local()))
	if e.pages != nil {
		e.pages.MountClient(mux)
		e.mountBrand(mux)
		e.pages.MountAssets(mux)
	} else {
		mux.HandleFunc("GET /{$}", e.home)
	}
	if admin {
		e.mountAdmin(mux, l)
	}
	return e.withFiles(mux)
}

// withFiles lets the file links of the hosted Messages service past the rest, which
// has patterns that a ServeMux cannot tell from theirs.
func (e *Edge) withFiles(rest http.Handler) http.Handler {
	if e.files == nil {
		return rest
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isFileLink(r.URL.Path) {
			e.files.ServeHTTP(w, r)
			return
		}
		rest.ServeHTTP(w, r)
	})
}

// isFileLink tells whether a path lies below /<domain>/messages/.
func isFileLink(path string) bool {
	domain, link, found := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return found && domain != "admin" && domain != "PBX0" && strings.HasPrefix(link, directory.HostedName+"/")
}

// upgrade takes the request into a WebSocket connection.
func (e *Edge) upgrade(open func(*conn) door) http.Handler {
	config := ws.Config{MaxMessage: int64(e.lim.MessageBefore), MaxQueue: e.lim.Queue, Now: e.clock.Now}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
			w.Header().Set("Upgrade", "websocket")
			http.Error(w, "This address speaks WebSocket.", http.StatusUpgradeRequired)
			return
		}
		from := e.clientAddress(r)
		if reached := e.reserve(from); reached != "" {
			e.drop(reached)
			w.Header().Set("Retry-After", "5")
			text := "No further connections at the moment."
			if e.ends() {
				text = "This switch is about to stop: try another one, or later."
			}
			http.Error(w, text, http.StatusServiceUnavailable)
			return
		}
		socket, err := ws.Upgrade(w, r, config)
		if err != nil {
			e.dismiss(from)
			return // Upgrade has answered
		}
		e.accept(socket, from, r.Host, open)
	})
}

// reserve takes a place for a connection; otherwise it says what is in the way.
func (e *Edge) reserve(from netip.Addr) (reached string) {
	if !e.admit() {
		return "shutdown"
	}
	if reached = e.caps.take(from); reached != "" {
		e.ended.Done()
	}
	return reached
}

// clientAddress is the address of the client: that of the socket, or what
// trusted proxies say, read from the nearest to the farthest until one is not
// trusted.
func (e *Edge) clientAddress(r *http.Request) netip.Addr {
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.IPv6Unspecified() // not a network socket
	}
	addr := remote.Addr().Unmap()
	if !e.trusts(addr) {
		return addr
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= max(0, len(hops)-e.lim.ForwardedHops); i-- {
		hop, err := parseHop(strings.TrimSpace(hops[i]))
		if err != nil {
			return addr
		}
		addr = hop.Unmap().WithZone("")
		if !e.trusts(addr) {
			return addr
		}
	}
	return addr
}

// byHTTPS tells whether the client speaks https: to us, or to trusted proxies that
// say so. Of several proxies all have to.
func (e *Edge) byHTTPS(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !e.trusts(remote.Addr().Unmap()) {
		return false
	}
	said := r.Header.Values("X-Forwarded-Proto")
	for _, proto := range strings.Split(strings.Join(said, ","), ",") {
		if !strings.EqualFold(strings.TrimSpace(proto), "https") {
			return false
		}
	}
	return true
}

// parseHop reads an address, with or without port.
func parseHop(s string) (netip.Addr, error) {
	if a, err := netip.ParseAddrPort(s); err == nil {
		return a.Addr(), nil
	}
	return netip.ParseAddr(strings.Trim(s, "[]"))
}

func (e *Edge) trusts(a netip.Addr) bool {
	for _, p := range e.trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// healthz tells that the process runs.
func (e *Edge) healthz(w http.ResponseWriter, _ *http.Request) {
	plain(w, http.StatusOK, "ok\n")
}

// readyz tells whether clients should come here.
func (e *Edge) readyz(w http.ResponseWriter, _ *http.Request) {
	if text := e.leaving(); text != "" {
		plain(w, http.StatusServiceUnavailable, text+"\n")
		return
	}
	if e.ready != nil {
		if err := e.ready(); err != nil {
			e.log.Warn("not ready", "err", err)
			plain(w, http.StatusServiceUnavailable, "not ready\n")
			return
		}
	}
	plain(w, http.StatusOK, "ready\n")
}

// ends tells that the switch is on its way down.
func (e *Edge) ends() bool { return e.leaving() != "" }

// leaving says how far on its way down the switch is; empty while it is not.
func (e *Edge) leaving() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.closing:
		return "shutting down"
	case e.draining:
		return "draining"
	}
	return ""
}

// metricsPage is for this machine alone unless configured otherwise; a request
// that a proxy has passed on is none of this machine.
func (e *Edge) metricsPage(local bool) http.Handler {
	page := e.metrics.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !e.listen.publicMetrics && (!local || proxied(r)) {
			http.NotFound(w, r)
			return
		}
		page.ServeHTTP(w, r)
	})
}

// proxied tells that a proxy has passed the request on.
func proxied(r *http.Request) bool {
	return r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != ""
}

var homePage = template.Must(template.New("home").Parse(`<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>{{.Name}}</title>
<h1>Tandem</h1>
<p>This is the switch {{.Name}}, version {{.Version}} ({{.Build}}).</p>
<ul>
<li>Clients connect to <code>/PBX0/APPCLIENT/websocket</code>.</li>
<li>Apps and programs connect to <code>/PBX0/APPS/websocket</code>.</li>
</ul>
</html>
`))

// home says what runs here.
func (e *Edge) home(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'")
	_ = homePage.Execute(w, struct{ Name, Version, Build string }{e.pbxName, e.version, e.build})
}

func plain(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(text))
}
