package service

import (
	"reflect"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/strictjson"
)

func parse(t *testing.T, text string) *strictjson.Doc {
	t.Helper()
	doc := new(strictjson.Doc)
	if err := doc.Parse([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestDecodeIsStrict(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want string // part of the error; empty: none
	}{
		"plain":              {`{"mt":"Post","type":1,"author":"alice","notify":["bob"],"text":"hi"}`, ""},
		"number as text":     {`{"type":"1"}`, ""},
		"null is missing":    {`{"author":null,"notify":null,"people":null}`, ""},
		"unknown members":    {`{"whatever":{"a":[1]},"Author":7}`, ""},
		"group by number":    {`{"grp":12}`, ""},
		"text as number":     {`{"author":7}`, "author is not a string"},
		"bool as text":       {`{"people":[{"sip":true}]}`, "sip is not a string"},
		"negative":           {`{"repliesTo":-1}`, "repliesTo is not"},
		"fraction":           {`{"repliesTo":1.5}`, "repliesTo is not"},
		"beyond 2^53":        {`{"repliesTo":9007199254740992}`, "repliesTo is not"},
		"long name":          {`{"author":"` + strings.Repeat("a", 256) + `"}`, "author is not at most 255"},
		"long id":            {`{"id":"` + strings.Repeat("a", 65) + `"}`, "id is not at most 64"},
		"many notified":      {`{"notify":["a"` + strings.Repeat(`,"a"`, 64) + `]}`, "notify is not at most 64 entries"},
		"list of numbers":    {`{"notify":[1]}`, "notify is not a string"},
		"no list":            {`{"notify":"bob"}`, "notify is not a list"},
		"people of no shape": {`{"people":["bob"]}`, "an object is expected"},
		"no object":          {`[]`, "an object is expected"},
		"long ext":           {`{"ext":{"a":"` + strings.Repeat("a", maxExt) + `"}}`, "ext is not at most"},
	} {
		t.Run(name, func(t *testing.T) {
			err := decode(parse(t, c.text).Root(), new(Post))
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			case err != nil && messages.CodeOf(err) != messages.BadParameter:
				t.Errorf("code %d", messages.CodeOf(err))
			}
		})
	}
}

func TestDecodeReadsEveryMember(t *testing.T) {
	text := `{"user":"u","session":5,"author":"alice","type":1,"topics":["alice","bob"],"notify":["bob"],
		"people":[{"sip":"alice","guid":"0A","dn":"Alice"}],"text":"<b>hi</b>","mime":"text/plain","data":"hi","ext":{"a":1},
		"grp":12,"timestamp":"1767225600123"}`
	var q Post
	if err := decode(parse(t, text).Root(), &q); err != nil {
		t.Fatal(err)
	}
	want := Post{
		Asker: Asker{User: "u", Session: 5}, Author: "alice", Type: 1, Topics: []string{"alice", "bob"}, Notify: []string{"bob"},
		People: []Who{{SIP: "alice", GUID: "0A", DN: "Alice"}}, Grp: "12", Timestamp: 1767225600123,
		Body: Body{Text: "<b>hi</b>", Mime: "text/plain", Data: "hi", Ext: []byte(`{"a":1}`)},
	}
	if !reflect.DeepEqual(q, want) {
		t.Errorf("got %+v", q)
	}
}

// requests are what peers send; the decoder reads all of them.
func requests() []any {
	return []any{
		new(Session), new(SessionEnd), new(Post), new(Mark), new(Unread), new(ReadMembers), new(ResolveResult), new(ReadChats), new(ReadChat),
		new(SetRead), new(Update), new(Delete), new(Attachments), new(CreateFileBuffer), new(DeleteFileBuffer), new(SetFilter),
		new(Discussion), new(GetMore), new(ReadTopics), new(WriteTopic), new(WriteGroup), new(ReadGroups), new(WriteMember),
		new(Sync), new(Search), new(ReadMarks), new(React), new(Pin), new(ReadPins), new(Like), new(SetDraft), new(SetGroup),
		new(Join), new(Leave), new(Invite), new(Kick), new(Ban), new(Mute), new(Grant), new(Broadcast), new(ReadBroadcast),
	}
}

// FuzzDecode: no text makes the decoder of any message panic, and what it takes is
// within the limits and can be written.
func FuzzDecode(f *testing.F) {
	f.Add(`{"type":1,"author":"a","notify":["b"],"people":[{"sip":"a"}],"text":"x","ext":{}}`)
	f.Add(`{"filter":{"op":"or","filters":[{"filters":[{"topics":["a"]}]}]}}`)
	f.Add(`{"grp":1,"dn":null,"announce":true,"history":"all"}`)
	f.Add(`{"id":"9007199254740991","to":["a","b"],"older":1e3}`)
	f.Fuzz(func(t *testing.T, text string) {
		var doc strictjson.Doc
		if doc.Parse([]byte(text)) != nil {
			return
		}
		for _, q := range requests() {
			if decode(doc.Root(), q) != nil {
				continue
			}
			if _, err := appservice.Marshal(q); err != nil {
				t.Errorf("%T: %v", q, err)
			}
		}
	})
}

func TestEveryHandlerHasItsDecoder(t *testing.T) {
	have := map[string]bool{}
	for _, q := range requests() {
		have[q.(appservice.Message).MessageType()] = true
	}
	for mt := range handlers {
		if !have[mt] {
			t.Errorf("%s is not among the requests that are fuzzed", mt)
		}
	}
}
