package export

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tandem-switch/tandem/internal/messages"
)

// files writes the files of a chat.
func (e *exporter) files(ctx context.Context, b *book, missing map[int64]bool) error {
	return e.read(ctx, b, func(m *messages.Message) error {
		for _, f := range shown(m.Files) {
			if err := e.file(ctx, b, f, missing); err != nil {
				return err
			}
		}
		return nil
	})
}

func (e *exporter) file(ctx context.Context, b *book, f messages.File, missing map[int64]bool) error {
	content, err := e.r.Files.Open(ctx, f.Hash)
	if errors.Is(err, fs.ErrNotExist) {
		missing[f.ID] = true
		e.sum.Missing++
		return nil
	}
	if err != nil {
		return fmt.Errorf("file %d: %w", f.ID, err)
	}
	defer content.Close()
	w, err := e.create(b.dir+fileName(f), zip.Store, time.UnixMilli(f.Created))
	if err != nil {
		return err
	}
	n, err := io.Copy(w, &until{ctx: ctx, r: content})
	e.sum.Files++
	e.sum.Bytes += n
	if err != nil {
		return fmt.Errorf("file %d: %w", f.ID, err)
	}
	return nil
}

// until ends a read with its context.
type until struct {
	ctx context.Context
	r   io.Reader
}

func (u *until) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

// shown are the references of files as a reader sees them, each once: of the two
// of a file (messages.File), that of everybody else, where both are there.
func shown(files []messages.File) []messages.File {
	var out []messages.File
	for _, f := range files {
		twin := false
		for _, other := range files {
			twin = twin || other.Owner == 0 && other.Hash == f.Hash && other.Name == f.Name
		}
		if f.Owner == 0 || !twin {
			out = append(out, f)
		}
	}
	return out
}

// maxFileName is the longest name of a file in the archive, in bytes, without the
// number before it.
const maxFileName = 100

// fileName is where a file lies below its chat: its number, so that no two have
// the same, and its name as far as every system can write it. A file that a
// browser would run gets another ending, so that a click does not do that.
func fileName(f messages.File) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r), unicode.IsNumber(r), strings.ContainsRune("-_.() +,=@", r):
			return r
		}
		return '_'
	}, strings.ToValidUTF8(f.Name, "_"))
	name = shorten(strings.Trim(name, ". "))
	if name == "" {
		name = "file"
	}
	if isActive(name) {
		name += ".download"
	}
	return fmt.Sprintf("files/%d-%s", f.ID, name)
}

// shorten keeps the ending of a name.
func shorten(name string) string {
	if len(name) <= maxFileName {
		return name
	}
	ext := path.Ext(name)
	if len(ext) > 12 {
		ext = ""
	}
	stem := name[:maxFileName-len(ext)]
	for stem != "" && !utf8.ValidString(stem) {
		stem = stem[:len(stem)-1]
	}
	return stem + ext
}

// isActive reports whether a browser would run what is in the file.
func isActive(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".html", ".htm", ".xhtml", ".xht", ".shtml", ".svg", ".svgz", ".xml", ".xsl", ".xslt", ".mht", ".mhtml", ".js", ".mjs", ".hta", ".url", ".lnk":
		return true
	}
	return false
}
