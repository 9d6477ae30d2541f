package edge

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"
)

func TestSite(t *testing.T) {
	cert, key := newCert(t)
	s, err := NewSite(SiteConfig{
		Listen: []string{"http://127.0.0.1:0", "https://127.0.0.1:0"}, CertFile: cert, KeyFile: key,
		Handler: func(local bool) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, local, r.TLS != nil) })
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, time.Second) }()
	for i, want := range []string{"true false", "true true"} {
		if got := fetch(t, trusting(), s.URLs()[i]+"/x", 200); got != want {
			t.Errorf("%s: %s, want %s", s.URLs()[i], got, want)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := trusting().Get(s.URLs()[0]); err == nil {
		t.Error("it still listens")
	}
}

func TestSiteNeedsAPlace(t *testing.T) {
	handler := func(bool) http.Handler { return http.NotFoundHandler() }
	for name, c := range map[string]SiteConfig{
		"nowhere":           {Handler: handler},
		"no handler":        {Listen: []string{"http://127.0.0.1:0"}},
		"plain for all":     {Listen: []string{"ftp://0.0.0.0:0"}, Handler: handler},
		"https without key": {Listen: []string{"https://127.0.0.1:0"}, Handler: handler},
	} {
		if _, err := NewSite(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	s, err := NewSite(SiteConfig{Listen: []string{"http://127.0.0.1:0", "http://192.0.2.1:0"}, Handler: handler})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(t.Context()); err == nil || len(s.URLs()) != 0 {
		t.Errorf("%v, %v", err, s.URLs())
	}
}
