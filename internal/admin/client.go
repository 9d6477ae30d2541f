package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/tandem-switch/tandem/internal/account"
)

// Client asks the API, for the command line: that of the server behind a control
// socket, or one in this process. An error that the caller has caused is a
// *Problem.
type Client struct {
	http  *http.Client
	close func() error
}

// NewClient asks the server that listens on the unix socket at path. It
// connects when it is first used.
func NewClient(path string) *Client {
	dialer := &net.Dialer{Timeout: 2 * time.Second}
	h := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", path)
		},
		MaxIdleConnsPerHost: 4,
		IdleConnTimeout:     10 * time.Second,
	}}
	return &Client{http: h, close: func() error { h.CloseIdleConnections(); return nil }}
}

// Direct asks api in this process, as the user that it runs under. close is
// called by Close.
func Direct(api *API, uid int, close func() error) *Client {
	h := api.Trusted(func(*http.Request) account.Identity { return account.Socket(uid) })
	return &Client{http: &http.Client{Transport: direct{h}}, close: close}
}

// Ping reports whether a server answers, within two seconds.
func (c *Client) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var v Version
	if err := c.Do(ctx, http.MethodGet, "/version", nil, &v); err != nil {
		return fmt.Errorf("what listens on the control socket is no switch, or one of another version: %w", err)
	}
	return nil
}

// Close lets go of connections, or of what the API in this process works on.
func (c *Client) Close() error { return c.close() }

// Do sends in to path, which is below Prefix, and takes the answer into out;
// either may be nil. It takes at most a minute.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, operationTime+10*time.Second)
	defer cancel()
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	response, err := c.Send(ctx, method, path, "application/json", body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return fmt.Errorf("the answer of the running server broke off: %w", err)
	}
	if len(text) > maxAnswer {
		return problem(TooLarge, fmt.Sprintf("the answer of the running server is longer than %d MiB", maxAnswer>>20))
	}
	if out == nil || len(text) == 0 {
		return nil
	}
	return json.Unmarshal(text, out)
}

// Send sends a body to path, which is below Prefix, and returns the answer, whose
// body the caller closes. An answer that is a problem is the error.
func (c *Client) Send(ctx context.Context, method, path, contentType string, body io.Reader) (*http.Response, error) {
	header := http.Header{}
	if body != nil {
		header.Set("Content-Type", contentType)
	}
	return c.SendWith(ctx, method, path, header, body)
}

// SendWith is Send with headers of one's own.
func (c *Client) SendWith(ctx context.Context, method, path string, header http.Header, body io.Reader) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://pbx"+Prefix+path, body)
	if err != nil {
		return nil, err
	}
	r.Header = header.Clone()
	if reason, ok := ctx.Value(reasonKey{}).(string); ok && reason != "" {
		r.Header.Set(reasonHeader, reason)
	}
	response, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("the running server did not answer: %w", err)
	}
	if response.StatusCode < http.StatusBadRequest {
		return response, nil
	}
	defer response.Body.Close()
	return nil, readProblem(response)
}

// WithReason has the requests of ctx say why they are made, for the audit log.
func WithReason(ctx context.Context, reason string) context.Context {
	return context.WithValue(ctx, reasonKey{}, reason)
}

type reasonKey struct{}

// readProblem takes the problem that stands in the place of an answer.
func readProblem(response *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(response.Body, maxProblem))
	if err != nil {
		return fmt.Errorf("the answer of the running server broke off: %w", err)
	}
	p := &Problem{}
	if json.Unmarshal(text, p) != nil || p.Text == "" {
		return errors.New("the running server answered " + response.Status)
	}
	if p.Code == ReasonRequired {
		p.Text = "this needs a reason, for the audit log: say why with --reason TEXT"
	}
	return p
}

// list asks for all parts of a list.
func list[T any](ctx context.Context, c *Client, path string) ([]T, error) {
	all := []T{}
	for next := path; ; {
		var page Page[T]
		if err := c.Do(ctx, http.MethodGet, next, nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Next == "" {
			return all, nil
		}
		next = withQuery(path, "cursor", page.Next)
	}
}

// direct calls a handler in this process as if it were a server.
type direct struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper. The answer is streamed: the handler runs
// until it is read or closed.
func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	out, in := io.Pipe()
	w := &pipedAnswer{header: http.Header{}, body: in, ready: make(chan struct{})}
	request := r.Clone(r.Context())
	if request.Body == nil {
		request.Body = http.NoBody
	}
	request.RequestURI = r.URL.RequestURI()
	go func() {
		defer request.Body.Close()
		d.handler.ServeHTTP(w, request)
		w.WriteHeader(http.StatusOK) // unless there was one
		in.Close()
	}()
	select {
	case <-w.ready:
	case <-r.Context().Done():
		out.Close()
		return nil, r.Context().Err()
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: w.sent, Body: out, ContentLength: -1, Request: r,
	}, nil
}

// pipedAnswer is the http.ResponseWriter of a handler in this process.
type pipedAnswer struct {
	header, sent http.Header
	status       int
	body         *io.PipeWriter
	ready        chan struct{} // closed when status and sent are there
}

// Header implements http.ResponseWriter.
func (w *pipedAnswer) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *pipedAnswer) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	w.status, w.sent = status, w.header.Clone()
	close(w.ready)
}

// Write implements http.ResponseWriter.
func (w *pipedAnswer) Write(text []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(text)
}

// Flush implements http.Flusher: nothing is held back.
func (w *pipedAnswer) Flush() { w.WriteHeader(http.StatusOK) }
