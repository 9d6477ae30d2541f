// Package pebble runs Pebble, the ACME server that Let's Encrypt tests clients
// with, as a process of its own beside a test: a certificate authority that
// proves names as the real one does.
//
// It serves tests alone. Every name resolves to this machine, and the ports 443
// and 80 of the world lead to where Forward says. A Server is safe for use by
// several goroutines.
package pebble

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Variable names the program; tests that need it are skipped without. ci/test.sh
// sets it.
const Variable = "PBX_TEST_PEBBLE"

// Server is a running authority.
type Server struct {
	URL      string // of the directory of ACME
	RootFile string // what the authority's own https is to be checked with

	t          testing.TB
	dir        string
	manage     string // URL of the management
	client     *http.Client
	https      *gate
	http       *gate
	validity   time.Duration
	address    string
	management string
	process    *exec.Cmd
}

// New prepares an authority whose certificates are valid for some time, and does
// not start it: its URL is known, and nobody answers there.
func New(t testing.TB, validity time.Duration) *Server {
	t.Helper()
	if os.Getenv(Variable) == "" {
		t.Skip(Variable + " is not set")
	}
	s := &Server{
		t: t, dir: t.TempDir(), validity: validity, https: newGate(t), http: newGate(t),
		address: freeAddress(t), management: freeAddress(t),
	}
	s.URL, s.manage = "https://"+s.address+"/dir", "https://"+s.management
	s.RootFile = filepath.Join(s.dir, "cert.pem")
	s.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.identity()}}}
	return s
}

// Forward says where the ports 443 and 80 of all names lead; an empty address
// leads nowhere. It may be called at any time.
func (s *Server) Forward(https, http string) {
	s.https.to(https)
	s.http.to(http)
}

// Start starts the authority, until the test ends or Stop. It returns when the
// authority answers.
func (s *Server) Start() {
	s.t.Helper()
	config := map[string]any{"pebble": map[string]any{
		"listenAddress": s.address, "managementListenAddress": s.management,
		"certificate": s.RootFile, "privateKey": filepath.Join(s.dir, "key.pem"),
		"httpPort": s.http.port(), "tlsPort": s.https.port(),
		"retryAfter": map[string]int{"authz": 1, "order": 1},
		"profiles":   map[string]any{"default": map[string]any{"description": "tests", "validityPeriod": int(s.validity.Seconds())}},
	}}
	text, err := json.Marshal(config)
	s.must(err)
	name := filepath.Join(s.dir, "pebble.json")
	s.must(os.WriteFile(name, text, 0o600))
	log, err := os.Create(filepath.Join(s.dir, "log"))
	s.must(err)
	defer log.Close()
	s.process = exec.Command(os.Getenv(Variable), "-config", name, "-dnsserver", names(s.t))
	s.process.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1")
	s.process.Stdout, s.process.Stderr = log, log
	s.must(s.process.Start())
	s.t.Cleanup(s.Stop)
	for range 100 {
		if response, err := s.client.Get(s.URL); err == nil {
			response.Body.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Fatalf("pebble does not answer\n%s", s.Log())
}

// Stop ends the authority; a stopped one may be started again and has forgotten
// everything.
func (s *Server) Stop() {
	if s.process == nil {
		return
	}
	_ = s.process.Process.Kill()
	_ = s.process.Wait() // killed
	s.process = nil
}

// Log is what the authority has said.
func (s *Server) Log() string {
	text, _ := os.ReadFile(filepath.Join(s.dir, "log")) // what is missing was not said
	return string(text)
}

// Roots vouch for the certificates that the authority issues: it makes its key
// when it starts.
func (s *Server) Roots() *x509.CertPool {
	s.t.Helper()
	response, err := s.client.Get(s.manage + "/roots/0")
	s.must(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	s.must(err)
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		s.t.Fatalf("no root in %s", text)
	}
	return roots
}

func (s *Server) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// identity writes the certificate of the authority's own https.
func (s *Server) identity() *x509.CertPool {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	s.must(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "pebble"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	s.must(err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	s.must(err)
	roots := x509.NewCertPool()
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	roots.AppendCertsFromPEM(text)
	s.must(os.WriteFile(s.RootFile, text, 0o600))
	s.must(os.WriteFile(filepath.Join(s.dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600))
	return roots
}

// freeAddress is one that nobody listened on a moment ago.
func freeAddress(t testing.TB) string {
	l := listen(t)
	defer l.Close()
	return l.Addr().String()
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// gate is a port that leads to another one.
type gate struct {
	net.Listener

	mu     sync.Mutex // guards the following
	target string
}

func newGate(t testing.TB) *gate {
	g := &gate{Listener: listen(t)}
	t.Cleanup(func() { _ = g.Close() })
	go func() {
		for {
			from, err := g.Accept()
			if err != nil {
				return
			}
			go g.pass(from)
		}
	}()
	return g
}

func (g *gate) port() int { return g.Addr().(*net.TCPAddr).Port }

func (g *gate) to(target string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.target = target
}

func (g *gate) pass(from net.Conn) {
	defer from.Close()
	g.mu.Lock()
	target := g.target
	g.mu.Unlock()
	to, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer to.Close()
	go func() {
		_, _ = io.Copy(to, from)
		_ = to.Close()
	}()
	_, _ = io.Copy(from, to)
}

// Address is host:port of a URL of the switch, for Forward.
func Address(url string) string {
	for i := range url {
		if url[i:min(i+3, len(url))] == "://" {
			host, port, err := net.SplitHostPort(url[i+3:])
			if _, bad := strconv.Atoi(port); err != nil || bad != nil {
				break
			}
			if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
				host = "127.0.0.1"
			}
			return net.JoinHostPort(host, port)
		}
	}
	panic(fmt.Sprintf("pebble: %s is no URL with a port", url))
}
