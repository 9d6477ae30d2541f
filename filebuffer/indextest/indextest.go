// Package indextest is the suite that every implementation of filebuffer.Index
// passes. It is for tests alone.
package indextest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/filebuffer"
)

// Fixture is an empty index and what belongs to its messages.
type Fixture struct {
	filebuffer.Index
	// Person is the number of a person of a domain, always the same.
	Person func(t *testing.T, domain, name string) int64
	// Post stores a message with a file from the author to the reader. It gives
	// the references and what deletes the message.
	Post func(t *testing.T, author, reader filebuffer.Owner, a filebuffer.Attachment) (own, shared filebuffer.ID, forget func(), err error)
}

// Run runs the suite. open gives an empty index each time.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	for name, test := range map[string]func(*testing.T, Fixture){
		"a buffer's way":            way,
		"only once":                 once,
		"quotas":                    quotas,
		"reservations":              reservations,
		"ends":                      ends,
		"sessions":                  sessions,
		"owners":                    owners,
		"references":                references,
		"forwarding":                forwarding,
		"orphans":                   orphans,
		"dooming against claiming":  claimRace,
		"dooming against messages":  postRace,
		"unknown buffers and files": unknown,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

const domain = "example.com"

var (
	wide  = filebuffer.Quota{Bytes: -1, Buffers: -1}
	start = time.Now().Truncate(time.Millisecond)
)

func (f Fixture) owner(t *testing.T, name string) filebuffer.Owner {
	return filebuffer.Owner{Domain: domain, Person: f.Person(t, domain, name)}
}

func (f Fixture) create(t *testing.T, o filebuffer.Owner) filebuffer.ID {
	t.Helper()
	id, err := f.Create(t.Context(), spec(o), wide)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func spec(o filebuffer.Owner) filebuffer.Buffer {
	return filebuffer.Buffer{
		Owner: o, Session: 4503599627370001, Name: "plän.pdf", Token: sha256.Sum256([]byte("token")),
		Created: start, Ends: start.Add(10 * time.Minute),
	}
}

// ready makes a buffer with a content.
func (f Fixture) ready(t *testing.T, o filebuffer.Owner, h filebuffer.Hash) filebuffer.Buffer {
	t.Helper()
	id := f.create(t, o)
	check(t, f.Begin(t.Context(), o.Domain, id, 5, start, start.Add(time.Hour), wide), nil)
	check(t, f.Claim(t.Context(), o.Domain, id, h, 5), nil)
	check(t, f.Finish(t.Context(), o.Domain, id, info, start.Add(24*time.Hour)), nil)
	return f.buffer(t, o.Domain, id)
}

func (f Fixture) buffer(t *testing.T, domain string, id filebuffer.ID) filebuffer.Buffer {
	t.Helper()
	b, err := f.Buffer(t.Context(), domain, id, start)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func attachment(b filebuffer.Buffer) filebuffer.Attachment {
	return filebuffer.Attachment{Buffer: b.ID, Name: b.Name, Hash: b.Hash, Size: b.Size, Info: b.Info}
}

func check(t *testing.T, got, want error) {
	t.Helper()
	if want == nil && got != nil || !errors.Is(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func hash(text string) filebuffer.Hash { return sha256.Sum256([]byte(text)) }

var info = filebuffer.Info{Type: "video/mp4", Width: 640, Height: 480, Duration: 12_345 * time.Millisecond, Thumb: true}

func way(t *testing.T, f Fixture) {
	alice := f.owner(t, "alice")
	id := f.create(t, alice)
	want := spec(alice)
	want.ID = id
	same(t, f.buffer(t, domain, id), want)

	check(t, f.Begin(t.Context(), domain, id, 1000, start, start.Add(time.Hour), wide), nil)
	want.Size, want.Ends = 1000, start.Add(time.Hour)
	same(t, f.buffer(t, domain, id), want)
	check(t, f.Extend(t.Context(), domain, id, start.Add(2*time.Hour)), nil)
	want.Ends = start.Add(2 * time.Hour)
	same(t, f.buffer(t, domain, id), want)

	check(t, f.Claim(t.Context(), domain, id, hash("x"), 990), nil)
	want.State, want.Size, want.Hash = filebuffer.Claimed, 990, hash("x")
	same(t, f.buffer(t, domain, id), want)

	check(t, f.Reopen(t.Context(), domain, id), nil)
	want.State, want.Size, want.Hash = filebuffer.Open, 0, filebuffer.Hash{}
	same(t, f.buffer(t, domain, id), want)

	check(t, f.Claim(t.Context(), domain, id, hash("y"), 7), nil)
	check(t, f.Finish(t.Context(), domain, id, info, start.Add(24*time.Hour)), nil)
	want.State, want.Size, want.Hash, want.Info, want.Ends = filebuffer.Ready, 7, hash("y"), info, start.Add(24*time.Hour)
	same(t, f.buffer(t, domain, id), want)
	check(t, f.Reopen(t.Context(), domain, id), nil) // nothing to take back
	same(t, f.buffer(t, domain, id), want)

	check(t, f.Delete(t.Context(), alice, id), nil)
	_, err := f.Buffer(t.Context(), domain, id, start)
	check(t, err, filebuffer.ErrNotFound)
	if next := f.create(t, alice); next == id {
		t.Error("a number is given twice")
	}
}

func same(t *testing.T, got, want filebuffer.Buffer) {
	t.Helper()
	if !got.Ends.Equal(want.Ends) || !got.Created.Equal(want.Created) {
		t.Errorf("times %v %v, want %v %v", got.Created, got.Ends, want.Created, want.Ends)
	}
	got.Ends, got.Created, want.Ends, want.Created = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func once(t *testing.T, f Fixture) {
	alice := f.owner(t, "alice")
	b := f.ready(t, alice, hash("x"))
	check(t, f.Begin(t.Context(), domain, b.ID, 1, start, start, wide), filebuffer.ErrTaken)
	check(t, f.Extend(t.Context(), domain, b.ID, start), filebuffer.ErrTaken)
	check(t, f.Claim(t.Context(), domain, b.ID, hash("y"), 1), filebuffer.ErrTaken)
	check(t, f.Finish(t.Context(), domain, b.ID, info, start), filebuffer.ErrNotFound)
	same(t, f.buffer(t, domain, b.ID), b)
	// Two uploads that began at once: one claims.
	id := f.create(t, alice)
	var won atomic.Int32
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			err := f.Claim(t.Context(), domain, id, hash(fmt.Sprint(n)), 1)
			if err == nil {
				won.Add(1)
			} else {
				check(t, err, filebuffer.ErrTaken)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d uploads have claimed", won.Load())
	}
}

func quotas(t *testing.T, f Fixture) {
	alice, bob := f.owner(t, "alice"), f.owner(t, "bob")
	q := filebuffer.Quota{Bytes: 100, Buffers: 3}
	var ids []filebuffer.ID
	for range 3 {
		id, err := f.Create(t.Context(), spec(alice), q)
		check(t, err, nil)
		ids = append(ids, id)
	}
	_, err := f.Create(t.Context(), spec(alice), q)
	check(t, err, filebuffer.ErrQuota)
	_, err = f.Create(t.Context(), spec(bob), q)
	check(t, err, nil)
	check(t, f.Delete(t.Context(), alice, ids[0]), nil)
	_, err = f.Create(t.Context(), spec(alice), q)
	check(t, err, nil)
	later := spec(alice)
	later.Created = start.Add(10 * time.Minute) // the others have ended
	later.Ends = later.Created.Add(time.Minute)
	_, err = f.Create(t.Context(), later, q)
	check(t, err, nil)
	// What a message refers to does not count.
	b := f.ready(t, bob, hash("x"))
	q.Buffers = 2
	_, err = f.Create(t.Context(), spec(bob), q)
	check(t, err, filebuffer.ErrQuota)
	_, _, _, err = f.Post(t, bob, alice, attachment(b))
	check(t, err, nil)
	_, err = f.Create(t.Context(), spec(bob), q)
	check(t, err, nil)
}

func reservations(t *testing.T, f Fixture) {
	alice := f.owner(t, "alice")
	q := filebuffer.Quota{Bytes: 100, Buffers: -1}
	one, two := f.create(t, alice), f.create(t, alice)
	begin := func(id filebuffer.ID, size int64) error {
		return f.Begin(t.Context(), domain, id, size, start, start.Add(time.Hour), q)
	}
	room := func(want int64) {
		t.Helper()
		if got, err := f.Room(t.Context(), alice, start, q); got != want || err != nil {
			t.Errorf("room %d, %v, want %d", got, err, want)
		}
	}
	room(100)
	check(t, begin(one, 60), nil)
	room(40)
	check(t, begin(two, 41), filebuffer.ErrQuota)
	check(t, begin(two, 40), nil)
	room(0)
	check(t, begin(one, 61), filebuffer.ErrQuota)
	check(t, begin(one, 60), nil) // again, in its own place
	check(t, begin(one, 30), nil)
	room(30)
	check(t, f.Reopen(t.Context(), domain, two), nil)
	room(70)
	check(t, f.Claim(t.Context(), domain, one, hash("x"), 20), nil)
	room(80)
	check(t, f.Finish(t.Context(), domain, one, info, start.Add(time.Hour)), nil)
	room(80)
	_, _, _, err := f.Post(t, alice, f.owner(t, "bob"), attachment(f.buffer(t, domain, one)))
	check(t, err, nil)
	room(100)
	if got, err := f.Room(t.Context(), alice, start, wide); got >= 0 || err != nil {
		t.Errorf("room without bound: %d, %v", got, err)
	}
}

func ends(t *testing.T, f Fixture) {
	alice := f.owner(t, "alice")
	open, ready := f.create(t, alice), f.ready(t, alice, hash("x"))
	for _, tt := range []struct {
		at    time.Duration
		gone  filebuffer.ID
		stays filebuffer.ID
		count int
	}{
		{10*time.Minute - time.Millisecond, 0, open, 0},
		{10 * time.Minute, open, ready.ID, 1},
		{24 * time.Hour, ready.ID, 0, 1},
	} {
		now := start.Add(tt.at)
		for range 2 { // whether the row is there or not
			if tt.gone != 0 {
				_, err := f.Buffer(t.Context(), domain, tt.gone, now)
				check(t, err, filebuffer.ErrNotFound)
			}
			if tt.stays != 0 {
				_, err := f.Buffer(t.Context(), domain, tt.stays, now)
				check(t, err, nil)
			}
			if n, err := f.Expire(t.Context(), now); n != tt.count || err != nil {
				t.Errorf("after %v: %d ended, %v, want %d", tt.at, n, err, tt.count)
			}
			tt.count = 0
		}
	}
}

func sessions(t *testing.T, f Fixture) {
	alice := f.owner(t, "alice")
	unused, used := f.create(t, alice), f.ready(t, alice, hash("x"))
	waiting := f.ready(t, alice, hash("y")) // a text with it may be on its way
	other := spec(alice)
	other.Session = 7
	kept, err := f.Create(t.Context(), other, wide)
	check(t, err, nil)
	_, _, _, err = f.Post(t, alice, f.owner(t, "bob"), attachment(used))
	check(t, err, nil)
	if n, err := f.EndSession(t.Context(), domain, spec(alice).Session); n != 1 || err != nil {
		t.Errorf("%d ended, %v, want 1", n, err)
	}
	_, err = f.Buffer(t.Context(), domain, unused, start)
	check(t, err, filebuffer.ErrNotFound)
	f.buffer(t, domain, used.ID)
	f.buffer(t, domain, waiting.ID)
	f.buffer(t, domain, kept)
	if n, err := f.EndSession(t.Context(), domain, 0); n != 0 || err != nil {
		t.Errorf("no session: %d ended, %v", n, err)
	}
}

func owners(t *testing.T, f Fixture) {
	alice, bob := f.owner(t, "alice"), f.owner(t, "bob")
	id := f.create(t, alice)
	check(t, f.Delete(t.Context(), bob, id), filebuffer.ErrNotFound)
	other := filebuffer.Owner{Domain: "other.example", Person: f.Person(t, "other.example", "alice")}
	check(t, f.Delete(t.Context(), other, id), filebuffer.ErrNotFound)
	if _, err := f.Buffer(t.Context(), "other.example", id, start); !errors.Is(err, filebuffer.ErrNotFound) {
		t.Errorf("another domain: %v", err)
	}
	f.buffer(t, domain, id)
}

func references(t *testing.T, f Fixture) {
	alice, bob, carol := f.owner(t, "alice"), f.owner(t, "bob"), f.owner(t, "carol")
	b := f.ready(t, alice, hash("x"))
	own, shared, forget, err := f.Post(t, alice, bob, attachment(b))
	if err != nil {
		t.Fatal(err)
	}
	if own == shared {
		t.Error("author and reader have the same reference")
	}
	want := filebuffer.Ref{Name: b.Name, Hash: b.Hash, Size: b.Size, Info: info}
	for _, id := range []filebuffer.ID{own, shared} {
		want.ID = id
		if got, err := f.Ref(t.Context(), domain, id); got != want || err != nil {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
		_, err = f.Ref(t.Context(), "other.example", id)
		check(t, err, filebuffer.ErrNotFound)
		_, err = f.Readable(t.Context(), carol, id)
		check(t, err, filebuffer.ErrNotFound)
	}
	for who, id := range map[filebuffer.Owner]filebuffer.ID{alice: own, bob: shared} {
		want.ID = id
		if got, err := f.Readable(t.Context(), who, id); got != want || err != nil {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
	_, err = f.Readable(t.Context(), bob, own)
	check(t, err, filebuffer.ErrNotFound)
	// The temporary URL ends soon, and not before ten minutes.
	if after, err := f.Buffer(t.Context(), domain, b.ID, time.Now().Add(filebuffer.Linger-time.Minute)); err != nil || !after.Used {
		t.Errorf("%+v, %v", after, err)
	}
	_, err = f.Buffer(t.Context(), domain, b.ID, time.Now().Add(filebuffer.Linger+time.Second))
	check(t, err, filebuffer.ErrNotFound)
	// Not before, also where it would have ended by itself.
	short := f.create(t, alice)
	check(t, f.Claim(t.Context(), domain, short, hash("y"), 1), nil)
	check(t, f.Finish(t.Context(), domain, short, info, start.Add(time.Minute)), nil)
	_, _, _, err = f.Post(t, alice, bob, attachment(f.buffer(t, domain, short)))
	check(t, err, nil)
	_, err = f.Buffer(t.Context(), domain, short, time.Now().Add(filebuffer.Linger-time.Minute))
	check(t, err, nil)
	forget()
	for _, id := range []filebuffer.ID{own, shared} {
		_, err = f.Ref(t.Context(), domain, id)
		check(t, err, filebuffer.ErrNotFound)
	}
}

func forwarding(t *testing.T, f Fixture) {
	alice, bob, carol := f.owner(t, "alice"), f.owner(t, "bob"), f.owner(t, "carol")
	b := f.ready(t, alice, hash("x"))
	_, shared, forget, err := f.Post(t, alice, bob, attachment(b))
	check(t, err, nil)
	a := attachment(b)
	a.Buffer, a.Ref = 0, shared
	_, again, _, err := f.Post(t, bob, carol, a)
	check(t, err, nil)
	forget()
	check(t, f.Delete(t.Context(), alice, b.ID), nil)
	if got, err := f.Readable(t.Context(), carol, again); err != nil || got.Hash != b.Hash {
		t.Errorf("%+v, %v", got, err)
	}
	for range 2 { // the content has a reader
		if doomed, err := f.Doom(t.Context(), b.Hash); doomed || err != nil {
			t.Errorf("doomed: %v, %v", doomed, err)
		}
	}
	if found := f.orphans(t); len(found) != 0 {
		t.Error("it is still taken for an orphan")
	}
}

func (f Fixture) orphans(t *testing.T) []filebuffer.Hash {
	t.Helper()
	found, err := f.Orphans(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func orphans(t *testing.T, f Fixture) {
	alice := f.owner(t, "alice")
	b := f.ready(t, alice, hash("x"))
	claimed := f.create(t, alice)
	check(t, f.Claim(t.Context(), domain, claimed, hash("y"), 1), nil)
	known := func(h filebuffer.Hash, want bool) {
		t.Helper()
		if got, err := f.Known(t.Context(), h); got != want || err != nil {
			t.Errorf("known: %v, %v", got, err)
		}
	}
	if found := f.orphans(t); len(found) != 0 {
		t.Errorf("%d orphans, want none", len(found))
	}
	for _, h := range []filebuffer.Hash{hash("x"), hash("y")} {
		known(h, true)
		if doomed, err := f.Doom(t.Context(), h); doomed || err != nil {
			t.Errorf("doomed what is used: %v, %v", doomed, err)
		}
	}
	check(t, f.Reopen(t.Context(), domain, claimed), nil)
	check(t, f.Delete(t.Context(), alice, b.ID), nil)
	if found := f.orphans(t); len(found) != 2 || !slices.Contains(found, hash("x")) {
		t.Errorf("%d orphans, want 2", len(found))
	}
	if found, err := f.Orphans(t.Context(), 1); len(found) != 1 || err != nil {
		t.Errorf("%d orphans, want 1", len(found))
	}
	for range 2 { // as after a crash
		if doomed, err := f.Doom(t.Context(), hash("x")); !doomed || err != nil {
			t.Errorf("%v, %v", doomed, err)
		}
	}
	if found := f.orphans(t); !slices.Contains(found, hash("x")) {
		t.Error("what was doomed and not buried is forgotten")
	}
	check(t, f.Claim(t.Context(), domain, claimed, hash("x"), 5), filebuffer.ErrBusy)
	_, _, _, err := f.Post(t, alice, alice, attachment(b))
	check(t, err, filebuffer.ErrNotFound)
	check(t, f.Bury(t.Context(), hash("x")), nil)
	known(hash("x"), false)
	check(t, f.Claim(t.Context(), domain, claimed, hash("x"), 5), nil)
	check(t, f.Bury(t.Context(), hash("x")), nil) // is not doomed
	known(hash("x"), true)
	// A blob without a row.
	if doomed, err := f.Doom(t.Context(), hash("z")); !doomed || err != nil {
		t.Errorf("%v, %v", doomed, err)
	}
	check(t, f.Bury(t.Context(), hash("z")), nil)
	known(hash("z"), false)
}

// claimRace lets uploads claim what a collector dooms.
func claimRace(t *testing.T, f Fixture) {
	alice := f.owner(t, "alice")
	for range 20 {
		id := f.create(t, alice)
		var all sync.WaitGroup
		var claimed error
		var doomed bool
		all.Go(func() { claimed = f.Claim(t.Context(), domain, id, hash("x"), 1) })
		all.Go(func() {
			var err error
			doomed, err = f.Doom(t.Context(), hash("x"))
			check(t, err, nil)
		})
		all.Wait()
		if doomed == (claimed == nil) {
			t.Fatalf("doomed: %v, claimed: %v", doomed, claimed)
		}
		if doomed {
			check(t, claimed, filebuffer.ErrBusy)
		}
		check(t, f.Delete(t.Context(), alice, id), nil)
		_, err := f.Doom(t.Context(), hash("x"))
		check(t, err, nil)
		check(t, f.Bury(t.Context(), hash("x")), nil)
	}
}

// postRace lets messages refer to what loses its last other use.
func postRace(t *testing.T, f Fixture) {
	alice, bob := f.owner(t, "alice"), f.owner(t, "bob")
	for n := range 20 {
		h := hash(fmt.Sprint("post race ", n))
		b := f.ready(t, alice, h)
		var all sync.WaitGroup
		var posted error
		var doomed bool
		all.Go(func() { _, _, _, posted = f.Post(t, alice, bob, attachment(b)) })
		all.Go(func() {
			check(t, f.Delete(t.Context(), alice, b.ID), nil)
			var err error
			doomed, err = f.Doom(t.Context(), h)
			check(t, err, nil)
		})
		all.Wait()
		if doomed == (posted == nil) {
			t.Fatalf("doomed: %v, posted: %v", doomed, posted)
		}
		if doomed {
			check(t, posted, filebuffer.ErrNotFound)
		}
	}
}

func unknown(t *testing.T, f Fixture) {
	ctx, alice := t.Context(), f.owner(t, "alice")
	_, err := f.Buffer(ctx, domain, 99, start)
	check(t, err, filebuffer.ErrNotFound)
	_, err = f.Buffer(ctx, "nowhere.example", 99, start)
	check(t, err, filebuffer.ErrNotFound)
	_, err = f.Ref(ctx, "nowhere.example", 99)
	check(t, err, filebuffer.ErrNotFound)
	_, err = f.Readable(ctx, alice, 99)
	check(t, err, filebuffer.ErrNotFound)
	check(t, f.Begin(ctx, domain, 99, 1, start, start, wide), filebuffer.ErrNotFound)
	check(t, f.Extend(ctx, domain, 99, start), filebuffer.ErrNotFound)
	check(t, f.Claim(ctx, domain, 99, hash("x"), 1), filebuffer.ErrNotFound)
	check(t, f.Finish(ctx, domain, 99, info, start), filebuffer.ErrNotFound)
	check(t, f.Delete(ctx, alice, 99), filebuffer.ErrNotFound)
	check(t, f.Reopen(ctx, domain, 99), nil)
	check(t, f.Bury(ctx, hash("x")), nil)
	if known, err := f.Known(ctx, hash("x")); known || err != nil {
		t.Errorf("known: %v, %v", known, err)
	}
}
