package pbxmessages_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/internal/pbxmessages"
)

// denied checks that something was refused for a reason.
func denied(t *testing.T, err error, reason pbxmessages.Reason) {
	t.Helper()
	refusal, ok := errors.AsType[*pbxmessages.Refusal](err)
	if !ok || refusal.Reason != reason || !strings.HasSuffix(refusal.Text, ".") {
		t.Errorf("got %v, want %s", err, reason)
	}
}

// With the service itself: each gets it once, and only the sender is told how far it is.
func TestBroadcast(t *testing.T) {
	h := newHouse(t)
	carol := h.user("carol", h.store.ID)
	b := pbxmessages.Broadcast{Key: "party", To: []string{"bob", "carol", "nobody", "bob"}, HTML: "<b>You</b> are invited."}
	first, err := h.m.Broadcast(t.Context(), h.alice.Address(), b)
	h.must(err)
	if first.ID == 0 || first.Counts != (pbxmessages.Counts{Total: 2, Sent: 2}) || fmt.Sprint(first.Unknown) != "[nobody]" {
		t.Errorf("%+v", first)
	}
	again, err := h.m.Broadcast(t.Context(), h.alice.Address(), b)
	h.must(err)
	if again.ID != first.ID || again.Counts != first.Counts {
		t.Errorf("again: %+v, first %+v", again, first)
	}
	for _, o := range []directory.Object{h.bob, carol} {
		if got := h.texts(h.session(o, ""), o.SIP, "alice"); fmt.Sprint(got) != "[<b>You</b> are invited.]" {
			t.Errorf("%s has %v", o.SIP, got)
		}
	}
	now, err := h.m.ReadBroadcast(t.Context(), h.alice.Address(), first.ID)
	h.must(err)
	if now.ID != first.ID || now.Counts.Sent != 2 {
		t.Errorf("%+v", now)
	}
	_, err = h.m.ReadBroadcast(t.Context(), h.bob.Address(), first.ID)
	denied(t, err, pbxmessages.NoSuch)
	_, err = h.m.Broadcast(t.Context(), h.alice.Address(), pbxmessages.Broadcast{Key: "x", To: []string{"nobody"}, HTML: "x"})
	denied(t, err, pbxmessages.Wrong)
	if n := h.m.Totals().Sessions; n != 2 { // those of bob and carol
		t.Errorf("%d sessions", n)
	}
	h.outage()
	_, err = h.m.Broadcast(t.Context(), h.alice.Address(), b)
	denied(t, err, pbxmessages.LinkDown)
	h.lics.set(licence.Chat, true)
	_, err = h.m.Broadcast(t.Context(), h.alice.Address(), b)
	denied(t, err, pbxmessages.NotStored)
}

// A service that is silent, goes away, or knows no broadcasts.
func TestBroadcastWithoutAnswer(t *testing.T) {
	r := newRig(t, `{}`)
	r.connected()
	alice := r.user("alice", r.object.ID)
	_, err := r.m.Broadcast(t.Context(), alice.Address(), pbxmessages.Broadcast{Key: "k", To: []string{"bob"}, HTML: "x"})
	denied(t, err, pbxmessages.NotSupported)

	r = newRig(t, withExt)
	r.connected()
	alice = r.user("alice", r.object.ID)
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	send := func() {
		_, err := r.m.Broadcast(ctx, alice.Address(), pbxmessages.Broadcast{Key: "k", To: []string{"bob"}, HTML: "x<y"})
		failed <- err
	}
	go send()
	token := r.service.hears(`{"mt":"Session","src":"$","user":"alice","dn":"ALICE","session":1001,"guid":"` + alice.GUID + `","flags":"IM_EXT"}`)[0]
	r.service.say(`{"mt":"SessionResult","src":%s}`, token)
	token = r.service.hears(`{"mt":"Broadcast","src":"$","user":"alice","session":1001,"key":"k","to":["bob"],"text":"x<y"}`)[0]
	r.service.say(`{"mt":"BroadcastResult","src":%s,"error":4,"errorText":"Too many."}`, token)
	denied(t, receive(t, failed), pbxmessages.TooMuch)
	r.service.hears(`{"mt":"SessionEnd","session":1001}`)

	go send()
	token = r.service.hears(`{"mt":"Session","src":"$","user":"alice","dn":"ALICE","session":1002,"guid":"` + alice.GUID + `","flags":"IM_EXT"}`)[0]
	r.service.say(`{"mt":"SessionResult","src":%s}`, token)
	r.service.hears(`{"mt":"Broadcast","src":"$","user":"alice","session":1002,"key":"k","to":["bob"],"text":"x<y"}`)
	cancel()
	denied(t, receive(t, failed), pbxmessages.Unanswered)
	r.service.hears(`{"mt":"SessionEnd","session":1002}`)
}
