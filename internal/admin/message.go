package admin

import "time"

// Domain is a tenant.
type Domain struct {
	Name    string   `json:"name"`
	Hosts   []string `json:"hosts"`
	Default bool     `json:"default"`
}

// ListDomains asks for all domains.
type ListDomains struct{}

// AddDomain makes a domain. The first one becomes the default one.
type AddDomain struct {
	Name    string   `json:"name"`
	Hosts   []string `json:"hosts,omitempty"`
	Default bool     `json:"default,omitempty"`
}

// SetDomain changes what is given. Hosts replaces all host names; Default makes
// the domain the default one instead of the one that was.
type SetDomain struct {
	Name    string    `json:"name"`
	Rename  *string   `json:"rename,omitempty"`
	Hosts   *[]string `json:"hosts,omitempty"`
	Default bool      `json:"default,omitempty"`
}

// RemoveDomain removes a domain in which nobody is left.
type RemoveDomain struct {
	Name string `json:"name"`
}

// User is a person of a domain.
type User struct {
	SIP      string `json:"sip"`
	Domain   string `json:"domain"`
	DN       string `json:"dn"`
	CN       string `json:"cn,omitempty"`
	Num      string `json:"num"`
	GUID     string `json:"guid"`
	Disabled bool   `json:"disabled"`
	// Apps names the app objects that the user may open.
	Apps []string `json:"apps,omitempty"`
	// OverrideCLI is the right to call with an identity of one's own choice.
	OverrideCLI bool `json:"override_cli,omitempty"`
	// SecondFactor: logins with the password are confirmed on another session.
	SecondFactor bool `json:"second_factor"`
}

// ListUsers asks for the users of a domain, of all domains if it is empty.
type ListUsers struct {
	Domain string `json:"domain,omitempty"`
}

// AddUser makes a user; the password has at least 8 characters.
type AddUser struct {
	Name     string `json:"name"`
	DN       string `json:"dn,omitempty"`
	CN       string `json:"cn,omitempty"`
	Num      string `json:"num,omitempty"`
	Password string `json:"password"`

	Apps         []string `json:"apps,omitempty"`
	OverrideCLI  bool     `json:"override_cli,omitempty"`
	SecondFactor bool     `json:"second_factor,omitempty"`
}

// SetUser changes what is given. A new password ends the user's sessions.
type SetUser struct {
	Name     string  `json:"name"`
	Rename   *string `json:"rename,omitempty"`
	DN       *string `json:"dn,omitempty"`
	CN       *string `json:"cn,omitempty"`
	Num      *string `json:"num,omitempty"`
	Password *string `json:"password,omitempty"`
	Disabled *bool   `json:"disabled,omitempty"`

	Apps         *[]string `json:"apps,omitempty"`
	OverrideCLI  *bool     `json:"override_cli,omitempty"`
	SecondFactor *bool     `json:"second_factor,omitempty"`
}

// RemoveUser removes a user; a later one of the same name starts empty.
type RemoveUser struct {
	Name string `json:"name"`
}

// ImportUsers makes the users of a CSV text with the header
// "sip,dn,num,password". A line is taken or refused as a whole; the others do
// not suffer from it.
type ImportUsers struct {
	Domain string `json:"domain,omitempty"`
	CSV    string `json:"csv"`
}

// Imported says what an import has done.
type Imported struct {
	Domain  string        `json:"domain"`
	Added   int           `json:"added"`
	Refused []RefusedLine `json:"refused"`
}

// RefusedLine is a line of an import that made no user.
type RefusedLine struct {
	Line int    `json:"line"` // as counted by an editor
	SIP  string `json:"sip,omitempty"`
	Code Code   `json:"code"`
	Text string `json:"text"`
}

// App is an app object: a program with a login of its own.
type App struct {
	SIP      string   `json:"sip"`
	Domain   string   `json:"domain"`
	DN       string   `json:"dn"`
	CN       string   `json:"cn,omitempty"`
	Num      string   `json:"num,omitempty"`
	GUID     string   `json:"guid"`
	APIs     []string `json:"apis"`
	URL      string   `json:"url,omitempty"`
	Disabled bool     `json:"disabled"`

	OverrideCLI bool `json:"override_cli,omitempty"`
}

// ListApps asks for the app objects of a domain, of all if it is empty.
type ListApps struct {
	Domain string `json:"domain,omitempty"`
}

// AddApp makes an app object. Its password may be anything; without one it can
// be reached but cannot log in.
type AddApp struct {
	Name     string   `json:"name"`
	DN       string   `json:"dn,omitempty"`
	CN       string   `json:"cn,omitempty"`
	Num      string   `json:"num,omitempty"`
	APIs     []string `json:"apis,omitempty"`
	URL      string   `json:"url,omitempty"`
	Password string   `json:"password,omitempty"`

	OverrideCLI bool `json:"override_cli,omitempty"`
}

// SetApp changes what is given. APIs replaces all of them.
type SetApp struct {
	Name     string    `json:"name"`
	Rename   *string   `json:"rename,omitempty"`
	DN       *string   `json:"dn,omitempty"`
	CN       *string   `json:"cn,omitempty"`
	Num      *string   `json:"num,omitempty"`
	APIs     *[]string `json:"apis,omitempty"`
	URL      *string   `json:"url,omitempty"`
	Password *string   `json:"password,omitempty"`
	Disabled *bool     `json:"disabled,omitempty"`

	OverrideCLI *bool `json:"override_cli,omitempty"`
}

// RemoveApp removes an app object.
type RemoveApp struct {
	Name string `json:"name"`
}

// Device is a device of a user, known by its hardware id.
type Device struct {
	HW     string `json:"hw"`
	User   string `json:"user"`
	Domain string `json:"domain"`
	Text   string `json:"text,omitempty"`
	App    string `json:"app,omitempty"`
	Single bool   `json:"single"`
}

// ListDevices asks for the devices of a user, of everybody if it is empty.
type ListDevices struct {
	User   string `json:"user,omitempty"`
	Domain string `json:"domain,omitempty"`
}

// AddDevice makes a device. Single lets one registration live at a time, the
// newest.
type AddDevice struct {
	HW     string `json:"hw"`
	User   string `json:"user"`
	Text   string `json:"text,omitempty"`
	App    string `json:"app,omitempty"`
	Single bool   `json:"single,omitempty"`
}

// RemoveDevice removes a device of a user.
type RemoveDevice struct {
	HW   string `json:"hw"`
	User string `json:"user"`
}

// ListRegistrations asks for the live registrations.
type ListRegistrations struct{}

// Registration is a live registration.
type Registration struct {
	SIP    string    `json:"sip"`
	Domain string    `json:"domain"`
	HW     string    `json:"hw,omitempty"`
	Flags  string    `json:"flags"` // as in Register, joined with |
	Inbox  bool      `json:"inbox"` // its inbox is open
	Conn   string    `json:"connection"`
	Since  time.Time `json:"since"`
}

// ListCalls asks for the live calls and chats.
type ListCalls struct{}

// Call is a live call. A chat has one for each caller, and one for each side on
// whose behalf the switch keeps it.
type Call struct {
	Kind     string    `json:"kind"` // chat, media or other
	Domain   string    `json:"domain"`
	From     string    `json:"from"`
	To       string    `json:"to"`
	Answered bool      `json:"answered"`
	Kept     bool      `json:"kept"`    // by the switch, on behalf of an inbox
	Inboxes  bool      `json:"inboxes"` // a chat between inboxes, which needs no call
	Legs     int       `json:"legs"`
	Texts    uint64    `json:"texts"` // of the chat so far
	Since    time.Time `json:"since"`
}
