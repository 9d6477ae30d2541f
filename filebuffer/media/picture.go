package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"time"

	"github.com/bep/imagemeta"
	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

const (
	maxMemory  = 200_000_000 // bytes of an image that is decoded
	maxDecoded = 64 << 20    // bytes of its file
	thumbSide  = 320         // pixels
	exifSize   = 256 << 10   // bytes in which the orientation is looked for
	quality    = 80          // of a JPEG
)

type codec struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

var codecs = map[string]codec{
	"image/png":  {png.DecodeConfig, png.Decode},
	"image/jpeg": {jpeg.DecodeConfig, jpeg.Decode},
	"image/gif":  {gif.DecodeConfig, gif.Decode},
	"image/webp": {webp.DecodeConfig, webp.Decode},
}

// picture reads the dimensions, and makes a thumbnail unless the image says that
// it is too large: a small file may be a very large image.
func picture(w *window, found *Found) {
	c := codecs[found.Type]
	config, err := c.config(w.from(0))
	if err != nil || config.Width <= 0 || config.Height <= 0 {
		return
	}
	turn := orientation(w, found.Type)
	found.Width, found.Height = config.Width, config.Height
	if turn >= 5 {
		found.Width, found.Height = config.Height, config.Width
	}
	if int64(config.Width)*int64(config.Height) > maxMemory/perPixel(w, found.Type, config.ColorModel) || w.size > maxDecoded {
		return
	}
	full, err := c.decode(w.from(0))
	if err != nil {
		return
	}
	found.Thumb = encode(turned(shrunk(full), turn))
}

// perPixel is how many bytes of memory a decoder takes for a pixel, at most.
func perPixel(w *window, mediaType string, model color.Model) int64 {
	switch {
	case mediaType == "image/jpeg" && progressive(w.at(0, exifSize)):
		return 15 // coefficients of all blocks besides
	case model == color.RGBA64Model || model == color.NRGBA64Model:
		return 8
	}
	return 4
}

// progressive looks for the frame of a JPEG among its first segments. One that is
// not found is taken for what needs more memory.
func progressive(b []byte) bool {
	for at := 2; at+4 <= len(b) && b[at] == 0xff; {
		switch marker := b[at+1]; {
		case marker == 0xc0 || marker == 0xc1:
			return false
		case marker == 0xff: // filling
			at++
		default:
			at += 2 + int(binary.BigEndian.Uint16(b[at+2:]))
		}
	}
	return true
}

// from reads on from a position.
func (w *window) from(position int64) io.Reader {
	if _, err := w.r.Seek(position, io.SeekStart); err != nil {
		w.err = err
	}
	return &remembering{w}
}

var errPatience = errors.New("decoding takes too long")

// remembering keeps an error of the place where the file lies apart from those
// of the decoder, and ends what takes too long: a JPEG of a few megabytes can
// have a million scans.
type remembering struct{ w *window }

func (r *remembering) Read(p []byte) (int, error) {
	if r.w.err != nil {
		return 0, r.w.err
	}
	if time.Now().After(r.w.until) {
		return 0, errPatience
	}
	n, err := r.w.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.w.err = err
	}
	return n, err
}

// orientation is what the camera says about how it was held (EXIF, 1 to 8).
func orientation(w *window, mediaType string) int {
	format := imagemeta.JPEG
	switch mediaType {
	case "image/jpeg":
	case "image/png":
		format = imagemeta.PNG
	default:
		return 1
	}
	turn := 1
	_, err := imagemeta.Decode(imagemeta.Options{
		R: bytes.NewReader(w.at(0, exifSize)), ImageFormat: format, Sources: imagemeta.EXIF,
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool { return tag.Tag == "Orientation" && tag.Namespace == "IFD0" },
		HandleTag: func(tag imagemeta.TagInfo) error {
			if value, ok := tag.Value.(uint16); ok && value >= 1 && value <= 8 {
				turn = int(value)
			}
			return imagemeta.ErrStopWalking
		},
		LimitNumTags: 1000, LimitTagSize: 1 << 10,
		Warnf: func(string, ...any) {},
	})
	if err != nil {
		return 1
	}
	return turn
}

// shrunk fits an image into the square of a thumbnail. A small one stays.
func shrunk(full image.Image) *image.NRGBA {
	size := full.Bounds().Size()
	width, height := size.X, size.Y
	if longest := max(width, height); longest > thumbSide {
		width, height = max(width*thumbSide/longest, 1), max(height*thumbSide/longest, 1)
	}
	small := image.NewNRGBA(image.Rect(0, 0, width, height))
	if width == size.X && height == size.Y {
		draw.Draw(small, small.Bounds(), full, full.Bounds().Min, draw.Src)
	} else {
		xdraw.CatmullRom.Scale(small, small.Bounds(), full, full.Bounds(), xdraw.Src, nil)
	}
	return small
}

// turned is the image as it was seen (EXIF 2.3, tag 274).
func turned(in *image.NRGBA, turn int) *image.NRGBA {
	if turn <= 1 {
		return in
	}
	width, height := in.Rect.Dx(), in.Rect.Dy()
	out := image.NewNRGBA(image.Rect(0, 0, width, height))
	if turn >= 5 {
		out = image.NewNRGBA(image.Rect(0, 0, height, width))
	}
	for y := range height {
		for x := range width {
			tx, ty := turnedPoint(x, y, width, height, turn)
			out.SetNRGBA(tx, ty, in.NRGBAAt(x, y))
		}
	}
	return out
}

func turnedPoint(x, y, width, height, turn int) (int, int) {
	right, bottom := width-1-x, height-1-y
	switch turn {
	case 2:
		return right, y
	case 3:
		return right, bottom
	case 4:
		return x, bottom
	case 5:
		return y, x
	case 6:
		return bottom, x
	case 7:
		return bottom, right
	case 8:
		return y, right
	}
	return x, y
}

// encode makes a JPEG, or a PNG of what one can see through.
func encode(small *image.NRGBA) []byte {
	var out bytes.Buffer
	var err error
	if small.Opaque() {
		err = jpeg.Encode(&out, small, &jpeg.Options{Quality: quality})
	} else {
		err = png.Encode(&out, small)
	}
	if err != nil {
		return nil
	}
	return out.Bytes()
}
