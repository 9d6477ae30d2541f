package metric

import "github.com/prometheus/client_golang/prometheus"

// WatchLinks has the metrics ask how many connections to app services there should be
// and how many there are. The function is called at each scrape, from any goroutine.
// WatchLinks is called once.
func (s *Set) WatchLinks(totals func() (links, connected int)) {
	if s == nil {
		return
	}
	s.registry.MustRegister(&linkTotals{
		totals:    totals,
		all:       prometheus.NewDesc(linksAll.name, linksAll.help, nil, nil),
		connected: prometheus.NewDesc(linksUp.name, linksUp.help, nil, nil),
	})
}

// The metrics of WatchLinks.
var (
	linksAll = entry{"pbx_links", "gauge", "Connections to app services that the switch keeps or tries to make.", nil}
	linksUp  = entry{"pbx_links_connected", "gauge", "Connections to app services that are there.", nil}
)

// linkTotals is a prometheus.Collector that asks once for both.
type linkTotals struct {
	totals         func() (links, connected int)
	all, connected *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (l *linkTotals) Describe(to chan<- *prometheus.Desc) {
	to <- l.all
	to <- l.connected
}

// Collect implements prometheus.Collector.
func (l *linkTotals) Collect(to chan<- prometheus.Metric) {
	all, connected := l.totals()
	to <- prometheus.MustNewConstMetric(l.all, prometheus.GaugeValue, float64(all))
	to <- prometheus.MustNewConstMetric(l.connected, prometheus.GaugeValue, float64(connected))
}
