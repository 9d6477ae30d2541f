package sanitize

// The scan looks at eight bytes at a time. For a word w and a byte value n, the
// high bits of (w^nnnn-0101)&^(w^nnnn)&8080 tell whether a byte of w equals n;
// bytes after the first hit may be reported wrongly, so the answer is only
// "somewhere in here", which is all that is asked.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// c1Lead is the first byte of U+0080 to U+00BF in UTF-8; a second byte of 0x80 to
// 0x9F makes it a C1 control character.
const c1Lead = 0xC2

// IsPlain reports whether b has no '<', no '&' and no control character (C0,
// DEL or C1). HTML returns such a text unchanged, and it may stand in a JSON
// string as far as control characters are concerned. It does not check UTF-8.
func IsPlain(b []byte) bool { return isPlain(b) }

func isPlain[T string | []byte](s T) bool {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if suspicious(word(s[i:i+8])) && !plainBytes(s, i, i+8) {
			return false
		}
	}
	return plainBytes(s, i, len(s))
}

// word is the little-endian value of eight bytes; the compiler makes it one load.
func word[T string | []byte](s T) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// suspicious reports whether one of eight bytes may be the start of something
// that is not plain.
func suspicious(w uint64) bool {
	lt, amp := w^('<'*ones), w^('&'*ones)
	del, c1 := w^(0x7F*ones), w^(c1Lead*ones)
	hit := (w-0x20*ones)&^w | (lt-ones)&^lt | (amp-ones)&^amp | (del-ones)&^del | (c1-ones)&^c1
	return hit&highs != 0
}

// plainBytes is the exact test for s[from:to], looking one byte further where a
// character begins at the border.
func plainBytes[T string | []byte](s T, from, to int) bool {
	for i := from; i < to; i++ {
		switch c := s[i]; {
		case c < 0x20, c == '<', c == '&', c == 0x7F:
			return false
		case c == c1Lead && i+1 < len(s) && s[i+1]-0x80 < 0x20:
			return false
		}
	}
	return true
}

// untouched reports whether HTML has nothing to do: the text is plain, or only
// newlines and tabs keep it from being so.
func untouched(s string) bool {
	if isPlain(s) {
		return true
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c != '\n' && c != '\t' && !plainBytes(s, i, i+1) {
			return false
		}
	}
	return true
}

// isControl reports whether r is a C0 or C1 control character or DEL.
func isControl(r rune) bool {
	return r < 0x20 || r >= 0x7F && r < 0xA0
}
