package service

import (
	"encoding/json"

	"github.com/tandem-switch/tandem/trace"
)

// event is what the service itself does, as the trace flag App shows it.
type event struct {
	MT     string `json:"mt"` // always App
	What   string `json:"what"`
	User   string `json:"user,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// note shows what happens on behalf of a peer under App.
func (s *Service) note(peer trace.Peer, what, user, reason string) {
	if !s.config.Tracer.On(trace.App) {
		return
	}
	text, err := json.Marshal(event{"App", what, user, reason})
	if err != nil {
		return // it is a struct of strings
	}
	s.config.Tracer.Note(trace.Event{Flags: trace.App, Peer: peer, Frame: text})
}

// note shows what happens on a link under App.
func (l *link) note(what, user, reason string) { l.s.note(peerOf(l.peer), what, user, reason) }
