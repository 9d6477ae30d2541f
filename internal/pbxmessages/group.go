package pbxmessages

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/sanitize"
	"github.com/tandem-switch/tandem/signal"
)

// Limits of groups.
const (
	membersLimit = 5 * time.Second // for the service to tell the members
	maxMembers   = 100_000         // of one group
	maxGroups    = 20_000          // that are remembered
	maxTitle     = 256             // bytes of a name
	rereads      = 16              // groups that are read at a time when the link is new
)

// group is what is known of a group. Messages.groupsMu guards all but the first three.
type group struct {
	svc     *service
	number  int64
	address signal.Address

	title   string
	members map[string]signal.Address // by guid, or name; without object: not of the directory
	list    []signal.Address          // those that texts go to; replaced, never changed
	known   bool                      // members is what the service has said
	fresh   bool                      // over the link that is up: it tells every change
	used    time.Time

	reading  map[string]signal.Address // what was told so far; nil: nothing was asked
	token    uint64
	asking   clock.Timer
	waiting  []func(t *signal.Turn, cause signal.Cause)
	listened bool // the switch has asked for it
}

// groupAddress is the address that stands for a group: it follows from its number and
// that of its Messages object.
func groupAddress(s *service, number int64) signal.Address {
	object := int64(s.address.Object)
	if number < 1<<40 && object < 1<<22 {
		return signal.Address{Domain: s.address.Domain, Object: signal.ObjectID(-(object<<40 | number))}
	}
	h := fnv.New64a()
	h.Write(strconv.AppendInt(strconv.AppendInt(nil, object, 10), -number, 10))
	return signal.Address{Domain: s.address.Domain, Object: signal.ObjectID(-(1<<62 | int64(h.Sum64()>>2)))}
}

// groupNumber reads the name of a group of the service (decision 60).
func (s *service) groupNumber(sip string) (n int64, ok bool) {
	o, there := s.m.dir.Object(s.address)
	sip = strings.TrimPrefix(sip, "sip:")
	if name, host, found := strings.Cut(sip, "@"); found {
		dom, _ := s.m.dir.Domain(s.address.Domain)
		if !strings.EqualFold(host, dom.Name) {
			return 0, false
		}
		sip = name
	}
	object, digits, found := strings.Cut(sip, "?g")
	if !there || !found || directory.Fold(object) != directory.Fold(o.SIP) || len(digits) > 15 || digits == "" || digits[0] < '1' || digits[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, err == nil
}

// Group implements signal.Archive.
func (m *Messages) Group(asker signal.Address, sip string, ready func(t *signal.Turn, g signal.Group, cause signal.Cause)) (signal.Group, signal.Cause, bool) {
	s := m.storeOf(asker)
	if s == nil || !s.extended() {
		return signal.Group{}, signal.CauseUnallocated, true
	}
	n, ok := s.groupNumber(sip)
	if !ok {
		return signal.Group{}, signal.CauseUnallocated, true
	}
	if !m.lics.Licensed(asker, licence.ChatGroup) {
		return signal.Group{}, signal.CauseNotSubscribed, true
	}
	m.groupsMu.Lock()
	defer m.groupsMu.Unlock()
	g := m.group(s, n)
	g.listened = true
	if g.fresh || g.known && s.link() == nil {
		found, cause := g.forAsker(asker)
		return found, cause, true
	}
	m.whenRead(g, func(t *signal.Turn, cause signal.Cause) {
		m.groupsMu.Lock()
		found := signal.Group{Party: signal.Party{Address: g.address}}
		if cause == 0 {
			found, cause = g.forAsker(asker)
		}
		m.groupsMu.Unlock()
		ready(t, found, cause)
	})
	return signal.Group{Party: signal.Party{Address: g.address}}, 0, false
}

// group finds or makes it. The caller holds groupsMu.
func (m *Messages) group(s *service, number int64) *group {
	a := groupAddress(s, number)
	g := m.groups[a]
	if g == nil {
		m.forgetGroup()
		g = &group{svc: s, number: number, address: a}
		m.groups[a] = g
	}
	g.used = m.clock.Now()
	return g
}

// forgetGroup makes room for another one. The caller holds groupsMu.
func (m *Messages) forgetGroup() {
	if len(m.groups) < maxGroups {
		return
	}
	var oldest *group
	looked := 0
	for _, g := range m.groups { // one of some is as good as the very oldest
		if g.reading == nil && (oldest == nil || g.used.Before(oldest.used)) {
			oldest = g
		}
		if looked++; looked >= 64 && oldest != nil {
			break
		}
	}
	if oldest != nil {
		delete(m.groups, oldest.address)
	}
}

// serviceOfGroup is the service that has told of the group.
func (m *Messages) serviceOfGroup(a signal.Address) *service {
	m.groupsMu.Lock()
	defer m.groupsMu.Unlock()
	if g := m.groups[a]; g != nil {
		g.used = m.clock.Now()
		return g.svc
	}
	return nil
}

// Members implements signal.Archive.
func (m *Messages) Members(a signal.Address) []signal.Address {
	m.groupsMu.Lock()
	defer m.groupsMu.Unlock()
	g := m.groups[a]
	if g == nil || !g.known {
		return nil
	}
	g.used = m.clock.Now()
	return g.list
}

// value is the group as the switch sees it. The caller holds groupsMu.
func (g *group) value() signal.Group {
	return signal.Group{
		Party:   signal.Party{Address: g.address, SIP: g.name(), Name: g.title, Kind: signal.GroupChat},
		Members: g.list,
	}
}

func (g *group) name() string { return g.svc.name() + "?g" + strconv.FormatInt(g.number, 10) }

// forAsker is the group for somebody who wants to take part. The caller holds groupsMu.
func (g *group) forAsker(asker signal.Address) (signal.Group, signal.Cause) {
	if !slices.Contains(g.list, asker) {
		return signal.Group{Party: signal.Party{Address: g.address}}, signal.CauseUnallocated
	}
	return g.value(), 0
}

// whenRead has f called when the members are known, or cannot be. The caller holds
// groupsMu.
func (m *Messages) whenRead(g *group, f func(t *signal.Turn, cause signal.Cause)) {
	g.waiting = append(g.waiting, f)
	m.read(g)
}

// read asks for the members, unless that is under way. The caller holds groupsMu.
func (m *Messages) read(g *group) {
	if g.reading != nil {
		return
	}
	s := g.svc
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		m.tellWaiting(g, signal.CauseTemporaryFailure)
		return
	}
	g.token = s.token(&ticket{kind: membersRead, group: g})
	raw := appendToken([]byte(`{"mt":"ReadMembers","src":`), g.token)
	raw = strictjson.AppendString(append(raw, `,"grp":`...), g.name())
	if s.conn.Send(append(raw, '}')) != nil {
		delete(s.tickets, g.token)
		m.tellWaiting(g, signal.CauseTemporaryFailure)
		return
	}
	token := g.token
	g.reading = map[string]signal.Address{}
	g.asking = m.clock.AfterFunc(membersLimit, func() { m.unread(g, token) })
}

// tellWaiting tells those who wait for the members. The caller holds groupsMu.
func (m *Messages) tellWaiting(g *group, cause signal.Cause) {
	r := m.runner(conversationKey{g.address})
	for _, f := range g.waiting {
		r.add(func(t *signal.Turn) { f(t, cause) })
	}
	g.waiting = nil
}

// unread gives up waiting for the members.
func (m *Messages) unread(g *group, token uint64) {
	g.svc.drop(token)
	m.groupsMu.Lock()
	defer m.groupsMu.Unlock()
	if g.reading == nil || g.token != token {
		return
	}
	g.reading = nil
	m.tellWaiting(g, signal.CauseTemporaryFailure)
}

// member takes what the service says to a ReadMembers.
func (s *service) member(g *group, f *appservice.Frame, final bool) {
	m := s.m
	m.groupsMu.Lock()
	defer m.groupsMu.Unlock()
	switch {
	case g.reading == nil:
	case !final:
		key, a := s.who(f)
		if takesPart(f.Get("role").String()) && key != "" && len(g.reading) < maxMembers {
			g.reading[key] = a
		}
	default:
		m.readAll(g, f)
	}
}

// readAll takes the end of the list of members. The caller holds groupsMu.
func (m *Messages) readAll(g *group, f *appservice.Frame) {
	g.asking.Stop()
	members := g.reading
	g.reading = nil
	if code, _ := number(f.Get("error")); code != 0 || f.MT == appservice.MTError {
		cause := signal.CauseTemporaryFailure
		if code == 2 || code == codeNotAllowed {
			cause = signal.CauseUnallocated
			if g.known {
				m.groupGone(g)
			}
		}
		m.tellWaiting(g, cause)
		m.rereadNext(g.svc)
		return
	}
	was := g.known
	before, title := g.list, g.title
	g.title, g.members, g.known, g.fresh = sanitize.Text(f.Get("dn").String(), maxTitle), members, true, true
	g.relist()
	m.tellWaiting(g, 0)
	if was && (g.title != title || !slices.Equal(before, g.list)) {
		m.groupChanged(g)
	}
	m.rereadNext(g.svc)
}

// relist makes the list of those that texts go to.
func (g *group) relist() {
	list := make([]signal.Address, 0, len(g.members))
	for _, a := range g.members {
		if a.Object != 0 {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, byObject)
	g.list = slices.Compact(list)
}

// who is the member that a message names: the key that it is known by, and its
// address if it is an object of the directory.
func (s *service) who(f *appservice.Frame) (key string, a signal.Address) {
	guid, sip := f.Get("guid").String(), f.Get("member").String()
	if p, ok := s.m.person(s.address.Domain, guid, sip); ok {
		a = p
	}
	if guid != "" {
		return "g" + strings.ToLower(guid), a
	}
	if sip == "" {
		return "", a
	}
	return "s" + directory.Fold(sip), a
}

// person finds somebody whom the service names: by guid if there is one, else by name.
func (m *Messages) person(dom signal.DomainID, guid, sip string) (signal.Address, bool) {
	if guid != "" {
		o, ok := m.dir.ObjectByGUID(dom, strings.ToLower(guid))
		return o.Address(), ok
	}
	o, ok := m.dir.ObjectByName(dom, sip)
	return o.Address(), ok && sip != ""
}

// takesPart tells whether texts go to members of the role.
func takesPart(role string) bool {
	return role == "" || role == "member" || role == "admin" || role == "owner"
}

// changed takes GroupChanged and MemberChanged.
func (s *service) changed(f *appservice.Frame) {
	m := s.m
	n, ok := s.groupNumber(f.Get("grp").String())
	if !ok {
		m.obs.Dropped("service_bad_frame")
		return
	}
	a := groupAddress(s, n)
	m.runner(conversationKey{a}).room()
	m.groupsMu.Lock()
	defer m.groupsMu.Unlock()
	g := m.groups[a]
	if g == nil || !g.known && g.reading == nil {
		return // nobody has asked for it
	}
	gone, _ := f.Get("gone").Bool()
	switch {
	case f.MT == "GroupChanged" && gone:
		m.groupGone(g)
	case f.MT == "GroupChanged":
		g.title = sanitize.Text(f.Get("dn").String(), maxTitle)
		m.groupChanged(g)
	default:
		g.change(s, f, gone)
		m.groupChanged(g)
	}
}

// change takes a MemberChanged. The caller holds groupsMu.
func (g *group) change(s *service, f *appservice.Frame, gone bool) {
	key, a := s.who(f)
	if key == "" {
		return
	}
	stays := !gone && takesPart(f.Get("role").String())
	if g.reading != nil {
		set(g.reading, key, a, stays)
	}
	if g.members == nil {
		return
	}
	before := g.members[key]
	set(g.members, key, a, stays)
	g.unlist(before)
	g.unlist(a)
	if now := g.members[key]; now.Object != 0 {
		i, _ := slices.BinarySearchFunc(g.list, now, byObject)
		g.list = slices.Insert(slices.Clone(g.list), i, now)
	}
}

func set(members map[string]signal.Address, key string, a signal.Address, stays bool) {
	switch _, there := members[key]; {
	case !stays:
		delete(members, key)
	case there, len(members) < maxMembers:
		members[key] = a
	}
}

// unlist takes somebody out of the list, which is copied: others may have it.
func (g *group) unlist(a signal.Address) {
	if i, found := slices.BinarySearchFunc(g.list, a, byObject); found {
		g.list = slices.Delete(slices.Clone(g.list), i, i+1)
	}
}

// byObject is the order of lists of members, who are all of one domain.
func byObject(a, b signal.Address) int { return cmp.Compare(a.Object, b.Object) }

// groupChanged tells the switch. The caller holds groupsMu.
func (m *Messages) groupChanged(g *group) {
	if g.known && g.listened {
		now := g.value()
		m.runner(conversationKey{g.address}).add(func(t *signal.Turn) { m.sw.GroupChanged(t, now) })
	}
}

// groupGone forgets a group and tells the switch. The caller holds groupsMu.
func (m *Messages) groupGone(g *group) {
	g.members, g.list, g.fresh = nil, []signal.Address{}, true
	m.groupChanged(g)
	if g.reading == nil {
		delete(m.groups, g.address)
	}
}

// groupsDown notes that changes are not told any more.
func (s *service) groupsDown() {
	m := s.m
	m.groupsMu.Lock()
	defer m.groupsMu.Unlock()
	for _, g := range m.groups {
		if g.svc != s {
			continue
		}
		g.fresh = false
		if g.reading != nil {
			g.asking.Stop()
			g.reading = nil
			m.tellWaiting(g, signal.CauseTemporaryFailure)
		}
	}
}

// readAgain reads all groups that were known, a few at a time.
func (s *service) readAgain() {
	m := s.m
	m.groupsMu.Lock()
	defer m.groupsMu.Unlock()
	s.again = nil
	for _, g := range m.groups {
		if g.svc == s && g.known {
			s.again = append(s.again, g)
		}
	}
	for range rereads {
		m.rereadNext(s)
	}
}

// rereadNext reads the next group that was known before. The caller holds groupsMu.
func (m *Messages) rereadNext(s *service) {
	for len(s.again) > 0 {
		g := s.again[0]
		s.again = s.again[1:]
		if !g.fresh && m.groups[g.address] == g {
			m.read(g)
			return
		}
	}
}
