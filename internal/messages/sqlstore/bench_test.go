package sqlstore_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/messages/sqlstore"
)

// engines runs a benchmark on SQLite and, where there is one, on PostgreSQL.
func engines(b *testing.B, run func(*testing.B, messages.Log)) {
	b.Run("sqlite", func(b *testing.B) {
		run(b, benchLog(b, openLite(b, filepath.Join(b.TempDir(), "messages.db"), sqlstore.Options{})))
	})
	b.Run("postgres", func(b *testing.B) {
		dsn := server(b)
		run(b, benchLog(b, openPostgres(b, dsn, schema(b, dsn, ""), sqlstore.Options{})))
	})
}

func benchLog(b *testing.B, s *sqlstore.Store) messages.Log {
	b.Cleanup(func() { s.Close() })
	l, err := s.Log(b.Context(), "example.com")
	if err != nil {
		b.Fatal(err)
	}
	return l
}

// cpu is the processor time of this process.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkPost stores texts of 200 bytes in the chats of 200 pairs, so many in
// flight: the next is submitted when one is acknowledged. SQLite is in WAL mode with
// synchronous=FULL. It tells messages per second, processor time per message (of
// this process) and percentiles of the latency.
func BenchmarkPost(b *testing.B) {
	for _, flight := range []int{1, 16, 256, 1024} {
		b.Run(fmt.Sprint(flight), func(b *testing.B) {
			engines(b, func(b *testing.B, l messages.Log) { benchPost(b, l, flight) })
		})
	}
}

func benchPost(b *testing.B, l messages.Log, flight int) {
	people := make([]messages.Ref, 400)
	for i := range people {
		people[i] = messages.Ref{GUID: fmt.Sprintf("%032x", i), SIP: fmt.Sprint("user", i), Name: fmt.Sprint("User ", i)}
	}
	text := strings.Repeat("0123456789", 20)
	run := time.Now().UnixNano()
	var left sync.WaitGroup
	left.Add(b.N)
	var mu sync.Mutex
	latency := make([]time.Duration, 0, b.N)
	slots := make(chan struct{}, flight)
	b.ReportAllocs()
	b.ResetTimer()
	began, used := time.Now(), cpu()
	for i := range b.N {
		slots <- struct{}{}
		sent := time.Now()
		pair := i % 200
		l.Submit(&messages.Post{
			Author: people[2*pair+i/200%2], To: people[2*pair+1-i/200%2], Text: text, CID: fmt.Sprintf("%x-%x", run*int64(i+1), i),
		}, func(_ messages.Result, err error) {
			if err != nil {
				b.Error(err)
			}
			took := time.Since(sent)
			mu.Lock()
			latency = append(latency, took)
			mu.Unlock()
			<-slots
			left.Done()
		})
	}
	left.Wait()
	took, spent := time.Since(began), cpu()-used
	b.StopTimer()
	b.ReportMetric(float64(b.N)/took.Seconds(), "msg/s")
	b.ReportMetric(float64(spent.Microseconds())/float64(b.N), "cpu-µs/msg")
	report(b, latency)
}

// report tells the median and the 99th percentile.
func report(b *testing.B, latency []time.Duration) {
	if len(latency) == 0 {
		return
	}
	slices.Sort(latency)
	b.ReportMetric(float64(latency[len(latency)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(latency[len(latency)*99/100].Microseconds())/1000, "p99-ms")
}
