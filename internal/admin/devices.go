package admin

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/directory"
)

// Device is a device of an object, known by its hardware id.
type Device struct {
	HW     string `json:"hw" doc:"Hardware id, as it registers with it."`
	User   string `json:"user" doc:"Name of its object."`
	Domain string `json:"domain" doc:"Name of the domain."`
	Text   string `json:"text,omitempty" doc:"What people call it."`
	App    string `json:"app,omitempty" doc:"App that logs in for it."`
	Single bool   `json:"single" doc:"A newer registration replaces the older one."`
}

// NewDevice is a device to be made.
type NewDevice struct {
	HW     string `json:"hw" doc:"Hardware id, as it registers with it."`
	Text   string `json:"text,omitempty" doc:"What people call it."`
	App    string `json:"app,omitempty" doc:"App that logs in for it: an app object, or phone, softphone or chat."`
	Single bool   `json:"single,omitempty" doc:"A newer registration replaces the older one."`
}

// DeviceEdit says what to change of a device.
type DeviceEdit struct {
	HW     Optional[string] `json:"hw,omitzero" required:"false" doc:"New hardware id."`
	Text   Optional[string] `json:"text,omitzero" required:"false" doc:"What people call it."`
	App    Optional[string] `json:"app,omitzero" required:"false" doc:"App that logs in for it."`
	Single Optional[bool]   `json:"single,omitzero" required:"false" doc:"A newer registration replaces the older one."`
}

// InDevice is the path of requests about a device.
type InDevice struct {
	InObject
	HW string `path:"hw" doc:"Hardware id."`
}

type (
	deviceAnswer struct {
		Body Device
	}
	listDevicesAnswer struct {
		Body Page[Device]
	}
)

func (a *API) registerDevices() {
	const path = "/domains/{domain}/objects/{name}/devices"
	register(a, operation{
		ID: "device-list", Method: http.MethodGet, Path: path, Tag: "Devices", Summary: "List the devices of an object",
		Reach: domainInPath, Right: account.Read,
	}, a.listDevices)
	register(a, operation{
		ID: "device-list-all", Method: http.MethodGet, Path: "/domains/{domain}/devices", Tag: "Devices", Summary: "List the devices of a domain",
		Text:  "By the names of their users. A page ends behind the last device of a user, so it may be somewhat longer than asked for.",
		Reach: domainInPath, Right: account.Read,
	}, a.listAllDevices)
	register(a, operation{
		ID: "device-add", Method: http.MethodPost, Path: path, Tag: "Devices", Summary: "Give an object a device",
		Status: http.StatusCreated, Reach: domainInPath, Right: account.Write, Act: "device.add",
	}, a.addDevice)
	register(a, operation{
		ID: "device-set", Method: http.MethodPatch, Path: path + "/{hw}", Tag: "Devices", Summary: "Change a device",
		Reach: domainInPath, Right: account.Write, Act: "device.set",
	}, a.setDevice)
	register(a, operation{
		ID: "device-remove", Method: http.MethodDelete, Path: path + "/{hw}", Tag: "Devices", Summary: "Take a device away",
		Reach: domainInPath, Right: account.Write, Act: "device.remove",
	}, a.removeDevice)
}

func (a *API) listDevices(ctx context.Context, in *InObject) (*listDevicesAnswer, error) {
	dom := calling(ctx).domain
	o, err := a.object(dom, in)
	if err != nil {
		return nil, err
	}
	return &listDevicesAnswer{Page[Device]{Items: a.devicesOf([]Device{}, dom, o)}}, nil
}

type listAllDevicesInput struct {
	InDomain
	Query  string `query:"q" maxLength:"128" doc:"Only devices with this text in hardware id, name, app or the names of the user, in any case."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Most devices in one answer, about."`
	Cursor string `query:"cursor" maxLength:"1024" doc:"Where to go on: next of the answer before."`
}

func (a *API) listAllDevices(ctx context.Context, in *listAllDevicesInput) (*listDevicesAnswer, error) {
	dom := calling(ctx).domain
	found, text := 0, directory.Fold(in.Query)
	page, err := a.index.page(query{domain: dom.ID, by: "sip", cursor: in.Cursor, limit: in.Limit, want: func(o directory.Object) bool {
		n := len(a.devicesWith(o, text))
		if found >= in.Limit && n > 0 {
			found = -1 // there is more
		}
		if found < 0 {
			return false
		}
		found += n
		return n > 0
	}})
	if err != nil {
		return nil, err
	}
	answer := &listDevicesAnswer{Page[Device]{Items: []Device{}, Next: page.Next}}
	for _, o := range page.Items {
		for _, dev := range a.devicesWith(o, text) {
			answer.Body.Items = append(answer.Body.Items, deviceOf(dom, o, dev))
		}
	}
	if last := len(page.Items) - 1; found < 0 && last >= 0 {
		o := page.Items[last]
		answer.Body.Next = writeEntry(orderedEntry{sortKeyOf(o, "sip"), o.ID}, "sip")
	}
	return answer, nil
}

// devicesWith are the devices of an object that have the folded text, or all if it
// is the object that has it.
func (a *API) devicesWith(o directory.Object, text string) []directory.Device {
	all := a.Directory.Devices(o.Address())
	if len(all) == 0 || text == "" || has(o, text) {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(d directory.Device) bool {
		return !strings.Contains(directory.Fold(d.HW), text) && !strings.Contains(directory.Fold(d.Text), text) && !strings.Contains(directory.Fold(d.App), text)
	})
}

func (a *API) devicesOf(list []Device, d directory.Domain, o directory.Object) []Device {
	for _, dev := range a.Directory.Devices(o.Address()) {
		list = append(list, deviceOf(d, o, dev))
	}
	return list
}

type addDeviceInput struct {
	InObject
	Body NewDevice
}

func (a *API) addDevice(ctx context.Context, in *addDeviceInput) (*deviceAnswer, error) {
	dom := calling(ctx).domain
	o, err := a.objectToWrite(ctx, dom, &in.InObject)
	if err != nil {
		return nil, err
	}
	was(ctx, nil)
	dev := directory.Device{HW: in.Body.HW, Text: in.Body.Text, App: in.Body.App, SingleReg: in.Body.Single}
	if err := a.checkDeviceApp(dom, dev.App); err != nil {
		return nil, err
	}
	return &deviceAnswer{deviceOf(dom, o, dev)}, a.Directory.AddDevice(ctx, o.Address(), dev)
}

type setDeviceInput struct {
	InDevice
	Body DeviceEdit
}

func (a *API) setDevice(ctx context.Context, in *setDeviceInput) (*deviceAnswer, error) {
	dom := calling(ctx).domain
	o, dev, err := a.device(ctx, &in.InDevice)
	if err != nil {
		return nil, err
	}
	edit(&dev.HW, in.Body.HW)
	edit(&dev.Text, in.Body.Text)
	edit(&dev.App, in.Body.App)
	edit(&dev.SingleReg, in.Body.Single)
	if err := a.checkDeviceApp(dom, dev.App); err != nil {
		return nil, err
	}
	return &deviceAnswer{deviceOf(dom, o, dev)}, a.Directory.SetDevice(ctx, o.Address(), in.HW, dev)
}

func (a *API) removeDevice(ctx context.Context, in *InDevice) (*nothing, error) {
	o, dev, err := a.device(ctx, in)
	if err != nil {
		return nil, err
	}
	return &nothing{}, a.Directory.RemoveDevice(ctx, o.Address(), dev.HW)
}

// device finds a device that is to be changed.
func (a *API) device(ctx context.Context, in *InDevice) (directory.Object, directory.Device, error) {
	o, err := a.objectToWrite(ctx, calling(ctx).domain, &in.InObject)
	if err != nil {
		return o, directory.Device{}, err
	}
	dev, ok := a.Directory.DeviceByHW(o.Address(), in.HW)
	if !ok {
		return o, dev, problem(NotFound, fmt.Sprintf("%s has no device %s.", o.SIP, quoted(in.HW)))
	}
	was(ctx, deviceOf(calling(ctx).domain, o, dev))
	return o, dev, nil
}

func (a *API) checkDeviceApp(dom directory.Domain, app string) error {
	if app == "" || directory.IsBuiltinApp(app) {
		return nil
	}
	if _, ok := a.Directory.AppByName(dom.ID, app); !ok {
		return wrong(NotFound, "app", "There is no app "+quoted(app)+" in "+dom.Name+".")
	}
	return nil
}

// edit takes over a member that is given.
func edit[T any](to *T, member Optional[T]) {
	if v := member.Edit(); v != nil {
		*to = *v
	}
}

func deviceOf(d directory.Domain, o directory.Object, dev directory.Device) Device {
	return Device{HW: dev.HW, User: o.SIP, Domain: d.Name, Text: dev.Text, App: dev.App, Single: dev.SingleReg}
}
