package directory

import (
	"context"
	"reflect"
	"slices"
	"strconv"

	"github.com/tandem-switch/tandem/sanitize"
	"github.com/tandem-switch/tandem/signal"
)

// Profile is a contact list of a user: the favourites (appwebsocket.md 5.2). Its
// slices must not be changed by the reader.
type Profile struct {
	ID       int64     `json:"id"`
	Name     string    `json:"name,omitempty"`
	Contacts []Contact `json:"contacts,omitempty"`
}

// Contact is somebody in a profile.
type Contact struct {
	ID       int64  `json:"id"`
	SIP      string `json:"sip,omitempty"`
	Num      string `json:"num,omitempty"`
	DN       string `json:"dn,omitempty"`
	Presence bool   `json:"presence,omitempty"`
	Dialog   bool   `json:"dialog,omitempty"`
	Ext      string `json:"ext,omitempty"` // "", "tel" or "sip"
}

// The sizes of profiles.
const (
	maxProfiles = 16
	maxContacts = 512 // in all profiles of a user
)

// Profiles are the profiles of the user, in the order in which they were made.
func (d *Directory) Profiles(a signal.Address) []Profile {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if e := d.mem.object(a); e != nil {
		return e.row.Profiles
	}
	return nil
}

// SetProfiles changes the profiles of the user: edit gets a copy, which it may
// keep, and may be called several times. What does not change costs nothing.
// Refusals: not_found, bad_value, too_many, and the error of edit.
func (d *Directory) SetProfiles(ctx context.Context, owner signal.Address, edit func([]Profile) ([]Profile, error)) error {
	return d.writePersonal(ctx, owner, func(row *ObjectRow) error {
		list, err := edit(cloneProfiles(row.Profiles))
		if err == nil {
			row.Profiles, err = tidyProfiles(list)
		}
		return err
	})
}

// SetPresence keeps what the user says about being reachable by one contact, or,
// without activity and note, forgets it. The newest comes first. Refusals:
// not_found, bad_value, too_many.
func (d *Directory) SetPresence(ctx context.Context, owner signal.Address, p Presence) error {
	return d.writePersonal(ctx, owner, func(row *ObjectRow) error {
		rest := slices.DeleteFunc(slices.Clone(row.Presence), func(old Presence) bool { return old.Contact == p.Contact })
		if len(rest) == 0 {
			rest = nil
		}
		if p.Activity != "" || p.Note != "" {
			rest = slices.Insert(rest, 0, p)
		}
		old := row.Presence
		row.Properties = row.Properties.clone()
		row.Presence = rest
		if err := tooMany(len(rest), maxPresence, "presences"); err != nil {
			return err
		}
		if err := tidyPresence(&row.Object); err != nil {
			return err
		}
		if slices.Contains(old, p) && len(old) == len(rest) {
			row.Presence = old // said again: the order stays
		}
		return nil
	})
}

// writePersonal changes what the user keeps.
func (d *Directory) writePersonal(ctx context.Context, owner signal.Address, edit func(*ObjectRow) error) error {
	return d.write(ctx, func() (*Batch, error) {
		old := d.mem.kind(owner, User)
		if old == nil {
			return nil, noObject(User)
		}
		row := old.row
		if err := edit(&row); err != nil {
			return nil, err
		}
		if reflect.DeepEqual(row, old.row) {
			return &Batch{}, nil
		}
		return &Batch{Objects: []ObjectRow{row}}, nil
	})
}

func cloneProfiles(list []Profile) []Profile {
	list = slices.Clone(list)
	for i := range list {
		list[i].Contacts = slices.Clone(list[i].Contacts)
	}
	return list
}

// tidyProfiles brings profiles into their one form and checks the rules.
func tidyProfiles(list []Profile) ([]Profile, error) {
	sum := 0
	for i := range list {
		p := &list[i]
		p.Name = sanitize.Text(p.Name, maxText)
		sum += len(p.Contacts)
		if sum > maxContacts {
			break
		}
		for j := range p.Contacts {
			if err := tidyContact(&p.Contacts[j]); err != nil {
				return nil, err
			}
		}
		if len(p.Contacts) == 0 {
			p.Contacts = nil
		}
	}
	if len(list) > maxProfiles || sum > maxContacts {
		return nil, refuse(CodeTooMany, "A user has at most "+strconv.Itoa(maxProfiles)+" profiles with "+strconv.Itoa(maxContacts)+" contacts.")
	}
	if len(list) == 0 {
		return nil, nil
	}
	return list, nil
}

func tidyContact(c *Contact) error {
	c.DN = sanitize.Text(c.DN, maxText)
	switch {
	case c.SIP == "" && c.Num == "":
		return wrong("contact", "A contact needs a name or a number.")
	case len(c.SIP) > maxText || !isPrintable(c.SIP):
		return wrong("sip", "The name of a contact has at most "+strconv.Itoa(maxText)+" printable bytes.")
	case len(c.Num) > maxName || !isPrintable(c.Num):
		return wrong("num", "The number of a contact has at most "+strconv.Itoa(maxName)+" printable bytes.")
	case c.Ext != "" && c.Ext != "tel" && c.Ext != "sip":
		return wrong("ext", strconv.Quote(shorten(c.Ext))+" is no kind of a contact: use tel, sip, or nothing.")
	}
	return nil
}

// onlyPersonal tells whether nothing but presence, profiles and home screen have
// changed.
func onlyPersonal(old, fresh ObjectRow) bool {
	old.Home, old.Presence, old.Profiles = fresh.Home, fresh.Presence, fresh.Profiles
	old.Rev, old.Revision = fresh.Rev, fresh.Revision
	return reflect.DeepEqual(old, fresh)
}
