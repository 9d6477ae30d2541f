package audit

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tandem-switch/tandem/signal"
)

// Entry is one row of the log. Append sets Number, Time, Previous and Hash.
//
// An entry never holds a secret: whoever makes one leaves passwords, tokens and
// keys out and writes a Detail without values instead.
type Entry struct {
	Number int64     `json:"number"` // from 1, without a gap
	Time   time.Time `json:"time"`   // UTC, whole milliseconds
	Actor  Actor     `json:"actor"`
	From   string    `json:"from"` // address of the actor, empty if there is none
	Act    string    `json:"act"`  // dotted word, like user.set; never renamed
	Domain Domain    `json:"domain"`
	Object Object    `json:"object"`
	// Outcome and Code say how it ended; Code is empty when it is done.
	Outcome  Outcome  `json:"outcome"`
	Code     string   `json:"code"`
	Reason   string   `json:"reason"` // why, in the words of the actor; for sensitive acts
	Details  []Detail `json:"details"`
	Previous Hash     `json:"previous"` // of the row before
	Hash     Hash     `json:"hash"`
}

// Kind is what an actor is.
type Kind string

// The kinds of actors. They are stored: none is ever renamed.
const (
	Operator Kind = "operator" // somebody at the control socket; the id is that of the Unix user
	Account  Kind = "account"  // an administrator who has logged in
	Token    Kind = "token"    // an API token
	User     Kind = "user"     // a user of a domain, about itself
	App      Kind = "app"      // an app object of a domain, through an API
	System   Kind = "system"   // the program by itself
	Nobody   Kind = "nobody"   // somebody who has not proven to be anybody, with the name that was claimed
)

func (k Kind) known() bool {
	switch k {
	case Operator, Account, Token, User, App, System, Nobody:
		return true
	}
	return false
}

// Actor is who did it.
type Actor struct {
	Kind Kind   `json:"kind"`
	ID   string `json:"id"`
	Name string `json:"name"`
	Role string `json:"role"`
}

// Domain is the domain that it was about; the zero value is none. Who may read
// that domain only sees its rows.
type Domain struct {
	ID   signal.DomainID `json:"id"`
	Name string          `json:"name"`
}

// Object is what it was done to. Kind tells what the id is one of, like user or
// account.
type Object struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Outcome is how an act ended.
type Outcome string

// The outcomes. They are stored: none is ever renamed.
const (
	Done    Outcome = "done"
	Refused Outcome = "refused" // for lack of rights, or as bad input
	Failed  Outcome = "failed"  // by our own fault; it may have been done in part
	Begun   Outcome = "begun"   // written before a sensitive act is done; another row tells how it ended
)

func (o Outcome) known() bool { return o == Done || o == Refused || o == Failed || o == Begun }

// Detail is a member that was changed, or a circumstance of the act. Old or New
// are empty where there is none; both are when the value is a secret.
type Detail struct {
	Name string `json:"name"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

// The limits of an entry, in bytes. Longer texts are cut and end with an
// ellipsis: an act is not refused because a stranger gave it a long name.
const (
	maxWord    = 64   // act, kinds, role, code, name of a detail
	maxName    = 256  // names, ids and addresses
	maxReason  = 1024 // reason
	maxValue   = 512  // old and new value of a detail
	maxDetails = 64   // details
)

const ellipsis = "…"

var actRule = regexp.MustCompile(`^[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)+$`)

// clean brings an entry into the form in which it is stored, or refuses it.
func (e *Entry) clean() error {
	switch {
	case len(e.Act) > maxWord || !actRule.MatchString(e.Act):
		return refuse(CodeBadEntry, "The act %q is not like user.set.", e.Act)
	case !e.Actor.Kind.known():
		return refuse(CodeBadEntry, "There is no actor of the kind %q.", e.Actor.Kind)
	case !e.Outcome.known():
		return refuse(CodeBadEntry, "There is no outcome %q.", e.Outcome)
	case e.Domain.ID < 0:
		return refuse(CodeBadEntry, "There is no domain %d.", e.Domain.ID)
	}
	for _, word := range []*string{&e.Actor.Role, &e.Object.Kind, &e.Code} {
		*word = cut(*word, maxWord)
	}
	for _, name := range []*string{&e.Actor.ID, &e.Actor.Name, &e.From, &e.Domain.Name, &e.Object.ID, &e.Object.Name} {
		*name = cut(*name, maxName)
	}
	e.Reason = cut(e.Reason, maxReason)
	e.Details = cleanDetails(e.Details)
	return nil
}

// cleanDetails copies the details; those beyond the limit are counted.
func cleanDetails(list []Detail) []Detail {
	clean := make([]Detail, 0, min(len(list), maxDetails))
	for i, d := range list {
		if i == maxDetails-1 && len(list) > maxDetails {
			return append(clean, Detail{Name: ellipsis, New: fmt.Sprintf("%d more", len(list)-i)})
		}
		clean = append(clean, Detail{cut(d.Name, maxWord), cut(d.Old, maxValue), cut(d.New, maxValue)})
	}
	return clean
}

// cut makes a text that every database keeps as it is, and not longer than size.
func cut(s string, size int) string {
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			return ' ' // a terminal would obey it, or show the row as another one
		}
		return r
	}, s)
	if len(s) <= size {
		return s
	}
	end := size - len(ellipsis)
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + ellipsis
}
