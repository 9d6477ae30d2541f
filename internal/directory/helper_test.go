package directory_test

import (
	"bytes"
	"sync/atomic"
	"testing"

	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/store/storetest"
)

// bench is a directory with the domain example.com on a store in memory.
type bench struct {
	*directory.Directory
	t     testing.TB
	store *storetest.Memory
	clock *clock.Manual
	seal  *countingSealer
	dom   directory.Domain
}

func newBench(t testing.TB) *bench {
	t.Helper()
	b := &bench{t: t, store: storetest.NewMemory(), clock: clock.NewManual(), seal: &countingSealer{Sealer: newSealer(t, 1)}}
	b.Directory = b.another()
	b.dom = b.addDomain("example.com", "pbx.example.com")
	return b
}

// another is a second directory on the same store, as another process has.
func (b *bench) another() *directory.Directory {
	b.t.Helper()
	d, err := directory.Open(b.t.Context(), b.store, b.seal, directory.Config{Clock: b.clock, MaxSessions: 3})
	b.must(err)
	return d
}

func newSealer(t testing.TB, key byte) *directory.Sealer {
	t.Helper()
	s, err := directory.NewSealer(bytes.Repeat([]byte{key}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// countingSealer counts what costs time at a login.
type countingSealer struct {
	*directory.Sealer
	opened atomic.Int32
	bytes  atomic.Int64
}

func (s *countingSealer) Unseal(sealed, bound []byte) ([]byte, error) {
	s.opened.Add(1)
	s.bytes.Add(int64(len(sealed)))
	return s.Sealer.Unseal(sealed, bound)
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// refused expects a refusal with the code.
func (b *bench) refused(code directory.Code, err error) {
	b.t.Helper()
	if got := directory.CodeOf(err); got != code {
		b.t.Errorf("got %q (%v), want %q", got, err, code)
	}
	if err != nil && err.Error() == "" {
		b.t.Errorf("%s has no sentence", code)
	}
}

func (b *bench) addDomain(name string, hosts ...string) directory.Domain {
	b.t.Helper()
	d, err := b.AddDomain(b.t.Context(), name, hosts)
	b.must(err)
	return d
}

func (b *bench) addUser(dom directory.Domain, sip, num string) directory.Object {
	b.t.Helper()
	o, err := b.AddUser(b.t.Context(), dom.ID, directory.NewObject{SIP: sip, Num: num, DN: "The " + sip, Password: "password of " + sip})
	b.must(err)
	return o
}

func (b *bench) addApp(dom directory.Domain, sip string) directory.Object {
	b.t.Helper()
	o, err := b.AddApp(b.t.Context(), dom.ID, directory.NewObject{SIP: sip, Password: "pwd", APIs: []string{"PbxSignal"}})
	b.must(err)
	return o
}

func (b *bench) addSession(owner directory.Object) directory.Session {
	b.t.Helper()
	s, err := b.CreateSession(b.t.Context(), owner.Address(), directory.NewSession{UserAgent: "test"})
	b.must(err)
	return s
}

func (b *bench) set(o directory.Object, edit directory.ObjectEdit) directory.Object {
	b.t.Helper()
	set := b.SetUser
	if o.Kind == directory.App {
		set = b.SetApp
	}
	o, err := set(b.t.Context(), o.Address(), edit)
	b.must(err)
	return o
}
