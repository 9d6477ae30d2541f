package search

import (
	"iter"
	"strings"
	"unicode/utf8"
)

// What is indexed of one message. Words behind maxWords and characters of a word
// behind maxWord are not found.
const (
	maxWords = 16000 // PostgreSQL counts positions to 16,383
	maxWord  = 64
	gramSize = 3
	maxGrams = 256 // characters of a word of which parts are found
)

// word is a run of cells of one kind.
type word struct {
	kind  kind
	cells []cell
}

func (w word) runes() []rune {
	out := make([]rune, len(w.cells))
	for i, c := range w.cells {
		out[i] = c.r
	}
	return out
}

// cutWords splits folded text into words.
func cutWords(cells []cell) []word { return appendWords(nil, cells) }

func appendWords(words []word, cells []cell) []word {
	for at := 0; at < len(cells); {
		k := cells[at].kind
		end := at + 1
		for end < len(cells) && k != sign && cells[end].kind == k {
			end++
		}
		if k != gap {
			words = append(words, word{kind: k, cells: cells[at:end]})
		}
		at = end
	}
	return words
}

// tokens are the entries of words in an index, in order: a word is one, cut to
// maxWord; a run of a dense script has one for every pair of neighbours and one
// for its last character, so that every part of it is a phrase.
func tokens(words []word) []string {
	out := make([]string, 0, len(words))
	for t := range tokenCells(words) {
		out = append(out, string(word{cells: t}.runes()))
	}
	return out
}

// tokenCells are the cells of each token.
func tokenCells(words []word) iter.Seq[[]cell] {
	return func(yield func([]cell) bool) {
		left := maxWords
		for _, w := range words {
			step, size := len(w.cells), maxWord
			if w.kind == dense {
				step, size = 1, 2
			}
			for at := 0; at < len(w.cells); at += step {
				if left == 0 || !yield(w.cells[at:min(at+size, len(w.cells))]) {
					return
				}
				left--
			}
		}
	}
}

// grams are the parts of the words, each once: all runs of three letters.
func grams(words []word) []string {
	var out []string
	seen := make(map[string]struct{})
	for _, w := range words {
		if w.kind != letter {
			continue
		}
		r := w.runes()
		r = r[:min(len(r), maxGrams)]
		for i := 0; i+gramSize <= len(r); i++ {
			g := string(r[i : i+gramSize])
			if _, ok := seen[g]; !ok {
				seen[g] = struct{}{}
				out = append(out, g)
			}
		}
	}
	return out
}

// cutter makes entries of texts, in room that it keeps.
type cutter struct {
	cells []cell
	list  []word
	out   []byte
}

func (c *cutter) cut(text string) []word {
	c.cells = appendCells(c.cells[:0], text)
	c.list = appendWords(c.list[:0], c.cells)
	return c.list
}

// words are the words of a text behind its scope, as the engines store them.
func (c *cutter) words(scope, text string) string {
	c.out = append(c.out[:0], scope...)
	for t := range tokenCells(c.cut(text)) {
		c.out = append(c.out, ' ')
		for _, x := range t {
			c.out = utf8.AppendRune(c.out, x.r)
		}
	}
	return string(c.out)
}

// parts are the parts of the words of a text behind its scope.
func (c *cutter) parts(scope, text string) string {
	return scope + " " + strings.Join(grams(c.cut(text)), " ")
}
