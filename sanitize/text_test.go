package sanitize

import (
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	tests := []struct {
		name, in string
		limit    int
		want     string
	}{
		{"plain", "Alice", 256, "Alice"},
		{"not HTML", "Tom & Jerry &lt;b&gt; 1 < 2 > 1", 256, "Tom & Jerry &lt;b&gt; 1 < 2 > 1"},
		{"heart", "I <3 U", 256, "I <3 U"},
		{"tags", "<b>S</b><img src=x onerror=y>", 256, "S"},
		{"tags in tags", "<<b>script>x<</b>/script>", 256, "x"},
		{"tag without end", "x <b onload=y <<c", 256, "x b onload=y c"},
		{"comment", "a<!-- b -->c", 256, "ac"},
		{"control characters", "a\x00\r\n\tb\u0085c\x7f", 256, "abc"},
		{"direction", "a\u202Eb\u2067c\u2028d", 256, "abcd"},
		{"joiners stay", "👩\u200D👧 \u200Fא", 256, "👩\u200D👧 \u200Fא"},
		{"no UTF-8", "a\xffb", 256, "a\uFFFDb"},
		{"cut on a border", "aä漢", 3, "aä"},
		{"cut within", "aä漢", 2, "a"},
		{"cut to nothing", "漢", 2, ""},
		{"no room", "a", -1, ""},
		{"cut after cleaning", "<b>abc</b>d", 3, "abc"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Text(tt.in, tt.limit); got != tt.want {
				t.Errorf("Text(%q, %d) = %q, want %q", tt.in, tt.limit, got, tt.want)
			}
		})
	}
}

func TestEscapeText(t *testing.T) {
	tests := []struct{ in, want string }{
		{"plain 'text'", "plain 'text'"},
		{"a < b\nc & d", "a &lt; b<br>c &amp; d"},
		{"a\r\nb\rc", "a<br>b<br>c"},
		{"<b>1 > 2</b>", "&lt;b&gt;1 &gt; 2&lt;/b&gt;"},
		{"x\t\x00y", "x\ty"},
		{"1 > 2", "1 &gt; 2"},
	}
	for _, tt := range tests {
		got := EscapeText(tt.in)
		if got != tt.want {
			t.Errorf("EscapeText(%q) = %q, want %q", tt.in, got, tt.want)
		}
		if again := HTML(got); again != got {
			t.Errorf("HTML(%q) = %q", got, again)
		}
	}
}

// TestIsPlain puts every suspicious byte at every place of a word.
func TestIsPlain(t *testing.T) {
	for length := range 26 {
		base := strings.Repeat("x", length)
		if !IsPlain([]byte(base)) {
			t.Errorf("%q is plain", base)
		}
		for at := range length {
			for c := range 256 {
				b := []byte(base)
				b[at] = byte(c)
				want := c >= 0x20 && c != '<' && c != '&' && c != 0x7F
				if got := IsPlain(b); got != want {
					t.Fatalf("IsPlain(%q) = %v", b, got)
				}
			}
		}
	}
}

func TestIsPlainSeesC1(t *testing.T) {
	for at := range 20 {
		for r := rune(0x80); r < 0xC0; r++ {
			s := strings.Repeat("x", at) + string(r) + strings.Repeat("y", 9)
			if got, want := IsPlain([]byte(s)), r >= 0xA0; got != want {
				t.Fatalf("IsPlain(%q) = %v", s, got)
			}
		}
	}
}

func TestUntouchedTextIsNotCopied(t *testing.T) {
	for _, s := range []string{strings.Repeat("Naïve text, 漢字. ", 20), "two\nlines"} {
		n := testing.AllocsPerRun(100, func() { HTML(s); Text(s[:2], 256); EscapeText(s[:2]) })
		if n != 0 {
			t.Errorf("%d allocations for %q", int(n), s)
		}
	}
}
