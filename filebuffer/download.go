package filebuffer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// piece is what is written between two deadlines.
const piece = 64 << 10

// download sends a file, a part of it, or its thumbnail (v=thumb).
func (s *Store) download(w http.ResponseWriter, r *http.Request, q url.Values, f Ref) error {
	if q.Get("v") == "thumb" {
		return s.downloadThumb(w, r, f)
	}
	h := w.Header()
	etag := `"` + f.Hash.String()[:32] + `"`
	part, want := parseRange(r.Header.Get("Range"), f.Size)
	if first := r.Header.Get("If-Range"); first != "" && first != etag {
		part, want = span{0, f.Size}, wantAll
	}
	mediaType, inline := served(f.Info.Type)
	h.Set("Accept-Ranges", "bytes")
	h.Set("Access-Control-Expose-Headers", "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag")
	if want == wantNone {
		h.Set("Content-Range", "bytes */"+strconv.FormatInt(f.Size, 10))
		h.Set("Content-Length", "0")
		w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
		return nil
	}
	content, err := s.open(r.Context(), f.Hash, part)
	if err != nil {
		return err
	}
	defer content.Close()
	h.Set("ETag", etag)
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", disposition(inline, f.Name))
	h.Set("Content-Length", strconv.FormatInt(part.length, 10))
	status := http.StatusOK
	if want == wantPart {
		h.Set("Content-Range", part.contentRange(f.Size))
		status = http.StatusPartialContent
	}
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	sent, err := s.send(w, io.LimitReader(content, part.length))
	s.c.Observer.Downloaded(sent)
	if err != nil || sent < part.length {
		s.c.Log.Debug("files: download ended early", "sent", sent, "of", part.length, "error", err)
		panic(http.ErrAbortHandler) // the client must not take what it has for all
	}
	return nil
}

// open opens a blob at the begin of a part. A row without blob is for the log:
// somebody has removed files by hand, or lost a disk.
func (s *Store) open(ctx context.Context, hash Hash, part span) (Blob, error) {
	content, err := s.c.Blobs.Open(ctx, hash)
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			s.c.Log.Error("files: a file is missing", "sha256", hash.String())
		}
		return nil, err
	}
	if part.start > 0 {
		if _, err := content.Seek(part.start, io.SeekStart); err != nil {
			return nil, errors.Join(err, content.Close())
		}
	}
	return content, nil
}

// send copies piece by piece. Each has the time of Stall, so that a client that
// does not read gives its connection back.
func (s *Store) send(w http.ResponseWriter, content io.Reader) (int64, error) {
	control := http.NewResponseController(w)
	room := make([]byte, piece)
	var sent int64
	for {
		n, err := io.ReadFull(content, room)
		if n > 0 {
			_ = control.SetWriteDeadline(time.Now().Add(s.c.Stall))
			written, failed := w.Write(room[:n])
			sent += int64(written)
			if failed != nil {
				return sent, failed
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return sent, nil
		}
		if err != nil {
			return sent, err
		}
	}
}

func (s *Store) downloadThumb(w http.ResponseWriter, r *http.Request, f Ref) error {
	if !f.Info.Thumb {
		return ErrNotFound
	}
	data, err := s.c.Blobs.Thumb(r.Context(), f.Hash)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", http.DetectContentType(data)) // we made it: a JPEG or PNG
	h.Set("Content-Disposition", "inline")
	h.Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	sent, err := s.send(w, bytes.NewReader(data))
	s.c.Observer.Downloaded(sent)
	return err
}

// served says as what a file is sent, and whether a browser may show it. Types
// that can carry scripts are sent as nothing in particular.
func served(mediaType string) (as string, inline bool) {
	plain, _, _ := strings.Cut(mediaType, ";")
	switch plain = strings.TrimSpace(plain); plain {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		return plain, true
	case "text/plain":
		return mediaType, true
	case "":
		return octets, false
	}
	for _, active := range []string{"html", "xml", "svg", "script", "multipart/", "message/", "x-shockwave-flash", "wasm", "mhtml"} {
		if strings.Contains(plain, active) {
			return octets, false
		}
	}
	return mediaType, false
}

const octets = "application/octet-stream"
