package service_test

import (
	"fmt"
	"testing"
)

// team has alice make a group with bob in it; it returns the group's name and number.
func team(t *testing.T, a *session) (sip string, num int64) {
	t.Helper()
	got := a.ask(`{"mt":"WriteGroup","dn":"Te<b>am"}`)
	expect(t, got, `{"mt":"WriteGroupResult","id":"*","sip":"*","!error":0}`)
	expect(t, a.ask(fmt.Sprintf(`{"mt":"WriteMember","grp":%d,"member":"bob"}`, id(got[0]))), `{"mt":"WriteMemberResult","!error":0}`)
	return got[0]["sip"].(string), id(got[0])
}

func (p *peer) groupText(author, grp, text string, more ...string) frame {
	p.t.Helper()
	extra := ""
	for _, m := range more {
		extra += m
	}
	return p.ask(fmt.Sprintf(`{"mt":"Post","type":1,"author":%q,"grp":%q,"text":%q,"people":[%s]%s}`, author, grp, text, who(author), extra))[0]
}

func TestGroup(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	a, b, c := p.session("alice", guid("alice"), ""), p.session("bob", guid("bob"), "IM_EXT"), p.session("carol", guid("carol"), "")
	sip, num := team(t, a)
	if sip != fmt.Sprintf("messages?g%d", num) {
		t.Errorf("sip %s, id %d", sip, num)
	}
	expect(t, a.ask(`{"mt":"ReadGroups"}`), `{"mt":"ReadGroupsInd","id":`+itoa(num)+`,"sip":"`+sip+`","dn":"Team","!role":0}`, `{"mt":"ReadGroupsResult"}`)
	expect(t, b.ask(`{"mt":"ReadGroups"}`), `{"mt":"ReadGroupsInd","role":"member","members":2,"history":"joined","marks":"auto"}`, `{"mt":"ReadGroupsResult"}`)
	expect(t, c.ask(`{"mt":"ReadGroups"}`), `{"mt":"ReadGroupsResult"}`)

	m := p.groupText("alice", sip, "hello team")
	expect(t, []frame{m}, `{"mt":"PostResult","id":"*","!error":0}`)
	expect(t, b.ask(`{"mt":"ReadChats","unread":true}`), `{"mt":"ReadChatsInd","sip":"`+sip+`","dn":"Team","grp":true,"unread":1}`, `{"mt":"ReadChatsResult"}`)
	expect(t, b.ask(`{"mt":"ReadChat","sip":"`+sip+`"}`), `{"msg":{"text":"hello team","author":"alice"}}`, `{"mt":"ReadChatResult"}`)
	expect(t, c.ask(`{"mt":"ReadChat","sip":"`+sip+`"}`), `{"mt":"ReadChatResult","!error":0}`)
	expect(t, []frame{p.groupText("carol", sip, "let me in")}, `{"mt":"PostResult","error":true,"cau":1}`)

	// A stranger learns nothing and changes nothing.
	for _, q := range []string{
		`{"mt":"WriteGroup","id":%d,"dn":"Mine"}`, `{"mt":"WriteGroup","id":%d}`, `{"mt":"WriteMember","grp":%d,"member":"carol"}`,
		`{"mt":"ReadMembers","grp":%d}`, `{"mt":"SetGroup","grp":%d,"dn":"Mine"}`, `{"mt":"Join","grp":%d}`, `{"mt":"Leave","grp":%d}`,
		`{"mt":"Invite","grp":%d,"member":"carol"}`, `{"mt":"Kick","grp":%d,"member":"bob"}`,
	} {
		there, not := c.ask(fmt.Sprintf(q, num)), c.ask(fmt.Sprintf(q, num+500))
		if there[0]["error"] == nil || there[0]["error"] != not[0]["error"] || there[0]["errorText"] != not[0]["errorText"] {
			t.Errorf("%s: %v against %v", q, there, not)
		}
	}
	// A member is told that it may not.
	expect(t, b.ask(`{"mt":"SetGroup","grp":"`+sip+`","dn":"Mine"}`), `{"mt":"SetGroupResult","error":3}`)
	expect(t, b.ask(`{"mt":"Kick","grp":"`+sip+`","member":"alice"}`), `{"mt":"KickResult","error":3}`)
	expect(t, b.ask(`{"mt":"Pin","id":`+itoa(id(m))+`,"on":true}`), `{"mt":"PinResult","error":3}`)

	expect(t, a.ask(fmt.Sprintf(`{"mt":"WriteGroup","id":%d,"dn":"Crew"}`, num)), `{"mt":"WriteGroupResult","id":`+itoa(num)+`,"!error":0}`)
	expect(t, b.ask(`{"mt":"ReadGroups"}`), `{"dn":"Crew"}`, `{"mt":"ReadGroupsResult"}`)
	expect(t, a.ask(fmt.Sprintf(`{"mt":"WriteGroup","id":%d}`, num)), `{"mt":"WriteGroupResult","!error":0}`)
	expect(t, b.ask(`{"mt":"ReadGroups"}`), `{"mt":"ReadGroupsResult"}`)
	expect(t, []frame{p.groupText("bob", sip, "anybody?")}, `{"mt":"PostResult","error":true,"cau":1}`)
}

// Somebody whose name was given to another can still be taken out of a group; nobody
// else is reached by a number.
func TestMembersWithoutName(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	a := p.session("alice", guid("alice"), "")
	p.session("bob", guid("bob"), "")
	sip, _ := team(t, a)
	p.session("bob", "ffff", "") // another bob
	members := p.ask(`{"mt":"ReadMembers","grp":"` + sip + `"}`)
	expect(t, members, `{"member":"alice"}`, `{"guid":"`+guid("bob")+`"}`, `{}`)
	old := members[1]["member"].(string)
	expect(t, a.ask(`{"mt":"Invite","grp":"`+sip+`","member":"?p99999"}`), `{"mt":"InviteResult","error":2}`)
	expect(t, a.ask(`{"mt":"Invite","grp":"`+sip+`","member":"#1"}`), `{"mt":"InviteResult","error":2}`)
	expect(t, a.ask(`{"mt":"Kick","grp":"`+sip+`","member":"`+old+`"}`), `{"mt":"KickResult","!error":0}`)
	expect(t, p.ask(`{"mt":"ReadMembers","grp":"`+sip+`"}`), `{"member":"alice"}`, `{}`)
	got := a.ask(`{"mt":"Broadcast","key":"k","to":["?p1","#2","bob"],"text":"x"}`)
	expect(t, got, `{"mt":"BroadcastResult","counts":{"total":1},"unknown":["?p1","#2"]}`)
}

// A switch reads the members and is told every change, before what caused it is
// answered.
func TestSwitchFollowsMembers(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	a, b := p.session("alice", guid("alice"), ""), p.session("bob", guid("bob"), "")
	p.session("carol", guid("carol"), "")
	sip, num := team(t, a)
	expect(t, p.ask(`{"mt":"ReadMembers","grp":"`+sip+`"}`),
		`{"mt":"ReadMembersInd","member":"alice","guid":"`+guid("alice")+`","dn":"The alice","admin":true,"role":"owner"}`,
		`{"mt":"ReadMembersInd","member":"bob","guid":"`+guid("bob")+`","!admin":0,"role":"member"}`,
		`{"mt":"ReadMembersResult","sip":"`+sip+`","dn":"Team","!error":0}`)
	expect(t, p.ask(`{"mt":"ReadMembers","grp":"`+sip+`","user":"carol"}`), `{"mt":"ReadMembersResult","error":2}`)
	expect(t, p.ask(`{"mt":"ReadMembers","grp":"messages?g777"}`), `{"mt":"ReadMembersResult","error":2}`)

	told := func(s *session, q, pattern string) {
		t.Helper()
		if got := s.ask(q); got[0]["error"] != nil {
			t.Fatalf("%s: %v", q, got)
		}
		p.mu.Lock()
		heard := p.heard
		p.mu.Unlock()
		for _, f := range heard {
			if mismatch("", map[string]any(f), object1(t, pattern)) == "" {
				p.await(pattern)
				return
			}
		}
		t.Errorf("%s: not told %s before the answer: %v", q, pattern, heard)
	}
	told(a, `{"mt":"Invite","grp":"`+sip+`","member":"carol"}`, `{"mt":"MemberChanged","grp":"`+sip+`","member":"carol","guid":"`+guid("carol")+`","role":"member","!gone":0}`)
	told(a, `{"mt":"Grant","grp":"`+sip+`","member":"bob","role":"admin"}`, `{"mt":"MemberChanged","member":"bob","role":"admin"}`)
	told(b, `{"mt":"Mute","grp":"`+sip+`","member":"carol","until":9999999999999}`, `{"mt":"MemberChanged","member":"carol","mute":9999999999999}`)
	expect(t, []frame{p.groupText("carol", sip, "hm")}, `{"mt":"PostResult","error":true,"cau":57}`)
	told(b, `{"mt":"Mute","grp":"`+sip+`","member":"carol"}`, `{"mt":"MemberChanged","member":"carol","!mute":0}`)
	expect(t, []frame{p.groupText("carol", sip, "hm")}, `{"mt":"PostResult","!error":0}`)
	told(b, `{"mt":"SetGroup","grp":"`+sip+`","announce":true,"dn":"News","marks":"on","history":"all","open":true}`, `{"mt":"GroupChanged","grp":"`+sip+`","dn":"News","announce":true}`)
	expect(t, []frame{p.groupText("carol", sip, "hm")}, `{"mt":"PostResult","error":true,"cau":57}`)
	told(b, `{"mt":"Ban","grp":"`+sip+`","member":"carol","on":true}`, `{"mt":"MemberChanged","member":"carol","role":"banned","gone":true}`)
	expect(t, b.ask(`{"mt":"ReadMembers","grp":"`+sip+`"}`), `{"member":"alice"}`, `{"member":"bob"}`, `{"mt":"ReadMembersInd","member":"carol","dn":"The carol","role":"banned"}`, `{"mt":"ReadMembersResult","!error":0}`)
	told(a, `{"mt":"Grant","grp":"`+sip+`","member":"bob","role":"member"}`, `{"mt":"MemberChanged","member":"bob","role":"member"}`)
	expect(t, b.ask(`{"mt":"ReadMembers","grp":"`+sip+`"}`), `{"member":"alice"}`, `{"member":"bob"}`, `{"mt":"ReadMembersResult","!error":0}`)
	told(a, `{"mt":"Grant","grp":"`+sip+`","member":"bob","role":"admin"}`, `{"mt":"MemberChanged","member":"bob","role":"admin"}`)
	told(b, `{"mt":"Ban","grp":"`+sip+`","member":"carol"}`, `{"mt":"MemberChanged","member":"carol","gone":true}`)
	told(a, `{"mt":"Leave","grp":"`+sip+`"}`, `{"mt":"MemberChanged","member":"alice","gone":true}`)
	told(b, fmt.Sprintf(`{"mt":"WriteGroup","id":%d}`, num), `{"mt":"GroupChanged","grp":"`+sip+`","gone":true}`)
}

// Documented clients manage members by WriteMember; the last admin leaving makes the
// oldest member admin, the last member ends the group.
func TestWriteMember(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	a, b, c := p.session("alice", guid("alice"), ""), p.session("bob", guid("bob"), "IM_EXT"), p.session("carol", guid("carol"), "")
	sip, num := team(t, a)
	grp := itoa(num)
	expect(t, a.ask(`{"mt":"WriteMember","grp":`+grp+`,"member":"carol","admin":true}`), `{"mt":"WriteMemberResult","!error":0,"!id":0}`)
	members := p.ask(`{"mt":"ReadMembers","grp":"` + sip + `"}`)
	expect(t, members, `{"member":"alice"}`, `{"member":"bob","!admin":0}`, `{"member":"carol","admin":true}`, `{}`)
	alice, bob := id(members[0]), id(members[1])
	expect(t, c.ask(fmt.Sprintf(`{"mt":"WriteMember","grp":%s,"id":%d,"member":"bob","admin":true}`, grp, bob)), `{"!error":0}`)
	expect(t, b.ask(fmt.Sprintf(`{"mt":"WriteMember","grp":%s,"id":%d,"member":"bob"}`, grp, bob)), `{"!error":0}`)
	expect(t, b.ask(fmt.Sprintf(`{"mt":"WriteMember","grp":%s,"id":%d}`, grp, alice)), `{"error":3}`)
	expect(t, b.ask(`{"mt":"WriteMember","grp":`+grp+`}`), `{"error":1}`)
	for _, s := range []*session{a, c} { // the admins leave
		expect(t, s.ask(`{"mt":"Leave","grp":`+grp+`}`), `{"mt":"LeaveResult","!error":0}`)
	}
	expect(t, p.ask(`{"mt":"ReadMembers","grp":"`+sip+`"}`), `{"member":"bob","admin":true}`, `{}`)
	expect(t, b.ask(fmt.Sprintf(`{"mt":"WriteMember","grp":%s,"id":%d}`, grp, bob)), `{"!error":0}`)
	expect(t, p.ask(`{"mt":"ReadMembers","grp":"`+sip+`"}`), `{"mt":"ReadMembersResult","error":2}`)
}

// Who a name is, the service asks the switch; a switch that does not say is believed
// by name.
func TestNamesAreResolved(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	p.mu.Lock()
	p.asked = func(f frame) any {
		if f["user"] != "alice" { // the switch decides whom she may see
			t.Errorf("asked for %v", f["user"])
		}
		people := []any{}
		for _, n := range f["names"].([]any) {
			if n != "nobody" {
				people = append(people, object1(t, who(n.(string))))
			}
		}
		return map[string]any{"mt": "ResolveResult", "src": f["src"], "people": people}
	}
	p.mu.Unlock()
	a := p.session("alice", guid("alice"), "")
	sip, _ := team(t, a)
	expect(t, p.ask(`{"mt":"ReadMembers","grp":"`+sip+`"}`), `{"member":"alice"}`, `{"member":"bob","guid":"`+guid("bob")+`","dn":"The bob"}`, `{}`)
	expect(t, a.ask(`{"mt":"Invite","grp":"`+sip+`","member":"nobody"}`), `{"mt":"InviteResult","error":2}`)
	p.mu.Lock()
	p.asked = func(f frame) any {
		return map[string]any{"mt": "Error", "src": f["src"], "error": 1, "errorText": "unknown mt"}
	}
	p.mu.Unlock()
	expect(t, a.ask(`{"mt":"Invite","grp":"`+sip+`","member":"dave"}`), `{"mt":"InviteResult","!error":0}`)
	d := p.session("dave", guid("dave"), "")
	expect(t, d.ask(`{"mt":"ReadGroups"}`), `{"sip":"`+sip+`"}`, `{"mt":"ReadGroupsResult"}`)
}

// What new members see of the time before is a setting.
func TestHistoryForNewMembers(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	a, c, d := p.session("alice", guid("alice"), ""), p.session("carol", guid("carol"), ""), p.session("dave", guid("dave"), "")
	sip, _ := team(t, a)
	p.groupText("alice", sip, "before")
	a.ask(`{"mt":"Invite","grp":"` + sip + `","member":"carol"}`)
	p.groupText("alice", sip, "after")
	expect(t, c.ask(`{"mt":"ReadChat","sip":"`+sip+`"}`), `{"msg":{"text":"after"}}`, `{"mt":"ReadChatResult"}`)
	expect(t, a.ask(`{"mt":"SetGroup","grp":"`+sip+`","history":"all","open":true}`), `{"mt":"SetGroupResult","!error":0}`)
	expect(t, d.ask(`{"mt":"Join","grp":"`+sip+`"}`), `{"mt":"JoinResult","!error":0}`)
	expect(t, d.ask(`{"mt":"ReadChat","sip":"`+sip+`"}`), `{"msg":{"text":"after"}}`, `{"msg":{"text":"before"}}`, `{"mt":"ReadChatResult"}`)
	expect(t, a.ask(`{"mt":"SetGroup","grp":"`+sip+`","history":"some"}`), `{"mt":"SetGroupResult","error":1}`)
	expect(t, a.ask(`{"mt":"Kick","grp":"`+sip+`","member":"dave"}`), `{"mt":"KickResult","!error":0}`)
	p.groupText("alice", sip, "without dave")
	got := d.ask(`{"mt":"ReadChat","sip":"` + sip + `"}`)
	for _, f := range got {
		if m, ok := f["msg"].(map[string]any); ok && m["text"] == "without dave" {
			t.Error("dave sees what was said after he had gone")
		}
	}
}
