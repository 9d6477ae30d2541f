package directory

import "errors"

// Code names a reason for refusal. Programs compare it; it never changes.
type Code string

// The reasons for which the directory refuses.
const (
	CodeBadName          Code = "bad_name"           // a sip name that breaks the rules of names
	CodeBadNumber        Code = "bad_number"         // a number with something else than 0-9, * and #
	CodeBadDomain        Code = "bad_domain"         // a domain or host name that is none
	CodeBadValue         Code = "bad_value"          // any other attribute that breaks its rule
	CodeBadPassword      Code = "bad_password"       // too long, or with control characters
	CodePasswordTooShort Code = "password_too_short" // of a user
	CodeNoPassword       Code = "no_password"        // the object has none and cannot log in
	CodeNameTaken        Code = "name_taken"         // by another object of the domain
	CodeNumberTaken      Code = "number_taken"       // by another object of the domain
	CodeDomainTaken      Code = "domain_taken"       // by another domain, or its host name
	CodeHostTaken        Code = "host_taken"         // by another domain, as name or host name
	CodeDeviceTaken      Code = "device_taken"       // the object has a device of that hardware id
	CodeNotFound         Code = "not_found"          // no such domain, object, device or session
	CodeDomainNotEmpty   Code = "domain_not_empty"   // it still has objects
	CodeDefaultDomain    Code = "default_domain"     // it is the default while there are others
	CodeTooMany          Code = "too_many"           // a limit is reached
	CodeBadFile          Code = "bad_file"           // an import that cannot be read at all
	CodeBadLine          Code = "bad_line"           // one line of an import that cannot be read
	CodeConflict         Code = "conflict"           // others kept changing the same things
	CodeBadKeyFile       Code = "bad_key_file"       // the master key file is not usable
	CodeWrongKey         Code = "wrong_key"          // the secret was not sealed with this master key
	CodeNewerStore       Code = "newer_store"        // the store is one of a newer program
	CodeStale            Code = "stale"              // it has changed since the caller saw it
	CodePrivateURL       Code = "private_url"        // the URL leads into a private network
	CodeInUse            Code = "in_use"             // others refer to it
)

// Error is a refusal: a code for programs and one sentence for people. The
// sentence never contains a secret.
type Error struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	// Field is the member that is wrong, where one alone is.
	Field string `json:"field,omitempty"`
}

// Error is the sentence.
func (e *Error) Error() string { return e.Message }

// Is reports whether target is a refusal with the same code, so that
// errors.Is(err, &directory.Error{Code: directory.CodeNotFound}) works.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// CodeOf is the code of a refusal, or empty for any other error and nil.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

func refuse(code Code, message string) *Error { return &Error{Code: code, Message: message} }
