package sanitize

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// checkSafe fails unless got has the properties that HTML promises for in.
func checkSafe(t *testing.T, in, got string) {
	t.Helper()
	if again := HTML(got); again != got {
		t.Errorf("not idempotent: %q\n once %q\ntwice %q", in, got, again)
	}
	if len(got) > 5*len(in) {
		t.Errorf("%q grew from %d to %d bytes", in, len(in), len(got))
	}
	for i, r := range got {
		if isControl(r) && r != '\n' && r != '\t' {
			t.Errorf("%q: control character %U at %d of %q", in, r, i, got)
		}
	}
	checkMarkup(t, in, got)
	checkNests(t, in, got)
}

var anyTag = regexp.MustCompile(`^</?([a-z0-9]+)>`)

// checkMarkup looks at every < and & without a parser.
func checkMarkup(t *testing.T, in, got string) {
	t.Helper()
	for i := range len(got) {
		if got[i] == '<' {
			m := anyTag.FindStringSubmatch(got[i:])
			if len(m) == 0 || !slices.Contains(allowed, m[1]) {
				t.Errorf("%q: not an allowed tag at %d of %q", in, i, got)
			}
		}
	}
}

// checkNests reads got with a second parser: only allowed elements, without
// attributes, properly nested.
func checkNests(t *testing.T, in, got string) {
	t.Helper()
	var open []string
	for z := html.NewTokenizer(strings.NewReader(got)); z.Next() != html.ErrorToken; {
		token := z.Token()
		switch token.Type {
		case html.TextToken:
		case html.StartTagToken:
			if len(token.Attr) > 0 || !slices.Contains(allowed, token.Data) {
				t.Fatalf("%.100q: %q left", in, token.String())
			}
			if token.Data != "br" && token.Data != "hr" {
				open = append(open, token.Data)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != token.Data {
				t.Fatalf("%.100q: </%s> does not nest", in, token.Data)
			}
			open = open[:len(open)-1]
		default:
			t.Fatalf("%.100q: %v %q left", in, token.Type, token.String())
		}
	}
	if len(open) > 0 {
		t.Fatalf("%.100q: %v left open", in, open)
	}
}

func FuzzHTML(f *testing.F) {
	for _, s := range []string{
		"", "plain", "1 < 2 & 3", `<b onclick="x">y`, "<scr<script>ipt>x", "</b><i><b></i>", "&#1;&#13;&amp;lt;", "\xc2\u0080\x81<",
		"<svg><style><img src=x>", "<math><mtext><table><mglyph><style><!--</style>", "<br/></br><hr>", "<![CDATA[x]]><!--", "<plaintext><xmp>",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := HTML(s)
		if utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Errorf("%q became invalid: %q", s, got)
		}
		checkSafe(t, s, got)
		if IsPlain([]byte(s)) && got != s {
			t.Errorf("plain %q became %q", s, got)
		}
	})
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "Alice", "<b>S</b>", "<<b>b>", "a < b", "x <b y", "\u202Eevil", "a\x00b\xff"} {
		f.Add(s, 256)
	}
	f.Fuzz(func(t *testing.T, s string, limit int) {
		got := Text(s, limit)
		if again := Text(got, limit); again != got {
			t.Errorf("Text(%q, %d) = %q, again %q", s, limit, got, again)
		}
		if len(got) > max(limit, 0) || !utf8.ValidString(got) || strings.IndexFunc(got, isControl) >= 0 {
			t.Errorf("Text(%q, %d) = %q", s, limit, got)
		}
		for z := html.NewTokenizer(strings.NewReader(got)); z.Next() != html.ErrorToken; {
			if token := z.Token(); token.Type != html.TextToken {
				t.Errorf("Text(%q) = %q holds %q", s, got, token.String())
			}
		}
		if html := EscapeText(s); HTML(html) != html {
			t.Errorf("EscapeText(%q) = %q is not clean", s, html)
		}
	})
}
