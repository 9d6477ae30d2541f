package signal

import "github.com/tandem-switch/tandem/trace"

// ReleaseCall ends the calls of the domain that have the id, those of a chat all
// together, with cause 16, and tells how many there were. A chat may begin anew
// with the next text.
func (s *Switch) ReleaseCall(domain DomainID, id trace.CallID) int {
	s.mu.RLock()
	var calls []*Call
	for k := range s.calls {
		if k.id == id {
			calls = append(calls, k)
		}
	}
	var chats []*Chat
	for _, c := range s.chats {
		if c.id == id && c.key[0].Domain == domain {
			chats = append(chats, c)
		}
	}
	s.mu.RUnlock()
	released := 0
	s.turn(func(t *Turn) {
		for _, k := range calls {
			if k.info().Domain == domain {
				k.shutdown(t, CauseNormal)
				released++
			}
		}
		for _, c := range chats {
			c.shutdown(t, CauseNormal)
			released++
		}
	})
	return released
}

// EndRegistrations ends the registrations of the object that came over the
// connection with the name, all of them if it is empty, as if the object had been
// disabled for a moment, and tells how many there were. Clients may register anew.
func (s *Switch) EndRegistrations(a Address, conn string) int {
	s.mu.RLock()
	o := s.objects[a]
	s.mu.RUnlock()
	if o == nil {
		return 0
	}
	ended := 0
	s.turn(func(t *Turn) {
		for _, r := range o.registrations() {
			if conn == "" || r.conn.ep.Name() == conn {
				r.conn.unregister(t, r, CauseNormalUnspecified, "released")
				ended++
			}
		}
	})
	return ended
}
