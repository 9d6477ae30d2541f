package service_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// TestChatIsStoredAndRead is the dialogue of section 4.8, with our extension between
// switch and service, and published clients.
func TestChatIsStoredAndRead(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	a, b := p.session("alice", guid("alice"), ""), p.session("bob", guid("bob"), "")
	expect(t, b.ask(`{"mt":"ReadChats","topic":"bob"}`), `{"mt":"ReadChatsResult","!error":0}`)

	first := p.chat("alice", "bob", "first", `,"id":"a-1"`)
	expect(t, []frame{first}, `{"mt":"PostResult","id":"*","timestamp":"*","!error":0,"!repeated":0,"!cau":0}`)
	second := p.chat("bob", "alice", "second <b onclick=1>now</b><script>x</script>")
	if id(second) <= id(first) || second["timestamp"].(float64) <= first["timestamp"].(float64) {
		t.Errorf("%v is not behind %v", second, first)
	}
	expect(t, b.ask(`{"mt":"ReadChats","topic":"bob"}`),
		`{"mt":"ReadChatsInd","sip":"alice","dn":"The alice","timestamp":`+itoa(int64(second["timestamp"].(float64)))+`,"!unread":0,"!grp":0,"!id":0,"!preview":0,"!guid":0,"!total":0}`,
		`{"mt":"ReadChatsResult"}`)
	expect(t, b.ask(`{"mt":"ReadChats","topic":"bob","unread":true}`), `{"mt":"ReadChatsInd","sip":"alice","unread":1}`, `{"mt":"ReadChatsResult"}`)
	expect(t, b.ask(`{"mt":"ReadChat","topic":"bob","sip":"alice","count":20}`),
		`{"mt":"ReadChatInd","msg":{"id":`+itoa(id(second))+`,"author":"bob","dn":"The bob","text":"second <b>now</b>","timestamp":"*","!cid":0,"!guid":0,"!mime":0}}`,
		`{"mt":"ReadChatInd","msg":{"id":`+itoa(id(first))+`,"author":"alice","text":"first","!cid":0}}`,
		`{"mt":"ReadChatResult","!more":0}`)
	expect(t, b.ask(`{"mt":"ReadChats","topic":"bob","unread":true}`), `{"mt":"ReadChatsResult"}`)
	expect(t, a.ask(`{"mt":"ReadChats","unread":true}`), `{"mt":"ReadChatsInd","sip":"bob","unread":1}`, `{"mt":"ReadChatsResult"}`)
	expect(t, a.ask(`{"mt":"ReadChat","topic":"alice","sip":"bob","noind":true}`), `{"mt":"ReadChatResult"}`)
	expect(t, a.ask(`{"mt":"ReadChats","unread":true}`), `{"mt":"ReadChatsResult"}`)
}

// What belongs to others reads like nothing (decision 55).
func TestForeignTopicsAreEmpty(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	p.chat("alice", "bob", "secret of the two")
	c := p.session("carol", guid("carol"), "IM_EXT")
	m := id(p.chat("alice", "bob", "another"))
	for _, q := range []string{
		`{"mt":"ReadChats","topic":"alice"}`, `{"mt":"ReadChats","topic":"nobody"}`,
		`{"mt":"ReadChats","topic":"carol"}`,
		`{"mt":"ReadChat","topic":"alice","sip":"bob"}`, `{"mt":"ReadChat","topic":"carol","sip":"bob"}`,
		`{"mt":"ReadChat","sip":"nobody"}`, `{"mt":"ReadChat","topic":"alice","sip":"bob","noind":true}`,
		`{"mt":"SetFilter","filter":{"topics":["alice"]}}`, `{"mt":"Discussion","discussion":` + itoa(m) + `}`,
	} {
		got := c.ask(q)
		if len(got) != 1 || got[0]["error"] != nil {
			t.Errorf("%s: %v", q, got)
		}
	}
	expect(t, c.ask(`{"mt":"Attachments","id":`+itoa(m)+`}`), `{"mt":"AttachmentsResult","files":[],"!error":0}`)
	// A message that exists answers as one that does not.
	for _, q := range []string{
		`{"mt":"SetRead","id":%d}`, `{"mt":"Update","id":%d,"text":"x"}`, `{"mt":"Delete","id":%d}`, `{"mt":"ReadMarks","id":%d}`,
		`{"mt":"React","id":%d,"emoji":"👍","on":true}`, `{"mt":"Pin","id":%d,"on":true}`, `{"mt":"Like","id":%d,"on":true}`,
	} {
		there, not := c.ask(fmt.Sprintf(q, m)), c.ask(fmt.Sprintf(q, m+1000))
		if there[0]["errorText"] == nil || there[0]["errorText"] != not[0]["errorText"] || there[0]["error"] != not[0]["error"] {
			t.Errorf("%s: %v against %v", q, there, not)
		}
	}
	expect(t, p.session("bob", guid("bob"), "").ask(`{"mt":"ReadChats","unread":true}`), `{"mt":"ReadChatsInd","unread":2}`, `{"mt":"ReadChatsResult"}`)
}

// A client stores no chats, speaks for nobody else, and says nothing that only a
// switch may say (A11).
func TestPostsOfClientsAreLimited(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	b := p.session("bob", guid("bob"), "IM_EXT")
	for name, q := range map[string]string{
		"chat":           `{"mt":"Post","type":1,"author":"bob","topic":"bob","notify":["alice"],"text":"x"}`,
		"foreign author": `{"mt":"Post","author":"alice","topic":"bob","text":"x"}`,
		"foreign topic":  `{"mt":"Post","topic":"alice","text":"x"}`,
		"unknown topic":  `{"mt":"Post","topic":"nobody","text":"x"}`,
		"stored name":    `{"mt":"Post","topic":"#1","text":"x"}`,
		"topics":         `{"mt":"Post","topics":["bob","alice"],"notify":["alice"],"text":"x"}`,
		"group":          `{"mt":"Post","grp":"messages?g1","text":"x"}`,
		"people":         `{"mt":"Post","topic":"bob","people":[{"sip":"bob","guid":"1"}],"text":"x"}`,
		"time":           `{"mt":"Post","topic":"bob","timestamp":5,"text":"x"}`,
		"empty":          `{"mt":"Post","topic":"bob","text":"<script>x</script>"}`,
		"file":           `{"mt":"Post","topic":"bob","text":"x","attach":"https%3A%2F%2Fevil.example%2Fx"}`,
		"answer":         `{"mt":"Post","topic":"bob","text":"x","repliesTo":12345}`,
		"long":           `{"mt":"Post","topic":"bob","text":"` + strings.Repeat("a", 49<<10) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, b.ask(q), `{"mt":"PostResult","error":true,"errorText":"*","!id":0}`)
		})
	}
	a := p.session("alice", guid("alice"), "")
	expect(t, a.ask(`{"mt":"ReadChats"}`), `{"mt":"ReadChatsResult"}`)
	expect(t, a.ask(`{"mt":"SetFilter"}`), `{"mt":"SetFilterResult"}`)
}

// Bad posts of a switch are refused with a cause.
func TestPostsOfSwitchesAreChecked(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	for name, c := range map[string]struct{ post, want string }{
		"no author":               {`"topics":["a"],"notify":["b"],"text":"x"`, `"!cau":0`},
		"no receiver":             {`"author":"a","topics":["a"],"text":"x"`, `"!cau":0`},
		"third side":              {`"author":"a","topics":["a","c"],"notify":["b"],"text":"x"`, `"cau":57`},
		"no group":                {`"author":"a","grp":"messages?g77","text":"x"`, `"cau":1`},
		"name of ours":            {`"author":"#5","topics":["#5"],"notify":["b"],"text":"x"`, `"!cau":0`},
		"to a name of ours":       {`"author":"a","topics":["a"],"notify":["#5"],"text":"x"`, `"cau":1`},
		"to nobody's number":      {`"author":"a","topics":["a"],"notify":["?p12345"],"text":"x"`, `"error":true`},
		"copy for a group":        {`"author":"a","topic":"b","notify":["messages?g1"],"text":"x"`, `"cau":57`},
		"group of another object": {`"author":"a","grp":"archive?g1","text":"x"`, `"cau":1`},
		"empty":                   {`"author":"a","topics":["a"],"notify":["b"],"text":"<br"`, `"cau":111`},
		"long":                    {`"author":"a","topics":["a"],"notify":["b"],"text":"` + strings.Repeat("a", 49<<10) + `"`, `"cau":111`},
		"file":                    {`"author":"a","topics":["a"],"notify":["b"],"text":"x","attach":"https%3A%2F%2Fevil.example%2Fx"`, `"cau":50`},
		"type":                    {`"author":7,"topics":["a"],"notify":["b"],"text":"x"`, `"errorText":"author is not a string"`},
		"kind":                    {`"author":"a","topics":["a"],"notify":["b"],"text":"x","kind":"odd"`, `"!cau":0`},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, p.ask(`{"mt":"Post","type":1,`+c.post+`}`), `{"mt":"PostResult","error":true,"errorText":"*",`+c.want+`}`)
		})
	}
}

// The same id of the same author is stored once, also after other messages; another
// author may use it too.
func TestRepeatedPost(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	first := p.chat("alice", "bob", "one", `,"id":"same"`)
	p.chat("alice", "bob", "two", `,"id":"next"`)
	again := p.chat("alice", "bob", "other words", `,"id":"same"`)
	if id(again) != id(first) || again["timestamp"] != first["timestamp"] || again["repeated"] != true {
		t.Errorf("first %v, again %v", first, again)
	}
	if other := p.chat("bob", "alice", "mine", `,"id":"same"`); id(other) == id(first) {
		t.Error("the id of another author counts")
	}
	b := p.session("bob", guid("bob"), "")
	expect(t, b.ask(`{"mt":"ReadChat","sip":"alice"}`),
		`{"msg":{"text":"mine"}}`, `{"msg":{"text":"two"}}`, `{"msg":{"text":"one"}}`, `{"mt":"ReadChatResult"}`)
}

// With one side licensed, and with a switch of the published protocol, messages are
// in that side's own history.
func TestOwnHistories(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	a, b := p.session("alice", guid("alice"), ""), p.session("bob", guid("bob"), "")
	for _, q := range []string{
		`{"mt":"Post","type":1,"author":"alice","topics":["alice"],"notify":["bob"],"text":"only alice has it"}`,
		`{"mt":"Post","type":1,"author":"alice","topic":"alice","notify":["bob"],"text":"alice, as documented"}`,
		`{"mt":"Post","type":1,"author":"alice","topic":"bob","notify":["bob"],"text":"bob, as documented"}`,
	} {
		expect(t, p.ask(q), `{"mt":"PostResult","!error":0}`)
	}
	p.chat("alice", "bob", "both have it")
	expect(t, a.ask(`{"mt":"ReadChat","sip":"bob"}`), `{"msg":{"text":"both have it"}}`, `{"msg":{"text":"alice, as documented"}}`,
		`{"msg":{"text":"only alice has it"}}`, `{"mt":"ReadChatResult"}`)
	expect(t, b.ask(`{"mt":"ReadChats","unread":true}`), `{"sip":"alice","unread":2}`, `{"mt":"ReadChatsResult"}`)
	expect(t, b.ask(`{"mt":"ReadChat","sip":"alice"}`), `{"msg":{"text":"both have it"}}`, `{"msg":{"text":"bob, as documented"}}`, `{"mt":"ReadChatResult"}`)
}

func TestChatWithOneself(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	a := p.session("alice", guid("alice"), "")
	expect(t, p.ask(`{"mt":"Post","type":1,"author":"alice","topics":["alice"],"notify":["alice"],"text":"note","people":[`+who("alice")+`]}`), `{"mt":"PostResult","!error":0}`)
	expect(t, a.ask(`{"mt":"ReadChat","sip":"alice"}`), `{"msg":{"text":"note","author":"alice"}}`, `{"mt":"ReadChatResult"}`)
	expect(t, a.ask(`{"mt":"ReadChats","unread":true}`), `{"mt":"ReadChatsResult"}`)
}

// older, count and the pages of our extension leave nothing out and repeat nothing.
func TestPagesOfHistory(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	for i := range 7 {
		p.chat("alice", "bob", fmt.Sprintf("m%d", i))
	}
	b := p.session("bob", guid("bob"), "IM_EXT")
	page := b.ask(`{"mt":"ReadChat","sip":"alice","count":3,"keep":true}`)
	expect(t, page, `{"msg":{"text":"m6"}}`, `{"msg":{"text":"m5"}}`, `{"msg":{"text":"m4"}}`, `{"mt":"ReadChatResult","more":true}`)
	last := page[2]["msg"].(map[string]any)
	expect(t, b.ask(fmt.Sprintf(`{"mt":"ReadChat","sip":"alice","count":3,"keep":true,"older":%.0f}`, last["timestamp"])),
		`{"msg":{"text":"m3"}}`, `{"msg":{"text":"m2"}}`, `{"msg":{"text":"m1"}}`, `{"mt":"ReadChatResult"}`)
	expect(t, b.ask(fmt.Sprintf(`{"mt":"ReadChat","sip":"alice","keep":true,"below":%.0f,"count":2}`, last["id"])),
		`{"msg":{"text":"m3"}}`, `{"msg":{"text":"m2"}}`, `{"mt":"ReadChatResult"}`)
	expect(t, b.ask(fmt.Sprintf(`{"mt":"ReadChat","sip":"alice","keep":true,"above":%.0f}`, last["id"])),
		`{"msg":{"text":"m5"}}`, `{"msg":{"text":"m6"}}`, `{"mt":"ReadChatResult"}`)
	expect(t, b.ask(`{"mt":"ReadChat","sip":"alice","older":5}`), `{"mt":"ReadChatResult"}`)
	// keep has kept them unread; a page counts as read up to its newest message.
	expect(t, b.ask(`{"mt":"ReadChats","unread":true}`), `{"sip":"alice","unread":7}`, `{"mt":"ReadChatsResult"}`)
	b.ask(`{"mt":"ReadChat","sip":"alice","count":1}`)
	expect(t, b.ask(`{"mt":"ReadChats","unread":true}`), `{"mt":"ReadChatsResult"}`)
}

// Formats beyond HTML go to those who have asked for our extension; published clients
// get text, or nothing where there is none (A9).
func TestOriginalsGoToTheExtensionOnly(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	p.chat("alice", "bob", "x", `,"mime":"text/plain","data":"a < b","ext":{"subject":"maths"},"id":"p1"`)
	p.chat("alice", "bob", "", `,"mime":"application/x-poll","data":"{\"q\":1}","alt":"<b>a poll"`)
	p.chat("alice", "bob", "", `,"mime":"application/x-sealed","data":"0f0f"`)
	p.chat("alice", "bob", "/help", `,"kind":"command"`)
	ext, old := p.session("bob", guid("bob"), "FOO|IM_EXT"), p.session("bob", guid("bob"), "")
	expect(t, ext.ask(`{"mt":"ReadChat","sip":"alice","keep":true}`),
		`{"msg":{"text":"/help","kind":"command"}}`,
		`{"msg":{"mime":"application/x-sealed","data":"0f0f","!text":0}}`,
		`{"msg":{"mime":"application/x-poll","data":"{\"q\":1}","alt":"<b>a poll</b>","text":"<b>a poll</b>"}}`,
		`{"msg":{"mime":"text/plain","data":"a < b","text":"a &lt; b","ext":{"subject":"maths"},"cid":"p1","guid":"`+guid("alice")+`"}}`,
		`{"mt":"ReadChatResult"}`)
	expect(t, old.ask(`{"mt":"ReadChat","sip":"alice"}`),
		`{"msg":{"text":"<b>a poll</b>","!mime":0,"!data":0,"!alt":0}}`,
		`{"msg":{"text":"a &lt; b","!mime":0,"!data":0,"!ext":0,"!cid":0}}`,
		`{"mt":"ReadChatResult"}`)
}

// The guid is the identity: a name given to somebody else gives nothing of what was
// before, and somebody who is renamed keeps everything.
func TestIdentityIsTheGuid(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	p.chat("alice", "bob", "to the old bob")
	a := p.session("alice", guid("alice"), "IM_EXT")
	oldTopic := p.session("bob", guid("bob"), "")
	expect(t, oldTopic.ask(`{"mt":"Post","topic":"bob","text":"a note of the old bob"}`), `{"mt":"PostResult","!error":0}`)
	expect(t, oldTopic.ask(`{"mt":"WriteTopic","sip":"bob?sub","dn":"Sub"}`), `{"mt":"WriteTopicResult","!error":0}`)
	expect(t, oldTopic.ask(`{"mt":"Post","topic":"bob?sub","text":"a note below"}`), `{"mt":"PostResult","!error":0}`)
	// bob is deleted, and somebody else gets the name
	b2 := p.session("bob", "ffff", "IM_EXT")
	for _, q := range []string{`{"mt":"ReadChats"}`, `{"mt":"ReadChat","sip":"alice"}`, `{"mt":"SetFilter"}`, `{"mt":"ReadTopics"}`, `{"mt":"ReadGroups"}`} {
		if got := b2.ask(q); len(got) != 1 {
			t.Errorf("%s: %v", q, got)
		}
	}
	// alice still has the old chat, under a name that nobody else can have
	got := a.ask(`{"mt":"ReadChats"}`)
	expect(t, got, `{"mt":"ReadChatsInd","sip":"*","preview":"to the old bob"}`, `{"mt":"ReadChatsResult"}`)
	old := got[0]["sip"].(string)
	if !strings.HasPrefix(old, "?p") {
		t.Fatalf("the old bob is called %q", old)
	}
	expect(t, a.ask(`{"mt":"ReadChat","sip":"`+old+`"}`), `{"msg":{"text":"to the old bob"}}`, `{"mt":"ReadChatResult"}`)
	expect(t, a.ask(`{"mt":"ReadChat","sip":"bob"}`), `{"mt":"ReadChatResult"}`)
	// alice is renamed
	a2 := p.session("alicia", guid("alice"), "")
	expect(t, a2.ask(`{"mt":"ReadChats","topic":"alicia"}`), `{"mt":"ReadChatsInd"}`, `{"mt":"ReadChatsResult"}`)
	expect(t, a2.ask(`{"mt":"ReadChat","topic":"alicia","sip":"`+old+`"}`), `{"msg":{"author":"alicia"}}`, `{"mt":"ReadChatResult"}`)
}

// Nothing of one domain is seen or changed from another.
func TestDomainsAreApart(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	m := id(p.chat("alice", "bob", "of the first domain"))
	other := g.must(g.dial(login("other.org"), "another"))
	b := other.session("bob", guid("bob"), "IM_EXT")
	for _, q := range []string{
		`{"mt":"ReadChats"}`, `{"mt":"ReadChat","sip":"alice"}`, `{"mt":"SetFilter"}`, `{"mt":"ReadGroups"}`, `{"mt":"Sync"}`,
	} {
		if got := b.ask(q); len(got) != 1 {
			t.Errorf("%s: %v", q, got)
		}
	}
	for _, q := range []string{
		`{"mt":"SetRead","id":%d}`, `{"mt":"Delete","id":%d}`, `{"mt":"Update","id":%d,"text":"x"}`, `{"mt":"ReadMarks","id":%d}`,
	} {
		if got := b.ask(fmt.Sprintf(q, m)); got[0]["error"] == nil {
			t.Errorf("%s: %v", q, got)
		}
	}
	// a session number of another link is none here
	mine := p.session("bob", guid("bob"), "")
	expect(t, other.ask(fmt.Sprintf(`{"mt":"ReadChats","session":%d,"user":"bob"}`, mine.id)), `{"mt":"Error"}`)
	other.send(fmt.Sprintf(`{"mt":"SessionEnd","session":%d}`, mine.id))
	other.send(fmt.Sprintf(`{"mt":"Mark","user":"bob","guid":%q,"sip":"alice","id":%d,"state":"read"}`, guid("bob"), m))
	b.ask(`{"mt":"ReadChats"}`)
	expect(t, mine.ask(`{"mt":"ReadChats","unread":true}`), `{"mt":"ReadChatsInd","unread":1}`, `{"mt":"ReadChatsResult"}`)
}
