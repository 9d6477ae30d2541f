// Package trace shows the frames that pass through the switch, for the operator
// who looks for a fault (appwebsocket.md 6.3).
//
// A Tracer is given to the doors and to the switch. They hand it every frame in,
// every frame out and every frame they drop; the flags decide which of them are
// recorded. Secrets never reach a Sink, and neither do the bodies of messages
// unless the operator asks for content. The package is no log: what the switch
// itself has to say goes to slog. It keeps no records either; that is the
// business of the Sink.
//
// A nil Tracer is off, and asking a Tracer that is off costs one atomic load and
// no allocation. All methods may be called from any goroutine at any time. A
// Tracer that is on calls its Sink on the goroutine of the frame: a Sink must
// not block for long and must not come back to the connection it is told about.
package trace

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// Flag names what is traced. Flags are combined with |.
type Flag uint32

// The flags as operators know them (appwebsocket.md 6.3).
const (
	PBX          Flag = 1 << iota // messages between clients and the switch, by meaning
	WebSocket                     // raw frames of client connections
	App                           // what an app service does
	Database                      // statements of a store
	AppWebsocket                  // raw frames between the switch and app services
	Signalling                    // signalling between an app service and the switch
)

// names is in the order of the constants.
var names = [...]string{"PBX", "WebSocket", "App", "Database", "AppWebsocket", "Signalling"}

// ParseFlags reads a comma list of flag names. Upper and lower case and blanks
// do not matter; an empty list is no flag.
func ParseFlags(list string) (Flag, error) {
	var flags Flag
	for field := range strings.SplitSeq(list, ",") {
		name := strings.ReplaceAll(field, " ", "")
		if name == "" {
			continue
		}
		flag := flagByName(name)
		if flag == 0 {
			return 0, fmt.Errorf("unknown trace flag %q, known are %s", field, strings.Join(names[:], ", "))
		}
		flags |= flag
	}
	return flags, nil
}

func flagByName(name string) Flag {
	for i, known := range names {
		if strings.EqualFold(name, known) {
			return 1 << i
		}
	}
	return 0
}

// String returns the names of the flags, in the form that ParseFlags reads.
func (f Flag) String() string {
	var set []string
	for i, name := range names {
		if f&(1<<i) != 0 {
			set = append(set, name)
		}
	}
	return strings.Join(set, ",")
}

// Dir is the direction of a frame as the switch sees it.
type Dir uint8

// The directions.
const (
	In Dir = iota
	Out
)

// String returns "in" or "out".
func (d Dir) String() string {
	if d == Out {
		return "out"
	}
	return "in"
}

// Record is one traced frame.
type Record struct {
	Time   time.Time
	Flag   Flag
	Conn   string // the connection, as the log names it
	Dir    Dir
	Text   string // masked and bounded; valid UTF-8; may be empty with a Reason
	Reason string // why the frame was dropped, empty if it was not
}

// Sink receives records.
type Sink interface {
	Trace(Record)
}

// Tracer decides what is recorded. Use New; nil is a Tracer that is off.
type Tracer struct {
	sink    Sink
	flags   atomic.Uint32
	content atomic.Bool
}

// New returns a Tracer that writes to sink what the flags ask for. Without a
// sink there is nothing to trace to and the result is nil.
func New(sink Sink, on Flag) *Tracer {
	if sink == nil {
		return nil
	}
	t := &Tracer{sink: sink}
	t.Set(on)
	return t
}

// On reports whether one of the flags is traced. Callers need it only to avoid
// work of their own; Frame and Drop ask themselves.
func (t *Tracer) On(f Flag) bool {
	return t != nil && Flag(t.flags.Load())&f != 0
}

// Set changes what is traced, also while frames pass.
func (t *Tracer) Set(on Flag) {
	if t != nil {
		t.flags.Store(uint32(on))
	}
}

// SetContent says whether the bodies of messages are recorded too. They are
// private; the default is that only their lengths are. Secrets stay masked.
func (t *Tracer) SetContent(on bool) {
	if t != nil {
		t.content.Store(on)
	}
}

// Frame records a frame that came in or went out. The frame is not kept.
func (t *Tracer) Frame(f Flag, conn string, d Dir, frame []byte) {
	if t.On(f) {
		t.record(Record{Flag: f, Conn: conn, Dir: d}, frame)
	}
}

// Drop records that a frame which came in goes no further, with the reason that
// is also counted. The frame is not kept; it is nil where it was recorded already,
// or where there is none.
func (t *Tracer) Drop(f Flag, conn, reason string, frame []byte) {
	if t.On(f) {
		t.record(Record{Flag: f, Conn: conn, Dir: In, Reason: reason}, frame)
	}
}

func (t *Tracer) record(r Record, frame []byte) {
	r.Time = time.Now()
	r.Text = mask(frame, t.content.Load())
	t.sink.Trace(r)
}
