package edge

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/webui"
)

// Each domain shows its own brand, to its own host alone.
func TestBrand(t *testing.T) {
	pages, err := webui.New()
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, func(c *Config) { c.Pages = pages })
	var logo bytes.Buffer
	r.must(png.Encode(&logo, image.NewGray(image.Rect(0, 0, 32, 32))))
	other, err := r.dir.AddDomain(t.Context(), "other.example", nil)
	r.must(err)
	_, err = r.dir.SetDomain(t.Context(), other.ID, directory.DomainEdit{Settings: func(s *directory.Settings) {
		s.Brand = directory.Brand{Name: "<b>Other</b>", Accent: "#2c829c", Logo: logo.Bytes()}
	}})
	if err == nil {
		t.Error("a name with markup was taken")
	}
	_, err = r.dir.SetDomain(t.Context(), other.ID, directory.DomainEdit{Settings: func(s *directory.Settings) {
		s.Brand = directory.Brand{Name: "Other & sons", Accent: "#2c829c", Logo: logo.Bytes()}
	}})
	r.must(err)

	ask := func(host, path string) (int, http.Header, string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.http.URL+path, http.NoBody)
		r.must(err)
		req.Host = host
		resp, err := http.DefaultClient.Do(req)
		r.must(err)
		defer func() { _ = resp.Body.Close() }()
		var body bytes.Buffer
		_, err = body.ReadFrom(resp.Body)
		r.must(err)
		return resp.StatusCode, resp.Header, body.String()
	}
	for host, want := range map[string]brand{
		"pbx.example.com":    {Domain: "example.com", Name: "Tandem", Version: "1.2", Build: "99"},
		"unknown.example":    {Domain: "example.com", Name: "Tandem", Version: "1.2", Build: "99"}, // the default one
		"other.example:8080": {Domain: "other.example", Name: "Other & sons", Accent: "#2c829c", Logo: "x", Version: "1.2", Build: "99"},
	} {
		var got brand
		_, _, text := ask(host, "/brand.json")
		r.must(json.Unmarshal([]byte(text), &got))
		logoAt := got.Logo
		if got.Logo != "" {
			got.Logo = "x"
		}
		if got != want {
			t.Errorf("%s: %+v", host, got)
		}
		if logoAt == "" {
			if code, _, _ := ask(host, "/logo"); code != http.StatusNotFound {
				t.Errorf("%s has a logo: %d", host, code)
			}
			continue
		}
		code, header, body := ask(host, logoAt)
		if code != http.StatusOK || body != logo.String() || header.Get("Content-Type") != "image/png" || !strings.Contains(header.Get("Cache-Control"), "immutable") {
			t.Errorf("%d %v", code, header)
		}
		if _, header, _ := ask(host, "/logo?old"); header.Get("Cache-Control") != "no-cache" {
			t.Error("an old address is kept for ever")
		}
	}
}
