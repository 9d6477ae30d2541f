package service_test

import (
	"fmt"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
)

// asApp is the login of an app object, or of a person who came through it.
func asApp(app, sip, guid string, apps ...string) appservice.Login {
	info := appservice.Info{AppObj: app, AppDN: app, CN: sip}
	for _, a := range apps {
		info.Apps = append(info.Apps, appservice.InfoApp{Name: a})
	}
	return appservice.Login{App: "innovaphone-messages-api", Domain: dom, SIP: sip, GUID: guid, DN: "The " + sip, Info: info.AppendJSON(nil)}
}

// Apps and people who log in themselves have their own topics and those of their
// apps, and nobody's else, whatever they say (4.2, decision 77).
func TestAppsAndPeopleSpeakForThemselves(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	p.chat("alice", "bob", "private")
	a := p.session("alice", guid("alice"), "")
	sip, _ := team(t, a)
	p.groupText("alice", sip, "of the team")

	bot := g.must(g.dial(asApp("helpdesk", "helpdesk", "b07"), secret))
	expect(t, bot.ask(`{"mt":"Post","topic":"helpdesk","text":"we are here","tags":["News"]}`), `{"mt":"PostResult","id":"*","!error":0}`)
	bob := g.must(g.dial(asApp("helpdesk", "bob", guid("bob"), "archive"), secret))
	expect(t, bob.ask(`{"mt":"SetFilter","filter":{"topics":["Helpdesk"]}}`), `{"mt":"Add","author":"helpdesk","topic":"helpdesk","text":"we are here"}`, `{"mt":"SetFilterResult"}`)
	expect(t, bob.ask(`{"mt":"Post","topic":"archive","text":"kept"}`), `{"mt":"PostResult","!error":0}`)
	expect(t, bob.ask(`{"mt":"Post","topic":"other","text":"x"}`), `{"mt":"PostResult","error":true}`)
	expect(t, bob.ask(`{"mt":"Post","author":"helpdesk","topic":"helpdesk","text":"forged"}`), `{"mt":"PostResult","error":true}`)
	expect(t, bob.ask(`{"mt":"ReadChat","sip":"alice"}`), `{"msg":{"text":"private"}}`, `{"mt":"ReadChatResult"}`)

	carol := g.must(g.dial(asApp(object, "carol", guid("carol"), object), secret))
	for _, q := range []string{
		`{"mt":"ReadChats","user":"alice","session":` + itoa(a.id) + `,"topic":"alice"}`,
		`{"mt":"ReadChat","user":"alice","session":` + itoa(a.id) + `,"topic":"alice","sip":"bob"}`,
		`{"mt":"ReadChat","sip":"` + sip + `"}`, `{"mt":"SetFilter","filter":{"topics":["` + sip + `"]}}`,
		`{"mt":"SetFilter","filter":{"topics":["alice"]}}`, `{"mt":"SetFilter"}`,
	} {
		if got := carol.ask(q); len(got) != 1 {
			t.Errorf("%s: %v", q, got)
		}
	}
	expect(t, carol.ask(`{"mt":"Post","topic":"`+sip+`","text":"x"}`), `{"mt":"PostResult","error":true}`)
	expect(t, carol.ask(`{"mt":"Post","type":1,"author":"alice","topics":["alice"],"notify":["bob"],"text":"x"}`), `{"mt":"PostResult","error":true}`)
	expect(t, carol.ask(`{"mt":"ReadMembers","grp":"`+sip+`"}`), `{"mt":"ReadMembersResult","error":2}`)
	carol.send(`{"mt":"SessionEnd","session":` + itoa(a.id) + `}`)
	carol.send(fmt.Sprintf(`{"mt":"Mark","user":"bob","guid":%q,"sip":"alice","id":5,"state":"read"}`, guid("bob")))
	expect(t, carol.ask(`{"mt":"Session","flags":"IM_EXT","user":"alice"}`), `{"mt":"SessionResult"}`)
	expect(t, carol.ask(`{"mt":"ReadChats","topic":"carol"}`), `{"mt":"ReadChatsResult"}`)
	expect(t, a.ask(`{"mt":"ReadGroups"}`), `{"sip":"`+sip+`"}`, `{"mt":"ReadGroupsResult"}`)
}

func TestTopicsAndFilters(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	a, b := p.session("alice", guid("alice"), ""), p.session("bob", guid("bob"), "")
	sip, _ := team(t, a)
	post := func(s *session, q string) int64 {
		t.Helper()
		got := s.ask(`{"mt":"Post",` + q + `}`)
		expect(t, got, `{"mt":"PostResult","id":"*","addsTo":"*","!error":0}`)
		return id(got[0])
	}
	own := post(a, `"topic":"alice","text":"a note","tags":["ToDo","x"]`)
	below := post(a, `"topic":"alice?Work","text":"at work","tags":["todo"]`)
	first := post(a, `"topic":"`+sip+`","text":"to all <script>x</script>","notify":["bob"]`)
	answer := post(b, `"topic":"`+sip+`","text":"yes","repliesTo":`+itoa(first))
	p.groupText("alice", sip, "a chat message is no post")
	add := func(id int64, more string) string { return `{"mt":"Add","id":` + itoa(id) + more + `}` }
	end := `{"mt":"SetFilterResult","!error":0}`
	for name, c := range map[string]struct {
		filter string
		want   []string
	}{
		"everything":    {`{}`, []string{add(answer, ""), add(first, ""), add(below, ""), add(own, "")}},
		"topic":         {`{"topics":["alice"]}`, []string{add(below, `,"topic":"alice?work"`), add(own, `,"topic":"alice"`)}},
		"sub-topic":     {`{"topics":["ALICE?work"]}`, []string{add(below, "")}},
		"tag":           {`{"tags":["TODO"]}`, []string{add(below, ""), add(own, "")}},
		"both tags":     {`{"tags":["todo","X"]}`, []string{add(own, "")}},
		"author":        {`{"authors":["bob"]}`, []string{add(answer, `,"author":"bob","repliesTo":`+itoa(first)+`,"addsTo":`+itoa(first))}},
		"notified":      {`{"notifies":["Bob"]}`, []string{add(first, `,"text":"to all ","topic":"`+sip+`"`)}},
		"or":            {`{"op":"or","authors":["bob"],"tags":["x"]}`, []string{add(answer, ""), add(own, "")}},
		"nested":        {`{"filters":[{"op":"or","authors":["bob"],"notifies":["bob"]},{"topics":["` + sip + `"]}]}`, []string{add(answer, ""), add(first, "")}},
		"and of topics": {`{"topics":["alice","` + sip + `"]}`, nil},
		"foreign topic": {`{"op":"or","topics":["bob","nobody"]}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, a.ask(`{"mt":"SetFilter","filter":`+c.filter+`}`), append(c.want, end)...)
		})
	}
	expect(t, b.ask(`{"mt":"SetFilter"}`), add(answer, ""), add(first, `,"replies":1,"rtimestamp":"*"`), end)
	expect(t, a.ask(`{"mt":"SetFilter","count":1}`), add(answer, ""), end)
	expect(t, a.ask(`{"mt":"SetFilter","filter":{"op":"xor"}}`), `{"mt":"SetFilterResult","error":1}`)
	expect(t, a.ask(`{"mt":"SetFilter","addsTo":`+itoa(first)+`}`), add(answer, ""), add(first, ""), end)
	expect(t, b.ask(`{"mt":"Discussion","discussion":`+itoa(first)+`}`), add(answer, ""), add(first, ""), `{"mt":"DiscussionResult"}`)
	expect(t, b.ask(`{"mt":"Discussion","discussion":`+itoa(own)+`}`), `{"mt":"DiscussionResult","!error":0}`)

	expect(t, b.ask(`{"mt":"Like","id":`+itoa(first)+`,"on":true}`), `{"mt":"LikeResult","!error":0}`)
	expect(t, b.ask(`{"mt":"SetFilter","liked":true}`), add(first, `,"likes":1,"like":true`), end)
	expect(t, b.ask(`{"mt":"GetMore","src":"nothing"}`), `{"mt":"GetMoreResult","error":2}`)
	expect(t, b.ask(`{"mt":"SetFilter","src":"more","count":1}`), add(answer, ""), end)
	expect(t, b.ask(`{"mt":"GetMore","src":"more","id":`+itoa(answer)+`,"read":true}`), add(first, `,"unread":"*"`), `{"mt":"GetMoreResult"}`)
	expect(t, b.ask(`{"mt":"SetRead","id":`+itoa(answer)+`}`), `{"mt":"SetReadResult","!error":0}`)

	// The author edits; the owner of a topic, and of no other, deletes.
	expect(t, b.ask(`{"mt":"Update","id":`+itoa(first)+`,"text":"forged"}`), `{"mt":"UpdateResult","error":true}`)
	expect(t, a.ask(`{"mt":"Update","id":`+itoa(first)+`,"text":"to <b>all","tags":["new"],"notify":["bob"]}`), `{"mt":"UpdateResult","!error":0}`)
	expect(t, a.ask(`{"mt":"SetFilter","filter":{"tags":["new"]}}`), add(first, `,"text":"to <b>all</b>"`), end)
	expect(t, b.ask(`{"mt":"Delete","id":`+itoa(own)+`}`), `{"mt":"DeleteResult","error":true}`)
	expect(t, a.ask(`{"mt":"Delete","id":`+itoa(own)+`}`), `{"mt":"DeleteResult","!error":0}`)
	expect(t, a.ask(`{"mt":"SetFilter","filter":{"topics":["alice"]}}`), add(below, ""), end)
}

// New posts come to those whose filter they match, and not to the poster's own that
// filterSrc names.
func TestLivePosts(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	a, b, c := p.session("alice", guid("alice"), ""), p.session("bob", guid("bob"), ""), p.session("carol", guid("carol"), "")
	sip, _ := team(t, a)
	for _, s := range []*session{a, b, c} {
		s.ask(`{"mt":"SetFilter","src":"all-` + s.name + `"}`)
	}
	b.ask(`{"mt":"SetFilter","src":"tagged","filter":{"tags":["cake"]}}`)
	first := id(b.ask(`{"mt":"Post","topic":"` + sip + `","text":"one","filterSrc":"all-bob"}`)[0])
	p.await(`{"mt":"Add","src":"all-alice","id":` + itoa(first) + `,"author":"bob","topic":"` + sip + `"}`)
	b.ask(`{"mt":"Discussion","src":"talk","discussion":` + itoa(first) + `}`)
	second := id(a.ask(`{"mt":"Post","topic":"` + sip + `","text":"two","tags":["Cake"],"repliesTo":` + itoa(first) + `}`)[0])
	for _, src := range []string{"all-alice", "all-bob", "tagged", "talk"} {
		p.await(`{"mt":"Add","src":"` + src + `","id":` + itoa(second) + `}`)
	}
	a.ask(`{"mt":"Update","id":` + itoa(second) + `,"text":"changed"}`)
	p.await(`{"mt":"Add","src":"talk","id":` + itoa(second) + `,"text":"changed"}`)
	a.ask(`{"mt":"Post","topic":"alice","text":"mine"}`)
	p.await(`{"mt":"Add","src":"all-alice","text":"mine"}`)
	p.none(`{"mt":"Add","src":"all-bob","text":"one"}`)
	p.none(`{"mt":"Add","src":"all-carol"}`)
	p.none(`{"mt":"Add","src":"tagged","text":"one"}`)
	p.none(`{"mt":"Add","src":"all-bob","text":"mine"}`)
	for i := range 40 {
		got := a.ask(fmt.Sprintf(`{"mt":"SetFilter","src":"f%d","count":1}`, i))
		if last := got[len(got)-1]; last["error"] != nil {
			expect(t, []frame{last}, `{"mt":"SetFilterResult","error":4}`)
			return
		}
	}
	t.Error("there is no limit for filters")
}

func TestSubTopics(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	a, b := p.session("alice", guid("alice"), ""), p.session("bob", guid("bob"), "")
	made := a.ask(`{"mt":"WriteTopic","sip":"alice?Notes","dn":"No<i>tes"}`)
	expect(t, made, `{"mt":"WriteTopicResult","id":"*","!error":0}`)
	n := itoa(id(made[0]))
	expect(t, a.ask(`{"mt":"ReadTopics"}`), `{"mt":"Topic","id":`+n+`,"sip":"alice?notes","dn":"Notes"}`, `{"mt":"ReadTopicsResult"}`)
	expect(t, a.ask(`{"mt":"WriteTopic","id":`+n+`,"dn":"Ideas"}`), `{"mt":"WriteTopicResult","id":`+n+`,"!error":0}`)
	expect(t, b.ask(`{"mt":"ReadTopics"}`), `{"mt":"ReadTopicsResult"}`)
	for _, q := range []string{
		`{"mt":"WriteTopic","id":` + n + `,"dn":"Bob's"}`, `{"mt":"WriteTopic","id":` + n + `}`, `{"mt":"WriteTopic","sip":"alice?notes"}`,
		`{"mt":"WriteTopic","sip":"alice?more","dn":"x"}`, `{"mt":"WriteTopic","sip":"bob","dn":"x"}`, `{"mt":"WriteTopic","sip":"bob?a?b","dn":"x"}`,
	} {
		if got := b.ask(q); got[0]["error"] == nil {
			t.Errorf("%s: %v", q, got)
		}
	}
	a.ask(`{"mt":"Post","topic":"alice?notes","text":"x"}`)
	expect(t, a.ask(`{"mt":"ReadTopics","id":`+n+`}`), `{"dn":"Ideas"}`, `{"mt":"ReadTopicsResult","id":`+n+`}`)
	expect(t, a.ask(`{"mt":"WriteTopic","id":`+n+`}`), `{"mt":"WriteTopicResult","!error":0}`)
	expect(t, a.ask(`{"mt":"ReadTopics"}`), `{"mt":"ReadTopicsResult"}`)
	expect(t, a.ask(`{"mt":"SetFilter"}`), `{"mt":"SetFilterResult"}`)
}
