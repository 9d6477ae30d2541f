package admin

import (
	"context"
	"errors"
	"io"
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
			return context.WithValue(ctx, peerKey{}, PeerUID(c))
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

// standstill is how long a long body or answer may stand still. Whoever neither
// sends nor reads for so long has gone: nobody holds a request for ever.
const standstill = time.Minute

// maxOpenTime is how long the body of a request may take that everybody may send.
const maxOpenTime = 10 * time.Second

// unhurried takes the time limits from a request whose body or answer is long, and
// has it go on by itself: it ends when it stands still, and with its connection.
func unhurried(w http.ResponseWriter, r *http.Request) (http.ResponseWriter, *http.Request) {
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(time.Time{}) // where nothing limits it, nothing is to be taken away
	_ = c.SetWriteDeadline(time.Time{})
	return &steadyAnswer{w, c}, withBody(r, &timedBody{ReadCloser: r.Body, control: c})
}

// hurried has the body of a request that anybody may send come soon.
func hurried(w http.ResponseWriter, r *http.Request) *http.Request {
	return withBody(r, &timedBody{r.Body, http.NewResponseController(w), time.Now().Add(maxOpenTime)})
}

func withBody(r *http.Request, body *timedBody) *http.Request {
	if r.Body == nil || r.Body == http.NoBody {
		return r
	}
	copied := *r
	copied.Body = body
	return &copied
}

// timedBody is a body that comes until a time, or without a time does not stand
// still.
type timedBody struct {
	io.ReadCloser
	control *http.ResponseController
	until   time.Time
}

// Read implements io.Reader. While nothing is read there is no limit, for it would
// end the request.
func (b *timedBody) Read(p []byte) (int, error) {
	until := b.until
	if until.IsZero() {
		until = time.Now().Add(standstill)
	}
	_ = b.control.SetReadDeadline(until)
	n, err := b.ReadCloser.Read(p)
	_ = b.control.SetReadDeadline(time.Time{})
	return n, err
}

// steadyAnswer is an answer that must not stand still.
type steadyAnswer struct {
	http.ResponseWriter
	control *http.ResponseController
}

// Write implements http.ResponseWriter.
func (a *steadyAnswer) Write(p []byte) (int, error) {
	_ = a.control.SetWriteDeadline(time.Now().Add(standstill))
	return a.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (a *steadyAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
