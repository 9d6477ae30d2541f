package pbxapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/pbxapi"
	"github.com/tandem-switch/tandem/internal/strictjson"
)

// replicator keeps a copy of a table as a program does.
type replicator struct {
	*program
	t   testing.TB
	api *pbxapi.PbxTableUsers

	rows map[string]string // columns, by guid
	ends int               // ReplicateNextResult without columns
	guid string
	usn  int64
	seen []string // mt, and h323 or guid of the row
}

func (o *office) replicator(api *pbxapi.PbxTableUsers) *replicator {
	return &replicator{program: o.program(o.dom), t: o.t, api: api, rows: map[string]string{}}
}

// send says something to the API.
func (r *replicator) send(text string) {
	r.t.Helper()
	if err := r.say(r.t, r.api, `{"api":"PbxTableUsers","src":"r",`+text[1:]); err != nil {
		r.t.Fatalf("%s: %v", text, err)
	}
}

// take applies what has come.
func (r *replicator) take() {
	r.t.Helper()
	for _, text := range r.got() {
		var m struct {
			MT, Src, API, GUID string
			USN                int64
			Columns            json.RawMessage
			Error              int
		}
		if err := json.Unmarshal([]byte(text), &m); err != nil || m.Src != "r" || m.API != "PbxTableUsers" || m.Error != 0 {
			r.t.Fatalf("%s: %v", text, err)
		}
		if m.USN < r.usn && m.MT != "ReplicateStartResult" {
			r.t.Fatalf("usn %d after %d: %s", m.USN, r.usn, text)
		}
		r.usn = m.USN
		r.apply(m.MT, m.GUID, m.Columns, text)
	}
}

func (r *replicator) apply(mt, guid string, columns json.RawMessage, text string) {
	r.t.Helper()
	var key struct{ GUID, H323 string }
	if columns != nil && mt != "ReplicateStartResult" {
		if err := json.Unmarshal(columns, &key); err != nil || key.GUID == "" {
			r.t.Fatalf("%s: %v", text, err)
		}
	}
	_, there := r.rows[key.GUID]
	switch {
	case mt == "ReplicateStartResult":
		if guid != r.guid {
			clear(r.rows)
		}
		r.guid = guid
		return
	case mt == "ReplicateNextResult" && columns == nil:
		r.ends++
		return
	case mt == "ReplicateDel":
		delete(r.rows, key.GUID)
	case mt == "ReplicateNextResult", mt == "ReplicateAdd" && !there, mt == "ReplicateUpdate" && there:
		r.rows[key.GUID] = string(columns)
	default:
		r.t.Fatalf("out of place (there: %v): %s", there, text)
	}
	r.seen = append(r.seen, strings.TrimPrefix(mt, "Replicate")+" "+key.H323)
}

// all asks for rows until the end.
func (r *replicator) all() {
	r.t.Helper()
	for ends := r.ends; r.ends == ends; r.take() {
		r.send(`{"mt":"ReplicateNext"}`)
	}
}

// told is what was seen since the last time.
func (r *replicator) told(want ...string) {
	r.t.Helper()
	synctest.Wait()
	r.take()
	if !slices.Equal(r.seen, want) {
		r.t.Errorf("got %q, want %q", r.seen, want)
	}
	r.seen = nil
}

// tableTest runs f with an office whose table is replicated, in a bubble: what is
// pushed has come after synctest.Wait.
func tableTest(t *testing.T, f func(t *testing.T, o *office, api *pbxapi.PbxTableUsers)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		f(t, o, pbxapi.NewTableUsers(o.Directory, nil))
	})
}

func TestReplication(t *testing.T) {
	tableTest(t, func(t *testing.T, o *office, api *pbxapi.PbxTableUsers) {
		alice := o.add(o.dom, directory.User, directory.NewObject{SIP: "alice", Num: "101"})
		o.add(o.other, directory.User, directory.NewObject{SIP: "foreign"})
		o.add(o.dom, directory.User, directory.NewObject{SIP: "bob"})
		r := o.replicator(api)
		r.send(`{"mt":"ReplicateStart","add":true,"del":true,"columns":{"h323":{"update":true},"e164":{},"grps":{},"pwd":{},"__proto__":{}}}`)
		if got, want := anyGUID.ReplaceAllString(r.got()[0], `"GUID"`), `{"api":"PbxTableUsers","src":"r","mt":"ReplicateStartResult","columns":{"guid":{},"h323":{},"e164":{},"grps":{}},"guid":"GUID","usn":0}`; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		r.send(`{"mt":"ReplicateNext"}`)
		text := r.got()[0]
		want := `{"api":"PbxTableUsers","src":"r","mt":"ReplicateNextResult","columns":{"guid":"` + alice.GUID + `","h323":"alice","e164":"101","grps":[]},"usn":`
		if !strings.HasPrefix(text, want) {
			t.Errorf("got  %s\nwant %s", text, want)
		}
		r.rows[alice.GUID] = ""
		// changes during the transfer: bob comes in his new place, alice once more
		dn := "x"
		_, err := o.SetUser(t.Context(), alice.Address(), directory.ObjectEdit{DN: &dn})
		o.must(err)
		r.all()
		r.told("NextResult bob", "NextResult alice")
		carol := o.add(o.dom, directory.User, directory.NewObject{SIP: "carol"})
		r.told("Add carol")
		_, err = o.SetUser(t.Context(), alice.Address(), directory.ObjectEdit{Num: new("102")})
		o.must(err)
		r.told("Update alice")
		o.must(o.RemoveUser(t.Context(), carol.Address()))
		r.told("Del ")
		_, err = o.Restore(t.Context(), carol.Address())
		o.must(err)
		o.add(o.dom, directory.Group, directory.NewObject{SIP: "desk"})
		o.add(o.other, directory.User, directory.NewObject{SIP: "foreign2"})
		r.told("Add carol")
		r.send(`{"mt":"ReplicateAdd","columns":{"h323":"mallory"}}`)
		r.send(`{"mt":"ReplicateUpdate","columns":{"guid":"` + alice.GUID + `","h323":"mallory"}}`)
		r.send(`{"mt":"ReplicateDel","columns":{"guid":"` + alice.GUID + `"}}`)
		r.send(`{"mt":"ReplicateNext"}`)
		r.told()
		if len(r.rows) != 3 || r.ends != 2 || len(o.Users(o.dom.ID)) != 3 {
			t.Errorf("%d rows, %d ends", len(r.rows), r.ends)
		}
		api.Closed(t.Context(), r.program)
		o.add(o.dom, directory.User, directory.NewObject{SIP: "dave"})
		r.told()
	})
}

func TestReplicationOfAllColumns(t *testing.T) {
	tableTest(t, func(t *testing.T, o *office, api *pbxapi.PbxTableUsers) {
		o.furnish()
		o.ask(o.program(o.dom), `{"mt":"UpdateObject","pwd":"secret-password",`+fullUser+`}`)
		r := o.replicator(api)
		r.send(`{"mt":"ReplicateStart"}`)
		r.send(`{"mt":"ReplicateNext"}`)
		texts := r.got()
		if strings.Contains(texts[1], "secret") || !strings.Contains(texts[1], `"columns":{"guid":"`) {
			t.Error(texts[1])
		}
		want := `"h323":"alice","cn":"Alice Smith","dn":"Alice","apps-my":"users,phone","config":"Staff","node":"berlin","loc":"hq","hide":true,"e164":"101","pseudo":"","h323-email":false,"apps":"users,phone","fax":false,` +
			`"emails":[{"email":"alice@example.com"}],"allows":[{"grp":"team","visible":true,"ids":true}],"grps":[{"name":"team","mode":"active","dyn":"in"}],` +
			`"devices":[{"hw":"tel","text":"desk","app":"phone","admin":true,"sreg":true}],"cds":[{"type":"cfu","e164":"5"}],"forks":[],"wakeups":[]}`
		if !strings.Contains(texts[1], want) {
			t.Errorf("got  %s\nwant %s", texts[1], want)
		}
		r.send(`{"mt":"ReplicateStart","columns":{"h323":{},"pseudo":{}},"pseudo":["messages","config","robot"]}`)
		r.take()
		r.all()
		r.told("NextResult staff", "NextResult msgs")
		api.Closed(t.Context(), r.program)
	})
}

// TestReplicationGoesOn: who comes back with guid and usn gets what has changed.
func TestReplicationGoesOn(t *testing.T) {
	tableTest(t, func(t *testing.T, o *office, api *pbxapi.PbxTableUsers) {
		alice := o.add(o.dom, directory.User, directory.NewObject{SIP: "alice"})
		bob := o.add(o.dom, directory.User, directory.NewObject{SIP: "bob"})
		carol := o.add(o.dom, directory.User, directory.NewObject{SIP: "carol"})
		r := o.replicator(api)
		start := func(columns string) {
			t.Helper()
			r.send(fmt.Sprintf(`{"mt":"ReplicateStart","columns":{%s},"guid":"%s","usn":"%d"}`, columns, r.guid, r.usn))
			r.take()
		}
		start(`"h323":{}`)
		r.send(`{"mt":"ReplicateNext"}`) // alice, then the line breaks
		r.told("NextResult alice")
		api.Closed(t.Context(), r.program)

		o.must(o.RemoveUser(t.Context(), alice.Address()))
		start(`"h323":{}`)
		r.all()
		r.told("NextResult bob", "NextResult carol", "Del ")
		api.Closed(t.Context(), r.program)

		_, err := o.SetUser(t.Context(), bob.Address(), directory.ObjectEdit{Num: new("5")})
		o.must(err)
		o.must(o.RemoveUser(t.Context(), carol.Address()))
		start(`"h323":{}`)
		r.all()
		r.told("NextResult bob", "Del ")
		_, err = o.SetUser(t.Context(), bob.Address(), directory.ObjectEdit{Num: new("6")})
		o.must(err)
		r.told("Update bob")
		if len(r.rows) != 1 {
			t.Errorf("%v", r.rows)
		}
		old := r.guid
		start(`"h323":{},"e164":{}`) // another table
		r.all()
		r.told("NextResult bob")
		if r.guid == old {
			t.Error("the guid is that of other columns")
		}
		old = r.guid
		r.usn = 1 << 50 // from a future that never was
		start(`"h323":{},"e164":{}`)
		if r.guid == old {
			t.Error("the guid says that it goes on")
		}
		r.all()
		r.told("NextResult bob")
		old = r.guid
		start(`"h323":{},"e164":{}`) // with the second guid it goes on too
		r.all()
		r.told()
		if r.guid != old || len(r.rows) != 1 {
			t.Errorf("%v", r.rows)
		}
		r.usn = 0
		if start(`"h323":{},"e164":{}`); r.guid == old {
			t.Error("the guid says that it goes on from nothing")
		}
		api.Closed(t.Context(), r.program)
	})
}

// TestReplicationStartsAnew: what cannot be told by an update closes the session.
func TestReplicationStartsAnew(t *testing.T) {
	tableTest(t, func(t *testing.T, o *office, api *pbxapi.PbxTableUsers) {
		staff := o.add(o.dom, directory.Template, directory.NewObject{SIP: "staff"})
		with, without := o.replicator(api), o.replicator(api)
		with.send(`{"mt":"ReplicateStart","columns":{"config":{}}}`)
		without.send(`{"mt":"ReplicateStart","columns":{"h323":{}}}`)
		with.all()
		without.all()
		synctest.Wait()
		_, err := o.SetObject(t.Context(), staff.Address(), directory.ObjectEdit{Apps: &[]string{"users"}})
		o.must(err)
		o.add(o.dom, directory.Template, directory.NewObject{SIP: "guests"})
		synctest.Wait()
		if with.closed != "" {
			t.Error(with.closed)
		}
		_, err = o.SetObject(t.Context(), staff.Address(), directory.ObjectEdit{CN: new("Our staff")})
		o.must(err)
		synctest.Wait()
		if with.closed != "replication: start anew" || without.closed != "" {
			t.Errorf("closed with %q and %q", with.closed, without.closed)
		}
		old := with.guid
		api.Closed(t.Context(), with.program)
		with.send(`{"mt":"ReplicateStart","columns":{"config":{}},"guid":"` + old + `","usn":1}`)
		if with.take(); with.guid == old {
			t.Error("it goes on")
		}
		manager, _ := o.AppByName(o.dom.ID, "manager")
		_, err = o.SetApp(t.Context(), manager.Address(), directory.ObjectEdit{APIs: &[]string{"PbxAdminApi"}})
		o.must(err)
		synctest.Wait()
		if without.closed != "the right to replicate was taken away" {
			t.Error(without.closed)
		}
		err = without.say(t, api, `{"api":"PbxTableUsers","mt":"ReplicateNext"}`)
		if e, ok := errors.AsType[*appservice.Error](err); !ok || e.Text != appservice.TextNotAllowed {
			t.Error(err)
		}
		api.Closed(t.Context(), with.program)
		api.Closed(t.Context(), without.program)
	})
}

func TestReplicationRefusals(t *testing.T) {
	tableTest(t, func(t *testing.T, o *office, api *pbxapi.PbxTableUsers) {
		p := o.program(o.dom)
		for request, want := range map[string]string{
			`"mt":"ReplicateStart","columns":["h323"]`:          `"error":3,"errorText":"columns: `,
			`"mt":"ReplicateStart","pseudo":"app"`:              `"error":3,"errorText":"pseudo: `,
			`"mt":"ReplicateStart","pseudo":[1]`:                `"error":3,"errorText":"pseudo: `,
			`"mt":"ReplicateStart","guid":1`:                    `"error":3,"errorText":"guid: `,
			`"mt":"ReplicateStart","usn":true`:                  `"error":3,"errorText":"usn: `,
			`"mt":"ReplicateStart","columns":{"cn":{},"cn":{}}`: `"error":3,"errorText":"A member stands there twice`,
			`"mt":"ReplicateNext"`:                              `"mt":"ReplicateNextResult","error":2,`,
		} {
			o.must(p.say(t, api, `{"api":"PbxTableUsers",`+request+`}`))
			if got := p.got(); len(got) != 1 || !strings.Contains(got[0], want) {
				t.Errorf("%s: %q", request, got)
			}
		}
		for i := range 5 {
			o.must(p.say(t, api, fmt.Sprintf(`{"api":"PbxTableUsers","mt":"ReplicateStart","src":%d}`, i)))
			if got := p.got()[0]; strings.Contains(got, `"error":5`) != (i == 4) {
				t.Error(got)
			}
		}
		if err := p.say(t, api, `{"api":"PbxTableUsers","mt":"ReplicateAll"}`); !errors.Is(err, appservice.ErrUnknownMT) {
			t.Error(err)
		}
		api.Closed(t.Context(), p)
	})
}

// slow is a replicator that takes nothing until it is told to.
type slow struct {
	*replicator
	drained chan struct{}

	mu     sync.Mutex // guards the following
	queued int
}

func (s *slow) Send(ctx context.Context, f appservice.Frame) error {
	s.mu.Lock()
	s.queued += len(f.Raw)
	s.mu.Unlock()
	return s.replicator.Send(ctx, f)
}

func (s *slow) Queued() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queued
}

func (s *slow) Drained(int) <-chan struct{} { return s.drained }

// TestSlowReplicator: it is not sent more than it takes, and has everything in
// the end, each row in its newest state.
func TestSlowReplicator(t *testing.T) {
	tableTest(t, func(t *testing.T, o *office, api *pbxapi.PbxTableUsers) {
		s := &slow{replicator: o.replicator(api), drained: make(chan struct{})}
		say := func(text string) {
			var doc strictjson.Doc
			f, _ := appservice.ParseFrame(&doc, []byte(`{"api":"PbxTableUsers","src":"r",`+text[1:]))
			o.must(api.Handle(t.Context(), s, f))
		}
		say(`{"mt":"ReplicateStart"}`)
		say(`{"mt":"ReplicateNext"}`)
		s.take()
		long := strings.Repeat("x", 250)
		for i := range 600 {
			o.add(o.dom, directory.User, directory.NewObject{SIP: fmt.Sprint("u", i), CN: long, DN: long})
		}
		synctest.Wait()
		if n := s.Queued(); n < 128<<10 || n > 130<<10 {
			t.Errorf("%d bytes were sent", n)
		}
		s.take()
		few := len(s.rows)
		s.mu.Lock()
		s.queued = 0
		s.mu.Unlock()
		close(s.drained)
		synctest.Wait()
		if s.take(); few >= 600 || len(s.rows) != 600 {
			t.Errorf("%d rows, then %d", few, len(s.rows))
		}
		api.Closed(t.Context(), s)
	})
}

// TestReplicasAgree: replicators that follow while 1,000 users change at the same
// time end with the same table, that of the directory; one of them breaks off
// again and again.
func TestReplicasAgree(t *testing.T) {
	o := newOffice(t)
	api := pbxapi.NewTableUsers(o.Directory, nil)
	var users []directory.Object
	for i := range 1000 {
		users = append(users, o.add(o.dom, directory.User, directory.NewObject{SIP: fmt.Sprint("u", i)}))
	}
	var writers, readers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for i := w; i < len(users); i += 4 {
				var err error
				switch {
				case i%5 == 0:
					err = o.RemoveUser(context.Background(), users[i].Address())
				default:
					_, err = o.SetUser(context.Background(), users[i].Address(), directory.ObjectEdit{DN: new(fmt.Sprint("user ", i)), Apps: &[]string{"users"}})
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	copies := make([]*replicator, 3)
	for i := range copies {
		r := o.replicator(api)
		copies[i] = r
		readers.Go(func() { r.follow(done, i == 2) })
	}
	writers.Wait()
	close(done)
	readers.Wait()
	want := map[string]bool{}
	for _, u := range o.Users(o.dom.ID) {
		want[fmt.Sprintf(`{"guid":"%s","h323":"%s","dn":"%s","apps":"%s"}`, u.GUID, u.SIP, u.DN, strings.Join(u.Apps, ","))] = true
	}
	for i, r := range copies {
		got := map[string]bool{}
		for _, columns := range r.rows {
			got[columns] = true
		}
		if len(got) != 800 || !maps.Equal(got, want) {
			t.Errorf("copy %d has %d rows of %d", i, len(got), len(want))
		}
	}
}

// follow keeps the copy until nothing changes any more. With breaks it loses its
// line again and again and goes on.
func (r *replicator) follow(done <-chan struct{}, breaks bool) {
	begin := func() {
		r.send(fmt.Sprintf(`{"mt":"ReplicateStart","columns":{"h323":{},"dn":{},"apps":{}},"guid":"%s","usn":%d}`, r.guid, r.usn))
		r.take()
	}
	begin()
	for over := false; !over; {
		select {
		case <-done:
			over = true
		default:
		}
		for range 50 {
			r.send(`{"mt":"ReplicateNext"}`)
		}
		r.take()
		if breaks {
			r.api.Closed(context.Background(), r.program)
			r.take() // what was on its way
			begin()
		}
	}
	// nothing changes any more: what a new session finds is what is left
	r.api.Closed(context.Background(), r.program)
	r.take()
	begin()
	r.all()
	r.api.Closed(context.Background(), r.program)
}

// FuzzReplicateStart: whatever comes is answered with one valid result, and the
// walk that it begins ends.
func FuzzReplicateStart(f *testing.F) {
	f.Add([]byte(`{"columns":{"guid":{},"h323":{"update":true},"grps":{}},"add":true,"del":true,"src":"x"}`))
	f.Add([]byte(`{"columns":{},"pseudo":["app","","executive"],"guid":"00000000000000000000000000000000","usn":"5"}`))
	f.Add([]byte(`{"columns":null,"usn":-1}`))
	o := newOffice(f)
	o.furnish()
	api := pbxapi.NewTableUsers(o.Directory, nil)
	p := o.program(o.dom)
	f.Fuzz(func(t *testing.T, members []byte) {
		var doc strictjson.Doc
		if doc.Parse(members) != nil || doc.Root().Kind() != strictjson.Object || doc.Root().Len() == 0 {
			return
		}
		text := string(members[strings.IndexByte(string(members), '{')+1:])
		frame, err := appservice.ParseFrame(&doc, []byte(`{"api":"PbxTableUsers","mt":"ReplicateStart",`+text))
		if err != nil || frame.MT != "ReplicateStart" {
			return
		}
		defer api.Closed(context.Background(), p)
		if err := api.Handle(context.Background(), p, frame); err != nil {
			t.Fatal(err)
		}
		got := p.got()
		if len(got) != 1 || !json.Valid([]byte(got[0])) {
			t.Fatalf("%s: %q", members, got)
		}
		next := frame
		next.MT = "ReplicateNext"
		for range 20 {
			if err := api.Handle(context.Background(), p, next); err != nil {
				t.Fatal(err)
			}
			for _, text := range p.got() {
				if !json.Valid([]byte(text)) {
					t.Fatal(text)
				}
				if !strings.Contains(text, `"columns"`) {
					return
				}
			}
		}
		t.Fatalf("%s: no end", members)
	})
}
