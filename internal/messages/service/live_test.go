package service_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/messages"
)

// Every device of both sides that has asked hears of a message, an edit, a reaction, a
// pin and a deletion; published clients hear nothing.
func TestEvents(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	a1, a2 := p.session("alice", guid("alice"), "IM_EXT"), p.session("alice", guid("alice"), "IM_EXT")
	b, old, c := p.session("bob", guid("bob"), "IM_EXT"), p.session("bob", guid("bob"), ""), p.session("carol", guid("carol"), "IM_EXT")
	m := id(p.chat("alice", "bob", "hi", `,"id":"a1"`))
	for _, s := range []*session{a1, a2} {
		s.event(fmt.Sprintf(`{"kind":"message","n":%d,"sip":"bob","msg":{"id":%d,"text":"hi","cid":"a1"}}`, m, m))
	}
	b.event(`{"kind":"message","sip":"alice","msg":{"text":"hi","author":"alice"}}`)
	expect(t, a1.ask(fmt.Sprintf(`{"mt":"Update","id":%d,"text":"ho<script>"}`, m)), `{"mt":"UpdateResult","id":`+itoa(m)+`,"!error":0}`)
	b.event(`{"kind":"edit","msg":{"id":` + itoa(m) + `,"text":"ho","edited":"*"}}`)
	expect(t, b.ask(fmt.Sprintf(`{"mt":"React","id":%d,"emoji":"👍","on":true}`, m)), `{"mt":"ReactResult","!error":0}`)
	a2.event(`{"kind":"react","id":` + itoa(m) + `,"user":"bob","emoji":"👍","on":true}`)
	expect(t, b.ask(fmt.Sprintf(`{"mt":"React","id":%d,"emoji":"a b","on":true}`, m)), `{"mt":"ReactResult","error":1}`)
	expect(t, b.ask(fmt.Sprintf(`{"mt":"React","id":%d,"emoji":"<b>","on":true}`, m)), `{"mt":"ReactResult","error":1}`)
	expect(t, b.ask(fmt.Sprintf(`{"mt":"Pin","id":%d,"on":true}`, m)), `{"mt":"PinResult","!error":0}`)
	a1.event(`{"kind":"pin","id":` + itoa(m) + `,"on":true,"user":"bob"}`)
	expect(t, a1.ask(`{"mt":"ReadPins","sip":"bob"}`), `{"msg":{"id":`+itoa(m)+`,"pinned":true,"reactions":[{"emoji":"👍","count":1,"!own":0,"sips":["bob"]}]}}`, `{"mt":"ReadPinsResult"}`)
	expect(t, a1.ask(`{"mt":"SetDraft","sip":"bob","text":"dear <img>bob"}`), `{"mt":"SetDraftResult","!error":0}`)
	a2.event(`{"kind":"draft","sip":"bob","text":"dear bob"}`)
	expect(t, a1.ask(`{"mt":"ReadChats"}`), `{"sip":"bob","draft":"dear bob"}`, `{"mt":"ReadChatsResult"}`)
	expect(t, b.ask(fmt.Sprintf(`{"mt":"Update","id":%d,"text":"forged"}`, m)), `{"mt":"UpdateResult","error":true}`)
	expect(t, b.ask(fmt.Sprintf(`{"mt":"Delete","id":%d}`, m)), `{"mt":"DeleteResult","error":true}`)
	expect(t, a1.ask(fmt.Sprintf(`{"mt":"Delete","id":%d}`, m)), `{"mt":"DeleteResult","!error":0}`)
	b.event(`{"kind":"delete","id":` + itoa(m) + `}`)
	expect(t, old.ask(`{"mt":"ReadChat","sip":"alice"}`), `{"mt":"ReadChatResult"}`)
	p.none(`{"mt":"Event","src":"` + old.src() + `"}`)
	p.none(`{"mt":"Event","src":"` + c.src() + `"}`)
	p.none(`{"mt":"Event","src":"` + b.src() + `","kind":"draft"}`)
}

// What only one person may see is told to that person alone.
func TestEventsOfOwnHistories(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	a, b := p.session("alice", guid("alice"), "IM_EXT"), p.session("bob", guid("bob"), "IM_EXT")
	p.ask(`{"mt":"Post","type":1,"author":"alice","topics":["alice"],"notify":["bob"],"text":"only alice has it"}`)
	a.event(`{"kind":"message","sip":"bob","msg":{"text":"only alice has it"}}`)
	p.ask(`{"mt":"Post","type":1,"author":"alice","topic":"bob","notify":["bob"],"text":"only bob has it"}`)
	b.event(`{"kind":"message","sip":"alice","msg":{"text":"only bob has it"}}`)
	p.ask(`{"mt":"Post","type":1,"author":"alice","topics":["alice"],"notify":["alice"],"text":"to herself"}`)
	a.event(`{"kind":"message","sip":"alice","msg":{"text":"to herself"}}`)
	p.none(`{"mt":"Event"}`)
}

// Sync gives exactly what was missed, once, and the token goes on.
func TestSync(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	a, b := p.session("alice", guid("alice"), "IM_EXT"), p.session("bob", guid("bob"), "IM_EXT")
	p.chat("alice", "bob", "before")
	got := b.ask(`{"mt":"Sync"}`)
	expect(t, got, `{"mt":"SyncResult","since":"*","!error":0}`)
	since := got[0]["since"].(string)
	m := id(p.chat("alice", "bob", "one"))
	p.chat("carol", "dave", "not for bob")
	sip, _ := team(t, a)
	p.groupText("alice", sip, "two")
	a.ask(fmt.Sprintf(`{"mt":"Update","id":%d,"text":"one more"}`, m))
	missed := b.ask(`{"mt":"Sync","since":"` + since + `"}`)
	kinds := map[string]int{}
	for _, f := range missed[:len(missed)-1] {
		kinds[fmt.Sprint(f["kind"])]++
	}
	if kinds["message"] != 2 || kinds["member"] == 0 || kinds["edit"]+kinds["message"] < 2 {
		t.Errorf("missed %v", missed)
	}
	since = missed[len(missed)-1]["since"].(string)
	expect(t, b.ask(`{"mt":"Sync","since":"`+since+`"}`), `{"mt":"SyncResult","!reset":0}`)
	expect(t, b.ask(`{"mt":"Sync","since":"nonsense"}`), `{"mt":"SyncResult","reset":true,"since":"*"}`)
	p.chat("alice", "bob", "p1")
	p.chat("alice", "bob", "p2")
	page := b.ask(`{"mt":"Sync","count":1,"since":"` + since + `"}`)
	expect(t, page, `{"mt":"SyncInd","kind":"message","msg":{"text":"p1"}}`, `{"mt":"SyncResult","more":true}`)
	expect(t, b.ask(`{"mt":"Sync","count":1,"since":"`+page[1]["since"].(string)+`"}`), `{"mt":"SyncInd","msg":{"text":"p2"}}`, `{"mt":"SyncResult"}`)
}

// What a rule of retention deletes is told by the next Sync, to those who have seen it.
func TestSyncOfPurges(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	b, c := p.session("bob", guid("bob"), "IM_EXT"), p.session("carol", guid("carol"), "IM_EXT")
	one, two := id(p.chat("alice", "bob", "one")), id(p.chat("bob", "alice", "two"))
	p.chat("carol", "dave", "three")
	since := map[*session]string{}
	for _, x := range []*session{b, c} {
		since[x] = x.ask(`{"mt":"Sync"}`)[0]["since"].(string)
	}
	log, err := g.store.Log(t.Context(), "example.com")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := log.Do(t.Context(), &messages.Purge{Before: time.Now().Add(2 * time.Hour).UnixMilli()}); err != nil {
		t.Fatal(err)
	}
	got := b.ask(`{"mt":"Sync","since":"` + since[b] + `"}`)
	expect(t, got, fmt.Sprintf(`{"mt":"SyncInd","kind":"purge","sip":"alice","ids":[%d,%d],"timestamp":"*","!id":0}`, one, two), `{"mt":"SyncResult"}`)
	expect(t, b.ask(`{"mt":"Sync","since":"`+got[1]["since"].(string)+`"}`), `{"mt":"SyncResult"}`)
	expect(t, c.ask(`{"mt":"Sync","since":"`+since[c]+`"}`), `{"mt":"SyncInd","kind":"purge","sip":"dave"}`, `{"mt":"SyncResult"}`)
}

// Marks of all kinds reach the switch, once each, and the unread number follows.
func TestMarks(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	a, b := p.session("alice", guid("alice"), "IM_EXT"), p.session("bob", guid("bob"), "")
	m1 := id(p.chat("alice", "bob", "one", `,"id":"c1"`))
	p.await(`{"mt":"Unread","user":"bob","unread":1}`)
	m2 := id(p.chat("alice", "bob", "two", `,"id":"c2"`))
	p.await(`{"mt":"Unread","user":"bob","unread":2}`)
	p.send(fmt.Sprintf(`{"mt":"Mark","user":"bob","guid":%q,"sip":"alice","id":%d,"state":"delivered"}`, guid("bob"), m1))
	p.await(fmt.Sprintf(`{"mt":"Marked","user":"bob","guid":%q,"sip":"alice","id":%d,"cid":"c1","author":"alice","state":"delivered","timestamp":"*"}`, guid("bob"), m1))
	p.send(fmt.Sprintf(`{"mt":"Mark","user":"bob","guid":%q,"sip":"alice","cid":"c2","state":"read"}`, guid("bob")))
	p.await(fmt.Sprintf(`{"mt":"Marked","user":"bob","sip":"alice","id":%d,"cid":"c2","state":"read"}`, m2))
	p.await(`{"mt":"Unread","user":"bob","unread":0}`)
	p.send(`{"mt":"Unread","user":"bob"}`)
	p.await(`{"mt":"Unread","user":"bob","unread":0}`)
	p2 := g.pbx() // another switch is told what is known
	p2.await(`{"mt":"Unread","user":"bob","unread":0}`)
	got := a.ask(fmt.Sprintf(`{"mt":"ReadMarks","id":%d}`, m2))
	expect(t, got, `{"mt":"ReadMarksInd","sip":"bob","guid":"`+guid("bob")+`","delivered":"*","read":"*"}`, `{"mt":"ReadMarksResult","delivered":1,"read":1}`)
	// marks that do not advance, of strangers, of messages that are not there, and of other states are nothing
	for _, bad := range []string{
		fmt.Sprintf(`{"mt":"Mark","user":"bob","guid":%q,"sip":"alice","id":%d,"state":"read"}`, guid("bob"), m1),
		fmt.Sprintf(`{"mt":"Mark","user":"carol","guid":%q,"sip":"alice","id":%d,"state":"read"}`, guid("carol"), m2),
		fmt.Sprintf(`{"mt":"Mark","user":"bob","guid":%q,"sip":"alice","id":99999,"state":"read"}`, guid("bob")),
		fmt.Sprintf(`{"mt":"Mark","user":"bob","guid":%q,"sip":"alice","id":%d,"state":"sent"}`, guid("bob"), m2),
		fmt.Sprintf(`{"mt":"Mark","user":"alice","guid":%q,"sip":"bob","id":%d,"state":"read"}`, guid("alice"), m2),
		`{"mt":"Mark","user":"bob","state":"read"}`, `{"mt":"Mark","user":7}`,
	} {
		p.send(bad)
	}
	m3 := id(p.chat("alice", "bob", "three"))
	expect(t, b.ask(fmt.Sprintf(`{"mt":"SetRead","id":%d}`, m3)), `{"mt":"SetReadResult","id":`+itoa(m3)+`,"!error":0}`)
	p.await(fmt.Sprintf(`{"mt":"Marked","user":"bob","sip":"alice","id":%d,"state":"read"}`, m3))
	m4 := id(p.chat("alice", "bob", "four"))
	b.ask(`{"mt":"ReadChat","sip":"alice"}`)
	p.await(fmt.Sprintf(`{"mt":"Marked","user":"bob","id":%d,"state":"read"}`, m4))
	p.none(`{"mt":"Marked","user":"carol"}`)
	p.none(`{"mt":"Marked","user":"alice"}`)
	p.none(fmt.Sprintf(`{"mt":"Marked","id":%d,"state":"read"}`, m1))
	if g.seen.drops("mark") < 3 {
		t.Errorf("dropped %v", g.seen.dropped)
	}
}

func TestMarksOfGroups(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	a := p.session("alice", guid("alice"), "IM_EXT")
	sip, _ := team(t, a)
	m := id(p.groupText("alice", sip, "hi", `,"id":"g1"`))
	p.send(fmt.Sprintf(`{"mt":"Mark","user":"bob","guid":%q,"grp":%q,"cid":"g1","author":"alice","state":"delivered"}`, guid("bob"), sip))
	p.await(fmt.Sprintf(`{"mt":"Marked","user":"bob","grp":%q,"!sip":0,"id":%d,"cid":"g1","author":"alice","state":"delivered"}`, sip, m))
	expect(t, a.ask(fmt.Sprintf(`{"mt":"ReadMarks","id":%d}`, m)), `{"sip":"bob","delivered":"*","!read":0}`, `{"mt":"ReadMarksResult","delivered":1,"!read":0}`)
	p.send(fmt.Sprintf(`{"mt":"Mark","user":"carol","guid":%q,"grp":%q,"id":%d,"state":"read"}`, guid("carol"), sip, m))
	p.groupText("alice", sip, "again")
	a.ask(`{"mt":"ReadChats"}`)
	p.none(`{"mt":"Marked","user":"carol"}`)
}

// A broadcast reaches everybody once, however often it is repeated.
func TestBroadcast(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	a := p.session("alice", guid("alice"), "IM_EXT")
	q := `{"mt":"Broadcast","key":"party","to":["bob","carol","Bob","alice"],"text":"come<script>x</script>"}`
	got := a.ask(q)
	expect(t, got, `{"mt":"BroadcastResult","id":"*","counts":{"total":2,"sent":2,"delivered":0,"read":0,"!failed":0},"!unknown":0,"!error":0}`)
	for _, name := range []string{"bob", "carol"} {
		p.await(`{"mt":"Deliver","author":"alice","authorGuid":"` + guid("alice") + `","sip":"` + name + `","id":"*","cid":"*","timestamp":"*","text":"come"}`)
	}
	again := a.ask(q)
	expect(t, again, `{"mt":"BroadcastResult","id":`+itoa(id(got[0]))+`,"counts":{"total":2,"sent":2}}`)
	b := p.session("bob", guid("bob"), "")
	expect(t, b.ask(`{"mt":"ReadChat","sip":"alice"}`), `{"msg":{"text":"come"}}`, `{"mt":"ReadChatResult"}`)
	p.none(`{"mt":"Deliver"}`)
	expect(t, a.ask(`{"mt":"ReadBroadcast","id":`+itoa(id(got[0]))+`}`), `{"mt":"ReadBroadcastResult","counts":{"total":2,"sent":2,"delivered":1,"read":1}}`)
	expect(t, b.ask(`{"mt":"ReadBroadcast","id":`+itoa(id(got[0]))+`}`), `{"mt":"ReadBroadcastResult","error":2,"!counts":0}`)
	for _, bad := range []string{
		`{"mt":"Broadcast","to":["bob"],"text":"x"}`, `{"mt":"Broadcast","key":"k","text":"x"}`, `{"mt":"Broadcast","key":"k","to":["bob"]}`,
		`{"mt":"Broadcast","key":"k","to":["bob"],"text":"x","attach":"https%3A%2F%2Fevil.example%2Fx"}`,
	} {
		if r := a.ask(bad); r[0]["error"] == nil {
			t.Errorf("%s: %v", bad, r)
		}
	}
}

// A message with a time of its own ends by itself.
func TestExpiry(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	b := p.session("bob", guid("bob"), "IM_EXT")
	soon := time.Now().Add(time.Hour).UnixMilli()
	expect(t, []frame{p.chat("alice", "bob", "for an hour", fmt.Sprintf(`,"expires":%d`, soon))}, `{"mt":"PostResult","!error":0}`)
	expect(t, []frame{p.chat("alice", "bob", "too late", `,"expires":5`)}, `{"mt":"PostResult","error":true}`)
	expect(t, b.ask(`{"mt":"ReadChat","sip":"alice"}`), `{"msg":{"text":"for an hour","expires":`+itoa(soon)+`}}`, `{"mt":"ReadChatResult"}`)
	log, err := g.store.Log(t.Context(), dom)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := log.Do(t.Context(), &messages.Purge{Expired: soon + 1}); err != nil {
		t.Fatal(err)
	}
	b.event(`{"kind":"delete"}`)
	expect(t, b.ask(`{"mt":"ReadChat","sip":"alice"}`), `{"mt":"ReadChatResult"}`)
}
