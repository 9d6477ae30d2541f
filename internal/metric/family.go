package metric

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// maxValues bounds how many values a label has that is not a fixed choice.
const maxValues = 100

// other is the value of a label that has too many already.
const other = "other"

// entry is what the documentation says about a metric.
type entry struct {
	name, kind, help string
	labels           []string
}

// describe notes a metric for the documentation and returns its options.
func (s *Set) describe(kind, name, help string, labels []string) prometheus.Opts {
	s.entries = append(s.entries, entry{name, kind, help, labels})
	return prometheus.Opts{Name: name, Help: help}
}

func (s *Set) counters(name, help string, labels ...string) *prometheus.CounterVec {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts(s.describe("counter", name, help, labels)), labels)
	s.registry.MustRegister(vec)
	return vec
}

func (s *Set) gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	vec := prometheus.NewGaugeVec(prometheus.GaugeOpts(s.describe("gauge", name, help, labels)), labels)
	s.registry.MustRegister(vec)
	return vec
}

func (s *Set) counter(name, help string) prometheus.Counter {
	return s.counters(name, help).WithLabelValues()
}

func (s *Set) gauge(name, help string) prometheus.Gauge {
	return s.gauges(name, help).WithLabelValues()
}

func (s *Set) histogram(name, help string, buckets ...float64) prometheus.Histogram {
	o := s.describe("histogram", name, help, nil)
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: o.Name, Help: o.Help, Buckets: buckets})
	s.registry.MustRegister(h)
	return h
}

// bound lets only so many different values of a label pass.
type bound struct {
	mu   sync.RWMutex // guards the following
	seen map[string]struct{}
}

// value returns v, or other if too many different values came before.
func (b *bound) value(v string) string {
	b.mu.RLock()
	_, known := b.seen[v]
	b.mu.RUnlock()
	if known {
		return v
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, known := b.seen[v]; !known && len(b.seen) >= maxValues {
		return other
	}
	if b.seen == nil {
		b.seen = make(map[string]struct{})
	}
	b.seen[v] = struct{}{}
	return v
}
