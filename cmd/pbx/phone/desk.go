package phone

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/tandem-switch/tandem/signal"
)

// Bounds of what the phone remembers.
const (
	maxTexts = 1000     // own texts whose receipts are told apart
	maxOpen  = 128      // own texts without receipt; then no further line is read
	maxPeers = 1000     // shown by /who
	maxParts = 64 << 10 // of one text that arrives in parts
)

// Identity is who the phone is logged in as.
type Identity struct {
	SIP, Domain, Name string
}

// desk is the state of the conversations. It belongs to the loop of Run, does
// no I/O of its own and does not know of connections: send hands a frame to the
// one that is there, if there is one.
type desk struct {
	me    Identity
	inbox int32 // call number of the inbox, 0 while there is none

	current string   // the chat that typed lines go to, or empty
	peers   []string // everybody met, in order

	texts  map[string]*ownText
	order  []*ownText // the same, oldest first
	count  int        // numbers of own texts given so far
	open   int        // own texts without receipt
	failed int        // own texts and commands that have failed

	parts  map[string]*strings.Builder // texts that are still to be continued, by chat
	unread map[string]string           // newest text of each chat that is not read
	marks  []mark                      // receipts to be sent

	archive archive
	uploads int // files that are on their way, or for which a place is asked for

	show func(Event)
	send func(frame []byte)
	// upload sends a file to the URL of a buffer, elsewhere; sent is told.
	upload func(u uploaded, file string)
	id     func() string
}

// ownText is a text that was written here, or by another device of the user.
type ownText struct {
	id, chat, text string
	attach         string // URL of a file that goes with it
	number         int
	open           bool // no receipt yet: it is sent again after a reconnect
}

// mark is a receipt that is to be sent.
type mark struct {
	chat, id string
	read     bool
}

func newDesk(show func(Event), send func([]byte)) *desk {
	return &desk{
		texts: map[string]*ownText{}, parts: map[string]*strings.Builder{}, unread: map[string]string{},
		show: show, send: send, id: randomID,
	}
}

// randomID is 128 random bits (A3 asks for 64).
func randomID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// typed does what a line asks for; it reports whether the phone is to end.
func (d *desk) typed(line string) (end bool) {
	if strings.TrimSpace(line) == "" {
		return false
	}
	c, err := parseCommand(line)
	if err != nil {
		d.refuse(err.Error())
		return false
	}
	switch c.verb {
	case quit:
		return true
	case chat:
		d.enter(c.text)
	case hangup:
		d.leave()
	case history:
		d.history(c.text)
	case send:
		d.sendFile(c.text)
	case groups:
		d.groups()
	case who:
		d.show(Event{Event: evWho, Chat: d.current, Peers: d.peers})
	case help:
		d.show(Event{Event: evHelp, Text: helpText})
	case say:
		d.say(c.text)
	}
	return false
}

// refuse tells of a line that could not be done. In a script it counts.
func (d *desk) refuse(text string) {
	d.failed++
	d.show(Event{Event: evError, Text: text})
}

// enter makes name the current chat; what waited there is read now.
func (d *desk) enter(name string) {
	d.current = d.local(name)
	d.meet(d.current)
	d.show(Event{Event: evChat, Chat: d.current})
	if id, ok := d.unread[fold(d.current)]; ok {
		d.mark(d.current, id)
	}
}

func (d *desk) leave() {
	if d.current == "" {
		d.refuse("there is no chat to leave")
		return
	}
	left := d.current
	d.current = ""
	d.show(Event{Event: evLeft, Chat: left})
}

// local drops the own domain of a name, as the switch does.
func (d *desk) local(name string) string {
	if user, domain, ok := strings.Cut(name, "@"); ok && strings.EqualFold(domain, d.me.Domain) {
		return user
	}
	return name
}

func fold(name string) string { return strings.ToLower(name) }

func (d *desk) meet(name string) {
	known := slices.ContainsFunc(d.peers, func(p string) bool { return strings.EqualFold(p, name) })
	if !known && len(d.peers) < maxPeers {
		d.peers = append(d.peers, name)
	}
}

// say writes text to the current chat.
func (d *desk) say(text string) {
	switch {
	case d.current == "":
		d.refuse("there is no chat yet: begin one with /chat NAME")
		return
	case jsonSize(text) > maxText:
		d.refuse("the text is longer than 48 KiB: write it in several lines")
		return
	}
	d.write(&ownText{id: d.id(), chat: d.current, text: text, open: true})
}

// write sends an own text and waits for its receipt.
func (d *desk) write(t *ownText) {
	d.remember(t)
	d.open++
	e := Event{Event: evText, Chat: t.chat, ID: t.id, Text: t.text, number: t.number}
	if t.attach != "" {
		e.Attach = []string{t.attach}
	}
	d.show(e)
	d.transmit(t)
}

// remember numbers an own text and forgets the oldest ones.
func (d *desk) remember(t *ownText) *ownText {
	d.count++
	t.number = d.count
	d.texts[t.id] = t
	d.order = append(d.order, t)
	if len(d.order) > maxTexts {
		delete(d.texts, d.order[0].id)
		d.order = slices.Delete(d.order, 0, 1)
	}
	return t
}

// transmit sends a text, if there is an inbox to send it on; otherwise it
// waits for opened.
func (d *desk) transmit(t *ownText) {
	if d.inbox == 0 {
		return
	}
	for _, frame := range messages(d.inbox, t) {
		d.send(frame)
	}
}

// opened begins an inbox: texts without receipt go out, again if need be. The
// switch knows a text that it has taken by its id.
func (d *desk) opened(call int32) {
	d.inbox = call
	for _, t := range d.order {
		if t.open {
			d.transmit(t)
		}
	}
	d.submit()
}

// closed ends the inbox, by the loss of the connection.
func (d *desk) closed() {
	d.inbox = 0
	d.archive.open, d.archive.asked = false, false
	d.abandon(errors.New("the connection is lost"))
	clear(d.parts)
	d.marks = nil
}

// facility takes what arrives on the inbox.
func (d *desk) facility(f facility) {
	switch {
	case f.Type == "im_receipt":
		d.receipt(f)
	case f.Type != "im_message":
	case f.Typing != nil && f.Data == "" && f.Attach == "":
		d.meet(f.Chat)
		d.show(Event{Event: evTyping, Chat: f.Chat, Sender: f.Sender, Typing: f.Typing})
	default:
		d.message(f)
	}
}

// message joins the parts of a text (decision 39) and takes it when it is whole.
func (d *desk) message(f facility) {
	key := fold(f.Chat)
	sofar := d.parts[key]
	switch {
	case f.More && sofar == nil:
		d.parts[key] = new(strings.Builder)
		sofar = d.parts[key]
		fallthrough
	case f.More:
		if sofar.Len() < maxParts {
			sofar.WriteString(f.Data)
		}
		return
	case sofar != nil:
		f.Data = sofar.String() + f.Data
		delete(d.parts, key)
	}
	d.arrived(f)
}

func (d *desk) arrived(f facility) {
	e := Event{
		Event: evMessage, Chat: f.Chat, Sender: f.Sender, Name: f.SenderDN, ID: f.ID, MIME: f.MIME,
		Data: f.Data, Text: readable(f), Title: f.Subject, Attach: attachments(f.Attach), Time: f.Timestamp,
	}
	d.meet(f.Chat)
	if strings.EqualFold(f.Sender, d.me.SIP) && !strings.EqualFold(f.Chat, d.me.SIP) {
		e.Own = true
		e.number = d.remember(&ownText{id: f.ID, chat: f.Chat}).number
	}
	d.show(e)
	if !e.Own && f.ID != "" {
		d.mark(f.Chat, f.ID)
	}
}

// mark notes a receipt for a text and all before it: read in the current chat.
// Only the newest of a chat is sent (flush).
func (d *desk) mark(chat, id string) {
	m := mark{chat: chat, id: id, read: strings.EqualFold(chat, d.current)}
	if m.read {
		delete(d.unread, fold(chat))
	} else if len(d.unread) < maxPeers {
		d.unread[fold(chat)] = id
	}
	at := slices.IndexFunc(d.marks, func(o mark) bool { return strings.EqualFold(o.chat, chat) })
	if at < 0 {
		d.marks = append(d.marks, m)
		return
	}
	d.marks[at] = m
}

// flush sends the receipts that have come together.
func (d *desk) flush() {
	for _, m := range d.marks {
		if d.inbox != 0 {
			d.send(receipts(d.inbox, m.chat, m.id, m.read))
		}
	}
	d.marks = d.marks[:0]
}

// receipt notes what has become of an own text.
func (d *desk) receipt(f facility) {
	e := Event{
		Event: evReceipt, Chat: f.Chat, ID: f.ID, State: f.State, SIP: f.SIP, Time: f.Timestamp,
		Cause: signal.Cause(f.Cau),
	}
	if f.State == stateFailed {
		e.Text = e.Cause.Error()
	}
	if t := d.texts[f.ID]; t != nil {
		e.number = t.number
		d.settle(t, f.State)
	}
	d.show(e)
}

// settle ends the waiting for the receipt of a text.
func (d *desk) settle(t *ownText, state string) {
	if !t.open {
		return
	}
	t.open, t.text = false, ""
	d.open--
	if state == stateFailed {
		d.failed++
	}
}

// readable is a text as people read it.
func readable(f facility) string {
	switch f.MIME {
	case "", "text/html":
		return plainText(f.Data)
	case "text/plain":
		return f.Data
	}
	if f.Alt != "" {
		return plainText(f.Alt)
	}
	return "(a message of the type " + f.MIME + ")"
}

// attachments are the URLs of decision 43.
func attachments(list string) []string {
	var urls []string
	for _, entry := range strings.Fields(list) {
		if u, err := url.PathUnescape(entry); err == nil {
			urls = append(urls, u)
		}
	}
	return urls
}
