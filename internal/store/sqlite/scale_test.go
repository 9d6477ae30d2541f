package sqlite_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/directory"
)

// filled is a file with one domain and n users.
func filled(t testing.TB, n int) (path string, sealer *directory.Sealer) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "pbx.db")
	sealer, err := directory.NewSealer(bytes.Repeat([]byte{1}, 32))
	must(t, err)
	d, closeStore := load(t, path, sealer)
	defer closeStore()
	dom, err := d.AddDomain(t.Context(), "example.com", nil)
	must(t, err)
	var text strings.Builder
	text.WriteString("sip,dn,num,password\n")
	for i := range n {
		fmt.Fprintf(&text, "user%d,User Number %d,%d,password-%d\n", i, i, 100_000+i, i)
	}
	report, err := d.ImportUsers(t.Context(), dom.ID, directory.Import{File: strings.NewReader(text.String())})
	must(t, err)
	if report.Added != n {
		t.Fatalf("imported %d", report.Added)
	}
	return path, sealer
}

func load(t testing.TB, path string, sealer *directory.Sealer) (d *directory.Directory, closeStore func()) {
	t.Helper()
	s := open(t, path)
	d, err := directory.Open(t.Context(), s, sealer, directory.Config{})
	must(t, err)
	return d, func() { must(t, s.Close()) }
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestMemoryPerUser(t *testing.T) {
	const n = 1000 // the race detector makes SQLite slow
	path, sealer := filled(t, n)
	before := heap()
	d, closeStore := load(t, path, sealer)
	defer closeStore()
	dom, _ := d.Default()
	if users := d.Users(dom.ID); len(users) != n || users[0].DN == "" {
		t.Errorf("%d users", len(users))
	}
	if each := (heap() - before) / n; each > 2048 {
		t.Errorf("%d bytes per user", each)
	}
	runtime.KeepAlive(d)
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkLoad loads 20,000 users, which must take less than a second.
func BenchmarkLoad(b *testing.B) {
	path, sealer := filled(b, 20_000)
	for b.Loop() {
		_, closeStore := load(b, path, sealer)
		closeStore()
	}
	if each := b.Elapsed() / time.Duration(b.N); each > time.Second {
		b.Errorf("loading took %v", each)
	}
}

// BenchmarkWrite is one change by a command: a commit and what follows it.
func BenchmarkWrite(b *testing.B) {
	path, sealer := filled(b, 1000)
	d, closeStore := load(b, path, sealer)
	defer closeStore()
	dom, _ := d.Default()
	user, _ := d.UserByName(dom.ID, "user7")
	for i := 0; b.Loop(); i++ {
		dn := fmt.Sprint("Name ", i)
		_, err := d.SetUser(b.Context(), user.Address(), directory.ObjectEdit{DN: &dn})
		must(b, err)
	}
}

// BenchmarkImport imports 100,000 users, which must take less than two minutes,
// and tells what each of them takes in memory.
func BenchmarkImport(b *testing.B) {
	const n = 100_000
	for b.Loop() {
		path, sealer := filled(b, n)
		b.StopTimer()
		before := heap()
		d, closeStore := load(b, path, sealer)
		b.ReportMetric(float64(heap()-before)/n, "B/user")
		runtime.KeepAlive(d)
		closeStore()
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N)/1000, "s/import")
}
