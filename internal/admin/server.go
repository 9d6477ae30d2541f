package admin

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/tandem-switch/tandem/internal/account"
)

// Limits of the control socket.
const (
	maxOperations = 64
	operationTime = 60 * time.Second
	maxAnswer     = 64 << 20
)

// Server answers the API on the control socket. Whoever can open that is the
// operator.
type Server struct {
	http    *http.Server
	api     http.Handler
	running chan struct{} // one token per operation in progress
}

// NewServer serves api. It starts nothing.
func NewServer(api *API, log *slog.Logger) *Server {
	s := &Server{running: make(chan struct{}, maxOperations)}
	s.api = api.Trusted(func(r *http.Request) account.Identity {
		uid, _ := r.Context().Value(peerKey{}).(int)
		return account.Socket(uid)
	})
	s.http = &http.Server{
		Handler:           http.HandlerFunc(s.serve),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      operationTime + 30*time.Second,
		IdleTimeout:       30 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, peerKey{}, peerUID(c))
		},
	}
	return s
}

type peerKey struct{}

// serve answers one request when it is its turn. Those that wait are bounded by
// the patience of their clients.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	select {
	case s.running <- struct{}{}:
		defer func() { <-s.running }()
	case <-r.Context().Done():
		return
	}
	s.api.ServeHTTP(w, r)
}

// Serve answers on l until Shutdown; it owns l.
func (s *Server) Serve(l net.Listener) error {
	if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Shutdown ends the operations in progress in good order, until ctx is done.
func (s *Server) Shutdown(ctx context.Context) error { return s.http.Shutdown(ctx) }

// unhurried takes the time limits from a request whose body or answer is long. It
// still ends with its connection.
func unhurried(w http.ResponseWriter) {
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(time.Time{}) // where nothing limits it, nothing is to be taken away
	_ = c.SetWriteDeadline(time.Time{})
}
