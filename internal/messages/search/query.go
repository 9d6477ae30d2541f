package search

import (
	"slices"
	"strings"
	"unicode"
)

// Limits of a query. A longer one is refused (ErrTooLong), so that nobody is
// shown what matches a part of what was asked.
const (
	MaxQuery = 1024 // bytes
	maxTerms = 32
)

// A Query is what somebody looks for: all its terms must be in a message. The
// zero Query finds nothing.
type Query struct{ terms []term }

// term is a word, a part of one, or words that stand behind each other.
type term struct {
	words []word
	exact bool // quoted: the last word is whole
}

// Parse reads what a person typed: words, of which parts are enough, and phrases
// in double quotes (also typographic ones), whose words stand as they are behind
// each other. Nothing else has a meaning: there are no operators. Any bytes may
// come; an opened quote without end counts as none. What joins words without
// white space (a-b, a@b.c) is a phrase too, of which the last word may go on.
func Parse(text string) (Query, error) {
	if len(text) > MaxQuery {
		return Query{}, ErrTooLong
	}
	var q Query
	for _, c := range chunks(text) {
		words := cutWords(foldCells(c.text))
		if len(words) == 0 {
			continue
		}
		if len(q.terms) == maxTerms {
			return Query{}, ErrTooLong
		}
		q.terms = append(q.terms, term{words: words, exact: c.quoted})
	}
	return q, nil
}

// Empty reports whether there is no word in it. It finds nothing.
func (q Query) Empty() bool { return len(q.terms) == 0 }

type chunk struct {
	text   string
	quoted bool
}

// chunks splits at white space and quotes.
func chunks(text string) []chunk {
	var out []chunk
	for text != "" {
		at := strings.IndexFunc(text, isQuote)
		if at < 0 {
			break
		}
		rest := text[at+quoteLen(text[at:]):]
		end := strings.IndexFunc(rest, isQuote)
		if end < 0 {
			break
		}
		out = appendFields(out, text[:at])
		out = append(out, chunk{text: rest[:end], quoted: true})
		text = rest[end+quoteLen(rest[end:]):]
	}
	return appendFields(out, text)
}

func appendFields(out []chunk, text string) []chunk {
	for _, f := range strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == 0 }) {
		out = append(out, chunk{text: f})
	}
	return out
}

// The quotes, of which every one opens and closes.
const quotes = "\"\u201C\u201D\u201E\u201F\u00AB\u00BB"

func isQuote(r rune) bool { return strings.ContainsRune(quotes, r) }

func quoteLen(s string) int {
	for i := range s {
		if i > 0 {
			return i
		}
	}
	return len(s)
}

// isPart reports whether the term is found by the parts of words: where these
// are in the index, it may stand anywhere in a word.
func (t term) isPart() bool {
	return !t.exact && len(t.words) == 1 && t.words[0].kind == letter && len(t.words[0].cells) >= gramSize
}

// isStrong reports whether few messages will match the term.
func (t term) isStrong() bool {
	return t.exact || len(t.words) > 1 || len(t.words[0].cells) > 1 && t.words[0].kind == dense
}

// parts are the grams of a term.
func (t term) parts() []string {
	g := grams(t.words)
	return g[:min(len(g), maxTerms)]
}

// phrase are the entries that must stand behind each other; with prefix the last
// one may go on.
func (t term) phrase() (entries []string, prefix bool) {
	last := t.words[len(t.words)-1]
	entries = tokens(t.words)
	switch last.kind {
	case dense:
		if len(last.cells) == 1 { // the first of a pair, or alone
			return entries, true
		}
		return entries[:len(entries)-1], false // it may go on: the entry of its last character does not count
	case letter:
		return entries, !t.exact && len(last.cells) < maxWord
	}
	return entries, false
}

// match finds the term in words and returns where it begins and ends in the
// text, for every place.
func (t term) match(words []word) [][2]int32 {
	var hits [][2]int32
	for i := 0; i+len(t.words) <= len(words); i++ {
		if from, to, ok := t.matchAt(words[i : i+len(t.words)]); ok {
			hits = append(hits, [2]int32{from, to})
		}
	}
	return hits
}

// matchAt compares with as many words of a text.
func (t term) matchAt(words []word) (from, to int32, ok bool) {
	for i, w := range t.words {
		if words[i].kind != w.kind || len(words[i].cells) < len(w.cells) {
			return 0, 0, false
		}
		at := t.place(i, words[i].cells)
		if at < 0 {
			return 0, 0, false
		}
		if i == 0 {
			from = words[i].cells[at].from
		}
		to = words[i].cells[at+len(w.cells)-1].to
	}
	return from, to, true
}

// place is where the i-th word of the term stands in a word, or -1.
func (t term) place(i int, in []cell) int {
	w, first, last := t.words[i], i == 0, i == len(t.words)-1
	open := w.kind == dense // both ends of a run may go on
	if w.kind == letter && !t.exact && last {
		if first && len(w.cells) >= gramSize {
			return index(in, w.cells)
		}
		open, first = true, false
	}
	switch {
	case open && first && last:
		return index(in, w.cells)
	case open && first: // it ends where the next begins
		return suffix(in, w.cells)
	case open && last:
		return prefix(in, w.cells)
	case len(in) == len(w.cells):
		return prefix(in, w.cells)
	}
	return -1
}

func sameRune(a, b cell) bool { return a.r == b.r }

func prefix(in, w []cell) int {
	if len(in) >= len(w) && slices.EqualFunc(in[:len(w)], w, sameRune) {
		return 0
	}
	return -1
}

func suffix(in, w []cell) int {
	at := len(in) - len(w)
	if at >= 0 && slices.EqualFunc(in[at:], w, sameRune) {
		return at
	}
	return -1
}

func index(in, w []cell) int {
	for at := 0; at+len(w) <= len(in); at++ {
		if slices.EqualFunc(in[at:at+len(w)], w, sameRune) {
			return at
		}
	}
	return -1
}

// Match reports whether the text, no HTML, has all terms, and what a reader is
// shown of it.
func (q Query) Match(text string) (Highlight, bool) {
	if q.Empty() {
		return Highlight{}, false
	}
	words := cutWords(foldCells(text))
	var hits [][2]int32
	for _, t := range q.terms {
		h := t.match(words)
		if len(h) == 0 {
			return Highlight{}, false
		}
		hits = append(hits, h...)
	}
	return excerpt(text, merge(hits)), true
}
