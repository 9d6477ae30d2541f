package search

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Text turns HTML into the text that a reader sees: tags and comments go,
// entities become what they stand for, a new block begins a new line, and the
// content of scripts and styles is left out. It takes whatever it is given; the
// result is no HTML, and whoever shows it as HTML must escape it.
func Text(source string) string {
	if !strings.ContainsAny(source, "<&") {
		return source
	}
	var out strings.Builder
	out.Grow(len(source))
	z := html.NewTokenizer(strings.NewReader(source))
	var skipped atom.Atom // the element whose content is left out
	for {
		switch z.Next() {
		case html.ErrorToken: // the end: a string has no other error
			return strings.TrimSpace(out.String())
		case html.TextToken:
			if skipped == 0 {
				out.Write(z.Text())
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			a := atom.Lookup(name)
			if skipped == 0 && isSkipped(a) {
				skipped = a
			}
			breakLine(&out, a)
		case html.EndTagToken:
			name, _ := z.TagName()
			a := atom.Lookup(name)
			if a == skipped {
				skipped = 0
			}
			breakLine(&out, a)
		}
	}
}

func isSkipped(a atom.Atom) bool { return a == atom.Script || a == atom.Style }

// breakLine begins a new line for an element that does so on a page.
func breakLine(out *strings.Builder, a atom.Atom) {
	switch a {
	case atom.Br, atom.Hr:
		out.WriteByte('\n')
	case atom.P, atom.Div, atom.Li, atom.Ul, atom.Ol, atom.Pre, atom.Blockquote, atom.Table, atom.Tr,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		if s := out.String(); s != "" && s[len(s)-1] != '\n' {
			out.WriteByte('\n')
		}
	case atom.Td, atom.Th:
		if s := out.String(); s != "" && s[len(s)-1] != ' ' {
			out.WriteByte(' ')
		}
	}
}
