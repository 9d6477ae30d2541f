package service_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"
)

// Who came later, and is shown nothing of the time before, is told nothing live either
// of what becomes of older messages: an edit would tell all of its text.
func TestNewMembersHearNothingOfOlderMessages(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	a, b := p.session("alice", guid("alice"), "IM_EXT"), p.session("bob", guid("bob"), "IM_EXT")
	c := p.session("carol", guid("carol"), "IM_EXT")
	sip, _ := team(t, a)
	old := id(p.groupText("alice", sip, "before"))
	expect(t, a.ask(`{"mt":"Invite","grp":"`+sip+`","member":"carol"}`), `{"mt":"InviteResult","!error":0}`)
	expect(t, a.ask(fmt.Sprintf(`{"mt":"Update","id":%d,"text":"a secret of before"}`, old)), `{"mt":"UpdateResult","!error":0}`)
	a.ask(fmt.Sprintf(`{"mt":"React","id":%d,"emoji":"x","on":true}`, old))
	a.ask(fmt.Sprintf(`{"mt":"Pin","id":%d,"on":true}`, old))
	expect(t, a.ask(fmt.Sprintf(`{"mt":"Delete","id":%d}`, old)), `{"mt":"DeleteResult","!error":0}`)
	young := id(p.groupText("alice", sip, "after"))
	expect(t, a.ask(fmt.Sprintf(`{"mt":"Update","id":%d,"text":"later"}`, young)), `{"mt":"UpdateResult","!error":0}`)
	b.event(`{"kind":"edit","msg":{"id":` + itoa(old) + `}}`)
	b.event(`{"kind":"delete","id":` + itoa(old) + `}`)
	c.event(`{"kind":"edit","msg":{"id":` + itoa(young) + `,"text":"later"}}`)
	for _, kind := range []string{`"kind":"edit"`, `"kind":"react"`, `"kind":"pin"`, `"kind":"delete"`} {
		p.none(`{"mt":"Event","src":"` + c.src() + `",` + kind + `}`)
	}
}

// Who may not write in a group cannot do so by the side door of its topic, nor by
// giving an old message a new text.
func TestMutedWriteNowhere(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	a, b := p.session("alice", guid("alice"), "IM_EXT"), p.session("bob", guid("bob"), "IM_EXT")
	sip, _ := team(t, a)
	m := id(p.groupText("bob", sip, "hello"))
	post := b.ask(`{"mt":"Post","topic":"` + sip + `","text":"a post"}`)
	expect(t, post, `{"mt":"PostResult","id":"*","!error":0}`)
	closed := func(why string) {
		t.Helper()
		expect(t, b.ask(`{"mt":"Post","topic":"`+sip+`","text":"`+why+`"}`), `{"mt":"PostResult","error":true,"cau":57}`)
		expect(t, b.ask(fmt.Sprintf(`{"mt":"Update","id":%d,"text":"%s"}`, m, why)), `{"mt":"UpdateResult","error":true}`)
		expect(t, b.ask(fmt.Sprintf(`{"mt":"Update","id":%d,"text":"%s"}`, id(post[0]), why)), `{"mt":"UpdateResult","error":true}`)
		expect(t, []frame{p.groupText("bob", sip, why)}, `{"mt":"PostResult","error":true,"cau":57}`)
	}
	a.ask(`{"mt":"Mute","grp":"` + sip + `","member":"bob","until":` + itoa(time.Now().Add(time.Hour).UnixMilli()) + `}`)
	closed("muted")
	a.ask(`{"mt":"Mute","grp":"` + sip + `","member":"bob"}`)
	expect(t, b.ask(fmt.Sprintf(`{"mt":"Update","id":%d,"text":"back"}`, m)), `{"mt":"UpdateResult","!error":0}`)
	a.ask(`{"mt":"SetGroup","grp":"` + sip + `","announce":true}`)
	closed("only admins")
	expect(t, a.ask(`{"mt":"Post","topic":"`+sip+`","text":"admins may"}`), `{"mt":"PostResult","!error":0}`)
	a.ask(`{"mt":"Grant","grp":"` + sip + `","member":"bob","role":"admin"}`)
	expect(t, b.ask(`{"mt":"Post","topic":"`+sip+`","text":"an admin"}`), `{"mt":"PostResult","!error":0}`)
}

// A switch that has said who people are, and is too busy to say it once more, does not
// make names identities: the request fails, and works when the switch answers again.
func TestBusySwitchMakesNoPeople(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	var busy atomic.Bool
	p.asked = func(f frame) any {
		src := f["src"]
		if busy.Load() {
			src = "another question"
		}
		return map[string]any{"mt": "ResolveResult", "src": src, "people": []any{}}
	}
	a := p.session("alice", guid("alice"), "IM_EXT")
	expect(t, a.ask(`{"mt":"SetDraft","sip":"nobody","text":"x"}`), `{"mt":"SetDraftResult","error":2}`)
	busy.Store(true)
	for range 3 {
		expect(t, a.ask(`{"mt":"SetDraft","sip":"nobody","text":"x"}`), `{"mt":"SetDraftResult","error":5}`)
	}
	busy.Store(false)
	expect(t, a.ask(`{"mt":"SetDraft","sip":"nobody","text":"x"}`), `{"mt":"SetDraftResult","error":2}`)
}
