package signal

import (
	"bytes"
	"strconv"

	"github.com/tandem-switch/tandem/internal/strictjson"
)

// encoder writes a text in the forms that its receivers need: each form once.
type encoder struct {
	t     *Turn
	chat  *Chat
	side  int // of the writer
	as    *origin
	text  *Text
	entry entry
	form  form // what t.work.head holds
	tail  byte // what t.work.tail holds: 0 nothing, 1 ext, 2 ext and chat
	unfit int  // receivers that can take no form of it
}

// form is the common beginning of a text.
type form uint8

const (
	noForm form = iota
	published
	extended
)

var closing = []byte(`}]}`)

// send encodes for one receiver and sends; false if there is nothing for it.
func (e *encoder) send(to target) bool {
	ext := to.leg.reg.ext()
	if e.text.Typing == NotTyping && !ext && e.text.HTML == nil {
		e.unfit++
		return false
	}
	mime, data, want := htmlMime, e.text.HTML, published
	if ext && e.text.Data != nil {
		mime, data, want = e.text.Mime, e.text.Data, extended
	}
	if len(data) > e.room(mime) {
		return e.sendParts(to, mime, data, ext)
	}
	if e.form != want {
		e.head(mime, data, true)
		e.form = want
	}
	if !ext {
		to.leg.send(e.t, e.t.work.head, closing)
		return true
	}
	e.makeTail(to)
	to.leg.send(e.t, e.t.work.head, e.t.work.tail)
	return true
}

// room is how long the data of one part may be, so that the message has at most
// 15 KiB with everything else in it.
func (e *encoder) room(mime []byte) int {
	const fixed = 512 // names of members, id, numbers
	s := e.chat.sides
	return max(fixed, maxPart-fixed-len(e.sender())-len(s[1-e.side].party.SIP)-len(mime)-
		len(e.text.Attach)-len(e.text.Subject)-len(e.text.Extra))
}

var (
	htmlMime = []byte(`"text/html"`)
	messages = []byte(`{"type":"facility","fty":[{"type":"im_message"`)
)

// head writes everything that published clients and others have in common.
func (e *encoder) head(mime, data []byte, last bool) {
	b := append(e.t.work.head[:0], messages...)
	b = append(b, e.sender()...)
	switch {
	case e.text.Typing == TypingOn:
		b = append(b, `,"typing":true`...)
	case e.text.Typing == TypingOff:
		b = append(b, `,"typing":false`...)
	default:
		b = append(append(b, `,"mime":`...), mime...)
		b = append(append(b, `,"data":`...), data...)
	}
	if last {
		b = strconv.AppendInt(append(b, `,"time":`...), e.seconds(), 10)
		b = appendNamed(b, `,"attach":`, e.text.Attach)
		b = appendNamed(b, `,"subject":`, e.text.Subject)
		b = append(b, e.text.Extra...)
	} else {
		b = append(b, `,"more":true`...)
	}
	e.t.work.head = b
}

// sender names the author: the members sender and sender_dn.
func (e *encoder) sender() []byte {
	if e.as != nil && e.as.sender != nil {
		return e.as.sender
	}
	return e.chat.sides[e.side].sender
}

// seconds is the time of the text, of an indication now.
func (e *encoder) seconds() int64 {
	if e.entry.at != 0 {
		return e.entry.at / 1000
	}
	return e.t.Now.Unix()
}

func appendNamed(b []byte, name string, value []byte) []byte {
	if len(value) == 0 {
		return b
	}
	return append(append(b, name...), value...)
}

// makeTail writes the members for registrations with IM_EXT: they stand last, so
// that both forms share their beginning.
func (e *encoder) makeTail(to target) {
	kind := byte(1)
	if to.inbox {
		kind = 2
		if to.own {
			kind = 3
		}
	}
	if e.tail == kind {
		return
	}
	b := e.t.work.tail[:0]
	if e.text.Typing == NotTyping {
		b = e.entry.appendID(append(b, `,"id":`...))
		if e.entry.mid != 0 {
			b = strconv.AppendInt(append(b, `,"mid":`...), e.entry.mid, 10)
		}
		b = append(b, `,"timestamp":`...)
		b = strconv.AppendInt(b, e.entry.at, 10)
		if len(e.text.Data)+len(e.text.Alt) <= e.room(e.text.Mime) {
			b = appendNamed(b, `,"alt":`, e.text.Alt)
		}
	}
	b = e.appendChat(b, to)
	e.t.work.tail, e.tail = append(b, closing...), kind
}

// appendChat names the chat on an inbox: the peer of the receiving person.
func (e *encoder) appendChat(b []byte, to target) []byte {
	if !to.inbox {
		return b
	}
	peer := e.side
	if to.own {
		peer = 1 - e.side
	}
	return strictjson.AppendString(append(b, `,"chat":`...), e.chat.sides[peer].party.SIP)
}

// sendParts sends a long text in as few parts as fit, without another text
// between them (A12).
func (e *encoder) sendParts(to target, mime, data []byte, ext bool) bool {
	if to.inbox {
		to.leg.conn.inboxMu.Lock()
		defer to.leg.conn.inboxMu.Unlock()
	}
	e.form, e.tail = noForm, 0
	rest := strictjson.Unescape(data[1 : len(data)-1])
	for rest != "" {
		var part string
		part, rest = splitText(rest, e.room(mime), bytes.Equal(mime, htmlMime))
		e.head(mime, jsonString(part), rest == "")
		switch {
		case rest != "" && to.inbox:
			e.t.work.tail = append(e.appendChat(e.t.work.tail[:0], to), closing...)
			to.leg.sendHeld(e.t, e.t.work.head, e.t.work.tail)
		case rest != "" || !ext:
			to.leg.sendHeld(e.t, e.t.work.head, closing)
		default:
			e.makeTail(to)
			to.leg.sendHeld(e.t, e.t.work.head, e.t.work.tail)
		}
	}
	e.form, e.tail = noForm, 0
	return true
}

// splitText cuts a text so that the first part has at most size bytes as JSON,
// on a rune border and, in HTML, outside of tags and entities (decision 39).
func splitText(s string, size int, html bool) (part, rest string) {
	used, safe := 2, 0
	inTag, entity := false, -1
	for i, r := range s {
		if used += jsonSize(r); used > size && safe > 0 {
			return s[:safe], s[safe:]
		}
		switch {
		case !html:
		case r == '<':
			inTag = true
		case r == '>':
			inTag = false
		case r == '&':
			entity = i
		case r == ';' || r == ' ':
			entity = -1
		}
		if entity >= 0 && i-entity > 12 {
			entity = -1
		}
		if !inTag && entity < 0 {
			safe = i + len(string(r))
		}
	}
	return s, ""
}

func jsonSize(r rune) int {
	switch {
	case r == '"' || r == '\\' || r == '\n' || r == '\r' || r == '\t' || r == '\b' || r == '\f':
		return 2
	case r < 0x20:
		return 6
	}
	return len(string(r))
}
