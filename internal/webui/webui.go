// Package webui serves the web client and the admin console, whose pages are built
// from web/ into this package and lie in the program. A program built without Node.js
// has a page that says so in their place.
//
// Everything comes from this host, under a strict content security policy. What lies
// below /assets/ carries a hash in its name and may be kept for ever; everything else is
// asked for anew each time, and usually answered with 304.
//
// A UI may be used by many requests at once.
package webui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

// Policy is the content security policy of the pages. Pictures and media may be blobs,
// because files are fetched with the session's rights and shown from memory.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; " +
	"media-src 'self' blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// Permissions is what the pages may ask a browser for: voice and video messages and
// calls, nothing else.
const Permissions = "camera=(self), microphone=(self), display-capture=(self), fullscreen=(self), autoplay=(self), " +
	"geolocation=(), payment=(), usb=(), serial=(), hid=(), midi=()"

// The pages, as vite writes them, and the placeholder.
const (
	clientPage  = "index.html"
	consolePage = "admin/index.html"
	placeholder = "placeholder.html"
	assets      = "assets/"
	console     = "admin/"
)

//go:embed all:built
var built embed.FS

// UI serves the pages. Make one with New.
type UI struct {
	files map[string]*file // by path without leading slash
	built bool
}

// file is one file of the build.
type file struct {
	name, contentType, etag string
	body                    []byte
	once                    sync.Once
	packed                  []byte // gzip, where that is smaller; made when first asked for
}

// New reads the pages out of the program.
func New() (*UI, error) {
	dist, err := fs.Sub(built, "built/dist")
	if err != nil {
		return nil, err
	}
	u, err := load(dist)
	if err != nil {
		return nil, err
	}
	if u.built = len(u.files) > 0; u.built {
		return u, nil
	}
	body, err := built.ReadFile("built/" + placeholder)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{clientPage, consolePage} {
		u.files[name] = newFile(name, body)
	}
	return u, nil
}

// load reads a build; one that is not there is empty.
func load(dist fs.FS) (*UI, error) {
	u := &UI{files: map[string]*file{}}
	err := fs.WalkDir(dist, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case name == "." && errors.Is(err, fs.ErrNotExist):
			return fs.SkipAll
		case err != nil || d.IsDir():
			return err
		}
		body, err := fs.ReadFile(dist, name)
		if err == nil {
			u.files[name] = newFile(name, body)
		}
		return err
	})
	return u, err
}

func newFile(name string, body []byte) *file {
	sum := sha256.Sum256(body)
	kind := mime.TypeByExtension(path.Ext(name))
	switch path.Ext(name) { // the same on every machine
	case ".js":
		kind = "text/javascript; charset=utf-8"
	case ".webmanifest":
		kind = "application/manifest+json"
	case ".woff2":
		kind = "font/woff2"
	}
	if kind == "" {
		kind = "application/octet-stream"
	}
	return &file{name: name, contentType: kind, etag: `"` + hex.EncodeToString(sum[:12]) + `"`, body: body}
}

// Built tells whether the program carries the pages and not the placeholder.
func (u *UI) Built() bool { return u.built }

// MountClient puts the client on a mux: its page at /, and what lies beside it.
func (u *UI) MountClient(mux *http.ServeMux) {
	for name, f := range u.files {
		switch {
		case name == clientPage:
			mux.Handle("GET /{$}", f)
		case strings.HasPrefix(name, console) || strings.HasPrefix(name, assets):
		default:
			mux.Handle("GET /"+name, f)
		}
	}
}

// MountConsole puts the console on a mux: its page at /admin/, and what lies beside it.
func (u *UI) MountConsole(mux *http.ServeMux) {
	for name, f := range u.files {
		switch {
		case name == consolePage:
			mux.Handle("GET /admin/{$}", f)
		case strings.HasPrefix(name, console):
			mux.Handle("GET /"+name, f)
		}
	}
}

// MountAssets puts what both need on a mux.
func (u *UI) MountAssets(mux *http.ServeMux) {
	mux.HandleFunc("GET /"+assets+"{name...}", func(w http.ResponseWriter, r *http.Request) {
		f := u.files[assets+r.PathValue("name")]
		if f == nil {
			http.NotFound(w, r)
			return
		}
		f.ServeHTTP(w, r)
	})
}

// ServeHTTP implements http.Handler.
func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", Policy)
	h.Set("Permissions-Policy", Permissions)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(f.name, assets) {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body, etag := f.body, f.etag
	if accepts(r.Header.Get("Accept-Encoding"), "gzip") {
		f.once.Do(f.pack)
		if f.packed != nil {
			h.Set("Content-Encoding", "gzip")
			body, etag = f.packed, strings.TrimSuffix(f.etag, `"`)+`-gz"`
		}
	}
	h.Set("ETag", etag)
	if matches(r.Header.Get("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(body)
}

// pack compresses the file where that saves a tenth; fonts and pictures are packed
// already.
func (f *file) pack() {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return
	}
	if _, err := z.Write(f.body); err != nil || z.Close() != nil {
		return
	}
	if out.Len() < len(f.body)*9/10 {
		f.packed = out.Bytes()
	}
}

// accepts tells whether a list of codings names one without q=0 (RFC 9110, 12.5.3).
func accepts(header, coding string) bool {
	for _, part := range strings.Split(header, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) {
			q := strings.TrimSpace(params)
			return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
		}
	}
	return false
}

// matches tells whether If-None-Match names the tag (RFC 9110, 13.1.2).
func matches(header, etag string) bool {
	for _, tag := range strings.Split(header, ",") {
		tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
		if tag == etag || tag == "*" {
			return true
		}
	}
	return false
}
