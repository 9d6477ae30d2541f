package directory

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold is the form in which names are compared: composed (NFC), with every
// letter replaced by the one that stands for all its cases, so that no two
// names differ only in case or in how an accent is written.
func Fold(name string) string {
	if key, ok := foldASCII(make([]byte, 0, len(name)), name); ok {
		return string(key)
	}
	return strings.Map(foldRune, norm.NFC.String(name))
}

// foldRune is the smallest of the runes that are equal under simple folding, in
// lower case if that is an ASCII letter.
func foldRune(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	if 'A' <= least && least <= 'Z' {
		return least + 'a' - 'A'
	}
	return least
}

// foldASCII appends name in lower case to dst, whose capacity is the limit. It
// fails for names that are longer or not plain ASCII.
func foldASCII(dst []byte, name string) ([]byte, bool) {
	if len(name) > cap(dst) {
		return nil, false
	}
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c >= utf8.RuneSelf {
			return nil, false
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst, true
}

// sameName compares without allocating for what nearly always comes.
func sameName(a, b string) bool {
	return a == b || strings.EqualFold(a, b)
}

// CompareNames is the order in which the directory lists names.
func CompareNames(a, b string) int { return compareText(a, b) }

// sameHost compares a stored domain name, which is lower case, with another.
func sameHost(stored, other string) bool {
	return len(stored) == len(other) && strings.EqualFold(stored, other)
}

func compareText(a, b string) int {
	return cmp.Or(cmp.Compare(Fold(a), Fold(b)), cmp.Compare(a, b))
}

// randomHex is 32 hex digits from crypto/rand.
func randomHex() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

const alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// randomAlphanumeric is n characters, each of 62 equally likely ones.
func randomAlphanumeric(n int) string {
	text := make([]byte, 0, n)
	var b [64]byte
	for len(text) < n {
		rand.Read(b[:]) // never fails
		for _, c := range b {
			if c < 4*byte(len(alphanumeric)) && len(text) < n {
				text = append(text, alphanumeric[c%byte(len(alphanumeric))])
			}
		}
	}
	return string(text)
}
