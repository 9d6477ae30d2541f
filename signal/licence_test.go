package signal_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tandem-switch/tandem/facilities"
	"github.com/tandem-switch/tandem/signal"
)

// barred is whoever may not set up calls with media, by object id, and how often
// somebody has asked.
type barred struct {
	id    signal.ObjectID
	asked atomic.Int32
}

func (b *barred) MayCall(a signal.Address) bool {
	b.asked.Add(1)
	return a.Object != b.id
}

// TestCallsAreLicensed: whoever has no licence for calls cannot set one up; it is
// asked for calls with media alone.
func TestCallsAreLicensed(t *testing.T) {
	number := func(num, rest string) string {
		return `{"type":"setup","channel":-1,"cd":{"num":"` + num + `"},"channels":{}` + rest + `}`
	}
	for _, tt := range []struct {
		name, setup string
		asked       int32
		answer      string
	}{
		{"media", offerSetup, 1, "1 rel 50"},
		{"media by number", number("102", `,"complete":true`), 1, "1 rel 50"},
		{"the beginning of a number", number("10", ""), 1, "1 rel 50"},
		{"media to nobody", number("999", ""), 1, "1 rel 50"},
		{"chat", `{"type":"setup","channel":0,"complete":true,"cd":{"sip":"bob"},"fty":[{"type":"im_setup"}]}`, 0, "1 call_proc"},
		{"no media", `{"type":"setup","channel":0,"complete":true,"cd":{"sip":"bob"}}`, 0, "1 call_proc"},
	} {
		w := newWorld(t, "alice", "bob")
		who := &barred{id: 1}
		var err error
		w.sw, err = signal.New(signal.Config{
			Directory: w.dir, Policy: facilities.New(), Clock: w.clock, Observer: w.drops, Licences: who,
		})
		if err != nil {
			t.Fatal(err)
		}
		alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
		alice.say(1, tt.setup)
		alice.expect(tt.answer)
		if asked := who.asked.Load(); asked != tt.asked {
			t.Errorf("%s: %d questions", tt.name, asked)
		}
		if heard := len(bob.got()) > 0; heard != (tt.asked == 0) {
			t.Errorf("%s: the called device heard of it: %v", tt.name, heard)
		}
		bob.say(2, strings.Replace(offerSetup, "bob", "alice", 1))
		bob.expect("2 call_proc")
	}
}
