package edge

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/ws"
)

// get fetches a page of the rig.
func (r *rig) get(path string, code int) string {
	r.t.Helper()
	return fetch(r.t, http.DefaultClient, r.http.URL+path, code)
}

func fetch(t testing.TB, c *http.Client, url string, code int, header ...string) string {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(header) == 2 {
		req.Header.Set(header[0], header[1])
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != code {
		t.Fatalf("%s: status %d, want %d (%v)\n%s", url, resp.StatusCode, code, err, body)
	}
	return string(body)
}

func TestPages(t *testing.T) {
	failing := false
	r := newRig(t, func(c *Config) {
		c.Ready = func() error {
			if failing {
				return errBroken
			}
			return nil
		}
	})
	r.get("/healthz", 200)
	r.get("/readyz", 200)
	failing = true
	if body := r.get("/readyz", 503); strings.Contains(body, "broken") {
		t.Errorf("the reason is shown to strangers: %s", body)
	}
	if body := r.get("/", 200); !strings.Contains(body, "1.2") {
		t.Errorf("no version in %s", body)
	}
	r.get("/nothing", 404)
	r.get(appsPath, 426)
	if resp, err := http.Post(r.http.URL+"/healthz", "text/plain", nil); err != nil || resp.StatusCode != 405 {
		t.Errorf("POST: %v %v", resp, err)
	}
}

// serving starts an edge on listeners of its own.
func serving(t *testing.T, configure func(*Config)) (e *Edge, stop func() error) {
	t.Helper()
	r := newRig(t)
	config := Config{Directory: r.dir, APIs: []appservice.API{newFakeAPI("PbxSignal")}}
	configure(&config)
	e, err := New(config)
	r.must(err)
	r.must(e.Listen(t.Context()))
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- e.Serve(ctx) }()
	return e, func() error {
		cancel()
		select {
		case err := <-served:
			return err
		case <-time.After(patience):
			return errors.New("Serve does not return")
		}
	}
}

func TestServeOnSeveralListeners(t *testing.T) {
	cert, key := newCert(t)
	e, stop := serving(t, func(c *Config) {
		c.Listen = []string{"http://127.0.0.1:0", "https://127.0.0.1:0", "http+insecure://0.0.0.0:0"}
		c.CertFile, c.KeyFile = cert, key
		c.Limits.HeaderTime = 50 * time.Millisecond
	})
	urls := e.URLs()
	if len(urls) != 3 {
		t.Fatalf("URLs %v", urls)
	}
	trusting := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	fetch(t, trusting, urls[0]+"/healthz", 200)
	fetch(t, trusting, urls[1]+"/healthz", 200)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(urls[2], "http://"))
	if err != nil {
		t.Fatal(err)
	}
	public := "http://127.0.0.1:" + port
	fetch(t, trusting, public+"/healthz", 200)
	fetch(t, trusting, urls[0]+"/metrics", 404, "X-Forwarded-For", "192.0.2.1")
	fetch(t, trusting, public+"/metrics", 404)
	fetch(t, trusting, urls[0]+"/metrics", 404) // no metrics were configured
	trusting.CloseIdleConnections()
	for _, url := range urls[:2] { // with and without TLS
		staysOpen(t, url)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(urls[0], "http://")); err == nil {
		t.Error("the listener is still open")
	}
	if err := e.Listen(t.Context()); err == nil {
		t.Error("Listen after the end")
	}
}

// staysOpen proves that no limit of HTTP ends a WebSocket.
func staysOpen(t *testing.T, url string) {
	t.Helper()
	socket, err := ws.Dial(t.Context(), "ws"+strings.TrimPrefix(url, "http")+appsPath,
		ws.DialConfig{TLS: &tls.Config{InsecureSkipVerify: true}})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Abort()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond) // longer than all times of the header
	defer cancel()
	if _, err := socket.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%s: a silent socket: %v", url, err)
	}
	(&client{t, socket}).challenge()
}

// newCert writes a self-signed certificate.
func newCert(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	for name, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

func TestCertificateIsReadAnew(t *testing.T) {
	certFile, keyFile := newCert(t)
	c, err := newCertificate(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	old, _ := c.GetCertificate(nil)
	otherCert, otherKey := newCert(t)
	for from, to := range map[string]string{otherCert: certFile, otherKey: keyFile} {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(to, time.Now(), time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	if now, _ := c.GetCertificate(nil); now != old {
		t.Error("the files were looked at too soon")
	}
	c.checked = time.Now().Add(-certEvery)
	if now, _ := c.GetCertificate(nil); now == old {
		t.Error("the new certificate is not in use")
	}
}

func TestGracefulShutdown(t *testing.T) {
	r := newRig(t)
	clients := []*client{r.dial(appsPath), r.dial(clientPath), r.loginUser("alice"), first(r.loginClient("bob"))}
	s := r.api.session("alice")
	for range 100 {
		r.must(s.Send(context.Background(), appservice.Frame{Raw: []byte(`{"mt":"Last","pad":"` + strings.Repeat("x", 5000) + `"}`)}))
	}
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		done <- r.edge.Shutdown(ctx)
	}()
	for range 100 {
		clients[2].want("Last") // what was queued arrives before the end
	}
	for _, c := range clients {
		c.wantClosed(1001)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	r.get("/readyz", 503)
	if _, err := ws.Dial(t.Context(), "ws"+strings.TrimPrefix(r.http.URL, "http")+appsPath, ws.DialConfig{}); err == nil {
		t.Error("a socket was accepted after the end")
	}
}

func TestShutdownDoesNotWaitForTheStuck(t *testing.T) {
	r := newRig(t)
	r.stuck("alice")
	s := r.api.session("alice")
	for range 150 { // more than the buffers of the kernel may take
		_ = s.Send(context.Background(), appservice.Frame{Raw: []byte(`{"mt":"X","pad":"` + strings.Repeat("x", 60000) + `"}`)})
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.edge.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestNoGoroutineIsLeft(t *testing.T) {
	r := newRig(t)
	r.loginUser("alice").quiet() // whatever starts once has started
	before := runtime.NumGoroutine()
	for range 20 {
		c := r.loginUser("alice")
		c.quiet()
		d, _ := r.loginClient("bob")
		d.ws.Abort()
		c.ws.Abort()
		r.dial(appsPath).ws.Abort()
	}
	deadline := time.Now().Add(patience)
	for runtime.NumGoroutine() > before+2 {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
		runtime.Gosched()
	}
}

func TestTooManySockets(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Limits = Limits{PendingPerAddress: 2} })
	r.dial(appsPath).quiet()
	r.loginUser("alice").quiet()
	r.dial(appsPath).quiet()
	_, err := ws.Dial(t.Context(), "ws"+strings.TrimPrefix(r.http.URL, "http")+appsPath, ws.DialConfig{})
	if err == nil {
		t.Fatal("a third socket without login was accepted")
	}
}

func TestNewRefuses(t *testing.T) {
	r := newRig(t)
	for name, c := range map[string]Config{
		"no directory": {},
		"bad listener": {Directory: r.dir, Listen: []string{"nonsense"}},
		"no files":     {Directory: r.dir, Listen: []string{"https://127.0.0.1:0"}},
		"twice":        {Directory: r.dir, APIs: []appservice.API{newFakeAPI("A"), newFakeAPI("A")}},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	e, err := New(Config{Directory: r.dir})
	r.must(err)
	if err := e.Serve(t.Context()); err == nil {
		t.Error("served without a listener")
	}
}
