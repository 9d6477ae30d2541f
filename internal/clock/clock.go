// Package clock is the time that the switch lives by: what time it is, and
// functions that run later.
//
// Production code takes the System clock. Tests and dialogues take a Manual
// one, whose time can be moved forward, so that a limit of fifteen minutes is
// proven in a moment. Both are safe for use by several goroutines.
package clock

import "time"

// Clock tells the time and starts timers.
type Clock interface {
	// Now is the current time.
	Now() time.Time
	// AfterFunc runs f on a goroutine of its own once d has passed.
	AfterFunc(d time.Duration, f func()) Timer
}

// Timer is one pending call of AfterFunc.
type Timer interface {
	// Stop prevents the call; it reports whether the call was still pending.
	Stop() bool
	// Reset sets the timer anew, to d from now; it reports whether the call
	// was still pending.
	Reset(d time.Duration) bool
}

// System is the clock of the machine.
func System() Clock { return system{} }

type system struct{}

func (system) Now() time.Time { return time.Now() }

func (system) AfterFunc(d time.Duration, f func()) Timer { return time.AfterFunc(d, f) }
