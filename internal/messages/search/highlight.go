package search

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// A Highlight is a part of a text with what was found in it. It is plain text,
// never HTML: a client draws it, with the hits marked.
type Highlight struct {
	// Text is the message, or at most maxExcerpt characters of it around the first
	// hit; an ellipsis says where something was left out.
	Text string `json:"text"`
	// Hits are the places in Text, in order and without overlap; at most maxHits.
	Hits []Stretch `json:"hits"`
}

// Stretch is a part of a text, in characters (Unicode code points): From is the
// first, To the one behind the last.
type Stretch struct {
	From int `json:"from"`
	To   int `json:"to"`
}

const (
	maxExcerpt = 240
	maxHits    = 32
	before     = 60 // characters in front of the first hit
)

// merge puts places in order and joins those that overlap or touch.
func merge(hits [][2]int32) [][2]int32 {
	slices.SortFunc(hits, func(a, b [2]int32) int { return int(a[0] - b[0]) })
	out := hits[:0]
	for _, h := range hits {
		if n := len(out); n > 0 && h[0] <= out[n-1][1] {
			out[n-1][1] = max(out[n-1][1], h[1])
			continue
		}
		out = append(out, h)
	}
	return out
}

// excerpt cuts the text around the first hit and counts characters.
func excerpt(text string, hits [][2]int32) Highlight {
	from, to := window(text, int(hits[0][0]))
	out := Highlight{Hits: []Stretch{}}
	if from > 0 {
		out.Text = "…"
	}
	count := utf8.RuneCountInString(out.Text)
	at := from
	for _, h := range hits {
		a, b := int(h[0]), min(int(h[1]), to)
		if a >= to || len(out.Hits) == maxHits {
			break
		}
		count += utf8.RuneCountInString(text[at:a])
		begin := count
		count += utf8.RuneCountInString(text[a:b])
		out.Hits = append(out.Hits, Stretch{From: begin, To: count})
		at = b
	}
	out.Text += validUTF8(text[from:to])
	if to < len(text) {
		out.Text += "…"
	}
	return out
}

// window is the part of the text that is shown: from a few words before the hit.
func window(text string, hit int) (from, to int) {
	from, space := hit, -1
	for n := 0; from > 0 && n < before; n++ {
		r, size := utf8.DecodeLastRuneInString(text[:from])
		if unicode.IsSpace(r) {
			space = from
		}
		from -= size
	}
	if from > 0 && space > 0 {
		from = space
	}
	to = from
	for n := 0; to < len(text) && n < maxExcerpt; n++ {
		_, size := utf8.DecodeRuneInString(text[to:])
		to += size
	}
	return from, to
}

// validUTF8 replaces every byte that is no UTF-8 by one character.
func validUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}
