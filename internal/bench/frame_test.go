package bench

import (
	"bytes"
	"strings"
	"testing"
)

func TestFrameRoundTrip(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 125, 126, 200, 65535, 65536, 70000} {
		text := []byte(strings.Repeat("x", n))
		for name, wire := range map[string][]byte{
			"server": appendServerFrame(nil, opText, text),
			"client": appendClientFrame(nil, opText, text),
		} {
			f, size, err := nextFrame(append(wire, "rest"...))
			if err != nil || size != len(wire) {
				t.Fatalf("%s %d: size %d of %d, %v", name, n, size, len(wire), err)
			}
			if f.masked {
				mask(f.payload, f.key)
			}
			if !f.fin || f.op != opText || !bytes.Equal(f.payload, text) {
				t.Errorf("%s %d: payload differs", name, n)
			}
		}
	}
}

func TestFrameIncomplete(t *testing.T) {
	wire := appendClientFrame(nil, opText, bytes.Repeat([]byte("y"), 300))
	for i := range wire {
		if _, size, err := nextFrame(wire[:i]); size != 0 || err != nil {
			t.Fatalf("%d bytes of %d: size %d, %v", i, len(wire), size, err)
		}
	}
}

func TestFrameRefused(t *testing.T) {
	for name, wire := range map[string][]byte{
		"reserved bits":    {0xc1, 0x00},
		"long ping":        appendHeader(nil, finBit|opPing, 0, 200),
		"longer than sane": appendHeader(nil, finBit|opText, 0, maxFrame+1),
	} {
		if _, _, err := nextFrame(wire); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzNextFrame(f *testing.F) {
	f.Add(appendServerFrame(nil, opText, []byte("hello")))
	f.Add(appendClientFrame(nil, opPing, []byte("1")))
	f.Fuzz(func(t *testing.T, b []byte) {
		fr, size, err := nextFrame(b)
		if size > len(b) || len(fr.payload) > size || err != nil && size != 0 {
			t.Fatalf("size %d, payload %d of %d bytes, %v", size, len(fr.payload), len(b), err)
		}
	})
}
