package signal_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// count is how many of what a device got begin with a prefix.
func count(frames []string, prefix string) int {
	n := 0
	for _, f := range frames {
		if strings.HasPrefix(f, prefix) {
			n++
		}
	}
	return n
}

// joined begins a chat of two devices and forgets what came so far.
func joined(caller *device, number int, callee *device, peer string) {
	caller.w.t.Helper()
	caller.chat(number, peer)
	callee.say(-1, `{"type":"conn","channel":0}`)
	caller.got()
	callee.got()
}

func (d *device) sayText(call int, members string) {
	d.say(call, `{"type":"facility","fty":[{"type":"im_message",`+members+`}]}`)
}

// A9: "never split", and the parts of one text are as few as fit.
func TestLongAlternativeIsNotMincemeat(t *testing.T) {
	for _, flags := range []string{"", "IM_EXT"} {
		w := newWorld(t, "alice", "bob")
		alice, bob := w.connect("alice.1", "IM_EXT"), w.connect("bob.1", flags)
		joined(alice, 1, bob, "bob")
		alice.sayText(1, `"id":"x1","mime":"application/json","data":"`+strings.Repeat("0123456789", 500)+`","alt":"`+strings.Repeat("abcdefghi ", 2000)+`"`)
		if n := len(bob.got()); n > 5 {
			t.Errorf("flags %q: one text came in %d messages", flags, n)
		}
	}
}

// A9, decision 39: text/plain is not HTML, a lone < is no tag.
func TestPlainTextIsSplitWithinTheLimit(t *testing.T) {
	for _, begin := range []string{"<", "a < b "} {
		w := newWorld(t, "alice", "bob")
		alice, bob := w.connect("alice.1", "IM_EXT"), w.connect("bob.1", "IM_EXT")
		joined(alice, 1, bob, "bob")
		from := len(bob.frames)
		alice.sayText(1, `"id":"x1","mime":"text/plain","data":"`+begin+strings.Repeat("0123456789", 3500)+`"`)
		for _, f := range bob.frames[from:] {
			if len(f) > 15<<10+8 {
				t.Errorf("%q: a part of %d bytes", begin, len(f))
			}
		}
	}
}

// A3: nothing is dropped without failed.
func TestTooManyWaitingTextsFail(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	w.waker.live = true
	alice := w.connect("alice.1", "IM_EXT")
	alice.chat(1, "bob")
	alice.got()
	for i := range signal.MaxEarly + 1 {
		alice.sayText(1, fmt.Sprintf(`"id":"x%d","data":"hello"`, i))
	}
	alice.expect(fmt.Sprintf("1 failed x%d 47", signal.MaxEarly))
}

// A3: texts that waited for a device in vain have failed, and the client is told
// before its call ends.
func TestWaitingTextsFailWithTheCall(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	w.waker.live = true
	alice := w.connect("alice.1", "IM_EXT")
	alice.chat(1, "bob")
	alice.sayText(1, `"id":"x1","data":"hello"`)
	alice.got()
	w.advance(signal.WakeLimit)
	alice.expect("1 failed x1 20", "1 rel 20")
}

// A9: 60 s for the last part; a text never arrives without its beginning.
func TestLatePartsFail(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", "IM_EXT"), w.connect("bob.1", "")
	joined(alice, 1, bob, "bob")
	alice.sayText(1, `"data":"do not ","more":true`)
	w.advance(61 * time.Second)
	alice.sayText(1, `"id":"x1","data":"delete it"`)
	bob.expect()
	alice.expect("1 failed x1 111")
}

// The parts of a text on an inbox keep their limit whatever else happens in the
// chat.
func TestInboxPartsFailInTime(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", "IM_INBOX"), w.connect("bob.1", "")
	alice.say(-1, `{"type":"conn"}`)
	alice.sayText(-1, `"chat":"bob","id":"x1","data":"hello"`)
	w.advance(130 * time.Second)
	alice.got()
	alice.sayText(-1, `"chat":"bob","id":"x2","data":"half","more":true`)
	w.advance(61 * time.Second) // after 180 s bob's leg ends
	if got := bob.got(); got[len(got)-1] != "-1 rel 19" {
		t.Fatalf("bob got %q", got)
	}
	alice.expect("-1 failed x2 111")
}

// A chat is not forgotten while half a text waits in it.
func TestChatWithPartsIsNotForgotten(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", "IM_INBOX"), w.connect("bob.1", "")
	alice.say(-1, `{"type":"conn"}`)
	alice.sayText(-1, `"chat":"bob","id":"x1","data":"hello"`)
	bob.say(-1, `{"type":"rel"}`)
	w.advance(40 * time.Second)
	alice.got()
	bob.got()
	alice.sayText(-1, `"chat":"bob","data":"do not ","more":true`)
	w.advance(30 * time.Second)
	alice.sayText(-1, `"chat":"bob","id":"x2","data":"delete it"`)
	bob.expect("-2 setup alice", "-2 text alice: do not delete it")
}

// Order is kept from one registration to one address (decision 37).
func TestEarlyFacilitiesKeepTheirOrder(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice := w.connect("alice.1", "")
	one, two := w.connect("bob.1", ""), w.connect("bob.2", "")
	alice.say(1, `{"type":"setup","channel":-1,"complete":true,"cd":{"sip":"bob"}}`)
	one.say(-1, `{"type":"alert"}`)
	alice.say(1, `{"type":"facility","fty":[{"type":"first"}]}`)
	two.say(-1, `{"type":"rel","cau":{"num":17}}`)
	alice.say(1, `{"type":"facility","fty":[{"type":"second"}]}`)
	one.say(-1, `{"type":"conn"}`)
	one.expect("-1 setup alice", "-1 first", "-1 second")
}

// The same to a program (decision 36).
func TestEarlyTextsToAProgramKeepTheirOrder(t *testing.T) {
	w := newWorld(t, "alice", "bot!")
	alice := w.connect("alice.1", "")
	one, two := w.connect("bot.1", ""), w.connect("bot.2", "")
	alice.chat(1, "bot")
	alice.text(1, "first")
	two.say(-1, `{"type":"rel"}`)
	alice.text(1, "second")
	w.advance(2 * time.Second)
	one.expect("-1 setup alice", "-1 text alice: first", "-1 text alice: second")
}

// Decision 37: with exactly one leg early facilities go at once, also when that
// leg was woken.
func TestEarlyFacilitiesReachAWokenDevice(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	w.waker.live = true
	alice := w.connect("alice.1", "")
	alice.say(1, `{"type":"setup","channel":-1,"complete":true,"cd":{"sip":"bob"}}`)
	alice.say(1, `{"type":"facility","fty":[{"type":"first"}]}`)
	bob := w.connect("bob.1", "")
	alice.say(1, `{"type":"facility","fty":[{"type":"second"}]}`)
	bob.expect("-1 setup alice", "-1 first", "-1 second")
}

// A1, A12: early facilities to a program, of any type.
func TestEarlyFacilitiesToAProgram(t *testing.T) {
	w := newWorld(t, "alice", "bot!")
	alice, bot := w.connect("alice.1", ""), w.connect("bot.1", "")
	alice.chat(1, "bot")
	bot.got()
	alice.say(1, `{"type":"facility","fty":[{"type":"x_menu"}]}`)
	bot.expect("-1 x_menu") // one registration: at once
	w.connect("bot.2", "")
	alice.chat(2, "bot")
	bot.got()
	alice.say(2, `{"type":"facility","fty":[{"type":"x_menu"}]}`)
	w.advance(time.Second)
	bot.expect("-2 x_menu")
}

// A12: read goes to the reader's other registrations, not to the one that said it.
func TestReadIsNotEchoed(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", "IM_EXT"), w.connect("bob.1", "IM_EXT")
	joined(alice, 1, bob, "bob")
	bob.chat(1, "alice")
	alice.say(-1, `{"type":"conn"}`)
	bob.sayText(-1, `"id":"x1","data":"hello"`)
	alice.expect("-1 setup bob", "1 text bob: hello")
	alice.say(1, `{"type":"facility","fty":[{"type":"im_receipt","id":"x1","state":"read"}]}`)
	alice.expect()
	if got := bob.got(); got[len(got)-1][len("-1 "):] != "read x1" && got[len(got)-1] != "1 read x1" {
		t.Errorf("bob got %q", got)
	}
}

// A rel ends the leg whatever stands in it: the client has forgotten the number.
func TestMalformedReleaseReleases(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	joined(alice, 1, bob, "bob")
	alice.say(1, `{"type":"rel","cau":{"num":16},"fty":{}}`)
	bob.expect("-1 rel 16")
}

// A3: nothing is dropped without failed.
func TestTooManyTextsInOneMessageFail(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", "IM_EXT"), w.connect("bob.1", "")
	joined(alice, 1, bob, "bob")
	var list []string
	for i := range 17 {
		list = append(list, fmt.Sprintf(`{"type":"im_message","id":"x%d","data":"hello"}`, i))
	}
	alice.say(1, `{"type":"facility","fty":[`+strings.Join(list, ",")+`]}`)
	if n := count(alice.got(), "1 failed"); n != 17 {
		t.Errorf("%d of 17 texts failed", n)
	}
	bob.expect()
}

// 3.3: progress with cau says that the call was disconnected.
func TestProgressKeepsItsCause(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	alice.say(1, `{"type":"setup","channel":-1,"complete":true,"cd":{"sip":"bob"}}`)
	bob.say(-1, `{"type":"progress","inband_info":true,"cau":{"num":17}}`)
	last := alice.frames[len(alice.frames)-1]
	if !strings.Contains(last, `"cau":{"num":17`) {
		t.Errorf("alice got %s", last)
	}
}

// Table 3.4: user_info is for connected legs.
func TestUserInfoOnlyInConnectedLegs(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, one, two := w.connect("alice.1", ""), w.connect("bob.1", ""), w.connect("bob.2", "")
	joined(alice, 1, one, "bob")
	two.got()
	alice.say(1, `{"type":"user_info","uui":"x"}`)
	one.expect("-1 user_info")
	two.expect()
}

// A1.7: no idle release within 2 s of a typing indication, also from an inbox.
func TestInboxTypingHoldsTheIdleRelease(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", "IM_INBOX"), w.connect("bob.1", "")
	alice.say(-1, `{"type":"conn"}`)
	alice.sayText(-1, `"chat":"bob","id":"x1","data":"hello"`)
	bob.say(-1, `{"type":"conn"}`)
	w.advance(signal.IdleLimit - time.Second)
	alice.sayText(-1, `"chat":"bob","typing":true`)
	bob.got()
	w.advance(time.Second)
	bob.expect()
}

// Floods of setups harm nobody else: one peer must not take all of a
// connection's legs.
func TestOnePeerCannotTakeAllLegs(t *testing.T) {
	w := newWorldWith(t, signal.Limits{LegsPerConn: 200}, "alice", "bob", "carol")
	carol, bob := w.connect("carol.1", ""), w.connect("bob.1", "")
	one, two := w.connect("alice.1", ""), w.connect("alice.2", "")
	for i := range 150 {
		one.chat(i+1, "bob")
		two.chat(i+1, "bob")
		w.advance(50 * time.Millisecond)
	}
	bob.got()
	carol.chat(1, "bob")
	if got := bob.got(); len(got) != 1 || !strings.HasSuffix(got[0], " setup carol") {
		t.Errorf("bob got %q", got)
	}
	carol.expect("1 call_proc")
}

// Bounded memory: what a call remembers of registrations that have said no.
func TestRefusedOffersAreBounded(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, stays := w.connect("alice.1", ""), w.connect("bob.1", "")
	joined(alice, 1, stays, "bob")
	for range 2 * signal.MaxOffers {
		d := w.connect("bob.2", "")
		alice.text(1, "hello")
		d.say(-1, `{"type":"rel","cau":{"num":21}}`)
		d.lose()
	}
	if n := signal.FootprintOf(w.sw).Offers; n > signal.MaxOffers {
		t.Errorf("a call remembers %d offers", n)
	}
}

// Bounded memory: a client that never answers a ping.
func TestUnansweredProbesAreBounded(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", "IM_EXT"), w.connect("bob.1", "")
	for i := range 1000 {
		alice.chat(i+1, "bob")
		alice.text(i+1, "hello")
		alice.say(i+1, `{"type":"rel"}`)
		w.advance(2 * signal.ChatMemory)
	}
	if n := signal.FootprintOfConn(bob.conn).Probes; n > 100 {
		t.Errorf("%d probes of forgotten chats are kept", n)
	}
}

// The flood limit belongs to who logs in, not to the Register that asks for it.
func TestRegisterAgainGivesNoNewBurst(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice := w.connect("alice.1", "")
	w.connect("bob.1", "")
	accepted := 0
	for round := range 4 {
		alice.register([]string{"", "NO_MEDIA_CALL"}[round%2], "")
		for i := range 100 {
			alice.chat(1000*round+i+1, "bob")
		}
		for _, f := range alice.got() {
			if strings.HasSuffix(f, " call_proc") {
				accepted++
			}
		}
	}
	if accepted > 110 {
		t.Errorf("%d setups at once with a burst of 100", accepted)
	}
}

// After Close nothing begins: also no call on behalf of an inbox.
func TestClosedSwitchHoldsNoCalls(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", "IM_INBOX"), w.connect("bob.1", "")
	alice.say(-1, `{"type":"conn"}`)
	w.sw.Close()
	alice.got()
	alice.sayText(-1, `"chat":"bob","id":"x1","data":"hello"`)
	bob.expect()
	if got := alice.got(); !slices.Contains(got, "-1 failed x1 31") && !slices.Contains(got, "-1 rel 31") {
		t.Errorf("alice got %q", got)
	}
}

// Decision 31, 3.3: a chat may be dialled digit by digit like any other call.
func TestChatByOverlapDialling(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	alice.say(1, `{"type":"setup","channel":0,"cd":{"num":"10"},"fty":[{"type":"im_setup"}]}`)
	alice.say(1, `{"type":"info","cd":{"num":"2"}}`)
	alice.expect("1 setup_ack", "1 call_proc")
	bob.expect("-1 setup alice")
}
