package signal

// DomainID names a domain (tenant). Ids are given once and never reused.
type DomainID int64

// ObjectID names an object of an installation. Ids are given once and never
// reused: a new object of an old name has a new id.
type ObjectID int64

// Address is where a call comes from or goes to: an object of a domain.
type Address struct {
	Domain DomainID
	Object ObjectID
}

// Kind is what an object is, as far as calls go differently for it.
type Kind uint8

// The kinds of objects.
const (
	User      Kind = iota // a person with all devices
	App                   // a program, perhaps running several times
	HuntGroup             // a number behind which several people or programs answer
	GroupChat             // a group whose texts are stored and go to every member; no object of the directory
)

// Party is an object as its callers and callees see it.
type Party struct {
	Address
	SIP  string // the name on the wire, unique in its domain
	Num  string // the extension, or empty
	Name string // the display name
	Kind Kind
	// MayOverrideCLI is the right to set up calls with a cg of one's own choice
	// (facility cli_override).
	MayOverrideCLI bool
	// Gateway says that the program is the way out to other networks: while it is
	// not registered there is no route to the number.
	Gateway bool
}

// absent is the cause of a call to an object that nobody is registered as.
func (p *Party) absent() Cause {
	if p.Gateway {
		return CauseNoRoute
	}
	return CauseSubscriberAbsent
}

// Target is where a diversion leads: a name, or a number, as the object that
// diverts would call it. The zero value leads nowhere.
type Target struct{ SIP, Num string }

// Handling is what becomes of calls with media to an object.
type Handling struct {
	Always   Target // cfu: instead of it
	Busy     Target // cfb: when it is busy
	NoAnswer Target // cfnr: when nobody answers, or nobody is there
	// DoNotDisturb: calls find the object busy.
	DoNotDisturb bool
}

// Directory answers from memory who is who. The switch asks it for every setup
// and for every text from an inbox.
type Directory interface {
	// Resolve finds the called party: by sip (user part without regard to case,
	// the own domain stripped), else by num. Only objects of the asker's domain
	// are found, and only enabled ones.
	Resolve(asker Address, sip, num string) (Party, bool)
	// Party is the present state of an object; false if it is gone or disabled.
	Party(Address) (Party, bool)
	// Visible tells whether asker may know that target exists.
	Visible(asker, target Address) bool
	// Device tells whether hw is a device of the owner, and whether it may have
	// one registration only.
	Device(owner Address, hw string) (known, single bool)
	// Incomplete tells whether num is the beginning of a longer number.
	Incomplete(asker Address, num string) bool
	// MayCall tells whether the filter of asker lets a call to target pass that is
	// set up by the device hw: num is what was dialled, empty for a call by name.
	MayCall(asker Address, hw string, target Address, num string) bool
	// HuntMembers lists who takes calls to a hunt group at the moment, at most
	// MaxHuntMembers, always in the same order. They are enabled.
	HuntMembers(group Address) []Party
	// Handling is asked for every call with media to the object.
	Handling(Address) Handling
}
