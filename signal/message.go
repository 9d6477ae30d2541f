package signal

import (
	"strconv"

	"github.com/tandem-switch/tandem/internal/strictjson"
)

// Type is the type of a Signal message (appwebsocket.md 3.3).
type Type uint8

// The message types. UnknownType stands for every other word.
const (
	UnknownType  Type = iota
	SetupMsg          // starts a call
	SetupAckMsg       // number incomplete, send more digits
	InfoMsg           // more digits, or information in a connected call
	CallProcMsg       // dialling complete
	AlertMsg          // the called side rings
	ProgressMsg       // tones or announcements
	ConnMsg           // the called side accepts
	ChannelsMsg       // media negotiation
	FacilityMsg       // supplementary service, chat text
	UserInfoMsg       // at most 128 bytes of user data
	DiscMsg           // the network side has hung up
	RelMsg            // ends the leg
	AcceptMsg         // local to special services
	MediaInfoMsg      // media status
)

var typeNames = [...]string{
	"", "setup", "setup_ack", "info", "call_proc", "alert", "progress", "conn", "channels",
	"facility", "user_info", "disc", "rel", "accept", "media_info",
}

// String is the type as on the wire.
func (t Type) String() string { return typeNames[t] }

// Limits of one fty array (decision 35) and of user data (3.5).
const (
	MaxFacilities    = 16
	MaxFacilityBytes = 16 << 10
	maxUserUser      = 128
	// maxSig leaves room for what the switch adds to a message on its way: no frame
	// may have more than 65535 bytes (decision 5).
	maxSig = 60 << 10
)

// Message is a decoded sig object. It points into the frame that it came in and
// ends with its turn.
type Message struct {
	Type Type
	// Duplicate says that a member name stands twice somewhere in the sig object.
	// Such a message is dropped: two readers could see two texts (A12).
	Duplicate bool

	sig strictjson.Value
	fty strictjson.Value
}

// Decode reads the sig object of a Signaling message. The error is a Cause:
// 111 for members of a wrong JSON type or too many
// facilities. An unknown type is no error.
func Decode(sig strictjson.Value) (Message, error) {
	m := Message{sig: sig}
	if sig.Kind() != strictjson.Object {
		return m, CauseProtocolError
	}
	if len(sig.Raw()) > maxSig {
		m.Type = typeOf(sig.Get("type"))
		return m, CauseProtocolError
	}
	typ := sig.Get("type")
	if typ.Kind() != strictjson.String {
		return m, CauseProtocolError
	}
	m.Type, m.fty = typeOf(typ), sig.Get("fty")
	return m, m.checkFacilities()
}

func typeOf(v strictjson.Value) Type {
	content, plain := v.Bytes()
	if plain && string(content) == "facility" { // nearly all of them
		return FacilityMsg
	}
	for i, name := range typeNames[1:] {
		if v.Is(name) {
			return Type(i + 1)
		}
	}
	return UnknownType
}

func (m *Message) checkFacilities() error {
	if !m.fty.Exists() || m.fty.Kind() == strictjson.Null {
		m.fty = strictjson.Value{}
		return nil
	}
	if m.fty.Kind() != strictjson.Array {
		return CauseProtocolError
	}
	n, size := 0, 0
	for f := range m.fty.Elements() {
		typ := f.Get("type")
		if m.Type != FacilityMsg || !typ.Is("im_message") { // a text has limits of its own
			size += len(f.Raw())
		}
		if n++; n > MaxFacilities || size > MaxFacilityBytes || typ.Kind() != strictjson.String {
			return CauseProtocolError
		}
	}
	return nil
}

// cause reads cau: num as number or string, 16 if missing (decisions 30, 34).
func (m *Message) cause() Cause {
	num := m.sig.Get("cau").Get("num")
	n, ok := num.Int64()
	if !ok {
		parsed, err := strconv.ParseInt(num.String(), 10, 64)
		n, ok = parsed, err == nil
	}
	if !ok || n < 1 || n > 127 {
		return CauseNormal
	}
	return Cause(n)
}

// called is cd: name and number of the called party.
type called struct {
	sip, num string
	value    strictjson.Value
}

// called reads cd; the error is 96 if it is missing or empty, 111 for wrong
// types, 28 for a number that is none.
func (m *Message) called() (called, error) {
	cd := m.sig.Get("cd")
	c := called{value: cd}
	switch cd.Kind() {
	case strictjson.Invalid, strictjson.Null:
		return c, CauseMandatoryMissing
	case strictjson.Object:
	default:
		return c, CauseProtocolError
	}
	for _, member := range [...]struct {
		name string
		to   *string
	}{{"sip", &c.sip}, {"num", &c.num}} {
		v := cd.Get(member.name)
		s, ok := v.Text()
		if v.Exists() && v.Kind() != strictjson.Null && !ok || len(s) > 256 {
			return c, CauseProtocolError
		}
		*member.to = s
	}
	if c.sip == "" && c.num == "" {
		return c, CauseMandatoryMissing
	}
	c.num = number(c.num)
	if c.sip == "" && c.num == "" {
		return c, CauseInvalidNumber
	}
	return c, nil
}

// number strips the type prefix (R, S, N, I) of an EP number; empty if what is
// left is no number.
func number(s string) string {
	for len(s) > 0 && (s[0] == 'R' || s[0] == 'S' || s[0] == 'N' || s[0] == 'I') {
		s = s[1:]
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && c != '*' && c != '#' {
			return ""
		}
	}
	return s
}

// hasMedia tells whether a setup is for a call with media.
func (m *Message) hasMedia() bool {
	if n, ok := m.sig.Get("channel").Int64(); ok {
		return n != 0
	}
	return m.sig.Get("channels").Exists() || m.sig.Get("bc").Exists() && !m.sig.Get("bc").Is("a880")
}

// guid is a member of 32 hex digits, or empty.
func (m *Message) guid(name string) string {
	s := m.sig.Get(name).String()
	if len(s) != 32 {
		return ""
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return ""
		}
	}
	return s
}

func (m *Message) complete() bool {
	b, _ := m.sig.Get("complete").Bool()
	return b
}

// jsonString is s as a JSON string.
func jsonString(s string) []byte { return strictjson.AppendString(nil, s) }
