package pbxapi

import (
	"errors"
	"strconv"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/internal/strictjson"
)

// failure is a refusal in the form of decision 72: a number for programs and one
// sentence for people, which begins with the member that is wrong.
type failure struct {
	code  uint
	field string
	text  string
}

// The numbers of failures. Clients compare them: append only.
const (
	failTemporary  = 1  // our own fault; try again
	failUnknown    = 2  // no such object, app or group in the domain
	failBad        = 3  // a member that breaks its rule
	failTaken      = 4  // a name, number or device that another has
	failMany       = 5  // a limit is reached
	failConflict   = 6  // it changed meanwhile; look again
	failInUse      = 7  // others refer to it
	failLicence    = 8  // the domain has no such licence, or no seat of it
	failNotOffered = 9  // in the contract, but not in this switch
	failAudit      = 10 // it was done, but could not be written down
	failTooLong    = 11 // the result does not fit into a message
	failSeveral    = 12 // more than one object has this long name
	failForeign    = 13 // it belongs to somebody else
)

// Error implements error.
func (f *failure) Error() string {
	if f.field == "" {
		return f.text
	}
	return f.field + ": " + f.text
}

// AppendJSON implements appservice.Appender.
func (f *failure) AppendJSON(dst []byte) []byte {
	dst = strconv.AppendUint(append(dst, `{"error":`...), uint64(f.code), 10)
	return append(strictjson.AppendString(append(dst, `,"errorText":`...), f.Error()), '}')
}

func bad(field, text string) *failure { return &failure{failBad, field, text} }

func unknown(field, text string) *failure { return &failure{failUnknown, field, text} }

// refusals is what the refusals of the directory are here; field is used where
// the refusal names none.
func refusals() map[directory.Code]failure {
	return map[directory.Code]failure{
		directory.CodeBadName:          {code: failBad, field: "h323"},
		directory.CodeBadNumber:        {code: failBad, field: "e164"},
		directory.CodeBadValue:         {code: failBad},
		directory.CodeBadPassword:      {code: failBad, field: "pwd"},
		directory.CodePasswordTooShort: {code: failBad, field: "pwd"},
		directory.CodeNoPassword:       {code: failBad},
		directory.CodeNameTaken:        {code: failTaken, field: "h323"},
		directory.CodeNumberTaken:      {code: failTaken, field: "e164"},
		directory.CodeDeviceTaken:      {code: failTaken, field: "devices"},
		directory.CodeNotFound:         {code: failUnknown},
		directory.CodeTooMany:          {code: failMany},
		directory.CodeStale:            {code: failConflict},
		directory.CodeConflict:         {code: failConflict},
		directory.CodeInUse:            {code: failInUse},
		directory.CodePrivateURL:       {code: failBad, field: "url"},
	}
}

// contractName is the name that the contract has for a member of the directory.
func contractName(field string) string {
	switch field {
	case "sip":
		return "h323"
	case "num":
		return "e164"
	case "groups":
		return "grp"
	case "diversions":
		return "cds"
	case "app_lics":
		return "app-lics"
	case "template":
		return "config"
	case "home":
		return "apps-my"
	case "group":
		return "pseudo.group"
	case "apis":
		return "pseudo.app"
	case "websocket":
		return "pseudo.app.websocket"
	}
	return field
}

// failureOf is a refusal in the words of the contract; nil if err is a fault of
// our own.
func failureOf(err error) *failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	if e, ok := errors.AsType[*licence.Error](err); ok {
		if e.Code == licence.CodeBadValue {
			return bad("app-lics", e.Message)
		}
		return &failure{failLicence, "app-lics", e.Message}
	}
	e, ok := errors.AsType[*directory.Error](err)
	if !ok {
		return nil
	}
	f, known := refusals()[e.Code]
	if !known {
		f.code = failBad // a refusal all the same: the sentence says why
	}
	if e.Field != "" {
		f.field = contractName(e.Field)
	}
	f.text = e.Message
	return &f
}

// codeOf is a refusal as the audit log has it: the code of the directory or of the
// licences, and for those that were found here the nearest one. It is empty for a
// fault of our own.
func codeOf(err error) string {
	if code := directory.CodeOf(err); code != "" {
		return string(code)
	}
	if code := licence.CodeOf(err); code != "" {
		return string(code)
	}
	f, ok := errors.AsType[*failure](err)
	switch {
	case !ok:
		return ""
	case f.code == failUnknown:
		return string(directory.CodeNotFound)
	case f.code == failNotOffered:
		return "not_offered"
	}
	return string(directory.CodeBadValue)
}

// refusal is what is answered instead of a result. What is our own fault goes to
// the log and not to the peer.
func (p *PbxAdmin) refusal(r *request, err error) *failure {
	if f := failureOf(err); f != nil {
		return f
	}
	p.log.Error("a request of an app object failed", "app", r.me.SIP, "mt", r.f.MT, "err", err)
	return &failure{failTemporary, "", "A temporary failure; try again."}
}
