package signal

import (
	"slices"
	"time"

	"github.com/tandem-switch/tandem/internal/strictjson"
)

// Diversions of calls with media (appwebsocket.md 3.6): always, when busy, when
// nobody answers or is there. The call goes on with the same caller to another
// object, in the name of the one that diverts: that one must see the target and its
// filter must let the call pass. The caller must be allowed to see the target too.

// The reasons of a diversion on the wire (3.5).
const (
	reasonAlways   = "ALWAYS"
	reasonBusy     = "BUSY"
	reasonNoAnswer = "NO_ANSWER"
)

// maxDiversions is how often one call is diverted.
const maxDiversions = 5

// unreached ends a call that nobody takes, or diverts it.
func (k *Call) unreached(t *Turn, cause Cause) {
	switch cause {
	case CauseUserBusy:
		if k.handling.Busy != (Target{}) {
			k.divert(t, reasonBusy, k.handling.Busy)
			return
		}
	case CauseNoAnswer, CauseNoUserResponding, CauseSubscriberAbsent, CauseOutOfOrder, CauseNoRoute:
		if k.handling.NoAnswer != (Target{}) {
			k.divert(t, reasonNoAnswer, k.handling.NoAnswer)
			return
		}
	}
	k.end(t, cause)
}

// divert sends the call on to where the called object wants it. The caller is told
// by diverting_leg1, the new object by diverting_leg2 in its setup.
func (k *Call) divert(t *Turn, reason string, target Target) {
	for _, l := range k.forks {
		l.rel(t, CauseNoAnswer)
	}
	k.forks, k.alerting, k.wakeTill = nil, nil, time.Time{}
	from := k.to
	next, cause := k.nominated(&from, target)
	if cause != 0 {
		k.end(t, cause)
		return
	}
	k.hops = append(k.hops, from)
	k.offer.diverted = appendLeg2(nil, k.hops)
	t.work.head = append(t.work.head[:0], `{"type":"facility","fty":[`...)
	t.work.head = append(appendLeg1(t.work.head, reason, &next, &from), ']', '}')
	k.caller.send(t, t.work.head, nil)
	k.reach(t, &next)
}

// nominated is the object that a diversion leads to; the cause says why there is
// none: 31 for a loop, or after too many diversions.
func (k *Call) nominated(from *Party, target Target) (Party, Cause) {
	dir := k.sw.dir
	next, found := dir.Resolve(from.Address, target.SIP, target.Num)
	switch {
	case !found || !dir.Visible(from.Address, next.Address) || !dir.Visible(k.from.Address, next.Address):
		return next, CauseUnallocated
	case len(k.hops) >= maxDiversions || next.Address == from.Address,
		slices.ContainsFunc(k.hops, func(p Party) bool { return p.Address == next.Address }):
		return next, CauseNormalUnspecified
	case !dir.MayCall(from.Address, "", next.Address, target.Num):
		return next, CauseRejected
	}
	return next, 0
}

func appendLeg1(dst []byte, reason string, next, from *Party) []byte {
	dst = append(append(append(dst, `{"type":"diverting_leg1","reason":"`...), reason...), `","nominated":{`...)
	dst = append(appendEP(dst, next), `},"redirecting":{`...)
	return append(appendEP(dst, from), '}', '}')
}

// appendLeg2 names who has diverted last, and who was called in the beginning if
// that was somebody else.
func appendLeg2(dst []byte, hops []Party) []byte {
	first, last := &hops[0], &hops[len(hops)-1]
	dst = append(appendEP(append(dst, `{"type":"diverting_leg2","diverting":{`...), last), '}')
	if len(hops) > 1 {
		dst = append(appendEP(append(dst, `,"original_called":{`...), first), '}')
	}
	dst = strictjson.AppendString(append(dst, `,"diverting_name":`...), last.Name)
	if len(hops) > 1 {
		dst = strictjson.AppendString(append(dst, `,"original_called_name":`...), first.Name)
	}
	return append(dst, '}')
}

func appendLeg3(dst []byte, to *Party) []byte {
	dst = append(dst, `{"type":"diverting_leg3","redirection":{`...)
	return append(appendEP(dst, to), '}', '}')
}
