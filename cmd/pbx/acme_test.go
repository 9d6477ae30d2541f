package main

import (
	"crypto/tls"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/testkit/pebble"
)

// A switch gets the certificate of a domain from a real authority, without a
// restart, when the first client comes.
func TestACME(t *testing.T) {
	ca := pebble.New(t, time.Hour)
	data := t.TempDir()
	s := start(t, data, 0, "--listen", "https://127.0.0.1:0", "--listen", "http+insecure://127.0.0.1:0",
		"--acme-email", "operator@example.com", "--acme-ca", ca.URL, "--acme-ca-root", ca.RootFile)
	urls := strings.Split(s.url, " and ")
	ca.Forward(pebble.Address(urls[1]), pebble.Address(urls[2]))
	ca.Start()
	visit := func(host string) error {
		client := &http.Client{Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: ca.Roots(), ServerName: host}, DisableKeepAlives: true,
		}}
		response, err := client.Get(urls[1] + "/healthz")
		if err != nil {
			return err
		}
		return response.Body.Close()
	}
	if err := visit("pbx.example.com"); err == nil {
		t.Error("a certificate for a name that no domain has")
	}
	play(t, data, []step{{args: "domain add example.com --host pbx.example.com"}})
	if err := visit("pbx.example.com"); err != nil {
		t.Errorf("%v\n%s\n%s", err, s.log, ca.Log())
	}
	keys, err := filepath.Glob(filepath.Join(data, acmeDir, "certificates", "*", "pbx.example.com", "*.key"))
	if err != nil || len(keys) != 1 {
		t.Errorf("keys: %v, %v", keys, err)
	}
	if code := s.stop(); code != exitOK {
		t.Errorf("the server ended with %d", code)
	}
}

// An authority that cannot be reached keeps the switch from nothing else.
func TestACMEWithoutAuthority(t *testing.T) {
	s := start(t, t.TempDir(), 0, "--listen", "https://127.0.0.1:0",
		"--acme-domain", "pbx.example.com", "--acme-ca", "https://127.0.0.1:1/dir")
	first, _, _ := strings.Cut(s.url, " and ")
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200} {
		if status, body := get(t, first+path); status != want {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if code := s.stop(); code != exitOK {
		t.Errorf("the server ended with %d", code)
	}
}

func TestACMEFlags(t *testing.T) {
	data := t.TempDir()
	for args, want := range map[string]string{
		"--acme-email a@example.com": "need a listener for https",
		"--listen https://127.0.0.1:0 --acme-email a@example.com --tls-cert x":                   "not both",
		"--listen https://127.0.0.1:0 --acme-ca http://ca.example.com/":                          "--acme-ca http://ca.example.com/",
		"--listen https://127.0.0.1:0 --acme-domain *.example.com":                               "is no host name",
		"--listen https://127.0.0.1:0 --acme-domain 192.0.2.1":                                   "is an address",
		"--listen https://127.0.0.1:0 --acme-domain a.example --acme-ca-root /does/not/exist":    "--acme-ca-root",
		"--listen https://127.0.0.1:0 --acme-domain a.example --acme-ca-root ../../go.mod":       "there is no certificate",
		"--listen-admin https://127.0.0.1:0 --acme-domain a.example --acme-ca-root ../../go.mod": "need a listener for https",
	} {
		got := pbx(t, "", append([]string{"serve", "--data", data}, strings.Fields(args)...)...)
		if got.code == exitOK || !strings.Contains(got.err, want) {
			t.Errorf("%s: %+v, want %q", args, got, want)
		}
	}
}
