package signal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/facilities"
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
	"github.com/tandem-switch/tandem/trace"
)

// world is a switch with the real policy, a directory of a few people in memory,
// a clock that can be advanced, and devices that record what they get.
type world struct {
	t     testing.TB
	sw    *signal.Switch
	clock *stepClock
	dir   *people
	drops *counts
	waker *waker
	store *archive // nil: nothing is stored
}

func newWorld(t testing.TB, names ...string) *world {
	t.Helper()
	return newWorldWith(t, signal.Limits{}, names...)
}

func newWorldWith(t testing.TB, limits signal.Limits, names ...string) *world {
	t.Helper()
	return newTracedWorld(t, nil, limits, names...)
}

func newTracedWorld(t testing.TB, tracer *trace.Tracer, limits signal.Limits, names ...string) *world {
	t.Helper()
	w := &world{t: t, clock: newStepClock(), dir: &people{domain: 1}, drops: &counts{n: map[string]int{}}, waker: &waker{}}
	for i, name := range names {
		w.dir.add(name, fmt.Sprint(101+i))
	}
	sw, err := signal.New(signal.Config{
		Directory: w.dir, Policy: facilities.New(), Clock: w.clock, Waker: w.waker, Observer: w.drops, Tracer: tracer, Limits: limits,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.sw = sw
	return w
}

// people is a directory in memory. A name that ends in "!" is a program,
// one that ends in "!!" a gateway.
type people struct {
	domain signal.DomainID

	mu       sync.RWMutex // guards the following
	list     []signal.Party
	hidden   map[[2]string]bool // {who looks, who is hidden}
	groups   map[signal.Address][]string
	handling map[signal.Address]signal.Handling
	mayCall  func(asker signal.Address, hw string, target signal.Address, num string) bool
}

// disable takes a person out of the directory, as an administrator does.
func (p *people) disable(name string) signal.Address {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, x := range p.list {
		if x.SIP == name {
			p.list[i].SIP, p.list[i].Domain = "", 0
			p.list[i].Num = ""
			return x.Address
		}
	}
	return signal.Address{}
}

// rename gives a person other names.
func (p *people) rename(name, sip, dn string) signal.Address {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, x := range p.list {
		if x.SIP == name {
			p.list[i].SIP, p.list[i].Name = sip, dn
			return x.Address
		}
	}
	return signal.Address{}
}

func (p *people) hide(from, whom string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hidden == nil {
		p.hidden = map[[2]string]bool{}
	}
	p.hidden[[2]string{from, whom}] = true
}

func (p *people) add(name, num string) {
	kind, gateway := signal.User, strings.HasSuffix(name, "!!")
	if strings.HasSuffix(name, "!") {
		name, kind = strings.TrimRight(name, "!"), signal.App
	}
	p.list = append(p.list, signal.Party{
		Address: signal.Address{Domain: p.domain, Object: signal.ObjectID(len(p.list) + 1)},
		SIP:     name, Num: num, Name: strings.ToUpper(name[:1]) + name[1:], Kind: kind, Gateway: gateway,
	})
}

func (p *people) Resolve(asker signal.Address, sip, num string) (signal.Party, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, x := range p.list {
		if sip != "" && strings.EqualFold(strings.TrimSuffix(sip, "@example.com"), x.SIP) || sip == "" && num == x.Num {
			return x, x.Domain == asker.Domain
		}
	}
	return signal.Party{}, false
}

func (p *people) Party(a signal.Address) (signal.Party, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, x := range p.list {
		if x.Address == a {
			return x, true
		}
	}
	return signal.Party{}, false
}

func (p *people) Visible(asker, target signal.Address) bool {
	a, _ := p.Party(asker)
	b, _ := p.Party(target)
	p.mu.RLock()
	defer p.mu.RUnlock()
	return !p.hidden[[2]string{a.SIP, b.SIP}]
}

func (p *people) Device(_ signal.Address, hw string) (known, single bool) {
	return hw == "" || strings.HasPrefix(hw, "phone"), strings.HasSuffix(hw, "single")
}

func (p *people) Incomplete(_ signal.Address, num string) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, x := range p.list {
		if strings.HasPrefix(x.Num, num) && x.Num != num {
			return true
		}
	}
	return false
}

// group makes a person of the directory a hunt group.
func (p *people) group(name string, members ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.groups == nil {
		p.groups = map[signal.Address][]string{}
	}
	for i, x := range p.list {
		if x.SIP == name {
			p.list[i].Kind = signal.HuntGroup
			p.groups[x.Address] = members
		}
	}
}

// handle says what becomes of calls to a person.
func (p *people) handle(name string, h signal.Handling) {
	party, _ := p.Resolve(signal.Address{Domain: p.domain}, name, "")
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.handling == nil {
		p.handling = map[signal.Address]signal.Handling{}
	}
	p.handling[party.Address] = h
}

func (p *people) MayCall(asker signal.Address, hw string, target signal.Address, num string) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.mayCall == nil || p.mayCall(asker, hw, target, num)
}

func (p *people) HuntMembers(group signal.Address) []signal.Party {
	p.mu.RLock()
	defer p.mu.RUnlock()
	var list []signal.Party
	for _, name := range p.groups[group] {
		for _, x := range p.list {
			if x.SIP == name {
				list = append(list, x)
			}
		}
	}
	return list
}

func (p *people) Handling(a signal.Address) signal.Handling {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.handling[a]
}

// counts is an observer.
type counts struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *counts) add(what string, d int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n[what] += d
}

func (c *counts) of(what string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n[what]
}

func (c *counts) Registered(d int)                            { c.add("registered", d) }
func (c *counts) CallStarted(k signal.CallKind)               { c.add("live "+k.String(), 1) }
func (c *counts) CallEnded(k signal.CallKind, _ signal.Cause) { c.add("live "+k.String(), -1) }
func (c *counts) Message()                                    { c.add("message", 1) }
func (c *counts) Dropped(reason string)                       { c.add("drop "+reason, 1) }
func (c *counts) PostsWaiting(d int)                          { c.add("posts", d) }
func (c *counts) PostsHeld()                                  { c.add("held", 1) }

func (c *counts) Posted(_ time.Duration, o signal.PostOutcome) { c.add(o.String(), 1) }

// device is a connection with one registration.
type device struct {
	w    *world
	name string
	conn *signal.Conn
	doc  strictjson.Doc

	mu     sync.Mutex
	frames []string
	pings  []uint32
	mute   bool
	slow   chan struct{} // not nil: behind until it is closed
	taken  int
	news   chan struct{} // capacity 1: something was recorded
}

func (d *device) record(frame string) {
	d.mu.Lock()
	d.frames = append(d.frames, frame)
	d.mu.Unlock()
	select {
	case d.news <- struct{}{}:
	default:
	}
}

func (d *device) untaken() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.frames) - d.taken
}

func (w *world) connect(name, flags string) *device {
	w.t.Helper()
	d := &device{w: w, name: name, news: make(chan struct{}, 1)}
	d.conn = w.sw.Connect(d)
	d.register(flags, "")
	return d
}

func (d *device) register(flags, hw string) {
	d.w.t.Helper()
	if err := d.tryRegister(flags, hw); err != nil {
		d.w.t.Fatalf("%s: %v", d.name, err)
	}
}

func (d *device) tryRegister(flags, hw string) error {
	who, _, _ := strings.Cut(d.name, ".")
	party, _ := d.w.dir.Resolve(signal.Address{Domain: 1}, who, "")
	var failed error
	d.w.turn(func(t *signal.Turn) {
		r, err := d.conn.Register(t, signal.Claim{Address: party.Address, Src: `"` + d.name + `"`, HW: hw, Flags: signal.ParseFlags(flags)})
		if failed = err; err == nil {
			d.conn.Opened(t, r)
		}
	})
	return failed
}

func (w *world) turn(f func(t *signal.Turn)) {
	signal.RunTurn(context.Background(), func(t *signal.Turn) {
		t.Now = w.clock.Now()
		f(t)
	})
}

// say sends a sig object on a number.
func (d *device) say(call int, sig string) {
	d.w.t.Helper()
	if err := d.doc.Parse([]byte(sig)); err != nil {
		d.w.t.Fatal(err)
	}
	d.w.turn(func(t *signal.Turn) {
		m, err := signal.Decode(d.doc.Root())
		_, m.Duplicate = d.doc.Duplicate()
		if err != nil && !m.Duplicate {
			d.conn.RouteMalformed(t, `"`+d.name+`"`, int32(call), &m, signal.CauseOf(err))
			return
		}
		d.conn.Route(t, []byte(`"`+d.name+`"`), int32(call), &m)
	})
	d.w.settle()
}

func (d *device) chat(call int, peer string) {
	d.say(call, `{"type":"setup","channel":0,"complete":true,"cd":{"sip":"`+peer+`"},"fty":[{"type":"im_setup"}]}`)
}

func (d *device) text(call int, data string) {
	d.say(call, `{"type":"facility","fty":[{"type":"im_message","data":"`+data+`"}]}`)
}

func (d *device) lose() { d.w.turn(d.conn.Close) }

// Send implements signal.Endpoint.
func (d *device) Send(t *signal.Turn, _ string, call int32, head, tail []byte) {
	if !d.mute {
		d.record(fmt.Sprintf("%d %s%s", call, head, tail))
	}
	if d.slow != nil {
		t.Hold(d)
	}
}

// Wait implements signal.Waiter: for a device that is behind.
func (d *device) Wait(ctx context.Context) {
	select {
	case <-d.slow:
	case <-ctx.Done():
	}
}

// SendLater implements signal.Endpoint.
func (d *device) SendLater(t *signal.Turn, src string, number int32, head, tail []byte) {
	d.Send(t, src, number, head, tail)
}

// Ping implements signal.Endpoint.
func (d *device) Ping(_ *signal.Turn, n uint32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pings = append(d.pings, n)
}

// Unregistered implements signal.Endpoint.
func (d *device) Unregistered(_ *signal.Turn, _, err string) {
	d.record("unregistered " + err)
}

// Name implements signal.Endpoint.
func (d *device) Name() string { return d.name }

// Peer implements signal.Endpoint.
func (d *device) Peer() trace.Peer { return trace.Peer{Conn: d.name} }

// got is what came since the last time, in short: "call type" and what matters.
func (d *device) got() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []string
	for _, f := range d.frames[d.taken:] {
		out = append(out, brief(f))
	}
	d.taken = len(d.frames)
	return out
}

// expect compares got with lines, and waits for lines that are still missing. Groups
// have done what they have to do.
func (d *device) expect(want ...string) {
	d.w.t.Helper()
	signal.Quiet(d.w.sw)
	deadline := time.After(2 * time.Second)
	for late := false; !late && d.untaken() < len(want); {
		select {
		case <-d.news:
		case <-deadline:
			late = true
		}
	}
	got := d.got()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		d.w.t.Fatalf("%s got\n  %s\nwant\n  %s", d.name, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// brief shortens a frame: "-1 setup alice", "1 rel 16", "-1 text bob: hi".
func brief(frame string) string {
	call, sig, _ := strings.Cut(frame, " ")
	var m struct {
		Type string
		Cg   struct{ Sip string }
		Cau  struct{ Num int }
		Fty  []map[string]any
	}
	if json.Unmarshal([]byte(sig), &m) != nil {
		return frame
	}
	switch m.Type {
	case "setup":
		return call + " setup " + m.Cg.Sip
	case "rel":
		return fmt.Sprint(call, " rel ", m.Cau.Num)
	case "facility":
		out := call
		for _, f := range m.Fty {
			out += briefFacility(f)
		}
		return out
	}
	return call + " " + m.Type
}

func briefFacility(f map[string]any) string {
	switch {
	case f["type"] == "im_receipt":
		out := fmt.Sprint(" ", f["state"], " ", f["id"])
		if f["id"] == nil {
			out = fmt.Sprint(" ", f["state"])
		}
		if mid, stored := f["mid"]; stored {
			out += fmt.Sprint("/", mid)
		}
		if cau, failed := f["cau"]; failed {
			out += fmt.Sprint(" ", cau)
		}
		return out
	case f["typing"] != nil:
		return fmt.Sprint(" typing ", f["typing"])
	case f["type"] == "im_message":
		more := ""
		if f["more"] != nil {
			more = "..."
		}
		return fmt.Sprint(" text ", f["sender"], ": ", f["data"], more)
	}
	return fmt.Sprint(" ", f["type"])
}

// settle has everything done that can be: the archive answers, and groups, which work
// on goroutines of their own, pass on what it has stored.
func (w *world) settle() {
	if w.store != nil {
		w.store.settle()
		signal.Quiet(w.sw)
	}
}

// advance moves the clock. Timers that are due have run when it returns, and nothing
// was under way when time went on: a text that still waits keeps its chat alive.
func (w *world) advance(d time.Duration) {
	w.settle()
	w.clock.Advance(d)
	w.settle()
}
