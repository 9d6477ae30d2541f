package edge

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// subscription is what a client was told of its apps. A list is read and queued
// under mu, so that the list that was read last is also the last to leave.
type subscription struct {
	mu   sync.Mutex // guards the following
	on   bool
	apps []signal.ObjectID // in the list that was sent last
}

// end keeps the client from being told anything more.
func (s *subscription) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on, s.apps = false, nil
}

// lists tells whether the app was in the list that was sent last.
func (s *subscription) lists(app signal.ObjectID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.apps, app)
}

func (s *subscription) active() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.on
}

// subscribeApps announces the apps, now and whenever they change, until the login
// ends (appwebsocket.md 2.8.1).
func (d *clientDoor) subscribeApps(m *member, f appservice.Frame) error {
	d.apps.mu.Lock()
	defer d.apps.mu.Unlock()
	d.apps.on = true
	return d.announce(m.owner, func(v any) error { return d.conn.answer(f, v) })
}

// tellApps announces the apps anew to a client that has subscribed to them, from
// any goroutine.
func (d *clientDoor) tellApps(t *signal.Turn) {
	d.apps.mu.Lock()
	defer d.apps.mu.Unlock()
	m := d.me.Load()
	if !d.apps.on || m == nil {
		return
	}
	_ = d.announce(m.owner, func(v any) error { d.send(t, v); return nil })
}

// announce says the apps one by one, then the device apps. It needs d.apps.mu.
func (d *clientDoor) announce(owner signal.Address, say func(any) error) error {
	e := d.conn.edge
	d.apps.apps = d.apps.apps[:0]
	for _, o := range e.dir.AppsOf(owner) {
		if o.URL == "" {
			continue // a program without a page
		}
		d.apps.apps = append(d.apps.apps, o.ID)
		if err := say(appservice.UpdateAppsInfo{App: appFor(o)}); err != nil {
			return err
		}
	}
	return say(appservice.UpdateAppsComplete{DeviceApps: e.deviceApps(owner), Selected: e.dir.Home(owner)})
}

// appChanged tells the clients whose list has the app or had it.
func (e *Edge) appChanged(app signal.Address) {
	if _, ok := e.dir.Domain(app.Domain); !ok {
		return // its clients end
	}
	t := signal.NewTurn(context.Background(), e.clock.Now())
	for _, d := range e.people.clientsIn(app.Domain) {
		if d.apps.lists(app.Object) || d.apps.active() && e.mayOpen(d, app.Object) {
			d.tellApps(t)
		}
	}
	t.End(context.Background())
}

// mayOpen tells whether the app is one of the client's user.
func (e *Edge) mayOpen(d *clientDoor, app signal.ObjectID) bool {
	m := d.me.Load()
	return m != nil && slices.ContainsFunc(e.dir.AppsOf(m.owner), func(o directory.Object) bool { return o.ID == app })
}

func appFor(o directory.Object) appservice.App {
	return appservice.App{Name: o.SIP, Title: o.DisplayName(), Text: o.DisplayName(), URL: strings.TrimSuffix(o.URL, ".htm")}
}

// deviceApps are the apps of the devices of a person.
func (e *Edge) deviceApps(a signal.Address) []appservice.DeviceApp {
	list := []appservice.DeviceApp{}
	for _, dev := range e.dir.Devices(a) {
		if dev.App == "" {
			continue
		}
		title := dev.Text
		if title == "" {
			title = dev.HW
		}
		list = append(list, appservice.DeviceApp{Name: "dev:" + dev.HW, Title: title, DeviceApp: dev.App})
	}
	return list
}

// setApps keeps which apps are on the home screen, and tells the other clients of
// the person. What was kept already is not told, so that clients that write what
// they are told come to rest.
func (d *clientDoor) setApps(m *member, f appservice.Frame) error {
	ctx, done := writing()
	defer done()
	e, home := d.conn.edge, f.Get("home").String()
	old := e.dir.Home(m.owner)
	err := e.dir.SetHome(ctx, m.owner, home)
	if err == nil && home != old {
		for _, other := range e.people.clients(m.owner) {
			if other != d {
				other.tellApps(d.conn.turn)
			}
		}
	}
	return d.written(f, err)
}
