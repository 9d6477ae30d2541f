package signal

import (
	"crypto/rand"
	"encoding/hex"
	"strconv"

	"github.com/tandem-switch/tandem/internal/strictjson"
)

// sigNames are the members of a sig object that have a meaning (3.3). Others are
// relayed, except those that differ from one of these only in case.
var sigNames = strictjson.NewNames("type", "bc", "cg", "cd", "complete", "channel", "channels_cmd", "channels",
	"faststart", "fty", "cau", "pi", "inband_info", "uui", "dsp", "llc", "hlc", "confId", "callId")

// work is the scratch memory of a turn.
type work struct {
	head, tail, other []byte
	fty               []byte
	targets           []target
	view              View
	verdict           Verdict
	chat              *Chat // that is written about, for the traces of inboxes
	conn              *Conn // whose message is routed; nil: the turn is nobody's
}

func (w *work) reset() {
	for _, b := range []*[]byte{&w.head, &w.tail, &w.other, &w.fty} {
		if cap(*b) > 64<<10 {
			*b = nil
		}
	}
	clear(w.targets)
	w.targets = w.targets[:0]
	w.view, w.chat, w.conn = View{}, nil, nil
	w.verdict.Reset()
}

// appendRelay writes the message anew for the other side: the type as given, its
// members except those that the switch owns, and fty (encoded facilities without
// brackets). channels goes through byte for byte (decision 44).
func appendRelay(dst []byte, typ Type, m *Message, fty []byte) []byte {
	dst = append(dst, `{"type":"`...)
	dst = append(dst, typ.String()...)
	dst = append(dst, '"')
	for member := range m.sig.Members() {
		dst = appendSigMember(dst, member, relayOwned)
	}
	if typ == ProgressMsg && m.sig.Get("cau").Exists() {
		dst = append(strconv.AppendUint(append(dst, `,"cau":{"num":`...), uint64(m.cause()), 10), '}')
	}
	return append(appendFty(dst, fty), '}')
}

// What the switch writes itself: in every message, and in a setup.
var (
	relayOwned = strictjson.NewNames("type", "fty", "cau")
	setupOwned = strictjson.NewNames("type", "fty", "cau", "cg", "cd", "complete", "channel", "bc", "confId", "callId")
)

func appendSigMember(dst []byte, m strictjson.Member, owned *strictjson.Names) []byte {
	name := m.Name()
	if owned.Has(name) || sigNames.Variant(name) {
		return dst
	}
	dst = append(strictjson.AppendString(append(dst, ','), name), ':')
	if name == "channels" || name == "faststart" {
		return append(dst, m.Value().Raw()...)
	}
	dst, _ = strictjson.AppendClean(dst, m.Value(), sigNames)
	return dst
}

func appendFty(dst, fty []byte) []byte {
	if len(fty) == 0 {
		return dst
	}
	dst = append(dst, `,"fty":[`...)
	dst = append(dst, fty...)
	return append(dst, ']')
}

// appendItem adds one encoded facility to a list.
func appendItem(list, item []byte) []byte {
	if len(list) > 0 {
		list = append(list, ',')
	}
	return append(list, item...)
}

func appendNameFacility(list []byte, name string) []byte {
	if len(list) > 0 {
		list = append(list, ',')
	}
	list = append(list, `{"type":"name_identification","name":`...)
	return append(strictjson.AppendString(list, name), '}')
}

// appendRel writes a rel with its cause (decision 30e).
func appendRel(dst []byte, c Cause) []byte {
	dst = append(dst, `{"type":"rel","cau":{"num":`...)
	return append(strconv.AppendUint(dst, uint64(c), 10), '}', '}')
}

// appendEP writes an EP: name and number of a party, without braces.
func appendEP(dst []byte, p *Party) []byte {
	if p.SIP != "" {
		dst = strictjson.AppendString(append(dst, `"sip":`...), p.SIP)
	}
	if p.SIP != "" && p.Num != "" {
		dst = append(dst, ',')
	}
	if p.Num != "" {
		dst = strictjson.AppendString(append(dst, `"num":`...), p.Num)
	}
	return dst
}

// offer is a setup as it goes to the legs of a call. It outlives the turn of the
// message that it was made of, because devices may join later.
type offer struct {
	bc      string
	cg      []byte // the EP of the caller
	cd      []byte // further members of cd: ,"flags":"U"
	confID  string
	channel int64
	members []byte // further members: ,"channels":{...}
	fty     []byte // facilities of the caller, without name_identification
	name    string // display name of the caller
	// called is what cd names instead of the object that gets the setup: the hunt
	// group of a chat.
	called   *Party
	diverted []byte // diverting_leg2
}

// newOffer makes the offer of a setup; nil m is a setup of the switch itself.
func newOffer(m *Message, from *Party, fty []byte, media bool) *offer {
	o := &offer{bc: "a880", confID: newGUID(), fty: append([]byte(nil), fty...), name: from.Name}
	o.cg = append(appendEP([]byte{'{'}, from), '}')
	if media {
		o.bc, o.channel = "8090a2", -1
	}
	if m == nil {
		return o
	}
	if bc := m.sig.Get("bc").String(); bc != "" && len(bc) <= 64 {
		o.bc = bc
	}
	if n, ok := m.sig.Get("channel").Int64(); ok {
		o.channel = n
	}
	if id := m.guid("confId"); id != "" {
		o.confID = id
	}
	for member := range m.sig.Get("cd").Members() {
		if name := member.Name(); !epOwned.Has(name) && !epOwned.Variant(name) {
			o.cd = append(strictjson.AppendString(append(o.cd, ','), name), ':')
			o.cd, _ = strictjson.AppendClean(o.cd, member.Value(), sigNames)
		}
	}
	for member := range m.sig.Members() {
		o.members = appendSigMember(o.members, member, setupOwned)
	}
	return o
}

var epOwned = strictjson.NewNames("sip", "num")

// append writes the setup for one leg: to is the called object, inbox marks the
// setup of an inbox (A2).
func (o *offer) append(dst []byte, to *Party) []byte {
	if o.called != nil {
		to = o.called
	}
	dst = append(dst, `{"type":"setup","bc":`...)
	dst = strictjson.AppendString(dst, o.bc)
	dst = append(append(dst, `,"cg":`...), o.cg...)
	dst = appendEP(append(dst, `,"cd":{`...), to)
	dst = append(append(dst, o.cd...), `},"complete":true,"channel":`...)
	dst = strconv.AppendInt(dst, o.channel, 10)
	dst = append(append(append(dst, `,"confId":"`...), o.confID...), `","callId":"`...)
	dst = append(append(dst, newGUID()...), '"')
	dst = append(dst, o.members...)
	dst = append(dst, `,"fty":[`...)
	dst = append(dst, o.fty...)
	if len(o.fty) > 0 {
		dst = append(dst, ',')
	}
	if len(o.diverted) > 0 {
		dst = append(append(dst, o.diverted...), ',')
	}
	dst = append(dst, `{"type":"name_identification","name":`...)
	return append(strictjson.AppendString(dst, o.name), '}', ']', '}')
}

// newGUID is 32 random hex digits.
func newGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
