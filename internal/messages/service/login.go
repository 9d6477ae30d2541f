package service

import (
	"context"
	"encoding/json"
	"net/netip"
	"strings"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/guard"
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/trace"
)

// Extension is the id under which our extension is announced (4.9).
const Extension = "com.example.messages.ext"

// door is what is known of a connection beside its frames: where it came in, and
// from the login on as what. It belongs to the reading goroutine.
type door struct {
	place   Place
	from    string // address of the peer
	account Account
}

type doorKey struct{}

func doorOf(ctx context.Context) *door {
	d, _ := ctx.Value(doorKey{}).(*door)
	return d
}

// host checks the logins.
type host struct{ s *Service }

var (
	_ appservice.Host        = (*host)(nil)
	_ appservice.AppInformer = (*host)(nil)
	_ appservice.PbxListener = (*host)(nil)
)

// apps are the names under which the service is logged in to (4.9).
func isApp(name string) bool {
	return name == "innovaphone-messages-api" || name == "messages-api"
}

// Authenticate implements appservice.Host. An unknown object costs the same as a
// wrong password.
func (h *host) Authenticate(ctx context.Context, l appservice.Login, check func(string) bool) (appservice.Account, error) {
	d := doorOf(ctx)
	if d == nil {
		return appservice.Account{}, appservice.ErrLoginFailed
	}
	account, known := h.s.config.Accounts.Account(ctx, d.place, l.Domain, l.App)
	if !known || !isApp(l.App) {
		account = Account{Passwords: []string{"no such object"}}
	}
	key := guard.Key("messages", 0, strings.ToLower(d.place.Domain+"/"+d.place.Instance))
	from, local := address(d.from)
	now := h.s.config.Clock.Now()
	if why := h.s.config.Guard.Allow(key, from, now); why != guard.Allowed && !local {
		return h.refuse(d, l, string(why))
	}
	ok := false
	for _, password := range account.Passwords {
		ok = check(password) || ok
	}
	if !ok || !known || !isApp(l.App) {
		if !local {
			h.s.config.Guard.Failed(key, from, now)
		}
		return h.refuse(d, l, "credentials")
	}
	if !local {
		h.s.config.Guard.Succeeded(key, from)
	}
	d.account = account
	return h.accepted(l, account), nil
}

func (h *host) refuse(d *door, l appservice.Login, why string) (appservice.Account, error) {
	h.s.config.Observer.LoginRefused(why)
	h.s.note(trace.Peer{Conn: d.from, DomainName: l.Domain}, "login refused", l.SIP, why)
	h.s.config.Log.Warn("login to the Messages service refused", "peer", d.from, "domain", l.Domain, "object", l.SIP, "reason", why)
	return appservice.Account{}, appservice.ErrLoginFailed
}

// accepted says as whom the connection speaks. IsApp is true for an object itself,
// not for a person who came through it.
func (h *host) accepted(l appservice.Login, a Account) appservice.Account {
	object := appservice.InfoOf(l).AppObj
	return appservice.Account{
		Domain: l.Domain,
		Principal: appservice.Principal{
			DomainID: h.s.domainID(a.Domain), Domain: a.Domain, SIP: l.SIP, App: object, IsApp: object != "" && object == l.SIP,
			APIs: []string{appservice.AllAPIs},
		},
	}
}

// address is where a peer is; local if it is in this process or has no address.
func address(remote string) (from netip.Addr, local bool) {
	at, err := netip.ParseAddrPort(remote)
	return at.Addr(), err != nil
}

// AppInfo implements appservice.AppInformer (4.9).
func (h *host) AppInfo(ctx context.Context, s appservice.Session, app string) appservice.AppInfoResult {
	files := ""
	if h.s.config.FilesURL != nil && h.s.config.Files != nil {
		files = h.s.config.FilesURL(appservice.PrincipalOf(s).Domain)
	}
	ext := append([]byte(`{"`), Extension+`":{"version":1`...)
	if files != "" {
		ext = strictjson.AppendString(append(ext, `,"files":`...), files)
	}
	return appservice.AppInfoResult{
		App:         app,
		Info:        appservice.AppFeatures{Hidden: true, APIs: json.RawMessage(`{}`)},
		ServiceInfo: appservice.ServiceInfo{APIs: append(ext, `}}`...)},
	}
}

// PbxInfo implements appservice.PbxListener.
func (h *host) PbxInfo(ctx context.Context, s appservice.Session, info appservice.PbxInfo) {
	h.s.config.Log.Info("a switch is connected to the Messages service",
		"domain", appservice.PrincipalOf(s).Domain, "pbx", info.PBX, "version", info.Version, "build", info.Build)
	h.s.note(peerOf(s), "switch connected", info.PBX, "")
}

// peerOf is who is at the other end, for the trace.
func peerOf(s appservice.Session) trace.Peer {
	who := appservice.PrincipalOf(s)
	return trace.Peer{Conn: who.SIP, Domain: who.DomainID, DomainName: who.Domain, ObjectName: who.SIP}
}
