package service

// Message types of topics and groups (appwebsocket.md 4.4).
const (
	MTSetFilter         = "SetFilter"
	MTSetFilterResult   = "SetFilterResult"
	MTDiscussion        = "Discussion"
	MTDiscussionResult  = "DiscussionResult"
	MTGetMore           = "GetMore"
	MTGetMoreResult     = "GetMoreResult"
	MTAdd               = "Add"
	MTReadTopics        = "ReadTopics"
	MTTopic             = "Topic"
	MTReadTopicsResult  = "ReadTopicsResult"
	MTWriteTopic        = "WriteTopic"
	MTWriteTopicResult  = "WriteTopicResult"
	MTWriteGroup        = "WriteGroup"
	MTWriteGroupResult  = "WriteGroupResult"
	MTReadGroups        = "ReadGroups"
	MTReadGroupsInd     = "ReadGroupsInd"
	MTReadGroupsResult  = "ReadGroupsResult"
	MTWriteMember       = "WriteMember"
	MTWriteMemberResult = "WriteMemberResult"
)

// Filter says which posts are meant (appwebsocket.md 4.3, 4.7).
type Filter struct {
	Op       string   `json:"op,omitempty"`
	Topics   []string `json:"topics,omitempty" many:"16"`
	Tags     []string `json:"tags,omitempty" max:"64" many:"32"`
	Authors  []string `json:"authors,omitempty" many:"64"`
	Notifies []string `json:"notifies,omitempty" many:"64"`
	Filters  []Filter `json:"filters,omitempty" many:"16"`
}

// SetFilter lists the posts that a filter matches, and tells new ones.
type SetFilter struct {
	Asker
	Count  int64  `json:"count,omitempty"`
	AddsTo int64  `json:"addsTo,omitempty"`
	Liked  bool   `json:"liked,omitempty"`
	Filter Filter `json:"filter,omitzero"`
}

// SetFilterResult ends the first list.
type SetFilterResult struct{ Failure }

// Discussion lists the posts of one discussion, and tells new ones.
type Discussion struct {
	Asker
	Discussion int64 `json:"discussion"`
	Count      int64 `json:"count,omitempty"`
}

// DiscussionResult ends the first list.
type DiscussionResult struct{ Failure }

// GetMore lists older posts of the SetFilter or Discussion with the same src.
type GetMore struct {
	Asker
	Count     int64 `json:"count,omitempty"`
	AddsTo    int64 `json:"addsTo,omitempty"`
	Liked     bool  `json:"liked,omitempty"`
	Read      bool  `json:"read,omitempty"`
	Timestamp int64 `json:"timestamp,omitempty"`
	ID        int64 `json:"id,omitempty"`
}

// GetMoreResult ends the list.
type GetMoreResult struct{ Failure }

// Add is one post.
type Add struct {
	ID         int64    `json:"id"`
	AddsTo     int64    `json:"addsTo"`
	RepliesTo  int64    `json:"repliesTo,omitempty"`
	Author     string   `json:"author"`
	DN         string   `json:"dn,omitempty" max:"1024"`
	Topic      string   `json:"topic"`
	Text       string   `json:"text,omitempty" max:"65535"`
	Timestamp  int64    `json:"timestamp"`
	RTimestamp int64    `json:"rtimestamp,omitempty"`
	Replies    int64    `json:"replies,omitempty"`
	Likes      int64    `json:"likes,omitempty"`
	Like       bool     `json:"like,omitempty"`
	Read       int64    `json:"read,omitempty"`
	Unread     int64    `json:"unread,omitempty"`
	Attached   []Attach `json:"attached,omitempty"`
}

// ReadTopics lists the sub-topics of the asker.
type ReadTopics struct {
	Asker
	ID int64 `json:"id,omitempty"`
}

// Topic is one of them; ID stands where the asker may change it.
type Topic struct {
	ID  int64  `json:"id,omitempty"`
	SIP string `json:"sip"`
	DN  string `json:"dn,omitempty" max:"1024"`
}

// ReadTopicsResult ends the list.
type ReadTopicsResult struct {
	ID int64 `json:"id,omitempty"`
	Failure
}

// WriteTopic makes, renames or deletes a sub-topic.
type WriteTopic struct {
	Asker
	ID  int64  `json:"id,omitempty"`
	SIP string `json:"sip,omitempty"`
	DN  string `json:"dn,omitempty" max:"1024"`
}

// WriteTopicResult answers it.
type WriteTopicResult struct {
	ID int64 `json:"id,omitempty"`
	Failure
}

// WriteGroup makes, renames or deletes a group.
type WriteGroup struct {
	Asker
	ID int64  `json:"id,omitempty"`
	DN string `json:"dn,omitempty" max:"1024"`
}

// WriteGroupResult answers it.
type WriteGroupResult struct {
	ID  int64  `json:"id,omitempty"`
	SIP string `json:"sip,omitempty"`
	Failure
}

// ReadGroups lists the groups of the asker.
type ReadGroups struct{ Asker }

// ReadGroupsInd is one group. The members from Role on are of our extension.
type ReadGroupsInd struct {
	ID  int64  `json:"id"`
	SIP string `json:"sip"`
	DN  string `json:"dn,omitempty" max:"1024"`

	Role     string `json:"role,omitempty"`
	Announce bool   `json:"announce,omitempty"`
	History  string `json:"history,omitempty"`
	Marks    string `json:"marks,omitempty"`
	Open     bool   `json:"open,omitempty"`
	Members  int64  `json:"members,omitempty"`
	Mute     int64  `json:"mute,omitempty"`
}

// ReadGroupsResult ends the list.
type ReadGroupsResult struct{ Failure }

// WriteMember adds, changes or deletes a member of a group.
type WriteMember struct {
	Asker
	ID     int64  `json:"id,omitempty"`
	Grp    string `json:"grp,omitempty" ref:"true"`
	Member string `json:"member,omitempty"`
	Admin  bool   `json:"admin,omitempty"`
}

// WriteMemberResult answers it.
type WriteMemberResult struct {
	ID int64 `json:"id,omitempty"` // of our extension
	Failure
}

// MessageType implements appservice.Message.
func (SetFilter) MessageType() string         { return MTSetFilter }
func (SetFilterResult) MessageType() string   { return MTSetFilterResult }
func (Discussion) MessageType() string        { return MTDiscussion }
func (DiscussionResult) MessageType() string  { return MTDiscussionResult }
func (GetMore) MessageType() string           { return MTGetMore }
func (GetMoreResult) MessageType() string     { return MTGetMoreResult }
func (Add) MessageType() string               { return MTAdd }
func (ReadTopics) MessageType() string        { return MTReadTopics }
func (Topic) MessageType() string             { return MTTopic }
func (ReadTopicsResult) MessageType() string  { return MTReadTopicsResult }
func (WriteTopic) MessageType() string        { return MTWriteTopic }
func (WriteTopicResult) MessageType() string  { return MTWriteTopicResult }
func (WriteGroup) MessageType() string        { return MTWriteGroup }
func (WriteGroupResult) MessageType() string  { return MTWriteGroupResult }
func (ReadGroups) MessageType() string        { return MTReadGroups }
func (ReadGroupsInd) MessageType() string     { return MTReadGroupsInd }
func (ReadGroupsResult) MessageType() string  { return MTReadGroupsResult }
func (WriteMember) MessageType() string       { return MTWriteMember }
func (WriteMemberResult) MessageType() string { return MTWriteMemberResult }
