package appservice

import (
	"encoding/json"

	"github.com/tandem-switch/tandem/internal/strictjson"
)

// The messages of the base protocol. api and src belong to the envelope and are
// added by Reply or Call; mt is added by Marshal. Empty and false members are
// omitted, except where a member says so.

// AppChallenge asks for a challenge. Both members are hints and mean nothing for
// the security of the login.
type AppChallenge struct {
	User   string `json:"user,omitempty"`
	AppObj string `json:"appObj,omitempty"`
}

// AppChallengeResult carries the challenge of this connection.
type AppChallengeResult struct {
	Challenge Challenge `json:"challenge"`
}

// Challenge is a text of at most 16 characters. As reader it takes a number too.
//
// COMPAT: very old servers sent a JSON number.
type Challenge string

// UnmarshalJSON implements json.Unmarshaler.
func (c *Challenge) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] != '"' {
		*c = Challenge(b)
		return nil
	}
	return json.Unmarshal(b, (*string)(c))
}

// AppLogin is the login with a digest over the challenge.
type AppLogin struct {
	App    string          `json:"app"`
	Domain string          `json:"domain"`
	SIP    string          `json:"sip"`
	GUID   string          `json:"guid"`
	DN     string          `json:"dn"`
	Info   json.RawMessage `json:"info,omitempty"`
	Digest string          `json:"digest"`
	PbxObj string          `json:"pbxObj,omitempty"`
}

// AppLoginResult is the answer to AppLogin. Error is filled by other servers
// only: one client cannot read a number there (decision 14).
type AppLoginResult struct {
	App       string          `json:"app,omitempty"`
	Domain    string          `json:"domain,omitempty"`
	OK        bool            `json:"ok"`
	Error     json.RawMessage `json:"error,omitempty"`
	ErrorText string          `json:"errorText,omitempty"`
}

// AppCheckLogin asks whether a digest over a given challenge is right.
type AppCheckLogin struct {
	App       string `json:"app"`
	Domain    string `json:"domain"`
	Challenge string `json:"challenge"`
	Digest    string `json:"digest"`
}

// AppCheckLoginResult is the answer to AppCheckLogin.
type AppCheckLoginResult struct {
	OK bool `json:"ok,omitempty"`
}

// AppInfo asks an app service about one of its apps.
type AppInfo struct {
	App string `json:"app"`
}

// AppInfoResult is the answer to AppInfo.
type AppInfoResult struct {
	App         string      `json:"app"`
	Info        AppFeatures `json:"info"`
	ServiceInfo ServiceInfo `json:"serviceInfo,omitzero"`
	DeviceApp   string      `json:"deviceapp,omitempty"` // "phone", "softphone" or "rcc"
}

// UnmarshalJSON implements json.Unmarshaler.
//
// COMPAT: a published example misspells serviceInfo as seviceInfo.
func (r *AppInfoResult) UnmarshalJSON(b []byte) error {
	type plain AppInfoResult
	both := struct {
		*plain
		Misspelt *ServiceInfo `json:"seviceInfo"`
	}{plain: (*plain)(r)}
	if err := json.Unmarshal(b, &both); err != nil {
		return err
	}
	if both.Misspelt != nil && r.ServiceInfo.APIs == nil {
		r.ServiceInfo = *both.Misspelt
	}
	return nil
}

// AppFeatures is the member info of AppInfoResult.
type AppFeatures struct {
	Hidden   bool            `json:"hidden,omitempty"`
	Presence bool            `json:"presence,omitempty"` // answers presence subscriptions
	APIs     json.RawMessage `json:"apis,omitempty"`     // API id to model
	Wake     []string        `json:"wake,omitempty"`     // "phone", "chat"
}

// ServiceInfo is the member serviceInfo of AppInfoResult.
type ServiceInfo struct {
	APIs json.RawMessage `json:"apis,omitempty"` // API id to model
}

// Has tells whether the service announces an API id.
func (s ServiceInfo) Has(id string) bool {
	var doc strictjson.Doc
	return doc.Parse(s.APIs) == nil && doc.Root().Get(id).Exists()
}

// PbxInfo is what a switch tells an app service right after its login.
type PbxInfo struct {
	Domain  string   `json:"domain"`            // system name
	PBX     string   `json:"pbx"`               // name of the switch
	PbxDNS  string   `json:"pbxDns,omitempty"`  //
	APIs    []string `json:"apis,omitempty"`    // what the object may use over this connection
	Version string   `json:"version,omitempty"` //
	Build   string   `json:"build,omitempty"`   //
}

// KeepAlive is answered in kind.
type KeepAlive struct{}

// CheckBuild asks whether the page that runs is the current one.
type CheckBuild struct {
	URL    string `json:"url,omitempty"`
	Always bool   `json:"always,omitempty"`
}

// CheckBuildResult is the answer to CheckBuild. URL is never sent (decision 11);
// the other members are for the myApps door.
type CheckBuildResult struct {
	URL     string `json:"url,omitempty"`
	Version string `json:"version,omitempty"`
	Build   string `json:"build,omitempty"`
}

// ErrorMessage is the answer to a message that was not understood or not allowed.
type ErrorMessage struct {
	Error     int    `json:"error"`
	ErrorText string `json:"errorText"`
}

// LoginFrom reads an AppLogin. Members of other types than string are empty, as
// missing ones are. Info refers to the text of f.
func LoginFrom(f Frame) Login {
	var l Login
	for m := range f.root().Members() {
		v := m.Value()
		switch m.Name() {
		case "app":
			l.App = v.String()
		case "domain":
			l.Domain = v.String()
		case "sip":
			l.SIP = v.String()
		case "guid":
			l.GUID = v.String()
		case "dn":
			l.DN = v.String()
		case "digest":
			l.Digest = v.String()
		case "pbxObj":
			l.PbxObj = v.String()
		case "info":
			l.Info = infoOf(v)
		}
	}
	return l
}

// infoOf is the raw info, nil where it does not count for the digest.
func infoOf(v strictjson.Value) []byte {
	if v.Kind() == strictjson.Null {
		return nil
	}
	return v.Raw()
}

// message is the AppLogin for l with its digest.
func (l Login) message() AppLogin {
	return AppLogin{
		App: l.App, Domain: l.Domain, SIP: l.SIP, GUID: l.GUID, DN: l.DN,
		Info: compact(l.Info), Digest: l.Digest, PbxObj: l.PbxObj,
	}
}

// MessageType implements Message.
func (AppChallenge) MessageType() string        { return MTAppChallenge }
func (AppChallengeResult) MessageType() string  { return MTAppChallengeResult }
func (AppLogin) MessageType() string            { return MTAppLogin }
func (AppLoginResult) MessageType() string      { return MTAppLoginResult }
func (AppCheckLogin) MessageType() string       { return MTAppCheckLogin }
func (AppCheckLoginResult) MessageType() string { return MTAppCheckLoginResult }
func (AppInfo) MessageType() string             { return MTAppInfo }
func (AppInfoResult) MessageType() string       { return MTAppInfoResult }
func (PbxInfo) MessageType() string             { return MTPbxInfo }
func (KeepAlive) MessageType() string           { return MTKeepAlive }
func (CheckBuild) MessageType() string          { return MTCheckBuild }
func (CheckBuildResult) MessageType() string    { return MTCheckBuildResult }
func (ErrorMessage) MessageType() string        { return MTError }
