// Package sanitize makes text from one person safe for the screen of another.
//
// HTML reduces chat text to plain HTML without attributes (appwebsocket.md 3.8,
// decision 40, A9), EscapeText turns plain text into such HTML, and Text cleans
// what is no HTML at all: names, subjects, file names. The package judges what
// a text may contain. How long it may be, in which parts it travels and which
// media type it has is the business of its callers: facilities and the stores of
// messages.
//
// Nothing here panics, blocks or keeps state: every function may be called from
// any goroutine, takes time linear in its input and returns its input itself,
// without a copy, where nothing had to change.
package sanitize

import (
	"strings"

	"github.com/microcosm-cc/bluemonday"
)

// allowed are the elements of decision 40. They lose their attributes, all of
// them: a link survives as its text, and receivers make links of addresses.
var allowed = []string{
	"a", "b", "br", "code", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr",
	"i", "li", "ol", "p", "pre", "s", "span", "strong", "sub", "sup", "table",
	"tbody", "td", "th", "thead", "tr", "tt", "u", "ul", "blockquote",
}

// dropped are the elements of decision 40 that go with their content.
var dropped = []string{
	"script", "style", "iframe", "object", "embed", "svg", "math", "template",
	"noscript",
}

// undropped are elements that bluemonday would drop with their content unasked;
// in decision 40 they are "other elements", whose content stays.
var undropped = []string{"frame", "frameset", "noembed", "noframes", "nostyle", "title"}

// policy is never changed after the package is loaded, so goroutines share it.
var policy = newPolicy()

func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements(allowed...)
	p.AllowNoAttrs().OnElements(allowed...)
	p.AllowElementsContent(undropped...)
	p.SkipElementsContent(dropped...)
	return p
}

// HTML returns s as plain HTML without attributes.
//
// The result holds only the elements of decision 40, each written as <name> or
// </name> in lower case and properly nested: an end tag without its start is
// dropped, and what is open at the end is closed. In its text & and < stand
// escaped, entities are resolved where UTF-8 can say the same, and quotes are
// left alone. A newline and a tab stay, CR LF and CR become a newline, all other
// control characters (C0, DEL, C1) are removed, and bytes that are no UTF-8
// become U+FFFD.
//
// A text that has nothing to judge is returned as it is. HTML(HTML(s)) is
// HTML(s). The result is at most five times as long as s: the worst case is a
// text of nothing but &.
func HTML(s string) string {
	if untouched(s) {
		return s
	}
	return balance(policy.Sanitize(clean(s)))
}

// clean prepares a text for the tokenizer: one kind of line end, no control
// characters, valid UTF-8. It comes first, so that no control character can
// hide a tag from the tokenizer that a careless reader would still see.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.IndexByte(s, '\r') >= 0 {
		s = strings.ReplaceAll(s, "\r\n", "\n")
		s = strings.ReplaceAll(s, "\r", "\n")
	}
	return strings.Map(func(r rune) rune {
		if isControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}
