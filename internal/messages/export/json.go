package export

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tandem-switch/tandem/internal/messages"
)

// person is somebody in the JSON of an export.
type person struct {
	SIP  string `json:"sip"`
	Name string `json:"name,omitempty"`
	GUID string `json:"guid,omitempty"`
}

// message is a message in the JSON of an export. Text is HTML, sanitised as it
// was stored; Mime and Data are the original where it was something else.
type message struct {
	ID        int64           `json:"id"`
	Author    person          `json:"author"`
	Time      time.Time       `json:"time"`
	Command   bool            `json:"command,omitempty"`
	Mime      string          `json:"mime,omitempty"`
	Text      string          `json:"text"`
	Data      string          `json:"data,omitempty"`
	Alt       string          `json:"alt,omitempty"`
	Ext       json.RawMessage `json:"ext,omitempty"`
	Reply     int64           `json:"reply,omitempty"`
	Edited    *time.Time      `json:"edited,omitempty"`
	Expires   *time.Time      `json:"expires,omitempty"`
	Pinned    bool            `json:"pinned,omitempty"`
	Files     []file          `json:"files,omitempty"`
	Reactions []reaction      `json:"reactions,omitempty"`
}

// file is one of a message. Path is where it lies, beside messages.json; empty
// where it is not in the archive.
type file struct {
	Name   string `json:"name"`
	Type   string `json:"type,omitempty"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256,omitempty"`
	Path   string `json:"path,omitempty"`
}

type reaction struct {
	Emoji string `json:"emoji"`
	SIP   string `json:"sip"`
}

// json writes messages.json of a chat: one object, with the messages in order,
// one on a line.
func (e *exporter) json(ctx context.Context, b *book, missing map[int64]bool) error {
	entry, err := e.create(b.dir+"messages.json", zip.Deflate, e.r.Now)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(entry)
	head, err := json.Marshal(map[string]string{"domain": e.r.Log.Domain(), "title": b.title, "kind": b.kind})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s,\"messages\":[", head[:len(head)-1])
	b.messages = 0
	err = e.read(ctx, b, func(m *messages.Message) error {
		line, err := json.Marshal(e.message(m, missing))
		if err != nil {
			return err
		}
		separator := ",\n"
		if b.messages == 0 {
			separator = "\n"
		}
		b.messages++
		_, err = w.WriteString(separator + string(line))
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprint(w, "\n]}\n")
	return w.Flush()
}

func (e *exporter) message(m *messages.Message, missing map[int64]bool) message {
	out := message{
		ID: int64(m.ID), Author: person{SIP: m.Author.SIP, Name: m.Author.Name, GUID: m.Author.GUID}, Time: moment(m.Time),
		Command: m.Kind == messages.Command, Mime: m.Mime, Text: m.Text, Data: m.Data, Alt: m.Alt, Reply: int64(m.Reply),
		Edited: maybe(m.Edited), Expires: maybe(m.Expires), Pinned: m.Pinned,
	}
	if json.Valid([]byte(m.Ext)) {
		out.Ext = json.RawMessage(m.Ext)
	}
	for _, f := range shown(m.Files) {
		x := file{Name: f.Name, Type: f.Type, Size: f.Size, SHA256: f.Hash}
		if e.r.Files != nil && !missing[f.ID] {
			x.Path = fileName(f)
		}
		out.Files = append(out.Files, x)
	}
	for _, r := range m.Reactions {
		out.Reactions = append(out.Reactions, reaction{Emoji: r.Emoji, SIP: r.SIP})
	}
	return out
}

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func maybe(ms int64) *time.Time {
	if ms == 0 {
		return nil
	}
	t := moment(ms)
	return &t
}

// chatEntry is a chat in index.json.
type chatEntry struct {
	Title    string `json:"title"`
	Kind     string `json:"kind"`
	Messages int64  `json:"messages"`
	Path     string `json:"path"`
}

// index writes the lists of chats. They come last, for only then the numbers are
// known.
func (e *exporter) index(chats []book) error {
	if e.r.JSON {
		list := make([]chatEntry, 0, len(chats))
		for _, b := range chats {
			list = append(list, chatEntry{Title: b.title, Kind: b.kind, Messages: b.messages, Path: b.dir + "messages.json"})
		}
		w, err := e.create("index.json", zip.Deflate, e.r.Now)
		if err != nil {
			return err
		}
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		if err := enc.Encode(map[string]any{"domain": e.r.Log.Domain(), "exported": e.r.Now.UTC(), "chats": list}); err != nil {
			return err
		}
	}
	if e.r.HTML {
		return e.indexHTML(chats)
	}
	return nil
}
