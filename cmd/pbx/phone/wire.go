package phone

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"github.com/tandem-switch/tandem/internal/strictjson"
)

// src is the src of the phone's one registration.
const src = "phone"

// The states of a text (A3).
const (
	stateSent      = "sent"
	stateDelivered = "delivered"
	stateRead      = "read"
	stateFailed    = "failed"
)

// frame is what the phone reads of a received message.
type frame struct {
	MT        string `json:"mt"`
	API       string `json:"api"`
	Err       string `json:"err"`
	ErrorText string `json:"errorText"`
	Call      int32  `json:"call"`
	Sig       *sig   `json:"sig"`
}

type sig struct {
	Type string     `json:"type"`
	Fty  []facility `json:"fty"`
	Cau  struct {
		Num uint8 `json:"num"`
	} `json:"cau"`
}

// facility has the members of im_setup, im_message and im_receipt.
type facility struct {
	Type      string `json:"type"`
	Inbox     bool   `json:"inbox"`
	Chat      string `json:"chat"`
	Sender    string `json:"sender"`
	SenderDN  string `json:"sender_dn"`
	MIME      string `json:"mime"`
	Data      string `json:"data"`
	Alt       string `json:"alt"`
	Subject   string `json:"subject"`
	Attach    string `json:"attach"`
	ID        string `json:"id"`
	Timestamp int64  `json:"timestamp"`
	Typing    *bool  `json:"typing"`
	More      bool   `json:"more"`
	State     string `json:"state"`
	SIP       string `json:"sip"`
	Cau       uint8  `json:"cau"`
}

// parseFrame reads a received message; what has another form than ours is not
// for us. So are facilities of other types, whose members may be of any kind:
// they are left out.
func parseFrame(text []byte) (f frame, ok bool) {
	var raw struct {
		frame
		Sig *struct {
			sig
			Fty []json.RawMessage `json:"fty"`
		} `json:"sig"`
	}
	if json.Unmarshal(text, &raw) != nil {
		return frame{}, false
	}
	f = raw.frame
	if raw.Sig == nil {
		return f, true
	}
	f.Sig = &raw.Sig.sig
	for _, one := range raw.Sig.Fty {
		var fty facility
		if json.Unmarshal(one, &fty) == nil {
			f.Sig.Fty = append(f.Sig.Fty, fty)
		}
	}
	return f, true
}

// register asks for a registration with an inbox.
func register(hw string) []byte {
	b := []byte(`{"api":"PbxSignal","mt":"Register","src":"` + src + `"`)
	if hw != "" {
		b = strictjson.AppendString(append(b, `,"hw":`...), hw)
	}
	return append(b, `,"flags":"NO_MEDIA_CALL|IM_EXT|IM_INBOX"}`...)
}

func signaling(call int32, sig string) []byte {
	b := []byte(`{"api":"PbxSignal","mt":"Signaling","src":"` + src + `","call":`)
	b = strconv.AppendInt(b, int64(call), 10)
	return append(append(append(b, `,"sig":`...), sig...), '}')
}

func connect(call int32) []byte { return signaling(call, `{"type":"conn","channel":0}`) }

func reject(call int32) []byte { return signaling(call, `{"type":"rel","cau":{"num":21}}`) }

// message is one part of a text on the inbox; id and file stand in the last one
// alone, which is not more.
func message(call int32, t *ownText, data string, more bool) []byte {
	b := strictjson.AppendString([]byte(`{"type":"im_message","chat":`), t.chat)
	if more {
		b = append(b, `,"more":true`...)
	} else {
		b = strictjson.AppendString(append(b, `,"id":`...), t.id)
	}
	if t.attach != "" && !more {
		b = strictjson.AppendString(append(b, `,"attach":`...), attachment(t.attach))
	}
	b = strictjson.AppendString(append(b, `,"mime":"text/plain","data":`...), data)
	return signaling(call, `{"type":"facility","fty":[`+string(b)+`}]}`)
}

// attachment is a URL as it stands in attach, whose entries are separated by blanks.
func attachment(link string) string {
	return strings.ReplaceAll(url.QueryEscape(link), "+", "%20")
}

// messages is a text as one frame or several (decision 39).
func messages(call int32, t *ownText) [][]byte {
	parts := split(t.text, maxFrame-len(message(call, t, "", false)))
	frames := make([][]byte, len(parts))
	for i, part := range parts {
		frames[i] = message(call, t, part, i < len(parts)-1)
	}
	return frames
}

// receipts says of the text id, and of all before it, that it has arrived, and
// if so that it was read.
func receipts(call int32, chat, id string, read bool) []byte {
	fty := receipt(chat, id, stateDelivered)
	if read {
		fty += "," + receipt(chat, id, stateRead)
	}
	return signaling(call, `{"type":"facility","fty":[`+fty+`]}`)
}

func receipt(chat, id, state string) string {
	b := strictjson.AppendString([]byte(`{"type":"im_receipt","chat":`), chat)
	b = strictjson.AppendString(append(b, `,"id":`...), id)
	return string(b) + `,"state":"` + state + `"}`
}
