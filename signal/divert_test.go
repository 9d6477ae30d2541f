package signal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

func to(name string) signal.Target { return signal.Target{SIP: name} }

func callTo(name string) string {
	return strings.Replace(offerSetup, `"sip":"bob"`, `"sip":"`+name+`"`, 1)
}

// last is the newest frame of a device.
func (d *device) last() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.frames[len(d.frames)-1]
}

func TestDivertAlways(t *testing.T) {
	w := newWorld(t, "alice", "bob", "carol")
	w.dir.handle("bob", signal.Handling{Always: signal.Target{Num: "103"}})
	alice, bob, carol := w.connect("alice.1", ""), w.connect("bob.1", ""), w.connect("carol.1", "")
	alice.say(1, callTo("bob"))
	alice.expect("1 call_proc", "1 diverting_leg1")
	if want := `1 {"type":"facility","fty":[{"type":"diverting_leg1","reason":"ALWAYS","nominated":{"sip":"carol","num":"103"},"redirecting":{"sip":"bob","num":"102"}}]}`; alice.last() != want {
		t.Errorf("alice got %s", alice.last())
	}
	bob.expect()
	carol.expect("-1 setup alice")
	if want := `,{"type":"diverting_leg2","diverting":{"sip":"bob","num":"102"},"diverting_name":"Bob"},{"type":"name_identification","name":"Alice"}]}`; !strings.Contains(carol.last(), `"cd":{"sip":"carol"`) || !strings.HasSuffix("-1 ,"+strings.SplitN(carol.last(), `"fty":[`, 2)[1], want) {
		t.Errorf("carol got %s", carol.last())
	}
	carol.say(-1, `{"type":"alert"}`)
	carol.say(-1, `{"type":"conn"}`)
	alice.expect("1 alert", "1 conn")
	if want := `"fty":[{"type":"diverting_leg3","redirection":{"sip":"carol","num":"103"}},{"type":"name_identification","name":"Carol"}]`; !strings.Contains(alice.last(), want) {
		t.Errorf("alice got %s", alice.last())
	}
	alice.chat(2, "bob") // chats are not diverted
	bob.expect("-1 setup alice")
	w.advance(time.Hour)
	w.gone(t, alice, bob, carol)
}

func TestDivertBusy(t *testing.T) {
	for name, busy := range map[string]func(w *world, bob *device){
		"busy": func(_ *world, bob *device) { bob.say(-1, `{"type":"rel","cau":{"num":17}}`) },
		"disturbed": func(w *world, _ *device) {
			w.dir.handle("bob", signal.Handling{Busy: to("carol"), DoNotDisturb: true})
		},
	} {
		w := newWorld(t, "alice", "bob", "carol")
		w.dir.handle("bob", signal.Handling{Busy: to("carol")})
		alice, bob, carol := w.connect("alice.1", ""), w.connect("bob.1", ""), w.connect("carol.1", "")
		if name == "disturbed" {
			busy(w, bob)
		}
		alice.say(1, callTo("bob"))
		if name == "busy" {
			busy(w, bob)
			bob.expect("-1 setup alice")
		}
		alice.expect("1 call_proc", "1 diverting_leg1")
		if !strings.Contains(alice.last(), `"reason":"BUSY"`) {
			t.Error(alice.last())
		}
		carol.expect("-1 setup alice")
		carol.say(-1, `{"type":"rel","cau":{"num":21}}`)
		alice.expect("1 rel 21")
		bob.expect()
		w.gone(t, alice, bob, carol)
	}
}

// A call that finds nobody, hears nothing or rings in vain is diverted by cfnr;
// one that is refused is not.
func TestDivertNoAnswer(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(w *world, bob *device)
		bob  []string
		want bool
	}{
		{"rings", func(w *world, bob *device) {
			bob.say(-1, `{"type":"alert"}`)
			w.advance(20 * time.Second)
		}, []string{"-1 setup alice", "-1 rel 19"}, true},
		{"rings for less", func(w *world, bob *device) {
			bob.say(-1, `{"type":"alert"}`)
			w.advance(20*time.Second - time.Millisecond)
		}, []string{"-1 setup alice"}, false},
		{"silent", func(w *world, _ *device) { w.advance(4 * time.Second) }, []string{"-1 setup alice", "-1 rel 18"}, true},
		{"lost", func(_ *world, bob *device) { bob.lose() }, []string{"-1 setup alice"}, true},
		{"refused", func(_ *world, bob *device) { bob.say(-1, `{"type":"rel","cau":{"num":21}}`) }, []string{"-1 setup alice"}, false},
		{"busy", func(_ *world, bob *device) { bob.say(-1, `{"type":"rel","cau":{"num":17}}`) }, []string{"-1 setup alice"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, "alice", "bob", "carol")
			w.dir.handle("bob", signal.Handling{NoAnswer: to("carol")})
			alice, bob, carol := w.connect("alice.1", ""), w.connect("bob.1", ""), w.connect("carol.1", "")
			alice.say(1, callTo("bob"))
			tt.do(w, bob)
			bob.expect(tt.bob...)
			if called := len(carol.got()) > 0; called != tt.want {
				t.Errorf("carol was called: %v", called)
			}
			if tt.want && !strings.Contains(alice.last(), `"reason":"NO_ANSWER"`) {
				t.Error(alice.last())
			}
			alice.lose()
			w.gone(t, bob, carol)
		})
	}
}

// Nobody is there: at once, or after a wake in vain.
func TestDivertAbsent(t *testing.T) {
	w := newWorld(t, "alice", "bob", "carol")
	w.dir.handle("bob", signal.Handling{NoAnswer: to("carol")})
	alice, carol := w.connect("alice.1", ""), w.connect("carol.1", "")
	alice.say(1, callTo("bob"))
	alice.expect("1 call_proc", "1 diverting_leg1")
	carol.expect("-1 setup alice")
	w.waker.live = true
	alice.say(2, callTo("bob"))
	carol.expect()
	w.advance(signal.WakeLimit)
	alice.expect("2 call_proc", "1 rel 18", "2 diverting_leg1")
	carol.expect("-1 rel 18", "-2 setup alice")
	w.advance(4 * time.Second) // the timer of the new setup runs
	alice.expect("2 rel 18")
	w.gone(t, alice, carol)
}

// Where a diversion cannot go, the call ends.
func TestDivertRefused(t *testing.T) {
	for _, tt := range []struct {
		name string
		set  func(w *world)
		want int
	}{
		{"to oneself", func(w *world) { w.dir.handle("bob", signal.Handling{Always: to("bob")}) }, 31},
		{"in a circle", func(w *world) {
			w.dir.handle("bob", signal.Handling{Always: to("carol")})
			w.dir.handle("carol", signal.Handling{Always: to("bob")})
		}, 31},
		{"to nobody", func(w *world) { w.dir.handle("bob", signal.Handling{Always: to("mallory")}) }, 1},
		{"to somebody hidden from the caller", func(w *world) {
			w.dir.handle("bob", signal.Handling{Always: to("carol")})
			w.dir.hide("alice", "carol")
		}, 1},
		{"to somebody hidden from the one who diverts", func(w *world) {
			w.dir.handle("bob", signal.Handling{Always: to("carol")})
			w.dir.hide("bob", "carol")
		}, 1},
		{"where the one who diverts may not call", func(w *world) {
			w.dir.handle("bob", signal.Handling{Always: signal.Target{Num: "103"}})
			w.dir.mayCall = func(asker signal.Address, _ string, _ signal.Address, num string) bool {
				return asker.Object != 2 || num != "103"
			}
		}, 21},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, "alice", "bob", "carol")
			alice, carol := w.connect("alice.1", ""), w.connect("carol.1", "")
			tt.set(w)
			alice.say(1, callTo("bob"))
			got := alice.got()
			if got[len(got)-1] != fmt.Sprint("1 rel ", tt.want) {
				t.Errorf("got %q", got)
			}
			carol.expect()
			w.gone(t, alice, carol)
		})
	}
}

// Five diversions are enough; the setup of the last names the first and the last.
func TestDivertFiveTimes(t *testing.T) {
	names := []string{"alice", "p1", "p2", "p3", "p4", "p5", "p6", "p7"}
	for _, last := range []string{"p6", "p7"} {
		w := newWorld(t, names...)
		for i := 1; i < len(names)-1 && names[i] != last; i++ {
			w.dir.handle(names[i], signal.Handling{Always: to(names[i+1])})
		}
		alice, end := w.connect("alice.1", ""), w.connect(last+".1", "")
		alice.say(1, callTo("p1"))
		got := alice.got()
		if n := count(got, "1 diverting_leg1"); n != 5 {
			t.Errorf("%d diversions: %q", n, got)
		}
		if last == "p7" {
			if got[len(got)-1] != "1 rel 31" {
				t.Errorf("got %q", got)
			}
			end.expect()
		} else if f := end.last(); !strings.Contains(f, `"diverting":{"sip":"p5"`) || !strings.Contains(f, `"original_called":{"sip":"p1"`) || !strings.Contains(f, `"original_called_name":"P1"`) {
			t.Error(f)
		}
		w.gone(t, alice, end)
	}
}

// A group diverts when none of its members answers.
func TestDivertOfGroup(t *testing.T) {
	w, alice := hotline(t, "bob", "carol", "dave")
	w.dir.group("team", "bob", "carol")
	w.dir.handle("team", signal.Handling{NoAnswer: to("dave")})
	bob, dave := w.connect("bob.1", ""), w.connect("dave.1", "")
	alice.say(1, callTo("team"))
	bob.expect("-1 setup alice")
	w.advance(4 * time.Second)
	bob.expect("-1 rel 18")
	dave.expect("-1 setup alice")
	dave.say(-1, `{"type":"conn"}`)
	alice.expect("1 call_proc", "1 diverting_leg1", "1 conn")
	w.gone(t, alice, bob, dave)
}

// The filter is asked with the device and with what was dialled.
func TestFilter(t *testing.T) {
	w := newWorld(t, "alice", "bob", "trunk!!")
	w.dir.mayCall = func(_ signal.Address, hw string, _ signal.Address, num string) bool {
		return hw == "phone" || num != "102" && num != "103"
	}
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	for i, tt := range []struct{ cd, want string }{
		{`{"sip":"bob"}`, "call_proc"}, {`{"num":"102"}`, "rel 21"}, {`{"sip":"","num":"R102"}`, "rel 21"}, {`{"sip":"bob","num":"102"}`, "call_proc"},
		{`{"sip":"trunk","num":"103"}`, "rel 21"},
	} {
		alice.say(i+1, `{"type":"setup","channel":-1,"complete":true,"cd":`+tt.cd+`}`)
		if got := alice.got(); fmt.Sprint(got) != fmt.Sprintf("[%d %s]", i+1, tt.want) {
			t.Errorf("%s: %q", tt.cd, got)
		}
	}
	alice.chat(11, "bob")
	alice.say(12, `{"type":"setup","channel":0,"complete":true,"cd":{"num":"102"},"fty":[{"type":"im_setup"}]}`)
	alice.expect("11 call_proc", "12 rel 21")
	alice.say(13, `{"type":"setup","channel":-1,"cd":{"num":"10"}}`)
	alice.say(13, `{"type":"info","cd":{"num":"2"}}`)
	alice.expect("13 setup_ack", "13 rel 21")
	free := w.connect("bob.2", "")
	free.register("", "phone")
	free.say(1, `{"type":"setup","channel":-1,"complete":true,"cd":{"num":"102"}}`)
	if got := free.got(); len(got) == 0 || got[0] != "1 call_proc" {
		t.Errorf("the exempt device got %q", got)
	}
	bob.got()
}

// There is no way out as long as the gateway is not registered.
func TestGatewayWithoutRegistration(t *testing.T) {
	w := newWorld(t, "alice", "trunk!!", "robot!")
	alice := w.connect("alice.1", "")
	alice.say(1, callTo("trunk"))
	alice.chat(2, "trunk")
	alice.say(3, callTo("robot"))
	alice.expect("1 call_proc", "1 rel 3", "2 call_proc", "2 rel 3", "3 call_proc", "3 rel 20")
}
