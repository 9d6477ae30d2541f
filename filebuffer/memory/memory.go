// Package memory is an index that forgets everything when the process ends: for
// tests and demonstrations. It passes the suite indextest like the ones in
// databases do. One mutex guards everything.
package memory

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/filebuffer"
)

// Index keeps the rows in maps.
type Index struct {
	mu      sync.Mutex // guards the following
	last    filebuffer.ID
	buffers map[key]*filebuffer.Buffer
	refs    map[key]*ref
	files   map[filebuffer.Hash]*file
}

type key struct {
	domain string
	id     filebuffer.ID
}

type ref struct {
	hash    filebuffer.Hash
	name    string
	readers []int64
}

type file struct {
	size   int64
	info   filebuffer.Info
	doomed bool
}

// New is an empty index.
func New() *Index {
	return &Index{
		buffers: map[key]*filebuffer.Buffer{},
		refs:    map[key]*ref{},
		files:   map[filebuffer.Hash]*file{},
	}
}

// Create adds a buffer.
func (x *Index) Create(_ context.Context, b filebuffer.Buffer, q filebuffer.Quota) (filebuffer.ID, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	count := 0
	for range x.unused(b.Owner, b.Created) {
		count++
	}
	if q.Buffers >= 0 && count >= q.Buffers {
		return 0, filebuffer.ErrQuota
	}
	x.last++
	b.ID = x.last
	x.buffers[key{b.Owner.Domain, b.ID}] = &b
	return b.ID, nil
}

// unused goes through the buffers of a person that count against quotas.
func (x *Index) unused(o filebuffer.Owner, now time.Time) func(func(*filebuffer.Buffer) bool) {
	return func(yield func(*filebuffer.Buffer) bool) {
		for _, b := range x.buffers {
			if b.Owner == o && !b.Used && b.Ends.After(now) && !yield(b) {
				return
			}
		}
	}
}

// Buffer reads a buffer.
func (x *Index) Buffer(_ context.Context, domain string, id filebuffer.ID, now time.Time) (filebuffer.Buffer, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	b, ok := x.buffers[key{domain, id}]
	if !ok || !b.Ends.After(now) {
		return filebuffer.Buffer{}, filebuffer.ErrNotFound
	}
	found := *b
	if f := x.files[b.Hash]; f != nil && b.State == filebuffer.Ready {
		found.Info = f.info
	}
	return found, nil
}

// open finds a buffer that waits for its upload.
func (x *Index) open(domain string, id filebuffer.ID) (*filebuffer.Buffer, error) {
	b, ok := x.buffers[key{domain, id}]
	if !ok {
		return nil, filebuffer.ErrNotFound
	}
	if b.State != filebuffer.Open {
		return nil, filebuffer.ErrTaken
	}
	return b, nil
}

// Begin reserves.
func (x *Index) Begin(_ context.Context, domain string, id filebuffer.ID, size int64, now, until time.Time, q filebuffer.Quota) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	b, err := x.open(domain, id)
	if err != nil {
		return err
	}
	if room := x.room(b.Owner, now, q); room >= 0 && size > room+b.Size {
		return filebuffer.ErrQuota
	}
	b.Size, b.Ends = size, until
	return nil
}

// Room says what may still be reserved.
func (x *Index) Room(_ context.Context, o filebuffer.Owner, now time.Time, q filebuffer.Quota) (int64, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.room(o, now, q), nil
}

func (x *Index) room(o filebuffer.Owner, now time.Time, q filebuffer.Quota) int64 {
	if q.Bytes < 0 {
		return -1
	}
	used := int64(0)
	for b := range x.unused(o, now) {
		used += b.Size
	}
	return max(q.Bytes-used, 0)
}

// Extend lets a buffer live on.
func (x *Index) Extend(_ context.Context, domain string, id filebuffer.ID, until time.Time) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	b, err := x.open(domain, id)
	if err != nil {
		return err
	}
	b.Ends = until
	return nil
}

// Reopen takes back what Begin and Claim did.
func (x *Index) Reopen(_ context.Context, domain string, id filebuffer.ID) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	b, ok := x.buffers[key{domain, id}]
	if !ok || b.State == filebuffer.Ready {
		return nil
	}
	b.State, b.Size, b.Hash = filebuffer.Open, 0, filebuffer.Hash{}
	return nil
}

// Claim notes the content.
func (x *Index) Claim(_ context.Context, domain string, id filebuffer.ID, h filebuffer.Hash, size int64) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	b, err := x.open(domain, id)
	if err != nil {
		return err
	}
	f := x.files[h]
	if f != nil && f.doomed {
		return filebuffer.ErrBusy
	}
	if f == nil {
		x.files[h] = &file{size: size}
	}
	b.State, b.Hash, b.Size = filebuffer.Claimed, h, size
	return nil
}

// Finish makes a buffer ready.
func (x *Index) Finish(_ context.Context, domain string, id filebuffer.ID, info filebuffer.Info, until time.Time) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	b, ok := x.buffers[key{domain, id}]
	if !ok || b.State != filebuffer.Claimed {
		return filebuffer.ErrNotFound
	}
	b.State, b.Ends = filebuffer.Ready, until
	x.files[b.Hash].info = info
	return nil
}

// Delete removes a buffer.
func (x *Index) Delete(_ context.Context, o filebuffer.Owner, id filebuffer.ID) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	k := key{o.Domain, id}
	if b, ok := x.buffers[k]; !ok || b.Owner != o {
		return filebuffer.ErrNotFound
	}
	delete(x.buffers, k)
	return nil
}

// EndSession removes the buffers of a session.
func (x *Index) EndSession(_ context.Context, domain string, session uint64) (int, error) {
	return x.remove(func(b *filebuffer.Buffer) bool {
		return b.Owner.Domain == domain && b.Session == session && session != 0 && b.State == filebuffer.Open
	}), nil
}

// Expire removes what has ended.
func (x *Index) Expire(_ context.Context, now time.Time) (int, error) {
	return x.remove(func(b *filebuffer.Buffer) bool { return !b.Ends.After(now) }), nil
}

func (x *Index) remove(which func(*filebuffer.Buffer) bool) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	before := len(x.buffers)
	maps.DeleteFunc(x.buffers, func(_ key, b *filebuffer.Buffer) bool { return which(b) })
	return before - len(x.buffers)
}

// Post does what the transaction of a message does: it makes two references, one
// for the author and one for the readers. forget does what the deletion of the
// message does.
func (x *Index) Post(author filebuffer.Owner, readers []int64, a filebuffer.Attachment, now time.Time) (own, shared filebuffer.ID, forget func(), err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if f := x.files[a.Hash]; f == nil || f.doomed || !x.named(a.Hash) {
		return 0, 0, nil, filebuffer.ErrNotFound
	}
	if b := x.buffers[key{author.Domain, a.Buffer}]; b != nil {
		b.Used = true
		b.Ends = now.Add(filebuffer.Linger)
	}
	add := func(readers []int64) filebuffer.ID {
		x.last++
		x.refs[key{author.Domain, x.last}] = &ref{hash: a.Hash, name: a.Name, readers: readers}
		return x.last
	}
	own, shared = add([]int64{author.Person}), add(readers)
	return own, shared, func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		delete(x.refs, key{author.Domain, own})
		delete(x.refs, key{author.Domain, shared})
	}, nil
}

// Ref reads a reference.
func (x *Index) Ref(_ context.Context, domain string, id filebuffer.ID) (filebuffer.Ref, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.ref(domain, id)
}

func (x *Index) ref(domain string, id filebuffer.ID) (filebuffer.Ref, error) {
	r, ok := x.refs[key{domain, id}]
	if !ok {
		return filebuffer.Ref{}, filebuffer.ErrNotFound
	}
	f := x.files[r.hash]
	return filebuffer.Ref{ID: id, Name: r.name, Hash: r.hash, Size: f.size, Info: f.info}, nil
}

// Readable reads a reference for a person.
func (x *Index) Readable(_ context.Context, o filebuffer.Owner, id filebuffer.ID) (filebuffer.Ref, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if r, ok := x.refs[key{o.Domain, id}]; !ok || !slices.Contains(r.readers, o.Person) {
		return filebuffer.Ref{}, filebuffer.ErrNotFound
	}
	return x.ref(o.Domain, id)
}

// Orphans lists what nothing names.
func (x *Index) Orphans(_ context.Context, limit int) ([]filebuffer.Hash, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var found []filebuffer.Hash
	for h, f := range x.files {
		if len(found) < limit && (f.doomed || !x.named(h)) {
			found = append(found, h)
		}
	}
	return found, nil
}

// named reports whether anything refers to a content.
func (x *Index) named(h filebuffer.Hash) bool {
	for _, b := range x.buffers {
		if b.Hash == h && b.State != filebuffer.Open {
			return true
		}
	}
	for _, r := range x.refs {
		if r.hash == h {
			return true
		}
	}
	return false
}

// Doom forbids new uses.
func (x *Index) Doom(_ context.Context, h filebuffer.Hash) (bool, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.named(h) {
		return false, nil
	}
	if x.files[h] == nil {
		x.files[h] = &file{}
	}
	x.files[h].doomed = true
	return true, nil
}

// Bury removes a doomed row.
func (x *Index) Bury(_ context.Context, h filebuffer.Hash) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if f := x.files[h]; f != nil && f.doomed {
		delete(x.files, h)
	}
	return nil
}

// Known reports whether there is a row.
func (x *Index) Known(_ context.Context, h filebuffer.Hash) (bool, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.files[h] != nil, nil
}
