package retention_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/filebuffer/local"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/messages/retention"
	"github.com/tandem-switch/tandem/internal/messages/search"
)

// whole is a store with its files and its search index, as a host has them.
type whole struct {
	*bench
	blobs  string // the directory of files and thumbnails
	index  *search.SQLite
	path   string // of the index
	files  *filebuffer.Store
	server *httptest.Server
}

func wholeOf(t *testing.T) *whole {
	w := &whole{bench: setUp(t)}
	dir := t.TempDir()
	w.blobs, w.path = filepath.Join(dir, "files"), filepath.Join(dir, "search.db")
	blobs, err := local.Open(w.blobs)
	if err != nil {
		t.Fatal(err)
	}
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.files.ServeHTTP(rw, r) }))
	t.Cleanup(w.server.Close)
	w.files, err = filebuffer.New(filebuffer.Config{
		Base: w.server.URL, Instance: "messages", Key: bytes.Repeat([]byte{7}, 32), Index: w.store.FileIndex(), Blobs: blobs,
		Spool: filepath.Join(dir, "spool"), Alive: func(string, uint64) bool { return true }, Now: w.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	if w.index, err = search.OpenSQLite(t.Context(), w.path); err != nil {
		t.Fatal(err)
	}
	follower, err := search.NewFollower(search.FollowerConfig{Source: w.store, Index: w.index})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { follower.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		done.Wait()
		w.index.Close()
	})
	if w.keeper, err = retention.New(retention.Config{Store: w.store, Files: w.files, Clock: w.clock}); err != nil {
		t.Fatal(err)
	}
	return w
}

// upload sends a picture as a client does, and posts it.
func (w *whole) upload(from, to, text string) messages.Number {
	w.t.Helper()
	w.do(&messages.Intern{People: []messages.Ref{who(from), who(to)}})
	author, err := w.log.Person(w.t.Context(), who(from))
	if err != nil {
		w.t.Fatal(err)
	}
	owner := filebuffer.Owner{Domain: dom, Person: int64(author.ID)}
	_, link, err := w.files.Create(w.t.Context(), owner, 1, "picture.png")
	if err != nil {
		w.t.Fatal(err)
	}
	resp, err := http.Post(link, "image/png", bytes.NewReader(picture(w.t)))
	if err != nil || resp.StatusCode != http.StatusOK {
		w.t.Fatal(resp, err)
	}
	resp.Body.Close()
	a, err := w.files.Resolve(w.t.Context(), owner, link)
	if err != nil {
		w.t.Fatal(err)
	}
	file := messages.File{Buffer: int64(a.Buffer), Hash: a.Hash.String(), Name: a.Name, Size: a.Size, Thumb: a.Info.Thumb}
	return w.do(&messages.Post{Author: who(from), To: who(to), Text: text, Files: []messages.File{file}}).N
}

func picture(t *testing.T) []byte {
	img := image.NewRGBA(image.Rect(0, 0, 900, 700))
	for x := range 900 {
		img.Set(x, x%700, color.RGBA{R: uint8(x), A: 255})
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// bytesLeft are the files and thumbnails on the disk.
func (w *whole) bytesLeft() (names []string) {
	w.t.Helper()
	err := filepath.WalkDir(w.blobs, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, filepath.Base(path))
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return names
}

// found waits until the index is complete and looks for a word.
func (w *whole) found(word string) int {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		st, err := w.index.State(w.t.Context(), dom)
		if err != nil || time.Now().After(deadline) {
			w.t.Fatalf("the index is at %+v of %d, %v", st, w.log.Head(), err)
		}
		if st.Mark == int64(w.log.Head()) {
			break
		}
	}
	q, err := search.Parse(word)
	if err != nil {
		w.t.Fatal(err)
	}
	convs, err := w.log.Conversations(w.t.Context(), 0, 100)
	if err != nil {
		w.t.Fatal(err)
	}
	var rooms []search.Room
	for _, c := range convs {
		rooms = append(rooms, search.Room{Conv: int64(c.ID)})
	}
	page, err := w.index.Find(w.t.Context(), search.Ask{Domain: dom, Query: q, Rooms: rooms})
	if err != nil {
		w.t.Fatal(err)
	}
	return len(page.Hits)
}

// inIndexFile tells whether a word stands anywhere in the files of the index.
func (w *whole) inIndexFile(word string) bool {
	w.t.Helper()
	if err := w.index.Checkpoint(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	found := false
	for _, name := range []string{w.path, w.path + "-wal"} {
		data, err := os.ReadFile(name)
		if err != nil && !os.IsNotExist(err) {
			w.t.Fatal(err)
		}
		found = found || strings.Contains(string(data), word)
	}
	return found
}

// Deletion, by a rule and by an erasure, reaches the rows, the files, the
// thumbnails and the index.
func TestDeletionReachesEverything(t *testing.T) {
	tests := []struct {
		name   string
		delete func(w *whole) error
	}{
		{"rule for messages", func(w *whole) error {
			w.rule(messages.Rule{Messages: 30})
			_, err := w.keeper.Apply(w.t.Context(), dom)
			return err
		}},
		{"erasure", func(w *whole) error {
			_, err := w.keeper.Erase(w.t.Context(), dom, who("alice"))
			return err
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := wholeOf(t)
			id := w.upload("alice", "bob", "the zyxwvut affair")
			before := w.bytesLeft()
			if w.found("zyxwvut") != 1 || !w.inIndexFile("zyxwvut") || len(before) < 2 {
				t.Fatalf("before: found %d, files %v: a file and a thumbnail are expected", w.found("zyxwvut"), before)
			}
			w.clock.add(40 * day)
			w.say("bob", "carol", "what stays")
			if _, err := w.files.Expire(t.Context(), w.clock.Now()); err != nil { // as the collector does all the time
				t.Fatal(err)
			}
			if err := test.delete(w); err != nil {
				t.Fatal(err)
			}
			if _, err := w.log.Message(t.Context(), 0, id); messages.CodeOf(err) != messages.NotFound {
				t.Errorf("the row is left: %v", err)
			}
			if files := w.filesOf(0); len(files) != 0 {
				t.Errorf("references are left: %v", files)
			}
			if after := w.bytesLeft(); len(after) != 0 {
				t.Errorf("files are left: %v", after)
			}
			if n := w.found("zyxwvut"); n != 0 {
				t.Errorf("it is still found")
			}
			if w.inIndexFile("zyxwvut") {
				t.Error("it still stands in the index")
			}
			if w.found("stays") != 1 {
				t.Error("what stays is not found")
			}
		})
	}
}

// A rule for files alone: the text stays, and is found; the file is not, neither
// on the disk nor by its name.
func TestFilesReachEverything(t *testing.T) {
	w := wholeOf(t)
	id := w.upload("alice", "bob", "the text")
	if w.found("picture") != 1 || len(w.bytesLeft()) < 2 {
		t.Fatal("the file is not there before")
	}
	w.clock.add(40 * day)
	w.rule(messages.Rule{Files: 30})
	if _, err := w.files.Expire(t.Context(), w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.keeper.Apply(t.Context(), dom); err != nil {
		t.Fatal(err)
	}
	if m, err := w.log.Message(t.Context(), 0, id); err != nil || len(m.Files) != 0 || m.Text != "the text" {
		t.Errorf("the message is %+v, %v", m, err)
	}
	if after := w.bytesLeft(); len(after) != 0 {
		t.Errorf("files are left: %v", after)
	}
	if w.found("text") != 1 || w.found("picture") != 0 {
		t.Errorf("found: text %d, picture %d", w.found("text"), w.found("picture"))
	}
}
