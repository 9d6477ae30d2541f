package phone

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tandem-switch/tandem/signal"
)

// Event is what the phone tells: a line of JSON with --json, words for people
// otherwise. docs/phone.md lists the kinds with their members.
type Event struct {
	Event  string       `json:"event"`
	Chat   string       `json:"chat,omitempty"`
	User   string       `json:"user,omitempty"`
	Domain string       `json:"domain,omitempty"`
	Name   string       `json:"name,omitempty"`   // display name
	Sender string       `json:"sender,omitempty"` // author of a text
	Own    bool         `json:"own,omitempty"`    // written by another device of this user
	ID     string       `json:"id,omitempty"`
	State  string       `json:"state,omitempty"` // of a receipt
	SIP    string       `json:"sip,omitempty"`   // whose receipt it is
	Cause  signal.Cause `json:"cause,omitempty"` // of a failure
	MIME   string       `json:"mime,omitempty"`
	Data   string       `json:"data,omitempty"` // a text as it arrived
	Text   string       `json:"text,omitempty"` // a text as people read it
	Title  string       `json:"subject,omitempty"`
	Attach []string     `json:"attach,omitempty"`
	Time   int64        `json:"time,omitempty"` // in milliseconds
	Typing *bool        `json:"typing,omitempty"`
	Peers  []string     `json:"peers,omitempty"`

	// Of stored messages.
	Number  int64        `json:"mid,omitempty"`
	Files   []storedFile `json:"files,omitempty"`
	Edited  bool         `json:"edited,omitempty"`
	Deleted bool         `json:"deleted,omitempty"`
	Count   int          `json:"count,omitempty"` // of what was listed

	number int // of an own text, for people
}

// The kinds of Event.
const (
	evReady   = "ready"
	evOffline = "offline"
	evChat    = "chat"
	evText    = "text"
	evReceipt = "receipt"
	evMessage = "message"
	evTyping  = "typing"
	evWho     = "who"
	evLeft    = "left"
	evHelp    = "help"
	evError   = "error"
	evHistory = "history" // a stored message
	evGroup   = "group"
	evDone    = "done" // the end of a list
	evUpload  = "upload"
)

// printer writes events.
type printer struct {
	w      io.Writer
	json   bool
	prompt bool // a person types: show whose chat it is at the beginning of the line
	shown  string
	chat   string
}

// show writes one event.
func (p *printer) show(e Event) {
	if p.json {
		p.write(string(jsonLine(e)) + "\n")
		return
	}
	line := e.words(p.prompt)
	if line == "" {
		return
	}
	p.clear()
	p.write(line + "\n")
	p.ask(p.chat)
}

// write writes to the reader of the events; one who has gone has no use for the
// rest.
func (p *printer) write(s string) { _, _ = io.WriteString(p.w, s) }

// clear takes the prompt away.
func (p *printer) clear() {
	if p.prompt && p.shown != "" {
		p.write("\r\x1b[K")
		p.shown = ""
	}
}

// ask shows the prompt of a chat, "" for none.
func (p *printer) ask(chat string) {
	p.chat = chat
	if p.prompt {
		p.clear()
		p.shown = oneLine(chat) + "> "
		p.write(p.shown)
	}
}

// jsonLine is e as JSON in one line that is harmless on a terminal too: what
// steers one is escaped, so that programs still read it as it was.
func jsonLine(e Event) []byte {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil { // cannot be: strings and numbers
		return []byte(`{"event":"error"}`)
	}
	line := make([]byte, 0, b.Len())
	for _, r := range strings.TrimSuffix(b.String(), "\n") {
		if r == 0x7f || dangerous(r) {
			line = fmt.Appendf(line, `\u%04x`, r)
			continue
		}
		line = utf8.AppendRune(line, r)
	}
	return line
}

// words is e for people; empty if there is nothing to say. typed tells that the
// person sees the own lines already.
func (e Event) words(typed bool) string {
	switch e.Event {
	case evReady:
		return fmt.Sprintf("Ready as %s@%s. /chat NAME begins a chat, /help shows more.", oneLine(e.User), oneLine(e.Domain))
	case evOffline:
		return "Offline: " + oneLine(e.Text)
	case evChat:
		return "Chat with " + oneLine(e.Chat) + "."
	case evLeft:
		return "Left the chat with " + oneLine(e.Chat) + "."
	case evText:
		if typed {
			return ""
		}
		return fmt.Sprintf("#%d to %s: %s", e.number, oneLine(e.Chat), indented(e.Text))
	case evReceipt:
		return e.receiptWords()
	case evMessage:
		return e.messageWords()
	case evTyping:
		if !*e.Typing {
			return ""
		}
		return "  " + oneLine(e.Sender) + " is typing ..."
	case evWho:
		return e.whoWords()
	case evHelp:
		return e.Text
	case evHistory, evGroup, evDone, evUpload:
		return e.storedWords()
	}
	return "Error: " + oneLine(e.Text)
}

func (e Event) receiptWords() string {
	if e.number == 0 {
		return "" // of a text that this phone has not seen
	}
	switch e.State {
	case stateSent:
		return fmt.Sprintf("  #%d sent", e.number)
	case stateDelivered:
		return fmt.Sprintf("  #%d delivered to %s", e.number, oneLine(e.SIP))
	case stateRead:
		return fmt.Sprintf("  #%d read by %s", e.number, oneLine(e.SIP))
	}
	return fmt.Sprintf("  #%d FAILED: %s", e.number, e.Text)
}

func (e Event) messageWords() string {
	var b strings.Builder
	if e.Time > 0 {
		b.WriteString(time.UnixMilli(e.Time).Format("15:04 "))
	}
	switch {
	case e.Own:
		fmt.Fprintf(&b, "#%d to %s (from another device): ", e.number, oneLine(e.Chat))
	case strings.EqualFold(e.Chat, e.Sender):
		b.WriteString(oneLine(e.Sender) + ": ")
	default:
		b.WriteString(oneLine(e.Chat) + "/" + oneLine(e.Sender) + ": ")
	}
	if e.Title != "" {
		b.WriteString("[" + oneLine(e.Title) + "] ")
	}
	b.WriteString(indented(e.Text))
	for _, url := range e.Attach {
		b.WriteString("\n    file: " + oneLine(url))
	}
	return b.String()
}

func (e Event) whoWords() string {
	current := "no chat"
	if e.Chat != "" {
		current = "chat with " + oneLine(e.Chat)
	}
	if len(e.Peers) == 0 {
		return "You are in " + current + "; nobody met yet."
	}
	return "You are in " + current + "; met: " + oneLine(strings.Join(e.Peers, ", ")) + "."
}

// storedWords is what is shown of stored chats.
func (e Event) storedWords() string {
	switch {
	case e.Event == evHistory:
		return e.historyWords()
	case e.Event == evGroup:
		return fmt.Sprintf("  %s  %s", oneLine(e.Chat), oneLine(e.Name))
	case e.Event == evUpload:
		return "  sending " + oneLine(e.Text) + " ..."
	case e.Count > 0:
		return ""
	case e.Chat != "":
		return "Nothing is stored of the chat with " + oneLine(e.Chat) + "."
	}
	return "You are in no group."
}

// historyWords is a stored message, an own one with how far it has come.
func (e Event) historyWords() string {
	var b strings.Builder
	b.WriteString(time.UnixMilli(e.Time).Format("2006-01-02 15:04 "))
	b.WriteString(oneLine(e.Sender))
	if e.State != "" {
		b.WriteString(" [" + e.State + "]")
	}
	b.WriteString(": ")
	if e.Deleted {
		return b.String() + "(deleted)"
	}
	b.WriteString(indented(e.Text))
	if e.Edited {
		b.WriteString(" (edited)")
	}
	for _, f := range e.Files {
		b.WriteString("\n    file: " + oneLine(f.Name) + " " + oneLine(f.URL))
	}
	return b.String()
}
