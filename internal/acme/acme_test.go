package acme

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/testkit/pebble"
)

// patience is how long a test waits for what must come.
const patience = 60 * time.Second

// lockedBuffer takes the log.
type lockedBuffer struct {
	mu  sync.Mutex // guards the following
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// rig is a Manager behind listeners, and an authority.
type rig struct {
	t     *testing.T
	ca    *pebble.Server
	log   *lockedBuffer
	dir   string
	addr  string // of https
	every time.Duration
}

func newRig(t *testing.T, validity time.Duration) *rig {
	return &rig{t: t, ca: pebble.New(t, validity), log: &lockedBuffer{}, dir: filepath.Join(t.TempDir(), "acme")}
}

// run starts a Manager and returns what ends it. plain: the authority has to
// come to the http listener.
func (r *rig) run(plain bool, names []string, known func(string) bool) (stop func()) {
	r.t.Helper()
	text, err := os.ReadFile(r.ca.RootFile)
	r.must(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	m, err := New(Config{
		Dir: r.dir, CA: r.ca.URL, Email: "operator@example.com", Roots: roots, Names: names, Known: known,
		Log: slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	r.must(err)
	m.every = r.every
	l, err := net.Listen("tcp", "127.0.0.1:0")
	r.must(err)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		m.Challenges(http.NotFoundHandler()).ServeHTTP(w, q)
	}))
	r.addr = l.Addr().String()
	if plain {
		r.must(m.Start(0, web.Listener.Addr().(*net.TCPAddr).Port))
		r.ca.Forward("", web.Listener.Addr().String())
	} else {
		r.must(m.Start(l.Addr().(*net.TCPAddr).Port, 0))
		r.ca.Forward(r.addr, "")
	}
	server := &http.Server{Handler: http.NotFoundHandler(), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	config := &tls.Config{GetCertificate: m.GetCertificate, NextProtos: []string{"http/1.1", "acme-tls/1"}}
	go func() { _ = server.Serve(tls.NewListener(l, config)) }()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			r.t.Error(err)
		}
		_ = server.Close()
		web.Close()
	})
	r.t.Cleanup(stop)
	return stop
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// shake is a handshake of a client that trusts the authority.
func (r *rig) shake(name string) (*x509.Certificate, error) {
	dialer := &tls.Dialer{Config: &tls.Config{ServerName: name, RootCAs: r.ca.Roots()}}
	conn, err := dialer.DialContext(r.t.Context(), "tcp", r.addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0], nil
}

// until shakes hands until the certificate is accepted.
func (r *rig) until(name string, accept func(*x509.Certificate) bool) *x509.Certificate {
	r.t.Helper()
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		var c *x509.Certificate
		if c, err = r.shake(name); err == nil && accept(c) {
			return c
		}
	}
	r.t.Fatalf("no certificate for %s: %v\n%s\n%s", name, err, r.log, r.ca.Log())
	return nil
}

func anyone(*x509.Certificate) bool { return true }

// A name that is known gets its certificate with the first handshake, others
// get none, and the second start needs no authority.
func TestOnDemand(t *testing.T) {
	r := newRig(t, time.Hour)
	r.ca.Start()
	stop := r.run(false, nil, func(name string) bool { return name == "pbx.example.com" })
	first, err := r.shake("pbx.example.com") // it waits
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, r.log, r.ca.Log())
	}
	for _, name := range []string{"other.example.com", "127.0.0.1", ""} {
		if _, err := r.shake(name); err == nil {
			t.Errorf("a certificate for %q", name)
		}
	}
	if again, err := r.shake("PBX.example.com."); err != nil || !again.Equal(first) {
		t.Errorf("the second handshake: %v", err)
	}
	if !strings.Contains(r.log.String(), "certificate obtained") || strings.Contains(r.ca.Log(), "other.example.com") {
		t.Errorf("log:\n%s", r.log)
	}
	stop()
	roots := r.ca.Roots()
	r.ca.Stop()
	r.run(false, nil, func(name string) bool { return name == "pbx.example.com" })
	conn, err := tls.Dial("tcp", r.addr, &tls.Config{ServerName: "pbx.example.com", RootCAs: roots})
	if err != nil {
		t.Fatalf("after a restart: %v", err)
	}
	conn.Close()
	r.private()
}

// private tells of files that others may read.
func (r *rig) private() {
	r.t.Helper()
	files := 0
	err := filepath.WalkDir(r.dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() == "locks" {
			return fs.SkipDir // they come and go, and have nothing in them but a time
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			r.t.Errorf("%s has mode %v", name, info.Mode())
		}
		if strings.HasSuffix(name, ".key") {
			files++
		}
		return nil
	})
	if err != nil || files == 0 {
		r.t.Errorf("%d keys, %v", files, err)
	}
}

// Names that are configured get theirs without being asked for; here over http.
func TestNames(t *testing.T) {
	r := newRig(t, time.Hour)
	r.ca.Start()
	r.run(true, []string{"One.example.com", "two.example.com"}, nil)
	for _, name := range []string{"one.example.com", "two.example.com"} {
		r.until(name, anyone)
	}
	if _, err := r.shake("three.example.com"); err == nil {
		t.Error("a certificate for a name that is not configured")
	}
	if log := r.ca.Log(); !strings.Contains(log, "w/ HTTP: ") {
		t.Errorf("not over http:\n%s", log)
	}
}

// A certificate is renewed while the listener runs.
func TestRenewal(t *testing.T) {
	r := newRig(t, 15*time.Second)
	r.every = 500 * time.Millisecond
	r.ca.Start()
	r.run(false, []string{"pbx.example.com"}, nil)
	first := r.until("pbx.example.com", anyone)
	r.until("pbx.example.com", func(c *x509.Certificate) bool { return !c.Equal(first) })
	if !strings.Contains(r.log.String(), "renewal=true") {
		t.Errorf("log:\n%s", r.log)
	}
}

// Without authority the listener runs, handshakes fail, and the log says why. A
// handshake for which nothing was ever tried waits; the next one does not.
func TestNoAuthority(t *testing.T) {
	r := newRig(t, time.Hour)
	stop := r.run(false, nil, func(string) bool { return true })
	defer stop()
	for range 2 {
		conn, err := tls.Dial("tcp", r.addr, &tls.Config{ServerName: "pbx.example.com"})
		if err == nil {
			conn.Close()
			t.Fatal("a certificate without authority")
		}
	}
	if log := r.log.String(); !strings.Contains(log, "no certificate, it will be tried again") || !strings.Contains(log, "level=DEBUG msg=\"acme: ") {
		t.Errorf("log:\n%s", log)
	}
}

func TestNewRefuses(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	for name, c := range map[string]Config{
		"no directory": {Log: log, Names: []string{"a.example"}},
		"no log":       {Dir: "x", Names: []string{"a.example"}},
		"no names":     {Dir: "x", Log: log},
		"an address":   {Dir: "x", Log: log, Names: []string{"192.0.2.1"}},
		"a wildcard":   {Dir: "x", Log: log, Names: []string{"*.example.com"}},
		"nothing":      {Dir: "x", Log: log, Names: []string{""}},
		"a path":       {Dir: "x", Log: log, Names: []string{"../a"}},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := New(Config{Dir: "x", Log: log, Names: []string{"pbx.example.com"}}); err != nil {
		t.Error(err)
	}
}

// A name that is ours no more is not asked for.
func TestNotOursAnyMore(t *testing.T) {
	ours := true
	m, err := New(Config{Dir: "x", Log: slog.New(slog.DiscardHandler), Known: func(string) bool { return ours }})
	if err != nil {
		t.Fatal(err)
	}
	data := map[string]any{"identifier": "pbx.example.com"}
	if err := m.event(t.Context(), "cert_obtaining", data); err != nil {
		t.Error(err)
	}
	ours = false
	if err := m.event(t.Context(), "cert_obtaining", data); !errors.Is(err, errNotOurs) {
		t.Error(err)
	}
}
