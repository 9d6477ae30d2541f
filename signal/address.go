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
	User Kind = iota // a person with all devices
	App              // a program, perhaps running several times
	HuntGroup        // a number behind which several people or programs answer
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
}
