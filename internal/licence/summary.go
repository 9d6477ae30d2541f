package licence

import (
	"strings"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// Summary is what a domain has.
type Summary struct {
	// Unlimited says that licences do not matter: everything is there.
	Unlimited bool `json:"unlimited"`
	// TestMode says that an entitlement for tests is in force.
	TestMode bool      `json:"testMode"`
	Features []Holding `json:"features"`
}

// Holding is what a domain has under one name.
type Holding struct {
	Name     Feature `json:"name"`
	Entitled int     `json:"entitled"` // users that may have it; MaxCount: all
	Assigned int     `json:"assigned"` // users that it is assigned to, if it is counted
	Used     int     `json:"used"`     // those of them who have it
	// Until is when the first of the entitlements for it ends; zero: none does.
	Until    time.Time `json:"until,omitzero"`
	TestMode bool      `json:"testMode,omitempty"` // it comes from entitlements for tests alone
}

// Domain is what the domain has now. An unknown domain has what every domain has.
func (g *Gate) Domain(id signal.DomainID) Summary {
	v := g.view.Load()
	s, fixed := v.fixed()
	sum := Summary{Unlimited: s == Licensed, Features: []Holding{}}
	if fixed {
		return sum
	}
	for _, s := range v.of(id).grants {
		h := Holding{
			Name: s.name, Entitled: s.seats(), Assigned: len(s.standing), Used: s.used(), Until: s.until,
			TestMode: s.free < Licensed && s.counts[0] == 0,
		}
		sum.Features = append(sum.Features, h)
		sum.TestMode = sum.TestMode || s.free == TestMode || s.counts[1] > 0
	}
	return sum
}

// Totals is what the metrics show.
type Totals struct {
	States   map[State]int    // entitlements by state; every state is there
	Features map[string]Total // by feature; all apps are App, all services Service
	// Ends is when the next valid entitlement ends; zero: none does.
	Ends time.Time
}

// Total is the seats of a feature in all domains together. What is not counted is
// not in it.
type Total struct{ Entitled, Used int }

// Totals adds up everything that is installed.
func (g *Gate) Totals() Totals {
	t := Totals{States: map[State]int{}, Features: map[string]Total{}}
	g.mu.Lock()
	now := g.now()
	for _, state := range states {
		t.States[state] = 0
	}
	for _, in := range g.held {
		state := g.state(in, now)
		t.States[state]++
		if state == Valid {
			t.Ends = earlier(t.Ends, in.Until)
		}
	}
	g.mu.Unlock()
	for _, h := range g.view.Load().domains {
		for _, s := range h.grants {
			if s.counted() {
				name := s.name.class()
				sum := t.Features[name]
				t.Features[name] = Total{sum.Entitled + s.counts[0] + s.counts[1], sum.Used + s.used()}
			}
		}
	}
	return t
}

// class is the name without what stands in parentheses.
func (f Feature) class() string {
	name, _, _ := strings.Cut(string(f), "(")
	return name
}
