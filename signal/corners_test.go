package signal_test

import (
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/signal"
)

// A9: a type that is neither HTML nor plain text is never split.
func TestOtherTypesAreNeverSplit(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", "IM_EXT"), w.connect("bob.1", "IM_EXT")
	joined(alice, 1, bob, "bob")
	alice.sayText(1, `"id":"x1","mime":"application/json","data":"`+strings.Repeat("x", 12000)+`","x":"`+strings.Repeat("y", 4000)+`"`)
	if got := bob.got(); len(got) > 1 || len(got) == 1 && strings.HasSuffix(got[0], "...") {
		t.Errorf("%d parts", len(got))
	}
}

// A text that nobody has taken is no text: the person's other inboxes do not show
// it as sent.
func TestFailedTextIsNotCopied(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", "IM_EXT"), w.connect("bob.1", "")
	joined(alice, 1, bob, "bob")
	box := w.inboxOf("alice.2")
	alice.sayText(1, `"id":"x1","mime":"application/x-sealed","data":"{}"`)
	alice.expect("1 failed x1 88")
	box.expect()
}

// A1.7, decision 25: a crossed text is answered under the src of the registration
// that had the number, with the flags that it had.
func TestCrossedTextIsAnsweredToItsRegistration(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	bob := w.connect("bob.1", "")
	p := w.phone("alice.1")
	from := &sources{phone: p}
	p.conn = w.sw.Connect(from)
	_ = p.register("alice", "r0", "", "")
	_ = p.register("alice", "r1", "IM_EXT", "")
	p.say("r1", 1, `{"type":"setup","channel":0,"complete":true,"cd":{"sip":"bob"},"fty":[{"type":"im_setup"}]}`)
	bob.say(-1, `{"type":"rel"}`)
	from.seen = nil
	p.say("r0", 1, `{"type":"facility","fty":[{"type":"im_message","id":"x","data":"late"}]}`)
	if strings.Join(from.seen, " ") != `"r1"` {
		t.Errorf("answered under %q", from.seen)
	}
}

// sources notes the src of each frame.
type sources struct {
	*phone
	seen []string
}

func (s *sources) Send(t *signal.Turn, src string, number int32, head, tail []byte) {
	s.seen = append(s.seen, src)
	s.phone.Send(t, src, number, head, tail)
}

// SendLater implements signal.Endpoint.
func (s *sources) SendLater(t *signal.Turn, src string, number int32, head, tail []byte) {
	s.Send(t, src, number, head, tail)
}

// A program may have many calls at a time: an attendant, a gateway.
func TestProgramWithManyCalls(t *testing.T) {
	w := newWorldWith(t, signal.Limits{SetupRate: 1e6, SetupBurst: 1e6}, "bot!", "bob", "carol")
	bot, bob, carol := w.connect("bot.1", ""), w.connect("bob.1", ""), w.connect("carol.1", "")
	for i := range 600 {
		bot.say(i+1, `{"type":"setup","channel":-1,"complete":true,"cd":{"num":"`+[]string{"102", "103"}[i%2]+`"}}`)
	}
	if n := len(bob.got()) + len(carol.got()); n != 600 {
		t.Errorf("%d of 600 calls", n)
	}
	bot.got()
}

// Decision 51: a device that registers at the very moment in which it is missed is
// called too.
func TestRegistrationWhileWaking(t *testing.T) {
	for _, channel := range []string{"0", "-1"} {
		w := newWorld(t, "alice", "bob")
		alice := w.connect("alice.1", "")
		var bob *device
		w.waker.live, w.waker.do = true, func() { bob = w.connect("bob.1", "") }
		alice.say(1, `{"type":"setup","channel":`+channel+`,"complete":true,"cd":{"sip":"bob"},"fty":[{"type":"im_setup"}]}`)
		if got := bob.got(); len(got) != 1 || got[0] != "-1 setup alice" {
			t.Errorf("channel %s: bob got %q", channel, got)
		}
	}
}

// hooked is a device that does something when it gets the first frame.
type hooked struct {
	*device
	do func()
}

func (h *hooked) Send(t *signal.Turn, src string, number int32, head, tail []byte) {
	h.device.Send(t, src, number, head, tail)
	if do := h.do; do != nil {
		h.do = nil
		do()
	}
}

// SendLater implements signal.Endpoint.
func (h *hooked) SendLater(t *signal.Turn, src string, number int32, head, tail []byte) {
	h.Send(t, src, number, head, tail)
}

// A registration that ends while a call is offered to its person is not called
// any more.
func TestRegistrationEndsWhileCalled(t *testing.T) {
	for _, channel := range []string{"0", "-1"} {
		w := newWorld(t, "alice", "bob")
		alice, first, second := w.connect("alice.1", ""), w.connect("bob.1", ""), w.connect("bob.2", "")
		h := &hooked{device: first}
		first.lose()
		first.conn = w.sw.Connect(h)
		second.lose()
		second.conn = w.sw.Connect(second)
		first.register("", "")
		second.register("", "phone-single")
		h.do = func() { w.connect("bob.3", "").register("", "phone-single") }
		alice.say(1, `{"type":"setup","channel":`+channel+`,"complete":true,"cd":{"sip":"bob"},"fty":[{"type":"im_setup"}]}`)
		second.expect("unregistered replaced")
	}
}
