package filebuffer_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/filebuffer/local"
	"github.com/tandem-switch/tandem/filebuffer/memory"
)

// rig is a store with a local directory, behind a real HTTP server.
type rig struct {
	*filebuffer.Store
	t      testing.TB
	index  *memory.Index
	blobs  filebuffer.Blobs
	dir    string
	server *httptest.Server

	mu      sync.Mutex // guards the following
	now     time.Time
	dead    map[uint64]bool // sessions
	refused map[string]int
}

const domain = "example.com"

var alice, bob = filebuffer.Owner{Domain: domain, Person: 1}, filebuffer.Owner{Domain: domain, Person: 2}

// newRig starts a store; with changes something of its configuration.
func newRig(t testing.TB, with func(*filebuffer.Config)) *rig {
	t.Helper()
	r := &rig{t: t, index: memory.New(), dir: t.TempDir(), now: time.Now(), dead: map[uint64]bool{}, refused: map[string]int{}}
	dir, err := local.Open(filepath.Join(r.dir, "files"))
	if err != nil {
		t.Fatal(err)
	}
	r.blobs = dir
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { r.ServeHTTP(w, req) }))
	t.Cleanup(r.server.Close)
	c := filebuffer.Config{
		Base: r.server.URL, Instance: "messages", Key: bytes.Repeat([]byte{7}, 32),
		Index: r.index, Blobs: r.blobs, Spool: filepath.Join(r.dir, "spool"),
		Alive: func(_ string, session uint64) bool {
			r.mu.Lock()
			defer r.mu.Unlock()
			return !r.dead[session]
		},
		Now: func() time.Time {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.now
		},
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Observer: r,
	}
	if with != nil {
		with(&c)
	}
	if c.Blobs != nil {
		r.blobs = c.Blobs
	}
	if r.Store, err = filebuffer.New(c); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) Uploaded(int64, time.Duration) {}
func (r *rig) Downloaded(int64)              {}
func (r *rig) Collected(int, int)            {}
func (r *rig) Refused(reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refused[reason]++
}

func (r *rig) advance(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

func (r *rig) create(o filebuffer.Owner, name string) (filebuffer.ID, string) {
	r.t.Helper()
	id, link, err := r.Create(r.t.Context(), o, 42, name)
	if err != nil {
		r.t.Fatal(err)
	}
	return id, link
}

// do makes a request and reads the answer.
func (r *rig) do(method, link string, body io.Reader, headers ...string) (*http.Response, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, link, body)
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer, string(content)
}

// want makes a request and compares the status.
func (r *rig) want(status int, method, link, body string, headers ...string) string {
	r.t.Helper()
	var in io.Reader
	if method != http.MethodGet && method != http.MethodHead {
		in = strings.NewReader(body)
	}
	answer, content := r.do(method, link, in, headers...)
	if answer.StatusCode != status {
		r.t.Errorf("%s: status %d %q, want %d", method, answer.StatusCode, content, status)
	}
	return content
}

// upload makes a buffer with a content.
func (r *rig) upload(o filebuffer.Owner, name, content string) (filebuffer.ID, string) {
	r.t.Helper()
	id, link := r.create(o, name)
	r.want(200, "POST", link, content)
	return id, link
}

// post stores a message with the file of a URL; it gives URLs of the author and
// of the reader for their sessions 42 and 43.
func (r *rig) post(author, reader filebuffer.Owner, link string) (own, shared string, forget func()) {
	r.t.Helper()
	a, err := r.Resolve(r.t.Context(), author, link)
	if err != nil {
		r.t.Fatal(err)
	}
	r.mu.Lock()
	now := r.now
	r.mu.Unlock()
	one, two, forget, err := r.index.Post(author, []int64{reader.Person}, a, now)
	if err != nil {
		r.t.Fatal(err)
	}
	mint := func(id filebuffer.ID, session uint64) string {
		f, err := r.index.Ref(r.t.Context(), author.Domain, id)
		if err != nil {
			r.t.Fatal(err)
		}
		return r.MintURL(author.Domain, f, session)
	}
	return mint(one, 42), mint(two, 43), forget
}

// pieces counts the files that lie in the directory of blobs, by directory.
func (r *rig) pieces() (blobs, staged, spooled int) {
	r.t.Helper()
	count := func(parts ...string) (n int) {
		err := filepath.WalkDir(filepath.Join(append([]string{r.dir}, parts...)...), func(_ string, entry os.DirEntry, err error) error {
			if err == nil && entry.Type().IsRegular() {
				n++
			}
			return err
		})
		if err != nil {
			r.t.Fatal(err)
		}
		return n
	}
	return count("files", "blobs"), count("files", "stage"), count("spool")
}

func (r *rig) clean(what string) {
	r.t.Helper()
	if _, err := r.Collect(r.t.Context()); err != nil {
		r.t.Error(err)
	}
	if blobs, staged, spooled := r.pieces(); blobs+staged+spooled != 0 {
		r.t.Errorf("%s: %d blobs, %d staged, %d spooled are left", what, blobs, staged, spooled)
	}
}

// TestDialogue is the HTTP part of the dialogue "a file from buffer to the
// partner's history".
func TestDialogue(t *testing.T) {
	r := newRig(t, nil)
	_, link := r.create(alice, "plan.txt")
	r.want(404, "GET", link, "")
	if got := r.want(200, "POST", link, "the plan"); got != "" {
		t.Errorf("the answer has a body: %q", got)
	}
	r.want(409, "POST", link, "another")
	if got := r.want(200, "GET", link, ""); got != "the plan" {
		t.Errorf("got %q", got)
	}
	own, shared, _ := r.post(alice, bob, link)
	if own == shared || shared == link {
		t.Error("the URLs do not differ")
	}
	for _, permanent := range []string{own, shared} {
		if got := r.want(200, "GET", permanent, ""); got != "the plan" {
			t.Errorf("got %q", got)
		}
		r.want(405, "POST", permanent, "x")
	}
	if blobs, _, _ := r.pieces(); blobs != 1 {
		t.Errorf("%d copies", blobs)
	}
}

func TestTemporaryURLEndsAfterPost(t *testing.T) {
	r := newRig(t, nil)
	_, link := r.upload(alice, "plan.txt", "the plan")
	r.advance(time.Hour)
	_, shared, forget := r.post(alice, bob, link)
	r.advance(filebuffer.Linger - time.Second)
	r.want(200, "GET", link, "")
	r.advance(time.Second)
	r.want(404, "GET", link, "")
	if n, err := r.Expire(t.Context(), r.now); n != 1 || err != nil {
		t.Errorf("%d ended, %v", n, err)
	}
	if n, err := r.Collect(t.Context()); n != 0 || err != nil {
		t.Errorf("%d collected, %v", n, err)
	}
	r.want(200, "GET", shared, "")
	forget()
	r.want(404, "GET", shared, "")
	r.clean("after the message")
}

func TestBufferEnds(t *testing.T) {
	r := newRig(t, nil)
	_, unused := r.create(alice, "a")
	_, uploaded := r.upload(alice, "b", "content")
	r.advance(10*time.Minute - time.Second)
	r.want(409, "POST", uploaded, "x")
	r.advance(time.Second)
	r.want(404, "POST", unused, "x")
	r.want(200, "GET", uploaded, "")
	r.advance(24 * time.Hour)
	r.want(404, "GET", uploaded, "")
	if n, err := r.Expire(t.Context(), r.now); n != 2 || err != nil {
		t.Errorf("%d ended, %v", n, err)
	}
	r.clean("after 24 hours")
}

func TestDelete(t *testing.T) {
	r := newRig(t, nil)
	id, link := r.upload(alice, "a", "content")
	if err := r.Delete(t.Context(), bob, id); !errors.Is(err, filebuffer.ErrNotFound) {
		t.Errorf("a stranger: %v", err)
	}
	if err := r.Delete(t.Context(), alice, id); err != nil {
		t.Error(err)
	}
	r.want(404, "GET", link, "")
	r.clean("after the deletion")
	_, link = r.create(alice, "b")
	if err := r.EndSession(t.Context(), domain, 42); err != nil {
		t.Error(err)
	}
	r.want(404, "POST", link, "x")
}

func TestPermanentURLs(t *testing.T) {
	r := newRig(t, nil)
	_, link := r.upload(alice, "plan.txt", "the plan")
	own, shared, _ := r.post(alice, bob, link)
	change := func(link, name, value string) string {
		u, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		q.Set(name, value)
		u.RawQuery = q.Encode()
		return u.String()
	}
	parsed, _ := url.Parse(own)
	for what, forged := range map[string]string{
		"another session":        change(shared, "s", "44"),
		"a later end":            change(shared, "e", "99999999999"),
		"no signature":           change(shared, "k", ""),
		"another signature":      change(shared, "k", strings.Repeat("0", 32)),
		"a short signature":      change(shared, "k", parsed.Query().Get("k")[:30]),
		"signature of the other": change(shared, "k", parsed.Query().Get("k")),
		"another domain":         strings.Replace(shared, "example.com", "example.org", 1),
		"another number":         strings.Replace(shared, "/files/", "/files/1", 1),
		"as temporary":           strings.Replace(shared, "/files/", "/tmp/", 1),
		"without query":          strings.Split(shared, "?")[0],
	} {
		t.Run(what, func(*testing.T) { r.want(404, "GET", forged, "") })
	}
	r.want(200, "GET", shared, "")
	r.mu.Lock()
	r.dead[43] = true
	r.mu.Unlock()
	r.want(404, "GET", shared, "")
	r.want(200, "GET", own, "")
	r.advance(time.Hour - 2*time.Second)
	r.want(200, "GET", own, "")
	r.advance(2 * time.Second)
	r.want(404, "GET", own, "")
}

func TestResolve(t *testing.T) {
	r := newRig(t, nil)
	_, link := r.upload(alice, "plan.txt", "the plan")
	_, open := r.create(alice, "open")
	own, shared, _ := r.post(alice, bob, link)
	elsewhere := filebuffer.Owner{Domain: "example.org", Person: 1}
	for _, tt := range []struct {
		what string
		who  filebuffer.Owner
		link string
		want error
	}{
		{"own temporary", alice, link, nil},
		{"own permanent", alice, own, nil},
		{"received", bob, shared, nil},
		{"temporary of somebody else", bob, link, filebuffer.ErrNotFound},
		{"permanent of somebody else", bob, own, filebuffer.ErrNotFound},
		{"not uploaded", alice, open, filebuffer.ErrNotFound},
		{"wrong token", alice, link[:len(link)-1] + "g", filebuffer.ErrNotFound},
		{"without token", alice, strings.Split(link, "?")[0], filebuffer.ErrNotFound},
		{"from another domain", elsewhere, link, filebuffer.ErrNotFound},
		{"another host", alice, "https://evil.example/x.exe", filebuffer.ErrForeign},
		{"a longer host", alice, r.server.URL + ".evil.example" + strings.TrimPrefix(link, r.server.URL), filebuffer.ErrForeign},
		{"a user in front", alice, strings.Replace(link, "http://", "http://x@", 1), filebuffer.ErrForeign},
		{"another instance", alice, strings.Replace(link, "/messages/", "/other/", 1), filebuffer.ErrForeign},
		{"dots", alice, strings.Replace(link, "/tmp/", "/files/../tmp/", 1), filebuffer.ErrForeign},
		{"fragment", alice, link + "#x", filebuffer.ErrForeign},
		{"nothing", alice, "", filebuffer.ErrForeign},
		{"very long", alice, link + strings.Repeat("x", 5000), filebuffer.ErrForeign},
	} {
		t.Run(tt.what, func(t *testing.T) {
			a, err := r.Resolve(t.Context(), tt.who, tt.link)
			if !errors.Is(err, tt.want) || tt.want == nil && err != nil {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if err == nil && (a.Name != "plan.txt" || a.Size != 8) {
				t.Errorf("got %+v", a)
			}
			if own := r.Own(tt.who.Domain, tt.link); own == errors.Is(err, filebuffer.ErrForeign) && tt.who == alice {
				t.Errorf("own: %v", own)
			}
		})
	}
	// Forwarding: the file stays as long as one message has it.
	_, again, _ := r.post(bob, alice, shared)
	r.want(200, "GET", again, "")
}

func TestConfigIsChecked(t *testing.T) {
	good := filebuffer.Config{
		Base: "https://ap.example.com", Instance: "messages", Key: make([]byte, 32), Spool: t.TempDir(),
		Index: memory.New(), Blobs: &failing{}, Alive: func(string, uint64) bool { return true },
	}
	if _, err := filebuffer.New(good); err != nil {
		t.Error(err)
	}
	for what, spoil := range map[string]func(*filebuffer.Config){
		"no base":      func(c *filebuffer.Config) { c.Base = "" },
		"slash":        func(c *filebuffer.Config) { c.Base += "/" },
		"another kind": func(c *filebuffer.Config) { c.Base = "ftp://x" },
		"query":        func(c *filebuffer.Config) { c.Base += "?x" },
		"short key":    func(c *filebuffer.Config) { c.Key = c.Key[:16] },
		"no instance":  func(c *filebuffer.Config) { c.Instance = "" },
		"two parts":    func(c *filebuffer.Config) { c.Instance = "a/b" },
		"no index":     func(c *filebuffer.Config) { c.Index = nil },
		"no blobs":     func(c *filebuffer.Config) { c.Blobs = nil },
		"no sessions":  func(c *filebuffer.Config) { c.Alive = nil },
		"no spool":     func(c *filebuffer.Config) { c.Spool = "" },
	} {
		bad := good
		spoil(&bad)
		if _, err := filebuffer.New(bad); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
}

// failing is a place of blobs in which one step fails.
type failing struct {
	filebuffer.Blobs
	stage, place, open, thumb error
}

func (f *failing) Stage(ctx context.Context, r io.Reader) (filebuffer.Staged, error) {
	s, err := f.Blobs.Stage(ctx, r)
	if err != nil {
		return nil, err
	}
	if f.stage != nil {
		return nil, errors.Join(f.stage, s.Discard(ctx))
	}
	return placing{s, f.place}, nil
}

type placing struct {
	filebuffer.Staged
	err error
}

func (p placing) Place(ctx context.Context) error {
	if p.err != nil {
		return p.err
	}
	return p.Staged.Place(ctx)
}

func (f *failing) Open(ctx context.Context, h filebuffer.Hash) (filebuffer.Blob, error) {
	if f.open != nil {
		return nil, f.open
	}
	return f.Blobs.Open(ctx, h)
}

func (f *failing) SetThumb(ctx context.Context, h filebuffer.Hash, data []byte) error {
	if f.thumb != nil {
		return f.thumb
	}
	return f.Blobs.SetThumb(ctx, h, data)
}
