package search_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tandem-switch/tandem/internal/messages/search"
	"github.com/tandem-switch/tandem/sanitize"
)

func TestText(t *testing.T) {
	tests := []struct{ html, want string }{
		{"", ""},
		{"plain > text", "plain > text"},
		{"<b>bold</b>er", "bolder"},
		{"one<br>two<br/>three", "one\ntwo\nthree"},
		{"<p>one</p><p>two</p>", "one\ntwo"},
		{"<ul><li>one<li>two</ul>end", "one\ntwo\nend"},
		{"Tom &amp; Jerry &lt;b&gt; &uuml; &#x4e2d; &nope;", "Tom & Jerry <b> ü 中 &nope;"},
		{"a<script>alert('x')</script>b<style>p{}</style>c", "abc"},
		{"a<script>alert('x')", "a"},
		{"a<!-- comment -->b", "ab"},
		{"<a href='hidden' title=\"also > hidden\">shown</a>", "shown"},
		{"<img src=x onerror=alert(1)>", ""},
		{"1 < 2 and 3 > 2", "1 < 2 and 3 > 2"},
		{"cut <b", "cut"},
		{"<SCRIPT>x</SCRIPT>y", "y"},
		{"<td>a</td><td>b</td>", "a b"},
	}
	for _, test := range tests {
		if got := search.Text(test.html); got != test.want {
			t.Errorf("%q becomes %q, want %q", test.html, got, test.want)
		}
	}
}

func TestHighlight(t *testing.T) {
	long := strings.Repeat("filler words ", 40)
	tests := []struct {
		text, query string
		marked      []string
	}{
		{"The quick brown fox", "quick", []string{"quick"}},
		{"The quick brown fox", "uic ROW", []string{"uic", "row"}},
		{"tick tack tick", "tick", []string{"tick", "tick"}},
		{"aaaa", "aa", []string{"aa"}},
		{"abcabcabc", "abcab", []string{"abcab"}},
		{"Der STRASSENBAHN", "straße", []string{"STRASSE"}},
		{"die Straße", "strasse", []string{"Straße"}},
		{"Mu\u0308ller", "müll", []string{"Mu\u0308ll"}},
		{"👍 北京 👍 开会", "京", []string{"京"}},
		{"👍👍 hit", "hit", []string{"hit"}},
		{"a-b c", "\"a b\" c", []string{"a-b", "c"}},
		{"ﬁnal", "fin", []string{"ﬁn"}},
		{"one two", "\"one two\" two", []string{"one two"}},
		{long + "needle here " + long, "needle", []string{"needle"}},
		{long + "needle", "needle", []string{"needle"}},
		{strings.Repeat("中", 500) + "needle" + strings.Repeat("中", 500), "needle", []string{"needle"}},
		{"x\xff\xfey hit", "hit", []string{"hit"}},
		{"<img src=x> hit", "hit", []string{"hit"}},
	}
	for _, test := range tests {
		h, ok := query(t, test.query).Match(test.text)
		if !ok {
			t.Errorf("%q is not found in %.20q", test.query, test.text)
			continue
		}
		if got := marked(h); !slices.Equal(got, test.marked) {
			// Upper case is as in the text.
			if !slices.EqualFunc(got, test.marked, strings.EqualFold) {
				t.Errorf("%q in %.20q: marked %q, want %q", test.query, test.text, got, test.marked)
			}
		}
		if n := utf8.RuneCountInString(h.Text); n > 242 {
			t.Errorf("an excerpt of %d characters", n)
		}
		if !utf8.ValidString(h.Text) {
			t.Errorf("%q is no UTF-8", h.Text)
		}
	}
}

func TestFold(t *testing.T) {
	for text, want := range map[string]string{
		"ÄÖÜ ẞ ſ": "aou ss s",
		"IİIıi":   "iiiii",
		"Й й Ё":   "й й е",
		"が ガ":     "が ガ",
		"한국":      "한국",
		"Ａ１":      "a1",
		"कि":      "कि",
	} {
		if got := search.Fold(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// FuzzMatch checks that any query can be asked of any text, and that what is
// marked lies in the excerpt.
func FuzzMatch(f *testing.F) {
	for _, seed := range [][2]string{
		{"\"quick fox\" b", "the quick fox b"}, {"ß", "STRASSE"}, {"京", "北京"}, {"\"", "\""}, {"\xff", "\xff"}, {"İ", "ıi̇"},
		{"a\u0301", strings.Repeat("a\u0301", 99)}, {"👍", "👍🏽"}, {"\u1109\u1165", "서울"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, text, in string) {
		q, err := search.Parse(text)
		if err != nil {
			return
		}
		h, ok := q.Match(in)
		if !ok {
			return
		}
		if !utf8.ValidString(h.Text) || len(h.Hits) == 0 {
			t.Fatalf("%q in %q: %+v", text, in, h)
		}
		end, length := 0, utf8.RuneCountInString(h.Text)
		for _, at := range h.Hits {
			if at.From < end || at.To <= at.From || at.To > length {
				t.Fatalf("%q in %q: %+v", text, in, h)
			}
			end = at.To
		}
	})
}

// FuzzFind checks that every part of a text between blanks finds it in the
// index: what the engine answers must include what the comparison would take.
func FuzzFind(f *testing.F) {
	for _, seed := range []string{"one two three", "Straße İstanbul ёжик", "我们明天去北京", "a@b.c 8:30", "\u0301a \x00 .1.7", "👍🏽 วันนี้", "کی"} {
		f.Add(seed)
	}
	path := f.TempDir() + "/search.db"
	s, err := search.OpenSQLite(f.Context(), path)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	f.Fuzz(func(t *testing.T, text string) {
		b := &bench{t: t, Index: s}
		b.texts(text[:min(len(text), 4000)])
		for range 2 {
			for i, w := range strings.Fields(text) {
				q, err := search.Parse(w)
				if err != nil || i == 10 {
					break
				}
				_, match := q.Match(text)
				if found := len(b.ask(w, search.Ask{}).Hits) == 1; found != match && len(text) <= 4000 {
					t.Fatalf("%q in %q: match %v, found %v", w, text, match, found)
				}
			}
			b.deepen()
		}
	})
}

// FuzzText checks that no tag is left, whatever comes, and that text which was
// escaped comes back.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"<b>x</b>", "a<script>b", "&lt;b&gt;", "<<b>>", "</p><p", "<a title='>'>", "\x00<\x00b>", "&#0;&#x110000;"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		if got := search.Text(source); utf8.ValidString(source) && !utf8.ValidString(got) {
			t.Errorf("%q becomes %q", source, got)
		}
		if strings.Contains(search.Text("<i class='zzneedle'>"+sanitize.HTML(source)+"</i>"), "zzneedle") {
			t.Errorf("the attribute before %q is left", source)
		}
		plain := strings.TrimSpace(strings.Map(func(r rune) rune {
			if r < ' ' || r >= 0x7F && r < 0xA0 {
				return -1
			}
			return r
		}, strings.ToValidUTF8(source, "")))
		if got := search.Text(sanitize.EscapeText(plain)); got != plain {
			t.Errorf("%q, escaped, becomes %q", plain, got)
		}
	})
}
