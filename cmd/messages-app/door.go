package main

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/tandem-switch/tandem/internal/messages/host"
	"github.com/tandem-switch/tandem/internal/metric"
)

// door is what the listeners serve: the service, and the pages of operation.
type door struct {
	host    atomic.Pointer[host.Host] // nil until it is open
	leaving atomic.Bool
}

func (d *door) set(h *host.Host) { d.host.Store(h) }

// leave has /readyz say that the service stops.
func (d *door) leave() { d.leaving.Store(true) }

// checkTime is how long /readyz waits for the store.
const checkTime = 5 * time.Second

func (d *door) handler(metrics *metric.Set, showMetrics bool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", d.readyz)
	if showMetrics {
		mux.Handle("GET /metrics", metrics.Handler())
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if h := d.host.Load(); h != nil {
			h.ServeHTTP(w, r)
			return
		}
		plain(w, http.StatusServiceUnavailable, "starting\n")
	})
	return mux
}

// readyz tells whether switches should come here: the store can be written.
func (d *door) readyz(w http.ResponseWriter, r *http.Request) {
	h := d.host.Load()
	if h == nil || d.leaving.Load() {
		plain(w, http.StatusServiceUnavailable, "not ready\n")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), checkTime)
	defer cancel()
	if h.Check(ctx) != nil {
		plain(w, http.StatusServiceUnavailable, "the store is out of reach\n")
		return
	}
	plain(w, http.StatusOK, "ready\n")
}

func plain(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, text)
}
