package directory

import (
	"context"
	"slices"

	"github.com/tandem-switch/tandem/signal"
)

// Device is a device of an object (appwebsocket.md 2.5, decisions 26, 27).
type Device struct {
	HW   string `json:"hw"`             // hardware id, unique for its object without regard to case
	Text string `json:"text,omitempty"` // what people call it
	App  string `json:"app,omitempty"`  // name of the app object, or built-in app, that logs in as dev:<hw>
	// SingleReg: a newer registration replaces the older one.
	SingleReg bool `json:"single_reg,omitempty"`
	Admin     bool `json:"admin,omitempty"`     // administrators configure it, not the user
	NoFilter  bool `json:"no_filter,omitempty"` // the filter of the object does not hold for it
	TLS       bool `json:"tls,omitempty"`       // it must register over TLS
	NoMob     bool `json:"no_mob,omitempty"`    // no mobility on it
	Trusted   bool `json:"trusted,omitempty"`   // its presented number is believed
}

// IsBuiltinApp tells whether name is that of an app that needs no object of a
// domain (appwebsocket.md 2.5, decision 18).
func IsBuiltinApp(name string) bool {
	return name == "phone" || name == "softphone" || name == "chat"
}

// maxDevices is how many devices an object may have.
const maxDevices = 64

// AddDevice gives the object a device. Refusals: not_found (the object),
// bad_value, device_taken, too_many.
func (d *Directory) AddDevice(ctx context.Context, owner signal.Address, dev Device) error {
	if err := tidyDevice(&dev); err != nil {
		return err
	}
	return d.editDevices(ctx, owner, func(list []Device) ([]Device, error) {
		switch {
		case findDevice(list, dev.HW) >= 0:
			return nil, deviceTaken(dev.HW)
		case len(list) >= maxDevices:
			return nil, refuse(CodeTooMany, "An object has at most 64 devices.")
		}
		return append(list, dev), nil
	})
}

// SetDevice replaces the device hw of the object. Refusals: not_found (the
// object or the device), bad_value, device_taken.
func (d *Directory) SetDevice(ctx context.Context, owner signal.Address, hw string, dev Device) error {
	if err := tidyDevice(&dev); err != nil {
		return err
	}
	return d.editDevices(ctx, owner, func(list []Device) ([]Device, error) {
		at := findDevice(list, hw)
		if at < 0 {
			return nil, errNoDevice
		}
		if other := findDevice(list, dev.HW); other >= 0 && other != at {
			return nil, deviceTaken(dev.HW)
		}
		list[at] = dev
		return list, nil
	})
}

// RemoveDevice takes the device hw from the object. Refusal: not_found.
func (d *Directory) RemoveDevice(ctx context.Context, owner signal.Address, hw string) error {
	return d.editDevices(ctx, owner, func(list []Device) ([]Device, error) {
		at := findDevice(list, hw)
		if at < 0 {
			return nil, errNoDevice
		}
		return slices.Delete(list, at, at+1), nil
	})
}

// editDevices writes the list that change makes of a copy of the present one.
func (d *Directory) editDevices(ctx context.Context, owner signal.Address, change func([]Device) ([]Device, error)) error {
	return d.write(ctx, func() (*Batch, error) {
		old := d.mem.object(owner)
		if old == nil {
			return nil, errNoObject
		}
		row := old.row
		list, err := change(slices.Clone(row.Devices))
		if err != nil {
			return nil, err
		}
		row.Devices = list
		return &Batch{Objects: []ObjectRow{row}}, nil
	})
}

// tidyDevices brings the devices of a row into their one form, on a copy, and
// checks the rules.
func tidyDevices(row *ObjectRow) error {
	if len(row.Devices) > maxDevices {
		return tooMany(len(row.Devices), maxDevices, "devices")
	}
	list := slices.Clone(row.Devices)
	for i := range list {
		if err := tidyDevice(&list[i]); err != nil {
			return err
		}
		if findDevice(list[:i], list[i].HW) >= 0 {
			return deviceTaken(list[i].HW)
		}
	}
	row.Devices = list
	return nil
}

func findDevice(list []Device, hw string) int {
	return slices.IndexFunc(list, func(dev Device) bool { return sameName(dev.HW, hw) })
}

func deviceTaken(hw string) error {
	return refuse(CodeDeviceTaken, "The object already has a device "+hw+".")
}

// Devices lists the devices of the object. It must not be changed.
func (d *Directory) Devices(owner signal.Address) []Device {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if e := d.mem.object(owner); e != nil {
		return e.row.Devices
	}
	return nil
}

// DeviceByHW is the device hw of the object.
func (d *Directory) DeviceByHW(owner signal.Address, hw string) (Device, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.mem.device(owner, hw)
}

func (m *memory) device(owner signal.Address, hw string) (Device, bool) {
	e := m.object(owner)
	if e == nil {
		return Device{}, false
	}
	for i := range e.row.Devices {
		if sameName(e.row.Devices[i].HW, hw) {
			return e.row.Devices[i], true
		}
	}
	return Device{}, false
}
