package pbxmessages_test

import (
	"testing"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/pbxmessages"
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
)

// FuzzService has a service say anything at any time: the switch may drop it, but what
// a client gets is one of its own frames, and a text has exactly one result.
func FuzzService(f *testing.F) {
	for _, text := range []string{
		`{"mt":"SessionResult","src":"p1"}`, `{"mt":"PostResult","src":"p2","id":5,"timestamp":7}`, `{"mt":"PostResult","src":"p2","error":true,"cau":300}`,
		`{"mt":"Error","src":"p1"}`, `{"mt":"Marked","user":"bob","sip":"alice","id":5,"state":"read","author":"alice"}`, `{"mt":"ReadMembersInd","src":"p3","member":"alice","role":"owner"}`,
		`{"mt":"ReadMembersResult","src":"p3","dn":"G"}`, `{"mt":"MemberChanged","grp":"messages?g1","member":"bob"}`, `{"mt":"GroupChanged","grp":"messages?g1","gone":true}`,
		`{"mt":"Deliver","author":"alice","grp":"messages?g1","id":5,"text":"<b>"}`, `{"mt":"Unread","user":"bob","unread":-1}`, `{"mt":"Resolve","src":1,"names":["alice",{"a":[]}]}`,
		`{"mt":"X","src":"p4"}`, `{"mt":"ReadChatsInd","src":"p4","Src":1}`,
	} {
		f.Add([]byte(text), []byte(text))
	}
	h := newHall(f, withExt)
	f.Fuzz(func(t *testing.T, first, second []byte) {
		m, err := pbxmessages.New(t.Context(), pbxmessages.Config{Directory: h.dir, Licences: h.lics, Switch: &board{make(chan string, 10_000)}, Outbox: h.store, Clock: h.clock})
		if err != nil {
			t.Fatal(err)
		}
		l := &wire{sent: make(chan string, 1000), apis: withExt, done: make(chan struct{})}
		to := m.Receiver(&h.object)
		to.Up(l)
		c := h.client(h.alice)
		tell := func(text string) {
			frame, err := appservice.ParseFrame(new(strictjson.Doc), []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			_ = m.Handle(t.Context(), c, frame)
		}
		tell(`{"api":"PbxMessages","mt":"Session","src":"s"}`)
		results := make(chan signal.PostResult, 10)
		m.Post(&signal.Post{Author: party(h.alice), To: party(h.bob), OfAuthor: true, OfReceiver: true, ID: "1", At: at, HTML: []byte(`"t"`)},
			func(_ *signal.Turn, r signal.PostResult) { results <- r })
		m.Group(h.alice.Address(), "messages?g1", func(*signal.Turn, signal.Group, signal.Cause) {})
		tell(`{"api":"PbxMessages","mt":"ReadChats","src":"r"}`)
		for _, text := range [][]byte{first, second, []byte(`{"mt":"PostResult","src":"p2","id":9}`)} {
			if frame, err := appservice.ParseFrame(new(strictjson.Doc), text); err == nil {
				to.Frame(frame)
			}
		}
		receive(t, results)
		to.Down(appservice.ErrClosed)
		m.Closed(t.Context(), c)
		if len(results) > 0 {
			t.Errorf("a second result %+v", <-results)
		}
		for len(c.got) > 0 {
			got := <-c.got
			frame, err := appservice.ParseFrame(new(strictjson.Doc), []byte(got))
			if err != nil || frame.API != "PbxMessages" || frame.SrcString() != "s" && frame.SrcString() != "r" {
				t.Errorf("the client got %s", got)
			}
		}
	})
}
