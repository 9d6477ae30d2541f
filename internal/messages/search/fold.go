package search

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// foldVersion changes with every change of what is folded or cut: an index of
// another version is made anew.
const foldVersion = 1

// kind says how a character takes part in words.
type kind uint8

const (
	gap    kind = iota // separates words
	letter             // of a script that separates words
	dense              // of a script that writes words without gaps, or with short ones
	sign               // a word of its own, such as an emoji
)

// cell is a folded character and the bytes of the text that it stands for.
type cell struct {
	r        rune
	kind     kind
	from, to int32
}

// Fold returns the text as it is compared: without upper case, without accents
// and vowel points, and with the forms of a letter made one. It serves tests and
// those who want to know why something is found.
func Fold(text string) string {
	cells := foldCells(text)
	out := make([]rune, 0, len(cells))
	for _, c := range cells {
		out = append(out, c.r)
	}
	return string(out)
}

// foldCells folds a text. A character of the text becomes none, one or several
// cells. Bytes that are no UTF-8 become gaps.
func foldCells(text string) []cell { return appendCells(make([]cell, 0, len(text)), text) }

func appendCells(cells []cell, text string) []cell {
	for at := 0; at < len(text); {
		if c := text[at]; c < utf8.RuneSelf && (at+1 == len(text) || text[at+1] < utf8.RuneSelf) {
			cells = append(cells, asciiCell(c, at))
			at++
			continue
		}
		n := norm.NFKC.NextBoundaryInString(text[at:], true)
		if n <= 0 {
			n = 1
		}
		cells = foldSegment(cells, text[at:at+n], at)
		at += n
	}
	return cells
}

func asciiCell(c byte, at int) cell {
	out := cell{r: rune(c), from: int32(at), to: int32(at + 1)}
	switch {
	case 'A' <= c && c <= 'Z':
		out.r, out.kind = rune(c|0x20), letter
	case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		out.kind = letter
	}
	return out
}

// foldSegment folds a character with what is combined with it: taken apart,
// without the marks that readers leave out, put together again.
func foldSegment(cells []cell, segment string, at int) []cell {
	from, to := int32(at), int32(at+len(segment))
	kept := make([]rune, 0, 8)
	for _, r := range norm.NFKD.String(segment) {
		if !isLeftOut(r, kept) {
			kept = append(kept, r)
		}
	}
	for _, r := range norm.NFC.String(string(kept)) {
		for _, r := range lower(unicode.ToLower(r)) {
			cells = append(cells, cell{r: r, kind: kindOf(r), from: from, to: to})
		}
	}
	return cells
}

// isLeftOut reports whether a character does not count: invisible ones, and
// accents and vowel points, which writers set or leave out. The breve of й stays,
// which is a letter of its own to everybody who uses it; the vowel signs of Thai
// and of Indian scripts stay too.
func isLeftOut(r rune, before []rune) bool {
	switch {
	case r < 0x300:
		return r == 0xAD // soft hyphen
	case r == 0x306 && len(before) > 0:
		last := before[len(before)-1]
		return last != 'и' && last != 'И'
	case r == 0x640: // Arabic lengthening of a line
		return true
	}
	return unicode.Is(leftOut, r) || unicode.Is(unicode.Cf, r)
}

// leftOut are the marks that do not count.
var leftOut = &unicode.RangeTable{R16: []unicode.Range16{
	{Lo: 0x0300, Hi: 0x036F, Stride: 1}, // Latin, Greek, Cyrillic
	{Lo: 0x0483, Hi: 0x0489, Stride: 1},
	{Lo: 0x0591, Hi: 0x05BD, Stride: 1}, // Hebrew
	{Lo: 0x05BF, Hi: 0x05BF, Stride: 1},
	{Lo: 0x05C1, Hi: 0x05C2, Stride: 1},
	{Lo: 0x05C4, Hi: 0x05C5, Stride: 1},
	{Lo: 0x05C7, Hi: 0x05C7, Stride: 1},
	{Lo: 0x0610, Hi: 0x061A, Stride: 1}, // Arabic
	{Lo: 0x064B, Hi: 0x065F, Stride: 1},
	{Lo: 0x0670, Hi: 0x0670, Stride: 1},
	{Lo: 0x06D6, Hi: 0x06DC, Stride: 1},
	{Lo: 0x06DF, Hi: 0x06E4, Stride: 1},
	{Lo: 0x06E7, Hi: 0x06E8, Stride: 1},
	{Lo: 0x06EA, Hi: 0x06ED, Stride: 1},
	{Lo: 0x1AB0, Hi: 0x1ACE, Stride: 1},
	{Lo: 0x1DC0, Hi: 0x1DFF, Stride: 1},
	{Lo: 0x20D0, Hi: 0x20F0, Stride: 1},
	{Lo: 0xFE00, Hi: 0xFE0F, Stride: 1}, // variants of a sign
	{Lo: 0xFE20, Hi: 0xFE2F, Stride: 1},
}}

// lower makes the forms of a letter one, beyond upper and lower case.
func lower(r rune) []rune {
	switch r {
	case 'ı':
		return []rune{'i'}
	case 'ß':
		return []rune{'s', 's'}
	case 'æ':
		return []rune{'a', 'e'}
	case 'œ':
		return []rune{'o', 'e'}
	case 'ø':
		return []rune{'o'}
	case 'ł':
		return []rune{'l'}
	case 'đ', 'ð':
		return []rune{'d'}
	case 'ħ':
		return []rune{'h'}
	case 'þ':
		return []rune{'t', 'h'}
	case 'ς':
		return []rune{'σ'}
	case 'ى', 'ی': // the y of Arabic at the end of a word, and of Persian
		return []rune{'ي'}
	case 'ک':
		return []rune{'ك'}
	case 'ة':
		return []rune{'ه'}
	case 'ٱ':
		return []rune{'ا'}
	}
	return []rune{r}
}

// kindOf says how a folded character takes part in words.
func kindOf(r rune) kind {
	switch {
	case r < utf8.RuneSelf:
		return asciiCell(byte(r), 0).kind
	case unicode.In(r, unicode.L, unicode.N, unicode.M):
		if r == 'ー' || unicode.In(r, denseScripts...) {
			return dense
		}
		return letter
	case r != utf8.RuneError && unicode.Is(unicode.So, r):
		return sign
	}
	return gap
}

// denseScripts write words without gaps; Hangul with gaps, but with words of one
// or two characters to which others are attached.
var denseScripts = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai,
	unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Bopomofo, unicode.Yi, unicode.Tibetan,
}
