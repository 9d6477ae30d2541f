package signal

import (
	"errors"
	"fmt"
)

// Cause is a cause value of Q.850: the error language of the switch. It is
// append-only and has no private values.
type Cause uint8

// The causes that the switch generates (appwebsocket.md decision 34).
const (
	CauseUnallocated          Cause = 1
	CauseNoRoute              Cause = 3
	CauseNormal               Cause = 16
	CauseUserBusy             Cause = 17
	CauseNoUserResponding     Cause = 18
	CauseNoAnswer             Cause = 19
	CauseSubscriberAbsent     Cause = 20
	CauseRejected             Cause = 21
	CauseNonSelected          Cause = 26
	CauseOutOfOrder           Cause = 27
	CauseInvalidNumber        Cause = 28
	CauseNormalUnspecified    Cause = 31
	CauseNoChannel            Cause = 34
	CauseNetworkOutOfOrder    Cause = 38
	CauseTemporaryFailure     Cause = 41
	CauseCongestion           Cause = 42
	CauseResourceUnavailable  Cause = 47
	CauseNotSubscribed        Cause = 50
	CauseNotAuthorised        Cause = 57
	CauseServiceUnavailable   Cause = 63
	CauseBearerNotImplemented Cause = 65
	CauseFacilityUnknown      Cause = 69
	CauseNotImplemented       Cause = 79
	CauseInvalidCallReference Cause = 81
	CauseIncompatible         Cause = 88
	CauseMandatoryMissing     Cause = 96
	CauseUnknownMessage       Cause = 97
	CauseBadContent           Cause = 100
	CauseWrongState           Cause = 101
	CauseTimer                Cause = 102
	CauseProtocolError        Cause = 111
	CauseInterworking         Cause = 127
)

var causeText = map[Cause]string{
	CauseUnallocated:          "no such user or number",
	CauseNoRoute:              "no route to the destination",
	CauseNormal:               "normal clearing",
	CauseUserBusy:             "user busy",
	CauseNoUserResponding:     "no user responding",
	CauseNoAnswer:             "no answer",
	CauseSubscriberAbsent:     "subscriber absent",
	CauseRejected:             "call rejected",
	CauseNonSelected:          "answered elsewhere",
	CauseOutOfOrder:           "destination out of order",
	CauseInvalidNumber:        "invalid or incomplete number",
	CauseNormalUnspecified:    "normal, unspecified",
	CauseNoChannel:            "no channel available",
	CauseNetworkOutOfOrder:    "network out of order",
	CauseTemporaryFailure:     "temporary failure",
	CauseCongestion:           "congestion",
	CauseResourceUnavailable:  "resource unavailable",
	CauseNotSubscribed:        "facility not subscribed",
	CauseNotAuthorised:        "not authorised",
	CauseServiceUnavailable:   "service unavailable",
	CauseBearerNotImplemented: "bearer capability not implemented",
	CauseFacilityUnknown:      "facility not implemented",
	CauseNotImplemented:       "service not implemented",
	CauseInvalidCallReference: "invalid call reference",
	CauseIncompatible:         "incompatible destination",
	CauseMandatoryMissing:     "mandatory element missing",
	CauseUnknownMessage:       "unknown message type",
	CauseBadContent:           "invalid element content",
	CauseWrongState:           "message not possible in this state",
	CauseTimer:                "timer expired",
	CauseProtocolError:        "protocol error",
	CauseInterworking:         "interworking",
}

// Text is the cause in words for people.
func (c Cause) Text() string {
	if s, ok := causeText[c]; ok {
		return s
	}
	return "unknown cause"
}

// Error implements error.
func (c Cause) Error() string { return fmt.Sprintf("%s (cause %d)", c.Text(), uint8(c)) }

// Error is a failed operation of the switch: what was tried, the cause for the
// peer, and what is behind it for the log.
type Error struct {
	Op    string
	Cause Cause
	Err   error
}

// Error implements error.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Op + ": " + e.Cause.Error()
	}
	return e.Op + ": " + e.Cause.Error() + ": " + e.Err.Error()
}

// Unwrap gives both the cause and what is behind it.
func (e *Error) Unwrap() []error { return []error{e.Cause, e.Err} }

// CauseOf is the cause that a peer is told for an error: 41 if it has none.
func CauseOf(err error) Cause {
	if c, ok := errors.AsType[Cause](err); ok {
		return c
	}
	return CauseTemporaryFailure
}

// rank orders causes by how much they tell the caller when several legs have
// failed (decision 36): 17, 21, 19, 18, 27, 20, then all others.
func rank(c Cause) int {
	for i, x := range [...]Cause{CauseUserBusy, CauseRejected, CauseNoAnswer, CauseNoUserResponding, CauseOutOfOrder, CauseSubscriberAbsent} {
		if c == x {
			return 6 - i
		}
	}
	return 0
}

// better is the more telling of two causes; 0 is none.
func better(a, b Cause) Cause {
	if a == 0 || b != 0 && rank(b) > rank(a) {
		return b
	}
	return a
}
