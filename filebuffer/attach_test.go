package filebuffer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/filebuffer/memory"
)

// board is one message of alice that takes files.
type board struct {
	index *memory.Index
	now   func() time.Time
	grant filebuffer.Grant

	mu      sync.Mutex // guards the following
	refuse  error      // what Granted says
	late    error      // what Attach says, when the file is here
	files   []filebuffer.Attachment
	forgets []func()
}

var errCrash = errors.New("the process is killed here")

func (b *board) Granted(_ context.Context, g filebuffer.Grant) (filebuffer.Owner, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if g != b.grant {
		return filebuffer.Owner{}, filebuffer.ErrNotFound
	}
	return alice, b.refuse
}

func (b *board) Attach(_ context.Context, g filebuffer.Grant, file filebuffer.Attachment) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if errors.Is(b.late, errCrash) {
		panic("killed")
	}
	if g != b.grant || b.late != nil {
		return errors.Join(filebuffer.ErrNotFound, b.late)
	}
	_, _, forget, err := b.index.Post(alice, []int64{bob.Person}, file, b.now())
	if err != nil {
		return err
	}
	b.files, b.forgets = append(b.files, file), append(b.forgets, forget)
	return nil
}

// onBoard is a rig with a message, and where files for it go.
func onBoard(t *testing.T, with func(*filebuffer.Config)) (*rig, *board, string) {
	b := &board{grant: filebuffer.Grant{Domain: domain, Message: 90, Session: 4503599627370001, Key: filebuffer.NewKey()}}
	r := newRig(t, func(c *filebuffer.Config) {
		b.index, b.now, c.Attacher = c.Index.(*memory.Index), c.Now, b
		if with != nil {
			with(c)
		}
	})
	return r, b, r.AttachURL(b.grant)
}

func TestAttach(t *testing.T) {
	r, b, link := onBoard(t, nil)
	if want := fmt.Sprintf("%s/%s/messages/attach/90?session=4503599627370001&key=%d", r.server.URL, domain, b.grant.Key); link != want {
		t.Errorf("the URL is %s, want %s", link, want)
	}
	if body := r.want(200, "POST", link+"&name=..%2Fpl%C3%A4n.txt", "the plan"); body != "" {
		t.Errorf("the answer has a body: %q", body)
	}
	r.want(200, "PUT", link+"&name=b", "more")
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, _ := w.CreateFormFile("file", "not-this-name")
	_, _ = io.WriteString(part, "by a form")
	_ = w.Close()
	r.want(200, "POST", link, form.String(), "Content-Type", w.FormDataContentType())
	var got []string
	for _, f := range b.files {
		got = append(got, fmt.Sprint(f.Name, " ", f.Size, " ", f.Info.Type))
	}
	if want := "plän.txt 8 text/plain; charset=utf-8|b 4 text/plain; charset=utf-8|file 9 text/plain; charset=utf-8"; strings.Join(got, "|") != want {
		t.Errorf("files %q", got)
	}
	// The buffers are used up, and nobody collects what the message has.
	r.advance(filebuffer.Linger + time.Second)
	if n, err := r.Expire(t.Context(), r.now); n != 3 || err != nil {
		t.Errorf("%d ended, %v", n, err)
	}
	if n, err := r.Collect(t.Context()); n != 0 || err != nil {
		t.Errorf("%d collected, %v", n, err)
	}
	for _, forget := range b.forgets {
		forget()
	}
	r.clean("after the message")
}

// A wrong key, and everything else that no grant is for, looks like what is not there.
func TestAttachWithoutGrant(t *testing.T) {
	r, b, link := onBoard(t, nil)
	want, first := r.do("POST", r.server.URL+"/x", strings.NewReader("x"))
	want.Header.Del("Date")
	for what, link := range map[string]string{
		"wrong key": strings.Replace(link, "key=", "key=1", 1), "no key": strings.Split(link, "&")[0], "no query": strings.Split(link, "?")[0],
		"other session": strings.Replace(link, "session=", "session=1", 1), "other message": strings.Replace(link, "/90?", "/91?", 1),
		"other domain": strings.Replace(link, domain, "example.org", 1), "key 0": strings.Split(link, "&")[0] + "&key=0",
		"with a name in the path": strings.Replace(link, "/90?", "/90/x?", 1), "a sign": strings.Replace(link, "key=", "key=%2B", 1),
		"no number": strings.Replace(link, "/90?", "/x?", 1), "zeros": strings.Replace(link, "/90?", "/090?", 1),
		"twice": strings.Replace(link, "key=", "key=1&key=", 1),
	} {
		for _, method := range []string{"POST", "GET", "PUT", "DELETE"} {
			answer, body := r.do(method, link, strings.NewReader("x"))
			answer.Header.Del("Date")
			if answer.StatusCode != 404 || body != first || fmt.Sprint(answer.Header) != fmt.Sprint(want.Header) {
				t.Errorf("%s %s: %d %q %v", method, what, answer.StatusCode, body, answer.Header)
			}
		}
	}
	for _, method := range []string{"GET", "DELETE", "PATCH"} {
		r.want(405, method, link, "")
	}
	if r.Own(domain, link) {
		t.Error("the URL passes the relay as a file")
	}
	if _, err := r.Resolve(t.Context(), alice, link); !errors.Is(err, filebuffer.ErrForeign) {
		t.Errorf("the URL can be attached: %v", err)
	}
	if len(b.files) > 0 {
		t.Errorf("files %v", b.files)
	}
	plain := newRig(t, nil)
	plain.want(404, "POST", plain.AttachURL(b.grant), "x") // nobody takes files
}

// What is refused, early or late, leaves nothing behind.
func TestAttachRefused(t *testing.T) {
	small := func(c *filebuffer.Config) { c.Limit, c.Quota = 10, filebuffer.Quota{Bytes: 15, Buffers: 1} }
	for name, tt := range map[string]struct {
		early, late error
		content     string
		status      int
	}{
		"not allowed":          {early: filebuffer.ErrForbidden, status: 403},
		"not allowed any more": {late: filebuffer.ErrForbidden, status: 404}, // what is not there comes first
		"too many":             {early: filebuffer.ErrMany, status: 409},
		"away":                 {early: filebuffer.ErrAway, status: 503},
		"gone meanwhile":       {late: filebuffer.ErrNotFound, status: 404},
		"too large":            {content: "eleven byte", status: 413},
		"internal":             {early: errors.New("a secret"), status: 500},
	} {
		t.Run(name, func(t *testing.T) {
			r, b, link := onBoard(t, small)
			b.refuse, b.late = tt.early, tt.late
			if tt.content == "" {
				tt.content = "x"
			}
			body := r.want(tt.status, "POST", link, tt.content)
			if strings.Contains(body, "secret") {
				t.Errorf("told: %q", body)
			}
			b.refuse, b.late = nil, nil
			r.want(200, "POST", link, "0123456789") // the quota is free
			b.forgets[0]()
			r.advance(filebuffer.Linger + time.Second)
			if n, err := r.Expire(t.Context(), r.now); n != 1 || err != nil {
				t.Errorf("%d buffers, %v", n, err)
			}
			r.clean("after all")
		})
	}
	r, _, link := onBoard(t, small)
	r.create(alice, "a buffer")
	r.want(507, "POST", link, "x") // as many as the quota has
}

// The end of the session ends uploads, as it does for buffers.
func TestAttachWhenTheSessionEnds(t *testing.T) {
	r, b, link := onBoard(t, nil)
	in, out := io.Pipe()
	done := make(chan int)
	go func() {
		answer, _ := r.do("POST", link, in)
		done <- answer.StatusCode
	}()
	_, _ = io.WriteString(out, "half")
	for running := false; !running; time.Sleep(time.Millisecond) {
		b, err := r.index.Buffer(t.Context(), domain, 1, r.now)
		running = err == nil && b.Size > 0
	}
	if err := r.EndSession(t.Context(), domain, b.grant.Session); err != nil {
		t.Error(err)
	}
	_, _ = io.WriteString(out, " and half")
	out.Close()
	if status := <-done; status != 404 {
		t.Errorf("status %d", status)
	}
	r.clean("after the session")
}

// A process that dies between the file and its message leaves a buffer that nobody
// knows, and not for long.
func TestAttachCrash(t *testing.T) {
	r, b, link := onBoard(t, nil)
	b.late = errCrash
	func() {
		defer func() {
			if recover() == nil {
				t.Error("it has not crashed")
			}
		}()
		r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", link, strings.NewReader("x")))
	}()
	if blobs, _, _ := r.pieces(); blobs != 1 {
		t.Errorf("%d blobs", blobs)
	}
	r.advance(filebuffer.Linger)
	if n, err := r.Expire(t.Context(), r.now); n != 1 || err != nil {
		t.Errorf("%d ended, %v", n, err)
	}
	r.clean("after the crash")
}

func TestNewKey(t *testing.T) {
	seen := map[uint64]bool{}
	for range 1000 {
		key := filebuffer.NewKey()
		if key == 0 || key >= 1<<53 || seen[key] {
			t.Fatalf("key %d", key)
		}
		seen[key] = true
	}
}
