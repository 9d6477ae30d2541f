package service

import (
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
)

func TestBodyIsCleaned(t *testing.T) {
	for name, c := range map[string]struct{ in, want Body }{
		"html":            {Body{Text: `<b onclick="x">hi</b><script>1</script>`}, Body{Text: "<b>hi</b>"}},
		"html said twice": {Body{Mime: "Text/HTML; charset=utf-8", Text: "hi", Data: "ho"}, Body{Text: "hi"}},
		"html as data":    {Body{Mime: "text/html", Data: "<i>hi"}, Body{Text: "<i>hi</i>"}},
		"plain":           {Body{Mime: "text/plain", Data: "a<b\nc", Text: "forged"}, Body{Mime: "text/plain", Data: "a<b\nc", Text: "a&lt;b<br>c"}},
		"other":           {Body{Mime: "application/x", Data: `{"a":1}`, Alt: "<b>alt<img src=x>"}, Body{Mime: "application/x", Data: `{"a":1}`, Alt: "<b>alt</b>", Text: "<b>alt</b>"}},
		"empty ext":       {Body{Text: "a", Ext: []byte(`{}`)}, Body{Text: "a"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := c.in
			if err := b.clean(); err != nil {
				t.Fatal(err)
			}
			if b.Text != c.want.Text || b.Mime != c.want.Mime || b.Data != c.want.Data || b.Alt != c.want.Alt || string(b.Ext) != string(c.want.Ext) {
				t.Errorf("got %+v", b)
			}
		})
	}
	for name, b := range map[string]Body{
		"long":            {Text: strings.Repeat("a", maxText+1)},
		"long escaped":    {Text: strings.Repeat("\"", maxText/2+1)},
		"long structured": {Mime: "application/x", Data: strings.Repeat("a", maxStructured+1)},
		"nothing in it":   {Mime: "application/x", Alt: "a"},
		"ext is a list":   {Text: "a", Ext: []byte(`[1]`)},
		"ext says twice":  {Text: "a", Ext: []byte(`{"a":1,"a":2}`)},
	} {
		if b.clean() == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestPreview(t *testing.T) {
	for in, want := range map[string]string{
		"":                                  "",
		"<b>hi</b> there":                   "hi there",
		"a<br>b":                            "a b",
		"1 &lt; 2 &amp; 3":                  "1 < 2 & 3",
		"a < b":                             "a",
		strings.Repeat("ä", 200):            strings.Repeat("ä", previewLength),
		"<p>" + strings.Repeat("x", 3) + "": "xxx",
	} {
		if got := preview(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

// TestStoredIsWrittenAsEncoded: the short way says what the long one says.
func TestStoredIsWrittenAsEncoded(t *testing.T) {
	for _, src := range [][]byte{nil, []byte(`"p17"`), []byte(`4`)} {
		for _, p := range []PostResult{
			{ID: 7, AddsTo: 7, Timestamp: 1700000000123},
			{ID: 1 << 43, AddsTo: 3, Timestamp: 1, Repeated: true},
			{ID: 5, Repeated: true},
		} {
			want, err := appservice.AppendReply(nil, appservice.Frame{Src: src}, p)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.appendStored(nil, src); string(got) != string(want) {
				t.Errorf("%s, encoded %s", got, want)
			}
		}
	}
}

// TestIsLonger agrees with the length that it avoids to find out.
func TestIsLonger(t *testing.T) {
	for _, part := range []string{"a", "\x01", "\u2028", "é", "\\", "\xff", "😀"} {
		for n := 1; n < 200; n++ {
			s := strings.Repeat(part, n)
			for _, most := range []int{0, 5, 100, 600, 1199, 1200} {
				if got := isLonger(s, most); got != (jsonLength(s) > most) {
					t.Errorf("%q: %d bytes, most %d: %v", part, jsonLength(s), most, got)
				}
			}
		}
	}
}
