package metric

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// doors is what the connections count.
type doors struct {
	connections *prometheus.GaugeVec
	opened      *prometheus.CounterVec
	logins      *prometheus.CounterVec
	failures    *prometheus.CounterVec
	reasons     *bound
	in, out     prometheus.Counter
	holds       prometheus.Counter
	holdSeconds prometheus.Counter
	slow        prometheus.Counter
}

func newDoors(s *Set) doors {
	frames := s.counters("pbx_frames_total", "Messages on client connections, by direction: in or out.", "direction")
	return doors{
		connections: s.gauges("pbx_connections", "Connections open now, by door.", "door"),
		opened:      s.counters("pbx_connections_opened_total", "Connections accepted, by door.", "door"),
		logins:      s.counters("pbx_logins_total", "Logins that succeeded, by door.", "door"),
		failures:    s.counters("pbx_login_failures_total", "Logins that failed, by door and reason.", "door", "reason"),
		reasons:     new(bound),
		in:          frames.WithLabelValues("in"),
		out:         frames.WithLabelValues("out"),
		holds:       s.counter("pbx_holds_total", "Times that a connection was not read because those it sends to are full."),
		holdSeconds: s.counter("pbx_hold_seconds_total", "Time that connections were not read for that."),
		slow:        s.counter("pbx_slow_closes_total", "Connections closed because their client does not read."),
	}
}

// ConnectionOpened counts a connection accepted at a door.
func (s *Set) ConnectionOpened(door string) {
	if s != nil {
		s.doors.connections.WithLabelValues(door).Inc()
		s.doors.opened.WithLabelValues(door).Inc()
	}
}

// ConnectionClosed counts the end of a connection that was opened.
func (s *Set) ConnectionClosed(door string) {
	if s != nil {
		s.doors.connections.WithLabelValues(door).Dec()
	}
}

// LoggedIn counts a login that succeeded.
func (s *Set) LoggedIn(door string) {
	if s != nil {
		s.doors.logins.WithLabelValues(door).Inc()
	}
}

// LoginFailed counts a login that did not.
func (s *Set) LoginFailed(door, reason string) {
	if s != nil {
		s.doors.failures.WithLabelValues(door, s.doors.reasons.value(reason)).Inc()
	}
}

// FrameIn counts a message read from a client.
func (s *Set) FrameIn() {
	if s != nil {
		s.doors.in.Inc()
	}
}

// FrameOut counts a message queued for a client.
func (s *Set) FrameOut() {
	if s != nil {
		s.doors.out.Inc()
	}
}

// Held counts that a connection was not read for some time, because those it
// sends to did not keep up.
func (s *Set) Held(d time.Duration) {
	if s != nil {
		s.doors.holds.Inc()
		s.doors.holdSeconds.Add(max(d, 0).Seconds())
	}
}

// SlowClosed counts a connection that was closed because its client does not
// read.
func (s *Set) SlowClosed() {
	if s != nil {
		s.doors.slow.Inc()
	}
}

// WatchQueues has the metrics ask for the bytes that wait in the queues of all
// connections together, and in the longest of them. The function is called at
// each scrape, from any goroutine. WatchQueues is called once.
func (s *Set) WatchQueues(depth func() (total, longest int)) {
	if s == nil {
		return
	}
	s.registry.MustRegister(&queues{
		depth:   depth,
		total:   prometheus.NewDesc(queueBytes.name, queueBytes.help, nil, nil),
		longest: prometheus.NewDesc(queueLongest.name, queueLongest.help, nil, nil),
	})
}

// The metrics of WatchQueues.
var (
	queueBytes   = entry{"pbx_queue_bytes", "gauge", "Bytes that wait for all clients together.", nil}
	queueLongest = entry{"pbx_queue_longest_bytes", "gauge", "Bytes that wait for the client with the longest queue.", nil}
)

// queues is a prometheus.Collector that asks once for both of its metrics.
type queues struct {
	depth          func() (total, longest int)
	total, longest *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (q *queues) Describe(to chan<- *prometheus.Desc) {
	to <- q.total
	to <- q.longest
}

// Collect implements prometheus.Collector.
func (q *queues) Collect(to chan<- prometheus.Metric) {
	total, longest := q.depth()
	to <- prometheus.MustNewConstMetric(q.total, prometheus.GaugeValue, float64(total))
	to <- prometheus.MustNewConstMetric(q.longest, prometheus.GaugeValue, float64(longest))
}
