package directory_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/directory"
)

func TestTheFirstDomainIsTheDefault(t *testing.T) {
	b := newBench(t)
	other := b.addDomain("other.example")
	if !b.dom.Default || other.Default {
		t.Errorf("defaults: %+v %+v", b.dom, other)
	}
	got, err := b.SetDomain(t.Context(), other.ID, directory.DomainEdit{Default: true})
	b.must(err)
	if def, ok := b.Default(); !got.Default || !ok || def.ID != other.ID {
		t.Errorf("the flag did not move: %+v, %+v", got, def)
	}
	if old, _ := b.Domain(b.dom.ID); old.Default {
		t.Error("two defaults")
	}
	b.refused(directory.CodeDefaultDomain, b.RemoveDomain(t.Context(), other.ID))
	b.must(b.RemoveDomain(t.Context(), b.dom.ID))
	b.must(b.RemoveDomain(t.Context(), other.ID))
	if def, ok := b.Default(); ok {
		t.Errorf("a default without domains: %+v", def)
	}
	if again := b.addDomain("example.com"); !again.Default || again.ID == b.dom.ID {
		t.Errorf("the first domain again: %+v", again)
	}
}

func TestDomainNamesAreUnique(t *testing.T) {
	b := newBench(t)
	add := func(name string, hosts ...string) error {
		_, err := b.AddDomain(t.Context(), name, hosts)
		return err
	}
	b.refused(directory.CodeDomainTaken, add("Example.COM."))
	b.refused(directory.CodeDomainTaken, add("pbx.example.com"))
	b.refused(directory.CodeHostTaken, add("other.example", "PBX.example.com"))
	b.refused(directory.CodeHostTaken, add("other.example", "example.com"))
	other := b.addDomain("other.example", "Other.Example", "a.example", "A.example")
	if !slices.Equal(other.Hosts, []string{"a.example"}) {
		t.Errorf("hosts %q", other.Hosts)
	}
	name := "example.com"
	_, err := b.SetDomain(t.Context(), other.ID, directory.DomainEdit{Name: &name})
	b.refused(directory.CodeDomainTaken, err)
	name, hosts := "new.example", []string{"other.example"}
	_, err = b.SetDomain(t.Context(), other.ID, directory.DomainEdit{Name: &name, Hosts: &hosts})
	b.must(err)
	if _, ok := b.DomainByHost("a.example"); ok {
		t.Error("the old host name still works")
	}
	b.must(add("a.example"))
	_, err = b.SetDomain(t.Context(), 4711, directory.DomainEdit{})
	b.refused(directory.CodeNotFound, err)
	b.refused(directory.CodeNotFound, b.RemoveDomain(t.Context(), 4711))
}

func TestDomainRules(t *testing.T) {
	b := newBench(t)
	many := make([]string, 65)
	for i := range many {
		many[i] = "h" + strings.Repeat("x", i) + ".example"
	}
	for _, test := range []struct {
		name  string
		hosts []string
		code  directory.Code
	}{
		{"", nil, directory.CodeBadDomain},
		{"a b", nil, directory.CodeBadDomain},
		{"a:b", nil, directory.CodeBadDomain},
		{"a@b", nil, directory.CodeBadDomain},
		{"a..b", nil, directory.CodeBadDomain},
		{".a", nil, directory.CodeBadDomain},
		{"-a.example", nil, directory.CodeBadDomain},
		{"a\n.example", nil, directory.CodeBadDomain},
		{"1234", nil, directory.CodeBadDomain},
		{"münchen.example", nil, directory.CodeBadDomain},
		{strings.Repeat("a", 64) + ".example", nil, directory.CodeBadDomain},
		{strings.Repeat("a.", 127) + "aa", nil, directory.CodeBadDomain},
		{"ok.example", []string{"https://ok.example"}, directory.CodeBadDomain},
		{"ok.example", []string{"ok.example:80"}, directory.CodeBadDomain},
		{"ok.example", many, directory.CodeTooMany},
		{"localhost", []string{"127.0.0.1", "::1", "a_b-c.example"}, ""},
		{"xn--mnchen-3ya.example", nil, ""},
	} {
		_, err := b.AddDomain(t.Context(), test.name, test.hosts)
		t.Logf("%.40q: %v", test.name, err)
		b.refused(test.code, err)
	}
}

func TestResolveLogin(t *testing.T) {
	b := newBench(t)
	b.addDomain("other.example", "b.example", "192.0.2.7", "2001:db8::1")
	for _, test := range []struct{ name, host, want string }{
		{"", "pbx.example.com", "example.com"},
		{"", "PBX.Example.com:8443", "example.com"},
		{"", "b.example.", "other.example"},
		{"", "other.example:80", "other.example"},
		{"", "192.0.2.7:80", "other.example"},
		{"", "[2001:db8::1]:80", "other.example"},
		{"", "2001:db8::1", "other.example"},
		{"", "unknown.example", "example.com"},
		{"", "", "example.com"},
		{"", "[", "example.com"},
		{"", strings.Repeat("x", 10_000), "example.com"},
		{"other.example", "pbx.example.com", "other.example"},
		{"Other.Example", "", "other.example"},
		{"b.example", "", "other.example"},
		{"unknown.example", "pbx.example.com", ""},
		{"other.example:80", "", ""},
		{" ", "", ""},
	} {
		got, ok := b.ResolveLogin(test.name, test.host)
		if got.Name != test.want || ok != (test.want != "") {
			t.Errorf("login to %q at %.40q: %q, want %q", test.name, test.host, got.Name, test.want)
		}
	}
	if _, ok := b.DomainByName("b.example"); ok {
		t.Error("a host name was taken for a name")
	}
	if got, ok := b.DomainByName("OTHER.example"); !ok || got.Name != "other.example" {
		t.Errorf("by name: %+v", got)
	}
	if names := b.Domains(); len(names) != 2 || names[0].Name != "example.com" {
		t.Errorf("list: %+v", names)
	}
}
