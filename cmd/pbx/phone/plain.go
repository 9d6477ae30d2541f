package phone

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// plainText is what a person reads of an HTML text: no markup, line breaks where
// the markup has them.
func plainText(text string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(text))
	for {
		switch z.Next() {
		case html.ErrorToken: // the end: a string has no other error
			return strings.Trim(b.String(), "\n")
		case html.TextToken:
			b.WriteString(strings.ReplaceAll(string(z.Text()), "\n", " ")) // un-escaped
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			startTag(&b, atom.Lookup(name))
		case html.EndTagToken:
			name, _ := z.TagName()
			if blocks[atom.Lookup(name)] {
				newLine(&b)
			}
		}
	}
}

// blocks are the elements that stand on lines of their own.
var blocks = map[atom.Atom]bool{
	atom.P: true, atom.Div: true, atom.Li: true, atom.Ol: true, atom.Ul: true, atom.Tr: true,
	atom.Table: true, atom.Pre: true, atom.Blockquote: true, atom.Hr: true,
	atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.H5: true, atom.H6: true,
}

func startTag(b *strings.Builder, tag atom.Atom) {
	switch {
	case tag == atom.Br:
		b.WriteByte('\n')
	case blocks[tag]:
		newLine(b)
	}
	switch tag {
	case atom.Li:
		b.WriteString("- ")
	case atom.Td, atom.Th:
		if s := b.String(); s != "" && !strings.HasSuffix(s, "\n") {
			b.WriteByte('\t')
		}
	case atom.Hr:
		b.WriteString("---\n")
	}
}

// newLine begins a line, unless one has just begun.
func newLine(b *strings.Builder) {
	if s := b.String(); s != "" && !strings.HasSuffix(s, "\n") {
		b.WriteByte('\n')
	}
}

// harmless is s for a terminal: nothing in it can move the cursor, set colours,
// change the title or the direction of writing. Line ends and tabs stay.
func harmless(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < 0x20:
			return '\u2400' + r // the picture of the control character
		case r == 0x7f:
			return '\u2421'
		case dangerous(r):
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// dangerous are characters beyond ASCII that steer a terminal or the direction
// of writing.
func dangerous(r rune) bool {
	return r >= 0x80 && r < 0xa0 || // C1: 0x9b is an escape sequence in one character
		r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || // direction
		r == 0x2028 || r == 0x2029 // line and paragraph separators
}

// oneLine is harmless without line ends, for names and the like.
func oneLine(s string) string {
	return strings.NewReplacer("\n", "\u240a", "\t", " ").Replace(harmless(s))
}

// indented keeps the further lines of a text apart from what the phone says.
func indented(s string) string { return strings.ReplaceAll(harmless(s), "\n", "\n    ") }
