package filebuffer_test

import (
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/filebuffer"
)

// begin begins a resumable upload.
func (r *rig) begin(status int, link string, size int) {
	r.t.Helper()
	r.want(status, "POST", link, "", "Tus-Resumable", "1.0.0", "Upload-Length", strconv.Itoa(size), "Upload-Metadata", "filename ZXZpbA==")
}

// patch sends a piece.
func (r *rig) patch(status int, link string, offset int, piece string) {
	r.t.Helper()
	r.want(status, "PATCH", link, piece, "Tus-Resumable", "1.0.0", "Upload-Offset", strconv.Itoa(offset), "Content-Type", "application/offset+octet-stream")
}

// offset asks how far an upload is.
func (r *rig) offset(link string, want, size int) {
	r.t.Helper()
	answer, _ := r.do("HEAD", link, nil, "Tus-Resumable", "1.0.0")
	if answer.StatusCode != 200 || answer.Header.Get("Upload-Offset") != strconv.Itoa(want) || answer.Header.Get("Upload-Length") != strconv.Itoa(size) {
		r.t.Errorf("offset: %d %v, want %d of %d", answer.StatusCode, answer.Header, want, size)
	}
}

func TestResumable(t *testing.T) {
	r := newRig(t, nil)
	content := "0123456789abcdefghij"
	_, link := r.create(alice, "a.txt")
	if answer, _ := r.do("HEAD", link, nil, "Tus-Resumable", "1.0.0"); answer.StatusCode != 404 {
		t.Errorf("before the begin: %d", answer.StatusCode)
	}
	answer, _ := r.do("POST", link, strings.NewReader(""), "Tus-Resumable", "1.0.0", "Upload-Length", "20", "Origin", "https://client.example")
	if answer.StatusCode != 201 || answer.Header.Get("Location") != link || answer.Header.Get("Tus-Resumable") != "1.0.0" {
		t.Errorf("begin: %d %v, want %s", answer.StatusCode, answer.Header, link)
	}
	if answer.Header.Get("Access-Control-Allow-Origin") != "*" || len(answer.Header.Values("Access-Control-Allow-Origin")) != 1 ||
		!strings.Contains(answer.Header.Get("Access-Control-Expose-Headers"), "Upload-Offset") {
		t.Errorf("headers for browsers: %v", answer.Header)
	}
	r.offset(link, 0, 20)
	r.patch(204, link, 0, content[:5])
	r.want(404, "GET", link, "") // not before the end
	r.patch(409, link, 0, content[:5])
	r.patch(409, link, 6, content[6:])
	r.offset(link, 5, 20)
	r.patch(413, link, 5, content[5:]+"more")
	r.patch(204, link, 5, content[5:19])
	r.offset(link, 19, 20)
	r.patch(204, link, 19, content[19:])
	r.offset(link, 20, 20)
	if got := r.want(200, "GET", link, ""); got != content {
		t.Errorf("got %q", got)
	}
	r.begin(409, link, 20)
	r.patch(409, link, 20, "x")
	r.want(409, "POST", link, "another")
	if blobs, staged, spooled := r.pieces(); blobs != 1 || staged+spooled != 0 {
		t.Errorf("%d blobs, %d staged, %d spooled", blobs, staged, spooled)
	}
	if name := strings.Contains(second2(r.do("GET", link, nil)), "evil"); name {
		t.Error("the name of the metadata is used")
	}
}

func second2[A, B any](_ A, b B) B { return b }

// TestResumableCut: what came before the cut stays, and the upload goes on there.
func TestResumableCut(t *testing.T) {
	r := newRig(t, nil)
	content := strings.Repeat("0123456789", 50)
	_, link := r.create(alice, "a")
	r.begin(201, link, len(content))
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(content); at += 37 {
		r.offset(link, at, len(content))
		request := "PATCH " + u.RequestURI() + " HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\n" +
			"Upload-Offset: " + strconv.Itoa(at) + "\r\nContent-Length: " + strconv.Itoa(len(content)-at) + "\r\n\r\n" + content[at:min(at+37, len(content))]
		if status := r.raw(request); at+37 < len(content) && status < 400 {
			t.Fatalf("cut at %d: %d", at, status)
		}
	}
	if got := r.want(200, "GET", link, ""); got != content {
		t.Errorf("%d bytes", len(got))
	}
}

func TestResumableAcrossRestart(t *testing.T) {
	var config filebuffer.Config
	r := newRig(t, func(c *filebuffer.Config) { config = *c })
	_, link := r.create(alice, "a")
	r.begin(201, link, 10)
	r.patch(204, link, 0, "01234")
	config.Blobs = r.blobs
	var err error
	if r.Store, err = filebuffer.New(config); err != nil {
		t.Fatal(err)
	}
	r.offset(link, 5, 10)
	r.patch(204, link, 5, "56789")
	if got := r.want(200, "GET", link, ""); got != "0123456789" {
		t.Errorf("got %q", got)
	}
}

// TestResumableCutAtTheEnd: the process ends when the last byte is there and before the
// file is made of them. A client that asks hears that it is done, and it is.
func TestResumableCutAtTheEnd(t *testing.T) {
	for _, method := range []string{"HEAD", "PATCH", "POST"} {
		t.Run(method, func(t *testing.T) {
			var config filebuffer.Config
			r := newRig(t, func(c *filebuffer.Config) { config = *c })
			_, link := r.create(alice, "a")
			r.begin(201, link, 10)
			r.patch(204, link, 0, "01234")
			files, err := filepath.Glob(filepath.Join(config.Spool, "*.part"))
			if err != nil || len(files) != 1 {
				t.Fatal(files, err)
			}
			if err := os.WriteFile(files[0], []byte("0123456789"), 0o600); err != nil {
				t.Fatal(err)
			}
			config.Blobs = r.blobs
			if r.Store, err = filebuffer.New(config); err != nil {
				t.Fatal(err)
			}
			switch method {
			case "HEAD":
				r.offset(link, 10, 10)
			case "PATCH":
				r.patch(409, link, 10, "")
			case "POST":
				r.begin(409, link, 10)
			}
			r.offset(link, 10, 10)
			if got := r.want(200, "GET", link, ""); got != "0123456789" {
				t.Errorf("got %q", got)
			}
			if blobs, staged, spooled := r.pieces(); blobs != 1 || staged+spooled != 0 {
				t.Errorf("%d blobs, %d staged, %d spooled", blobs, staged, spooled)
			}
		})
	}
}

func TestResumableLimits(t *testing.T) {
	r := newRig(t, func(c *filebuffer.Config) { c.Limit = 100; c.Quota = filebuffer.Quota{Bytes: 150, Buffers: 20} })
	_, one := r.create(alice, "a")
	_, two := r.create(alice, "b")
	r.begin(413, one, 101)
	r.begin(201, one, 100)
	r.begin(507, two, 51)
	r.begin(201, two, 50)
	r.want(400, "POST", two, "", "Tus-Resumable", "1.0.0")                             // no length
	r.want(400, "POST", two, "", "Tus-Resumable", "1.0.0", "Upload-Length", "-1")      //
	r.want(412, "POST", two, "", "Tus-Resumable", "0.2.2", "Upload-Length", "10")      // another version
	r.want(400, "PATCH", two, "x", "Tus-Resumable", "1.0.0", "Upload-Offset", "0")     // no type
	r.want(501, "POST", two, "", "Tus-Resumable", "1.0.0", "Upload-Defer-Length", "1") // not supported
	r.want(405, "GET", two, "", "Tus-Resumable", "1.0.0")
	r.patch(204, two, 0, "0123456789")
	r.want(204, "DELETE", two, "", "Tus-Resumable", "1.0.0")
	r.begin(201, one, 20) // anew, smaller
	r.patch(204, one, 0, "01234567890123456789")
	r.want(200, "POST", two, "plainly")
	if got := r.want(200, "GET", two, ""); got != "plainly" {
		t.Errorf("got %q", got)
	}
	_, wrong := r.create(bob, "c")
	r.want(404, "POST", wrong+"0", "", "Tus-Resumable", "1.0.0", "Upload-Length", "1")
	_, empty := r.create(bob, "d")
	r.begin(201, empty, 0)
	if got := r.want(200, "GET", empty, ""); got != "" {
		t.Errorf("got %q", got)
	}
}

// TestResumableWithFirstPiece sends the first bytes with the begin.
func TestResumableWithFirstPiece(t *testing.T) {
	r := newRig(t, nil)
	_, link := r.create(alice, "a")
	answer, _ := r.do("POST", link, strings.NewReader("0123"), "Tus-Resumable", "1.0.0", "Upload-Length", "8", "Content-Type", "application/offset+octet-stream")
	if answer.StatusCode != 201 || answer.Header.Get("Upload-Offset") != "4" {
		t.Errorf("%d %v", answer.StatusCode, answer.Header)
	}
	r.patch(204, link, 4, "4567")
	if got := r.want(200, "GET", link, ""); got != "01234567" {
		t.Errorf("got %q", got)
	}
}

// TestResumableEnds: an upload that nobody continues leaves nothing, one that goes
// on keeps its buffer.
func TestResumableEnds(t *testing.T) {
	r := newRig(t, nil)
	_, left := r.create(alice, "a")
	_, kept := r.create(alice, "b")
	r.begin(201, left, 10)
	r.patch(204, left, 0, "01234")
	r.begin(201, kept, 10)
	for n := range 9 {
		r.advance(9 * time.Minute)
		r.patch(204, kept, n, "x")
	}
	r.patch(404, left, 5, "56789")
	r.patch(204, kept, 9, "x")
	if n, err := r.Expire(t.Context(), r.now); n != 1 || err != nil {
		t.Errorf("%d ended, %v", n, err)
	}
	// The spool goes by the time of the file, which is that of the machine.
	r.advance(time.Hour)
	filebuffer.Round(t.Context(), r.Store, r.now)
	if _, _, spooled := r.pieces(); spooled != 0 {
		t.Errorf("%d spooled", spooled)
	}
}

// TestResumableFull: where the last step fails the upload begins anew, and nothing
// is left.
func TestResumableFull(t *testing.T) {
	fail := &failing{}
	r := newRig(t, func(c *filebuffer.Config) { fail.Blobs = c.Blobs; c.Blobs = fail })
	_, link := r.create(alice, "a")
	for _, fail.place = range []error{filebuffer.ErrFull} {
		r.begin(201, link, 5)
		r.patch(507, link, 0, "01234")
		r.want(404, "HEAD", link, "", "Tus-Resumable", "1.0.0")
		r.clean("after the full disk")
	}
	fail.place = nil
	r.begin(201, link, 5)
	r.patch(204, link, 0, "01234")
	r.want(200, "GET", link, "")
}

// TestResumableOneAtATime: a second request waits its turn outside.
func TestResumableOneAtATime(t *testing.T) {
	r := newRig(t, nil)
	_, link := r.create(alice, "a")
	r.begin(201, link, 10)
	in, out := io.Pipe()
	done := make(chan int)
	go func() {
		answer, _ := r.do("PATCH", link, in, "Tus-Resumable", "1.0.0", "Upload-Offset", "0", "Content-Type", "application/offset+octet-stream")
		done <- answer.StatusCode
	}()
	if _, err := io.WriteString(out, "01234"); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { // it is being written
		written, err := filepath.Glob(filepath.Join(r.dir, "spool", "*"))
		if err != nil || len(written) != 1 {
			return false
		}
		info, err := os.Stat(written[0])
		return err == nil && info.Size() == 5
	})
	r.patch(423, link, 0, "x")
	r.want(409, "POST", link, "plainly") // the other one goes on
	if _, err := io.WriteString(out, "56789"); err != nil {
		t.Fatal(err)
	}
	out.Close()
	if status := <-done; status != 204 {
		t.Errorf("status %d", status)
	}
}
