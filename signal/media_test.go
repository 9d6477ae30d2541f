package signal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

const offerSetup = `{"type":"setup","channel":-1,"complete":true,"cd":{"sip":"bob"},"channels_cmd":"PROPOSAL","channels":{"a":[1.50,  2]}}`

// Table 3.4: what each side may say in each state, and what the other hears.
func TestRelayTable(t *testing.T) {
	types := []string{"setup_ack", "info", "call_proc", "alert", "progress", "conn", "channels", "facility", "user_info", "media_info", "disc", "rel", "accept", "setup", "x"}
	messages := func(typ string) string {
		switch typ {
		case "facility":
			return `{"type":"facility","fty":[{"type":"y"}]}`
		case "channels":
			return `{"type":"channels","channels_cmd":"SELECT","channels":{}}`
		}
		return `{"type":"` + typ + `"}`
	}
	for _, tt := range []struct {
		state  string
		caller bool   // who speaks
		passes string // what the other side hears, by type
	}{
		{"offered", true, "info channels facility disc rel"},
		{"offered", false, "alert progress conn channels facility disc rel"},
		{"alerting", true, "info channels facility disc rel"},
		{"alerting", false, "progress conn channels facility disc rel"},
		{"connected", true, "info channels facility user_info media_info disc rel"},
		{"connected", false, "info channels facility user_info media_info disc rel"},
	} {
		for _, typ := range types {
			w := newWorld(t, "alice", "bob")
			alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
			alice.say(1, offerSetup)
			if tt.state != "offered" {
				bob.say(-1, `{"type":"alert"}`)
			}
			if tt.state == "connected" {
				bob.say(-1, `{"type":"conn","channel":-1}`)
			}
			alice.got()
			bob.got()
			from, to, number := alice, bob, 1
			if !tt.caller {
				from, to, number = bob, alice, -1
			}
			from.say(number, messages(typ))
			heard := len(to.got()) > 0
			if want := strings.Contains(" "+tt.passes+" ", " "+typ+" "); heard != want {
				t.Errorf("%s, from the caller %v: %s heard: %v", tt.state, tt.caller, typ, heard)
			}
			if got := from.got(); len(got) != 0 {
				t.Errorf("%s, %s: the speaker got %q", tt.state, typ, got)
			}
		}
	}
}

// Decision 44: channels goes byte for byte.
func TestChannelsByteForByte(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	alice.say(1, offerSetup)
	bob.say(-1, `{"type":"conn","channel":-1,"channels_cmd":"SELECT","channels":{"b":[ 1e3 ]},"Channels":{"c":1}}`)
	if f := bob.frames[0]; !strings.Contains(f, `"channels":{"a":[1.50,  2]}`) {
		t.Errorf("bob got %s", f)
	}
	if f := alice.frames[1]; !strings.Contains(f, `"channels":{"b":[ 1e3 ]}`) || strings.Contains(f, "Channels") {
		t.Errorf("alice got %s", f)
	}
}

// Decision 32: the first alert goes on, with the name; later ones do not; the
// first conn wins, the others get 26.
func TestForking(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, one, two, chatty := w.connect("alice.1", ""), w.connect("bob.1", ""), w.connect("bob.2", ""), w.connect("bob.3", "NO_MEDIA_CALL")
	alice.say(1, offerSetup)
	two.say(-1, `{"type":"alert"}`)
	one.say(-1, `{"type":"alert"}`)
	one.say(-1, `{"type":"progress"}`) // two rings
	alice.say(1, `{"type":"facility","fty":[{"type":"y"}]}`)
	one.say(-1, `{"type":"conn"}`)
	alice.expect("1 call_proc", "1 alert", "1 conn")
	if !strings.Contains(alice.frames[1], `{"type":"name_identification","name":"Bob"}`) {
		t.Errorf("alert: %s", alice.frames[1])
	}
	one.expect("-1 setup alice", "-1 y")
	two.expect("-1 setup alice", "-1 rel 26")
	chatty.expect()
	two.say(-1, `{"type":"conn"}`)
	alice.expect()
}

// Decision 37: 32 messages or 64 KiB wait, then 47.
func TestEarlyOverflow(t *testing.T) {
	for size, fit := range map[int]int{1: signal.MaxEarly, 3000: 21} {
		w := newWorld(t, "alice", "bob")
		alice, one := w.connect("alice.1", ""), w.connect("bob.1", "")
		w.connect("bob.2", "")
		alice.say(1, offerSetup)
		early := `{"type":"facility","fty":[{"type":"y","x":"` + strings.Repeat("x", size) + `"}]}`
		for range fit {
			alice.say(1, early)
		}
		alice.expect("1 call_proc")
		alice.say(1, early)
		alice.expect("1 rel 47")
		one.expect("-1 setup alice", "-1 rel 47")
	}
}

// Decision 31: 4 s for any message, 180 s for conn.
func TestMediaTimers(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, one, two := w.connect("alice.1", ""), w.connect("bob.1", ""), w.connect("bob.2", "")
	alice.say(1, offerSetup)
	w.advance(3 * time.Second)
	two.say(-1, `{"type":"call_proc"}`)
	w.advance(time.Second)
	one.expect("-1 setup alice", "-1 rel 18")
	two.expect("-1 setup alice")
	w.advance(signal.Unanswered - 4*time.Second - time.Millisecond)
	alice.expect("1 call_proc")
	w.advance(time.Millisecond)
	alice.expect("1 rel 19")
	two.expect("-1 rel 19")
	alice.lose()
	one.lose()
	two.lose()
	w.empty(t)
}

// An answered call has no timer at all.
func TestConnectedCallLives(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	alice.say(1, offerSetup)
	bob.say(-1, `{"type":"conn"}`)
	alice.got()
	bob.got()
	w.advance(24 * time.Hour)
	alice.expect()
	if n := w.clock.pending(); n != 0 {
		t.Errorf("%d timers", n)
	}
	bob.lose()
	alice.expect("1 rel 41")
}

// Losses before the answer: an alerting fork disappears; no fork left: 27.
func TestLossBeforeTheAnswer(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, one, two := w.connect("alice.1", ""), w.connect("bob.1", ""), w.connect("bob.2", "")
	alice.say(1, offerSetup)
	one.say(-1, `{"type":"alert"}`)
	one.lose()
	alice.expect("1 call_proc", "1 alert")
	two.say(-1, `{"type":"alert"}`) // now it is the one that rings
	alice.expect("1 alert")
	two.lose()
	alice.expect("1 rel 27")
	alice.say(2, offerSetup)
	alice.expect("2 call_proc", "2 rel 20")
}

// Decision 31: overlap dialling.
func TestOverlap(t *testing.T) {
	dial := func(d *device, num string) { d.say(1, `{"type":"info","cd":{"num":"`+num+`"}}`) }
	for _, tt := range []struct {
		name string
		do   func(w *world, d *device)
		want []string
	}{
		{"found", func(_ *world, d *device) { dial(d, "2") }, []string{"1 setup_ack", "1 call_proc"}},
		{"digit by digit", func(_ *world, d *device) { dial(d, ""); dial(d, "2") }, []string{"1 setup_ack", "1 call_proc"}},
		{"wrong", func(_ *world, d *device) { dial(d, "9") }, []string{"1 setup_ack", "1 rel 1"}},
		{"complete too early", func(_ *world, d *device) { d.say(1, `{"type":"info","complete":true}`) }, []string{"1 setup_ack", "1 rel 28"}},
		{"no more digits", func(w *world, _ *device) { w.advance(15 * time.Second) }, []string{"1 setup_ack", "1 rel 28"}},
		{"each digit gives 15 s", func(w *world, d *device) {
			w.advance(14 * time.Second)
			dial(d, "")
			w.advance(14 * time.Second)
			dial(d, "2")
		}, []string{"1 setup_ack", "1 call_proc"}},
		{"hung up", func(w *world, d *device) { d.say(1, `{"type":"rel"}`); w.advance(time.Minute) }, []string{"1 setup_ack"}},
		{"complete and a beginning", func(w *world, d *device) {
			w.dir.add("carol", "1022")
			dial(d, "2")
			if got := d.got(); len(got) != 1 || len(w.sw.Calls()) != 1 {
				w.t.Errorf("before the time is over: %q", got)
			}
			d.taken = 0
			w.advance(15 * time.Second)
		}, []string{"1 setup_ack", "1 call_proc"}},
		{"complete and said so", func(w *world, d *device) {
			w.dir.add("carol", "1022")
			d.say(1, `{"type":"info","cd":{"num":"2"},"complete":true}`)
		}, []string{"1 setup_ack", "1 call_proc"}},
		{"something else", func(_ *world, d *device) { d.say(1, `{"type":"conn"}`); dial(d, "2") }, []string{"1 setup_ack", "1 call_proc"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, "alice", "bob")
			alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
			alice.say(1, `{"type":"setup","channel":-1,"cd":{"num":"10"}}`)
			tt.do(w, alice)
			alice.expect(tt.want...)
			if called := len(bob.got()) > 0; called != (tt.want[len(tt.want)-1] == "1 call_proc") {
				t.Errorf("bob was called: %v", called)
			}
			alice.lose()
			bob.lose()
			w.empty(t)
		})
	}
}

// A call that ends by disc or rel passes on what came with it.
func TestReleaseWithMembers(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	alice.say(1, offerSetup)
	bob.say(-1, `{"type":"conn"}`)
	alice.say(1, `{"type":"disc","cau":{"loc":"x","num":"17"},"Cau":1,"uui":"bye","fty":[{"type":"y"},{"type":"im_message","data":"x"}]}`)
	if f := bob.frames[len(bob.frames)-1]; f != `-1 {"type":"rel","uui":"bye","fty":[{"type":"y"}],"cau":{"num":17}}` {
		t.Errorf("bob got %s", f)
	}
}

// Odd causes are 16.
func TestCauses(t *testing.T) {
	for cau, want := range map[string]int{
		`{"num":17}`: 17, `{"num":"21"}`: 21, `{}`: 16, `{"num":0}`: 16, `{"num":-1}`: 16, `{"num":128}`: 16, `{"num":1e300}`: 16,
		`{"num":"x"}`: 16, `7`: 16, `null`: 16, `{"num":{}}`: 16, `{"num":"999999999999999999999"}`: 16,
	} {
		w := newWorld(t, "alice", "bob")
		alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
		joined(alice, 1, bob, "bob")
		alice.say(1, `{"type":"rel","cau":`+cau+`}`)
		bob.expect(fmt.Sprint("-1 rel ", want))
	}
}
