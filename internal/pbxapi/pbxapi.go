package pbxapi

import (
	"context"
	"strconv"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
)

// PbxAPI is the API of presence, profiles and diversions (appwebsocket.md 5.2). A
// person sees what others show and changes the own things; an App object changes
// those of everybody in its domain.
type PbxAPI struct {
	dir      *directory.Directory
	presence *Presence
	profiles profileWatch
	book     *phonebook
}

// NewPbxAPI makes the API. It follows the directory from now on.
func NewPbxAPI(dir *directory.Directory, presence *Presence) *PbxAPI {
	p := &PbxAPI{
		dir: dir, presence: presence, book: newPhonebook(dir),
		profiles: profileWatch{live: map[signal.Address]map[*profileSub]struct{}{}},
	}
	dir.Watch(p.profilesChanged)
	return p
}

var (
	_ appservice.API    = (*PbxAPI)(nil)
	_ appservice.Closer = (*PbxAPI)(nil)
)

// Limits of one session (decision 49).
const (
	maxWatches = 512
	maxAliens  = 16
)

// guest is a session as the API keeps it. It belongs to the reading goroutine.
type guest struct {
	watches  map[string]*watch // by src and target (decision 70)
	profiles map[string]*profileSub
	aliens   map[int64]struct{}
	last     int64 // id of the newest alien call
}

// Name implements appservice.API.
func (p *PbxAPI) Name() string { return appservice.APIPbxApi }

// visit is a message in the hands of its handler.
type visit struct {
	ctx   context.Context
	sess  appservice.Session
	who   appservice.Principal
	frame *appservice.Frame
	guest *guest

	presence *Presence
}

func (r *visit) self() signal.Address { return addressOf(r.who) }

func (r *visit) text(name string) string { return r.frame.Get(name).String() }

func (r *visit) reply(v any) error { return appservice.ReplyTo(r.ctx, r.sess, *r.frame, v) }

// result is the answer to a request that has none of its own.
type result struct {
	MT        string `json:"mt"`
	OK        bool   `json:"ok,omitempty"`
	Error     uint   `json:"error,omitempty"`
	ErrorText string `json:"errorText,omitempty"`
}

// What is refused here and not by the directory.
var (
	errNotFound = &failure{failUnknown, "", "Not found."}
	errNotYours = &failure{failForeign, "", "Only the own things can be changed."}
	errTooMany  = &failure{failMany, "", "Too many on this connection."}
)

// failed is what a client is told of an error. What is our own fault goes to the
// log.
func (p *Presence) failed(mt string, err error) *failure {
	if f := failureOf(err); f != nil {
		return &failure{f.code, "", f.text}
	}
	p.log.Error("a request of a client failed", "mt", mt, "err", err)
	return &failure{failTemporary, "", "A temporary failure; try again."}
}

// done answers a request by whether it was carried out.
func (r *visit) done(err error) error { return r.outcome(err, false) }

func (r *visit) outcome(err error, ok bool) error {
	res := result{MT: r.frame.MT + "Result", OK: ok && err == nil}
	if err != nil {
		f := r.presence.failed(r.frame.MT, err)
		res.Error, res.ErrorText = f.code, f.text
	}
	return r.reply(res)
}

// writePatience is how long a request waits for the store.
const writePatience = 5 * time.Second

// writing is the context of a write: it is carried out even if the client leaves.
func writing() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), writePatience)
}

// Handle implements appservice.API.
func (p *PbxAPI) Handle(ctx context.Context, s appservice.Session, f appservice.Frame) error {
	handler := p.handler(f.MT)
	if handler == nil {
		return appservice.ErrUnknownMT
	}
	if f.Duplicate() {
		return &appservice.Error{Code: failBad, Text: "a name stands twice"}
	}
	r := &visit{ctx: ctx, sess: s, who: appservice.PrincipalOf(s), frame: &f, guest: p.guest(s), presence: p.presence}
	return handler(r)
}

func (p *PbxAPI) handler(mt string) func(*visit) error {
	switch mt {
	case "SubscribePresence":
		return p.subscribePresence
	case "UnsubscribePresence":
		return p.unsubscribePresence
	case "SetPresence":
		return p.setPresence
	case "GetNodeInfo":
		return p.getNodeInfo
	case "AddAlienCall":
		return p.addAlienCall
	case "DelAlienCall":
		return p.delAlienCall
	case "AddDiversion":
		return p.addDiversion
	case "DelDiversion":
		return p.delDiversion
	case "GetDiversion":
		return p.getDiversion
	case "AppNotify":
		return p.appNotify
	case "SearchPeople":
		return p.searchPeople
	}
	return p.profileHandler(mt)
}

// guest is what is kept of the session.
func (p *PbxAPI) guest(s appservice.Session) *guest {
	k, ok := s.(keeper)
	if !ok {
		return newGuest() // one that keeps nothing cannot subscribe for long
	}
	if g, ok := k.Kept(p).(*guest); ok {
		return g
	}
	g := newGuest()
	k.Keep(p, g)
	return g
}

func newGuest() *guest {
	return &guest{watches: map[string]*watch{}, profiles: map[string]*profileSub{}, aliens: map[int64]struct{}{}}
}

// Closed implements appservice.Closer: subscriptions and alien calls end with the
// session.
func (p *PbxAPI) Closed(ctx context.Context, s appservice.Session) {
	k, ok := s.(keeper)
	if !ok {
		return
	}
	g, ok := k.Kept(p).(*guest)
	if !ok {
		return
	}
	for _, w := range g.watches {
		p.presence.unsubscribe(w)
	}
	for _, sub := range g.profiles {
		p.profiles.remove(sub)
	}
	if n := len(g.aliens); n > 0 {
		a := addressOf(appservice.PrincipalOf(s))
		inTurn(ctx, func(t *signal.Turn) { p.presence.addAlien(t, a, -n) })
	}
	*g = *newGuest()
}

// update is a message that a subscription brings: with the src of its request.
func update(t *signal.Turn, s appservice.Session, src []byte, v any) {
	ctx := context.Background()
	if t != nil {
		ctx = t.Context()
	}
	_ = appservice.ReplyTo(ctx, s, appservice.Frame{API: appservice.APIPbxApi, Src: src}, v) // its end is told by Closed
}

// presenceState and presenceUpdate are what a subscriber is told.
type (
	presenceState struct {
		MT    string `json:"mt"`
		Up    bool   `json:"up"`
		SIP   string `json:"sip,omitempty"`
		Num   string `json:"num,omitempty"`
		DN    string `json:"dn,omitempty"`
		Email string `json:"email,omitempty"`
	}
	presenceUpdate struct {
		MT       string                `json:"mt"`
		Presence []appservice.Presence `json:"presence"`
	}
)

// asked is whom a presence message is about; the error says that it names nobody.
func (r *visit) asked() (sip, num string, err error) {
	sip, num = r.text("sip"), r.text("num")
	if sip != "" {
		num = ""
	}
	if sip == "" && num == "" || len(sip) > maxTarget || len(num) > maxTarget {
		return "", "", bad("", "A name or a number is needed, of at most 256 bytes.")
	}
	return sip, num, nil
}

// maxTarget is how long the name or number of a subscription may be.
const maxTarget = 256

func (r *visit) watchKey(sip, num string) string {
	return string(r.frame.Src) + "\x00" + directory.Fold(sip) + "\x00" + num
}

func (p *PbxAPI) subscribePresence(r *visit) error {
	sip, num, err := r.asked()
	key := r.watchKey(sip, num)
	switch {
	case err != nil:
		return r.done(err)
	case r.guest.watches[key] != nil:
		return r.done(nil)
	case len(r.guest.watches) >= maxWatches:
		return r.done(errTooMany)
	}
	if err := r.done(nil); err != nil {
		return err
	}
	src, sess := append([]byte(nil), r.frame.Src...), r.sess
	w := &watch{asker: r.self(), sip: sip, num: num}
	w.tell = func(t *signal.Turn, old *view, now view) { tellPresence(t, sess, src, old, &now) }
	r.guest.watches[key] = w
	inTurn(r.ctx, func(t *signal.Turn) { p.presence.subscribe(t, w) })
	return nil
}

func tellPresence(t *signal.Turn, s appservice.Session, src []byte, old, now *view) {
	if old == nil || !old.sameObject(now) {
		update(t, s, src, presenceState{MT: "PresenceState", Up: now.up, SIP: now.sip, Num: now.num, DN: now.dn, Email: now.email})
	}
	if now.up || old != nil && len(old.presence) > 0 {
		list := now.presence
		if list == nil {
			list = []appservice.Presence{}
		}
		update(t, s, src, presenceUpdate{MT: "PresenceUpdate", Presence: list})
	}
}

func (p *PbxAPI) unsubscribePresence(r *visit) error {
	sip, num, err := r.asked()
	if err != nil {
		return r.done(err)
	}
	key := r.watchKey(sip, num)
	if w := r.guest.watches[key]; w != nil {
		delete(r.guest.watches, key)
		p.presence.unsubscribe(w)
	}
	return r.done(nil)
}

// subject is whom a change is for: sip or guid, without them the own object. People
// change nobody else's.
func (p *PbxAPI) subject(r *visit) (directory.Object, error) {
	self := r.self()
	sip, guid := r.text("sip"), r.text("guid")
	var o directory.Object
	found := false
	switch {
	case guid != "":
		o, found = p.dir.ObjectByGUID(self.Domain, guid)
	case sip != "":
		var party signal.Party
		if party, found = p.dir.Resolve(self, sip, ""); found {
			o, found = p.dir.Object(party.Address)
		}
	default:
		o, found = p.dir.Object(self)
	}
	switch {
	case found && o.Address() == self, found && r.who.IsApp:
		return o, nil
	case r.who.IsApp:
		return directory.Object{}, errNotFound
	}
	return directory.Object{}, errNotYours // whether there is one or not
}

func (p *PbxAPI) setPresence(r *visit) error {
	o, err := p.subject(r)
	if err != nil {
		return r.done(err)
	}
	contact := r.text("contact")
	if contact == "" {
		contact = contactTel
	}
	return r.done(p.presence.set(o.Address(), directory.Presence{Contact: contact, Activity: r.text("activity"), Note: r.text("note")}))
}

// set keeps what a person says. What is computed cannot be said.
func (p *Presence) set(a signal.Address, said directory.Presence) error {
	if said.Contact == contactIM || said.Contact == contactApp || said.Activity == onThePhone {
		return bad("", "im:, app: and on-the-phone are computed and cannot be set.")
	}
	ctx, cancel := writing()
	defer cancel()
	return p.dir.SetPresence(ctx, a, said)
}

type nodeInfo struct {
	MT      string `json:"mt"`
	Name    string `json:"name,omitempty"`
	Intl    string `json:"prefix_intl,omitempty"`
	Ntl     string `json:"prefix_ntl,omitempty"`
	Subs    string `json:"prefix_subs,omitempty"`
	Country string `json:"country_code,omitempty"`
}

func (p *PbxAPI) getNodeInfo(r *visit) error {
	self, _ := p.dir.Object(r.self())
	dom, _ := p.dir.Domain(r.self().Domain)
	plan := dom.Settings.Plan
	info := nodeInfo{MT: "GetNodeInfoResult", Name: self.Node, Intl: plan.Intl, Ntl: plan.Ntl, Subs: plan.Subs, Country: plan.Country}
	if info.Name == "" {
		info.Name = "root"
	}
	return r.reply(info)
}

type alienCall struct {
	MT string `json:"mt"`
	ID int64  `json:"id"`
}

// addAlienCall says that the person has a call on a phone that is not ours.
func (p *PbxAPI) addAlienCall(r *visit) error {
	if len(r.guest.aliens) >= maxAliens {
		return r.done(errTooMany)
	}
	r.guest.last++
	r.guest.aliens[r.guest.last] = struct{}{}
	if err := r.reply(alienCall{MT: "AddAlienCallResult", ID: r.guest.last}); err != nil {
		return err
	}
	inTurn(r.ctx, func(t *signal.Turn) { p.presence.addAlien(t, r.self(), 1) })
	return nil
}

func (p *PbxAPI) delAlienCall(r *visit) error {
	id, _ := number(r.frame.Get("id"))
	if _, ok := r.guest.aliens[id]; !ok {
		return r.done(errNotFound)
	}
	delete(r.guest.aliens, id)
	if err := r.done(nil); err != nil {
		return err
	}
	inTurn(r.ctx, func(t *signal.Turn) { p.presence.addAlien(t, r.self(), -1) })
	return nil
}

// number reads an id: a number, or a string of digits (decision 9).
func number(v strictjson.Value) (int64, bool) {
	if n, ok := v.Int64(); ok {
		return n, true
	}
	n, err := strconv.ParseInt(v.String(), 10, 64)
	return n, err == nil
}

// editDiversions changes the diversions of the subject; those of one type go.
func (p *PbxAPI) editDiversions(r *visit, fresh ...directory.Diversion) error {
	typ := r.text("type")
	if typ != directory.DivertAlways && typ != directory.DivertBusy && typ != directory.DivertNoAnswer {
		return bad("", "The type of a diversion is cfu, cfb or cfnr.")
	}
	o, err := p.subject(r)
	if err != nil {
		return err
	}
	ctx, cancel := writing()
	defer cancel()
	_, err = p.dir.SetObject(ctx, o.Address(), directory.ObjectEdit{Properties: func(props *directory.Properties) {
		rest := fresh
		for _, d := range props.Diversions {
			if d.Type != typ {
				rest = append(rest[:len(rest):len(rest)], d)
			}
		}
		props.Diversions = rest
	}})
	return err
}

func (p *PbxAPI) addDiversion(r *visit) error {
	return r.outcome(p.editDiversions(r, directory.Diversion{Type: r.text("type"), SIP: r.text("ep-sip"), Num: r.text("ep-num")}), true)
}

func (p *PbxAPI) delDiversion(r *visit) error { return r.outcome(p.editDiversions(r), true) }

type divertedTo struct {
	MT  string `json:"mt"`
	OK  bool   `json:"ok"`
	Num string `json:"num,omitempty"`
	SIP string `json:"sip,omitempty"`
}

func (p *PbxAPI) getDiversion(r *visit) error {
	o, err := p.subject(r)
	if err != nil {
		return r.done(err)
	}
	found := divertedTo{MT: "GetDiversionResult", OK: true}
	for _, d := range o.Diversions {
		if d.Type == r.text("type") {
			found.Num, found.SIP = d.Num, d.SIP
			break
		}
	}
	return r.reply(found)
}

type notified struct {
	MT    string `json:"mt"`
	Error string `json:"error,omitempty"`
}

// appNotify would show a notification of an app to a person. It needs a push
// service, which no object has yet.
func (p *PbxAPI) appNotify(r *visit) error {
	target, ok := p.dir.Resolve(r.self(), r.text("sip"), "")
	if r.text("sip") == "" || !ok || target.Kind != signal.User || !p.dir.Visible(r.self(), target.Address) {
		return r.reply(notified{MT: "AppNotifyResult", Error: "not found"})
	}
	return r.reply(notified{MT: "AppNotifyResult", Error: "no push service"})
}
