package testkit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// kind says what a JSON value is.
type kind uint8

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindString
	kindObject
	kindArray
)

// node is one JSON value that remembers everything it was read from: the bytes,
// the order of the members, and members that stand there twice.
type node struct {
	kind    kind
	raw     []byte // the value as received, without white space around it
	text    string // string: the content; number and bool: as written
	members []member
	elems   []*node
}

type member struct {
	name  string
	value *node
}

// get returns the first member of that exact name, or nil. A nil node has none.
func (n *node) get(name string) *node {
	if n == nil {
		return nil
	}
	for _, m := range n.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// str returns the content of a string value, else "".
func (n *node) str() string {
	if n == nil || n.kind != kindString {
		return ""
	}
	return n.text
}

// isString says whether the value is the string s.
func (n *node) isString(s string) bool {
	return n != nil && n.kind == kindString && n.text == s
}

// strings calls f for every string below n, member names included.
func (n *node) strings(f func(string)) {
	if n.kind == kindString {
		f(n.text)
	}
	for _, m := range n.members {
		f(m.name)
		m.value.strings(f)
	}
	for _, e := range n.elems {
		e.strings(f)
	}
}

// reader builds nodes from the tokens of encoding/json.
type reader struct {
	text []byte
	dec  *json.Decoder
}

// parseJSON reads exactly one JSON value. The nodes share text.
func parseJSON(text []byte) (*node, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("not UTF-8")
	}
	r := &reader{text: text, dec: json.NewDecoder(bytes.NewReader(text))}
	r.dec.UseNumber()
	n, err := r.value()
	if err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	if _, err := r.dec.Token(); err != io.EOF {
		return nil, errors.New("not JSON: more than one value")
	}
	return n, nil
}

func (r *reader) value() (*node, error) {
	start := r.start()
	t, err := r.dec.Token()
	if err != nil {
		return nil, err
	}
	n := &node{}
	if err := r.fill(n, t); err != nil {
		return nil, err
	}
	n.raw = r.text[start:r.dec.InputOffset()]
	return n, nil
}

// start is the place of the next value: behind white space and separators.
func (r *reader) start() int64 {
	i := r.dec.InputOffset()
	for i < int64(len(r.text)) && strings.IndexByte(" \t\r\n,:", r.text[i]) >= 0 {
		i++
	}
	return i
}

func (r *reader) fill(n *node, t json.Token) error {
	switch v := t.(type) {
	case nil:
		n.kind = kindNull
	case bool:
		n.kind, n.text = kindBool, fmt.Sprint(v)
	case json.Number:
		n.kind, n.text = kindNumber, v.String()
	case string:
		n.kind, n.text = kindString, v
	case json.Delim:
		if v == '{' {
			n.kind = kindObject
			return r.object(n)
		}
		n.kind = kindArray
		return r.array(n)
	}
	return nil
}

func (r *reader) object(n *node) error {
	for r.dec.More() {
		t, err := r.dec.Token()
		if err != nil {
			return err
		}
		name, ok := t.(string)
		if !ok {
			return fmt.Errorf("member name %v", t)
		}
		v, err := r.value()
		if err != nil {
			return err
		}
		n.members = append(n.members, member{name, v})
	}
	_, err := r.dec.Token()
	return err
}

func (r *reader) array(n *node) error {
	for r.dec.More() {
		v, err := r.value()
		if err != nil {
			return err
		}
		n.elems = append(n.elems, v)
	}
	_, err := r.dec.Token()
	return err
}

// firstWins reads n as a parser does that keeps the first of two members of one
// name.
func firstWins(n *node) any {
	switch n.kind {
	case kindNull:
		return nil
	case kindBool:
		return n.text == "true"
	case kindNumber:
		return json.Number(n.text)
	case kindString:
		return n.text
	case kindArray:
		a := make([]any, 0, len(n.elems))
		for _, e := range n.elems {
			a = append(a, firstWins(e))
		}
		return a
	}
	o := map[string]any{}
	for _, m := range n.members {
		if _, there := o[m.name]; !there {
			o[m.name] = firstWins(m.value)
		}
	}
	return o
}

// lastWins reads text as most parsers do, which keep the last of two members of
// one name.
func lastWins(text []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	err := dec.Decode(&v)
	return v, err
}
