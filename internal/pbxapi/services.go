package pbxapi

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// Services is the API by which app services find each other (appwebsocket.md 5.5): an
// App object sees those of its apps whose service is connected, and logs in to them.
type Services struct {
	dir   *directory.Directory
	links Links
	name  string

	mu   sync.Mutex // guards the following
	live map[signal.DomainID]map[*serviceSub]struct{}
}

// Links knows which services are connected.
type Links interface {
	// Service is the service of an object: its websocket URL, and a JSON object of
	// what it offers, which may be empty; false if it is not connected.
	Service(signal.Address) (url string, apis []byte, connected bool)
	// Watch has f called for every change, after it is in effect.
	Watch(f func(signal.Address))
}

// serviceSub is one subscription.
type serviceSub struct {
	owner signal.Address
	sess  appservice.Session
	src   []byte

	mu   sync.Mutex // guards the following; comes before the locks of the directory
	over bool
	last []service
}

// NewServices makes the API. It follows the directory from now on; Follow makes it
// follow the links. name is that of the switch.
func NewServices(dir *directory.Directory, name string) *Services {
	s := &Services{dir: dir, name: cmp.Or(name, "tandem"), live: map[signal.DomainID]map[*serviceSub]struct{}{}}
	dir.Watch(func(c directory.Change) {
		if c.What == directory.ObjectSet || c.What == directory.ObjectGone {
			s.changed(c.Address)
		}
	})
	return s
}

// Follow says which services are connected. The links let services use this API, so
// they are made after it; it must be called before the first session.
func (s *Services) Follow(links Links) {
	s.links = links
	links.Watch(s.changed)
}

var (
	_ appservice.API    = (*Services)(nil)
	_ appservice.Closer = (*Services)(nil)
)

// maxServiceSubs is how many subscriptions a session may have.
const maxServiceSubs = 16

// Name implements appservice.API.
func (s *Services) Name() string { return appservice.APIServices }

// service is one that is connected.
type service struct {
	Name  string      `json:"name"`
	Title string      `json:"title,omitempty"`
	URL   string      `json:"url"`
	Info  serviceInfo `json:"info"`
}

type serviceInfo struct {
	APIs json.RawMessage `json:"apis"`
}

func (a service) same(b service) bool {
	return a.Name == b.Name && a.Title == b.Title && a.URL == b.URL && string(a.Info.APIs) == string(b.Info.APIs)
}

type servicesInfo struct {
	MT       string    `json:"mt"`
	Services []service `json:"services"`
}

// of lists the services that the object sees, by name.
func (s *Services) of(a signal.Address) []service {
	list := []service{}
	for _, o := range s.dir.AppsOf(a) {
		if url, apis, ok := s.service(&o); ok {
			list = append(list, service{Name: o.SIP, Title: o.DisplayName(), URL: url, Info: serviceInfo{apis}})
		}
	}
	return list
}

func (s *Services) service(o *directory.Object) (url string, apis []byte, ok bool) {
	if s.links == nil || o.Disabled {
		return "", nil, false
	}
	url, apis, ok = s.links.Service(o.Address())
	if len(apis) == 0 {
		apis = []byte("{}")
	}
	return url, apis, ok
}

// Handle implements appservice.API.
func (s *Services) Handle(ctx context.Context, sess appservice.Session, f appservice.Frame) error {
	me, err := asker(s.dir, sess, s.Name())
	if err != nil {
		return err
	}
	switch f.MT {
	case "SubscribeServices":
		return s.subscribe(ctx, sess, me, &f)
	case "UnsubscribeServices":
		return s.unsubscribe(ctx, sess, &f)
	case "GetServiceLogin":
		return s.getLogin(ctx, sess, me, &f)
	}
	return appservice.ErrUnknownMT
}

// subs are the subscriptions of a session, by src.
func (s *Services) subs(sess appservice.Session) map[string]*serviceSub {
	k, ok := sess.(keeper)
	if !ok {
		return map[string]*serviceSub{}
	}
	if m, ok := k.Kept(s).(map[string]*serviceSub); ok {
		return m
	}
	m := map[string]*serviceSub{}
	k.Keep(s, m)
	return m
}

func (s *Services) subscribe(ctx context.Context, sess appservice.Session, me directory.Object, f *appservice.Frame) error {
	subs := s.subs(sess)
	sub := subs[string(f.Src)]
	if sub == nil && len(subs) >= maxServiceSubs {
		return &appservice.Error{Code: failMany, Text: "Too many on this connection."}
	}
	if err := appservice.ReplyTo(ctx, sess, *f, result{MT: "SubscribeServicesResult"}); err != nil {
		return err
	}
	if sub == nil {
		sub = &serviceSub{owner: me.Address(), sess: sess, src: append([]byte(nil), f.Src...)}
		subs[string(f.Src)] = sub
		s.mu.Lock()
		if s.live[me.Domain] == nil {
			s.live[me.Domain] = map[*serviceSub]struct{}{}
		}
		s.live[me.Domain][sub] = struct{}{}
		s.mu.Unlock()
	}
	inTurn(ctx, func(t *signal.Turn) { s.refresh(t, sub, true) })
	return nil
}

func (s *Services) unsubscribe(ctx context.Context, sess appservice.Session, f *appservice.Frame) error {
	subs := s.subs(sess)
	if sub := subs[string(f.Src)]; sub != nil {
		delete(subs, string(f.Src))
		s.remove(sub)
	}
	return appservice.ReplyTo(ctx, sess, *f, result{MT: "UnsubscribeServicesResult"})
}

func (s *Services) remove(sub *serviceSub) {
	sub.mu.Lock()
	sub.over = true
	sub.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.live[sub.owner.Domain], sub)
	if len(s.live[sub.owner.Domain]) == 0 {
		delete(s.live, sub.owner.Domain)
	}
}

// Closed implements appservice.Closer.
func (s *Services) Closed(_ context.Context, sess appservice.Session) {
	for _, sub := range s.subs(sess) {
		s.remove(sub)
	}
}

// changed tells the subscribers of a domain what is different for them.
func (s *Services) changed(a signal.Address) {
	s.mu.Lock()
	list := make([]*serviceSub, 0, len(s.live[a.Domain]))
	for sub := range s.live[a.Domain] {
		list = append(list, sub)
	}
	s.mu.Unlock()
	if len(list) == 0 {
		return
	}
	signal.RunTurn(context.Background(), func(t *signal.Turn) {
		for _, sub := range list {
			s.refresh(t, sub, false)
		}
	})
}

// refresh tells the services if they are not what was told, or always.
func (s *Services) refresh(t *signal.Turn, sub *serviceSub, always bool) {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	now := s.of(sub.owner)
	if sub.over || !always && slices.EqualFunc(now, sub.last, service.same) {
		return
	}
	sub.last = now
	frame := appservice.Frame{API: appservice.APIServices, Src: sub.src}
	_ = appservice.ReplyTo(t.Context(), sub.sess, frame, servicesInfo{MT: "ServicesInfo", Services: now}) // its end is told by Closed
}

// serviceLogin is the login of an App object to the service of another.
type serviceLogin struct {
	MT     string          `json:"mt"`
	Domain string          `json:"domain,omitempty"`
	SIP    string          `json:"sip,omitempty"`
	GUID   string          `json:"guid,omitempty"`
	DN     string          `json:"dn,omitempty"`
	PbxObj string          `json:"pbxObj,omitempty"`
	App    string          `json:"app,omitempty"`
	Info   json.RawMessage `json:"info,omitempty"`
	Digest string          `json:"digest,omitempty"`
	Salt   string          `json:"salt,omitempty"`
	Key    string          `json:"key,omitempty"`
	Error  string          `json:"error,omitempty"`
}

// getLogin computes the login over the challenge that the service has given. The
// password stays here; the key of the session goes under that of the connection that
// asks (appwebsocket.md 2.6).
func (s *Services) getLogin(ctx context.Context, sess appservice.Session, me directory.Object, f *appservice.Frame) error {
	answer := serviceLogin{MT: "GetServiceLoginResult"}
	name, challenge := f.Get("app").String(), f.Get("challenge").String()
	target, ok := s.find(me.Address(), name)
	if !ok || challenge == "" || len(challenge) > maxChallenge {
		answer.Error = "not found"
		return appservice.ReplyTo(ctx, sess, *f, answer)
	}
	password, err := s.dir.Password(target.Address())
	if err != nil {
		answer.Error = "not found"
		return appservice.ReplyTo(ctx, sess, *f, answer)
	}
	l := s.login(me, target)
	l.Digest = appservice.Digest(l, challenge, password)
	answer.Domain, answer.SIP, answer.GUID, answer.DN, answer.PbxObj = l.Domain, l.SIP, l.GUID, l.DN, l.PbxObj
	answer.App, answer.Info, answer.Digest = l.App, l.Info, l.Digest
	if key := appservice.KeyOf(sess); key != "" {
		answer.Salt = appservice.NewChallenge()
		answer.Key = appservice.Encrypt(answer.Salt, key, appservice.SessionKey(challenge, password))
	}
	return appservice.ReplyTo(ctx, sess, *f, answer)
}

// find is a connected service that the object sees.
func (s *Services) find(a signal.Address, name string) (directory.Object, bool) {
	for _, o := range s.dir.AppsOf(a) {
		if directory.Fold(o.SIP) != directory.Fold(name) {
			continue
		}
		_, _, ok := s.service(&o)
		return o, ok
	}
	return directory.Object{}, false
}

// login is the App object at the service of the other, without digest.
func (s *Services) login(me, target directory.Object) appservice.Login {
	dom, _ := s.dir.Domain(me.Domain)
	_, app := appservice.ServiceURL(target.URL)
	info := appservice.Info{AppObj: target.SIP, AppDN: target.DisplayName(), AppURL: target.URL, PBX: s.name, CN: cmp.Or(me.CN, me.SIP)}
	for _, o := range s.dir.AppsOf(me.Address()) {
		info.Apps = append(info.Apps, appservice.InfoApp{Name: o.SIP, DN: o.DisplayName()})
	}
	return appservice.Login{
		App: app, Domain: dom.Name, SIP: me.SIP, GUID: me.GUID, DN: appservice.Clean(me.DisplayName()), Info: info.AppendJSON(nil), PbxObj: target.SIP,
	}
}
