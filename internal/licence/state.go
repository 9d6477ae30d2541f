package licence

import "time"

// State is how an installed entitlement stands.
type State string

// The states.
const (
	Valid      State = "valid"
	Pending    State = "pending"     // it has not begun yet
	Expired    State = "expired"     // it is over
	Revoked    State = "revoked"     // it was taken away
	KeyRevoked State = "key_revoked" // its key is no longer trusted
	Damaged    State = "damaged"     // the store has something else than what was installed
)

// states are all states.
var states = []State{Valid, Pending, Expired, Revoked, KeyRevoked, Damaged}

// state is how an entitlement stands at a time. The caller holds mu.
func (g *Gate) state(in *installed, at time.Time) State {
	key := g.keys[in.Key]
	switch {
	case in.damaged != nil:
		return Damaged
	case !in.row.Revoked.IsZero():
		return Revoked
	case !in.verified || !key.Revoked.IsZero():
		return KeyRevoked
	case at.Before(in.From):
		return Pending
	case !in.Active(at):
		return Expired
	}
	return Valid
}

// warnDays are the days before an end at which the log warns of it, and 0, the
// end itself.
var warnDays = [...]int{30, 7, 1, 0}

const day = 24 * time.Hour

// watchEnds warns of entitlements that end soon, or have ended while this Gate
// looked on, and finds the next turn. The caller holds mu.
func (g *Gate) watchEnds() {
	g.turnsAt = time.Time{}
	for _, in := range g.held {
		switch g.state(in, g.builtAt) {
		case Pending:
			g.turn(in.From)
		case Valid:
			g.watchEnd(in)
		case Expired:
			if _, known := g.warnings[in.ID]; known {
				g.log.Warn("licence: a licence has ended", "id", in.ID, "domain", in.Domain, "until", in.Until)
				delete(g.warnings, in.ID)
			}
		}
	}
}

// turn notes a future time at which something changes.
func (g *Gate) turn(at time.Time) { g.turnsAt = earlier(g.turnsAt, at) }

// watchEnd warns of the end of a valid entitlement, once for each distance.
func (g *Gate) watchEnd(in *installed) {
	if in.Until.IsZero() {
		return
	}
	const far = 31
	reached := far
	for _, days := range warnDays {
		at := in.Until.Add(-time.Duration(days) * day)
		if at.After(g.builtAt) {
			g.turn(at)
			break
		}
		reached = days
	}
	warned, known := g.warnings[in.ID]
	if known && warned <= reached {
		return
	}
	g.warnings[in.ID] = reached
	if reached < far {
		g.log.Warn("licence: a licence ends soon", "id", in.ID, "domain", in.Domain, "until", in.Until, "days", reached)
	}
}
