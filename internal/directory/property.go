package directory

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/tandem-switch/tandem/sanitize"
	"github.com/tandem-switch/tandem/signal"
)

// None says, of a Messages or Push object, that there is none, whatever the
// template says.
const None signal.ObjectID = -1

// Properties are what an object has beside names, number and rights
// (appwebsocket.md 5.3). Those that a template may give are marked with a T: an
// empty one is the template's. Its slices must not be changed by the reader.
type Properties struct {
	Location string   `json:"loc,omitempty"`
	Text     string   `json:"text,omitempty"` // a remark for administrators
	Emails   []string `json:"emails,omitempty"`
	Avatar   string   `json:"avatar,omitempty"` // URL of a picture
	// Hide keeps the object out of lists and searches of others; it can be
	// called by who knows the name. T
	Hide     *bool `json:"hide,omitempty"`
	Critical bool  `json:"critical,omitempty"` // administrators are asked before they change it

	Messages signal.ObjectID `json:"messages,omitempty"` // stores the chats; T, and where the switch hosts them that of the domain
	Push     signal.ObjectID `json:"push,omitempty"`     // sends pushes; T
	AppLics  []string        `json:"app_lics,omitempty"` // licences assigned; added to those of T

	Allows  []Allow           `json:"allows,omitempty"`  // who may see what; added to those of T
	Blocked []signal.ObjectID `json:"blocked,omitempty"` // those who see nothing
	Filter  string            `json:"filter,omitempty"`  // name of the domain's filter for calls; T

	Groups     []Membership `json:"groups,omitempty"`
	Diversions []Diversion  `json:"diversions,omitempty"`
	Presence   []Presence   `json:"presence,omitempty"` // as set by the person

	// Group is, of a hunt group, the name of the group whose members it calls.
	Group string `json:"group,omitempty"`
	// Websocket: the switch keeps a connection to the URL of the program.
	Websocket bool `json:"websocket,omitempty"`
}

// Allow says what some people may see of an object: those named Name, those of
// the group Group, or everybody if both are empty.
type Allow struct {
	Name     string `json:"name,omitempty"`
	Group    string `json:"grp,omitempty"`
	Visible  bool   `json:"visible,omitempty"`
	Online   bool   `json:"online,omitempty"`
	Presence bool   `json:"presence,omitempty"`
	OTF      bool   `json:"otf,omitempty"` // on the phone
	Note     bool   `json:"note,omitempty"`
	Dialog   bool   `json:"dialog,omitempty"`
	IDs      bool   `json:"ids,omitempty"` // with whom it speaks
}

// Membership is that of an object in a group.
type Membership struct {
	Name string `json:"name"`
	Mode string `json:"mode,omitempty"` // "" or "active"
	Dyn  string `json:"dyn,omitempty"`  // "", "in" or "out": whether a dynamic member takes part at the moment
}

// Takes tells whether calls to the group go to the member.
func (m Membership) Takes() bool { return m.Dyn != "out" }

// Diversion is where calls to an object go instead.
type Diversion struct {
	Type string `json:"type"` // "cfu" always, "cfb" when busy, "cfnr" when nobody answers
	SIP  string `json:"sip,omitempty"`
	Num  string `json:"num,omitempty"`
}

// Presence is what a person says about being reachable.
type Presence struct {
	Contact  string `json:"c"` // "tel:", "calendar:" ...
	Activity string `json:"a,omitempty"`
	Note     string `json:"n,omitempty"`
}

// The sizes that properties may have.
const (
	maxEmails     = 16
	maxAllows     = 256
	maxBlocked    = 1000
	maxGroups     = 64
	maxDiversions = 16
	maxPresence   = 8
	maxAppLics    = 64
	maxNote       = 512 // bytes
)

// clone is a copy whose slices may be changed.
func (p Properties) clone() Properties {
	p.Emails, p.AppLics = slices.Clone(p.Emails), slices.Clone(p.AppLics)
	p.Allows, p.Blocked = slices.Clone(p.Allows), slices.Clone(p.Blocked)
	p.Groups, p.Diversions, p.Presence = slices.Clone(p.Groups), slices.Clone(p.Diversions), slices.Clone(p.Presence)
	return p
}

// tidyProperties brings the properties of o into their one form and checks the
// rules.
func tidyProperties(o *Object) error {
	p := &o.Properties
	*p = p.clone()
	p.Location, p.Text = sanitize.Text(p.Location, maxText), sanitize.Text(p.Text, maxText)
	if o.Kind == Group && p.Group == "" {
		p.Group = o.SIP
	}
	for _, check := range []func(*Object) error{
		checkCounts, checkKind, tidyEmails, tidyAvatar, tidyLics, tidyAllows, tidyBlocked, tidyGroups, tidyDiversions, tidyPresence,
	} {
		if err := check(o); err != nil {
			return err
		}
	}
	return nil
}

// checkCounts comes first: what follows may compare everything with everything.
func checkCounts(o *Object) error {
	return cmp.Or(
		tooMany(len(o.Emails), maxEmails, "mail addresses"), tooMany(len(o.AppLics), maxAppLics, "licences"),
		tooMany(len(o.Allows), maxAllows, "visibility rules"), tooMany(len(o.Blocked), maxBlocked, "blocked people"),
		tooMany(len(o.Groups), maxGroups, "groups"), tooMany(len(o.Diversions), maxDiversions, "diversions"),
		tooMany(len(o.Presence), maxPresence, "presences"),
	)
}

// checkKind refuses what objects of the kind cannot have.
func checkKind(o *Object) error {
	p := &o.Properties
	switch {
	case p.Group != "" && o.Kind != Group:
		return wrong("group", "Only hunt groups have members.")
	case p.Websocket && !o.Kind.IsProgram():
		return wrong("websocket", "Only programs are connected to.")
	case p.Websocket && o.URL == "" && o.Kind != Messages: // one without URL is hosted by the switch
		return wrong("url", "The switch can only connect to a program with a URL.")
	case o.Kind == Template && o.Template != 0:
		return wrong("template", "A template has no template.")
	case o.Kind == Template && (o.Num != "" || o.Node != ""):
		return wrong("num", "A template has no number.")
	case len(p.Diversions) > 0 && o.Kind != User && o.Kind != Group:
		return wrong("diversions", "Only users and groups divert calls.")
	case p.Messages < None || p.Push < None || o.Template < 0:
		return wrong("messages", "There is no such object.")
	}
	return nil
}

// wrong is a refusal of a value, with the member that has it.
func wrong(field, message string) *Error {
	return &Error{Code: CodeBadValue, Field: field, Message: message}
}

func tidyEmails(o *Object) error {
	for i, mail := range o.Emails {
		mail = strings.TrimSpace(mail)
		user, host, found := strings.Cut(mail, "@")
		if !found || user == "" || host == "" || len(mail) > maxText || !isPrintable(mail) || strings.ContainsAny(mail, " <>,;\"") || strings.Contains(host, "@") {
			return wrong("emails", strconv.Quote(shorten(mail))+" is no mail address.")
		}
		o.Emails[i] = mail
	}
	o.Emails = distinct(o.Emails)
	return nil
}

func tidyAvatar(o *Object) error {
	if err := checkURL(o.Avatar); err != nil {
		return wrong("avatar", "The avatar must be a complete http or https URL.")
	}
	return nil
}

func tidyLics(o *Object) error {
	for _, lic := range o.AppLics {
		if lic == "" || len(lic) > maxName || !isPrintable(lic) {
			return wrong("app_lics", strconv.Quote(shorten(lic))+" is no name of a licence.")
		}
	}
	o.AppLics = distinct(o.AppLics)
	return nil
}

func tidyAllows(o *Object) error {
	for i, a := range o.Allows {
		var err error
		if a.Name != "" {
			a.Name, err = tidyName(a.Name)
		}
		if err == nil && a.Group != "" {
			a.Group, err = tidyName(a.Group)
		}
		if err != nil {
			return wrong("allows", err.Error())
		}
		o.Allows[i] = a
	}
	return nil
}

func tidyBlocked(o *Object) error {
	o.Blocked = distinct(o.Blocked)
	for _, id := range o.Blocked {
		if id <= 0 || id == o.ID {
			return wrong("blocked", "Somebody else of the domain can be blocked, nobody else.")
		}
	}
	return nil
}

func tidyGroups(o *Object) error {
	if o.Group != "" {
		name, err := tidyName(o.Group)
		if err != nil {
			return wrong("group", err.Error())
		}
		o.Group = name
	}
	seen := map[string]bool{}
	for i, g := range o.Groups {
		name, err := tidyName(g.Name)
		switch {
		case err != nil:
			return wrong("groups", err.Error())
		case seen[Fold(name)]:
			return wrong("groups", "The group "+name+" stands there twice.")
		case g.Mode != "" && g.Mode != "active":
			return wrong("groups", strconv.Quote(shorten(g.Mode))+" is no mode of a member: use active, or nothing.")
		case g.Dyn != "" && g.Dyn != "in" && g.Dyn != "out":
			return wrong("groups", strconv.Quote(shorten(g.Dyn))+" is no state of a member: use in, out, or nothing.")
		}
		seen[Fold(name)] = true
		o.Groups[i].Name = name
	}
	return nil
}

func tidyDiversions(o *Object) error {
	for _, d := range o.Diversions {
		if d.Type != "cfu" && d.Type != "cfb" && d.Type != "cfnr" {
			return wrong("diversions", strconv.Quote(shorten(d.Type))+" is no type of a diversion: use cfu, cfb or cfnr.")
		}
		if d.SIP == "" && d.Num == "" {
			return wrong("diversions", "A diversion needs a name or a number to go to.")
		}
		if d.SIP != "" {
			if _, err := tidyName(d.SIP); err != nil {
				return wrong("diversions", err.Error())
			}
		}
		if err := checkNumber(d.Num); err != nil {
			return wrong("diversions", err.Error())
		}
	}
	return nil
}

func tidyPresence(o *Object) error {
	for i, p := range o.Presence {
		p.Note = sanitize.Text(p.Note, maxNote)
		if p.Contact == "" || len(p.Contact) > maxName || !isPrintable(p.Contact) || len(p.Activity) > maxName || !isPrintable(p.Activity) {
			return wrong("presence", "A presence needs a contact and an activity of at most "+strconv.Itoa(maxName)+" bytes.")
		}
		o.Presence[i] = p
	}
	return nil
}

// distinct removes repetitions, in place, and turns an empty list to nil.
func distinct[T comparable](list []T) []T {
	kept := list[:0]
	for _, v := range list {
		if !slices.Contains(kept, v) {
			kept = append(kept, v)
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return kept
}
