package pbxmessages

import "github.com/tandem-switch/tandem/signal"

// Connected tells whether the link is up, as Messages knows it.
func (m *Messages) Connected(a signal.Address) bool {
	s := m.service(a)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn != nil
}

// Nudge says something to the service, to show that nothing was said before.
func (m *Messages) Nudge(a signal.Address) {
	s := m.service(a)
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.conn.Send([]byte(`{"mt":"Nudge"}`))
}

// Tickets is how many wait for an answer.
func (m *Messages) Tickets(a signal.Address) int {
	s := m.service(a)
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.tickets)
}

// Replaying tells whether an outbox is being emptied.
func (m *Messages) Replaying(a signal.Address) bool {
	s := m.service(a)
	m.mu.Lock()
	defer m.mu.Unlock()
	return s.lane.replaying
}

// Ended is how many results of rows are remembered.
func (m *Messages) Ended() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.ended)
}

// Conversations is how many are remembered.
func (m *Messages) Conversations() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.conversations)
}
