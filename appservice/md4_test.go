package appservice_test

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
)

// md4 is RFC 1320, for the vectors of the method that is not offered.
func md4(message []byte) []byte {
	padded := append(append([]byte(nil), message...), 0x80)
	for len(padded)%64 != 56 {
		padded = append(padded, 0)
	}
	padded = binary.LittleEndian.AppendUint64(padded, uint64(len(message))*8)
	state := [4]uint32{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}
	for ; len(padded) > 0; padded = padded[64:] {
		md4Block(&state, padded[:64])
	}
	var out []byte
	for _, s := range state {
		out = binary.LittleEndian.AppendUint32(out, s)
	}
	return out
}

func md4Block(state *[4]uint32, block []byte) {
	var x [16]uint32
	for i := range x {
		x[i] = binary.LittleEndian.Uint32(block[4*i:])
	}
	rounds := []struct {
		f      func(b, c, d uint32) uint32
		add    uint32
		order  [16]int
		shifts [4]int
	}{
		{func(b, c, d uint32) uint32 { return b&c | ^b&d }, 0,
			[16]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, [4]int{3, 7, 11, 19}},
		{func(b, c, d uint32) uint32 { return b&c | b&d | c&d }, 0x5a827999,
			[16]int{0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15}, [4]int{3, 5, 9, 13}},
		{func(b, c, d uint32) uint32 { return b ^ c ^ d }, 0x6ed9eba1,
			[16]int{0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15}, [4]int{3, 9, 11, 15}},
	}
	a, b, c, d := state[0], state[1], state[2], state[3]
	for _, r := range rounds {
		for i, k := range r.order {
			a = bits.RotateLeft32(a+r.f(b, c, d)+x[k]+r.add, r.shifts[i%4])
			a, b, c, d = d, a, b, c
		}
	}
	state[0], state[1], state[2], state[3] = state[0]+a, state[1]+b, state[2]+c, state[3]+d
}

func utf16LE(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = binary.LittleEndian.AppendUint16(out, u)
	}
	return out
}
