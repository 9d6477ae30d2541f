package export

import (
	"archive/zip"
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/tandem-switch/tandem/internal/messages"
)

// Files opens the content of files by the hash that references name. An error
// that is fs.ErrNotExist leaves one file out, and the archive says so.
type Files interface {
	Open(ctx context.Context, hash string) (io.ReadCloser, error)
}

// Request says what to export.
type Request struct {
	Log messages.Log
	// Person sees what is exported; without, everything of Conv is exported, also
	// what was said before or after a member was there: that is for operators.
	Person messages.Ref
	// With or Group: only that chat of Person. Without: all of them.
	With  messages.Ref
	Group messages.ConvID
	// Conv is the conversation where there is no Person.
	Conv messages.ConvID

	JSON, HTML bool  // neither: both
	Files      Files // nil: files are named and left out
	Now        time.Time
}

// Summary says what was exported.
type Summary struct {
	Chats, Messages, Files, Bytes int64
	Missing                       int64 // files whose content is not there
}

// readLot is how many messages are in memory at a time.
const readLot = 100

// pageSize is how many messages one HTML page has.
const pageSize = 500

// Check finds out whether an export can begin: whether the person and the chat
// are there. Write does it too, but may have written by then.
func Check(ctx context.Context, r Request) error {
	_, err := books(ctx, r)
	return err
}

// Write writes a ZIP archive. On an error the archive is left without an end.
func Write(ctx context.Context, w io.Writer, r Request) (Summary, error) {
	if !r.JSON && !r.HTML {
		r.JSON, r.HTML = true, true
	}
	chats, err := books(ctx, r)
	if err != nil {
		return Summary{}, err
	}
	e := &exporter{r: r, zip: zip.NewWriter(w), head: r.Log.Head()}
	for i := range chats {
		if err := e.chat(ctx, i+1, &chats[i]); err != nil {
			return e.sum, fmt.Errorf("export: %w", err)
		}
	}
	if err := e.index(chats); err != nil {
		return e.sum, fmt.Errorf("export: %w", err)
	}
	if err := e.zip.Close(); err != nil {
		return e.sum, fmt.Errorf("export: %w", err)
	}
	return e.sum, nil
}

// book is a chat to be exported.
type book struct {
	who   messages.PersonID // in whose eyes
	chat  messages.Chat
	conv  messages.ConvID // instead, where nobody's eyes count
	title string
	kind  string // "person" or "group", "conversation" without a person

	dir      string // in the archive
	messages int64
	pages    int
}

// books finds the chats.
func books(ctx context.Context, r Request) ([]book, error) {
	if r.Person == (messages.Ref{}) {
		return everybodys(ctx, r)
	}
	person, err := r.Log.Person(ctx, r.Person)
	if err != nil {
		return nil, err
	}
	chat := messages.Chat{Group: r.Group}
	if r.With != (messages.Ref{}) {
		with, err := r.Log.Person(ctx, r.With)
		if err != nil {
			return nil, err
		}
		chat.With = with.ID
	}
	if chat != (messages.Chat{}) {
		row, err := r.Log.Chat(ctx, person.ID, chat)
		return []book{bookOf(person.ID, row)}, err
	}
	rows, err := r.Log.Chats(ctx, person.ID, messages.ChatsQuery{})
	var out []book
	for _, row := range rows {
		out = append(out, bookOf(person.ID, row))
	}
	return out, err
}

func bookOf(who messages.PersonID, row messages.ChatRow) book {
	b := book{who: who, chat: row.Chat, kind: "person", title: cmp.Or(row.Peer.Name, row.Peer.SIP)}
	if row.Group != 0 {
		b.kind, b.title = "group", row.Title
	}
	return b
}

// everybodys is a conversation without regard to who may see what.
func everybodys(ctx context.Context, r Request) ([]book, error) {
	if r.Conv == 0 {
		return nil, messages.Errorf(messages.BadParameter, "An export needs a person or a conversation.")
	}
	rows, err := r.Log.Conversations(ctx, r.Conv-1, 1)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 || rows[0].ID != r.Conv {
		return nil, messages.Errorf(messages.NotFound, "There is no such conversation.")
	}
	b := book{conv: r.Conv, kind: "conversation", title: rows[0].Title}
	for _, p := range rows[0].People {
		if b.title != "" {
			b.title += ", "
		}
		b.title += cmp.Or(p.Name, p.SIP)
	}
	return []book{b}, nil
}

// exporter is one export.
type exporter struct {
	r    Request
	zip  *zip.Writer
	head messages.Number // what comes later is not in the export
	sum  Summary
}

// read goes through the messages of a chat, oldest first.
func (e *exporter) read(ctx context.Context, b *book, each func(*messages.Message) error) error {
	// No message has the number 1: the first number of a log is a person's.
	for after := messages.Number(1); ; {
		lot, err := e.lot(ctx, b, after)
		if err != nil {
			return err
		}
		for i := range lot {
			m := &lot[i]
			if m.ID > e.head {
				return nil
			}
			if err := each(m); err != nil {
				return err
			}
			after = m.ID
		}
		if len(lot) < readLot {
			return nil
		}
	}
}

func (e *exporter) lot(ctx context.Context, b *book, after messages.Number) ([]messages.Message, error) {
	page := messages.Page{After: after, Count: readLot}
	if b.conv != 0 {
		return e.r.Log.Conversation(ctx, b.conv, page)
	}
	return e.r.Log.History(ctx, b.who, b.chat, page)
}

// chat writes one chat: its files first, so that the others know which are
// missing.
func (e *exporter) chat(ctx context.Context, number int, b *book) error {
	b.dir = fmt.Sprintf("chats/%04d/", number)
	missing := map[int64]bool{}
	if e.r.Files != nil {
		if err := e.files(ctx, b, missing); err != nil {
			return err
		}
	}
	if e.r.JSON {
		if err := e.json(ctx, b, missing); err != nil {
			return err
		}
	}
	if e.r.HTML {
		if err := e.html(ctx, b, missing); err != nil {
			return err
		}
	}
	e.sum.Chats++
	e.sum.Messages += b.messages
	return nil
}

// create begins an entry of the archive.
func (e *exporter) create(name string, method uint16, modified time.Time) (io.Writer, error) {
	return e.zip.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: modified.UTC()})
}
