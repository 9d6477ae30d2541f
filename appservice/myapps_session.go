package appservice

import "encoding/json"

// The messages of the myApps protocol after the login (appwebsocket.md 2.8.1).

// UpdateUser tells the client that its user has changed.
type UpdateUser struct {
	User User `json:"user"`
}

// SessionAdded and SessionUpdated tell of a session of the user.
type (
	SessionAdded struct {
		ID   string      `json:"id"`
		Info SessionInfo `json:"info"`
	}
	SessionUpdated struct {
		ID   string      `json:"id"`
		Info SessionInfo `json:"info"`
	}
)

// SessionDeleted tells that a session of the user has ended.
type SessionDeleted struct {
	ID string `json:"id"`
}

// AuthorizeSession and DeleteSession act on another session of the same user.
type (
	AuthorizeSession struct {
		ID string `json:"id"`
	}
	DeleteSession struct {
		ID string `json:"id"`
	}
)

// SessionInfo describes a session (appwebsocket.md 2.8.3).
type SessionInfo struct {
	ID                 string `json:"id"`
	Current            bool   `json:"current,omitempty"`
	UserAgent          string `json:"userAgent,omitempty"`
	Timestamp          int64  `json:"timestamp,omitempty"` // milliseconds
	Code               int    `json:"code,omitempty"`
	NeedsAuthorization bool   `json:"needsAuthorization,omitempty"`
}

// SetSessionInfo announces how a client can be woken.
type SetSessionInfo struct {
	Token string   `json:"token,omitempty"` // push token
	Wake  []string `json:"wake,omitempty"`  // "phone", "chat"
}

// SubscribeApps asks for the apps of the user, until LogoutResult.
type SubscribeApps struct{}

// UpdateApps is the list in its older form, in one message.
type UpdateApps struct {
	Apps       []App  `json:"apps"`
	DeviceApps []App  `json:"deviceApps"`
	Selected   string `json:"selected"` // comma list
}

// UpdateAppsInfo announces one app; UpdateAppsComplete follows the last.
type (
	UpdateAppsInfo struct {
		App App `json:"app"`
	}
	UpdateAppsComplete struct {
		DeviceApps []DeviceApp `json:"deviceApps"`
		Selected   string      `json:"selected"`
	}
)

// App is an app that the user may open.
type App struct {
	Name    string          `json:"name"`
	Title   string          `json:"title"`
	Text    string          `json:"text,omitempty"`
	URL     string          `json:"url"` // without .htm
	Website bool            `json:"website,omitempty"`
	Info    json.RawMessage `json:"info,omitempty"` // AppFeatures
}

// DeviceApp is an app for one device of the user.
type DeviceApp struct {
	Name      string `json:"name"` // dev:<hw>
	Title     string `json:"title"`
	DeviceApp string `json:"deviceapp,omitempty"`
}

// SetApps stores which apps the user has on the home screen.
type SetApps struct {
	Home string `json:"home"` // comma list of app links
}

// Wake asks a client that sleeps to register.
type Wake struct {
	Type     string `json:"type"` // "phone", "chat"
	HW       string `json:"hw,omitempty"`
	Incoming bool   `json:"incoming,omitempty"`
}

// AppGetLogin asks for the login of an app, over the challenge that the app got
// from its service.
type AppGetLogin struct {
	App       string `json:"app"` // Name of the App object, or dev:<hw>
	Challenge string `json:"challenge"`
}

// AppGetLoginResult is that login. Salt and Key carry the session key
// (SealLoginKey); both are absent if the login has no session.
type AppGetLoginResult struct {
	Domain    string          `json:"domain,omitempty"`
	SIP       string          `json:"sip,omitempty"`
	GUID      string          `json:"guid,omitempty"`
	DN        string          `json:"dn,omitempty"`
	PbxObj    string          `json:"pbxObj,omitempty"`
	App       string          `json:"app,omitempty"`
	Info      json.RawMessage `json:"info,omitempty"`
	Digest    string          `json:"digest,omitempty"`
	Salt      string          `json:"salt,omitempty"`
	Key       string          `json:"key,omitempty"`
	Error     int             `json:"error,omitempty"`
	ErrorText string          `json:"errorText,omitempty"`
}

// Login is the AppLogin that the result allows.
func (r AppGetLoginResult) Login() Login {
	return Login{
		App: r.App, Domain: r.Domain, SIP: r.SIP, GUID: r.GUID, DN: r.DN,
		Info: r.Info, Digest: r.Digest, PbxObj: r.PbxObj,
	}
}

// SetUserActivity tells whether the person is at the client.
type SetUserActivity struct {
	Inactive bool `json:"inactive,omitempty"`
}

// SetOwnPresence sets what the person shows to others.
type SetOwnPresence struct {
	Activity string `json:"activity"` // "", "away", "busy", "dnd"
	Note     string `json:"note,omitempty"`
}

// UpdateOwnPresence tells the presence of the own user.
type UpdateOwnPresence struct {
	Presence []Presence `json:"presence"`
}

// Presence is one contact of a person (appwebsocket.md 2.8.3).
type Presence struct {
	Contact  string `json:"contact"` // "tel:", "im:", "calendar:"
	Status   string `json:"status,omitempty"`
	Activity string `json:"activity,omitempty"`
	Note     string `json:"note,omitempty"`
}

// MessageType implements Message.
func (UpdateUser) MessageType() string         { return MTUpdateUser }
func (SessionAdded) MessageType() string       { return MTSessionAdded }
func (SessionUpdated) MessageType() string     { return MTSessionUpdated }
func (SessionDeleted) MessageType() string     { return MTSessionDeleted }
func (AuthorizeSession) MessageType() string   { return MTAuthorizeSession }
func (DeleteSession) MessageType() string      { return MTDeleteSession }
func (SetSessionInfo) MessageType() string     { return MTSetSessionInfo }
func (SubscribeApps) MessageType() string      { return MTSubscribeApps }
func (UpdateApps) MessageType() string         { return MTUpdateApps }
func (UpdateAppsInfo) MessageType() string     { return MTUpdateAppsInfo }
func (UpdateAppsComplete) MessageType() string { return MTUpdateAppsComplete }
func (SetApps) MessageType() string            { return MTSetApps }
func (Wake) MessageType() string               { return MTWake }
func (AppGetLogin) MessageType() string        { return MTAppGetLogin }
func (AppGetLoginResult) MessageType() string  { return MTAppGetLoginResult }
func (SetUserActivity) MessageType() string    { return MTSetUserActivity }
func (SetOwnPresence) MessageType() string     { return MTSetOwnPresence }
func (UpdateOwnPresence) MessageType() string  { return MTUpdateOwnPresence }
