package strictjson

import (
	"unicode"
	"unicode/utf8"
)

// Names is a set of member names that a reader knows, made to find names that
// differ from them only in case: a reader blind to case would take those for the
// known ones.
type Names struct{ exact, folded map[string]struct{} }

// NewNames makes a set.
func NewNames(names ...string) *Names {
	n := &Names{exact: map[string]struct{}{}, folded: map[string]struct{}{}}
	for _, name := range names {
		n.exact[name] = struct{}{}
		n.folded[Fold(name)] = struct{}{}
	}
	return n
}

// Has tells whether a name is in the set as it is.
func (n *Names) Has(name string) bool {
	_, ok := n.exact[name]
	return ok
}

// Variant tells whether a name is not in the set but equals one of its names
// except for upper and lower case (Unicode simple folding).
func (n *Names) Variant(name string) bool {
	if n.Has(name) {
		return false
	}
	_, ok := n.folded[Fold(name)]
	return ok
}

// Fold maps names that are equal without regard to case to one form.
func Fold(s string) string {
	out := make([]byte, 0, len(s))
	for _, r := range s {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		if least >= 'A' && least <= 'Z' {
			least += 'a' - 'A'
		}
		out = utf8.AppendRune(out, least)
	}
	return string(out)
}

// AppendClean writes v anew, leaving out, at every depth, members whose name is
// a variant of a known one or repeats an elder sibling's but for case. removed is
// how many there were. Scalars stay byte for byte.
func AppendClean(dst []byte, v Value, known *Names) (out []byte, removed int) {
	switch v.Kind() {
	case Object:
		return appendCleanObject(dst, v, known)
	case Array:
		return appendCleanArray(dst, v, known)
	}
	return append(dst, v.Raw()...), 0
}

func appendCleanArray(dst []byte, v Value, known *Names) (out []byte, removed int) {
	dst = append(dst, '[')
	first := true
	for e := range v.Elements() {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		var n int
		dst, n = AppendClean(dst, e, known)
		removed += n
	}
	return append(dst, ']'), removed
}

func appendCleanObject(dst []byte, v Value, known *Names) (out []byte, removed int) {
	dst = append(dst, '{')
	seen := map[string]struct{}{}
	for m := range v.Members() {
		name := m.Name()
		folded := Fold(name)
		if _, twice := seen[folded]; twice || known.Variant(name) {
			removed++
			continue
		}
		if len(seen) > 0 {
			dst = append(dst, ',')
		}
		seen[folded] = struct{}{}
		dst = append(AppendString(dst, name), ':')
		var n int
		dst, n = AppendClean(dst, m.Value(), known)
		removed += n
	}
	return append(dst, '}'), removed
}
