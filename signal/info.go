package signal

import (
	"cmp"
	"slices"
	"time"

	"github.com/tandem-switch/tandem/trace"
)

// RegistrationInfo describes a live registration for lists.
type RegistrationInfo struct {
	Address Address
	SIP     string
	HW      string
	Flags   Flags
	Inbox   bool // its inbox is open
	Conn    string
	From    string // IP address of the client, if its endpoint knows it (From)
	Since   time.Time
}

// Registrations lists all live registrations, oldest first.
func (s *Switch) Registrations() []RegistrationInfo {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var list []RegistrationInfo
	for _, o := range s.objects {
		list = o.appendInfo(list)
	}
	slices.SortFunc(list, func(a, b RegistrationInfo) int { return a.Since.Compare(b.Since) })
	return list
}

// RegistrationsOf lists the live registrations of one object, oldest first.
func (s *Switch) RegistrationsOf(a Address) []RegistrationInfo {
	s.mu.RLock()
	o := s.objects[a]
	s.mu.RUnlock()
	if o == nil {
		return nil
	}
	return o.appendInfo(nil)
}

func (o *object) appendInfo(list []RegistrationInfo) []RegistrationInfo {
	for _, r := range o.registrations() {
		list = append(list, RegistrationInfo{
			Address: r.addr, SIP: r.party.Load().SIP, HW: r.hw, Flags: r.flags,
			Inbox: r.inbox.Load() != nil, Conn: r.conn.ep.Name(), From: fromOf(r.conn.ep), Since: r.since,
		})
	}
	return list
}

// fromOf is where the other end of an endpoint is, of those that know it.
func fromOf(ep Endpoint) string {
	if p, ok := ep.(interface{ From() string }); ok {
		return p.From()
	}
	return ""
}

// CallInfo describes a live call for lists.
type CallInfo struct {
	ID       trace.CallID // the same for all calls of a chat
	Kind     CallKind
	Domain   DomainID
	From, To string
	Held     bool // a chat that the switch holds on behalf of an inbox
	Inboxes  bool // a chat between inboxes, which has no call
	Answered bool
	Legs     int
	Since    time.Time
	Texts    uint64 // texts of the chat so far
}

// Calls lists all live calls and chats, oldest first.
func (s *Switch) Calls() []CallInfo {
	s.mu.RLock()
	calls := make([]*Call, 0, len(s.calls))
	for k := range s.calls {
		calls = append(calls, k)
	}
	chats := make([]*Chat, 0, len(s.chats))
	for _, c := range s.chats {
		chats = append(chats, c)
	}
	s.mu.RUnlock()
	var list []CallInfo
	for _, k := range calls {
		list = append(list, k.info())
	}
	for _, c := range chats {
		list = append(list, c.info()...)
	}
	slices.SortFunc(list, func(a, b CallInfo) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.From, b.From))
	})
	return list
}

func (k *Call) info() CallInfo {
	k.mu.Lock()
	defer k.mu.Unlock()
	to := k.to.SIP
	if to == "" {
		to = k.digits
	}
	return CallInfo{ID: k.id, Kind: k.kind, Domain: k.from.Domain, From: k.from.SIP, To: to, Answered: k.winner != nil, Legs: 1 + len(k.forks), Since: k.since}
}

func (c *Chat) info() []CallInfo {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.calls) == 0 && !c.dead && c.hasInbox(0) && c.hasInbox(1) {
		return []CallInfo{{
			ID: c.id, Kind: ChatCall, Domain: c.key[0].Domain, From: c.sides[0].party.SIP, To: c.sides[1].party.SIP,
			Inboxes: true, Answered: true, Since: c.since, Texts: c.seq,
		}}
	}
	var list []CallInfo
	for _, k := range c.calls {
		i := CallInfo{
			ID: c.id, Kind: ChatCall, Domain: c.key[0].Domain, From: c.sides[k.from].party.SIP, To: c.sides[k.to()].party.SIP,
			Held: k.caller == nil, Answered: k.ever, Legs: len(k.legs), Since: k.since, Texts: c.seq,
		}
		if k.caller != nil {
			i.Legs++
		}
		list = append(list, i)
	}
	return list
}
