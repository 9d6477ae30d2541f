package sqlstore_test

import (
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/messages/sqlstore"
)

// gate stands before a PostgreSQL server. Closed, it drops all connections and
// takes no new ones: to a client the server is stopped.
type gate struct {
	t    *testing.T
	path string // its socket
	to   *pgx.ConnConfig

	mu    sync.Mutex // guards the following
	in    net.Listener
	conns map[net.Conn]bool
}

func newGate(t *testing.T, dsn string) (*gate, string) {
	t.Helper()
	to, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	g := &gate{t: t, to: to, path: filepath.Join(dir, ".s.PGSQL.5432"), conns: map[net.Conn]bool{}}
	g.open()
	t.Cleanup(g.close)
	return g, fmt.Sprintf("host=%s port=5432 user=%s password='%s' dbname=%s sslmode=disable connect_timeout=5", dir, to.User, to.Password, to.Database)
}

func (g *gate) open() {
	var lc net.ListenConfig
	in, err := lc.Listen(g.t.Context(), "unix", g.path)
	if err != nil {
		g.t.Fatal(err)
	}
	g.mu.Lock()
	g.in = in
	g.mu.Unlock()
	go func() {
		for {
			c, err := in.Accept()
			if err != nil {
				return
			}
			go g.pass(c)
		}
	}()
}

func (g *gate) pass(c net.Conn) {
	network, address := "tcp", net.JoinHostPort(g.to.Host, strconv.Itoa(int(g.to.Port)))
	if strings.HasPrefix(g.to.Host, "/") {
		network, address = "unix", filepath.Join(g.to.Host, fmt.Sprint(".s.PGSQL.", g.to.Port))
	}
	s, err := net.Dial(network, address)
	if err != nil {
		c.Close()
		return
	}
	g.mu.Lock()
	g.conns[c], g.conns[s] = true, true
	g.mu.Unlock()
	go func() {
		io.Copy(s, c)
		s.Close()
	}()
	io.Copy(c, s)
	c.Close()
}

// close drops everything.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.in.Close()
	for c := range g.conns {
		c.Close()
	}
	clear(g.conns)
}

// TestPostgresAway stops and starts the server for the store, idle and under load.
func TestPostgresAway(t *testing.T) {
	dsn := server(t)
	name := schema(t, dsn, "")
	g, through := newGate(t, dsn)
	s := openPostgres(t, through, name, sqlstore.Options{})
	t.Cleanup(func() { s.Close() })
	l, err := s.Log(t.Context(), "example.com")
	if err != nil {
		t.Fatal(err)
	}
	post := func(cid string) (messages.Result, error) {
		return l.Do(t.Context(), &messages.Post{Author: crashRef("s", 0), To: crashRef("r", 0), Text: "x", CID: cid})
	}
	if _, err := post("c0-0"); err != nil {
		t.Fatal(err)
	}
	reader, err := l.Person(t.Context(), crashRef("r", 0))
	if err != nil {
		t.Fatal(err)
	}
	g.close()
	if _, err := post("c0-1"); messages.CodeOf(err) != messages.Away {
		t.Fatalf("error %v", err)
	}
	if _, err := l.Unread(t.Context(), reader.ID); messages.CodeOf(err) != messages.Away {
		t.Fatalf("error %v", err)
	}
	if err := s.Check(t.Context()); messages.CodeOf(err) != messages.Away {
		t.Fatalf("error %v", err)
	}
	g.open()
	if r, err := post("c0-1"); err != nil || r.Repeated {
		t.Fatalf("%+v, %v", r, err)
	}
	if n, err := l.Unread(t.Context(), reader.ID); err != nil || n != 2 {
		t.Fatalf("%d unread, %v", n, err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	awayUnderLoad(t, g, l)
}

// awaitAcks waits until each sender has so many acknowledgements, on a slow machine too.
func awaitAcks(t *testing.T, counts []atomic.Int64, n int64) {
	t.Helper()
	end := time.Now().Add(time.Minute)
	for i := range counts {
		for counts[i].Load() < n {
			if time.Now().After(end) {
				t.Errorf("sender %d has only %d acknowledgements", i, counts[i].Load())
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// awayUnderLoad writes while the server comes and goes; what fails is repeated
// under the same key until it is acknowledged.
func awayUnderLoad(t *testing.T, g *gate, l messages.Log) {
	stop := make(chan struct{})
	acked := make([]map[int]messages.Number, crashSenders)
	counts := make([]atomic.Int64, crashSenders)
	var all sync.WaitGroup
	for i := range acked {
		acked[i] = map[int]messages.Number{}
		all.Go(func() {
			for n := 10; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				for {
					r, err := l.Do(t.Context(), &messages.Post{Author: crashRef("s", i), To: crashRef("r", i), Text: "x", CID: fmt.Sprintf("c%d-%d", i, n)})
					if err == nil {
						acked[i][n] = r.N
						counts[i].Add(1)
						break
					}
					if messages.CodeOf(err) != messages.Away {
						t.Errorf("error %v", err)
						return
					}
				}
			}
		})
	}
	for round := range 4 {
		awaitAcks(t, counts, int64(round+1)*3) // of load, with the server
		g.close()
		time.Sleep(50 * time.Millisecond) // and without
		g.open()
	}
	close(stop)
	all.Wait()
	for i := range acked {
		found := readSender(t, l, i)
		for n, id := range acked[i] {
			if found[n] != id {
				t.Fatalf("sender %d: %d was acknowledged as %d and is %d", i, n, id, found[n])
			}
		}
	}
}
