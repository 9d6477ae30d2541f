package chaos

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Row is a message as it is read back.
type Row struct {
	ID     int64  // its number
	CID    string // the sender's own id
	Author string
	Text   string
}

// Ledger knows what was written in one chat of two people, and judges what is read
// back. It is safe for use by several goroutines.
type Ledger struct {
	Chat string // for people who read of a loss

	mu      sync.Mutex // guards the following
	authors map[string]*author
	newest  int64 // number of the newest row that was judged
}

// author is one side of the chat.
type author struct {
	written []written // by number, from 1
	acked   int       // how many are acknowledged
	last    int       // number of the newest message that was read back
}

type written struct {
	id           string
	acked, found bool
	row          int64 // where it was found
}

// NewLedger is a ledger of a chat between two people.
func NewLedger(a, b string) *Ledger {
	return &Ledger{Chat: a + " and " + b, authors: map[string]*author{a: {}, b: {}}}
}

// Write notes the next message of an author, and returns its number and text.
func (l *Ledger) Write(name, id string) (number int, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.authors[name]
	a.written = append(a.written, written{id: id})
	return len(a.written), textOf(name, len(a.written))
}

// textOf is the text of a message: who wrote it, and which it is.
func textOf(name string, number int) string {
	return name + " " + strconv.Itoa(number)
}

func numberOf(text string) (name string, number int, ok bool) {
	name, digits, ok := strings.Cut(text, " ")
	if !ok {
		return "", 0, false
	}
	number, err := strconv.Atoi(digits)
	return name, number, err == nil
}

// Acknowledge notes that a message is acknowledged. A second time changes nothing.
func (l *Ledger) Acknowledge(name string, number int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.authors[name]
	if w := &a.written[number-1]; !w.acked {
		w.acked = true
		a.acked++
	}
}

// Acknowledged is how many messages are acknowledged.
func (l *Ledger) Acknowledged() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, a := range l.authors {
		n += a.acked
	}
	return n
}

// Newest is the number of the newest row that Found has judged.
func (l *Ledger) Newest() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.newest
}

// Found judges rows that are newer than all before, the oldest first: what is
// wrong with them, one sentence each.
func (l *Ledger) Found(rows []Row) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var wrong []string
	for _, r := range rows {
		if r.ID <= l.newest {
			wrong = append(wrong, fmt.Sprintf("%s: row %d comes after row %d", l.Chat, r.ID, l.newest))
		}
		l.newest = max(l.newest, r.ID)
		if fault := l.judge(r); fault != "" {
			wrong = append(wrong, l.Chat+": "+fault)
		}
	}
	return wrong
}

// judge needs the mutex.
func (l *Ledger) judge(r Row) string {
	name, number, ok := numberOf(r.Text)
	a := l.authors[name]
	switch {
	case !ok || a == nil || number < 1 || number > len(a.written):
		return fmt.Sprintf("row %d was written by nobody: %q", r.ID, r.Text)
	case r.Author != name:
		return fmt.Sprintf("row %d, %q, is said to be of %s", r.ID, r.Text, r.Author)
	}
	w := &a.written[number-1]
	if w.id != r.CID {
		return fmt.Sprintf("row %d, %q, has the id %q, not %q", r.ID, r.Text, r.CID, w.id)
	}
	if w.found {
		return fmt.Sprintf("%q is there twice, as %d and %d", r.Text, w.row, r.ID)
	}
	w.found, w.row = true, r.ID
	if number < a.last {
		return fmt.Sprintf("%q comes after %q", r.Text, textOf(name, a.last))
	}
	a.last = number
	return ""
}

// Missing lists what is acknowledged and was not found.
func (l *Ledger) Missing() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []string
	for name, a := range l.authors {
		for i, w := range a.written {
			if w.acked && !w.found {
				list = append(list, fmt.Sprintf("%s: %q, %s, is missing", l.Chat, textOf(name, i+1), w.id))
			}
		}
	}
	slices.Sort(list)
	return list
}

// Forget forgets what was found, so that everything can be read once more.
func (l *Ledger) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.newest = 0
	for _, a := range l.authors {
		a.last = 0
		for i := range a.written {
			a.written[i].found = false
		}
	}
}
