package admin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Answers keeps what requests with an idempotency key were answered, for
// keptFor. Several processes may use it at the same time.
type Answers interface {
	// Begin notes that who sends a request with the key, whose content has the
	// hash. If the key is noted already, and not before the time, it returns
	// what is kept and changes nothing; a nil answer means: go on. It refuses
	// with too_many when who has as many keys as one may have.
	Begin(ctx context.Context, who, key string, hash []byte, now, before time.Time) (*Answer, error)
	// Finish keeps the answer.
	Finish(ctx context.Context, who, key string, answer Answer) error
	// Forget makes the key free again.
	Forget(ctx context.Context, who, key string) error
}

// Answer is what a request was answered. Status 0: it is not answered yet.
type Answer struct {
	Hash        []byte
	Status      int
	ContentType string
	ETag        string
	Body        []byte
}

// The limits of idempotency keys.
const (
	keptFor    = 24 * time.Hour
	maxKey     = 128
	maxKept    = 64 << 10 // bytes of an answer that is kept
	badKeyText = "An idempotency key has 1 to 128 printable ASCII characters."
)

// once does the operation unless it was done with this key before; then the
// answer is repeated.
func (a *API) once(ctx context.Context, c *call, w http.ResponseWriter, do func(http.ResponseWriter)) {
	key, who := c.request.Header.Get(keyHeader), c.who()
	hash, err := c.hash()
	if err == nil {
		err = a.checkKey(key)
	}
	var kept *Answer
	if err == nil {
		now := a.Clock.Now()
		kept, err = a.Answers.Begin(ctx, who, key, hash, now, now.Add(-keptFor))
	}
	if err == nil && kept != nil {
		err = repeat(w, kept, hash)
		if err == nil {
			return
		}
	}
	if err != nil {
		a.refuse(ctx, w, err)
		return
	}
	rec := &recorder{ResponseWriter: w, status: http.StatusOK}
	finished := false
	defer func() { // also when the operation panics
		a.keep(context.WithoutCancel(ctx), who, key, hash, rec, finished)
	}()
	do(rec)
	finished = true
}

func (a *API) checkKey(key string) error {
	if a.Answers == nil {
		return wrong(NotAvailable, keyHeader, "Idempotency keys cannot be kept here.")
	}
	if len(key) > maxKey {
		return wrong(Invalid, keyHeader, badKeyText)
	}
	for _, c := range []byte(key) {
		if c <= ' ' || c > '~' {
			return wrong(Invalid, keyHeader, badKeyText)
		}
	}
	return nil
}

// hash is of all that makes the request what it is.
func (c *call) hash() ([]byte, error) {
	h := sha256.New()
	_, _ = io.WriteString(h, c.request.Method+" "+c.request.URL.RequestURI()+"\n"+c.request.Header.Get(reasonHeader)+"\n") // never fails
	if c.request.Body == nil {
		return h.Sum(nil), nil
	}
	body, err := io.ReadAll(c.request.Body)
	c.request.Body = io.NopCloser(bytes.NewReader(body))
	h.Write(body)
	return h.Sum(nil), err
}

// repeat answers as before.
func repeat(w http.ResponseWriter, kept *Answer, hash []byte) error {
	switch {
	case !bytes.Equal(kept.Hash, hash):
		return wrong(KeyReused, keyHeader, "This idempotency key was used for another request; take a new one.")
	case kept.Status == 0:
		return wrong(KeyInUse, keyHeader, "The first request with this idempotency key is not answered yet, or its answer was lost; look what has become of it.")
	}
	w.Header().Set("Idempotency-Replayed", "true")
	if kept.ContentType != "" {
		w.Header().Set("Content-Type", kept.ContentType)
	}
	if kept.ETag != "" {
		w.Header().Set("ETag", kept.ETag)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(kept.Body)))
	w.WriteHeader(kept.Status)
	_, _ = w.Write(kept.Body) // the other side has gone
	return nil
}

// keep keeps the answer, unless it was our fault: then the request may be sent
// again.
func (a *API) keep(ctx context.Context, who, key string, hash []byte, rec *recorder, finished bool) {
	var err error
	if !finished || rec.status >= http.StatusInternalServerError || rec.tooLong {
		err = a.Answers.Forget(ctx, who, key)
	} else {
		err = a.Answers.Finish(ctx, who, key, Answer{
			Hash: hash, Status: rec.status, Body: rec.body.Bytes(),
			ContentType: rec.Header().Get("Content-Type"), ETag: rec.Header().Get("ETag"),
		})
	}
	if err != nil {
		a.Log.Error("the answer to a request with an idempotency key was not kept", "err", err)
	}
}

// recorder keeps what is answered.
type recorder struct {
	http.ResponseWriter
	status  int
	body    bytes.Buffer
	tooLong bool
}

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(text []byte) (int, error) {
	if r.body.Len()+len(text) > maxKept {
		r.tooLong = true
	} else {
		r.body.Write(text)
	}
	return r.ResponseWriter.Write(text)
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
