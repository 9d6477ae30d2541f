package signal

import (
	"time"

	"github.com/tandem-switch/tandem/trace"
)

// Endpoint is the connection behind registrations, as the switch uses it. Its
// methods never block: what cannot be queued is the endpoint's business (it
// holds the sender or closes itself as too slow).
type Endpoint interface {
	// Send queues one Signaling message: src is the raw JSON token of the
	// Register (empty if it had none), call the number of the leg, and head and
	// tail together the sig object. They are valid only during the call.
	Send(t *Turn, src string, call int32, head, tail []byte)
	// SendLater is Send for receipts: they may wait some milliseconds for a frame to
	// ride with, in their order.
	SendLater(t *Turn, src string, call int32, head, tail []byte)
	// Ping queues a ping behind everything that was sent; its pong comes back by
	// Conn.Pong with the same number.
	Ping(t *Turn, n uint32)
	// Unregistered tells the client that the switch has ended a registration:
	// RegisterResult with err, for example "replaced".
	Unregistered(t *Turn, src, err string)
	// Name identifies the connection in lists.
	Name() string
	// Peer says in traces who is connected. It is asked only while something is
	// traced.
	Peer() trace.Peer
}

// Waker tells idle sessions of a person that something waits (decision 51).
type Waker interface {
	// Wake sends the message to live sessions that asked for it, kind "chat" or
	// "phone", and tells whether there was one.
	Wake(t *Turn, a Address, kind string) bool
}

// Watcher is told that what an object does may have changed (Switch.Activity): it
// has registered or has gone, it is on the phone or not. Its methods are called with
// locks of calls held: they must not block, and of the switch they may call Activity
// alone.
type Watcher interface {
	ActivityChanged(t *Turn, a Address)
}

// Observer counts. Its methods are called with locks of the switch held: they
// must be quick and must not call back.
type Observer interface {
	Registered(delta int)
	CallStarted(kind CallKind)
	CallEnded(kind CallKind, c Cause)
	Message()
	Dropped(reason string)
	// PostsWaiting: so many more texts wait for the archive, or fewer.
	PostsWaiting(delta int)
	// Posted: the result of a post has come after so long.
	Posted(took time.Duration, outcome PostOutcome)
	// PostsHeld: a connection is not read because it posts too much.
	PostsHeld()
}

// PostOutcome is what became of a post.
type PostOutcome uint8

// The outcomes.
const (
	PostStored   PostOutcome = iota
	PostQueued               // it lies in the outbox
	PostRepeated             // it was stored before
	PostRefused
)

// String is the label of the outcome.
func (o PostOutcome) String() string {
	return [...]string{"stored", "queued", "repeated", "refused"}[o%4]
}

func (r *PostResult) outcome() PostOutcome {
	switch {
	case r.Cause != 0:
		return PostRefused
	case r.Repeated:
		return PostRepeated
	case r.Queued:
		return PostQueued
	}
	return PostStored
}

// Licences tells who may do what. It is asked once for a setup with media, and
// answers from memory.
type Licences interface {
	// MayCall tells whether the object may set up calls with media.
	MayCall(caller Address) bool
}

// CallKind is what a call is for.
type CallKind uint8

// The kinds of calls.
const (
	ChatCall  CallKind = iota // a call without media that carries a chat
	MediaCall                 // audio, video
	OtherCall                 // a call without media for something else
)

// String is the label of the kind.
func (k CallKind) String() string { return [...]string{"chat", "media", "other"}[k%3] }
