package signal

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/trace"
)

// Times of a call that is no chat (decision 31).
const (
	setupAnswer   = 4 * time.Second   // for any message to a setup
	alertingLimit = 180 * time.Second // for a conn
	overlapDigits = 15 * time.Second  // T302
	divertAfter   = 20 * time.Second  // the alerting limit of an object with cfnr
)

// Call is a call with media, or one without that is no chat: a caller and the
// legs of the called object, of which the first to answer wins. Media
// descriptions are relayed byte for byte (decisions 32, 36, 37, 44). A chat with
// a hunt group is a Call too, until it is clear which member has it (hunt.go).
type Call struct {
	sw       *Switch
	id       trace.CallID
	kind     CallKind
	media    bool
	toDomain atomic.Int64 // of the called object, as soon as it is known
	hunt     bool         // a chat with a hunt group

	mu       sync.Mutex // guards the following
	offer    *offer
	from, to Party
	handling Handling  // of the called object
	hops     []Party   // who has diverted the call, the first one first
	objects  []*object // the called ones, referenced while the call lives
	talking  []*object // who is on the phone by it
	placedBy *object   // the calling one
	caller   *Leg
	forks    []*Leg // live called legs; after the answer only the winner
	winner   *Leg
	alerting *Leg // the first leg that rang: its media may be heard early
	cause    Cause
	early    [][]byte // messages of the caller that wait for the winner
	earlySum int
	digits   string // number so far, while dialling overlaps
	setup    []byte // the message to go on with when dialling is complete
	since    time.Time
	wakeTill time.Time
	ended    bool
	handed   bool // the caller's leg belongs to a chat now
	timer    clock.Timer
}

var (
	_ owner   = (*Call)(nil)
	_ wakened = (*Call)(nil)
)

// startPlain begins a call that is no chat.
func (s *Switch) startPlain(t *Turn, c *Conn, r *Registration, number int32, m *Message, from, to *Party, media bool) Cause {
	k := s.newCall(t, from, media)
	k.toDomain.Store(int64(to.Domain))
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.place(t, c, r, number) {
		return CauseNoChannel
	}
	k.begin(t, newOffer(m, from, t.work.fty, media), to)
	return 0
}

func (s *Switch) newCall(t *Turn, from *Party, media bool) *Call {
	k := &Call{sw: s, id: s.newID(), kind: OtherCall, media: media, from: *from, since: t.Now}
	if media {
		k.kind = MediaCall
	}
	return k
}

// maxPlaced bounds the live calls that one person has set up: nobody can use up
// the call numbers of somebody else's connection. Programs, such as attendants and
// gateways, are trusted with more.
const maxPlaced = 256

// place enters the call with its caller's leg; false if the number is live, or
// the caller or the connection has too many.
func (k *Call) place(t *Turn, c *Conn, r *Registration, number int32) bool {
	s := k.sw
	s.mu.Lock()
	full := r.object.placed >= maxPlaced && k.from.Kind == User
	if !full {
		r.object.placed++
		s.calls[k] = struct{}{}
	}
	s.mu.Unlock()
	if full {
		return false
	}
	s.obs.CallStarted(k.kind)
	k.placedBy = r.object
	k.talks(t, r)
	if k.caller = c.openLeg(r, number, t.Now, k); k.caller == nil {
		k.end(t, CauseNoChannel)
		return false
	}
	k.caller.heard(t)
	return true
}

// talks says that the object of a registration is on the phone by this call.
func (k *Call) talks(t *Turn, r *Registration) {
	if !k.media {
		return
	}
	k.sw.mu.Lock()
	r.object.talking++
	k.talking = append(k.talking, r.object)
	k.sw.mu.Unlock()
	k.sw.activityChanged(t, r.addr)
}

// begin says that dialling is complete and offers the call.
func (k *Call) begin(t *Turn, o *offer, to *Party) {
	k.offer = o
	k.toDomain.Store(int64(to.Domain))
	proc := callProc
	if k.media {
		proc = []byte(`{"type":"call_proc","channel":-1}`)
	}
	k.caller.send(t, proc, nil)
	k.timer = k.sw.timer(setupAnswer, k.expire)
	k.reach(t, to)
}

// reach calls an object: the one that was dialled, or one that it diverts to.
func (k *Call) reach(t *Turn, to *Party) {
	k.to, k.cause, k.since = *to, 0, t.Now
	if k.media {
		k.handling = k.sw.dir.Handling(to.Address)
		switch {
		case k.handling.Always != Target{}:
			k.divert(t, reasonAlways, k.handling.Always)
			return
		case k.handling.DoNotDisturb:
			k.unreached(t, CauseUserBusy)
			return
		}
	}
	k.call(to)
	k.timer.Reset(k.firstLimit())
	if k.fork(t); len(k.forks) == 0 {
		k.wake(t)
	}
}

// firstLimit is when the legs are looked at for the first time.
func (k *Call) firstLimit() time.Duration {
	if k.hunt {
		return huntLimit
	}
	return setupAnswer
}

// call references the objects behind the called one.
func (k *Call) call(to *Party) {
	called := []Party{*to}
	if to.Kind == HuntGroup {
		called = k.sw.members(k.from.Address, to.Address)
	}
	k.sw.mu.Lock()
	defer k.sw.mu.Unlock()
	k.letGo()
	for i := range called {
		k.objects = append(k.objects, k.sw.acquire(called[i].Address))
	}
}

// letGo gives the references to the called objects back; the caller holds the lock
// of the switch.
func (k *Call) letGo() {
	for _, o := range k.objects {
		delete(o.waiting, k)
		k.sw.release(o)
	}
	k.objects = nil
}

// maxForks bounds the legs that one setup makes.
const maxForks = 1024

// fork sends the setup to every registration that takes such calls.
func (k *Call) fork(t *Turn) {
	for _, o := range k.objects {
		for _, r := range o.registrations() {
			if k.media && r.flags&NoMedia != 0 || len(k.forks) >= maxForks {
				continue
			}
			l := r.conn.newLeg(r, t.Now, k, k.placedBy)
			if l == nil {
				continue
			}
			k.forks = append(k.forks, l)
			t.work.head = k.offer.append(t.work.head[:0], &k.to)
			l.send(t, t.work.head, nil)
		}
	}
}

// wake tells idle sessions and waits for a registration, else ends with 20.
func (k *Call) wake(t *Turn) {
	kind := "phone"
	if !k.media {
		kind = "chat"
	}
	woken := false
	for _, o := range k.objects {
		woken = k.sw.waker.Wake(t, o.addr, kind) || woken
	}
	if !woken {
		k.unreached(t, k.to.absent())
		return
	}
	k.wakeTill = t.Now.Add(wakeLimit)
	for _, o := range k.objects {
		k.sw.wait(o, k)
	}
	k.timer.Reset(wakeLimit)
	k.found(t) // it came between the two
}

// found goes on with a call whose called object may be there now.
func (k *Call) found(t *Turn) {
	if k.hunt && k.settled(t) {
		return
	}
	if k.fork(t); len(k.forks) == 0 {
		return
	}
	k.wakeTill = time.Time{}
	for _, o := range k.objects {
		k.sw.waitNoMore(o, k)
	}
	k.timer.Reset(k.firstLimit())
	if len(k.forks) == 1 {
		k.flushEarly(t, k.forks[0])
	}
}

// registered implements wakened.
func (k *Call) registered(t *Turn) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ended || k.wakeTill.IsZero() {
		return
	}
	if k.found(t); k.ended || len(k.forks) > 0 {
		return
	}
	for _, o := range k.objects { // it was one that does not take such calls
		k.sw.wait(o, k)
	}
}

// handle implements owner: the table of appwebsocket.md 3.4.
func (k *Call) handle(t *Turn, l *Leg, m *Message) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if o := k.successor(l); o != nil {
		o.handle(t, l, m)
		return
	}
	if k.ended || l.gone {
		l.drop(t, dropLate)
		return
	}
	l.spoke = true
	switch m.Type {
	case RelMsg, DiscMsg:
		k.released(t, l, m)
	case SetupMsg:
		l.drop(t, dropLiveNumber)
	case UnknownType, AcceptMsg:
		l.drop(t, dropUnknownType)
	default:
		if l == k.caller {
			k.fromCaller(t, l, m)
		} else {
			k.fromCalled(t, l, m)
		}
	}
}

// successor is the chat that a leg belongs to since the call was handed over; nil
// if it was not.
func (k *Call) successor(l *Leg) owner {
	if !k.handed {
		return nil
	}
	if o := l.own(); o != owner(k) {
		return o
	}
	return nil
}

// fromCaller handles what the calling client says.
func (k *Call) fromCaller(t *Turn, l *Leg, m *Message) {
	switch m.Type {
	case InfoMsg:
		if k.setup != nil {
			k.dial(t, m)
			return
		}
	case FacilityMsg, ChannelsMsg:
		if k.hunt {
			k.fromHunter(t, l, m)
			return
		}
	case UserInfoMsg, MediaInfoMsg:
		if k.winner == nil {
			l.drop(t, dropState)
			return
		}
	default:
		l.drop(t, dropState)
		return
	}
	if !k.encode(t, l, m) {
		return
	}
	switch to := k.peerOfCaller(); {
	case to != nil:
		to.send(t, t.work.head, nil)
	case k.winner == nil:
		k.wait(t, l)
	}
}

// peerOfCaller is who gets what the caller says: the winner, or before that the
// only leg, or for media the one that rings.
func (k *Call) peerOfCaller() *Leg {
	switch {
	case k.winner != nil:
		return k.winner
	case len(k.forks) == 1:
		return k.forks[0]
	}
	return nil
}

// wait keeps a message for the winner (decision 37).
func (k *Call) wait(t *Turn, l *Leg) {
	k.keepEarly(t, l, t.work.head)
}

// keepEarly stores a message; too many end the call with 47.
func (k *Call) keepEarly(t *Turn, l *Leg, sig []byte) {
	sig = append([]byte(nil), sig...)
	if len(k.early) >= maxEarly || k.earlySum+len(sig) > maxEarlyBytes || !l.conn.charge(len(sig)) {
		k.end(t, CauseResourceUnavailable)
		return
	}
	k.earlySum += len(sig)
	k.early = append(k.early, sig)
}

// fromCalled handles what a called client says.
func (k *Call) fromCalled(t *Turn, l *Leg, m *Message) {
	if k.hunt {
		k.fromHunted(t, l, m)
		return
	}
	switch m.Type {
	case ConnMsg:
		k.conn(t, l, m)
	case CallProcMsg, SetupAckMsg:
		if l == k.winner {
			l.drop(t, dropState)
		}
	case AlertMsg:
		k.alert(t, l, m)
	case ProgressMsg:
		if k.winner == nil && (k.alerting == nil || k.alerting == l) && k.encode(t, l, m) {
			k.caller.send(t, t.work.head, nil)
		}
	case FacilityMsg, ChannelsMsg:
		if (m.Type == FacilityMsg || l == k.winner || l == k.alerting || len(k.forks) == 1) && k.encode(t, l, m) {
			k.caller.send(t, t.work.head, nil)
		}
	case InfoMsg, UserInfoMsg, MediaInfoMsg:
		if l != k.winner {
			l.drop(t, dropState)
		} else if k.encode(t, l, m) {
			k.caller.send(t, t.work.head, nil)
		}
	default:
		l.drop(t, dropState)
	}
}

// encode writes a message anew for the other side into t.work.head; false if
// nothing of it is left or it is too long.
func (k *Call) encode(t *Turn, l *Leg, m *Message) bool {
	k.sw.screenRelay(t, l, m, k.media)
	if m.Type == FacilityMsg && len(t.work.fty) == 0 {
		return false
	}
	if len(m.sig.Get("uui").String()) > maxUserUser {
		l.drop(t, dropState)
		return false
	}
	t.work.head = appendRelay(t.work.head[:0], m.Type, m, t.work.fty)
	return true
}

// alert passes on the first ringing; later ones are swallowed (decision 32).
func (k *Call) alert(t *Turn, l *Leg, m *Message) {
	if k.winner != nil || k.alerting != nil {
		if k.winner != nil {
			l.drop(t, dropState)
		}
		return
	}
	k.alerting = l
	k.passNamed(t, l, m)
}

// passNamed sends a message to the caller with the name of the called person; of
// a hunt group that is the member.
func (k *Call) passNamed(t *Turn, l *Leg, m *Message) {
	k.sw.screenRelay(t, l, m, k.media)
	name := k.to.Name
	if k.to.Kind == HuntGroup {
		name = l.reg.party.Load().Name
	}
	if m.Type == ConnMsg && len(k.hops) > 0 {
		t.work.fty = appendItem(t.work.fty, appendLeg3(nil, &k.to))
	}
	t.work.fty = appendNameFacility(t.work.fty, name)
	t.work.head = appendRelay(t.work.head[:0], m.Type, m, t.work.fty)
	k.caller.send(t, t.work.head, nil)
}

// conn gives the call to the first leg that answers; the others get 26.
func (k *Call) conn(t *Turn, l *Leg, m *Message) {
	if k.winner != nil {
		l.drop(t, dropState)
		return
	}
	k.winner, l.answered = l, true
	k.talks(t, l.reg)
	k.passNamed(t, l, m)
	for _, other := range k.forks {
		if other != l {
			other.rel(t, CauseNonSelected)
		}
	}
	k.forks = []*Leg{l}
	k.timer.Stop()
	k.flushEarly(t, l)
}

// released is a rel, or a disc, which is treated as one.
func (k *Call) released(t *Turn, l *Leg, m *Message) {
	cause := m.cause()
	l.free(t, false)
	if l != k.caller && l != k.winner {
		k.forkGone(t, l, cause)
		return
	}
	k.sw.screenRelay(t, l, m, k.media)
	k.endWith(t, cause, m, t.work.fty)
}

// forkGone takes a called leg out; when all are gone the caller gets the best
// cause (decision 36).
func (k *Call) forkGone(t *Turn, l *Leg, cause Cause) {
	if i := slices.Index(k.forks, l); i >= 0 {
		k.forks = slices.Delete(k.forks, i, i+1)
	}
	if k.alerting == l {
		k.alerting = nil
	}
	k.cause = better(k.cause, cause)
	switch len(k.forks) {
	case 0:
		k.unreached(t, k.cause)
	case 1:
		if !k.hunt {
			k.flushEarly(t, k.forks[0])
		}
	}
}

// flushEarly sends what has waited to the leg that is left.
func (k *Call) flushEarly(t *Turn, l *Leg) {
	for _, sig := range k.early {
		l.send(t, sig, nil)
	}
	k.dropEarly()
}

// dropEarly forgets what has waited.
func (k *Call) dropEarly() {
	if k.caller != nil {
		k.caller.conn.discharge(k.earlySum)
	}
	k.early, k.earlySum = nil, 0
}

// lost implements owner (decision 29).
func (k *Call) lost(t *Turn, l *Leg) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if o := k.successor(l); o != nil {
		o.lost(t, l)
		return
	}
	if l.gone {
		return
	}
	l.free(t, false)
	if l == k.caller || l == k.winner {
		k.end(t, CauseTemporaryFailure)
		return
	}
	k.forkGone(t, l, CauseOutOfOrder)
}

// cut implements owner.
func (k *Call) cut(t *Turn, l *Leg, cause Cause) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if o := k.successor(l); o != nil {
		o.cut(t, l, cause)
		return
	}
	if l.gone {
		return
	}
	l.rel(t, cause)
	if l == k.caller || l == k.winner {
		k.end(t, cause)
		return
	}
	k.forkGone(t, l, cause)
}

func (k *Call) shutdown(t *Turn, cause Cause) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.end(t, cause)
}

func (k *Call) end(t *Turn, cause Cause) { k.endWith(t, cause, nil, nil) }

// endWith releases all live legs; the other side of a connected call gets what
// the rel carried besides its cause.
func (k *Call) endWith(t *Turn, cause Cause, m *Message, fty []byte) {
	if k.ended {
		return
	}
	k.ended = true
	if k.hunt {
		k.failEarly(t, cause)
	}
	for _, l := range append(k.forks, k.caller) {
		if l == nil || l.gone {
			continue
		}
		if m != nil && (l == k.caller || l == k.winner) {
			l.send(t, appendRelWith(t.work.head[:0], cause, m, fty), nil)
			l.free(t, true)
			continue
		}
		l.rel(t, cause)
	}
	k.forks = nil
	k.dropEarly()
	if k.timer != nil {
		k.timer.Stop()
	}
	k.unplace()
	for _, o := range k.talking {
		k.sw.activityChanged(t, o.addr)
	}
	k.sw.obs.CallEnded(k.kind, cause)
}

// unplace takes the call out of the switch.
func (k *Call) unplace() {
	k.sw.mu.Lock()
	defer k.sw.mu.Unlock()
	delete(k.sw.calls, k)
	k.placedBy.placed--
	for _, o := range k.talking {
		o.talking--
	}
	k.letGo()
}

// appendRelWith writes a rel with the members that came with it.
func appendRelWith(dst []byte, c Cause, m *Message, fty []byte) []byte {
	dst = appendRelay(dst, RelMsg, m, fty)
	rel := appendRel(nil, c)
	return append(append(dst[:len(dst)-1], ','), rel[len(`{"type":"rel",`):]...)
}

// expire does what is due: legs that never said anything, dialling that stopped,
// ringing that nobody hears, a device that was woken in vain.
func (k *Call) expire(t *Turn) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.ended || k.winner != nil:
		return
	case k.setup != nil:
		k.dialled(t)
		return
	case !k.wakeTill.IsZero():
		k.unreached(t, k.to.absent())
		return
	case k.hunt:
		k.expireHunt(t)
		return
	}
	if k.silent(t) {
		return
	}
	left := k.since.Add(k.ringing()).Sub(t.Now)
	if left <= 0 {
		k.unreached(t, CauseNoAnswer)
		return
	}
	k.timer.Reset(left)
}

// silent drops legs that never said anything; true if the call has ended by that
// or gone somewhere else.
func (k *Call) silent(t *Turn) bool {
	since := k.since
	for _, l := range slices.Clone(k.forks) {
		if !l.spoke && !l.gone && !t.Now.Before(l.since.Add(setupAnswer)) {
			l.rel(t, CauseNoUserResponding)
			k.forkGone(t, l, CauseNoUserResponding)
		}
	}
	return k.ended || k.since != since || !k.wakeTill.IsZero()
}

// ringing is for how long the called object may ring.
func (k *Call) ringing() time.Duration {
	if k.handling.NoAnswer != (Target{}) {
		return divertAfter
	}
	return alertingLimit
}
