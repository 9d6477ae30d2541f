package signal

import (
	"time"

	"github.com/tandem-switch/tandem/internal/strictjson"
)

// Policy judges facilities: which may stand where, and what of them goes on.
// The package facilities implements it. Screen is called with the lock of the
// chat or call held; it must not block and must not call back.
type Policy interface {
	Screen(v *View, facility strictjson.Value, out *Verdict)
}

// View is what a policy may know about a facility's surroundings.
type View struct {
	Now   time.Time
	Msg   Type
	From  *Party
	To    *Party // the called party of a setup, else nil
	Chat  bool   // the call is a chat
	Inbox bool   // it came on an inbox
	Ext   bool   // the sender's registration has IM_EXT
	Media bool   // the call has media
	// Parts is where parts of a text are collected (A12): of the sending leg, or
	// of the inbox for this chat. Only in a chat.
	Parts *Collector
	// Archive knows what may be attached; nil: nothing may.
	Archive Archive
}

// Action is what becomes of a facility.
type Action uint8

// The actions. The zero value drops.
const (
	Drop      Action = iota // Reason says why
	Relay                   // Encoded goes on to the other side
	Terminate               // it has done its work (Reason empty), or asks for a Feature
	TakeText                // Text is to be delivered
	TakeReceipt
	Collected // a part of a text: nothing to do yet
	Refuse    // like Drop, and the sender is told Cause
)

// Feature is what a terminated facility asks of the switch.
type Feature uint8

// The features.
const (
	NoFeature   Feature = iota
	ChatSetup           // im_setup: this call is a chat
	OverrideCLI         // cli_override: cg of the setup as it is
	Unsupported         // a service of the PBX that is not offered: Cause says which
)

// Verdict is a policy's answer. It is reused: Reset before each facility. Its
// slices are valid until then.
type Verdict struct {
	Action  Action
	Feature Feature
	Reason  string
	Cause   Cause
	Encoded []byte
	Text    Text
	Receipt Receipt
	// Foreign says that entries of attach were taken out of a text that is taken.
	Foreign bool
	// Quiet refuses without a rel: only a client with receipts is told.
	Quiet bool
	// Removed counts members taken out because their name differs from a known
	// one only in case.
	Removed int
	// Buf is room for what the policy encodes.
	Buf []byte
}

// Reset prepares the verdict for the next facility.
func (v *Verdict) Reset() {
	buf := v.Buf[:0]
	if cap(buf) > 64<<10 {
		buf = nil
	}
	*v = Verdict{Buf: buf}
}

// Typing is the state of a typing indication.
type Typing uint8

// The states: not an indication, begins, ends.
const (
	NotTyping Typing = iota
	TypingOn
	TypingOff
)

// Text is a screened im_message. Its slices are JSON tokens.
type Text struct {
	ID      []byte // content of the sender's id without quotes, nil if none
	IDPlain string // the id, if ID has escapes
	Chat    string // the peer, on an inbox
	Mime    []byte // for registrations with IM_EXT
	Data    []byte // the same
	Alt     []byte // the alternative that came with another type
	HTML    []byte // for published clients; nil: nothing for them
	Subject []byte
	Attach  []byte
	Extra   []byte // further members: ,"name":value...
	Typing  Typing
}

// State is the state that a receipt reports.
type State uint8

// The states of a text.
const (
	StateSent State = iota + 1
	StateDelivered
	StateRead
	StateFailed
)

// String is the state as on the wire.
func (s State) String() string { return [...]string{"", "sent", "delivered", "read", "failed"}[s] }

// Receipt is a screened im_receipt of a client: delivered or read.
type Receipt struct {
	Chat  string
	ID    string
	MID   int64 // of a stored text, instead of the id
	State State
}

// Collector holds the parts of a text until the last one has come. Its memory is
// bounded per text and per connection.
type Collector struct {
	Mime  string
	ID    string
	Since time.Time
	// JSON is how many bytes the collected text has as JSON string.
	JSON int
	// Spoilt says that the collected text was refused; parts are passed over
	// until the last one.
	Spoilt bool

	data []byte
	conn *Conn // nil in tests
}

// Data is what was collected.
func (c *Collector) Data() []byte { return c.data }

// Append adds a part; false if too much of this client waits already.
func (c *Collector) Append(part string) bool {
	if c.conn != nil && !c.conn.charge(len(part)) {
		return false
	}
	c.data = append(c.data, part...)
	return true
}

// Limits of a text in parts (A9, A12).
const (
	MaxTextJSON  = 48 << 10
	MaxPartsTime = 60 * time.Second
	maxPart      = 15 << 10
)

// Pending tells whether parts wait for the last one.
func (c *Collector) Pending() bool { return !c.Since.IsZero() }

// Spoil gives the text up whose last part did not come in time: what still comes
// of it is refused, for as long again. It tells whether something is kept.
func (c *Collector) Spoil(now time.Time) bool {
	again, id := c.Spoilt, c.ID
	c.Reset()
	if !again {
		c.Since, c.Spoilt, c.ID = now, true, id
	}
	return !again
}

// Drop lets go of the data of a text that is refused.
func (c *Collector) Drop() {
	if c.conn != nil {
		c.conn.discharge(len(c.data))
	}
	c.data, c.Spoilt = nil, true
}

// Reset forgets what was collected.
func (c *Collector) Reset() {
	c.Drop()
	*c = Collector{conn: c.conn}
}
