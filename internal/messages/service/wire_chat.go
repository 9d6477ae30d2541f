package service

import "encoding/json"

// Message types of chats and posts (appwebsocket.md 4.4).
const (
	MTPost                   = "Post"
	MTPostResult             = "PostResult"
	MTReadChats              = "ReadChats"
	MTReadChatsInd           = "ReadChatsInd"
	MTReadChatsResult        = "ReadChatsResult"
	MTReadChat               = "ReadChat"
	MTReadChatInd            = "ReadChatInd"
	MTReadChatResult         = "ReadChatResult"
	MTSetRead                = "SetRead"
	MTSetReadResult          = "SetReadResult"
	MTUpdate                 = "Update"
	MTUpdateResult           = "UpdateResult"
	MTDelete                 = "Delete"
	MTDeleteResult           = "DeleteResult"
	MTAttachments            = "Attachments"
	MTAttachmentsResult      = "AttachmentsResult"
	MTCreateFileBuffer       = "CreateFileBuffer"
	MTCreateFileBufferResult = "CreateFileBufferResult"
	MTDeleteFileBuffer       = "DeleteFileBuffer"
	MTDeleteFileBufferResult = "DeleteFileBufferResult"
)

// Types of a post.
const (
	typePost = 0
	typeChat = 1
)

// Body is what a message says. Text is HTML and all that clients of the published
// protocol see; the others are of our extension (A9): Data is the original in
// the format Mime where that is not the text itself.
type Body struct {
	Text string          `json:"text,omitempty" max:"65535"`
	Mime string          `json:"mime,omitempty" max:"127"`
	Data string          `json:"data,omitempty" max:"65535"`
	Ext  json.RawMessage `json:"ext,omitempty" max:"16384"`
	Alt  string          `json:"alt,omitempty" max:"65535"`
}

// Post stores a message. The first members are the published ones, those from
// Topics on come from a switch, or from a client that knows our extension.
type Post struct {
	Asker
	Author    string   `json:"author,omitempty"`
	FilterSrc string   `json:"filterSrc,omitempty"`
	Type      int64    `json:"type,omitempty"`
	RepliesTo int64    `json:"repliesTo,omitempty"`
	Topic     string   `json:"topic,omitempty"`
	Notify    []string `json:"notify,omitempty" many:"64"`
	Tags      []string `json:"tags,omitempty" max:"64" many:"32"`
	Attach    string   `json:"attach,omitempty" max:"8192"`
	Attaching bool     `json:"attaching,omitempty"` // files will follow
	Body

	ID        string   `json:"id,omitempty" max:"64"` // the sender's
	Topics    []string `json:"topics,omitempty" many:"2"`
	Grp       string   `json:"grp,omitempty" ref:"true"`
	People    []Who    `json:"people,omitempty" many:"64"`
	Reply     int64    `json:"reply,omitempty"`
	Kind      string   `json:"kind,omitempty"`
	Expires   int64    `json:"expires,omitempty"`
	Timestamp int64    `json:"timestamp,omitempty"`
}

// AttachKey lets a client upload files to a message (decision 64).
type AttachKey struct {
	Session int64  `json:"session,omitempty"`
	Key     int64  `json:"key,omitempty"`
	URL     string `json:"url,omitempty" max:"8192"` // of our extension: what is left to add is &name=
}

// PostResult says under which number and time the message is stored.
type PostResult struct {
	AttachKey
	ID        int64  `json:"id,omitempty"`
	AddsTo    int64  `json:"addsTo,omitempty"`
	Timestamp int64  `json:"timestamp,omitempty"`
	Repeated  bool   `json:"repeated,omitempty"`
	Error     bool   `json:"error,omitempty"`
	ErrorText string `json:"errorText,omitempty"`
	Cau       int    `json:"cau,omitempty"` // for the sender, Q.850
}

// ReadChats lists the chats of a personal topic.
type ReadChats struct {
	Asker
	Topic  string `json:"topic,omitempty"`
	Unread bool   `json:"unread,omitempty"`
}

// ReadChatsInd is one chat.
type ReadChatsInd struct {
	SIP       string `json:"sip"`
	DN        string `json:"dn,omitempty" max:"1024"`
	Grp       bool   `json:"grp,omitempty"`
	Timestamp int64  `json:"timestamp,omitempty"`
	Unread    int64  `json:"unread,omitempty"`

	// Of our extension.
	GUID          string `json:"guid,omitempty" max:"64"`
	ID            int64  `json:"id,omitempty"`                 // the newest message
	Total         int64  `json:"total,omitempty"`              // unread messages, also where Unread was not asked for
	Read          int64  `json:"read,omitempty"`               // up to which message the asker has read
	PeerRead      int64  `json:"peerRead,omitempty"`           // and the partner; in a group the furthest of the others
	PeerDelivered int64  `json:"peerDelivered,omitempty"`      //
	Author        string `json:"author,omitempty"`             // of the newest message
	Preview       string `json:"preview,omitempty" max:"1024"` // its begin, plain text
	Draft         string `json:"draft,omitempty" max:"65535"`
	Left          bool   `json:"left,omitempty"` // a group of which the asker is no member any more
}

// ReadChatsResult ends the list.
type ReadChatsResult struct{ Failure }

// ReadChat reads one chat, newest first, and clears its unread number.
type ReadChat struct {
	Asker
	Topic string `json:"topic,omitempty"`
	SIP   string `json:"sip,omitempty"`
	Older int64  `json:"older,omitempty"`
	NoInd bool   `json:"noind,omitempty"`
	Count int64  `json:"count,omitempty"`

	// Of our extension.
	Keep  bool  `json:"keep,omitempty"`  // clears nothing
	Below int64 `json:"below,omitempty"` // messages with smaller numbers
	Above int64 `json:"above,omitempty"` // messages with larger numbers, oldest first
}

// ReadChatInd is one message.
type ReadChatInd struct {
	Msg Msg `json:"msg"`
}

// ReadChatResult ends the list.
type ReadChatResult struct {
	More bool `json:"more,omitempty"` // of our extension: there are further ones
	Failure
}

// Msg is a stored message as a session gets it. The members from SIP on are of
// our extension and never sent to a session that has not asked for it.
type Msg struct {
	ID        int64    `json:"id"`
	Author    string   `json:"author"`
	DN        string   `json:"dn,omitempty" max:"1024"`
	Text      string   `json:"text,omitempty" max:"65535"`
	Timestamp int64    `json:"timestamp"`
	Attached  []Attach `json:"attached,omitempty"`

	SIP       string          `json:"sip,omitempty"` // the partner, where the context does not say it
	Grp       string          `json:"grp,omitempty"`
	CID       string          `json:"cid,omitempty" max:"64"` // the sender's id
	GUID      string          `json:"guid,omitempty" max:"64"`
	Kind      string          `json:"kind,omitempty"`
	Mime      string          `json:"mime,omitempty" max:"127"`
	Data      string          `json:"data,omitempty" max:"65535"`
	Ext       json.RawMessage `json:"ext,omitempty" max:"16384"`
	Alt       string          `json:"alt,omitempty" max:"65535"`
	Reply     int64           `json:"reply,omitempty"`
	Edited    int64           `json:"edited,omitempty"`
	Deleted   bool            `json:"deleted,omitempty"`
	Pinned    bool            `json:"pinned,omitempty"`
	Expires   int64           `json:"expires,omitempty"`
	Reactions []Reaction      `json:"reactions,omitempty"`
}

// Attach is a file of a message.
type Attach struct {
	Name string `json:"name" max:"1024"`
	URL  string `json:"url" max:"8192"`

	// Of our extension.
	ID       int64  `json:"id,omitempty"`
	Size     int64  `json:"size,omitempty"`
	Type     string `json:"type,omitempty"`
	Width    int64  `json:"width,omitempty"`
	Height   int64  `json:"height,omitempty"`
	Duration int64  `json:"duration,omitempty"` // ms
	Thumb    bool   `json:"thumb,omitempty"`
}

// Reaction is an emoji and who has given it.
type Reaction struct {
	Emoji string   `json:"emoji"`
	Count int64    `json:"count"`
	Own   bool     `json:"own,omitempty"`
	Sips  []string `json:"sips,omitempty" many:"20"` // the first ones
}

// SetRead says that everything up to a message has been read.
type SetRead struct {
	Asker
	ID int64 `json:"id"`
}

// SetReadResult answers it.
type SetReadResult struct {
	ID int64 `json:"id"`
	Failure
}

// Update changes a message of the asker.
type Update struct {
	Asker
	Author string   `json:"author,omitempty"`
	ID     int64    `json:"id"`
	Notify []string `json:"notify,omitempty" many:"64"`
	Tags   []string `json:"tags,omitempty" max:"64" many:"32"`
	// Attaching says whether files will follow still. With it, and without a text,
	// the text stays.
	Attaching *bool `json:"attaching,omitempty"`
	Body
}

// UpdateResult answers it.
type UpdateResult struct {
	AttachKey
	ID int64 `json:"id,omitempty"` // of our extension
	Failed
}

// Delete removes a message.
type Delete struct {
	Asker
	ID int64 `json:"id"`
}

// DeleteResult answers it.
type DeleteResult struct {
	ID int64 `json:"id,omitempty"` // of our extension
	Failed
}

// Attachments asks for the files of a message.
type Attachments struct {
	Asker
	ID int64 `json:"id"`
}

// AttachmentsResult has them.
type AttachmentsResult struct {
	Files []File `json:"files"`
	Failure
}

// File is a file as Attachments tells it.
type File struct {
	ID   int64  `json:"id"`
	URL  string `json:"url" max:"8192"`
	Name string `json:"name" max:"1024"`
}

// CreateFileBuffer makes room for a file.
type CreateFileBuffer struct {
	Asker
	Name string `json:"name" max:"1024"`
}

// CreateFileBufferResult says where to send it.
type CreateFileBufferResult struct {
	ID  int64  `json:"id,omitempty"`
	URL string `json:"url,omitempty" max:"8192"`
	Failure
}

// DeleteFileBuffer removes a buffer of the asker that no message refers to.
type DeleteFileBuffer struct {
	Asker
	ID int64 `json:"id"`
}

// DeleteFileBufferResult answers it.
type DeleteFileBufferResult struct {
	ID int64 `json:"id"`
	Failure
}

// MessageType implements appservice.Message.
func (Post) MessageType() string                   { return MTPost }
func (PostResult) MessageType() string             { return MTPostResult }
func (ReadChats) MessageType() string              { return MTReadChats }
func (ReadChatsInd) MessageType() string           { return MTReadChatsInd }
func (ReadChatsResult) MessageType() string        { return MTReadChatsResult }
func (ReadChat) MessageType() string               { return MTReadChat }
func (ReadChatInd) MessageType() string            { return MTReadChatInd }
func (ReadChatResult) MessageType() string         { return MTReadChatResult }
func (SetRead) MessageType() string                { return MTSetRead }
func (SetReadResult) MessageType() string          { return MTSetReadResult }
func (Update) MessageType() string                 { return MTUpdate }
func (UpdateResult) MessageType() string           { return MTUpdateResult }
func (Delete) MessageType() string                 { return MTDelete }
func (DeleteResult) MessageType() string           { return MTDeleteResult }
func (Attachments) MessageType() string            { return MTAttachments }
func (AttachmentsResult) MessageType() string      { return MTAttachmentsResult }
func (CreateFileBuffer) MessageType() string       { return MTCreateFileBuffer }
func (CreateFileBufferResult) MessageType() string { return MTCreateFileBufferResult }
func (DeleteFileBuffer) MessageType() string       { return MTDeleteFileBuffer }
func (DeleteFileBufferResult) MessageType() string { return MTDeleteFileBufferResult }
