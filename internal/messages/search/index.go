package search

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// ErrTooLong refuses a query beyond MaxQuery or with more than 32 terms.
var ErrTooLong = errors.New("search: the text to look for is too long")

// ErrTooCostly ends a question that the engine cannot answer in time.
var ErrTooCostly = errors.New("search: too much matches; look for more, or in one chat")

// maxNumber is the highest number of a message (messages.MaxNumber), maxDomain
// the highest number of a domain that was ever in an index: SQLite has both in
// one key.
const (
	numberBits = 44
	maxNumber  = 1<<numberBits - 1
	maxDomain  = 1<<19 - 1
)

// MaxText is the part of a text that is indexed, in bytes.
const MaxText = 64 << 10

// Index holds the words of messages. Both engines implement it and pass one
// suite. All methods may be called by several goroutines; those
// that write wait for each other. A domain is known by its name in lower case.
type Index interface {
	// Write applies a batch and moves the mark of its domain, all or nothing. A
	// batch that was applied already may come again.
	Write(ctx context.Context, b Batch) error
	// Deepen adds the parts of the words of up to limit messages for which these
	// are missing, oldest first, and says how many it did: 0 when nothing is left.
	Deepen(ctx context.Context, domain string, limit int) (int, error)
	// State tells how far a domain is. One that was never written has the zero State.
	State(ctx context.Context, domain string) (State, error)
	// Domains lists the domains that have a State.
	Domains(ctx context.Context) ([]string, error)
	// Find answers a question. It reads at most a bounded number of messages.
	Find(ctx context.Context, a Ask) (Page, error)
	// Reset forgets a domain: its messages and its mark. With many messages it
	// takes long; what it has done stays done when it fails.
	Reset(ctx context.Context, domain string) error
	// Rename lets a domain go on under another name. Where the old name is not
	// in the index, or the new one is, nothing happens.
	Rename(ctx context.Context, from, to string) error
	// Close ends the use of the index. Calls that come later fail.
	Close() error
}

// Doc is a message as it is indexed.
type Doc struct {
	Number int64  // in the log of the domain
	Conv   int64  // where it stands
	Text   string // plain; only the first MaxText bytes count
}

// text is what is kept and indexed: no more than MaxText, and nothing that a
// database refuses.
func (d Doc) text() string {
	t := d.Text
	if len(t) > MaxText {
		end := MaxText
		for end > 0 && !utf8.RuneStart(t[end]) {
			end--
		}
		t = t[:end]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(t, "\uFFFD"), "\x00", " ")
}

// Batch is what one step of a follower writes.
type Batch struct {
	Domain string
	Put    []Doc   // added, or in place of what has that number
	Remove []int64 // numbers; one that is not there is no error
	// Mark is the number in the log up to which the index is complete with this
	// batch, Epoch the life of the log in which that number was given, and Begun
	// the head of the log when the index was begun.
	Mark, Epoch, Begun int64
}

// State is how far the index of a domain is.
type State struct {
	Mark, Epoch, Begun int64 // of the last Batch
	Parts              int64 // messages up to this number are found by parts of words too
	Docs               int64 // messages in the index
}

// Room is a part of a conversation that the asker may read: the messages from
// number From to number To, both included. To 0 has no end.
type Room struct {
	Conv, From, To int64
}

func (r Room) has(number int64) bool { return number >= r.From && (r.To == 0 || number <= r.To) }

// Ask is a question.
type Ask struct {
	Domain string
	Query  Query
	// Rooms are what the asker may read, or what of that is asked for. Nothing
	// outside is found, and nothing is found without.
	Rooms []Room
	// May, if set, is asked for every message within Rooms that has the words. It
	// must be quick.
	May func(conv, number int64) bool
	// Below, if not 0, leaves out the messages with this number and above.
	Below int64
	Count int // 1 to MaxCount; 0 is 50
}

// MaxCount is the highest number of hits of one answer.
const MaxCount = 200

// Hit is a message that was found.
type Hit struct {
	Number, Conv int64
	Highlight    Highlight
}

// Page is an answer: the newest messages first. Next is what Below of the next
// question must be, 0 when nothing is left. A page with less than Count hits and
// a Next has cost what one question may cost; the next goes on from there.
type Page struct {
	Hits []Hit
	Next int64
}

// What one question costs at most.
const (
	maxRead   = 5000 // messages read
	readLot   = 400  // messages read at a time
	maxScopes = 128  // conversations that the engine is told; more are sorted out here
	maxTime   = 5 * time.Second
)

// row is a message that an engine brings.
type row struct {
	number, conv int64
	text         string
}

// plan is a question as the engines take it.
type plan struct {
	domain string
	query  Query
	deep   bool    // by parts of words
	convs  []int64 // nil: any
	below  int64   // exclusive
	floor  int64   // inclusive
	limit  int
}

// byParts reports whether the parts of words lead: there are some, and no term
// that is rarer.
func (p plan) byParts() bool {
	terms := p.query.terms
	return p.deep && slices.ContainsFunc(terms, term.isPart) && !slices.ContainsFunc(terms, term.isStrong)
}

// source reads candidates: all messages of a plan that can match, newest first,
// and perhaps some that do not.
type source interface {
	candidates(ctx context.Context, p plan) ([]row, error)
	State(ctx context.Context, domain string) (State, error)
}

// find is Index.Find over what an engine brings. Messages up to State.Parts are
// looked for by the parts of words, newer ones by the beginnings.
func find(ctx context.Context, s source, a Ask) (Page, error) {
	if a.Query.Empty() || len(a.Rooms) == 0 {
		return Page{}, nil
	}
	limited, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	f := newFinder(a)
	err := f.find(limited, s)
	switch {
	case err == nil:
		return f.page, nil
	case ctx.Err() == nil && limited.Err() != nil:
		return Page{}, ErrTooCostly
	}
	return Page{}, fmt.Errorf("search: %w", err)
}

func (f *finder) find(ctx context.Context, s source) error {
	st, err := s.State(ctx, f.ask.Domain)
	if err != nil {
		return err
	}
	for _, p := range f.plans(st.Parts) {
		if done, err := f.run(ctx, s, p); done || err != nil {
			return err
		}
	}
	return nil
}

// finder fills a page.
type finder struct {
	ask   Ask
	rooms map[int64][]Room
	count int
	reads int
	page  Page
}

func newFinder(a Ask) *finder {
	f := &finder{ask: a, rooms: make(map[int64][]Room, len(a.Rooms)), count: min(a.Count, MaxCount)}
	if f.count <= 0 {
		f.count = 50
	}
	for _, r := range a.Rooms {
		f.rooms[r.Conv] = append(f.rooms[r.Conv], r)
	}
	return f
}

// plans are the two halves of the index.
func (f *finder) plans(parts int64) []plan {
	p := plan{domain: f.ask.Domain, query: f.ask.Query, below: maxNumber + 1}
	if f.ask.Below > 0 {
		p.below = min(p.below, f.ask.Below)
	}
	if len(f.rooms) <= maxScopes {
		for conv := range f.rooms {
			p.convs = append(p.convs, conv)
		}
		slices.Sort(p.convs)
	}
	deep, fresh := p, p
	fresh.floor = parts + 1
	deep.deep, deep.below = true, min(p.below, parts+1)
	return []plan{fresh, deep}
}

// run reads lots until the page is full, the plan has nothing more, or the
// question has cost enough.
func (f *finder) run(ctx context.Context, s source, p plan) (done bool, err error) {
	p.limit = min(f.count+10, readLot) // often enough
	for ; p.below > p.floor; p.limit = readLot {
		rows, err := s.candidates(ctx, p)
		if err != nil {
			return true, err
		}
		for _, r := range rows {
			f.take(r)
			f.reads++
			if len(f.page.Hits) == f.count || f.reads >= maxRead {
				f.page.Next = r.number
				return true, nil
			}
			p.below = r.number
		}
		if len(rows) < p.limit {
			return false, nil
		}
	}
	return false, nil
}

// take adds a message to the page if the asker may read it and it matches.
func (f *finder) take(r row) {
	may := slices.ContainsFunc(f.rooms[r.conv], func(room Room) bool { return room.has(r.number) })
	if !may {
		return
	}
	shown, ok := f.ask.Query.Match(r.text)
	if !ok || f.ask.May != nil && !f.ask.May(r.conv, r.number) {
		return
	}
	f.page.Hits = append(f.page.Hits, Hit{Number: r.number, Conv: r.conv, Highlight: shown})
}

// check refuses what an index cannot hold.
func (b Batch) check() error {
	if b.Domain == "" {
		return errors.New("search: a batch must name its domain")
	}
	for _, d := range b.Put {
		if d.Number < 0 || d.Number > maxNumber {
			return fmt.Errorf("search: message %d is not between 0 and %d", d.Number, int64(maxNumber))
		}
	}
	return nil
}
