package admin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/tandem-switch/tandem/internal/replay"
)

// The limits of idempotency keys.
const (
	maxKey     = 128
	maxKept    = 64 << 10 // bytes of an answer that is kept
	badKeyText = "An idempotency key has 1 to 128 printable ASCII characters."
)

// once does the operation unless it was done with this key before; then the
// answer is repeated.
func (a *API) once(ctx context.Context, c *call, w http.ResponseWriter, do func(http.ResponseWriter)) {
	key, who := c.request.Header.Get(keyHeader), c.owner()
	hash, err := c.hash()
	if err == nil {
		err = a.checkKey(key)
	}
	var kept *replay.Answer
	if err == nil {
		kept, err = a.Answers.BeginAnswer(ctx, who, key, hash, a.Clock.Now())
	}
	if errors.Is(err, replay.ErrTooMany) {
		err = problem(RateLimited, "You have used too many idempotency keys today; send requests without one, or wait.")
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
func repeat(w http.ResponseWriter, kept *replay.Answer, hash []byte) error {
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
		err = a.Answers.ForgetAnswer(ctx, who, key)
	} else {
		err = a.Answers.FinishAnswer(ctx, who, key, replay.Answer{
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
