package service_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/messages"
)

// crowd is how many members the large group of the tests has. What it proves needs
// more than fit into one outbox and one marks rule.
const crowd = 500

// large makes a group of alice and many others, past the service.
func large(t *testing.T, g *ground) (sip string) {
	t.Helper()
	log, err := g.store.Log(t.Context(), dom)
	if err != nil {
		t.Fatal(err)
	}
	op := &messages.MakeGroup{By: messages.Ref{GUID: guid("alice"), SIP: "alice"}, Title: "Crowd"}
	for i := range crowd - 1 {
		op.Members = append(op.Members, messages.Ref{GUID: guid(member(i)), SIP: member(i), Name: strings.Repeat("n", 200)})
	}
	r, err := log.Do(t.Context(), op)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("messages?g%d", r.Conv)
}

func member(i int) string { return fmt.Sprintf("m%d", i) }

// Lists that are longer than what may wait on a connection come in full, to a peer that
// asks for many of them before it reads any; posts are stored meanwhile.
func TestLongListsForASlowPeer(t *testing.T) {
	g := newGround(t)
	sip := large(t, g)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, err := appservice.Dial(ctx, appservice.DialConfig{URL: g.url + "/" + dom + "/" + object, Login: login(dom), Password: secret, NetDial: narrow})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close("") }()
	const lists = 48
	for i := range lists {
		if err := c.Notify(ctx, map[string]any{"mt": "ReadMembers", "src": fmt.Sprint(i), "grp": sip}); err != nil {
			t.Fatal(err)
		}
	}
	q := g.pbx()
	expect(t, []frame{q.chat("x", "y", "another link is not held up")}, `{"mt":"PostResult","!error":0}`)
	for range 20 { // time enough for what is not read to pile up
		q.ask(`{"mt":"ReadMembers","grp":"` + sip + `"}`)
	}
	for i := 0; i < lists*(crowd+1); {
		f, err := c.Recv(ctx)
		if err != nil {
			t.Fatalf("after %d messages: %v", i, err)
		}
		if f.Src != nil {
			i++
		}
		if f.Get("error").Exists() {
			t.Fatal(string(f.Raw))
		}
	}
}

// narrow opens a socket that takes little before it is read.
func narrow(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err == nil {
		err = conn.(*net.TCPConn).SetReadBuffer(64 << 10)
	}
	return conn, err
}

// In a large group the switch is told of the furthest mark only, unless the group's
// setting says otherwise.
func TestMarksOfALargeGroup(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	sip := large(t, g)
	a := p.session("alice", guid("alice"), "IM_EXT")
	mark := func(i int, id int64) {
		p.send(fmt.Sprintf(`{"mt":"Mark","user":%q,"guid":%q,"grp":%q,"id":%d,"state":"read"}`, member(i), guid(member(i)), sip, id))
	}
	m1 := id(p.groupText("alice", sip, "one"))
	m2 := id(p.groupText("alice", sip, "two"))
	mark(1, m1)
	p.await(fmt.Sprintf(`{"mt":"Marked","user":"m1","grp":%q,"id":%d}`, sip, m1))
	mark(2, m2)
	p.await(fmt.Sprintf(`{"mt":"Marked","user":"m2","grp":%q,"id":%d}`, sip, m2))
	mark(3, m1)
	m3 := id(p.groupText("alice", sip, "three"))
	mark(4, m3)
	p.await(`{"mt":"Marked","user":"m4"}`)
	p.none(`{"mt":"Marked","user":"m3"}`)
	got := a.ask(fmt.Sprintf(`{"mt":"ReadMarks","id":%d}`, m1))
	expect(t, got[len(got)-1:], `{"mt":"ReadMarksResult","read":4}`)
	expect(t, a.ask(`{"mt":"SetGroup","grp":"`+sip+`","marks":"on"}`), `{"mt":"SetGroupResult","!error":0}`)
	mark(5, m1)
	p.await(`{"mt":"Marked","user":"m5"}`)
}

// A broadcast to a crowd: one message each, none twice, while posts of others go on.
func TestBroadcastToACrowd(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	sip := large(t, g)
	a := p.session("alice", guid("alice"), "")
	q := `{"mt":"Broadcast","key":"all","grp":"` + sip + `","text":"to everybody"}`
	p.send(fmt.Sprintf(`{"mt":"Broadcast","src":"bc","user":"alice","session":%d,%s`, a.id, strings.TrimPrefix(q, `{"mt":"Broadcast",`)))
	expect(t, []frame{p.chat("x", "y", "meanwhile")}, `{"mt":"PostResult","!error":0}`)
	p.await(fmt.Sprintf(`{"mt":"BroadcastResult","src":"bc","counts":{"total":%d,"sent":%d}}`, crowd-1, crowd-1))
	delivered := map[string]int{}
	for range crowd - 1 {
		delivered[p.await(`{"mt":"Deliver"}`)["sip"].(string)]++
	}
	if len(delivered) != crowd-1 {
		t.Errorf("delivered to %d", len(delivered))
	}
	expect(t, a.ask(q), fmt.Sprintf(`{"mt":"BroadcastResult","counts":{"sent":%d}}`, crowd-1))
	p.none(`{"mt":"Deliver"}`)
	m := p.session(member(7), guid(member(7)), "")
	expect(t, m.ask(`{"mt":"Broadcast","key":"k","grp":"`+sip+`","text":"x"}`), `{"mt":"BroadcastResult","error":3}`)
	expect(t, m.ask(`{"mt":"ReadChat","sip":"alice"}`), `{"msg":{"text":"to everybody"}}`, `{"mt":"ReadChatResult"}`)
}
