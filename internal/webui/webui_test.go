package webui

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

const script = "assets/client-abc123.js"

// example is a build in small.
func example() fstest.MapFS {
	return fstest.MapFS{
		"index.html":           {Data: []byte("<!doctype html><title>client</title>")},
		"admin/index.html":     {Data: []byte("<!doctype html><title>console</title>")},
		script:                 {Data: []byte(strings.Repeat("console.log(1);", 400))},
		"assets/font.woff2":    {Data: []byte{0x77, 0x4f, 0x46, 0x32, 1, 2, 3}},
		"manifest.webmanifest": {Data: []byte(`{"name":"Tandem"}`)},
	}
}

// serve mounts everything of a build.
func serve(t *testing.T) *http.ServeMux {
	t.Helper()
	u, err := load(example())
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	u.MountClient(mux)
	u.MountConsole(mux)
	u.MountAssets(mux)
	return mux
}

func get(mux http.Handler, path string, header ...string) *http.Response {
	r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w.Result()
}

func TestPages(t *testing.T) {
	mux := serve(t)
	for _, c := range []struct {
		path, contentType, cache string
		status                   int
	}{
		{"/", "text/html; charset=utf-8", "no-cache", 200},
		{"/admin/", "text/html; charset=utf-8", "no-cache", 200},
		{"/" + script, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", 200},
		{"/assets/font.woff2", "font/woff2", "public, max-age=31536000, immutable", 200},
		{"/manifest.webmanifest", "application/manifest+json", "no-cache", 200},
		{"/assets/none.js", "text/plain; charset=utf-8", "", 404},
		{"/assets/", "text/plain; charset=utf-8", "", 404},
		{"/index.html", "text/plain; charset=utf-8", "", 404},
		{"/admin/index.html", "text/plain; charset=utf-8", "", 404},
		{"/assets/..%2fmanifest.webmanifest", "text/plain; charset=utf-8", "", 404},
	} {
		t.Run(c.path, func(t *testing.T) {
			got := get(mux, c.path)
			if got.StatusCode != c.status || got.Header.Get("Content-Type") != c.contentType || got.Header.Get("Cache-Control") != c.cache {
				t.Errorf("%d %q %q", got.StatusCode, got.Header.Get("Content-Type"), got.Header.Get("Cache-Control"))
			}
			if c.status == 200 && got.Header.Get("Content-Security-Policy") != Policy {
				t.Error("without policy")
			}
		})
	}
}

func TestPolicyForbidsInlineAndForeign(t *testing.T) {
	for _, bad := range []string{"unsafe", "http:", "https:", "*"} {
		if strings.Contains(Policy, bad) {
			t.Errorf("%s in %s", bad, Policy)
		}
	}
}

func TestCoding(t *testing.T) {
	mux := serve(t)
	for _, c := range []struct{ accept, coding string }{
		{"", ""}, {"gzip", "gzip"}, {"br, GZIP;q=0.5", "gzip"}, {"gzip;q=0", ""}, {"br", ""},
	} {
		got := get(mux, "/"+script, "Accept-Encoding", c.accept)
		if got.Header.Get("Content-Encoding") != c.coding || got.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: %q", c.accept, got.Header.Get("Content-Encoding"))
		}
		body := io.Reader(got.Body)
		if c.coding == "gzip" {
			z, err := gzip.NewReader(got.Body)
			if err != nil {
				t.Fatal(err)
			}
			body = z
		}
		text, err := io.ReadAll(body)
		if err != nil || string(text) != string(example()[script].Data) {
			t.Errorf("%q: %d bytes, %v", c.accept, len(text), err)
		}
	}
	if got := get(mux, "/assets/font.woff2", "Accept-Encoding", "gzip"); got.Header.Get("Content-Encoding") != "" {
		t.Error("a font was packed")
	}
}

func TestNotModified(t *testing.T) {
	mux := serve(t)
	plain := get(mux, "/").Header.Get("ETag")
	packed := get(mux, "/"+script, "Accept-Encoding", "gzip").Header.Get("ETag")
	if plain == "" || packed == get(mux, "/"+script).Header.Get("ETag") {
		t.Errorf("%s %s", plain, packed)
	}
	for _, c := range []struct {
		path, tags, accept string
		status             int
	}{
		{"/", plain, "", 304}, {"/", `"x", W/` + plain, "", 304}, {"/", "*", "", 304}, {"/", `"x"`, "", 200},
		{"/" + script, packed, "gzip", 304}, {"/" + script, packed, "", 200},
	} {
		if got := get(mux, c.path, "If-None-Match", c.tags, "Accept-Encoding", c.accept); got.StatusCode != c.status {
			t.Errorf("%s %s: %d", c.path, c.tags, got.StatusCode)
		}
	}
}

// A program built without Node.js still has pages.
func TestPlaceholder(t *testing.T) {
	u, err := load(fstest.MapFS{})
	if err != nil || u.Built() {
		t.Fatal(err)
	}
	u, err = New()
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	u.MountClient(mux)
	u.MountConsole(mux)
	for _, path := range []string{"/", "/admin/"} {
		if got := get(mux, path); got.StatusCode != 200 || got.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %d", path, got.StatusCode)
		}
	}
	if u.Built() && u.files[clientPage].name == placeholder {
		t.Error("a build is the placeholder")
	}
}
