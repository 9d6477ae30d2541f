package export_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/messages/export"
	"github.com/tandem-switch/tandem/internal/messages/sqlstore"
)

func who(name string) messages.Ref {
	return messages.Ref{GUID: "guid-" + name, SIP: name, Name: "Name of " + name}
}

// blobs are contents by hash.
type blobs map[string]string

func (b blobs) Open(_ context.Context, hash string) (io.ReadCloser, error) {
	if content, ok := b[hash]; ok {
		return io.NopCloser(strings.NewReader(content)), nil
	}
	return nil, fmt.Errorf("%s: %w", hash, fs.ErrNotExist)
}

type bench struct {
	t     *testing.T
	log   messages.Log
	clock *clock.Manual
	blobs blobs
}

func setUp(t *testing.T) *bench {
	b := &bench{t: t, clock: clock.NewManual(), blobs: blobs{}}
	store, err := sqlstore.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "messages.db"), sqlstore.Options{Clock: b.clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	if b.log, err = store.Log(t.Context(), "example.com"); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) do(op messages.Op) messages.Result {
	b.t.Helper()
	b.clock.Advance(time.Second)
	r, err := b.log.Do(b.t.Context(), op)
	if err != nil {
		b.t.Fatalf("%T: %v", op, err)
	}
	return r
}

func (b *bench) say(from, to, text string, files ...messages.File) messages.Number {
	b.t.Helper()
	return b.do(&messages.Post{Author: who(from), To: who(to), Text: text, Files: files}).N
}

// file is a file whose content is there.
func (b *bench) file(name, content string) messages.File {
	hash := fmt.Sprintf("%064x", len(b.blobs)+1)
	b.blobs[hash] = content
	return messages.File{Hash: hash, Name: name, Size: int64(len(content))}
}

// export makes an archive and returns its entries.
func (b *bench) export(r export.Request) (map[string]string, export.Summary) {
	b.t.Helper()
	r.Log, r.Now = b.log, b.clock.Now()
	var out bytes.Buffer
	sum, err := export.Write(b.t.Context(), &out, r)
	if err != nil {
		b.t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		b.t.Fatal(err)
	}
	entries := map[string]string{}
	for _, f := range z.File {
		if !filepath.IsLocal(f.Name) || strings.ContainsAny(f.Name, "\\:") {
			b.t.Errorf("the entry %q could be written elsewhere", f.Name)
		}
		if _, ok := entries[f.Name]; ok {
			b.t.Errorf("two entries are called %q", f.Name)
		}
		in, err := f.Open()
		if err != nil {
			b.t.Fatal(err)
		}
		content, err := io.ReadAll(in)
		if err != nil {
			b.t.Fatal(err)
		}
		entries[f.Name] = string(content)
	}
	return entries, sum
}

// chat is messages.json of an archive.
type chat struct {
	Domain, Title, Kind string
	Messages            []struct {
		ID     int64
		Author struct{ SIP, Name string }
		Text   string
		Mime   string
		Data   string
		Files  []struct {
			Name, Path string
			Size       int64
		}
		Reactions []struct{ Emoji, SIP string }
	}
}

func (b *bench) chat(entries map[string]string, dir string) (c chat) {
	b.t.Helper()
	if err := json.Unmarshal([]byte(entries[dir+"messages.json"]), &c); err != nil {
		b.t.Fatalf("%smessages.json: %v", dir, err)
	}
	return c
}

func (c chat) texts() (out []string) {
	for _, m := range c.Messages {
		out = append(out, m.Text)
	}
	return out
}

func TestChatOfAPerson(t *testing.T) {
	b := setUp(t)
	first := b.say("alice", "bob", "hello <b>bob</b>", b.file("Grundriß.pdf", "plan"))
	b.say("bob", "alice", "hi", messages.File{Hash: strings.Repeat("f", 64), Name: "lost.txt", Size: 9})
	b.say("carol", "alice", "another chat")
	b.do(&messages.React{By: who("bob"), ID: first, Emoji: "👍", On: true})
	b.do(&messages.Post{Author: who("bob"), To: who("alice"), Own: true, Owner: who("alice"), Text: "only for alice"})

	entries, sum := b.export(export.Request{Person: who("alice"), With: who("bob"), Files: b.blobs})
	if want := (export.Summary{Chats: 1, Messages: 3, Files: 1, Bytes: 4, Missing: 1}); sum != want {
		t.Errorf("summary %+v, want %+v", sum, want)
	}
	c := b.chat(entries, "chats/0001/")
	if c.Title != "Name of bob" || c.Kind != "person" || c.Domain != "example.com" || !slices.Equal(c.texts(), []string{"hello <b>bob</b>", "hi", "only for alice"}) {
		t.Errorf("chat %+v", c)
	}
	f := c.Messages[0].Files
	if len(f) != 1 || f[0].Name != "Grundriß.pdf" || entries["chats/0001/"+f[0].Path] != "plan" {
		t.Errorf("files %+v", f)
	}
	if f := c.Messages[1].Files; len(f) != 1 || f[0].Path != "" {
		t.Errorf("a file that is not there has a path: %+v", f)
	}
	if r := c.Messages[0].Reactions; len(r) != 1 || r[0].Emoji != "👍" || r[0].SIP != "bob" {
		t.Errorf("reactions %+v", r)
	}
	page := entries["chats/0001/page-00001.html"]
	for _, part := range []string{"hello <b>bob</b>", "Name of alice", "Grundri%C3%9F.pdf", "not there any more", "only for alice", "👍"} {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %q:\n%s", part, page)
		}
	}
	if !strings.Contains(entries["index.html"], `href="chats/0001/page-00001.html"`) || !strings.Contains(entries["index.json"], `"messages": 3`) {
		t.Errorf("index %s %s", entries["index.html"], entries["index.json"])
	}

	// What bob may not see is not in his archive.
	entries, _ = b.export(export.Request{Person: who("bob"), With: who("alice"), JSON: true})
	if c := b.chat(entries, "chats/0001/"); !slices.Equal(c.texts(), []string{"hello <b>bob</b>", "hi"}) {
		t.Errorf("bob gets %q", c.texts())
	}
	for name := range entries {
		if strings.HasSuffix(name, ".html") || strings.Contains(name, "files/") {
			t.Errorf("%s was not asked for", name)
		}
	}
}

func TestAllChatsAndGroups(t *testing.T) {
	b := setUp(t)
	b.say("alice", "bob", "to bob")
	group := b.do(&messages.MakeGroup{By: who("alice"), Title: "the <group>", Members: []messages.Ref{who("carol")}}).Conv
	tell := func(text string) { b.do(&messages.Post{Author: who("alice"), Group: group, Text: text}) }
	tell("before dave")
	b.do(&messages.SetMember{By: who("alice"), Group: group, Member: who("dave"), Act: messages.Add})
	tell("with dave")
	b.do(&messages.SetMember{By: who("dave"), Group: group, Member: who("dave"), Act: messages.Leave})
	tell("after dave")

	entries, sum := b.export(export.Request{Person: who("alice")})
	if sum.Chats != 2 || sum.Messages != 4 {
		t.Errorf("summary %+v", sum)
	}
	if !strings.Contains(entries["index.html"], "the ") || strings.Contains(entries["index.html"], "<group>") {
		t.Errorf("index %s", entries["index.html"])
	}
	entries, _ = b.export(export.Request{Person: who("dave"), Group: group, JSON: true})
	if c := b.chat(entries, "chats/0001/"); !slices.Equal(c.texts(), []string{"with dave"}) || c.Kind != "group" {
		t.Errorf("dave gets %+v", c)
	}
	// An operator sees everything.
	entries, _ = b.export(export.Request{Conv: group, JSON: true})
	if c := b.chat(entries, "chats/0001/"); !slices.Equal(c.texts(), []string{"before dave", "with dave", "after dave"}) {
		t.Errorf("the conversation has %q", c.texts())
	}
	for what, r := range map[string]export.Request{
		"a stranger's group": {Person: who("bob"), Group: group},
		"nobody":             {Person: who("nobody")},
		"no such partner":    {Person: who("alice"), With: who("nobody")},
		"no conversation":    {Conv: 9999},
	} {
		r.Log = b.log
		if err := export.Check(t.Context(), r); messages.CodeOf(err) != messages.NotFound {
			t.Errorf("%s: %v", what, err)
		}
		var out bytes.Buffer
		if _, err := export.Write(t.Context(), &out, r); messages.CodeOf(err) != messages.NotFound || out.Len() != 0 {
			t.Errorf("%s: %v, %d bytes", what, err, out.Len())
		}
	}
	if err := export.Check(t.Context(), export.Request{Log: b.log}); messages.CodeOf(err) != messages.BadParameter {
		t.Errorf("nothing asked for: %v", err)
	}
}

// hostile is what must not come to life on a page.
const hostile = `<script>alert(1)</script><img src=x onerror=alert(1)><a href="javascript:alert(1)">x</a><style>@import 'http://evil'</style>` +
	`<iframe src=http://evil></iframe>"'><svg onload=alert(1)><meta http-equiv=refresh content="0;url=http://evil"><form action=http://evil><input name=x>`

func TestPagesAreSafe(t *testing.T) {
	b := setUp(t)
	evil := messages.Ref{GUID: "g", SIP: "evil", Name: `"><script>alert(2)</script>`}
	names := []string{"../../etc/passwd", `..\..\x`, "/abs", "a/b", `x" onclick="alert(3)`, "page.html", "pic.SVG", "con", "", ".", "...", "\u202Etxt.exe", strings.Repeat("ü", 120) + ".pdf", "x.js"}
	var files []messages.File
	for _, n := range names {
		files = append(files, b.file(n, "content"))
	}
	b.do(&messages.Post{Author: evil, To: who("alice"), Text: hostile, Files: files})
	b.do(&messages.Post{Author: evil, To: who("alice"), Mime: "text/plain", Data: hostile, Text: hostile})
	b.do(&messages.Post{Author: evil, To: who("alice"), Mime: `x/"><script>`, Data: hostile, Text: hostile, Alt: hostile})
	group := b.do(&messages.MakeGroup{By: evil, Title: hostile[:200], Members: []messages.Ref{who("alice")}}).Conv
	b.do(&messages.Post{Author: evil, Group: group, Text: "x"})
	entries, sum := b.export(export.Request{Person: who("alice"), Files: b.blobs})
	if int(sum.Files) != len(names) {
		t.Errorf("%d files of %d", sum.Files, len(names))
	}
	pages := 0
	for name, content := range entries {
		if strings.Contains(name, "/files/") {
			if isRun(name) {
				t.Errorf("a browser would run %s", name)
			}
			continue
		}
		if strings.HasSuffix(name, ".html") {
			pages++
			checkPage(t, name, content, entries)
		}
	}
	if pages != 3 {
		t.Errorf("%d pages, want 3", pages)
	}
}

func isRun(name string) bool {
	return slices.Contains([]string{".html", ".htm", ".svg", ".js", ".xml"}, strings.ToLower(filepath.Ext(name)))
}

// checkPage looks at every element of a page: only plain ones, no attributes but
// ours, and links only to what is in the archive.
func checkPage(t *testing.T, name, content string, entries map[string]string) {
	t.Helper()
	if !strings.Contains(content, "default-src 'none'") {
		t.Errorf("%s has no policy", name)
	}
	z := html.NewTokenizer(strings.NewReader(content))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return
		}
		tok := z.Token()
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		switch tok.Data {
		case "script", "img", "iframe", "svg", "form", "input", "object", "embed", "link", "base":
			t.Errorf("%s has <%s>", name, tok.Data)
		}
		for _, a := range tok.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "src", a.Key == "style":
				t.Errorf("%s has %s=%q", name, a.Key, a.Val)
			case a.Key == "http-equiv" && a.Val != "Content-Security-Policy":
				t.Errorf("%s has http-equiv %q", name, a.Val)
			case a.Key == "href" && !strings.HasPrefix(a.Val, "#"):
				checkLink(t, name, a.Val, entries)
			}
		}
	}
}

func checkLink(t *testing.T, name, link string, entries map[string]string) {
	t.Helper()
	target, err := url.PathUnescape(link)
	if err != nil {
		t.Errorf("%s links to %q: %v", name, link, err)
	}
	if _, ok := entries[filepath.Join(filepath.Dir(name), target)]; !ok {
		t.Errorf("%s links to %q, which is not there", name, link)
	}
}

// A long chat is on several pages that lead to each other.
func TestManyPages(t *testing.T) {
	b := setUp(t)
	for i := range 1001 {
		b.log.Submit(&messages.Post{Author: who("alice"), To: who("bob"), Text: fmt.Sprint("text ", i)}, nil)
	}
	b.do(&messages.Flush{})
	entries, sum := b.export(export.Request{Person: who("bob")})
	if sum.Messages != 1001 {
		t.Errorf("%d messages", sum.Messages)
	}
	seen := 0
	for n := 1; n <= 3; n++ {
		page := entries[fmt.Sprintf("chats/0001/page-%05d.html", n)]
		seen += strings.Count(page, "<article")
		checkPage(t, fmt.Sprintf("chats/0001/page-%05d.html", n), page, entries)
		if later := strings.Contains(page, "Later"); later != (n < 3) {
			t.Errorf("page %d leads on: %v", n, later)
		}
	}
	if c := b.chat(entries, "chats/0001/"); seen != 1001 || len(c.Messages) != 1001 || c.Messages[1000].Text != "text 1000" {
		t.Errorf("%d on pages, %d in JSON", seen, len(c.Messages))
	}
}

// endless is a file of 300 MB that nobody holds.
type endless struct{ left int }

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), e.left)
	e.left -= n
	return n, nil
}

func (endless) Close() error { return nil }

type large struct{}

func (large) Open(context.Context, string) (io.ReadCloser, error) {
	return &endless{left: 300 << 20}, nil
}

func TestConstantMemory(t *testing.T) {
	b := setUp(t)
	b.say("alice", "bob", "x", messages.File{Hash: strings.Repeat("a", 64), Name: "film.mp4", Size: 300 << 20})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	sum, err := export.Write(t.Context(), io.Discard, export.Request{Log: b.log, Person: who("bob"), Files: large{}, Now: time.Now()})
	runtime.ReadMemStats(&after)
	if err != nil || sum.Bytes != 300<<20 {
		t.Fatal(sum, err)
	}
	if grown := int64(after.TotalAlloc - before.TotalAlloc); grown > 32<<20 {
		t.Errorf("%d MB were allocated", grown>>20)
	}
}

// broken is a file whose disk fails.
type broken struct{}

func (broken) Open(context.Context, string) (io.ReadCloser, error) {
	return io.NopCloser(io.MultiReader(strings.NewReader("begin"), brokenReader{})), nil
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("disk error") }

// An export that fails is no archive.
func TestBrokenExport(t *testing.T) {
	b := setUp(t)
	b.say("alice", "bob", "x", b.file("a.pdf", "content"))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for what, test := range map[string]struct {
		ctx   context.Context
		files export.Files
	}{"a file that breaks off": {t.Context(), broken{}}, "the asker has gone": {ended, b.blobs}} {
		var out bytes.Buffer
		_, err := export.Write(test.ctx, &out, export.Request{Log: b.log, Person: who("bob"), Files: test.files})
		if err == nil {
			t.Errorf("%s: no error", what)
		}
		if _, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len())); err == nil {
			t.Errorf("%s: the archive can be read", what)
		}
	}
	full := &limited{left: 100}
	if _, err := export.Write(t.Context(), full, export.Request{Log: b.log, Person: who("bob"), Files: b.blobs}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a receiver that has gone: %v", err)
	}
}

// limited takes some bytes.
type limited struct{ left int }

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, os.ErrClosed
	}
	return len(p), nil
}
