package signal_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/signal"
)

// states writes down what a watcher finds when it is told.
type states struct {
	w   *world
	log []string
}

func (s *states) ActivityChanged(_ *signal.Turn, a signal.Address) {
	st := s.w.sw.Activity(a)
	p, _ := s.w.dir.Party(a)
	s.log = append(s.log, fmt.Sprintf("%s %v %v", p.SIP, st.Registered, st.OnPhone))
}

func (s *states) expect(want ...string) {
	s.w.t.Helper()
	if got := strings.Join(s.log, ", "); got != strings.Join(want, ", ") {
		s.w.t.Errorf("told %s\nwant %s", got, strings.Join(want, ", "))
	}
	s.log = nil
}

// Who sets up a call with media is on the phone until its end, who is called from
// the answer on.
func TestActivity(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	s := &states{w: w}
	w.sw.SetWatcher(s)
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	second := w.connect("bob.2", "")
	s.expect("alice true false", "bob true false", "bob true false")
	alice.say(1, offerSetup)
	bob.say(-1, `{"type":"alert"}`)
	s.expect("alice true true")
	bob.say(-1, `{"type":"conn"}`)
	s.expect("bob true true")
	alice.say(1, `{"type":"rel"}`)
	s.expect("alice true false", "bob true false")
	alice.chat(2, "bob")
	bob.say(-2, `{"type":"conn"}`)
	alice.say(2, `{"type":"rel"}`)
	s.expect() // a chat is no call on the phone
	alice.say(3, offerSetup)
	bob.say(-3, `{"type":"conn"}`)
	s.log = nil
	bob.lose()
	s.expect("bob true true", "alice true false", "bob true false")
	second.lose()
	s.expect("bob false false")
	w.sw.ObjectChanged(w.dir.disable("alice"))
	s.expect(" false false")
	alice.lose()
	w.empty(t)
}
