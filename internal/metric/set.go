// Package metric counts what the switch does and shows it to Prometheus.
//
// A Set has a registry of its own, so two switches in one process do not mix,
// and holds every metric of the product: the table in docs/metrics.md is
// generated from it. The switch counts through signal.Observer, the doors call
// the methods named after what happened. Nothing is logged or decided here.
//
// All methods may be called from any goroutine and never block, and on a nil Set
// they count nothing. Labels come from the program, not from peers; should one
// come from outside after all, the number of values is bounded and the rest is
// counted as "other".
package metric

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Set is all metrics of one switch. Use New.
type Set struct {
	registry *prometheus.Registry
	entries  []entry
	core     core
	doors    doors
	audit    auditLog
	messages *Messages
	archive  archive
}

// New returns a Set for a build of the given version.
func New(version, build string) *Set {
	s := &Set{registry: prometheus.NewRegistry()}
	s.core = newCore(s)
	s.doors = newDoors(s)
	s.audit = newAuditLog(s)
	s.messages = newMessages(s)
	s.archive = newArchive(s)
	s.gauges("pbx_build_info", "Always 1; the labels say what is running.", "version", "build").
		WithLabelValues(version, build).Set(1)
	s.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return s
}

// Handler serves the metrics in the formats that Prometheus reads.
func (s *Set) Handler() http.Handler {
	if s == nil {
		return http.NotFoundHandler()
	}
	return promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{})
}
