package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/jackc/pgx/v5"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/cli"
)

// result is what a command has said.
type result struct {
	code     int
	out, err string
}

func app(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), args, cli.Console{In: strings.NewReader(stdin), Out: &out, Err: &errs})
	return result{code, out.String(), errs.String()}
}

// lockedBuffer is written by a service and read by its test.
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

// running is "messages-app serve" in this process.
type running struct {
	url  string
	log  *lockedBuffer
	stop func() int
}

func start(t *testing.T, data string, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	s := &running{log: &lockedBuffer{}}
	code := make(chan int, 1)
	go func() {
		args := append([]string{"serve", "--data", data, "--listen", "http://127.0.0.1:0"}, args...)
		code <- run(ctx, args, cli.Console{In: strings.NewReader("secret\n"), Out: w, Err: s.log})
		w.Close()
	}()
	s.stop = sync.OnceValue(func() int {
		cancel()
		select {
		case c := <-code:
			return c
		case <-time.After(20 * time.Second):
			t.Error("the service has not stopped within 20 s")
			return -1
		}
	})
	t.Cleanup(func() {
		if c := s.stop(); c != exitOK || t.Failed() {
			t.Errorf("the service ended with %d\n%s", c, s.log)
		}
	})
	lines := bufio.NewScanner(r)
	if !lines.Scan() {
		t.Fatalf("the service does not start\n%s", s.log)
	}
	go io.Copy(io.Discard, r)
	var found bool
	if s.url, found = strings.CutPrefix(lines.Text(), "The Messages service is ready at "); !found {
		t.Fatalf("the service says %q", lines.Text())
	}
	return s
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// dial logs in as the Messages object of a domain.
func dial(t *testing.T, s *running, domain, path, password string) (*appservice.Client, error) {
	t.Helper()
	info := appservice.Info{AppObj: "messages", PBX: "pbx"}
	c, err := appservice.Dial(t.Context(), appservice.DialConfig{
		URL:      "ws" + strings.TrimPrefix(s.url, "http") + path,
		Login:    appservice.Login{App: "innovaphone-messages-api", Domain: domain, SIP: "messages", GUID: "0", DN: "Messages", Info: info.AppendJSON(nil)},
		Password: password, NoRecv: true,
	})
	if err == nil {
		t.Cleanup(func() { _ = c.Close("") })
	}
	return c, err
}

// call asks and returns the answer.
func call(t *testing.T, c *appservice.Client, text string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	f, err := c.Call(ctx, json.RawMessage(text))
	if err != nil {
		t.Fatal(err)
	}
	return string(f.Raw)
}

func TestServe(t *testing.T) {
	data := t.TempDir()
	s := start(t, data, "--password-stdin")
	for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
		if status, body := get(t, s.url+path); status != http.StatusOK || body != want {
			t.Errorf("%s: %d %q", path, status, body)
		}
	}
	c, err := dial(t, s, "Example.com", "/example.com/messages", "secret")
	if err != nil {
		t.Fatal(err)
	}
	if got := app(t, "", "trace", "on", "Signalling,Database", "--domain", "example.com", "--data", data); got.code != exitOK || !strings.Contains(got.out, "domain example.com") {
		t.Errorf("%+v", got)
	}
	ctx, hangUp := context.WithCancel(t.Context())
	seen, tell := io.Pipe()
	go func() {
		run(ctx, []string{"trace", "tail", "--data", data, "--json"}, cli.Console{Out: tell, Err: io.Discard})
		tell.Close()
	}()
	post := call(t, c, `{"mt":"Post","type":1,"author":"alice","id":"1","topics":["alice","bob"],"notify":["bob"],"people":[{"sip":"alice","guid":"a"},{"sip":"bob","guid":"b"}],"text":"hello"}`)
	if !strings.Contains(post, `"mt":"PostResult","id":`) {
		t.Errorf("post: %s", post)
	}
	var record struct {
		Flags  []string
		Domain string
		Frame  string
	}
	if err := json.NewDecoder(seen).Decode(&record); err != nil || !strings.Contains(record.Frame, `"mt":"Post"`) || strings.Contains(record.Frame, "hello") {
		t.Errorf("traced %+v, %v", record, err)
	}
	hangUp()
	for _, step := range []struct{ args, want string }{
		{"trace list", "Signalling"},
		{"trace off 1", "trace 1 is off"},
		{"trace off", "no trace was on"},
		{"usage", "example.com yes 2 1 1"},
	} {
		got := app(t, "", append(strings.Fields(step.args), "--data", data)...)
		if columns := strings.Join(strings.Fields(got.out), " "); got.code != exitOK || !strings.Contains(columns, step.want) {
			t.Errorf("%s: %+v, want %q", step.args, got, step.want)
		}
	}
	if status, body := get(t, s.url+"/metrics"); status != http.StatusOK || !strings.Contains(body, "messages_links 1\n") {
		t.Errorf("metrics: %d", status)
	}
	if second := app(t, "x", "serve", "--data", data, "--password-stdin", "--listen", "http://127.0.0.1:0"); second.code != exitFailed || !strings.Contains(second.err, "in use") {
		t.Errorf("a second service on the directory: %+v", second)
	}
	if code := s.stop(); code != exitOK {
		t.Errorf("it ended with %d\n%s", code, s.log)
	}
	start(t, data, "--password-stdin") // it finds everything again
	if got := app(t, "", "usage", "--json", "--data", data); !strings.Contains(got.out, `"messages": 1`) {
		t.Errorf("%+v", got)
	}
}

// takeMessages ends the connection that has the lock of the service, and takes it.
const takeMessages = `DO $$
DECLARE
	owner record;
BEGIN
	SELECT l.pid, l.classid::int4 AS space, l.objid::int4 AS own INTO STRICT owner FROM pg_locks l JOIN pg_namespace n ON n.oid = l.objid
		WHERE l.locktype = 'advisory' AND n.nspname = current_schema() || '_messages';
	PERFORM pg_terminate_backend(owner.pid);
	PERFORM pg_advisory_lock(owner.space, owner.own);
END $$`

// Two services on one PostgreSQL database exclude each other, wherever their files
// are; one that has lost the database ends.
func TestOneServicePerDatabase(t *testing.T) {
	dsn := database(t)
	s := start(t, t.TempDir(), "--password-stdin", "--postgres", dsn)
	second := app(t, "x", "serve", "--data", t.TempDir(), "--postgres", dsn, "--password-stdin", "--listen", "http://127.0.0.1:0")
	if second.code != exitFailed || !strings.Contains(second.err, "Another Messages service uses this database: messages-app on ") {
		t.Errorf("a second service on the database: %+v", second)
	}
	if code := s.stop(); code != exitOK {
		t.Errorf("it ended with %d\n%s", code, s.log)
	}
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	taken := make(chan struct{})
	go func() {
		defer close(taken)
		for { // until it has begun
			if _, err := conn.Exec(t.Context(), takeMessages); err == nil || t.Context().Err() != nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()
	lost := app(t, "x", "serve", "--data", t.TempDir(), "--postgres", dsn, "--password-stdin", "--listen", "http://127.0.0.1:0")
	<-taken
	if lost.code != exitFailed || !strings.Contains(lost.err, "has taken the database: this one ends") {
		t.Errorf("a service that lost its database: %+v", lost)
	}
}

// database is the DSN of an empty schema on the server that PBX_TEST_POSTGRES names;
// without that variable the test is skipped.
func database(t *testing.T) string {
	t.Helper()
	dsn := os.Getenv("PBX_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("PBX_TEST_POSTGRES is not set")
	}
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := "app_" + strings.ToLower(strings.ReplaceAll(t.Name(), "/", "_"))
	t.Cleanup(func() {
		ctx := context.Background() // the test's is over
		if _, err := conn.Exec(ctx, "DROP SCHEMA IF EXISTS "+name+" CASCADE; DROP SCHEMA IF EXISTS "+name+"_messages CASCADE"); err != nil {
			t.Error(err)
		}
		conn.Close(ctx)
	})
	if _, err := conn.Exec(t.Context(), "CREATE SCHEMA "+name); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme == "" {
		return dsn + " search_path=" + name
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}

// A domain is opened by its own password, and by no other; files are read anew.
func TestPasswords(t *testing.T) {
	dir := t.TempDir()
	all, own := filepath.Join(dir, "all"), filepath.Join(dir, "own")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(all, "everybody\n")
	write(own, "# tenants\nOne.example  first \ntwo.example second\n\n")
	s := start(t, filepath.Join(dir, "data"), "--password-file", all, "--passwords", own)
	for _, test := range []struct {
		domain, path, password string
		ok                     bool
	}{
		{"one.example", "/one.example/messages", "first", true},
		{"ONE.example", "/one.example/messages", "first", true},
		{"two.example", "/two.example/messages", "first", false},
		{"one.example", "/one.example/messages", "everybody", false},
		{"three.example", "/three.example/messages", "everybody", true},
		{"one.example", "/two.example/messages", "second", false},
		{"one.example", "/one.example/other", "first", false},
	} {
		_, err := dial(t, s, test.domain, test.path, test.password)
		if (err == nil) != test.ok {
			t.Errorf("%+v: %v", test, err)
		}
	}
	write(own, "one.example changed\n")
	if _, err := dial(t, s, "one.example", "/one.example/messages", "changed"); err != nil {
		t.Errorf("after a change: %v", err)
	}
}

func TestPasswordFiles(t *testing.T) {
	for text, want := range map[string]string{
		"example.com":              "not like",
		"a.example x\na.example y": "twice",
		"# nothing\n":              "no password",
		"a.example x":              "",
	} {
		_, err := passwordsOf(text, "FILE")
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for text, ok := range map[string]bool{"x": true, "x\n": true, "x\r\n": true, "": false, "\n": false, "x\ny\n": false} {
		if _, err := onePassword(text, "FILE"); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestMisuse(t *testing.T) {
	data := t.TempDir()
	for _, step := range []struct {
		args, err string
		code      int
	}{
		{"serve", "--password-stdin", exitUsage},
		{"serve --password-stdin --password-file x", "not both", exitUsage},
		{"serve --password-stdin --instance a/b", "no part", exitUsage},
		{"serve --password-stdin --public-url x", "--public-url", exitUsage},
		{"serve --password-stdin --trace x", "--trace", exitUsage},
		{"serve --password-stdin --files-url ftp://x", "--files-url", exitUsage},
		{"serve --password-stdin --s3 https://host", "bucket", exitUsage},
		{"serve --password-stdin --s3 https://host/bucket", "--s3-access-key", exitUsage},
		{"serve --password-stdin --s3-region x", "--s3 URL", exitUsage},
		{"serve --password-stdin --limit-file -2", "--limit-file", exitUsage},
		{"serve --password-file /nowhere/x", "/nowhere/x", exitFailed},
		{"trace on App --content", "--reason", exitUsage},
		{"trace list", "no Messages service answers", exitFailed},
		{"nonsense", "nonsense", exitUsage},
		{"serve --nonsense", "messages-app serve --help", exitUsage},
	} {
		got := app(t, "secret", append(strings.Fields(step.args), "--data", data)...)
		if got.code != step.code || !strings.Contains(got.err, step.err) || got.err == "" {
			t.Errorf("messages-app %s: %+v", step.args, got)
		}
	}
	if got := app(t, "", "version"); !strings.Contains(got.out, "messages-app") {
		t.Errorf("%+v", got)
	}
}

// Every command and flag is in the manual.
func TestManual(t *testing.T) {
	text, err := os.ReadFile("../../docs/messages.md")
	if err != nil {
		t.Fatal(err)
	}
	var c commands
	left := false
	parser, err := newParser(&c, cli.Console{Out: io.Discard, Err: io.Discard}, &left)
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range parser.Model.Leaves(false) {
		if command := "messages-app " + leaf.Path(); !strings.Contains(string(text), strings.TrimPrefix(command, "messages-app messages-app ")) {
			t.Errorf("docs/messages.md has no %s", command)
		}
	}
	err = kong.Visit(parser.Model.Node, func(v kong.Visitable, next kong.Next) error {
		if flag, ok := v.(*kong.Flag); ok && flag.Name != "help" && !strings.Contains(string(text), "--"+flag.Name) {
			t.Errorf("docs/messages.md has no --%s", flag.Name)
		}
		return next(nil)
	})
	if err != nil {
		t.Fatal(err)
	}
}
