package signal

import "time"

// Archive is where chats are stored. The switch posts a text first, and passes it on
// and acknowledges it after the result (A4). A nil Archive, and a chat of two people
// whom it does not store, costs a text next to nothing.
//
// Its methods are called with the lock of a chat held. They answer from memory or
// queue something: they never block, and they call nothing of the switch before they
// return. What they promise to call comes later, on a goroutine of the archive, with
// no lock held that one of its methods takes.
type Archive interface {
	// Generation is another number after anything has changed that Stores answers by:
	// licences, objects, their Messages object. It is asked for every text.
	Generation() uint64

	// Stores tells whether chats of the object are stored in its own history: it has a
	// licence for chat and a Messages object. Whether the link is up does not matter
	// (A5).
	Stores(a Address) bool

	// Attaches tells whether the sender may attach the URL: files are licensed for it,
	// and the URL lies below the file links of its Messages service (decision 43). It
	// has been decoded.
	Attaches(sender Address, url string) bool

	// Post stores a text. done is called exactly once for each post. The results of one
	// conversation (of two people, whoever writes; of one group) come in the order of
	// its posts, each after the call before it has returned; those of different ones
	// may come at the same time. The post and its slices belong to the archive from
	// then on and are never changed.
	//
	// The archive bounds what it keeps by itself: where its outbox is full the result
	// is cause 42. The switch never has more than the waiting posts of a chat, and
	// those that one read of a connection brings, outstanding in each chat.
	Post(p *Post, done func(t *Turn, r PostResult))

	// Mark stores how far somebody has received or read a chat. It has no answer: where
	// it advances something, Switch.Marked is called. What the reader may not see is
	// passed over, like what is not there. With the link down it may be kept, or
	// dropped if there are too many; Switch.Marked may be called with the very mark then,
	// without having looked (Mark.Author).
	Mark(m Mark)

	// Group finds a group by its name on the wire ("messages?g12") for somebody who
	// wants to take part. cause is 1 for a name that is none and for a group that the
	// asker is no member of, and 50 where groups are not licensed for the asker. Where
	// it is not known yet, known is false, g.Address is set all the same, and ready is
	// called once later, at the latest after 5 s (then with cause 41).
	Group(asker Address, sip string, ready func(t *Turn, g Group, cause Cause)) (g Group, cause Cause, known bool)

	// Members lists the members of a group that are objects of the directory: those
	// that texts go to, so neither banned ones nor ones who have not joined. It is
	// asked when a text of the group was stored: all that was told about the group
	// before the result must have gone in. nil if the group is not known. The slice is
	// shared and never changed.
	Members(group Address) []Address
}

// Post is a text as it is stored. Its slices hold JSON, as it goes on the wire.
type Post struct {
	Author Party
	To     Party // the other person, the author in a chat with oneself, or a group
	// For whom of the two the text is stored: the licensed sides. At least one of them
	// in a chat of two, none in a group. In a chat with oneself OfAuthor alone.
	OfAuthor, OfReceiver bool

	// ID is the sender's id of the text, or the one that the switch gave it: the key
	// against duplicates, together with the author.
	ID string
	// At is when the switch has taken it. A replay from the outbox carries it.
	At time.Time

	HTML   []byte // a JSON string: the text of A9. nil: there is none
	Mime   []byte // a JSON string; nil where the text is text/html and HTML is all
	Data   []byte // a JSON string; nil together with Mime
	Alt    []byte // a JSON string or nil
	Attach []byte // a JSON string or nil: encoded URLs, joined by blanks
	Ext    []byte // a JSON object with further members of the text, subject and reply included; or nil
	Reply  int64  // the number of the message that the text answers: reply of Ext; 0: none
}

// PostResult is what became of a post.
type PostResult struct {
	// Cause is 0 if the text is stored, else it is not passed on and the sender is told:
	// 47, 42 for a full outbox, or what the service says.
	Cause Cause
	// Queued says that it lies in the durable outbox: it is passed on with the time of
	// the switch and without MID. When it is stored, Switch.Stored is called.
	Queued bool
	// Repeated says that a text with the author's id was stored before, as MID, or, if
	// Queued, lies in the outbox already: it is not passed on again.
	Repeated bool
	MID      int64     // the number of the message; 0 if Queued
	At       time.Time // its time; of a text that is Repeated, that of the first
}

// Mark says: the reader has everything in the chat with the peer up to one text.
type Mark struct {
	Reader Party
	Peer   Party // the other person, or the group
	// Author is who wrote the text. Zero: the switch does not know the text; if such a
	// mark comes back as it went, nobody is told of it.
	Author Address
	State  State // StateDelivered or StateRead
	// The text: its number or, where that is not known (yet), its id.
	MID int64
	ID  string
	At  time.Time
}

// Stored is the late result of a post that lay in the outbox, perhaps of one that an
// earlier run of the switch has posted.
type Stored struct {
	Author Party
	To     Party
	ID     string
	Cause  Cause // 0, or why the service refuses it: the author is told
	MID    int64
	At     time.Time
}

// Group is a group chat. Its Address has the domain of the group and a negative
// Object, which no object of the directory has; Kind is GroupChat, SIP the name on the
// wire and Name text without markup. The archive chooses the number: it follows from
// the name, and two groups never have the same.
type Group struct {
	Party
	Members []Address // as Archive.Members; empty: the group is gone
}

// Delivery is a message that the service has stored by itself: a broadcast.
type Delivery struct {
	Author Party
	To     Party // a person or a group
	ID     string
	MID    int64
	At     time.Time
	// As in Post. HTML has been sanitised by the service.
	HTML, Mime, Data, Alt, Attach, Ext []byte
}

// The methods of Switch that an archive calls are Turn, Stored, Marked, Deliver and
// GroupChanged. They take locks of chats: they must not be called with a lock held
// that a method of the archive takes, nor from within one of its methods. They do not
// block. All that concerns one conversation must be called in its order, one after
// the other, together with the results of its posts.

// Turn runs f in a turn of its own: what f queued for clients has left when it
// returns. Who reads several results at once should give them in one turn: what they
// queue for a client leaves with one write.
func (s *Switch) Turn(f func(t *Turn)) { s.turn(f) }

// Stored tells that a text of the outbox is stored, or refused, by now: a sent with
// the number goes to both sides, a failed to the author.
func (s *Switch) Stored(t *Turn, r Stored) {
	if r.To.Kind == GroupChat {
		s.fan(r.To.Address, func(t *Turn, g *group) { g.stored(t, &r) })
		return
	}
	s.storedPair(t, &r)
}

// Marked tells that a person has received or read more of a chat than before, by
// Archive.Mark or by reading the history. Those with receipts are told (A12).
func (s *Switch) Marked(t *Turn, m Mark) {
	if m.Peer.Kind == GroupChat {
		s.fan(m.Peer.Address, func(t *Turn, g *group) { g.marked(t, &m) })
		return
	}
	s.markedPair(t, &m)
}

// Deliver passes on what is stored already: to the receiver, or the members, and to
// the inboxes of the author.
func (s *Switch) Deliver(t *Turn, d Delivery) {
	if d.To.Kind == GroupChat {
		s.fan(d.To.Address, func(t *Turn, g *group) { g.deliver(t, &d) })
		return
	}
	s.deliverPair(t, &d)
}
