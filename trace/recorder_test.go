package trace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

// sized is a record of about n bytes in a buffer.
func sized(n int) Record { return Record{Flag: PBX, Text: strings.Repeat("x", n-overhead)} }

func TestRingIsBounded(t *testing.T) {
	r := NewRecorder(1) // MinBuffer
	for range 1000 {
		r.Trace(sized(1 << 10))
	}
	all := r.Records(Filter{})
	if len(all) != MinBuffer>>10 || all[0].Seq != 1000-MinBuffer>>10+1 || all[len(all)-1].Seq != 1000 {
		t.Errorf("%d records from %d", len(all), all[0].Seq)
	}
	for i, rec := range all[1:] {
		if rec.Seq != all[i].Seq+1 {
			t.Fatalf("%d follows %d", rec.Seq, all[i].Seq)
		}
	}
	r.Trace(sized(MinBuffer)) // takes the place of all
	if all := r.Records(Filter{}); len(all) != 1 || r.size != MinBuffer {
		t.Errorf("%d records of %d bytes", len(all), r.size)
	}
	for range 5000 {
		r.Trace(Record{}) // empty ones take room too
	}
	if n := len(r.Records(Filter{})); n != MinBuffer/overhead {
		t.Errorf("%d empty records", n)
	}
}

func TestFilters(t *testing.T) {
	r := NewRecorder(0)
	at := time.Unix(1e9, 0)
	record := func(flag Flag, conn string, domain, object int64, call CallID, concerns ...int64) {
		at = at.Add(time.Second)
		r.Trace(Record{Time: at, Flag: flag, Peer: Peer{Conn: conn, Domain: domain, Object: object}, Leg: Leg{Call: call}, Domains: concerns})
	}
	record(PBX, "c1", 0, 0, 0)                // 1: before the login
	record(PBX, "c1", 1, 7, 5, 1)             // 2
	record(PBX|WebSocket, "c2", 1, 8, 5, 1)   // 3
	record(App, "c3", 2, 7, 6, 2)             // 4
	record(WebSocket, "c1", 1, 7, 9, 1, 2)    // 5: a call into another domain
	record(WebSocket, "c4", 2, 3, 9, 2, 1)    // 6: its other leg
	record(WebSocket, "c5", 3, 3, 9, 3, 1, 2) // 7
	tests := []struct {
		name   string
		filter Filter
		want   string
	}{
		{"all", Filter{}, "1234567"},
		{"flag", Filter{Flags: PBX | App}, "1234"},
		{"domain", Filter{Domain: 1}, "235"},
		{"user", Filter{Domain: 1, Object: 7}, "25"},
		{"connection", Filter{Conn: "c1"}, "125"},
		{"call", Filter{Call: 9}, "567"},
		{"since", Filter{Since: time.Unix(1e9+6, 0)}, "67"},
		{"after", Filter{After: 5}, "67"},
		{"within one", Filter{Within: []int64{1}}, "23"},
		{"within the other", Filter{Within: []int64{2}}, "4"},
		{"within both", Filter{Within: []int64{1, 2}}, "23456"},
		{"within none", Filter{Within: []int64{}}, ""},
		{"all together", Filter{Flags: WebSocket, Domain: 1, Object: 8, Conn: "c2", Call: 5, After: 2, Within: []int64{1}}, "3"},
	}
	for _, tt := range tests {
		got := ""
		for _, rec := range r.Records(tt.filter) {
			got += fmt.Sprint(rec.Seq)
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	var none *Recorder
	if none.Records(Filter{}) != nil || none.Lost() != 0 {
		t.Error("something is kept by nobody")
	}
}

// TestDomainsOfARecord: a frame concerns the domain of its connection and those of
// both ends of its call; before the login it concerns none.
func TestDomainsOfARecord(t *testing.T) {
	tests := []struct {
		peer int64
		ends [2]int64
		want string
	}{
		{0, [2]int64{1, 2}, "[]"},
		{1, [2]int64{}, "[1]"},
		{1, [2]int64{1, 1}, "[1]"},
		{1, [2]int64{1, 2}, "[1 2]"},
		{1, [2]int64{2, 1}, "[1 2]"},
		{1, [2]int64{2, 2}, "[1 2]"},
		{1, [2]int64{2, 3}, "[1 2 3]"},
	}
	for _, tt := range tests {
		if got := fmt.Sprint(domainsOf(&Event{Peer: Peer{Domain: tt.peer}, Leg: Leg{Ends: tt.ends}})); got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
}

// next takes what a tail has.
func next(t *testing.T, tail *Tail) (seqs []uint64, lost uint64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	records, lost, err := tail.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		seqs = append(seqs, r.Seq)
	}
	return seqs, lost
}

func TestTail(t *testing.T) {
	r := NewRecorder(0)
	for range 3 {
		r.Trace(sized(1 << 10))
	}
	tail, err := r.Tail(Filter{After: 1})
	if err != nil {
		t.Fatal(err)
	}
	r.Trace(sized(1 << 10))
	if got, lost := next(t, tail); fmt.Sprint(got) != "[2 3 4]" || lost != 0 {
		t.Error(got, lost)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := tail.Next(ended); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	tail.Close()
	tail.Close()
	r.Trace(sized(1 << 10))
	if len(tail.queue) != 0 {
		t.Error("a closed tail goes on")
	}
}

// A tail that does not read loses what comes, is told how many, and delays nobody.
func TestSlowTail(t *testing.T) {
	r := NewRecorder(0)
	tail, err := r.Tail(Filter{Flags: PBX})
	if err != nil {
		t.Fatal(err)
	}
	defer tail.Close()
	const kept = tailBuffer >> 14
	for range kept + 5 {
		r.Trace(sized(1 << 14))
		r.Trace(Record{Flag: App})
	}
	if got, lost := next(t, tail); len(got) != kept || lost != 5 || got[0] != 1 || got[kept-1] != 2*kept-1 {
		t.Error(len(got), lost)
	}
	r.Trace(sized(1 << 14))
	if got, lost := next(t, tail); len(got) != 1 || lost != 0 {
		t.Error(got, lost)
	}
	if r.Lost() != 5 {
		t.Error(r.Lost())
	}
}

// A tail that begins late gets the newest of what is kept, after the number of
// those that it cannot have.
func TestLateTail(t *testing.T) {
	r := NewRecorder(2 * tailBuffer)
	const n, kept, fits = 200, 2 * tailBuffer >> 14, tailBuffer >> 14
	for range n {
		r.Trace(sized(1 << 14))
	}
	tail, err := r.Tail(Filter{After: 10})
	if err != nil {
		t.Fatal(err)
	}
	defer tail.Close()
	r.Trace(sized(1 << 10)) // there is no room for it
	if got, lost := next(t, tail); len(got) != 0 || lost != n-10-fits {
		t.Error(len(got), lost)
	}
	if got, lost := next(t, tail); len(got) != fits || got[0] != n-fits+1 || lost != 1 {
		t.Error(len(got), lost)
	}
	if len(r.Records(Filter{})) > kept {
		t.Error("more is kept than there is room for")
	}
}

func TestTailsAreBounded(t *testing.T) {
	r := NewRecorder(0)
	for range MaxTails {
		tail, err := r.Tail(Filter{})
		if err != nil {
			t.Fatal(err)
		}
		defer tail.Close()
	}
	if _, err := r.Tail(Filter{}); !errors.Is(err, ErrTooManyTails) {
		t.Error(err)
	}
}

// TestClose: those who follow get what has come, and then the end.
func TestClose(t *testing.T) {
	r := NewRecorder(0)
	tail, err := r.Tail(Filter{})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() {
		_, _, err := tail.Next(t.Context())
		_, _, again := tail.Next(t.Context())
		ended <- errors.Join(err, again)
	}()
	r.Trace(sized(1 << 10))
	r.Close()
	if err := <-ended; !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if _, _, err := tail.Next(t.Context()); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if _, err := r.Tail(Filter{}); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if r.Trace(sized(1 << 10)); len(r.Records(Filter{})) != 2 {
		t.Error("nothing is kept any more")
	}
}

// TestTailLosesNothingUncounted: what writers record at the same time comes in
// order, or is counted.
func TestTailLosesNothingUncounted(t *testing.T) {
	r := NewRecorder(0)
	tail, err := r.Tail(Filter{})
	if err != nil {
		t.Fatal(err)
	}
	defer tail.Close()
	const writers, each = 4, 2000
	var group sync.WaitGroup
	for range writers {
		group.Go(func() {
			for range each {
				r.Trace(sized(1 << 10))
			}
		})
	}
	var at, seen, lost uint64
	for seen+lost < writers*each {
		got, missed := next(t, tail)
		for _, seq := range got {
			if seq <= at {
				t.Fatalf("%d after %d", seq, at)
			}
			at = seq
		}
		seen, lost = seen+uint64(len(got)), lost+missed
	}
	group.Wait()
	if lost != r.Lost() || seen+lost != writers*each {
		t.Error(seen, lost, r.Lost())
	}
}

func TestLines(t *testing.T) {
	at := time.Date(2026, 11, 21, 12, 0, 0, 1234567, time.FixedZone("", 3600))
	full := Record{
		Seq: 17, Time: at, Flag: PBX | AppWebsocket, Dir: Out, Peer: event().Peer, Leg: event().Leg, Domains: []int64{1, 2},
		Text: "{\"a\":\"<b>ä\"}\n\x1b[31m\u2028\u202e\U000e0001",
	}
	full.Reg = "my phone"
	tests := []struct {
		name       string
		record     Record
		text, json string
	}{
		{"full", full,
			"2026-11-21T11:00:00.001234Z 17 PBX,AppWebsocket out c1 alice@example.com k5 my_phone/-3 {\"a\":\"<b>ä\"}\\n\\x1b[31m\\u2028\\u202e\\U000e0001\n",
			`{"time":"2026-11-21T11:00:00.001234Z","seq":17,"flags":["PBX","App Websocket"],"dir":"out","conn":"c1","domainId":1,"domain":"example.com","objectId":7,"object":"alice","domains":[1,2],"call":"k5","reg":"my phone","number":-3,"frame":"{\"a\":\"<b>ä\"}\n\u001b[31m\u2028\u202e\udb40\udc01"}` + "\n"},
		{"drop before the login", Record{Seq: 1, Time: at, Flag: PBX, Peer: Peer{Conn: "c2"}, Reason: "bad_json"},
			"2026-11-21T11:00:00.001234Z 1 PBX in c2 - - - dropped: bad_json\n",
			`{"time":"2026-11-21T11:00:00.001234Z","seq":1,"flags":["PBX"],"dir":"in","conn":"c2","dropped":"bad_json"}` + "\n"},
	}
	for _, tt := range tests {
		if got := string(tt.record.AppendText([]byte("> "), false)); got != "> "+tt.text {
			t.Errorf("%s:\n got %s\nwant > %s", tt.name, got, tt.text)
		}
		if got := string(tt.record.AppendJSON([]byte("> "), false)); got != "> "+tt.json {
			t.Errorf("%s:\n got %s\nwant > %s", tt.name, got, tt.json)
		}
	}
	if got := string(AppendLost(nil, 7, false)); !strings.HasSuffix(got, " lost 7 records: the reader was too slow\n") {
		t.Error(got)
	}
	var lost struct{ Lost int }
	if err := json.Unmarshal(AppendLost(nil, 7, true), &lost); err != nil || lost.Lost != 7 {
		t.Error(lost, err)
	}
}

// FuzzLines: whatever a client sends, its record is one line.
func FuzzLines(f *testing.F) {
	f.Add("a\nb", "x y")
	f.Add("\x00\xff\u2028", "\"")
	f.Fuzz(func(t *testing.T, frame, reg string) {
		kept := NewRecorder(0)
		tracer := Open(Config{Recorder: kept})
		if _, err := tracer.Add(Order{Flags: PBX, Content: true, Reason: "x"}); err != nil {
			t.Fatal(err)
		}
		tracer.Note(Event{Flags: PBX, Peer: Peer{Conn: "c1"}, Leg: Leg{Reg: reg}, Frame: []byte(frame)})
		r := kept.Records(Filter{})[0]
		text := string(r.AppendText(nil, true))
		if strings.Count(text, "\n") != 1 || !strings.HasSuffix(text, "\n") || strings.ContainsAny(text, "\r\x1b\x00\u2028\u2029\u0085") || !utf8.ValidString(text) {
			t.Errorf("%q", text)
		}
		var back struct{ Frame string }
		line := r.AppendJSON(nil, true)
		if err := json.Unmarshal(line, &back); err != nil || strings.Count(string(line), "\n") != 1 || back.Frame != r.Content {
			t.Errorf("%q: %v", line, err)
		}
	})
}
