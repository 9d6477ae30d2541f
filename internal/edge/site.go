package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// SiteConfig is what a Site is made of. Listen and Handler are required.
type SiteConfig struct {
	Listen            []string // as Config.Listen has them
	CertFile, KeyFile string   // for https listeners; read anew when they change
	// Handler serves a listener; local tells that only this machine reaches it.
	Handler func(local bool) http.Handler
	Log     *slog.Logger // nil: none
}

// Site is HTTP on listeners by the same rules as those of the switch, for other
// programs of the house. It is used by one goroutine.
type Site struct {
	config    SiteConfig
	listen    listenConfig
	listeners []*listener
}

// siteHeader is how long the head of a request may take. Bodies and answers have the
// limits of the handlers.
const siteHeader = 10 * time.Second

// NewSite checks the configuration. It starts nothing.
func NewSite(c SiteConfig) (*Site, error) {
	if c.Handler == nil || len(c.Listen) == 0 {
		return nil, errors.New("edge: a site needs a listener and a handler")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	listen, err := newListenConfig(Config{Listen: c.Listen, CertFile: c.CertFile, KeyFile: c.KeyFile})
	if err != nil {
		return nil, err
	}
	return &Site{config: c, listen: listen}, nil
}

// Listen opens the sockets, all or none.
func (s *Site) Listen(ctx context.Context) error {
	for _, u := range s.listen.uris {
		l, err := u.open(ctx)
		if err != nil {
			for _, l := range s.listeners {
				_ = l.Close()
			}
			s.listeners = nil
			return err
		}
		s.listeners = append(s.listeners, l)
	}
	return nil
}

// URLs are the real addresses of the listeners.
func (s *Site) URLs() []string {
	var list []string
	for _, l := range s.listeners {
		list = append(list, l.url())
	}
	return list
}

// Serve accepts connections until ctx is done, then lets requests that run come to
// their end, within patience. Connections that were taken over, such as websockets,
// are for the handler to end.
func (s *Site) Serve(ctx context.Context, patience time.Duration) error {
	servers := make([]*http.Server, len(s.listeners))
	failed := make(chan error, len(s.listeners))
	for i, l := range s.listeners {
		servers[i] = &http.Server{
			Handler: s.config.Handler(l.local()), ReadHeaderTimeout: siteHeader, IdleTimeout: time.Minute,
			MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(s.config.Log.Handler(), slog.LevelDebug),
		}
		go func() {
			if s.listen.uris[i].tls {
				failed <- servers[i].Serve(tls.NewListener(l, s.listen.tls()))
				return
			}
			failed <- servers[i].Serve(l)
		}()
	}
	running := len(servers)
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
		running--
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	for _, server := range servers {
		if server.Shutdown(limited) != nil {
			_ = server.Close()
		}
	}
	err = unexpected(err)
	for range running {
		err = errors.Join(err, unexpected(<-failed))
	}
	return err
}
