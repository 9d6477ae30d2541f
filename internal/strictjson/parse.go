package strictjson

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// parser walks over a text once and writes the tape of its Doc.
type parser struct {
	d     *Doc
	text  []byte
	nodes []node
	pos   int
}

func (p *parser) fail(reason string) error { return &SyntaxError{Offset: p.pos, Reason: reason} }

// space passes over white space; most texts have none.
func (p *parser) space() {
	if p.pos < len(p.text) && p.text[p.pos] <= ' ' {
		p.spaces()
	}
}

func (p *parser) spaces() {
	for p.pos < len(p.text) {
		switch p.text[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// value reads one value at the given depth; key span and flags are those of the
// member that it belongs to.
func (p *parser) value(depth int, keyStart, keyEnd int, flags uint8) error {
	if p.pos >= len(p.text) {
		return p.fail("unexpected end")
	}
	start, kind, err := p.pos, Invalid, error(nil)
	switch p.text[start] {
	case '"':
		var form uint8
		form, err = p.str()
		flags |= form
		kind = String
	case '{', '[':
		return p.container(depth, keyStart, keyEnd, flags)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		kind, err = Number, p.number()
	case 't':
		kind, err = True, p.word("true")
	case 'f':
		kind, err = False, p.word("false")
	case 'n':
		kind, err = Null, p.word("null")
	default:
		err = p.fail("unexpected character")
	}
	p.nodes = append(p.nodes, node{
		start: uint32(start), end: uint32(p.pos), keyStart: uint32(keyStart), keyEnd: uint32(keyEnd), kind: kind, flags: flags,
	})
	return err
}

// container reads an object or array: its node stands before those of its
// children.
func (p *parser) container(depth int, keyStart, keyEnd int, flags uint8) (err error) {
	i := len(p.nodes)
	p.nodes = append(p.nodes, node{
		start: uint32(p.pos), keyStart: uint32(keyStart), keyEnd: uint32(keyEnd), kind: Object, flags: flags,
	})
	if p.text[p.pos] == '{' {
		err = p.object(i, depth)
	} else {
		p.nodes[i].kind = Array
		err = p.array(i, depth)
	}
	p.nodes[i].end = uint32(p.pos)
	return err
}

func (p *parser) word(w string) error {
	if len(p.text)-p.pos < len(w) || string(p.text[p.pos:p.pos+len(w)]) != w {
		return p.fail("unknown word")
	}
	p.pos += len(w)
	return nil
}

// object reads from { to }; i is the index of its node.
func (p *parser) object(i, depth int) error {
	if depth > MaxDepth {
		return p.fail("nested too deep")
	}
	p.pos++
	p.space()
	if p.eat('}') {
		return nil
	}
	last, count, seen := 0, 0, nameSet(0)
	for {
		if p.pos >= len(p.text) || p.text[p.pos] != '"' {
			return p.fail("member name expected")
		}
		keyStart := p.pos + 1
		form, err := p.str()
		if err != nil {
			return err
		}
		keyEnd := p.pos - 1
		p.space()
		if !p.eat(':') {
			return p.fail("colon expected")
		}
		p.space()
		var flags uint8
		if form&valueEscaped != 0 {
			flags = keyEscaped
		}
		child := len(p.nodes)
		if err := p.value(depth+1, keyStart, keyEnd, flags); err != nil {
			return err
		}
		p.link(i, &last, child)
		if count++; seen.maybe(p.text[keyStart:keyEnd], flags) && count <= pairwise {
			p.compare(i, child, depth)
		}
		if more, err := p.separator('}'); err != nil || !more {
			p.compareMany(i, count, depth)
			return err
		}
	}
}

// array reads from [ to ]; i is the index of its node.
func (p *parser) array(i, depth int) error {
	if depth > MaxDepth {
		return p.fail("nested too deep")
	}
	p.pos++
	p.space()
	if p.eat(']') {
		return nil
	}
	last := 0
	for {
		child := len(p.nodes)
		if err := p.value(depth+1, 0, 0, 0); err != nil {
			return err
		}
		p.link(i, &last, child)
		if more, err := p.separator(']'); err != nil || !more {
			return err
		}
	}
}

// link puts a child behind the last one of its container.
func (p *parser) link(container int, last *int, child int) {
	if *last == 0 {
		p.nodes[container].flags |= hasChildren
	} else {
		p.nodes[*last].next = uint32(child)
	}
	*last = child
}

// separator reads a comma (more follows) or the end of the container.
func (p *parser) separator(end byte) (more bool, err error) {
	p.space()
	switch {
	case p.eat(end):
		return false, nil
	case p.eat(','):
		p.space()
		return true, nil
	}
	return false, p.fail("comma or end expected")
}

func (p *parser) eat(c byte) bool {
	if p.pos < len(p.text) && p.text[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

// number reads what RFC 8259 section 6 allows.
func (p *parser) number() error {
	p.eat('-')
	if !p.eat('0') && p.digits() == 0 {
		return p.fail("digit expected")
	}
	if p.eat('.') && p.digits() == 0 {
		return p.fail("digit expected")
	}
	if p.eat('e') || p.eat('E') {
		if !p.eat('+') {
			p.eat('-')
		}
		if p.digits() == 0 {
			return p.fail("digit expected")
		}
	}
	return nil
}

func (p *parser) digits() int {
	start := p.pos
	for p.pos < len(p.text) && p.text[p.pos] >= '0' && p.text[p.pos] <= '9' {
		p.pos++
	}
	return p.pos - start
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special marks the bytes of x that a string scan must look at: quote,
// backslash, control characters and everything beyond ASCII.
func special(x uint64) uint64 {
	quote := x ^ ones*'"'
	slash := x ^ ones*'\\'
	return ((quote-ones)&^quote | (slash-ones)&^slash | (x-ones*0x20)&^x | x) & highs
}

// shortString is up to where a string is read byte by byte: names and most values.
const shortString = 16

// str reads a string with its quotes. form says what is in it: valueEscaped, or
// valueASCII.
func (p *parser) str() (form uint8, err error) {
	text, start := p.text, p.pos+1
	pos := start
	for end := min(len(text), pos+shortString); pos < end; pos++ {
		c := text[pos]
		if c == '"' {
			p.pos = pos + 1
			return valueASCII, nil
		}
		if c < 0x20 || c >= utf8.RuneSelf || c == '\\' {
			return p.strange(start, pos)
		}
	}
	rest := text[pos:]
	n := bytes.IndexByte(rest, '"')
	if n < 0 || bytes.IndexByte(rest[:n], '\\') >= 0 || !isText(rest[:n]) {
		return p.strange(start, pos)
	}
	p.pos = pos + n + 1
	return valueASCII, nil
}

// isText tells whether b has neither control characters nor anything beyond
// ASCII, eight bytes at a time.
func isText(b []byte) bool {
	bad := uint64(0)
	for len(b) >= 8 {
		x := binary.LittleEndian.Uint64(b)
		bad |= (x-ones*0x20)&^x | x
		b = b[8:]
	}
	for _, c := range b {
		if c < 0x20 {
			return false
		}
		bad |= uint64(c)
	}
	return bad&highs == 0
}

// strange goes on with a string that has escapes, characters beyond ASCII, or a
// mistake.
func (p *parser) strange(start, pos int) (form uint8, err error) {
	p.pos = pos
	text, ascii := p.text, true
	for {
		for len(text)-p.pos >= 8 && special(binary.LittleEndian.Uint64(text[p.pos:])) == 0 {
			p.pos += 8
		}
		if p.pos >= len(text) {
			return form, p.fail("string without end")
		}
		switch c := text[p.pos]; {
		case c == '"':
			if !ascii && !utf8.Valid(text[start:p.pos]) {
				return form, p.fail("string is not UTF-8")
			}
			p.pos++
			return form, nil
		case c == '\\':
			form = valueEscaped
			if err := p.escape(); err != nil {
				return form, err
			}
		case c < 0x20:
			return form, p.fail("control character in a string")
		default:
			ascii = ascii && c < utf8.RuneSelf
			p.pos++
		}
	}
}

func (p *parser) escape() error {
	p.pos++
	if p.pos >= len(p.text) {
		return p.fail("string without end")
	}
	switch p.text[p.pos] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		p.pos++
		return nil
	case 'u':
		if _, ok := hex4(p.text[p.pos+1:]); !ok {
			return p.fail("bad \\u escape")
		}
		p.pos += 5
		return nil
	}
	return p.fail("bad escape")
}

// nameSet remembers names roughly: it may take a new one for an old one, never the
// other way round. It spares most names the comparison.
type nameSet uint64

// maybe enters a name and tells whether it may have been there. A name with
// escapes may be any.
func (s *nameSet) maybe(name []byte, flags uint8) bool {
	if flags&keyEscaped != 0 {
		*s = ^nameSet(0)
		return true
	}
	hash := uint(len(name)) * 11
	if len(name) > 0 {
		hash += uint(name[0]) ^ uint(name[len(name)-1])<<2
	}
	bit := nameSet(1) << (hash % 64)
	was := *s&bit != 0
	*s |= bit
	return was
}

// pairwise is up to how many members an object's names are compared one by one.
const pairwise = 16

// compare looks for the name of the newest child among its elder siblings.
func (p *parser) compare(container, child, depth int) {
	nodes, c := p.nodes, &p.nodes[child]
	size := c.keyEnd - c.keyStart
	name := p.text[c.keyStart:c.keyEnd]
	for i := container + 1; i != child; i = int(nodes[i].next) {
		n := &nodes[i]
		if (n.flags|c.flags)&keyEscaped != 0 {
			if p.name(n) == p.name(c) {
				p.duplicate(depth)
			}
			continue
		}
		if n.keyEnd-n.keyStart == size && string(p.text[n.keyStart:n.keyEnd]) == string(name) {
			p.duplicate(depth)
		}
	}
}

// compareMany does the same for an object with many members, in linear time.
func (p *parser) compareMany(container, count, depth int) {
	if count <= pairwise {
		return
	}
	seen := make(map[string]struct{}, count)
	for i := uint32(container) + 1; i != 0; i = p.nodes[i].next {
		seen[p.name(&p.nodes[i])] = struct{}{}
	}
	if len(seen) != count {
		p.duplicate(depth)
	}
}

func (p *parser) name(n *node) string {
	raw := p.text[n.keyStart:n.keyEnd]
	if n.flags&keyEscaped != 0 {
		return Unescape(raw)
	}
	return string(raw)
}

func (p *parser) duplicate(depth int) {
	if p.d.dup == 0 || depth < p.d.dup {
		p.d.dup = depth
	}
}
