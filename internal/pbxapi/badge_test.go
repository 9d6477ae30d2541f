package pbxapi_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/signal"
)

// The badge comes when it changes, and to a client that logs in.
func TestBadge(t *testing.T) {
	d := newDesk(t)
	var asked []signal.Address
	d.myapps.AskUnread(func(a signal.Address) { asked = append(asked, a) })
	bob := d.people["bob"].Address()
	d.myapps.SetBadge(nil, bob, 7) // nobody is there
	first := d.login("bob")
	d.myapps.Greet(nil, first)
	expect := func(g *guest, want ...string) {
		t.Helper()
		for i := range want {
			want[i] = `{"mt":"UpdateOwnPresence","presence":[` + want[i] + `]}`
		}
		if got := strings.Join(g.got(), "\n"); got != strings.Join(want, "\n") {
			t.Errorf("got  %s\nwant %s", got, strings.Join(want, "\n"))
		}
	}
	badge := func(n int64) string { return fmt.Sprintf(`{"contact":"app:","status":"open","note":"#badge:%d"}`, n) }
	expect(first)
	d.myapps.SetBadge(nil, bob, 0)
	expect(first)
	d.myapps.SetBadge(nil, bob, 2)
	d.myapps.SetBadge(nil, bob, 2)
	expect(first, badge(2))
	second := d.login("bob")
	d.myapps.Greet(nil, second)
	expect(second, badge(2))
	d.myappsSays(first, `{"mt":"SetOwnPresence","activity":"busy"}`)
	const busy = `{"contact":"tel:","status":"open","activity":"busy"}`
	expect(first, busy+","+badge(2))
	d.myapps.SetBadge(nil, bob, 0)
	expect(first, busy+","+badge(0))
	d.myappsSays(first, `{"mt":"SetOwnPresence","activity":"away"}`)
	expect(first, strings.Replace(busy, "busy", "away", 1))
	d.myapps.Closed(context.Background(), first)
	d.myapps.Closed(context.Background(), second)
	if fmt.Sprint(asked) != fmt.Sprint([]signal.Address{bob, bob}) {
		t.Errorf("asked for %v", asked)
	}
}
