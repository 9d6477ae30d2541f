package main

import (
	"log/slog"
	"testing"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/licence"
)

// TestAssignedLicences has the directory and the licences work together: users get
// theirs from their own list and from a template.
func TestAssignedLicences(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	dir, err := storage{Data: t.TempDir()}.open(t.Context(), directory.Config{})
	must(err)
	defer dir.Close()
	gate, err := dir.licences(t.Context(), "list", slog.New(slog.DiscardHandler))
	must(err)
	_, err = gate.Keygen(t.Context(), "", true)
	must(err)
	dom, err := dir.AddDomain(t.Context(), "new.example", nil)
	must(err)
	text, _, err := gate.Issue(t.Context(), licence.Entitlement{
		Domain: "new.example", Grants: []licence.Grant{{Name: licence.Messages, Count: 2}, {Name: licence.Calls}},
	})
	must(err)
	_, err = gate.Install(t.Context(), text)
	must(err)

	lics := []string{"messages"}
	template, err := dir.AddObject(t.Context(), dom.ID, directory.Template, directory.NewObject{SIP: "staff", Properties: directory.Properties{AppLics: lics}})
	must(err)
	add := func(name string, n directory.NewObject) directory.Object {
		t.Helper()
		n.SIP, n.Password = name, "secret-"+name
		user, err := dir.AddUser(t.Context(), dom.ID, n)
		must(err)
		return user
	}
	alice := add("alice", directory.NewObject{Template: template.ID})
	bob := add("bob", directory.NewObject{Template: template.ID, Properties: directory.Properties{AppLics: lics}})
	carol := add("carol", directory.NewObject{Properties: directory.Properties{AppLics: lics}})
	dave := add("dave", directory.NewObject{})
	check := func(when string, want ...bool) {
		t.Helper()
		must(gate.Sync(t.Context()))
		for i, user := range []directory.Object{alice, bob, carol, dave} {
			if got := gate.Licensed(user.Address(), licence.Messages); got != want[i] {
				t.Errorf("%s: %s has messages: %v", when, user.SIP, got)
			}
			if !gate.MayCall(user.Address()) {
				t.Errorf("%s: %s may not call", when, user.SIP)
			}
		}
	}
	check("at first", true, true, false, false)
	if s := gate.Domain(dom.ID); s.Features[1].Assigned != 3 || s.Features[1].Used != 2 {
		t.Errorf("the domain has %+v", s)
	}
	if m := licenceTotals(gate)(); m.Seats["messages"].Entitled != 2 || m.Seats["messages"].Used != 2 || m.States["valid"] != 1 || m.Ends >= 0 {
		t.Errorf("the metrics show %+v", m)
	}
	_, err = dir.SetObject(t.Context(), template.Address(), directory.ObjectEdit{Properties: func(p *directory.Properties) { p.AppLics = nil }})
	must(err)
	check("without the template's", false, true, true, false)
	must(dir.RemoveUser(t.Context(), bob.Address()))
	_, err = dir.SetObject(t.Context(), dave.Address(), directory.ObjectEdit{Properties: func(p *directory.Properties) { p.AppLics = lics }})
	must(err)
	must(gate.Sync(t.Context()))
	if !gate.Licensed(dave.Address(), licence.Messages) {
		t.Error("the seat of somebody who was deleted is not free")
	}
}
