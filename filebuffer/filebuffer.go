// Package filebuffer keeps the files of chats: people upload them to temporary
// buffers, messages that are stored refer to them, and whoever may see such a
// message downloads them.
//
// It knows nothing of messages. It is given an Index, which keeps the rows of
// buffers, files and references in the database of the messages, and Blobs,
// which keep the bytes, each content once under its SHA-256. A Store ties the
// two together and serves HTTP; the service that stores messages is its caller.
//
// # The life of a file
//
// Create makes an open buffer and tells its URL. An upload to that URL goes
// through four steps, each of which may be the last one before the power fails:
//
//  1. Index.Begin reserves the size, the bytes are staged (Blobs.Stage).
//  2. Index.Claim notes the hash in the buffer and in a row of files: from now on
//     no collector takes a blob of this hash.
//  3. Staged.Place makes the bytes the blob of their hash.
//  4. Index.Finish makes the buffer ready; only now it can be read or attached.
//
// A file for a message that is stored already goes the same way in one request, whose
// end is the transaction that adds the reference (Attacher).
//
// Whoever stores a message that carries the URL asks Resolve and inserts the
// references in the transaction of the message. The buffer then ends ten minutes
// later; the references have URLs of their own (MintURL), which end within an
// hour and with the session they were made for.
//
// What nothing refers to is collected: Collect dooms the row of a file in a
// transaction that proves that no buffer and no reference names it, deletes the
// blob, and then the row. An upload of the same content meanwhile waits.
//
// A Store is safe for use by several goroutines, and several processes may share
// one Index and one place of blobs.
package filebuffer

import (
	"encoding/hex"
	"errors"
	"time"
)

// ID is the number of a buffer or of a reference, unique in its domain and
// below 2^53. Numbers are no secrets and open nothing.
type ID int64

// Hash is the SHA-256 of a file's content.
type Hash [32]byte

// String is the hash in hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// ParseHash reads what String wrote.
func ParseHash(s string) (h Hash, ok bool) {
	if len(s) != 2*len(h) {
		return h, false
	}
	_, err := hex.Decode(h[:], []byte(s))
	return h, err == nil && h.String() == s
}

// Owner says whose a buffer is. Person is the number by which the index knows
// the person in the domain; it is never given to somebody else.
type Owner struct {
	Domain string
	Person int64
}

// State is what a buffer has come to. The numbers are in databases: never change
// them.
type State int

// The states of a buffer.
const (
	Open    State = 0 // waits for its upload
	Claimed State = 1 // the content is known, its blob may not be there yet
	Ready   State = 2 // can be read and attached
)

// Buffer is a temporary buffer: one upload, one URL.
type Buffer struct {
	ID      ID
	Owner   Owner
	Session uint64 // of PbxMessages that created it; 0 = none
	Name    string // for display only, cleaned by CleanName
	Token   Hash   // SHA-256 of the token of its URL
	State   State
	Size    int64 // of the file when Ready, before that what is reserved for it
	Hash    Hash  // of the content, unless Open
	Info    Info  // when Ready
	Used    bool  // a stored message refers to the content
	Created time.Time
	Ends    time.Time

	keep time.Duration // lives for so long when it is Ready; 0: KeepFor
}

// Info is what was found out about a content.
type Info struct {
	Type     string        // media type by the content, never by a client's claim
	Width    int           // of images and videos, as they are shown; 0 = not known
	Height   int           //
	Duration time.Duration // of audio and video; 0 = not known
	Thumb    bool          // Blobs has a thumbnail
}

// Ref is a reference of a stored message to a content: a permanent file. A
// message that carries a file has several, one for its author and one for the
// others, so that their URLs differ.
type Ref struct {
	ID   ID
	Name string
	Hash Hash
	Size int64
	Info Info
}

// Attachment is what Resolve found behind a URL: what a message is to refer to.
// The row of the reference is made in the transaction of the message; the source
// is named so that the transaction can see whether it is still there.
type Attachment struct {
	Buffer ID // the author's temporary buffer; 0 = none
	Ref    ID // or a reference the author may read; 0 = none
	Name   string
	Hash   Hash
	Size   int64
	Info   Info
}

// Errors that callers tell apart. They come wrapped in a sentence.
var (
	ErrNotFound = errors.New("no such file")                       // unknown, foreign or over: never told apart
	ErrTaken    = errors.New("the buffer has its file already")    // a second upload
	ErrQuota    = errors.New("the quota is used up")               // of the person
	ErrTooLarge = errors.New("the file is too large")              // over the limit per file
	ErrFull     = errors.New("there is no space left for files")   // disk full, or the like
	ErrBusy     = errors.New("the file is being removed, or busy") // try again
	ErrAway     = errors.New("the database cannot be used now")    // try again later
	ErrCut      = errors.New("the upload was cut off")             // fewer bytes than announced
	ErrForeign  = errors.New("the URL leads to another place")     // Resolve: not one of this store

	// Of files for a message that is there.
	ErrForbidden = errors.New("the message may not be changed now")
	ErrMany      = errors.New("the message has as many files as it may have")
)
