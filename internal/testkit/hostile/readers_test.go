package hostile_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// A reader is a way to look up a member in an object. JSON parsers differ in what
// they do with a name that stands twice, and with upper and lower case.
type reader struct {
	name  string
	same  func(a, b string) bool
	first bool
}

var readers = []reader{
	{"first wins", func(a, b string) bool { return a == b }, true},
	{"last wins", func(a, b string) bool { return a == b }, false},
	{"first wins, blind to case", strings.EqualFold, true},
	{"last wins, blind to case", strings.EqualFold, false},
}

// node is a JSON value whose members are kept as they stand.
type node struct {
	scalar any
	names  []string
	values []*node // of the members, or of the array
	object bool
}

// walk reads a text with all its members.
func walk(text []byte) (*node, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	return walkValue(dec)
}

func walkValue(dec *json.Decoder) (*node, error) {
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	delim, nested := tok.(json.Delim)
	if !nested {
		return &node{scalar: tok}, nil
	}
	n := &node{object: delim == '{'}
	for dec.More() {
		if n.object {
			name, err := dec.Token()
			if err != nil {
				return nil, err
			}
			n.names = append(n.names, name.(string))
		}
		v, err := walkValue(dec)
		if err != nil {
			return nil, err
		}
		n.values = append(n.values, v)
	}
	_, err = dec.Token()
	return n, err
}

// get looks a member up as a reader does.
func (n *node) get(r reader, name string) *node {
	var found *node
	if n == nil || !n.object {
		return nil
	}
	for i, have := range n.names {
		if r.same(have, name) && (found == nil || !r.first) {
			found = n.values[i]
		}
	}
	return found
}

func (n *node) String() string {
	if n == nil {
		return "-"
	}
	return fmt.Sprintf("%T:%v", n.scalar, n.scalar)
}

// told is everything in a message that a client acts upon.
func told(r reader, n *node) string {
	var b strings.Builder
	note := func(n *node, names ...string) {
		for _, name := range names {
			fmt.Fprintf(&b, "%s=%s ", name, n.get(r, name))
		}
	}
	note(n, "api", "mt", "src", "call", "err")
	sig := n.get(r, "sig")
	note(sig, "type", "bc", "complete", "channel", "channels_cmd", "confId", "callId", "uui", "dsp")
	note(sig.get(r, "cg"), "sip", "num")
	note(sig.get(r, "cd"), "sip", "num")
	note(sig.get(r, "cau"), "num")
	if fty := sig.get(r, "fty"); fty != nil {
		for _, f := range fty.values {
			note(f, "type", "sender", "sender_dn", "subject", "data", "attach", "time", "typing", "mime", "more", "id", "mid",
				"timestamp", "chat", "alt", "name", "inbox", "state", "sip", "cau", "participants")
		}
	}
	return b.String()
}

// agreed wants all readers to find the same in a message, encoding/json too, and
// returns what they find.
func agreed(t *testing.T, m message) string {
	t.Helper()
	n, err := walk([]byte(m.raw))
	if err != nil {
		t.Errorf("%v: %s", err, m.raw)
		return ""
	}
	want := told(readers[0], n)
	for _, r := range readers[1:] {
		if got := told(r, n); got != want {
			t.Errorf("%s\nfirst wins: %s\n%s: %s", m.raw, want, r.name, got)
		}
	}
	var plain struct { // the fields of a struct are found blind to case, the last one wins
		Sig struct {
			Type string
			Fty  []struct{ Type, Data, Sender string }
		}
	}
	if err := json.Unmarshal([]byte(m.raw), &plain); err != nil {
		t.Errorf("%v: %s", err, m.raw)
	}
	if plain.Sig.Type != m.str("sig.type") {
		t.Errorf("a struct reads type %q: %s", plain.Sig.Type, m.raw)
	}
	for i, f := range plain.Sig.Fty {
		for name, v := range map[string]string{"type": f.Type, "data": f.Data, "sender": f.Sender} {
			if exact := m.str(fmt.Sprintf("sig.fty.%d.%s", i, name)); exact != v {
				t.Errorf("a struct reads %s %q, not %q: %s", name, v, exact, m.raw)
			}
		}
	}
	return want
}

// spellings are names that some reader could take for the given one.
func spellings(name string) []string {
	list := []string{
		name, strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:], fmt.Sprintf(`\u%04x%s`, name[0], name[1:]),
		fmt.Sprintf(`\u%04X%s`, name[0], name[1:]), fmt.Sprintf(`\u%04x%s`, name[0]-'a'+'A', name[1:]),
		name[:len(name)-1] + fmt.Sprintf(`\u%04x`, name[len(name)-1]),
	}
	for from, to := range map[string]string{"s": "ſ", "k": "\u212A"} {
		if strings.Contains(name, from) {
			list = append(list, strings.Replace(name, from, to, 1), strings.Replace(name, from, fmt.Sprintf(`\u%04x`, []rune(to)[0]), 1))
		}
	}
	return list
}

// sole tells that a spelling is the name itself, which does not stand in the frame
// yet: there is nothing it could be confused with.
func sole(spelling, name, frame string) bool {
	var meant string
	_ = json.Unmarshal([]byte(`"`+spelling+`"`), &meant)
	return meant == name && !strings.Contains(frame, `"`+name+`":`)
}

// evil is a value for a member that must not win.
const evil = `"EVIL"`

// TestSecondParsers sends messages in which a member stands twice, in every
// spelling, before and behind the true one, at every depth, and reads what is
// relayed with all readers. None of them finds EVIL.
func TestSecondParsers(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	eve, victim := m.user(t, "eve", "IM_EXT"), m.user(t, "victim", "IM_EXT")
	plain := m.user(t, "victim", "NO_MEDIA_CALL")
	eve.signaling(1, fmt.Sprintf(chatSetup, "victim"))
	for _, c := range []*client{victim, plain} {
		c.signaling(c.untilSig("setup").num("call"), `{"type":"conn","channel":0}`)
	}
	eve.untilSig("conn")
	inbox, number := m.inbox(t, "mallory", home)
	inbox.settle()
	try := func(frame string) {
		t.Helper()
		eve.send(frame)
		eve.settle()
		for _, c := range []*client{victim, plain, inbox} {
			for _, got := range c.settle() {
				if found := agreed(t, got); strings.Contains(found, "EVIL") {
					t.Errorf("%s\nbecame %s", frame, got.raw)
				}
			}
		}
	}
	texts := []string{
		`"type":"im_message","mime":"text/html","data":"good","id":"%[2]s"%[1]s`,
		`%[1]s"type":"im_message","mime":"text/plain","data":"good","id":"%[2]s"`,
		`"type":"im_message","x":{"y":[{"type":"im_message"%[1]s}]},"data":"good","id":"%[2]s"`,
		`"type":"im_message","mime":"a/b","alt":"good","data":"good","id":"%[2]s"%[1]s`,
		`"type":"im_message","typing":true%[1]s`,
		`"type":"unknown"%[1]s`, `"type":"unknown","x":[{"a":{"type":1%[1]s}}]`,
		`"type":"innovaphone_remote_control","control":"DTMF_DIGIT","digit":"1"%[1]s`,
	}
	id := 0
	for _, name := range []string{
		"type", "sender", "sender_dn", "subject", "data", "attach", "time", "typing", "mime", "more", "id", "mid", "timestamp",
		"chat", "alt", "name", "state", "sip", "cau", "control", "digit",
	} {
		for _, spelling := range spellings(name) {
			for _, text := range texts {
				id++
				member := `,"` + spelling + `":` + evil
				if strings.HasPrefix(text, "%") {
					member = member[1:] + ","
				}
				if sole(spelling, name, text) {
					continue // TestForgedMembers
				}
				f := strings.TrimSuffix(fmt.Sprintf(text, member, fmt.Sprint("id-", id)), "%!(EXTRA string=id-"+fmt.Sprint(id)+")")
				try(`{"api":"PbxSignal","mt":"Signaling","src":"eve","call":1,"sig":{"type":"facility","fty":[{` + f + `}]}}`)
			}
		}
	}
	for _, name := range []string{"type", "fty", "cg", "cd", "cau", "bc", "complete", "channel", "channels_cmd", "confId", "callId", "uui", "dsp"} {
		for _, spelling := range spellings(name) {
			for _, sig := range []string{
				`"type":"facility","fty":[{"type":"im_message","data":"good"}],"%s":%s`,
				`"%s":%s,"type":"user_info","uui":"good"`,
				`"type":"info","dsp":"good","x":{"type":{},"%s":%s}`,
			} {
				value := evil
				switch name {
				case "fty":
					value = `[{"type":"im_message","data":"EVIL"}]`
				case "cg", "cd":
					value = `{"sip":"EVIL"}`
				}
				if sole(spelling, name, sig) {
					continue
				}
				try(`{"api":"PbxSignal","mt":"Signaling","src":"eve","call":1,"sig":{` + fmt.Sprintf(sig, spelling, value) + `}}`)
			}
		}
	}
	for _, name := range []string{"chat", "sender", "data", "id"} { // from an inbox
		for _, spelling := range spellings(name) {
			id++
			f := fmt.Sprintf(`{"type":"im_message","chat":"victim","id":"in-%d","data":"good"%s}`, id, `,"`+spelling+`":`+evil)
			if sole(spelling, name, f[:40]) {
				continue
			}
			inbox.facility(number, f)
			inbox.settle()
			try(`{"mt":"KeepAlive"}`)
		}
	}
	if n := m.drops("case_variant"); n < 100 {
		t.Errorf("%v variants were counted", n)
	}
	if n := m.drops("duplicate_member"); n < 100 {
		t.Errorf("%v duplicates were counted", n)
	}
}

// TestSecondParsersOfSetups: the same for setups, whose envelope, cg and cd are
// made by the switch.
func TestSecondParsersOfSetups(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	eve, victim := m.user(t, "eve", ""), m.user(t, "victim", "")
	call := 0
	for _, channel := range []string{`0`, `-1`} {
		for _, name := range []string{"type", "sip", "num", "cg", "cd", "fty", "channel", "channels", "channels_cmd", "complete", "confId", "callId", "bc", "name", "cau"} {
			for _, spelling := range spellings(name) {
				for _, setup := range []string{
					`{"type":"setup","complete":true,"cd":{"sip":"victim","%[1]s":%[2]s},"channel":%[3]s}`,
					`{"type":"setup","complete":true,"cd":{"%[1]s":%[2]s,"sip":"victim","num":"105"},"channel":%[3]s}`,
					`{"type":"setup","complete":true,"cd":{"sip":"victim"},"channel":%[3]s,"cg":{"sip":"ann","%[1]s":%[2]s}}`,
					`{"%[1]s":%[2]s,"type":"setup","complete":true,"cd":{"sip":"victim"},"channel":%[3]s}`,
					`{"type":"setup","complete":true,"cd":{"sip":"victim"},"channel":%[3]s,"x":{"cd":{"%[1]s":%[2]s}}}`,
					`{"type":"setup","complete":true,"cd":{"sip":"victim"},"channel":%[3]s,"fty":[{"type":"x","%[1]s":%[2]s}]}`,
					`{"type":"setup","complete":true,"cd":{"sip":"victim"},"channel":%[3]s,"fty":[{"type":"im_setup","%[1]s":%[2]s}]}`,
				} {
					if name == "sip" && strings.Contains(setup, `"fty"`) {
						continue // unknown there
					}
					call++
					eve.signaling(call, fmt.Sprintf(setup, spelling, evil, channel))
					eve.signaling(call, `{"type":"rel"}`)
					eve.settle()
					for _, got := range victim.settle() {
						found := agreed(t, got)
						if got.str("sig.type") == "setup" && (got.str("sig.cg.sip") != "eve" || got.str("sig.cd.sip") != "victim") {
							t.Errorf("%s\nbecame %s", fmt.Sprintf(setup, spelling, evil, channel), got.raw)
						}
						for _, who := range []string{`sip=string:EVIL`, `sip=string:ann`, `num=string:EVIL`, `type=string:EVIL`} {
							if strings.Contains(found, who) {
								t.Errorf("%s\nbecame %s", fmt.Sprintf(setup, spelling, evil, channel), got.raw)
							}
						}
					}
					m.clock.Advance(bucketTime)
				}
			}
		}
	}
}

// TestChannelsAreRelayedAsTheyAre: byte for byte, but not with a name twice.
func TestChannelsAreRelayedAsTheyAre(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	eve, victim := m.user(t, "eve", ""), m.user(t, "victim", "")
	const channels = `{ "source":"REMOTE",  "Source":"x","\u0063h":[{"coder":"OPUS-WB","pt":1e2}],"x":"\ud800\u2028<"}`
	eve.signaling(1, `{"type":"setup","channel":-1,"complete":true,"cd":{"sip":"victim"},"channels_cmd":"PROPOSAL","channels":`+channels+`}`)
	got := victim.untilSig("setup")
	if !strings.Contains(got.raw, `"channels":`+channels) {
		t.Error(got.raw)
	}
	agreed(t, got)
	before := m.drops("duplicate_member")
	eve.signaling(2, `{"type":"setup","channel":-1,"complete":true,"cd":{"sip":"victim"},"channels":{"ch":[{"pt":1,"\u0070t":2}]}}`)
	eve.settle()
	victim.silent()
	m.counted(t, "duplicate_member", before, 1)
}
