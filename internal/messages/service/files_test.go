package service_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/filebuffer/local"
	"github.com/tandem-switch/tandem/internal/messages/service"
	"github.com/tandem-switch/tandem/internal/messages/sqlstore"
)

// withFiles is a ground whose service keeps files, and the way to them.
func withFiles(t *testing.T, edit ...func(*service.Config)) *ground {
	t.Helper()
	var g *ground
	var files *filebuffer.Store
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { files.ServeHTTP(w, r) }))
	t.Cleanup(web.Close)
	g = newGround(t, append(edit, func(c *service.Config) {
		blobs, err := local.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		files, err = filebuffer.New(filebuffer.Config{
			Base: web.URL, Instance: object, Key: bytes.Repeat([]byte{7}, 32), Index: c.Store.(*sqlstore.Store).FileIndex(),
			Blobs: blobs, Spool: t.TempDir(), Alive: func(domain string, session uint64) bool { return g.s.Alive(domain, session) },
			Attacher: attacher{&g},
		})
		if err != nil {
			t.Fatal(err)
		}
		c.Files = files
		c.FilesURL = func(domain string) string { return web.URL + "/" + domain + "/" + object + "/" }
	})...)
	g.files, g.web = files, web.URL
	return g
}

// attacher is the service of a ground that is being made.
type attacher struct{ g **ground }

func (a attacher) Granted(ctx context.Context, g filebuffer.Grant) (filebuffer.Owner, error) {
	return (*a.g).s.Granted(ctx, g)
}

func (a attacher) Attach(ctx context.Context, g filebuffer.Grant, file filebuffer.Attachment) error {
	return (*a.g).s.Attach(ctx, g, file)
}

// upload has a session make a buffer and fills it.
func (s *session) upload(name, content string) (id int64, at string) {
	t := s.p.t
	t.Helper()
	got := s.ask(fmt.Sprintf(`{"mt":"CreateFileBuffer","name":%q}`, name))
	expect(t, got, `{"mt":"CreateFileBufferResult","id":"*","url":"*","!error":0}`)
	at = got[0]["url"].(string)
	r, err := http.Post(at, "text/plain", strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusOK {
		t.Fatalf("upload: %s", r.Status)
	}
	return int64(got[0]["id"].(float64)), at
}

// download is the status and the content of a URL.
func download(t *testing.T, at string) (int, string) {
	t.Helper()
	r, err := http.Get(at)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(body)
}

// attached is the URL of the only file of a message of ReadChat.
func attached(t *testing.T, f frame) string {
	t.Helper()
	list, _ := f["msg"].(map[string]any)["attached"].([]any)
	if len(list) != 1 {
		t.Fatalf("attached: %v", f)
	}
	return list[0].(map[string]any)["url"].(string)
}

// encode is encodeURIComponent for our URLs.
func encode(at string) string { return strings.ReplaceAll(url.QueryEscape(at), "+", "%20") }

func TestFileFromBufferToHistory(t *testing.T) {
	g := withFiles(t)
	p := g.pbx()
	a, b, c := p.session("alice", guid("alice"), ""), p.session("bob", guid("bob"), "IM_EXT"), p.session("carol", guid("carol"), "")
	_, at := a.upload("plan.txt", "the plan")
	m := p.chat("alice", "bob", "see file", `,"id":"f1","attach":"`+encode(at)+`"`)
	expect(t, []frame{m}, `{"mt":"PostResult","!error":0}`)
	b.event(`{"kind":"message","msg":{"attached":[{"name":"plan.txt"}]}}`)
	bobs := b.ask(`{"mt":"ReadChat","sip":"alice"}`)
	expect(t, bobs, `{"msg":{"text":"see file","attached":[{"name":"plan.txt","url":"*","size":8,"type":"*","id":"*"}]}}`, `{"mt":"ReadChatResult"}`)
	alices := a.ask(`{"mt":"ReadChat","sip":"bob"}`)
	expect(t, alices, `{"msg":{"attached":[{"name":"plan.txt","url":"*","!size":0,"!id":0}]}}`, `{"mt":"ReadChatResult"}`)
	one, two := attached(t, bobs[0]), attached(t, alices[0])
	if one == two || one == at {
		t.Errorf("URLs %s and %s", one, two)
	}
	for _, u := range []string{one, two} {
		if code, body := download(t, u); code != http.StatusOK || body != "the plan" {
			t.Errorf("%s: %d %q", u, code, body)
		}
	}
	files := b.ask(fmt.Sprintf(`{"mt":"Attachments","id":%d}`, id(m)))
	expect(t, files, `{"mt":"AttachmentsResult","files":[{"id":"*","name":"plan.txt","url":"*"}]}`)
	expect(t, c.ask(fmt.Sprintf(`{"mt":"Attachments","id":%d}`, id(m))), `{"mt":"AttachmentsResult","files":[]}`)

	// Passed on by somebody who may read it; refused for others, and for URLs of others.
	expect(t, []frame{p.chat("bob", "carol", "look", `,"attach":"`+encode(one)+`"`)}, `{"mt":"PostResult","!error":0}`)
	got := c.ask(`{"mt":"ReadChat","sip":"bob"}`)
	expect(t, got, `{"msg":{"attached":[{"name":"plan.txt"}]}}`, `{"mt":"ReadChatResult"}`)
	_, bobsBuffer := b.upload("mine.txt", "of bob")
	for _, foreign := range []string{one, bobsBuffer, at + "0", "https://evil.example/x", "file:///etc/passwd"} {
		expect(t, []frame{p.chat("dave", "carol", "look", `,"attach":"`+encode(foreign)+`"`)}, `{"mt":"PostResult","error":true,"cau":50}`)
	}
	// A URL ends with its session.
	p.send(`{"mt":"SessionEnd","session":` + itoa(b.id) + `}`)
	a.ask(`{"mt":"ReadChats"}`)
	if code, _ := download(t, one); code != http.StatusNotFound {
		t.Errorf("without its session: %d", code)
	}
	// A deleted message has no files any more.
	expect(t, a.ask(fmt.Sprintf(`{"mt":"Delete","id":%d}`, id(m))), `{"mt":"DeleteResult","!error":0}`)
	if code, _ := download(t, two); code != http.StatusNotFound {
		t.Errorf("of a deleted message: %d", code)
	}
	if code, _ := download(t, attached(t, got[0])); code != http.StatusOK {
		t.Errorf("passed on before: %d", code)
	}
}

// A replayed post has its first result, though its file has ended as a buffer.
func TestReplayOfAPostWithAFile(t *testing.T) {
	g := withFiles(t)
	p := g.pbx()
	a := p.session("alice", guid("alice"), "")
	_, at := a.upload("plan.txt", "the plan")
	extra := `,"id":"f1","attach":"` + encode(at) + `"`
	first := p.chat("alice", "bob", "see", extra)
	gone := strings.Replace(extra, encode(at), encode(strings.Replace(at, "t=", "t=0", 1)), 1)
	again := p.chat("alice", "bob", "see", gone)
	if id(first) == 0 || id(again) != id(first) || again["repeated"] != true {
		t.Errorf("first %v, again %v", first, again)
	}
}

func TestFileBuffersBelongToTheirPerson(t *testing.T) {
	g := withFiles(t)
	p := g.pbx()
	a, b := p.session("alice", guid("alice"), ""), p.session("bob", guid("bob"), "")
	buffer, at := a.upload("x.txt", "x")
	expect(t, b.ask(fmt.Sprintf(`{"mt":"DeleteFileBuffer","id":%d}`, buffer)), `{"mt":"DeleteFileBufferResult","error":2}`)
	if code, _ := download(t, at); code != http.StatusOK {
		t.Errorf("%d", code)
	}
	expect(t, a.ask(fmt.Sprintf(`{"mt":"DeleteFileBuffer","id":%d}`, buffer)), `{"mt":"DeleteFileBufferResult","id":`+itoa(buffer)+`,"!error":0}`)
	if code, _ := download(t, at); code != http.StatusNotFound {
		t.Errorf("deleted: %d", code)
	}
	// the same person in the other domain is another one
	other := g.must(g.dial(login("other.org"), "another"))
	_, at = a.upload("x.txt", "x")
	expect(t, []frame{other.chat("alice", "bob", "x", `,"attach":"`+encode(at)+`"`)}, `{"mt":"PostResult","error":true,"cau":50}`)
	for range 30 {
		if got := b.ask(`{"mt":"CreateFileBuffer","name":"x"}`); got[0]["error"] != nil {
			expect(t, got, `{"mt":"CreateFileBufferResult","error":4,"!url":0}`)
			return
		}
	}
	t.Error("nobody has a quota")
}
