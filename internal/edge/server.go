package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/appservice"
)

// Listen opens the sockets. Serve does it too, if it was not done before; alone
// it lets a caller know the real addresses, or give up, before anything runs.
func (e *Edge) Listen(ctx context.Context) error {
	if len(e.listen.uris) == 0 {
		return errors.New("edge: no listener is configured")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing {
		return http.ErrServerClosed
	}
	if e.listeners != nil {
		return nil
	}
	var open []*listener
	for _, u := range e.listen.uris {
		l, err := u.open(ctx)
		if err != nil {
			for _, l := range open {
				_ = l.Close()
			}
			return err
		}
		open = append(open, l)
	}
	e.listeners = open
	return nil
}

// URLs are the real addresses of the open listeners of Listen, in its order.
func (e *Edge) URLs() []string { return e.urls(forAll) }

// AdminURLs are the addresses of the listeners that serve the administration.
func (e *Edge) AdminURLs() []string {
	if e.listen.has(forAdmin) {
		return e.urls(forAdmin)
	}
	return e.URLs()
}

// ACMEPorts are the ports of the listeners to which a certificate authority may
// come: the first one of Listen for https, and the first one for http+insecure,
// since plain text elsewhere is for loopback. 0 is none.
func (e *Edge) ACMEPorts() (https, http int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, l := range e.listeners {
		if l.uri.purpose != forAll {
			continue
		}
		if l.uri.tls && https == 0 {
			https = l.port()
		}
		if l.uri.insecure && http == 0 {
			http = l.port()
		}
	}
	return https, http
}

// MetricsURLs are the addresses of the listeners of ListenMetrics.
func (e *Edge) MetricsURLs() []string { return e.urls(forMetrics) }

func (e *Edge) urls(p purpose) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var list []string
	for _, l := range e.listeners {
		if l.uri.purpose == p {
			list = append(list, l.url())
		}
	}
	return list
}

// Serve accepts connections until Shutdown, or until ctx is done; then it shuts
// down as Shutdown does, within Limits.ShutdownPatience. It returns nil after an
// orderly end.
func (e *Edge) Serve(ctx context.Context) error {
	if err := e.Listen(ctx); err != nil {
		return err
	}
	e.Start()
	failed := make(chan error, len(e.listeners))
	for _, l := range e.listeners {
		server := e.server(l)
		e.mu.Lock()
		e.servers = append(e.servers, server)
		closing := e.closing
		e.mu.Unlock()
		if closing {
			_ = l.Close()
		}
		go func() { failed <- server.Serve(l.secured(e)) }()
	}
	var err error
	running := len(e.listeners)
	select {
	case <-ctx.Done():
	case err = <-failed:
		running--
	}
	err = unexpected(err)
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.lim.ShutdownPatience)
	defer cancel()
	err = errors.Join(err, e.Shutdown(patience))
	for range running {
		err = errors.Join(err, unexpected(<-failed))
	}
	return err
}

// unexpected is err unless it only says that a listener was closed.
func unexpected(err error) error {
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Start begins what runs beside the connections: pings and limits of time. Serve
// does it; who uses Handler alone calls it once. Shutdown ends it.
func (e *Edge) Start() { e.wheel.start() }

// secured is the listener, with TLS where configured.
func (l *listener) secured(e *Edge) net.Listener {
	if l.uri.tls {
		return tls.NewListener(l, e.listen.tls())
	}
	return l
}

func (e *Edge) server(l *listener) *http.Server {
	return &http.Server{
		Handler:           e.handler(l),
		ReadHeaderTimeout: e.lim.HeaderTime,
		ReadTimeout:       e.lim.HeaderTime * 3,
		WriteTimeout:      time.Minute,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    e.lim.HeaderBytes,
		ErrorLog:          slog.NewLogLogger(e.log.Handler(), slog.LevelDebug),
	}
}

// Drain lets nobody new in: /readyz says so, further sockets get 503, and those
// without login are closed with 1001. Whoever has logged in goes on, until
// Shutdown.
func (e *Edge) Drain() {
	e.mu.Lock()
	e.draining = true
	e.mu.Unlock()
	for _, c := range e.wheel.all() {
		if c.timer.pending.Load() {
			c.ending.Store(true)
			c.ws.Close(appservice.CloseShutdown, reasonDrained)
		}
	}
}

// reasonDrained is told to who comes too late for a login.
const reasonDrained = "draining: try another switch, or later"

// Shutdown takes no further connections, sends every client what is queued for
// it and then close code 1001, and waits until all have gone. When ctx is done it
// cuts those that are left and returns the context's error. The pages are served
// to the end, so that /readyz can be asked meanwhile.
func (e *Edge) Shutdown(ctx context.Context) error {
	e.mu.Lock()
	e.closing = true
	servers, listeners := e.servers, e.listeners
	e.mu.Unlock()
	e.wheel.stop()
	e.later.stop()
	for _, c := range e.wheel.all() {
		c.ending.Store(true)
		c.ws.Close(appservice.CloseShutdown, "shutdown")
	}
	gone := make(chan struct{})
	go func() {
		e.ended.Wait()
		close(gone)
	}()
	select {
	case <-gone:
	case <-ctx.Done():
		e.cut()
		<-gone
	}
	for _, l := range listeners {
		_ = l.Close()
	}
	e.closeServers(ctx, servers)
	return ctx.Err()
}

// lastAnswers is how long a stop waits for answers of the administration: whoever
// has asked for it wants to know that it began.
const lastAnswers = time.Second

// closeServers ends the HTTP connections: idle ones, and live views.
func (e *Edge) closeServers(ctx context.Context, servers []*http.Server) {
	if e.admin.busy() {
		patience, cancel := context.WithTimeout(ctx, lastAnswers)
		defer cancel()
		var answered sync.WaitGroup
		for _, s := range servers {
			answered.Go(func() { _ = s.Shutdown(patience) }) // those that take longer are cut
		}
		answered.Wait()
	}
	for _, s := range servers {
		_ = s.Close()
	}
}

// cut ends the connections that are left, without a word.
func (e *Edge) cut() {
	for _, c := range e.wheel.all() {
		c.ws.Abort()
	}
}
