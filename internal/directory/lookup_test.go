package directory_test

import (
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

func TestResolve(t *testing.T) {
	b := newBench(t)
	alice, bob := b.addUser(b.dom, "alice", "101"), b.addUser(b.dom, "Bob", "102")
	b.addUser(b.dom, "Zoë", "1021")
	b.addUser(b.dom, "103", "104")
	gone := b.addUser(b.dom, "gone", "105")
	b.must(b.RemoveUser(t.Context(), gone.Address()))
	b.set(b.addUser(b.dom, "off", "106"), directory.ObjectEdit{Disabled: ptr(true)})
	for _, test := range []struct{ sip, num, want string }{
		{"bob", "", "Bob"},
		{"BOB@Example.COM", "", "Bob"},
		{"bob@pbx.example.com", "", "Bob"},
		{"sip:bob@example.com", "", "Bob"},
		{"zoë", "", "Zoë"},
		{"ZOË", "", "Zoë"},
		{"alice", "102", "alice"},
		{"unknown", "102", "Bob"},
		{"", "102", "Bob"},
		{"", "R102", "Bob"},
		{"", "RS102", "Bob"},
		{"103", "", "103"},
		{"", "103", ""},
		{"", "10", ""},
		{"", "", ""},
		{"@example.com", "", ""},
		{"bob@example.com@example.com", "", ""},
		{"gone", "", ""},
		{"", "105", ""},
		{"off", "", ""},
		{"", "106", ""},
		{strings.Repeat("bob", 1000), "", ""},
		{"\xff", "", ""},
	} {
		got, ok := b.Resolve(alice.Address(), test.sip, test.num)
		if got.SIP != test.want || ok != (test.want != "") {
			t.Errorf("%.30q, %q: %q, want %q", test.sip, test.num, got.SIP, test.want)
		}
	}
	want := signal.Party{Address: bob.Address(), SIP: "Bob", Num: "102", Name: "The Bob"}
	if got, ok := b.Party(bob.Address()); !ok || got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestDisabled(t *testing.T) {
	b := newBench(t)
	alice, bob := b.addUser(b.dom, "alice", ""), b.addUser(b.dom, "bob", "")
	if !b.Visible(alice.Address(), bob.Address()) || !b.Visible(bob.Address(), bob.Address()) {
		t.Error("not visible")
	}
	b.set(bob, directory.ObjectEdit{Disabled: ptr(true)})
	if b.Visible(alice.Address(), bob.Address()) || b.Visible(bob.Address(), alice.Address()) {
		t.Error("visible")
	}
	if _, ok := b.Party(bob.Address()); ok {
		t.Error("a party")
	}
	if o, ok := b.UserByName(b.dom.ID, "bob"); !ok || !o.Disabled {
		t.Error("a login must be able to tell that it is disabled")
	}
}

func TestDisplayName(t *testing.T) {
	for _, test := range []struct {
		object directory.Object
		want   string
	}{
		{directory.Object{SIP: "s", DN: "d", CN: "c"}, "d"},
		{directory.Object{SIP: "s", CN: "c"}, "c"},
		{directory.Object{SIP: "s"}, "s"},
	} {
		if got := test.object.DisplayName(); got != test.want {
			t.Errorf("%+v: %q", test.object, got)
		}
	}
}

func TestDevice(t *testing.T) {
	b := newBench(t)
	alice := b.addUser(b.dom, "Alice", "").Address()
	bob := b.addUser(b.dom, "bob", "").Address()
	b.must(b.AddDevice(t.Context(), alice, directory.Device{HW: "hw-1"}))
	b.must(b.AddDevice(t.Context(), alice, directory.Device{HW: "hw-2", SingleReg: true}))
	for _, test := range []struct {
		owner         signal.Address
		hw            string
		known, single bool
	}{
		{alice, "", true, false},
		{alice, "alice", true, false},
		{alice, "HW-1", true, false},
		{alice, "hw-2", true, true},
		{alice, "hw-3", false, false},
		{bob, "hw-1", false, false},
		{bob, "alice", false, false},
		{signal.Address{Domain: 9, Object: 9}, "", false, false},
	} {
		if known, single := b.Device(test.owner, test.hw); known != test.known || single != test.single {
			t.Errorf("%v %q: %v, %v", test.owner, test.hw, known, single)
		}
	}
}

func TestIncomplete(t *testing.T) {
	b := newBench(t)
	alice := b.addUser(b.dom, "alice", "101")
	b.addUser(b.dom, "bob", "2001")
	b.addUser(b.dom, "short", "20")
	check := func(num string, want bool) {
		t.Helper()
		if got := b.Incomplete(alice.Address(), num); got != want {
			t.Errorf("%q: %v", num, got)
		}
	}
	for num, want := range map[string]bool{"": true, "1": true, "10": true, "R10": true, "101": false, "1010": false, "2": true, "20": true, "200": true, "2001": false, "3": false} {
		check(num, want)
	}
	b.addUser(b.dom, "late", "3000")
	check("3", true) // what was sorted before is sorted anew
	b.set(alice, directory.ObjectEdit{Num: ptr("")})
	check("10", false)
}

// many is a directory with n users, u0 to u(n-1), numbered from 10000.
func many(t testing.TB, n int) (*bench, signal.Address) {
	b := newBench(t)
	text := &strings.Builder{}
	text.WriteString("sip,dn,num,password\n")
	for i := range n {
		text.WriteString(line(i))
	}
	report, err := b.ImportUsers(t.Context(), b.dom.ID, directory.Import{File: strings.NewReader(text.String())})
	b.must(err)
	if report.Added != n {
		t.Fatalf("added %d", report.Added)
	}
	o, _ := b.UserByName(b.dom.ID, "u7")
	b.must(b.AddDevice(t.Context(), o.Address(), directory.Device{HW: "hw-1"}))
	return b, o.Address()
}

// hot are the questions that the switch asks for each call or text.
func hot(b *bench, a signal.Address) map[string]func() bool {
	return map[string]func() bool{
		"Party":         func() bool { _, ok := b.Party(a); return ok },
		"Visible":       func() bool { return b.Visible(a, a) },
		"Device":        func() bool { known, _ := b.Device(a, "HW-1"); return known },
		"Resolve/sip":   func() bool { _, ok := b.Resolve(a, "U9@Example.com", ""); return ok },
		"Resolve/num":   func() bool { _, ok := b.Resolve(a, "", "10011"); return ok },
		"ResolveLogin":  func() bool { _, ok := b.ResolveLogin("", "PBX.example.com:8080"); return ok },
		"UserByName":    func() bool { _, ok := b.UserByName(a.Domain, "u9"); return ok },
		"Session/wrong": func() bool { _, ok := b.Session("0123456789abcdef0123456789abcdef"); return !ok },
	}
}

func TestHotLookupsDoNotAllocate(t *testing.T) {
	b, a := many(t, 20)
	for name, ask := range hot(b, a) {
		if !ask() {
			t.Errorf("%s: wrong answer", name)
		}
		if n := testing.AllocsPerRun(100, func() { ask() }); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	dir, a := many(b, 5_000)
	for name, ask := range hot(dir, a) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					ask()
				}
			})
		})
	}
}
