package pbxapi

import (
	"context"
	"slices"
	"strconv"
	"sync"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// MyApps is the part of the myApps protocol that is about presence (appwebsocket.md
// 2.8.1): messages without api of a person who has logged in at that door.
type MyApps struct {
	dir      *directory.Directory
	presence *Presence

	unread func(signal.Address) // asks for the badge of a person; nil: there are none

	mu     sync.Mutex // guards the following
	told   map[signal.Address][]directory.Presence
	badges map[signal.Address]int64 // unread messages of people with clients
}

// NewMyApps makes the messages work. It follows the directory from now on.
func NewMyApps(dir *directory.Directory, presence *Presence) *MyApps {
	m := &MyApps{dir: dir, presence: presence, told: map[signal.Address][]directory.Presence{}, badges: map[signal.Address]int64{}}
	dir.Watch(m.changed)
	return m
}

// AskUnread names who is asked for the badge of a person that logs in: SetBadge is to
// be called with it some time. It must be called before the first session.
func (m *MyApps) AskUnread(ask func(signal.Address)) { m.unread = ask }

// SetBadge says how many messages a person has not read (decision 65): the clients of
// the person are told if that is another number than before. It may be called from any
// goroutine.
func (m *MyApps) SetBadge(t *signal.Turn, a signal.Address, unread int64) {
	sessions := m.presence.sessions(a)
	if len(sessions) == 0 {
		return // whoever comes next is asked for
	}
	m.mu.Lock()
	before, known := m.badges[a]
	m.badges[a] = unread
	m.mu.Unlock()
	if known && before == unread || !known && unread == 0 {
		return
	}
	own, _ := m.dir.Object(a)
	for _, s := range sessions {
		m.tellOwn(t, s, own.Presence, true)
	}
}

var (
	_ appservice.API    = (*MyApps)(nil)
	_ appservice.Closer = (*MyApps)(nil)
)

// Name implements appservice.API: messages without api.
func (m *MyApps) Name() string { return "" }

// lodger is a client as it is kept: its subscriptions.
type lodger struct{ watches map[string]*watch }

// Greet is called when the result of a login at the myApps door has been sent, on
// any goroutine.
func (m *MyApps) Greet(t *signal.Turn, s appservice.Session) {
	self := addressOf(appservice.PrincipalOf(s))
	m.presence.setClient(t, self, s, false)
	own, _ := m.dir.Object(self)
	m.news(self, own.Presence)
	m.mu.Lock()
	badge := m.badges[self]
	m.mu.Unlock()
	if len(own.Presence) > 0 || badge > 0 {
		m.tellOwn(t, s, own.Presence, badge > 0)
	}
	if m.unread != nil {
		m.unread(self) // what is known may be old
	}
}

// news tells whether the clients of a person were told something else before.
func (m *MyApps) news(a signal.Address, said []directory.Presence) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if slices.Equal(m.told[a], said) {
		return false
	}
	m.told[a] = said
	return true
}

// tellOwn shows what the person has said, and the badge: of none only that it is gone.
func (m *MyApps) tellOwn(t *signal.Turn, s appservice.Session, said []directory.Presence, badge bool) {
	list := []appservice.Presence{}
	for _, p := range said {
		list = append(list, appservice.Presence{Contact: p.Contact, Status: statusOpen, Activity: p.Activity, Note: p.Note})
	}
	m.mu.Lock()
	n, known := m.badges[addressOf(appservice.PrincipalOf(s))]
	m.mu.Unlock()
	if known && (badge || n > 0) {
		list = append(list, appservice.Presence{Contact: contactApp, Status: statusOpen, Note: "#badge:" + strconv.FormatInt(n, 10)})
	}
	push(t, s, appservice.UpdateOwnPresence{Presence: list})
}

func push(t *signal.Turn, s appservice.Session, v any) {
	ctx := context.Background()
	if t != nil {
		ctx = t.Context()
	}
	if f, err := appservice.NewFrame(v); err == nil {
		_ = s.Send(ctx, f) // its end is told by Closed
	}
}

// Handle implements appservice.API.
func (m *MyApps) Handle(ctx context.Context, s appservice.Session, f appservice.Frame) error {
	if !m.here(s) {
		return appservice.ErrUnknownMT
	}
	var err error
	switch f.MT {
	case appservice.MTSetUserActivity:
		inactive, _ := f.Get("inactive").Bool()
		inTurn(ctx, func(t *signal.Turn) { m.presence.setClient(t, addressOf(appservice.PrincipalOf(s)), s, inactive) })
	case appservice.MTSetOwnPresence:
		said := directory.Presence{Contact: contactTel, Activity: f.Get("activity").String(), Note: f.Get("note").String()}
		err = m.presence.set(addressOf(appservice.PrincipalOf(s)), said)
	case "SubscribePresence":
		err = m.subscribe(ctx, s, &f)
	case "UnsubscribePresence":
		m.unsubscribe(s, &f)
	default:
		return appservice.ErrUnknownMT
	}
	if err != nil {
		failed := m.presence.failed(f.MT, err)
		return &appservice.Error{Code: int(failed.code), Text: failed.text}
	}
	return nil
}

// here tells whether the session is one of the myApps door.
func (m *MyApps) here(s appservice.Session) bool {
	m.presence.mu.Lock()
	defer m.presence.mu.Unlock()
	_, ok := m.presence.clients[addressOf(appservice.PrincipalOf(s))][s]
	return ok
}

// Closed implements appservice.Closer.
func (m *MyApps) Closed(ctx context.Context, s appservice.Session) {
	self := addressOf(appservice.PrincipalOf(s))
	inTurn(ctx, func(t *signal.Turn) { m.presence.dropClient(t, self, s) })
	if len(m.presence.sessions(self)) == 0 {
		m.mu.Lock()
		delete(m.told, self)
		delete(m.badges, self)
		m.mu.Unlock()
	}
	for _, w := range m.lodger(s).watches {
		m.presence.unsubscribe(w)
	}
}

func (m *MyApps) lodger(s appservice.Session) *lodger {
	k, ok := s.(keeper)
	if !ok {
		return &lodger{watches: map[string]*watch{}}
	}
	if l, ok := k.Kept(m).(*lodger); ok {
		return l
	}
	l := &lodger{watches: map[string]*watch{}}
	k.Keep(m, l)
	return l
}

// updatePresence is how a contact is now.
type updatePresence struct {
	MT       string                `json:"mt"`
	SIP      string                `json:"sip,omitempty"` // as asked for
	Num      string                `json:"num,omitempty"`
	Up       bool                  `json:"up"`
	EP       *endpoint             `json:"ep,omitempty"`
	Presence []appservice.Presence `json:"presence"`
}

type endpoint struct {
	SIP   string `json:"sip,omitempty"`
	DN    string `json:"dn,omitempty"`
	Num   string `json:"num,omitempty"`
	Email string `json:"email,omitempty"`
}

func (m *MyApps) subscribe(ctx context.Context, s appservice.Session, f *appservice.Frame) error {
	r := visit{frame: f}
	sip, num, err := r.asked()
	l := m.lodger(s)
	key := (&visit{frame: &appservice.Frame{}}).watchKey(sip, num)
	switch {
	case err != nil:
		return err
	case l.watches[key] != nil:
		return nil
	case len(l.watches) >= maxWatches:
		return errTooMany
	}
	w := &watch{asker: addressOf(appservice.PrincipalOf(s)), sip: sip, num: num}
	w.tell = func(t *signal.Turn, _ *view, now view) {
		u := updatePresence{MT: "UpdatePresence", SIP: sip, Num: num, Up: now.up, Presence: now.presence}
		if u.Presence == nil {
			u.Presence = []appservice.Presence{}
		}
		if now.up {
			u.EP = &endpoint{SIP: now.sip, DN: now.dn, Num: now.num, Email: now.email}
		}
		push(t, s, u)
	}
	l.watches[key] = w
	inTurn(ctx, func(t *signal.Turn) { m.presence.subscribe(t, w) })
	return nil
}

func (m *MyApps) unsubscribe(s appservice.Session, f *appservice.Frame) {
	r := visit{frame: f}
	sip, num, err := r.asked()
	if err != nil {
		return
	}
	key := (&visit{frame: &appservice.Frame{}}).watchKey(sip, num)
	l := m.lodger(s)
	if w := l.watches[key]; w != nil {
		delete(l.watches, key)
		m.presence.unsubscribe(w)
	}
}

// changed tells the clients of a person what the person has said.
func (m *MyApps) changed(c directory.Change) {
	if c.What != directory.PersonalSet && c.What != directory.ObjectSet {
		return
	}
	own, ok := m.dir.Object(c.Address)
	sessions := m.presence.sessions(c.Address)
	if !ok || len(sessions) == 0 || !m.news(c.Address, own.Presence) {
		return
	}
	signal.RunTurn(context.Background(), func(t *signal.Turn) {
		for _, s := range sessions {
			m.tellOwn(t, s, own.Presence, false)
		}
	})
}

// sessions lists the myApps clients of a person.
func (p *Presence) sessions(a signal.Address) []appservice.Session {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]appservice.Session, 0, len(p.clients[a]))
	for s := range p.clients[a] {
		list = append(list, s)
	}
	return list
}
