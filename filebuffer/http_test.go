package filebuffer_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/filebuffer"
)

func TestPreflight(t *testing.T) {
	r := newRig(t, nil)
	for what, link := range map[string]string{"a buffer": second(r.create(alice, "a")), "nothing": r.server.URL + "/x/messages/tmp/9/y"} {
		answer, body := r.do("OPTIONS", link, nil, "Origin", "https://client.example", "Access-Control-Request-Method", "POST")
		if answer.StatusCode != 204 || body != "" {
			t.Errorf("%s: %d %q", what, answer.StatusCode, body)
		}
		for name, want := range map[string]string{
			"Access-Control-Allow-Origin":  "*",
			"Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
			"Access-Control-Allow-Headers": "Content-Type",
			"Access-Control-Max-Age":       "86400",
		} {
			if got := answer.Header.Get(name); got != want {
				t.Errorf("%s: %s = %q, want %q", what, name, got, want)
			}
		}
		if answer.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Error("credentials are allowed")
		}
	}
	answer, _ := r.do("OPTIONS", r.server.URL+"/x/messages/tmp/9/y", nil, "Access-Control-Request-Method", "PATCH")
	if !strings.Contains(answer.Header.Get("Access-Control-Allow-Methods"), "PATCH") ||
		!strings.Contains(answer.Header.Get("Access-Control-Allow-Headers"), "Upload-Offset") {
		t.Errorf("resumable uploads: %v", answer.Header)
	}
}

func second[A, B any](_ A, b B) B { return b }

// TestHeadersOfEveryAnswer: whatever is said, a browser shows nothing of it that
// could run.
func TestHeadersOfEveryAnswer(t *testing.T) {
	r := newRig(t, nil)
	_, link := r.upload(alice, "a.html", "<html><script>alert(1)</script>")
	_, open := r.create(alice, "b")
	own, _, _ := r.post(alice, bob, link)
	for _, tt := range []struct {
		method, link string
		status       int
	}{
		{"GET", link, 200}, {"HEAD", link, 200}, {"GET", own, 200}, {"GET", open, 404}, {"POST", link, 409},
		{"DELETE", link, 405}, {"GET", r.server.URL + "/", 404}, {"POST", open, 200},
	} {
		answer, _ := r.do(tt.method, tt.link, nil)
		if answer.StatusCode != tt.status {
			t.Errorf("%s: %d, want %d", tt.method, answer.StatusCode, tt.status)
		}
		for name, want := range map[string]string{
			"Access-Control-Allow-Origin": "*",
			"X-Content-Type-Options":      "nosniff",
			"Content-Security-Policy":     "sandbox; default-src 'none'",
			"Cache-Control":               "private, no-store",
			"Referrer-Policy":             "no-referrer",
		} {
			if got := answer.Header.Get(name); got != want {
				t.Errorf("%s %d: %s = %q, want %q", tt.method, tt.status, name, got, want)
			}
		}
	}
}

// TestSameAnswer: what is not there, what has ended and what one does not know the
// token of cannot be told apart.
func TestSameAnswer(t *testing.T) {
	r := newRig(t, nil)
	_, link := r.upload(alice, "a", "x")
	_, open := r.create(alice, "b")
	_, ended := r.create(alice, "c")
	if err := r.index.Extend(t.Context(), domain, 3, r.now.Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	wrong := func(link string) string { return strings.Split(link, "?")[0] + "?t=" + strings.Repeat("ab", 16) }
	var first string
	for _, method := range []string{"GET", "POST", "PUT", "DELETE", "PATCH"} {
		for what, link := range map[string]string{
			"wrong token": wrong(link), "wrong token, open": wrong(open), "ended": ended, "unknown": strings.Replace(link, "/tmp/1/", "/tmp/99/", 1),
			"other domain": strings.Replace(link, domain, "example.org", 1), "no token": strings.Split(link, "?")[0],
			"other path": r.server.URL + "/x", "no hex": strings.Split(link, "?")[0] + "?t=zz", "zero": strings.Replace(link, "/tmp/1/", "/tmp/01/", 1),
		} {
			answer, body := r.do(method, link, nil)
			answer.Header.Del("Date")
			got := fmt.Sprint(answer.StatusCode, answer.Header, body)
			if first == "" {
				first = got
			}
			if got != first || answer.StatusCode != 404 {
				t.Errorf("%s %s: %s\nwant %s", method, what, got, first)
			}
		}
	}
}

func TestDownloadHeaders(t *testing.T) {
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 4, 4))); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, func(c *filebuffer.Config) { c.Quota.Buffers = -1 })
	for _, tt := range []struct {
		name, content   string
		mediaType, show string
		escaped         string
	}{
		{"plan.txt", "the plan", "text/plain; charset=utf-8", "inline", "plan.txt"},
		{"x.png", picture.String(), "image/png", "inline", "x.png"},
		{"x.png", "<html><body>no picture", "application/octet-stream", "attachment", "x.png"},
		{"x.svg", `<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`, "application/octet-stream", "attachment", "x.svg"},
		{"x.xml", `<?xml version="1.0"?><a/>`, "application/octet-stream", "attachment", "x.xml"},
		{"x.pdf", "%PDF-1.7\n", "application/pdf", "attachment", "x.pdf"},
		{"x.zip", "PK\x03\x04aaaa", "application/zip", "attachment", "x.zip"},
		{"bin", "\x00\x01\x02", "application/octet-stream", "attachment", "bin"},
		{"", "", "text/plain", "inline", "file"},
		{"a\r\nSet-Cookie: x=1\r\n\r\n.txt", "a", "text/plain; charset=utf-8", "inline", "aSet-Cookie%3A%20x%3D1.txt"},
		{`"; filename="evil.exe`, "a", "text/plain; charset=utf-8", "inline", "%22%3B%20filename%3D%22evil.exe"},
		{`..\..\windows\x.txt`, "a", "text/plain; charset=utf-8", "inline", "x.txt"},
		{"Grüße 你好.txt", "a", "text/plain; charset=utf-8", "inline", "Gr%C3%BC%C3%9Fe%20%E4%BD%A0%E5%A5%BD.txt"},
	} {
		_, link := r.upload(alice, tt.name, tt.content)
		answer, body := r.do("GET", link, nil)
		if answer.StatusCode != 200 || body != tt.content {
			t.Errorf("%q: %d, %d bytes", tt.name, answer.StatusCode, len(body))
		}
		if got := answer.Header.Get("Content-Type"); got != tt.mediaType {
			t.Errorf("%q: type %q, want %q", tt.name, got, tt.mediaType)
		}
		if got, want := answer.Header.Get("Content-Disposition"), tt.show+"; filename*=UTF-8''"+tt.escaped; got != want {
			t.Errorf("%q: %q, want %q", tt.name, got, want)
		}
		if answer.Header.Get("Set-Cookie") != "" {
			t.Error("a name has become a header")
		}
	}
}

func TestRanges(t *testing.T) {
	r := newRig(t, nil)
	content := "0123456789"
	_, link := r.upload(alice, "a", content)
	_, empty := r.upload(alice, "b", "")
	answer, _ := r.do("GET", link, nil)
	etag := answer.Header.Get("ETag")
	for _, tt := range []struct {
		header, ifRange string
		status          int
		want, span      string
	}{
		{"bytes=0-3", "", 206, "0123", "bytes 0-3/10"},
		{"bytes=3-3", "", 206, "3", "bytes 3-3/10"},
		{"bytes=5-", "", 206, "56789", "bytes 5-9/10"},
		{"bytes=-3", "", 206, "789", "bytes 7-9/10"},
		{"bytes=-30", "", 206, content, "bytes 0-9/10"},
		{"bytes=8-99999999999999999999", "", 206, "89", "bytes 8-9/10"},
		{"bytes=10-", "", 416, "", "bytes */10"},
		{"bytes=-0", "", 416, "", "bytes */10"},
		{"bytes=99999999999999999999-", "", 416, "", "bytes */10"},
		{"bytes=0-1,3-4", "", 200, content, ""},
		{"bytes=0-" + strings.Repeat(",0-", 5000), "", 200, content, ""},
		{"bytes=4-2", "", 200, content, ""},
		{"bytes=--1", "", 200, content, ""},
		{"bytes=+1-2", "", 200, content, ""},
		{"lines=0-1", "", 200, content, ""},
		{"bytes=0-3", etag, 206, "0123", "bytes 0-3/10"},
		{"bytes=0-3", `"another"`, 200, content, ""},
	} {
		headers := []string{"Range", tt.header}
		if tt.ifRange != "" {
			headers = append(headers, "If-Range", tt.ifRange)
		}
		answer, got := r.do("GET", link, nil, headers...)
		if answer.StatusCode != tt.status || got != tt.want || answer.Header.Get("Content-Range") != tt.span {
			t.Errorf("%.40s: %d %q %q, want %d %q %q", tt.header, answer.StatusCode, got, answer.Header.Get("Content-Range"), tt.status, tt.want, tt.span)
		}
		head, got := r.do("HEAD", link, nil, headers...)
		if head.StatusCode != tt.status || got != "" || head.ContentLength != answer.ContentLength {
			t.Errorf("HEAD %.40s: %d, length %d", tt.header, head.StatusCode, head.ContentLength)
		}
	}
	if answer, _ := r.do("GET", empty, nil, "Range", "bytes=0-"); answer.StatusCode != 416 {
		t.Errorf("empty: %d", answer.StatusCode)
	}
}

func TestPut(t *testing.T) {
	r := newRig(t, nil)
	_, link := r.create(alice, "a")
	r.want(200, "PUT", link, "content", "Content-Type", "text/html")
	if got := r.want(200, "GET", link, ""); got != "content" {
		t.Errorf("got %q", got)
	}
	r.want(409, "PUT", link, "content")
}

// form builds a multipart body of fields ("name=content") and files
// ("name:filename=content").
func form(t *testing.T, parts ...string) (body, contentType string) {
	t.Helper()
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for _, part := range parts {
		head, content, _ := strings.Cut(part, "=")
		name, file, isFile := strings.Cut(head, ":")
		var in io.Writer
		var err error
		if isFile {
			in, err = w.CreateFormFile(name, file)
		} else {
			in, err = w.CreateFormField(name)
		}
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(in, content)
	}
	w.Close()
	return out.String(), w.FormDataContentType()
}

func TestForms(t *testing.T) {
	r := newRig(t, func(c *filebuffer.Config) { c.Quota.Buffers = -1; c.Limit = 1 << 20 })
	for _, tt := range []struct {
		what   string
		parts  []string
		status int
		want   string
	}{
		{"one file", []string{"upload:x.txt=content"}, 200, "content"},
		{"with fields", []string{"a=1", "b=2", "upload:x.txt=content", "c=3"}, 200, "content"},
		{"without a name", []string{"file=content"}, 200, "content"},
		{"empty", []string{"upload:x.txt="}, 200, ""},
		{"no file", []string{"a=1"}, 400, ""},
		{"two files", []string{"a:1=x", "b:2=y"}, 400, ""},
		{"too large", []string{"a:1=" + strings.Repeat("x", 1<<20+1)}, 413, ""},
		{"largest", []string{"a:1=" + strings.Repeat("x", 1<<20)}, 200, strings.Repeat("x", 1<<20)},
		{"large field", []string{"a=" + strings.Repeat("x", 100<<10), "a:1=x"}, 400, ""},
		{"large field behind", []string{"a:1=x", "a=" + strings.Repeat("x", 100<<10)}, 400, ""},
		{"large name", []string{"a:" + strings.Repeat("x", 100<<10) + "=x"}, 400, ""},
		{"many fields", append(strings.Split(strings.Repeat("a=1 ", 20), " ")[:20], "a:1=x"), 400, ""},
	} {
		t.Run(tt.what, func(t *testing.T) {
			_, link := r.create(alice, "a")
			body, contentType := form(t, tt.parts...)
			r.want(tt.status, "POST", link, body, "Content-Type", contentType)
			if tt.status == 200 {
				if got := r.want(200, "GET", link, ""); got != tt.want {
					t.Errorf("%d bytes", len(got))
				}
			} else {
				r.want(404, "GET", link, "")
			}
		})
	}
	// Cut off at every byte, and told so by the length: never a file.
	_, link := r.create(alice, "cut")
	body, contentType := form(t, "upload:x.txt=content")
	for n := range len(body) - 2 { // the last line may lack its end
		r.want(400, "POST", link, body[:n], "Content-Type", contentType)
	}
	r.want(404, "GET", link, "")
	r.want(200, "POST", link, body, "Content-Type", contentType)
}

// raw sends bytes over a connection of its own, closes its writing side, and reads
// the status.
func (r *rig) raw(text string) int {
	r.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.server.URL, "http://"))
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		r.t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		r.t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return 0
	}
	if err != nil {
		r.t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

// TestCutAtEveryByte cuts uploads with a length and in chunks.
func TestCutAtEveryByte(t *testing.T) {
	r := newRig(t, nil)
	content := "a small body, cut at every byte"
	_, link := r.create(alice, "a")
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	for name, request := range map[string]string{
		"length": fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", u.RequestURI(), len(content), content),
		"chunks": fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n",
			u.RequestURI(), content[:5], len(content)-5, content[5:]),
	} {
		begin := strings.Index(request, "\r\n\r\n") + 4
		for n := begin; n < len(request)-2; n++ {
			if status := r.raw(request[:n]); status != 400 && !(status == 200 && name == "chunks" && n >= len(request)-4) {
				t.Fatalf("%s cut at %d of %d: status %d", name, n-begin, len(request)-begin, status)
			}
			if name == "chunks" && n >= len(request)-5 {
				break
			}
		}
	}
	r.want(404, "GET", link, "")
	r.clean("after the cuts")
	r.want(200, "POST", link, content)
	if got := r.want(200, "GET", link, ""); got != content {
		t.Errorf("got %q", got)
	}
}

func TestTooLarge(t *testing.T) {
	r := newRig(t, func(c *filebuffer.Config) { c.Limit = 10 })
	_, link := r.create(alice, "a")
	r.want(413, "POST", link, "12345678901")
	answer, _ := r.do("POST", link, io.MultiReader(strings.NewReader("123456"), strings.NewReader("78901"))) // chunked
	if answer.StatusCode != 413 {
		t.Errorf("without length: %d", answer.StatusCode)
	}
	r.clean("after what was too large")
	r.want(200, "POST", link, "1234567890")
}

func TestQuota(t *testing.T) {
	r := newRig(t, func(c *filebuffer.Config) { c.Quota = filebuffer.Quota{Bytes: 20, Buffers: 3} })
	_, one := r.create(alice, "a")
	id, two := r.create(alice, "b")
	r.create(alice, "c")
	if _, _, err := r.Create(t.Context(), alice, 0, "d"); !errors.Is(err, filebuffer.ErrQuota) {
		t.Errorf("a fourth buffer: %v", err)
	}
	r.want(200, "POST", one, "123456789012")
	r.want(507, "POST", two, "123456789")
	answer, _ := r.do("POST", two, io.MultiReader(strings.NewReader("123456789"))) // chunked
	if answer.StatusCode != 507 {
		t.Errorf("without length: %d", answer.StatusCode)
	}
	r.want(200, "POST", two, "12345678")
	if err := r.Delete(t.Context(), alice, id); err != nil {
		t.Error(err)
	}
	_, bobs := r.create(bob, "a")
	r.want(200, "POST", bobs, "12345678901234567890")
	if r.refused["quota"] != 2 {
		t.Errorf("refused: %v", r.refused)
	}
}

// TestFailures: whatever fails, the client is told, and nothing half is left.
func TestFailures(t *testing.T) {
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 4, 4))); err != nil {
		t.Fatal(err)
	}
	boom := errors.New("boom")
	for what, tt := range map[string]struct {
		fail   failing
		status int
	}{
		"full at stage":   {failing{stage: filebuffer.ErrFull}, 507},
		"full at place":   {failing{place: filebuffer.ErrFull}, 507},
		"full thumbnail":  {failing{thumb: filebuffer.ErrFull}, 507},
		"broken at stage": {failing{stage: boom}, 500},
		"broken at place": {failing{place: boom}, 500},
		"broken at look":  {failing{open: boom}, 500},
	} {
		t.Run(what, func(t *testing.T) {
			fail := &tt.fail
			r := newRig(t, func(c *filebuffer.Config) { fail.Blobs = c.Blobs; c.Blobs = fail })
			_, link := r.create(alice, "a")
			if got := r.want(tt.status, "POST", link, picture.String()); strings.Contains(got, "boom") {
				t.Errorf("the client is told %q", got)
			}
			r.want(404, "GET", link, "")
			r.clean("after the failure")
			*fail = failing{Blobs: fail.Blobs}
			r.want(200, "POST", link, picture.String()) // the buffer is open again
			r.want(200, "GET", link+"&v=thumb", "")
		})
	}
}

func TestThumbnails(t *testing.T) {
	r := newRig(t, nil)
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 1000, 500))); err != nil {
		t.Fatal(err)
	}
	_, link := r.upload(alice, "a.png", picture.String())
	a, err := r.Resolve(t.Context(), alice, link)
	if err != nil || a.Info.Width != 1000 || a.Info.Height != 500 || !a.Info.Thumb {
		t.Errorf("%+v, %v", a, err)
	}
	own, _, forget := r.post(alice, bob, link)
	for _, link := range []string{link, own} {
		answer, body := r.do("GET", link+"&v=thumb", nil)
		small, kind, err := image.DecodeConfig(strings.NewReader(body))
		if err != nil || kind != "jpeg" || small.Width != 320 || small.Height != 160 || answer.Header.Get("Content-Type") != "image/jpeg" {
			t.Errorf("%+v %s %v", small, kind, err)
		}
	}
	_, text := r.upload(alice, "a.txt", "text")
	r.want(404, "GET", text+"&v=thumb", "")
	forget()
	r.advance(25 * time.Hour)
	if _, err := r.Expire(t.Context(), r.now); err != nil {
		t.Error(err)
	}
	r.clean("thumbnails go with their files")
}

// TestManyUploads: each person has 4 at a time, and there is a bound for all.
func TestManyUploads(t *testing.T) {
	r := newRig(t, func(c *filebuffer.Config) { c.PerSelf, c.Uploads = 2, 3 })
	var open []*io.PipeWriter
	done := make(chan int, 8)
	begin := func(o filebuffer.Owner) string {
		id, link := r.create(o, "a")
		in, out := io.Pipe()
		open = append(open, out)
		go func() {
			answer, _ := r.do("POST", link, in)
			done <- answer.StatusCode
		}()
		eventually(t, func() bool { // it has its place
			b, err := r.index.Buffer(t.Context(), domain, id, r.now)
			return err == nil && b.Size > 0
		})
		return link
	}
	taken := begin(alice)
	begin(alice)
	_, third := r.create(alice, "b")
	if answer, _ := r.do("POST", third, strings.NewReader("x")); answer.StatusCode != 503 || answer.Header.Get("Retry-After") == "" {
		t.Errorf("a third of one person: %d", answer.StatusCode)
	}
	r.want(409, "POST", taken, "x") // the other upload goes on
	begin(bob)
	_, fourth := r.create(filebuffer.Owner{Domain: domain, Person: 3}, "c")
	r.want(503, "POST", fourth, "x")
	for _, out := range open {
		out.Close()
	}
	for range open {
		if status := <-done; status != 200 {
			t.Errorf("status %d", status)
		}
	}
	r.want(200, "POST", third, "x")
}

// eventually waits for what another goroutine does.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not happen")
		}
	}
}

// TestStall: a client that sends nothing more loses its connection.
func TestStall(t *testing.T) {
	r := newRig(t, func(c *filebuffer.Config) { c.Stall = 50 * time.Millisecond; c.Now = time.Now })
	_, link := r.create(alice, "a")
	in, out := io.Pipe()
	defer out.Close()
	go io.WriteString(out, "and then nothing")
	answer, _ := r.do("POST", link, in)
	if answer.StatusCode != 408 {
		t.Errorf("status %d", answer.StatusCode)
	}
	eventually(t, func() bool { answer, _ := r.do("POST", link, strings.NewReader("x")); return answer.StatusCode == 200 })
}

// TestCrawl: an upload that always sends a little is ended too.
func TestCrawl(t *testing.T) {
	r := newRig(t, nil)
	_, link := r.create(alice, "a")
	in, out := io.Pipe()
	done := make(chan int)
	go func() {
		answer, _ := r.do("POST", link, in)
		done <- answer.StatusCode
	}()
	for {
		r.advance(10 * time.Second)
		if _, err := io.WriteString(out, "x"); err != nil {
			break
		}
		select {
		case status := <-done:
			if status != 408 {
				t.Errorf("status %d", status)
			}
			return
		case <-time.After(time.Millisecond):
		}
	}
	if status := <-done; status != 408 {
		t.Errorf("status %d", status)
	}
}

// TestLongUploadKeepsItsBuffer takes longer than a buffer waits for an upload.
func TestLongUploadKeepsItsBuffer(t *testing.T) {
	r := newRig(t, func(c *filebuffer.Config) { c.MinRate = -1 })
	id, link := r.create(alice, "a")
	in, out := io.Pipe()
	done := make(chan int)
	go func() {
		answer, _ := r.do("POST", link, in)
		done <- answer.StatusCode
	}()
	piece := strings.Repeat("x", 64<<10)
	for range 30 {
		if _, err := io.WriteString(out, piece); err != nil {
			t.Fatal(err)
		}
		eventually(t, func() bool { // enough of it has been read
			b, err := r.index.Buffer(t.Context(), domain, id, r.now)
			return err == nil && b.Ends.Sub(r.now) >= 5*time.Minute
		})
		r.advance(time.Minute)
		if _, err := r.Expire(t.Context(), r.now); err != nil {
			t.Fatal(err)
		}
	}
	out.Close()
	if status := <-done; status != 200 {
		t.Errorf("status %d", status)
	}
}
