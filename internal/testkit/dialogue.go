package testkit

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Dialogue is one parsed file.
type Dialogue struct {
	File    string // as given to Parse
	Title   string
	Source  string
	Needs   Needs
	Never   []string // words that may stand in no received frame
	People  []Person
	Objects []Object
	Groups  []Group
	Diverts []Divert
	Devices []Device
	Steps   []Step

	lines int
}

// Needs says which switch a dialogue runs against.
type Needs struct {
	Stored         bool   // a chat store; otherwise none
	Clock          bool   // the time of the switch can be moved
	FixedChallenge string // the challenge that the switch must issue
}

// Person is a user of the switch.
type Person struct {
	Name, Number, Display, Password string
	NoMessages                      bool // without chat store
}

// Object is an App object.
type Object struct {
	Name, Password string
	APIs           []string // ticked
	Rights         []string // further rights, for instance cli_override
}

// Group is a hunt group.
type Group struct {
	Name, Number, Display string
	Members               []string // names of people and objects
}

// Divert is where calls to a person or group go instead.
type Divert struct {
	Who  string
	Type string // cfu, cfb or cfnr
	To   string // a number, or a name
}

// Device is one client.
type Device struct {
	Name     string // person.n
	Flags    string // of Register
	Door     string // DoorApps or DoorAppClient
	HoldPong bool   // pings are answered by pong steps only
}

// Person is the name of the person or object that the device belongs to.
func (d Device) Person() string {
	name, _, _ := strings.Cut(d.Name, ".")
	return name
}

// The doors of the switch.
const (
	DoorApps      = "APPS"
	DoorAppClient = "APPCLIENT"
)

// Setup is what a backend has to create before a dialogue starts. The domain is
// example.com, and the default one.
type Setup struct {
	People         []Person
	Objects        []Object
	Groups         []Group
	Diverts        []Divert
	FixedChallenge string // "" = random challenges
	Stored         bool   // chats are stored, of everybody but NoMessages
}

// messages is who stores the chats, as the program takes it.
func (s Setup) messages() string {
	if s.Stored {
		return "embedded"
	}
	return "off"
}

// Domain is the domain of all dialogues.
const Domain = "example.com"

// Setup returns what the dialogue needs to find.
func (d *Dialogue) Setup() Setup {
	return Setup{
		People: d.People, Objects: d.Objects, Groups: d.Groups, Diverts: d.Diverts, FixedChallenge: d.Needs.FixedChallenge, Stored: d.Needs.Stored,
	}
}

// ClockTotal is the time by which the dialogue moves the clock.
func (d *Dialogue) ClockTotal() time.Duration {
	var sum time.Duration
	for s := range walk(d.Steps) {
		if s.op == opClock {
			sum += s.duration
		}
	}
	return sum
}

func (d *Dialogue) device(name string) (Device, bool) {
	i := slices.IndexFunc(d.Devices, func(x Device) bool { return x.Name == name })
	if i < 0 {
		return Device{}, false
	}
	return d.Devices[i], true
}

func (s Setup) person(name string) (Person, bool) {
	i := slices.IndexFunc(s.People, func(x Person) bool { return x.Name == name })
	if i < 0 {
		return Person{}, false
	}
	return s.People[i], true
}

func (s Setup) object(name string) (Object, bool) {
	i := slices.IndexFunc(s.Objects, func(x Object) bool { return x.Name == name })
	if i < 0 {
		return Object{}, false
	}
	return s.Objects[i], true
}

// op is the kind of a step.
type op uint8

const (
	opConnect   op = iota + 1 // socket, login, Register
	opLogin                   // socket, login
	opSocket                  // socket
	opDrop                    // cut
	opClosed                  // closed by the server with a code
	opSend                    // >
	opReceive                 // <
	opOptional                // <?
	opPass                    // <~
	opNothing                 // -
	opPing                    // a ping has arrived
	opPong                    // answer it
	opWithin                  // limit of the next receive
	opUnordered               // a block of receives
	opWait                    // pause
	opClock                   // the time of the switch moves
	opLet                     // compute
	opCheck                   // compare
	opMatch                   // match a bound value
	opHTTP                    // a request
)

// receives says whether the step takes a frame.
func (o op) receives() bool { return o == opReceive || o == opOptional || o == opPass }

// Step is one line of a dialogue, or one unordered block.
type Step struct {
	Line int
	Text string // the line as it stands

	op       op
	device   string
	code     int           // closed: close code; http: status
	duration time.Duration // of -, within, wait, clock
	frame    string        // sent text
	pattern  *node         // of a receive, or of match
	block    []Step        // of unordered
	name     string        // let, check, match, http: the name without $
	function string        // let: sha256, encode, decode; check: == or !=; http: GET or POST
	text     string        // let, http: the quoted text; check: the right side
	body     *string       // http: the expected body
}

// LineError is a mistake in a dialogue file, or what went wrong at a line.
type LineError struct {
	File string
	Line int
	Msg  string
}

func (e *LineError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg) }

// lineErrors collects mistakes.
type lineErrors struct {
	file string
	list []error
}

func (e *lineErrors) add(line int, format string, args ...any) {
	e.list = append(e.list, &LineError{e.file, line, fmt.Sprintf(format, args...)})
}

func (e *lineErrors) join() error { return errors.Join(e.list...) }
