package strictjson

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Bytes is the content of a string without its quotes, as it stands in the text;
// plain says that it has no escapes, so that it is the string itself. Nil if v
// is no string.
func (v Value) Bytes() (content []byte, plain bool) {
	if v.Kind() != String {
		return nil, false
	}
	n := v.node()
	return v.d.text[n.start+1 : n.end-1 : n.end-1], n.flags&valueEscaped == 0
}

// ASCII tells whether v is a string of printable ASCII characters (and DEL)
// without escapes. It costs nothing: the parser has seen it. False may also mean
// that it did not look.
func (v Value) ASCII() bool { return v.Kind() == String && v.node().flags&valueASCII != 0 }

// Text is the un-escaped string; ok is false if v is no string. A lone surrogate
// becomes U+FFFD.
func (v Value) Text() (s string, ok bool) {
	content, plain := v.Bytes()
	switch {
	case v.Kind() != String:
		return "", false
	case plain:
		return string(content), true
	}
	return Unescape(content), true
}

// String is the un-escaped string, empty if v is no string.
func (v Value) String() string {
	s, _ := v.Text()
	return s
}

// Is tells whether v is a string with exactly this text.
func (v Value) Is(s string) bool {
	content, plain := v.Bytes()
	if plain {
		return string(content) == s
	}
	return v.Kind() == String && Unescape(content) == s
}

// Int64 is the value of a whole number.
func (v Value) Int64() (int64, bool) {
	if v.Kind() != Number {
		return 0, false
	}
	n, err := strconv.ParseInt(string(v.Raw()), 10, 64)
	return n, err == nil
}

// Bool is the value of true or false; isBool is false for anything else.
func (v Value) Bool() (value, isBool bool) {
	k := v.Kind()
	return k == True, k == True || k == False
}

// Unescape turns the content of a valid JSON string into its text.
func Unescape(content []byte) string {
	out := make([]byte, 0, len(content))
	for i := 0; i < len(content); {
		c := content[i]
		if c != '\\' || i+1 >= len(content) {
			out = append(out, c)
			i++
			continue
		}
		if content[i+1] == 'u' {
			r, size := unescapeRune(content[i:])
			out = utf8.AppendRune(out, r)
			i += size
			continue
		}
		out = append(out, unescapeByte(content[i+1]))
		i += 2
	}
	return string(out)
}

// unescapeRune reads \uXXXX, and the second half of a surrogate pair with it.
func unescapeRune(b []byte) (r rune, size int) {
	first, ok := hex4(b[2:])
	if !ok {
		return utf8.RuneError, 2
	}
	if !utf16.IsSurrogate(first) {
		return first, 6
	}
	if len(b) >= 12 && b[6] == '\\' && b[7] == 'u' {
		if second, ok := hex4(b[8:]); ok {
			if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
				return r, 12
			}
		}
	}
	return utf8.RuneError, 6
}

func unescapeByte(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// AppendString writes s as a JSON string in the form that appwebsocket.md 2.3
// asks for: escapes only for quote, backslash and control characters; / < > &
// and everything beyond ASCII stay. Invalid UTF-8 becomes U+FFFD.
func AppendString(dst []byte, s string) []byte { return appendQuoted(dst, s) }

// AppendStringBytes is AppendString for bytes.
func AppendStringBytes(dst, s []byte) []byte { return appendQuoted(dst, s) }

func appendQuoted[T string | []byte](dst []byte, s T) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			size := runeSize(s[i:])
			if size > 0 {
				i += size
				continue
			}
			dst = append(append(dst, s[start:i]...), "\uFFFD"...)
			i++
			start = i
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}

// runeSize is the length of the valid rune at the beginning of s, 0 if there is
// none.
func runeSize[T string | []byte](s T) int {
	var buf [utf8.UTFMax]byte
	n := copy(buf[:], s)
	r, size := utf8.DecodeRune(buf[:n])
	if r == utf8.RuneError && size <= 1 {
		return 0
	}
	return size
}
