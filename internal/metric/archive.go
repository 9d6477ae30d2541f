package metric

import "github.com/prometheus/client_golang/prometheus"

// archive is what the switch counts of its links to Messages services. What became of
// texts is counted by the switch itself: see core.
type archive struct{ replayed *prometheus.CounterVec }

func newArchive(s *Set) archive {
	return archive{s.counters("pbx_outbox_replayed_total", "Posts of the outbox that the Messages service has answered, by outcome: stored or refused.", "outcome")}
}

// Replayed counts a Post of the outbox.
func (s *Set) Replayed(outcome string) {
	if s != nil {
		s.archive.replayed.WithLabelValues(outcome).Inc()
	}
}

// Archive is how the links to Messages services are now.
type Archive struct {
	Sessions, Requests int // of PbxMessages; requests and posts that wait for their answers
	Rows               int // in the outbox
	Bytes              int64
}

// WatchArchive has the metrics ask for it. The function is called at each scrape, from
// any goroutine. WatchArchive is called once.
func (s *Set) WatchArchive(look func() Archive) {
	if s != nil {
		s.registry.MustRegister(&archiveTotals{look: look, descs: describeAll(archiveEntries)})
	}
}

// archiveEntries are the metrics of WatchArchive.
var archiveEntries = []entry{
	{"pbx_messages_sessions", "gauge", "Sessions of PbxMessages now.", nil},
	{"pbx_messages_waiting", "gauge", "Requests and posts that wait for the answer of a Messages service.", nil},
	{"pbx_outbox_rows", "gauge", "Posts in the outbox.", nil},
	{"pbx_outbox_bytes", "gauge", "What they count for against --outbox-size.", nil},
}

// archiveTotals is a prometheus.Collector that asks once for all.
type archiveTotals struct {
	look  func() Archive
	descs []*prometheus.Desc
}

// Describe implements prometheus.Collector.
func (a *archiveTotals) Describe(to chan<- *prometheus.Desc) {
	for _, d := range a.descs {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (a *archiveTotals) Collect(to chan<- prometheus.Metric) {
	now := a.look()
	for i, v := range []float64{float64(now.Sessions), float64(now.Requests), float64(now.Rows), float64(now.Bytes)} {
		to <- prometheus.MustNewConstMetric(a.descs[i], prometheus.GaugeValue, v)
	}
}
