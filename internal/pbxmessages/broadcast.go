package pbxmessages

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
)

// broadcastLimit is how long the switch waits for the service to send a broadcast.
// What is not sent by then the service goes on with, and who asks again with the same
// key gets the counts.
const broadcastLimit = 45 * time.Second

// MaxReceivers is the most people of one broadcast.
const MaxReceivers = 10_000

// Broadcast is a message to each of many people, from one of them.
type Broadcast struct {
	Key  string   // sends to nobody twice
	To   []string // names, MaxReceivers of them at most
	HTML string
}

// Counts are how far a broadcast has come.
type Counts struct {
	Total     int64 `json:"total"`
	Sent      int64 `json:"sent"`
	Delivered int64 `json:"delivered"`
	Read      int64 `json:"read"`
	Failed    int64 `json:"failed"` // of this request
}

// Sent is what the service says to a broadcast, or to a question for one.
type Sent struct {
	ID      int64    `json:"id"`
	Counts  Counts   `json:"counts"`
	Unknown []string `json:"unknown"` // names that nobody has whom the sender may see
}

// Reason is why a request of the switch was not done.
type Reason string

// The reasons.
const (
	NotStored    Reason = "not_stored"    // nobody stores the chats of the sender
	LinkDown     Reason = "link_down"     // the service is not connected
	NotSupported Reason = "not_supported" // it has no broadcasts
	Unanswered   Reason = "unanswered"    // it has not answered in time: it may be done, or not
	TooMuch      Reason = "too_much"      // a quota
	Wrong        Reason = "wrong"         // what was asked for cannot be
	Forbidden    Reason = "forbidden"     // the sender may not
	NoSuch       Reason = "no_such"       // there is no such broadcast of the sender
	Failed       Reason = "failed"        // on the side of the service
)

// Refusal says why a request of the switch was not done.
type Refusal struct {
	Reason Reason
	Text   string // a sentence
}

// Error is the sentence.
func (r *Refusal) Error() string { return r.Text }

// Broadcast has the service of the sender send a message to each of many people, in a
// session of the sender. It returns when all are stored.
func (m *Messages) Broadcast(ctx context.Context, sender signal.Address, b Broadcast) (Sent, error) {
	to := b.To
	if to == nil {
		to = []string{}
	}
	raw, err := plain(struct {
		API  string   `json:"api"`
		MT   string   `json:"mt"`
		Src  string   `json:"src"`
		Key  string   `json:"key"`
		To   []string `json:"to"`
		Text string   `json:"text"`
	}{appservice.APIPbxMessages, "Broadcast", requestSrc, b.Key, to, b.HTML})
	if err != nil {
		return Sent{}, err
	}
	return m.ask(ctx, sender, raw)
}

// ReadBroadcast asks how far a broadcast of the sender has come.
func (m *Messages) ReadBroadcast(ctx context.Context, sender signal.Address, id int64) (Sent, error) {
	raw, err := plain(struct {
		API string `json:"api"`
		MT  string `json:"mt"`
		Src string `json:"src"`
		ID  int64  `json:"id"`
	}{appservice.APIPbxMessages, "ReadBroadcast", requestSrc, id})
	if err != nil {
		return Sent{}, err
	}
	return m.ask(ctx, sender, raw)
}

// plain is JSON that has < as it is: texts are HTML, and what is sent is bounded.
func plain(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

// The src of the two messages that the switch says as somebody.
const (
	sessionSrc = "session"
	requestSrc = "request"
)

// ask begins a session of somebody at the service of his chats, asks one thing, and
// ends the session.
func (m *Messages) ask(ctx context.Context, a signal.Address, request []byte) (Sent, error) {
	s := m.storeOf(a)
	switch {
	case s == nil:
		return Sent{}, &Refusal{NotStored, "The chats of the sender are not stored: there is no Messages object, or no licence for stored chats."}
	case !s.connected():
		return Sent{}, &Refusal{LinkDown, "The Messages service is not connected; try again in a moment."}
	case !s.extended():
		return Sent{}, &Refusal{NotSupported, "The Messages service has no broadcasts."}
	}
	ctx, cancel := context.WithTimeout(ctx, broadcastLimit)
	defer cancel()
	as := &speaker{m: m, owner: a, got: make(chan []byte, 4)}
	g := m.guest(as)
	g.owner, g.own = a, true
	defer g.close()
	if p, ok := m.dir.Party(a); ok {
		g.who.SIP = p.SIP
	}
	open, err := parsed([]byte(`{"api":"PbxMessages","mt":"Session","src":"` + sessionSrc + `","flags":"IM_EXT"}`))
	if err != nil {
		return Sent{}, err
	}
	if err := g.open(ctx, &open); err != nil {
		return Sent{}, err
	}
	if _, err := as.answer(ctx, "SessionResult"); err != nil {
		return Sent{}, err
	}
	return as.request(ctx, g, request)
}

func parsed(raw []byte) (appservice.Frame, error) {
	return appservice.ParseFrame(new(strictjson.Doc), raw)
}

// request says a request in the session of g and reads the answer.
func (p *speaker) request(ctx context.Context, g *guest, raw []byte) (Sent, error) {
	f, err := parsed(raw)
	if err != nil {
		return Sent{}, err
	}
	x := g.session([]byte(`"` + sessionSrc + `"`))
	if x == nil {
		return Sent{}, linkDown(textNoSession)
	}
	if err := g.forward(ctx, x, &f); err != nil {
		return Sent{}, &Refusal{TooMuch, "The Messages service did not take the request: " + err.Error() + "."}
	}
	answer, err := p.answer(ctx, f.MT+"Result")
	if err != nil {
		return Sent{}, err
	}
	var r struct {
		Sent
		Error json.RawMessage `json:"error"`
		Text  string          `json:"errorText"`
	}
	if err := json.Unmarshal(answer, &r); err != nil {
		return Sent{}, &Refusal{Failed, "The Messages service answered with what cannot be read."}
	}
	if r.Error != nil {
		return Sent{}, refusalOf(string(r.Error), r.Text)
	}
	return r.Sent, nil
}

// refusalOf is what an error of the service means.
func refusalOf(code, text string) *Refusal {
	reason := Failed
	switch code {
	case "1":
		reason = Wrong
	case "2":
		reason = NoSuch
	case "3":
		reason = Forbidden
	case "4":
		reason = TooMuch
	}
	if text == "" {
		text = "The Messages service refused it."
	}
	return &Refusal{reason, text}
}

func linkDown(text string) *Refusal {
	return &Refusal{LinkDown, "The session at the Messages service ended: " + strings.TrimSuffix(text, ".") + "."}
}

func (s *service) connected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn != nil
}

// speaker is the switch itself in the place of a client: what is said to it waits for
// the one who has asked.
type speaker struct {
	m     *Messages
	owner signal.Address
	got   chan []byte // answers; there are two, and Errors
}

var _ appservice.Session = (*speaker)(nil)

// App implements appservice.Session.
func (p *speaker) App() string { return "" }

// Recv implements appservice.Session.
func (p *speaker) Recv(context.Context) (appservice.Frame, error) {
	return appservice.Frame{}, appservice.ErrNoRecv
}

// Reply implements appservice.Session.
func (p *speaker) Reply(f appservice.Frame, v any) error {
	return appservice.ReplyTo(context.Background(), p, f, v)
}

// Close implements appservice.Session.
func (p *speaker) Close(string) error { return nil }

// Send implements appservice.Session. It never blocks: events of the session, which
// nobody looks at, are left out, and so is what nobody has asked for.
func (p *speaker) Send(_ context.Context, f appservice.Frame) error {
	said, err := parsed(f.Raw)
	if err != nil {
		return err
	}
	if said.MT != appservice.MTError && !strings.HasSuffix(said.MT, "Result") {
		return nil
	}
	select {
	case p.got <- append([]byte(nil), f.Raw...):
	default:
		p.m.obs.Dropped("unasked_answer")
	}
	return nil
}

// answer waits for a message of the service.
func (p *speaker) answer(ctx context.Context, mt string) ([]byte, error) {
	for {
		select {
		case raw := <-p.got:
			f, err := parsed(raw)
			switch {
			case err != nil:
			case f.MT == mt:
				return raw, nil
			case f.MT == appservice.MTError && string(f.Src) == `"`+requestSrc+`"`:
				return nil, refusalOf(string(f.Get("error").Raw()), f.Get("errorText").String())
			case f.MT == appservice.MTError:
				return nil, linkDown(f.Get("errorText").String())
			}
		case <-ctx.Done():
			return nil, &Refusal{Unanswered, "The Messages service has not answered in time. Ask again with the same key: nobody gets the message twice."}
		}
	}
}
