// Package media finds out what a file is, by its content alone: its type, the
// dimensions and a thumbnail of images, the duration of audio and video.
//
// The files come from strangers. Of each only bounded pieces are read, except of
// images small enough to be decoded; what is not understood is simply not known.
// Durations are read by short parsers of this package: they need a few fields of
// each format, where the libraries for them decode everything and are not kept
// up. Nothing here runs concurrently.
package media

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/gabriel-vasile/mimetype"
)

// Found is what is known about a file.
type Found struct {
	Type     string        // media type, perhaps with a charset
	Width    int           // of images and videos as they are shown; 0 = not known
	Height   int           //
	Duration time.Duration // 0 = not known
	Thumb    []byte        // a small JPEG or PNG; nil = none
}

const (
	headSize    = 3072             // what types are told by
	maxDuration = 1000 * time.Hour // longer ones are nonsense
	maxSide     = 1 << 16          // pixels of an image or video
	patience    = 5 * time.Second  // with a file whose decoding never ends
)

// Sniff tells the type alone; that takes next to nothing.
func Sniff(r io.ReadSeeker, size int64) (Found, error) {
	w := &window{r: r, size: size}
	return w.sniff(), w.err
}

// Look looks at a file of so many bytes. The only error is one of reading. It may
// take patience (5 s) and memory (200 MB) for an image, little for anything else.
func Look(r io.ReadSeeker, size int64) (Found, error) {
	w := &window{r: r, size: size, until: time.Now().Add(patience)}
	found := w.sniff()
	kind, _, _ := strings.Cut(found.Type, ";")
	if look := lookers[kind]; look != nil {
		guarded(&found, func() { look(w, &found) })
	}
	if found.Duration < 0 || found.Duration > maxDuration {
		found.Duration = 0
	}
	if found.Width <= 0 || found.Height <= 0 || found.Width > maxSide || found.Height > maxSide {
		found.Width, found.Height = 0, 0
	}
	return found, w.err
}

func (w *window) sniff() Found { return Found{Type: mimetype.Detect(w.at(0, headSize)).String()} }

// lookers are those who read more of a type.
var lookers = map[string]func(*window, *Found){
	"image/png":        picture,
	"image/jpeg":       picture,
	"image/gif":        picture,
	"image/webp":       picture,
	"audio/wav":        wav,
	"audio/mpeg":       mp3,
	"audio/flac":       flac,
	"audio/ogg":        ogg,
	"video/ogg":        ogg,
	"application/ogg":  ogg,
	"audio/mp4":        mp4,
	"audio/x-m4a":      mp4,
	"video/mp4":        mp4,
	"video/quicktime":  mp4,
	"video/x-m4v":      mp4,
	"video/3gpp":       mp4,
	"audio/3gpp":       mp4,
	"video/webm":       webm,
	"audio/webm":       webm,
	"video/x-matroska": webm,
}

// guarded keeps a fault in a decoder of images to the file that caused it: the
// file then has a type and nothing else.
func guarded(found *Found, look func()) {
	defer func() {
		if fault := recover(); fault != nil {
			*found = Found{Type: found.Type}
		}
	}()
	look()
}

// window reads pieces of a file, at most maxReads of them.
type window struct {
	r     io.ReadSeeker
	size  int64
	until time.Time // when decoders get nothing more
	reads int
	err   error // of the place where the file lies
}

const (
	maxReads = 256
	maxPiece = 1 << 20
)

// at is up to n bytes from a position; fewer at the end, none where there are no
// more to be read.
func (w *window) at(position int64, n int) []byte {
	if w.err != nil || position < 0 || position >= w.size || w.reads >= maxReads {
		return nil
	}
	w.reads++
	piece := make([]byte, min(int64(n), maxPiece, w.size-position))
	if _, err := w.r.Seek(position, io.SeekStart); err != nil {
		w.err = err
		return nil
	}
	n, err := io.ReadFull(w.r, piece)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		w.err = fmt.Errorf("looking at a file: %w", err)
	}
	return piece[:n]
}

// seconds is a count of something with so many per second.
func seconds(count, perSecond float64) time.Duration {
	if !(count > 0) || !(perSecond > 0) || count/perSecond > maxDuration.Seconds() {
		return 0
	}
	return time.Duration(count / perSecond * float64(time.Second)).Round(time.Millisecond)
}
