package ws

import "sync"

// Sizes of pooled buffers. A buffer grows from one to the next, so that what is
// held is at most four times what has come.
const (
	smallest = 1 << 10
	turnSize = 16 << 10 // one read of the socket; also the longest block of a queue
	largest  = 256 << 10
)

// block is a buffer: buf[off:] is still to be used. It belongs to one owner at a
// time: the reader of a connection or its queue.
type block struct {
	buf  []byte
	off  int
	next *block // in a queue
}

// pools holds free blocks of 1, 4, 16, 64 and 256 KiB.
var pools [5]sync.Pool

// sizeClass is the pool whose blocks hold n bytes; len(pools) if none does.
func sizeClass(n int) int {
	class, size := 0, smallest
	for size < n {
		class, size = class+1, size*4
		if size > largest {
			return len(pools)
		}
	}
	return class
}

// takeBlock gets an empty block with room for n bytes or more.
func takeBlock(n int) *block {
	class := sizeClass(n)
	if class == len(pools) {
		return &block{buf: make([]byte, 0, n)}
	}
	if b, ok := pools[class].Get().(*block); ok {
		return b
	}
	return &block{buf: make([]byte, 0, smallest<<(2*class))}
}

// free gives a block back; the caller forgets it. nil is allowed.
func (b *block) free() {
	if b == nil {
		return
	}
	class := sizeClass(cap(b.buf))
	b.buf, b.off, b.next = b.buf[:0], 0, nil
	if class < len(pools) && cap(b.buf) == smallest<<(2*class) {
		pools[class].Put(b)
	}
}

// rest is what is still to be used.
func (b *block) rest() []byte { return b.buf[b.off:] }

// room is how much can be appended.
func (b *block) room() int { return cap(b.buf) - len(b.buf) }

// grown moves what is left of b to a block with room for n bytes more.
func (b *block) grown(n int) *block {
	g := takeBlock(len(b.rest()) + n)
	g.buf = append(g.buf, b.rest()...)
	b.free()
	return g
}
