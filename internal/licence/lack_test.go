package licence

import (
	"testing"
	"time"
)

// Whoever has no feature is told which licence ended last, or what else there is.
func TestLack(t *testing.T) {
	w := newWorld(t, ModeList)
	if l := w.Lack(1, Chat); l != (Lack{}) {
		t.Errorf("before licences began: %+v", l)
	}
	w.keygen()
	w.add(4, "d.example")
	want := func(what string, want Lack) {
		t.Helper()
		if w.has(4, Chat, ""); w.Lack(4, Chat) != want {
			t.Errorf("%s: %+v, want %+v", what, w.Lack(4, Chat), want)
		}
	}
	begin := w.clock.Now().UTC().Truncate(time.Second)
	want("nothing was installed", Lack{Reason: LackNever})
	w.give(Entitlement{Domain: "d.example"}, "calls")
	w.give(Entitlement{Domain: "a.example"}, "chat:1")
	want("others have it", Lack{Reason: LackNever})
	later := w.give(Entitlement{Domain: "d.example", From: begin.Add(90 * 24 * time.Hour)}, "chat:3")
	want("it begins later", Lack{LackPending, later.ID, later.From})
	w.give(Entitlement{Domain: "d.example", Until: begin.Add(24 * time.Hour)}, "messages")
	long := w.give(Entitlement{Domain: AnyDomain, Until: begin.Add(48 * time.Hour)}, "*")
	w.clock.Advance(25 * time.Hour)
	w.sync()
	w.has(4, Chat, "1234")
	w.clock.Advance(24 * time.Hour)
	w.sync()
	want("two have ended", Lack{LackExpired, long.ID, long.Until})
	seats := w.give(Entitlement{Domain: "d.example"}, "messages:2")
	want("seats that nobody has", Lack{LackUnassigned, seats.ID, time.Time{}})
	_, err := w.Revoke(t.Context(), seats.ID)
	w.must(err)
	if l := w.Lack(4, Chat); l.Reason != LackRevoked || l.ID != seats.ID || l.At.Before(long.Until) {
		t.Errorf("revoked: %+v", l)
	}
	if none := w.open(ModeNone); none.Lack(4, Chat) != (Lack{Reason: LackMode}) {
		t.Errorf("nobody has anything: %+v", none.Lack(4, Chat))
	}
}
