package metric

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tandem-switch/tandem/signal"
)

var _ signal.Observer = (*Set)(nil)

// core is what the switch counts. What it counts often is looked up beforehand:
// an Observer is called under the locks of the switch.
type core struct {
	registrations prometheus.Gauge
	live          [3]prometheus.Gauge   // by signal.CallKind
	started       [3]prometheus.Counter // by signal.CallKind
	ended         *prometheus.CounterVec
	messages      prometheus.Counter
	drops         *prometheus.CounterVec
	reasons       *bound
	posts         stored
}

// stored is what the switch counts of texts that go to the archive.
type stored struct {
	waiting prometheus.Gauge
	held    prometheus.Counter
	results [4]prometheus.Counter // by signal.PostOutcome
	took    prometheus.Histogram
}

func newStored(s *Set) stored {
	results := s.counters("pbx_posts_total", "Chat texts that the Messages service was to store, by result: stored, queued in the outbox, repeated or refused.", "result")
	p := stored{
		waiting: s.gauge("pbx_posts_waiting", "Chat texts that wait for the Messages service."),
		held:    s.counter("pbx_posts_held_total", "Texts after which a connection is not read for a while, because too much waits to be stored."),
		took: s.histogram("pbx_post_seconds", "Time from a chat text to its result of the Messages service or the outbox.",
			.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10),
	}
	for i := range p.results {
		p.results[i] = results.WithLabelValues(signal.PostOutcome(i).String())
	}
	return p
}

func newCore(s *Set) core {
	live := s.gauges("pbx_calls", "Calls and chats that exist now.", "kind")
	started := s.counters("pbx_calls_started_total", "Calls and chats set up.", "kind")
	c := core{
		registrations: s.gauge("pbx_registrations", "Registrations that exist now."),
		ended:         s.counters("pbx_calls_ended_total", "Calls and chats that ended, by the cause of Q.850.", "kind", "cause"),
		messages:      s.counter("pbx_messages_total", "Chat texts relayed, counted once however many devices get them."),
		drops:         s.counters("pbx_drops_total", "Frames and connections dropped, by reason.", "reason"),
		reasons:       new(bound),
		posts:         newStored(s),
	}
	for kind := range c.live {
		label := signal.CallKind(kind).String()
		c.live[kind], c.started[kind] = live.WithLabelValues(label), started.WithLabelValues(label)
	}
	return c
}

// Registered implements signal.Observer: delta registrations came or went.
func (s *Set) Registered(delta int) {
	if s != nil {
		s.core.registrations.Add(float64(delta))
	}
}

// CallStarted implements signal.Observer.
func (s *Set) CallStarted(kind signal.CallKind) {
	if s == nil || int(kind) >= len(s.core.live) {
		return
	}
	s.core.live[kind].Inc()
	s.core.started[kind].Inc()
}

// CallEnded implements signal.Observer. Each call that started ends once.
func (s *Set) CallEnded(kind signal.CallKind, c signal.Cause) {
	if s == nil || int(kind) >= len(s.core.live) {
		return
	}
	s.core.live[kind].Dec()
	s.core.ended.WithLabelValues(kind.String(), strconv.Itoa(int(c))).Inc()
}

// Message implements signal.Observer: one chat text was relayed.
func (s *Set) Message() {
	if s != nil {
		s.core.messages.Inc()
	}
}

// Dropped implements signal.Observer: something was dropped for a named reason.
func (s *Set) Dropped(reason string) {
	if s != nil {
		s.core.drops.WithLabelValues(s.core.reasons.value(reason)).Inc()
	}
}

// PostsWaiting implements signal.Observer.
func (s *Set) PostsWaiting(delta int) {
	if s != nil {
		s.core.posts.waiting.Add(float64(delta))
	}
}

// Posted implements signal.Observer: the result of a post has come.
func (s *Set) Posted(took time.Duration, outcome signal.PostOutcome) {
	if s == nil || int(outcome) >= len(s.core.posts.results) {
		return
	}
	s.core.posts.results[outcome].Inc()
	s.core.posts.took.Observe(took.Seconds())
}

// PostsHeld implements signal.Observer.
func (s *Set) PostsHeld() {
	if s != nil {
		s.core.posts.held.Inc()
	}
}
