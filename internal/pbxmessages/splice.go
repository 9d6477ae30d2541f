package pbxmessages

import (
	"strconv"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/strictjson"
)

// owned are the member names of the outermost object that mean something to the
// switch. A member that is named like one of them but for upper and lower case is left
// out in both directions: a reader blind to case would take it for the other.
var owned = strictjson.NewNames(
	"mt", "api", "src", "user", "session", "dn", "guid", "author", "type", "id", "topic", "topics", "grp", "people", "timestamp",
	"filterSrc", "flags", "error",
)

// request is what is put in front of a client's message on its way to the service.
type request struct {
	token     uint64
	user      string
	session   int64
	author    bool   // the acting user is the author too
	filterSrc uint64 // token of the subscription that filterSrc names; 0: none
}

// appendRequest writes a client's message as it goes to the service (decision 54):
// what the switch says about it first, then the members of the client, byte for byte
// but for those that are not the client's to say.
func appendRequest(dst []byte, f *appservice.Frame, r request) []byte {
	dst = strictjson.AppendString(append(dst, `{"mt":`...), f.MT)
	dst = appendToken(append(dst, `,"src":`...), r.token)
	dst = strictjson.AppendString(append(dst, `,"user":`...), r.user)
	dst = strconv.AppendInt(append(dst, `,"session":`...), r.session, 10)
	if r.author {
		dst = strictjson.AppendString(append(dst, `,"author":`...), r.user)
	}
	if r.filterSrc != 0 {
		dst = appendToken(append(dst, `,"filterSrc":`...), r.filterSrc)
	}
	for m := range f.Doc().Root().Members() {
		if name := m.Name(); !owned.Variant(name) && !withheld(name, f.MT) {
			dst = appendMember(dst, m)
		}
	}
	return append(dst, '}')
}

// withheld tells whether the member of a client is not passed on.
func withheld(name, mt string) bool {
	switch name {
	case "mt", "api", "src", "user", "session", "filterSrc":
		return true
	case "dn":
		return mt != "WriteGroup" && mt != "WriteTopic" && mt != "SetGroup"
	case "author", "people", "guid", "timestamp":
		return mt == "Post" || mt == "Update"
	}
	return false
}

// appendMember copies a member behind others.
func appendMember(dst []byte, m strictjson.Member) []byte {
	key, _ := m.NameBytes()
	dst = append(append(append(dst, ',', '"'), key...), '"', ':')
	return append(dst, m.Value().Raw()...)
}

// appendAnswer writes what the service has sent as it goes to the client: with the api,
// and the src of the client instead of the token, or none. session is put in place of
// what the service says if it is not 0. keyless leaves out what lets the client upload
// files to a message (decision 64).
func appendAnswer(dst []byte, f *appservice.Frame, src []byte, session int64, keyless bool) []byte {
	dst = append(dst, `{"api":"`+appservice.APIPbxMessages+`","mt":`...)
	dst = strictjson.AppendString(dst, f.MT)
	if src != nil {
		dst = append(append(dst, `,"src":`...), src...)
	}
	if session != 0 {
		dst = strconv.AppendInt(append(dst, `,"session":`...), session, 10)
	}
	for m := range f.Doc().Root().Members() {
		switch name := m.Name(); {
		case name == "mt", name == "api", name == "src", name == "session" && session != 0, owned.Variant(name):
		case keyless && (name == "session" || name == "key" || name == "url"):
		default:
			dst = appendMember(dst, m)
		}
	}
	return append(dst, '}')
}

// tokenMark is what tokens begin with. Calls of the link itself begin otherwise.
const tokenMark = 'p'

func appendToken(dst []byte, n uint64) []byte {
	return append(strconv.AppendUint(append(dst, '"', tokenMark), n, 10), '"')
}

// parseToken reads what appendToken has written, and nothing else.
func parseToken(src []byte) (n uint64, ok bool) {
	if len(src) < 4 || len(src) > 23 || src[0] != '"' || src[1] != tokenMark || src[2] == '0' || src[len(src)-1] != '"' {
		return 0, false
	}
	for _, c := range src[2 : len(src)-1] {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseUint(string(src[2:len(src)-1]), 10, 64)
	return n, err == nil
}
