package licence

import (
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// Reason says why nobody in a domain has a feature.
type Reason string

// The reasons.
const (
	LackNone       Reason = ""            // everybody has everything
	LackMode       Reason = "mode"        // the mode is ModeNone
	LackUnassigned Reason = "unassigned"  // there are seats, and nobody has one
	LackExpired    Reason = "expired"     // the last licence for it is over
	LackRevoked    Reason = "revoked"     // the last licence for it was taken away
	LackKey        Reason = "key_revoked" // the key of the last licence for it is no longer trusted
	LackPending    Reason = "pending"     // a licence for it begins later
	LackDamaged    Reason = "damaged"     // a licence for it cannot be used
	LackNever      Reason = "never"       // there never was a licence for it
)

// Lack is why nobody has a feature, and since when.
type Lack struct {
	Reason Reason
	ID     string    // of the licence that it is about; empty: none
	At     time.Time // when that ended or, while it is pending, begins; zero: unknown
}

// Lack tells why nobody in the domain has the feature. It is to be asked where that
// is so.
func (g *Gate) Lack(domain signal.DomainID, f Feature) Lack {
	v := g.view.Load()
	switch {
	case v.never:
		return Lack{Reason: LackMode}
	case v.always:
		return Lack{}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now, found := g.now(), Lack{Reason: LackNever}
	for _, in := range g.held {
		if in.row.Domain != 0 && in.row.Domain != domain || !in.grants(f) {
			continue
		}
		if l := g.lackOf(in, now); l.before(found) {
			found = l
		}
	}
	return found
}

// grants tells whether the entitlement is about the feature.
func (in *installed) grants(f Feature) bool {
	for _, grant := range in.Grants {
		if grant.Name.covers(f) {
			return true
		}
	}
	return false
}

// lackOf is why one entitlement gives nobody anything. The caller holds mu.
func (g *Gate) lackOf(in *installed, now time.Time) Lack {
	l := Lack{ID: in.ID}
	switch g.state(in, now) {
	case Valid:
		l.Reason = LackUnassigned
	case Pending:
		l.Reason, l.At = LackPending, in.From
	case Damaged:
		l.Reason = LackDamaged
	case Expired:
		l.Reason, l.At = LackExpired, in.Until
	case Revoked:
		l.Reason, l.At = LackRevoked, earlier(in.row.Revoked, in.Until)
	case KeyRevoked:
		l.Reason = LackKey
		if key := g.keys[in.Key]; key != nil {
			l.At = earlier(key.Revoked, in.Until)
		}
	}
	return l
}

// before tells whether l says more than another one: a licence that could be used now
// comes first, then the one that ended last.
func (l Lack) before(other Lack) bool {
	if a, b := l.rank(), other.rank(); a != b {
		return a < b
	}
	if l.Reason == LackPending {
		return l.At.Before(other.At)
	}
	return l.At.After(other.At)
}

func (l Lack) rank() int {
	switch l.Reason {
	case LackUnassigned:
		return 0
	case LackExpired, LackRevoked, LackKey:
		return 1
	case LackPending:
		return 2
	case LackDamaged:
		return 3
	}
	return 4
}
