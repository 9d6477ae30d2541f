// Package facilities is the policy of the switch: one table row for each facility
// type of appwebsocket.md 3.6 says who ends it, in which messages it may stand,
// and what is screened in it. Types without a row are relayed (decision 35).
//
// The switch asks through signal.Policy. Nothing here keeps state between two
// questions: parts of texts lie with the chat that asks. A Table is safe for use
// by several goroutines.
package facilities

import (
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
)

// Drop reasons: labels of the drop metric.
const (
	reasonPosition   = "facility_position"   // in a message where it may not stand
	reasonTerminated = "facility_terminated" // belongs to the PBX; not from a client
	reasonBad        = "facility_content"
	reasonReceipt    = "receipt"
	reasonEmpty      = "empty_text"
	reasonTooLong    = "text_too_long"
	reasonAttach     = "foreign_attachment"
)

// class says who ends a facility (3.6).
type class uint8

const (
	relayed    class = iota // R: goes to the peer
	terminated              // T: the PBX makes or ends it; dropped from a client
	service                 // T in a setup: a service of the PBX that is asked for
	toPrograms              // T/R in a setup: relayed to a program, else a service
)

// messages is a set of message types.
type messages uint16

func in(types ...signal.Type) messages {
	var set messages
	for _, t := range types {
		set |= 1 << t
	}
	return set
}

const anywhere messages = 0xffff

// row is what the table says of one type.
type row struct {
	class  class
	in     messages
	screen func(t *Table, v *signal.View, f strictjson.Value, out *signal.Verdict)
}

// Table implements signal.Policy.
type Table struct {
	rows map[string]row
}

var _ signal.Policy = (*Table)(nil)

// New makes the table.
func New() *Table { return &Table{rows: rows()} }

// rows is the table of appwebsocket.md 3.6.
func rows() map[string]row {
	setup, facility := in(signal.SetupMsg), in(signal.FacilityMsg)
	r := map[string]row{
		"im_setup":            {in: setup, screen: (*Table).chatSetup},
		"im_message":          {in: facility, screen: (*Table).message},
		"im_receipt":          {in: facility, screen: (*Table).receipt},
		"name_identification": {in: anywhere, screen: (*Table).ownName},
		"cli_override":        {in: setup, screen: (*Table).overrideCLI},
	}
	add := func(c class, in messages, types ...string) {
		for _, name := range types {
			r[name] = row{class: c, in: in}
		}
	}
	// transfer
	add(relayed, anywhere, "ct_identify", "ct_identify_result", "ct_initiate", "ct_setup", "ct_setup_result")
	add(terminated, anywhere, "ct_initiate_result", "ct_complete")
	// diversion
	add(service, setup, "diversion_interrogate")
	add(terminated, anywhere, "diversion_interrogate_result", "diversion_callreroute", "diversion_calldeflection",
		"diverting_leg1", "diverting_leg2", "diverting_leg3", "diverting_leg4")
	// hold
	add(relayed, facility, "hold_notify", "retrieve_notify", "remote_hold", "remote_retrieve", "remote_hold_result", "remote_retrieve_result")
	// park, pickup, call list
	add(service, setup, "cp_pick_req", "dialog_info_subscribe")
	add(terminated, anywhere, "cp_park", "cp_group_indication_on", "cp_group_indication_off", "cp_pick_exe")
	// message waiting, name, misc
	add(relayed, in(signal.AlertMsg, signal.FacilityMsg), "call_waiting")
	add(relayed, anywhere, "mwi_activate", "mwi_deactivate", "mwi_interrogate", "mwi_interrogate_result",
		"co_alerting", "innovaphone_message", "innovaphone_remote_control")
	// presence
	add(service, setup, "presence_publish")
	add(toPrograms, setup, "presence_subscribe")
	add(relayed, facility, "presence_notify")
	// conference
	add(relayed, anywhere, "video_setup", "video_conn", "video_priority", "video_capabilities")
	return r
}

// Screen implements signal.Policy.
func (t *Table) Screen(v *signal.View, f strictjson.Value, out *signal.Verdict) {
	typ := f.Get("type")
	if v.Msg == signal.FacilityMsg && typ.Is("im_message") { // nearly all of them
		t.message(v, f, out)
		return
	}
	r, known := t.rowOf(typ)
	switch {
	case !known:
		relay(f, out)
	case r.in&(1<<v.Msg) == 0:
		drop(out, reasonPosition)
	case r.screen != nil:
		r.screen(t, v, f, out)
	case r.class == terminated:
		drop(out, reasonTerminated)
	case r.class == service, r.class == toPrograms && !toProgram(v):
		out.Action, out.Feature, out.Cause = signal.Terminate, signal.Unsupported, signal.CauseNotImplemented
	default:
		relay(f, out)
	}
}

func toProgram(v *signal.View) bool { return v.To != nil && v.To.Kind == signal.App }

// rowOf finds the row of a type without allocating.
func (t *Table) rowOf(typ strictjson.Value) (row, bool) {
	name, plain := typ.Bytes()
	if !plain {
		name = []byte(typ.String())
	}
	r, ok := t.rows[string(name)]
	return r, ok
}

func drop(out *signal.Verdict, reason string) {
	out.Action, out.Reason = signal.Drop, reason
}

func refuse(out *signal.Verdict, cause signal.Cause, reason string) {
	out.Action, out.Cause, out.Reason = signal.Refuse, cause, reason
}

// owned are the member names that screens read. Nothing that is relayed may hold
// a name that differs from one of them only in case.
var owned = strictjson.NewNames("type", "sender", "sender_dn", "subject", "participants", "data", "attach", "time",
	"typing", "mime", "more", "id", "mid", "timestamp", "chat", "alt", "name", "inbox", "state", "sip", "cau")

// relay re-encodes a facility with all its members, whatever they are.
func relay(f strictjson.Value, out *signal.Verdict) {
	out.Buf, out.Removed = strictjson.AppendClean(out.Buf, f, owned)
	out.Action, out.Encoded = signal.Relay, out.Buf
}
