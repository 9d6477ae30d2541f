package strictjson_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/strictjson"
)

func TestParseAccepts(t *testing.T) {
	for _, text := range []string{
		`{}`, `[]`, ` { "a" : [ 1 , 2.5e-3 , -0 , true , false , null ] } `, `"x"`, `0`, `-12`,
		`{"a":{"a":1}}`, `["\u00e9\ud83d\ude00\\\/\"\b\f\n\r\t"]`, "\"Gäste 👋\"", `[[[[]]]]`, `"\ud800"`,
	} {
		var d strictjson.Doc
		if err := d.Parse([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if !json.Valid([]byte(text)) {
			t.Errorf("%s: encoding/json disagrees", text)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		``, ` `, `{`, `}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `[1,]`, `[1 2]`, `{a:1}`, `01`, `1.`, `.5`, `1e`, `+1`, `-`,
		`"a`, `"\x"`, `"\u12g4"`, `"\u12"`, "\"\x01\"", "\"\xff\"", `tru`, `nul`, `{} {}`, `NaN`, `'a'`, "\"\xed\xa0\x80\"",
		`"\`, strings.Repeat("[", strictjson.MaxDepth+1) + strings.Repeat("]", strictjson.MaxDepth+1),
	} {
		var d strictjson.Doc
		err := d.Parse([]byte(text))
		var syntax *strictjson.SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%q: got %v, want a *SyntaxError", text, err)
		}
	}
}

func TestDuplicateNames(t *testing.T) {
	many := make([]string, 40)
	for i := range many {
		many[i] = `"k` + strings.Repeat("x", i) + `":1`
	}
	for _, tt := range []struct {
		text  string
		depth int
	}{
		{`{"a":1,"b":2}`, 0},
		{`{"a":1,"A":2}`, 0},
		{`{"a":1,"a":2}`, 1},
		{`{"a":1,"\u0061":2}`, 1},
		{`{"a":{"b":1,"b":2}}`, 2},
		{`[{"b":1,"c":[{"d":1,"d":2}]}]`, 4},
		{`{"x":{"b":1,"b":2},"x":1}`, 1},
		{`{` + strings.Join(many, ",") + `}`, 0},
		{`{` + strings.Join(many, ",") + `,"\u006b":2}`, 1},
	} {
		var d strictjson.Doc
		if err := d.Parse([]byte(tt.text)); err != nil {
			t.Fatal(err)
		}
		depth, found := d.Duplicate()
		if depth != tt.depth || found != (tt.depth > 0) {
			t.Errorf("%s: depth %d, found %v, want %d", tt.text, depth, found, tt.depth)
		}
	}
}

func TestValues(t *testing.T) {
	var d strictjson.Doc
	text := `{"s":"a\n\u00e9","p":"plain","n":-42,"f":1.5,"t":true,"x":null,"o":{"\u006bey":[1,"two"]},"e":{}}`
	if err := d.Parse([]byte(text)); err != nil {
		t.Fatal(err)
	}
	r := d.Root()
	if s, ok := r.Get("s").Text(); !ok || s != "a\né" {
		t.Errorf("s = %q, %v", s, ok)
	}
	if b, plain := r.Get("p").Bytes(); !plain || string(b) != "plain" || !r.Get("p").Is("plain") {
		t.Errorf("p = %q, %v", b, plain)
	}
	if n, ok := r.Get("n").Int64(); !ok || n != -42 {
		t.Errorf("n = %d, %v", n, ok)
	}
	if _, ok := r.Get("f").Int64(); ok {
		t.Error("1.5 is no whole number")
	}
	if v, ok := r.Get("t").Bool(); !v || !ok {
		t.Error("t is true")
	}
	if r.Get("x").Kind() != strictjson.Null || r.Get("none").Exists() || r.Get("none").Raw() != nil {
		t.Error("null is there, an absent member is not")
	}
	key := r.Get("o").Get("key")
	if string(key.Raw()) != `[1,"two"]` || key.Len() != 2 {
		t.Errorf("key = %s", key.Raw())
	}
	var names []string
	for m := range r.Members() {
		names = append(names, m.Name())
	}
	if got := strings.Join(names, ""); got != "spnftxoe" {
		t.Errorf("members %s", got)
	}
	if r.Get("e").Len() != 0 || r.Get("s").Len() != 0 {
		t.Error("an empty object and a string have no members")
	}
}

func TestAppendString(t *testing.T) {
	for in, want := range map[string]string{
		"":               `""`,
		"a/b<c>&d":       `"a/b<c>&d"`,
		"q\"\\":          `"q\"\\"`,
		"\b\f\n\r\t\x01": `"\b\f\n\r\t\u0001"`,
		"Gäste 👋\u2028":  "\"Gäste 👋\u2028\"",
		"bad\xff!":       "\"bad\uFFFD!\"",
	} {
		if got := string(strictjson.AppendString(nil, in)); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
		if got := string(strictjson.AppendStringBytes(nil, []byte(in))); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

const frame = `{"api":"PbxSignal","mt":"Signaling","src":"alice.1","call":1,"sig":{"type":"facility","fty":[{"type":"im_message","mime":"text/html","data":"` +
	`The quick brown fox jumps over the lazy dog. The quick brown fox jumps over the lazy dog. The quick brown fox jumps over the lazy dog. ` +
	`The quick brown fox jumps over the lazy dog, again."}]}}`

func TestParseDoesNotAllocate(t *testing.T) {
	var d strictjson.Doc
	text := []byte(frame)
	if n := testing.AllocsPerRun(100, func() {
		if d.Parse(text) != nil || !d.Root().Get("sig").Get("type").Is("facility") {
			t.Fatal("parse")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkParse(b *testing.B) {
	var d strictjson.Doc
	text := []byte(frame)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzParse: whatever is accepted, encoding/json accepts and reads alike.
func FuzzParse(f *testing.F) {
	f.Add([]byte(frame))
	f.Add([]byte(`{"a":1,"\u0061":[true,null,"\ud800x"]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var d strictjson.Doc
		if d.Parse(text) != nil {
			return
		}
		var want any
		if err := json.Unmarshal(text, &want); err != nil {
			t.Skip("numbers beyond float64 are read by nobody here")
		}
		if _, dup := d.Duplicate(); dup {
			return
		}
		if got := decode(d.Root()); !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: %v, want %v", text, got, want)
		}
	})
}

func decode(v strictjson.Value) any {
	switch v.Kind() {
	case strictjson.True, strictjson.False:
		b, _ := v.Bool()
		return b
	case strictjson.Number:
		var f float64
		_ = json.Unmarshal(v.Raw(), &f)
		return f
	case strictjson.String:
		return v.String()
	case strictjson.Object:
		o := map[string]any{}
		for m := range v.Members() {
			o[m.Name()] = decode(m.Value())
		}
		return o
	case strictjson.Array:
		a := []any{}
		for e := range v.Elements() {
			a = append(a, decode(e))
		}
		return a
	}
	return nil
}
