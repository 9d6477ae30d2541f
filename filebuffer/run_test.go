package filebuffer_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/filebuffer/local"
	"github.com/tandem-switch/tandem/filebuffer/memory"
)

// TestRun lets a day pass: what has ended goes by itself.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		blobs, err := local.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		s, err := filebuffer.New(filebuffer.Config{
			Base: "https://ap.example.com", Instance: "messages", Key: make([]byte, 32), Spool: filepath.Join(dir, "spool"),
			Index: memory.New(), Blobs: blobs, Alive: func(string, uint64) bool { return true },
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			s.Run(ctx)
			close(done)
		}()
		_, link, err := s.Create(ctx, alice, 1, "a")
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("POST", link, strings.NewReader("content")))
		if w.Code != 200 {
			t.Fatal(w.Code)
		}
		count := func() (n int) {
			for range blobs.List(ctx) {
				n++
			}
			return n
		}
		time.Sleep(24*time.Hour - time.Minute)
		if count() != 1 {
			t.Error("the file is gone before its time")
		}
		time.Sleep(2 * time.Minute)
		if n := count(); n != 0 {
			t.Errorf("%d files are left", n)
		}
		cancel()
		<-done
	})
}

// downloads tells how much of each download was sent.
type downloads struct {
	*rig
	sent chan int64
}

func (d downloads) Downloaded(bytes int64) { d.sent <- bytes }

// TestSlowDownload: who takes nothing loses the connection.
func TestSlowDownload(t *testing.T) {
	const size = 64 << 20
	sent := make(chan int64, 1)
	r := newRig(t, func(c *filebuffer.Config) {
		c.Stall, c.Now = 100*time.Millisecond, time.Now
		c.Observer = downloads{&rig{refused: map[string]int{}}, sent}
	})
	_, link := r.create(alice, "a")
	answer, _ := r.do("POST", link, io.LimitReader(zeros{}, size))
	if answer.StatusCode != 200 {
		t.Fatal(answer.StatusCode)
	}
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", u.RequestURI())
	select {
	case n := <-sent:
		if n <= 0 || n >= size {
			t.Errorf("%d bytes were sent", n)
		}
	case <-time.After(20 * time.Second):
		t.Error("the download goes on")
	}
}
