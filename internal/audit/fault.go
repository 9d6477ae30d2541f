package audit

import "fmt"

// FaultKind is what is wrong with the log. Programs compare it.
type FaultKind string

// The kinds of faults.
const (
	FaultChanged   FaultKind = "changed"   // a row is not the one that was appended
	FaultMissing   FaultKind = "missing"   // rows are gone from the middle
	FaultCut       FaultKind = "cut"       // rows are gone from the end
	FaultForeign   FaultKind = "foreign"   // rows stand behind the head that were not appended by the log
	FaultHead      FaultKind = "head"      // the head itself is gone or damaged; no row was looked at
	FaultSignature FaultKind = "signature" // a signed head is gone, or its signature is wrong
)

// Fault is the first thing that is wrong with the log: the first and the last
// row in doubt. Everything before First is as it was appended, as far as the
// chain goes.
type Fault struct {
	Kind  FaultKind `json:"kind"`
	First int64     `json:"first"`
	Last  int64     `json:"last"`
}

// String is one sentence.
func (f *Fault) String() string {
	rows := fmt.Sprintf("Row %d", f.First)
	were := "was"
	if f.Last != f.First {
		rows, were = fmt.Sprintf("Rows %d to %d", f.First, f.Last), "were"
	}
	switch f.Kind {
	case FaultChanged:
		if f.Last != f.First {
			return fmt.Sprintf("One of the rows %d to %d was changed, or more than one.", f.First, f.Last)
		}
		return fmt.Sprintf("Row %d was changed.", f.First)
	case FaultMissing:
		return fmt.Sprintf("%s %s removed from the middle.", rows, were)
	case FaultCut:
		return fmt.Sprintf("%s %s cut off the end.", rows, were)
	case FaultHead:
		return "The number or the hash of the newest row is gone or damaged."
	case FaultForeign:
		return fmt.Sprintf("%s %s put behind the end by something else than this program.", rows, were)
	}
	return fmt.Sprintf("The signed head of row %d is gone or was not signed with the key of this log.", f.Last)
}

// Report is what looking through the log has found.
type Report struct {
	Rows   int64  `json:"rows"`   // looked at, the one with the fault not included
	Head   Mark   `json:"head"`   // newest row that was looked at
	Signed int64  `json:"signed"` // newest row whose signed head fits, 0 without one
	Gaps   int64  `json:"gaps"`   // places at which an export leaves rows out
	Fault  *Fault `json:"fault"`  // nil: nothing is wrong
}
