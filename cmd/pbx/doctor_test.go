package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/cmd/pbx/doctor"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/testkit/pebble"
)

// diagnosis is what pbx doctor has said.
type diagnosis struct {
	t        *testing.T
	code     int
	findings []doctor.Finding
	all      string
}

func examine(t *testing.T, data string, args ...string) diagnosis {
	t.Helper()
	got := pbx(t, "", append([]string{"doctor", "--json", "--data", data, "--limit-connections", "10"}, args...)...)
	var report struct {
		OK       bool
		Findings []doctor.Finding
	}
	if err := json.Unmarshal([]byte(got.out), &report); err != nil {
		t.Fatalf("%v\n%+v", err, got)
	}
	d := diagnosis{t: t, code: got.code, findings: report.Findings, all: got.out}
	failed := false
	for _, f := range report.Findings {
		failed = failed || f.Level == doctor.Fail
		if f.Level != doctor.OK && f.Advice == "" {
			t.Errorf("no advice: %+v", f)
		}
	}
	if failed == report.OK || failed != (got.code == exitFailed) || failed != strings.Contains(got.err, "failures") {
		t.Errorf("exit code %d, ok %v, %q\n%s", got.code, report.OK, got.err, got.out)
	}
	return d
}

// wants looks for a finding.
func (d diagnosis) wants(check string, level doctor.Level, text string) {
	d.t.Helper()
	for _, f := range d.findings {
		if f.Check == check && f.Level == level && strings.Contains(f.Text, text) {
			return
		}
	}
	d.t.Errorf("no finding %s, %s, %q in\n%s", check, level, text, d.all)
}

// healthy wants nothing but ok. A PostgreSQL for tests may be quick and forgetful.
func (d diagnosis) healthy() {
	d.t.Helper()
	for _, f := range d.findings {
		if f.Level != doctor.OK && !strings.HasPrefix(f.Text, "fsync is off") {
			d.t.Errorf("%+v", f)
		}
	}
}

const anyPort = "--listen=http://127.0.0.1:0"

// An installation is followed from nothing over a running server to a stopped one.
func testDoctor(t *testing.T, flags ...string) {
	data := filepath.Join(t.TempDir(), "data")
	d := examine(t, data, append(flags, anyPort)...)
	d.wants("data directory", doctor.Warn, "does not exist")
	d.wants("master key", doctor.OK, "there is none yet")

	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	s := start(t, data, 0, flags...)
	play(t, data, []step{{args: "domain add example.com --host pbx.example.com"}})
	d = examine(t, data, append(flags, "--listen="+s.url)...)
	d.healthy()
	for check, text := range map[string]string{
		"server": "of the same version", "master key": "fits the store", "ports": "the server answers on " + s.url,
		"control socket": "for this user alone", "store": "the newest that this program knows", "open files": "the server may have",
		"clock": "runs evenly", "disk": "MiB are free",
	} {
		d.wants(check, doctor.OK, text)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	examine(t, data, append(flags, "--listen=http://"+free.Addr().String())...).wants("ports", doctor.Warn, "does not answer")
	s.stop()

	d = examine(t, data, append(flags, anyPort)...)
	d.healthy()
	d.wants("server", doctor.OK, "no server runs")
	d.wants("ports", doctor.OK, "is free")
	d.wants("open files", doctor.OK, "this shell may have")
}

func TestDoctor(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { testDoctor(t) })
	t.Run("PostgreSQL", func(t *testing.T) {
		dsn := database(t)
		testDoctor(t, "--postgres", dsn)
		d := examine(t, t.TempDir(), "--postgres", dsn, anyPort)
		d.wants("store", doctor.OK, "connections in use; fsync is ")
		d.wants("clock", doctor.OK, "from that of PostgreSQL")
		d.wants("master key", doctor.Fail, "is missing")
		d = examine(t, t.TempDir(), "--postgres", "host=127.0.0.1 port=1 user=nobody password=secret-word", anyPort)
		d.wants("store", doctor.Fail, "postgres: ")
		if strings.Contains(d.all, "secret-word") {
			t.Errorf("the password is shown:\n%s", d.all)
		}
	})
}

// What is wrong is found.
func TestDoctorFinds(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	in := func(name string) func(data string) string {
		return func(data string) string { return filepath.Join(data, name) }
	}
	key, db := in(directory.KeyFile), in(databaseName)
	statement := func(query string) func(data string) error {
		return func(data string) error {
			conn, err := sql.Open("sqlite", db(data))
			if err != nil {
				return err
			}
			defer conn.Close()
			_, err = conn.ExecContext(t.Context(), query)
			return err
		}
	}
	for name, c := range map[string]struct {
		harm  func(data string) error
		args  string
		check string
		level doctor.Level
		text  string
	}{
		"directory for others":  {func(d string) error { return os.Chmod(d, 0o755) }, "", "data directory", doctor.Warn, "mode 0755"},
		"directory of everyone": {func(d string) error { return os.Chmod(d, 0o777) }, "", "data directory", doctor.Fail, "others may write"},
		"no key":                {func(d string) error { return os.Remove(key(d)) }, "", "master key", doctor.Fail, "is missing"},
		"key for others":        {func(d string) error { return os.Chmod(key(d), 0o644) }, "", "master key", doctor.Fail, "may be used by others"},
		"short key":             {func(d string) error { return os.Truncate(key(d), 31) }, "", "master key", doctor.Fail, "31 bytes"},
		"wrong key": {func(d string) error { return os.WriteFile(key(d), []byte(strings.Repeat("k", 32)), 0o600) }, "",
			"master key", doctor.Fail, "another master key"},
		"store for others": {func(d string) error { return os.Chmod(db(d), 0o644) }, "", "store", doctor.Fail, "others may use"},
		"no database":      {func(d string) error { return os.WriteFile(db(d), []byte(strings.Repeat("junk", 4096)), 0o600) }, "", "store", doctor.Fail, "cannot be read"},
		"newer store": {statement(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`), "",
			"store", doctor.Fail, "version 99"},
		"taken port":  {nil, "--listen http://" + taken.Addr().String(), "ports", doctor.Fail, "in use"},
		"plain text":  {nil, "--listen http://0.0.0.0:0", "ports", doctor.Fail, "loopback addresses only"},
		"no listener": {nil, "--listen ftp://127.0.0.1:0", "ports", doctor.Fail, "scheme"},
		"no certificate": {nil, "--listen https://127.0.0.1:0", "certificates", doctor.Fail,
			"has none"},
		"configuration": {nil, "--public-url nonsense", "configuration", doctor.Fail, "--public-url"},
		"connections":   {nil, "--limit-connections=-1", "open files", doctor.Warn, "any number"},
		"authority": {nil, "--listen https://127.0.0.1:0 --acme-ca https://127.0.0.1:1/dir", "certificates", doctor.Warn,
			"the authority does not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			data := t.TempDir()
			if err := os.Chmod(data, 0o700); err != nil {
				t.Fatal(err)
			}
			play(t, data, []step{{args: "domain add example.com"}})
			examine(t, data, anyPort).healthy()
			if c.harm != nil {
				if err := c.harm(data); err != nil {
					t.Fatal(err)
				}
			}
			args := strings.Fields(c.args)
			if !strings.Contains(c.args, "--listen") {
				args = append(args, anyPort)
			}
			examine(t, data, args...).wants(c.check, c.level, c.text)
		})
	}
}

// writeCert writes a certificate for names, from one time to another.
func writeCert(t *testing.T, from, to time.Time, names ...string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: to, DNSNames: names}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestDoctorLooksAtCertificates(t *testing.T) {
	data := t.TempDir()
	play(t, data, []step{{args: "domain add example.com --host pbx.example.com"}})
	now, day := time.Now(), 24*time.Hour
	look := func(cert, key string, args ...string) diagnosis {
		t.Helper()
		return examine(t, data, append(args, "--listen", "https://127.0.0.1:0", "--tls-cert", cert, "--tls-key", key)...)
	}
	cert, key := writeCert(t, now.Add(-day), now.Add(90*day), "pbx.example.com", "www.example.com")
	good := look(cert, key, "--public-url", "https://www.example.com")
	good.wants("certificates", doctor.OK, "is valid until")
	if good.code != exitOK {
		t.Errorf("failures with a good certificate:\n%s", good.all)
	}
	look(cert, key, "--public-url", "https://other.example.com:8443").wants("certificates", doctor.Warn, "is not for other.example.com,")

	ended, endedKey := writeCert(t, now.Add(-2*day), now.Add(-day), "pbx.example.com")
	look(ended, endedKey).wants("certificates", doctor.Fail, "has ended")
	soon, soonKey := writeCert(t, now.Add(-80*day), now.Add(10*day), "pbx.example.com")
	look(soon, soonKey).wants("certificates", doctor.Warn, "ends on")
	later, laterKey := writeCert(t, now.Add(day), now.Add(90*day), "other.example.com")
	look(later, laterKey).wants("certificates", doctor.Fail, "is not valid before")
	look(later, laterKey).wants("certificates", doctor.Warn, "is not for pbx.example.com,")
	look(cert, laterKey).wants("certificates", doctor.Fail, "private key does not match")
	look(cert, "/does/not/exist").wants("certificates", doctor.Fail, "no such file")
	if err := os.Chmod(key, 0o640); err != nil {
		t.Fatal(err)
	}
	look(cert, key).wants("certificates", doctor.Fail, "others may use")
}

// With ACME the doctor looks at what has come, and asks the authority.
func TestDoctorAsksTheAuthority(t *testing.T) {
	ca := pebble.New(t, time.Hour)
	ca.Start()
	data := t.TempDir()
	args := []string{"--acme-ca", ca.URL, "--acme-ca-root", ca.RootFile}
	s := start(t, data, 0, append(args, "--listen", "https://127.0.0.1:0")...)
	_, https, _ := strings.Cut(s.url, " and ")
	ca.Forward(pebble.Address(https), "")
	play(t, data, []step{{args: "domain add example.com --host pbx.example.com"}})
	args = append(args, "--listen", https)
	d := examine(t, data, args...) // by which the first client comes
	d.wants("certificates", doctor.OK, "pbx.example.com has none yet")
	d.wants("certificates", doctor.OK, "the authority answers at "+ca.URL)
	for range 300 {
		d = examine(t, data, args...)
		if strings.Contains(d.all, "the certificate for pbx.example.com is valid") {
			d.wants("ports", doctor.OK, "the server answers on "+https)
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("no certificate:\n%s\n%s", d.all, s.log)
}

// For people it is a table with advice below.
func TestDoctorSpeaks(t *testing.T) {
	data := t.TempDir()
	got := pbx(t, "", "doctor", "--data", data, "--listen", "http://0.0.0.0:0")
	if got.code != exitFailed || !strings.Contains(got.out, "FAIL  ports ") || !strings.Contains(got.out, "-> See docs/operation.md") ||
		!strings.Contains(got.err, "findings are failures") {
		t.Errorf("%+v", got)
	}
	if made, err := os.ReadDir(data); err != nil || len(made) > 0 {
		t.Errorf("the doctor has made %v, %v", made, err)
	}
}
