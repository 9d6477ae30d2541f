package admin_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/audit"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/pbxmessages"
	"github.com/tandem-switch/tandem/signal"
)

// posted is the Messages service of a door: it takes every broadcast, or refuses all.
type posted struct {
	sent   []pbxmessages.Broadcast
	from   []signal.Address
	refuse error
}

// Broadcast implements admin.Broadcaster.
func (p *posted) Broadcast(_ context.Context, a signal.Address, b pbxmessages.Broadcast) (pbxmessages.Sent, error) {
	if p.refuse != nil {
		return pbxmessages.Sent{}, p.refuse
	}
	p.sent, p.from = append(p.sent, b), append(p.from, a)
	return pbxmessages.Sent{ID: 7, Counts: pbxmessages.Counts{Total: int64(len(b.To)), Sent: int64(len(b.To))}}, nil
}

// ReadBroadcast implements admin.Broadcaster.
func (p *posted) ReadBroadcast(_ context.Context, _ signal.Address, id int64) (pbxmessages.Sent, error) {
	return pbxmessages.Sent{ID: id, Counts: pbxmessages.Counts{Total: 3, Sent: 3, Read: 1}}, p.refuse
}

// invite is a broadcast from alice; change replaces in it.
func invite(change ...string) string {
	return strings.NewReplacer(change...).Replace(`{"sender":"alice","everybody":true,"text":"<b onclick=x>Hello</b>","key":"k"}`)
}

func newParty(t *testing.T) (*door, string) {
	d := newDoor(t)
	dom, _ := d.dir.DomainByName("one.example")
	model := must(d.dir.AddObject(t.Context(), dom.ID, directory.Template, directory.NewObject{SIP: "sales"}))(t)
	for i, name := range []string{"bob", "carol", "dave"} {
		n := directory.NewObject{SIP: name, Password: "long enough", Disabled: name == "dave"}
		if i > 0 {
			n.Template = model.ID
		} else {
			n.Properties.Groups = []directory.Membership{{Name: "team"}}
		}
		must(d.dir.AddUser(t.Context(), dom.ID, n))(t)
	}
	return d, "/domains/one.example/messages/broadcast"
}

func TestBroadcastReceivers(t *testing.T) {
	d, path := newParty(t)
	for _, c := range []struct{ who, want string }{
		{`"everybody":true`, "[bob carol]"},
		{`"template":"sales"`, "[carol]"},
		{`"group":"Team"`, "[bob]"},
		{`"to":["BOB","bob","alice","carol","dave","bot","nobody"]`, "[bob carol]"},
	} {
		d.clock.Advance(1e9)
		a := d.ask("domain_admin", "POST", path, invite(`"everybody":true`, c.who), "Pbx-Reason: party")
		if a.status != http.StatusOK || fmt.Sprint(d.broadcasts.sent[len(d.broadcasts.sent)-1].To) != c.want {
			t.Errorf("%s: %s", c.who, a.text)
		}
		preview := d.ask("domain_admin", "POST", path+"/preview", strings.Replace(invite(`"everybody":true`, c.who), `,"key":"k"`, "", 1))
		if !strings.Contains(preview.text, fmt.Sprintf(`"receivers":%d`, strings.Count(c.want, " ")+1)) || !strings.Contains(preview.text, `\u003cb\u003eHello`) && !strings.Contains(preview.text, "<b>Hello") {
			t.Errorf("%s: %s", c.who, preview.text)
		}
	}
	if b := d.broadcasts.sent[0]; b.HTML != "<b>Hello</b>" || b.Key != "k" {
		t.Errorf("%+v", b)
	}
	a := d.ask("auditor", "GET", path+"/7?sender=alice", "")
	if a.status != http.StatusOK || !strings.Contains(a.text, `"read":1`) {
		t.Error(a.text)
	}
	d.problem(d.ask("auditor", "GET", path+"/7", ""), http.StatusUnprocessableEntity, admin.Invalid)
}

func TestBroadcastRefusals(t *testing.T) {
	d, path := newParty(t)
	crowd := `"to":[` + strings.TrimSuffix(strings.Repeat(`"x",`, 10001), ",") + `]`
	for _, c := range []struct {
		change []string
		status int
		code   admin.Code
	}{
		{[]string{`"alice"`, `"nobody"`}, http.StatusNotFound, admin.NotFound},
		{[]string{`"alice"`, `"dave"`}, http.StatusUnprocessableEntity, admin.Invalid},
		{[]string{`"everybody":true`, `"everybody":false`}, http.StatusUnprocessableEntity, admin.Invalid},
		{[]string{`"everybody":true`, `"everybody":true,"group":"team"`}, http.StatusUnprocessableEntity, admin.Invalid},
		{[]string{`"everybody":true`, `"template":"bob"`}, http.StatusNotFound, admin.NotFound},
		{[]string{`"everybody":true`, `"group":"none"`}, http.StatusNotFound, admin.NotFound},
		{[]string{`"everybody":true`, `"to":["nobody"]`}, http.StatusUnprocessableEntity, admin.Invalid},
		{[]string{`"everybody":true`, crowd}, http.StatusUnprocessableEntity, admin.Invalid},
		{[]string{`<b onclick=x>Hello</b>`, `<script></script>`}, http.StatusUnprocessableEntity, admin.Invalid},
		{[]string{`"k"`, `""`}, http.StatusUnprocessableEntity, admin.Invalid},
	} {
		d.clock.Advance(1e9)
		d.problem(d.ask("domain_admin", "POST", path, invite(c.change...), "Pbx-Reason: party"), c.status, c.code)
	}
	d.problem(d.ask("domain_admin", "POST", path, invite()), http.StatusUnprocessableEntity, admin.ReasonRequired)
	d.problem(d.ask("auditor", "POST", path, invite(), "Pbx-Reason: party"), http.StatusForbidden, admin.Forbidden)
	d.problem(d.ask("stranger", "POST", path, invite(), "Pbx-Reason: party"), http.StatusNotFound, admin.NotFound)
	if len(d.broadcasts.sent) != 0 {
		t.Fatalf("sent: %+v", d.broadcasts.sent)
	}
	// Those of another domain are nobody.
	dom, _ := d.dir.DomainByName("two.example")
	must(d.dir.AddUser(t.Context(), dom.ID, directory.NewObject{SIP: "zoe", Password: "long enough"}))(t)
	d.problem(d.ask("domain_admin", "POST", path, invite(`"everybody":true`, `"to":["zoe"]`), "Pbx-Reason: party"), http.StatusUnprocessableEntity, admin.Invalid)
	d.clock.Advance(1e9)
	for reason, want := range map[pbxmessages.Reason]struct {
		status int
		code   admin.Code
	}{
		pbxmessages.NotStored:    {http.StatusUnprocessableEntity, "not_stored"},
		pbxmessages.LinkDown:     {http.StatusServiceUnavailable, "link_down"},
		pbxmessages.NotSupported: {http.StatusNotFound, admin.NotAvailable},
		pbxmessages.Unanswered:   {http.StatusServiceUnavailable, admin.Busy},
		pbxmessages.TooMuch:      {http.StatusTooManyRequests, admin.RateLimited},
		pbxmessages.NoSuch:       {http.StatusNotFound, admin.NotFound},
		pbxmessages.Forbidden:    {http.StatusUnprocessableEntity, admin.Invalid},
	} {
		d.broadcasts.refuse = &pbxmessages.Refusal{Reason: reason, Text: "No."}
		d.problem(d.ask("domain_admin", "POST", path, invite(), "Pbx-Reason: party"), want.status, want.code)
	}
}

// The audit log says who wrote to whom and why, and not what.
func TestBroadcastIsAudited(t *testing.T) {
	d, path := newParty(t)
	d.ask("domain_admin", "POST", path, invite(), "Pbx-Reason: party")
	acts := slices.DeleteFunc(d.acts(), func(e audit.Entry) bool { return e.Act != "messages.broadcast" })
	if len(acts) != 2 || acts[1].Reason != "party" || acts[1].Object.Name != "alice" {
		t.Fatalf("%+v", acts)
	}
	text := join(acts[1].Details)
	if strings.Contains(text, "Hello") || !strings.Contains(text, "receivers") || !strings.Contains(text, "everybody") {
		t.Error(text)
	}
}
