package phone

import (
	"unicode/utf8"

	"github.com/tandem-switch/tandem/internal/strictjson"
)

// Limits of a text (decision 39, A9).
const (
	maxFrame = 15 << 10 // of the JSON of one whole Signaling message
	maxText  = 48 << 10 // of a text as a JSON string
)

// jsonSize is the length of s inside a JSON string.
func jsonSize(s string) int { return len(strictjson.AppendString(nil, s)) - 2 }

// split cuts text into parts whose JSON has at most room bytes each, on the
// border of a character. There is always at least one part.
func split(text string, room int) []string {
	var parts []string
	start, size := 0, 0
	for i, r := range text {
		n := jsonSize(text[i : i+utf8.RuneLen(r)])
		if size+n > room && i > start {
			parts = append(parts, text[start:i])
			start, size = i, 0
		}
		size += n
	}
	return append(parts, text[start:])
}
