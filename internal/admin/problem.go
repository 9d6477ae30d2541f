package admin

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/audit"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/licence"
)

// Code names a kind of problem. The values are part of the API and stand in
// scripts: append only. The codes of refusals of other packages (directory.Code,
// account.Code, licence.Code) are codes here too.
type Code string

// The further codes.
const (
	Invalid         Code = "invalid"         // the request says something that cannot be
	NotFound        Code = "not_found"       // what it names does not exist, for the one who asks
	NotRunning      Code = "not_running"     // it needs a running server
	Busy            Code = "busy"            // somebody else holds the data directory
	TooLarge        Code = "too_large"       // the request or the answer is too long
	Internal        Code = "internal"        // our fault; the log has the text
	Unauthenticated Code = "unauthenticated" // nobody knows who asks
	Forbidden       Code = "forbidden"       // the one who asks may not do it
	RateLimited     Code = "rate_limited"    // too many requests
	RevMismatch     Code = "stale"           // If-Match names another rev than the present one; as directory.CodeStale
	ReasonRequired  Code = "reason_required" // the act needs a reason, in the header Pbx-Reason
	KeyReused       Code = "key_reused"      // the idempotency key was used for another request
	KeyInUse        Code = "key_in_use"      // the first request with the key is not answered yet
	BadMethod       Code = "bad_method"      // the address does not answer to the method
	NoRoute         Code = "no_route"        // there is no such address
	BadBody         Code = "bad_body"        // the body is not what its type says
	AuditFailed     Code = "audit_failed"    // it was done, but could not be written down
	NotAudited      Code = "not_audited"     // it was not done, because it could not be written down
	NotAvailable    Code = "not_available"   // this installation does not have it
	BadCursor       Code = "bad_cursor"      // the cursor is none of this list
	UnknownCode     Code = "unknown"         // an answer without code
	statusTooLarge       = http.StatusRequestEntityTooLarge
	problemType          = "application/problem+json"
	maxProblem           = 1 << 20
	defaultProblem       = "about:blank"
)

// Field is what is wrong with one part of a request.
type Field struct {
	Field string `json:"field" doc:"Which part: a member of the body, like sip or apps[0], or a parameter."`
	Text  string `json:"detail" doc:"What is wrong with it."`
}

// Problem is an error that an administrator has to read: a code for programs and
// a sentence for people. It travels as RFC 9457 describes.
type Problem struct {
	Type   string  `json:"type" doc:"Always about:blank; the code tells the kind."`
	Title  string  `json:"title" doc:"What the status means."`
	Status int     `json:"status" doc:"The HTTP status."`
	Code   Code    `json:"code" doc:"The kind of problem, for programs."`
	Text   string  `json:"detail" doc:"What is wrong, in a sentence."`
	Fields []Field `json:"errors,omitempty" doc:"The parts of the request that are wrong."`
	Rev    int64   `json:"rev,omitempty" doc:"The present rev, with the code stale."`
}

// Error is the sentence.
func (p *Problem) Error() string { return p.Text }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int {
	if p.Status == 0 {
		return statusOf(p.Code)
	}
	return p.Status
}

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return problemType }

func problem(code Code, text string) *Problem { return &Problem{Code: code, Text: text} }

// wrong is a problem with one part of the request.
func wrong(code Code, field, text string) *Problem {
	return &Problem{Code: code, Text: text, Fields: []Field{{field, text}}}
}

// CodeOf is the code of err, Internal for an error that is no Problem.
func CodeOf(err error) Code {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p.Code
	}
	return Internal
}

// statusOf is the HTTP status that goes with a code.
func statusOf(code Code) int {
	switch code {
	case NotFound, NoRoute, NotAvailable:
		return http.StatusNotFound
	case Unauthenticated, "bad_login", "second_factor", "bad_code", "no_session", "bad_token":
		return http.StatusUnauthorized
	case Forbidden, "cross_origin":
		return http.StatusForbidden
	case RateLimited, "too_many_attempts":
		return http.StatusTooManyRequests
	case RevMismatch:
		return http.StatusPreconditionFailed
	case BadMethod:
		return http.StatusMethodNotAllowed
	case TooLarge:
		return statusTooLarge
	case BadBody, BadCursor:
		return http.StatusBadRequest
	case NotRunning, Busy, codeLinkDown:
		return http.StatusServiceUnavailable
	case Internal, AuditFailed, NotAudited:
		return http.StatusInternalServerError
	case KeyInUse, "name_taken", "number_taken", "domain_taken", "host_taken", "device_taken",
		"domain_not_empty", "default_domain", "conflict", "in_use",
		"revoked", "no_key", codeHeld, "licences_in_use", "not_entitled", "no_seat",
		"last_operator", "no_factor":
		return http.StatusConflict
	}
	return http.StatusUnprocessableEntity
}

// codeOfStatus is the code of a problem that came without.
func codeOfStatus(status int) Code {
	switch status {
	case http.StatusBadRequest, http.StatusUnsupportedMediaType:
		return BadBody
	case statusTooLarge:
		return TooLarge
	case http.StatusInternalServerError:
		return Internal
	}
	return Invalid
}

// fieldOf is the member of the body that a refusal of the directory is about.
func fieldOf(code directory.Code) string {
	switch code {
	case directory.CodeBadName, directory.CodeNameTaken:
		return "sip"
	case directory.CodeBadNumber, directory.CodeNumberTaken:
		return "num"
	case directory.CodeBadPassword, directory.CodePasswordTooShort:
		return "password"
	case directory.CodeBadDomain, directory.CodeDomainTaken:
		return "name"
	case directory.CodeHostTaken:
		return "hosts"
	case directory.CodeDeviceTaken:
		return "hw"
	}
	return ""
}

// explain makes a refusal of another package a Problem.
func explain(err error) error {
	if refusal, ok := errors.AsType[*directory.Error](err); ok {
		return explained(Code(refusal.Code), cmp.Or(refusal.Field, fieldOf(refusal.Code)), refusal.Message)
	}
	if refusal, ok := errors.AsType[*account.Error](err); ok {
		return explained(Code(refusal.Code), refusal.Field, refusal.Message)
	}
	if refusal, ok := errors.AsType[*licence.Error](err); ok {
		return explained(Code(refusal.Code), refusal.Field, refusal.Message)
	}
	if refusal, ok := errors.AsType[*audit.Error](err); ok {
		return explained(Code(refusal.Code), auditField(refusal.Code), refusal.Message)
	}
	return err
}

func explained(code Code, field, text string) *Problem {
	if field == "" {
		return problem(code, text)
	}
	return wrong(code, field, text)
}

// complete fills in what follows from the code.
func (p *Problem) complete() *Problem {
	full := *p
	full.Type, full.Status = defaultProblem, p.GetStatus()
	full.Title = http.StatusText(full.Status)
	return &full
}

// transformErrors brings errors of huma into our form. The values that were wrong
// are left out: they may be secrets.
func transformErrors(_ huma.Context, _ string, v any) (any, error) {
	switch e := v.(type) {
	case *Problem:
		return e.complete(), nil
	case *huma.ErrorModel:
		return fromModel(e).complete(), nil
	}
	return v, nil
}

func fromModel(e *huma.ErrorModel) *Problem {
	p := &Problem{Status: e.Status, Code: codeOfStatus(e.Status), Text: e.Detail}
	for _, d := range e.Errors {
		p.Fields = append(p.Fields, fieldOfDetail(e.Status, d))
	}
	if len(p.Fields) > 0 {
		p.Text = "The request is not valid: " + p.Fields[0].Field + ": " + p.Fields[0].Text + "."
	}
	return p
}

// fieldOfDetail says in our words what huma has found. What is missing it finds in
// what should contain it.
func fieldOfDetail(status int, d *huma.ErrorDetail) Field {
	missing, found := strings.CutPrefix(d.Message, "expected required property ")
	switch {
	case found:
		return Field{trimLocation(d.Location + "." + strings.TrimSuffix(missing, " to be present")), "it is missing"}
	case d.Location == "body" && status == http.StatusUnsupportedMediaType:
		return Field{"body", "its type is not known here: say it in the header Content-Type, like application/json"}
	case d.Location == "body" && status == http.StatusBadRequest:
		return Field{"body", "it is not the JSON that it should be"}
	}
	return Field{trimLocation(d.Location), d.Message}
}

// writeProblem answers where no operation was found.
func writeProblem(w http.ResponseWriter, p *Problem) {
	text, err := json.Marshal(p.complete())
	if err != nil {
		http.Error(w, p.Text, p.GetStatus())
		return
	}
	w.Header().Set("Content-Type", problemType)
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(p.GetStatus())
	_, _ = w.Write(text) // the other side has gone
}
