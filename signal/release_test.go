package signal_test

import "testing"

// A chat and a call are released from outside, in their own domain alone.
func TestReleaseCall(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	joined(alice, 1, bob, "bob")
	chat := w.sw.Calls()[0]
	if n := w.sw.ReleaseCall(chat.Domain+1, chat.ID); n != 0 {
		t.Errorf("%d released in another domain", n)
	}
	if n := w.sw.ReleaseCall(chat.Domain, chat.ID+1000); n != 0 {
		t.Errorf("%d released with another id", n)
	}
	if n := w.sw.ReleaseCall(chat.Domain, chat.ID); n != 1 {
		t.Errorf("%d released", n)
	}
	alice.expect("1 rel 16")
	bob.expect("-1 rel 16")

	alice.say(2, `{"type":"setup","cd":{"sip":"bob"},"channel":-1}`)
	call := w.sw.Calls()
	if len(call) != 1 {
		t.Fatalf("%d calls", len(call))
	}
	if n := w.sw.ReleaseCall(call[0].Domain, call[0].ID); n != 1 || len(w.sw.Calls()) != 0 {
		t.Errorf("%d released, left %v", n, w.sw.Calls())
	}
}

func TestEndRegistrations(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	other := w.connect("alice.2", "")
	a := w.sw.Registrations()[0].Address
	for _, r := range w.sw.Registrations() {
		if r.SIP == "alice" {
			a = r.Address
		}
	}
	if n := w.sw.EndRegistrations(a, "nothing"); n != 0 {
		t.Errorf("%d ended", n)
	}
	if n := w.sw.EndRegistrations(a, "alice.2"); n != 1 {
		t.Errorf("%d ended", n)
	}
	other.expect("unregistered released")
	alice.expect()
	if n := w.sw.EndRegistrations(a, ""); n != 1 || len(w.sw.Registrations()) != 1 {
		t.Errorf("%d ended, left %v", n, w.sw.Registrations())
	}
	alice.expect("unregistered released")
	bob.expect()
}
