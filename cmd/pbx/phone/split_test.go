package phone

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSplit(t *testing.T) {
	tests := []struct {
		text string
		room int
		want string
	}{
		{"", 10, ""},
		{"abc", 10, "abc"},
		{"abcdef", 3, "abc|def"},
		{"abcdefg", 3, "abc|def|g"},
		{"äöü", 3, "ä|ö|ü"}, // two bytes each: never cut inside one
		{`a"b"c`, 3, `a"|b"|c`},
		{"a\x01b", 6, "a|\x01|b"}, // six bytes as \u0001
		{"👋👋", 1, "👋|👋"},          // one character is always taken
	}
	for _, tt := range tests {
		if got := strings.Join(split(tt.text, tt.room), "|"); got != tt.want {
			t.Errorf("split(%q, %d) = %q, want %q", tt.text, tt.room, got, tt.want)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("hello wörld \x00 \"x\"", 7)
	f.Fuzz(func(t *testing.T, text string, room int) {
		if !utf8.ValidString(text) || room < 12 || room > 1<<20 {
			t.Skip()
		}
		parts := split(text, room)
		if strings.Join(parts, "") != text {
			t.Fatalf("parts %q are not %q", parts, text)
		}
		for _, p := range parts {
			if !utf8.ValidString(p) || jsonSize(p) > room {
				t.Fatalf("part %q of %d bytes, room %d", p, jsonSize(p), room)
			}
		}
	})
}

// A long text is as few frames as fit, none above the limit, and the id stands
// in the last one alone.
func TestMessages(t *testing.T) {
	text := strings.Repeat("ä\"", 15000)
	frames := messages(-3, &ownText{chat: "bob", id: "0123456789abcdef0123456789abcdef", text: text, attach: "https://h/x y"})
	if len(frames) != 4 { // 60,000 bytes as JSON
		t.Fatalf("%d frames, want 4", len(frames))
	}
	var whole strings.Builder
	for i, frame := range frames {
		if len(frame) > maxFrame {
			t.Errorf("frame %d has %d bytes", i, len(frame))
		}
		if !json.Valid(frame) {
			t.Errorf("frame %d is no JSON: %s", i, frame)
		}
		f, ok := parseFrame(frame)
		if !ok || f.Call != -3 || len(f.Sig.Fty) != 1 {
			t.Fatalf("frame %d: %s", i, frame)
		}
		fty, last := f.Sig.Fty[0], i == len(frames)-1
		if fty.Chat != "bob" || fty.More == last || (fty.ID != "") != last || (fty.Attach == "https%3A%2F%2Fh%2Fx%20y") != last || fty.MIME != "text/plain" {
			t.Errorf("frame %d: %+v", i, fty)
		}
		whole.WriteString(fty.Data)
	}
	if whole.String() != text {
		t.Error("the parts are not the text")
	}
}
