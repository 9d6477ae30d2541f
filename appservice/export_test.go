package appservice

import "time"

// Unexported formulas that the vectors of the external test need.
var (
	Unseal  = unseal
	Compact = compact
	Answers = answers
)

// SetTimes shortens the limits of a server, before its first connection.
func (s *Server) SetTimes(ping, drop, login time.Duration) { s.times = times{ping, drop, login} }

// Held counts the sessions whose peer is not read at the moment.
func (s *Server) Held() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.sessions {
		if c.held.Load() {
			n++
		}
	}
	return n
}
