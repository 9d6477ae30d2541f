package messages

import "time"

// Times are milliseconds since 1970 UTC; 0 means never or unknown.

// Ref names a person as somebody tells it. The PBX tells guid, sip and name; a
// foreign PBX knows no guid. ID alone is enough for those who are known.
type Ref struct {
	ID   PersonID
	GUID string
	SIP  string
	Name string // display name; empty leaves the known one
}

// Person is somebody, or an object, or a topic, that takes part.
type Person struct {
	ID   PersonID
	GUID string // empty: known by sip alone
	SIP  string // empty: somebody else has that name now
	Name string
}

// ConvKind is the kind of a conversation. The values are stored.
type ConvKind int8

// The kinds.
const (
	PairConv  ConvKind = 1 // of two people
	OwnConv   ConvKind = 2 // of one person's own; the partner is named
	GroupConv ConvKind = 3
	TopicConv ConvKind = 4 // posts of type 0
)

// Chat names a chat of a person: With or Group is set.
type Chat struct {
	With  PersonID
	Group ConvID
}

// MessageKind is the kind of a message. The values are stored.
type MessageKind int8

// The kinds.
const (
	Normal  MessageKind = 0
	Command MessageKind = 1 // for a bot; not counted as unread, not shown as the last message
)

// Message is a message as it is now.
type Message struct {
	ID      Number
	Conv    ConvID
	Kind    MessageKind
	ConvIs  ConvKind
	With    PersonID // in the eyes of the asker; with Tail: the pair's second or the own partner
	Owner   PersonID // of an own conversation; of a pair the first
	N       int64    // ordinal in the conversation, from 1
	Author  Person
	Time    int64
	CID     string // the sender's id
	Mime    string // empty: text/html, which is Text
	Text    string // HTML
	Data    string // as sent, where Mime is not empty
	Ext     string // JSON
	Alt     string
	Reply   Number
	Edited  int64
	Expires int64
	Deleted bool // only in Sync and Tail: nothing but id, conv, author and time is left

	Attaching bool // waits for files, or has waited: see Waits

	Files     []File
	Reactions []Reaction
	Pinned    bool
	Post      *PostInfo // of a post of type 0
}

// AttachTime is for how long a post with Attaching waits for its files at most.
const AttachTime = 10 * time.Minute

// Waits tells whether a post waits for its files at a time: until an Edit ends that,
// or AttachTime after it was written. So long only its author sees it.
func (m *Message) Waits(now int64) bool {
	return m.Attaching && now < m.Time+AttachTime.Milliseconds()
}

// PostInfo is what posts of type 0 have besides.
type PostInfo struct {
	Topic     Person
	Title     string
	Root      Number // the discussion: the first post's id (addsTo)
	Notify    []Person
	Tags      []string
	Replies   int64
	ReplyTime int64 // newest message of the discussion
	Likes     int64
	Liked     bool   // by the asker
	Read      Number // of the discussion, by the asker: up to here
	Unread    int64  // of the discussion, for the asker
}

// File is a file reference of a message: a name for a blob. ID is a number of the
// domain. Of each file of a chat message there are two references, so that their
// URLs differ: one that is the author's (Owner), and one for everybody else
// (Owner 0). Reads give the one of the asker.
type File struct {
	ID       int64 // given by the store
	Message  Number
	Owner    PersonID
	Hash     string // of the blob, hexadecimal
	Name     string
	Type     string
	Size     int64
	Width    int
	Height   int
	Duration int64 // milliseconds
	Thumb    bool
	Created  int64

	// Where the author had it from, in a Post: the transaction sees whether
	// that is still there (package filebuffer). Both 0: not looked at.
	Buffer int64
	From   int64 // a reference that is passed on
}

// Reaction is an emoji of a person.
type Reaction struct {
	Person PersonID
	SIP    string
	Emoji  string
}

// Page asks for a part of a history. At most one of Older, OlderTime and After is
// set.
type Page struct {
	Older     Number // below this message
	OlderTime int64  // before this time
	After     Number // above this message, oldest first
	Count     int
}

// ChatsQuery asks for chats.
type ChatsQuery struct {
	Unread bool  // only chats with unread messages
	Older  int64 // last message before this time
	Count  int   // 0: all, at most 10,000
}

// ChatRow is a chat of a person.
type ChatRow struct {
	Chat
	Peer          Person  // with With
	Title         string  // of a group
	Last          Message // newest message that the person may see; ID 0: none
	Time          int64   // of the last message or the creation
	Unread        int64
	Read          Number // the person's own mark: read up to here
	Delivered     Number
	PeerRead      Number // the partner's marks; in a group the newest of all others
	PeerDelivered Number
	Left          bool // of a group that the person is no member of any more
	Draft         string
}

// MarkRow says how far a person has come with one message.
type MarkRow struct {
	Person    Person
	Delivered int64 // time; 0: not yet
	Read      int64
}

// Draft is what a person has begun to write.
type Draft struct {
	Chat
	Peer Person
	Text string
	Time int64
}

// Role is what somebody may do in a group. The values are stored.
type Role int8

// The roles.
const (
	Banned     Role = -1
	Left       Role = 0 // no member any more
	MemberRole Role = 1
	Admin      Role = 2
	Owner      Role = 3
)

// HistoryRule says what new members see of the time before. The values are stored.
type HistoryRule int8

// The rules.
const (
	HistoryJoined HistoryRule = 0 // nothing
	HistoryAll    HistoryRule = 1
)

// MarksRule says whether the log keeps the mark of each member. Stored.
type MarksRule int8

// The rules.
const (
	MarksAuto MarksRule = 0 // up to MarkedGroup members
	MarksOn   MarksRule = 1
	MarksOff  MarksRule = 2
)

// Group is a group.
type Group struct {
	ID       ConvID
	Title    string
	Announce bool // only admins write
	Open     bool // everybody may join
	History  HistoryRule
	Marks    MarksRule
	Members  int
	Created  int64
	Role     Role // of the asker, in Groups
}

// Member is somebody in a group.
type Member struct {
	Person      Person
	Role        Role
	MutedUntil  int64
	Joined      Number
	VisibleFrom Number // sees messages above this
	LeftAt      Number // 0: is a member; otherwise sees nothing above
}

// MembersQuery asks for members.
type MembersQuery struct {
	After  PersonID
	Count  int // 0: all
	Banned bool
}

// Filter selects posts (section 4.7). The lists are combined with each other by
// Op, and the members of one list too.
type Filter struct {
	Or       bool
	Topics   []string
	Tags     []string
	Authors  []string
	Notifies []string
	Filters  []Filter
}

// PostsQuery asks for posts of type 0.
type PostsQuery struct {
	Filter  Filter
	Visible func(topic string) bool // which topics the asker may read; nil: all
	AddsTo  Number                  // only this discussion
	Liked   bool                    // only what the asker likes
	Older   int64                   // before this time
	Exclude Number                  // not this one
	Count   int
}

// Topic is a sub-topic.
type Topic struct {
	ID   ConvID
	SIP  string
	Name string
}

// BroadcastRow counts the messages of a broadcast.
type BroadcastRow struct {
	ID                    Number
	Author                PersonID
	Key                   string
	Time                  int64
	Total                 int64 // people that it was for
	Sent, Delivered, Read int64
}

// ChangeKind is the kind of a change in the log. The values are stored and travel
// in live events.
type ChangeKind int8

// The kinds. Message, Ref, Person and Data of Change say what they mean.
const (
	Posted       ChangeKind = 1  // Message
	Edited       ChangeKind = 2  // Ref: the message; Message: as it is now; Data: Announced, or nothing
	Deleted      ChangeKind = 3  // Ref: the message; Person: who did it
	Reacted      ChangeKind = 4  // Ref, Person; Data: emoji
	Unreacted    ChangeKind = 5  // Ref, Person; Data: emoji
	Pinned       ChangeKind = 6  // Ref, Person
	Unpinned     ChangeKind = 7  // Ref, Person
	Drafted      ChangeKind = 8  // Data: the text; private
	Delivered    ChangeKind = 9  // Person has got everything up to Ref; Time
	Read         ChangeKind = 10 // Person has read everything up to Ref; Time
	GroupSet     ChangeKind = 11 // made, or settings changed
	GroupGone    ChangeKind = 12
	MemberSet    ChangeKind = 13 // Person; Role; also for leaving and bans
	Expired      ChangeKind = 14 // Ref: the message; ended by its own time
	PurgedRows   ChangeKind = 15 // Tail only. Data: JSON of Purged
	Liked        ChangeKind = 16 // Ref, Person
	Unliked      ChangeKind = 17 // Ref, Person
	PersonErased ChangeKind = 18 // Tail only. Person
	TopicSet     ChangeKind = 19 // Ref: conversation of the topic
	ReadPost     ChangeKind = 20 // Ref: newest post of a discussion that the person has read; private
	FilesDropped ChangeKind = 21 // Tail only. Data: JSON of Purged with Files and the Messages that had them
	Purges       ChangeKind = 22 // Sync only, never stored. Refs: messages of the chat that a rule has deleted
)

// Announced is the Data of the change with which a post that has waited for its files
// is told to others for the first time.
const Announced = "announced"

// Change is one entry of the log, as seen by the asker.
type Change struct {
	N       Number
	Kind    ChangeKind
	Conv    ConvID
	Chat    Chat // in the eyes of the asker; empty for topics and in Tail
	Message *Message
	Ref     Number
	Refs    []Number // of Purges
	Person  Person
	Role    Role
	Time    int64
	Data    string
}

// SyncPage is a part of what was missed. Token goes into the next question. More:
// ask again at once. Reset: the token cannot be answered (another database, too
// old): read everything anew and go on with Token.
type SyncPage struct {
	Changes []Change
	Token   string
	More    bool
	Reset   bool
}

// TailPage is a part of the log. Next is the number to go on with.
type TailPage struct {
	Changes []Change
	Next    Number
	More    bool
	Floor   Number
}

// ConvRow is a conversation.
type ConvRow struct {
	ID       ConvID
	Kind     ConvKind
	People   []Person // the pair; owner and partner; the topic
	Title    string
	Messages int64 // ordinal of the last one
	Time     int64
}

// Purged says what was or would be deleted. Files are the references whose blobs
// may have lost their last one.
type Purged struct {
	Messages []Number `json:"messages,omitempty"`
	Convs    []ConvID `json:"convs,omitempty"` // of Messages, one for each; only in the log, for Sync
	Files    []int64  `json:"files,omitempty"`
	Count    int64    `json:"count,omitempty"` // messages
	FileRefs int64    `json:"file_refs,omitempty"`
	Bytes    int64    `json:"bytes,omitempty"` // of the files
	Held     int64    `json:"held,omitempty"`  // messages that a legal hold keeps
}

// HoldRow is a legal hold on a person or a conversation.
type HoldRow struct {
	Person PersonID
	Conv   ConvID
	Since  int64
	Note   string
}

// Usage counts what a domain holds.
type Usage struct {
	People, Conversations, Messages, Changes, Files int64
	TextBytes, FileBytes                            int64
}
