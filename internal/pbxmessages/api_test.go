package pbxmessages_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/internal/pbxmessages"
)

const noExt = `{}`

// The example of 4.8: Session, the list of chats, and one chat, each with the src of
// the client; what the client says about itself is not passed on.
func TestForward(t *testing.T) {
	r := newRig(t, withExt)
	r.connected()
	alice := r.user("alice", r.object.ID)
	c := r.client(alice)
	c.say(`{"api":"PbxMessages","mt":"Session","src":"m1","user":"bob","dn":"Bob","guid":"1","flags":"IM_EXT"}`)
	src := r.service.hears(`{"mt":"Session","src":"$","user":"alice","dn":"ALICE","session":1001,"guid":"` + alice.GUID + `","flags":"IM_EXT"}`)[0]
	c.nothing()
	r.service.say(`{"mt":"SessionResult","src":%s,"session":7,"Src":"x"}`, src)
	c.gets(`{"api":"PbxMessages","mt":"SessionResult","src":"m1","session":1001}`)

	c.say(`{"api":"PbxMessages","mt":"ReadChats","src":17,"User":"bob","SESSION":1,"user":"bob","session":1,"dn":"Bob","topic":"alice", "count" : [1, {"user":"b\u00e4"}]}`)
	src = r.service.hears(`{"mt":"ReadChats","src":"$","user":"alice","session":1001,"topic":"alice","count":[1, {"user":"b\u00e4"}]}`)[0]
	r.service.say(`{"mt":"ReadChatsInd","src":%s,"sip":"bob","api":"x"}`, src)
	r.service.say(`{"src":%s,"mt":"ReadChatsResult"}`, src)
	c.gets(`{"api":"PbxMessages","mt":"ReadChatsInd","src":17,"sip":"bob"}`)
	c.gets(`{"api":"PbxMessages","mt":"ReadChatsResult","src":17}`)
	if n := r.m.Tickets(r.object.Address()); n != 1 {
		t.Errorf("%d tickets, want that of the session", n)
	}

	c.say(`{"api":"PbxMessages","mt":"WriteGroup","dn":"Group"}`) // without src
	src = r.service.hears(`{"mt":"WriteGroup","src":"$","user":"alice","session":1001,"dn":"Group"}`)[0]
	r.service.say(`{"mt":"Error","src":%s,"error":1,"errorText":"unknown mt"}`, src)
	c.gets(`{"api":"PbxMessages","mt":"Error","error":1,"errorText":"unknown mt"}`)

	r.service.say(`{"mt":"Event","src":"p1","kind":"edit"}`) // on the session
	c.gets(`{"api":"PbxMessages","mt":"Event","src":"m1","kind":"edit"}`)
	r.m.Closed(t.Context(), c)
	r.service.hears(`{"mt":"SessionEnd","session":1001}`)
	if n := r.m.Tickets(r.object.Address()); n != 0 {
		t.Errorf("%d tickets", n)
	}
}

// A service without our extension hears nothing that is not published.
func TestForwardPublished(t *testing.T) {
	r := newRig(t, noExt)
	r.connected()
	c := r.client(r.user("alice", r.object.ID))
	c.say(`{"api":"PbxMessages","mt":"Session","flags":"IM_EXT"}`)
	src := r.service.hears(`{"mt":"Session","src":"$","user":"alice","dn":"ALICE","session":1001}`)[0]
	r.service.say(`{"mt":"SessionResult","src":%s}`, src)
	c.gets(`{"api":"PbxMessages","mt":"SessionResult","session":1001}`)
	r.m.Closed(t.Context(), c)
	r.service.silent(r)
}

// Subscriptions keep their token: GetMore goes on with it, filterSrc names it, and
// what comes later has the src of the client.
func TestSubscription(t *testing.T) {
	r := newRig(t, withExt)
	r.connected()
	c := r.opened(r.user("alice", r.object.ID))
	c.say(`{"api":"PbxMessages","mt":"SetFilter","src":"f","filter":{"topics":["alice"]}}`)
	src := r.service.hears(`{"mt":"SetFilter","src":"$","user":"alice","session":1001,"filter":{"topics":["alice"]}}`)[0]
	r.service.say(`{"mt":"SetFilterResult","src":%s}`, src)
	c.gets(`{"api":"PbxMessages","mt":"SetFilterResult","src":"f"}`)
	r.service.say(`{"mt":"Add","src":%s,"id":1}`, src)
	c.gets(`{"api":"PbxMessages","mt":"Add","src":"f","id":1}`)
	c.say(`{"api":"PbxMessages","mt":"GetMore","src":"f","timestamp":5}`)
	r.service.hears(`{"mt":"GetMore","src":` + src + `,"user":"alice","session":1001,"timestamp":5}`)
	r.service.say(`{"mt":"GetMoreResult","src":%s}`, src)
	c.gets(`{"api":"PbxMessages","mt":"GetMoreResult","src":"f"}`)
	c.say(`{"api":"PbxMessages","mt":"Post","src":"x","author":"bob","topic":"alice","filterSrc":"f","people":[{"sip":"bob","guid":"1"}],"timestamp":1,"text":"t"}`)
	post := r.service.hears(`{"mt":"Post","src":"$","user":"alice","session":1001,"author":"alice","filterSrc":` + src + `,"topic":"alice","text":"t"}`)[0]
	r.service.say(`{"mt":"PostResult","src":%s,"id":9}`, post)
	c.gets(`{"api":"PbxMessages","mt":"PostResult","src":"x","id":9}`)
	c.say(`{"api":"PbxMessages","mt":"Post","src":"y","topic":"alice","filterSrc":"unknown"}`)
	r.service.hears(`{"mt":"Post","src":"$","user":"alice","session":1001,"author":"alice","topic":"alice"}`)
	r.service.say(`{"mt":"Add","src":%s,"id":2}`, src)
	c.gets(`{"api":"PbxMessages","mt":"Add","src":"f","id":2}`)
}

// Decision 53: Error where there is no session, no store, no link, and within a second
// after an Error.
func TestErrors(t *testing.T) {
	r := newRig(t, withExt)
	r.connected()
	alice, carol := r.user("alice", r.object.ID), r.user("carol", directory.None)
	failed := func(c *client, ask, src, text string) {
		t.Helper()
		c.say(ask)
		c.gets(fmt.Sprintf(`{"api":"PbxMessages",%s"mt":"Error","error":3,"errorText":%q}`, src, text))
	}
	c := r.client(carol)
	failed(c, `{"api":"PbxMessages","mt":"Session","src":"c1"}`, `"src":"c1",`, "no stored chats")
	c = r.client(alice)
	failed(c, `{"api":"PbxMessages","mt":"ReadChats","src":"a0"}`, `"src":"a0",`, "no session")
	failed(c, `{"api":"PbxMessages","mt":"ReadChats"}`, ``, "no session")
	failed(c, `{"api":"PbxMessages","mt":"Session","src":"a1"}`, `"src":"a1",`, "wait a second after an Error")
	r.service.silent(r)
	r.clock.Advance(time.Second)
	c.say(`{"api":"PbxMessages","mt":"Session","src":"a1"}`)
	src := r.service.hears(`{"mt":"Session","src":"$","user":"alice","dn":"ALICE","session":1001,"guid":"` + alice.GUID + `"}`)[0]
	r.clock.Advance(9 * time.Second)
	c.nothing()
	r.clock.Advance(time.Second) // 10 s without an answer
	c.gets(`{"api":"PbxMessages","src":"a1","mt":"Error","error":3,"errorText":"the Messages service does not answer"}`)
	r.service.hears(`{"mt":"SessionEnd","session":1001}`)
	r.service.say(`{"mt":"SessionResult","src":%s}`, src)

	r.clock.Advance(time.Second)
	c.say(`{"api":"PbxMessages","mt":"Session","src":"a2"}`)
	src = r.service.hears(`{"mt":"Session","src":"$","user":"alice","dn":"ALICE","session":1002,"guid":"` + alice.GUID + `"}`)[0]
	r.service.say(`{"mt":"Error","src":%s}`, src) // refused
	c.gets(`{"api":"PbxMessages","src":"a2","mt":"Error","error":3,"errorText":"no session"}`)
	r.clock.Advance(time.Second)

	// The session lasts: an Error for an unknown mt has the src of the request, and never
	// that of the Session (A12).
	c.say(`{"api":"PbxMessages","mt":"Session","src":"a3"}`)
	src = r.service.hears(`{"mt":"Session","src":"$","user":"alice","dn":"ALICE","session":1003,"guid":"` + alice.GUID + `"}`)[0]
	r.service.say(`{"mt":"SessionResult","src":%s}`, src)
	c.gets(`{"api":"PbxMessages","mt":"SessionResult","src":"a3","session":1003}`)
	for _, own := range []string{"PbxInfo", "AppChallenge", "Mark", "SessionEnd", "Deliver", "PostResult", "CheckBuild"} {
		c.say(`{"api":"PbxMessages","mt":"` + own + `","src":"x"}`)
		if own == "CheckBuild" {
			continue // answered by the door only without api
		}
		c.gets(`{"api":"PbxMessages","src":"x","mt":"Error","error":1,"errorText":"unknown mt"}`)
	}
	c.gets(`{"api":"PbxMessages","src":"x","mt":"Error","error":1,"errorText":"unknown mt"}`)
	c.say(`{"api":"PbxMessages","mt":"Nonsense","src":"a3"}`)
	src = r.service.hears(`{"mt":"Nonsense","src":"$","user":"alice","session":1003}`)[0]
	r.service.say(`{"mt":"Error","src":%s,"error":1}`, src)
	c.say(`{"api":"PbxMessages","mt":"Twice","src":"a","b":{"c":1,"c":2}}`)
	c.gets(`{"api":"PbxMessages","src":"a","mt":"Error","error":1,"errorText":"a name stands twice"}`)

	// The link is lost: once per session; and no session while it is down.
	r.must(r.service.conn.Close(""))
	c.gets(`{"api":"PbxMessages","src":"a3","mt":"Error","error":3,"errorText":"the Messages service is not connected"}`)
	r.clock.Advance(500 * time.Millisecond)
	other := r.client(alice)
	failed(other, `{"api":"PbxMessages","mt":"Session","src":1}`, `"src":1,`, "the Messages service is not connected")
	c.nothing()
	if n := r.m.Tickets(r.object.Address()); n != 0 {
		t.Errorf("%d tickets", n)
	}
}

// A second Session with the same src replaces the first; requests belong to the one of
// their src, else to the newest.
func TestSessionsOfOneConnection(t *testing.T) {
	r := newRig(t, withExt)
	r.connected()
	alice := r.user("alice", r.object.ID)
	c := r.opened(alice)
	c.say(`{"api":"PbxMessages","mt":"Session","src":"t"}`)
	second := r.service.hears(`{"mt":"Session","src":"$","user":"alice","dn":"ALICE","session":1002,"guid":"` + alice.GUID + `"}`)[0]
	r.service.say(`{"mt":"SessionResult","src":%s}`, second)
	c.gets(`{"api":"PbxMessages","mt":"SessionResult","src":"t","session":1002}`)
	c.say(`{"api":"PbxMessages","mt":"ReadGroups","src":"s"}`)
	r.service.hears(`{"mt":"ReadGroups","src":"$","user":"alice","session":1001}`)
	c.say(`{"api":"PbxMessages","mt":"ReadGroups"}`)
	r.service.hears(`{"mt":"ReadGroups","src":"$","user":"alice","session":1002}`)
	c.say(`{"api":"PbxMessages","mt":"Session","src":"t"}`)
	r.service.hears(`{"mt":"SessionEnd","session":1002}`)
	r.service.hears(`{"mt":"Session","src":"$","user":"alice","dn":"ALICE","session":1003,"guid":"` + alice.GUID + `"}`)
	r.service.say(`{"mt":"Error","src":%s}`, second) // the one that has gone
	r.m.Closed(t.Context(), c)
	ended := map[string]bool{receive(t, r.service.heard): true, receive(t, r.service.heard): true}
	if !ended[`{"mt":"SessionEnd","session":1001}`] || !ended[`{"mt":"SessionEnd","session":1003}`] {
		t.Errorf("ended: %v", ended)
	}
	c.nothing()
}

// A11: what a client may not post, and whose act it is.
func TestForbiddenPosts(t *testing.T) {
	r := newRig(t, withExt)
	r.connected()
	c := r.opened(r.user("alice", r.object.ID))
	for _, member := range []string{`"type":1`, `"type":"1"`, `"type":1.0`, `"type":true`, `"topics":["a"]`, `"grp":"g"`, `"id":"5"`} {
		c.say(`{"api":"PbxMessages","mt":"Post","src":"x",` + member + `,"text":"t"}`)
		c.gets(`{"api":"PbxMessages","mt":"PostResult","src":"x","error":true,"errorText":"not for clients to say"}`)
	}
	r.service.silent(r)
	for _, member := range []string{`"type":0,`, `"type":"0",`, `"type":null,`, ``} {
		c.say(`{"api":"PbxMessages","mt":"Post","Type":1,` + member + `"Topics":["a"],"text":"t"}`)
		r.service.hears(`{"mt":"Post","src":"$","user":"alice","session":1001,"author":"alice",` + member + `"text":"t"}`)
	}
	c.say(`{"api":"PbxMessages","mt":"Update","id":5,"author":"bob"}`)
	r.service.hears(`{"mt":"Update","src":"$","user":"alice","session":1001,"author":"alice","id":5}`)
}

// Features are refused in the form of the result; losing chat ends the session.
func TestFeatures(t *testing.T) {
	r := newRig(t, withExt)
	r.connected()
	c := r.opened(r.user("alice", r.object.ID))
	r.lics.set(licence.ChatAttach, true)
	r.lics.set(licence.ChatGroup, true)
	for _, mt := range []string{"CreateFileBuffer", "WriteGroup", "WriteMember", "SetGroup", "Kick"} {
		c.say(`{"api":"PbxMessages","mt":"` + mt + `","src":"x"}`)
		c.gets(`{"api":"PbxMessages","mt":"` + mt + `Result","src":"x","error":3,"errorText":"not licensed"}`)
	}
	c.say(`{"api":"PbxMessages","mt":"Post","src":"x","topic":"alice","attach":"https%3A"}`)
	c.gets(`{"api":"PbxMessages","mt":"PostResult","src":"x","error":true,"errorText":"not licensed"}`)
	c.say(`{"api":"PbxMessages","mt":"Post","src":"x","topic":"alice","attaching":true}`)
	c.gets(`{"api":"PbxMessages","mt":"PostResult","src":"x","error":true,"errorText":"not licensed"}`)
	c.say(`{"api":"PbxMessages","mt":"Post","src":"x","topic":"alice","attach":"","attaching":false}`)
	src := r.service.hears(`{"mt":"Post","src":"$","user":"alice","session":1001,"author":"alice","topic":"alice","attach":"","attaching":false}`)[0]
	result := `"mt":"PostResult","src":%s,"session":1001,"key":7,"url":"https://x","id":5}`
	r.service.say("{"+result, src)
	c.gets(`{"api":"PbxMessages","mt":"PostResult","src":"x","id":5}`)
	r.lics.set(licence.ChatAttach, false)
	c.say(`{"api":"PbxMessages","mt":"Post","src":"x","topic":"alice"}`)
	src = r.service.hears(`{"mt":"Post","src":"$","user":"alice","session":1001,"author":"alice","topic":"alice"}`)[0]
	r.service.say("{"+result, src)
	c.gets(fmt.Sprintf(`{"api":"PbxMessages",`+result, `"x"`))
	r.lics.set(licence.Chat, true)
	r.clock.Advance(time.Second)
	c.gets(`{"api":"PbxMessages","src":"s","mt":"Error","error":3,"errorText":"no stored chats"}`)
	r.service.hears(`{"mt":"SessionEnd","session":1001}`)
}

// An app object acts as itself.
func TestAppObject(t *testing.T) {
	r := newRig(t, withExt)
	r.connected()
	o, err := r.dir.AddApp(t.Context(), r.dom.ID, directory.NewObject{SIP: "bot", Password: "p", APIs: []string{"PbxMessages"}, Properties: directory.Properties{Messages: r.object.ID}})
	r.must(err)
	c := r.opened(o)
	c.say(`{"api":"PbxMessages","mt":"ReadChats","src":"1","topic":"bot"}`)
	r.service.hears(`{"mt":"ReadChats","src":"$","user":"bot","session":1001,"topic":"bot"}`)
}

// A service that says what nobody has asked for reaches nobody.
func TestHostileService(t *testing.T) {
	r := newRig(t, withExt, func(c *pbxmessages.Config) {
		c.Limits = pbxmessages.Limits{Requests: 3, Subscriptions: 2, Unsent: 300_000}
	})
	r.connected()
	c := r.opened(r.user("alice", r.object.ID))
	c.say(`{"api":"PbxMessages","mt":"ReadChats","src":"1"}`)
	src := r.service.hears(`{"mt":"ReadChats","src":"$","user":"alice","session":1001}`)[0]
	for _, text := range []string{
		`{"mt":"ReadChatsResult","src":"p999"}`, `{"mt":"ReadChatsResult","src":"p02"}`, `{"mt":"ReadChatsResult","src":2}`, `{"mt":"ReadChatsResult","src":"1"}`,
		`{"mt":"ReadChatsResult"}`, `{"mt":"SessionResult","src":"p1"}`, `{"mt":"X","src":` + src + `,"a":{"b":1,"b":2}}`,
	} {
		r.service.say("%s", text)
	}
	r.service.say(`{"mt":"ReadChatsResult","src":%s}`, src)
	c.gets(`{"api":"PbxMessages","mt":"ReadChatsResult","src":"1"}`)
	r.service.say(`{"mt":"ReadChatsResult","src":%s}`, src) // a second time
	r.service.say(`{"mt":"Event","src":"p1","text":"%s"}`, strings.Repeat("x", appservice.MaxMessage-45))
	r.service.say(`{"mt":"Event","src":"p1"}`)
	c.gets(`{"api":"PbxMessages","mt":"Event","src":"s"}`)
	if n := r.counts.of("service_foreign_src"); n != 6 {
		t.Errorf("%d foreign", n)
	}
	if r.counts.of("service_duplicate_name") != 1 || r.counts.of("service_unknown_mt") != 1 || r.counts.of("answer_too_long") != 1 {
		t.Errorf("%v", r.counts.drops)
	}

	// It never answers: the client has so many requests, then an Error, until the oldest
	// is a minute old.
	for i := range 3 {
		c.say(fmt.Sprintf(`{"api":"PbxMessages","mt":"ReadChats","src":"%d"}`, i))
		src = r.service.hears(`{"mt":"ReadChats","src":"$","user":"alice","session":1001}`)[0]
	}
	c.say(`{"api":"PbxMessages","mt":"ReadChats","src":"3"}`)
	c.gets(`{"api":"PbxMessages","src":"3","mt":"Error","error":4,"errorText":"too many at a time"}`)
	r.clock.Advance(time.Minute)
	c.say(`{"api":"PbxMessages","mt":"ReadChats","src":"4"}`)
	r.service.hears(`{"mt":"ReadChats","src":"$","user":"alice","session":1001}`)
	for i := range 2 {
		c.say(fmt.Sprintf(`{"api":"PbxMessages","mt":"SetFilter","src":"f%d"}`, i))
		r.service.hears(`{"mt":"SetFilter","src":"$","user":"alice","session":1001}`)
	}
	c.say(`{"api":"PbxMessages","mt":"SetFilter","src":"f2"}`)
	c.gets(`{"api":"PbxMessages","src":"f2","mt":"Error","error":4,"errorText":"too many at a time"}`)
	c.say(`{"api":"PbxMessages","mt":"SetFilter","src":"f1"}`) // again
	r.service.hears(`{"mt":"SetFilter","src":"$","user":"alice","session":1001}`)

	// It floods a client that reads nothing: what waits is bounded, then the session
	// ends; the others go on.
	c.mu.Lock()
	c.stuck, c.queued = true, 100_000
	c.mu.Unlock()
	big := `{"mt":"ReadChatsInd","src":` + src + `,"text":"` + strings.Repeat("x", 50_000) + `"}`
	for range 5 {
		r.service.say("%s", big)
	}
	other := r.opened(r.user("bob", r.object.ID))
	other.nothing()
	c.nothing()
	c.read()
	for range 5 {
		receive(t, c.got)
	}
	c.mu.Lock()
	c.stuck, c.queued = true, 100_000
	c.mu.Unlock()
	for range 20 {
		r.service.say("%s", big)
	}
	r.service.hears(`{"mt":"SessionEnd","session":1001}`)
}
