package trace

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// event is a frame of alice's connection c1 in domain 1, on a call with domain 2.
func event() Event {
	return Event{
		Flags: PBX | WebSocket, Peer: Peer{Conn: "c1", Domain: 1, Object: 7, DomainName: "example.com", ObjectName: "alice"},
		Dir: In, Leg: Leg{Call: 5, Ends: [2]int64{1, 2}, Reg: `"x"`, Number: -3}, Frame: []byte(`{"data":"Hallo","pwd":"hunter2"}`),
	}
}

func TestOrdersAreChecked(t *testing.T) {
	tests := []struct {
		name  string
		order Order
		field string // "" is right
	}{
		{"simple", Order{Flags: PBX}, ""},
		{"longest", Order{Flags: PBX | App, For: MaxTime}, ""},
		{"longest raw", Order{Flags: WebSocket, For: RawLimit}, ""},
		{"content", Order{Flags: PBX, Content: true, Reason: "ticket 4711", ContentFor: ContentLimit}, ""},
		{"user", Order{Flags: PBX, Scope: Scope{Domain: 1, Object: 2}}, ""},
		{"no flag", Order{}, "flags"},
		{"strange flag", Order{Flags: PBX | 1<<30}, "flags"},
		{"negative", Order{Flags: PBX, For: -1}, "for"},
		{"too long", Order{Flags: PBX, For: MaxTime + 1}, "for"},
		{"too long for raw frames", Order{Flags: PBX | WebSocket, For: RawLimit + 1}, "for"},
		{"content without reason", Order{Flags: PBX, Content: true}, "reason"},
		{"content for too long", Order{Flags: PBX, Content: true, Reason: "x", ContentFor: ContentLimit + 1}, "contentFor"},
		{"negative content", Order{Flags: PBX, Content: true, Reason: "x", ContentFor: -1}, "contentFor"},
		{"time of no content", Order{Flags: PBX, ContentFor: 1}, "contentFor"},
		{"long reason", Order{Flags: PBX, Reason: strings.Repeat("x", maxReason+1)}, "reason"},
		{"object of no domain", Order{Flags: PBX, Scope: Scope{Object: 2}}, "object"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tracer := Open(Config{Recorder: NewRecorder(0)})
			rule, err := tracer.Add(tt.order)
			var wrong *OrderError
			errors.As(err, &wrong)
			switch {
			case tt.field == "" && (err != nil || rule.ID == 0 || !tracer.On(tt.order.Flags)):
				t.Errorf("%+v, %v", rule, err)
			case tt.field != "" && (wrong == nil || wrong.Field != tt.field || len(tracer.Rules()) != 0):
				t.Errorf("%v, %+v, want an error of %q", err, wrong, tt.field)
			}
		})
	}
}

func TestRulesAreBounded(t *testing.T) {
	tracer := Open(Config{Recorder: NewRecorder(0)})
	for i := range MaxRules {
		if r, err := tracer.Add(Order{Flags: PBX}); err != nil || r.ID != uint64(i+1) {
			t.Fatal(r, err)
		}
	}
	if _, err := tracer.Add(Order{Flags: App}); !errors.Is(err, ErrTooManyRules) || tracer.On(App) {
		t.Error(err)
	}
	if gone, ok := tracer.Remove(3); !ok || gone.ID != 3 || gone.Flags != PBX {
		t.Error(gone, ok)
	}
	if _, ok := tracer.Remove(3); ok {
		t.Error("a rule is removed twice")
	}
	if r, err := tracer.Add(Order{Flags: App}); err != nil || r.ID != MaxRules+1 {
		t.Error(r, err)
	}
	if list := tracer.Rules(); len(list) != MaxRules || list[0].ID != 1 || list[2].ID != 4 {
		t.Error(list)
	}
	if _, err := New(new(recorder), 0).Add(Order{Flags: PBX}); !errors.Is(err, ErrNoRecorder) {
		t.Error(err)
	}
	var none *Tracer
	if _, err := none.Add(Order{Flags: PBX}); !errors.Is(err, ErrNoRecorder) || none.Rules() != nil || none.Stats().Rules != 0 {
		t.Error(err)
	}
	if _, ok := none.Remove(1); ok {
		t.Error("removed from nothing")
	}
}

// One domain cannot take all the room.
func TestRulesOfADomainAreBounded(t *testing.T) {
	tracer := Open(Config{Recorder: NewRecorder(0)})
	for range domainRules {
		if _, err := tracer.Add(Order{Flags: PBX, Scope: Scope{Domain: 1}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tracer.Add(Order{Flags: PBX, Scope: Scope{Domain: 1}}); !errors.Is(err, ErrTooManyRules) {
		t.Error(err)
	}
	for _, domain := range []int64{0, 2} {
		if _, err := tracer.Add(Order{Flags: PBX, Scope: Scope{Domain: domain}}); err != nil {
			t.Error(domain, err)
		}
	}
}

func TestScopes(t *testing.T) {
	tests := []struct {
		scope Scope
		want  bool
	}{
		{Scope{}, true},
		{Scope{Domain: 1}, true},
		{Scope{Domain: 2}, false},
		{Scope{Domain: 1, Object: 7}, true},
		{Scope{Domain: 1, Object: 8}, false},
		{Scope{Conn: "c1"}, true},
		{Scope{Conn: "c11"}, false},
		{Scope{Call: 5}, true},
		{Scope{Call: 6}, false},
		{Scope{Domain: 1, Object: 7, Conn: "c1", Call: 5}, true},
		{Scope{Domain: 1, Object: 7, Conn: "c1", Call: 6}, false},
	}
	for _, tt := range tests {
		kept := NewRecorder(0)
		tracer := Open(Config{Recorder: kept})
		if _, err := tracer.Add(Order{Flags: PBX, Scope: tt.scope}); err != nil {
			t.Fatal(err)
		}
		tracer.Note(event())
		tracer.Note(Event{Flags: App, Peer: event().Peer, Leg: event().Leg})
		got := kept.Records(Filter{})
		if (len(got) == 1) != tt.want || len(got) > 1 {
			t.Errorf("%+v: %d records", tt.scope, len(got))
		}
		if len(got) == 1 && (got[0].Flag != PBX || got[0].Reg != "x") {
			t.Errorf("%+v", got[0])
		}
	}
}

// Rules and the content of rules end when their time has come, and so do raw
// frames of the sink: not one record later, and without costs from then on.
func TestEverythingEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, log := NewRecorder(0), new(recorder)
		tracer := Open(Config{Sink: log, On: App | WebSocket, Recorder: kept})
		add := func(o Order) {
			if _, err := tracer.Add(o); err != nil {
				t.Fatal(err)
			}
		}
		add(Order{Flags: PBX, For: time.Hour, Content: true, Reason: "x", ContentFor: time.Minute})
		add(Order{Flags: Database, For: 2 * time.Minute})
		last := func() string {
			e := event()
			e.Flags = PBX
			tracer.Note(e)
			all := kept.Records(Filter{})
			return all[len(all)-1].Frame(true)
		}
		const open, closed = `{"data":"Hallo","pwd":"***"}`, `{"data":"(5 bytes)","pwd":"***"}`
		if got := last(); got != open {
			t.Error(got)
		}
		time.Sleep(time.Minute - time.Nanosecond)
		if got := last(); got != open {
			t.Error(got)
		}
		time.Sleep(1 * time.Nanosecond)
		if got := last(); got != closed {
			t.Error(got)
		}
		if !tracer.On(Database) || len(tracer.Rules()) != 2 {
			t.Error("a rule ends too early")
		}
		time.Sleep(time.Minute)
		if synctest.Wait(); tracer.On(Database) || len(tracer.Rules()) != 1 {
			t.Error("a rule does not end")
		}
		if !tracer.On(WebSocket) || !tracer.On(PBX) {
			t.Error("off too early")
		}
		time.Sleep(58 * time.Minute)
		if synctest.Wait(); tracer.On(WebSocket) || tracer.On(PBX) || !tracer.On(App) {
			t.Error("after an hour it is not as it should be")
		}
	})
}

// A rule with content does not show bodies to the log.
func TestContentIsForTheRecorder(t *testing.T) {
	kept, log := NewRecorder(0), new(recorder)
	tracer := Open(Config{Sink: log, On: PBX, Recorder: kept})
	if _, err := tracer.Add(Order{Flags: WebSocket, Content: true, Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	tracer.Note(event())
	got := kept.Records(Filter{})
	if len(got) != 1 || got[0].Flag != PBX|WebSocket || strings.Contains(got[0].Frame(false), "Hallo") || !strings.Contains(got[0].Frame(true), "Hallo") {
		t.Errorf("kept %+v", got)
	}
	if len(log.records) != 1 || log.records[0].Flag != PBX || strings.Contains(log.records[0].Frame(true), "Hallo") {
		t.Errorf("logged %+v", log.records)
	}
	s := tracer.Stats()
	if s.Records["PBX"] != 1 || s.Records["HTTP/Servlets"] != 1 || s.Records["App"] != 0 || len(s.Records) != 7 || s.Rules != 1 {
		t.Errorf("%+v", s)
	}
}

func TestPending(t *testing.T) {
	kept := NewRecorder(0)
	tracer := Open(Config{Recorder: kept})
	if _, err := tracer.Add(Order{Flags: PBX, Scope: Scope{Call: 9}}); err != nil {
		t.Fatal(err)
	}
	e := event()
	e.Leg = Leg{}
	p := tracer.Hold(e)
	p.Drop("case_variant")
	p.Belongs(Leg{Call: 9, Number: 1})
	p.Belongs(Leg{Call: 10})
	p.Done()
	p.Drop("late")
	tracer.Hold(e).Done() // of no call: nobody wants it
	var got []string
	for _, r := range kept.Records(Filter{}) {
		got = append(got, r.Call.String()+" "+r.Reason+" "+r.Text)
	}
	want := "k9  {\"data\":\"(5 bytes)\",\"pwd\":\"***\"}\nk9 case_variant \nk9 late "
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	var none *Pending
	none.Belongs(Leg{})
	none.Drop("")
	none.Done()
}

func TestCallIDs(t *testing.T) {
	for _, id := range []CallID{1, 35, 36, 1 << 63} {
		if got, ok := ParseCallID(id.String()); !ok || got != id {
			t.Errorf("%v: %v, %v", uint64(id), uint64(got), ok)
		}
	}
	for _, s := range []string{"", "k", "k0", "c1", "1", "k-1", "kzzzzzzzzzzzzzzz"} {
		if got, ok := ParseCallID(s); ok {
			t.Errorf("%q is call %v", s, got)
		}
	}
	if CallID(0).String() != "" {
		t.Error("no call has a name")
	}
}
