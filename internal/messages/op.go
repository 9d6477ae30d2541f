package messages

import "time"

// Op is an operation on a log: one of the pointer types of this file. It is done
// as a whole or not at all. People are named by Ref; those who are unknown become
// known by it. The one who acts is called By; a By without anything is the system
// itself, which may do everything.
type Op interface{ op() }

// Result is the outcome of an operation.
type Result struct {
	N        Number // the number of the change: of Post the id of the message, of MakeGroup that of the group
	Time     int64  // when it was done; of Post the time of the message
	Conv     ConvID
	By       PersonID
	Repeated bool // Post, MakeBroadcast: it was there already, and this is the first result
	Changed  bool // false: everything was as wished before; no number was given

	With    PersonID // Post to a person: the receiver
	Unread  int64    // Mark: what is left unread in the chat
	Moves   []Move   // Mark: what it moved
	Members []Member // SetMember and MakeGroup: rows as they are now (also who became admin by it)
	Gone    bool     // SetMember: the last member has left, and the group with it
	Message *Message // Attach, Edit, Delete, React, Pin: the message as it is now
	Purged  *Purged  // Purge, Erase
	More    bool     // Purge, Erase: there is more to do, submit it again
	Root    Number   // Post of type 0: the discussion
}

// Move is a mark that moved. Message is the newest message that it covers.
type Move struct {
	Conv    ConvID
	Author  PersonID // of that message
	CID     string   // of that message
	Message Number
	State   MarkState
	Newest  bool // nobody else of the conversation was as far
}

// Intern makes people known or brings their names up to date: guid decides. A
// person that is renamed keeps everything; the same sip with another guid takes
// the name away from the one that had it. Without guid the sip is the key; a
// person known by sip alone takes the first guid that comes with it. The ids come
// in Result.Members, in the order of People.
type Intern struct{ People []Ref }

// Post stores a message. Exactly one of To, Group and Topic says where.
type Post struct {
	Author Ref
	To     Ref    // a chat of two
	Own    bool   // with To: only OwnerIs may see it
	Owner  Ref    // with Own: the author or To
	Group  ConvID // the author must be a member, not muted, and with Announce an admin
	Topic  string // sip of a topic: a post of type 0
	CID    string // key against duplicates with the author; empty: none
	Time   int64  // 0: now. Given: kept, but never below the last of the conversation plus 1 ms
	Kind   MessageKind

	Mime, Text, Data, Ext, Alt string
	Reply                      Number // must be a message of the same chat; otherwise it is dropped
	Expires                    int64
	Files                      []File // Message is set by the store
	Broadcast                  Number // it belongs to this broadcast

	// Of a post of type 0.
	Title     string
	Notify    []Ref
	Tags      []string
	Attaching bool // files will follow: see Message.Waits
}

// Windows say for how long after its time a message may be changed: by its
// author, and by admins of the group. 0: always; below 0: never.
type Windows struct{ Author, Admin time.Duration }

// Attach adds files to a message that is there. Only its author may, where the author
// may write now. It tells the change as Edited, and the message does not count as
// edited by it.
type Attach struct {
	By    Ref
	ID    Number
	Files []File
	Most  int // files that the message may have with these; 0: MaxFiles
}

// Edit replaces the text of a message. Only its author may.
type Edit struct {
	By      Ref
	ID      Number
	Windows Windows

	Mime, Text, Data, Ext, Alt string
	KeepText                   bool // the texts stay as they are: for tags alone, or to end Attaching

	Attaching    bool // a message that waits for files goes on to wait
	SetTags      bool // of a post of type 0: Tags and Notify count
	Tags         []string
	Notify       []Ref
	TopicAllowed bool // By may also be somebody else (the owner of the topic)
}

// Delete deletes a message for all. Its author may, admins of the group, and the
// owner of a topic (TopicAllowed).
type Delete struct {
	By           Ref
	ID           Number
	Windows      Windows
	TopicAllowed bool
}

// React sets or takes back a reaction.
type React struct {
	By    Ref
	ID    Number
	Emoji string
	On    bool
}

// Pin pins a message for all of the chat; in a group admins may.
type Pin struct {
	By Ref
	ID Number
	On bool
}

// SetDraft keeps what a person has begun to write; an empty text ends it.
type SetDraft struct {
	By    Ref
	To    Ref
	Group ConvID
	Text  string
}

// MarkState is how far a message has come with a person. The values are stored.
type MarkState int8

// The states. Read includes delivered.
const (
	DeliveredMark MarkState = 1
	ReadMark      MarkState = 2
)

// Mark says that a person has got or read everything of a chat up to a message.
// It is folded: done is called when reads see it, the commit follows within Fold.
// Marks only go forward; own messages are never marked by their author.
type Mark struct {
	By    Ref
	With  Ref // the partner
	Group ConvID
	Up    Number // 0 with an empty CID: all there is
	CID   string // or the message that With (in a group: CIDBy) sent under this id
	CIDBy Ref
	State MarkState
	Time  int64 // 0: now
}

// ReadPosts says that a person has read a discussion up to a post.
type ReadPosts struct {
	By Ref
	ID Number
}

// Like likes a post.
type Like struct {
	By Ref
	ID Number
	On bool
}

// MakeGroup makes a group; By becomes its owner.
type MakeGroup struct {
	By       Ref
	Title    string
	Announce bool
	Open     bool
	History  HistoryRule
	Marks    MarksRule
	Members  []Ref
}

// SetGroup changes settings; admins may. nil leaves one as it is.
type SetGroup struct {
	By       Ref
	ID       ConvID
	Title    *string
	Announce *bool
	Open     *bool
	History  *HistoryRule
	Marks    *MarksRule
}

// DropGroup deletes a group; its owner may, or any admin where none is there. The
// members keep what they have read; nobody writes any more.
type DropGroup struct {
	By Ref
	ID ConvID
}

// Act is what is done to a member.
type Act int8

// The acts. Whoever acts on somebody else must have the higher role, except that
// admins may make and unmake admins.
const (
	Join  Act = 1 // By itself, into an open group
	Add   Act = 2 // by an admin; Role may be given
	Leave Act = 3 // By itself: the last admin gone, the oldest member becomes admin; the last member gone, the group goes
	Kick  Act = 4 // by an admin
	Ban   Act = 5 // by an admin; also of those who are no members
	Unban Act = 6 // by an admin; the person may then join again
	Mute  Act = 7 // by an admin, until Until (0: not any more)
	Grant Act = 8 // a role, by an admin; Owner by an owner, who becomes admin
)

// SetMember changes one member of a group.
type SetMember struct {
	By     Ref
	Group  ConvID
	Member Ref // with Join and Leave: By
	Act    Act
	Role   Role
	Until  int64
}

// SetTopic makes a topic, renames it, or (Gone) deletes it with its posts.
type SetTopic struct {
	By   Ref
	ID   ConvID // 0: the one of SIP
	SIP  string
	Name string
	Gone bool
}

// MakeBroadcast begins a broadcast; the same key of the same author gives the
// first one, Repeated. The messages follow as Posts with Broadcast and a CID
// made of key and receiver, so that repeating sends nothing twice.
type MakeBroadcast struct {
	By    Ref
	Key   string
	Total int64
}

// Purge deletes up to PurgeBatch messages that a rule names, with their files,
// reactions and texts, unless a legal hold keeps them; Result.More says that
// there is more. The deletion is in the log (PurgedRows), for the search index
// and the file collector.
type Purge struct {
	Before  int64      // stored before this time
	Conv    ConvID     // only this conversation
	Kinds   []ConvKind // only conversations of these kinds; empty: all
	Except  []ConvID   // conversations with rules of their own
	Expired int64      // instead: messages whose own time was over at this time
	Files   bool       // only file references, not the messages
	After   Number     // go on behind this message: Result.N of the last batch
	Log     Number     // instead: forget log entries up to this number (raises the floor; tokens below are reset)
}

// SetHold sets or ends a legal hold on a person (everything that person wrote or
// may read in chats) or a conversation.
type SetHold struct {
	Person Ref
	Conv   ConvID
	On     bool
	Note   string
}

// Erase deletes what a person wrote and the person's own conversations, in
// batches of PurgeBatch, and when Result.More is false also name, guid, marks,
// memberships, reactions and drafts. A legal hold refuses it (NotAllowed).
type Erase struct{ Person Ref }

// Flush writes what was folded. Tests and backups use it.
type Flush struct{}

func (*Intern) op()        {}
func (*Post) op()          {}
func (*Attach) op()        {}
func (*Edit) op()          {}
func (*Delete) op()        {}
func (*React) op()         {}
func (*Pin) op()           {}
func (*SetDraft) op()      {}
func (*Mark) op()          {}
func (*ReadPosts) op()     {}
func (*Like) op()          {}
func (*MakeGroup) op()     {}
func (*SetGroup) op()      {}
func (*DropGroup) op()     {}
func (*SetMember) op()     {}
func (*SetTopic) op()      {}
func (*MakeBroadcast) op() {}
func (*Purge) op()         {}
func (*SetHold) op()       {}
func (*Erase) op()         {}
func (*Flush) op()         {}
