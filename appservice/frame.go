package appservice

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tandem-switch/tandem/internal/strictjson"
)

// How long one message may be, by state (appwebsocket.md 1.3, decision 5).
// Longer messages are answered with close code CloseTooBig.
const (
	MaxMessageBeforeLogin = 4096   // a peer that has not logged in
	MaxMessage            = 65535  // a session; also the most that is ever sent
	MaxMessageLink        = 262144 // accepted on the link to a Messages service
	maxSrc                = 1024   // a longer src is treated as absent
	maxTolerated          = 10     // frames without meaning before CloseBadData
)

// Close codes (appwebsocket.md 1.3, decision 7).
const (
	CloseNormal   = 1000
	CloseShutdown = 1001
	CloseBinary   = 1003
	CloseBadData  = 1007
	ClosePolicy   = 1008
	CloseTooBig   = 1009
	CloseInternal = 1011
)

// Errors of ParseFrame beside *strictjson.SyntaxError. Tolerance decides which
// of them end a connection.
var (
	// ErrNotObject is valid JSON that is no object.
	ErrNotObject = errors.New("appservice: frame is not an object")
	// ErrNoMT is an object without a string member mt.
	ErrNoMT = errors.New("appservice: frame without mt")
	// ErrObsolete is an object with messageType instead of mt: the protocol of
	// an earlier generation (decision 2). It is an ErrNoMT as well.
	ErrObsolete = fmt.Errorf("%w, but with messageType", ErrNoMT)
	// ErrDuplicateName is a name that stands twice in the outermost object (A12).
	ErrDuplicateName = errors.New("appservice: name repeated in the envelope")
)

// Frame is one message: its envelope (appwebsocket.md 1.4), and the text.
//
// A received frame refers to the text and the tape it was parsed from; it is
// valid until the handler it was given to returns. To send, Raw is enough.
type Frame struct {
	MT  string // message type
	API string // empty: the protocol of the service itself
	Src []byte // correlation token as a raw JSON string or number, nil if absent
	Raw []byte // the whole text

	doc *strictjson.Doc
}

// ParseFrame reads text with doc, which the frame then refers to. It allocates
// nothing when doc is reused and mt and api are names of the protocol. A src
// that is neither string nor number, or longer than 1024 bytes, counts as
// absent. The error is ErrNotObject, ErrNoMT, ErrObsolete, ErrDuplicateName or a
// *strictjson.SyntaxError.
func ParseFrame(doc *strictjson.Doc, text []byte) (Frame, error) {
	if err := doc.Parse(text); err != nil {
		return Frame{}, err
	}
	root := doc.Root()
	if root.Kind() != strictjson.Object {
		return Frame{}, ErrNotObject
	}
	if depth, found := doc.Duplicate(); found && depth == 1 {
		return Frame{}, ErrDuplicateName
	}
	return envelope(Frame{Raw: text, doc: doc}, root)
}

func envelope(f Frame, root strictjson.Value) (Frame, error) {
	obsolete, found := false, false
	for m := range root.Members() {
		key, plain := m.NameBytes()
		if !plain {
			key = []byte(m.Name())
		}
		switch string(key) {
		case "mt":
			f.MT, found = name(m.Value()), m.Value().Kind() == strictjson.String
		case "api":
			f.API = name(m.Value())
		case "src":
			f.Src = token(m.Value())
		case "messageType":
			obsolete = true
		}
	}
	switch {
	case found:
		return f, nil
	case obsolete:
		return Frame{}, ErrObsolete
	}
	return Frame{}, ErrNoMT
}

// name is a string member; names of the protocol are not allocated.
func name(v strictjson.Value) string {
	content, plain := v.Bytes()
	if !plain {
		return v.String()
	}
	switch string(content) { // most frames are these; a switch is quicker than the map
	case "Signaling":
		return "Signaling"
	case APIPbxSignal:
		return APIPbxSignal
	}
	if s, ok := knownNames[string(content)]; ok {
		return s
	}
	return string(content)
}

// token is a value that can be echoed as src.
func token(v strictjson.Value) []byte {
	if k := v.Kind(); k != strictjson.String && k != strictjson.Number {
		return nil
	}
	if raw := v.Raw(); len(raw) <= maxSrc {
		return raw
	}
	return nil
}

// Doc is the parsed text of a received frame, nil for a frame that was not
// parsed.
func (f *Frame) Doc() *strictjson.Doc { return f.doc }

// Get is the member with this name, absent if there is none.
func (f *Frame) Get(name string) strictjson.Value { return f.root().Get(name) }

func (f *Frame) root() strictjson.Value {
	if f.doc == nil {
		return strictjson.Value{}
	}
	return f.doc.Root()
}

// Duplicate tells whether a name stands twice in an object somewhere below the
// envelope. Such a frame is dropped and counted (A12).
func (f *Frame) Duplicate() bool {
	if f.doc == nil {
		return false
	}
	_, found := f.doc.Duplicate()
	return found
}

// Decode unmarshals the frame into a struct with json tags. It is for app
// services; it knows none of the strictness of ParseFrame.
func (f *Frame) Decode(v any) error { return json.Unmarshal(f.Raw, v) }

// SrcString is the src as text: of a string its content, of a number its digits.
func (f *Frame) SrcString() string {
	if len(f.Src) == 0 || f.Src[0] != '"' {
		return string(f.Src)
	}
	return strictjson.Unescape(f.Src[1 : len(f.Src)-1])
}

// Clone copies the text, so that the frame can be kept.
func (f *Frame) Clone() Frame {
	raw := append([]byte(nil), f.Raw...)
	if c, err := ParseFrame(new(strictjson.Doc), raw); err == nil {
		return c
	}
	return Frame{MT: f.MT, API: f.API, Src: append([]byte(nil), f.Src...), Raw: raw}
}

// Tolerance counts the frames without meaning on one connection (appwebsocket.md
// 1.4 rule 6). The zero value is ready.
type Tolerance struct{ used int }

// Excuse tells what an error of ParseFrame means for the connection: 0 to go on
// as if the frame had not come, or the code to close with. Broken JSON and a
// repeated name end the connection at once; frames that are no object or have
// no mt are passed over ten times.
func (t *Tolerance) Excuse(err error) (closeCode int) {
	if !errors.Is(err, ErrNotObject) && !errors.Is(err, ErrNoMT) {
		return CloseBadData
	}
	t.used++
	if t.used > maxTolerated {
		return CloseBadData
	}
	return 0
}
