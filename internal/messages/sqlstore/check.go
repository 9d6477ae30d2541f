package sqlstore

import (
	"strings"
	"unicode/utf8"

	"github.com/tandem-switch/tandem/internal/messages"
)

// valid says whether both engines can hold a text.
func valid(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// check refuses what cannot mean anything or is too large. It runs on the
// caller's goroutine.
func check(op messages.Op) error {
	c := checker{}
	switch op := op.(type) {
	case *messages.Post:
		c.post(op)
	case *messages.Mark:
		c.people(op.By, op.With, op.CIDBy)
		c.text("id", op.CID, messages.MaxCID)
		c.number(op.Up)
		c.is(op.State == messages.DeliveredMark || op.State == messages.ReadMark, "The state of a mark is delivered or read.")
		c.one(op.With != messages.Ref{}, op.Group != 0)
	default:
		c.rare(op)
	}
	if c.err != nil {
		return c.err
	}
	return nil
}

type checker struct{ err *messages.Error }

func (c *checker) is(ok bool, text string) {
	if !ok && c.err == nil {
		c.err = messages.Errorf(messages.BadParameter, "%s", text)
	}
}

func (c *checker) text(what, s string, limit int) {
	if len(s) <= limit && valid(s) || c.err != nil {
		return
	}
	if len(s) > limit {
		c.err = messages.Errorf(messages.BadParameter, "The %s is longer than %d bytes.", what, limit)
		return
	}
	c.err = messages.Errorf(messages.BadParameter, "The %s is not valid text.", what)
}

func (c *checker) people(refs ...messages.Ref) {
	for i := range refs {
		c.text("guid", refs[i].GUID, messages.MaxName)
		c.text("name of an object", refs[i].SIP, messages.MaxName)
		c.text("display name", refs[i].Name, messages.MaxName)
		c.is(refs[i].ID >= 0 && refs[i].ID <= messages.MaxNumber, "This is no id of a person.")
	}
}

func (c *checker) number(n messages.Number) {
	c.is(n >= 0 && n <= messages.MaxNumber, "This is no number of the log.")
}

func (c *checker) conv(id messages.ConvID) {
	c.is(id >= 0 && id <= messages.MaxNumber, "This is no id of a conversation.")
}

// one says that exactly one of several things must be given.
func (c *checker) one(given ...bool) {
	n := 0
	for _, g := range given {
		if g {
			n++
		}
	}
	c.is(n == 1, "Exactly one place must be named.")
}

func (c *checker) body(mime, text, data, ext, alt string) {
	c.text("type", mime, messages.MaxName)
	c.text("text", text, messages.MaxBody)
	c.text("data", data, messages.MaxBody)
	c.text("alternative", alt, messages.MaxBody)
	c.text("extension", ext, messages.MaxExt)
}

func (c *checker) tags(tags []string, notify []messages.Ref) {
	c.is(len(tags) <= messages.MaxTags, "There are too many tags.")
	c.is(len(notify) <= messages.MaxNotify, "Too many people are to be notified.")
	for _, t := range tags {
		c.text("tag", t, messages.MaxName)
	}
	c.people(notify...)
}

func (c *checker) post(op *messages.Post) {
	c.people(op.Author, op.To, op.Owner)
	c.one(op.To != messages.Ref{}, op.Group != 0, op.Topic != "")
	c.conv(op.Group)
	c.text("topic", op.Topic, messages.MaxName)
	c.text("id", op.CID, messages.MaxCID)
	c.text("title", op.Title, messages.MaxName)
	c.body(op.Mime, op.Text, op.Data, op.Ext, op.Alt)
	c.tags(op.Tags, op.Notify)
	c.number(op.Reply)
	c.number(op.Broadcast)
	c.is(op.Time >= 0 && op.Expires >= 0, "A time is not negative.")
	c.is(op.Kind == messages.Normal || op.Kind == messages.Command, "There is no such kind of message.")
	c.is(!op.Attaching || op.Topic != "", "Only a post waits for files.")
	c.files(op.Files)
}

func (c *checker) files(files []messages.File) {
	c.is(len(files) <= messages.MaxFiles, "There are too many files.")
	for i := range files {
		f := &files[i]
		c.text("hash", f.Hash, messages.MaxName)
		c.text("file name", f.Name, messages.MaxName)
		c.text("file type", f.Type, messages.MaxName)
	}
}

// rare checks what does not come often.
func (c *checker) rare(op messages.Op) {
	switch op := op.(type) {
	case *messages.Attach:
		c.people(op.By)
		c.number(op.ID)
		c.is(len(op.Files) > 0, "There is no file.")
		c.files(op.Files)
	case *messages.Edit:
		c.people(op.By)
		c.number(op.ID)
		c.body(op.Mime, op.Text, op.Data, op.Ext, op.Alt)
		c.tags(op.Tags, op.Notify)
	case *messages.Delete:
		c.people(op.By)
		c.number(op.ID)
	case *messages.React:
		c.people(op.By)
		c.number(op.ID)
		c.text("reaction", op.Emoji, messages.MaxEmoji)
		c.is(op.Emoji != "", "A reaction needs an emoji.")
	case *messages.Pin:
		c.people(op.By)
		c.number(op.ID)
	case *messages.ReadPosts:
		c.people(op.By)
		c.number(op.ID)
	case *messages.Like:
		c.people(op.By)
		c.number(op.ID)
	case *messages.SetDraft:
		c.people(op.By, op.To)
		c.text("draft", op.Text, messages.MaxDraft)
		c.one(op.To != messages.Ref{}, op.Group != 0)
		c.conv(op.Group)
	default:
		c.admin(op)
	}
}

// admin checks groups, topics and administration.
func (c *checker) admin(op messages.Op) {
	switch op := op.(type) {
	case *messages.Intern:
		c.is(len(op.People) <= messages.MaxMembers, "There are too many people.")
		c.people(op.People...)
	case *messages.MakeGroup:
		c.people(op.By)
		c.people(op.Members...)
		c.text("title", op.Title, messages.MaxName)
		c.is(len(op.Members) < messages.MaxMembers, "There are too many members.")
	case *messages.SetGroup:
		c.people(op.By)
		c.conv(op.ID)
		if op.Title != nil {
			c.text("title", *op.Title, messages.MaxName)
		}
	case *messages.DropGroup:
		c.people(op.By)
		c.conv(op.ID)
	case *messages.SetMember:
		c.people(op.By, op.Member)
		c.conv(op.Group)
		c.is(op.Act >= messages.Join && op.Act <= messages.Grant, "There is no such act.")
		c.is(op.Role >= 0 && op.Role <= messages.Owner, "There is no such role.")
	case *messages.SetTopic:
		c.people(op.By)
		c.conv(op.ID)
		c.text("topic", op.SIP, messages.MaxName)
		c.text("name", op.Name, messages.MaxName)
	case *messages.MakeBroadcast:
		c.people(op.By)
		c.text("key", op.Key, messages.MaxName)
		c.is(op.Key != "" && op.Total >= 0, "A broadcast needs a key.")
	case *messages.Purge:
		c.conv(op.Conv)
		c.number(op.After)
		c.number(op.Log)
		c.one(op.Before != 0, op.Expired != 0, op.Log != 0)
	case *messages.SetHold:
		c.people(op.Person)
		c.conv(op.Conv)
		c.text("note", op.Note, messages.MaxName)
		c.one(op.Person != messages.Ref{}, op.Conv != 0)
	case *messages.Erase:
		c.people(op.Person)
	case *messages.Flush:
	default:
		c.is(false, "There is no such operation.")
	}
}
