package filebuffer_test

import (
	"bytes"
	"context"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/filebuffer/local"
	"github.com/tandem-switch/tandem/filebuffer/memory"
)

func TestCleanName(t *testing.T) {
	long := strings.Repeat("ä", 200)
	for in, want := range map[string]string{
		"plan.pdf":                      "plan.pdf",
		"":                              "file",
		".":                             "file",
		"..":                            "file",
		"../..":                         "file",
		"/etc/passwd":                   "passwd",
		`C:\windows\system32\calc.exe`:  "calc.exe",
		"../../x/../y.txt":              "y.txt",
		"a/b/":                          "file",
		"a\x00b\r\nc.txt":               "abc.txt",
		"a\u202egnp.exe":                "agnp.exe",
		"a\u2066b\u200b\ufeffc":         "abc",
		"a\u2028b":                      "ab",
		"\xff\xfeok\x80.txt":            "ok.txt",
		"<img src=x onerror=y>.png":     ".png",
		"<<b>script>x</b>.js":           "script>x.js",
		"a<b.txt":                       "ab.txt",
		"a > b.txt":                     "a > b.txt",
		"  spaced  .txt ":               "spaced  .txt",
		"a\tb.txt":                      "ab.txt",
		"\u00a0x":                       "x",
		"你好.txt":                        "你好.txt",
		long + ".jpeg":                  strings.Repeat("ä", 125) + ".jpeg",
		long:                            strings.Repeat("ä", 127),
		strings.Repeat("x", 300) + ".x": strings.Repeat("x", 253) + ".x",
		"." + long:                      "." + strings.Repeat("ä", 127),
		"x." + long:                     "x." + strings.Repeat("ä", 126),
	} {
		if got := filebuffer.CleanName(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzCleanName(f *testing.F) {
	for _, seed := range []string{"a.txt", "../a", "<b>", "\u202e", "\xff", strings.Repeat("ä", 200) + ".x", " . ", "a\r\nb"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		name := filebuffer.CleanName(in)
		switch {
		case name == "" || len(name) > 255 || !utf8.ValidString(name):
			t.Errorf("%q: %q", in, name)
		case strings.ContainsAny(name, "/\\<") || strings.ContainsFunc(name, unicode.IsControl) || strings.Trim(name, ".") == "":
			t.Errorf("%q: %q", in, name)
		case filebuffer.CleanName(name) != name:
			t.Errorf("%q: %q, then %q", in, name, filebuffer.CleanName(name))
		case path.Base(path.Clean("/"+name)) != name || filepath.Base(name) != name:
			t.Errorf("%q leads elsewhere: %q", in, name)
		}
		header := filebuffer.Disposition(false, name)
		if strings.ContainsFunc(header, func(r rune) bool { return r < ' ' || r > '~' || r == '"' }) {
			t.Errorf("%q: header %q", in, header)
		}
		if kind, params, err := mime.ParseMediaType(header); err != nil || kind != "attachment" || params["filename"] != name || len(params) != 1 {
			t.Errorf("%q: %q is read as %q %v, %v", in, header, kind, params, err)
		}
	})
}

func FuzzRange(f *testing.F) {
	for _, seed := range []string{"bytes=0-3", "bytes=-5", "bytes=5-", "bytes=0-1,2-3", "bytes=99999999999999999999-", "bytes= 1 - 2", "x=1-2", "bytes=-"} {
		f.Add(seed, int64(10))
	}
	f.Fuzz(func(t *testing.T, header string, size int64) {
		if size < 0 {
			return
		}
		start, length, kind := filebuffer.ParseRange(header, size)
		switch kind {
		case 0:
			if start != 0 || length != size {
				t.Errorf("%q of %d: all is %d+%d", header, size, start, length)
			}
		case 1:
			if start < 0 || length <= 0 || start >= size || start+length > size {
				t.Errorf("%q of %d: %d+%d", header, size, start, length)
			}
		case 2:
			if start != 0 || length != 0 {
				t.Errorf("%q of %d: none is %d+%d", header, size, start, length)
			}
		}
	})
}

func FuzzPath(f *testing.F) {
	for _, seed := range []string{"/a/messages/attach/17", "/a/messages/attach/17/", "/example.com/messages/tmp/17/plan.pdf", "/a/messages/files/1/..", "//messages/tmp/1/x", "/a%2fb/messages/tmp/1/%2e%2e%2f", "/a/messages/tmp/01/x", "/a/messages/tmp/-1/x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, escaped string) {
		domain, kind, id, ok := filebuffer.ParsePath(escaped)
		if !ok {
			return
		}
		parts := map[string]int{"tmp": 5, "files": 5, "attach": 4}[kind]
		if domain == "" || id <= 0 || id >= 1<<53 || strings.Count(escaped, "/") != parts {
			t.Errorf("%q: %q %q %d", escaped, domain, kind, id)
		}
	})
}

// FuzzRequest sends any request to a store that has one file: nobody who does not
// know its token or signature gets it, and no answer is one of a broken server.
func FuzzRequest(f *testing.F) {
	store, link := secret(f)
	u, err := url.Parse(link)
	if err != nil {
		f.Fatal(err)
	}
	token := u.Query().Get("t")
	f.Add("GET", u.Path, "t=00000000000000000000000000000000", "bytes=0-1", "")
	f.Add("POST", u.Path, "", "", "1.0.0")
	f.Add("GET", "/example.com/messages/files/1/x", "s=1&k=00&e=99999999999", "", "")
	f.Add("OPTIONS", "/", "", "", "")
	f.Add("POST", "/example.com/messages/attach/90", "session=42&key=1", "", "")
	f.Add("POST", "/example.com/messages/attach/90", "session=42&key=-9007199254740991&name=%zz", "", "")
	f.Add("PATCH", "/%2e%2e/messages/tmp/1/%00", "t=%zz", "", "1.0.0")
	f.Fuzz(func(t *testing.T, method, path, query, span, tus string) {
		if strings.Contains(query, token) || strings.Contains(query, strconv.FormatUint(pinned.Key, 10)) || strings.ContainsAny(method, " \r\n") || method == "" {
			return
		}
		r := httptest.NewRequest("GET", "/", strings.NewReader("x"))
		r.Method = method
		r.URL = &url.URL{Path: path, RawPath: path, RawQuery: query}
		r.Header.Set("Range", span)
		if tus != "" {
			r.Header.Set("Tus-Resumable", tus)
		}
		w := httptest.NewRecorder()
		store.ServeHTTP(w, r)
		if method == http.MethodOptions {
			if w.Code != 204 {
				t.Errorf("status %d", w.Code)
			}
			return
		}
		if w.Code != 404 || strings.Contains(w.Body.String(), content) {
			t.Errorf("%s %q %q: %d %q", method, path, query, w.Code, w.Body)
		}
	})
}

const content = "nobody else may read this"

// pinned is the grant of the message of secret's store.
var pinned = filebuffer.Grant{Domain: domain, Message: 90, Session: 42, Key: 5_308_417_264_910_733}

func secret(t testing.TB) (*filebuffer.Store, string) {
	dir := t.TempDir()
	blobs, err := local.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	index := memory.New()
	store, err := filebuffer.New(filebuffer.Config{
		Base: "https://ap.example.com", Instance: "messages", Key: bytes.Repeat([]byte{7}, 32), Spool: filepath.Join(dir, "spool"),
		Index: index, Blobs: blobs, Alive: func(string, uint64) bool { return true }, Attacher: &board{index: index, now: time.Now, grant: pinned},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, link, err := store.Create(context.Background(), alice, 1, "secret")
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	store.ServeHTTP(w, httptest.NewRequest("POST", link, strings.NewReader(content)))
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return store, link
}

// FuzzResolve gives any text as a URL of attach.
func FuzzResolve(f *testing.F) {
	store, link := secret(f)
	for _, seed := range []string{link, "https://ap.example.com", "https://ap.example.com.evil/", "https://ap.example.com/example.com/messages/files/1/x?s=1&e=2&k=", "%", "https://ap.example.com/a/messages/tmp/1/x?t=%"} {
		f.Add(seed)
	}
	token := link[len(link)-32:]
	f.Fuzz(func(t *testing.T, text string) {
		a, err := store.Resolve(t.Context(), alice, text)
		if err == nil && !strings.Contains(text, token) {
			t.Errorf("%q gives %+v", text, a)
		}
		if err == nil && !store.Own(domain, text) {
			t.Errorf("%q can be attached and would not pass", text)
		}
	})
}
