package media

import (
	"bytes"
	"encoding/binary"
)

const (
	maxChunks = 64       // of a file in chunks or boxes that are looked at
	tailSize  = 64 << 10 // in which the last page of an Ogg file begins
)

// wav reads the chunks "fmt " and "data" (RIFF WAVE).
func wav(w *window, found *Found) {
	perSecond := uint32(0)
	for position, n := int64(12), 0; n < maxChunks; n++ {
		head := w.at(position, 24)
		if len(head) < 8 {
			return
		}
		size := int64(binary.LittleEndian.Uint32(head[4:]))
		switch string(head[:4]) {
		case "fmt ":
			if len(head) < 20 {
				return
			}
			perSecond = binary.LittleEndian.Uint32(head[16:])
		case "data":
			rest := w.size - position - 8
			if size == 0 || size > rest { // written while it was recorded
				size = rest
			}
			found.Duration = seconds(float64(size), float64(perSecond))
			return
		}
		position += 8 + size + size%2
	}
}

// flac reads STREAMINFO, which is always the first block.
func flac(w *window, found *Found) {
	head := w.at(0, 42)
	if len(head) < 42 || string(head[:4]) != "fLaC" || head[4]&0x7f != 0 {
		return
	}
	packed := binary.BigEndian.Uint64(head[18:])
	found.Duration = seconds(float64(packed&(1<<36-1)), float64(packed>>44))
}

// ogg takes the position of the last page (RFC 3533), in samples of Opus (RFC
// 7845) or Vorbis. Other streams have other units.
func ogg(w *window, found *Found) {
	head := w.at(0, 512)
	if len(head) < 28 || string(head[:4]) != "OggS" {
		return
	}
	serial := head[14:18]
	packet := head[min(27+int(head[26]), len(head)):]
	var rate, skip float64
	switch {
	case bytes.HasPrefix(packet, []byte("OpusHead")) && len(packet) >= 12:
		rate, skip = 48_000, float64(binary.LittleEndian.Uint16(packet[10:]))
	case bytes.HasPrefix(packet, []byte("\x01vorbis")) && len(packet) >= 16:
		rate = float64(binary.LittleEndian.Uint32(packet[12:]))
	default:
		return
	}
	tail := w.at(max(w.size-tailSize, 0), tailSize)
	for len(tail) > 0 {
		at := bytes.LastIndex(tail, []byte("OggS"))
		if at < 0 {
			return
		}
		page := tail[at:]
		tail = tail[:at]
		if len(page) < 27 || !bytes.Equal(page[14:18], serial) {
			continue
		}
		if position := int64(binary.LittleEndian.Uint64(page[6:])); position > 0 {
			found.Duration = seconds(float64(position)-skip, rate)
			return
		}
	}
}

// Tables of MPEG audio, layer III (ISO 11172-3, 13818-3): kbit/s by the index in
// the header, for MPEG 1 and for 2 and 2.5; samples per second for MPEG 1.
var (
	mp3Rates1 = [16]int{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0}
	mp3Rates2 = [16]int{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0}
	mp3Hertz  = [4]int{44_100, 48_000, 32_000, 0}
)

// mp3Frame is a header of a frame.
type mp3Frame struct {
	bitrate, hertz, samples int
	length                  int // bytes
	side                    int // bytes in front of a Xing header
}

func parseMP3Frame(b []byte) (f mp3Frame, ok bool) {
	if len(b) < 4 || b[0] != 0xff || b[1]&0xe0 != 0xe0 || b[1]>>1&3 != 1 {
		return f, false
	}
	version, mono := b[1]>>3&3, b[3]>>6 == 3
	f.hertz = mp3Hertz[b[2]>>2&3]
	if version == 3 {
		f.bitrate, f.samples, f.side = mp3Rates1[b[2]>>4]*1000, 1152, 32
		if mono {
			f.side = 17
		}
	} else {
		f.bitrate, f.samples, f.side = mp3Rates2[b[2]>>4]*1000, 576, 17
		f.hertz /= 2
		if mono {
			f.side = 9
		}
		if version == 0 { // 2.5
			f.hertz /= 2
		}
	}
	if version == 1 || f.bitrate == 0 || f.hertz == 0 {
		return f, false
	}
	f.length = f.samples / 8 * f.bitrate / f.hertz
	if b[2]&2 != 0 {
		f.length++
	}
	return f, true
}

// mp3 counts the frames that a Xing, Info or VBRI header names; without one all
// frames are taken to be as the first.
func mp3(w *window, found *Found) {
	start := afterID3(w)
	head := w.at(start, 64<<10)
	for at := 0; at+4 <= len(head); at++ {
		frame, ok := parseMP3Frame(head[at:])
		if !ok {
			continue
		}
		if next := at + frame.length; next+4 <= len(head) {
			if _, ok := parseMP3Frame(head[next:]); !ok {
				continue // two bytes that looked like a frame
			}
		}
		if frames := mp3Frames(head[at:], frame); frames > 0 {
			found.Duration = seconds(float64(frames)*float64(frame.samples), float64(frame.hertz))
		} else {
			found.Duration = seconds(float64(w.size-start-int64(at))*8, float64(frame.bitrate))
		}
		return
	}
}

// mp3Frames is the number of frames that the first one tells.
func mp3Frames(b []byte, f mp3Frame) uint32 {
	if at := 4 + f.side; len(b) >= at+12 {
		tag := string(b[at : at+4])
		if (tag == "Xing" || tag == "Info") && b[at+7]&1 != 0 {
			return binary.BigEndian.Uint32(b[at+8:])
		}
	}
	if len(b) >= 54 && string(b[36:40]) == "VBRI" {
		return binary.BigEndian.Uint32(b[50:])
	}
	return 0
}

// afterID3 is where the tags at the begin end.
func afterID3(w *window) int64 {
	head := w.at(0, 10)
	if len(head) < 10 || string(head[:3]) != "ID3" {
		return 0
	}
	size := int64(0)
	for _, b := range head[6:10] {
		size = size<<7 | int64(b&0x7f)
	}
	return 10 + size
}
