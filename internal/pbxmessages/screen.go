package pbxmessages

import (
	"strings"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/internal/strictjson"
)

// The codes of failed requests (decision 59).
const (
	codeParameter  = 1
	codeNotAllowed = 3
	codeQuota      = 4
	codeInternal   = 5
)

// What Error says.
const (
	textNoStore     = "no stored chats" // whatever the reason (A12)
	textNoLink      = "the Messages service is not connected"
	textNoSession   = "no session"
	textTooSoon     = "wait a second after an Error"
	textNoAnswer    = "the Messages service does not answer"
	textTooMany     = "too many at a time"
	textTooLong     = "message too long"
	textBusy        = "the Messages service is behind; try again"
	textTwice       = "a name stands twice"
	textSlow        = "too many answers wait"
	textNotLicensed = "not licensed"
	textNotYours    = "not for clients to say"
)

// reserved tells whether a message is not a client's to send: without its api it would
// be one of the switch, or of the login, to the service.
func reserved(mt string) bool {
	switch mt {
	case appservice.MTAppChallenge, appservice.MTAppLogin, appservice.MTAppInfo, appservice.MTAppCheckLogin, appservice.MTPbxInfo,
		appservice.MTKeepAlive, appservice.MTCheckBuild, appservice.MTError,
		"SessionEnd", "Mark", "Marked", "Unread", "Deliver", "GroupChanged", "MemberChanged", "Event":
		return true
	}
	return strings.HasSuffix(mt, "Result") || strings.HasSuffix(mt, "Ind")
}

// feature is what a request needs beside chat (decision 78); empty: nothing.
func feature(f *appservice.Frame) licence.Feature {
	switch f.MT {
	case "CreateFileBuffer":
		return licence.ChatAttach
	case "Post", "Update", "Broadcast":
		if a := f.Get("attach"); a.Exists() && !a.Is("") {
			return licence.ChatAttach
		}
		if waits, ok := f.Get("attaching").Bool(); ok && waits {
			return licence.ChatAttach
		}
	case "WriteGroup", "WriteMember", "SetGroup", "Join", "Invite", "Kick", "Ban", "Mute", "Grant":
		return licence.ChatGroup
	}
	return ""
}

// hasKey tells whether a result may let its client upload files to a message.
func hasKey(mt string) bool { return mt == "PostResult" || mt == "UpdateResult" }

// forbidden tells whether a Post is one that only the switch sends (A11): of a chat,
// into several topics, into a group, or with a key against duplicates.
func forbidden(f *appservice.Frame) bool {
	if f.MT != "Post" {
		return false
	}
	if v := f.Get("type"); v.Exists() && v.Kind() != strictjson.Null && string(v.Raw()) != "0" && !v.Is("0") {
		return true
	}
	for _, name := range []string{"topics", "grp", "id", "cid"} {
		if f.Get(name).Exists() {
			return true
		}
	}
	return false
}

// refusal is the answer to a request that is not passed on, in the form of its result
// (decision 59): error is true where it is documented as a bool.
func refusal(dst []byte, f *appservice.Frame, code int, text string) []byte {
	dst = append(dst, `{"api":"`+appservice.APIPbxMessages+`","mt":`...)
	dst = strictjson.AppendString(dst, f.MT+"Result")
	if f.Src != nil {
		dst = append(append(dst, `,"src":`...), f.Src...)
	}
	switch f.MT {
	case "Post", "Update", "Delete":
		dst = append(dst, `,"error":true`...)
	default:
		dst = append(dst, `,"error":`...)
		dst = append(dst, byte('0'+code))
	}
	return append(strictjson.AppendString(append(dst, `,"errorText":`...), text), '}')
}
