package filebuffer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/filebuffer"
)

// TestCollectorBesideEverything lets people upload, post and delete the same few
// contents while collectors run: whatever a message refers to is there.
func TestCollectorBesideEverything(t *testing.T) {
	r := newRig(t, func(c *filebuffer.Config) { c.Quota = filebuffer.Quota{Bytes: -1, Buffers: -1}; c.PerSelf = 100 })
	ctx, stop := context.WithCancel(t.Context())
	var collectors, people sync.WaitGroup
	var collected atomic.Int64
	for range 2 {
		collectors.Go(func() {
			for ctx.Err() == nil {
				n, err := r.Collect(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				collected.Add(int64(n))
			}
		})
	}
	var mu sync.Mutex
	var kept []string
	for range 6 {
		people.Go(func() {
			for range 40 {
				content := fmt.Sprint("content ", rand.IntN(5))
				id, link := r.upload(alice, "a", content)
				_, shared, forget := r.post(alice, bob, link)
				if err := r.Delete(t.Context(), alice, id); err != nil {
					t.Error(err)
				}
				if got := r.want(200, "GET", shared, ""); got != content {
					t.Errorf("got %q, want %q", got, content)
				}
				if rand.IntN(20) > 0 {
					forget()
				} else {
					mu.Lock()
					kept = append(kept, shared)
					mu.Unlock()
				}
			}
		})
	}
	people.Wait()
	stop()
	collectors.Wait()
	for _, link := range kept {
		r.want(200, "GET", link, "")
	}
	if collected.Load() == 0 {
		t.Error("the collectors had nothing to do")
	}
}

// zeros is a body of any length that takes no memory.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestConstantMemory sends a file through the store and back. Its size is 96 MiB,
// or that of PBX_TEST_FILE_SIZE in MiB: 5120 is the full size of docs/files.md.
func TestConstantMemory(t *testing.T) {
	size := int64(96 << 20)
	if text := os.Getenv("PBX_TEST_FILE_SIZE"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		size = n << 20
	}
	r := newRig(t, func(c *filebuffer.Config) { c.Limit, c.Quota.Bytes, c.Now = size, size, time.Now })
	_, link := r.create(alice, "large")
	most := watchMemory(t)
	began := time.Now()
	req, err := http.NewRequestWithContext(t.Context(), "POST", link, io.LimitReader(zeros{}, size))
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = size
	answer, err := http.DefaultClient.Do(req)
	if err != nil || answer.StatusCode != 200 {
		t.Fatal(answer, err)
	}
	answer.Body.Close()
	up := time.Since(began)
	began = time.Now()
	answer, err = http.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
	if n != size || err != nil {
		t.Errorf("%d bytes came back, %v", n, err)
	}
	used := most()
	t.Logf("%d MiB: up %v, down %v, %d KiB of memory", size>>20, up, time.Since(began), used>>10)
	if used > 16<<20 {
		t.Errorf("%d bytes of memory were taken", used)
	}
}

// watchMemory looks at the heap until the function is called that it gives, which
// says by how much it was larger at most.
func watchMemory(t *testing.T) (most func() uint64) {
	t.Helper()
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	runtime.GC()
	before := heap()
	stop, done := make(chan struct{}), make(chan uint64)
	go func() {
		top := before
		for {
			select {
			case <-stop:
				done <- top - before
				return
			case <-time.After(2 * time.Millisecond):
				top = max(top, heap())
			}
		}
	}()
	return func() uint64 {
		close(stop)
		return <-done
	}
}

const benchSize = 16 << 20

func BenchmarkUpload(b *testing.B) {
	r := benchRig(b)
	b.SetBytes(benchSize)
	for b.Loop() {
		_, link, err := r.Create(b.Context(), alice, 1, "a")
		if err != nil {
			b.Fatal(err)
		}
		req, _ := http.NewRequest("POST", link, io.LimitReader(zeros{}, benchSize))
		req.ContentLength = benchSize
		drain(b, req)
	}
}

func BenchmarkDownload(b *testing.B) {
	r := benchRig(b)
	_, link, err := r.Create(b.Context(), alice, 1, "a")
	if err != nil {
		b.Fatal(err)
	}
	req, _ := http.NewRequest("POST", link, io.LimitReader(zeros{}, benchSize))
	req.ContentLength = benchSize
	drain(b, req)
	b.SetBytes(benchSize)
	for b.Loop() {
		req, _ := http.NewRequest("GET", link, nil)
		drain(b, req)
	}
}

func BenchmarkUploadSmall(b *testing.B) {
	r := benchRig(b)
	text := strings.Repeat("x", 20<<10)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		_, link, err := r.Create(b.Context(), alice, 1, "a")
		if err != nil {
			b.Fatal(err)
		}
		req, _ := http.NewRequest("POST", link, strings.NewReader(text))
		drain(b, req)
	}
}

func drain(b *testing.B, req *http.Request) {
	b.Helper()
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err != nil || answer.StatusCode != 200 {
		b.Fatal(answer.Status, err)
	}
}

func benchRig(b *testing.B) *rig {
	return newRig(b, func(c *filebuffer.Config) { c.Quota = filebuffer.Quota{Bytes: -1, Buffers: -1}; c.Now = time.Now })
}
