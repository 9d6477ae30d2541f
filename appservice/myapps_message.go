package appservice

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// The login messages of the myApps protocol (appwebsocket.md 2.8.1). They have
// no api; only AppGetLogin has a src.

// SubscribeRegister asks for the pages that help before a login.
type SubscribeRegister struct{}

// UpdateRegister tells those pages.
type UpdateRegister struct {
	Signup   string `json:"signup,omitempty"`
	Reset    string `json:"reset,omitempty"`
	Profile  string `json:"profile,omitempty"`
	Tutorial string `json:"tutorial,omitempty"`
}

// LoginInfo asks which login methods there are.
type LoginInfo struct{}

// LoginInfoResult tells the login methods.
type LoginInfoResult struct {
	User      UserMethods    `json:"user"`
	Session   SessionMethods `json:"session"`
	Error     int            `json:"error,omitempty"`
	ErrorText string         `json:"errorText,omitempty"`
}

// UserMethods are the methods of a login with name and password.
type UserMethods struct {
	Digest     bool   `json:"digest"`
	NTLM       bool   `json:"ntlm"`
	OAuth2     bool   `json:"oauth2"`
	OAuth2Name string `json:"oauth2Name,omitempty"`
}

// SessionMethods are the methods of a login with a session.
type SessionMethods struct {
	Digest bool `json:"digest"`
}

// ClientLogin is the message Login. The first one has no method and asks for a
// challenge; the second one carries the proof.
type ClientLogin struct {
	Type      string `json:"type"`
	Method    string `json:"method,omitempty"`
	Username  string `json:"username,omitempty"`
	Nonce     string `json:"nonce,omitempty"`
	Response  string `json:"response,omitempty"`
	UserAgent string `json:"userAgent,omitempty"`
}

// Authenticate carries the challenge.
type Authenticate struct {
	Type      string    `json:"type"`
	Method    string    `json:"method"`
	Domain    string    `json:"domain"`
	Challenge Challenge `json:"challenge"`
}

// Authorize says that another session of the user must confirm this login.
type Authorize struct {
	Code AuthorizeCode `json:"code"`
}

// AuthorizeCode is a number of four digits.
//
// COMPAT: a published diagram shows a string.
type AuthorizeCode int

// UnmarshalJSON implements json.Unmarshaler.
func (c *AuthorizeCode) UnmarshalJSON(b []byte) error {
	n, err := strconv.Atoi(string(bytes.Trim(b, `"`)))
	if err != nil {
		return fmt.Errorf("appservice: code %s: %w", b, err)
	}
	*c = AuthorizeCode(n)
	return nil
}

// LoginResult ends a login. Info and Digest, or Error and ErrorText.
type LoginResult struct {
	Info      json.RawMessage `json:"info,omitempty"`
	Digest    string          `json:"digest,omitempty"`
	Error     int             `json:"error,omitempty"`
	ErrorText string          `json:"errorText,omitempty"`
}

// Redirect sends the client to another switch.
type Redirect struct {
	Info   json.RawMessage `json:"info"`
	Digest string          `json:"digest"`
}

// RedirectInfo is the member info of Redirect.
type RedirectInfo struct {
	Host    string         `json:"host"`
	HTTP    int            `json:"http,omitempty"`
	HTTPS   int            `json:"https,omitempty"`
	Mod     string         `json:"mod,omitempty"`
	Session *SealedSession `json:"session,omitempty"`
}

// LoginCancel gives up a login that waits.
type LoginCancel struct{}

// Logout ends the login; LogoutResult confirms it, or comes unasked.
type (
	Logout       struct{}
	LogoutResult struct{}
)

// ClientInfo is the member info of LoginResult (appwebsocket.md 2.8.3). It is part
// of a digest and written like Info.
type ClientInfo struct {
	User    User           `json:"user"`
	Session *SealedSession `json:"session,omitempty"` // only for a login of TypeUser
	APIs    []string       `json:"apis,omitempty"`    // usable on this connection (A10)
	Alt     string         `json:"alt,omitempty"`     // "host:port/module" of the standby
	AltHTTP string         `json:"altHttp,omitempty"`
}

// User is a person as the own client sees it.
type User struct {
	Domain string `json:"domain"`
	SIP    string `json:"sip"`
	GUID   string `json:"guid"`
	DN     string `json:"dn"`
	Num    string `json:"num,omitempty"`
	Email  string `json:"email,omitempty"`
	Prefix Prefix `json:"prefix"`
}

// Prefix is how numbers are dialled.
type Prefix struct {
	Intl       string `json:"intl,omitempty"`
	Ntl        string `json:"ntl,omitempty"`
	Subs       string `json:"subs,omitempty"`
	Area       string `json:"area,omitempty"`
	Country    string `json:"country,omitempty"`
	Subscriber string `json:"subscriber,omitempty"`
}

// AppendJSON implements Appender.
func (i ClientInfo) AppendJSON(dst []byte) []byte {
	o := object{dst: append(dst, '{')}
	o.child("user", i.User.write)
	o.raw("account", "{}")
	o.raw("settings", "{}")
	if i.Session != nil {
		o.child("session", func(c *object) {
			c.must("usr", i.Session.Usr)
			c.must("pwd", i.Session.Pwd)
		})
	}
	o.text("alt", i.Alt)
	o.text("altHttp", i.AltHTTP)
	if i.APIs != nil {
		o.texts("apis", i.APIs)
	}
	return o.end()
}

// AppendJSON implements Appender.
func (u User) AppendJSON(dst []byte) []byte {
	o := object{dst: append(dst, '{')}
	u.write(&o)
	return o.end()
}

func (u User) write(o *object) {
	o.must("domain", u.Domain)
	o.must("sip", u.SIP)
	o.must("guid", u.GUID)
	o.must("dn", u.DN)
	o.text("num", u.Num)
	o.text("email", u.Email)
	o.child("prefix", u.Prefix.write)
}

func (p Prefix) write(o *object) {
	o.text("intl", p.Intl)
	o.text("ntl", p.Ntl)
	o.text("subs", p.Subs)
	o.text("area", p.Area)
	o.text("country", p.Country)
	o.text("subscriber", p.Subscriber)
}

// MessageType implements Message.
func (SubscribeRegister) MessageType() string { return MTSubscribeRegister }
func (UpdateRegister) MessageType() string    { return MTUpdateRegister }
func (LoginInfo) MessageType() string         { return MTLoginInfo }
func (LoginInfoResult) MessageType() string   { return MTLoginInfoResult }
func (ClientLogin) MessageType() string       { return MTLogin }
func (Authenticate) MessageType() string      { return MTAuthenticate }
func (Authorize) MessageType() string         { return MTAuthorize }
func (LoginResult) MessageType() string       { return MTLoginResult }
func (Redirect) MessageType() string          { return MTRedirect }
func (LoginCancel) MessageType() string       { return MTLoginCancel }
func (Logout) MessageType() string            { return MTLogout }
func (LogoutResult) MessageType() string      { return MTLogoutResult }
