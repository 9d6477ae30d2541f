package pbxmessages

import (
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/sanitize"
	"github.com/tandem-switch/tandem/signal"
)

// unasked takes what the service says by itself, or asks. Only one with our extension
// has anything to say.
func (s *service) unasked(f *appservice.Frame) {
	switch {
	case !s.extended():
		s.m.obs.Dropped("service_unknown_mt")
	case f.MT == "Marked":
		s.marked(f)
	case f.MT == "GroupChanged", f.MT == "MemberChanged":
		s.changed(f)
	case f.MT == "Deliver":
		s.deliver(f)
	case f.MT == "Unread":
		s.unreadOf(f)
	case f.MT == "Resolve":
		s.resolve(f)
	default:
		s.m.obs.Dropped("service_unknown_mt")
	}
}

// party is somebody whom the service names, as the switch knows him.
func (s *service) party(guid, sip string) (signal.Party, bool) {
	a, ok := s.m.person(s.address.Domain, guid, sip)
	if !ok {
		return signal.Party{}, false
	}
	return s.m.dir.Party(a)
}

// place is the chat that a message of the service is about, as the person sees it: the
// partner, or the group.
func (s *service) place(f *appservice.Frame) (signal.Party, bool) {
	if grp := f.Get("grp"); grp.Exists() {
		n, ok := s.groupNumber(grp.String())
		if !ok {
			return signal.Party{}, false
		}
		s.m.groupsMu.Lock()
		defer s.m.groupsMu.Unlock()
		return s.m.group(s, n).value().Party, true
	}
	return s.party("", f.Get("sip").String())
}

// tell has the switch told of a conversation, behind what was told of it before. It
// waits while too much is.
func (m *Messages) tell(k conversationKey, f func(t *signal.Turn)) {
	r := m.runner(k)
	r.room()
	r.add(f)
}

// marked takes Marked: a person has received or read more than before.
func (s *service) marked(f *appservice.Frame) {
	k := signal.Mark{ID: f.Get("cid").String()}
	switch f.Get("state").String() {
	case signal.StateDelivered.String():
		k.State = signal.StateDelivered
	case signal.StateRead.String():
		k.State = signal.StateRead
	}
	k.MID, _ = number(f.Get("id"))
	var there, placed bool
	k.Reader, there = s.party(f.Get("guid").String(), f.Get("user").String())
	k.Peer, placed = s.place(f)
	if !there || !placed || k.MID == 0 || k.State == 0 {
		s.m.obs.Dropped("service_bad_frame")
		return
	}
	if author, ok := s.party("", f.Get("author").String()); ok {
		k.Author = author.Address
	}
	k.At = s.time(f)
	s.m.tell(keyOf(k.Reader.Address, k.Peer.Address), func(t *signal.Turn) { s.m.sw.Marked(t, k) })
}

// time is the timestamp of a message, or now.
func (s *service) time(f *appservice.Frame) time.Time {
	if at, ok := number(f.Get("timestamp")); ok && at > 0 {
		return time.UnixMilli(at)
	}
	return s.m.clock.Now()
}

// deliver takes Deliver: a message that is stored already is passed on.
func (s *service) deliver(f *appservice.Frame) {
	d := signal.Delivery{ID: f.Get("cid").String(), At: s.time(f)}
	d.MID, _ = number(f.Get("id"))
	var there, placed bool
	d.Author, there = s.party(f.Get("authorGuid").String(), f.Get("author").String())
	d.To, placed = s.place(f)
	ok := there && placed && d.MID != 0
	for name, to := range map[string]*[]byte{"mime": &d.Mime, "data": &d.Data, "attach": &d.Attach} {
		if v := f.Get(name); v.Exists() {
			*to, ok = v.Raw(), ok && v.Kind() == strictjson.String
		}
	}
	if v := f.Get("ext"); v.Exists() {
		d.Ext, ok = v.Raw(), ok && v.Kind() == strictjson.Object
	}
	if !ok || (d.Mime == nil) != (d.Data == nil) {
		s.m.obs.Dropped("service_bad_frame")
		return
	}
	d.HTML, d.Alt = cleaned(f.Get("text")), cleaned(f.Get("alt"))
	key := keyOf(d.Author.Address, d.To.Address)
	if d.To.Kind != signal.GroupChat {
		s.m.tell(key, func(t *signal.Turn) { s.m.sw.Deliver(t, d) })
		return
	}
	s.m.runner(key).room()
	s.m.groupsMu.Lock()
	defer s.m.groupsMu.Unlock()
	pass := func(t *signal.Turn, cause signal.Cause) {
		if cause == 0 {
			s.m.sw.Deliver(t, d)
		}
	}
	if g := s.m.groups[d.To.Address]; g != nil && !g.fresh {
		s.m.whenRead(g, pass)
		return
	}
	s.m.runner(key).add(func(t *signal.Turn) { pass(t, 0) })
}

// cleaned is a text of the service as HTML that may be shown, a JSON string; nil: none.
func cleaned(v strictjson.Value) []byte {
	text, ok := v.Text()
	if !ok {
		return nil
	}
	return strictjson.AppendString(nil, sanitize.HTML(text))
}

// unreadOf takes Unread (decision 65).
func (s *service) unreadOf(f *appservice.Frame) {
	n, ok := number(f.Get("unread"))
	p, there := s.party("", f.Get("user").String())
	if !ok || !there {
		s.m.obs.Dropped("service_bad_frame")
		return
	}
	if s.m.badge != nil {
		s.m.tell(keyOf(p.Address, p.Address), func(t *signal.Turn) { s.m.badge(t, p.Address, n) })
	}
}

// maxResolve is how many names the service may ask for at a time.
const maxResolve = 1000

// who is a person as the service is told.
type who struct {
	SIP  string `json:"sip"`
	GUID string `json:"guid"`
	DN   string `json:"dn"`
}

// resolve answers Resolve: who these names are. Those that are none, and people whom
// the asker may not see, are left out. Without an asker it is the service itself that
// asks.
func (s *service) resolve(f *appservice.Frame) {
	people := []who{}
	asker, known := s.party("", f.Get("user").String())
	anybody := f.Get("user").String() == ""
	for v := range f.Get("names").Elements() {
		if len(people) >= maxResolve {
			break
		}
		o, ok := s.m.dir.ObjectByName(s.address.Domain, v.String())
		visible := ok && (anybody || known && s.m.dir.Visible(asker.Address, o.Address()))
		if visible && v.String() != "" && !o.Disabled {
			people = append(people, who{o.SIP, o.GUID, o.DisplayName()})
		}
	}
	raw, err := appservice.AppendReply(nil, appservice.Frame{Src: f.Src}, struct {
		MT     string `json:"mt"`
		People []who  `json:"people"`
	}{"ResolveResult", people})
	if err != nil {
		return // it is always an object without src
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil && len(raw) <= s.longest() {
		_ = s.conn.Send(raw) // a full queue: the service asks again
	}
}

// AskUnread asks the service of somebody how many messages he has not read; Config.Badge
// is told. Nothing is told where nobody stores his chats.
func (m *Messages) AskUnread(a signal.Address) {
	s := m.storeOf(a)
	p, ok := m.dir.Party(a)
	switch {
	case s == nil, !ok:
		return
	case !s.extended():
		s.poll(a)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		_ = s.conn.Send(append(strictjson.AppendString([]byte(`{"mt":"Unread","user":`), p.SIP), '}')) // a full queue: at the next change
	}
}
