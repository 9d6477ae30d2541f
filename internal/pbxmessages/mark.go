package pbxmessages

import (
	"strconv"

	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
)

// maxMarks is how many marks are kept for a service that cannot take them.
const maxMarks = 10_000

// markKey names what a later mark takes the place of.
type markKey struct {
	reader, peer signal.Address
	state        signal.State
}

// Mark implements signal.Archive. Where no service takes it now, the switch is told at
// once: what nobody stores goes by the ids that the switch remembers (A4). The service
// gets it when it can.
func (m *Messages) Mark(k signal.Mark) {
	services := m.markedAt(&k)
	m.mu.Lock()
	defer m.mu.Unlock()
	key := keyOf(k.Reader.Address, k.Peer.Address)
	c := m.conversations[key]
	told := len(services) > 0
	for _, s := range services {
		switch {
		case !s.extended():
			told = false
		case c != nil && c.rows > 0, !s.mark(&k):
			told = false
			m.keep(s, k)
		}
	}
	if !told {
		m.runner(key).add(func(t *signal.Turn) { m.sw.Marked(t, k) })
	}
}

// markedAt are the services that know the chat: those of both sides, or that of the
// group.
func (m *Messages) markedAt(k *signal.Mark) (list []*service) {
	if k.Peer.Kind == signal.GroupChat {
		if s := m.serviceOfGroup(k.Peer.Address); s != nil {
			list = append(list, s)
		}
		return list
	}
	for _, a := range []signal.Address{k.Reader.Address, k.Peer.Address} {
		if s := m.storeOf(a); s != nil && (len(list) == 0 || list[0] != s) {
			list = append(list, s)
		}
	}
	return list
}

// mark sends a mark. False if the link is down or behind. The caller holds
// Messages.mu.
func (s *service) mark(k *signal.Mark) bool {
	raw := strictjson.AppendString([]byte(`{"mt":"Mark","user":`), k.Reader.SIP)
	if guid := s.m.dir.GUID(k.Reader.Address); guid != "" {
		raw = strictjson.AppendString(append(raw, `,"guid":`...), guid)
	}
	name := `,"sip":`
	if k.Peer.Kind == signal.GroupChat {
		name = `,"grp":`
	}
	raw = strictjson.AppendString(append(raw, name...), k.Peer.SIP)
	if k.MID != 0 {
		raw = strconv.AppendInt(append(raw, `,"id":`...), k.MID, 10)
	} else {
		raw = strictjson.AppendString(append(raw, `,"cid":`...), k.ID)
		if author, ok := s.m.dir.Party(k.Author); ok {
			raw = strictjson.AppendString(append(raw, `,"author":`...), author.SIP)
		}
	}
	raw = strictjson.AppendString(append(raw, `,"state":`...), k.State.String())
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn != nil && s.conn.Send(append(raw, '}')) == nil
}

// keep has a mark sent when the service can take it. The caller holds mu.
func (m *Messages) keep(s *service, k signal.Mark) {
	key := markKey{k.Reader.Address, k.Peer.Address, k.State}
	old, there := s.lane.marks[key]
	switch {
	case there && k.MID != 0 && k.MID < old.MID:
		return
	case !there && len(s.lane.marks) >= maxMarks:
		m.obs.Dropped("marks_full")
		return
	case s.lane.marks == nil:
		s.lane.marks = map[markKey]signal.Mark{}
	}
	s.lane.marks[key] = k
}

// flushMarks sends the marks that were kept. The caller holds mu.
func (m *Messages) flushMarks(s *service) {
	for key, k := range s.lane.marks {
		if !s.mark(&k) {
			return
		}
		delete(s.lane.marks, key)
	}
}
