package metric

import (
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Licences is what WatchLicences shows.
type Licences struct {
	States map[string]int   // entitlements by state
	Seats  map[string]Seats // by feature
	Ends   time.Duration    // until the next entitlement ends; negative: none does
}

// Seats are the users that a feature is for, and those that have it.
type Seats struct{ Entitled, Used int }

// The metrics of WatchLicences.
var (
	licenceStates = entry{"pbx_licences", "gauge", "Installed licences, by state.", []string{"state"}}
	licenceSeats  = entry{"pbx_licence_seats", "gauge", "Users that counted licences are for, in all domains together, by feature.", []string{"feature"}}
	licenceUsed   = entry{"pbx_licence_seats_used", "gauge", "Users that have a counted licence, in all domains together, by feature.", []string{"feature"}}
	licenceDays   = entry{"pbx_licence_days_left", "gauge", "Days until the next licence ends; absent if none does.", nil}
)

// WatchLicences has the metrics ask for the licences. The function is called at
// each scrape, from any goroutine. WatchLicences is called once.
func (s *Set) WatchLicences(look func() Licences) {
	if s != nil {
		s.registry.MustRegister(&licences{
			look: look, features: new(bound),
			states: licenceStates.desc(), seats: licenceSeats.desc(), used: licenceUsed.desc(), days: licenceDays.desc(),
		})
	}
}

func (e entry) desc() *prometheus.Desc { return prometheus.NewDesc(e.name, e.help, e.labels, nil) }

// licences is a prometheus.Collector that asks once for all of its metrics.
type licences struct {
	look                      func() Licences
	features                  *bound
	states, seats, used, days *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (l *licences) Describe(to chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{l.states, l.seats, l.used, l.days} {
		to <- desc
	}
}

// Collect implements prometheus.Collector.
func (l *licences) Collect(to chan<- prometheus.Metric) {
	now := l.look()
	tell := func(desc *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	for state, n := range now.States {
		tell(l.states, float64(n), state)
	}
	for feature, sum := range l.bounded(now.Seats) {
		tell(l.seats, float64(sum.Entitled), feature)
		tell(l.used, float64(sum.Used), feature)
	}
	if now.Ends >= 0 {
		tell(l.days, now.Ends.Hours()/24)
	}
}

// bounded adds up the features that are too many.
func (l *licences) bounded(all map[string]Seats) map[string]Seats {
	sums := make(map[string]Seats, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		label := l.features.value(name)
		sum := sums[label]
		sums[label] = Seats{sum.Entitled + all[name].Entitled, sum.Used + all[name].Used}
	}
	return sums
}
