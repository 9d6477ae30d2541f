package filebuffer

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ServeHTTP serves uploads and downloads (decisions 62 to 64).
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "private, no-store")
	if r.Method == http.MethodOptions {
		preflight(w, r)
		return
	}
	// What follows sets deadlines as bytes move; this one is for the answer.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.c.Stall))
	if err := s.serve(w, r); err != nil {
		s.refuse(w, r, err)
	}
}

func (s *Store) serve(w http.ResponseWriter, r *http.Request) error {
	p, ok := parsePath(r.URL.EscapedPath(), s.c.Instance)
	if !ok || len(r.URL.RawQuery) > maxURL {
		return ErrNotFound
	}
	q := r.URL.Query()
	switch p.kind {
	case kindPermanent:
		return s.permanent(w, r, p, q)
	case kindAttach:
		return s.attach(w, r, p, q)
	}
	return s.temporary(w, r, p, q)
}

// permanent serves a file of a message. The signature is checked before the
// index is asked.
func (s *Store) permanent(w http.ResponseWriter, r *http.Request, p place, q url.Values) error {
	if !s.signed(p, q) {
		return ErrNotFound
	}
	if !reads(r) {
		return errMethod
	}
	f, err := s.c.Index.Ref(r.Context(), p.domain, p.id)
	if err != nil {
		return err
	}
	return s.download(w, r, q, f)
}

// temporary serves a buffer to whoever knows its token.
func (s *Store) temporary(w http.ResponseWriter, r *http.Request, p place, q url.Values) error {
	b, err := s.c.Index.Buffer(r.Context(), p.domain, p.id, s.c.Now())
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	// The comparison is made for an unknown buffer too.
	if !rightToken(q.Get("t"), b.Token) || err != nil {
		return ErrNotFound
	}
	switch {
	case r.Header.Get("Tus-Resumable") != "":
		return s.serveTus(w, r, b)
	case reads(r):
		if b.State != Ready {
			return ErrNotFound
		}
		return s.download(w, r, q, Ref{Name: b.Name, Hash: b.Hash, Size: b.Size, Info: b.Info})
	case r.Method == http.MethodPost || r.Method == http.MethodPut:
		if err := s.take(w, r, b); err != nil {
			return err
		}
		s.took(w)
		return nil
	}
	return errMethod
}

func reads(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// take takes the body of a POST or PUT. What can be told from the header is told
// before a byte is read.
func (s *Store) take(w http.ResponseWriter, r *http.Request, b Buffer) error {
	in := body{r: r.Body, size: r.ContentLength, most: unknown, deadline: http.NewResponseController(w).SetReadDeadline}
	if boundary := formBoundary(r); boundary != "" {
		in.r = newForm(http.MaxBytesReader(w, r.Body, s.c.Limit+formExtra), boundary)
		in.size, in.most = unknown, r.ContentLength
		if r.ContentLength > s.c.Limit+formExtra {
			return ErrTooLarge
		}
	}
	return s.upload(r.Context(), b, in)
}

// took says that a file has been taken.
func (s *Store) took(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.c.Stall))
	w.WriteHeader(http.StatusOK)
}

// preflight answers a browser that asks before it sends from another origin. The
// answer for resumable uploads differs, because the published one has to stay as
// it is.
func preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	methods, headers := "GET, HEAD, POST, OPTIONS", "Content-Type"
	asked := strings.ToLower(r.Header.Get("Access-Control-Request-Headers"))
	switch r.Header.Get("Access-Control-Request-Method") {
	case http.MethodPut, http.MethodPatch, http.MethodDelete:
		asked += "tus-resumable"
	}
	if strings.Contains(asked, "tus-resumable") || r.Header.Get("Tus-Resumable") != "" {
		methods += ", PUT, PATCH, DELETE"
		headers += ", Range, If-Range, Tus-Resumable, Upload-Length, Upload-Offset, Upload-Metadata"
		tusOptions(h)
	}
	h.Set("Access-Control-Allow-Methods", methods)
	h.Set("Access-Control-Allow-Headers", headers)
	h.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
}

var errMethod = errors.New("this method is not for this URL")

// answer is how an error leaves this package.
type answer struct {
	is     error
	status int
	reason string // for the Observer
	text   string // empty: that of the error
}

// answers are looked through in order.
var answers = []answer{
	{ErrNotFound, http.StatusNotFound, "not_found", ""},
	{ErrForbidden, http.StatusForbidden, "forbidden", ""},
	{ErrMany, http.StatusConflict, "many", ""},
	{errMethod, http.StatusMethodNotAllowed, "method", ""},
	{errLocked, http.StatusLocked, "busy", ""},
	{ErrTaken, http.StatusConflict, "taken", ""},
	{ErrTooLarge, http.StatusRequestEntityTooLarge, "too_large", ""},
	{ErrQuota, http.StatusInsufficientStorage, "quota", ""},
	{ErrFull, http.StatusInsufficientStorage, "full", ""},
	{errSlow, http.StatusRequestTimeout, "slow", ""},
	{ErrAway, http.StatusServiceUnavailable, "away", ""},
	{ErrBusy, http.StatusServiceUnavailable, "busy", "too many uploads, or the file is busy: try again"},
	{errNoFile, http.StatusBadRequest, "form", ""},
	{errFiles, http.StatusBadRequest, "form", ""},
	{errFields, http.StatusBadRequest, "form", ""},
	{ErrCut, http.StatusBadRequest, "cut", ""},
	{context.Canceled, http.StatusBadRequest, "cut", "the request was given up"},
}

// answerFor finds the answer to an error, counts it, and logs what is our fault.
func (s *Store) answerFor(method string, err error) answer {
	found := answer{nil, http.StatusInternalServerError, "internal", "something went wrong"}
	for _, a := range answers {
		if errors.Is(err, a.is) {
			found = a
			break
		}
	}
	if found.text == "" {
		found.text = found.is.Error()
	}
	s.c.Observer.Refused(found.reason)
	if found.is == nil || found.reason == "full" {
		s.c.Log.Error("files: request", "method", method, "error", err)
	}
	return found
}

// refuse answers with an error. A connection whose body was not read is closed,
// for what comes on it is not the next request.
func (s *Store) refuse(w http.ResponseWriter, r *http.Request, err error) {
	found := s.answerFor(r.Method, err)
	h := w.Header()
	switch found.status {
	case http.StatusMethodNotAllowed:
		h.Set("Allow", "GET, HEAD, OPTIONS, POST, PUT")
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", "5")
	}
	if r.ContentLength != 0 && r.ProtoMajor == 1 {
		h.Set("Connection", "close") // otherwise the server would wait for the body
	}
	for _, name := range []string{"Content-Disposition", "Content-Range", "ETag", "Accept-Ranges"} {
		h.Del(name)
	}
	text := found.text + "\n"
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.c.Stall))
	w.WriteHeader(found.status)
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, text)
	}
}
