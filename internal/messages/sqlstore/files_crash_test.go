package sqlstore_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/filebuffer/local"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/messages/sqlstore"
)

// house is a store of messages with its files in one directory.
type house struct {
	messages *sqlstore.Store
	log      messages.Log
	files    *filebuffer.Store
	blobs    *local.Dir
	alice    filebuffer.Owner
	bob      messages.Ref
}

const houseDomain = "example.com"

func openHouse(ctx context.Context, dir string) (h house, err error) {
	if h.messages, err = sqlstore.OpenSQLite(ctx, filepath.Join(dir, "messages.db"), sqlstore.Options{}); err != nil {
		return h, err
	}
	if h.log, err = h.messages.Log(ctx, houseDomain); err != nil {
		return h, err
	}
	alice := messages.Ref{SIP: "alice"}
	h.bob = messages.Ref{SIP: "bob"}
	if _, err = h.log.Do(ctx, &messages.Intern{People: []messages.Ref{alice, h.bob}}); err != nil {
		return h, err
	}
	p, err := h.log.Person(ctx, alice)
	if err != nil {
		return h, err
	}
	h.alice = filebuffer.Owner{Domain: houseDomain, Person: int64(p.ID)}
	if h.blobs, err = local.Open(filepath.Join(dir, "files")); err != nil {
		return h, err
	}
	h.files, err = filebuffer.New(filebuffer.Config{
		Base: "https://ap.example.com", Instance: "messages", Key: bytes.Repeat([]byte{7}, 32), Spool: filepath.Join(dir, "spool"),
		Index: h.messages.FileIndex(), Blobs: h.blobs, Alive: func(string, uint64) bool { return true }, Quota: filebuffer.Quota{Bytes: -1, Buffers: -1},
		Attacher: h,
	})
	return h, err
}

// send uploads a content and posts a message with it.
func (h house) send(ctx context.Context, content string) (messages.Number, error) {
	_, link, err := h.files.Create(ctx, h.alice, 1, "a.txt")
	if err != nil {
		return 0, err
	}
	w := httptest.NewRecorder()
	h.files.ServeHTTP(w, httptest.NewRequest("POST", link, strings.NewReader(content)))
	if w.Code != 200 {
		return 0, fmt.Errorf("upload: %d %s", w.Code, w.Body)
	}
	a, err := h.files.Resolve(ctx, h.alice, link)
	if err != nil {
		return 0, err
	}
	r, err := h.log.Do(ctx, &messages.Post{
		Author: messages.Ref{ID: messages.PersonID(h.alice.Person)}, To: h.bob, Text: "a file", Files: []messages.File{fileOf(a)},
	})
	if err == nil && a.Buffer%2 == 0 { // the message alone holds the file
		err = h.files.Delete(ctx, h.alice, a.Buffer)
	}
	return r.N, err
}

// Granted implements filebuffer.Attacher: everything is alice's.
func (h house) Granted(context.Context, filebuffer.Grant) (filebuffer.Owner, error) {
	return h.alice, nil
}

// Attach implements filebuffer.Attacher.
func (h house) Attach(ctx context.Context, g filebuffer.Grant, file filebuffer.Attachment) error {
	_, err := h.log.Do(ctx, &messages.Attach{
		By: messages.Ref{ID: messages.PersonID(h.alice.Person)}, ID: messages.Number(g.Message), Files: []messages.File{fileOf(file)},
	})
	return err
}

// sendLater posts a message and uploads its file then.
func (h house) sendLater(ctx context.Context, content string) (messages.Number, error) {
	r, err := h.log.Do(ctx, &messages.Post{Author: messages.Ref{ID: messages.PersonID(h.alice.Person)}, To: h.bob, Text: "a file follows"})
	if err != nil {
		return 0, err
	}
	link := h.files.AttachURL(filebuffer.Grant{Domain: houseDomain, Message: filebuffer.ID(r.N), Session: 1, Key: 1})
	w := httptest.NewRecorder()
	h.files.ServeHTTP(w, httptest.NewRequest("POST", link, strings.NewReader(content)))
	if w.Code != 200 {
		return 0, fmt.Errorf("further file: %d %s", w.Code, w.Body)
	}
	return r.N, nil
}

// few contents, so that one goes while the same one comes.
func fewContents() string { return "content " + strconv.Itoa(rand.IntN(6)) }

// TestKilledChild is the process that is killed: it sends, deletes and collects
// until then, and prints what was acknowledged.
func TestKilledChild(t *testing.T) {
	dir := os.Getenv("TANDEM_FILES_CHILD")
	if dir == "" {
		t.Skip("is started by TestKilled")
	}
	ctx := context.Background()
	h, err := openHouse(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	fail := func(err error) {
		fmt.Println("failed", err)
		os.Exit(1)
	}
	for range 3 {
		go func() {
			for {
				send := h.send
				if rand.IntN(2) == 0 {
					send = h.sendLater
				}
				n, err := send(ctx, fewContents())
				if err != nil {
					fail(err)
				}
				fmt.Println("sent", n)
				if rand.IntN(2) == 0 {
					fmt.Println("deleting", n)
					if _, err := h.log.Do(ctx, &messages.Delete{ID: n}); err != nil {
						fail(err)
					}
				}
			}
		}()
	}
	for {
		if _, err := h.files.Collect(ctx); err != nil {
			fail(err)
		}
	}
}

// TestKilled kills the process at any point. Every acknowledged message has its
// file, whole; and what nothing refers to is gone after a collection.
func TestKilled(t *testing.T) {
	rounds := 10
	if testing.Short() {
		rounds = 2
	}
	dir := t.TempDir()
	sent, deleting := map[messages.Number]bool{}, map[messages.Number]bool{}
	for range rounds {
		runKilled(t, dir, sent, deleting)
		checkHouse(t, dir, sent, deleting)
	}
	if len(sent) < rounds || len(deleting) == 0 {
		t.Errorf("only %d messages were sent, %d deleted", len(sent), len(deleting))
	}
	t.Logf("%d messages, %d of them deleted", len(sent), len(deleting))
}

func runKilled(t *testing.T, dir string, sent, deleting map[messages.Number]bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledChild$")
	cmd.Env = append(os.Environ(), "TANDEM_FILES_CHILD="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	var kill *time.Timer
	for lines.Scan() {
		what, number, _ := strings.Cut(lines.Text(), " ")
		n, _ := strconv.ParseInt(number, 10, 64)
		switch what {
		case "sent":
			sent[messages.Number(n)] = true
		case "deleting":
			deleting[messages.Number(n)] = true
		default:
			t.Error(lines.Text())
		}
		if kill == nil {
			kill = time.AfterFunc(rand.N(250*time.Millisecond), func() { cmd.Process.Kill() })
		}
	}
	cmd.Wait()
}

func checkHouse(t *testing.T, dir string, sent, deleting map[messages.Number]bool) {
	t.Helper()
	h, err := openHouse(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer h.messages.Close()
	for n := range sent {
		m, err := h.log.Message(t.Context(), 0, n)
		if err != nil {
			if !deleting[n] {
				t.Errorf("message %d: %v", n, err)
			}
			continue
		}
		if len(m.Files) == 0 && !deleting[n] {
			t.Errorf("message %d has no file", n)
		}
	}
	wanted := checkReferences(t, h)
	// A day later there is nothing but what messages refer to.
	later := time.Now().Add(25 * time.Hour)
	_, err = h.files.Expire(t.Context(), later)
	_, err2 := h.files.Collect(t.Context())
	if err := errors.Join(err, err2, h.files.Sweep(t.Context(), later)); err != nil {
		t.Fatal(err)
	}
	if again := checkReferences(t, h); len(again) != len(wanted) {
		t.Errorf("%d contents are referred to, %d before", len(again), len(wanted))
	}
	for hash, err := range h.blobs.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if !wanted[hash] {
			t.Errorf("blob %s is left", hash)
		}
		delete(wanted, hash)
	}
	for hash := range wanted {
		t.Errorf("blob %s is missing", hash)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "files", "stage")); len(left) != 0 || err != nil {
		t.Errorf("%d staged are left, %v", len(left), err)
	}
}

// checkReferences reads all files that messages refer to.
func checkReferences(t *testing.T, h house) map[filebuffer.Hash]bool {
	t.Helper()
	found := map[filebuffer.Hash]bool{}
	refs, err := h.log.Files(t.Context(), 0, messages.MaxCount)
	for ; err == nil && len(refs) > 0; refs, err = h.log.Files(t.Context(), refs[len(refs)-1].ID, messages.MaxCount) {
		for _, ref := range refs {
			hash, _ := filebuffer.ParseHash(ref.Hash)
			if found[hash] {
				continue
			}
			found[hash] = true
			blob, err := h.blobs.Open(t.Context(), hash)
			if err != nil {
				t.Errorf("reference %d: %v", ref.ID, err)
				continue
			}
			content, err := io.ReadAll(blob)
			blob.Close()
			if err != nil || sha256.Sum256(content) != hash {
				t.Errorf("reference %d has other bytes, %v", ref.ID, err)
			}
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return found
}
