package search

import "strings"

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
func cutWords(cells []cell) []word {
	var words []word
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
	for _, w := range words {
		if len(out) >= maxWords {
			return out[:maxWords]
		}
		r := w.runes()
		if w.kind != dense {
			out = append(out, string(r[:min(len(r), maxWord)]))
			continue
		}
		for i := range r {
			out = append(out, string(r[i:min(i+2, len(r))]))
		}
	}
	return out[:min(len(out), maxWords)]
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

// entry is what the engines store of a message, beside its text.
func entry(text string) (words, parts string) {
	w := cutWords(foldCells(text))
	return strings.Join(tokens(w), " "), strings.Join(grams(w), " ")
}
