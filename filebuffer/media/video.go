package media

import (
	"bytes"
	"encoding/binary"
	"math"
	"time"
)

// box is a part of an MP4 file (ISO 14496-12): what lies from start to end.
type box struct {
	kind       string
	start, end int64
}

// boxes goes through the boxes between two positions.
func boxes(w *window, start, end int64, each func(box) bool) {
	for n := 0; n < maxChunks && start+8 <= end; n++ {
		head := w.at(start, 16)
		if len(head) < 8 {
			return
		}
		size, header := int64(binary.BigEndian.Uint32(head)), int64(8)
		switch {
		case size == 1 && len(head) == 16:
			large := binary.BigEndian.Uint64(head[8:])
			if large > math.MaxInt64 {
				return
			}
			size, header = int64(large), 16
		case size == 0:
			size = end - start
		}
		if size < header || size > end-start {
			return
		}
		if !each(box{string(head[4:8]), start + header, start + size}) {
			return
		}
		start += size
	}
}

// mp4 reads moov/mvhd, moov/mvex/mehd and the first moov/trak/tkhd with a picture.
func mp4(w *window, found *Found) {
	boxes(w, 0, w.size, func(b box) bool {
		if b.kind != "moov" {
			return true
		}
		movie(w, b, found)
		return false
	})
}

func movie(w *window, moov box, found *Found) {
	var scale, duration, fragments uint64
	boxes(w, moov.start, moov.end, func(b box) bool {
		switch b.kind {
		case "mvhd":
			scale, duration = movieHeader(w.at(b.start, 32))
		case "mvex":
			boxes(w, b.start, b.end, func(b box) bool {
				if b.kind == "mehd" {
					fragments = extendsHeader(w.at(b.start, 12))
				}
				return true
			})
		case "trak":
			boxes(w, b.start, b.end, func(b box) bool {
				if b.kind == "tkhd" && found.Width == 0 {
					trackHeader(w.at(b.start, 96), found)
				}
				return true
			})
		}
		return true
	})
	if duration == 0 {
		duration = fragments
	}
	found.Duration = seconds(float64(duration), float64(scale))
}

// movieHeader is mvhd: version, flags, two times, time scale, duration.
func movieHeader(b []byte) (scale, duration uint64) {
	switch {
	case len(b) >= 32 && b[0] == 1:
		scale, duration = uint64(binary.BigEndian.Uint32(b[20:])), binary.BigEndian.Uint64(b[24:])
	case len(b) >= 20 && b[0] == 0:
		scale, duration = uint64(binary.BigEndian.Uint32(b[12:])), uint64(binary.BigEndian.Uint32(b[16:]))
		if duration == math.MaxUint32 { // not known
			duration = 0
		}
	}
	return scale, duration
}

func extendsHeader(b []byte) uint64 {
	switch {
	case len(b) >= 12 && b[0] == 1:
		return binary.BigEndian.Uint64(b[4:])
	case len(b) >= 8 && b[0] == 0:
		return uint64(binary.BigEndian.Uint32(b[4:]))
	}
	return 0
}

// trackHeader is tkhd: behind the times come a matrix, which may turn the
// picture by 90 degrees, and the dimensions in 16.16.
func trackHeader(b []byte, found *Found) {
	at := 40 // of the matrix in version 0
	if len(b) > 0 && b[0] == 1 {
		at = 52
	}
	if len(b) < at+44 {
		return
	}
	width := int(binary.BigEndian.Uint32(b[at+36:]) >> 16)
	height := int(binary.BigEndian.Uint32(b[at+40:]) >> 16)
	if turned := binary.BigEndian.Uint32(b[at:]) == 0 && binary.BigEndian.Uint32(b[at+4:]) != 0; turned {
		width, height = height, width
	}
	found.Width, found.Height = width, height
}

// The elements of WebM (Matroska, RFC 9559) that are read.
const (
	idSegment     = 0x18538067
	idInfo        = 0x1549A966
	idScale       = 0x2AD7B1
	idDuration    = 0x4489
	idTracks      = 0x1654AE6B
	idTrack       = 0xAE
	idVideo       = 0xE0
	idWidth       = 0xB0
	idHeight      = 0xBA
	idCluster     = 0x1F43B675
	idTime        = 0xE7
	idSimpleBlock = 0xA3
	idGroup       = 0xA0
	idBlock       = 0xA1
)

// element is a part of a WebM file. One of unknown size reaches to the end of
// what it lies in.
type element struct {
	id         uint64
	start, end int64
}

// vint reads a number of variable length (RFC 8794); ids keep their marker.
func vint(b []byte, id bool) (value uint64, length int, unknown bool) {
	if len(b) == 0 || b[0] == 0 {
		return 0, 0, false
	}
	length = 1
	for mask := byte(0x80); b[0]&mask == 0; mask >>= 1 {
		length++
	}
	if len(b) < length || id && length > 4 {
		return 0, 0, false
	}
	value = uint64(b[0])
	if !id {
		value &= 1<<(8-length) - 1
	}
	for _, next := range b[1:length] {
		value = value<<8 | uint64(next)
	}
	return value, length, !id && value == 1<<(7*length)-1
}

// nextElement reads the head of the one at a position of a piece of the file.
func nextElement(head []byte, start, end int64) (element, bool) {
	id, n, _ := vint(head, true)
	if n == 0 {
		return element{}, false
	}
	size, m, unknown := vint(head[n:], false)
	if m == 0 {
		return element{}, false
	}
	e := element{id: id, start: start + int64(n+m), end: end}
	if !unknown && size <= uint64(max(end-e.start, 0)) {
		e.end = e.start + int64(size)
	} else if !unknown && id != idSegment && id != idCluster {
		return element{}, false // more than there is; only of these a file may have been cut
	}
	return e, e.start <= end
}

func elements(w *window, start, end int64, each func(element) bool) {
	for n := 0; n < maxChunks && start < end; n++ {
		e, ok := nextElement(w.at(start, 12), start, end)
		if !ok || !each(e) {
			return
		}
		start = e.end
	}
}

func (w *window) number(e element) uint64 {
	value := uint64(0)
	for _, b := range w.at(e.start, int(min(e.end-e.start, 8))) {
		value = value<<8 | uint64(b)
	}
	return value
}

func (w *window) float(e element) float64 {
	switch bits := w.number(e); e.end - e.start {
	case 4:
		return float64(math.Float32frombits(uint32(bits)))
	case 8:
		return math.Float64frombits(bits)
	}
	return 0
}

// webm reads Info and Tracks of the segment. What was recorded by a browser has
// no duration; then the time of the last block counts.
func webm(w *window, found *Found) {
	scale, ticks := uint64(time.Millisecond), 0.0
	elements(w, 0, w.size, func(e element) bool {
		if e.id != idSegment {
			return true
		}
		elements(w, e.start, e.end, func(e element) bool {
			switch e.id {
			case idInfo:
				elements(w, e.start, e.end, func(e element) bool {
					switch e.id {
					case idScale:
						scale = w.number(e)
					case idDuration:
						ticks = w.float(e)
					}
					return true
				})
			case idTracks:
				tracks(w, e, found)
			}
			return e.id != idCluster
		})
		return false
	})
	if ticks == 0 {
		ticks = float64(lastBlock(w))
	}
	if scale == 0 || scale > uint64(time.Second) {
		return
	}
	found.Duration = seconds(ticks, float64(time.Second)/float64(scale))
}

func tracks(w *window, tracks element, found *Found) {
	elements(w, tracks.start, tracks.end, func(track element) bool {
		if track.id == idTrack {
			elements(w, track.start, track.end, func(video element) bool {
				if video.id == idVideo && found.Width == 0 {
					dimensions(w, video, found)
				}
				return true
			})
		}
		return true
	})
}

func dimensions(w *window, video element, found *Found) {
	elements(w, video.start, video.end, func(e element) bool {
		switch e.id {
		case idWidth:
			found.Width = int(min(w.number(e), maxSide+1))
		case idHeight:
			found.Height = int(min(w.number(e), maxSide+1))
		}
		return true
	})
}

// lastBlock is the time of the last block of the last cluster, in ticks.
func lastBlock(w *window) uint64 {
	start := max(w.size-maxPiece, 0)
	tail := w.at(start, maxPiece)
	for tries := 0; tries < maxChunks; tries++ {
		at := bytes.LastIndex(tail, []byte{0x1F, 0x43, 0xB6, 0x75})
		if at < 0 {
			return 0
		}
		if last := clusterEnd(tail[at:]); last > 0 {
			return last
		}
		tail = tail[:at]
	}
	return 0
}

// clusterEnd reads the blocks of a cluster that lies in memory.
func clusterEnd(b []byte) uint64 {
	cluster, ok := nextElement(b, 0, int64(len(b)))
	if !ok || cluster.id != idCluster {
		return 0
	}
	var began, last uint64
	timed := false
	for at := cluster.start; at < cluster.end; {
		e, ok := nextElement(b[at:], at, cluster.end)
		if !ok {
			break
		}
		switch content := b[e.start:e.end]; e.id {
		case idTime:
			began, timed = integer(content), true
		case idSimpleBlock, idBlock:
			last = max(last, blockTime(content))
		case idGroup:
			e.end = e.start // its blocks come next
		}
		at = e.end
	}
	if !timed || began > math.MaxInt64/2 {
		return 0
	}
	return began + last
}

func integer(b []byte) uint64 {
	value := uint64(0)
	for _, next := range b[:min(len(b), 8)] {
		value = value<<8 | uint64(next)
	}
	return value
}

// blockTime is that of a block against its cluster: behind the track's number.
func blockTime(b []byte) uint64 {
	_, n, _ := vint(b, false)
	if n == 0 || len(b) < n+2 {
		return 0
	}
	if t := int16(binary.BigEndian.Uint16(b[n:])); t > 0 {
		return uint64(t)
	}
	return 0
}
