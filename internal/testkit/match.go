package testkit

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// types are the types of placeholders. They cannot be names.
var types = []string{"int", "pos", "neg", "ms", "sec", "guid", "hex16", "str", "any", "raw", "rest"}

var (
	placeholder = regexp.MustCompile(`^\$([A-Za-z_][\w.]*)(?::(\w+))?$`)
	guidForm    = regexp.MustCompile(`^[0-9a-fA-F]{32}$`)
	hex16Form   = regexp.MustCompile(`^[0-9a-f]{16}$`)
)

// after2020 is the least number that $ms takes.
const after2020 = 1577836800000

// matcher compares one received value with one pattern. What the pattern binds
// is kept apart until commit, so that a failed match leaves no trace.
type matcher struct {
	vars  *vars
	now   time.Time
	fresh map[string]*node
}

func newMatcher(v *vars, now time.Time) *matcher {
	return &matcher{vars: v, now: now, fresh: map[string]*node{}}
}

// commit makes the names known that the last match has bound.
func (m *matcher) commit() {
	for name, n := range m.fresh {
		m.vars.bind(name, n)
	}
}

func (m *matcher) lookup(name string) *node {
	if n := m.fresh[name]; n != nil {
		return n
	}
	return m.vars.get(name)
}

// match returns nil if got has everything that want asks for, else what differs
// first and where.
func (m *matcher) match(want, got *node, path string) error {
	if want.kind == kindString {
		if p := placeholder.FindStringSubmatch(want.text); p != nil {
			return m.hole(p[1], p[2], got, path)
		}
	}
	if want.kind != got.kind {
		return differ(path, want, got)
	}
	switch want.kind {
	case kindObject:
		return m.object(want, got, path)
	case kindArray:
		return m.array(want, got, path)
	case kindNumber:
		if sameNumber(want.text, got.text) {
			return nil
		}
	default:
		if want.text == got.text {
			return nil
		}
	}
	return differ(path, want, got)
}

func differ(path string, want, got *node) error {
	return fmt.Errorf("%s is %s, want %s", place(path), brief(got.raw), brief(want.raw))
}

func place(path string) string {
	if path == "" {
		return "the frame"
	}
	return path[1:]
}

func (m *matcher) object(want, got *node, path string) error {
	for _, w := range want.members {
		if w.name == "!" {
			if err := absent(w.value, got, path); err != nil {
				return err
			}
			continue
		}
		g := got.get(w.name)
		if g == nil {
			return fmt.Errorf("%s is missing", place(path+"."+w.name))
		}
		if err := m.match(w.value, g, path+"."+w.name); err != nil {
			return err
		}
	}
	return nil
}

func absent(names, got *node, path string) error {
	for _, n := range names.elems {
		if g := got.get(n.text); g != nil {
			return fmt.Errorf("%s must be absent, is %s", place(path+"."+n.text), brief(g.raw))
		}
	}
	return nil
}

func (m *matcher) array(want, got *node, path string) error {
	elems := want.elems
	open := len(elems) > 0 && elems[len(elems)-1].isString("$rest")
	if open {
		elems = elems[:len(elems)-1]
	}
	if len(got.elems) < len(elems) || len(got.elems) > len(elems) && !open {
		return fmt.Errorf("%s has %d elements, want %d", place(path), len(got.elems), len(elems))
	}
	for i, w := range elems {
		if err := m.match(w, got.elems[i], fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	return nil
}

// hole matches a placeholder: $type, $name or $name:type.
func (m *matcher) hole(name, typ string, got *node, path string) error {
	if typ == "" && slices.Contains(types, name) {
		return m.typed(name, got, path)
	}
	if err := m.typed(typ, got, path); err != nil {
		return err
	}
	old := m.lookup(name)
	if old == nil {
		m.fresh[name] = got
		return nil
	}
	if !sameValue(old, got) {
		return fmt.Errorf("%s is %s, but $%s is %s", place(path), brief(got.raw), name, brief(old.raw))
	}
	return nil
}

// typed checks the type of a value; "", "any" and "raw" take every value.
func (m *matcher) typed(typ string, got *node, path string) error {
	if typ == "" || typ == "any" || typ == "raw" || m.isType(typ, got) {
		return nil
	}
	return fmt.Errorf("%s is %s, want $%s", place(path), brief(got.raw), typ)
}

func (m *matcher) isType(typ string, got *node) bool {
	switch typ {
	case "str":
		return got.kind == kindString && got.text != ""
	case "guid":
		return got.kind == kindString && guidForm.MatchString(got.text)
	case "hex16":
		return got.kind == kindString && hex16Form.MatchString(got.text)
	}
	i, ok := integer(got)
	if !ok {
		return false
	}
	switch typ {
	case "int":
		return true
	case "pos":
		return i > 0
	case "neg":
		return i < 0
	case "ms":
		return i >= after2020
	case "sec":
		d := time.Unix(i, 0).Sub(m.now)
		return d.Abs() <= 5*time.Minute
	}
	return false
}

// integer returns the value of a number without fraction.
func integer(n *node) (int64, bool) {
	if n == nil || n.kind != kindNumber {
		return 0, false
	}
	i, err := strconv.ParseInt(n.text, 10, 64)
	return i, err == nil
}

func sameNumber(a, b string) bool {
	if a == b {
		return true
	}
	x, okx := new(big.Rat).SetString(a)
	y, oky := new(big.Rat).SetString(b)
	return okx && oky && x.Cmp(y) == 0
}

// sameValue compares two bound values: everything but white space, the spelling
// of strings and numbers, and the order of members counts.
func sameValue(a, b *node) bool {
	if a.kind != b.kind || len(a.members) != len(b.members) || len(a.elems) != len(b.elems) {
		return false
	}
	for _, m := range a.members {
		if o := b.get(m.name); o == nil || !sameValue(m.value, o) {
			return false
		}
	}
	for i, e := range a.elems {
		if !sameValue(e, b.elems[i]) {
			return false
		}
	}
	if a.kind == kindNumber {
		return sameNumber(a.text, b.text)
	}
	return a.text == b.text
}

// brief cuts a long value for a message.
func brief(raw []byte) string {
	const most = 300
	if len(raw) <= most {
		return string(raw)
	}
	return fmt.Sprintf("%s… (%d bytes)", raw[:most], len(raw))
}
