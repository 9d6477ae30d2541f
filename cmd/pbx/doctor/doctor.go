// Package doctor looks at an installation, with or without a running server, and
// says in sentences what is good, doubtful or wrong, and what to do about it.
//
// It changes nothing. cmd/pbx says where everything is and shows what is found;
// nobody else calls it. A Patient belongs to one goroutine.
package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/edge"
	"github.com/tandem-switch/tandem/internal/store/postgres"
	"github.com/tandem-switch/tandem/internal/store/sqlite"
)

// Level is how good a finding is.
type Level string

// The levels.
const (
	OK   Level = "ok"
	Warn Level = "warn" // it works, perhaps not for long or not for all
	Fail Level = "fail" // it does not work
)

// Finding is what one check has found.
type Finding struct {
	Check  string `json:"check"`
	Level  Level  `json:"level"`
	Text   string `json:"text"`
	Advice string `json:"advice,omitempty"`
}

// Patient is the installation, and what was found so far.
type Patient struct {
	Data     string
	KeyFile  string
	Database string // file of SQLite; empty with PostgreSQL
	DSN      string // of PostgreSQL

	HostsMessages bool   // the server stores chats itself
	MessagesDir   string // where
	MessagesDB    string // file of SQLite in it
	// Chats asks the server or, where none runs, the store how chats of the domains
	// are stored; nil: nobody stores chats.
	Chats func(context.Context) ([]admin.Chats, error)

	Listen      []string // URIs of all listeners
	Cert, Key   string   // files; empty without
	ACMEDir     string   // empty without ACME
	ACMENames   []string
	CA          *http.Client // trusts the authority
	CAURL       string
	PublicHost  string // host name of the public URL; empty without
	Connections int    // that are expected at most; below 0: without limit

	Version string // of this program
	Running string // version of the server that runs on Data; empty without
	PID     int    // of that server; 0 if unknown

	Findings []Finding
	hosts    []string // of the domains
	usable   bool     // the store can be opened, and that changes nothing
	// Unhosted are domains in which something else has the name of the Messages
	// object. Examine fills it in.
	Unhosted []string
}

// patience is how long anything outside is waited for.
const patience = 5 * time.Second

// Examine makes every check, in an order in which a later one can lean on what an
// earlier one has found.
func (p *Patient) Examine(ctx context.Context) {
	p.folder()
	p.server()
	p.store(ctx)
	p.messages(ctx)
	p.space()
	p.clock()
	p.zones()
	p.certificates(ctx)
	p.ports(ctx)
	p.descriptors()
}

// Failed is how many findings are failures.
func (p *Patient) Failed() int {
	n := 0
	for _, f := range p.Findings {
		if f.Level == Fail {
			n++
		}
	}
	return n
}

// Add notes a finding.
func (p *Patient) Add(check string, level Level, advice, format string, args ...any) {
	p.Findings = append(p.Findings, Finding{check, level, fmt.Sprintf(format, args...), advice})
}

func (p *Patient) ok(check, format string, args ...any) { p.Add(check, OK, "", format, args...) }

// server looks whether a server runs, and whether it is this program.
func (p *Patient) server() {
	switch p.Running {
	case "":
		p.ok("server", "no server runs on %s", p.Data)
	case p.Version:
		p.ok("server", "a server runs, of the same version as this program: %s", p.Version)
	default:
		p.Add("server", Warn, "Restart the server, or use the program that it was started from.",
			"the running server is of version %s, this program of %s", p.Running, p.Version)
	}
}

// store looks at the store and at the key that belongs to it.
func (p *Patient) store(ctx context.Context) {
	var canary []byte
	var known bool
	if p.DSN != "" {
		canary, known = p.postgres(ctx)
	} else {
		canary, known = p.sqlite(ctx)
	}
	fits := p.masterKey(canary, known)
	p.usable = p.usable && fits
}

// masterKey looks whether the key fits the store, as far as that is known. True if it
// is known, and does.
func (p *Patient) masterKey(canary []byte, known bool) bool {
	const check = "master key"
	err := directory.CheckKeyFile(p.KeyFile, canary)
	switch {
	case errors.Is(err, fs.ErrNotExist) && known && canary == nil:
		p.ok(check, "there is none yet; the first start makes it")
	case errors.Is(err, fs.ErrNotExist):
		p.Add(check, Fail, "Restore it from a backup; without it no password can be read.", "%s is missing", p.KeyFile)
	case err != nil:
		p.Add(check, Fail, "See docs/operation.md, Backup and restore.", "%v", err)
	case canary == nil:
		p.ok(check, "%s is a key; whether it fits the store is not known", p.KeyFile)
	default:
		p.ok(check, "%s fits the store", p.KeyFile)
		return true
	}
	return false
}

// version looks whether the tables can be used.
func (p *Patient) version(found, known int64) {
	p.usable = found == known
	switch {
	case found > known:
		p.Add("store", Fail, "Run the newer program, or restore the backup from before the upgrade.",
			"the tables have version %d, this program knows %d", found, known)
	case found < known:
		p.ok("store", "the tables have version %d; the next start takes them to %d", found, known)
	default:
		p.ok("store", "the tables have version %d, the newest that this program knows", found)
	}
}

func (p *Patient) sqlite(ctx context.Context) (canary []byte, known bool) {
	found, err := sqlite.Inspect(ctx, p.Database)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.ok("store", "there is no database yet; the first start makes it")
		return nil, true
	case err != nil:
		p.Add("store", Fail, "If it is damaged, restore it from a backup.", "%s cannot be read: %v", p.Database, err)
		return nil, false
	case len(found.Faults) > 0:
		p.Add("store", Fail, "Stop the server and restore the database from a backup.", "%s is damaged: %s", p.Database, found.Faults[0])
	default:
		p.ok("store", "%s is not damaged", p.Database)
	}
	p.version(found.Found, found.Known)
	p.private("store", p.Database)
	p.hosts, p.Unhosted = found.Hosts, found.Unhosted
	return found.Canary, true
}

// The least version of PostgreSQL, and how far clocks may differ.
const (
	leastPostgres = 13_0000
	clockWarn     = 2 * time.Second
	clockFail     = 5 * time.Minute
)

func (p *Patient) postgres(ctx context.Context) (canary []byte, known bool) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found, err := postgres.Inspect(ctx, p.DSN)
	if err != nil {
		p.Add("store", Fail, "Look whether PostgreSQL runs, and whether the DSN is right.", "%v", err)
		return nil, false
	}
	if found.Number < leastPostgres {
		p.Add("store", Fail, "Use version 13 or later.", "PostgreSQL has version %s", found.Server)
	} else {
		p.ok("store", "PostgreSQL %s answers", found.Server)
	}
	p.version(found.Found, found.Known)
	p.postgresSettings(found)
	p.compareClock("PostgreSQL", found.Now, found.Took)
	p.hosts, p.Unhosted = found.Hosts, found.Unhosted
	return found.Canary, true
}

func (p *Patient) postgresSettings(found postgres.Inspection) {
	if found.Fsync != "on" {
		p.Add("store", Fail, "Set fsync = on in postgresql.conf.", "fsync is %s: a power cut may destroy the database", found.Fsync)
	}
	if found.SynchronousCommit == "off" {
		p.Add("store", Warn, "Set synchronous_commit = on, at least for this role.", "synchronous_commit is off: a crash of PostgreSQL may lose the last changes")
	}
	const needed = 6 // what a server and a command take
	if left := found.Most - found.Connections; left < needed {
		p.Add("store", Warn, "Raise max_connections.", "PostgreSQL has %d of %d connections in use; a server and a command need %d", found.Connections, found.Most, needed)
		return
	}
	p.ok("store", "PostgreSQL has %d of %d connections in use; fsync is %s, synchronous_commit %s",
		found.Connections, found.Most, found.Fsync, found.SynchronousCommit)
}

// compareClock compares our clock with another one that was read within took.
func (p *Patient) compareClock(whose string, now time.Time, took time.Duration) {
	off := time.Since(now) - took/2
	level, advice := OK, ""
	switch {
	case off.Abs() > clockFail+took:
		level, advice = Fail, "Set the clock, and let NTP keep it; certificates and one-time codes depend on it."
	case off.Abs() > clockWarn+took:
		level, advice = Warn, "Let NTP keep both clocks; one-time codes depend on it."
	}
	p.Add("clock", level, advice, "it differs from that of %s by %v", whose, off.Abs().Round(100*time.Millisecond))
}

// firstYear is before every build of this program.
const firstYear = 2026

// clock looks whether the time is possible, and whether it runs evenly.
func (p *Patient) clock() {
	begin := time.Now()
	if begin.Year() < firstYear {
		p.Add("clock", Fail, "Set the clock, and let NTP keep it.", "it says %s, which is before this program was made", begin.Format(time.DateOnly))
		return
	}
	time.Sleep(50 * time.Millisecond)
	end := time.Now()
	steady, shown := end.Sub(begin), end.Round(0).Sub(begin.Round(0))
	if (steady - shown).Abs() > time.Second {
		p.Add("clock", Warn, "Look what sets the clock: two programs at once?", "it was set while it was looked at, by %v", (shown - steady).Round(time.Millisecond))
		return
	}
	p.ok("clock", "it says %s and runs evenly", begin.Format(time.RFC3339))
}

// zones looks for the time zones of users.
func (p *Patient) zones() {
	if _, err := time.LoadLocation("Europe/Berlin"); err != nil {
		p.Add("time zones", Warn, "Install tzdata, or set ZONEINFO.", "this machine has no data of time zones: times are shown in UTC")
		return
	}
	p.ok("time zones", "their data is there")
}

// ports looks whether the listeners can be opened, or are those of the server.
func (p *Patient) ports(ctx context.Context) {
	for _, uri := range p.Listen {
		l, err := edge.ParseListen(uri)
		switch {
		case err != nil:
			p.Add("ports", Fail, "See docs/operation.md, Listeners and TLS.", "%v", err)
		case p.Running != "":
			p.ours(ctx, uri, l)
		default:
			p.free(ctx, uri)
		}
	}
}

// free looks whether a listener can be opened.
func (p *Patient) free(ctx context.Context, uri string) {
	err := edge.TryListen(ctx, uri)
	switch {
	case err == nil:
		p.ok("ports", "%s is free", uri)
	case errors.Is(err, fs.ErrPermission):
		p.Add("ports", Fail, "Ports below 1024 need AmbientCapabilities=CAP_NET_BIND_SERVICE, or choose another one.", "%v", err)
	case errors.Is(err, syscall.EADDRINUSE):
		p.Add("ports", Fail, "Stop what uses the port, or choose another one.", "%v", err)
	default:
		p.Add("ports", Fail, "See docs/operation.md, Listeners and TLS.", "%v", err)
	}
}

// ours looks whether the running server answers on a listener.
func (p *Patient) ours(ctx context.Context, uri string, l edge.Listener) {
	host, port, err := net.SplitHostPort(l.Address)
	if err != nil || port == "0" {
		p.ok("ports", "%s takes a port that is free", uri)
		return
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	scheme := "http://"
	if l.HTTPS {
		scheme = "https://"
	}
	if p.healthy(ctx, scheme+net.JoinHostPort(host, port)+"/healthz") {
		p.ok("ports", "the server answers on %s", uri)
		return
	}
	p.Add("ports", Warn, "Give the doctor the configuration of the server, with --config or the same flags.",
		"the running server does not answer on %s", uri)
}

// healthy asks whether a switch answers. Whose certificate it shows is looked at
// elsewhere.
func (p *Patient) healthy(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ServerName: p.anyHost()},
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 16))
	return err == nil && response.StatusCode == http.StatusOK && string(text) == "ok\n"
}

// anyHost is a name of the switch, for servers that have a certificate by name.
func (p *Patient) anyHost() string {
	for _, names := range [][]string{{p.PublicHost}, p.ACMENames, p.hosts} {
		for _, name := range names {
			if name != "" {
				return name
			}
		}
	}
	return ""
}

// folder looks at the data directory and what is in it.
func (p *Patient) folder() {
	const check = "data directory"
	info, err := os.Stat(p.Data)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.Add(check, Warn, "Name the right one with --data, or start a server, which makes it.", "%s does not exist", p.Data)
		return
	case err != nil:
		p.Add(check, Fail, "Run the doctor as the user of the server.", "%v", err)
		return
	case !info.IsDir():
		p.Add(check, Fail, "Name another one with --data.", "%s is no directory", p.Data)
		return
	}
	if !p.owned(check, p.Data, info) {
		return
	}
	switch mode := info.Mode().Perm(); {
	case mode&0o022 != 0:
		p.Add(check, Fail, "chmod 700 "+p.Data, "others may write into %s (mode %04o)", p.Data, mode)
	case mode&0o077 != 0:
		p.Add(check, Warn, "chmod 700 "+p.Data, "others may look into %s (mode %04o)", p.Data, mode)
	default:
		p.ok(check, "%s belongs to this user alone", p.Data)
	}
	p.private("control socket", filepath.Join(p.Data, "pbx.sock"))
}

// private tells of a file that others may use; one that is not there is none.
func (p *Patient) private(check, name string) {
	info, err := os.Stat(name)
	if err != nil || !p.owned(check, name, info) {
		return
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		right := "600"
		if info.IsDir() {
			right = "700"
		}
		p.Add(check, Fail, "chmod "+right+" "+name, "others may use %s (mode %04o)", name, mode)
		return
	}
	p.ok(check, "%s is for this user alone", name)
}
