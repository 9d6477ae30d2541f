package filebuffer_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/tandem-switch/tandem/filebuffer"
)

// TestHTTP2 uploads, cuts and downloads on streams of one connection.
func TestHTTP2(t *testing.T) {
	r := newRig(t, nil)
	server := httptest.NewUnstartedServer(r.Store)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	do := func(method, link string, body io.Reader, size int64) (int, string, error) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, strings.Replace(link, r.server.URL, server.URL, 1), body)
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = size
		answer, err := server.Client().Do(req)
		if err != nil {
			return 0, "", err
		}
		defer answer.Body.Close()
		if answer.ProtoMajor != 2 {
			t.Fatalf("protocol %s", answer.Proto)
		}
		content, err := io.ReadAll(answer.Body)
		return answer.StatusCode, string(content), err
	}
	_, link := r.create(alice, "a")
	large := strings.Repeat("0123456789", 100_000)
	for _, size := range []int64{int64(len(large)), -1} {
		cut := io.MultiReader(strings.NewReader(large[:500_000]), iotest.ErrReader(io.ErrClosedPipe))
		if status, _, err := do("POST", link, cut, size); err == nil && status == 200 {
			t.Errorf("cut off: %d", status)
		}
	}
	eventually(t, func() bool { // the server has seen the cut
		status, _, err := do("POST", link, strings.NewReader(large), int64(len(large)))
		return err == nil && status == 200
	})
	if status, content, err := do("GET", link, nil, 0); status != 200 || content != large || err != nil {
		t.Errorf("%d, %d bytes, %v", status, len(content), err)
	}
	if status, _, err := do("POST", link, strings.NewReader("x"), 1); status != 409 || err != nil {
		t.Errorf("%d, %v", status, err)
	}
}

// FuzzForm sends any form: it is a file or refused, never a fault of the server,
// and what is refused is not there.
func FuzzForm(f *testing.F) {
	const boundary = "b0undary"
	for _, seed := range []string{
		"--b0undary\r\nContent-Disposition: form-data; name=\"a\"; filename=\"x\"\r\n\r\ncontent\r\n--b0undary--\r\n",
		"--b0undary\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b0undary--",
		"--b0undary\r\n\r\n\r\n--b0undary", "", "--b0undary--",
	} {
		f.Add([]byte(seed))
	}
	store, _ := secret(f)
	f.Fuzz(func(t *testing.T, in []byte) {
		id, link, err := store.Create(t.Context(), bob, 1, "a")
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("POST", link, bytes.NewReader(in))
		r.Header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
		w := httptest.NewRecorder()
		store.ServeHTTP(w, r)
		if w.Code != 200 && w.Code != 400 {
			t.Errorf("status %d %s", w.Code, w.Body)
		}
		_, err = store.Resolve(t.Context(), bob, link)
		if (err == nil) != (w.Code == 200) {
			t.Errorf("status %d, then %v", w.Code, err)
		}
		if w.Code == 200 && !bytes.HasSuffix(bytes.TrimRight(in, " \t\r\n"), []byte(boundary+"--")) && !bytes.Contains(in, []byte("--"+boundary+"--")) {
			t.Errorf("a form without end is taken: %q", in)
		}
		if err := store.Delete(t.Context(), bob, id); err != nil {
			t.Error(err)
		}
	})
}

// TestDomains: names of domains may need encoding in URLs.
func TestDomains(t *testing.T) {
	r := newRig(t, nil)
	for _, name := range []string{"bücher.example", "a b", "x/y", "100%", "..", "a?b#c"} {
		o := filebuffer.Owner{Domain: name, Person: 1}
		_, link := r.upload(o, "a", "content")
		if _, err := r.Resolve(t.Context(), o, link); err != nil {
			t.Errorf("%q: %s: %v", name, link, err)
		}
		if got := r.want(200, "GET", link, ""); got != "content" {
			t.Errorf("%q: %q", name, got)
		}
	}
}
