package sanitize

import (
	"slices"
	"strings"
)

// void are the allowed elements that have no content and no end tag.
var void = []string{"br", "hr"}

// numbers gives every allowed element its index in allowed.
var numbers = func() map[string]int {
	m := make(map[string]int, len(allowed))
	for i, name := range allowed {
		m[name] = i
	}
	return m
}()

// balance is the last pass, over the output of bluemonday. It undoes the
// escaping of quotes, removes the control characters that entities brought in,
// and makes the elements nest. Every < that does not begin an allowed tag
// without attributes is escaped: what comes out is safe whatever came in.
func balance(s string) string {
	b := balancer{counts: make([]int, len(allowed))}
	b.out.Grow(len(s))
	for s != "" {
		switch s[0] {
		case '<':
			s = b.tag(s)
		case '&':
			s = b.entity(s)
		default:
			s = b.text(s)
		}
	}
	b.closeDown(0)
	return b.out.String()
}

// balancer holds the open elements while a text passes. An element is entered
// and left once, so the whole pass is linear however deep it nests.
type balancer struct {
	out    strings.Builder
	open   []int // indices in allowed, outermost first
	counts []int // how often each element stands in open
}

// text writes s up to the next sign of markup and returns the rest.
func (b *balancer) text(s string) string {
	end := strings.IndexAny(s, "<&")
	if end < 0 {
		end = len(s)
	}
	for _, r := range s[:end] {
		if !isControl(r) || r == '\n' || r == '\t' {
			b.out.WriteRune(r)
		}
	}
	return s[end:]
}

// entity writes what the entity at the start of s stands for in our form. Only
// those that the serialiser of bluemonday writes can occur.
func (b *balancer) entity(s string) string {
	for _, e := range [...]struct{ from, to string }{
		{"&amp;", "&amp;"}, {"&lt;", "&lt;"}, {"&gt;", "&gt;"},
		{"&#39;", "'"}, {"&#34;", `"`}, {"&#13;", ""},
	} {
		if rest, ok := strings.CutPrefix(s, e.from); ok {
			b.out.WriteString(e.to)
			return rest
		}
	}
	b.out.WriteString("&amp;")
	return s[1:]
}

// tag handles the tag at the start of s and returns the rest.
func (b *balancer) tag(s string) string {
	end := strings.IndexAny(s[1:], "<>") + 1
	if end == 0 || s[end] != '>' {
		return b.escape(s)
	}
	name, isEnd := strings.CutPrefix(s[1:end], "/")
	number, ok := numbers[strings.TrimSuffix(name, "/")]
	if !ok {
		return b.escape(s)
	}
	if isEnd {
		b.end(number)
	} else {
		b.start(number)
	}
	return s[end+1:]
}

func (b *balancer) escape(s string) string {
	b.out.WriteString("&lt;")
	return s[1:]
}

// start writes a start tag. A slash at its end means nothing in HTML, so an
// element that is not void is open after <b/> too.
func (b *balancer) start(number int) {
	b.write("<", number)
	if slices.Contains(void, allowed[number]) {
		return
	}
	b.open = append(b.open, number)
	b.counts[number]++
}

// end closes the innermost element of that name and everything in it; the end
// tags of the latter find no start any more and are dropped.
func (b *balancer) end(number int) {
	if b.counts[number] == 0 {
		return
	}
	at := len(b.open) - 1
	for b.open[at] != number {
		at--
	}
	b.closeDown(at)
}

// closeDown closes open elements until n are left.
func (b *balancer) closeDown(n int) {
	for len(b.open) > n {
		number := b.open[len(b.open)-1]
		b.open = b.open[:len(b.open)-1]
		b.counts[number]--
		b.write("</", number)
	}
}

func (b *balancer) write(opening string, number int) {
	b.out.WriteString(opening)
	b.out.WriteString(allowed[number])
	b.out.WriteByte('>')
}
