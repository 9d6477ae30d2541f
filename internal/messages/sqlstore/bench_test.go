package sqlstore_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
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

// historyMessages is how many messages the store of BenchmarkHistory has:
// TANDEM_BENCH_MESSAGES, by default few.
func historyMessages(b *testing.B) int {
	n, err := strconv.Atoi(cmp.Or(os.Getenv("TANDEM_BENCH_MESSAGES"), "20000"))
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// historyChats is how many chats they are spread over, in turns: no page of a chat
// is in one piece on the disk.
const historyChats = 2000

// BenchmarkHistory reads pages of 50 of random chats, at random places, and lists
// the chats of a person with preview and unread. TANDEM_BENCH_DIR keeps the store
// for the next run.
func BenchmarkHistory(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) {
		dir := cmp.Or(os.Getenv("TANDEM_BENCH_DIR"), b.TempDir())
		benchHistory(b, benchLog(b, openLite(b, filepath.Join(dir, fmt.Sprint("history-", historyMessages(b), ".db")), sqlstore.Options{})))
	})
	b.Run("postgres", func(b *testing.B) {
		dsn := server(b)
		benchHistory(b, benchLog(b, openPostgres(b, dsn, fmt.Sprint("history_", historyMessages(b)), sqlstore.Options{})))
	})
}

func historyPeer(i int) messages.Ref {
	return messages.Ref{GUID: fmt.Sprint("peer", i), SIP: fmt.Sprint("peer", i)}
}

// fillHistory adds what is missing to the store.
func fillHistory(b *testing.B, l messages.Log, me messages.Ref, want int) {
	u, err := l.Usage(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	text := strings.Repeat("0123456789", 20)
	var left sync.WaitGroup
	for i := int(u.Messages); i < want; i++ {
		left.Add(1)
		op := &messages.Post{Author: me, To: historyPeer(i % historyChats), Text: text, CID: fmt.Sprint("history", i)}
		if i%3 != 0 {
			op.Author, op.To = op.To, op.Author
		}
		l.Submit(op, func(_ messages.Result, err error) {
			if err != nil {
				b.Error(err)
			}
			left.Done()
		})
	}
	left.Wait()
	if _, err := l.Do(b.Context(), &messages.Flush{}); err != nil {
		b.Fatal(err)
	}
}

func benchHistory(b *testing.B, l messages.Log) {
	me := messages.Ref{GUID: "me", SIP: "me"}
	total := historyMessages(b)
	fillHistory(b, l, me, total)
	who, err := l.Person(b.Context(), me)
	if err != nil {
		b.Fatal(err)
	}
	peers := make([]messages.PersonID, min(historyChats, total))
	for i := range peers {
		p, err := l.Person(b.Context(), historyPeer(i))
		if err != nil {
			b.Fatal(err)
		}
		peers[i] = p.ID
	}
	head := int64(l.Head())
	b.Run("page", func(b *testing.B) {
		latency := make([]time.Duration, 0, b.N)
		rows := 0
		for b.Loop() {
			began := time.Now()
			page, err := l.History(b.Context(), who.ID, messages.Chat{With: peers[rand.IntN(len(peers))]},
				messages.Page{Older: messages.Number(head/2 + rand.Int64N(head/2)), Count: 50})
			if err != nil {
				b.Fatal(err)
			}
			latency = append(latency, time.Since(began))
			rows += len(page)
		}
		b.ReportMetric(float64(rows)/float64(b.N), "rows/page")
		report(b, latency)
	})
	b.Run("chats", func(b *testing.B) {
		var latency []time.Duration
		for b.Loop() {
			began := time.Now()
			if _, err := l.Chats(b.Context(), who.ID, messages.ChatsQuery{}); err != nil {
				b.Fatal(err)
			}
			latency = append(latency, time.Since(began))
		}
		report(b, latency)
	})
}
