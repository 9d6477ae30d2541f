package media

import (
	"hash/crc32"
	"runtime"
)

func crc(b []byte) uint32 { return crc32.ChecksumIEEE(b) }

// allocated is how much memory was ever taken.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
