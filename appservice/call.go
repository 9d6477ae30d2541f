package appservice

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/tandem-switch/tandem/internal/strictjson"
)

// call is a request that waits for its answer.
type call struct {
	src, api, mt string
	answer       chan Frame // takes one
}

// request sends v and waits for the answer. A v without src gets one.
func (l *link) request(ctx context.Context, v any) (Frame, error) {
	raw, err := Marshal(v)
	if err != nil {
		return Frame{}, err
	}
	c, raw, err := l.open(raw)
	if err != nil {
		return Frame{}, err
	}
	defer l.forget(c)
	if err := l.write(ctx, raw); err != nil {
		return Frame{}, err
	}
	select {
	case f := <-c.answer:
		return f, errorOf(f)
	case <-l.done:
		return Frame{}, l.reason(ErrClosed)
	case <-ctx.Done():
		return Frame{}, ctx.Err()
	}
}

// errorOf is the error that an Error message stands for.
func errorOf(f Frame) error {
	if f.MT != MTError {
		return nil
	}
	code, _ := f.Get("error").Int64()
	return &Error{Code: int(code), Text: f.Get("errorText").String()}
}

// open registers a call for raw and gives it a src if it has none.
func (l *link) open(raw []byte) (*call, []byte, error) {
	f, err := ParseFrame(new(strictjson.Doc), raw)
	if err != nil {
		return nil, nil, err
	}
	if f.Src == nil && f.Get("src").Exists() {
		return nil, nil, errors.New("appservice: src is neither string nor number")
	}
	c := &call{src: f.SrcString(), api: f.API, mt: f.MT, answer: make(chan Frame, 1)}
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.Src == nil {
		l.number++
		c.src = "c" + strconv.FormatUint(l.number, 10)
		raw = append([]byte(`{"src":"`+c.src+`",`), bytes.TrimSpace(raw)[1:]...)
	}
	if l.pending[c.src] != nil {
		return nil, nil, fmt.Errorf("appservice: a call with src %q is pending", c.src)
	}
	l.pending[c.src] = c
	l.order = append(l.order, c)
	return c, raw, nil
}

func (l *link) forget(c *call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.remove(c)
}

// remove takes a call out; the caller holds mu.
func (l *link) remove(c *call) {
	if l.pending[c.src] != c {
		return
	}
	delete(l.pending, c.src)
	for i := range l.order {
		if l.order[i] == c {
			l.order = append(l.order[:i], l.order[i+1:]...)
			return
		}
	}
}

// answered hands f to the call that it answers: by src if it has one, otherwise
// by its mt (appwebsocket.md 1.4 rule 3).
func (l *link) answered(f Frame) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.match(f)
	if c == nil {
		return false
	}
	l.remove(c)
	c.answer <- f
	return true
}

func (l *link) match(f Frame) *call {
	if f.Src != nil {
		c := l.pending[f.SrcString()]
		if c != nil && (c.api == f.API || c.api == "" || f.API == "") {
			return c
		}
		return nil
	}
	for _, c := range l.order {
		if c.api == f.API && answers(c.mt, f.MT) {
			return c
		}
	}
	return nil
}

// answers tells whether a message can be the answer to a request, by its name.
func answers(request, mt string) bool {
	if mt == request || mt == request+"Result" {
		return true
	}
	if base, ok := strings.CutSuffix(request, "Request"); ok && mt == base+"Result" {
		return true
	}
	base, ok := strings.CutSuffix(request, "Req")
	return ok && (mt == base+"Resp" || mt == base+"Result")
}
