package bench

import (
	"math"
	"slices"
)

// goal is one line of the design's "Numbers to reach": a measured series, what
// it is compared with, and the limits.
type goal struct {
	id      string  // as the design numbers it
	series  string  // whose values are shown
	what    string  // for people
	unit    string  // of the values
	against Kind    // the ratio is T to this server; "" compares T itself
	base    string  // the series of the other server, "" the same
	must    float64 // 0: none, the line is for information
	stretch float64 // negative: none
	slack   float64 // added to the limits: what the process does besides
	more    bool    // more is better: the limits are lower ones
}

// Series that have no goal number of their own.
const (
	seriesOneWay     = "G2 one way"
	seriesFresh      = "G5 fresh"
	seriesTalked     = "G5 talked"
	seriesAllocs32   = "G9 W=32"
	seriesFanWrites  = "G11 writes"
	seriesFanAllocs  = "G11 allocs"
	seriesFanPerMore = "G11 more"
)

const none = -1

// goals is the table, in the order in which it is printed.
func goals() []goal {
	g := []goal{
		{"G1", "G1", "CPU per message, 1 in flight per pair", "µs", Relay, "", 1.20, 1.0, 0, false},
		{"G1", "G1", "", "µs", NATS, "", 0.70, none, 0, false},
		{"G2", "G2", "the same, each acknowledged to the sender", "µs", Relay, "G1", 1.90, 1.55, 0, false},
		{"G2", "G2", "  beside R with an acknowledgement", "µs", Relay, "", 0, none, 0, false},
		{"G2", seriesOneWay, "  texts in one direction only", "µs", Relay, "G1", 0, none, 0, false},
		{"G3", "G3", "CPU per message, 32 in flight per pair", "µs", Coalescing, "", 1.8, 1.1, 0, false},
		{"G3", "G3", "", "µs", NATS, "", 1.4, 0.85, 0, false},
		{"G5", seriesFresh, "memory per idle client, fresh", "B", "", "", 9000, 5000, 0, false},
		{"G5", seriesTalked, "memory per idle client, after talking", "B", "", "", 12000, 8000, 0, false},
		{"G6", "G6", "CPU per connect + login + register", "µs", NATS, "", 1.0, 0.55, 0, false},
		{"G7", "G7", "latency p99 at 5,000 messages/s", "µs", Relay, "", 1.3, 1.1, 0, false},
		{"G9", "G9", "allocations per message, 1 in flight", "", "", "", 1, 0, 0.05, false},
		{"G9", seriesAllocs32, "allocations per message, 32 in flight", "", "", "", 1, 0, 0.05, false},
	}
	return append(append(g, storedGoals()...), fanGoals()...)
}

// storedGoals: messages that are stored and acknowledged, with so many on their way
// at any time. The goal is that of SQLite with the largest number.
func storedGoals() []goal {
	var g []goal
	for _, s := range storedStores() {
		for _, n := range storedInFlight() {
			must, stretch := 0.0, float64(none)
			if s == storeSQLite && n == slices.Max(storedInFlight()) {
				must, stretch = 20000, 40000
			}
			on := ", " + string(s) + ", " + itoa(n) + " in flight"
			g = append(g,
				goal{"G10", storedSeries(s, n, "rate"), "stored messages per second" + on, "/s", "", "", must, stretch, 0, true},
				goal{"G10", storedSeries(s, n, "cpu"), "  CPU per stored message" + on, "µs", "", "", 0, none, 0, false},
				goal{"G10", storedSeries(s, n, "p50"), "  until acknowledged, median" + on, "ms", "", "", 0, none, 0, false},
				goal{"G10", storedSeries(s, n, "p99"), "  until acknowledged, p99" + on, "ms", "", "", 0, none, 0, false},
			)
		}
	}
	return g
}

// fanSizes are the numbers of devices that G11 looks at.
func fanSizes() []int { return []int{1, 2, 4, 8} }

// fanGoals: one write per device, and no allocation more for a further device,
// as there would be if it were encoded again (0.25 is noise).
func fanGoals() []goal {
	var g []goal
	for _, k := range fanSizes() {
		g = append(g, goal{"G11", fanSeries("G11", k), "CPU per message to " + itoa(k) + " devices", "µs", "", "", 0, none, 0, false})
	}
	for _, k := range fanSizes() {
		g = append(g, goal{"G11", fanSeries(seriesFanWrites, k), "writes per message to " + itoa(k) + " devices", "", "", "", float64(k), none, 0.05, false})
	}
	return append(g,
		goal{"G11", seriesFanPerMore, "CPU per further device", "µs", "", "", 0, none, 0, false},
		goal{"G11", seriesFanAllocs, "allocations per further device", "", "", "", 0.25, none, 0, false},
	)
}

// Row is one line of the report. Values are medians over the rounds; the ratio
// is the median of the ratios of the rounds. NaN means not measured.
type Row struct {
	Goal     string
	What     string
	Unit     string
	Values   map[Kind]float64
	Against  Kind
	Measured float64
	Must     float64 // 0: none
	Stretch  float64 // negative: none
	More     bool    // more is better
	Verdict  string  // "stretch", "ok", "short", or "" without limit or value
}

// values holds what was measured: series, server, one value per round.
type values map[string]map[Kind][]float64

func (v values) add(series string, k Kind, x float64) {
	if v[series] == nil {
		v[series] = map[Kind][]float64{}
	}
	v[series][k] = append(v[series][k], x)
}

// rows compares what was measured with the goals. Goals without any value are
// left out.
func (v values) rows() []Row {
	var out []Row
	for _, g := range goals() {
		if len(v[g.series]) > 0 {
			out = append(out, v.row(g))
		}
	}
	return out
}

func (v values) row(g goal) Row {
	r := Row{Goal: g.id, What: g.what, Unit: g.unit, Against: g.against, Must: g.must, Stretch: g.stretch, More: g.more, Values: map[Kind]float64{}}
	for k, list := range v[g.series] {
		r.Values[k] = Median(list)
	}
	r.Measured = v.compare(g)
	r.Verdict = verdict(r.Measured, g)
	return r
}

// compare is the ratio of the goal, or the value of T itself.
func (v values) compare(g goal) float64 {
	own := v[g.series][Tandem]
	if g.against == "" {
		return Median(own)
	}
	base := g.base
	if base == "" {
		base = g.series
	}
	return Median(Ratios(own, v[base][g.against]))
}

func verdict(x float64, g goal) string {
	switch {
	case math.IsNaN(x) || g.must == 0:
		return ""
	case g.more:
		return verdictMore(x, g)
	case g.stretch >= 0 && x <= g.stretch+g.slack:
		return "stretch"
	case x <= g.must+g.slack:
		return "ok"
	}
	return "short"
}

func verdictMore(x float64, g goal) string {
	switch {
	case g.stretch >= 0 && x >= g.stretch:
		return "stretch"
	case x >= g.must:
		return "ok"
	}
	return "short"
}
