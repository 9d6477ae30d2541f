package strictjson_test

import (
	"testing"

	"github.com/tandem-switch/tandem/internal/strictjson"
)

func TestAppendClean(t *testing.T) {
	known := strictjson.NewNames("data", "sender", "type")
	for _, tt := range []struct {
		in, want string
		removed  int
	}{
		{`{"data":1,"x":[{},{"y":2},[1.50,"\u00e9"]]}`, `{"data":1,"x":[{},{"y":2},[1.50,"\u00e9"]]}`, 0},
		{`{"DATA":1,"data":2}`, `{"data":2}`, 1},
		{`{"data":2,"D\u0061TA":1}`, `{"data":2}`, 1},
		{`{"x":{"Type":1,"type":2},"ſender":3}`, `{"x":{"type":2}}`, 2},
		{`{"x":1,"X":2,"y":[{"Data":1}]}`, `{"x":1,"y":[{}]}`, 2},
		{`[[],[1,2],{"":0}]`, `[[],[1,2],{"":0}]`, 0},
	} {
		var d strictjson.Doc
		if err := d.Parse([]byte(tt.in)); err != nil {
			t.Fatal(err)
		}
		got, removed := strictjson.AppendClean(nil, d.Root(), known)
		if string(got) != tt.want || removed != tt.removed {
			t.Errorf("%s: %s, %d removed; want %s, %d", tt.in, got, removed, tt.want, tt.removed)
		}
	}
}
