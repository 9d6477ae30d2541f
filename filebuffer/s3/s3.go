// Package s3 keeps blobs in a bucket of a server that speaks S3:
//
//	<prefix>blobs/ab/ab12…        one object per content, named by its hash
//	<prefix>blobs/ab/ab12….thumb  its thumbnail
//	<prefix>stage/…               uploads that are not complete
//
// An upload is sent on in parts of 8 MiB while it arrives, so that it takes this
// much memory whatever its size (at most 78 GiB). Its hash is known at the end;
// the server then copies it to its name. The bucket must be there, without
// versions of objects if space is to be freed. Everything is safe for use by
// several goroutines, and several processes may share a bucket.
package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/tandem-switch/tandem/filebuffer"
)

const (
	partSize    = 8 << 20
	thumbSuffix = ".thumb"
	maxThumb    = 1 << 20
)

// Config says where the bucket is.
type Config struct {
	Endpoint  string // host, or host:port
	Plain     bool   // http instead of https
	Region    string // empty = asked from the server
	Bucket    string
	Prefix    string // of all names, for example tandem/
	AccessKey string
	SecretKey string
}

// Bucket is a place for blobs.
type Bucket struct {
	client *minio.Client
	bucket string
	prefix string
}

// Open connects and looks whether the bucket is there.
func Open(ctx context.Context, c Config) (*Bucket, error) {
	client, err := minio.New(c.Endpoint, &minio.Options{
		Creds:  credentials.NewStaticV4(c.AccessKey, c.SecretKey, ""),
		Secure: !c.Plain,
		Region: c.Region,
	})
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	there, err := client.BucketExists(ctx, c.Bucket)
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	if !there {
		return nil, fmt.Errorf("s3: there is no bucket %q", c.Bucket)
	}
	return &Bucket{client: client, bucket: c.Bucket, prefix: c.Prefix}, nil
}

// Stage sends r to the server in parts. If it fails, the parts are removed.
func (b *Bucket) Stage(ctx context.Context, r io.Reader) (filebuffer.Staged, error) {
	name := b.prefix + "stage/" + rand.Text()
	in := &reading{ctx: ctx, r: r, sum: sha256.New()}
	_, err := b.client.PutObject(ctx, b.bucket, name, in, -1, minio.PutObjectOptions{
		PartSize: partSize, ContentType: "application/octet-stream",
	})
	if err = errors.Join(in.err, err); err != nil {
		return nil, errors.Join(told(err), b.clear(ctx, name))
	}
	return &staged{bucket: b, name: name, size: in.size, hash: filebuffer.Hash(in.sum.Sum(nil))}, nil
}

// clear removes what a failed upload may have left, even when the client has gone.
func (b *Bucket) clear(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	return errors.Join(b.remove(ctx, name), missing(b.client.RemoveIncompleteUpload(ctx, b.bucket, name)))
}

// reading hashes what passes and remembers why it ended.
type reading struct {
	ctx  context.Context
	r    io.Reader
	sum  hash.Hash
	size int64
	err  error
}

func (r *reading) Read(p []byte) (int, error) {
	if r.err == nil {
		r.err = r.ctx.Err()
	}
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.r.Read(p)
	r.sum.Write(p[:n])
	r.size += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

type staged struct {
	bucket *Bucket
	name   string
	size   int64
	hash   filebuffer.Hash
}

func (s *staged) Hash() filebuffer.Hash { return s.hash }
func (s *staged) Size() int64           { return s.size }

// Place has the server copy the object to its name, and removes the first one.
// If that removal fails, Sweep does it.
func (s *staged) Place(ctx context.Context) error {
	b := s.bucket
	_, err := b.client.ComposeObject(ctx,
		minio.CopyDestOptions{Bucket: b.bucket, Object: b.name(s.hash)},
		minio.CopySrcOptions{Bucket: b.bucket, Object: s.name})
	if err != nil {
		return told(err)
	}
	_ = b.remove(ctx, s.name)
	return nil
}

func (s *staged) Discard(ctx context.Context) error { return s.bucket.remove(ctx, s.name) }

func (b *Bucket) name(h filebuffer.Hash) string {
	name := h.String()
	return b.prefix + "blobs/" + name[:2] + "/" + name
}

func (b *Bucket) remove(ctx context.Context, name string) error {
	return missing(b.client.RemoveObject(ctx, b.bucket, name, minio.RemoveObjectOptions{}))
}

// Open asks for the size; the bytes are fetched from where they are read.
func (b *Bucket) Open(ctx context.Context, h filebuffer.Hash) (filebuffer.Blob, error) {
	object, err := b.client.GetObject(ctx, b.bucket, b.name(h), minio.GetObjectOptions{})
	if err != nil {
		return nil, told(err)
	}
	info, err := object.Stat()
	if err != nil {
		return nil, errors.Join(told(err), object.Close())
	}
	return blob{object, info.Size}, nil
}

type blob struct {
	*minio.Object
	size int64
}

func (b blob) Size() int64 { return b.size }

// SetThumb keeps a thumbnail.
func (b *Bucket) SetThumb(ctx context.Context, h filebuffer.Hash, data []byte) error {
	_, err := b.client.PutObject(ctx, b.bucket, b.name(h)+thumbSuffix, bytes.NewReader(data), int64(len(data)), minio.PutObjectOptions{})
	return told(err)
}

// Thumb reads a thumbnail.
func (b *Bucket) Thumb(ctx context.Context, h filebuffer.Hash) ([]byte, error) {
	object, err := b.client.GetObject(ctx, b.bucket, b.name(h)+thumbSuffix, minio.GetObjectOptions{})
	if err != nil {
		return nil, told(err)
	}
	defer object.Close()
	data, err := io.ReadAll(io.LimitReader(object, maxThumb))
	return data, told(err)
}

// Delete removes a blob; the thumbnail goes first, so that none stays alone.
func (b *Bucket) Delete(ctx context.Context, h filebuffer.Hash) error {
	if err := b.remove(ctx, b.name(h)+thumbSuffix); err != nil {
		return err
	}
	return b.remove(ctx, b.name(h))
}

// List asks the server page by page.
func (b *Bucket) List(ctx context.Context) iter.Seq2[filebuffer.Hash, error] {
	return func(yield func(filebuffer.Hash, error) bool) {
		for object := range b.objects(ctx, "blobs/") {
			if object.Err != nil {
				yield(filebuffer.Hash{}, told(object.Err))
				return
			}
			h, ok := filebuffer.ParseHash(path.Base(object.Key))
			if ok && object.Key == b.name(h) && !yield(h, nil) {
				return
			}
		}
	}
}

func (b *Bucket) objects(ctx context.Context, under string) iter.Seq[minio.ObjectInfo] {
	return b.client.ListObjectsIter(ctx, b.bucket, minio.ListObjectsOptions{Prefix: b.prefix + under, Recursive: true})
}

// Sweep removes staged objects, and uploads of which there are only parts.
func (b *Bucket) Sweep(ctx context.Context, before time.Time) (int, error) {
	removed := 0
	for object := range b.objects(ctx, "stage/") {
		if object.Err != nil {
			return removed, told(object.Err)
		}
		if !object.LastModified.Before(before) {
			continue
		}
		if err := b.remove(ctx, object.Key); err != nil {
			return removed, err
		}
		removed++
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the listing
	for part := range b.client.ListIncompleteUploads(ctx, b.bucket, b.prefix+"stage/", true) {
		if part.Err != nil {
			return removed, told(part.Err)
		}
		if !part.Initiated.Before(before) || !strings.HasPrefix(part.Key, b.prefix+"stage/") {
			continue
		}
		if err := missing(b.client.RemoveIncompleteUpload(ctx, b.bucket, part.Key)); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, nil
}

// missing forgives that something is not there.
func missing(err error) error {
	if err = told(err); errors.Is(err, filebuffer.ErrNotFound) {
		return nil
	}
	return err
}

// told translates what the server says.
func told(err error) error {
	if err == nil {
		return nil
	}
	answer, ok := errors.AsType[minio.ErrorResponse](err)
	if !ok {
		return err
	}
	switch answer.Code {
	case minio.NoSuchKey, minio.NoSuchUpload:
		return filebuffer.ErrNotFound
	case "XMinioStorageFull", "InsufficientStorage", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded":
		return fmt.Errorf("%w: %w", filebuffer.ErrFull, err)
	}
	if answer.StatusCode == http.StatusInsufficientStorage {
		return fmt.Errorf("%w: %w", filebuffer.ErrFull, err)
	}
	return err
}
