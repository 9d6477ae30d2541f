// Package strictjson reads JSON that comes from strangers.
//
// One pass validates a text and writes a tape of where its values stand:
// nothing is decoded, copied or allocated until somebody asks. It is stricter
// than most readers: names are compared un-escaped and case-sensitively, a name
// that stands twice in one object is reported, depth is limited, and strings
// must be UTF-8. So no two readers behind it can see different messages.
//
// A Doc is used by one goroutine at a time and may be reused; its values point
// into the parsed text and end with the next Parse.
package strictjson

import (
	"fmt"
	"iter"
)

// MaxDepth is how deep objects and arrays may be nested.
const MaxDepth = 64

// Kind is the type of a JSON value.
type Kind uint8

// The kinds of values. Invalid is what an absent member has.
const (
	Invalid Kind = iota
	Null
	False
	True
	Number
	String
	Object
	Array
)

// SyntaxError says where and why a text is not acceptable JSON.
type SyntaxError struct {
	Offset int
	Reason string
}

// Error implements error.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("JSON: %s at byte %d", e.Reason, e.Offset)
}

// Doc is a parsed text. The zero value is ready for Parse.
type Doc struct {
	text  []byte
	nodes []node
	dup   int // depth of the outermost object with a repeated name, 0 = none
}

// node is one value on the tape. Children follow their container directly;
// next leads from one child to the following.
type node struct {
	start, end       uint32 // the value in the text
	keyStart, keyEnd uint32 // the member name without its quotes
	next             uint32 // index of the next sibling, 0 = last
	kind             Kind
	flags            uint8
}

const (
	valueEscaped uint8 = 1 << iota // a string with at least one escape
	valueASCII                     // a string of ASCII characters without escapes
	keyEscaped
	hasChildren
)

// Parse reads a whole text. It keeps a reference to it: the text must not change
// while values of the Doc are used. The error is a *SyntaxError. A repeated
// member name is no error here: see Duplicate.
func (d *Doc) Parse(text []byte) error {
	d.text, d.dup = text, 0
	p := parser{d: d, text: text, nodes: d.nodes[:0]}
	p.space()
	err := p.value(1, 0, 0, 0)
	d.nodes = p.nodes
	if err != nil {
		d.nodes = d.nodes[:0]
		return err
	}
	p.space()
	if p.pos != len(text) {
		return p.fail("text after the value")
	}
	return nil
}

// Reset lets go of the text. A tape that a very large text has left behind is
// given to the garbage collector.
func (d *Doc) Reset() {
	d.text, d.dup = nil, 0
	if cap(d.nodes) > 1024 {
		d.nodes = nil
	}
	d.nodes = d.nodes[:0]
}

// Duplicate tells whether a name stands twice in one object, and at which depth
// the outermost such object is: 1 is the object that is the whole text.
func (d *Doc) Duplicate() (depth int, found bool) { return d.dup, d.dup != 0 }

// Root is the value that is the whole text.
func (d *Doc) Root() Value {
	if len(d.nodes) == 0 {
		return Value{}
	}
	return Value{d: d}
}

// Value is one value of a Doc. The zero Value is absent: its Kind is Invalid
// and everything asked of it is empty.
type Value struct {
	d *Doc
	i uint32
}

func (v Value) node() *node { return &v.d.nodes[v.i] }

// Kind is the type of the value, Invalid if it is absent.
func (v Value) Kind() Kind {
	if v.d == nil {
		return Invalid
	}
	return v.node().kind
}

// Exists tells whether the value is there (null is there).
func (v Value) Exists() bool { return v.d != nil }

// Raw is the value as it stands in the text, nil if absent.
func (v Value) Raw() []byte {
	if v.d == nil {
		return nil
	}
	n := v.node()
	return v.d.text[n.start:n.end:n.end]
}

// Get is the member of an object with exactly this name, the first if the name
// is repeated; the zero Value if there is none or v is no object.
func (v Value) Get(name string) Value {
	if v.d == nil || v.node().kind != Object || v.node().flags&hasChildren == 0 {
		return Value{}
	}
	text, nodes := v.d.text, v.d.nodes
	for i := v.i + 1; ; {
		n := &nodes[i]
		if n.flags&keyEscaped == 0 {
			if string(text[n.keyStart:n.keyEnd]) == name {
				return Value{v.d, i}
			}
		} else if Unescape(text[n.keyStart:n.keyEnd]) == name {
			return Value{v.d, i}
		}
		if i = n.next; i == 0 {
			return Value{}
		}
	}
}

// Members yields the members of an object in their order.
func (v Value) Members() iter.Seq[Member] {
	return func(yield func(Member) bool) {
		for c := v.first(Object); c.d != nil; c = c.sibling() {
			if !yield(Member{c}) {
				return
			}
		}
	}
}

// Elements yields the elements of an array in their order.
func (v Value) Elements() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		for c := v.first(Array); c.d != nil; c = c.sibling() {
			if !yield(c) {
				return
			}
		}
	}
}

// Len is the number of members or elements.
func (v Value) Len() int {
	n := 0
	for c := v.first(v.Kind()); c.d != nil; c = c.sibling() {
		n++
	}
	return n
}

func (v Value) first(k Kind) Value {
	if v.d == nil || v.node().kind != k || v.node().flags&hasChildren == 0 {
		return Value{}
	}
	return Value{v.d, v.i + 1}
}

func (v Value) sibling() Value {
	next := v.node().next
	if next == 0 {
		return Value{}
	}
	return Value{v.d, next}
}

// Member is a named value of an object.
type Member struct{ v Value }

// Value is the value of the member.
func (m Member) Value() Value { return m.v }

// NameIs compares the un-escaped name, case-sensitively, without allocating
// unless the name has escapes.
func (m Member) NameIs(name string) bool {
	raw, plain := m.NameBytes()
	if plain {
		return string(raw) == name
	}
	return Unescape(raw) == name
}

// Name is the un-escaped name.
func (m Member) Name() string {
	raw, plain := m.NameBytes()
	if plain {
		return string(raw)
	}
	return Unescape(raw)
}

// NameBytes is the name as it stands in the text, without quotes; plain says
// that it has no escapes.
func (m Member) NameBytes() (raw []byte, plain bool) {
	n := m.v.node()
	return m.v.d.text[n.keyStart:n.keyEnd], n.flags&keyEscaped == 0
}
