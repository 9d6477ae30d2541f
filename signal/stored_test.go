package signal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// A4: stored before passed on, passed on before acknowledged, in order.
func TestStoredBeforeForwarded(t *testing.T) {
	w := newStored(t, "alice", "bob")
	alice, bob := w.connect("alice.1", "IM_EXT"), w.connect("bob.1", "IM_EXT")
	w.store.hold = true
	alice.chat(1, "bob")
	alice.expect("1 call_proc", "1 conn")
	bob.expect("-1 setup alice")
	alice.sayText(1, `"id":"x1","data":"one"`)
	alice.sayText(1, `"id":"x2","data":"two"`)
	bob.expect()
	alice.expect()
	w.store.answer(1)
	bob.expect("-1 text alice: one")
	if f := bob.last(); !strings.Contains(f, `"id":"x1","mid":100,"timestamp":1767225600007`) {
		t.Error(f)
	}
	alice.expect("1 sent x1/100")
	w.store.answer(1)
	bob.expect("-1 text alice: two")
	alice.expect("1 sent x2/101")
	if got := fmt.Sprint(w.store.texts()); got != "[alice>bob one alice>bob two]" {
		t.Error(got)
	}
}

// Results of different chats come in any order, and twice.
func TestChatsWaitForThemselves(t *testing.T) {
	w := newStored(t, "alice", "bob", "carol")
	alice, bob, carol := w.inbox("alice.1"), w.inbox("bob.1"), w.inbox("carol.1")
	w.store.hold = true
	alice.inChat("bob", `"id":"b","data":"to bob"`)
	alice.inChat("carol", `"id":"c","data":"to carol"`)
	again := w.store.pending[0]
	w.store.answerTo("carol")
	carol.expect("-1 text alice: to carol")
	alice.expect("-1 sent c/100")
	w.store.answerTo("bob")
	w.sw.Turn(func(turn *signal.Turn) { again.done(turn, signal.PostResult{MID: 5}) })
	bob.expect("-1 text alice: to bob")
	alice.expect("-1 sent b/101")
}

// A1.6, A5: nobody there and stored: the switch answers, and releases after 60 s
// without leg, inbox and message.
func TestStoredForOneWhoIsNotThere(t *testing.T) {
	w := newStored(t, "alice", "bob")
	alice := w.connect("alice.1", "")
	alice.chat(1, "bob")
	alice.expect("1 call_proc", "1 conn")
	w.advance(59 * time.Second)
	alice.text(1, "for later")
	alice.text(1, "and more")
	if got := fmt.Sprint(w.waker.woken); got != "[chat]" {
		t.Errorf("woken: %s", got)
	}
	w.advance(59 * time.Second)
	alice.expect()
	w.advance(2 * time.Second)
	alice.expect("1 rel 16")
	if got := fmt.Sprint(w.store.texts()); got != "[alice>bob for later alice>bob and more]" {
		t.Error(got)
	}
	// with bob there: legs come and go
	bob := w.connect("bob.1", "")
	alice.chat(2, "bob")
	alice.expect("2 call_proc", "2 conn")
	bob.expect("-1 setup alice")
	bob.say(-1, `{"type":"conn","channel":0}`)
	alice.text(2, "now")
	bob.expect("-1 text alice: now")
	bob.say(-1, `{"type":"rel","cau":{"num":16}}`)
	alice.text(2, "and again")
	bob.expect("-2 setup alice", "-2 text alice: and again")
	w.advance(2 * time.Minute)
	alice.expect() // there is a leg, though it has never answered
	w.advance(time.Minute)
	bob.expect("-2 rel 26")
	w.advance(59 * time.Second)
	alice.expect()
	w.advance(time.Second)
	alice.expect("2 rel 16")
}

// The last leg goes with its connection: 60 s from then on.
func TestDesertedCallEnds(t *testing.T) {
	w := newStored(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	alice.chat(1, "bob")
	bob.say(-1, `{"type":"conn","channel":0}`)
	alice.got()
	w.advance(5 * time.Minute)
	bob.lose()
	w.advance(59 * time.Second)
	alice.expect()
	w.advance(2 * time.Second)
	alice.expect("1 rel 16")

	in := w.connect("bob.2", "IM_INBOX")
	alice.chat(2, "bob")
	alice.expect("2 call_proc", "2 conn")
	w.advance(5 * time.Second)
	in.say(-1, `{"type":"conn","channel":0}`)
	w.advance(10 * time.Minute)
	alice.expect()
	in.lose()
	w.advance(59 * time.Second)
	alice.expect()
	w.advance(2 * time.Second)
	alice.expect("2 rel 16")
}

// A4, A5, A6: whose licence matters for what.
func TestOneSideIsStored(t *testing.T) {
	w := newStored(t, "alice", "bob")
	w.store.unlicense("bob")
	alice := w.connect("alice.1", "IM_EXT")
	alice.chat(1, "bob") // stored for alice alone: like a volatile chat
	alice.expect("1 call_proc", "1 rel 20")
	in := w.connect("alice.2", "IM_INBOX")
	in.got()
	in.inChat("bob", `"id":"n","data":"nobody"`)
	in.expect("-1 failed n 20")
	if got := w.store.texts(); len(got) != 0 {
		t.Errorf("stored: %v", got)
	}
	bob := w.connect("bob.1", "")
	alice.chat(2, "bob")
	alice.expect("2 call_proc")
	bob.expect("-1 setup alice")
	alice.sayText(2, `"id":"x","data":"hi"`)
	bob.expect("-1 text alice: hi")
	alice.expect("2 sent x/100")
	in.expect("-1 text alice: hi")
	if r := w.store.rows[0]; !r.OfAuthor || r.OfReceiver {
		t.Errorf("of author %v, of receiver %v", r.OfAuthor, r.OfReceiver)
	}
	alice.lose()
	in.lose()
	bob.got()
	bob.chat(3, "alice") // alice's chat is stored: the switch answers
	bob.expect("3 call_proc", "3 conn")
	bob.text(3, "later")
	if r := w.store.rows[1]; r.OfAuthor || !r.OfReceiver {
		t.Errorf("of author %v, of receiver %v", r.OfAuthor, r.OfReceiver)
	}
}

// Without any licence nothing is posted.
func TestUnlicensedIsVolatile(t *testing.T) {
	w := newStored(t, "alice", "bob")
	w.store.unlicense("alice", "bob")
	alice, bob := w.connect("alice.1", "IM_EXT"), w.connect("bob.1", "")
	joined(alice, 1, bob, "bob")
	alice.sayText(1, `"id":"x","data":"hi"`)
	bob.expect("-1 text alice: hi")
	alice.expect("1 sent x")
	w.store.unlicense() // from now on
	alice.sayText(1, `"id":"y","data":"ho"`)
	bob.expect("-1 text alice: ho")
	alice.expect("1 sent y/100")
}

// What is volatile by now waits behind what is not.
func TestOrderAcrossALicence(t *testing.T) {
	w := newStored(t, "alice", "bob")
	alice, bob := w.connect("alice.1", "IM_EXT"), w.connect("bob.1", "")
	joined(alice, 1, bob, "bob")
	w.store.hold = true
	alice.sayText(1, `"id":"x","data":"one"`)
	w.store.unlicense("alice", "bob")
	alice.sayText(1, `"id":"y","data":"two"`)
	bob.expect()
	w.store.answer(1)
	bob.expect("-1 text alice: one", "-1 text alice: two")
	alice.expect("1 sent x/100", "1 sent y")
}

// A1 model: a chat with oneself.
func TestSelfChatIsStored(t *testing.T) {
	w := newStored(t, "alice")
	phone, in := w.connect("alice.1", ""), w.connect("alice.2", "IM_INBOX")
	in.got()
	phone.chat(1, "alice")
	phone.expect("1 call_proc", "1 conn", "-1 setup alice")
	phone.text(1, "note")
	phone.expect("-1 text alice: note")
	in.expect("-1 text alice: note")
	in.inChat("alice", `"id":"i","data":"other"`)
	phone.expect("-1 text alice: other")
	in.expect("-1 sent i/101")
	if r := w.store.rows[0]; !r.OfAuthor || r.OfReceiver || len(w.store.rows) != 2 {
		t.Errorf("%+v", w.store.rows)
	}
}

// A3: a repeated id gets the first result: while it waits, later, and after the
// switch has forgotten it.
func TestRepeatedStoredID(t *testing.T) {
	w := newStored(t, "alice", "bob")
	alice, other, bob := w.inbox("alice.1"), w.inbox("alice.2"), w.inbox("bob.1")
	w.store.hold = true
	alice.inChat("bob", `"id":"x","data":"once"`)
	other.inChat("bob", `"id":"x","data":"twice"`)
	w.store.answer(2)
	bob.expect("-1 text alice: once")
	alice.expect("-1 sent x/100")
	other.expect("-1 text alice: once", "-1 sent x/100")
	w.store.hold = false
	alice.inChat("bob", `"id":"x","data":"thrice"`)
	alice.expect("-1 sent x/100")
	w.advance(2 * signal.ChatMemory)
	alice.inChat("bob", `"id":"x","data":"again"`)
	alice.expect("-1 sent x/100")
	bob.expect()
	other.expect()
	if got := w.store.texts(); len(got) != 1 {
		t.Errorf("stored: %v", got)
	}
}

// A3: the same for a text that lies in the outbox, in a chat of two and in a group:
// nobody gets it twice, and sent has the time of the first.
func TestRepeatedInTheOutbox(t *testing.T) {
	for _, to := range []string{"bob", team} {
		t.Run(to, func(t *testing.T) {
			w := newStored(t, "alice", "bob")
			w.store.group(12, "Team", "alice", "bob")
			alice, copied, bob := w.inbox("alice.1"), w.inbox("alice.2"), w.inbox("bob.1")
			w.store.down = true
			alice.inChat(to, `"id":"x","data":"once"`)
			bob.expect("-1 text alice: once")
			copied.expect("-1 text alice: once")
			w.advance(2 * signal.ChatMemory)
			alice.inChat(to, `"id":"x","data":"again"`)
			alice.expect("-1 sent x", "-1 sent x")
			if f := alice.last(); !strings.Contains(f, `"timestamp":1767225600000`) || strings.Contains(f, "mid") {
				t.Error(f)
			}
			w.store.up()
			alice.expect("-1 sent x/100")
			bob.expect("-1 sent x/100")
			copied.expect("-1 sent x/100")
			if got := w.store.texts(); len(got) != 1 {
				t.Errorf("stored: %v", got)
			}
		})
	}
}

// A4: PostResult with error: not passed on; failed, or rel for others.
func TestRefusedByTheArchive(t *testing.T) {
	w := newStored(t, "alice", "bob", "carol")
	w.store.refuse = func(*signal.Post) signal.Cause { return signal.CauseResourceUnavailable }
	alice, bob, carol := w.connect("alice.1", "IM_EXT"), w.connect("bob.1", ""), w.connect("carol.1", "")
	alice.chat(1, "bob")
	alice.sayText(1, `"id":"x","data":"no"`)
	alice.expect("1 call_proc", "1 conn", "1 failed x 47")
	carol.chat(1, "bob")
	carol.text(1, "no")
	carol.expect("1 call_proc", "1 conn", "1 rel 47")
	bob.expect("-1 setup alice", "-2 setup carol")
	w.store.refuse = nil
	alice.sayText(1, `"id":"x","data":"no"`)
	alice.expect("1 failed x 47") // the first result
}

// A4: with the link down a text goes on with the time of the switch and without mid;
// the second sent goes to both sides when it is stored.
func TestOutbox(t *testing.T) {
	w := newStored(t, "alice", "bob")
	alice, copied, bob := w.inbox("alice.1"), w.inbox("alice.2"), w.inbox("bob.1")
	w.store.down = true
	alice.inChat("bob", `"id":"x","data":"hi"`)
	bob.expect("-1 text alice: hi")
	if f := bob.last(); strings.Contains(f, "mid") || !strings.Contains(f, `"timestamp":1767225600000`) {
		t.Error(f)
	}
	alice.expect("-1 sent x")
	copied.expect("-1 text alice: hi")
	bob.say(-1, `{"type":"facility","fty":[{"type":"im_receipt","chat":"alice","id":"x","state":"delivered"}]}`)
	alice.expect("-1 delivered x")
	copied.expect("-1 delivered x")
	if got := fmt.Sprint(w.store.marked()); got != "[bob of alice: delivered 0x]" {
		t.Error(got)
	}
	w.store.up()
	alice.expect("-1 sent x/100")
	copied.expect("-1 sent x/100")
	bob.expect("-1 sent x/100")
	bob.say(-1, `{"type":"facility","fty":[{"type":"im_receipt","chat":"alice","mid":100,"state":"read"}]}`)
	alice.expect("-1 read x/100")
	copied.expect("-1 read x/100")
	alice.inChat("bob", `"id":"x","data":"hi"`)
	alice.expect("-1 sent x/100")
	bob.expect()

	// full, and refused later
	w.store.down, w.store.limit = true, 1
	alice.inChat("bob", `"id":"y","data":"1"`)
	alice.inChat("bob", `"id":"z","data":"2"`)
	bob.expect("-1 text alice: 1")
	alice.expect("-1 sent y", "-1 failed z 42")
	w.store.refuse = func(*signal.Post) signal.Cause { return signal.CauseResourceUnavailable }
	w.advance(2 * signal.ChatMemory)
	w.store.up()
	alice.expect("-1 failed y 47")
	bob.expect()
}

// typing does not overtake a text.
func TestTypingBehindAText(t *testing.T) {
	w := newStored(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	joined(alice, 1, bob, "bob")
	w.store.hold = true
	alice.text(1, "hi")
	w.advance(time.Second)
	alice.sayText(1, `"typing":true`)
	w.store.answer(1)
	w.advance(2 * time.Second)
	alice.sayText(1, `"typing":true`)
	bob.expect("-1 text alice: hi", "-1 typing true")
	if n := w.drops.of("drop typing_behind_text"); n != 1 {
		t.Errorf("%d dropped", n)
	}
}

// The caller hangs up, or is lost, before his text is stored: it comes before the rel.
func TestCallerLeavesBehindTexts(t *testing.T) {
	for _, lost := range []bool{false, true} {
		w := newStored(t, "alice", "bob")
		alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
		joined(alice, 1, bob, "bob")
		w.store.hold = true
		alice.text(1, "bye")
		want := "-1 rel 16"
		if lost {
			alice.lose()
			want = "-1 rel 41"
		} else {
			alice.say(1, `{"type":"rel","cau":{"num":16}}`)
		}
		bob.expect()
		w.store.answer(1)
		bob.expect("-1 text alice: bye", want)
		alice.lose()
		bob.lose()
		w.advance(2 * signal.ChatMemory)
		w.empty(t)
	}
}

// The call ends for another reason: the text finds its way by a new one.
func TestCallEndsBeforeTheResult(t *testing.T) {
	w := newStored(t, "alice", "bob")
	alice, bob := w.connect("alice.1", "IM_EXT"), w.connect("bob.1", "")
	joined(alice, 1, bob, "bob")
	w.store.hold = true
	alice.sayText(1, `"id":"x","data":"hi"`)
	bob.say(-1, `{"type":"rel","cau":{"num":21}}`)
	if n := w.sw.ReleaseCall(1, 1); n != 1 {
		t.Fatalf("%d released", n)
	}
	alice.expect("1 rel 16")
	w.store.answer(1)
	bob.expect("-2 setup alice", "-2 text alice: hi")
	alice.expect()
}

// A1.7: a text that crosses the rel of the switch is stored.
func TestCrossedTextIsStored(t *testing.T) {
	w := newStored(t, "alice", "bob")
	alice := w.connect("alice.1", "IM_EXT")
	alice.chat(1, "bob")
	w.advance(time.Minute)
	alice.expect("1 call_proc", "1 conn", "1 rel 16")
	alice.sayText(1, `"id":"x","data":"late"`)
	alice.expect() // nothing on the released number, but for
	alice.sayText(1, `"id":"y","data":""`)
	alice.expect("1 failed y 111")
	plain := w.connect("alice.2", "")
	plain.chat(1, "bob")
	w.advance(time.Minute)
	bob := w.connect("bob.1", "")
	plain.text(1, "late, too")
	bob.expect("-1 setup alice", "-1 text alice: late, too")
	if got := fmt.Sprint(w.store.texts()); got != "[alice>bob late alice>bob late, too]" {
		t.Error(got)
	}
	alice.chat(2, "bob")
	alice.sayText(2, `"id":"x","data":"late"`)
	alice.expect("2 call_proc", "2 conn", "2 sent x/100")
	bob.expect("-2 setup alice")
}

// Where the chat is not stored it is failed 41 as before.
func TestCrossedTextIsNotStored(t *testing.T) {
	w := newStored(t, "alice", "bob")
	alice := w.connect("alice.1", "IM_EXT")
	alice.chat(1, "bob")
	w.advance(time.Minute)
	w.store.unlicense("alice", "bob")
	alice.sayText(1, `"id":"z","data":"never"`)
	alice.expect("1 call_proc", "1 conn", "1 rel 16", "1 failed z 41")
}

// The text as it is stored (A9).
func TestWhatIsPosted(t *testing.T) {
	w := newStored(t, "alice", "bob")
	alice := w.connect("alice.1", "IM_INBOX")
	alice.got()
	for _, tt := range []struct{ members, html, mime, data, alt, attach, ext string }{
		{`"data":"a <b onclick=x>b</b>"`, `"a <b>b</b>"`, "", "", "", "", ""},
		{`"mime":"text/plain","data":"a<b"`, `"a&lt;b"`, `"text/plain"`, `"a<b"`, "", "", ""},
		{`"mime":"application/json","data":"{}","alt":"v","subject":"s","x":{"y":1}`, `"v"`, `"application/json"`, `"{}"`, `"v"`, "", `{"subject":"s","x":{"y":1}}`},
		{`"mime":"application/json","data":"{}"`, "", `"application/json"`, `"{}"`, "", "", ""},
		{`"data":"see","reply":7,"attach":"https%3A%2F%2Ffiles.example.com%2Fexample.com%2Fmessages%2Ftmp%2F1"`, `"see"`, "", "", "",
			`"https%3A%2F%2Ffiles.example.com%2Fexample.com%2Fmessages%2Ftmp%2F1"`, `{"reply":7}`},
	} {
		before := len(w.store.rows)
		alice.inChat("bob", tt.members)
		if len(w.store.rows) != before+1 {
			t.Fatalf("%s: not stored: %v", tt.members, alice.got())
		}
		r := w.store.rows[before]
		for _, p := range [][2]string{{string(r.HTML), tt.html}, {string(r.Mime), tt.mime}, {string(r.Data), tt.data},
			{string(r.Alt), tt.alt}, {string(r.Attach), tt.attach}, {string(r.Ext), tt.ext}} {
			if p[0] != p[1] {
				t.Errorf("%s: %s, want %s", tt.members, p[0], p[1])
			}
		}
		want := int64(0)
		if strings.Contains(tt.members, `"reply":7`) {
			want = 7
		}
		if r.Reply != want {
			t.Errorf("%s: answers %d", tt.members, r.Reply)
		}
		if len(r.ID) < 16 {
			t.Errorf("%s: id %q", tt.members, r.ID)
		}
	}
}

// Decision 43, A9: foreign attachments.
func TestForeignAttachment(t *testing.T) {
	w := newStored(t, "alice", "bob")
	alice, plain, bob := w.connect("alice.1", "IM_EXT"), w.connect("alice.2", ""), w.connect("bob.1", "")
	joined(alice, 1, bob, "bob")
	alice.sayText(1, `"id":"x","data":"look","attach":"https%3A%2F%2Fevil.example%2Fx"`)
	alice.expect("1 failed x 50")
	bob.expect()
	plain.chat(1, "bob")
	bob.got()
	plain.sayText(1, `"data":"look","attach":"https%3A%2F%2Fevil.example%2Fx"`)
	bob.expect("-2 text alice: look")
	if strings.Contains(bob.last(), "attach") || w.store.rows[0].Attach != nil {
		t.Error(bob.last())
	}
	if n := w.drops.of("drop foreign_attachment"); n != 2 {
		t.Errorf("counted %d", n)
	}
	w.store.unlicense("alice")
	alice.sayText(1, `"id":"y","data":"mine","attach":"https%3A%2F%2Ffiles.example.com%2Fexample.com%2Fmessages%2Ftmp%2F1"`)
	alice.expect("1 failed y 50")
}

// A program for which nothing is stored is called as ever: what waits for the winner
// is stored when it goes on, and where nobody is there nothing is.
func TestStoredForTheCallerOfAProgram(t *testing.T) {
	w := newStored(t, "alice", "bot!")
	w.store.unlicense("bot")
	in := w.inbox("alice.1")
	in.inChat("bot", `"id":"n","data":"nobody"`)
	in.expect("-1 failed n 20")
	first, second := w.connect("bot.1", ""), w.connect("bot.2", "")
	in.inChat("bot", `"id":"x","data":"hi"`)
	first.expect("-1 setup alice")
	second.expect("-1 setup alice")
	in.expect()
	if got := w.store.texts(); len(got) > 0 {
		t.Errorf("stored: %v", got)
	}
	second.say(-1, `{"type":"conn","channel":0}`)
	second.expect("-1 text alice: hi")
	first.expect("-1 rel 26")
	in.expect("-1 sent x/100")

	w.waker.live = true
	first.lose()
	second.lose()
	in.inChat("bot", `"id":"y","data":"wake up"`)
	in.expect()
	third := w.connect("bot.3", "")
	w.store.settle()
	third.expect("-1 setup alice", "-1 text alice: wake up")
	in.expect("-1 sent y/101")
}

// A hunt group: the chat goes to a member, and is stored for him.
func TestStoredHuntChat(t *testing.T) {
	w := newStored(t, "alice", "bob", "carol", "team")
	w.dir.group("team", "bob", "carol")
	alice, bob, carol := w.connect("alice.1", "IM_EXT"), w.connect("bob.1", ""), w.connect("carol.1", "")
	alice.chat(1, "team")
	alice.sayText(1, `"id":"x","data":"help"`)
	bob.expect("-1 setup alice")
	carol.expect("-1 setup alice")
	carol.say(-1, `{"type":"conn","channel":0}`)
	carol.expect("-1 text alice: help")
	bob.expect("-1 rel 26")
	carol.say(-1, `{"type":"rel","cau":{"num":16}}`) // legs come and go
	alice.sayText(1, `"id":"y","data":"more"`)
	carol.expect("-2 setup alice", "-2 text alice: more")
	alice.expect("1 call_proc", "1 conn", "1 sent x/100", "1 sent y/101")
}
