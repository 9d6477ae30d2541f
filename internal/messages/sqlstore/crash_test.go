package sqlstore_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/messages/sqlstore"
)

// crashSenders write at the same time, each to a partner of its own and to one
// group, with rising numbers.
const crashSenders = 8

// TestMain is also the process that is killed: with TANDEM_CRASH_STORE it writes
// until it dies.
func TestMain(m *testing.M) {
	if target := os.Getenv("TANDEM_CRASH_STORE"); target != "" {
		if err := crashWriter(target, os.Getenv("TANDEM_CRASH_FROM")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func openCrash(ctx context.Context, target string) (*sqlstore.Store, error) {
	if path, ok := strings.CutPrefix(target, "sqlite:"); ok {
		return sqlstore.OpenSQLite(ctx, path, sqlstore.Options{})
	}
	schema, dsn, _ := strings.Cut(strings.TrimPrefix(target, "postgres:"), "|")
	return sqlstore.OpenPostgres(ctx, dsn, schema, sqlstore.Options{})
}

func crashRef(name string, i int) messages.Ref {
	return messages.Ref{GUID: fmt.Sprint(name, i), SIP: fmt.Sprint(name, i)}
}

// crashWriter posts and prints "sender number id" for everything that is
// acknowledged.
func crashWriter(target, from string) error {
	ctx := context.Background()
	s, err := openCrash(ctx, target)
	if err != nil {
		return err
	}
	l, err := s.Log(ctx, "example.com")
	if err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	acked := make(chan string, 4096)
	for i, start := range strings.Split(from, ",") {
		n, err := strconv.Atoi(start)
		if err != nil {
			return err
		}
		go crashSender(l, i, n, acked)
	}
	for line := range acked {
		out.WriteString(line)
		if len(acked) == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func crashSender(l messages.Log, i, from int, acked chan<- string) {
	slots := make(chan struct{}, 32)
	for n := from; ; n++ {
		slots <- struct{}{}
		l.Submit(&messages.Post{
			Author: crashRef("s", i), To: crashRef("r", i), Text: strings.Repeat("x", 100), CID: fmt.Sprintf("c%d-%d", i, n),
		}, func(r messages.Result, err error) {
			if err == nil {
				acked <- fmt.Sprintln(i, n, r.N)
			}
			<-slots
		})
		if n%10 == 0 { // marks and changes beside
			l.Submit(&messages.Mark{By: crashRef("r", i), With: crashRef("s", i), State: messages.ReadMark}, nil)
		}
	}
}

// crashRounds is how often the process is killed.
func crashRounds() int {
	if n, err := strconv.Atoi(os.Getenv("TANDEM_CRASH_ROUNDS")); err == nil {
		return n
	}
	if testing.Short() {
		return 2
	}
	return 4
}

func TestKilledSQLite(t *testing.T) {
	testKilled(t, "sqlite:"+filepath.Join(t.TempDir(), "messages.db"))
}

func TestKilledPostgres(t *testing.T) {
	dsn := server(t)
	testKilled(t, "postgres:"+schema(t, dsn, "")+"|"+dsn)
}

// testKilled kills the writing process again and again, with SIGKILL at a random
// moment, and looks at what it has left: nothing that was acknowledged is missing
// or has another number, nothing is there twice, and order is kept. The next
// process repeats some of what was acknowledged, and what was not.
func testKilled(t *testing.T, target string) {
	type key struct{ sender, n int }
	acked := map[key]messages.Number{}
	next := make([]int, crashSenders)
	for round := range crashRounds() {
		lines := killWriter(t, target, next, time.Duration(100+rand.IntN(400))*time.Millisecond)
		for _, line := range lines {
			var k key
			var id messages.Number
			if _, err := fmt.Sscan(line, &k.sender, &k.n, &id); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			if was, ok := acked[k]; ok && was != id {
				t.Fatalf("%v has number %d, then %d", k, was, id)
			}
			acked[k] = id
			next[k.sender] = max(next[k.sender], k.n)
		}
		found := map[key]messages.Number{}
		s, err := openCrash(t.Context(), target)
		if err != nil {
			t.Fatal(err)
		}
		l, err := s.Log(t.Context(), "example.com")
		if err != nil {
			t.Fatal(err)
		}
		for i := range crashSenders {
			for n, id := range readSender(t, l, i) {
				found[key{i, n}] = id
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		for k, id := range acked {
			if found[k] != id {
				t.Fatalf("round %d: %v was acknowledged as %d and is %d", round, k, id, found[k])
			}
		}
		for i := range next {
			next[i] = max(next[i]-5, 0) // repeated
		}
	}
	if len(acked) == 0 {
		t.Fatal("nothing was acknowledged")
	}
	t.Logf("%d acknowledged messages survived %d kills", len(acked), crashRounds())
}

// killWriter starts the writer, kills it after a time counted from its first line,
// and returns what it has printed.
func killWriter(t *testing.T, target string, next []int, after time.Duration) (lines []string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, "-test.run=^$")
	cmd.Env = append(os.Environ(), "TANDEM_CRASH_STORE="+target, "TANDEM_CRASH_FROM="+strings.Trim(strings.ReplaceAll(fmt.Sprint(next), " ", ","), "[]"))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	in := bufio.NewReader(out)
	for {
		line, err := in.ReadString('\n')
		if err != nil { // the last line may be cut off
			break
		}
		lines = append(lines, line)
		once.Do(func() { time.AfterFunc(after, func() { cmd.Process.Kill() }) })
	}
	_ = cmd.Wait() // it was killed
	if len(lines) == 0 {
		t.Fatal("the writer has written nothing")
	}
	return lines
}

// readSender reads a whole chat from its begin and checks its order.
func readSender(t *testing.T, l messages.Log, i int) map[int]messages.Number {
	t.Helper()
	found := map[int]messages.Number{}
	s, err := l.Person(t.Context(), crashRef("s", i))
	if messages.CodeOf(err) == messages.NotFound {
		return found
	}
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.Person(t.Context(), crashRef("r", i))
	if err != nil {
		t.Fatal(err)
	}
	last, lastN, lastTime := messages.Number(1), -1, int64(0)
	for count := int64(1); ; {
		page, err := l.History(t.Context(), s.ID, messages.Chat{With: r.ID}, messages.Page{After: last, Count: messages.MaxCount})
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			checkUnread(t, l, r.ID, s.ID, count-1)
			return found
		}
		for _, m := range page {
			var sender, n int
			if _, err := fmt.Sscanf(m.CID, "c%d-%d", &sender, &n); err != nil || sender != i {
				t.Fatalf("message %+v in the chat of sender %d", m, i)
			}
			if n <= lastN || m.Time <= lastTime || m.N != count {
				t.Fatalf("sender %d: number %d behind %d, ordinal %d for %d, time %d behind %d", i, n, lastN, m.N, count, m.Time, lastTime)
			}
			found[n] = m.ID
			last, lastN, lastTime = m.ID, n, m.Time
			count++
		}
	}
}

// checkUnread compares what is unread with the messages behind the mark.
func checkUnread(t *testing.T, l messages.Log, reader, writer messages.PersonID, count int64) {
	t.Helper()
	row, err := l.Chat(t.Context(), reader, messages.Chat{With: writer})
	if err != nil {
		t.Fatal(err)
	}
	behind, err := l.History(t.Context(), reader, messages.Chat{With: writer}, messages.Page{After: max(row.Read, 1), Count: messages.MaxCount})
	if err != nil {
		t.Fatal(err)
	}
	if row.Last.N != count || int64(len(behind)) != min(row.Unread, messages.MaxCount) {
		t.Fatalf("%d unread and %d behind the mark; the last is %d of %d", row.Unread, len(behind), row.Last.N, count)
	}
}
