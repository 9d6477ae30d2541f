package testkit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// vars are the names that a dialogue has bound. It belongs to the goroutine
// that plays the dialogue.
type vars struct {
	values map[string]*node
}

func newVars() *vars { return &vars{values: map[string]*node{}} }

func (v *vars) get(name string) *node { return v.values[name] }

func (v *vars) bind(name string, n *node) { v.values[name] = n }

// bindText binds a string.
func (v *vars) bindText(name, text string) {
	v.bind(name, &node{kind: kindString, raw: quote(text), text: text})
}

// quote writes a JSON string without needless escapes.
func quote(text string) []byte {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(text); err != nil {
		return []byte(`""`)
	}
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}

var (
	quotedName = regexp.MustCompile(`"\$([A-Za-z_][\w.]*)(?::([^":\\]*):(\d+))?"`)
	bareName   = regexp.MustCompile(`\$([A-Za-z_][\w.]*)`)
)

// fill replaces each "$name" of a frame by the bound value as it was received,
// and "$repeat:x:n" by a string of n times x.
func (v *vars) fill(frame string) (string, error) {
	var bad error
	out := quotedName.ReplaceAllStringFunc(frame, func(s string) string {
		p := quotedName.FindStringSubmatch(s)
		if p[1] == "repeat" && p[3] != "" {
			n, err := strconv.Atoi(p[3])
			if err != nil {
				bad = err
			}
			return `"` + strings.Repeat(p[2], n) + `"`
		}
		n := v.get(p[1])
		if n == nil || p[3] != "" {
			bad = fmt.Errorf("%s is not bound", s)
			return s
		}
		return string(n.raw)
	})
	return out, bad
}

// expand replaces each $name inside a text: strings by their content, other
// values by their bytes as received. A dot behind a name belongs to the text.
func (v *vars) expand(text string) (string, error) {
	var bad error
	out := bareName.ReplaceAllStringFunc(text, func(s string) string {
		name := strings.TrimRight(s[1:], ".")
		n := v.get(name)
		if n == nil {
			bad = fmt.Errorf("$%s is not bound", name)
			return s
		}
		return n.plain() + s[1+len(name):]
	})
	return out, bad
}

// plain is the content of a string, or the bytes of another value.
func (n *node) plain() string {
	if n.kind == kindString {
		return n.text
	}
	return string(n.raw)
}

// let computes one of the functions of the let step.
func let(function, text string) (string, error) {
	switch function {
	case "sha256":
		return digest(text), nil
	case "encode":
		return strings.ReplaceAll(url.QueryEscape(text), "+", "%20"), nil
	case "decode":
		return url.PathUnescape(text)
	}
	return "", fmt.Errorf("unknown function %s", function)
}

// digest is SHA-256 in lower-case hex.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// compare is the check step: a bound value against another one or against the
// bytes of a JSON text. It says whether they are equal, byte for byte.
func (v *vars) compare(name, right string) (equal bool, left, other string, err error) {
	n := v.get(name)
	if n == nil {
		return false, "", "", fmt.Errorf("$%s is not bound", name)
	}
	if !strings.HasPrefix(right, "$") {
		return string(n.raw) == right, string(n.raw), right, nil
	}
	o := v.get(right[1:])
	if o == nil {
		return false, "", "", fmt.Errorf("%s is not bound", right)
	}
	return n.kind == o.kind && n.plain() == o.plain(), n.plain(), o.plain(), nil
}
