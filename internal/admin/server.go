package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Limits of the control socket, on both sides. An import is the largest
// request, the list of registrations the largest answer.
const (
	maxRequest    = 16 << 20
	maxAnswer     = 64 << 20
	maxOperations = 16
	operationTime = 60 * time.Second
)

// Server answers an Operator's operations on the control socket: HTTP, one
// POST of a JSON object per operation.
type Server struct {
	http     *http.Server
	operator Operator
	log      *slog.Logger
	running  chan struct{} // one token per operation in progress
}

// NewServer serves op. It starts nothing.
func NewServer(op Operator, log *slog.Logger) *Server {
	s := &Server{operator: op, log: log, running: make(chan struct{}, maxOperations)}
	s.http = &http.Server{
		Handler:           s.routes(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      operationTime + 30*time.Second,
		IdleTimeout:       30 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	return s
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

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	op := s.operator
	list(s, mux, opDomains, op.Domains)
	handle(s, mux, opAddDomain, op.AddDomain)
	handle(s, mux, opSetDomain, op.SetDomain)
	handle(s, mux, opRemoveDomain, op.RemoveDomain)
	list(s, mux, opUsers, op.Users)
	handle(s, mux, opAddUser, op.AddUser)
	handle(s, mux, opSetUser, op.SetUser)
	handle(s, mux, opRemoveUser, op.RemoveUser)
	handle(s, mux, opImportUsers, op.ImportUsers)
	list(s, mux, opApps, op.Apps)
	handle(s, mux, opAddApp, op.AddApp)
	handle(s, mux, opSetApp, op.SetApp)
	handle(s, mux, opRemoveApp, op.RemoveApp)
	list(s, mux, opDevices, op.Devices)
	handle(s, mux, opAddDevice, op.AddDevice)
	handle(s, mux, opRemoveDevice, op.RemoveDevice)
	list(s, mux, opRegistrations, op.Registrations)
	list(s, mux, opCalls, op.Calls)
	mux.HandleFunc("GET /v1/ping", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		s.refuse(w, problem(Version, "the running server does not know this operation; it is of another version than this command: restart it with the same one"))
	})
	return mux
}

// list puts an operation on the mux that changes nothing.
func list[Request, Result any](s *Server, mux *http.ServeMux, name string, do func(context.Context, Request) (Result, error)) {
	serve(s, mux, name, slog.LevelDebug, do)
}

// handle puts an operation on the mux that changes something, and is logged.
func handle[Request, Result any](s *Server, mux *http.ServeMux, name string, do func(context.Context, Request) (Result, error)) {
	serve(s, mux, name, slog.LevelInfo, do)
}

// serve puts one operation on the mux. Waiting operations are bounded by
// their own time limit: a client that has gone is not served.
func serve[Request, Result any](s *Server, mux *http.ServeMux, name string, level slog.Level, do func(context.Context, Request) (Result, error)) {
	mux.HandleFunc("POST "+path(name), func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), operationTime)
		defer cancel()
		var request Request
		if err := decode(http.MaxBytesReader(w, r.Body, maxRequest), &request); err != nil {
			s.refuse(w, err)
			return
		}
		select {
		case s.running <- struct{}{}:
			defer func() { <-s.running }()
		case <-ctx.Done():
			return
		}
		result, err := do(ctx, request)
		if err != nil {
			s.log.Log(ctx, level, "admin operation refused", "operation", name, "code", CodeOf(err), "error", err)
			s.refuse(w, err)
			return
		}
		s.log.Log(ctx, level, "admin operation", "operation", name)
		s.answer(w, http.StatusOK, result)
	})
}

// decode reads the one JSON object of a request. A member that this version
// does not know is refused: ignoring it could do half of what was asked.
func decode(body io.Reader, request any) error {
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	err := d.Decode(request)
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &Problem{TooLarge, fmt.Sprintf("the request is longer than %d MiB; split it", tooLarge.Limit>>20)}
	}
	if err != nil {
		return &Problem{Version, fmt.Sprintf("the running server does not understand the request (%v); is it of another version than this command?", err)}
	}
	return nil
}

func (s *Server) refuse(w http.ResponseWriter, err error) {
	p, ok := errors.AsType[*Problem](err)
	if !ok {
		s.log.Error("admin operation failed", "error", err)
		p = &Problem{Internal, err.Error()}
	}
	s.answer(w, statusOf(p.Code), p)
}

func (s *Server) answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		s.log.Warn("admin answer not written", "error", err)
	}
}
