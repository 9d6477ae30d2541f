package admin

import (
	"context"
	"fmt"

	"github.com/tandem-switch/tandem/internal/directory"
)

// Devices implements Operator.
func (l *Local) Devices(_ context.Context, r ListDevices) ([]Device, error) {
	if r.User != "" {
		d, o, err := l.user(r.User)
		if err != nil {
			return nil, err
		}
		return l.devicesOf([]Device{}, d, o), nil
	}
	domains, err := l.domains(r.Domain)
	if err != nil {
		return nil, err
	}
	list := []Device{}
	for _, d := range domains {
		for _, o := range l.dir.Users(d.ID) {
			list = l.devicesOf(list, d, o)
		}
	}
	return list, nil
}

func (l *Local) devicesOf(list []Device, d directory.Domain, o directory.Object) []Device {
	for _, dev := range l.dir.Devices(o.Address()) {
		list = append(list, deviceOf(d, o, dev))
	}
	return list
}

// AddDevice implements Operator.
func (l *Local) AddDevice(ctx context.Context, r AddDevice) (Device, error) {
	d, o, err := l.user(r.User)
	if err != nil {
		return Device{}, err
	}
	if r.App != "" && !directory.IsBuiltinApp(r.App) {
		if err := l.appsExist(d, []string{r.App}); err != nil {
			return Device{}, err
		}
	}
	dev := directory.Device{HW: r.HW, Text: r.Text, App: r.App, SingleReg: r.Single}
	return deviceOf(d, o, dev), explain(l.dir.AddDevice(ctx, o.Address(), dev))
}

// RemoveDevice implements Operator.
func (l *Local) RemoveDevice(ctx context.Context, r RemoveDevice) (Device, error) {
	d, o, err := l.user(r.User)
	if err != nil {
		return Device{}, err
	}
	dev, ok := l.dir.DeviceByHW(o.Address(), r.HW)
	if !ok {
		return Device{}, &Problem{NotFound, fmt.Sprintf("%s has no device %s: see pbx device list --user %s@%s", o.SIP, r.HW, o.SIP, d.Name)}
	}
	return deviceOf(d, o, dev), explain(l.dir.RemoveDevice(ctx, o.Address(), dev.HW))
}

func deviceOf(d directory.Domain, o directory.Object, dev directory.Device) Device {
	return Device{HW: dev.HW, User: o.SIP, Domain: d.Name, Text: dev.Text, App: dev.App, Single: dev.SingleReg}
}
