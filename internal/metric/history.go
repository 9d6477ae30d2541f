package metric

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/tandem-switch/tandem/internal/clock"
)

// Span is a time that a History looks back over.
type Span string

// The spans.
const (
	QuarterHour Span = "15m" // a point each 5 s
	SixHours    Span = "6h"  // each 2 min
	SevenDays   Span = "7d"  // each 30 min
)

// rings are how long and how finely a History remembers.
var rings = [...]struct {
	span Span
	step time.Duration
	size int
}{
	{QuarterHour, 5 * time.Second, 180},
	{SixHours, 2 * time.Minute, 180},
	{SevenDays, 30 * time.Minute, 336},
}

// at is which of the rings holds a span.
func at(span Span) (i int, there bool) {
	for i = range rings {
		if rings[i].span == span {
			return i, true
		}
	}
	return 0, false
}

// Series is how one value went.
type Series struct {
	Name   string    `json:"name" doc:"What is counted."`
	Unit   string    `json:"unit" enum:"count,rate,seconds,bytes,share" doc:"What the points are: a number, something per second, seconds, bytes, or a share of one core."`
	Points []float64 `json:"points" doc:"One for each of the times, oldest first."`
}

// Reason is how many frames and connections were dropped for a reason.
type Reason struct {
	Reason string  `json:"reason" doc:"The name that metrics, log and traces use too."`
	Count  float64 `json:"count" doc:"How many in the last hour."`
}

// watched are the series of a History: what a sample holds of each is a sum over the
// metrics of a family, and for a quotient that of two.
var watched = []struct {
	name, unit string
	of         source
	by         source // what it is divided by; none: by time, if of is a counter
}{
	{"registrations", "count", source{"pbx_registrations", "", ""}, source{}},
	{"calls", "count", source{"pbx_calls", "kind", "media"}, source{}},
	{"chats", "count", source{"pbx_calls", "kind", "chat"}, source{}},
	{"connections", "count", source{"pbx_connections", "", ""}, source{}},
	{"delivered", "rate", source{"pbx_messages_total", "", ""}, source{}},
	{"stored", "rate", source{"pbx_posts_total", "result", "stored"}, source{}},
	{"drops", "rate", source{"pbx_drops_total", "", ""}, source{}},
	{"commit", "seconds", source{"messages_commit_seconds_total", "", ""}, source{"messages_commits_total", "", ""}},
	{"perCommit", "count", source{"messages_operations_total", "", ""}, source{"messages_commits_total", "", ""}},
	{"processor", "share", source{"process_cpu_seconds_total", "", ""}, source{}},
	{"memory", "bytes", source{"process_resident_memory_bytes", "", ""}, source{}},
}

// source is a family of metrics, or those of them that have a value of a label.
type source struct{ family, label, value string }

// sample is what was counted at a time.
type sample struct {
	at      time.Time
	of, by  []float64 // by index in watched
	reasons map[string]float64
}

// History remembers how the switch did, for the charts of administrators; a Prometheus
// remembers longer and finer. It takes 1 MiB at most and a millisecond of work each 5
// seconds. Its methods may be called from any goroutine; on a nil History there is
// nothing to remember.
type History struct {
	set   *Set
	clock clock.Clock

	mu    sync.Mutex // guards the following
	rings [len(rings)][]sample
}

// NewHistory remembers what a Set counts, from when Run is called.
func NewHistory(set *Set, c clock.Clock) *History { return &History{set: set, clock: c} }

// Run takes samples until the context ends.
func (h *History) Run(ctx context.Context) {
	for {
		h.take()
		wait := make(chan struct{})
		timer := h.clock.AfterFunc(rings[0].step, func() { close(wait) })
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-wait:
		}
	}
}

// take adds a sample to each ring whose step is over.
func (h *History) take() {
	now := h.look()
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, r := range rings {
		list := h.rings[i]
		// Timers are a little late at times; a sample is never left out for that.
		if len(list) > 0 && now.at.Sub(list[len(list)-1].at) < r.step-rings[0].step/2 {
			continue
		}
		if len(list) > r.size {
			list = slices.Delete(list, 0, len(list)-r.size)
		}
		kept := now
		if r.span != SixHours { // Drops looks there alone
			kept.reasons = nil
		}
		h.rings[i] = append(list, kept)
	}
}

// look asks the Set.
func (h *History) look() sample {
	s := sample{at: h.clock.Now(), of: make([]float64, len(watched)), by: make([]float64, len(watched)), reasons: map[string]float64{}}
	families, _ := h.set.registry.Gather() // if a collector fails, the others have answered
	byName := make(map[string]*dto.MetricFamily, len(families))
	for _, f := range families {
		byName[f.GetName()] = f
	}
	for i, w := range watched {
		s.of[i], s.by[i] = w.of.sum(byName), w.by.sum(byName)
	}
	for _, m := range byName["pbx_drops_total"].GetMetric() {
		for _, l := range m.GetLabel() {
			s.reasons[l.GetValue()] = m.GetCounter().GetValue()
		}
	}
	return s
}

// sum adds the metrics of the source.
func (s source) sum(families map[string]*dto.MetricFamily) (sum float64) {
	for _, m := range families[s.family].GetMetric() {
		if s.label != "" && !slices.ContainsFunc(m.GetLabel(), func(l *dto.LabelPair) bool {
			return l.GetName() == s.label && l.GetValue() == s.value
		}) {
			continue
		}
		sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
	}
	return sum
}

// Look returns the times of a span, oldest first, and the series over them. Both are
// empty at the beginning, and for a span that does not exist.
func (h *History) Look(span Span) (times []time.Time, series []Series) {
	series = make([]Series, len(watched))
	for i, w := range watched {
		series[i] = Series{Name: w.name, Unit: w.unit, Points: []float64{}}
	}
	times = []time.Time{}
	if h == nil {
		return times, series
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	i, there := at(span)
	if !there {
		return times, series
	}
	for n := 1; n < len(h.rings[i]); n++ {
		before, now := &h.rings[i][n-1], &h.rings[i][n]
		times = append(times, now.at)
		for j := range watched {
			series[j].Points = append(series[j].Points, value(j, before, now))
		}
	}
	return times, series
}

// value is that of a series between two samples.
func value(i int, before, now *sample) float64 {
	switch w := watched[i]; {
	case w.by.family != "":
		if n := now.by[i] - before.by[i]; n > 0 {
			return (now.of[i] - before.of[i]) / n
		}
		return 0
	case w.unit == "rate" || w.unit == "share":
		if d := now.at.Sub(before.at).Seconds(); d > 0 {
			return (now.of[i] - before.of[i]) / d
		}
		return 0
	}
	return now.of[i]
}

// Drops returns what was dropped in the last hour by reason, the most frequent first.
func (h *History) Drops() []Reason {
	list := []Reason{}
	if h == nil {
		return list
	}
	now := h.look()
	h.mu.Lock()
	defer h.mu.Unlock()
	then := map[string]float64{}
	hours, _ := at(SixHours)
	for _, s := range h.rings[hours] { // the newest that is an hour old, or nothing
		if now.at.Sub(s.at) >= time.Hour {
			then = s.reasons
		}
	}
	for reason, n := range now.reasons {
		if n -= then[reason]; n > 0 {
			list = append(list, Reason{reason, n})
		}
	}
	slices.SortFunc(list, func(a, b Reason) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Reason, b.Reason))
	})
	return list
}

// Now returns the present value of each counted thing by the name of its series, rates
// apart.
func (h *History) Now() map[string]float64 {
	values := map[string]float64{}
	if h == nil {
		return values
	}
	now := h.look()
	for i, w := range watched {
		if w.by.family == "" && w.unit != "rate" && w.unit != "share" {
			values[w.name] = now.of[i]
		}
	}
	return values
}
