package service

import "encoding/json"

// Message types of our extension between a client and the service.
const (
	MTSync                = "Sync"
	MTSyncInd             = "SyncInd"
	MTSyncResult          = "SyncResult"
	MTSearch              = "Search"
	MTSearchInd           = "SearchInd"
	MTSearchResult        = "SearchResult"
	MTReadMarks           = "ReadMarks"
	MTReadMarksInd        = "ReadMarksInd"
	MTReadMarksResult     = "ReadMarksResult"
	MTReact               = "React"
	MTReactResult         = "ReactResult"
	MTPin                 = "Pin"
	MTPinResult           = "PinResult"
	MTReadPins            = "ReadPins"
	MTReadPinsInd         = "ReadPinsInd"
	MTReadPinsResult      = "ReadPinsResult"
	MTLike                = "Like"
	MTLikeResult          = "LikeResult"
	MTSetDraft            = "SetDraft"
	MTSetDraftResult      = "SetDraftResult"
	MTSetGroup            = "SetGroup"
	MTSetGroupResult      = "SetGroupResult"
	MTJoin                = "Join"
	MTJoinResult          = "JoinResult"
	MTLeave               = "Leave"
	MTLeaveResult         = "LeaveResult"
	MTInvite              = "Invite"
	MTInviteResult        = "InviteResult"
	MTKick                = "Kick"
	MTKickResult          = "KickResult"
	MTBan                 = "Ban"
	MTBanResult           = "BanResult"
	MTMute                = "Mute"
	MTMuteResult          = "MuteResult"
	MTGrant               = "Grant"
	MTGrantResult         = "GrantResult"
	MTBroadcast           = "Broadcast"
	MTBroadcastResult     = "BroadcastResult"
	MTReadBroadcast       = "ReadBroadcast"
	MTReadBroadcastResult = "ReadBroadcastResult"
)

// Kinds of changes, in Event and SyncInd.
const (
	kindMessage = "message"
	kindEdit    = "edit"
	kindDelete  = "delete"
	kindPurge   = "purge" // Sync alone
	kindReact   = "react"
	kindPin     = "pin"
	kindMark    = "mark"
	kindDraft   = "draft"
	kindGroup   = "group"
	kindMember  = "member"
	kindPost    = "post"
	kindLike    = "like"
	kindLost    = "lost"
)

// Change is one change of what a person sees, told live (Event) or on demand
// (SyncInd). N is its number in the log of the domain.
type Change struct {
	N     int64  `json:"n,omitempty"`
	Kind  string `json:"kind"`
	SIP   string `json:"sip,omitempty"` // the partner
	Grp   string `json:"grp,omitempty"`
	Topic string `json:"topic,omitempty"`

	Msg       *Msg    `json:"msg,omitempty"`  // message, edit, post
	ID        int64   `json:"id,omitempty"`   // the message that is meant
	IDs       []int64 `json:"ids,omitempty"`  // purge: the messages
	User      string  `json:"user,omitempty"` // who did it
	GUID      string  `json:"guid,omitempty" max:"64"`
	DN        string  `json:"dn,omitempty" max:"1024"`
	Emoji     string  `json:"emoji,omitempty"`
	On        bool    `json:"on,omitempty"` // react, pin, like: set, not taken back
	State     string  `json:"state,omitempty"`
	Role      string  `json:"role,omitempty"` // member
	Announce  bool    `json:"announce,omitempty"`
	Gone      bool    `json:"gone,omitempty"` // group, member
	Text      string  `json:"text,omitempty" max:"65535"`
	Timestamp int64   `json:"timestamp,omitempty"`
}

// Event tells a change to a session that has asked for our extension. It is a hint:
// Sync has the truth.
type Event struct{ Change }

// Sync asks for everything that was missed since a token; empty: for a token.
type Sync struct {
	Asker
	Since string `json:"since,omitempty"`
	Count int64  `json:"count,omitempty"`
}

// SyncInd is one change that was missed.
type SyncInd struct{ Change }

// SyncResult ends the page. Since goes into the next Sync.
type SyncResult struct {
	Since string `json:"since,omitempty"`
	More  bool   `json:"more,omitempty"`
	Reset bool   `json:"reset,omitempty"`
	Failure
}

// Search finds messages by their words.
type Search struct {
	Asker
	Topic string `json:"topic,omitempty"`
	SIP   string `json:"sip,omitempty"`
	Text  string `json:"text" max:"256"`
	Older int64  `json:"older,omitempty"`
	Count int64  `json:"count,omitempty"`
}

// SearchInd is one message that was found.
type SearchInd struct {
	SIP       string    `json:"sip,omitempty"`
	Grp       string    `json:"grp,omitempty"`
	Msg       Msg       `json:"msg"`
	Highlight []Stretch `json:"highlight,omitempty"`
	Excerpt   string    `json:"excerpt,omitempty" max:"65535"`
}

// Stretch is a part of an excerpt, in Unicode code points.
type Stretch struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// SearchResult ends the page.
type SearchResult struct {
	More   bool `json:"more,omitempty"`
	Behind bool `json:"behind,omitempty"` // the index has not seen the newest messages yet
	Failure
}

// ReadMarks asks who has got and read a message.
type ReadMarks struct {
	Asker
	ID int64 `json:"id"`
}

// ReadMarksInd is one person; the times are 0 where it has not come so far.
type ReadMarksInd struct {
	SIP       string `json:"sip"`
	GUID      string `json:"guid,omitempty" max:"64"`
	DN        string `json:"dn,omitempty" max:"1024"`
	Delivered int64  `json:"delivered,omitempty"`
	Read      int64  `json:"read,omitempty"`
}

// ReadMarksResult counts them.
type ReadMarksResult struct {
	ID        int64 `json:"id"`
	Delivered int64 `json:"delivered,omitempty"`
	Read      int64 `json:"read,omitempty"`
	Failure
}

// React sets or takes back a reaction.
type React struct {
	Asker
	ID    int64  `json:"id"`
	Emoji string `json:"emoji" max:"64"`
	On    bool   `json:"on,omitempty"`
}

// ReactResult answers it.
type ReactResult struct {
	ID int64 `json:"id"`
	Failure
}

// Pin pins a message, or takes the pin away.
type Pin struct {
	Asker
	ID int64 `json:"id"`
	On bool  `json:"on,omitempty"`
}

// PinResult answers it.
type PinResult struct {
	ID int64 `json:"id"`
	Failure
}

// ReadPins lists the pinned messages of a chat.
type ReadPins struct {
	Asker
	SIP string `json:"sip,omitempty"`
	Grp string `json:"grp,omitempty" ref:"true"`
}

// ReadPinsInd is one of them.
type ReadPinsInd struct {
	Msg Msg `json:"msg"`
}

// ReadPinsResult ends the list.
type ReadPinsResult struct{ Failure }

// Like likes a post of type 0.
type Like struct {
	Asker
	ID int64 `json:"id"`
	On bool  `json:"on,omitempty"`
}

// LikeResult answers it.
type LikeResult struct {
	ID int64 `json:"id"`
	Failure
}

// SetDraft keeps what the asker has begun to write; without text it is forgotten.
type SetDraft struct {
	Asker
	SIP  string `json:"sip,omitempty"`
	Grp  string `json:"grp,omitempty" ref:"true"`
	Text string `json:"text,omitempty" max:"16384"`
}

// SetDraftResult answers it.
type SetDraftResult struct{ Failure }

// SetGroup changes settings of a group; what is missing stays.
type SetGroup struct {
	Asker
	Grp      string  `json:"grp" ref:"true"`
	DN       *string `json:"dn,omitempty" max:"1024"`
	Announce *bool   `json:"announce,omitempty"` // only admins write
	Open     *bool   `json:"open,omitempty"`     // everybody may join
	History  *string `json:"history,omitempty"`  // "joined" or "all"
	Marks    *string `json:"marks,omitempty"`    // "auto", "on" or "off"
}

// SetGroupResult answers it.
type SetGroupResult struct{ Failure }

// Join, Leave, Invite, Kick, Ban, Mute and Grant change a member of a group.
type Join struct {
	Asker
	Grp string `json:"grp" ref:"true"`
}

// JoinResult answers it.
type JoinResult struct{ Failure }

// Leave takes the asker out of a group.
type Leave struct {
	Asker
	Grp string `json:"grp" ref:"true"`
}

// LeaveResult answers it.
type LeaveResult struct{ Failure }

// Invite adds somebody.
type Invite struct {
	Asker
	Grp    string `json:"grp" ref:"true"`
	Member string `json:"member"`
}

// InviteResult answers it.
type InviteResult struct{ Failure }

// Kick takes somebody out.
type Kick struct {
	Asker
	Grp    string `json:"grp" ref:"true"`
	Member string `json:"member"`
}

// KickResult answers it.
type KickResult struct{ Failure }

// Ban takes somebody out for good, or forgives (on false).
type Ban struct {
	Asker
	Grp    string `json:"grp" ref:"true"`
	Member string `json:"member"`
	On     bool   `json:"on,omitempty"`
}

// BanResult answers it.
type BanResult struct{ Failure }

// Mute forbids somebody to write until a time (ms); 0: no more.
type Mute struct {
	Asker
	Grp    string `json:"grp" ref:"true"`
	Member string `json:"member"`
	Until  int64  `json:"until,omitempty"`
}

// MuteResult answers it.
type MuteResult struct{ Failure }

// Grant gives somebody a role: "member", "admin" or "owner".
type Grant struct {
	Asker
	Grp    string `json:"grp" ref:"true"`
	Member string `json:"member"`
	Role   string `json:"role"`
}

// GrantResult answers it.
type GrantResult struct{ Failure }

// Broadcast sends a private message to each of many people. The same key of the
// same author sends nothing twice.
type Broadcast struct {
	Asker
	Key    string   `json:"key" max:"64"`
	To     []string `json:"to,omitempty" many:"10000"`
	Grp    string   `json:"grp,omitempty" ref:"true"` // to the members of a group
	Attach string   `json:"attach,omitempty" max:"8192"`
	Body
}

// Counts says how far the messages of a broadcast have come.
type Counts struct {
	Total     int64 `json:"total"`
	Sent      int64 `json:"sent"`
	Delivered int64 `json:"delivered"`
	Read      int64 `json:"read"`
	Failed    int64 `json:"failed,omitempty"` // of this request
}

// BroadcastResult comes when all messages are stored.
type BroadcastResult struct {
	ID      int64    `json:"id,omitempty"`
	Counts  *Counts  `json:"counts,omitempty"`
	Unknown []string `json:"unknown,omitempty" many:"10000"` // names that nobody has
	Failure
}

// ReadBroadcast asks for the counts.
type ReadBroadcast struct {
	Asker
	ID int64 `json:"id"`
}

// ReadBroadcastResult has them.
type ReadBroadcastResult struct {
	ID     int64   `json:"id"`
	Counts *Counts `json:"counts,omitempty"`
	Failure
}

// Deliver has the switch pass on what is stored already.
type Deliver struct {
	Author     string          `json:"author"`
	AuthorGUID string          `json:"authorGuid,omitempty" max:"64"`
	AuthorDN   string          `json:"authorDn,omitempty" max:"1024"`
	SIP        string          `json:"sip,omitempty"` // the receiver
	GUID       string          `json:"guid,omitempty" max:"64"`
	Grp        string          `json:"grp,omitempty"`
	ID         int64           `json:"id"`
	CID        string          `json:"cid,omitempty" max:"64"`
	Timestamp  int64           `json:"timestamp"`
	Text       string          `json:"text,omitempty" max:"65535"`
	Mime       string          `json:"mime,omitempty" max:"127"`
	Data       string          `json:"data,omitempty" max:"65535"`
	Ext        json.RawMessage `json:"ext,omitempty" max:"16384"`
	Alt        string          `json:"alt,omitempty" max:"65535"`
	Attach     string          `json:"attach,omitempty" max:"8192"`
}

// MessageType implements appservice.Message.
func (Event) MessageType() string               { return MTEvent }
func (Sync) MessageType() string                { return MTSync }
func (SyncInd) MessageType() string             { return MTSyncInd }
func (SyncResult) MessageType() string          { return MTSyncResult }
func (Search) MessageType() string              { return MTSearch }
func (SearchInd) MessageType() string           { return MTSearchInd }
func (SearchResult) MessageType() string        { return MTSearchResult }
func (ReadMarks) MessageType() string           { return MTReadMarks }
func (ReadMarksInd) MessageType() string        { return MTReadMarksInd }
func (ReadMarksResult) MessageType() string     { return MTReadMarksResult }
func (React) MessageType() string               { return MTReact }
func (ReactResult) MessageType() string         { return MTReactResult }
func (Pin) MessageType() string                 { return MTPin }
func (PinResult) MessageType() string           { return MTPinResult }
func (ReadPins) MessageType() string            { return MTReadPins }
func (ReadPinsInd) MessageType() string         { return MTReadPinsInd }
func (ReadPinsResult) MessageType() string      { return MTReadPinsResult }
func (Like) MessageType() string                { return MTLike }
func (LikeResult) MessageType() string          { return MTLikeResult }
func (SetDraft) MessageType() string            { return MTSetDraft }
func (SetDraftResult) MessageType() string      { return MTSetDraftResult }
func (SetGroup) MessageType() string            { return MTSetGroup }
func (SetGroupResult) MessageType() string      { return MTSetGroupResult }
func (Join) MessageType() string                { return MTJoin }
func (JoinResult) MessageType() string          { return MTJoinResult }
func (Leave) MessageType() string               { return MTLeave }
func (LeaveResult) MessageType() string         { return MTLeaveResult }
func (Invite) MessageType() string              { return MTInvite }
func (InviteResult) MessageType() string        { return MTInviteResult }
func (Kick) MessageType() string                { return MTKick }
func (KickResult) MessageType() string          { return MTKickResult }
func (Ban) MessageType() string                 { return MTBan }
func (BanResult) MessageType() string           { return MTBanResult }
func (Mute) MessageType() string                { return MTMute }
func (MuteResult) MessageType() string          { return MTMuteResult }
func (Grant) MessageType() string               { return MTGrant }
func (GrantResult) MessageType() string         { return MTGrantResult }
func (Broadcast) MessageType() string           { return MTBroadcast }
func (BroadcastResult) MessageType() string     { return MTBroadcastResult }
func (ReadBroadcast) MessageType() string       { return MTReadBroadcast }
func (ReadBroadcastResult) MessageType() string { return MTReadBroadcastResult }
func (Deliver) MessageType() string             { return MTDeliver }
