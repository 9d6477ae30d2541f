package filebuffer

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net/http"
	"net/url"
	"strconv"
)

// Attacher knows the messages that take further files: it is the service that stores
// them (decision 64).
type Attacher interface {
	// Granted tells whose the files are that are uploaded to a message now, by the
	// session and the key that the client was given for it. It is asked before a
	// byte is taken. ErrNotFound for everything that no grant is for, ErrForbidden
	// and ErrMany for what the author of the message is told.
	Granted(ctx context.Context, g Grant) (Owner, error)
	// Attach makes an uploaded file one of the message, in one transaction, as
	// Index says. The errors are those of Granted, for much may have happened
	// while the file came.
	Attach(ctx context.Context, g Grant, file Attachment) error
}

// Grant is what lets a client upload files to a message.
type Grant struct {
	Domain  string
	Message ID     // the number of the message
	Session uint64 // of PbxMessages
	Key     uint64 // made by NewKey
}

// NewKey is a random key that is not 0 and that every client reads exactly: below
// 2^53.
func NewKey() uint64 {
	for {
		var raw [8]byte
		rand.Read(raw[:])
		if key := binary.BigEndian.Uint64(raw[:]) >> 11; key != 0 {
			return key
		}
	}
}

// AttachURL is where files for a message go: what is left to add is &name=.
func (s *Store) AttachURL(g Grant) string {
	return s.c.Base + "/" + url.PathEscape(g.Domain) + "/" + url.PathEscape(s.c.Instance) + "/" + kindAttach + "/" +
		strconv.FormatInt(int64(g.Message), 10) +
		"?session=" + strconv.FormatUint(g.Session, 10) + "&key=" + strconv.FormatUint(g.Key, 10)
}

// parseGrant reads what AttachURL wrote.
func parseGrant(p place, q url.Values) (Grant, bool) {
	session, ok1 := parseID(q.Get("session"))
	key, ok2 := parseID(q.Get("key"))
	return Grant{Domain: p.domain, Message: p.id, Session: uint64(session), Key: uint64(key)}, ok1 && ok2
}

// attach takes one file for a message that is there. It goes through a buffer whose
// URL nobody knows, so that a file of a message has one way into this package; what
// fails leaves nothing of it.
func (s *Store) attach(w http.ResponseWriter, r *http.Request, p place, q url.Values) error {
	g, ok := parseGrant(p, q)
	if !ok || s.c.Attacher == nil {
		return ErrNotFound
	}
	owner, err := s.c.Attacher.Granted(r.Context(), g)
	if err != nil {
		return err
	}
	if r.Method != http.MethodPost && r.Method != http.MethodPut {
		return errMethod
	}
	_, kept := token()
	now := s.c.Now()
	b := Buffer{
		Owner: owner, Session: g.Session, Name: CleanName(q.Get("name")), Token: kept, Created: now, Ends: now.Add(s.c.UploadWithin),
		keep: Linger,
	}
	if b.ID, err = s.c.Index.Create(r.Context(), b, s.c.Quota); err != nil {
		return err
	}
	err = s.take(w, r, b)
	settled := context.WithoutCancel(r.Context()) // the file is here: the client may leave
	if err == nil {
		err = s.attached(settled, g, b)
	}
	if err != nil {
		gone := s.c.Index.Delete(settled, owner, b.ID)
		if errors.Is(gone, ErrNotFound) {
			gone = nil
		}
		return errors.Join(err, gone)
	}
	s.took(w)
	return nil
}

// attached makes the file of a buffer one of a message.
func (s *Store) attached(ctx context.Context, g Grant, b Buffer) error {
	b, err := s.c.Index.Buffer(ctx, b.Owner.Domain, b.ID, s.c.Now())
	if err != nil {
		return err
	}
	return s.c.Attacher.Attach(ctx, g, Attachment{Buffer: b.ID, Name: b.Name, Hash: b.Hash, Size: b.Size, Info: b.Info})
}
