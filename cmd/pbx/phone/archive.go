package phone

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Of stored chats (PbxMessages).
const (
	sessionSrc   = "archive"
	historyCount = 20               // messages that /history shows
	askTime      = 15 * time.Second // for the answer to a request
)

// archive is what the phone asks of the service that stores the chats: one session,
// begun when it is first needed, and the requests that wait for their answers.
type archive struct {
	asked  bool // a Session is on its way
	open   bool // there is a session
	number int  // of requests so far
	wait   []*request
}

// request waits for its answer.
type request struct {
	src     string
	what    string // for people
	frame   []byte
	sent    bool
	since   time.Time
	ind     func(json.RawMessage)        // an indication that belongs to it; nil: none
	done    func(json.RawMessage, error) // its end
	counted bool                         // its end ends a line of the input
}

// answer is what the phone reads of everything that belongs to PbxMessages.
type answer struct {
	MT        string          `json:"mt"`
	Src       string          `json:"src"`
	Error     json.RawMessage `json:"error"`
	ErrorText string          `json:"errorText"`
}

// failed tells why a request was refused; nil if it was not.
func (a *answer) failed() error {
	switch string(a.Error) {
	case "", "null", "false", "0":
		return nil
	}
	if a.ErrorText == "" {
		return fmt.Errorf("it is refused (error %s)", a.Error)
	}
	return fmt.Errorf("it is refused: %s", a.ErrorText)
}

// ask sends a request for a line of the input, or for something that such a line
// needs.
func (d *desk) ask(what, mt string, members map[string]any, counted bool, ind func(json.RawMessage), done func(json.RawMessage, error)) {
	a := &d.archive
	a.number++
	r := &request{src: "a" + strconv.Itoa(a.number), what: what, since: time.Now(), ind: ind, done: done, counted: counted}
	all := map[string]any{"api": "PbxMessages", "mt": mt, "src": r.src}
	for name, value := range members {
		all[name] = value
	}
	frame, err := json.Marshal(all)
	if err != nil { // cannot be: texts and numbers
		done(nil, err)
		return
	}
	r.frame = frame
	if counted {
		d.open++
	}
	a.wait = append(a.wait, r)
	d.submit()
}

// submit sends the requests that wait, or the Session that they need.
func (d *desk) submit() {
	a := &d.archive
	switch {
	case d.inbox == 0 || len(a.wait) == 0:
		return
	case !a.open:
		if !a.asked {
			a.asked = true
			d.send([]byte(`{"api":"PbxMessages","mt":"Session","src":"` + sessionSrc + `","flags":"IM_EXT"}`))
		}
		return
	}
	for _, r := range a.wait {
		if !r.sent {
			r.sent = true
			d.send(r.frame)
		}
	}
}

// stored takes a message of PbxMessages.
func (d *desk) stored(text []byte) {
	var a answer
	if json.Unmarshal(text, &a) != nil {
		return
	}
	if a.Src == sessionSrc {
		d.session(a.MT)
		return
	}
	at := slices.IndexFunc(d.archive.wait, func(r *request) bool { return r.src == a.Src })
	if at < 0 {
		return
	}
	r := d.archive.wait[at]
	switch {
	case a.MT == "Error":
		err := a.failed()
		if err == nil {
			err = errNoStore
		}
		d.settleRequest(r, nil, err)
	case isResult(a.MT):
		d.settleRequest(r, text, a.failed())
	case r.ind != nil:
		r.ind(text)
	}
}

func isResult(mt string) bool {
	const end = "Result"
	return len(mt) > len(end) && mt[len(mt)-len(end):] == end
}

// errNoStore is what an Error for the Session means to people.
var errNoStore = fmt.Errorf("no chats are stored for this user now: there is no licence, no Messages object, or the service is away")

// session takes what is said of the session.
func (d *desk) session(mt string) {
	a := &d.archive
	switch mt {
	case "SessionResult":
		a.open, a.asked = true, false
		d.submit()
	case "Error":
		a.open, a.asked = false, false
		d.abandon(errNoStore)
	}
}

// abandon ends all requests.
func (d *desk) abandon(err error) {
	for len(d.archive.wait) > 0 {
		d.settleRequest(d.archive.wait[0], nil, err)
	}
}

// settleRequest ends a request. What its end asks for anew counts before it is
// counted out, so that a script does not end in between.
func (d *desk) settleRequest(r *request, text json.RawMessage, err error) {
	d.archive.wait = slices.DeleteFunc(d.archive.wait, func(o *request) bool { return o == r })
	if err != nil && r.counted {
		d.refuse(r.what + ": " + err.Error())
	}
	r.done(text, err)
	if r.counted {
		d.open--
	}
}

// expire ends the requests that were not answered in time, and tells when to look
// again; 0: nothing waits.
func (d *desk) expire(now time.Time) time.Duration {
	for {
		at := slices.IndexFunc(d.archive.wait, func(r *request) bool { return now.Sub(r.since) >= askTime })
		if at < 0 {
			break
		}
		d.settleRequest(d.archive.wait[at], nil, fmt.Errorf("no answer came within %s", askTime))
	}
	if len(d.archive.wait) == 0 {
		return 0
	}
	return askTime - now.Sub(d.archive.wait[0].since)
}

// storedFile is a file of a stored message.
type storedFile struct {
	Name string `json:"name"`
	URL  string `json:"url"`
	Size int64  `json:"size,omitempty"`
	Type string `json:"type,omitempty"`
}

// storedMessage is what the phone reads of a stored message.
type storedMessage struct {
	ID        int64        `json:"id"`
	Author    string       `json:"author"`
	DN        string       `json:"dn"`
	Text      string       `json:"text"`
	Timestamp int64        `json:"timestamp"`
	Attached  []storedFile `json:"attached"`
	CID       string       `json:"cid"`
	MIME      string       `json:"mime"`
	Data      string       `json:"data"`
	Alt       string       `json:"alt"`
	Edited    int64        `json:"edited"`
	Deleted   bool         `json:"deleted"`
}

// event is the message as an event of its chat.
func (m *storedMessage) event(chat string, own bool) Event {
	f := facility{MIME: m.MIME, Data: m.Data, Alt: m.Alt}
	if m.MIME == "" || m.Data == "" {
		f = facility{Data: m.Text}
	}
	e := Event{
		Event: evHistory, Chat: chat, Sender: m.Author, Name: m.DN, ID: m.CID, Number: m.ID, MIME: m.MIME, Data: f.Data,
		Text: readable(f), Time: m.Timestamp, Own: own, Files: m.Attached, Edited: m.Edited > 0, Deleted: m.Deleted,
	}
	if own {
		e.State = stateSent
	}
	return e
}

// history shows the newest messages of a chat, the oldest of them first, with what
// became of the own ones. It reads them: the chat is then not unread any more.
func (d *desk) history(name string) {
	if name = d.chatOr(name); name == "" {
		return
	}
	var rows []Event
	take := func(text json.RawMessage) {
		var ind struct {
			Msg storedMessage `json:"msg"`
		}
		if json.Unmarshal(text, &ind) == nil && len(rows) < historyCount {
			rows = append(rows, ind.Msg.event(name, fold(ind.Msg.Author) == fold(d.me.SIP) && fold(name) != fold(d.me.SIP)))
		}
	}
	d.ask("/history "+name, "ReadChat", map[string]any{"topic": d.me.SIP, "sip": name, "count": historyCount}, true, take,
		func(_ json.RawMessage, err error) {
			if err != nil {
				return
			}
			if len(rows) > 0 { // else it may be a name that nobody has
				d.meet(name)
			}
			slices.Reverse(rows)
			d.ticks(name, rows)
		})
}

// ticks asks how far each own message of a page has come, then shows the page.
func (d *desk) ticks(name string, rows []Event) {
	left := 1 // answers that are missing, and this function itself
	end := func() {
		if left--; left > 0 {
			return
		}
		for _, e := range rows {
			d.show(e)
		}
		d.show(Event{Event: evDone, Chat: name, Count: len(rows), Text: "/history"})
	}
	for i := range rows {
		e := &rows[i]
		if !e.Own || e.Number == 0 || e.Deleted {
			continue
		}
		left++
		d.open++ // the page is part of the line
		d.ask("", "ReadMarks", map[string]any{"id": e.Number}, false, e.advance, func(json.RawMessage, error) {
			d.open--
			end()
		})
	}
	end()
}

// advance notes the mark of somebody for an own message.
func (e *Event) advance(text json.RawMessage) {
	var mark struct {
		SIP       string `json:"sip"`
		State     string `json:"state"`
		Delivered int64  `json:"delivered"`
		Read      int64  `json:"read"`
	}
	if json.Unmarshal(text, &mark) != nil {
		return
	}
	switch {
	case mark.State == stateRead || mark.Read > 0:
		e.State, e.SIP = stateRead, mark.SIP
	case e.State != stateRead && (mark.State == stateDelivered || mark.Delivered > 0):
		e.State, e.SIP = stateDelivered, mark.SIP
	}
}

// groups lists the groups of the user.
func (d *desk) groups() {
	var rows []Event
	take := func(text json.RawMessage) {
		var ind struct {
			SIP string `json:"sip"`
			DN  string `json:"dn"`
		}
		if json.Unmarshal(text, &ind) == nil && len(rows) < maxPeers {
			rows = append(rows, Event{Event: evGroup, Chat: ind.SIP, Name: ind.DN})
		}
	}
	d.ask("/groups", "ReadGroups", nil, true, take, func(_ json.RawMessage, err error) {
		if err != nil {
			return
		}
		for _, e := range rows {
			d.show(e)
		}
		d.show(Event{Event: evDone, Count: len(rows), Text: "/groups"})
	})
}

// chatOr is the name, or the current chat; empty, with a complaint, if there is
// neither.
func (d *desk) chatOr(name string) string {
	if name != "" {
		return d.local(name)
	}
	if d.current == "" {
		d.refuse("there is no chat yet: name one, or begin one with /chat NAME")
	}
	return d.current
}
