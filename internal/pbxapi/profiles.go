package pbxapi

import (
	"context"
	"slices"
	"sync"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
)

// profileWatch is who has subscribed to the own profile. Every subscriber is told the
// difference to what it was told before, whoever has changed the profile.
type profileWatch struct {
	mu   sync.Mutex // guards the following
	live map[signal.Address]map[*profileSub]struct{}
}

// profileSub is one subscription: to the first profile of the user.
type profileSub struct {
	owner signal.Address
	sess  appservice.Session
	src   []byte

	mu   sync.Mutex // guards the following; comes before the locks of the directory
	over bool
	last directory.Profile
}

func (p *profileWatch) add(s *profileSub) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live[s.owner] == nil {
		p.live[s.owner] = map[*profileSub]struct{}{}
	}
	p.live[s.owner][s] = struct{}{}
}

func (p *profileWatch) remove(s *profileSub) {
	s.mu.Lock()
	s.over = true
	s.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.live[s.owner], s)
	if len(p.live[s.owner]) == 0 {
		delete(p.live, s.owner)
	}
}

func (p *profileWatch) of(a signal.Address) []*profileSub {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]*profileSub, 0, len(p.live[a]))
	for s := range p.live[a] {
		list = append(list, s)
	}
	return list
}

// profilesChanged follows the directory.
func (p *PbxAPI) profilesChanged(c directory.Change) {
	if c.What != directory.PersonalSet && c.What != directory.ObjectSet && c.What != directory.ObjectGone {
		return
	}
	list := p.profiles.of(c.Address)
	if len(list) == 0 {
		return
	}
	signal.RunTurn(context.Background(), func(t *signal.Turn) {
		for _, s := range list {
			s.refresh(t, p.dir)
		}
	})
}

// profileOnWire and contactOnWire repeat some members under the names that clients
// have for them (decision 70).
type (
	profileOnWire struct {
		ID       int64           `json:"id"`
		Name     string          `json:"name,omitempty"`
		Contacts []contactOnWire `json:"contacts"`
	}
	contactOnWire struct {
		ID       int64  `json:"id"`
		Name     string `json:"name,omitempty"`
		SIP      string `json:"sip,omitempty"`
		Num      string `json:"num,omitempty"`
		Dsp      string `json:"dsp,omitempty"`
		DN       string `json:"dn,omitempty"`
		Presence bool   `json:"presence,omitempty"`
		Dialog   bool   `json:"dialog,omitempty"`
		Ext      string `json:"ext,omitempty"`
	}
	contactID struct {
		ID int64 `json:"id"`
	}
	changed[C any] struct {
		ID      int64 `json:"id"`
		Contact C     `json:"contact"`
	}
	profileChange struct {
		MT      string `json:"mt"`
		Profile any    `json:"profile"`
	}
)

func wireContact(c directory.Contact) contactOnWire {
	return contactOnWire{
		ID: c.ID, Name: c.SIP, SIP: c.SIP, Num: c.Num, Dsp: c.DN, DN: c.DN, Presence: c.Presence, Dialog: c.Dialog, Ext: c.Ext,
	}
}

func wireProfile(p directory.Profile) *profileOnWire {
	if p.ID == 0 {
		return nil
	}
	out := &profileOnWire{ID: p.ID, Name: p.Name, Contacts: []contactOnWire{}}
	for _, c := range p.Contacts {
		out.Contacts = append(out.Contacts, wireContact(c))
	}
	return out
}

// first is the profile that is subscribed to; id 0: there is none.
func first(list []directory.Profile) directory.Profile {
	if len(list) == 0 {
		return directory.Profile{}
	}
	return list[0]
}

// refresh tells contacts that went, then those that came. A changed one went and
// came.
func (s *profileSub) refresh(t *signal.Turn, dir *directory.Directory) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over {
		s.tell(t, dir)
	}
}

// tell is refresh while the lock is held.
func (s *profileSub) tell(t *signal.Turn, dir *directory.Directory) {
	old, now := s.last, first(dir.Profiles(s.owner))
	s.last = now
	for _, c := range old.Contacts {
		if old.ID != now.ID || !slices.Contains(now.Contacts, c) {
			update(t, s.sess, s.src, profileChange{"ProfileContactDeleted", changed[contactID]{old.ID, contactID{c.ID}}})
		}
	}
	for _, c := range now.Contacts {
		if old.ID != now.ID || !slices.Contains(old.Contacts, c) {
			update(t, s.sess, s.src, profileChange{"ProfileContactAdded", changed[contactOnWire]{now.ID, wireContact(c)}})
		}
	}
}

func (p *PbxAPI) profileHandler(mt string) func(*visit) error {
	switch mt {
	case "SubscribeProfile":
		return p.subscribeProfile
	case "UnsubscribeProfile":
		return p.unsubscribeProfile
	case "AddProfile":
		return p.addProfile
	case "DelProfile":
		return p.delProfile
	case "UpdateProfile":
		return p.updateProfile
	case "AddProfileContact":
		return p.addContact
	case "DelProfileContact":
		return p.delContact
	case "UpdateProfileContact":
		return p.updateContact
	}
	return nil
}

type subscribedProfile struct {
	MT      string         `json:"mt"`
	Profile *profileOnWire `json:"profile,omitempty"`
}

func (p *PbxAPI) subscribeProfile(r *visit) error {
	key := string(r.frame.Src)
	sub := r.guest.profiles[key]
	if sub == nil {
		if len(r.guest.profiles) >= maxAliens {
			return r.done(errTooMany)
		}
		sub = &profileSub{owner: r.self(), sess: r.sess, src: append([]byte(nil), r.frame.Src...)}
		r.guest.profiles[key] = sub
		p.profiles.add(sub)
	}
	sub.mu.Lock()
	defer sub.mu.Unlock() // no change comes before the result
	sub.last = beginning(first(p.dir.Profiles(sub.owner)))
	if err := r.reply(subscribedProfile{MT: "SubscribeProfileResult", Profile: wireProfile(sub.last)}); err != nil {
		return err
	}
	inTurn(r.ctx, func(t *signal.Turn) { sub.tell(t, p.dir) })
	return nil
}

// maxResult is how many bytes of contacts stand in a result; more contacts follow
// one by one.
const maxResult = 24 << 10

// beginning is the profile with the contacts that fit into a result.
func beginning(p directory.Profile) directory.Profile {
	size := 0
	for i, c := range p.Contacts {
		if size += 2*(len(c.SIP)+len(c.DN)) + len(c.Num) + 128; size > maxResult {
			p.Contacts = p.Contacts[:i]
			break
		}
	}
	return p
}

func (p *PbxAPI) unsubscribeProfile(r *visit) error {
	if sub := r.guest.profiles[string(r.frame.Src)]; sub != nil {
		delete(r.guest.profiles, string(r.frame.Src))
		p.profiles.remove(sub)
	}
	return r.done(nil)
}

type profileResult struct {
	MT      string     `json:"mt"`
	ID      int64      `json:"id,omitempty"`
	Contact *contactID `json:"contact,omitempty"`
}

// edit changes the own profiles.
func (p *PbxAPI) edit(r *visit, f func([]directory.Profile) ([]directory.Profile, error)) error {
	ctx, cancel := writing()
	defer cancel()
	return p.dir.SetProfiles(ctx, r.self(), f)
}

func (r *visit) answerProfile(err error, id, contact int64) error {
	if err != nil {
		return r.done(err)
	}
	res := profileResult{MT: r.frame.MT + "Result", ID: id}
	if contact != 0 {
		res.Contact = &contactID{contact}
	}
	return r.reply(res)
}

// freshID is one above all that profiles and contacts have.
func freshID(list []directory.Profile) int64 {
	most := int64(0)
	for _, p := range list {
		most = max(most, p.ID)
		for _, c := range p.Contacts {
			most = max(most, c.ID)
		}
	}
	return most + 1
}

// at is where the profile of the request is: the first one if it names none; -1 if
// there is no such profile.
func (r *visit) at(list []directory.Profile) int {
	v := r.frame.Get("id")
	if !v.Exists() || v.Kind() == strictjson.Null {
		return min(0, len(list)-1)
	}
	id, _ := number(v)
	return slices.IndexFunc(list, func(p directory.Profile) bool { return p.ID == id })
}

func (p *PbxAPI) addProfile(r *visit) error {
	var id int64
	err := p.edit(r, func(list []directory.Profile) ([]directory.Profile, error) {
		id = freshID(list)
		return append(list, directory.Profile{ID: id, Name: r.text("name")}), nil
	})
	return r.answerProfile(err, id, 0)
}

func (p *PbxAPI) delProfile(r *visit) error {
	return r.done(p.edit(r, func(list []directory.Profile) ([]directory.Profile, error) {
		i := r.at(list)
		if i < 0 || !r.frame.Get("id").Exists() {
			return nil, errNotFound
		}
		return slices.Delete(list, i, i+1), nil
	}))
}

func (p *PbxAPI) updateProfile(r *visit) error {
	return r.done(p.edit(r, func(list []directory.Profile) ([]directory.Profile, error) {
		i := r.at(list)
		if i < 0 {
			return nil, errNotFound
		}
		list[i].Name = r.text("name")
		return list, nil
	}))
}

// contact reads a contact: either sip or name, dn or dsp (decision 70).
func (r *visit) contact() directory.Contact {
	v := r.frame.Get("contact")
	either := func(a, b string) string {
		if s := v.Get(a).String(); s != "" {
			return s
		}
		return v.Get(b).String()
	}
	presence, _ := v.Get("presence").Bool()
	dialog, _ := v.Get("dialog").Bool()
	return directory.Contact{
		SIP: either("sip", "name"), Num: v.Get("num").String(), DN: either("dn", "dsp"),
		Presence: presence, Dialog: dialog, Ext: v.Get("ext").String(),
	}
}

func (p *PbxAPI) addContact(r *visit) error {
	var id, contact int64
	err := p.edit(r, func(list []directory.Profile) ([]directory.Profile, error) {
		i := r.at(list)
		if i < 0 && r.frame.Get("id").Exists() {
			return nil, errNotFound
		}
		if i < 0 {
			list, i = append(list, directory.Profile{ID: freshID(list), Name: r.text("name")}), len(list)
		}
		c := r.contact()
		c.ID = freshID(list)
		list[i].Contacts = append(list[i].Contacts, c)
		id, contact = list[i].ID, c.ID
		return list, nil
	})
	return r.answerProfile(err, id, contact)
}

// contactAt finds the contact that the request names.
func (r *visit) contactAt(list []directory.Profile) (profile, contact int, err error) {
	id, _ := number(r.frame.Get("contact").Get("id"))
	if profile = r.at(list); profile < 0 {
		return 0, 0, errNotFound
	}
	contact = slices.IndexFunc(list[profile].Contacts, func(c directory.Contact) bool { return c.ID == id })
	if contact < 0 {
		return 0, 0, errNotFound
	}
	return profile, contact, nil
}

func (p *PbxAPI) delContact(r *visit) error {
	return r.done(p.edit(r, func(list []directory.Profile) ([]directory.Profile, error) {
		i, j, err := r.contactAt(list)
		if err != nil {
			return nil, err
		}
		list[i].Contacts = slices.Delete(list[i].Contacts, j, j+1)
		return list, nil
	}))
}

func (p *PbxAPI) updateContact(r *visit) error {
	return r.done(p.edit(r, func(list []directory.Profile) ([]directory.Profile, error) {
		i, j, err := r.contactAt(list)
		if err != nil {
			return nil, err
		}
		c := r.contact()
		c.ID = list[i].Contacts[j].ID
		list[i].Contacts[j] = c
		return list, nil
	}))
}
