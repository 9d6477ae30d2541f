package pbxmessages

import (
	"bytes"
	"slices"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/strictjson"
)

func TestTokens(t *testing.T) {
	for _, n := range []uint64{1, 10, 1 << 40, 1<<64 - 1} {
		if got, ok := parseToken(appendToken(nil, n)); !ok || got != n {
			t.Errorf("%d: %d, %v", n, got, ok)
		}
	}
	for _, text := range []string{``, `"p"`, `"p0"`, `"p01"`, `"p-1"`, `"p+1"`, `"c1"`, `1`, `"p1`, `p1"`, `"p1a"`, `"p18446744073709551616"`, `"\u00701"`, `"p 1"`} {
		if n, ok := parseToken([]byte(text)); ok {
			t.Errorf("%s is taken for %d", text, n)
		}
	}
}

// members lists the members of a text by name; nil if it is none that may be sent.
func members(text []byte) (list map[string]string, order []string) {
	var doc strictjson.Doc
	f, err := appservice.ParseFrame(&doc, text)
	if err != nil || f.Duplicate() {
		return nil, nil
	}
	list = map[string]string{}
	for m := range doc.Root().Members() {
		list[m.Name()] = string(m.Value().Raw())
		order = append(order, m.Name())
	}
	return list, order
}

var spliced = []string{
	`{"api":"PbxMessages","mt":"Post","src":"1","text":"a\"b","type":0}`, `{"mt":"X"}`, ` { "mt" : "X" , "src" : -1e3 , "a" : { "b" : [ 1 , null ] } } `,
	`{"\u006dt":"X","us\u0065r":"bob","USER":"c","ſrc":1,"filterSrc":"f"}`, `{"mt":"a\u0022b","session":1,"Session":2}`, `{"mt":"WriteGroup","dn":"x","DN":"y"}`,
}

// FuzzRequest: whatever a client sends, the service reads what the switch says of it,
// once, and the rest as it was sent.
func FuzzRequest(f *testing.F) {
	for _, text := range spliced {
		f.Add([]byte(text), "alice", uint64(0))
	}
	f.Fuzz(func(t *testing.T, text []byte, user string, filter uint64) {
		sent, order := members(text)
		if sent == nil {
			return
		}
		frame, _ := appservice.ParseFrame(new(strictjson.Doc), text)
		r := request{token: 17, user: user, session: 1 << 51, author: frame.MT == "Post", filterSrc: filter}
		raw := appendRequest(nil, &frame, r)
		got, there := members(raw)
		if got == nil {
			t.Fatalf("%q became %q", text, raw)
		}
		want := map[string]string{"mt": string(strictjson.AppendString(nil, frame.MT)), "src": `"p17"`, "user": string(strictjson.AppendString(nil, user)), "session": "2251799813685248"}
		heads := []string{"mt", "src", "user", "session"}
		if r.author {
			want["author"], heads = want["user"], append(heads, "author")
		}
		if filter != 0 {
			want["filterSrc"], heads = string(appendToken(nil, filter)), append(heads, "filterSrc")
		}
		for _, name := range order {
			if _, said := want[name]; !said && !withheld(name, frame.MT) && !owned.Variant(name) {
				want[name], heads = sent[name], append(heads, name)
			}
		}
		if len(got) != len(want) || !slices.Equal(there, heads) {
			t.Fatalf("%q became %q", text, raw)
		}
		for name, value := range want {
			if got[name] != value {
				t.Errorf("%s is %s, want %s", name, got[name], value)
			}
		}
	})
}

// FuzzAnswer: whatever a service sends, the client reads its own src, and the api.
func FuzzAnswer(f *testing.F) {
	for _, text := range spliced {
		f.Add([]byte(text), true, int64(5))
	}
	f.Add([]byte(`{"mt":"PostResult","session":5,"key":7,"url":"u","id":1}`), true, int64(0))
	f.Fuzz(func(t *testing.T, text []byte, hasSrc bool, session int64) {
		sent, _ := members(text)
		if sent == nil {
			return
		}
		keyless := len(text)%2 == 0
		frame, _ := appservice.ParseFrame(new(strictjson.Doc), text)
		var src []byte
		if hasSrc {
			src = []byte(`"mine"`)
		}
		raw := appendAnswer(nil, &frame, src, session, keyless)
		got, order := members(raw)
		if got == nil || got["api"] != `"PbxMessages"` || got["src"] != string(src) || order[0] != "api" || order[1] != "mt" {
			t.Fatalf("%q became %q", text, raw)
		}
		if f, err := appservice.ParseFrame(new(strictjson.Doc), raw); err != nil || f.MT != frame.MT || !bytes.Equal(f.Src, src) {
			t.Fatalf("%q became %q: %v", text, raw, err)
		}
		for name, value := range sent {
			_, there := got[name]
			switch {
			case name == "api", name == "src", name == "mt", name == "session" && session != 0:
			case keyless && (name == "session" || name == "key" || name == "url"):
				if there {
					t.Errorf("%s has passed: %q", name, got[name])
				}
			case owned.Variant(name) == there, there && got[name] != value:
				t.Errorf("%s: %q became %q", name, value, got[name])
			}
		}
	})
}
