package filebuffer

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
)

const (
	formExtra  = 64 << 10 // bytes of a form in front of the file, and behind it
	formFields = 16       // other fields
)

// formBoundary is that of multipart/form-data; empty = the body is the file.
func formBoundary(r *http.Request) string {
	mediaType, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "multipart/form-data" {
		return ""
	}
	return params["boundary"]
}

// form reads the one file of a form. It ends well only if the form does: a form
// that is cut off behind the file is cut off.
type form struct {
	gate  *gate
	parts *multipart.Reader
	file  *multipart.Part
	done  bool
}

func newForm(r io.Reader, boundary string) *form {
	g := &gate{r: r}
	return &form{gate: g, parts: multipart.NewReader(g, boundary)}
}

// gate lets so many bytes pass: what is not the file of a form is kept in memory.
type gate struct {
	r    io.Reader
	left int64
}

func (g *gate) Read(p []byte) (int, error) {
	if g.left <= 0 {
		return 0, errFields
	}
	n, err := g.r.Read(p[:min(int64(len(p)), g.left)])
	g.left -= int64(n)
	return n, err
}

var (
	errNoFile = errors.New("the form has no file")
	errFiles  = errors.New("the form has more than one file")
	errFields = errors.New("the form has too much beside the file")
)

func (f *form) Read(p []byte) (int, error) {
	if f.done {
		return 0, io.EOF
	}
	if f.file == nil {
		if err := f.next(errNoFile); err != nil {
			return 0, err
		}
	}
	f.gate.left = noLimit
	n, err := f.file.Read(p)
	if errors.Is(err, io.EOF) {
		f.done = true
		if err = f.next(io.EOF); err == nil {
			err = errFiles
		}
	}
	return n, err
}

// next goes on to the next file; end is what the end of the form means.
func (f *form) next(end error) error {
	f.gate.left = formExtra
	for range formFields {
		part, err := f.parts.NextRawPart()
		switch {
		case errors.Is(err, io.EOF) && errors.Unwrap(err) == nil: // wrapped it means: cut off
			return end
		case errors.Is(err, io.EOF):
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		}
		if part.FileName() != "" || part.FormName() == "file" {
			f.file = part
			return nil
		}
	}
	return errFields
}
