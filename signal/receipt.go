package signal

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"hash/maphash"
	"strconv"
	"time"

	"github.com/tandem-switch/tandem/internal/strictjson"
)

// maxTexts is how many texts a volatile chat remembers for receipts and against
// duplicates (A3).
const maxTexts = 1000

// entry is a text that the switch has taken.
type entry struct {
	seq     uint64
	side    uint8
	done    bool
	cause   Cause  // 0 = sent, else failed with it; once done
	slot    uint16 // where it is kept
	chained uint16 // slot+1 of the next text in its chain
	hash    uint32
	at      int64 // ms since 1970
	mid     int64 // the number of the stored text; 0: it has none (yet)
	id      string
	chat    *Chat
}

func (e *entry) idString() string {
	if e.id == "" {
		e.id = e.chat.switchID(e.seq)
	}
	return e.id
}

// appendID writes the id as a JSON string.
func (e *entry) appendID(b []byte) []byte { return strictjson.AppendString(b, e.idString()) }

// switchID is the id of a text that came without one: random per chat, then
// counted.
func (c *Chat) switchID(seq uint64) string {
	if c.nonce == 0 {
		var b [8]byte
		_, _ = rand.Read(b[:]) // never fails
		c.nonce = binary.BigEndian.Uint64(b[:]) | 1
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], c.nonce)
	binary.BigEndian.PutUint64(b[8:], seq)
	return base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:])
}

// texts is the memory of a chat: the newest texts in their order, and a hash table
// of their ids that is chained through them. It is small and lies together: a
// thousand texts in each of many chats are touched with few cache misses, and cost
// the garbage collector nothing but their ids.
type texts struct {
	ring    []entry // in order until it is full, then from next
	next    int
	buckets []uint16 // slot+1 of the first text of each chain, 0 = none; a power of two
}

// idSeed makes the chains unpredictable for those who choose ids.
var idSeed = maphash.MakeSeed()

// hashID has the sending person in it: two people may use the same id.
func hashID(side uint8, id string) uint32 { return uint32(maphash.String(idSeed, id)) ^ uint32(side) }

func (x *texts) bucket(hash uint32) *uint16 { return &x.buckets[hash&uint32(len(x.buckets)-1)] }

func (x *texts) find(side int, id string) *entry {
	if len(x.buckets) == 0 {
		return nil
	}
	hash := hashID(uint8(side), id)
	for i := *x.bucket(hash); i != 0; i = x.ring[i-1].chained {
		if e := &x.ring[i-1]; e.hash == hash && e.side == uint8(side) && e.id == id {
			return e
		}
	}
	return nil
}

// add enters a text and returns its slot. When the memory is full it takes the
// place of the oldest.
func (x *texts) add(e entry) (slot int) {
	e.hash = hashID(e.side, e.id)
	slot = len(x.ring)
	if slot == maxTexts {
		slot = x.next
		x.next = (slot + 1) % maxTexts
		x.unchain(slot)
		x.ring[slot] = e
	} else {
		x.ring = append(x.ring, e)
	}
	if len(x.ring) > len(x.buckets) {
		x.grow()
	} else {
		x.chain(slot)
	}
	return slot
}

func (x *texts) chain(slot int) {
	first := x.bucket(x.ring[slot].hash)
	x.ring[slot].chained, *first = *first, uint16(slot+1)
}

func (x *texts) unchain(slot int) {
	at := x.bucket(x.ring[slot].hash)
	for *at != uint16(slot+1) {
		at = &x.ring[*at-1].chained
	}
	*at = x.ring[slot].chained
}

// grow doubles the table and chains everything anew.
func (x *texts) grow() {
	x.buckets = make([]uint16, max(8, 2*len(x.buckets)))
	for slot := range x.ring {
		x.chain(slot)
	}
}

// enter gives a text its place in the chat. A repeated id of the same sender is
// answered with the first result (A3).
func (c *Chat) enter(t *Turn, w writer, x *Text) (e entry, repeated bool) {
	c.seq++
	c.last = t.Now
	e = entry{seq: c.seq, side: uint8(w.side), at: t.Now.UnixMilli(), chat: c}
	if c.self {
		e.side = 0
	}
	if !c.hasExt(w.side) && !c.hasExt(1-w.side) && !c.storing() {
		return e, false
	}
	if w.leg.reg.ext() {
		if id := x.id(); id != "" {
			if first := c.texts.find(int(e.side), id); first != nil {
				if !first.done {
					c.waitsAlready(w, first)
				}
				c.answerAgain(t, w, first)
				return e, true
			}
			e.id = id
		}
	}
	e.idString()
	e.slot = uint16(c.texts.add(e))
	return e, false
}

// answerAgain repeats the first result of a text, if there is one yet.
func (c *Chat) answerAgain(t *Turn, w writer, e *entry) {
	if e.done {
		c.tell(t, w, e)
	}
}

// sent notes that a device has taken the text, and tells the writer.
func (c *Chat) sent(t *Turn, w writer, e entry) { c.result(t, w, e, 0) }

// fail notes that nobody takes the text, and tells the writer.
func (c *Chat) fail(t *Turn, w writer, e entry, cause Cause) {
	w.leg.drop(t, dropNobody)
	c.result(t, w, e, cause)
}

func (c *Chat) result(t *Turn, w writer, e entry, cause Cause) {
	e.done, e.cause = true, cause
	if !w.leg.reg.ext() && w.as == nil {
		return
	}
	if int(e.slot) < len(c.texts.ring) {
		if kept := &c.texts.ring[e.slot]; kept.seq == e.seq {
			kept.done, kept.cause, kept.mid, kept.at = true, cause, e.mid, e.at
		}
	}
	if w.leg.reg.ext() {
		c.tell(t, w, &e)
	}
}

// tell sends the result of a text to the registration that wrote it.
func (c *Chat) tell(t *Turn, w writer, e *entry) {
	n := notice{id: e.idString(), mid: e.mid, state: StateSent, at: time.UnixMilli(e.at)}
	if e.cause != 0 {
		n.state, n.cause = StateFailed, e.cause
	}
	if l := c.answerLeg(w, e.cause); l != nil {
		c.notify(t, l, 1-w.side, n)
	}
}

// answerLeg is where the registration that wrote gets the result: on the leg on which
// it wrote, or, if that has gone since, on what else it has in the chat. A released
// number carries a failed alone (A12): whoever writes again gets the sent.
func (c *Chat) answerLeg(w writer, cause Cause) *Leg {
	switch l := w.leg; {
	case !l.inbox && !l.gone, l.reg.inbox.Load() == l, l.crossed && cause != 0:
		return l
	case l.reg.inbox.Load() != nil:
		return l.reg.inbox.Load()
	default:
		return c.newestLeg(l.reg, w.side, nil)
	}
}

// failed tells an IM_EXT writer that a text was refused before it was taken. That
// is the result of its id, also when it is sent again with other words.
func (c *Chat) failed(t *Turn, w writer, id string, cause Cause) {
	if !w.leg.reg.ext() {
		return
	}
	if id == "" {
		id = c.switchID(c.seq + 1)
	}
	e := entry{side: uint8(w.side), at: t.Now.UnixMilli(), chat: c, id: id, done: true, cause: cause}
	if c.self {
		e.side = 0
	}
	if first := c.texts.find(int(e.side), id); first != nil {
		c.answerAgain(t, w, first)
		return
	}
	c.seq++
	e.seq = c.seq
	c.texts.add(e)
	c.tell(t, w, &e)
}

// notify sends a receipt on a leg, or on an inbox with the name of the peer.
func (c *Chat) notify(t *Turn, l *Leg, peer int, n notice) {
	if l.inbox {
		n.chat = c.sides[peer].party.SIP
	}
	t.work.other, t.work.chat = n.append(t.work.other[:0]), c
	if l.crossed {
		l.emit(t, t.work.other, nil)
		return
	}
	l.sendLater(t, t.work.other)
}

// notice is an im_receipt of the switch.
type notice struct {
	chat  string
	id    string
	mid   int64
	state State
	sip   string
	cause Cause
	at    time.Time
}

// append writes the facility message of the receipt.
func (n *notice) append(b []byte) []byte {
	b = append(b, `{"type":"facility","fty":[{"type":"im_receipt"`...)
	if n.chat != "" {
		b = strictjson.AppendString(append(b, `,"chat":`...), n.chat)
	}
	if n.id != "" {
		b = strictjson.AppendString(append(b, `,"id":`...), n.id)
	}
	if n.mid != 0 {
		b = strconv.AppendInt(append(b, `,"mid":`...), n.mid, 10)
	}
	b = append(append(append(b, `,"state":"`...), n.state.String()...), '"')
	if n.sip != "" {
		b = strictjson.AppendString(append(b, `,"sip":`...), n.sip)
	}
	if n.cause != 0 {
		b = strconv.AppendUint(append(b, `,"cau":`...), uint64(n.cause), 10)
	}
	b = strconv.AppendInt(append(b, `,"timestamp":`...), n.at.UnixMilli(), 10)
	return append(b, closing...)
}
