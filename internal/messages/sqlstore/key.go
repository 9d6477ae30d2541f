package sqlstore

import "strconv"

// A key is a domain and a number of its log: see the first migration.
const (
	numberBits = 44
	numberMask = 1<<numberBits - 1
	maxDomain  = 1<<19 - 1
)

// pack makes a key; 0 stays 0.
func pack[N ~int64](dom int64, n N) int64 {
	if n == 0 {
		return 0
	}
	return dom<<numberBits | int64(n)&numberMask
}

// unpack is the number of a key.
func unpack[N ~int64](key int64) N { return N(key & numberMask) }

// first and last key that a domain can have.
func firstKey(dom int64) int64 { return dom << numberBits }
func lastKey(dom int64) int64  { return dom<<numberBits | numberMask }

func itoa(n int) string { return strconv.Itoa(n) }

func btoi(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// hashCID is the key of a sender's id in table idem: FNV-1a with a final mix. Two
// ids of one author with the same hash are told apart by msg.cid; whoever makes
// them by purpose harms only himself.
func hashCID(cid string) int64 {
	h := uint64(14695981039346656037)
	for i := range len(cid) {
		h = (h ^ uint64(cid[i])) * 1099511628211
	}
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	h ^= h >> 32
	return int64(h)
}
