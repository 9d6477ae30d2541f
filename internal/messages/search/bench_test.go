package search_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tandem-switch/tandem/internal/messages/search"
)

// size is how many messages the benchmarks search in: SEARCH_MESSAGES, or few.
func size(b *testing.B) int {
	n, err := strconv.Atoi(os.Getenv("SEARCH_MESSAGES"))
	if err != nil {
		return 20000
	}
	return n
}

// prose makes texts of about 200 bytes, of 20,000 words of which some are usual
// and most are rare, in 1,000 conversations.
func prose(from, n int) []search.Doc {
	r := rand.New(rand.NewPCG(1, uint64(from)))
	z := rand.NewZipf(r, 1.1, 4, 20000)
	docs := make([]search.Doc, n)
	for i := range docs {
		var text strings.Builder
		for text.Len() < 200 {
			w := z.Uint64()
			fmt.Fprintf(&text, "%s%s ", syllables[w%40], syllables[w/40%40]+syllables[w/1600])
		}
		docs[i] = search.Doc{Number: int64(from + i + 1), Conv: int64(r.IntN(1000)), Text: text.String()}
	}
	return docs
}

var syllables = strings.Fields(`ba be bi bo bu da de di do du fa fe fi fo fu ga ge gi go gu ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu`)

func benchEngines(b *testing.B, bench func(b *testing.B, s search.Index)) {
	b.Run("sqlite", func(b *testing.B) {
		s, err := search.OpenSQLite(b.Context(), filepath.Join(b.TempDir(), "search.db"))
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		bench(b, s)
	})
	b.Run("postgres", func(b *testing.B) {
		dsn := schema(b)
		s, err := search.OpenPostgres(b.Context(), dsn)
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		bench(b, analysed{s, dsn})
	})
}

// analysed is an index whose server knows what is in it, as the autovacuum sees
// to within a minute.
type analysed struct {
	*search.Postgres
	dsn string
}

func (a analysed) analyse(b *testing.B) {
	conn, err := pgx.Connect(b.Context(), a.dsn)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(b.Context())
	if _, err := conn.Exec(b.Context(), "VACUUM ANALYZE search_doc"); err != nil {
		b.Fatal(err)
	}
}

const lot = 500

func fill(b *testing.B, s search.Index, n int) {
	b.Helper()
	for at := 0; at < n; at += lot {
		k := min(lot, n-at)
		if err := s.Write(b.Context(), search.Batch{Domain: dom, Put: prose(at, k), Mark: int64(at + k)}); err != nil {
			b.Fatal(err)
		}
	}
}

// fillDeep fills an index with size messages and the parts of their words.
func fillDeep(b *testing.B, s search.Index) {
	b.Helper()
	fill(b, s, size(b))
	for done := 1; done > 0; {
		var err error
		if done, err = s.Deepen(b.Context(), dom, lot); err != nil {
			b.Fatal(err)
		}
	}
	if a, ok := s.(analysed); ok {
		a.analyse(b)
	}
}

// BenchmarkWrite indexes the words of messages, BenchmarkDeepen the parts of the
// words.
func BenchmarkWrite(b *testing.B) {
	benchEngines(b, func(b *testing.B, s search.Index) {
		at := 0
		for b.Loop() {
			b.StopTimer()
			docs := prose(at, lot)
			b.StartTimer()
			at += lot
			if err := s.Write(b.Context(), search.Batch{Domain: dom, Put: docs, Mark: int64(at)}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(lot*b.N)/b.Elapsed().Seconds(), "messages/s")
	})
}

func BenchmarkDeepen(b *testing.B) {
	benchEngines(b, func(b *testing.B, s search.Index) {
		at := 0
		for b.Loop() {
			b.StopTimer()
			if err := s.Write(b.Context(), search.Batch{Domain: dom, Put: prose(at, lot), Mark: int64(at + lot)}); err != nil {
				b.Fatal(err)
			}
			at += lot
			b.StartTimer()
			if n, err := s.Deepen(b.Context(), dom, lot); err != nil || n != lot {
				b.Fatal(n, err)
			}
		}
		b.ReportMetric(float64(lot*b.N)/b.Elapsed().Seconds(), "messages/s")
	})
}

func BenchmarkRemove(b *testing.B) {
	benchEngines(b, func(b *testing.B, s search.Index) {
		fillDeep(b, s)
		n := int64(0)
		for b.Loop() {
			batch := search.Batch{Domain: dom, Mark: 1}
			for range lot {
				n++
				batch.Remove = append(batch.Remove, n)
			}
			if err := s.Write(b.Context(), batch); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(lot*b.N)/b.Elapsed().Seconds(), "messages/s")
	})
}

// BenchmarkFind asks for a first page of 50.
func BenchmarkFind(b *testing.B) {
	benchEngines(b, func(b *testing.B, s search.Index) {
		fillDeep(b, s)
		few, all := []search.Room{}, []search.Room{}
		for c := range int64(1000) {
			all = append(all, search.Room{Conv: c})
			if c < 20 {
				few = append(few, search.Room{Conv: c})
			}
		}
		for _, q := range []struct{ name, text string }{
			{"usual", "bababa"}, {"rare", "nunobe"}, {"part", "unob"}, {"letter", "g"}, {"two", "bababa bebaba"}, {"phrase", "\"bababa bebaba\""}, {"none", "zzzz"},
		} {
			for _, r := range []struct {
				name  string
				rooms []search.Room
			}{{"few rooms", few}, {"all", all}} {
				b.Run(q.name+"/"+r.name, func(b *testing.B) {
					hits := 0
					for b.Loop() {
						p, err := s.Find(b.Context(), search.Ask{Domain: dom, Query: query(b, q.text), Rooms: r.rooms})
						if err != nil {
							b.Fatal(err)
						}
						hits = len(p.Hits)
					}
					b.ReportMetric(float64(hits), "hits")
				})
			}
		}
	})
}
