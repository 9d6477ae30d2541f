package trace

import (
	"strconv"
	"strings"
	"time"
)

// Dir is the direction of a frame as the switch sees it.
type Dir uint8

// The directions.
const (
	In Dir = iota
	Out
)

// String returns "in" or "out".
func (d Dir) String() string {
	if d == Out {
		return "out"
	}
	return "in"
}

// CallID names a call or chat in traces: the same on all its legs, whatever
// number these have on their connections. Zero is no call.
type CallID uint64

// callMark begins the text of a CallID.
const callMark = "k"

// String returns the id as records show it, "" for no call.
func (c CallID) String() string {
	if c == 0 {
		return ""
	}
	return callMark + strconv.FormatUint(uint64(c), 36)
}

// ParseCallID reads what String returns.
func ParseCallID(s string) (CallID, bool) {
	digits, ok := strings.CutPrefix(s, callMark)
	n, err := strconv.ParseUint(digits, 36, 64)
	return CallID(n), ok && err == nil && n != 0
}

// Peer is who is at the other end of a connection. Before the login only Conn is
// known.
type Peer struct {
	Conn       string // the connection, as lists and the log name it
	Domain     int64  // 0 before the login
	Object     int64
	DomainName string
	ObjectName string
}

// Leg is where a frame of a call belongs.
type Leg struct {
	Call   CallID
	Ends   [2]int64 // domains of the two ends of the call; 0 is unknown
	Reg    string   // src of the registration, as the client wrote it
	Number int32    // of the call on the connection
}

// Event is a frame, or something that is told like one, before it is known
// whether anybody wants it.
type Event struct {
	Flags  Flag // those it belongs to
	Peer   Peer
	Dir    Dir
	Leg    Leg
	Reason string // why the frame goes no further, "" if it does
	Frame  []byte // as on the wire; not kept
}

// Record is what is kept of an Event. It must not be changed: a Recorder and its
// readers share it.
type Record struct {
	Seq  uint64 // counts the records of a Recorder; 0 elsewhere
	Time time.Time
	Flag Flag // those for which it was recorded
	Dir  Dir
	Peer
	Leg
	Domains []int64 // all domains that the frame concerns, each once; none before the login
	Text    string  // masked and bounded; valid UTF-8; may be empty with a Reason
	Content string  // the same with the bodies of messages, where a rule asked for them; else empty
	Reason  string  // why the frame was dropped, empty if it was not
}

// newRecord leaves out the text.
func newRecord(e *Event, flags Flag, now time.Time) Record {
	e.Leg.Reg = strings.Trim(e.Leg.Reg, `"`)
	if len(e.Leg.Reg) > maxName {
		e.Leg.Reg = strings.ToValidUTF8(e.Leg.Reg[:maxName], "\uFFFD")
	}
	return Record{
		Time: now, Flag: flags, Dir: e.Dir, Peer: e.Peer, Leg: e.Leg,
		Domains: domainsOf(e), Reason: e.Reason,
	}
}

// maxName bounds what a client calls itself.
const maxName = 128

// domainsOf lists the domains of the connection and of the ends of its call. A
// frame of a connection that belongs to nobody yet concerns no domain.
func domainsOf(e *Event) []int64 {
	if e.Peer.Domain == 0 {
		return nil
	}
	list := []int64{e.Peer.Domain}
	for _, d := range e.Leg.Ends {
		if d != 0 && d != e.Peer.Domain && (len(list) < 2 || list[1] != d) {
			list = append(list, d)
		}
	}
	return list
}

// overhead is what a record counts in a buffer besides its texts.
const overhead = 256

// Frame is the text as somebody may see it: with the bodies of messages, if they
// are there, or without.
func (r *Record) Frame(content bool) string {
	if content && r.Content != "" {
		return r.Content
	}
	return r.Text
}

// size is what the record counts in a buffer.
func (r *Record) size() int {
	return overhead + len(r.Text) + len(r.Content) + len(r.Reason) + len(r.Reg)
}
