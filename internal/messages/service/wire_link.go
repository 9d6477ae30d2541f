package service

// Message types of the link between a switch and the service.
const (
	MTSession           = "Session"
	MTSessionResult     = "SessionResult"
	MTSessionEnd        = "SessionEnd"
	MTMark              = "Mark"
	MTMarked            = "Marked"
	MTUnread            = "Unread"
	MTReadMembers       = "ReadMembers"
	MTReadMembersInd    = "ReadMembersInd"
	MTReadMembersResult = "ReadMembersResult"
	MTGroupChanged      = "GroupChanged"
	MTMemberChanged     = "MemberChanged"
	MTDeliver           = "Deliver"
	MTResolve           = "Resolve"
	MTResolveResult     = "ResolveResult"
	MTEvent             = "Event"
)

// Asker are the members that the switch adds to what its clients send.
type Asker struct {
	User    string `json:"user,omitempty"`
	Session int64  `json:"session,omitempty"`
}

// Failure are the members of a result that failed (decision 59).
type Failure struct {
	Error     int    `json:"error,omitempty"`
	ErrorText string `json:"errorText,omitempty"`
}

// Failed is Failure where error is documented as true or false.
type Failed struct {
	Error     bool   `json:"error,omitempty"`
	ErrorText string `json:"errorText,omitempty"`
}

// Session begins a session of a person. GUID and Flags are of our extension.
type Session struct {
	Asker
	GUID  string `json:"guid,omitempty" max:"64"`
	DN    string `json:"dn,omitempty" max:"1024"`
	Flags string `json:"flags,omitempty"`
}

// SessionResult says that the session lives.
type SessionResult struct{}

// SessionEnd says that the person has gone.
type SessionEnd struct {
	Session int64 `json:"session"`
}

// Who names a person: the guid is the identity, the others are how it is called.
type Who struct {
	SIP  string `json:"sip"`
	GUID string `json:"guid,omitempty" max:"64"`
	DN   string `json:"dn,omitempty" max:"1024"`
}

// States of a mark.
const (
	StateDelivered = "delivered"
	StateRead      = "read"
)

// Mark says how far a person has a chat. The message is named by its id, or by
// the id of its sender.
type Mark struct {
	User   string `json:"user"`
	GUID   string `json:"guid,omitempty" max:"64"`
	SIP    string `json:"sip,omitempty"` // the partner
	Grp    string `json:"grp,omitempty"`
	ID     int64  `json:"id,omitempty"`
	CID    string `json:"cid,omitempty" max:"64"`
	Author string `json:"author,omitempty"` // in a group, with CID
	State  string `json:"state"`
}

// Marked tells the switch of a mark that has advanced.
type Marked struct {
	User      string `json:"user"`
	GUID      string `json:"guid,omitempty" max:"64"`
	SIP       string `json:"sip,omitempty"`
	Grp       string `json:"grp,omitempty"`
	ID        int64  `json:"id"`
	CID       string `json:"cid,omitempty" max:"64"`
	Author    string `json:"author,omitempty"`
	State     string `json:"state"`
	Timestamp int64  `json:"timestamp"`
}

// Unread is the number of unread messages of a person, in all chats (decision 65). A
// switch that sends it asks for the number.
type Unread struct {
	User   string `json:"user"`
	Unread int64  `json:"unread"`
}

// ReadMembers asks for the members of a group, and from then on for its changes
// as long as the link stands.
type ReadMembers struct {
	Asker
	Grp string `json:"grp" ref:"true"`
}

// ReadMembersInd is one member.
type ReadMembersInd struct {
	ID     int64  `json:"id"`
	Member string `json:"member"`
	GUID   string `json:"guid,omitempty" max:"64"`
	DN     string `json:"dn,omitempty" max:"1024"`
	Admin  bool   `json:"admin,omitempty"`
	Role   string `json:"role,omitempty"`
	Mute   int64  `json:"mute,omitempty"` // until, in ms
}

// ReadMembersResult ends the list.
type ReadMembersResult struct {
	SIP      string `json:"sip,omitempty"`
	DN       string `json:"dn,omitempty" max:"1024"`
	Announce bool   `json:"announce,omitempty"`
	Failure
}

// GroupChanged tells of a group that has changed or is gone.
type GroupChanged struct {
	Grp      string `json:"grp"`
	DN       string `json:"dn,omitempty" max:"1024"`
	Announce bool   `json:"announce,omitempty"`
	Gone     bool   `json:"gone,omitempty"`
}

// MemberChanged tells of a member that has come, changed or gone.
type MemberChanged struct {
	Grp    string `json:"grp"`
	Member string `json:"member"`
	GUID   string `json:"guid,omitempty" max:"64"`
	DN     string `json:"dn,omitempty" max:"1024"`
	Role   string `json:"role,omitempty"`
	Mute   int64  `json:"mute,omitempty"`
	Gone   bool   `json:"gone,omitempty"`
}

// Resolve asks the switch who these names are, of those whom User may see.
type Resolve struct {
	User  string   `json:"user" max:"1024"`
	Names []string `json:"names" many:"1000"`
}

// ResolveResult names those that exist; the others are missing.
type ResolveResult struct {
	People []Who `json:"people" many:"1000"`
}

// MessageType implements appservice.Message.
func (Session) MessageType() string           { return MTSession }
func (SessionResult) MessageType() string     { return MTSessionResult }
func (SessionEnd) MessageType() string        { return MTSessionEnd }
func (Mark) MessageType() string              { return MTMark }
func (Marked) MessageType() string            { return MTMarked }
func (Unread) MessageType() string            { return MTUnread }
func (ReadMembers) MessageType() string       { return MTReadMembers }
func (ReadMembersInd) MessageType() string    { return MTReadMembersInd }
func (ReadMembersResult) MessageType() string { return MTReadMembersResult }
func (GroupChanged) MessageType() string      { return MTGroupChanged }
func (MemberChanged) MessageType() string     { return MTMemberChanged }
func (Resolve) MessageType() string           { return MTResolve }
func (ResolveResult) MessageType() string     { return MTResolveResult }
