package signal_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// Decision 28: numbers of the switch wrap at -2^31, pass over live ones and those
// released less than 60 s ago.
func TestNumbersWrap(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	for i := range 4 {
		alice.chat(i+1, "bob")
	}
	bob.say(-2, `{"type":"rel"}`)
	bob.expect("-1 setup alice", "-2 setup alice", "-3 setup alice", "-4 setup alice")
	alice.got()
	signal.SetLastNumber(bob.conn, math.MinInt32+1)
	alice.chat(11, "bob")
	alice.chat(12, "bob")
	bob.expect(fmt.Sprint(math.MinInt32, " setup alice"), "-5 setup alice")
	w.advance(61 * time.Second)
	signal.SetLastNumber(bob.conn, math.MinInt32)
	alice.chat(13, "bob")
	bob.expect("-2 setup alice")
}

// Decision 28: what is on no call.
func TestUnknownNumbers(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", "IM_EXT"), w.connect("bob.1", "")
	joined(alice, 1, bob, "bob")
	for _, tt := range []struct {
		number int
		sig    string
		want   []string
	}{
		{0, `{"type":"setup","cd":{"sip":"bob"}}`, []string{"0 rel 81"}},
		{0, `{"type":"conn"}`, []string{"0 rel 81"}},
		{5, `{"type":"conn"}`, []string{"5 rel 81"}},
		{6, `{"type":"facility","fty":[{"type":"im_message","id":"x","data":"y"}]}`, []string{"6 rel 81"}},
		{7, `{"type":"rel"}`, nil},
		{7, `{"type":"disc"}`, nil},
		{-9, `{"type":"conn"}`, nil},
		{-9, `{"type":"setup","cd":{"sip":"bob"}}`, nil},
		{1, `{"type":"setup","channel":0,"complete":true,"cd":{"sip":"bob"},"fty":[{"type":"im_setup"}]}`, nil},
		{9, `{"type":"setup"}`, []string{"9 rel 96"}},
		{9, `{"type":"setup","cd":{}}`, []string{"9 rel 96"}},
		{9, `{"type":"setup","cd":{"sip":""}}`, []string{"9 rel 96"}},
		{9, `{"type":"setup","cd":"bob"}`, []string{"9 rel 111"}},
		{9, `{"type":"setup","cd":{"sip":7}}`, []string{"9 rel 111"}},
		{9, `{"type":"setup","cd":{"num":"12x"}}`, []string{"9 rel 28"}},
		{9, `{"type":"setup","cd":{"sip":"mallory"}}`, []string{"9 rel 1"}},
		{9, `{"type":"setup","complete":true,"cd":{"num":"999"}}`, []string{"9 rel 1"}},
		{9, `{"type":"setup","cd":{"sip":"bob"},"fty":{}}`, []string{"9 rel 111"}},
		{9, `{"type":"setup","cd":{"sip":"bob"},"fty":[{"type":1}]}`, []string{"9 rel 111"}},
		{9, `{"type":"setup","channel":0,"complete":true,"cd":{"sip":"bob"},"fty":[{"type":"presence_publish"}]}`, []string{"9 rel 79"}},
	} {
		alice.say(tt.number, tt.sig)
		if got := alice.got(); fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%d %s: got %q, want %q", tt.number, tt.sig, got, tt.want)
		}
	}
	bob.expect()
	alice.text(1, "the call of before lives")
	bob.expect("-1 text alice: the call of before lives")
}

// A1.7, A12: a text that crosses the switch's rel has failed 41, on that number;
// after 60 s, or after the client's own rel, it is dropped.
func TestCrossedTexts(t *testing.T) {
	for _, flags := range []string{"", "IM_EXT"} {
		w := newWorld(t, "alice", "bob")
		alice, bob := w.connect("alice.1", flags), w.connect("bob.1", "")
		joined(alice, 1, bob, "bob")
		bob.say(-1, `{"type":"rel"}`)
		alice.expect("1 rel 16")
		alice.sayText(1, `"id":"x1","data":"too late"`)
		if flags != "" {
			alice.expect("1 failed x1 41")
		}
		w.advance(61 * time.Second)
		alice.sayText(1, `"id":"x2","data":"far too late"`)
		joined(alice, 2, bob, "bob")
		alice.say(2, `{"type":"rel"}`)
		alice.sayText(2, `"id":"x3","data":"own fault"`)
		alice.expect()
		if n := w.drops.of("drop crossed_release"); n != 1 {
			t.Errorf("flags %q: %d crossed", flags, n)
		}
	}
}

// A number is free as soon as a rel was sent: a client may use it again at once.
func TestNumberIsReusedByTheClient(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	for range 50 {
		alice.chat(1, "bob")
		alice.say(1, `{"type":"rel","cau":{"num":"26"}}`)
	}
	if n := count(alice.got(), "1 call_proc"); n != 50 {
		t.Errorf("%d of 50 setups", n)
	}
	if f := bob.got(); len(f) != 100 || f[99] != "-50 rel 26" {
		t.Errorf("bob got %d, at last %q", len(f), f[len(f)-1])
	}
}

// Both sides release at once: nothing is confirmed, nothing comes twice.
func TestReleaseCollision(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	joined(alice, 1, bob, "bob")
	alice.say(1, `{"type":"rel"}`)
	bob.expect("-1 rel 16")
	bob.say(-1, `{"type":"rel"}`)
	alice.expect()
	bob.expect()
	if n := w.drops.of("drop release_collision"); n != 1 {
		t.Errorf("%d collisions counted", n)
	}
}

// What a connection remembers of released numbers is bounded.
func TestReleasedNumbersAreBounded(t *testing.T) {
	w := newWorldWith(t, signal.Limits{SetupRate: 1e6, SetupBurst: 1e6}, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	for i := range 3 * signal.MaxReleased {
		alice.chat(i+1, "bob")
		alice.say(i+1, `{"type":"rel"}`)
	}
	for _, d := range []*device{alice, bob} {
		if f := signal.FootprintOfConn(d.conn); f.Released > signal.MaxReleased || f.Legs != 0 {
			t.Errorf("%s keeps %+v", d.name, f)
		}
	}
}

// 4,096 legs on a connection are enough (here: 20).
func TestTooManyLegs(t *testing.T) {
	w := newWorldWith(t, signal.Limits{LegsPerConn: 20}, "alice", "bob", "carol")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	w.connect("carol.1", "")
	for i := range 21 {
		alice.chat(i+1, []string{"bob", "carol"}[i%2])
	}
	got := alice.got()
	if got[len(got)-1] != "21 rel 34" || count(got, "2 ") != 1 {
		t.Errorf("alice got %q", got)
	}
	alice.say(1, `{"type":"rel"}`)
	alice.chat(21, "bob")
	alice.expect("21 call_proc")
	bob.got()
}
