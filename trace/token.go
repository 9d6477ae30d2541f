package trace

import (
	"bytes"
	"encoding/json"
	"strings"
)

// The functions of this file find their way in bytes that are probably JSON. All
// of them accept anything and stay within the text.

// stringEnd returns the index behind the string that begins at from. A string
// without end reaches to the end of the text.
func stringEnd(s []byte, from int) int {
	for i := from + 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

// valueEnd returns the index behind the value that begins at from.
func valueEnd(s []byte, from int) int {
	switch s[from] {
	case '"':
		return stringEnd(s, from)
	case '{', '[':
		return containerEnd(s, from)
	}
	for i := from; i < len(s); i++ {
		if bytes.IndexByte([]byte(",]}"), s[i]) >= 0 {
			return i
		}
	}
	return len(s)
}

// containerEnd returns the index behind the object or array that begins at from.
// It counts brackets of both kinds together.
func containerEnd(s []byte, from int) int {
	depth := 0
	for i := from; i < len(s); i++ {
		switch s[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			i = stringEnd(s, i) - 1
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(s)
}

// literalEnd returns the index behind true, false or null at from, else from.
func literalEnd(s []byte, from int) int {
	for _, literal := range []string{"true", "false", "null"} {
		if end := from + len(literal); bytes.HasPrefix(s[from:], []byte(literal)) &&
			(end == len(s) || bytes.IndexByte([]byte(" \t\r\n,]}"), s[end]) >= 0) {
			return end
		}
	}
	return from
}

func skipSpace(s []byte, from int) int {
	for from < len(s) && bytes.IndexByte([]byte(" \t\r\n"), s[from]) >= 0 {
		from++
	}
	return from
}

// unquote returns what a string says, escapes resolved, and false if it has
// escapes that do not say anything.
func unquote(quoted []byte) (string, bool) {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return strings.Trim(string(quoted), `"`), true
	}
	var s string
	err := json.Unmarshal(quoted, &s)
	return s, err == nil
}

// asciiLower lowers ASCII letters only, so that indices stay what they are.
func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c | 0x20
		}
	}
	return string(b)
}
