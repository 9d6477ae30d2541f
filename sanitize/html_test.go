package sanitize

import (
	"strings"
	"testing"
	"time"
)

func TestHTML(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", "", ""},
		{"plain", `It's "fine", naïve, 漢字`, `It's "fine", naïve, 漢字`},
		{"greater alone", "1 > 2", "1 > 2"},
		{"lines and tabs", "a\n\tb\n", "a\n\tb\n"},
		{"hostile attributes and elements",
			`Hi <b onclick="x()">Bob</b> <script>alert(1)</script><img src=x onerror=y><a href="javascript:z">l</a> &amp; Grüße 👋`,
			`Hi <b>Bob</b> <a>l</a> &amp; Grüße 👋`},
		{"bare signs", "1 < 2 & 3 &lt; 4", "1 &lt; 2 &amp; 3 &lt; 4"},
		{"end without start, start without end", "x</div><b>y", "x<b>y</b>"},
		{"comment and dropped elements",
			"a<!-- c --><iframe src=x>b</iframe><style>p{}</style><blink>d</blink>", "ad"},
		{"upper case, attribute without value",
			`<B HIDDEN>x</B><P style="color:red">y</P>`, "<b>x</b><p>y</p>"},
		{"quotes beside markup", `<i>it's "me"</i> &#39;&quot;`, `<i>it's "me"</i> '"`},
		{"escaped once more", "&amp;#39; &amp;lt;b&gt;", "&amp;#39; &amp;lt;b&gt;"},
		{"void elements", "a<br>b<br/>c<hr />d</br>e", "a<br>b<br>c<hr>de"},
		{"slash means nothing", "<b/>x", "<b>x</b>"},
		{"crossing", "<b><i>x</b>y</i>z", "<b><i>x</i></b>yz"},
		{"end tag of an inner element", "<ul><li>a</ul>b</li>", "<ul><li>a</li></ul>b"},
		{"end tag with attribute", `<b>x</b onclick=y>`, "<b>x</b>"},
		{"script in script", "<scr<script>ipt>alert(1)</scr</script>ipt>", "ipt&gt;alert(1)ipt&gt;"},
		{"script without end", "a<script>b", "a"},
		{"tag without end", "a<b", "a"},
		{"doctype and instruction", "<!DOCTYPE html><?xml version='1.0'?>x<![CDATA[y]]>", "x"},
		{"foreign content", "<svg><style><img src=x onerror=alert(1)></style></svg>a<math><mi>b</mi></math>c", "ac"},
		{"mutation by foreign content",
			`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`, ""},
		{"noscript", `<noscript><p title="</noscript><img src=x onerror=alert(1)>">x`, `"&gt;x`},
		{"template", "a<template><b>x</b></template>b", "ab"},
		{"unknown elements keep their content", "<title>t</title> <font color=red>x</font> <x-y>z</x-y>", "t x z"},
		{"raw text of other elements", "<textarea><b>x</b></textarea><xmp><i></xmp>", "&lt;b&gt;x&lt;/b&gt;&lt;i&gt;"},
		{"plaintext", "a<plaintext><b>x", "a&lt;b&gt;x"},
		{"entities become characters", "&eacute;&#x1F44B;&nbsp;&copy", "é👋\u00A0©"},
		{"line ends", "a\r\nb\rc", "a\nb\nc"},
		{"control characters", "a\x00b\x07\x7f\u0085\u009bc", "abc"},
		{"control characters by entity", "a&#1;b&#13;c&#x81;d&#10;e&#9;f", "abcd\ne\tf"},
		{"control character in a tag", "<scr\x00ipt>x</script><b\x00>y", "<b>y</b>"},
		{"replacement of U+0000", "a&#0;", "a\uFFFD"},
		{"no UTF-8", "a\xff<b>\xc2", "a\uFFFD<b>\uFFFD</b>"},
		{"C1 formed by removal", "\xc2\u0080\x81", "\uFFFD\uFFFD"},
		{"blank", " \x00 ", "  "},
		{"soft hyphen and no-break space stay", "a\u00ADb\u00A0c", "a\u00ADb\u00A0c"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := HTML(tt.in)
			if got != tt.want {
				t.Errorf("HTML(%q)\n got %q\nwant %q", tt.in, got, tt.want)
			}
			checkSafe(t, tt.in, got)
		})
	}
}

func TestDroppedElementsGoWithTheirContent(t *testing.T) {
	for _, name := range dropped {
		in := "a<" + name + " x=y>b</" + name + ">c"
		if got := HTML(in); got != "ac" {
			t.Errorf("HTML(%q) = %q, want %q", in, got, "ac")
		}
	}
}

func TestAllowedElementsLoseOnlyAttributes(t *testing.T) {
	for _, name := range allowed {
		in := "<" + strings.ToUpper(name) + " onclick=x style='y' data-z>b</" + name + " >"
		want := "<" + name + ">b</" + name + ">"
		if name == "br" || name == "hr" {
			want = "<" + name + ">b"
		}
		if got := HTML(in); got != want {
			t.Errorf("HTML(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestBalanceAlone shows that the last pass is safe by itself.
func TestBalanceAlone(t *testing.T) {
	tests := []struct{ in, want string }{
		{"<b x=y>", "&lt;b x=y>"},
		{"<script>", "&lt;script>"},
		{"<b", "&lt;b"},
		{"<", "&lt;"},
		{"<<b>", "&lt;<b></b>"},
		{"&", "&amp;"},
		{"&copy;", "&amp;copy;"},
		{"</b/>", ""},
	}
	for _, tt := range tests {
		if got := balance(tt.in); got != tt.want {
			t.Errorf("balance(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// TestLargeTexts bounds time and size for texts made to be slow or to grow. The
// time limit is generous: work that is not linear exceeds it by far.
func TestLargeTexts(t *testing.T) {
	const size = 64 << 10
	for _, unit := range []string{
		"<b>", "</b>", "<b><i>", "<b></i>", "<p><", "<", "&", ">", "&lt", "<!--", "<!-->", "<![CDATA[", "<!DOCTYPE ",
		"<script>", "</script", "<svg>", "<svg></svg>", "<math><mi>", "<template>", "<b a ", "<b a=1 b=2>", `<b x="`,
		"<textarea>", "<table><tr><td>", "&#x;", "&#1;", "\x00", "\u0085", "\xff", "&nGt;", "<br>", "<br/>", "</", "<a b=<a b=",
	} {
		in := strings.Repeat(unit, size/len(unit))
		began := time.Now()
		got := HTML(in)
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%q repeated to %d bytes took %v", unit, len(in), took)
		}
		if len(got) > 5*len(in) {
			t.Errorf("%q: %d bytes became %d", unit, len(in), len(got))
		}
		checkNests(t, unit, got)
	}
}

func TestDeepNesting(t *testing.T) {
	in := strings.Repeat("<b>", 10_000) + "x"
	want := in + strings.Repeat("</b>", 10_000)
	if got := HTML(in); got != want {
		t.Errorf("10,000 open elements: got %d bytes, want %d", len(got), len(want))
	}
}

func BenchmarkHTMLPlain(b *testing.B) {
	s := strings.Repeat("Naïve text, 漢字. ", 20)[:200]
	b.ReportAllocs()
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		HTML(s)
	}
}

func BenchmarkIsPlain(b *testing.B) {
	s := []byte(strings.Repeat("plain text ", 20)[:200])
	b.ReportAllocs()
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		if !IsPlain(s) {
			b.Fatal("not plain")
		}
	}
}

func BenchmarkHTMLMarkup(b *testing.B) {
	s := strings.Repeat(`Hi <b onclick="x()">Bob</b> &amp; all. `, 6)[:200]
	b.ReportAllocs()
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		HTML(s)
	}
}
