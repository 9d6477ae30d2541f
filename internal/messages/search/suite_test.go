package search_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tandem-switch/tandem/internal/messages/search"
)

const dom = "example.com"

// opener opens the same index again each time it is called.
type opener func() search.Index

// engines runs a test on every engine that is there.
func engines(t *testing.T, test func(t *testing.T, open opener)) {
	t.Run("sqlite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "search.db")
		test(t, func() search.Index {
			s, err := search.OpenSQLite(t.Context(), path)
			return closed(t, s, err)
		})
	})
	t.Run("postgres", func(t *testing.T) {
		dsn := schema(t)
		test(t, func() search.Index {
			s, err := search.OpenPostgres(t.Context(), dsn)
			return closed(t, s, err)
		})
	})
}

func closed(t *testing.T, s search.Index, err error) search.Index {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// schema makes a schema for one test on the server of PBX_TEST_POSTGRES.
func schema(t testing.TB) string {
	t.Helper()
	dsn := os.Getenv("PBX_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("PBX_TEST_POSTGRES is not set")
	}
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.ToLower(strings.Map(func(r rune) rune {
		if r == '/' || r == ' ' || r == '#' {
			return '_'
		}
		return r
	}, "search_"+t.Name()))
	name = name[:min(len(name), 60)]
	quoted := pgx.Identifier{name}.Sanitize()
	if _, err := conn.Exec(t.Context(), "DROP SCHEMA IF EXISTS "+quoted+" CASCADE; CREATE SCHEMA "+quoted); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Exec(context.Background(), "DROP SCHEMA "+quoted+" CASCADE")
		conn.Close(context.Background())
	})
	if u, err := url.Parse(dsn); err == nil && u.Scheme != "" {
		q := u.Query()
		q.Set("search_path", name)
		u.RawQuery = q.Encode()
		return u.String()
	}
	return dsn + " search_path=" + name
}

// bench is an index with what tests do to it.
type bench struct {
	t *testing.T
	search.Index
	last int64 // highest number put
}

func (b *bench) put(docs ...search.Doc) {
	b.t.Helper()
	for _, d := range docs {
		b.last = max(b.last, d.Number)
	}
	if err := b.Write(b.t.Context(), search.Batch{Domain: dom, Put: docs, Mark: b.last}); err != nil {
		b.t.Fatal(err)
	}
}

// texts indexes texts as messages 1, 2, ... of conversation 7.
func (b *bench) texts(texts ...string) {
	b.t.Helper()
	var docs []search.Doc
	for i, text := range texts {
		docs = append(docs, search.Doc{Number: int64(i + 1), Conv: 7, Text: text})
	}
	b.put(docs...)
}

func (b *bench) deepen() {
	b.t.Helper()
	for {
		n, err := b.Deepen(b.t.Context(), dom, 3)
		if err != nil {
			b.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func query(t testing.TB, text string) search.Query {
	t.Helper()
	q, err := search.Parse(text)
	if err != nil {
		t.Fatalf("parse %q: %v", text, err)
	}
	return q
}

var room = []search.Room{{Conv: 7}}

func (b *bench) ask(text string, a search.Ask) search.Page {
	b.t.Helper()
	a.Query = query(b.t, text)
	if a.Domain == "" {
		a.Domain = dom
	}
	if a.Rooms == nil {
		a.Rooms = room
	}
	p, err := b.Find(b.t.Context(), a)
	if err != nil {
		b.t.Fatalf("find %q: %v", text, err)
	}
	return p
}

func numbers(p search.Page) []int64 {
	out := []int64{}
	for _, h := range p.Hits {
		out = append(out, h.Number)
	}
	return out
}

func (b *bench) finds(text string, want ...int64) {
	b.t.Helper()
	if got := numbers(b.ask(text, search.Ask{})); !slices.Equal(got, append([]int64{}, want...)) {
		b.t.Errorf("%q finds %v, want %v", text, got, want)
	}
}

// marked are the parts of a highlight that a client would mark.
func marked(h search.Highlight) []string {
	text := []rune(h.Text)
	var out []string
	for _, at := range h.Hits {
		out = append(out, string(text[at.From:at.To]))
	}
	return out
}

func TestScripts(t *testing.T) {
	tests := []struct {
		name, text string
		found      []string // also by parts of words
		parts      []string // only when the parts are in
		not        []string
	}{
		{"latin", "The quick brown fox", []string{"quick", "QUI", "brown quick", "\"quick brown\"", "q"}, []string{"uick", "row fox"},
			[]string{"quack", "\"brown quick\"", "quick red", "\"quick brow\"", "uic k"}},
		{"german", "Größe der Müllabfuhr in Straßen", []string{"größe", "GRÖSSE", "grosse", "Mull", "müll", "strassen", "Stra\u00DFen", "Mu\u0308ll"},
			[]string{"abfuhr", "ABFUHR", "öße"}, []string{"gruesse"}},
		{"turkish", "Işıkta İstanbul'da ılık çay, KIRMIZI", []string{"ışık", "isik", "istanbul", "İSTANBUL", "ılık", "ilik", "cay", "kırmızı", "kirmizi"},
			[]string{"tanbul", "rmızı"}, []string{"ankara"}},
		{"french", "Le cœur naïf de l'été", []string{"coeur", "CŒUR", "naif", "l'été", "l'ete", "ete"}, []string{"œur"}, []string{"hiver"}},
		{"polish and danish", "Łódź og Ørsted", []string{"lodz", "łódź", "orsted", "ØRSTED"}, []string{"rsted"}, nil},
		{"cyrillic", "Мой ёжик ПРИВЕТСТВУЕТ вас", []string{"мой", "ежик", "ЁЖИК", "приветств", "вас мой"}, []string{"ветствует"}, []string{"мои"}},
		{"greek", "Ο Σίσυφος και η θάλασσα", []string{"σίσυφοσ", "ΣΙΣΥΦΟΣ", "θαλασσα"}, []string{"υφος"}, nil},
		{"arabic", "مَرْحَبًا بالعالم في المدرسة أحمد", []string{"مرحبا", "بالعالم", "احمد", "أحمد", "المدرسه"}, []string{"عالم", "مدرسة"}, []string{"وداعا"}},
		{"hebrew", "שָׁלוֹם לכולם", []string{"שלום", "לכו"}, []string{"כולם"}, []string{"תודה"}},
		{"thai", "วันนี้อากาศดีมาก", []string{"อากาศ", "วันนี้", "ดี", "ดีมาก", "ม"}, nil, []string{"ฝน"}},
		{"chinese", "我们明天去北京开会。", []string{"北京", "明天", "我", "会", "北京开会", "\"明天去\"", "京", "北京 明天"}, nil, []string{"上海", "京北", "会议"}},
		{"japanese", "東京タワーでラーメンを食べました", []string{"東京", "タワー", "ラーメン", "食べました", "ー", "ﾗｰﾒﾝ"}, nil, []string{"大阪"}},
		{"korean", "내일 서울에서 만나요", []string{"서울", "만나", "내일 서울에서", "울에", "\u1109\u1165\u110B\u116E\u11AF"}, nil, []string{"부산"}},
		{"hindi", "नमस्ते दुनिया", []string{"नमस्ते", "दुनिया", "नम"}, []string{"मस्ते"}, nil},
		{"mixed", "Treffen 2024年 in 北京 um 8:30, Raum A-12", []string{"2024年", "2024", "年", "a-12", "8:30", "raum a-12", "in 北"}, nil, []string{"a-13", "8:31"}},
		{"addresses", "mail an max.muster@example.com bitte, +49 (170) 123-456", []string{"max.muster@example.com", "muster@exam", "example.com", "123-456", "+49 170"},
			[]string{"xample"}, []string{"muster@other"}},
		{"emoji", "super 👍🏽 und 🎉", []string{"👍", "🎉", "👍🏿", "super 🎉"}, nil, []string{"😀"}},
		{"wide and joined", "Ｆｕｌｌ ﬁnal", []string{"full", "final"}, []string{"inal"}, nil},
		{"invisible", "sil\u00ADben\u200Btrennung \u202Etext", []string{"silbentrennung", "text"}, []string{"trennung"}, nil},
		{"small i", "aa bb c", []string{"a", "aa", "c", "\"bb c\"", "aa c"}, nil, []string{"b c d", "\"a\""}},
	}
	engines(t, func(t *testing.T, open opener) {
		b := &bench{t: t, Index: open()}
		var texts []string
		for _, test := range tests {
			texts = append(texts, test.text)
		}
		b.texts(texts...)
		has := func(text string, number int64) bool {
			return slices.Contains(numbers(b.ask(text, search.Ask{})), number)
		}
		for _, deep := range []bool{false, true} {
			if deep {
				b.deepen()
			}
			for i, test := range tests {
				n := int64(i + 1)
				for _, q := range test.found {
					if !has(q, n) {
						t.Errorf("%s: %q does not find it (parts %v)", test.name, q, deep)
					}
				}
				for _, q := range test.parts {
					if has(q, n) != deep {
						t.Errorf("%s: %q finds it: %v (parts %v)", test.name, q, !deep, deep)
					}
				}
				for _, q := range test.not {
					if has(q, n) {
						t.Errorf("%s: %q finds it (parts %v)", test.name, q, deep)
					}
				}
			}
		}
	})
}

// What an engine might take for its own language is words to it.
func TestHostileQueries(t *testing.T) {
	hostile := []string{
		"", " ", "\"", "\"\"", "'", "*", "a*", "^a", "-a", "NOT a", "a AND b", "a OR b", "NEAR(a b, 2)", "body:a", "{body} : a", "a + b", "(", ")", "((((",
		"a:*", "a <-> b", "a & b", "a | !b", "!!", ":*", "'a':*", "\\", "\\'", "$1", "?", "%", "_", ";DROP TABLE doc", "--", "/*", "\x00", "a\x00b",
		"\xff\xfe", "\xed\xa0\x80", "\u202E", "\u0301\u0301", strings.Repeat("\u0301", 500), strings.Repeat("\"", 1000), strings.Repeat("a ", 20),
		strings.Repeat("a", search.MaxQuery), strings.Repeat("中", search.MaxQuery/3), strings.Repeat("👍", 31), ".", ".1.7", "'.1.7'", "\ufdfa", "a\u200db", "İ", "ı",
		"<b>a</b>", "a\r\nb", "ⅷ", "\U000E0001", "\u0e33", "{}", "[a]", "a~b", "col1:col2:col3", "\"a b", "\"a\" \"b", "»a«", "”a„",
	}
	engines(t, func(t *testing.T, open opener) {
		b := &bench{t: t, Index: open()}
		b.texts("a b c", "nothing here", "AND OR NOT NEAR")
		for range 2 {
			for _, text := range hostile {
				b.ask(text, search.Ask{})
			}
			b.finds("NOT and", 3)
			b.finds("a AND b")
			b.finds("\"a b", 1)
			b.finds("a\x00b", 1)
			b.finds("<b>", 1)
			b.deepen()
		}
	})
	for _, text := range []string{strings.Repeat("a", 10<<10), strings.Repeat("a ", 33), strings.Repeat("\x00", search.MaxQuery+1)} {
		if _, err := search.Parse(text); !errors.Is(err, search.ErrTooLong) {
			t.Errorf("%.10q: %v, want %v", text, err, search.ErrTooLong)
		}
	}
}

// Texts that an engine might choke on are indexed as far as they are words.
func TestHostileTexts(t *testing.T) {
	texts := []string{
		"", "\x00", "needle\x00\x00b", "needle \xff\xfe", "needle ' \" \\ :1 & | ! ( ) <-> :*", strings.Repeat("needle ", 20000),
		"needle " + strings.Repeat("x", 100<<10), "needle " + strings.Repeat("中文", 20000), "needle " + strings.Repeat("\u0301", 9999),
		strings.Repeat("a b ", 20000), "needle .1.7 '.1.7'", strings.Repeat("๏", 3000) + " needle",
	}
	engines(t, func(t *testing.T, open opener) {
		b := &bench{t: t, Index: open()}
		b.texts(texts...)
		b.deepen()
		b.finds("needle", 12, 11, 9, 8, 7, 6, 5, 4, 3)
		b.finds("eedl", 12, 11, 9, 8, 7, 6, 5, 4, 3)
		b.finds("中文", 8)
		b.texts(texts...) // everything that went in can go out again
		b.finds("needle", 12, 11, 9, 8, 7, 6, 5, 4, 3)
		for i := range texts {
			if err := b.Write(t.Context(), search.Batch{Domain: dom, Remove: []int64{int64(i + 1)}, Mark: 12}); err != nil {
				t.Error(err)
			}
		}
		b.finds("needle")
		b.finds("eedl")
		if st, err := b.State(t.Context(), dom); err != nil || st.Docs != 0 {
			t.Error(st, err)
		}
	})
}

func TestChanges(t *testing.T) {
	engines(t, func(t *testing.T, open opener) {
		b := &bench{t: t, Index: open()}
		for _, deep := range []bool{false, true} {
			b.texts("apple banana", "banana cherry", "cherry apple")
			if deep {
				b.deepen()
			}
			b.put(search.Doc{Number: 2, Conv: 7, Text: "durian"})
			b.finds("banana", 1)
			b.finds("durian", 2)
			if deep {
				b.finds("urian", 2)
				b.finds("anan", 1)
			}
			// One batch that changes a message twice and removes another.
			batch := search.Batch{Domain: dom, Mark: 9, Epoch: 4, Remove: []int64{1, 99}, Put: []search.Doc{
				{Number: 2, Conv: 7, Text: "elder"}, {Number: 2, Conv: 7, Text: "fig tree"}}}
			for range 2 { // again, as after a crash
				if err := b.Write(t.Context(), batch); err != nil {
					t.Fatal(err)
				}
				b.finds("apple", 3)
				b.finds("elder")
				b.finds("fig", 2)
				if st, err := b.State(t.Context(), dom); err != nil || st.Mark != 9 || st.Epoch != 4 || st.Docs != 2 {
					t.Errorf("state %+v %v", st, err)
				}
			}
		}
	})
}

func TestWriteRefuses(t *testing.T) {
	engines(t, func(t *testing.T, open opener) {
		b := &bench{t: t, Index: open()}
		b.texts("apple")
		for _, batch := range []search.Batch{
			{Mark: 5},
			{Domain: dom, Mark: 5, Put: []search.Doc{{Number: 2, Conv: 7, Text: "pear"}, {Number: 1 << 44, Conv: 7, Text: "x"}}},
			{Domain: dom, Mark: 5, Put: []search.Doc{{Number: -1, Conv: 7, Text: "x"}}},
		} {
			if err := b.Write(t.Context(), batch); err == nil {
				t.Errorf("%+v is taken", batch)
			}
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := b.Write(ended, search.Batch{Domain: dom, Mark: 5, Put: []search.Doc{{Number: 3, Text: "x"}}}); err == nil {
			t.Error("a batch is written after the end")
		}
		if st, err := b.State(t.Context(), dom); err != nil || st.Mark != 1 || st.Docs != 1 {
			t.Errorf("state %+v %v", st, err)
		}
		b.finds("pear")
	})
}

// Pages are full however few of the matches the asker may read.
func TestRoomsAndPages(t *testing.T) {
	engines(t, func(t *testing.T, open opener) {
		b := &bench{t: t, Index: open()}
		var docs []search.Doc
		for n := int64(1); n <= 800; n++ {
			docs = append(docs, search.Doc{Number: n, Conv: n % 200, Text: fmt.Sprintf("word number%d", n)})
		}
		b.put(docs...)
		many := make([]search.Room, 0, 150) // more than an engine is told
		for c := int64(0); c < 150; c++ {
			many = append(many, search.Room{Conv: c, From: 100, To: 700})
		}
		tests := []struct {
			name  string
			rooms []search.Room
			may   func(conv, n int64) bool
		}{
			{"one room", []search.Room{{Conv: 3}}, nil},
			{"from and to", []search.Room{{Conv: 3, From: 200, To: 600}, {Conv: 4, To: 300}}, nil},
			{"two parts of one", []search.Room{{Conv: 3, To: 200}, {Conv: 3, From: 600}}, nil},
			{"many rooms", many, nil},
			{"asked", []search.Room{{Conv: 3}, {Conv: 5}}, func(_, n int64) bool { return n%3 == 0 }},
			{"nobody", []search.Room{{Conv: 999}}, nil},
		}
		for _, deep := range []bool{false, true} {
			for _, test := range tests {
				want := []int64{}
				for _, d := range slices.Backward(docs) {
					if slices.ContainsFunc(test.rooms, func(r search.Room) bool {
						return r.Conv == d.Conv && d.Number >= r.From && (r.To == 0 || d.Number <= r.To)
					}) && (test.may == nil || test.may(d.Conv, d.Number)) {
						want = append(want, d.Number)
					}
				}
				for _, text := range []string{"wor", "\"word\"", "wo"} {
					got := b.all(text, search.Ask{Rooms: test.rooms, May: test.may, Count: 7})
					if !slices.Equal(got, want) {
						t.Errorf("%s, %s: %v, want %v (parts %v)", test.name, text, got, want, deep)
					}
				}
			}
			b.deepen()
		}
		if p := b.ask("word", search.Ask{Rooms: []search.Room{}}); len(p.Hits) != 0 || p.Next != 0 {
			t.Error("something is found without a room")
		}
		if p := b.ask("word", search.Ask{Rooms: many, Count: 1000}); len(p.Hits) != search.MaxCount {
			t.Errorf("a page of %d", len(p.Hits))
		}
	})
}

// all follows the pages, each of which must be full.
func (b *bench) all(text string, a search.Ask) []int64 {
	b.t.Helper()
	out := []int64{}
	for {
		p := b.ask(text, a)
		out = append(out, numbers(p)...)
		if p.Next == 0 {
			return out
		}
		if len(p.Hits) != a.Count {
			b.t.Fatalf("a page of %d that is not the last", len(p.Hits))
		}
		a.Below = p.Next
	}
}

func TestCostIsBounded(t *testing.T) {
	engines(t, func(t *testing.T, open opener) {
		b := &bench{t: t, Index: open()}
		docs := make([]search.Doc, 6000)
		for i := range docs {
			docs[i] = search.Doc{Number: int64(i + 1), Conv: 7, Text: "word"}
		}
		b.put(docs...)
		asked := 0
		a := search.Ask{May: func(_, n int64) bool { asked++; return n == 10 }}
		p := b.ask("word", a)
		if len(p.Hits) != 0 || p.Next == 0 || asked > 5000 {
			t.Fatalf("%d hits, next %d, asked %d times", len(p.Hits), p.Next, asked)
		}
		a.Below = p.Next
		if p = b.ask("word", a); !slices.Equal(numbers(p), []int64{10}) {
			t.Errorf("the next page has %v", numbers(p))
		}
	})
}

func TestDomains(t *testing.T) {
	engines(t, func(t *testing.T, open opener) {
		b := &bench{t: t, Index: open()}
		b.texts("apple")
		write := func(domain, text string) {
			t.Helper()
			if err := b.Write(t.Context(), search.Batch{Domain: domain, Mark: 6, Put: []search.Doc{{Number: 1, Conv: 7, Text: text}}}); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if _, err := b.Deepen(t.Context(), domain, 10); err != nil {
					t.Fatal(err)
				}
			}
		}
		write("other.org", "apple pie")
		b.deepen()
		if h := b.ask("pple", search.Ask{Domain: "other.org"}).Hits; len(h) != 1 || h[0].Highlight.Text != "apple pie" {
			t.Errorf("other.org has %v", h)
		}
		b.finds("pie")
		b.finds("apple", 1)

		if err := b.Rename(t.Context(), "other.org", dom); err != nil { // taken
			t.Fatal(err)
		}
		if err := b.Rename(t.Context(), "other.org", "new.org"); err != nil {
			t.Fatal(err)
		}
		if h := b.ask("pie", search.Ask{Domain: "new.org"}).Hits; len(h) != 1 {
			t.Error("nothing is left after the new name")
		}
		if err := b.Reset(t.Context(), "new.org"); err != nil {
			t.Fatal(err)
		}
		if names, err := b.Domains(t.Context()); err != nil || !slices.Equal(names, []string{dom}) {
			t.Error(names, err)
		}
		if st, err := b.State(t.Context(), "new.org"); err != nil || st != (search.State{}) {
			t.Error(st, err)
		}
		b.finds("apple", 1)
		write("new.org", "plum")
		if h := b.ask("pie", search.Ask{Domain: "new.org"}).Hits; len(h) != 0 {
			t.Error("a reset domain has its old messages")
		}
		for _, d := range []string{"new.org", dom, "never.org"} {
			if err := b.Reset(t.Context(), d); err != nil {
				t.Fatal(err)
			}
		}
		b.finds("apple")
		b.texts("apple")
		b.deepen()
		b.finds("pple", 1)
	})
}

func TestReopen(t *testing.T) {
	engines(t, func(t *testing.T, open opener) {
		first := &bench{t: t, Index: open()}
		first.texts("apple", "pear")
		first.deepen()
		first.Close()
		if _, err := first.Find(t.Context(), search.Ask{Domain: dom, Query: query(t, "apple"), Rooms: room}); err == nil {
			t.Error("a closed index answers")
		}
		b := &bench{t: t, Index: open()}
		b.finds("pple", 1)
		if st, err := b.State(t.Context(), dom); err != nil || st.Mark != 2 || st.Parts != 2 {
			t.Error(st, err)
		}
	})
}

// What is deleted is not in the file any more.
func TestDeletionReachesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "search.db")
	s, err := search.OpenSQLite(t.Context(), path)
	b := &bench{t: t, Index: closed(t, s, err)}
	var docs []search.Doc
	for n := int64(1); n <= 500; n++ {
		docs = append(docs, search.Doc{Number: n, Conv: 7, Text: fmt.Sprintf("usual words of message%d", n)})
	}
	docs[250].Text = "the Zyxwvut affair"
	b.put(docs...)
	b.deepen()
	in := func() (found bool) {
		s.Checkpoint(t.Context())
		for _, name := range []string{path, path + "-wal"} {
			data, err := os.ReadFile(name)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			found = found || strings.Contains(strings.ToLower(string(data)), "zyxwvut") || strings.Contains(string(data), "wvu")
		}
		return found
	}
	if !in() {
		t.Fatal("the word is not in the file before")
	}
	if err := b.Write(t.Context(), search.Batch{Domain: dom, Remove: []int64{251}, Mark: 501}); err != nil {
		t.Fatal(err)
	}
	if in() {
		t.Error("the word is still in the file")
	}
	b.finds("affair")
	b.finds("ffair")
}
