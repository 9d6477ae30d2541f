package signal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// A1.1, A1.2: everybody takes part; the first conn goes to the caller, later ones
// do not; a device that has not answered gets the texts too.
func TestEveryDeviceTakesPart(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice := w.connect("alice.1", "")
	one, two, three := w.connect("bob.1", ""), w.connect("bob.2", ""), w.connect("bob.3", "")
	alice.chat(1, "bob")
	alice.text(1, "hi")
	two.say(-1, `{"type":"conn"}`)
	one.say(-1, `{"type":"conn"}`)
	two.say(-1, `{"type":"conn"}`)
	alice.expect("1 call_proc", "1 conn")
	one.text(-1, "ho")
	alice.expect("1 text bob: ho")
	for _, d := range []*device{one, two, three} {
		d.expect("-1 setup alice", "-1 text alice: hi")
	}
}

// A1.2: a text or an indication of typing is an answer, also where it is dropped;
// a receipt and another facility are none.
func TestWhatIsAnAnswer(t *testing.T) {
	for fty, answers := range map[string]bool{
		`{"type":"im_message","data":"x"}`:              true,
		`{"type":"im_message","typing":true}`:           true,
		`{"type":"im_message","data":""}`:               true,
		`{"type":"im_message","data":"x","more":true}`:  true,
		`{"type":"im_receipt","id":"x","state":"read"}`: false,
		`{"type":"hold_notify"}`:                        false,
	} {
		w := newWorld(t, "alice", "bob")
		alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "IM_EXT")
		alice.chat(1, "bob")
		alice.expect("1 call_proc")
		bob.say(-1, `{"type":"facility","fty":[`+fty+`]}`)
		if got := alice.got(); (len(got) > 0 && got[0] == "1 conn") != answers {
			t.Errorf("%s: alice got %q", fty, got)
		}
	}
}

// A1.3: a leg that has never answered lives 180 s after the first text on it, not
// after the setup.
func TestUnansweredLegEnds(t *testing.T) {
	for _, answered := range []bool{false, true} {
		w := newWorld(t, "alice", "bob")
		alice, one, two := w.connect("alice.1", ""), w.connect("bob.1", ""), w.connect("bob.2", "")
		alice.chat(1, "bob")
		if answered {
			two.say(-1, `{"type":"conn"}`)
		}
		w.advance(10 * time.Minute)
		alice.text(1, "hello")
		w.advance(signal.Unanswered - time.Millisecond)
		for _, d := range []*device{one, two} {
			d.expect("-1 setup alice", "-1 text alice: hello")
		}
		w.advance(time.Millisecond)
		if answered {
			one.expect("-1 rel 26")
			two.expect()
			alice.expect("1 call_proc", "1 conn")
			continue
		}
		one.expect("-1 rel 19")
		two.expect("-1 rel 19")
		alice.expect("1 call_proc", "1 rel 19")
	}
}

// A1.4: the last answered leg that goes takes the call with it.
func TestLastAnsweredLegEndsTheCall(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice := w.connect("alice.1", "")
	one, two, silent := w.connect("bob.1", ""), w.connect("bob.2", ""), w.connect("bob.3", "")
	alice.chat(1, "bob")
	one.say(-1, `{"type":"conn"}`)
	two.say(-1, `{"type":"conn"}`)
	one.say(-1, `{"type":"rel"}`)
	alice.expect("1 call_proc", "1 conn")
	two.say(-1, `{"type":"rel","cau":{"num":21}}`)
	alice.expect("1 rel 21")
	silent.expect("-1 setup alice", "-1 rel 26")
	one.expect("-1 setup alice")
}

// A1.4, decision 36: nobody answered, the best cause counts.
func TestBestCauseWithoutAnswer(t *testing.T) {
	for _, tt := range []struct {
		first, second int
		lost          bool
		want          int
	}{{26, 17, false, 17}, {21, 17, false, 17}, {20, 21, false, 21}, {26, 0, true, 27}, {17, 0, true, 17}, {26, 111, false, 26}} {
		w := newWorld(t, "alice", "bob")
		alice, one, two := w.connect("alice.1", ""), w.connect("bob.1", ""), w.connect("bob.2", "")
		alice.chat(1, "bob")
		one.say(-1, fmt.Sprintf(`{"type":"rel","cau":{"num":%d}}`, tt.first))
		if tt.lost {
			two.lose()
		} else {
			two.say(-1, fmt.Sprintf(`{"type":"rel","cau":{"num":%d}}`, tt.second))
		}
		alice.expect("1 call_proc", fmt.Sprint("1 rel ", tt.want))
	}
}

// A12: the loss of an answered leg counts as 41; the caller's loss ends all with 41.
func TestLostConnections(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, one, two := w.connect("alice.1", ""), w.connect("bob.1", ""), w.connect("bob.2", "")
	joined(alice, 1, one, "bob")
	one.lose()
	alice.expect("1 rel 41")
	two.expect("-1 setup alice", "-1 rel 26")
	joined(alice, 2, two, "bob") // the number -1 is of bob.2's first call: dropped
	alice.lose()
	two.expect("-2 rel 41")
	two.lose()
	w.empty(t)
}

// A1.5: a late device gets a setup and the text, not for typing; 21 keeps it out
// for the call, anything else for 30 s.
func TestLateJoiner(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, one := w.connect("alice.1", ""), w.connect("bob.1", "")
	joined(alice, 1, one, "bob")
	late := w.connect("bob.2", "")
	alice.sayText(1, `"typing":true`)
	late.expect()
	alice.text(1, "a")
	late.expect("-1 setup alice", "-1 text alice: a")
	late.say(-1, `{"type":"rel"}`)
	alice.text(1, "b")
	late.expect()
	w.advance(signal.OfferAgain - time.Millisecond)
	alice.text(1, "c")
	late.expect()
	w.advance(time.Millisecond)
	alice.text(1, "d")
	late.expect("-2 setup alice", "-2 text alice: d")
	late.say(-2, `{"type":"rel","cau":{"num":21}}`)
	w.advance(10 * time.Minute)
	alice.text(1, "e")
	late.expect()
	alice.chat(2, "bob") // another call: a new offer
	late.expect("-3 setup alice")
	if got := alice.got(); fmt.Sprint(got) != "[2 call_proc]" {
		t.Errorf("alice got %q", got)
	}
}

// A1.5: the first offer does not count; who was released from it joins again with
// the next text, unless by 21.
func TestFirstOfferDoesNotCount(t *testing.T) {
	for cause, again := range map[int]bool{16: true, 26: true, 21: false} {
		w := newWorld(t, "alice", "bob")
		alice, one, two := w.connect("alice.1", ""), w.connect("bob.1", ""), w.connect("bob.2", "")
		joined(alice, 1, one, "bob")
		two.say(-1, fmt.Sprintf(`{"type":"rel","cau":{"num":%d}}`, cause))
		two.got()
		alice.text(1, "hello")
		if got := two.got(); (len(got) == 2) != again {
			t.Errorf("after rel %d: %q", cause, got)
		}
	}
}

// A1.5 on the caller's side: the other device gets what bob writes; its rel does
// nothing; it ends with the call, and with its cause.
func TestLateJoinerOfTheCaller(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	joined(alice, 1, bob, "bob")
	one, two := w.connect("alice.2", ""), w.connect("alice.3", "")
	bob.text(-1, "hi")
	one.expect("-1 setup bob", "-1 text bob: hi")
	two.expect("-1 setup bob", "-1 text bob: hi")
	one.say(-1, `{"type":"rel"}`)
	bob.expect()
	alice.expect("1 text bob: hi")
	two.text(-1, "from the other one")
	bob.expect("-1 text alice: from the other one")
	alice.say(1, `{"type":"rel","cau":{"num":17}}`)
	bob.expect("-1 rel 17")
	two.expect("-1 rel 17")
}

// The model of A1: one text, once to each registration, on the leg of the call in
// which it was written, else on the newest.
func TestTextTakesTheRightLeg(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, two, bob := w.connect("alice.1", ""), w.connect("alice.2", ""), w.connect("bob.1", "")
	joined(alice, 1, bob, "bob")
	two.chat(1, "bob")
	bob.say(-2, `{"type":"conn"}`)
	bob.got()
	two.got()
	alice.text(1, "one")
	two.text(1, "two")
	bob.expect("-1 text alice: one", "-2 text alice: two")
	bob.text(-1, "three")
	alice.expect("1 text bob: three")
	two.expect("1 text bob: three") // its newest leg of the chat: of its own call
	bob.say(-1, `{"type":"rel"}`)
	alice.expect("1 rel 16")
	bob.text(-2, "four")
	two.expect("1 text bob: four")
	alice.expect("-1 setup bob", "-1 text bob: four")
}

// Decision 38: two people who call each other at once have two calls.
func TestGlare(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	alice.chat(1, "bob")
	bob.chat(1, "alice")
	alice.say(-1, `{"type":"conn"}`)
	bob.say(-1, `{"type":"conn"}`)
	alice.expect("1 call_proc", "-1 setup bob", "1 conn")
	bob.expect("-1 setup alice", "1 call_proc", "1 conn")
	alice.text(1, "x")
	bob.expect("-1 text alice: x")
	alice.text(-1, "y")
	bob.expect("1 text alice: y")
	bob.say(-1, `{"type":"rel"}`)
	alice.expect("1 rel 16")
	alice.text(-1, "z")
	bob.expect("1 text alice: z")
}

// A person who calls herself: every device is called, the calling one too; the
// writing leg gets nothing, everybody else one.
func TestSelfCallWithThreeDevices(t *testing.T) {
	w := newWorld(t, "alice")
	one, two, three := w.connect("alice.1", ""), w.connect("alice.2", ""), w.connect("alice.3", "IM_EXT")
	one.chat(1, "alice")
	one.expect("1 call_proc", "-1 setup alice")
	two.say(-1, `{"type":"conn"}`)
	one.expect("1 conn")
	two.got()
	three.got()
	one.text(1, "from the caller")
	one.expect("-1 text alice: from the caller")
	two.expect("-1 text alice: from the caller")
	three.expect("-1 text alice: from the caller")
	two.text(-1, "from the called")
	two.expect()
	one.expect("1 text alice: from the called")
	three.expect("-1 text alice: from the called")
	three.sayText(-1, `"id":"x","data":"third"`)
	three.expect("-1 sent x")
	one.expect("1 text alice: third")
	two.expect("-1 text alice: third")
	one.lose()
	two.expect("-1 rel 41")
	two.lose()
	three.lose()
	w.empty(t)
}

// Decision 42: one indication a second; the end of one that went on always goes.
func TestTypingIsLimited(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	joined(alice, 1, bob, "bob")
	on, off := `"typing":true`, `"typing":false,"data":""`
	for _, step := range []struct {
		wait    time.Duration
		members string
		passes  bool
	}{
		{0, on, true}, {0, on, false}, {0, off, true}, {0, off, false}, {0, on, false},
		{999 * time.Millisecond, on, false}, {time.Millisecond, on, true}, {2 * time.Second, off, true}, {2 * time.Second, off, true},
	} {
		w.advance(step.wait)
		alice.sayText(1, step.members)
		if got := bob.got(); (len(got) == 1) != step.passes {
			t.Errorf("%+v: %q", step, got)
		}
	}
}

// Decision 31: 15 minutes without facility.
func TestIdleRelease(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	joined(alice, 1, bob, "bob")
	w.advance(14 * time.Minute)
	bob.sayText(-1, `"typing":true`)
	w.advance(signal.IdleLimit - time.Millisecond)
	alice.expect("1 typing true")
	bob.expect()
	w.advance(time.Millisecond)
	alice.expect("1 rel 16")
	bob.expect("-1 rel 16")
}

// A1.7, A12: a text too long cuts a published sender's leg with 111: of the called
// side, and of the caller, for whom the switch then holds the call.
func TestSenderIsCut(t *testing.T) {
	long := `"data":"` + strings.Repeat("x", 49<<10) + `"`
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	joined(alice, 1, bob, "bob")
	bob.sayText(-1, long)
	bob.expect("-1 rel 111")
	alice.expect()
	alice.text(1, "come back")
	bob.expect("-2 setup alice", "-2 text alice: come back")
	bob.say(-2, `{"type":"conn"}`)
	alice.sayText(1, long)
	alice.expect("1 rel 111")
	bob.expect()
	bob.text(-2, "where are you?")
	alice.expect("-1 setup bob", "-1 text bob: where are you?")
	alice.text(-1, "here")
	bob.expect("-2 text alice: here")
	w.advance(signal.IdleLimit)
	alice.expect("-1 rel 16")
	bob.expect("-2 rel 16")
}

// Facilities of one message keep their order (decision 30f).
func TestOrderWithinAMessage(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	joined(alice, 1, bob, "bob")
	alice.say(1, `{"type":"facility","fty":[{"type":"x1"},{"type":"x2"},{"type":"im_message","data":"a"},{"type":"x3"},{"type":"im_message","data":"b"}]}`)
	bob.expect("-1 x1 x2", "-1 text alice: a", "-1 x3", "-1 text alice: b")
}

// Decision 36: a program; the first leg that answers wins, the others get 26; its
// going ends the call.
func TestProgram(t *testing.T) {
	for _, answer := range []string{`{"type":"conn"}`, `{"type":"facility","fty":[{"type":"im_message","data":"yes?"}]}`} {
		w := newWorld(t, "alice", "bot!")
		alice, one, two := w.connect("alice.1", ""), w.connect("bot.1", ""), w.connect("bot.2", "")
		alice.chat(1, "bot")
		alice.text(1, "a")
		w.advance(999 * time.Millisecond)
		one.expect("-1 setup alice")
		two.expect("-1 setup alice")
		two.say(-1, answer)
		one.expect("-1 rel 26")
		two.expect("-1 text alice: a")
		alice.text(1, "b")
		two.expect("-1 text alice: b")
		one.expect()
		if got := alice.got(); got[1] != "1 conn" {
			t.Errorf("alice got %q", got)
		}
		two.say(-1, `{"type":"rel","cau":{"num":17}}`)
		alice.expect("1 rel 17")
		one.expect()
	}
}

// A1: nobody has answered 1 s after the first early text: the oldest gets them,
// the other may still win.
func TestProgramThatIsSlow(t *testing.T) {
	w := newWorld(t, "alice", "bot!")
	alice, one, two := w.connect("alice.1", ""), w.connect("bot.1", ""), w.connect("bot.2", "")
	alice.chat(1, "bot")
	alice.text(1, "a")
	alice.text(1, "b")
	w.advance(time.Second)
	one.expect("-1 setup alice", "-1 text alice: a", "-1 text alice: b")
	alice.text(1, "c")
	one.expect("-1 text alice: c")
	two.say(-1, `{"type":"conn"}`)
	two.expect("-1 setup alice")
	one.expect("-1 rel 26")
	alice.text(1, "d")
	two.expect("-1 text alice: d")
	two.lose()
	alice.expect("1 call_proc", "1 conn", "1 rel 41")
}

// Too many early texts end in 47 (decision 37).
func TestTooManyEarlyTexts(t *testing.T) {
	for _, size := range []int{1, 5000} {
		w := newWorld(t, "alice", "bot!")
		alice, one := w.connect("alice.1", ""), w.connect("bot.1", "")
		w.connect("bot.2", "")
		alice.chat(1, "bot")
		for range signal.MaxEarly + 1 {
			alice.text(1, strings.Repeat("x", size))
		}
		alice.expect("1 call_proc", "1 rel 47")
		one.got()
	}
}

// Who is hidden is not there (decision 50).
func TestHiddenPerson(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	w.dir.hide("alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	inbox := w.connect("alice.2", "IM_INBOX")
	inbox.say(-1, `{"type":"conn"}`)
	inbox.got()
	alice.chat(1, "bob")
	alice.say(2, `{"type":"setup","channel":-1,"complete":true,"cd":{"num":"102"}}`)
	alice.expect("1 rel 1", "2 rel 1")
	inbox.sayText(-1, `"chat":"BOB@example.com","id":"x","data":"hello"`)
	inbox.expect("-1 failed x 1")
	bob.expect()
}
