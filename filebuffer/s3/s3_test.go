package s3_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"image"
	"image/png"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/filebuffer/blobtest"
	"github.com/tandem-switch/tandem/filebuffer/memory"
	"github.com/tandem-switch/tandem/filebuffer/s3"
)

// server starts an S3 server, whose program PBX_TEST_S3 names (ci/s3.sh builds
// it), on a port of its own with an empty directory.
func server(t *testing.T) s3.Config {
	t.Helper()
	program := os.Getenv("PBX_TEST_S3")
	if program == "" {
		t.Skip("PBX_TEST_S3 does not name a versitygw: ci/s3.sh go test ./filebuffer/s3")
	}
	dir := t.TempDir()
	for _, sub := range []string{"root", "iam"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	c := s3.Config{Endpoint: address, Plain: true, Region: "us-east-1", AccessKey: "tandem", SecretKey: rand.Text()}
	var output bytes.Buffer
	cmd := exec.Command(program, "--port", address, "--access", c.AccessKey, "--secret", c.SecretKey,
		"--health", "/health", "--quiet", "posix", "--sidecar", filepath.Join(dir, "iam"), filepath.Join(dir, "root"))
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		cmd.Wait()
		close(exited)
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-exited
		if t.Failed() {
			t.Log(output.String())
		}
	})
	for deadline := time.After(20 * time.Second); ; {
		if answer, err := http.Get("http://" + address + "/health"); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return c
			}
		}
		select {
		case <-exited:
			t.Fatal("the server has ended")
		case <-deadline:
			t.Fatal("the server does not answer")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func client(t *testing.T, c s3.Config) *minio.Client {
	t.Helper()
	client, err := minio.New(c.Endpoint, &minio.Options{
		Creds: credentials.NewStaticV4(c.AccessKey, c.SecretKey, ""), Region: c.Region,
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func bucket(t *testing.T, c s3.Config) *s3.Bucket {
	t.Helper()
	c.Bucket = "b" + strings.ToLower(rand.Text())
	c.Prefix = "tandem/"
	if err := client(t, c).MakeBucket(t.Context(), c.Bucket, minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	b, err := s3.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBlobs(t *testing.T) {
	c := server(t)
	blobtest.Run(t, func(t *testing.T) filebuffer.Blobs { return bucket(t, c) })
}

func TestOpenSaysWhatIsMissing(t *testing.T) {
	c := server(t)
	c.Bucket = "not-there"
	if _, err := s3.Open(t.Context(), c); err == nil || !strings.Contains(err.Error(), `no bucket "not-there"`) {
		t.Error(err)
	}
	c.SecretKey = "wrong"
	if _, err := s3.Open(t.Context(), c); err == nil {
		t.Error("a wrong key is taken")
	}
}

// TestSweepParts leaves an upload of which the server has only a part.
func TestSweepParts(t *testing.T) {
	c := server(t)
	c.Bucket, c.Prefix = "parts", "x/"
	if err := client(t, c).MakeBucket(t.Context(), c.Bucket, minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	b, err := s3.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	core := minio.Core{Client: client(t, c)}
	id, err := core.NewMultipartUpload(t.Context(), c.Bucket, "x/stage/cut", minio.PutObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	part := make([]byte, 5<<20)
	if _, err := core.PutObjectPart(t.Context(), c.Bucket, "x/stage/cut", id, 1, bytes.NewReader(part), int64(len(part)), minio.PutObjectPartOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{1, 0} {
		if n, err := b.Sweep(t.Context(), time.Now().Add(time.Hour)); n != want || err != nil {
			t.Errorf("swept %d, %v, want %d", n, err, want)
		}
	}
}

// TestStore takes a file through a whole store whose bytes are in the bucket.
func TestStore(t *testing.T) {
	b := bucket(t, server(t))
	index := memory.New()
	store, err := filebuffer.New(filebuffer.Config{
		Base: "https://ap.example.com", Instance: "messages", Key: make([]byte, 32), Spool: t.TempDir(),
		Index: index, Blobs: b, Alive: func(string, uint64) bool { return true },
	})
	if err != nil {
		t.Fatal(err)
	}
	id, link, err := store.Create(t.Context(), alice, 0, "a.png")
	if err != nil {
		t.Fatal(err)
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 900, 300))); err != nil {
		t.Fatal(err)
	}
	ask := func(method, link, body, span string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, link, strings.NewReader(body))
		r.Header.Set("Range", span)
		w := httptest.NewRecorder()
		store.ServeHTTP(w, r)
		return w
	}
	if w := ask("POST", link, picture.String(), ""); w.Code != 200 {
		t.Fatal(w.Code, w.Body)
	}
	if w := ask("GET", link, "", ""); w.Body.String() != picture.String() || w.Header().Get("Content-Type") != "image/png" {
		t.Error(w.Code, w.Header())
	}
	if w := ask("GET", link, "", "bytes=100-199"); w.Code != 206 || w.Body.String() != picture.String()[100:200] {
		t.Error(w.Code, w.Header())
	}
	if w := ask("GET", link+"&v=thumb", "", ""); w.Code != 200 {
		t.Error(w.Code)
	}
	if a, err := store.Resolve(t.Context(), alice, link); err != nil || a.Info.Width != 900 || !a.Info.Thumb {
		t.Errorf("%+v, %v", a, err)
	}
	if err := store.Delete(t.Context(), alice, id); err != nil {
		t.Error(err)
	}
	if n, err := store.Collect(t.Context()); n != 1 || err != nil {
		t.Errorf("%d collected, %v", n, err)
	}
	for h, err := range b.List(t.Context()) {
		t.Errorf("%s is left, %v", h, err)
	}
}

// post is a message of alice that takes files.
type post struct {
	index *memory.Index
	err   error
	free  []func()
}

var alice = filebuffer.Owner{Domain: "example.com", Person: 1}

func (p *post) Granted(context.Context, filebuffer.Grant) (filebuffer.Owner, error) {
	return alice, nil
}

func (p *post) Attach(_ context.Context, _ filebuffer.Grant, file filebuffer.Attachment) error {
	if p.err != nil {
		return p.err
	}
	_, _, free, err := p.index.Post(alice, []int64{2}, file, time.Now())
	p.free = append(p.free, free)
	return err
}

// TestAttach uploads further files of a message to the bucket: what the message takes
// stays, what it refuses goes.
func TestAttach(t *testing.T) {
	b := bucket(t, server(t))
	index := memory.New()
	message := &post{index: index}
	store, err := filebuffer.New(filebuffer.Config{
		Base: "https://ap.example.com", Instance: "messages", Key: make([]byte, 32), Spool: t.TempDir(),
		Index: index, Blobs: b, Alive: func(string, uint64) bool { return true }, Attacher: message,
	})
	if err != nil {
		t.Fatal(err)
	}
	link := store.AttachURL(filebuffer.Grant{Domain: alice.Domain, Message: 90, Session: 1, Key: 2}) + "&name=a"
	count := func() (n int) {
		for _, err := range b.List(t.Context()) {
			if err != nil {
				t.Error(err)
			}
			n++
		}
		return n
	}
	later := time.Now().Add(filebuffer.Linger + time.Minute)
	for _, step := range []struct {
		content        string
		refuse         error
		status, remain int
	}{
		{"one", nil, 200, 1},
		{"one", filebuffer.ErrForbidden, 403, 1}, // the same content, which the message has
		{"two", filebuffer.ErrMany, 409, 1},
		{strings.Repeat("large ", 3<<20), nil, 200, 2}, // in several parts
	} {
		message.err = step.refuse
		w := httptest.NewRecorder()
		store.ServeHTTP(w, httptest.NewRequest("POST", link, strings.NewReader(step.content)))
		if w.Code != step.status {
			t.Errorf("%.5s: %d %s, want %d", step.content, w.Code, w.Body, step.status)
		}
		if _, err := store.Expire(t.Context(), later); err != nil {
			t.Error(err)
		}
		if _, err := store.Collect(t.Context()); err != nil {
			t.Error(err)
		}
		if n := count(); n != step.remain {
			t.Errorf("%.5s: %d contents in the bucket, want %d", step.content, n, step.remain)
		}
	}
	for _, free := range message.free {
		free()
	}
	if _, err := store.Collect(t.Context()); err != nil || count() != 0 {
		t.Errorf("%d contents are left, %v", count(), err)
	}
}
