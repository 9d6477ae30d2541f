package service

import (
	"context"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/sanitize"
)

// grant is what lets a client upload files to one of its messages (decision 64). It
// lives in its session and ends with it.
type grant struct {
	key  uint64
	ends time.Time
}

// allow lets the client upload files to a message from now on. Who asks again has the
// same key for longer, so that nothing is cut off that runs.
func (x *session) allow(id messages.Number) AttachKey {
	files := x.link.s.config.Files
	if files == nil {
		return AttachKey{}
	}
	g := filebuffer.Grant{Domain: x.link.domain.name, Message: filebuffer.ID(id), Session: uint64(x.id), Key: x.keyOf(int64(id))}
	out := AttachKey{Session: x.id, Key: int64(g.Key)}
	if x.ext {
		out.URL = files.AttachURL(g)
	}
	return out
}

// keyOf is the key of a message, made where there is none that holds.
func (x *session) keyOf(id int64) uint64 {
	now := x.link.s.config.Clock.Now()
	x.mu.Lock()
	defer x.mu.Unlock()
	have := x.grants[id]
	if !now.Before(have.ends) {
		have.key = filebuffer.NewKey()
	}
	have.ends = now.Add(attachTime)
	if x.grants == nil {
		x.grants = map[int64]grant{}
	}
	x.grants[id] = have
	if len(x.grants) > maxGrants {
		x.dropGrant()
	}
	return have.key
}

// dropGrant forgets the grant that ends first. The caller holds mu.
func (x *session) dropGrant() {
	first, found := int64(0), false
	for id, g := range x.grants {
		if !found || g.ends.Before(x.grants[first].ends) {
			first, found = id, true
		}
	}
	delete(x.grants, first)
}

// holds tells whether a key is that of a message now. It takes the same time for
// whatever is given.
func (x *session) holds(id int64, key uint64) bool {
	now := x.link.s.config.Clock.Now()
	x.mu.Lock()
	have := x.grants[id]
	x.mu.Unlock()
	var want, given [8]byte
	binary.BigEndian.PutUint64(want[:], have.key)
	binary.BigEndian.PutUint64(given[:], key)
	return subtle.ConstantTimeCompare(want[:], given[:]) == 1 && have.key != 0 && now.Before(have.ends)
}

var _ filebuffer.Attacher = (*Service)(nil)

// Granted implements filebuffer.Attacher.
func (s *Service) Granted(ctx context.Context, g filebuffer.Grant) (filebuffer.Owner, error) {
	x := s.session(g.Domain, int64(g.Session))
	if x == nil || !x.holds(int64(g.Message), g.Key) {
		return filebuffer.Owner{}, filebuffer.ErrNotFound
	}
	m, err := x.mayAttach(ctx, int64(g.Message))
	if err == nil && len(m.Files) >= maxAttached {
		err = filebuffer.ErrMany
	}
	return x.owner(), toFiles(err)
}

// Attach implements filebuffer.Attacher. What the key has allowed holds to the end of
// the upload; everything else is looked at again.
func (s *Service) Attach(ctx context.Context, g filebuffer.Grant, file filebuffer.Attachment) error {
	x := s.session(g.Domain, int64(g.Session))
	if x == nil {
		return filebuffer.ErrNotFound
	}
	m, err := x.mayAttach(ctx, int64(g.Message))
	if err != nil {
		return toFiles(err)
	}
	_, err = x.link.domain.log.Do(ctx, &messages.Attach{By: x.ref(), ID: m.ID, Files: []messages.File{fileOf(file)}, Most: maxAttached})
	return toFiles(err)
}

// mayAttach is a message of the session's person, who may write there now.
func (x *session) mayAttach(ctx context.Context, id int64) (messages.Message, error) {
	m, err := x.message(ctx, id)
	switch {
	case err != nil:
		return m, err
	case m.Author.ID != x.person.ID:
		return m, notFound("message of yours")
	case m.Post != nil:
		return m, x.mayWrite(ctx, m.Post.Topic.SIP)
	case m.ConvIs == messages.GroupConv:
		return m, x.mayWrite(ctx, groupTopic(m.Conv))
	}
	return m, nil
}

// session is one that lives.
func (s *Service) session(domain string, id int64) *session {
	s.mu.Lock()
	d := s.domains[strings.ToLower(domain)]
	s.mu.Unlock()
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.sessions[id]
}

// toFiles turns errors of the domain into those that the file buffers tell.
func toFiles(err error) error {
	switch messages.CodeOf(err) {
	case messages.NotFound:
		return errors.Join(filebuffer.ErrNotFound, err)
	case messages.NotAllowed:
		return errors.Join(filebuffer.ErrForbidden, err)
	case messages.Quota:
		return errors.Join(filebuffer.ErrMany, err)
	case messages.Away:
		return errors.Join(filebuffer.ErrAway, err)
	}
	return err
}

// fileOf is a file as messages have it.
func fileOf(file filebuffer.Attachment) messages.File {
	return messages.File{
		Hash: file.Hash.String(), Name: sanitize.Text(file.Name, maxTitle), Type: file.Info.Type, Size: file.Size,
		Width: file.Info.Width, Height: file.Info.Height, Duration: file.Info.Duration.Milliseconds(), Thumb: file.Info.Thumb,
		Buffer: int64(file.Buffer), From: int64(file.Ref),
	}
}

// wait notes that a post waits for its files. Where too many wait it is announced with
// the next round.
func (d *domain) wait(id messages.Number) {
	until := d.s.config.Clock.Now().Add(messages.AttachTime)
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.waiting) >= maxAttaching {
		until = time.Time{}
	}
	d.waiting[id] = until
}

// announced notes that a post waits no more.
func (d *domain) announced(id messages.Number) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.waiting, id)
}

// announce announces the posts that have waited for long enough.
func (d *domain) announce(ctx context.Context) error {
	now := d.s.config.Clock.Now()
	var due []messages.Number
	d.mu.Lock()
	for id, until := range d.waiting {
		if !until.After(now) {
			due = append(due, id)
		}
	}
	d.mu.Unlock()
	for _, id := range due {
		_, err := d.log.Do(ctx, &messages.Edit{ID: id, KeepText: true})
		if err != nil && messages.CodeOf(err) != messages.NotFound {
			return err // it is tried again
		}
		d.announced(id)
	}
	return nil
}
