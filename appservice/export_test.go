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
