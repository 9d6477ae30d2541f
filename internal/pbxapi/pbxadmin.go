package pbxapi

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
)

// PbxAdmin is the API with which app objects see and change the objects of their
// own domain (appwebsocket.md 5.3). Objects of other domains are unknown to it.
//
// A change waits for the store on the reading goroutine of the connection, at
// most storePatience: what the program sends next is read after that, so that
// changes and questions keep their order.
type PbxAdmin struct {
	dir    *directory.Directory
	names  *names
	live   Live
	lics   Licences // nil = everybody has everything
	audit  Audit    // nil = nowhere
	log    *slog.Logger
	name   string
	places func() []Place
	stun   Stun

	mu       sync.Mutex // guards the following
	online   map[signal.Address]int
	monitors map[appservice.Session]map[string]*configMonitor // by src
}

// PbxAdminConfig is what NewAdmin needs. Directory is required.
type PbxAdminConfig struct {
	Directory *directory.Directory
	Live      Live         // nil = nobody is registered
	Licences  Licences     // nil = everybody has everything
	Audit     Audit        // nil = changes are not written down
	Log       *slog.Logger // default: silence
	Name      string       // of the switch; default "tandem"
	// Places are where clients reach the switch, the best first. It is asked at
	// each request and must not block; nil = unknown.
	Places func() []Place
	Stun   Stun
}

// Live knows who is registered.
type Live interface {
	RegistrationsOf(signal.Address) []signal.RegistrationInfo
}

// Licences tells who has what. It answers from memory.
type Licences interface {
	Standing(signal.Address, licence.Feature) licence.Standing
	Domain(signal.DomainID) licence.Summary
	CheckAssign(a signal.Address, names []string) error
}

// Place is an address under which clients reach the switch.
type Place struct {
	Host string // name or IP address
	Port int
	TLS  bool
}

// Stun are the servers for the traversal of NAT that clients are told of; what is
// empty is not told.
type Stun struct {
	STUN     string `json:"stun,omitempty"`
	TURN     string `json:"turn,omitempty"`
	User     string `json:"turnUsr,omitempty"`
	Password string `json:"turnPwd,omitempty"`
	Slow     string `json:"stunSlow,omitempty"`
}

// Act is what an app object has done, or was refused, through the API.
type Act struct {
	By     directory.Object // the app object
	From   string           // IP address of the program
	Name   string           // object.add, object.set or object.remove
	Domain directory.Domain
	Object directory.Object // as far as it is known
	// Members are the members that were set, by the names of the contract.
	Members []string
	// Refused is why nothing was done, nil if it was; Code is that for programs,
	// empty for a fault of our own.
	Refused error
	Code    string
}

// Audit writes down an act. It waits until that is durable.
type Audit func(context.Context, Act) error

// The acts, as the audit log calls them.
const (
	actAdd    = "object.add"
	actSet    = "object.set"
	actRemove = "object.remove"
)

// storePatience is how long a connection waits for the store.
const storePatience = 10 * time.Second

// NewAdmin makes the API and begins to watch the directory.
func NewAdmin(c PbxAdminConfig) *PbxAdmin {
	p := &PbxAdmin{
		dir: c.Directory, names: newNames(c.Directory), live: c.Live, lics: c.Licences, audit: c.Audit, log: c.Log, name: c.Name, places: c.Places, stun: c.Stun,
		online: map[signal.Address]int{}, monitors: map[appservice.Session]map[string]*configMonitor{},
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	if p.name == "" {
		p.name = "tandem"
	}
	if p.places == nil {
		p.places = func() []Place { return nil }
	}
	p.dir.Watch(p.changed)
	return p
}

var (
	_ appservice.API    = (*PbxAdmin)(nil)
	_ appservice.Opener = (*PbxAdmin)(nil)
	_ appservice.Closer = (*PbxAdmin)(nil)
)

// Name implements appservice.API.
func (p *PbxAdmin) Name() string { return appservice.APIPbxAdminApi }

// Open implements appservice.Opener: it counts the logins of app objects.
func (p *PbxAdmin) Open(_ context.Context, s appservice.Session) error {
	if who := appservice.PrincipalOf(s); who.IsApp {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.online[addressOf(who)]++
	}
	return nil
}

// Closed implements appservice.Closer.
func (p *PbxAdmin) Closed(_ context.Context, s appservice.Session) {
	who := appservice.PrincipalOf(s)
	if !who.IsApp {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.monitors, s)
	if a := addressOf(who); p.online[a] > 1 {
		p.online[a]--
	} else {
		delete(p.online, a)
	}
}

// connected tells whether the app object is logged in.
func (p *PbxAdmin) connected(a signal.Address) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.online[a] > 0
}

func addressOf(who appservice.Principal) signal.Address {
	return signal.Address{Domain: signal.DomainID(who.DomainID), Object: signal.ObjectID(who.ObjectID)}
}

// asker is the app object that a session belongs to, if it has the right to an
// API at this moment: the right may have been taken away since the login.
func asker(dir *directory.Directory, s appservice.Session, api string) (directory.Object, error) {
	who := appservice.PrincipalOf(s)
	o, ok := dir.Object(addressOf(who))
	if !ok || !who.IsApp || !who.Allows(api) || o.Disabled || !slices.Contains(o.APIs, api) {
		return directory.Object{}, &appservice.Error{Code: 1, Text: appservice.TextNotAllowed}
	}
	return o, nil
}

// request is one message that is being answered.
type request struct {
	*PbxAdmin
	ctx  context.Context
	sess appservice.Session
	f    *appservice.Frame
	me   directory.Object // the app object that asks

	after func() error // to be done behind the result; nil = nothing
}

// get is a member of the request.
func (r *request) get(name string) strictjson.Value { return r.f.Get(name) }

func (r *request) domain() signal.DomainID { return r.me.Domain }

// command is a message of the API: serve returns the members of its result, or a
// refusal of type *failure.
type command struct {
	mt    string
	serve func(*request) (any, error)
}

// commands are the messages of the contract, all of them.
func commands() []command {
	return []command{
		{"GetObject", (*request).getObject},
		{"UpdateObject", (*request).updateObject},
		{"DeleteObject", (*request).deleteObject},
		{"SearchUsers", (*request).searchUsers},
		{"GetApps", (*request).getApps},
		{"GetAppObjects", (*request).getAppObjects},
		{"GetConfigObjects", (*request).getConfigObjects},
		{"GetPseudoObjects", (*request).getPseudoObjects},
		{"GetConfigs", (*request).getConfigs},
		{"GetFilters", (*request).getFilters},
		{"GetGroups", (*request).getGroups},
		{"GetGroup", (*request).getGroup},
		{"GetNodes", (*request).getNodes},
		{"GetMessages", (*request).getMessages},
		{"GetPush", (*request).getPush},
		{"GetBooleans", (*request).getBooleans},
		{"GetRegs", (*request).getRegs},
		{"GetNormalizedNumber", (*request).getNormalizedNumber},
		{"GetAppLogin", (*request).getAppLogin},
		{"GetAppLics", (*request).getAppLics},
		{"GetPbxLicenses", (*request).getPbxLicenses},
		{"CheckAppLic", (*request).checkAppLic},
		{"GetPbxConfig", (*request).getPbxConfig},
		{"GetLocation", (*request).getLocation},
		{"GetStun", (*request).getStun},
		{"MonitorConfig", (*request).monitorConfig},
		{"MonitorAdminObject", (*request).monitorAdminObject},
		{"MonitorUnallowed", (*request).notOffered},
		{"GetPhoneConfig", (*request).notOffered},
		{"GetRPs", (*request).getRPs},
	}
}

// Handle implements appservice.API.
func (p *PbxAdmin) Handle(ctx context.Context, s appservice.Session, f appservice.Frame) error {
	me, err := asker(p.dir, s, p.Name())
	if err != nil {
		return err
	}
	for _, c := range commands() {
		if c.mt == f.MT {
			return p.answer(ctx, &request{PbxAdmin: p, ctx: ctx, sess: s, f: &f, me: me}, c)
		}
	}
	return appservice.ErrUnknownMT
}

// answer serves a request and sends its result; what the result brings with it
// comes after it.
func (p *PbxAdmin) answer(ctx context.Context, r *request, c command) error {
	var v any
	var err error = &failure{failBad, "", "A member stands there twice in one object."}
	if !r.f.Duplicate() { // A12
		v, err = c.serve(r)
	}
	if err != nil {
		v = p.refusal(r, err)
	}
	text, err := resultText(r.f, c.mt, v)
	if err != nil {
		return err
	}
	if err := r.sess.Send(ctx, appservice.Frame{Raw: text}); err != nil || r.after == nil {
		return err
	}
	return r.after()
}

// resultText is the result of a request with the members of v. One that is too
// long to be sent (decision 5) becomes a failure.
func resultText(f *appservice.Frame, mt string, v any) ([]byte, error) {
	text, err := appservice.AppendReply(nil, *f, message{mt + "Result", v})
	if err == nil && len(text) > appservice.MaxMessage {
		return appservice.AppendReply(nil, *f, message{mt + "Result", &failure{failTooLong, "", "The result would be too long; ask for fewer members with properties."}})
	}
	return text, err
}

// message is the members of v behind an mt.
type message struct {
	mt   string
	body any
}

// MessageType implements appservice.Message.
func (m message) MessageType() string { return m.mt }

// AppendJSON implements appservice.Appender.
func (m message) AppendJSON(dst []byte) []byte {
	if m.body == nil {
		return append(dst, "{}"...)
	}
	text, err := appservice.Marshal(m.body)
	if err != nil { // a body that cannot be encoded is a defect: tell it apart from an empty one
		return append(dst, `{"error":1,"errorText":"internal error"}`...)
	}
	return append(dst, text...)
}

// notOffered serves what the contract has and this switch does not.
func (r *request) notOffered() (any, error) {
	return nil, &failure{failNotOffered, "", "This switch has no " + strings.TrimPrefix(strings.TrimPrefix(r.f.MT, "Get"), "Monitor") + "."}
}
