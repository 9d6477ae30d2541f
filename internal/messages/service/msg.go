package service

import (
	"context"
	"slices"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/internal/messages"
)

// maxSips is how many names stand beside one reaction.
const maxSips = 20

// fits is how long a message may be as JSON, so that the frame around it stays
// below what is ever sent.
const fits = appservice.MaxMessage - 4096

// message is one message, if the session may see it.
func (x *session) message(ctx context.Context, id int64) (messages.Message, error) {
	m, err := x.link.domain.log.Message(ctx, x.person.ID, messages.Number(id))
	if err != nil || m.Post == nil {
		return m, err
	}
	r, err := x.rights(ctx)
	if err == nil && !r.sees(m.Post.Topic.SIP) {
		err = notFound("message")
	}
	return m, err
}

// msg is a message as the session gets it: without our extension if it has not
// asked for it (A9).
func (x *session) msg(m *messages.Message) Msg {
	d := x.link.domain
	out := Msg{
		ID: int64(m.ID), Author: d.nameOf(m.Author), DN: m.Author.Name, Text: m.Text, Timestamp: m.Time,
		Attached: x.attached(m.Files),
	}
	if !x.ext {
		return out
	}
	out.CID, out.GUID, out.Reply, out.Edited = m.CID, m.Author.GUID, int64(m.Reply), m.Edited
	out.Mime, out.Data, out.Ext, out.Alt = m.Mime, m.Data, rawOrNil(m.Ext), m.Alt
	out.Deleted, out.Pinned, out.Expires = m.Deleted, m.Pinned, m.Expires
	out.Reactions = x.reactions(m.Reactions)
	if m.Kind == messages.Command {
		out.Kind = kindCommand
	}
	if out.Data != "" && len(out.Text)+len(out.Data)+len(out.Alt) > fits/2 && jsonLength(out.Text)+jsonLength(out.Data)+jsonLength(out.Alt)+len(out.Ext) > fits {
		out.Text = "" // it follows from data or alt
	}
	return out
}

// hidden tells whether there is nothing of a message that the session could show.
func (x *session) hidden(m *messages.Message) bool {
	return !x.ext && (m.Deleted || m.Kind == messages.Command || (m.Text == "" && len(m.Files) == 0))
}

// attached are the files of a message, with links that hold for this session.
func (x *session) attached(files []messages.File) []Attach {
	if len(files) == 0 || x.link.s.config.Files == nil {
		return nil
	}
	mine := messages.PersonID(0)
	if slices.ContainsFunc(files, func(f messages.File) bool { return f.Owner == x.person.ID }) {
		mine = x.person.ID
	}
	out := make([]Attach, 0, len(files))
	for _, f := range files {
		if f.Owner != mine {
			continue // news have the references of both sides
		}
		a := Attach{Name: f.Name, URL: x.mint(f)}
		if x.ext {
			a.ID, a.Size, a.Type, a.Thumb = f.ID, f.Size, f.Type, f.Thumb
			a.Width, a.Height, a.Duration = int64(f.Width), int64(f.Height), f.Duration
		}
		out = append(out, a)
	}
	return out
}

func (x *session) mint(f messages.File) string {
	return x.link.s.config.Files.MintURL(x.link.domain.name, fileRef(f), uint64(x.id))
}

// fileRef is a file as the file buffers know it.
func fileRef(f messages.File) filebuffer.Ref {
	hash, _ := filebuffer.ParseHash(f.Hash)
	return filebuffer.Ref{
		ID: filebuffer.ID(f.ID), Name: f.Name, Hash: hash, Size: f.Size,
		Info: filebuffer.Info{Type: f.Type, Width: f.Width, Height: f.Height, Duration: time.Duration(f.Duration) * time.Millisecond, Thumb: f.Thumb},
	}
}

// reactions counts them by emoji, in the order in which each came first.
func (x *session) reactions(list []messages.Reaction) []Reaction {
	var out []Reaction
	at := map[string]int{}
	for _, r := range list {
		i, known := at[r.Emoji]
		if !known {
			i = len(out)
			at[r.Emoji] = i
			out = append(out, Reaction{Emoji: r.Emoji})
		}
		out[i].Count++
		out[i].Own = out[i].Own || r.Person == x.person.ID
		if len(out[i].Sips) < maxSips {
			out[i].Sips = append(out[i].Sips, r.SIP)
		}
	}
	return out
}
