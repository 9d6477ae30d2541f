package edge

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"

	"github.com/tandem-switch/tandem/internal/directory"
)

// brand is what the pages of the client learn before anybody has signed in: whose
// they are, by the host that was asked.
type brand struct {
	Domain  string `json:"domain,omitempty"` // that a login without one is meant for
	Name    string `json:"name"`
	Accent  string `json:"accent,omitempty"`
	Logo    string `json:"logo,omitempty"` // its address
	Version string `json:"version"`
	Build   string `json:"build"`
}

// logoPath is where the logo of the domain is. What follows ? changes with it.
const logoPath = "/logo"

// mountBrand puts what the pages of the client need beside their files on a mux.
func (e *Edge) mountBrand(mux *http.ServeMux) {
	mux.HandleFunc("GET /brand.json", e.tellBrand)
	mux.HandleFunc("GET "+logoPath, e.logo)
}

func (e *Edge) tellBrand(w http.ResponseWriter, r *http.Request) {
	s := brand{Name: "Tandem", Version: e.version, Build: e.build}
	if dom, ok := e.dir.ResolveLogin("", r.Host); ok {
		s.Domain, s.Accent = dom.Name, dom.Brand.Accent
		if dom.Brand.Name != "" {
			s.Name = dom.Brand.Name
		}
		if tag := logoTag(dom.Brand); tag != "" {
			s.Logo = logoPath + "?" + tag
		}
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	_ = json.NewEncoder(w).Encode(s)
}

func (e *Edge) logo(w http.ResponseWriter, r *http.Request) {
	dom, ok := e.dir.ResolveLogin("", r.Host)
	tag := logoTag(dom.Brand)
	if !ok || tag == "" {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", dom.Brand.LogoType())
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-cache")
	if r.URL.RawQuery == tag {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	_, _ = w.Write(dom.Brand.Logo)
}

// logoTag tells one logo from another; empty without one.
func logoTag(b directory.Brand) string {
	if len(b.Logo) == 0 {
		return ""
	}
	sum := sha256.Sum256(b.Logo)
	return hex.EncodeToString(sum[:8])
}
