package pbxapi

import (
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/strictjson"
)

// The members of objects that are lists, as they stand on the wire
// (appwebsocket.md 5.3, 5.4).

type email struct {
	Email string `json:"email"`
}

func emailsOf(o *directory.Object) []email {
	list := make([]email, 0, len(o.Emails))
	for _, e := range o.Emails {
		list = append(list, email{e})
	}
	return list
}

func (d *draft) writeEmails(v strictjson.Value) *failure {
	list, f := readList("emails", v, func(o *fields) string { return o.text("email") })
	if f == nil {
		d.o.Emails = list
	}
	return f
}

type allow struct {
	Name     string `json:"name,omitempty"`
	Group    string `json:"grp,omitempty"`
	Visible  bool   `json:"visible,omitempty"`
	Online   bool   `json:"online,omitempty"`
	Presence bool   `json:"presence,omitempty"`
	OTF      bool   `json:"otf,omitempty"`
	Note     bool   `json:"note,omitempty"`
	Dialog   bool   `json:"dialog,omitempty"`
	IDs      bool   `json:"ids,omitempty"`
}

func allowsOf(o *directory.Object) []allow {
	list := make([]allow, 0, len(o.Allows))
	for _, a := range o.Allows {
		list = append(list, allow(a))
	}
	return list
}

func (d *draft) writeAllows(v strictjson.Value) *failure {
	list, f := readList("allows", v, func(o *fields) directory.Allow {
		return directory.Allow{
			Name: o.text("name"), Group: o.text("grp"), Visible: o.flag("visible"), Online: o.flag("online"),
			Presence: o.flag("presence"), OTF: o.flag("otf"), Note: o.flag("note"), Dialog: o.flag("dialog"), IDs: o.flag("ids"),
		}
	})
	if f == nil {
		d.o.Allows = list
	}
	return f
}

type device struct {
	HW       string `json:"hw"`
	Text     string `json:"text,omitempty"`
	App      string `json:"app,omitempty"`
	Admin    bool   `json:"admin,omitempty"`
	NoFilter bool   `json:"no-filter,omitempty"`
	TLS      bool   `json:"tls,omitempty"`
	NoMob    bool   `json:"no-mob,omitempty"`
	Trusted  bool   `json:"trusted,omitempty"`
	SReg     bool   `json:"sreg,omitempty"`
}

func devicesOf(devices []directory.Device) []device {
	list := make([]device, 0, len(devices))
	for _, v := range devices {
		list = append(list, device{
			HW: v.HW, Text: v.Text, App: v.App, Admin: v.Admin, NoFilter: v.NoFilter,
			TLS: v.TLS, NoMob: v.NoMob, Trusted: v.Trusted, SReg: v.SingleReg,
		})
	}
	return list
}

func (d *draft) writeDevices(v strictjson.Value) *failure {
	list, f := readList("devices", v, func(o *fields) directory.Device {
		return directory.Device{
			HW: o.text("hw"), Text: o.text("text"), App: o.text("app"), Admin: o.flag("admin"), NoFilter: o.flag("no-filter"),
			TLS: o.flag("tls"), NoMob: o.flag("no-mob"), Trusted: o.flag("trusted"), SingleReg: o.flag("sreg"),
		}
	})
	if f == nil {
		d.devices = list
	}
	return f
}

type membership struct {
	Name string `json:"name"`
	Mode string `json:"mode,omitempty"`
	Dyn  string `json:"dyn,omitempty"`
}

func groupsOf(o *directory.Object) []membership {
	list := make([]membership, 0, len(o.Groups))
	for _, g := range o.Groups {
		list = append(list, membership(g))
	}
	return list
}

func (d *draft) writeGroups(v strictjson.Value) *failure {
	list, f := readList("grp", v, func(o *fields) directory.Membership {
		return directory.Membership{Name: o.text("name"), Mode: o.text("mode"), Dyn: o.text("dyn")}
	})
	if f == nil {
		d.o.Groups = list
	}
	return f
}

type presence struct {
	Contact  string `json:"c"`
	Activity string `json:"a,omitempty"`
	Note     string `json:"n,omitempty"`
}

func presenceOf(o *directory.Object) []presence {
	list := make([]presence, 0, len(o.Presence))
	for _, p := range o.Presence {
		list = append(list, presence(p))
	}
	return list
}

func (d *draft) writePresence(v strictjson.Value) *failure {
	list, f := readList("presence", v, func(o *fields) directory.Presence {
		return directory.Presence{Contact: o.text("c"), Activity: o.text("a"), Note: o.text("n")}
	})
	if f == nil {
		d.o.Presence = list
	}
	return f
}

type diversion struct {
	Type string `json:"type"`
	Num  string `json:"e164,omitempty"`
	SIP  string `json:"h323,omitempty"`
}

func diversionsOf(o *directory.Object) []diversion {
	list := make([]diversion, 0, len(o.Diversions))
	for _, c := range o.Diversions {
		list = append(list, diversion{c.Type, c.Num, c.SIP})
	}
	return list
}

// writeDiversions refuses conditions that this switch does not know, instead of
// diverting always.
func (d *draft) writeDiversions(v strictjson.Value) *failure {
	list, f := readList("cds", v, func(o *fields) directory.Diversion {
		if o.text("bool") != "" || o.text("bool-not") != "" || o.text("src") != "" {
			o.keep(&failure{failNotOffered, "cds", "This switch has no diversions with bool, bool-not or src."})
		}
		return directory.Diversion{Type: o.text("type"), SIP: o.text("h323"), Num: o.digits("e164")}
	})
	if f == nil {
		d.o.Diversions = list
	}
	return f
}

// readList reads an array of objects.
func readList[T any](field string, v strictjson.Value, read func(*fields) T) ([]T, *failure) {
	list, f := elements(field, v)
	if f != nil {
		return nil, f
	}
	out := make([]T, 0, len(list))
	for _, e := range list {
		o := fields{in: field, v: e}
		out = append(out, read(&o))
		if o.fail != nil {
			return nil, o.fail
		}
	}
	return out, nil
}
