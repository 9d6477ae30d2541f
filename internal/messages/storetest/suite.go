// Package storetest says what a messages.Store must do, as tests that every engine
// runs. It is imported by tests only.
package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/messages"
)

// Fresh makes a new, empty database and returns a function that opens it. Every
// call gives another handle on the same database, as another process would have.
type Fresh func(t *testing.T) (open func(clock.Clock) messages.Store)

// Run runs the whole suite.
func Run(t *testing.T, fresh Fresh) {
	tests := []struct {
		name string
		test func(*testing.T, *bench)
	}{
		{"people", testPeople},
		{"a post comes back", testPost},
		{"what cannot be taken is refused", testRefused},
		{"a repeated post", testRepeated},
		{"a repeated post after a restart", testRepeatedRestart},
		{"order and numbers", testOrder},
		{"the clock jumps back", testClock},
		{"a replayed time is kept", testReplayed},
		{"history is paged", testHistory},
		{"an own conversation is merged", testOwn},
		{"a chat with oneself", testSelf},
		{"chats", testChats},
		{"unread", testUnread},
		{"unread is counted anew after a crash", testRecount},
		{"marks", testMarks},
		{"marks by the sender's id", testMarkCID},
		{"the times of marks", testMarkTimes},
		{"commands are not counted", testCommand},
		{"a renamed person keeps everything", testRename},
		{"domains do not touch each other", testDomains},
		{"a domain is renamed", testRenameDomain},
		{"a domain is dropped", testDrop},
		{"two stores on one database", testTwoStores},
		{"tail", testTail},
		{"rooms are what may be read", testRooms},
		{"the life of a log", testEpoch},
		{"rules of retention", testRules},
		{"edit", testEdit},
		{"delete", testDelete},
		{"reactions", testReactions},
		{"pins", testPins},
		{"drafts", testDrafts},
		{"files", testFiles},
		{"files of a message that is there", testAttach},
		{"files of a message in a group", testAttachGroup},
		{"a post that waits for its files", testAttaching},
		{"groups", testGroups},
		{"chats of groups that were left", testLeftChat},
		{"who may do what in a group", testGroupRules},
		{"history of a group", testGroupHistory},
		{"the last ones leave a group", testGroupEnd},
		{"topics and filters", testTopics},
		{"discussions", testDiscussion},
		{"broadcast", testBroadcast},
		{"sync", testSync},
		{"sync in small pages", testSyncPages},
		{"sync of a large group", testSyncLarge},
		{"sync begins anew", testSyncReset},
		{"messages end", testExpires},
		{"purge", testPurge},
		{"purge keeps what is held", testHold},
		{"purge of files", testPurgeFiles},
		{"the log is forgotten", testForget},
		{"erasure", testErase},
		{"purges are told", testPurgeSync},
		{"purges are told in pages", testPurgeSyncPages},
		{"backup", testBackup(fresh)},
		{"a closed store", testClosed},
		{"done comes in order", testDoneOrder},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := &bench{t: t, open: fresh(t), clock: clock.NewManual()}
			b.store = b.handle()
			b.log = b.domain(b.store, "example.com")
			test.test(t, b)
		})
	}
}

// bench is what a test works with.
type bench struct {
	t     *testing.T
	open  func(clock.Clock) messages.Store
	clock *clock.Manual
	store messages.Store
	log   messages.Log
}

// handle opens a store for the length of the test.
func (b *bench) handle() messages.Store {
	s := b.open(b.clock)
	b.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.t.Errorf("close: %v", err)
		}
	})
	return s
}

func (b *bench) domain(s messages.Store, name string) messages.Log {
	b.t.Helper()
	l, err := s.Log(b.t.Context(), name)
	if err != nil {
		b.t.Fatal(err)
	}
	return l
}

// reopen closes the store and opens it again.
func (b *bench) reopen() {
	b.t.Helper()
	if err := b.store.Close(); err != nil {
		b.t.Fatal(err)
	}
	b.store = b.handle()
	b.log = b.domain(b.store, "example.com")
}

func (b *bench) do(op messages.Op) messages.Result {
	b.t.Helper()
	r, err := b.log.Do(b.t.Context(), op)
	if err != nil {
		b.t.Fatalf("%T: %v", op, err)
	}
	return r
}

// refused does an operation that must fail with a code.
func (b *bench) refused(code messages.Code, op messages.Op) {
	b.t.Helper()
	if _, err := b.log.Do(b.t.Context(), op); messages.CodeOf(err) != code {
		b.t.Fatalf("%T: error %v (code %d), want code %d", op, err, messages.CodeOf(err), code)
	}
}

// who names somebody of a made-up directory.
func who(name string) messages.Ref {
	return messages.Ref{GUID: "guid-" + name, SIP: name, Name: "Name of " + name}
}

// id is somebody's number.
func (b *bench) id(name string) messages.PersonID {
	b.t.Helper()
	return b.do(&messages.Intern{People: []messages.Ref{who(name)}}).Members[0].Person.ID
}

// say posts a text in the chat of two.
func (b *bench) say(from, to, text string) messages.Number {
	b.t.Helper()
	return b.do(&messages.Post{Author: who(from), To: who(to), Text: text, CID: fmt.Sprint("cid-", text)}).N
}

func (b *bench) tell(group messages.ConvID, from, text string) messages.Number {
	b.t.Helper()
	return b.do(&messages.Post{Author: who(from), Group: group, Text: text}).N
}

func (b *bench) with(name string) messages.Chat { return messages.Chat{With: b.id(name)} }

// history is the texts of a chat as somebody sees it, newest first.
func (b *bench) history(of string, chat messages.Chat, q messages.Page) (texts []string) {
	b.t.Helper()
	return textsOf(b.page(of, chat, q))
}

func (b *bench) page(of string, chat messages.Chat, q messages.Page) []messages.Message {
	b.t.Helper()
	page, err := b.log.History(b.t.Context(), b.id(of), chat, q)
	if err != nil {
		b.t.Fatal(err)
	}
	return page
}

func textsOf(list []messages.Message) (texts []string) {
	for _, m := range list {
		texts = append(texts, m.Text)
	}
	return texts
}

func (b *bench) chat(of string, chat messages.Chat) messages.ChatRow {
	b.t.Helper()
	row, err := b.log.Chat(b.t.Context(), b.id(of), chat)
	if err != nil {
		b.t.Fatal(err)
	}
	return row
}

func (b *bench) unread(of string) int64 {
	b.t.Helper()
	n, err := b.log.Unread(b.t.Context(), b.id(of))
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

func (b *bench) wantUnread(of string, want int64) {
	b.t.Helper()
	if got := b.unread(of); got != want {
		b.t.Fatalf("unread of %s: %d, want %d", of, got, want)
	}
}

func (b *bench) fold() {
	b.t.Helper()
	b.do(&messages.Flush{})
}

func (b *bench) message(of string, id messages.Number) messages.Message {
	b.t.Helper()
	m, err := b.log.Message(b.t.Context(), b.id(of), id)
	if err != nil {
		b.t.Fatal(err)
	}
	return m
}

func (b *bench) wantCode(err error, code messages.Code) {
	b.t.Helper()
	if messages.CodeOf(err) != code {
		b.t.Fatalf("error %v, want code %d", err, code)
	}
}

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
}

func wantList[T any](t *testing.T, what string, got []T, want ...T) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
}

const hour = time.Hour
