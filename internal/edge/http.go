package edge

import (
	"html/template"
	"net/http"
	"net/netip"
	"strings"

	"github.com/tandem-switch/tandem/internal/ws"
)

// Handler serves the doors and the pages of operation, /metrics included. It is
// for programs that bring their own HTTP server; call Start too.
func (e *Edge) Handler() http.Handler { return e.handler(true) }

func (e *Edge) handler(metrics bool) http.Handler {
	mux := http.NewServeMux()
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
	mux.HandleFunc("GET /healthz", e.healthz)
	mux.HandleFunc("GET /readyz", e.readyz)
	mux.Handle("GET /metrics", e.metricsPage(metrics))
	mux.HandleFunc("GET /{$}", e.home)
	return mux
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
			http.Error(w, "No further connections at the moment.", http.StatusServiceUnavailable)
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
	if e.ends() {
		plain(w, http.StatusServiceUnavailable, "shutting down\n")
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
func (e *Edge) ends() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.draining || e.closing
}

// metricsPage is for this machine alone unless configured otherwise; a request
// that a proxy has passed on is none of this machine.
func (e *Edge) metricsPage(local bool) http.Handler {
	page := e.metrics.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proxied := r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != ""
		if !e.listen.publicMetrics && (!local || proxied) {
			http.NotFound(w, r)
			return
		}
		page.ServeHTTP(w, r)
	})
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
