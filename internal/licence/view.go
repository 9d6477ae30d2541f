package licence

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// Standing is how somebody stands with a licence. A higher one is better.
type Standing uint8

// The standings.
const (
	Unlicensed Standing = iota
	TestMode            // by an entitlement for tests alone
	Licensed
)

// view is what answers questions. It is never changed, only replaced.
type view struct {
	always  bool     // whoever asks has everything: no key was made, or the mode is All
	never   bool     // nobody has anything: the mode is None
	rest    *holding // of domains that are not below yet: what every domain has
	domains map[signal.DomainID]*holding
}

// holding is what one domain has at the moment.
type holding struct {
	grants []*sum
}

// sum is all that active entitlements give a domain under one name.
type sum struct {
	name     Feature
	free     Standing  // of everybody in the domain, by grants without count
	counts   [2]int    // seats that are Licensed, and those in TestMode
	until    time.Time // when the first of the entitlements ends; zero: never
	standing map[signal.ObjectID]Standing
}

// seats is how many users may have it, MaxCount at most.
func (s *sum) seats() int {
	if s.free != Unlicensed {
		return MaxCount
	}
	return min(s.counts[0]+s.counts[1], MaxCount)
}

// best is the best standing that somebody may have by it.
func (s *sum) best() Standing {
	switch {
	case s.free == Licensed, s.counts[0] > 0:
		return Licensed
	case s.free == TestMode, s.counts[1] > 0:
		return TestMode
	}
	return Unlicensed
}

// counted tells whether seats are to be given to users.
func (s *sum) counted() bool { return s.counts[0]+s.counts[1] > 0 }

// used is how many users have a seat.
func (s *sum) used() int { return min(len(s.standing), s.counts[0]+s.counts[1]) }

// of is the standing of an object.
func (s *sum) of(id signal.ObjectID) Standing { return max(s.free, s.standing[id]) }

// seat gives out the seats: to those who exist longest, which are those with the
// lowest ids.
func (s *sum) seat(assigned []signal.ObjectID) {
	slices.Sort(assigned)
	assigned = slices.Compact(assigned)
	s.standing = make(map[signal.ObjectID]Standing, len(assigned))
	for place, id := range assigned {
		switch {
		case place < s.counts[0]:
			s.standing[id] = Licensed
		case place < s.counts[0]+s.counts[1]:
			s.standing[id] = TestMode
		default:
			s.standing[id] = Unlicensed
		}
	}
}

// find is the sum of a name, nil if there is none.
func (h *holding) find(name Feature) *sum {
	if h == nil {
		return nil
	}
	i, found := slices.BinarySearchFunc(h.grants, name, func(s *sum, f Feature) int { return strings.Compare(string(s.name), string(f)) })
	if !found {
		return nil
	}
	return h.grants[i]
}

// add takes in what an active entitlement gives.
func (h *holding) add(e *Entitlement) {
	for _, g := range e.Grants {
		s := h.find(g.Name)
		if s == nil {
			s = &sum{name: g.Name, until: e.Until}
			h.grants = append(h.grants, s)
			slices.SortFunc(h.grants, func(a, b *sum) int { return cmp.Compare(a.name, b.name) })
		}
		s.until = earlier(s.until, e.Until)
		switch {
		case g.Count == 0 && e.TestMode:
			s.free = max(s.free, TestMode)
		case g.Count == 0:
			s.free = Licensed
		case e.TestMode:
			s.counts[1] += g.Count
		default:
			s.counts[0] += g.Count
		}
	}
}

// earlier is the earlier of two ends, of which zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// seat gives out the seats of everything that is counted.
func (h *holding) seat(people People, domain signal.DomainID) {
	assigned := map[Feature][]signal.ObjectID{}
	for _, s := range h.grants {
		if s.counted() {
			assigned[s.name] = nil
		}
	}
	if len(assigned) == 0 {
		return
	}
	for object, names := range people.Assigned(domain) {
		for _, name := range names {
			if list, counted := assigned[Feature(name)]; counted {
				assigned[Feature(name)] = append(list, object)
			}
		}
	}
	for name, list := range assigned {
		h.find(name).seat(list)
	}
}

// of is the holding of a domain.
func (v *view) of(domain signal.DomainID) *holding {
	if h, ok := v.domains[domain]; ok {
		return h
	}
	return v.rest
}

// fixed is the answer that holds for everybody, if one does.
func (v *view) fixed() (s Standing, ok bool) {
	switch {
	case v.never:
		return Unlicensed, true
	case v.always:
		return Licensed, true
	}
	return Unlicensed, false
}

// feature is the standing of an object with a feature.
func (v *view) feature(a signal.Address, asked Feature) (best Standing) {
	if s, fixed := v.fixed(); fixed {
		return s
	}
	for _, s := range v.of(a.Domain).grants {
		if s.name.covers(asked) {
			best = max(best, s.of(a.Object))
		}
	}
	return best
}

// app is the standing of an object with an app.
func (v *view) app(a signal.Address, name string) (best Standing) {
	if s, fixed := v.fixed(); fixed {
		return s
	}
	for _, s := range v.of(a.Domain).grants {
		if s.name.coversApp(name) {
			best = max(best, s.of(a.Object))
		}
	}
	return best
}

// services is how many licences the domain has for a service, and the best that one
// of them is.
func (v *view) services(domain signal.DomainID, name string) (n int, best Standing) {
	switch s, fixed := v.fixed(); {
	case fixed && s == Licensed:
		return MaxCount, Licensed
	case fixed:
		return 0, Unlicensed
	}
	for _, s := range v.of(domain).grants {
		if s.name.coversService(name) {
			n = min(n+s.seats(), MaxCount)
			best = max(best, s.best())
		}
	}
	return n, best
}
