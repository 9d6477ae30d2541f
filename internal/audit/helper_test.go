package audit_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/tandem-switch/tandem/internal/audit"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/store/storetest"
)

// bench is a log on a store in memory.
type bench struct {
	t     testing.TB
	store *storetest.AuditMemory
	*audit.Log
	counts *counts
	out    *lockedBuffer // the log of the process
}

func newBench(t testing.TB) *bench { return onStore(t, storetest.NewAuditMemory()) }

func onStore(t testing.TB, store *storetest.AuditMemory) *bench {
	t.Helper()
	b := &bench{t: t, store: store, counts: &counts{}, out: &lockedBuffer{}}
	var err error
	b.Log, err = audit.Open(t.Context(), store, sealer(t, 7), audit.Config{
		Log: slog.New(slog.NewTextHandler(b.out, nil)), Observer: b.counts,
	})
	must(t, err)
	return b
}

func (b *bench) append() audit.Entry {
	b.t.Helper()
	e := someAct()
	e.Reason = b.PublicKey().String() // no two logs have the same rows, however fast they are written
	e, err := b.Append(b.t.Context(), e)
	must(b.t, err)
	return e
}

func someAct() audit.Entry {
	return audit.Entry{Act: "user.set", Actor: audit.Actor{Kind: audit.System, Name: "pbx"}, Outcome: audit.Done}
}

func sealer(t testing.TB, key byte, old ...[]byte) *directory.Sealer {
	t.Helper()
	s, err := directory.NewSealer(bytes.Repeat([]byte{key}, 32), old...)
	must(t, err)
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// counts is an audit.Observer.
type counts struct {
	mu               sync.Mutex // guards the following
	appended, signed int64
	refused, faults  int
}

func (c *counts) AuditAppended(n int64) { c.do(func() { c.appended = n }) }
func (c *counts) AuditSigned(n int64)   { c.do(func() { c.signed = n }) }
func (c *counts) AuditRefused()         { c.do(func() { c.refused++ }) }
func (c *counts) AuditFault()           { c.do(func() { c.faults++ }) }

func (c *counts) do(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

func (c *counts) expect(t *testing.T, appended, signed int64, refused, faults int) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.appended != appended || c.signed != signed || c.refused != refused || c.faults != faults {
		t.Errorf("counted appended %d, signed %d, refused %d, faults %d; want %d %d %d %d",
			c.appended, c.signed, c.refused, c.faults, appended, signed, refused, faults)
	}
}

// lockedBuffer is written by one goroutine and read by another.
type lockedBuffer struct {
	mu  sync.Mutex // guards the following
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// take returns the lines since the last time.
func (b *lockedBuffer) take() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.buf.Reset()
	return strings.FieldsFunc(b.buf.String(), func(r rune) bool { return r == '\n' })
}
