package appservice

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/tandem-switch/tandem/internal/strictjson"
)

// Canonical re-encodes valid JSON without white space and needless escapes, in
// the order of its members (decision 16). Numbers stay as they are; so does the
// escape of a lone surrogate, in lower case.
func Canonical(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		switch c := text[i]; c {
		case ' ', '\t', '\r', '\n':
			i++
		case '"':
			end := stringEnd(text, i)
			out = appendCanonicalString(out, text[i:end])
			i = end
		default:
			out = append(out, c)
			i++
		}
	}
	return out
}

// stringEnd is the index after the string that starts at i.
func stringEnd(text []byte, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// appendCanonicalString re-encodes a string; quoted includes its quotes.
func appendCanonicalString(dst, quoted []byte) []byte {
	for len(quoted) > 0 {
		plain := bytes.IndexByte(quoted, '\\')
		if plain < 0 {
			return append(dst, quoted...)
		}
		dst, quoted = append(dst, quoted[:plain]...), quoted[plain:]
		var size int
		dst, size = appendCanonicalEscape(dst, quoted)
		quoted = quoted[size:]
	}
	return dst
}

// appendCanonicalEscape re-encodes the escape at the beginning of b and tells
// its length.
func appendCanonicalEscape(dst, b []byte) (out []byte, size int) {
	first, ok := hexEscape(b)
	switch {
	case len(b) < 2:
		return append(dst, b...), len(b)
	case b[1] == '/':
		return append(dst, '/'), 2
	case !ok:
		return append(dst, b[:2]...), 2
	case !utf16.IsSurrogate(first):
		return appendUnquoted(dst, first), 6
	}
	if second, ok := hexEscape(b[6:]); ok {
		if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
			return utf8.AppendRune(dst, r), 12
		}
	}
	return append(dst, bytes.ToLower(b[:6])...), 6
}

// appendUnquoted writes one rune as it stands inside a JSON string.
func appendUnquoted(dst []byte, r rune) []byte {
	quoted := strictjson.AppendString(nil, string(r))
	return append(dst, quoted[1:len(quoted)-1]...)
}

// hexEscape reads \uXXXX.
func hexEscape(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(n), err == nil
}

// Clean removes from a text what clients encode differently inside info: control
// characters, U+007F, U+2028, U+2029 and what is no valid UTF-8, lone surrogates
// included (decision 17). Everything the switch places into info passes it.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < 0x20, r == 0x7F, r == 0x2028, r == 0x2029:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}
