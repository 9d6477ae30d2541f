package signal_test

import (
	"testing"
	"time"
)

func TestPartsWithoutEnd(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	alice.chat(1, "bob")
	bob.say(-1, `{"type":"conn"}`)
	alice.got()
	bob.got()
	part := `{"type":"facility","fty":[{"type":"im_message","data":"one ","more":true}]}`
	alice.say(1, part)
	w.advance(50 * time.Second)
	alice.text(1, "two")
	bob.expect("-1 text alice: one two")
	alice.say(1, part)
	w.advance(59 * time.Second)
	alice.expect()
	w.advance(2 * time.Second)
	alice.expect("1 rel 111")
	bob.expect()
}
