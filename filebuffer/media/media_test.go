package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"
	"time"
)

func look(t testing.TB, content []byte) Found {
	t.Helper()
	found, err := Look(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func join(parts ...any) []byte {
	var out bytes.Buffer
	for _, part := range parts {
		switch p := part.(type) {
		case string:
			out.WriteString(p)
		case []byte:
			out.Write(p)
		default:
			binary.Write(&out, binary.BigEndian, p)
		}
	}
	return out.Bytes()
}

func little(values ...any) []byte {
	var out bytes.Buffer
	for _, v := range values {
		binary.Write(&out, binary.LittleEndian, v)
	}
	return out.Bytes()
}

func zeros(n int) []byte { return make([]byte, n) }

// wavFile has so many bytes of sound at 16,000 bytes a second.
func wavFile(data int, announced uint32) []byte {
	return join("RIFF", little(uint32(36+data)), "WAVE", "fmt ", little(uint32(16), uint16(1), uint16(1), uint32(8000), uint32(16000), uint16(2), uint16(16)),
		"LIST", little(uint32(3)), "abc\x00", "data", little(announced), zeros(data))
}

func flacFile(rate, samples uint64) []byte {
	return join("fLaC", []byte{0, 0, 0, 34}, zeros(10), rate<<44|1<<41|15<<36|samples, zeros(16), zeros(100))
}

func oggPage(serial uint32, position int64, packet string) []byte {
	return join("OggS", []byte{0, 0}, little(position, serial, uint32(0), uint32(0)), []byte{1, byte(len(packet))}, packet)
}

func opusFile(end int64) []byte {
	return join(oggPage(7, 0, "OpusHead\x01\x01"+string(little(uint16(312)))+"\x80\xbb\x00\x00\x00\x00\x00"), oggPage(7, 960, strings.Repeat("x", 200)),
		oggPage(7, end, "last"), oggPage(8, 99_999_999, "another stream"), oggPage(7, -1, "goes on"))
}

// mp3File has frames of 128 kbit/s at 44,100 Hz, stereo: 417 bytes each.
func mp3File(frames int, first string) []byte {
	frame := join([]byte{0xff, 0xfb, 0x90, 0x00}, zeros(413))
	out := bytes.Repeat(frame, frames)
	copy(out[36:], first)
	return out
}

func mp4Box(kind string, content ...any) []byte {
	inside := join(content...)
	return join(uint32(8+len(inside)), kind, inside)
}

func mvhd(scale, duration uint32) []byte {
	return mp4Box("mvhd", uint32(0), uint32(0), uint32(0), scale, duration, zeros(80))
}

func tkhd(a, b uint32, width, height uint16) []byte {
	return mp4Box("tkhd", uint32(0), zeros(36), a, b, zeros(28), width, uint16(0), height, uint16(0))
}

func mp4File(parts ...any) []byte {
	return join(mp4Box("ftyp", "isom", uint32(512), "isomiso2mp41"), mp4Box("free", zeros(10)), mp4Box("mdat", zeros(1000)), mp4Box("moov", parts...))
}

// ebml makes an element with a size of 8 bytes.
func ebml(id uint32, content ...any) []byte {
	inside := join(content...)
	raw := bytes.TrimLeft(join(id), "\x00")
	return join(raw, byte(1), join(uint64(len(inside)))[1:], inside)
}

func webmHead() []byte {
	return ebml(0x1A45DFA3, ebml(0x4282, "webm"))
}

func webmFile(duration float64, clusters ...any) []byte {
	info := ebml(idInfo, ebml(idScale, uint32(1_000_000)))
	if duration > 0 {
		info = ebml(idInfo, ebml(idScale, uint32(1_000_000)), ebml(idDuration, duration))
	}
	tracks := ebml(idTracks, ebml(idTrack, ebml(idVideo, ebml(idWidth, uint16(640)), ebml(idHeight, uint16(360)))))
	return join(webmHead(), ebml(idSegment, info, tracks, join(clusters...)))
}

// recorded is as browsers do it: sizes that are not known, no duration.
func recorded() []byte {
	open := []byte{0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	cluster := func(at uint16, blocks ...int16) []byte {
		out := join(uint32(idCluster), open, ebml(idTime, at))
		for _, b := range blocks {
			out = join(out, ebml(idSimpleBlock, byte(0x81), b, byte(0x80), "frame"))
		}
		return out
	}
	return join(webmHead(), uint32(idSegment), open, ebml(idInfo, ebml(idScale, uint32(1_000_000))),
		cluster(0, 0, 20, 40), cluster(10_000, 0, 20, 2345))
}

func TestDurations(t *testing.T) {
	for _, tt := range []struct {
		name, kind    string
		content       []byte
		want          time.Duration
		width, height int
	}{
		{"wav", "audio/wav", wavFile(40_000, 40_000), 2500 * time.Millisecond, 0, 0},
		{"wav without size", "audio/wav", wavFile(40_000, 0xffffffff), 2500 * time.Millisecond, 0, 0},
		{"wav without begin", "audio/wav", wavFile(40_000, 40_000)[:40], 0, 0, 0},
		{"flac", "audio/flac", flacFile(44_100, 441_000), 10 * time.Second, 0, 0},
		{"flac without rate", "audio/flac", flacFile(0, 441_000), 0, 0, 0},
		{"opus", "audio/ogg", opusFile(48_000*3 + 312), 3 * time.Second, 0, 0},
		{"mp3", "audio/mpeg", mp3File(100, ""), 2606 * time.Millisecond, 0, 0},
		{"mp3 with Xing", "audio/mpeg", mp3File(10, "Xing\x00\x00\x00\x01\x00\x00\x03\xe8"), 26122 * time.Millisecond, 0, 0},
		{"mp3 with VBRI", "audio/mpeg", mp3File(10, "VBRI\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\xe8"), 26122 * time.Millisecond, 0, 0},
		{"mp3 with tags", "audio/mpeg", join("ID3\x04\x00\x00\x00\x00\x01\x00", zeros(128), mp3File(100, "")), 2606 * time.Millisecond, 0, 0},
		{"mp4", "video/mp4", mp4File(mvhd(600, 3000), mp4Box("trak", tkhd(1<<16, 0, 640, 480))), 5 * time.Second, 640, 480},
		{"mp4 turned", "video/mp4", mp4File(mvhd(600, 3000), mp4Box("trak", tkhd(0, 1<<16, 640, 480))), 5 * time.Second, 480, 640},
		{"mp4 in fragments", "video/mp4", mp4File(mvhd(1000, 0), mp4Box("mvex", mp4Box("mehd", uint32(0), uint32(7000)))), 7 * time.Second, 0, 0},
		{"mp4 without scale", "video/mp4", mp4File(mvhd(0, 3000)), 0, 0, 0},
		{"mp4 too long", "video/mp4", mp4File(mvhd(1, 4_000_000)), 0, 0, 0},
		{"webm", "video/webm", webmFile(12_345), 12_345 * time.Millisecond, 640, 360},
		{"webm of a browser", "video/webm", recorded(), 12_345 * time.Millisecond, 0, 0},
		{"text", "text/plain; charset=utf-8", []byte("hello"), 0, 0, 0},
		{"nothing", "text/plain", nil, 0, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found := look(t, tt.content)
			if found.Type != tt.kind || found.Duration != tt.want || found.Width != tt.width || found.Height != tt.height {
				t.Errorf("got %+v, want %s %v %dx%d", found, tt.kind, tt.want, tt.width, tt.height)
			}
		})
	}
}

// corner is an image whose upper left corner is red and the rest blue.
func corner(width, height int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := color.RGBA{B: 255, A: 255}
			if x < width/2 && y < height/2 {
				c = color.RGBA{R: 255, A: 255}
			}
			img.Set(x, y, c)
		}
	}
	return img
}

func jpegOf(t testing.TB, img image.Image, orientation int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	if orientation == 0 {
		return out.Bytes()
	}
	tiff := join("MM", uint16(42), uint32(8), uint16(1), uint16(0x0112), uint16(3), uint32(1), uint16(orientation), uint16(0), uint32(0))
	exif := join("Exif\x00\x00", tiff)
	return join(out.Bytes()[:2], []byte{0xff, 0xe1}, uint16(len(exif)+2), exif, out.Bytes()[2:])
}

func decodeThumb(t *testing.T, found Found) image.Image {
	t.Helper()
	img, _, err := image.Decode(bytes.NewReader(found.Thumb))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func TestOrientation(t *testing.T) {
	// Where the red corner is seen: right, bottom.
	seen := map[int][2]bool{0: {false, false}, 1: {false, false}, 2: {true, false}, 3: {true, true}, 4: {false, true},
		5: {false, false}, 6: {true, false}, 7: {true, true}, 8: {false, true}, 9: {false, false}}
	for turn, want := range seen {
		found := look(t, jpegOf(t, corner(64, 32), turn))
		width, height := 64, 32
		if turn >= 5 && turn <= 8 {
			width, height = 32, 64
		}
		thumb := decodeThumb(t, found)
		if found.Width != width || found.Height != height || thumb.Bounds().Size() != image.Pt(width, height) {
			t.Errorf("%d: %dx%d, thumbnail %v", turn, found.Width, found.Height, thumb.Bounds())
			continue
		}
		x, y := width/8, height/8
		if want[0] {
			x = width - x
		}
		if want[1] {
			y = height - y
		}
		if r, _, b, _ := thumb.At(x, y).RGBA(); r < b {
			t.Errorf("%d: the corner is elsewhere", turn)
		}
	}
}

func TestThumbnails(t *testing.T) {
	clear := image.NewNRGBA(image.Rect(0, 0, 400, 100))
	var transparent, animated bytes.Buffer
	if err := png.Encode(&transparent, clear); err != nil {
		t.Fatal(err)
	}
	frame := image.NewPaletted(image.Rect(0, 0, 40, 30), color.Palette{color.Black, color.White})
	if err := gif.EncodeAll(&animated, &gif.GIF{Image: []*image.Paletted{frame, frame}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, kind    string
		content       []byte
		width, height int
		thumb         image.Point
	}{
		{"jpeg", "image/jpeg", jpegOf(t, corner(1000, 500), 0), 1000, 500, image.Pt(320, 160)},
		{"narrow", "image/jpeg", jpegOf(t, corner(2000, 2), 0), 2000, 2, image.Pt(320, 1)},
		{"png", "image/png", transparent.Bytes(), 400, 100, image.Pt(320, 80)},
		{"gif", "image/gif", animated.Bytes(), 40, 30, image.Pt(40, 30)},
	} {
		found := look(t, tt.content)
		if found.Type != tt.kind || found.Width != tt.width || found.Height != tt.height {
			t.Errorf("%s: %s %dx%d", tt.name, found.Type, found.Width, found.Height)
		}
		if got := decodeThumb(t, found).Bounds().Size(); got != tt.thumb {
			t.Errorf("%s: thumbnail %v, want %v", tt.name, got, tt.thumb)
		}
	}
}

// bomb is a PNG that says to be this large and has next to nothing.
func bomb(width, height uint32) []byte {
	chunk := func(kind string, content []byte) []byte {
		sum := crc(join(kind, content))
		return join(uint32(len(content)), kind, content, sum)
	}
	return join("\x89PNG\r\n\x1a\n", chunk("IHDR", join(width, height, []byte{8, 6, 0, 0, 0})), chunk("IDAT", []byte{0x78, 0x9c}))
}

func TestBombs(t *testing.T) {
	for _, side := range []uint32{7072, 20_000, 60_000} {
		before := allocated()
		found := look(t, bomb(side, side))
		if found.Thumb != nil || found.Width != int(side) {
			t.Errorf("%d: %+v", side, found)
		}
		if used := allocated() - before; used > 1<<20 {
			t.Errorf("%d: %d bytes of memory", side, used)
		}
	}
	if found := look(t, bomb(100_000, 100_000)); found.Width != 0 || found.Thumb != nil {
		t.Errorf("%+v", found)
	}
	if found := look(t, bomb(100, 100)); found.Width != 100 || found.Thumb != nil {
		t.Errorf("cut off: %+v", found)
	}
}

// TestPatience: an image whose decoding does not end has dimensions, no thumbnail.
func TestPatience(t *testing.T) {
	content := jpegOf(t, corner(2000, 2000), 0)
	w := &window{r: bytes.NewReader(content), size: int64(len(content)), until: time.Now().Add(-time.Second)}
	found := Found{Type: "image/jpeg"}
	picture(w, &found)
	if w.err != nil || found.Thumb != nil {
		t.Errorf("%+v, %v", found, w.err)
	}
}

func TestMemoryPerPixel(t *testing.T) {
	baseline := jpegOf(t, corner(8, 8), 6)
	progressive := bytes.Replace(baseline, []byte{0xff, 0xc0}, []byte{0xff, 0xc2}, 1)
	for _, tt := range []struct {
		content []byte
		kind    string
		model   color.Model
		want    int64
	}{
		{baseline, "image/jpeg", color.YCbCrModel, 4},
		{progressive, "image/jpeg", color.YCbCrModel, 15},
		{baseline[:30], "image/jpeg", color.YCbCrModel, 15},
		{nil, "image/png", color.NRGBAModel, 4},
		{nil, "image/png", color.NRGBA64Model, 8},
	} {
		w := &window{r: bytes.NewReader(tt.content), size: int64(len(tt.content))}
		if got := perPixel(w, tt.kind, tt.model); got != tt.want {
			t.Errorf("%s %d bytes: %d, want %d", tt.kind, len(tt.content), got, tt.want)
		}
	}
}

// TestReadError: a place that fails is no fault of the file.
func TestReadError(t *testing.T) {
	boom := errors.New("boom")
	for _, content := range [][]byte{jpegOf(t, corner(400, 400), 0), wavFile(10, 10), []byte("text")} {
		for _, after := range []int{0, 1, 2, 3} {
			r := &breaking{Reader: bytes.NewReader(content), after: after, err: boom}
			if _, err := Look(r, int64(len(content))); !errors.Is(err, boom) && r.after < 0 {
				t.Errorf("%d bytes, read %d: %v", len(content), after, err)
			}
		}
	}
}

type breaking struct {
	*bytes.Reader
	after int
	err   error
}

func (b *breaking) Read(p []byte) (int, error) {
	if b.after--; b.after < 0 {
		return 0, b.err
	}
	return b.Reader.Read(p)
}

// counting counts what is read.
type counting struct {
	io.ReadSeeker
	bytes int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.ReadSeeker.Read(p)
	c.bytes += int64(n)
	return n, err
}

func FuzzLook(f *testing.F) {
	for _, seed := range [][]byte{
		wavFile(10, 10), flacFile(1, 2), opusFile(1000), mp3File(3, "Xing\x00\x00\x00\x01\x00\x00\x03\xe8"), mp4File(mvhd(600, 3000), mp4Box("trak", tkhd(1, 0, 4, 4))),
		webmFile(3), recorded(), jpegOf(f, corner(8, 8), 6), bomb(9, 9), []byte("GIF89a"), []byte("RIFF\x00\x00\x00\x00WEBPVP8L"),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if len(content) > 1<<20 {
			return
		}
		in := &counting{ReadSeeker: bytes.NewReader(content)}
		found, err := Look(in, int64(len(content)))
		if err != nil {
			t.Fatal(err)
		}
		if found.Duration < 0 || found.Duration > maxDuration || found.Width < 0 || found.Height < 0 || found.Width > maxSide || found.Height > maxSide || found.Type == "" {
			t.Errorf("%+v", found)
		}
		if (found.Width == 0) != (found.Height == 0) {
			t.Errorf("half a size: %+v", found)
		}
		if len(found.Thumb) > 0 {
			small, _, err := image.DecodeConfig(bytes.NewReader(found.Thumb))
			if err != nil || small.Width > thumbSide || small.Height > thumbSide {
				t.Errorf("thumbnail %+v, %v", small, err)
			}
		}
		if in.bytes > maxReads*1024+8*int64(len(content))+8*maxPiece {
			t.Errorf("%d bytes are read of %d", in.bytes, len(content))
		}
	})
}
