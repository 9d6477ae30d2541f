package sanitize

import (
	"strings"
	"unicode/utf8"
)

// EscapeText turns text/plain into the HTML that HTML would leave as it is: &, <
// and > are escaped, a line end becomes <br>, a tab stays, all other control
// characters are removed. The result is at most five times as long as s.
func EscapeText(s string) string {
	if isPlain(s) && strings.IndexByte(s, '>') < 0 {
		return s
	}
	return escaper.Replace(clean(s))
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\n", "<br>")

// Text cleans a text that is not HTML, such as a name or a subject: everything
// that a browser could take for a tag, control characters and the characters
// that embed or override the direction of writing are removed, and what is left
// is cut to at most limit bytes on the border of a character. Nothing is escaped:
// "Tom & Jerry" stays. Text(Text(s, n), n) is Text(s, n).
func Text(s string, limit int) string {
	if !isText(s) {
		s = strings.Map(textRune, strings.ToValidUTF8(s, "\uFFFD"))
		s = cutTags(s)
	}
	return cut(s, limit)
}

// isText reports whether there is nothing to remove from s.
func isText(s string) bool {
	return isPlain(s) && utf8.ValidString(s) && strings.IndexFunc(s, isDirection) < 0
}

func textRune(r rune) rune {
	if isControl(r) || isDirection(r) {
		return -1
	}
	return r
}

// isDirection reports whether r embeds, overrides or isolates a direction of
// writing, or separates lines. Left open in a name, it would turn around or
// break whatever a client shows behind the name.
func isDirection(r rune) bool {
	return r >= '\u2028' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069'
}

// cutTags removes tags. A tag begins with a < that a letter, /, ! or ? follows
// and ends with the next >; removing from the inside out leaves none behind that
// were hidden in each other. A < that would begin a tag without end is removed
// alone.
func cutTags(s string) string {
	out := make([]byte, 0, len(s))
	var starts []int // where in out a < stands that begins a tag
	for i := 0; i < len(s); i++ {
		if s[i] == '>' && len(starts) > 0 {
			out, starts = out[:starts[len(starts)-1]], starts[:len(starts)-1]
			continue
		}
		if n := len(out); n > 0 && out[n-1] == '<' && beginsTag(s[i]) {
			starts = append(starts, n-1)
		}
		out = append(out, s[i])
	}
	return cutStarts(string(out))
}

// cutStarts removes each < before which a tag could begin. It goes from the end,
// since a < can come before a letter by the removal of another.
func cutStarts(s string) string {
	out := make([]byte, len(s))
	at := len(out)
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '<' && at < len(out) && beginsTag(out[at]) {
			continue
		}
		at--
		out[at] = s[i]
	}
	return string(out[at:])
}

func beginsTag(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '/' || c == '!' || c == '?'
}

// cut shortens s to at most limit bytes without splitting a character.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	limit = max(limit, 0)
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
