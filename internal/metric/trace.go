package metric

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tandem-switch/tandem/trace"
)

// WatchTrace has the metrics ask what is traced. The function is called at each
// scrape, from any goroutine. WatchTrace is called once.
func (s *Set) WatchTrace(stats func() trace.Stats) {
	if s == nil {
		return
	}
	s.registry.MustRegister(&traces{
		stats:   stats,
		records: prometheus.NewDesc(traceRecords.name, traceRecords.help, traceRecords.labels, nil),
		lost:    prometheus.NewDesc(traceLost.name, traceLost.help, nil, nil),
		rules:   prometheus.NewDesc(traceRules.name, traceRules.help, nil, nil),
	})
}

// The metrics of WatchTrace.
var (
	traceRecords = entry{"pbx_trace_records_total", "counter", "Frames and drops recorded by traces, by flag; one of two flags counts for both.", []string{"flag"}}
	traceLost    = entry{"pbx_trace_lost_total", "counter", "Records that somebody who followed a trace was too slow for.", nil}
	traceRules   = entry{"pbx_trace_rules", "gauge", "Traces that are on, apart from --trace.", nil}
)

// traces is a prometheus.Collector that asks once for all of its metrics.
type traces struct {
	stats                func() trace.Stats
	records, lost, rules *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (t *traces) Describe(to chan<- *prometheus.Desc) {
	to <- t.records
	to <- t.lost
	to <- t.rules
}

// Collect implements prometheus.Collector.
func (t *traces) Collect(to chan<- prometheus.Metric) {
	s := t.stats()
	for flag, n := range s.Records {
		to <- prometheus.MustNewConstMetric(t.records, prometheus.CounterValue, float64(n), flag)
	}
	to <- prometheus.MustNewConstMetric(t.lost, prometheus.CounterValue, float64(s.Lost))
	to <- prometheus.MustNewConstMetric(t.rules, prometheus.GaugeValue, float64(s.Rules))
}
