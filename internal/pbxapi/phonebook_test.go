package pbxapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/directory"
)

// found are the names and the place of the next page in the answer to a search.
func (d *desk) found(g *guest, request string) (names []string, next string) {
	d.t.Helper()
	var answer struct {
		People []struct{ SIP string }
		Next   string
	}
	d.must(json.Unmarshal([]byte(d.say(g, request)), &answer))
	for _, p := range answer.People {
		names = append(names, p.SIP)
	}
	return names, answer.Next
}

func search(text string) string {
	return fmt.Sprintf(`{"mt":"SearchPeople","src":"q","text":%q}`, text)
}

func TestSearchPeople(t *testing.T) {
	d := newDesk(t)
	for _, u := range []directory.NewObject{
		{SIP: "zoe", DN: "Zoë Müller-Lüdenscheidt", Num: "440"},
		{SIP: "isil", DN: "Işıl Yıldız", CN: "Personnel"},
		{SIP: "j.smith", DN: "Smith, John", Num: "441", Properties: directory.Properties{Emails: []string{"office@example.com"}}},
	} {
		d.people[u.SIP] = d.add(d.dom, directory.User, u)
	}
	yes := true
	gone := d.add(d.dom, directory.User, directory.NewObject{SIP: "gone"})
	_, err := d.SetObject(t.Context(), gone.Address(), directory.ObjectEdit{Disabled: &yes})
	d.must(err)
	d.add(d.dom, directory.App, directory.NewObject{SIP: "robot"})
	alice := d.login("alice")
	for _, tt := range []struct{ text, want string }{
		{"", "alice bob carol isil j.smith zoe"}, // Smith stands before Zoë
		{"BO", "bob"},
		{"102", "bob"},
		{"44", "j.smith zoe"},
		{"mull", "zoe"},
		{"lud zoe", "zoe"},
		{"lud bob", ""},
		{"isil", "isil"},
		{"yild", "isil"},
		{"perso", "isil"},
		{"john smi", "j.smith"},
		{"j.sm", "j.smith"},
		{"office@ex", "j.smith"},
		{"example", ""}, // from the begin of an address
		{"ller", ""},
		{"gone", ""},
		{"robot", ""},
	} {
		if names, next := d.found(alice, search(tt.text)); strings.Join(names, " ") != tt.want || next != "" {
			t.Errorf("%q finds %v, next %q, want %s", tt.text, names, next, tt.want)
		}
	}
	d.expect(alice, search("office"),
		`{"src":"q","mt":"SearchPeopleResult","people":[{"sip":"j.smith","dn":"Smith, John","guid":"`+d.people["j.smith"].GUID+`","num":"441","email":"office@example.com"}]}`)
	// Another domain sees nobody of this one.
	if names, _ := d.found(d.login("stranger"), search("")); strings.Join(names, " ") != "bob" {
		t.Errorf("a stranger finds %v", names)
	}
}

func TestSearchPeopleFollowsTheDirectory(t *testing.T) {
	d := newDesk(t)
	alice := d.login("alice")
	want := func(text, names string) {
		t.Helper()
		if got, _ := d.found(alice, search(text)); strings.Join(got, " ") != names {
			t.Errorf("%q finds %v, want %s", text, got, names)
		}
	}
	want("b", "bob")
	name := "Robert"
	_, err := d.SetObject(t.Context(), d.people["bob"].Address(), directory.ObjectEdit{DN: &name})
	d.must(err)
	want("robe", "bob")
	d.change("bob", func(p *directory.Properties) { p.Blocked = append(p.Blocked, d.people["alice"].ID) })
	want("robe", "")
	hide := true
	d.change("carol", func(p *directory.Properties) { p.Hide = &hide })
	want("carol", "")
	d.change("alice", func(p *directory.Properties) { p.Hide = &hide })
	want("alice", "alice") // oneself is always there
	d.must(d.RemoveUser(t.Context(), d.people["carol"].Address()))
	for i := range 300 { // more at once than are taken in one by one
		d.add(d.dom, directory.User, directory.NewObject{SIP: fmt.Sprintf("n%03d", i)})
	}
	want("n299", "n299")
}

func TestSearchPeopleInPages(t *testing.T) {
	d := newDesk(t)
	for i := range 60 {
		d.add(d.dom, directory.User, directory.NewObject{SIP: fmt.Sprintf("clone%02d", i), DN: "Same | \"Name\""})
	}
	alice := d.login("alice")
	seen := map[string]bool{}
	pages := 0
	for next := ""; ; {
		names, more := d.found(alice, fmt.Sprintf(`{"mt":"SearchPeople","text":"same","count":25,"after":%q}`, next))
		pages++
		for _, n := range names {
			if seen[n] {
				t.Errorf("%s comes twice", n)
			}
			seen[n] = true
		}
		if next = more; more == "" {
			break
		}
	}
	if pages != 3 || len(seen) != 60 {
		t.Errorf("%d people on %d pages", len(seen), pages)
	}
	if names, next := d.found(alice, `{"mt":"SearchPeople","text":"same"}`); len(names) != 20 || next == "" {
		t.Errorf("%d people without count", len(names))
	}
	if names, _ := d.found(alice, `{"mt":"SearchPeople","text":"same","count":1000}`); len(names) != 50 {
		t.Errorf("%d people with a large count", len(names))
	}
	for _, wrong := range []string{`"after":"nowhere"`, `"count":"many"`, `"text":"` + strings.Repeat("x", 257) + `"`} {
		if got := d.say(alice, `{"mt":"SearchPeople",`+wrong+`}`); !strings.Contains(got, `"error":3`) {
			t.Errorf("%s: %s", wrong, got)
		}
	}
}

func BenchmarkSearchPeople(b *testing.B) {
	d := newDesk(b)
	for i := range 2000 {
		d.add(d.dom, directory.User, directory.NewObject{SIP: fmt.Sprintf("person%04d", i), DN: fmt.Sprintf("Person Number %d", i)})
	}
	alice := d.login("alice")
	d.found(alice, search("person"))
	for b.Loop() {
		d.found(alice, search("num 1999"))
	}
}
